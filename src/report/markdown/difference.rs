//! A difference as Markdown, such as the comment of a pull request.

use std::io::{self, Write};

use super::super::bills::signed;
use super::super::check::comment;
use super::super::difference::{
    PROMISE_COLUMNS, SIDE_COLUMNS, bounded, driver, headline, lines, plan_notes, promise,
    row_share, side, side_of, sign, unchanged,
};
use super::super::document::{Difference, DifferenceRow};
use super::super::escape::markdown as escape;
use super::super::figures::dollars;
use super::super::renderer::RenderOptions;
use super::page::{Align, Page};

/// The tag of the comment that a later run finds again.
const TAG: &str = "diff";

/// Writes what changed and why.
///
/// # Errors
/// When `out` cannot be written to.
pub fn difference(
    found: &Difference,
    options: &RenderOptions,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "{}", comment::mark(TAG))?;
    let mut page = Page::new("What changed in LLM cost");
    page.paragraph(&format!("**{}**", escape(&headline(found))));
    let sides = [("before", &found.before), ("after", &found.after)];
    page.list(sides.iter().map(|(name, side)| escape(&side_of(name, side, found.same_table()))));
    let names = SIDE_COLUMNS.map(|name| (name, Align::Right));
    page.table(&names, sides.iter().map(|(name, found)| side(name, found).to_vec()));
    way(found, &mut page);
    plan(found, &mut page);
    rows(found, "By feature", &found.features, options.top, &mut page);
    rows(found, "By model", &found.models, options.top, &mut page);
    if !found.warnings.is_empty() {
        page.heading("Before you trust this");
        page.list(found.warnings.iter().map(|warning| escape(&warning.message)));
    }
    page.write(out)
}

fn way(found: &Difference, page: &mut Page) {
    let Some((before, after)) = found.before.compared_usd.zip(found.after.compared_usd) else {
        return;
    };
    let lines = lines(found);
    if !lines.is_empty() {
        page.heading("What changed the cost");
        let end = |name: &str, total: crate::units::NanoUsd| {
            vec![name.to_owned(), String::new(), total.to_display()]
        };
        let steps = lines
            .iter()
            .map(|line| vec![escape(&line.label), signed(line.change), line.total.to_display()]);
        let rows = std::iter::once(end("before", before)).chain(steps);
        page.table(
            &[("", Align::Left), ("change", Align::Right), ("total", Align::Right)],
            rows.chain(std::iter::once(end("after", after))),
        );
    }
    if let Some(unchanged) = unchanged(found) {
        page.paragraph(&escape(&unchanged));
    }
}

fn rows(found: &Difference, title: &str, rows: &[DifferenceRow], top: usize, page: &mut Page) {
    let (shown, rest) = bounded(rows, top);
    if shown.is_empty() {
        return;
    }
    page.heading(title);
    let columns = [
        ("", Align::Left),
        ("", Align::Left),
        ("before", Align::Right),
        ("after", Align::Right),
        ("change", Align::Right),
        ("", Align::Right),
        ("moved most by", Align::Left),
    ];
    page.table(
        &columns,
        shown.iter().map(|row| {
            vec![
                escape(sign(row)),
                escape(&row.key),
                dollars(row.before_usd),
                dollars(row.after_usd),
                row.change_usd.map_or_else(|| dollars(None), signed),
                row_share(row),
                escape(&driver_amount(row, found)),
            ]
        }),
    );
    if let Some(rest) = rest {
        page.paragraph(&escape(&rest));
    }
}

fn driver_amount(row: &DifferenceRow, found: &Difference) -> String {
    let (label, change) = driver(row, found.same_table());
    change.map_or(label.clone(), |change| format!("{label} {}", signed(change)))
}

/// The plan that the log is held against.
fn plan(found: &Difference, page: &mut Page) {
    let Some(held) = &found.expectation else { return };
    page.heading("The plan, per 30 days");
    let mut columns = PROMISE_COLUMNS.map(|name| (name, Align::Right));
    columns[0].1 = Align::Left;
    columns[PROMISE_COLUMNS.len() - 1].1 = Align::Left;
    page.table(
        &columns,
        held.techniques.iter().map(|row| promise(row).map(|cell| escape(&cell)).to_vec()),
    );
    page.list(plan_notes(held).iter().map(|note| escape(note)));
}

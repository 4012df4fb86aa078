//! A difference as a screen of text: a way from one total to the other.

use std::io::{self, Write};

use super::super::bills::signed;
use super::super::difference::{
    PROMISE_COLUMNS, SIDE_COLUMNS, bounded, driver, headline, lines, plan_notes, promise,
    row_share, side, side_of, sign, unchanged,
};
use super::super::document::{Difference, DifferenceRow};
use super::super::escape::plain;
use super::super::figures::dollars;
use super::super::renderer::RenderOptions;
use super::bars::bar;
use super::screen::Screen;
use super::tables::indented;
use super::{Column, GAP, NARROWEST, WIDEST, grid, needed_widths};
use crate::units::NanoUsd;

const INDENT: usize = 2;
/// The longest bar is no longer than this.
const LONGEST_BAR: usize = 36;
/// Columns of the name of an effect.
const LONGEST_LABEL: usize = 40;

/// Writes what changed and why.
///
/// # Errors
/// When `out` cannot be written to.
pub fn difference(
    found: &Difference,
    options: &RenderOptions,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut screen = Screen::new(options.width.clamp(NARROWEST, WIDEST), options.color);
    let longest = screen.width() * 6;
    screen.title(&plain(&headline(found), longest));
    for (name, side) in [("before", &found.before), ("after", &found.after)] {
        screen.faint(&plain(&side_of(name, side, found.same_table()), longest), 0);
    }
    screen.blank();
    sides(found, &mut screen);
    way(found, &mut screen);
    plan(found, &mut screen);
    rows(found, "By feature", &found.features, options.top, &mut screen);
    rows(found, "By model", &found.models, options.top, &mut screen);
    if !found.warnings.is_empty() {
        screen.heading("Before you trust this");
        for warning in &found.warnings {
            screen.warning(&plain(&warning.message, longest), INDENT);
        }
    }
    screen.write(out)
}

fn sides(found: &Difference, screen: &mut Screen) {
    let mut cells = vec![SIDE_COLUMNS.map(str::to_owned).to_vec()];
    cells.push(side("before", &found.before).to_vec());
    cells.push(side("after", &found.after).to_vec());
    let mut columns = vec![Column::Word];
    columns.resize(SIDE_COLUMNS.len(), Column::Figures);
    indented(&columns, cells, screen);
}

/// The steps, each with a bar from the total before it to the total after it.
fn way(found: &Difference, screen: &mut Screen) {
    let Some((before, after)) = found.before.compared_usd.zip(found.after.compared_usd) else {
        return;
    };
    let lines = lines(found);
    if !lines.is_empty() {
        screen.heading("What changed the cost");
        let mut cells = vec![["", "change", "total", ""].map(str::to_owned).to_vec()];
        let mut spans = vec![(NanoUsd::ZERO, NanoUsd::ZERO), (NanoUsd::ZERO, before)];
        cells.push(row_of("before", String::new(), before));
        let mut from = before;
        for line in &lines {
            cells.push(row_of(&plain(&line.label, LONGEST_LABEL), signed(line.change), line.total));
            spans.push((from.min(line.total), from.max(line.total)));
            from = line.total;
        }
        cells.push(row_of("after", String::new(), after));
        spans.push((NanoUsd::ZERO, after));
        draw(cells, &spans, screen);
    }
    if let Some(unchanged) = unchanged(found) {
        screen.faint(&unchanged, INDENT);
    }
}

fn row_of(label: &str, change: String, total: NanoUsd) -> Vec<String> {
    vec![label.to_owned(), change, total.to_display(), String::new()]
}

fn draw(mut cells: Vec<Vec<String>>, spans: &[(NanoUsd, NanoUsd)], screen: &mut Screen) {
    let columns = [Column::Text, Column::Figures, Column::Figures, Column::Word];
    let used = needed_widths(&columns, &cells).iter().sum::<usize>() + GAP * columns.len();
    let length = screen.width().saturating_sub(used + INDENT).min(LONGEST_BAR);
    let floor = floor(spans);
    let highest = spans.iter().map(|(_, to)| to.nano()).max().unwrap_or(0) - floor;
    for (row, (from, to)) in cells.iter_mut().zip(spans) {
        if let Some(cell) = row.last_mut() {
            *cell = floating(from.nano() - floor, to.nano() - floor, highest, length);
        }
    }
    for (position, line) in grid(&columns, cells, screen.width() - INDENT).iter().enumerate() {
        let line = format!("{:INDENT$}{line}", "");
        if position == 0 { screen.column_names(&line) } else { screen.row(&line) }
    }
    if floor > 0 {
        let floor = NanoUsd::from_nano(floor).to_display();
        screen.faint(&format!("Bars start at {floor}"), INDENT);
    }
}

/// Where bars start: at nothing, or a little below the lowest total where all
/// are so close together that no change could be seen.
fn floor(spans: &[(NanoUsd, NanoUsd)]) -> i128 {
    // The first row names the columns; the next and the last start at nothing.
    let totals = || spans.iter().skip(1).map(|(_, to)| to.nano());
    let inner = spans.len().saturating_sub(3);
    let lows = spans.iter().skip(2).take(inner).map(|(from, _)| from.nano());
    let low = totals().chain(lows).min().unwrap_or(0);
    let range = totals().max().unwrap_or(0) - low;
    if low > range.saturating_mul(2) { low - range / 2 } else { 0 }
}

/// A bar from one amount to another.
fn floating(from: i128, to: i128, highest: i128, length: usize) -> String {
    if highest <= 0 || to <= from {
        return String::new();
    }
    let from = from.max(0);
    let whole = i128::try_from(length).unwrap_or(0);
    let start = from.saturating_mul(whole) / highest;
    let start = usize::try_from(start).unwrap_or(0).min(length.saturating_sub(1));
    // What the spaces round away belongs to the bar.
    let offset = i128::try_from(start).unwrap_or(0).saturating_mul(highest) / whole.max(1);
    format!("{:start$}{}", "", bar(to - offset, highest, length))
}

fn rows(found: &Difference, title: &str, rows: &[DifferenceRow], top: usize, screen: &mut Screen) {
    let (shown, rest) = bounded(rows, top);
    if shown.is_empty() {
        return;
    }
    screen.heading(title);
    let names = ["", "", "before", "after", "change", "", "moved most by"];
    let mut cells = vec![names.map(str::to_owned).to_vec()];
    cells.extend(shown.iter().map(|row| {
        vec![
            sign(row).to_owned(),
            plain(&row.key, screen.width() * 2 / 5),
            dollars(row.before_usd),
            dollars(row.after_usd),
            row.change_usd.map_or_else(|| dollars(None), signed),
            row_share(row),
            plain(&driver(row, found.same_table()).0, LONGEST_LABEL),
        ]
    }));
    let columns = [
        Column::Word,
        Column::Text,
        Column::Figures,
        Column::Figures,
        Column::Figures,
        Column::Figures,
        Column::Text,
    ];
    indented(&columns, cells, screen);
    if let Some(rest) = rest {
        screen.faint(&rest, INDENT);
    }
}

/// The plan that the log is held against.
fn plan(found: &Difference, screen: &mut Screen) {
    let Some(held) = &found.expectation else { return };
    screen.heading("The plan, per 30 days");
    let names = PROMISE_COLUMNS.map(str::to_owned).to_vec();
    let mut cells = vec![names];
    cells.extend(held.techniques.iter().map(|row| promise(row).to_vec()));
    let mut columns = vec![Column::Figures; PROMISE_COLUMNS.len()];
    columns[0] = Column::Word;
    columns[PROMISE_COLUMNS.len() - 1] = Column::Word;
    indented(&columns, cells, screen);
    for sentence in plan_notes(held) {
        screen.paragraph(&plain(&sentence, screen.width() * 6), INDENT);
    }
}

#[cfg(test)]
mod tests {
    use super::{NanoUsd, floating, floor};

    #[test]
    fn a_bar_goes_from_one_total_to_the_next() {
        assert_eq!(floating(0, 8, 8, 8), "████████");
        assert_eq!(floating(4, 8, 8, 8), "    ████");
        assert_eq!(floating(7, 8, 8, 8), "       █");
        // A change too small to draw is still seen.
        assert_eq!(floating(4_000, 4_001, 8_000, 8), "    ▏");
        assert_eq!(floating(3, 3, 8, 8), "");
    }

    #[test]
    fn bars_start_at_nothing_unless_all_totals_are_close_together() {
        let spans = |pairs: [(i128, i128); 4]| {
            pairs.map(|(from, to)| (NanoUsd::from_nano(from), NanoUsd::from_nano(to)))
        };
        // Between 98 and 102, four apart: two below the lowest.
        assert_eq!(floor(&spans([(0, 0), (0, 100), (98, 102), (0, 98)])), 96);
        // All leaves before all enters.
        assert_eq!(floor(&spans([(0, 0), (0, 100), (0, 100), (0, 101)])), 0);
        assert_eq!(floor(&spans([(0, 0), (0, 100), (60, 100), (0, 60)])), 0);
    }
}

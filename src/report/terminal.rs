//! The screen that a tired engineer understands in ten seconds.
//!
//! The only place that knows comfy-table. It never asks the terminal for
//! anything: width and colour arrive as options.

mod arms;
mod backtest;
mod bars;
mod bills;
mod cache;
mod check;
mod difference;
mod inspection;
mod ladder;
mod metrics;
mod plan;
mod screen;
mod sparkline;
mod tables;
mod trend;
mod what_if;

use std::io::{self, Write};

use comfy_table::{
    CellAlignment, ColumnConstraint, ContentArrangement, Table, Width, presets::NOTHING,
};

use super::document::{Document, Input, Rejection, Warning};
use super::escape::{cut, display_width, plain, plain_end};
use super::figures::whole;
use super::kind::Kind;
use super::renderer::{RenderOptions, Renderer};
use super::savings;
use super::summary;
use super::unknowns::unknowns;
use screen::Screen;

pub use arms::arms;
pub use backtest::backtest;
pub use check::check;
pub use difference::difference;
pub use inspection::inspection;
pub use trend::trend;

/// Columns of the narrowest screen.
const NARROWEST: usize = 60;
/// Wider lines are hard to follow with the eye.
const WIDEST: usize = 140;
/// Rejected records shown one by one.
const REJECTIONS_SHOWN: usize = 3;
/// Findings shown one by one.
const FINDINGS_SHOWN: usize = 10;
/// Reasons for ignored records shown one by one.
const REASONS_SHOWN: usize = 5;

/// Writes the document as a screen of text.
#[derive(Clone, Copy, Debug)]
pub struct Terminal;

impl Renderer for Terminal {
    fn id(&self) -> Kind {
        Kind::Table
    }

    fn render(
        &self,
        document: &Document,
        options: &RenderOptions,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let mut screen = Screen::new(options.width.clamp(NARROWEST, WIDEST), options.color);
        headline(document, &mut screen);
        let has_calls = document.totals.calls != Some(0);
        if has_calls && options.by.is_empty() {
            bars::where_it_goes(document, options.top, &mut screen);
            bills::bills(document, options.top, &mut screen);
            what_would_save(document, &mut screen);
        } else if has_calls {
            tables::asked_for(document, options, &mut screen);
            bills::bills(document, options.top, &mut screen);
        } else {
            bills::bills(document, options.top, &mut screen);
        }
        findings(document, &mut screen);
        if has_calls && options.by.is_empty() {
            if let Some(cache) = &document.cache {
                cache::prompt_cache(cache, &mut screen);
            }
            metrics::key_metrics(document, options.top, &mut screen);
        }
        if !document.is_described() {
            accounting(&document.input, &mut screen);
            gaps(document, &mut screen);
        }
        warnings(&document.warnings, &mut screen);
        if has_calls && !document.is_described() && options.by.is_empty() {
            screen.blank();
            screen.faint(
                "Next: --by model,component for a cross, -o report.md for a page to share",
                0,
            );
        }
        screen.write(out)
    }
}

fn headline(document: &Document, screen: &mut Screen) {
    screen.title(&plain(&summary::headline(document), screen.width() * 2));
    for note in summary::headline_notes(document) {
        screen.paragraph(&plain(&note, screen.width() * 2), 0);
    }
    if document.input.lines == 0 && !document.is_described() {
        let advice = if document.input.files.is_empty() {
            summary::NO_FILE
        } else {
            "The files hold no log record: check the path, or name the format with --input-format"
        };
        screen.paragraph(advice, 0);
    }
}

fn accounting(input: &Input, screen: &mut Screen) {
    screen.heading("What was read");
    screen.paragraph(&summary::accounting(input), 2);
    screen.paragraph(&plain(&summary::files(input), screen.width() * 20), 2);
    for note in summary::accounting_notes(input) {
        screen.paragraph(&note, 2);
    }
    let reasons = summary::ignored_reasons(input);
    for (reason, lines) in reasons.iter().take(REASONS_SHOWN) {
        screen.paragraph(&format!("ignored {}: {}", whole(*lines), plain(reason, 60)), 2);
    }
    let more = reasons.iter().skip(REASONS_SHOWN).map(|(_, lines)| lines).sum::<u64>();
    if more > 0 {
        screen.paragraph(&format!("ignored {} for other reasons", whole(more)), 2);
    }
    for rejection in input.rejections.iter().take(REJECTIONS_SHOWN) {
        screen.paragraph(&rejected(rejection, screen.width()), 2);
    }
    let more = input.rejected.saturating_sub(REJECTIONS_SHOWN as u64);
    if more > 0 {
        let listed = if input.rejected > 100 { "the first 100" } else { "them all" };
        screen
            .paragraph(&format!("rejected {} more: -o report.json lists {listed}", whole(more)), 2);
    }
    if input.rejected > 0 {
        screen.faint("--strict makes any rejection an error", 2);
    }
}

fn rejected(rejection: &Rejection, width: usize) -> String {
    let path = plain_end(&rejection.path, width / 2);
    format!("rejected {path}:{}: {}", rejection.line, plain(&rejection.reason, width * 4))
}

fn gaps(document: &Document, screen: &mut Screen) {
    let gaps = unknowns(document);
    if gaps.is_empty() {
        return;
    }
    screen.heading("What is unknown, and what would settle it");
    for gap in gaps {
        screen.paragraph(&plain(&gap.what, screen.width() * 2), 2);
        screen.faint(&format!("→ {}", gap.settled_by), 4);
    }
}

/// The ladder, what it comes to in a month, and what to do about it.
fn what_would_save(document: &Document, screen: &mut Screen) {
    if let Some(ladder) = &document.ladder {
        ladder::savings_ladder(ladder, screen);
    }
    if let Some(monthly) = &document.monthly {
        plan::per_month(document, monthly, screen);
    }
    if let Some(steps) = &document.plan {
        plan::plan(steps, document.ladder.as_ref(), screen);
    }
    what_if::what_if(&document.what_if, screen);
}

fn findings(document: &Document, screen: &mut Screen) {
    if document.findings.is_empty() {
        return;
    }
    screen.heading("Findings");
    for finding in document.findings.iter().take(FINDINGS_SHOWN) {
        screen.paragraph(&plain(&finding.message, screen.width() * 4), 2);
        screen.faint(&plain(&savings::finding_facts(finding), screen.width()), 4);
    }
    if let Some(more) = document.findings.len().checked_sub(FINDINGS_SHOWN).filter(|more| *more > 0)
    {
        screen.faint(&format!("{more} more in -o report.md"), 2);
    }
}

fn warnings(warnings: &[Warning], screen: &mut Screen) {
    if warnings.is_empty() {
        return;
    }
    screen.heading("Warnings");
    for warning in warnings {
        screen.warning(&plain(&warning.message, screen.width() * 4), 2);
    }
}

/// A column of a [`grid`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    /// Text, cut short where the grid is too wide.
    Text,
    /// Figures, never cut short.
    Figures,
    /// A word of ours, never cut short.
    Word,
}

/// Columns between two columns of a grid.
const GAP: usize = 2;
/// A text column is cut to no less than this.
const NARROWEST_TEXT: usize = 8;

/// Lays out rows of cleaned cells in columns that fit `width`.
fn grid(columns: &[Column], mut rows: Vec<Vec<String>>, width: usize) -> Vec<String> {
    let widths = fit(columns, &rows, width);
    for row in &mut rows {
        for (cell, width) in row.iter_mut().zip(&widths) {
            *cell = cut(cell, *width);
        }
    }
    let mut table = Table::new();
    table.load_preset(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.add_rows(rows);
    let last = columns.len().saturating_sub(1);
    for (position, (column, width)) in columns.iter().zip(&widths).enumerate() {
        let Some(layout) = table.column_mut(position) else { continue };
        let gap = if position == last { 0 } else { GAP };
        layout.set_padding((0, u16::try_from(gap).unwrap_or_default()));
        let fixed = Width::Fixed(u16::try_from(width + gap).unwrap_or(u16::MAX));
        layout.set_constraint(ColumnConstraint::LowerBoundary(fixed));
        if *column == Column::Figures {
            layout.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}

/// The width of every column: what its cells need, less what text columns have
/// to give up, the widest first.
fn fit(columns: &[Column], rows: &[Vec<String>], width: usize) -> Vec<usize> {
    let mut widths = needed_widths(columns, rows);
    let gaps = GAP * columns.len().saturating_sub(1);
    let mut excess = (widths.iter().sum::<usize>() + gaps).saturating_sub(width);
    while excess > 0 {
        let texts = columns.iter().zip(&mut widths).filter(|(column, _)| **column == Column::Text);
        let Some(widest) =
            texts.map(|(_, width)| width).max().filter(|width| **width > NARROWEST_TEXT)
        else {
            break;
        };
        *widest -= 1;
        excess -= 1;
    }
    widths
}

/// The width of the widest cell of every column.
fn needed_widths(columns: &[Column], rows: &[Vec<String>]) -> Vec<usize> {
    let needed = |position: usize| {
        let cells = rows.iter().filter_map(|row| row.get(position));
        cells.map(|cell| display_width(cell)).max().unwrap_or(0)
    };
    (0..columns.len()).map(needed).collect()
}

#[cfg(test)]
mod tests {
    use super::{Column, NOTHING, Table, display_width, grid};

    #[test]
    fn text_gives_way_to_figures() {
        let rows = vec![vec!["a very long feature name".to_owned(), "1,234".to_owned()]];
        assert_eq!(grid(&[Column::Text, Column::Figures], rows, 20), ["a very long…   1,234"]);
    }

    #[test]
    fn no_character_is_wider_than_we_count() {
        // comfy-table pads by the Unicode tables; our count may only be larger.
        let narrower = |character: &char| {
            let text = super::plain(&format!("a{character}a"), 10);
            let mut table = Table::new();
            table.load_preset(NOTHING).add_row([text.as_str()]);
            let padded = table.column_max_content_widths().first().copied().map_or(0, usize::from);
            display_width(&text) < padded
        };
        let wrong: Vec<char> = ('\u{21}'..='\u{1ffff}').filter(narrower).collect();
        assert_eq!(wrong, []);
    }
}

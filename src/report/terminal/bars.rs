//! "Where it goes": components, features and models as bars.
//!
//! All three share their columns, so that the eye compares down the screen.

use super::super::document::{Dimension, Document, Evidence, Figures};
use super::super::escape::plain;
use super::super::figures::{dollars, percent, quotient, tokens_short};
use super::super::rows::{Shown, bounded, says_nothing, shown, token_sum};
use super::screen::Screen;
use super::{Column, GAP, grid, needed_widths};
use crate::units::Share;

/// Features and models shown as bars, at most.
const MOST_BARS: usize = 6;
/// The longest bar is no longer than this.
const LONGEST_BAR: usize = 40;
const INDENT: usize = 2;
/// The column that the bars stand in.
const BAR_COLUMN: usize = 1;

/// Adds the section; nothing where no table tells anything apart.
pub fn where_it_goes(document: &Document, top: usize, screen: &mut Screen) {
    let measure = if document.totals.cost_usd.is_some() { "of cost" } else { "of tokens" };
    let mut rows: Vec<BarRow> = Vec::new();
    for dimension in [Dimension::Component, Dimension::Feature, Dimension::Model] {
        if says_nothing(document, dimension) {
            continue;
        }
        rows.push(BarRow::heading(dimension, measure, rows.is_empty()));
        rows.extend(
            shown(document, &[dimension], top.min(MOST_BARS))
                .iter()
                .map(|row| bar_row(document, row)),
        );
    }
    if rows.is_empty() {
        return;
    }
    screen.heading("Where it goes");
    let has_components = !says_nothing(document, Dimension::Component);
    let note = if has_components { note_on_components(document) } else { None };
    draw(rows, note.as_deref(), screen);
}

/// A row of the section before the bars' width is known.
struct BarRow {
    is_heading: bool,
    share: Option<Share>,
    cells: Vec<String>,
}

impl BarRow {
    fn heading(dimension: Dimension, measure: &str, first: bool) -> Self {
        let names = if first { [measure, "cost", "tokens", ""] } else { [""; 4] };
        let mut cells = vec![dimension.name().to_owned(), String::new()];
        cells.extend(names.map(str::to_owned));
        Self { is_heading: true, share: None, cells }
    }
}

fn bar_row(document: &Document, row: &Shown) -> BarRow {
    let figures = &row.figures;
    let share = share_of(document, figures);
    let evidence =
        if figures.evidence == Evidence::Measured { "" } else { figures.evidence.name() };
    let cells = vec![
        row.keys.concat(),
        String::new(),
        bounded(figures, percent(share)),
        bounded(figures, dollars(figures.cost_usd)),
        tokens_short(token_sum(figures)),
        evidence.to_owned(),
    ];
    BarRow { is_heading: false, share, cells }
}

/// The row's share of the cost, or of the tokens where nothing has a price.
fn share_of(document: &Document, figures: &Figures) -> Option<Share> {
    if document.totals.cost_usd.is_some() {
        return figures.share;
    }
    let totals = &document.totals;
    let all = totals.input_tokens.unwrap_or_default() + totals.output_tokens.unwrap_or_default();
    Share::of_tokens(token_sum(figures)?, all)
}

fn draw(mut rows: Vec<BarRow>, note: Option<&str>, screen: &mut Screen) {
    let has_grades = rows.iter().any(|row| row.cells.last().is_some_and(|grade| !grade.is_empty()));
    let mut columns =
        vec![Column::Text, Column::Word, Column::Figures, Column::Figures, Column::Figures];
    if has_grades {
        columns.push(Column::Word);
    }
    let longest_name = screen.width() * 2 / 5;
    for row in &mut rows {
        row.cells.truncate(columns.len());
        if let Some(name) = row.cells.first_mut() {
            let indent = if row.is_heading { 0 } else { INDENT };
            *name = format!("{:indent$}{}", "", plain(name, longest_name - indent));
        }
    }
    let headings: Vec<bool> = rows.iter().map(|row| row.is_heading).collect();
    let lines = grid(&columns, with_bars(rows, &columns, screen.width()), screen.width());
    let mut note = note;
    for (position, (line, is_heading)) in lines.iter().zip(headings).enumerate() {
        if is_heading && position > 0 {
            add_note(note.take(), screen);
            screen.blank();
        }
        if is_heading { screen.column_names(line) } else { screen.row(line) }
    }
    add_note(note, screen);
}

fn add_note(note: Option<&str>, screen: &mut Screen) {
    if let Some(note) = note {
        screen.faint(note, INDENT);
    }
}

/// The cells of every row, its bar drawn in the columns that the rest leaves.
fn with_bars(rows: Vec<BarRow>, columns: &[Column], width: usize) -> Vec<Vec<String>> {
    let shares: Vec<i128> = rows.iter().map(|row| row.share.map_or(0, Share::millionths)).collect();
    let mut cells: Vec<Vec<String>> = rows.into_iter().map(|row| row.cells).collect();
    let length = bar_length(columns, &cells, width);
    let highest = shares.iter().copied().max().unwrap_or(0);
    for (row, share) in cells.iter_mut().zip(shares) {
        if let Some(cell) = row.get_mut(BAR_COLUMN) {
            *cell = bar(share, highest, length);
        }
    }
    cells
}

/// The columns that are left for the bars.
fn bar_length(columns: &[Column], cells: &[Vec<String>], width: usize) -> usize {
    let others: usize = needed_widths(columns, cells).iter().sum();
    width.saturating_sub(others + GAP * (columns.len() - 1)).min(LONGEST_BAR)
}

/// A bar of `length` columns for the highest amount, in eighths of a column.
pub fn bar(amount: i128, highest: i128, length: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    if amount <= 0 || highest <= 0 {
        return String::new();
    }
    let whole = i128::try_from(length).unwrap_or(0) * 8;
    let eighths = usize::try_from(amount.saturating_mul(whole) / highest).unwrap_or(0).max(1);
    let rest = EIGHTHS.get(eighths % 8).copied().unwrap_or_default();
    format!("{}{rest}", "█".repeat(eighths / 8))
}

/// What the components rest on, where the log's texts were counted.
fn note_on_components(document: &Document) -> Option<String> {
    let note = document.components_note.as_ref()?;
    let mut parts = Vec::new();
    if let Some(median) = note.scale_median {
        let (low, high) = (quotient(note.scale_low, 2), quotient(note.scale_high, 2));
        let median = median.to_display(2);
        parts.push(format!("counted from texts, scaled by {median} ({low} to {high}) to the bill"));
    }
    if let Some(hidden) = note.hidden_tokens.filter(|hidden| !hidden.is_zero()) {
        let hidden = tokens_short(Some(hidden));
        parts.push(format!("{hidden} billed tokens are in no logged text"));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

#[cfg(test)]
mod tests {
    use super::bar;

    #[test]
    fn the_highest_share_fills_the_bar_and_a_small_one_is_seen() {
        assert_eq!(bar(978_000, 978_000, 4), "████");
        assert_eq!(bar(489_000, 978_000, 5), "██▌");
        assert_eq!(bar(1, 978_000, 4), "▏");
        assert_eq!(bar(0, 978_000, 4), "");
    }
}

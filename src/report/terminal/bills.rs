//! Exports beside requests, what was billed, and both sides of a bill.
//!
//! Knows no ladder.

use super::super::bills;
use super::super::document::{Billed, BilledRow, Document, ReconciledRow, Reconciliation};
use super::super::escape::plain;
use super::super::figures::{dollars, percent, whole};
use super::Column;
use super::screen::Screen;
use super::tables::indented;

const INDENT: usize = 2;
const NOTE_INDENT: usize = 4;
/// A key is cut to this before the columns are fitted.
const LONGEST_KEY: usize = 60;
/// Months and days of a bill, newest last.
const MOST_PERIODS: usize = 12;

/// Adds what the files and the bill say of each other; nothing where nothing
/// is told twice.
pub fn bills(document: &Document, top: usize, screen: &mut Screen) {
    if let Some(found) = &document.reconciliation {
        reconciled(found, top, screen);
    } else if let Some(billed) = &document.billed {
        what_was_billed(billed, top, screen);
    }
    levels(document, screen);
}

fn levels(document: &Document, screen: &mut Screen) {
    let Some(levels) = &document.levels else { return };
    screen.heading("Exports beside requests");
    let longest = screen.width() * 4;
    for coverage in &levels.coverage {
        screen.paragraph(&plain(&bills::covered(coverage), longest), INDENT);
        screen.faint(&plain(&bills::covered_sides(coverage), longest), NOTE_INDENT);
    }
    for sentence in bills::set_aside(levels) {
        screen.paragraph(&plain(&sentence, longest), INDENT);
    }
}

fn what_was_billed(billed: &Billed, top: usize, screen: &mut Screen) {
    screen.heading("What was billed");
    screen.paragraph(&bills::billed(billed), INDENT);
    for note in bills::billed_notes(billed) {
        screen.faint(&note, INDENT);
    }
    let by_time =
        if billed.day.len() > 1 { ("day", &billed.day) } else { ("month", &billed.month) };
    for (name, rows) in [
        ("provider", &billed.provider),
        ("model", &billed.model),
        ("meter", &billed.meter),
        ("item", &billed.item),
        ("account", &billed.account),
        by_time,
    ] {
        if rows.len() > 1 {
            billed_table(name, rows, top, screen);
        }
    }
}

fn billed_table(name: &str, rows: &[BilledRow], top: usize, screen: &mut Screen) {
    screen.blank();
    let mut cells = vec![[name, "billed", "share"].map(str::to_owned).to_vec()];
    cells.extend(rows.iter().take(top).map(|row| {
        vec![plain(&row.key, LONGEST_KEY), row.billed_usd.to_display(), percent(row.share)]
    }));
    indented(&[Column::Text, Column::Figures, Column::Figures], cells, screen);
    more(rows.len(), top, screen);
}

fn more(rows: usize, shown: usize, screen: &mut Screen) {
    if let Some(more) = rows.checked_sub(shown).filter(|more| *more > 0) {
        screen.faint(&format!("{} more in -o report.json", whole(more as u64)), INDENT);
    }
}

fn reconciled(found: &Reconciliation, top: usize, screen: &mut Screen) {
    screen.heading("Priced against billed");
    screen.paragraph(&bills::gap(found), INDENT);
    causes(found, screen);
    let longest = screen.width() * 4;
    for note in bills::gap_notes(found) {
        screen.faint(&plain(&note, longest), INDENT);
    }
    if found.model.len() > 1 {
        table("model", &found.model, top, screen);
    }
    if found.month.len() > 1 {
        table("month", &found.month, MOST_PERIODS, screen);
    }
}

fn causes(found: &Reconciliation, screen: &mut Screen) {
    let longest = screen.width() * 4;
    for cause in found.causes.iter().take(bills::CAUSES_SHOWN) {
        let line =
            format!("{} {}: {}", bills::cause_amount(cause), cause.code, bills::cause(cause));
        screen.paragraph(&plain(&line, longest), NOTE_INDENT);
    }
    more(found.causes.len(), bills::CAUSES_SHOWN, screen);
    if let Some(amount) = bills::unexplained(found) {
        screen.paragraph(&format!("{amount} unexplained"), NOTE_INDENT);
    }
}

fn table(name: &str, rows: &[ReconciledRow], top: usize, screen: &mut Screen) {
    screen.blank();
    let heading = [name, "priced", "billed", "gap", "of priced"];
    let mut cells = vec![heading.map(str::to_owned).to_vec()];
    cells.extend(rows.iter().take(top).map(|row| {
        vec![
            plain(&row.key, LONGEST_KEY),
            dollars(row.priced_usd),
            dollars(row.billed_usd),
            bills::signed(row.gap_usd),
            percent(row.gap_share),
        ]
    }));
    let columns =
        [Column::Text, Column::Figures, Column::Figures, Column::Figures, Column::Figures];
    indented(&columns, cells, screen);
    more(rows.len(), top, screen);
}

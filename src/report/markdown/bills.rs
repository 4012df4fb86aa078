//! Exports beside requests, what was billed, and both sides of a bill, on a
//! page.
//!
//! Knows no ladder.

use super::super::bills;
use super::super::document::{
    Billed, BilledRow, Document, Levels, ReconciledRow, Reconciliation, UNKNOWN_KEY,
};
use super::super::escape::markdown as escape;
use super::super::figures::{dollars, percent, tokens, whole};
use super::name;
use super::page::{Align, Page};

/// Rows of a table of models, accounts or days.
const ROWS_SHOWN: usize = 40;

/// Adds what the files and the bill say of each other; nothing where nothing
/// is told twice.
pub fn bills(document: &Document, page: &mut Page) {
    if let Some(found) = &document.reconciliation {
        reconciled(found, page);
    }
    if let Some(billed) = &document.billed {
        what_was_billed(billed, page);
    }
    if let Some(levels) = &document.levels {
        exports(levels, page);
    }
}

fn exports(levels: &Levels, page: &mut Page) {
    page.heading("Exports beside requests");
    page.list(levels.coverage.iter().map(|coverage| escape(&bills::covered(coverage))));
    let columns = [
        ("provider", Align::Left),
        ("model", Align::Left),
        ("export tokens", Align::Right),
        ("export", Align::Right),
        ("requests' tokens", Align::Right),
        ("requests", Align::Right),
    ];
    let cells = levels.coverage.iter().flat_map(|coverage| {
        let sum = |side: &super::super::document::LevelSide| {
            let parts = [side.input_tokens, side.output_tokens];
            tokens(parts.into_iter().flatten().reduce(|sum, part| sum + part))
        };
        let row = move |model: String, sides: [Option<super::super::document::LevelSide>; 2]| {
            let figures = sides.iter().flat_map(|side| match side {
                Some(side) => [sum(side), dollars(side.cost_usd)],
                None => [tokens(None), dollars(None)],
            });
            [name(&coverage.provider), model].into_iter().chain(figures).collect::<Vec<String>>()
        };
        let whole = row("all".to_owned(), [Some(coverage.export), Some(coverage.requests)]);
        let models = coverage
            .models
            .iter()
            .take(ROWS_SHOWN)
            .map(move |model| row(name(&model.model), [model.export, model.requests]));
        std::iter::once(whole).chain(models)
    });
    page.table(&columns, cells);
    page.list(bills::set_aside(levels).iter().map(|sentence| escape(sentence)));
}

fn what_was_billed(billed: &Billed, page: &mut Page) {
    page.heading("What was billed");
    page.paragraph(&escape(&bills::billed(billed)));
    page.list(bills::billed_notes(billed).iter().map(|note| escape(note)));
    for (title, rows) in [
        ("provider", &billed.provider),
        ("model", &billed.model),
        ("meter", &billed.meter),
        ("item", &billed.item),
        ("account", &billed.account),
        ("month", &billed.month),
        ("day", &billed.day),
    ] {
        billed_table(title, rows, page);
    }
}

fn billed_table(title: &str, rows: &[BilledRow], page: &mut Page) {
    if rows.iter().all(|row| row.key == UNKNOWN_KEY) {
        return;
    }
    let columns = [
        (title, Align::Left),
        ("lines", Align::Right),
        ("billed", Align::Right),
        ("share", Align::Right),
    ];
    let cells = rows.iter().take(ROWS_SHOWN).map(|row| {
        vec![name(&row.key), whole(row.charges), row.billed_usd.to_display(), percent(row.share)]
    });
    page.titled_table(&format!("Billed by {title}"), &columns, cells);
}

fn reconciled(found: &Reconciliation, page: &mut Page) {
    page.heading("Priced against billed");
    page.paragraph(&escape(&bills::gap(found)));
    let columns = [
        ("of the gap", Align::Right),
        ("cause", Align::Left),
        ("shown by", Align::Left),
        ("known how", Align::Left),
    ];
    let causes = found.causes.iter().take(ROWS_SHOWN).map(|cause| {
        vec![
            bills::cause_amount(cause),
            cause.code.clone(),
            name(&bills::cause(cause)),
            cause.evidence.name().to_owned(),
        ]
    });
    let rest = bills::unexplained(found)
        .map(|amount| vec![amount, "unexplained".to_owned(), String::new(), String::new()]);
    page.table(&columns, causes.chain(rest));
    page.list(bills::gap_notes(found).iter().map(|note| escape(note)));
    table("model", &found.model, page);
    table("month", &found.month, page);
    table("day", &found.day, page);
}

fn table(title: &str, rows: &[ReconciledRow], page: &mut Page) {
    let columns = [
        (title, Align::Left),
        ("calls", Align::Right),
        ("priced", Align::Right),
        ("billed", Align::Right),
        ("gap", Align::Right),
        ("of priced", Align::Right),
        ("causes", Align::Left),
    ];
    let cells = rows.iter().take(ROWS_SHOWN).map(|row| {
        vec![
            name(&row.key),
            whole(row.records),
            dollars(row.priced_usd),
            dollars(row.billed_usd),
            bills::signed(row.gap_usd),
            percent(row.gap_share),
            row.causes.join(", "),
        ]
    });
    page.titled_table(&format!("Priced and billed by {title}"), &columns, cells);
}

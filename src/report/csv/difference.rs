//! A difference as CSV: one flat table of steps and rows, or one file per table.

use std::io::{self, Write};

use super::super::document::{
    Difference, DifferenceRow, DifferenceSide, DifferenceStep, Presence, RowEffect,
};
use super::super::escape::csv_cell;
use super::tables::{file, quotient};
use super::{CsvFile, Table, cell, text};

const FLAT_COLUMNS: [&str; 8] =
    ["table", "key", "effect", "subject", "before_usd", "after_usd", "change_usd", "evidence"];
const STEP_COLUMNS: [&str; 5] = ["effect", "subject", "change_usd", "cost_after_usd", "evidence"];
const ROW_COLUMNS: [&str; 7] =
    ["key", "presence", "before_calls", "after_calls", "before_usd", "after_usd", "change_usd"];
const EFFECT_COLUMNS: [&str; 4] = ["key", "effect", "subject", "change_usd"];
const SIDE_COLUMNS: [&str; 14] = [
    "side",
    "source",
    "is_saved",
    "start",
    "end",
    "days",
    "calls",
    "unpriced_calls",
    "cost_usd",
    "compared_usd",
    "cost_per_call_usd",
    "cost_per_month_usd",
    "prices_as_of",
    "table_hash",
];

const PROMISE_COLUMNS: [&str; 8] = [
    "technique",
    "standalone_usd",
    "promised_usd",
    "promised_now_usd",
    "realised_usd",
    "open_usd",
    "verdict",
    "reason",
];

/// Writes steps, features and models as one flat table: the step's rows have an
/// effect, and the total before and after it.
///
/// # Errors
/// When `out` cannot be written to.
pub fn difference(found: &Difference, out: &mut dyn Write) -> io::Result<()> {
    let mut table = Table::new(out);
    table.heading(&FLAT_COLUMNS, &[])?;
    for step in &found.steps {
        let before = step.cost_after_usd - step.change_usd;
        table.row([
            "step".to_owned(),
            String::new(),
            step.effect.name().to_owned(),
            text(step.subject.as_deref()),
            before.to_string(),
            step.cost_after_usd.to_string(),
            step.change_usd.to_string(),
            step.evidence.name().to_owned(),
        ])?;
    }
    for (name, rows) in [("feature", &found.features), ("model", &found.models)] {
        for row in rows {
            table.row([
                name.to_owned(),
                csv_cell(&row.key),
                String::new(),
                String::new(),
                cell(row.before_usd),
                cell(row.after_usd),
                cell(row.change_usd),
                found.evidence.map_or_else(String::new, |grade| grade.name().to_owned()),
            ])?;
        }
    }
    table.finish()
}

/// Every table as a file of its own.
///
/// # Errors
/// Never in practice: writing to memory does not fail.
pub fn difference_tables(found: &Difference) -> io::Result<Vec<CsvFile>> {
    let sides = [("before", &found.before), ("after", &found.after)];
    let warnings = found.warnings.iter();
    let warnings =
        warnings.map(|warning| vec![csv_cell(&warning.code), csv_cell(&warning.message)]);
    Ok(vec![
        file("sides.csv", &SIDE_COLUMNS, sides.map(|(name, found)| side(name, found)).to_vec())?,
        file("steps.csv", &STEP_COLUMNS, found.steps.iter().map(step).collect())?,
        file("features.csv", &ROW_COLUMNS, found.features.iter().map(row).collect())?,
        file("feature_effects.csv", &EFFECT_COLUMNS, effects(&found.features))?,
        file("models.csv", &ROW_COLUMNS, found.models.iter().map(row).collect())?,
        file("model_effects.csv", &EFFECT_COLUMNS, effects(&found.models))?,
        file("promises.csv", &PROMISE_COLUMNS, promises(found))?,
        file("warnings.csv", &["code", "message"], warnings.collect())?,
    ])
}

fn side(name: &str, side: &DifferenceSide) -> Vec<String> {
    vec![
        name.to_owned(),
        csv_cell(&side.source),
        side.is_saved.to_string(),
        text(side.window.start.as_deref()),
        text(side.window.end.as_deref()),
        quotient(side.window.days),
        cell(side.calls),
        side.unpriced_calls.to_string(),
        cell(side.cost_usd),
        cell(side.compared_usd),
        cell(side.cost_per_call_usd),
        cell(side.cost_per_month_usd),
        text(side.prices_as_of.as_deref()),
        text(side.table_hash.as_deref()),
    ]
}

fn step(step: &DifferenceStep) -> Vec<String> {
    vec![
        step.effect.name().to_owned(),
        text(step.subject.as_deref()),
        step.change_usd.to_string(),
        step.cost_after_usd.to_string(),
        step.evidence.name().to_owned(),
    ]
}

fn row(row: &DifferenceRow) -> Vec<String> {
    let presence = match row.presence {
        Presence::Both => "both",
        Presence::Gone => "gone",
        Presence::New => "new",
    };
    vec![
        csv_cell(&row.key),
        presence.to_owned(),
        cell(row.before_calls),
        cell(row.after_calls),
        cell(row.before_usd),
        cell(row.after_usd),
        cell(row.change_usd),
    ]
}

fn effects(rows: &[DifferenceRow]) -> Vec<Vec<String>> {
    let of_row = |row: &DifferenceRow, effect: &RowEffect| {
        vec![
            csv_cell(&row.key),
            effect.effect.name().to_owned(),
            text(effect.subject.as_deref()),
            effect.change_usd.to_string(),
        ]
    };
    rows.iter().flat_map(|row| row.effects.iter().map(move |effect| of_row(row, effect))).collect()
}

fn promises(found: &Difference) -> Vec<Vec<String>> {
    let rows = found.expectation.iter().flat_map(|held| &held.techniques).map(|row| {
        vec![
            csv_cell(&row.technique),
            cell(row.standalone_usd),
            row.promised_usd.to_string(),
            row.promised_now_usd.to_string(),
            cell(row.realised_usd),
            cell(row.open_usd),
            row.verdict.name().to_owned(),
            csv_cell(&row.reason),
        ]
    });
    rows.collect()
}

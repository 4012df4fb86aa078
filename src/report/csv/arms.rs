//! The arms of an A/B test as CSV: one flat table of differences, or one file
//! per table.

use std::io::{self, Write};

use super::super::document::{ArmDifference, ArmFigures, ArmMetric, Arms};
use super::super::escape::csv_cell;
use super::{CsvFile, Table, cell, text};

const DIFFERENCE_COLUMNS: [&str; 15] = [
    "arm",
    "metric",
    "control_value",
    "arm_value",
    "difference",
    "low",
    "high",
    "smallest_shown",
    "relative_difference",
    "relative_low",
    "relative_high",
    "smallest_relative_shown",
    "verdict",
    "reason",
    "evidence",
];

const ARM_COLUMNS: [&str; 16] = [
    "arm",
    "is_control",
    "calls",
    "conversations",
    "unpriced_calls",
    "scored_calls",
    "cost_usd",
    "cost_per_call_usd",
    "cost_per_conversation_usd",
    "input_tokens_per_call",
    "output_tokens_per_call",
    "cache_read_share",
    "error_share",
    "score",
    "first_call",
    "last_call",
];

/// Writes every difference as one flat table.
///
/// # Errors
/// When `out` cannot be written to.
pub fn arms(document: &Arms, out: &mut dyn Write) -> io::Result<()> {
    write(&DIFFERENCE_COLUMNS, document.differences.iter().map(difference), out)
}

/// Every table of the document as a file of its own.
///
/// # Errors
/// Never in practice: writing to memory does not fail.
pub fn arms_tables(document: &Arms) -> io::Result<Vec<CsvFile>> {
    let arms = document.arms.iter().map(|arm| figures(arm, arm.arm == document.control));
    let warnings = document
        .warnings
        .iter()
        .map(|warning| vec![warning.code.clone(), text(Some(&warning.message))]);
    Ok(vec![
        file("arms.csv", &ARM_COLUMNS, arms)?,
        file("differences.csv", &DIFFERENCE_COLUMNS, document.differences.iter().map(difference))?,
        file("warnings.csv", &["code", "message"], warnings)?,
    ])
}

fn difference(row: &ArmDifference) -> Vec<String> {
    vec![
        csv_cell(&row.arm),
        row.metric.name().to_owned(),
        cell(row.control_value),
        cell(row.arm_value),
        cell(row.difference),
        cell(row.low),
        cell(row.high),
        cell(row.smallest_shown),
        cell(row.relative_difference),
        cell(row.relative_low),
        cell(row.relative_high),
        cell(row.smallest_relative_shown),
        row.verdict.name().to_owned(),
        text(row.reason.as_deref()),
        row.evidence.name().to_owned(),
    ]
}

fn figures(arm: &ArmFigures, is_control: bool) -> Vec<String> {
    let mut cells = vec![
        csv_cell(&arm.arm),
        is_control.to_string(),
        arm.calls.to_string(),
        cell(arm.conversations),
        arm.unpriced_calls.to_string(),
        arm.scored_calls.to_string(),
        cell(arm.cost_usd),
    ];
    cells.extend(ArmMetric::ALL.map(|metric| cell(arm.figure(metric))));
    cells.extend([&arm.first_call, &arm.last_call].map(|time| text(time.as_deref())));
    cells
}

fn file(
    name: &str,
    columns: &[&str],
    rows: impl Iterator<Item = Vec<String>>,
) -> io::Result<CsvFile> {
    let mut bytes = Vec::new();
    write(columns, rows, &mut bytes)?;
    Ok(CsvFile { name: name.to_owned(), bytes })
}

fn write(
    columns: &[&str],
    rows: impl Iterator<Item = Vec<String>>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut table = Table::new(out);
    table.heading(columns, &[])?;
    for row in rows {
        table.row(row)?;
    }
    table.finish()
}

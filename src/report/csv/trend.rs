//! A trend as CSV: the periods as one flat table, or a file for each table.

use std::io::{self, Write};

use super::super::document::{Forecast, OddDay, Responsible, Trend, TrendFigures, UnitCosts};
use super::super::escape::csv_cell;
use super::tables::{CsvFile, file, quotient};
use super::{Table, cell, grade, named, share_cell, text};
use crate::units::Tokens;

const PERIOD_COLUMNS: [&str; 17] = [
    "period",
    "first_day",
    "last_day",
    "covered",
    "complete",
    "calls",
    "input_tokens",
    "output_tokens",
    "cost_usd",
    "unpriced_calls",
    "evidence",
    "cost_per_call_usd",
    "input_tokens_per_call",
    "output_tokens_per_call",
    "cache_read_share",
    "error_share",
    "cost_change",
];
const ODD_COLUMNS: [&str; 17] = [
    "day",
    "cost_usd",
    "usual_cost_usd",
    "difference_usd",
    "score",
    "calls",
    "usual_calls",
    "by_calls_usd",
    "by_cost_per_call_usd",
    "feature",
    "feature_cost_usd",
    "feature_usual_cost_usd",
    "feature_difference_usd",
    "model",
    "model_cost_usd",
    "model_usual_cost_usd",
    "model_difference_usd",
];

/// Writes every period as one flat table; its last two rows are what is in no
/// period, so that the rows add up to the totals.
///
/// # Errors
/// When `out` cannot be written to.
pub fn trend(document: &Trend, out: &mut dyn Write) -> io::Result<()> {
    let mut table = Table::new(out);
    table.heading(&PERIOD_COLUMNS, &[])?;
    for row in periods(document) {
        table.row(row)?;
    }
    table.finish()
}

/// Every table as a file of its own.
///
/// # Errors
/// Never in practice: writing to memory does not fail.
pub fn tables(document: &Trend) -> io::Result<Vec<CsvFile>> {
    let days = &document.standing_out.days;
    let warnings = document.warnings.iter();
    let warnings =
        warnings.map(|warning| vec![csv_cell(&warning.code), csv_cell(&warning.message)]);
    Ok(vec![
        file("periods.csv", &PERIOD_COLUMNS, periods(document).collect())?,
        file("standing_out.csv", &ODD_COLUMNS, days.iter().map(odd_day).collect())?,
        file("forecast.csv", &["name", "value"], forecast(document))?,
        file("warnings.csv", &["code", "message"], warnings.collect())?,
    ])
}

fn periods(document: &Trend) -> impl Iterator<Item = Vec<String>> + '_ {
    let periods = document.periods.iter().map(|period| {
        let mut cells = vec![
            csv_cell(&period.period),
            text(period.first_day.as_deref()),
            text(period.last_day.as_deref()),
            share_cell(period.covered),
            period.complete.to_string(),
        ];
        cells.extend(figures(&period.figures));
        cells.extend(unit_costs(&period.unit_costs));
        cells.push(share_cell(period.cost_change));
        cells
    });
    let strays = [("not placed", &document.not_placed), ("undated", &document.undated)];
    let strays = strays.into_iter().map(|(name, stray)| {
        let mut cells = vec![name.to_owned()];
        cells.extend(std::iter::repeat_n(String::new(), 4));
        cells.extend(figures(stray));
        cells.resize(PERIOD_COLUMNS.len(), String::new());
        cells
    });
    periods.chain(strays)
}

fn figures(figures: &TrendFigures) -> [String; 6] {
    [
        cell(figures.calls),
        cell(figures.input_tokens.map(Tokens::get)),
        cell(figures.output_tokens.map(Tokens::get)),
        cell(figures.cost_usd),
        figures.unpriced_calls.to_string(),
        grade(Some(figures.evidence)),
    ]
}

fn unit_costs(unit: &UnitCosts) -> [String; 5] {
    [
        cell(unit.cost_per_call_usd),
        quotient(unit.input_tokens_per_call),
        quotient(unit.output_tokens_per_call),
        share_cell(unit.cache_read_share),
        share_cell(unit.error_share),
    ]
}

fn odd_day(day: &OddDay) -> Vec<String> {
    let mut cells = vec![
        csv_cell(&day.day),
        day.cost_usd.to_string(),
        day.usual_cost_usd.to_string(),
        day.difference_usd.to_string(),
        quotient(Some(day.score)),
        cell(day.calls),
        quotient(day.usual_calls),
        cell(day.by_calls_usd),
        cell(day.by_cost_per_call_usd),
    ];
    cells.extend(responsible(day.feature.as_ref()));
    cells.extend(responsible(day.model.as_ref()));
    cells
}

fn responsible(found: Option<&Responsible>) -> [String; 4] {
    [
        text(found.map(|found| found.key.as_str())),
        cell(found.map(|found| found.cost_usd)),
        cell(found.map(|found| found.usual_cost_usd)),
        cell(found.map(|found| found.difference_usd)),
    ]
}

fn forecast(document: &Trend) -> Vec<Vec<String>> {
    let Some(forecast) = &document.forecast else {
        return named([("note", csv_cell(&document.forecast_note))]);
    };
    let Forecast { month, days_before_log, logged_usd, remaining_days, .. } = forecast;
    named([
        ("month", text(month.as_deref())),
        ("days_before_log", days_before_log.to_string()),
        ("logged_usd", logged_usd.to_string()),
        ("remaining_days", quotient(Some(*remaining_days))),
        ("expected_usd", forecast.expected_usd.to_string()),
        ("p10_usd", cell(forecast.p10_usd)),
        ("p90_usd", cell(forecast.p90_usd)),
        ("days_used", forecast.days_used.to_string()),
        ("by_weekday", forecast.by_weekday.to_string()),
        ("evidence", grade(Some(forecast.evidence))),
        ("note", csv_cell(&document.forecast_note)),
    ])
}

//! Exports beside requests, what was billed, and both sides of a bill, as
//! files. Each is written only where there is something to say.

use std::io;

use super::super::document::{Billed, Document, LevelSide, Levels, ReconciledRow, Reconciliation};
use super::super::escape::csv_cell;
use super::tables::{CsvFile, file};
use super::{cell, share_cell, text};
use crate::units::Tokens;

/// The files that there is something for.
pub(super) fn tables(document: &Document) -> io::Result<Vec<CsvFile>> {
    let mut files = Vec::new();
    if let Some(levels) = &document.levels {
        files.push(file("set_aside.csv", &ASIDE_COLUMNS, set_aside(levels))?);
        files.push(file("coverage.csv", &COVERAGE_COLUMNS, coverage(levels))?);
    }
    if let Some(found) = &document.billed {
        files.push(file("billed.csv", &BILLED_COLUMNS, billed(found))?);
    }
    if let Some(found) = &document.reconciliation {
        files.push(file("reconciliation.csv", &SIDES_COLUMNS, sides(found))?);
        files.push(file("gap_causes.csv", &CAUSE_COLUMNS, causes(found))?);
    }
    Ok(files)
}

const ASIDE_COLUMNS: [&str; 6] =
    ["reason", "provider", "buckets", "input_tokens", "output_tokens", "cost_usd"];
const COVERAGE_COLUMNS: [&str; 13] = [
    "provider",
    "operation",
    "model",
    "export_calls",
    "export_input_tokens",
    "export_output_tokens",
    "export_cost_usd",
    "request_calls",
    "request_input_tokens",
    "request_output_tokens",
    "request_cost_usd",
    "difference_usd",
    "difference_share",
];
const BILLED_COLUMNS: [&str; 5] = ["dimension", "key", "charges", "billed_usd", "share"];
const SIDES_COLUMNS: [&str; 8] =
    ["dimension", "key", "records", "priced_usd", "billed_usd", "gap_usd", "gap_share", "causes"];
const CAUSE_COLUMNS: [&str; 5] = ["code", "model", "amount_usd", "shown_by", "evidence"];

fn set_aside(levels: &Levels) -> Vec<Vec<String>> {
    let rows = levels.set_aside.iter().map(|row| {
        vec![
            row.reason.name().to_owned(),
            csv_cell(&row.provider),
            row.buckets.to_string(),
            cell(row.input_tokens.map(Tokens::get)),
            cell(row.output_tokens.map(Tokens::get)),
            cell(row.cost_usd),
        ]
    });
    rows.collect()
}

fn side(side: Option<&LevelSide>) -> [String; 4] {
    let Some(side) = side else { return Default::default() };
    [
        cell(side.calls),
        cell(side.input_tokens.map(Tokens::get)),
        cell(side.output_tokens.map(Tokens::get)),
        cell(side.cost_usd),
    ]
}

/// A row for the whole of each export, without a model, and one for each model.
fn coverage(levels: &Levels) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for found in &levels.coverage {
        let mut push = |model: String, sides: [Option<&LevelSide>; 2], rest: [String; 2]| {
            let names = [csv_cell(&found.provider), found.operation.clone(), model];
            let figures = sides.into_iter().flat_map(side);
            rows.push(names.into_iter().chain(figures).chain(rest).collect());
        };
        let difference = [cell(found.difference_usd), share_cell(found.difference_share)];
        push(String::new(), [Some(&found.export), Some(&found.requests)], difference);
        for model in &found.models {
            let sides = [model.export.as_ref(), model.requests.as_ref()];
            push(csv_cell(&model.model), sides, Default::default());
        }
    }
    rows
}

fn billed(billed: &Billed) -> Vec<Vec<String>> {
    let whole = ["total", "", &billed.charges.to_string(), &billed.billed_usd.to_string(), "1"];
    let mut rows = vec![whole.map(str::to_owned).to_vec()];
    for (dimension, parts) in [
        ("provider", &billed.provider),
        ("model", &billed.model),
        ("meter", &billed.meter),
        ("item", &billed.item),
        ("account", &billed.account),
        ("month", &billed.month),
        ("day", &billed.day),
    ] {
        rows.extend(parts.iter().map(|row| {
            vec![
                dimension.to_owned(),
                csv_cell(&row.key),
                row.charges.to_string(),
                row.billed_usd.to_string(),
                share_cell(row.share),
            ]
        }));
    }
    rows
}

fn sides(found: &Reconciliation) -> Vec<Vec<String>> {
    let mut rows = vec![vec![
        "total".to_owned(),
        String::new(),
        found.records.to_string(),
        cell(found.priced_usd),
        cell(found.billed_usd),
        found.gap_usd.to_string(),
        share_cell(found.gap_share),
        String::new(),
    ]];
    let row = |dimension: &str, row: &ReconciledRow| {
        vec![
            dimension.to_owned(),
            csv_cell(&row.key),
            row.records.to_string(),
            cell(row.priced_usd),
            cell(row.billed_usd),
            row.gap_usd.to_string(),
            share_cell(row.gap_share),
            row.causes.join(" "),
        ]
    };
    for (dimension, parts) in
        [("month", &found.month), ("day", &found.day), ("model", &found.model)]
    {
        rows.extend(parts.iter().map(|part| row(dimension, part)));
    }
    rows
}

fn causes(found: &Reconciliation) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = found
        .causes
        .iter()
        .map(|cause| {
            vec![
                cause.code.clone(),
                text(cause.model.as_deref()),
                cell(cause.amount_usd),
                csv_cell(&cause.shown_by),
                cause.evidence.name().to_owned(),
            ]
        })
        .collect();
    let rest = [
        "UNEXPLAINED".to_owned(),
        String::new(),
        found.unexplained_usd.to_string(),
        String::new(),
        String::new(),
    ];
    rows.push(rest.to_vec());
    rows
}

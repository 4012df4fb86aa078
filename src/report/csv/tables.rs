//! One CSV file per table of the document.
//!
//! Every file is always there, with its header, so that a program that reads
//! them never has to ask whether a table existed.

use std::io;

use super::super::document::{Dimension, Document, ModelMetrics, Quotient};
use super::super::escape::csv_cell;
use super::super::rows;
use super::{
    FIGURE_COLUMNS, Table, bills, cache, cell, decimal, figure_cells, ladder, names, plan,
    share_cell,
};
use crate::units::{NanoUsd, Tokens};

/// A file to be written into a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsvFile {
    /// The file's name, without a folder.
    pub name: String,
    /// The whole content.
    pub bytes: Vec<u8>,
}

/// Every table of the document as a file of its own.
///
/// # Errors
/// Never in practice: writing to memory does not fail.
pub fn tables(document: &Document) -> io::Result<Vec<CsvFile>> {
    let mut files = Vec::new();
    for dimension in Dimension::ALL {
        if document.attribution.rows(dimension).is_some() {
            let name = format!("{}.csv", plural(dimension));
            files.push(attribution(document, &[dimension], name)?);
        }
    }
    for cross in &document.attribution.crosses {
        let name = match cross.dimensions.as_slice() {
            [dimension] => plural(*dimension).to_owned(),
            dimensions => names(dimensions).join("_by_"),
        };
        files.push(attribution(document, &cross.dimensions, format!("{name}.csv"))?);
    }
    files.push(file("totals.csv", &["name", "value"], totals(document))?);
    files.push(file("metrics.csv", &["metric", "statistic", "value"], metrics(document))?);
    files.push(file(
        "model_metrics.csv",
        &MODEL_COLUMNS,
        document.metrics.models.iter().map(model).collect(),
    )?);
    files.push(file("files.csv", &FILE_COLUMNS, input_files(document))?);
    files.push(file("ignored.csv", &["path", "reason", "lines"], ignored(document))?);
    files.push(file("rejections.csv", &["path", "line", "reason"], rejections(document))?);
    files.push(file("unpriced_models.csv", &UNPRICED_COLUMNS, unpriced_models(document))?);
    files.extend(bills::tables(document)?);
    files.extend(ladder::tables(document.ladder.as_ref())?);
    files.extend(plan::tables(document)?);
    files.extend(cache::tables(document.cache.as_ref())?);
    Ok(files)
}

const FILE_COLUMNS: [&str; 8] =
    ["path", "format", "bytes", "lines", "calls", "duplicates", "ignored", "rejected"];
const UNPRICED_COLUMNS: [&str; 4] = ["model", "calls", "input_tokens", "output_tokens"];
const MODEL_COLUMNS: [&str; 9] = [
    "model",
    "tier",
    "calls",
    "cost_usd",
    "cost_per_call_mean_usd",
    "cost_per_call_p95_usd",
    "input_tokens_per_call_mean",
    "output_tokens_per_call_mean",
    "cache_read_share",
];

const fn plural(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Component => "components",
        Dimension::Feature => "features",
        Dimension::Model => "models",
        Dimension::User => "users",
        Dimension::Account => "accounts",
        Dimension::Conversation => "conversations",
        Dimension::Provider => "providers",
        Dimension::Tier => "tiers",
        Dimension::Day => "days",
        Dimension::Hour => "hours",
    }
}

fn attribution(document: &Document, dimensions: &[Dimension], name: String) -> io::Result<CsvFile> {
    let mut bytes = Vec::new();
    let mut table = Table::new(&mut bytes);
    table.heading(&names(dimensions), &FIGURE_COLUMNS)?;
    for (keys, figures) in rows::all(document, dimensions) {
        table.row(keys.iter().map(|key| csv_cell(key)).chain(figure_cells(figures)))?;
    }
    table.finish()?;
    Ok(CsvFile { name, bytes })
}

/// A table as a file: its header and its rows of finished cells.
pub(super) fn file(name: &str, columns: &[&str], rows: Vec<Vec<String>>) -> io::Result<CsvFile> {
    let mut bytes = Vec::new();
    let mut table = Table::new(&mut bytes);
    table.heading(columns, &[])?;
    for row in rows {
        table.row(row)?;
    }
    table.finish()?;
    Ok(CsvFile { name: name.to_owned(), bytes })
}

fn totals(document: &Document) -> Vec<Vec<String>> {
    let totals = &document.totals;
    let window = &document.window;
    let tokens = |tokens: Option<Tokens>| cell(tokens.map(Tokens::get));
    [
        ("calls", cell(totals.calls)),
        ("input_tokens", tokens(totals.input_tokens)),
        ("uncached_input_tokens", tokens(totals.uncached_input_tokens)),
        ("cache_read_input_tokens", tokens(totals.cache_read_input_tokens)),
        ("cache_write_input_tokens", tokens(totals.cache_write_input_tokens)),
        ("output_tokens", tokens(totals.output_tokens)),
        ("reasoning_output_tokens", tokens(totals.reasoning_output_tokens)),
        ("cost_usd", cell(totals.cost_usd)),
        ("logged_cost_usd", cell(totals.logged_cost_usd)),
        ("unpriced_calls", totals.unpriced_calls.to_string()),
        ("start", cell(window.start.as_deref().map(csv_cell))),
        ("end", cell(window.end.as_deref().map(csv_cell))),
        ("days", quotient(window.days)),
    ]
    .into_iter()
    .map(|(name, value)| vec![name.to_owned(), value])
    .collect()
}

fn metrics(document: &Document) -> Vec<Vec<String>> {
    let metrics = &document.metrics;
    let mut rows = Vec::new();
    let mut push = |metric: &str, statistic: &str, value: String| {
        rows.push(vec![metric.to_owned(), statistic.to_owned(), value]);
    };
    let cost = metrics.cost_per_call;
    push("cost_per_call_usd", "mean", cell(cost.map(|cost| cost.mean_usd)));
    push("cost_per_call_usd", "p95", cell(cost.map(|cost| cost.p95_usd)));
    for (name, per_call) in [
        ("input_tokens_per_call", metrics.input_tokens_per_call),
        ("output_tokens_per_call", metrics.output_tokens_per_call),
    ] {
        push(name, "mean", quotient(per_call.map(|per_call| per_call.mean)));
        push(name, "p50", cell(per_call.map(|per_call| per_call.p50.get())));
        push(name, "p95", cell(per_call.map(|per_call| per_call.p95.get())));
    }
    for (name, share) in [
        ("cache_read", metrics.cache_read_share),
        ("error", metrics.error_share),
        ("retry", metrics.retry_share),
    ] {
        push(name, "share", share_cell(share));
    }
    for (name, duration) in [
        ("latency_milliseconds", metrics.latency_milliseconds),
        ("time_to_first_token_milliseconds", metrics.time_to_first_token_milliseconds),
    ] {
        push(name, "p50", cell(duration.map(|duration| duration.p50)));
        push(name, "p95", cell(duration.map(|duration| duration.p95)));
        push(name, "calls", cell(duration.map(|duration| duration.calls)));
    }
    for tier in &metrics.tiers {
        let name = format!("model_tier_{}", tier.tier.name());
        push(&name, "calls_share", share_cell(tier.calls_share));
        push(&name, "cost_share", share_cell(tier.cost_share));
    }
    rows
}

fn model(metrics: &ModelMetrics) -> Vec<String> {
    let usd = |amount: Option<NanoUsd>| cell(amount);
    vec![
        csv_cell(&metrics.model),
        metrics.tier.name().to_owned(),
        cell(metrics.calls),
        usd(metrics.cost_usd),
        usd(metrics.cost_per_call_mean_usd),
        usd(metrics.cost_per_call_p95_usd),
        quotient(metrics.input_tokens_per_call_mean),
        quotient(metrics.output_tokens_per_call_mean),
        share_cell(metrics.cache_read_share),
    ]
}

fn input_files(document: &Document) -> Vec<Vec<String>> {
    let row = |file: &super::super::document::InputFile| {
        let counts =
            [file.bytes, file.lines, file.calls, file.duplicates, file.ignored, file.rejected];
        let names = [csv_cell(&file.path), cell(file.format.as_deref().map(csv_cell))];
        names.into_iter().chain(counts.iter().map(u64::to_string)).collect()
    };
    document.input.files.iter().map(row).collect()
}

fn ignored(document: &Document) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for file in &document.input.files {
        for ignored in &file.ignored_reasons {
            rows.push(vec![
                csv_cell(&file.path),
                csv_cell(&ignored.reason),
                ignored.lines.to_string(),
            ]);
        }
    }
    rows
}

fn rejections(document: &Document) -> Vec<Vec<String>> {
    let rejections = document.input.rejections.iter();
    rejections
        .map(|rejection| {
            vec![csv_cell(&rejection.path), rejection.line.to_string(), csv_cell(&rejection.reason)]
        })
        .collect()
}

fn unpriced_models(document: &Document) -> Vec<Vec<String>> {
    let models = document.prices.unpriced_models.iter();
    models
        .map(|model| {
            vec![
                csv_cell(&model.model),
                cell(model.calls),
                cell(model.input_tokens.map(Tokens::get)),
                cell(model.output_tokens.map(Tokens::get)),
            ]
        })
        .collect()
}

/// A quotient as a plain decimal, or the empty cell of an unknown one.
pub(super) fn quotient(value: Option<Quotient>) -> String {
    cell(value.map(|value| decimal(value.millionths())))
}

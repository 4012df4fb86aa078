//! Key metrics: figures per call on the left, shares on the right, then the
//! models beside each other.

use super::super::document::{Document, Metrics, ModelMetrics, TokensPerCall};
use super::super::escape::{display_width, plain};
use super::super::figures::{count, dollars, milliseconds, percent, quotient, tokens};
use super::super::summary;
use super::screen::Screen;
use super::tables::indented;
use super::{Column, grid};

const INDENT: usize = 2;
/// Columns between the two halves of the block.
const GUTTER: usize = 4;
/// Columns from which on there is room for the tokens of every model.
const MEDIUM_SCREEN: usize = 76;
/// Columns from which on there is room for the tier of every model.
const WIDE_SCREEN: usize = 100;
/// Models beside each other, at most.
const MOST_MODELS: usize = 6;

/// Adds the section; nothing where no metric is known.
pub fn key_metrics(document: &Document, top: usize, screen: &mut Screen) {
    let metrics = &document.metrics;
    if *metrics == Metrics::default() {
        return;
    }
    screen.heading("Key metrics");
    let width = screen.width() - INDENT;
    let figures = [Column::Text, Column::Figures, Column::Figures, Column::Figures];
    let left = grid(&figures, per_call(metrics), width);
    let mut right = grid(&figures[..2], shares(metrics), width);
    if !metrics.tiers.is_empty() {
        right.extend(grid(&figures[..3], tiers(metrics), width));
    }
    side_by_side(&left, &right, screen);
    models(&metrics.models, top.min(MOST_MODELS), screen);
    let users = summary::users(document);
    if !users.is_empty() {
        screen.blank();
    }
    for note in users {
        screen.paragraph(&note, INDENT);
    }
}

/// Two blocks beside each other, or below each other where they do not fit.
fn side_by_side(left: &[String], right: &[String], screen: &mut Screen) {
    let widest = |lines: &[String]| lines.iter().map(|line| display_width(line)).max().unwrap_or(0);
    let offset = widest(left) + GUTTER;
    if INDENT + offset + widest(right) > screen.width() {
        for line in left.iter().chain(right) {
            screen.row(&format!("{:INDENT$}{line}", ""));
        }
        return;
    }
    for position in 0..left.len().max(right.len()) {
        let side = |lines: &[String]| lines.get(position).cloned().unwrap_or_default();
        let (left, right) = (side(left), side(right));
        let fill = offset.saturating_sub(display_width(&left));
        let line = format!("{:INDENT$}{left}{:fill$}{right}", "", "");
        let line = line.trim_end();
        if position == 0 { screen.column_names(line) } else { screen.row(line) }
    }
}

fn per_call(metrics: &Metrics) -> Vec<Vec<String>> {
    let none = String::new;
    let cost = metrics.cost_per_call;
    let mut rows = vec![
        ["per call", "mean", "p50", "p95"].map(str::to_owned).to_vec(),
        vec![
            "cost".to_owned(),
            dollars(cost.map(|cost| cost.mean_usd)),
            none(),
            dollars(cost.map(|cost| cost.p95_usd)),
        ],
        token_row("input tokens", metrics.input_tokens_per_call),
        token_row("output tokens", metrics.output_tokens_per_call),
    ];
    for (name, duration) in [
        ("latency", metrics.latency_milliseconds),
        ("first token", metrics.time_to_first_token_milliseconds),
    ] {
        if duration.is_some() {
            rows.push(vec![
                name.to_owned(),
                none(),
                milliseconds(duration.map(|duration| duration.p50)),
                milliseconds(duration.map(|duration| duration.p95)),
            ]);
        }
    }
    rows
}

fn token_row(name: &str, per_call: Option<TokensPerCall>) -> Vec<String> {
    vec![
        name.to_owned(),
        quotient(per_call.map(|per_call| per_call.mean), 0),
        tokens(per_call.map(|per_call| per_call.p50)),
        tokens(per_call.map(|per_call| per_call.p95)),
    ]
}

fn shares(metrics: &Metrics) -> Vec<Vec<String>> {
    vec![
        vec!["share".to_owned(), String::new()],
        vec!["input read from cache".to_owned(), percent(metrics.cache_read_share)],
        vec!["calls in error".to_owned(), percent(metrics.error_share)],
        vec!["retries".to_owned(), percent(metrics.retry_share)],
    ]
}

fn tiers(metrics: &Metrics) -> Vec<Vec<String>> {
    let mut rows = vec![["models", "of cost", "of calls"].map(str::to_owned).to_vec()];
    rows.extend(metrics.tiers.iter().map(|tier| {
        vec![tier.tier.name().to_owned(), percent(tier.cost_share), percent(tier.calls_share)]
    }));
    rows
}

fn models(models: &[ModelMetrics], most: usize, screen: &mut Screen) {
    if models.len() < 2 {
        return;
    }
    let names =
        ["per call, by model", "calls", "cost/call", "p95", "input", "output", "cached", "tier"];
    let mut rows = vec![names.map(str::to_owned).to_vec()];
    rows.extend(models.iter().take(most).map(|model| {
        vec![
            plain(&model.model, 40),
            count(model.calls),
            dollars(model.cost_per_call_mean_usd),
            dollars(model.cost_per_call_p95_usd),
            quotient(model.input_tokens_per_call_mean, 0),
            quotient(model.output_tokens_per_call_mean, 0),
            percent(model.cache_read_share),
            model.tier.name().to_owned(),
        ]
    }));
    let mut columns = vec![Column::Text];
    columns.extend([Column::Figures; 6]);
    columns.push(Column::Text);
    // The model's name is worth more than the last columns.
    columns.truncate(match screen.width() {
        0..MEDIUM_SCREEN => 4,
        MEDIUM_SCREEN..WIDE_SCREEN => 7,
        _ => columns.len(),
    });
    for row in &mut rows {
        row.truncate(columns.len());
    }
    screen.blank();
    indented(&columns, rows, screen);
}

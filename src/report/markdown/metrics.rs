//! The key metrics of a page: per call, by model, by tier of model, by user.
//!
//! Knows nothing beyond the document's metrics.

use super::super::document::{Document, DurationQuantiles, Metrics, TokensPerCall};
use super::super::figures::{count, dollars, milliseconds, percent, quotient, tokens};
use super::super::summary;
use super::name;
use super::page::{Align, Page};

/// Adds the section.
pub fn key_metrics(document: &Document, page: &mut Page) {
    let metrics = &document.metrics;
    if *metrics == Metrics::default() {
        return;
    }
    page.heading("Key metrics");
    let columns = [
        ("per call", Align::Left),
        ("mean", Align::Right),
        ("p50", Align::Right),
        ("p95", Align::Right),
    ];
    page.table(&columns, per_call(metrics).into_iter());
    page.list(shares(metrics).into_iter());
    models(metrics, page);
    tiers(metrics, page);
    users(document, page);
}

fn per_call(metrics: &Metrics) -> Vec<Vec<String>> {
    let cost = metrics.cost_per_call;
    let none = String::new;
    let tokens_row = |label: &str, per_call: Option<TokensPerCall>| {
        vec![
            label.to_owned(),
            quotient(per_call.map(|per_call| per_call.mean), 1),
            tokens(per_call.map(|per_call| per_call.p50)),
            tokens(per_call.map(|per_call| per_call.p95)),
        ]
    };
    let duration_row = |label: &str, duration: Option<DurationQuantiles>| {
        vec![
            label.to_owned(),
            none(),
            milliseconds(duration.map(|duration| duration.p50)),
            milliseconds(duration.map(|duration| duration.p95)),
        ]
    };
    vec![
        vec![
            "cost".to_owned(),
            dollars(cost.map(|cost| cost.mean_usd)),
            none(),
            dollars(cost.map(|cost| cost.p95_usd)),
        ],
        tokens_row("input tokens", metrics.input_tokens_per_call),
        tokens_row("output tokens", metrics.output_tokens_per_call),
        duration_row("latency", metrics.latency_milliseconds),
        duration_row("time to first token", metrics.time_to_first_token_milliseconds),
    ]
}

fn shares(metrics: &Metrics) -> Vec<String> {
    vec![
        format!("input tokens read from cache: {}", percent(metrics.cache_read_share)),
        format!("calls in error: {}", percent(metrics.error_share)),
        format!("retries: {}", percent(metrics.retry_share)),
    ]
}

fn models(metrics: &Metrics, page: &mut Page) {
    let columns = [
        ("model", Align::Left),
        ("tier", Align::Left),
        ("calls", Align::Right),
        ("mean cost", Align::Right),
        ("p95 cost", Align::Right),
        ("mean input tokens", Align::Right),
        ("mean output tokens", Align::Right),
        ("read from cache", Align::Right),
    ];
    let rows = metrics.models.iter().map(|model| {
        vec![
            name(&model.model),
            model.tier.name().to_owned(),
            count(model.calls),
            dollars(model.cost_per_call_mean_usd),
            dollars(model.cost_per_call_p95_usd),
            quotient(model.input_tokens_per_call_mean, 1),
            quotient(model.output_tokens_per_call_mean, 1),
            percent(model.cache_read_share),
        ]
    });
    page.table(&columns, rows);
}

fn tiers(metrics: &Metrics, page: &mut Page) {
    let columns = [
        ("tier of model", Align::Left),
        ("calls", Align::Right),
        ("of calls", Align::Right),
        ("cost", Align::Right),
        ("of cost", Align::Right),
    ];
    let rows = metrics.tiers.iter().map(|tier| {
        vec![
            tier.tier.name().to_owned(),
            count(tier.calls),
            percent(tier.calls_share),
            dollars(tier.cost_usd),
            percent(tier.cost_share),
        ]
    });
    page.table(&columns, rows);
}

fn users(document: &Document, page: &mut Page) {
    page.list(summary::users(document).into_iter());
    let Some(users) = &document.users else { return };
    let columns =
        [("user above plan", Align::Left), ("cost", Align::Right), ("pays", Align::Right)];
    let rows = users
        .above_plan
        .iter()
        .map(|user| vec![name(&user.user), user.cost_usd.to_display(), user.plan_usd.to_display()]);
    page.table(&columns, rows);
}

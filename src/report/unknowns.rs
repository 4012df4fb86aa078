//! What the document does not know, and the one thing that would settle it.
//!
//! Read off the document's nulls, so every report names the same gaps. Knows
//! no layout; names from the log stand as the document has them.

use super::document::{Dimension, Document, Prices, UNKNOWN_KEY, UnpricedModel};
use super::figures::{counted, tokens_short};
use super::rows::says_nothing;

/// The most unpriced models and unrecognised files that are named one by one.
const MOST_NAMED: usize = 5;

/// What settles the format of a file.
const FORMAT_BY: &str = "--input-format NAME, or [formats.NAME] in tokopt.toml";

/// A gap, and what would close it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// What is not known, as a fragment.
    pub what: String,
    /// What would settle it, as a fragment.
    pub settled_by: String,
}

/// Every gap of the document, those that hide dollars first.
pub fn unknowns(document: &Document) -> Vec<Unknown> {
    let mut gaps = Vec::new();
    files(document, &mut gaps);
    if document.totals.calls == Some(0) {
        return gaps;
    }
    prices(&document.prices, &mut gaps);
    times(document, &mut gaps);
    tokens(document, &mut gaps);
    names(document, &mut gaps);
    gaps
}

fn gap(gaps: &mut Vec<Unknown>, what: impl Into<String>, settled_by: &str) {
    gaps.push(Unknown { what: what.into(), settled_by: settled_by.to_owned() });
}

fn files(document: &Document, gaps: &mut Vec<Unknown>) {
    let unrecognised: Vec<_> = document
        .input
        .files
        .iter()
        .filter(|file| file.format.is_none() && file.lines > 0)
        .collect();
    for file in unrecognised.iter().take(MOST_NAMED) {
        gap(gaps, format!("format of {}", file.path), FORMAT_BY);
    }
    if let Some(more) = unrecognised.len().checked_sub(MOST_NAMED).filter(|more| *more > 0) {
        gap(
            gaps,
            format!("format of {}", counted(more as u64, "more file", "more files")),
            FORMAT_BY,
        );
    }
}

fn prices(prices: &Prices, gaps: &mut Vec<Unknown>) {
    for model in prices.unpriced_models.iter().take(MOST_NAMED) {
        let settled_by = if model.model == UNKNOWN_KEY {
            "--model NAME says what to price them as"
        } else {
            "its rates in a file given with --prices FILE"
        };
        gap(gaps, unpriced(model), settled_by);
    }
    if let Some(more) =
        prices.unpriced_models.len().checked_sub(MOST_NAMED).filter(|more| *more > 0)
    {
        let models = counted(more as u64, "more model", "more models");
        gap(gaps, format!("price of {models}"), "-o report.json lists all of them");
    }
    for part in &prices.partly_unpriced {
        let calls = counted(part.calls, "call", "calls");
        gap(gaps, format!("price of {} in {calls}", part.what), settles_part(&part.what));
    }
}

/// What settles the price of a part of calls.
fn settles_part(what: &str) -> &'static str {
    if what.ends_with("was not logged") {
        "its token counts in the log"
    } else {
        "a rate in a file given with --prices FILE"
    }
}

fn unpriced(model: &UnpricedModel) -> String {
    let what = match model.model.as_str() {
        UNKNOWN_KEY => "calls that name no model",
        name => name,
    };
    let known: Vec<String> = [
        model.calls.map(|calls| counted(calls, "call", "calls")),
        model.input_tokens.map(|tokens| format!("{} input tokens", tokens_short(Some(tokens)))),
        model.output_tokens.map(|tokens| format!("{} output tokens", tokens_short(Some(tokens)))),
    ]
    .into_iter()
    .flatten()
    .collect();
    if known.is_empty() {
        format!("price of {what}")
    } else {
        format!("price of {what} ({})", known.join(", "))
    }
}

fn times(document: &Document, gaps: &mut Vec<Unknown>) {
    let undated = document.prices.undated_calls;
    if document.window.days.is_none() {
        gap(gaps, "when the calls were made", "a time in every log record");
    } else if undated > 0 {
        let calls = counted(undated, "call", "calls");
        let has = |code| document.warnings.iter().any(|warning| warning.code == code);
        // A start helps only a clock that runs.
        let settled_by = if has("NO_TIMES") && !has("RELATIVE_TIMES") {
            "a time in every log record"
        } else {
            "--epoch TIME says when the log starts"
        };
        gap(gaps, format!("date of {calls}"), settled_by);
    }
}

fn tokens(document: &Document, gaps: &mut Vec<Unknown>) {
    let totals = &document.totals;
    if totals.input_tokens.is_none() || totals.output_tokens.is_none() {
        gap(gaps, "tokens of the calls", "the usage block of every answer in the log");
    } else if totals.cache_read_input_tokens.is_none() {
        gap(gaps, "how much input was read from the cache", "cached token counts in the log");
    }
    if says_nothing(document, Dimension::Component) {
        gap(
            gaps,
            "what the input consists of",
            "the requests' texts in the log, or counts by component",
        );
    }
}

fn names(document: &Document, gaps: &mut Vec<Unknown>) {
    if says_nothing(document, Dimension::Feature) {
        gap(
            gaps,
            "what the calls were for",
            "a tag in the log, or a [features] rule in tokopt.toml",
        );
    }
    if document.users.is_none() {
        gap(gaps, "on whose behalf", "a user field in the log, or a [users] rule in tokopt.toml");
    }
    let metrics = &document.metrics;
    if metrics.latency_milliseconds.is_none() && metrics.time_to_first_token_milliseconds.is_none()
    {
        gap(gaps, "how long the calls took", "a start and an end time, or a duration, in the log");
    }
}

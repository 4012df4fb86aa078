//! OpenRouter's activity export: a CSV row per generation.
//!
//! `cost_total` is what was taken from the credits, cache discounts
//! (`cost_cache`, negative) and extra fees included. No texts, no conversation,
//! no cache writes.

use std::borrow::Cow;

use crate::record::call::{Finish, Status};
use crate::units::{Moment, Usd};

use super::batch::{Batch, Draft, Identity};
use super::exchange::provider::tier_of_response_id;
use super::format::{Format, Framing, KeySet, Outcome, Record, Row, Sample};
use super::json::Fault;
use super::openrouter::{self, Counts};
use super::value::Value;

/// Rows of the export.
#[derive(Clone, Copy, Debug)]
pub struct OpenrouterActivity;

impl Format for OpenrouterActivity {
    fn id(&self) -> &'static str {
        "openrouter-activity"
    }

    fn convention(&self) -> &'static str {
        "tokens_prompt includes tokens_cached, tokens_completion includes tokens_reasoning"
    }

    fn keys(&self) -> &'static [KeySet] {
        &[&["generation_id", "model_permaslug"], &["cost_total", "tokens_prompt"]]
    }

    fn framing(&self) -> Framing {
        Framing::Csv
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        sample.header().is_some_and(|header| {
            header.has(&["generation_id", "model_permaslug"])
                || header.has(&["cost_total", "tokens_prompt"])
        })
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let row = record.row.ok_or(Fault::Other("not a CSV row"))?;
        let draft = draft(row, batch)?;
        batch.push(draft)?;
        Ok(Outcome::Kept)
    }
}

fn draft<'a>(row: &Row<'a>, batch: &mut Batch) -> Result<Draft<'a>, Fault> {
    let cell = |column: &str| row.get(column).map(Value::Cell);
    let name = |column: &str| cell(column).and_then(Value::name);
    let count = |column: &'static str| cell(column).map_or(Ok(None), |value| value.count(column));
    let money = |column: &'static str| cell(column).map_or(Ok(None), |value| value.money(column));
    let is_true = |column: &str| cell(column).and_then(Value::truth) == Some(true);
    let number = |column: &str| cell(column).and_then(Value::number);
    if name("generation_id").is_none() && name("model_permaslug").is_none() {
        return Err(Fault::Missing("generation_id"));
    }
    let created = cell("created_at");
    if created.is_some_and(Value::is_zoneless) {
        batch.note("ZONELESS_TIMES", "times name no zone and are taken for UTC");
    }
    let time = created.map_or(Ok(None), |value| value.time("created_at"))?;
    let finish = ["finish_reason_normalized", "finish_reason_raw"].into_iter().find_map(name);
    let id = name("generation_id");
    let batched = id.as_deref().and_then(tier_of_response_id);
    let mut draft = Draft {
        identity: Identity::of(id.as_deref()).answered_by(id.as_deref()),
        request_id: id,
        time: time.map(Moment::dated),
        provider: Some(Cow::Borrowed(openrouter::PROVIDER)),
        model: name("model_permaslug"),
        feature: name("app_name"),
        user: name("user"),
        account: name("api_key_name"),
        tier: batched.unwrap_or_default(),
        finish: finish.map_or(Finish::Unknown, |reason| Finish::parse(&reason)),
        latency_milliseconds: number("generation_time_ms"),
        first_token_milliseconds: number("time_to_first_token_ms"),
        ..Draft::default()
    };
    draft.request.stream = cell("streamed").and_then(Value::truth);
    if draft.finish == Finish::Error {
        draft.status = Status::Error;
    }
    if is_true("cancelled") {
        draft.status = Status::Aborted;
    }
    for key in ["provider_name", "variant", "app_name"] {
        openrouter::tag(&mut draft, key, cell(key));
    }
    let counts = Counts {
        prompt: count("tokens_prompt")?,
        completion: count("tokens_completion")?,
        cached: count("tokens_cached")?,
        reasoning: count("tokens_reasoning")?,
    };
    counts.settle(&mut draft, batch);
    let upstream = money("byok_usage_inference")?.filter(|upstream| *upstream != Usd::ZERO);
    draft.logged_cost = openrouter::cost(money("cost_total")?, upstream.is_some(), upstream, batch);
    for fee in ["cost_web_search", "cost_file_processing"] {
        if money(fee)?.is_some_and(|fee| fee != Usd::ZERO) {
            batch.note(
                "EXTRA_FEES",
                "costs include fees for web searches or file processing that no token count explains",
            );
        }
    }
    Ok(draft)
}

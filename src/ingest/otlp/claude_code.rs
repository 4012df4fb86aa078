//! Claude Code's events: an exported log record per request that it made.
//!
//! Counts are Anthropic's own: `input_tokens` leaves out what was read from or
//! written to the cache, which is added. `cost_usd` is Claude Code's estimate
//! (code.claude.com, "Monitoring", on events). Texts are not in this event.

use std::borrow::Cow;

use crate::ingest::batch::{Batch, Draft, Identity};
use crate::ingest::exchange::provider;
use crate::ingest::json::{Fault, Json};
use crate::record::call::Status;
use crate::record::lane::Tier;
use crate::record::usage::{CacheWrites, Usage};
use crate::units::{Moment, Timestamp, Tokens};

use super::Tags;
use super::values::Flat;

/// What such an event tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// A request that was answered.
    Request,
    /// One that failed, retries and all.
    Failure,
}

/// What an event tells, by its name or by the body that repeats it.
pub(super) fn told(name: Option<&str>, body: Option<&str>) -> Option<Told> {
    match [name, body].into_iter().flatten().find_map(|word| word.strip_prefix("claude_code."))? {
        "api_request" => Some(Told::Request),
        "api_error" => Some(Told::Failure),
        _ => None,
    }
}

/// Pushes the call of an event that was written at `end`.
///
/// # Errors
/// When an attribute holds what it cannot.
pub(super) fn push(
    told: Told,
    attributes: &Flat<'_>,
    tags: &Tags<'_>,
    end: Option<Timestamp>,
    batch: &mut Batch,
) -> Result<(), Fault> {
    let name = |key: &str| attributes.get(key).and_then(Json::name);
    let milliseconds = attributes.get("duration_ms").and_then(Json::number);
    let (session, request) = (name("session.id"), name("request_id"));
    let sequence = name("event.sequence");
    // Old versions name no request: the place in its session does.
    let place = session.as_deref().zip(sequence.as_deref());
    let place = place.map(|(session, sequence)| format!("{session}\0{sequence}"));
    let model = name("model");
    let seller = model.as_deref().and_then(provider::of_model).unwrap_or("anthropic");
    let cost = attributes.get("cost_usd");
    let mut draft = Draft {
        identity: Identity::of(request.as_deref().or(place.as_deref())),
        request_id: request,
        time: end.map(|end| Moment::dated(started(end, milliseconds))),
        provider: Some(Cow::Borrowed(seller)),
        model,
        user: name("user.id").or_else(|| name("user.account_uuid")),
        account: name("organization.id"),
        conversation: session,
        tier: name("speed").and_then(|word| Tier::parse(&word)).unwrap_or_default(),
        latency_milliseconds: milliseconds,
        first_token_milliseconds: attributes.get("ttft_ms").and_then(Json::number),
        ..Draft::default()
    };
    draft.tags =
        tags.iter().map(|(key, value)| (Cow::Borrowed(&**key), Cow::Borrowed(&**value))).collect();
    for key in ["query_source", "effort"] {
        draft.tags.extend(name(key).map(|value| (Cow::Borrowed(key), value)));
    }
    match told {
        Told::Request => {
            draft.usage = usage(attributes)?;
            draft.logged_cost = cost.map_or(Ok(None), |cost| cost.money("cost_usd"))?;
        }
        Told::Failure => draft.status = Status::Error,
    }
    batch.push(draft)?;
    Ok(())
}

/// When a request was made that took so long until it was told.
fn started(end: Timestamp, milliseconds: Option<f64>) -> Timestamp {
    /// No request lasts longer than a day.
    const LONGEST: f64 = 86_400_000.0;
    let lasted = milliseconds.filter(|lasted| (0.0..LONGEST).contains(lasted)).unwrap_or(0.0);
    #[expect(clippy::cast_possible_truncation, reason = "below 1e11")]
    let micros = (lasted * 1e3) as i64;
    Timestamp::from_micros(end.micros().saturating_sub(micros))
}

fn usage(attributes: &Flat<'_>) -> Result<Usage, Fault> {
    let count = |key: &'static str| attributes.get(key).map_or(Ok(None), |value| value.count(key));
    let (input, output) = (count("input_tokens")?, count("output_tokens")?);
    let (read, written) = (count("cache_read_tokens")?, count("cache_creation_tokens")?);
    let prompt = input
        .map(|input| input.saturating_add(read.unwrap_or(0)).saturating_add(written.unwrap_or(0)));
    let tokens = |count: Option<u64>| count.map(Tokens::new);
    Ok(Usage {
        input: tokens(prompt),
        cache_read: tokens(read),
        cache_write: tokens(written).map(CacheWrites::unstated),
        output: tokens(output),
        ..Usage::default()
    })
}

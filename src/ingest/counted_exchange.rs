//! A row that counts a call's tokens itself and may hold its bodies too: what
//! the logs of gateways have in common.
//!
//! Bodies are the provider's own word and come first; the row fills in what
//! they leave unknown. A body that no reader knows costs the call nothing but
//! its texts. Must not know what a gateway calls its columns.

use std::borrow::Cow;

use crate::measure::memo::Memo;
use crate::record::call::{Count, Finish, Flags, Operation, RequestFacts, Status};
use crate::record::lane::Tier;
use crate::record::usage::Usage;
use crate::units::{Tokens, Usd};

use super::batch::{Batch, Draft};
use super::exchange::body::Reading;
use super::exchange::exchanged::{self, Exchanged, Logged};
use super::exchange::labels::{self, Labels};
use super::format::Outcome;
use super::json::{Fault, Json};
use super::value::Value;

/// A code with its message, for [`Batch::note`].
pub(super) type Remark = (&'static str, &'static str);

/// A gateway's row, its columns already told apart.
#[derive(Debug, Default)]
pub(super) struct CountedExchange<'a> {
    /// What the row says around the bodies; its draft has the row's own counts.
    pub labels: Labels<'a>,
    /// The address that was called.
    pub url: Option<Cow<'a, str>>,
    /// The request's body.
    pub request: Option<Value<'a>>,
    /// The answer's body.
    pub answer: Option<Value<'a>>,
    /// What to say of the row's counts where they are the ones that count.
    pub remarks: Vec<Remark>,
}

impl<'a> CountedExchange<'a> {
    /// Reads the bodies, completes them from the row and packs the call.
    ///
    /// # Errors
    /// When the counts contradict each other.
    pub fn push(self, memo: &'a Memo, batch: &mut Batch) -> Result<Outcome, Fault> {
        let request_text = self.request.and_then(text_of);
        let answer_text = self.answer.and_then(text_of);
        let times = self.labels.times();
        let Labels { draft: row, provider, http_status, failed, .. } = self.labels;
        let failed = failed || http_status.is_some_and(|status| status >= 400);
        let mut exchanged = Exchanged {
            request: exchanged::request_body(self.request.map(json_of), request_text.as_deref()),
            answer: Logged::of(self.answer.map(json_of), answer_text.as_deref()),
            url: self.url,
            provider,
            http_status,
            times,
            bare: false,
            failed,
        };
        let mut reading = read(&mut exchanged, memo, batch);
        let body = std::mem::take(&mut reading.draft);
        if !body.usage.is_reported() {
            self.remarks.iter().for_each(|(code, message)| batch.note(code, message));
        }
        // A hit repeats another call's answer, id and all.
        if row.flags.gateway_cache_hit {
            reading.response_id = None;
        }
        let knows_model = body.usage.is_reported() || reading.response_id.is_some();
        reading.draft = completed(body, row, knows_model, failed);
        settle(&mut reading.draft, batch);
        exchanged.push(reading, batch)
    }
}

/// Reads what can be read of both bodies.
fn read<'a>(exchanged: &mut Exchanged<'a>, memo: &'a Memo, batch: &mut Batch) -> Reading<'a> {
    let blank = || Reading::new(Draft::default(), memo);
    if matches!(exchanged.answer, Logged::Nothing) {
        // The row itself says that there was an answer.
        exchanged.answer = Logged::WithoutBody;
    }
    let mut reading = blank();
    if exchanged.read(&mut reading).is_ok() {
        return reading;
    }
    batch.note(
        "BODY_UNREAD",
        "a logged body is of no family that tokopt reads; the row's own counts are used",
    );
    exchanged.answer = Logged::WithoutBody;
    let mut reading = blank();
    if exchanged.read(&mut reading).is_ok() {
        return reading;
    }
    exchanged.request = None;
    blank()
}

/// The bodies' call, with what only the row knows.
fn completed<'a>(
    body: Draft<'a>,
    mut row: Draft<'a>,
    knows_model: bool,
    failed: bool,
) -> Draft<'a> {
    let (first, second) =
        if knows_model { (body.model, row.model) } else { (row.model, body.model) };
    row.tags.extend(body.tags);
    Draft {
        operation: if body.operation == Operation::Chat { row.operation } else { body.operation },
        model: first.or(second),
        requested_model: row.requested_model.or(body.requested_model),
        feature: row.feature.or(body.feature),
        user: row.user.or(body.user),
        account: row.account.or(body.account),
        workspace: row.workspace.or(body.workspace),
        conversation: row.conversation.or(body.conversation),
        region: row.region.or(body.region),
        tags: row.tags,
        tier: if body.tier == Tier::Standard { row.tier } else { body.tier },
        status: match (row.status, body.status) {
            (Status::Success, Status::Success) if failed => Status::Error,
            (Status::Success, status) | (status, _) => status,
        },
        finish: if body.finish == Finish::Unknown { row.finish } else { body.finish },
        request: RequestFacts {
            max_tokens: if body.request.max_tokens == Count::UNKNOWN {
                row.request.max_tokens
            } else {
                body.request.max_tokens
            },
            stream: row.request.stream.or(body.request.stream),
            ..body.request
        },
        latency_milliseconds: row.latency_milliseconds.or(body.latency_milliseconds),
        first_token_milliseconds: row.first_token_milliseconds.or(body.first_token_milliseconds),
        tool_requests: row.tool_requests.max(body.tool_requests),
        usage: completed_usage(&body.usage, &row.usage),
        logged_cost: row.logged_cost.or(body.logged_cost),
        flags: Flags {
            gateway_cache_hit: row.flags.gateway_cache_hit,
            other_modality: row.flags.other_modality || body.flags.other_modality,
            ..body.flags
        },
        request_id: row.request_id,
        identity: row.identity,
        ..Draft::default()
    }
}

/// The body's counts; a stream that broke off before its usage is completed
/// from the row, half by half, so that no split is mixed with another's total.
fn completed_usage(body: &Usage, row: &Usage) -> Usage {
    let prompt = if body.input.is_some() { body } else { row };
    let answer = if body.output.is_some() { body } else { row };
    Usage {
        input: prompt.input,
        cache_read: prompt.cache_read,
        cache_write: prompt.cache_write,
        audio_input: prompt.audio_input,
        output: answer.output,
        reasoning: answer.reasoning,
        audio_output: answer.audio_output,
    }
}

/// Tells apart what a gateway writes as zero.
fn settle(draft: &mut Draft<'_>, batch: &mut Batch) {
    let usage = &draft.usage;
    let is_nothing = |count: Option<Tokens>| count.is_none_or(Tokens::is_zero);
    if usage.is_reported() && is_nothing(usage.input) && is_nothing(usage.output) {
        if draft.status == Status::Success {
            batch.note(
                "ZERO_COUNTS",
                "rows with neither prompt nor completion tokens reported nothing; their counts are unknown",
            );
        }
        draft.usage = Usage::default();
    }
    let stated = draft.logged_cost.is_some_and(|cost| cost != Usd::ZERO);
    if draft.flags.gateway_cache_hit {
        if stated {
            batch.note(
                "CACHE_HIT_COST",
                "answers from the gateway's own cache have a cost in the log; the provider billed none",
            );
        }
        draft.logged_cost = Some(Usd::ZERO);
    } else if draft.logged_cost.is_some() && !stated && draft.status == Status::Success {
        batch.note(
            "COST_ZERO",
            "answered calls cost nothing in the log, as gateways write for models without a price; \
             their logged cost is unknown",
        );
        draft.logged_cost = None;
    }
}

/// The text of a body that was logged as one, unescaped.
fn text_of(value: Value<'_>) -> Option<Cow<'_, str>> {
    match value {
        Value::Json(json) => json.any_text(),
        Value::Cell(cell) => Some(Cow::Borrowed(cell)),
    }
}

fn json_of(value: Value<'_>) -> Json<'_> {
    match value {
        Value::Json(json) => json,
        Value::Cell(cell) => Json::of_text(cell),
    }
}

/// Takes in a map of labels, as an object or as text. A broken one says
/// nothing of the call and costs it nothing.
pub(super) fn take_labels<'a>(draft: &mut Draft<'a>, value: Value<'a>, batch: &mut Batch) {
    let taken = match value {
        Value::Json(json) => labels::map(draft, json),
        Value::Cell(cell) => labels::map_in_text(draft, cell),
    };
    if taken.is_err() {
        batch.note("LABELS_UNREAD", "a map of labels is not valid JSON; the call has none of it");
    }
}

/// When a record starts, with a word on times without a zone.
///
/// # Errors
/// When it is no time.
pub(super) fn started(
    labels: &mut Labels<'_>,
    value: Option<Value<'_>>,
    field: &'static str,
    batch: &mut Batch,
) -> Result<(), Fault> {
    let Some(value) = value else { return Ok(()) };
    labels.started(value.time(field)?);
    if value.is_zoneless() {
        batch.note("ZONELESS_TIMES", "times name no zone and are taken for UTC");
    }
    Ok(())
}

//! Request and answer bodies of OpenAI's and Anthropic's APIs and of all who
//! speak the same, alone or in what a proxy wraps around them.
//!
//! A provider's body is one file behind [`body::Body`] and one line in
//! [`BODIES`].

pub mod body;
pub mod event_stream;
pub mod exchanged;
pub mod halves;
pub mod labels;
pub mod provider;
pub mod request;
pub mod stored_completions;
pub mod stream;
pub mod wrapper;

mod anthropic_messages;
mod anthropic_prompt;
mod anthropic_usage;
mod openai_chat;
mod openai_embeddings;
mod openai_prompt;
mod openai_responses;
mod openai_usage;
mod responses_prompt;

use crate::ingest::batch::Batch;
use crate::ingest::format::{Format, Outcome, Record, Sample};
use crate::ingest::json::{Fault, Json};

use body::{Answer, Body, Reading, Shape};
use exchanged::{Exchanged, Logged};
use wrapper::Outer;

/// Every known family of bodies. Those whose requests are told by more come
/// before those that many requests resemble.
pub const BODIES: &[&dyn Body] = &[
    &anthropic_messages::AnthropicMessages,
    &openai_embeddings::OpenAiEmbeddings,
    &openai_responses::OpenAiResponses,
    &openai_chat::OpenAiChat,
];

/// Requests with their answers, or answers alone, one exchange a record.
#[derive(Debug)]
pub struct Exchange;

impl Format for Exchange {
    fn id(&self) -> &'static str {
        "exchange"
    }

    fn convention(&self) -> &'static str {
        "OpenAI shapes: cached and written tokens inside the prompt, reasoning inside the \
         completion; Anthropic: input excludes cache reads and writes, which are added"
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        sample.any_object(is_exchange)
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let outer = Outer::peel(record.json()?, is_body)?;
        if is_passing_event(&outer.shape) {
            return Ok(Outcome::Ignored("event of a stream before its last"));
        }
        let request_text = outer.request.and_then(Json::any_text);
        let response_text = outer.response.and_then(Json::any_text);
        let request = exchanged::request_body(outer.request, request_text.as_deref());
        let exchange = Exchanged {
            request,
            answer: match Logged::of(outer.response, response_text.as_deref()) {
                Logged::Nothing if outer.answered => Logged::WithoutBody,
                answer => answer,
            },
            url: outer.url,
            bare: outer.bare,
            times: outer.labels.times(),
            provider: outer.labels.provider,
            http_status: outer.labels.http_status,
            failed: outer.labels.failed || outer.shape.error.is_some(),
        };
        let mut reading = Reading::new(outer.labels.draft, record.memo);
        reading.flat = outer.flat;
        exchange.keep(reading, batch)
    }
}

fn is_body(shape: &Shape<'_>) -> bool {
    BODIES.iter().any(|body| body.recognises(shape))
}

fn is_error(shape: &Shape<'_>) -> bool {
    shape.is_error()
}

fn is_body_or_error(shape: &Shape<'_>) -> bool {
    is_body(shape) || is_error(shape)
}

/// Whether the record is one event of a stream that later events restate.
fn is_passing_event(shape: &Shape<'_>) -> bool {
    match shape.kind.as_deref() {
        Some("response.completed" | "response.incomplete" | "response.failed") => false,
        Some(kind) => {
            kind.starts_with("response.")
                || kind.starts_with("content_block_")
                || matches!(kind, "message_start" | "message_delta" | "message_stop" | "ping")
        }
        None => shape.object.as_deref() == Some("chat.completion.chunk") && shape.usage.is_none(),
    }
}

/// Whether an object is an exchange: two halves of a call, or a known answer.
fn is_exchange(object: Json<'_>) -> bool {
    // Other formats with a request and a response in them.
    const OTHERS: [&str; 9] = [
        "custom_id",
        "call_type",
        "run_type",
        "schemaType",
        "req_units",
        "ai_model",
        "request_created_at",
        "tokens_in",
        "providerID",
    ];
    if OTHERS.iter().any(|key| object.get(key).is_some()) || is_event_of_another(object) {
        return false;
    }
    let Ok(outer) = Outer::peel(object, is_body) else { return false };
    if outer.bare {
        return true;
    }
    let is_answer = |answer: &Answer<'_>| stream::any_event(answer, is_body_or_error);
    let answered = match outer.response.and_then(Json::any_text).as_deref() {
        Some(text) => stream::of_text(text).as_ref().is_some_and(is_answer),
        None => outer.response.and_then(stream::of_json).as_ref().is_some_and(is_answer),
    };
    let is_call = outer.url.is_some() || outer.labels.http_status.is_some();
    answered || (is_call && outer.answered && outer.request.is_some())
}

/// Whether an object is an event of something that calls models, such as an
/// agent: those have errors in them too.
fn is_event_of_another(object: Json<'_>) -> bool {
    let kind = object.get("type").and_then(Json::text);
    kind.is_some_and(|kind| kind.contains('.') && !kind.starts_with("response."))
}

#[cfg(test)]
mod tests;

//! Request and answer bodies of OpenAI's, Anthropic's, Google's and Bedrock's
//! APIs and of all who speak the same, alone or in what a proxy wraps around
//! them.
//!
//! A provider's body is one file behind [`body::Body`] and one line in
//! [`BODIES`].

pub mod bedrock_counts;
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
mod bedrock_converse;
mod bedrock_invoke;
mod converse_prompt;
mod gemini;
mod gemini_embeddings;
mod gemini_prompt;
mod gemini_usage;
mod openai_chat;
mod openai_embeddings;
pub mod openai_prompt;
mod openai_responses;
mod openai_usage;
mod responses_prompt;

use std::borrow::Cow;

use crate::ingest::batch::Batch;
use crate::ingest::format::{Format, KeySet, Outcome, Record, Sample};
use crate::ingest::json::{Fault, Json};
use crate::record::lane::Tier;

use body::{Answer, Body, Reading, Shape};
use exchanged::{Exchanged, Logged};
use wrapper::Outer;

/// Every known family of bodies. Those whose requests are told by more come
/// before those that many requests resemble.
pub const BODIES: &[&dyn Body] = &[
    &gemini::Gemini,
    &gemini_embeddings::GeminiEmbeddings,
    &bedrock_converse::BedrockConverse,
    &bedrock_invoke::BedrockInvoke,
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
         completion; Anthropic: input excludes cache reads and writes, which are added, as does Bedrock; \
         Gemini: cached tokens inside the prompt, thoughts on top of the candidates"
    }

    fn keys(&self) -> &'static [KeySet] {
        &[
            &["request", "response"],
            &["request_body", "response_body"],
            &["req", "res"],
            &["messages", "response"],
            &["input", "output"],
            &["choices", "usage"],
            &["content", "usage"],
            &["candidates", "usageMetadata"],
            &["output", "usage"],
            &["data", "usage", "model"],
            &["url", "request"],
            &["error"],
        ]
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        // Errors alone say nothing of who logged them beside other records.
        sample.any_object(|object| is_exchange(object) && !is_lone_error(object))
            || (sample.any_object(is_lone_error)
                && !sample.any_object(|object| !is_lone_error(object)))
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let json = record.json()?;
        let outer = Outer::peel(json, is_body)?;
        if is_passing_event(&outer.shape) {
            return Ok(Outcome::Ignored("event of a stream before its last"));
        }
        // A batch prediction has an empty status, or says what went wrong.
        let batched = outer.labels.batched;
        let status = json.get("status").filter(|_| batched).and_then(Json::text);
        let not_served = status.is_some_and(|status| !status.is_empty());
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
            provider: outer.labels.provider.or(batched.then_some(Cow::Borrowed("gcp.vertex_ai"))),
            http_status: outer.labels.http_status,
            failed: outer.labels.failed || outer.shape.error.is_some() || not_served,
        };
        let mut reading = Reading::new(outer.labels.draft, record.memo);
        reading.stated_counts = outer.labels.header_counts;
        reading.flat = outer.flat;
        match exchange.read(&mut reading)? {
            Outcome::Kept => {
                if batched {
                    reading.draft.tier = Tier::Batch;
                }
                exchange.push(reading, batch)
            }
            outcome => Ok(outcome),
        }
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
    if bedrock_converse::is_passing_event(shape) {
        return true;
    }
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
    const OTHERS: [&str; 13] = [
        "custom_id",
        "call_type",
        "run_type",
        "schemaType",
        "req_units",
        "ai_model",
        "request_created_at",
        "tokens_in",
        "providerID",
        "modelInput",
        "usageDetails",
        "usage_details",
        "observations",
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

/// Whether an object is an error and nothing else is known of its call.
fn is_lone_error(object: Json<'_>) -> bool {
    let outer = Outer::peel(object, is_body);
    outer.is_ok_and(|outer| outer.bare && is_error(&outer.shape) && !is_body(&outer.shape))
}

/// Whether an object is an event of something that calls models, such as an
/// agent: those have errors in them too.
fn is_event_of_another(object: Json<'_>) -> bool {
    let kind = object.get("type").and_then(Json::text);
    let is_named_so =
        kind.as_ref().is_some_and(|kind| kind.contains('.') && !kind.starts_with("response."));
    // Agents have messages with counts of their own, and with a message inside.
    let is_of_agent =
        object.get("message").is_some() || object.at(&["usage", "totalTokens"]).is_some();
    is_named_so || (kind.as_deref() == Some("message") && is_of_agent)
}

#[cfg(test)]
mod tests;

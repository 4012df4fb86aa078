//! Request and answer bodies of OpenAI's and Anthropic's APIs and of all who
//! speak the same, alone or in what a proxy wraps around them.
//!
//! A provider's body is one file behind [`body::Body`] and one line in
//! [`BODIES`].

pub mod body;
pub mod event_stream;
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

use std::borrow::Cow;

use crate::ingest::batch::{Batch, Draft, Identity};
use crate::ingest::format::{Format, Outcome, Record, Sample};
use crate::ingest::json::{Fault, Json};
use crate::record::call::Status;

use body::{Answer, Body, Reading, Shape};
use labels::{Labels, Times};
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
        let request = request_text
            .as_deref()
            .map_or(outer.request, |text| Some(Json::of_text(text)))
            .filter(|request| request.is_object());
        let exchange = Parts {
            request,
            answer: match (outer.response, response_text.as_deref()) {
                (Some(_), Some(text)) => {
                    stream::of_text(text).map_or(Logged::Unreadable, Logged::Answer)
                }
                (Some(json), None) => {
                    stream::of_json(json).map_or(Logged::Unreadable, Logged::Answer)
                }
                (None, _) if outer.answered => Logged::WithoutBody,
                (None, _) => Logged::Nothing,
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
        match exchange.read(&mut reading)? {
            Outcome::Kept => exchange.push(reading, batch),
            outcome => Ok(outcome),
        }
    }
}

/// What was logged of an answer.
#[derive(Debug, Default)]
enum Logged<'a> {
    #[default]
    Nothing,
    /// A status, headers, but no body.
    WithoutBody,
    /// A text that is neither JSON nor events: an error page, say.
    Unreadable,
    Answer(Answer<'a>),
}

/// An exchange whose bodies are at hand.
#[derive(Debug, Default)]
struct Parts<'a> {
    request: Option<Json<'a>>,
    answer: Logged<'a>,
    url: Option<Cow<'a, str>>,
    provider: Option<Cow<'a, str>>,
    http_status: Option<u64>,
    times: Times,
    bare: bool,
    failed: bool,
}

impl<'a> Parts<'a> {
    fn read(&self, reading: &mut Reading<'a>) -> Result<Outcome, Fault> {
        let answer = if let Logged::Answer(answer) = &self.answer { Some(answer) } else { None };
        if let Some(answer) = answer
            && let Some(body) = family_of(answer)
        {
            if let Some(request) = self.request {
                body.read_request(request, reading)?;
            }
            body.read_answer(answer, reading)?;
            if self.is_failure() {
                reading.failed();
            }
            return Ok(Outcome::Kept);
        }
        if self.is_failure() || answer.is_some_and(|answer| stream::any_event(answer, is_error)) {
            // Nothing says which call failed, nor that one was billed.
            if self.request.is_none() && self.url.is_none() && self.http_status.is_none() {
                return Ok(Outcome::Ignored("an error body without its request"));
            }
            self.read_asked(reading)?;
            reading.failed();
            if self.http_status == Some(499) {
                // nginx's code for a client that closed the connection.
                reading.draft.status = Status::Aborted;
            }
            return Ok(Outcome::Kept);
        }
        match (&self.answer, self.request) {
            (Logged::Answer(_), _) => Err(Fault::Other("no known response body")),
            (Logged::Unreadable, _) => {
                Err(Fault::Other("the response is neither JSON nor an event stream"))
            }
            // A proxy that logs no answers: the call was made, its counts are unknown.
            (Logged::WithoutBody, Some(_)) => self.read_asked(reading).map(|()| Outcome::Kept),
            (Logged::WithoutBody, None) => Ok(Outcome::Ignored("response without a body")),
            (Logged::Nothing, Some(_)) => Ok(Outcome::Ignored("request without a response")),
            (Logged::Nothing, None) => Err(Fault::Other("no request and no response")),
        }
    }

    /// Reads the request of a call without a readable answer.
    fn read_asked(&self, reading: &mut Reading<'a>) -> Result<(), Fault> {
        let Some(request) = self.request else { return Ok(()) };
        let url = self.url.as_deref().unwrap_or_default();
        let asked = BODIES.iter().find(|body| body.was_asked(url, request));
        asked.map_or(Ok(()), |body| body.read_request(request, reading))
    }

    fn is_failure(&self) -> bool {
        self.failed || self.http_status.is_some_and(|status| status >= 400)
    }

    /// Settles what several parts of the record say and packs the call.
    fn push(self, mut reading: Reading<'a>, batch: &mut Batch) -> Result<Outcome, Fault> {
        self.settle_provider(&mut reading);
        Labels::settle(&mut reading.draft, self.times, reading.created);
        if let Some(mut recorder) = reading.recorder.take() {
            recorder.answer(&reading.answer);
            reading.draft.prompt = Some(recorder.finish());
        }
        reading.draft.identity = Identity::of(reading.response_id.as_deref());
        if let Some(id) = reading.response_id.take() {
            reading.draft.request_id = Some(id);
        }
        for (code, message) in &reading.notes {
            batch.note(code, message);
        }
        let children = children(&mut reading);
        batch.push(reading.draft)?;
        for child in children {
            batch.push(child)?;
        }
        Ok(Outcome::Kept)
    }

    fn settle_provider(&self, reading: &mut Reading<'a>) {
        let url = self.url.as_deref().unwrap_or_default();
        let draft = &mut reading.draft;
        if draft.region.is_none() {
            draft.region = provider::region_of_url(url).map(|region| Cow::Owned(region.to_owned()));
        }
        // In a bare body `provider` is OpenRouter's word for its own supplier.
        let named =
            self.provider.as_deref().filter(|_| !self.bare || reading.provider_hint.is_none());
        if let Some(host) = provider::of_url(url) {
            draft.provider = Some(Cow::Borrowed(host));
        } else if let Some(named) = named {
            draft.provider = Some(Cow::Owned(provider::of_name(named).into_owned()));
        } else {
            let model = draft.model.as_deref().unwrap_or_default();
            let inferred = reading.provider_hint.or_else(|| provider::of_model(model));
            draft.flags.inferred_provider = inferred.is_some();
            draft.provider = inferred.map(Cow::Borrowed);
        }
    }
}

/// Calls of their own for usage that names another model: billed, but in no
/// total of the answer.
fn children<'a>(reading: &mut Reading<'a>) -> Vec<Draft<'a>> {
    let parent = &reading.draft;
    let id = parent.identity.key().and(parent.request_id.as_deref());
    std::mem::take(&mut reading.children)
        .into_iter()
        .zip(1..)
        .map(|(child, number): (_, u32)| {
            let id = id.map(|id| format!("{id}#{number}"));
            let mut draft = Draft {
                // Met again with its parent, it is dropped with its parent.
                identity: Identity::of(id.as_deref()),
                request_id: id.map(Cow::Owned),
                time: parent.time,
                provider: parent.provider.clone(),
                model: child.model,
                feature: parent.feature.clone(),
                user: parent.user.clone(),
                account: parent.account.clone(),
                workspace: parent.workspace.clone(),
                conversation: parent.conversation.clone(),
                region: parent.region.clone(),
                tags: parent.tags.clone(),
                tier: parent.tier,
                usage: child.usage,
                flags: parent.flags,
                ..Draft::default()
            };
            draft.flags.child = true;
            draft.flags.assumed_write_lifetime = child.assumed_write_lifetime;
            draft
        })
        .collect()
}

/// The family of an answer: that of its first event that gives one away.
fn family_of(answer: &Answer<'_>) -> Option<&'static dyn Body> {
    let of = |event: &Json<'_>| {
        let shape = Shape::of(*event).ok()?;
        BODIES.iter().copied().find(|body| body.recognises(&shape))
    };
    match answer {
        Answer::Whole(body) => of(body),
        Answer::Events(events) => events.iter().find_map(of),
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
    const OTHERS: [&str; 5] = ["custom_id", "call_type", "run_type", "schemaType", "req_units"];
    if OTHERS.iter().any(|key| object.get(key).is_some()) {
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

#[cfg(test)]
mod tests;

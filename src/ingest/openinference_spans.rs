//! Spans with `OpenInference`'s attributes, as Phoenix exports them and as
//! OpenTelemetry's SDKs write them to a console or a file.
//!
//! A span of kind LLM is a call, one of kind EMBEDDING is where it counts
//! tokens; agents, chains and tools restate what their children cost and are
//! set aside. `llm.token_count.prompt` includes cache reads and writes,
//! `completion` includes reasoning. What such a span lacks: lifetimes of cache
//! writes, cache marks, and often the definitions of tools.

mod attributes;
mod counts;
mod texts;

use std::borrow::Cow;

use crate::record::call::{Finish, Operation, Status};
use crate::units::{Moment, Timestamp, Tokens};

use super::batch::{Batch, Draft, Identity};
use super::exchange::body::{Reading, first_item};
use super::exchange::request::read_fact;
use super::exchange::{labels, provider};
use super::format::{Format, KeySet, Outcome, Record, Sample};
use super::json::{Fault, Json};
use super::value::Value;

use attributes::Attributes;

/// How rows of a data frame name what other exports keep under `attributes`.
const COLUMN: &str = "attributes.";

/// A span per record: an array, a page around `data`, or lines.
#[derive(Clone, Copy, Debug)]
pub struct OpeninferenceSpans;

impl Format for OpeninferenceSpans {
    fn id(&self) -> &'static str {
        "openinference-spans"
    }

    fn convention(&self) -> &'static str {
        "token_count.prompt includes cache reads and writes, token_count.completion includes \
         reasoning; a prompt smaller than what was cached of it leaves them out, and they are added"
    }

    fn keys(&self) -> &'static [KeySet] {
        &[
            &["span_kind", "context.trace_id"],
            &["attributes.openinference.span.kind", "context.trace_id"],
        ]
    }

    fn list_key(&self) -> Option<&'static str> {
        Some("data")
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        sample.any_object(|object| {
            is_span(object) || object.get("data").and_then(first_item).is_some_and(is_span)
        })
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let span = Span::of(record.json()?)?;
        let kind = span.kind.as_ref().ok_or(Fault::Missing("span_kind"))?;
        let operation = match kind.to_ascii_uppercase().as_str() {
            "LLM" => Operation::Chat,
            "EMBEDDING" if span.attributes.counts.is_reported() => Operation::Embeddings,
            "EMBEDDING" => return Ok(Outcome::Ignored("embedding span without token counts")),
            _ => return Ok(Outcome::Ignored("span that is no call of a model")),
        };
        span.push(operation, record, batch)?;
        Ok(Outcome::Kept)
    }
}

/// Whether an object is a span that says its kind.
fn is_span(object: Json<'_>) -> bool {
    let has = |path: &[&str]| object.at(path).is_some();
    let kind = has(&["span_kind"])
        || has(&["attributes", attributes::KIND])
        || has(&["attributes", "openinference", "span", "kind"]);
    kind && (has(&["context", "trace_id"]) || has(&["context.trace_id"]))
}

/// What stands in a span, where it lies.
#[derive(Debug, Default)]
struct Span<'a> {
    kind: Option<Cow<'a, str>>,
    trace: Option<Cow<'a, str>>,
    id: Option<Cow<'a, str>>,
    start: Option<Json<'a>>,
    end: Option<Json<'a>>,
    failed: bool,
    attributes: Attributes<'a>,
}

impl<'a> Span<'a> {
    fn of(json: Json<'a>) -> Result<Self, Fault> {
        if !json.is_object() {
            return Err(Fault::Other("not a JSON object"));
        }
        let mut span = Self::default();
        json.each_entry(|key, value| span.entry(key, value))?;
        span.kind = span.kind.take().or_else(|| span.attributes.kind.take());
        Ok(span)
    }

    fn entry(&mut self, key: &str, value: Json<'a>) -> Result<(), Fault> {
        if value.is_null() {
            return Ok(());
        }
        match key {
            "span_kind" => self.kind = value.text(),
            "context" => value.each_entry(|key, value| {
                match key {
                    "trace_id" => self.trace = value.name(),
                    "span_id" => self.id = value.name(),
                    _ => {}
                }
                Ok::<(), Fault>(())
            })?,
            "context.trace_id" => self.trace = value.name(),
            "context.span_id" => self.id = value.name(),
            "start_time" => self.start = Some(value),
            "end_time" => self.end = Some(value),
            "status_code" => self.failed |= is_error(value),
            "status" => self.failed |= value.get("status_code").is_some_and(is_error),
            "attributes" => {
                value.each_entry(|path, value| self.attributes.take(path, value))?;
            }
            _ => {
                if let Some(path) = key.strip_prefix(COLUMN) {
                    self.attributes.take(path, value)?;
                }
            }
        }
        Ok(())
    }

    fn push(
        &self,
        operation: Operation,
        record: &Record<'_>,
        batch: &mut Batch,
    ) -> Result<(), Fault> {
        let found = &self.attributes;
        if self.id.is_none() && found.model.is_none() {
            return Err(Fault::Missing("context.span_id"));
        }
        let mut reading = Reading::new(Draft::default(), record.memo);
        let (parameters, metadata) = (object(found.parameters), object(found.metadata));
        let parameters = parameters.as_deref().map(Json::of_text);
        if let Some(parameters) = parameters {
            parameters.each_entry(|key, value| read_fact(key, value, &mut reading))?;
        }
        if let Some(metadata) = metadata.as_deref().map(Json::of_text) {
            labels::map(&mut reading.draft, metadata)?;
        }
        reading.draft.operation = operation;
        self.name(&mut reading);
        self.time(&mut reading.draft, batch)?;
        self.count(&mut reading);
        let prompt = texts::prompt(found, parameters, &reading)?;
        reading.draft.prompt = prompt;
        for (code, message) in &reading.notes {
            batch.note(code, message);
        }
        batch.push(reading.draft)?;
        Ok(())
    }

    /// Who called what, and how it ended.
    fn name<'b>(&'b self, reading: &mut Reading<'b>) {
        let found = &self.attributes;
        let borrowed = |name: &'b Option<Cow<'a, str>>| name.as_deref().map(Cow::Borrowed);
        let draft = &mut reading.draft;
        draft.identity = Identity::of_pair(self.id.as_deref(), self.trace.as_deref());
        draft.request_id = borrowed(&self.id);
        draft.model = borrowed(&found.model).or_else(|| draft.model.take());
        draft.requested_model =
            borrowed(&found.requested_model).or_else(|| draft.requested_model.take());
        draft.user = borrowed(&found.user).or_else(|| draft.user.take());
        // A trace is one turn: where no session is named it is what belongs together.
        draft.conversation = borrowed(&found.session)
            .or_else(|| draft.conversation.take())
            .or_else(|| borrowed(&self.trace));
        let named = found.provider.as_deref().or(found.system.as_deref());
        draft.provider = named.map(provider::of_name).or_else(|| {
            let inferred = provider::of_model(draft.model.as_deref()?)?;
            draft.flags.inferred_provider = true;
            Some(Cow::Borrowed(inferred))
        });
        draft.finish = found.finish.as_deref().map_or(Finish::Unknown, Finish::parse);
        draft.status = if self.failed { Status::Error } else { Status::Success };
        draft.request.has_tools = found.has_tools().then_some(true).or(draft.request.has_tools);
    }

    fn time(&self, draft: &mut Draft<'_>, batch: &mut Batch) -> Result<(), Fault> {
        let time =
            |value: Option<Json<'_>>, field| value.map_or(Ok(None), |value| value.time(field));
        let start = time(self.start, "start_time")?;
        let end = time(self.end, "end_time")?;
        if self.start.is_some_and(|start| Value::Json(start).is_zoneless()) {
            batch.note("ZONELESS_TIMES", "times name no zone and are taken for UTC");
        }
        draft.time = start.map(Moment::dated);
        draft.latency_milliseconds = lasted(start, end);
        Ok(())
    }

    fn count(&self, reading: &mut Reading<'_>) {
        let counts = &self.attributes.counts;
        // A failed call that counted nothing has zeros in some exports.
        if self.failed && !counts.is_positive() {
            return;
        }
        reading.draft.usage = counts.usage(reading);
        reading.draft.logged_cost = self.attributes.cost;
        let usage = &mut reading.draft.usage;
        if reading.draft.operation == Operation::Embeddings && usage.input.is_some() {
            // Nothing is generated: no count means none.
            usage.output = usage.output.or(Some(Tokens::ZERO));
        }
    }
}

/// The text of an object that stands there as such or as a string. Some clients
/// write their own notation, which is no JSON and tells nothing.
fn object(value: Option<Json<'_>>) -> Option<Cow<'_, str>> {
    let text = Value::Json(value?).structure()?;
    let walked = Json::of_text(&text).each_entry(|_, _| Ok::<(), Fault>(()));
    walked.is_ok().then_some(text)
}

fn is_error(status: Json<'_>) -> bool {
    status.text().is_some_and(|word| word.eq_ignore_ascii_case("error"))
}

fn lasted(start: Option<Timestamp>, end: Option<Timestamp>) -> Option<f64> {
    let micros = end?.micros().checked_sub(start?.micros())?;
    #[expect(clippy::cast_precision_loss, reason = "a latency is far below 2^53")]
    (micros >= 0).then_some(micros as f64 / 1e3)
}

#[cfg(test)]
mod tests;

//! Spans with `OpenInference`'s attributes, as Phoenix exports them and as
//! OpenTelemetry's SDKs write them to a console or a file.
//!
//! A span of kind LLM is a call, one of kind EMBEDDING is where it counts
//! tokens; agents, chains and tools restate what their children cost and are
//! set aside. `llm.token_count.prompt` includes cache reads and writes,
//! `completion` includes reasoning. What such a span lacks: lifetimes of cache
//! writes, cache marks, and often the definitions of tools.

use super::batch::Batch;
use super::exchange::body::first_item;
use super::format::{Format, KeySet, Outcome, Record, Sample};
use super::json::{Fault, Json};
use super::span::{KIND, Name, Nature, Span};
use super::value::Value;

/// How rows of a data frame name what other exports keep under `attributes`.
const COLUMN: &str = "attributes.";

/// Openings of attributes that only spans around calls of models have.
const OTHERS: [&str; 3] = ["gen_ai.", "ai.operationId", "llm.request.type"];

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
        let json = record.json()?;
        if !json.is_object() {
            return Err(Fault::Other("not a JSON object"));
        }
        let mut span = Span::default();
        let mut zoneless = false;
        json.each_entry(|key, value| entry(&mut span, key, value, &mut zoneless))?;
        let (id, parent) = span.place();
        let operation = match span.nature() {
            Nature::Call(operation) => operation,
            Nature::Other(_) if names_model_alone(&span) => {
                return Err(Fault::Missing("span_kind"));
            }
            Nature::Other(reason) => {
                batch.push_span(id, parent, None);
                return Ok(Outcome::Ignored(reason));
            }
        };
        if zoneless {
            batch.note("ZONELESS_TIMES", "times name no zone and are taken for UTC");
        }
        let call = span.push(operation, record.memo, batch)?;
        batch.push_span(id, parent, Some(call));
        Ok(Outcome::Kept)
    }
}

/// Whether a span has a model and nothing that says what was done with it.
fn names_model_alone(span: &Span<'_>) -> bool {
    let has = |name| span.attributes.name(name).is_some();
    let said =
        [Name::Kind, Name::Operation, Name::SdkOperation, Name::EntityKind, Name::RequestType];
    has(Name::Model) && !has(Name::Agent) && !said.into_iter().any(has)
}

/// Whether an object is a span that says its kind, or one with attributes of
/// OpenTelemetry's GenAI conventions, which say what was done.
fn is_span(object: Json<'_>) -> bool {
    let has = |path: &[&str]| object.at(path).is_some();
    let kind = has(&["span_kind"])
        || has(&["attributes", KIND])
        || has(&["attributes", "openinference", "span", "kind"]);
    let opens = |key: &str| OTHERS.iter().any(|opening| key.starts_with(opening));
    let mut known = kind;
    if let Some(attributes) = object.get("attributes").filter(|_| !kind) {
        let walked = attributes.each_entry(|key, _| {
            known |= opens(key);
            Ok::<(), Fault>(())
        });
        known &= walked.is_ok();
    }
    known && (has(&["context", "trace_id"]) || has(&["context.trace_id"]))
}

fn entry<'a>(
    span: &mut Span<'a>,
    key: &str,
    value: Json<'a>,
    zoneless: &mut bool,
) -> Result<(), Fault> {
    if value.is_null() {
        return Ok(());
    }
    match key {
        "span_kind" => span.attributes.take(KIND, value)?,
        "context" => value.each_entry(|key, value| {
            match key {
                "trace_id" => span.trace = value.name(),
                "span_id" => span.id = value.name(),
                _ => {}
            }
            Ok::<(), Fault>(())
        })?,
        "context.trace_id" => span.trace = value.name(),
        "context.span_id" => span.id = value.name(),
        "parent_id" => span.parent = value.name(),
        "start_time" => {
            span.start = value.time("start_time")?;
            *zoneless = Value::Json(value).is_zoneless();
        }
        "end_time" => span.end = value.time("end_time")?,
        "status_code" => span.failed |= is_error(value),
        "status" => span.failed |= value.get("status_code").is_some_and(is_error),
        "attributes" => {
            value.each_entry(|path, value| span.attributes.take(path, value))?;
        }
        "events" => value.each_item(|event| {
            message(span, event);
            Ok::<(), Fault>(())
        })?,
        _ => {
            if let Some(path) = key.strip_prefix(COLUMN) {
                span.attributes.take(path, value)?;
            }
        }
    }
    Ok(())
}

/// Takes in an event that is a message of the call.
fn message<'a>(span: &mut Span<'a>, event: Json<'a>) {
    let name = event.get("name").and_then(Json::text);
    let Some(role) = name.as_deref().and_then(|name| name.strip_prefix("gen_ai.")) else { return };
    let content = event
        .at(&["attributes", "content"])
        .or_else(|| event.at(&["attributes", "message"]))
        .or_else(|| event.at(&["attributes", "gen_ai.event.content"]));
    if let Some(role) = role.strip_suffix(".message").or((role == "choice").then_some("choice")) {
        span.attributes.message(role, content);
    }
}

fn is_error(status: Json<'_>) -> bool {
    status.text().is_some_and(|word| word.eq_ignore_ascii_case("error"))
}

#[cfg(test)]
mod tests;

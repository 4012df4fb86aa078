//! OTLP-JSON: traces as OpenTelemetry's collector and file exporters write
//! them, one export request per line or per document.
//!
//! A request holds the spans of many resources and scopes; each span is counted
//! by itself. Input includes cached tokens, as OpenTelemetry asks; where an
//! instrumentation passes on an exclusive count, what proves it is used and the
//! rest is noted. What spans lack: lifetimes of cache writes, cache marks, and
//! texts, unless a program opts in.

mod claude_code;
mod values;

use std::borrow::Cow;

use super::batch::Batch;
use super::exchange::body::first_item;
use super::format::{Format, Outcome, PartLines, Record, Sample};
use super::json::{Fault, Json};
use super::span::{Attributes, Nature, Span};

use values::Flat;

/// Export requests of traces, logs or metrics.
#[derive(Clone, Copy, Debug)]
pub struct Otlp;

/// The event, or log record, that tells a whole call with its texts.
const DETAILS: &str = "gen_ai.client.inference.operation.details";

impl Format for Otlp {
    fn id(&self) -> &'static str {
        "otlp"
    }

    fn convention(&self) -> &'static str {
        "input_tokens includes cached tokens, output_tokens includes reasoning, as OpenTelemetry \
         asks; a prompt smaller than what was cached of it leaves them out, and they are added"
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        sample.any_object(|object| {
            SIGNALS.iter().any(|(camel, snake, _)| {
                let list = |object: Json<'_>| {
                    let list = object.get(camel).or_else(|| object.get(snake));
                    list.and_then(first_item).is_some_and(Json::is_object)
                };
                list(object) || object.get("trace").is_some_and(list)
            }) || is_resource(object)
                || object.get("batches").and_then(first_item).is_some_and(is_resource)
        })
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let json = record.json()?;
        if !json.is_object() {
            return Err(Fault::Other("not a JSON object"));
        }
        // Walked whole before anything is counted: a broken line is one fault.
        let mut lists = Vec::new();
        json.each_entry(|key, value| {
            let signal = SIGNALS.iter().find(|(camel, snake, _)| key == *camel || key == *snake);
            lists.extend(signal.map(|(.., signal)| (*signal, value)));
            match key {
                // As Tempo answers.
                "batches" => lists.push((Signal::Traces, value)),
                "trace" => {
                    let list = value.get("resourceSpans");
                    lists.extend(list.map(|list| (Signal::Traces, list)));
                }
                _ => {}
            }
            Ok::<(), Fault>(())
        })?;
        let is_resource = lists.is_empty() && is_resource(json);
        if lists.is_empty() && !is_resource {
            return Err(Fault::Missing("resourceSpans"));
        }
        let mut reader = Reader { record, batch, lines: PartLines::of(record), parts: 0 };
        for (signal, list) in lists {
            list.each_item(|resource| reader.resource(signal, resource))?;
        }
        if is_resource {
            reader.resource(Signal::Traces, json)?;
        }
        if reader.parts == 0 {
            return Ok(Outcome::Ignored("export request without spans"));
        }
        Ok(Outcome::AccountedFor)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signal {
    Traces,
    Logs,
    Metrics,
}

/// The lists of a request, as the standard names them and as some write them.
const SIGNALS: [(&str, &str, Signal); 3] = [
    ("resourceSpans", "resource_spans", Signal::Traces),
    ("resourceLogs", "resource_logs", Signal::Logs),
    ("resourceMetrics", "resource_metrics", Signal::Metrics),
];

/// Whether an object is the spans of one program, as Java's logging exporter
/// writes them without a list around them.
fn is_resource(object: Json<'_>) -> bool {
    let list = |key: &&str| object.get(key).and_then(first_item).is_some_and(Json::is_object);
    ["scopeSpans", "scope_spans", "instrumentationLibrarySpans"].iter().any(list)
}

/// Attributes of a program that make good tags.
const RESOURCE_TAGS: [(&str, &str); 5] = [
    ("service.name", "service"),
    ("service.namespace", "service_namespace"),
    ("deployment.environment.name", "environment"),
    ("deployment.environment", "environment"),
    ("openinference.project.name", "project"),
];

/// Reads one request.
struct Reader<'r, 'a> {
    record: &'r Record<'a>,
    batch: &'r mut Batch,
    lines: PartLines,
    parts: u64,
}

/// Tags, each a key and a value.
type Tags<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// What spans of one scope share.
#[derive(Clone, Debug, Default)]
struct Shared<'a> {
    tags: Tags<'a>,
    scope: Option<Cow<'a, str>>,
}

impl<'a> Reader<'_, 'a> {
    fn resource(&mut self, signal: Signal, resource: Json<'a>) -> Result<(), Fault> {
        if signal == Signal::Metrics {
            self.parts += 1;
            let line = self.lines.line(self.record, resource);
            let metrics = Outcome::Ignored("metrics, which hold no calls");
            self.batch.account_for(line, |_| Ok(metrics));
            return Ok(());
        }
        let mut shared = Shared::default();
        let mut scopes = Vec::new();
        resource.each_entry(|key, value| {
            match key {
                "resource" => shared.tags = resource_tags(value)?,
                "scopeSpans"
                | "scope_spans"
                | "instrumentationLibrarySpans"
                | "scopeLogs"
                | "scope_logs"
                | "instrumentationLibraryLogs" => scopes.push(value),
                _ => {}
            }
            Ok::<(), Fault>(())
        })?;
        scopes
            .into_iter()
            .try_for_each(|list| list.each_item(|scope| self.scope(signal, scope, &mut shared)))
    }

    fn scope(
        &mut self,
        signal: Signal,
        scope: Json<'a>,
        shared: &mut Shared<'a>,
    ) -> Result<(), Fault> {
        let mut lists = Vec::new();
        shared.scope = None;
        scope.each_entry(|key, value| {
            match key {
                "scope" | "instrumentationLibrary" => {
                    shared.scope = value.get("name").and_then(Json::text);
                }
                "spans" | "logRecords" | "log_records" => lists.push(value),
                _ => {}
            }
            Ok::<(), Fault>(())
        })?;
        lists.into_iter().try_for_each(|list| {
            list.each_item(|part| {
                self.part(signal, part, shared);
                Ok(())
            })
        })
    }

    /// Reads one span or log record; a broken one spoils no other.
    fn part(&mut self, signal: Signal, part: Json<'a>, shared: &Shared<'a>) {
        let line = self.lines.line(self.record, part);
        self.batch.start_part(line, part.raw().as_bytes());
        self.parts += 1;
        let mark = self.batch.mark();
        let read = if signal == Signal::Traces {
            self.span(part, shared)
        } else {
            self.log_record(part, shared)
        };
        let outcome = read.map(|reason| reason.map_or(Outcome::Kept, Outcome::Ignored));
        self.batch.settle_part(mark, line, outcome);
    }

    /// Reads a span; why it is no call, where it is none.
    fn span(&mut self, json: Json<'a>, shared: &Shared<'a>) -> Result<Option<&'static str>, Fault> {
        let mut span =
            Span { scope: shared.scope.clone(), tags: shared.tags.clone(), ..Span::default() };
        let (mut attributes, mut events) = (Flat::default(), Vec::new());
        json.each_entry(|key, value| {
            match key {
                _ if value.is_null() => {}
                "traceId" | "trace_id" => span.trace = value.text(),
                "spanId" | "span_id" => span.id = value.text(),
                "parentSpanId" | "parent_span_id" => span.parent = value.text(),
                "startTimeUnixNano" | "start_time_unix_nano" => {
                    span.start = values::time(value, "startTimeUnixNano")?;
                }
                "endTimeUnixNano" | "end_time_unix_nano" => {
                    span.end = values::time(value, "endTimeUnixNano")?;
                }
                "status" => span.failed = is_error(value),
                "attributes" => attributes.add(value)?,
                "events" => value.each_item(|event| {
                    events.extend(Event::of(event)?);
                    Ok::<(), Fault>(())
                })?,
                _ => {}
            }
            Ok::<(), Fault>(())
        })?;
        attributes.take_into(&mut span.attributes)?;
        for event in &events {
            event.take_into(&mut span.attributes)?;
        }
        self.settle(&span)
    }

    /// Reads a log record: only the event that tells a whole call is one.
    fn log_record(
        &mut self,
        json: Json<'a>,
        shared: &Shared<'a>,
    ) -> Result<Option<&'static str>, Fault> {
        let mut span =
            Span { scope: shared.scope.clone(), tags: shared.tags.clone(), ..Span::default() };
        let (mut attributes, mut name, mut body) = (Flat::default(), None, None);
        let mut times = [None; 2];
        json.each_entry(|key, value| {
            match key {
                _ if value.is_null() => {}
                "traceId" | "trace_id" => span.trace = value.text(),
                "spanId" | "span_id" => span.id = value.text(),
                "timeUnixNano" | "time_unix_nano" => {
                    times[0] = values::time(value, "timeUnixNano")?;
                }
                "observedTimeUnixNano" | "observed_time_unix_nano" => {
                    times[1] = values::time(value, "observedTimeUnixNano")?;
                }
                "eventName" | "event_name" => name = value.text(),
                "attributes" => attributes.add(value)?,
                "body" => {
                    body = value.get("stringValue").and_then(Json::text);
                    attributes.add_map(value)?;
                }
                _ => {}
            }
            Ok::<(), Fault>(())
        })?;
        let name = name.or_else(|| attributes.text("event.name"));
        let end = times.into_iter().flatten().next();
        if let Some(told) = claude_code::told(name.as_deref(), body.as_deref()) {
            claude_code::push(told, &attributes, &span.tags, end, self.batch)?;
            return Ok(None);
        }
        match name.as_deref() {
            Some(DETAILS) => {}
            Some(name) if name.starts_with("gen_ai.") => {
                return Ok(Some("message of a call, logged beside its span"));
            }
            _ => return Ok(Some("log record that is no call of a model")),
        }
        // Written when the answer is there; the span, if any, has the start.
        span.end = end;
        attributes.take_into(&mut span.attributes)?;
        self.settle(&span)
    }

    /// Pushes what was read where it is a call.
    fn settle(&mut self, span: &Span<'_>) -> Result<Option<&'static str>, Fault> {
        let (id, parent) = span.place();
        match span.nature() {
            Nature::Other(reason) => {
                self.batch.push_span(id, parent, None);
                Ok(Some(reason))
            }
            Nature::Call(operation) => {
                let call = span.push(operation, self.record.memo, self.batch)?;
                self.batch.push_span(id, parent, Some(call));
                Ok(None)
            }
        }
    }
}

/// An event inside a span that holds texts of its call.
struct Event<'a> {
    name: Cow<'a, str>,
    attributes: Flat<'a>,
}

impl<'a> Event<'a> {
    fn of(event: Json<'a>) -> Result<Option<Self>, Fault> {
        let Some(name) = event.get("name").and_then(Json::text) else { return Ok(None) };
        if !name.starts_with("gen_ai.") {
            return Ok(None);
        }
        let mut attributes = Flat::default();
        if let Some(list) = event.get("attributes") {
            attributes.add(list)?;
        }
        Ok(Some(Self { name, attributes }))
    }

    fn take_into<'b>(&'b self, found: &mut Attributes<'b>) -> Result<(), Fault> {
        let role = self.name.strip_prefix("gen_ai.").unwrap_or_default();
        match role.strip_suffix(".message").or((role == "choice").then_some("choice")) {
            Some(role) => {
                let content = self.attributes.get("content").or(self.attributes.get("message"));
                found.message(role, content);
                Ok(())
            }
            None => self.attributes.take_into(found),
        }
    }
}

fn resource_tags(resource: Json<'_>) -> Result<Tags<'_>, Fault> {
    let mut attributes = Flat::default();
    if let Some(list) = resource.get("attributes") {
        attributes.add(list)?;
    }
    let mut tags = Tags::new();
    for (name, tag) in RESOURCE_TAGS {
        if !tags.iter().any(|(known, _)| known == tag)
            && let Some(value) = attributes.text(name)
        {
            tags.push((Cow::Borrowed(tag), value));
        }
    }
    Ok(tags)
}

/// Whether a status is the error, by its number or its name.
fn is_error(status: Json<'_>) -> bool {
    let code = status.get("code").and_then(Json::name);
    matches!(code.as_deref(), Some("2" | "STATUS_CODE_ERROR" | "Error" | "ERROR"))
}

#[cfg(test)]
mod tests;

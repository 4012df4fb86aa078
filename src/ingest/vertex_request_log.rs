//! Vertex AI's request-response log: rows of its `BigQuery` table, as JSON or CSV.
//!
//! The bodies are Gemini's, or those of the partner whose model answered, and
//! count as they do. A sampling rate below one leaves calls out, and no row says
//! so.

use std::borrow::Cow;

use super::batch::{Batch, Draft, Identity};
use super::exchange::body::{Reading, first_item};
use super::exchange::exchanged::{self, Exchanged, Logged};
use super::exchange::labels::Times;
use super::exchange::provider::bare_model;
use super::format::{Format, Framing, KeySet, Outcome, Record, Sample};
use super::json::{Fault, Json};
use super::value::Value;

const CONVENTION: &str = "Gemini: cached tokens inside the prompt, thoughts on top of the \
     candidates; Claude: input excludes cache reads and writes, which are added";
/// What the response is called in the present and in the older table.
const RESPONSES: [&str; 2] = ["full_response", "response_payload"];

/// Rows as JSON lines or as one array.
#[derive(Clone, Copy, Debug)]
pub struct VertexRequestLog;

/// Rows as a CSV export, their JSON columns as text.
#[derive(Clone, Copy, Debug)]
pub struct VertexRequestLogCsv;

impl Format for VertexRequestLog {
    fn id(&self) -> &'static str {
        "vertex-request-log"
    }

    fn convention(&self) -> &'static str {
        CONVENTION
    }

    fn keys(&self) -> &'static [KeySet] {
        &[&["logging_time", "full_request"], &["logging_time", "full_response"]]
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        sample.any_object(|object| {
            object.get("logging_time").is_some()
                && RESPONSES
                    .iter()
                    .chain(&["full_request", "request_payload"])
                    .any(|key| object.get(key).is_some())
        })
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let json = record.json()?;
        if !json.is_object() {
            return Err(Fault::Other("not a JSON object"));
        }
        let mut row = Row::default();
        json.each_entry(|key, value| {
            row.offer(key, Value::Json(value));
            Ok::<(), Fault>(())
        })?;
        row.push(record, batch)
    }
}

impl Format for VertexRequestLogCsv {
    fn id(&self) -> &'static str {
        "vertex-request-log-csv"
    }

    fn convention(&self) -> &'static str {
        CONVENTION
    }

    fn keys(&self) -> &'static [KeySet] {
        &[&["logging_time", "full_request"], &["logging_time", "full_response"]]
    }

    fn framing(&self) -> Framing {
        Framing::Csv
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        sample.header().is_some_and(|header| {
            header.has(&["logging_time"])
                && RESPONSES.iter().any(|column| header.position(column).is_some())
        })
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let cells = record.row.ok_or(Fault::Other("not a CSV row"))?;
        let mut row = Row::default();
        for (name, cell) in cells.cells() {
            row.offer(name, Value::Cell(cell));
        }
        row.push(record, batch)
    }
}

/// The columns of a row, where they lie.
#[derive(Default)]
struct Row<'a> {
    time: Option<Value<'a>>,
    id: Option<Value<'a>>,
    model: Option<Value<'a>>,
    endpoint: Option<Value<'a>>,
    method: Option<Value<'a>>,
    request: Option<Value<'a>>,
    response: Option<Value<'a>>,
    metadata: Option<Value<'a>>,
}

impl<'a> Row<'a> {
    fn offer(&mut self, name: &str, value: Value<'a>) {
        if value.is_missing() {
            return;
        }
        let slot = match name {
            "logging_time" => &mut self.time,
            "request_id" => &mut self.id,
            "model" => &mut self.model,
            "endpoint" => &mut self.endpoint,
            "api_method" => &mut self.method,
            "full_request" | "request_payload" => &mut self.request,
            "full_response" | "response_payload" => &mut self.response,
            "metadata" => &mut self.metadata,
            _ => return,
        };
        *slot = Some(value);
    }

    fn push(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let time = self.time.ok_or(Fault::Missing("logging_time"))?.time("logging_time")?;
        let text = |value: Option<Value<'a>>| value.and_then(Value::structure);
        let (request, response) = (text(self.request), text(self.response));
        let metadata = text(self.metadata);
        // Columns of repeated texts hold a payload, or its chunks, as texts.
        let (requests, responses) = (payloads(request.as_deref()), payloads(response.as_deref()));
        let body = requests.as_deref().and_then(|parts| Some(Json::of_text(parts.first()?)));
        let chunks = responses.as_deref().map(|parts| parts.join("\n"));
        let request = body.or_else(|| request.as_deref().map(Json::of_text));
        let response = response.as_deref().map(Json::of_text);
        let mut exchange = Exchanged {
            request: exchanged::request_body(request, None),
            answer: Logged::of(response, chunks.as_deref()),
            provider: Some(Cow::Borrowed("gcp.vertex_ai")),
            times: Times::at(time),
            ..Exchanged::default()
        };
        // An answer that is nothing but an error.
        exchange.failed = !exchange.is_answered()
            && response.is_some_and(|response| {
                let body = first_item(response).unwrap_or(response);
                body.get("error").is_some()
            });
        let name = |value: Option<Value<'a>>| value.and_then(Value::name);
        let id = name(self.id);
        let resources = [name(self.endpoint), name(self.model)];
        let region = resources.iter().flatten().find_map(|resource| location(resource));
        let draft = Draft {
            identity: Identity::of(id.as_deref()),
            request_id: id,
            region: region.map(|region| Cow::Owned(region.to_owned())),
            latency_milliseconds: metadata
                .as_deref()
                .and_then(|metadata| Json::of_text(metadata).get("request_latency"))
                .and_then(Json::number),
            ..Draft::default()
        };
        let mut reading = Reading::new(draft, record.memo);
        exchange.read_logged(&mut reading)?;
        let model = name(self.model).map(bare_model).filter(|model| !model.is_empty());
        let draft = &mut reading.draft;
        draft.requested_model = draft.requested_model.take().or_else(|| model.clone());
        draft.model = draft.model.take().or(model);
        if name(self.method).is_some_and(|method| method.to_ascii_lowercase().contains("stream")) {
            draft.request.stream = Some(true);
        }
        reading.notes.push((
            "MAY_BE_SAMPLED",
            "request-response logging keeps the share of calls that its sampling rate says; no row tells it",
        ));
        exchange.push(reading, batch)
    }
}

/// The texts of a column of repeated texts.
fn payloads(column: Option<&str>) -> Option<Vec<Cow<'_, str>>> {
    let list = Json::of_text(column?);
    let texts: Vec<_> = list.items().into_iter().filter_map(Json::text).collect();
    (!texts.is_empty()).then_some(texts)
}

/// The location that a resource's name carries, where it is one.
fn location(resource: &str) -> Option<&str> {
    let (_, rest) = resource.split_once("locations/")?;
    rest.split('/').next().filter(|location| *location != "global")
}

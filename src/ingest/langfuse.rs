//! Observations of Langfuse: rows of its exports, and documents of a trace with
//! its observations.
//!
//! A generation or an embedding is a call; spans, agents and tools may carry
//! rolled-up numbers and are set aside. What a count includes is told by each
//! observation's own total, see [`usage`].

mod observation;
mod usage;

use super::batch::Batch;
use super::exchange::body::first_item;
use super::format::{Format, Framing, Header, Outcome, PartLines, Record, Sample};
use super::json::{Fault, Json};
use super::value::Value;

use observation::Observation;

const CONVENTION: &str = "usage details are disjoint where they add up to their total; else those \
     with a dot in their name (and, where input and output alone are the total, all) are inside \
     input or output";

/// The types of observations that Langfuse knows.
const TYPES: [&str; 10] = [
    "GENERATION",
    "EMBEDDING",
    "SPAN",
    "EVENT",
    "AGENT",
    "TOOL",
    "CHAIN",
    "RETRIEVER",
    "EVALUATOR",
    "GUARDRAIL",
];

/// Rows or documents as JSON.
#[derive(Clone, Copy, Debug)]
pub struct Langfuse;

/// Rows as CSV, with JSON in their cells.
#[derive(Clone, Copy, Debug)]
pub struct LangfuseCsv;

impl Format for Langfuse {
    fn id(&self) -> &'static str {
        "langfuse"
    }

    fn convention(&self) -> &'static str {
        CONVENTION
    }

    fn list_key(&self) -> Option<&'static str> {
        Some("data")
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        sample.any_object(|object| {
            let first = object.get("data").and_then(first_item);
            [Some(object), first].into_iter().flatten().any(|object| {
                is_observation(object)
                    || is_trace(object)
                    || observations(object).and_then(first_item).is_some_and(is_observation)
            })
        })
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let json = record.json()?;
        if !json.is_object() {
            return Err(Fault::Other("not a JSON object"));
        }
        if let Some(list) = observations(json) {
            return document(json, list, record, batch);
        }
        let mut row = Observation::default();
        json.each_entry(|key, value| {
            row.offer(key, Value::Json(value));
            Ok::<(), Fault>(())
        })?;
        read_row(&row, record, batch)
    }
}

impl Format for LangfuseCsv {
    fn id(&self) -> &'static str {
        "langfuse-csv"
    }

    fn convention(&self) -> &'static str {
        CONVENTION
    }

    fn framing(&self) -> Framing {
        Framing::Csv
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        let has = |header: &Header, name: &str| {
            header.columns.iter().any(|column| observation::plain(column) == name)
        };
        sample.header().is_some_and(|header| {
            has(header, "traceid")
                && (has(header, "usagedetails")
                    || (has(header, "type") && has(header, "parentobservationid")))
        })
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let cells = record.row.ok_or(Fault::Other("not a CSV row"))?;
        let mut row = Observation::default();
        for (column, cell) in cells.cells() {
            row.offer(column, Value::Cell(cell));
        }
        read_row(&row, record, batch)
    }
}

/// Reads a row that is an observation, or a trace of a legacy export.
fn read_row(
    row: &Observation<'_>,
    record: &Record<'_>,
    batch: &mut Batch,
) -> Result<Outcome, Fault> {
    if row.is_trace() {
        return Ok(Outcome::Ignored(TRACE_ALONE));
    }
    let read = row.read(record.memo, batch)?;
    Ok(read.map_or(Outcome::Kept, Outcome::Ignored))
}

const TRACE_ALONE: &str = "trace without its observations";

/// Reads a trace with its observations; a broken one spoils no other.
fn document<'a>(
    json: Json<'a>,
    list: Json<'a>,
    record: &Record<'a>,
    batch: &mut Batch,
) -> Result<Outcome, Fault> {
    // Walked whole before anything is counted: a broken document is one fault.
    json.each_entry(|_, _| Ok::<(), Fault>(()))?;
    let mut shared = Observation::default();
    let trace = json.get("trace").filter(|trace| trace.is_object()).unwrap_or(json);
    trace.each_entry(|key, value| {
        shared.offer_trace(key, Value::Json(value));
        Ok::<(), Fault>(())
    })?;
    let (mut lines, mut parts) = (PartLines::of(record), 0);
    list.each_item(|part| {
        if !part.is_object() {
            // Lists of traces name the ids of observations only.
            return Ok::<(), Fault>(());
        }
        parts += 1;
        let line = lines.line(record, part);
        batch.start_part(line, part.raw().as_bytes());
        batch.account_for(line, |batch| {
            let mut row = shared;
            part.each_entry(|key, value| {
                row.offer(key, Value::Json(value));
                Ok::<(), Fault>(())
            })?;
            let read = row.read(record.memo, batch)?;
            Ok(read.map_or(Outcome::Kept, Outcome::Ignored))
        });
        Ok(())
    })?;
    Ok(if parts == 0 { Outcome::Ignored(TRACE_ALONE) } else { Outcome::AccountedFor })
}

/// The list of a document's observations.
fn observations(object: Json<'_>) -> Option<Json<'_>> {
    let list = object.get("observations").or_else(|| object.at(&["trace", "observations"]));
    list.filter(|list| list.is_array())
}

/// Whether an object is an observation of a trace.
fn is_observation(object: Json<'_>) -> bool {
    let has = |keys: [&str; 2]| keys.iter().any(|key| object.get(key).is_some());
    let kind = object.get("type").and_then(Json::text);
    has(["traceId", "trace_id"])
        && (has(["usageDetails", "usage_details"])
            || (kind.is_some_and(|kind| TYPES.contains(&&*kind))
                && (has_key(object, ["parentObservationId", "parent_observation_id"])
                    || has_key(object, ["startTime", "start_time"]))))
}

/// Whether an object is a trace, as a legacy export keeps them apart.
fn is_trace(object: Json<'_>) -> bool {
    has_key(object, ["sessionId", "session_id"])
        && has_key(object, ["userId", "user_id"])
        && has_key(object, ["bookmarked", "public"])
}

/// Whether an object has one of these keys, null or not.
fn has_key(object: Json<'_>, keys: [&str; 2]) -> bool {
    let mut found = false;
    let walked = object.each_entry(|key, _| {
        found |= keys.contains(&key);
        Ok::<(), Fault>(())
    });
    walked.is_ok() && found
}

#[cfg(test)]
mod tests;

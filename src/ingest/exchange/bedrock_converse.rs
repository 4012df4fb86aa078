//! Amazon Bedrock's Converse and ConverseStream, and the bodies of Nova, which
//! are of the same shape.
//!
//! `inputTokens` leaves out what the cache had or got; see
//! [`super::bedrock_counts`]. A body names neither model nor id nor time: the
//! model is in the address.

use crate::ingest::json::{Fault, Json};
use crate::record::call::{Finish, Status};

use super::bedrock_counts::BedrockCounts;
use super::body::{Answer, Body, Mark, Reading, Shape};
use super::converse_prompt;
use super::provider::bare_model;
use super::request::read_tier;

/// Answers of Converse, and the events of its streams.
#[derive(Debug)]
pub struct BedrockConverse;

/// Events that say that the stream failed.
const EXCEPTIONS: [&str; 6] = [
    "internalServerException",
    "modelStreamErrorException",
    "modelTimeoutException",
    "serviceUnavailableException",
    "throttlingException",
    "validationException",
];

impl Body for BedrockConverse {
    fn id(&self) -> &'static str {
        "bedrock-converse"
    }

    fn recognises(&self, shape: &Shape<'_>) -> bool {
        let has = |path: &[&str]| shape.body.is_some_and(|body| body.at(path).is_some());
        let counts = || shape.usage.is_some_and(|usage| usage.get("inputTokens").is_some());
        let is_answer = shape.has(Mark::Output)
            && (shape.has(Mark::StopReason) || counts())
            && has(&["output", "message"]);
        is_answer || is_event(shape)
    }

    fn was_asked(&self, url: &str, request: Json<'_>) -> bool {
        url.contains("/converse")
            || ["inferenceConfig", "toolConfig", "additionalModelRequestFields"]
                .iter()
                .any(|key| request.get(key).is_some())
    }

    fn read_request<'a>(&self, request: Json<'a>, reading: &mut Reading<'a>) -> Result<(), Fault> {
        converse_prompt::read_request(request, reading)
    }

    fn read_answer<'a>(&self, answer: &Answer<'a>, reading: &mut Reading<'a>) -> Result<(), Fault> {
        reading.provider_hint = Some("aws.bedrock");
        let mut counts = BedrockCounts::default();
        match answer {
            Answer::Whole(body) => read_body(*body, reading, &mut counts)?,
            Answer::Events(events) => read_events(events, reading, &mut counts)?,
        }
        counts.settle(reading);
        Ok(())
    }
}

/// Whether an object is one event of a stream.
fn is_event(shape: &Shape<'_>) -> bool {
    const EVENTS: [Mark; 5] = [
        Mark::MessageStart,
        Mark::ContentBlockStart,
        Mark::ContentBlockDelta,
        Mark::ContentBlockStop,
        Mark::MessageStop,
    ];
    is_last_event(shape) || (shape.is_single() && EVENTS.iter().any(|mark| shape.has(*mark)))
}

/// Whether an object is the event that holds a stream's counts.
fn is_last_event(shape: &Shape<'_>) -> bool {
    let counts = &["metadata", "usage", "inputTokens"];
    shape.has(Mark::Metadata)
        && shape.is_single()
        && shape.body.is_some_and(|body| body.at(counts).is_some())
}

/// Whether an object is an event before the one that holds the counts.
pub(super) fn is_passing_event(shape: &Shape<'_>) -> bool {
    is_event(shape) && !is_last_event(shape)
}

/// Reads an answer, or the event that ends a stream: both carry these entries.
fn read_body<'a>(
    body: Json<'a>,
    reading: &mut Reading<'a>,
    counts: &mut BedrockCounts,
) -> Result<(), Fault> {
    body.each_entry(|key, value| {
        if value.is_null() {
            return Ok(());
        }
        match key {
            "output" => read_message(value.get("message"), reading)?,
            "stopReason" => read_stop(value, reading),
            "usage" => value.each_entry(|key, value| counts.take(key, value))?,
            "metrics" => read_latency(value.get("latencyMs"), reading),
            "serviceTier" => {
                if let Some(tier) = value.get("type") {
                    read_tier(tier, reading);
                }
            }
            "performanceConfig" => read_performance(value, reading),
            "trace" => {
                // A prompt router says which model it chose.
                let chosen = value.at(&["promptRouter", "invokedModelId"]).and_then(Json::text);
                reading.draft.model = chosen.map(bare_model).or(reading.draft.model.take());
            }
            _ => {}
        }
        Ok(())
    })
}

pub(super) fn read_latency<'a>(milliseconds: Option<Json<'a>>, reading: &mut Reading<'a>) {
    let place = &mut reading.draft.latency_milliseconds;
    *place = place.or_else(|| milliseconds.and_then(Json::number));
}

fn read_stop<'a>(reason: Json<'a>, reading: &mut Reading<'a>) {
    if let Some(word) = reason.text() {
        reading.draft.finish = Finish::parse(&word);
    }
}

fn read_performance<'a>(performance: Json<'a>, reading: &mut Reading<'a>) {
    let latency = performance.get("latency").and_then(Json::text);
    if latency.as_deref() == Some("optimized") {
        reading.notes.push((
            "LATENCY_OPTIMIZED",
            "calls were served latency-optimised, which some models sell at a price of its own",
        ));
    }
}

fn read_message<'a>(message: Option<Json<'a>>, reading: &mut Reading<'a>) -> Result<(), Fault> {
    let content = message.and_then(|message| message.get("content"));
    if reading.recorder.is_none() {
        return Ok(());
    }
    content.map_or(Ok(()), |content| {
        content.each_item(|block| {
            block.each_entry(|key, value| {
                match key {
                    "text" => reading.add_answer(value),
                    "toolUse" => {
                        if let Some(input) = value.get("input") {
                            reading.add_answer_arguments(input);
                        }
                    }
                    _ => {}
                }
                Ok::<(), Fault>(())
            })
        })
    })
}

/// Reads a stream: its counts stand in the `metadata` behind its end.
fn read_events<'a>(
    events: &[Json<'a>],
    reading: &mut Reading<'a>,
    counts: &mut BedrockCounts,
) -> Result<(), Fault> {
    reading.draft.request.stream = Some(true);
    let mut stopped = false;
    for event in events {
        let (mut name, mut payload) = (None, None);
        let whole = event.each_entry(|key, value| {
            name = name.take().or_else(|| Some(key.to_owned()));
            payload = payload.or(Some(value));
            Ok::<(), Fault>(())
        });
        let (Ok(()), Some(name), Some(payload)) = (whole, name, payload) else { continue };
        match name.as_str() {
            "contentBlockDelta" => {
                if let Some(delta) = payload.get("delta") {
                    read_delta(delta, reading)?;
                }
            }
            "messageStop" => {
                stopped = true;
                if let Some(reason) = payload.get("stopReason") {
                    read_stop(reason, reading);
                }
            }
            "metadata" => {
                stopped = true;
                read_body(payload, reading, counts)?;
            }
            name if EXCEPTIONS.contains(&name) => reading.failed(),
            _ => {}
        }
    }
    if !stopped && reading.draft.status == Status::Success {
        reading.cut_stream();
    }
    Ok(())
}

fn read_delta<'a>(delta: Json<'a>, reading: &mut Reading<'a>) -> Result<(), Fault> {
    delta.each_entry(|key, value| {
        match key {
            "text" => reading.add_answer(value),
            "toolUse" => {
                if let Some(input) = value.get("input") {
                    reading.add_answer_arguments(input);
                }
            }
            _ => {}
        }
        Ok(())
    })
}

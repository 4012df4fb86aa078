//! Anthropic's Messages API, also as Bedrock and Vertex pass it on.

use crate::ingest::json::{Fault, Json};
use crate::ingest::messages_usage::MessagesUsage;
use crate::record::call::{Finish, Status};

use super::anthropic_prompt;
use super::anthropic_usage::settle;
use super::bedrock_counts::BedrockCounts;
use super::bedrock_invoke::read_metrics;
use super::body::{Answer, Body, Reading, Shape};

/// `message` objects, and the events of their streams.
#[derive(Debug)]
pub struct AnthropicMessages;

impl Body for AnthropicMessages {
    fn id(&self) -> &'static str {
        "anthropic-messages"
    }

    fn recognises(&self, shape: &Shape<'_>) -> bool {
        match shape.kind.as_deref() {
            Some("message") => shape.usage.is_some() || shape.content.is_some(),
            Some(kind) => {
                kind.starts_with("content_block_")
                    || matches!(kind, "message_start" | "message_delta" | "message_stop" | "ping")
            }
            None => false,
        }
    }

    fn was_asked(&self, url: &str, request: Json<'_>) -> bool {
        url.contains("/messages")
            || url.contains("anthropic")
            || request.get("anthropic_version").is_some()
    }

    fn read_request<'a>(&self, request: Json<'a>, reading: &mut Reading<'a>) -> Result<(), Fault> {
        anthropic_prompt::read_request(request, reading)
    }

    fn read_answer<'a>(&self, answer: &Answer<'a>, reading: &mut Reading<'a>) -> Result<(), Fault> {
        let mut counts = MessagesUsage::default();
        match answer {
            Answer::Whole(body) => read_message(*body, reading, &mut counts)?,
            Answer::Events(events) => read_events(events, reading, &mut counts)?,
        }
        if reading.provider_hint.is_none()
            && reading.draft.model.as_deref().is_some_and(|model| model.starts_with("claude-"))
        {
            reading.provider_hint = Some("anthropic");
        }
        settle(&counts, reading)
    }
}

fn read_message<'a>(
    message: Json<'a>,
    reading: &mut Reading<'a>,
    counts: &mut MessagesUsage<'a>,
) -> Result<(), Fault> {
    message.each_entry(|key, value| {
        match key {
            "id" => reading.response_id = value.text(),
            "model" => reading.draft.model = value.text().or(reading.draft.model.take()),
            "stop_reason" => read_stop(value, reading),
            "usage" => counts.overlay(value)?,
            "content" if reading.recorder.is_some() => {
                value.each_item(|block| read_block(block, reading))?;
            }
            _ => {}
        }
        Ok(())
    })
}

fn read_stop<'a>(reason: Json<'a>, reading: &mut Reading<'a>) {
    if let Some(word) = reason.text() {
        reading.draft.finish = Finish::parse(&word);
    }
}

/// Generated text: what is said, and what tools are called with. Thinking is
/// counted apart.
fn read_block<'a>(block: Json<'a>, reading: &mut Reading<'a>) -> Result<(), Fault> {
    block.each_entry(|key, value| {
        match key {
            "text" | "partial_json" => reading.add_answer(value),
            // The start of a streamed tool call has an empty input.
            "input" if value.raw() != "{}" => reading.add_answer_arguments(value),
            _ => {}
        }
        Ok(())
    })
}

/// Reads a stream. Its first usage is what was known before the answer; it
/// undercounts where server tools run, so each later count replaces it.
fn read_events<'a>(
    events: &[Json<'a>],
    reading: &mut Reading<'a>,
    counts: &mut MessagesUsage<'a>,
) -> Result<(), Fault> {
    reading.draft.request.stream = Some(true);
    let (mut has_last_usage, mut stopped) = (false, false);
    for event in events {
        let (mut kind, mut message, mut delta, mut usage, mut block) =
            (None, None, None, None, None);
        let mut metrics = None;
        let whole = event.each_entry(|key, value| {
            match key {
                "type" => kind = value.text(),
                "message" => message = Some(value),
                "delta" => delta = Some(value),
                "usage" => usage = Some(value),
                "content_block" => block = Some(value),
                "amazon-bedrock-invocationMetrics" => metrics = Some(value),
                _ => {}
            }
            Ok::<(), Fault>(())
        });
        if whole.is_err() {
            // Cut off, or damaged: what follows may still hold the last counts.
            continue;
        }
        if let Some(message) = message {
            read_message(message, reading, counts)?;
            has_last_usage = false;
        }
        if let Some(usage) = usage {
            counts.overlay(usage)?;
            has_last_usage = true;
        }
        if let Some(metrics) = metrics {
            // Its counts are those of the events before it.
            reading.provider_hint = Some("aws.bedrock");
            read_metrics(metrics, &mut BedrockCounts::default(), reading)?;
        }
        for block in [block, delta].into_iter().flatten() {
            read_block(block, reading)?;
        }
        match kind.as_deref() {
            Some("message_delta") => {
                if let Some(reason) = delta.and_then(|delta| delta.get("stop_reason")) {
                    read_stop(reason, reading);
                }
            }
            Some("message_stop") => stopped = true,
            Some("error") => reading.failed(),
            _ => {}
        }
    }
    if !has_last_usage {
        counts.forget_output();
    }
    if !(stopped || has_last_usage) && reading.draft.status == Status::Success {
        reading.cut_stream();
    }
    Ok(())
}

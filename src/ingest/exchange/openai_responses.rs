//! OpenAI's Responses API.

use std::borrow::Cow;

use crate::ingest::json::{Fault, Json};
use crate::record::call::{Finish, Status};
use crate::units::Moment;

use super::body::{Answer, Body, Reading, Shape};
use super::request::{read_fact, read_tier};
use super::{labels, openai_usage, responses_prompt};

/// `response` objects, and the events that carry them.
#[derive(Debug)]
pub struct OpenAiResponses;

impl Body for OpenAiResponses {
    fn id(&self) -> &'static str {
        "openai-responses"
    }

    fn recognises(&self, shape: &Shape<'_>) -> bool {
        shape.object.as_deref() == Some("response")
            || shape.kind.as_deref().is_some_and(|kind| kind.starts_with("response."))
    }

    fn was_asked(&self, url: &str, request: Json<'_>) -> bool {
        url.contains("/responses")
            || (request.get("input").is_some() && request.get("messages").is_none())
    }

    fn read_request<'a>(&self, request: Json<'a>, reading: &mut Reading<'a>) -> Result<(), Fault> {
        responses_prompt::read_request(request, reading)
    }

    fn read_answer<'a>(&self, answer: &Answer<'a>, reading: &mut Reading<'a>) -> Result<(), Fault> {
        match answer {
            Answer::Whole(body) => read_body(*body, reading),
            Answer::Events(events) => read_events(events, reading),
        }
    }
}

/// Reads a stream: its last `response` has everything, usage too. Deltas are
/// only needed where it broke off before.
fn read_events<'a>(events: &[Json<'a>], reading: &mut Reading<'a>) -> Result<(), Fault> {
    reading.draft.request.stream = Some(true);
    let mut last = None;
    let mut ended = false;
    for event in events {
        let (mut kind, mut response, mut delta, mut failed) = (None, None, None, false);
        let whole = event.each_entry(|key, value| {
            match key {
                "type" => kind = value.text(),
                "response" if value.is_object() => response = Some(value),
                "delta" => delta = Some(value),
                "error" => failed = !value.is_null(),
                _ => {}
            }
            Ok::<(), Fault>(())
        });
        if whole.is_err() {
            // Cut off, or damaged: what follows may still hold the last counts.
            continue;
        }
        let kind = kind.as_deref().unwrap_or_default();
        last = response.or(last);
        ended |= matches!(kind, "response.completed" | "response.incomplete" | "response.failed");
        if let Some(delta) = delta
            && matches!(
                kind,
                "response.output_text.delta" | "response.function_call_arguments.delta"
            )
        {
            reading.add_answer(delta);
        }
        if failed || kind == "error" {
            reading.failed();
        }
    }
    if !ended && reading.draft.status == Status::Success {
        reading.cut_stream();
    }
    let Some(last) = last else { return Ok(()) };
    let deltas = std::mem::take(&mut reading.answer);
    read_body(last, reading)?;
    if reading.answer.is_empty() {
        reading.answer = deltas;
    }
    Ok(())
}

fn read_body<'a>(body: Json<'a>, reading: &mut Reading<'a>) -> Result<(), Fault> {
    let mut ending = Ending::default();
    let (mut output, mut usage, mut completed) = (None, None, None);
    let has_request = reading.draft.request.has_tools.is_some();
    body.each_entry(|key, value| {
        if key == "content_filters" {
            // Nobody but Azure writes this, filled or null.
            reading.provider_hint = Some("azure.ai.openai");
        }
        if value.is_null() {
            return Ok(());
        }
        match key {
            "id" => reading.response_id = value.text(),
            "model" => reading.draft.model = value.text().or(reading.draft.model.take()),
            "created_at" => {
                reading.created = value.time("created_at").ok().flatten().map(Moment::dated);
            }
            "completed_at" => completed = value.time("completed_at").ok().flatten(),
            "status" => ending.status = value.text(),
            "incomplete_details" => ending.reason = value.get("reason").and_then(Json::text),
            "output" => output = Some(value),
            "usage" => usage = Some(value),
            "service_tier" => read_tier(value, reading),
            "error" => reading.failed(),
            "tool_usage" => {
                let searches = value.at(&["web_search", "num_requests"]);
                let searches = searches.map_or(Ok(None), |number| number.count("num_requests"))?;
                reading.draft.tool_requests = searches.unwrap_or_default();
            }
            "previous_response_id" | "conversation" => {
                responses_prompt::read_history(key, value, reading);
            }
            "tools" if !has_request => {
                reading.draft.request.has_tools = Some(!value.items().is_empty());
            }
            "metadata" => labels::map(&mut reading.draft, value)?,
            // Echoes of the request, read where it was not logged itself.
            "max_output_tokens"
            | "temperature"
            | "user"
            | "safety_identifier"
            | "prompt_cache_options" => read_fact(key, value, reading)?,
            _ => {}
        }
        Ok::<(), Fault>(())
    })?;
    if let (Some(start), Some(end)) = (reading.created.and_then(Moment::timestamp), completed)
        && reading.draft.latency_milliseconds.is_none()
    {
        // Whole seconds; better than nothing where the wrapper has no duration.
        #[expect(clippy::cast_precision_loss, reason = "a latency is far below 2^53")]
        let milliseconds = end.micros().saturating_sub(start.micros()) as f64 / 1e3;
        reading.draft.latency_milliseconds = Some(milliseconds).filter(|latency| *latency >= 0.0);
    }
    let seen = output.map_or(Ok(Seen::default()), |output| read_output(output, reading))?;
    if reading.draft.tool_requests == 0 {
        reading.draft.tool_requests = seen.searches;
    }
    ending.settle(seen.calls_tools, reading);
    usage.map_or(Ok(()), |usage| openai_usage::read(usage, reading))
}

#[derive(Default)]
struct Ending<'a> {
    status: Option<Cow<'a, str>>,
    reason: Option<Cow<'a, str>>,
}

impl Ending<'_> {
    fn settle(&self, calls_tools: bool, reading: &mut Reading<'_>) {
        let draft = &mut reading.draft;
        match self.status.as_deref() {
            Some("failed") => reading.failed(),
            Some("cancelled") => draft.status = Status::Aborted,
            Some("incomplete") => {
                draft.finish = self.reason.as_deref().map_or(Finish::Unknown, Finish::parse);
            }
            Some("completed") if calls_tools => draft.finish = Finish::ToolCalls,
            Some("completed") => draft.finish = Finish::Stop,
            _ => {}
        }
    }
}

#[derive(Default)]
struct Seen {
    calls_tools: bool,
    searches: u64,
}

/// Reads the items of an answer: its text, and what it called.
fn read_output<'a>(output: Json<'a>, reading: &mut Reading<'a>) -> Result<Seen, Fault> {
    let mut seen = Seen::default();
    output.each_item(|item| {
        let (mut kind, mut content, mut arguments, mut action) = (None, None, None, None);
        item.each_entry(|key, value| {
            match key {
                "type" => kind = value.text(),
                "content" => content = Some(value),
                "arguments" | "input" => arguments = Some(value),
                "action" => action = value.get("type").and_then(Json::text),
                _ => {}
            }
            Ok::<(), Fault>(())
        })?;
        match kind.as_deref() {
            Some("message") => content.map_or(Ok(()), |content| {
                content.each_item(|part| {
                    if let Some(text) = part.get("text").or_else(|| part.get("refusal")) {
                        reading.add_answer(text);
                    }
                    Ok::<(), Fault>(())
                })
            })?,
            Some("function_call" | "custom_tool_call") => {
                seen.calls_tools = true;
                if let Some(arguments) = arguments {
                    reading.add_answer_arguments(arguments);
                }
            }
            // Opening a found page is part of the search and billed with it.
            Some("web_search_call")
                if action.as_deref().is_none_or(|action| action == "search") =>
            {
                seen.searches += 1;
            }
            _ => {}
        }
        Ok::<(), Fault>(())
    })?;
    Ok(seen)
}

//! The prompt and the answer of a LiteLLM call, where the proxy stores them.
//!
//! Messages are OpenAI-shaped whatever the provider; calls that came in over
//! the Anthropic endpoint keep its content parts.

use std::borrow::Cow;

use crate::ingest::json::{Fault, Json};
use crate::ingest::prompt::{PromptDraft, Recorder};
use crate::measure::memo::Memo;
use crate::record::component::Component;
use crate::units::Ttl;

use super::Inside;

/// What the proxy writes over texts when it is told not to log them.
const REDACTED: &str = "redacted-by-litellm";
/// Parameters that do not change the answer, or that are recorded as content.
const NOT_PARAMETERS: [&str; 11] = [
    "messages",
    "input",
    "tools",
    "functions",
    "response_format",
    "stream",
    "stream_options",
    "user",
    "metadata",
    "extra_headers",
    "litellm_metadata",
];

/// The prompt, if its messages are in the log.
pub(super) fn prompt(inside: &Inside<'_>, memo: &Memo) -> Result<Option<PromptDraft>, Fault> {
    let stored = || {
        inside.request.and_then(|request| {
            request.get("messages").or_else(|| request.at(&["body", "messages"]))
        })
    };
    let logged =
        inside.messages.filter(|messages| messages.is_array() && !messages.items().is_empty());
    let Some(messages) = logged.or_else(stored).filter(|messages| messages.raw().len() > 2) else {
        return Ok(None);
    };
    if messages.raw().contains(REDACTED)
        && messages.items().iter().any(|message| is_redacted(*message))
    {
        return Ok(None);
    }
    let mut recorder = Recorder::new(memo);
    record_parameters(inside, &mut recorder)?;
    for tools in ["tools", "functions"].into_iter().filter_map(|key| inside.parameter(key)) {
        tools.each_item(|tool| {
            let named = tool.get("function").unwrap_or(tool);
            recorder.tool(tool, named.get("name").and_then(Json::text));
            Ok::<(), Fault>(())
        })?;
    }
    if let Some(schema) =
        inside.parameter("response_format").and_then(|format| format.get("json_schema"))
    {
        recorder.add_json(schema, Component::ToolDefinitions, false);
    }
    recorder.end_message();
    messages.each_item(|message| record_message(message, &mut recorder))?;
    if let Some(answer) = inside.response.and_then(answer).filter(|answer| answer != REDACTED) {
        recorder.answer(&answer);
    }
    Ok(Some(recorder.finish()))
}

fn is_redacted(message: Json<'_>) -> bool {
    message.get("content").and_then(Json::text).as_deref() == Some(REDACTED)
}

fn record_parameters<'b>(inside: &Inside<'b>, recorder: &mut Recorder<'b>) -> Result<(), Fault> {
    let Some(parameters) = inside.parameters.or(inside.request) else { return Ok(()) };
    parameters.each_entry(|key, value| {
        if !NOT_PARAMETERS.contains(&key) {
            recorder.parameter(key, value);
        }
        Ok(())
    })
}

fn record_message<'b>(message: Json<'b>, recorder: &mut Recorder<'b>) -> Result<(), Fault> {
    // Embeddings log their inputs as a list of texts.
    if message.is_text() {
        recorder.add_text(message, Component::UserInput, false);
        recorder.end_message();
        return Ok(());
    }
    let role = message.get("role").and_then(Json::text).unwrap_or(Cow::Borrowed("user"));
    let (component, assistant) = match &*role {
        "system" | "developer" => (Component::SystemPrompt, false),
        "tool" | "function" => (Component::RetrievedContext, false),
        "assistant" | "model" => (Component::History, true),
        _ => (Component::UserInput, false),
    };
    if let Some(content) = message.get("content") {
        if content.is_text() {
            recorder.add_text(content, component, assistant);
        } else {
            content.each_item(|part| {
                record_part(part, component, assistant, recorder);
                Ok::<(), Fault>(())
            })?;
        }
    }
    for calls in ["tool_calls", "function_call"].into_iter().filter_map(|key| message.get(key)) {
        if calls.raw().len() > 2 {
            recorder.add_json(calls, component, assistant);
        }
    }
    mark(message, recorder);
    recorder.end_message();
    Ok(())
}

fn record_part<'b>(
    part: Json<'b>,
    component: Component,
    assistant: bool,
    recorder: &mut Recorder<'b>,
) {
    let kind = part.get("type").and_then(Json::text);
    let text = part.get("text").filter(|text| text.is_text());
    match (kind.as_deref(), text) {
        (_, Some(text)) => recorder.add_text(text, component, assistant),
        (Some("tool_result"), None) => {
            if let Some(content) = part.get("content") {
                if content.is_text() {
                    recorder.add_text(content, Component::RetrievedContext, assistant);
                } else {
                    for inner in content.items() {
                        record_part(inner, Component::RetrievedContext, assistant, recorder);
                    }
                }
            }
        }
        (
            Some(
                "image_url" | "image" | "input_image" | "input_audio" | "audio" | "video_url"
                | "file" | "input_file" | "document",
            ),
            None,
        ) => recorder.unmeasured(),
        _ => recorder.add_json(part, component, assistant),
    }
    mark(part, recorder);
}

/// A cache mark; without a lifetime it has the provider's default.
fn mark(holder: Json<'_>, recorder: &mut Recorder<'_>) {
    if let Some(control) = holder.get("cache_control") {
        recorder
            .cache_mark(control.get("ttl").and_then(Json::text).and_then(|ttl| Ttl::parse(&ttl)));
    }
}

/// The text of the answer; its tool calls where it has no text.
fn answer(response: Json<'_>) -> Option<Cow<'_, str>> {
    if let Some(choice) =
        response.get("choices").and_then(|choices| choices.items().first().copied())
    {
        let message = choice.get("message");
        let text = message.and_then(|message| message.get("content")).and_then(Json::text);
        return text
            .or_else(|| choice.get("text").and_then(Json::text))
            .or_else(|| message?.get("tool_calls").map(|calls| Cow::Borrowed(calls.raw())));
    }
    let mut parts = Vec::new();
    let output = response.get("output").map(Json::items).unwrap_or_default();
    let contents =
        output.iter().filter_map(|item| item.get("content")).chain(response.get("content"));
    for part in contents.flat_map(Json::items) {
        parts.extend(part.get("text").and_then(Json::text));
    }
    (!parts.is_empty()).then(|| Cow::Owned(parts.concat()))
}

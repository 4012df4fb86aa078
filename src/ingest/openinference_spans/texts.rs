//! The prompt and the answer of a span, where its texts were kept.
//!
//! The order is the provider's: tools, then messages by their index, whatever
//! order the export has them in.

use crate::ingest::exchange::body::Reading;
use crate::ingest::exchange::request::component_of;
use crate::ingest::json::{Fault, Json};
use crate::ingest::prompt::{PromptDraft, Recorder};
use crate::record::component::Component;

use super::attributes::{Attributes, Message, Part, ToolCall};

/// What instrumentations write over texts that they were told to hide.
const REDACTED: &str = "__REDACTED__";

/// The prompt, where the span has its texts.
///
/// # Errors
/// When the parameters are not valid JSON.
pub(super) fn prompt(
    found: &Attributes<'_>,
    parameters: Option<Json<'_>>,
    reading: &Reading<'_>,
) -> Result<Option<PromptDraft>, Fault> {
    if found.input.is_empty() && found.texts.is_empty() {
        return Ok(None);
    }
    let mut texts = found.input.values().filter_map(|message| message.content);
    if texts.any(is_redacted) || found.texts.values().any(|text| is_redacted(*text)) {
        return Ok(None);
    }
    // Tool calls in the words of the request they were sent in.
    let calls: Vec<Vec<String>> =
        found.input.values().map(|message| message.calls.values().map(as_sent).collect()).collect();
    let mut recorder = Recorder::new(reading.memo);
    add_parameters(found, parameters, reading, &mut recorder)?;
    for tool in found.tools.values() {
        let Some(definition) = tool.definition.as_deref().map(Json::of_text) else { continue };
        let named = definition.get("function").unwrap_or(definition);
        let name = tool.name.clone().or_else(|| named.get("name")?.text());
        recorder.tool(definition, name);
    }
    recorder.end_message();
    for text in found.texts.values() {
        recorder.add_text(*text, Component::UserInput, false);
        recorder.end_message();
    }
    for (message, calls) in found.input.values().zip(&calls) {
        add_message(message, calls, &mut recorder);
    }
    recorder.answer(&answer(found));
    Ok(Some(recorder.finish()))
}

fn is_redacted(text: Json<'_>) -> bool {
    text.text().as_deref() == Some(REDACTED)
}

/// Parameters are part of what makes two requests the same; tools among them
/// are part of the prompt, where the span does not list them apart.
fn add_parameters<'b>(
    found: &Attributes<'_>,
    parameters: Option<Json<'b>>,
    reading: &Reading<'_>,
    recorder: &mut Recorder<'b>,
) -> Result<(), Fault> {
    let Some(parameters) = parameters else { return Ok(()) };
    parameters.each_entry(|key, value| {
        if key == "tools" && value.is_array() {
            if found.tools.is_empty() {
                value.each_item(|tool| {
                    let named = tool.get("function").unwrap_or(tool);
                    recorder.tool(tool, named.get("name").and_then(Json::text));
                    Ok::<(), Fault>(())
                })?;
            }
        } else if reading.is_parameter(key) {
            recorder.parameter(key, value);
        }
        Ok(())
    })
}

fn add_message<'b>(message: &Message<'b>, calls: &'b [String], recorder: &mut Recorder<'b>) {
    let (component, assistant) = component_of(message.role.as_deref());
    match message.content {
        Some(content) if content.is_text() => recorder.add_text(content, component, assistant),
        Some(content) => recorder.add_json(content, component, assistant),
        None => {}
    }
    for part in message.parts.values() {
        match part {
            Part { text: Some(text), .. } => recorder.add_text(*text, component, assistant),
            Part { kind: Some(kind), .. } if is_media(kind) => recorder.unmeasured(),
            Part { .. } => {}
        }
    }
    for call in calls {
        recorder.add_json(Json::of_text(call), Component::History, true);
    }
    recorder.end_message();
}

fn is_media(kind: &str) -> bool {
    matches!(kind, "image" | "audio" | "video" | "file" | "document")
}

/// A tool call as an object with its name and its arguments.
fn as_sent(call: &ToolCall<'_>) -> String {
    let raw = |value: Option<Json<'_>>| value.map_or("null", |value| value.raw()).to_owned();
    format!("{{\"name\":{},\"arguments\":{}}}", raw(call.name), raw(call.arguments))
}

/// The generated text, with what tools were called with.
fn answer(found: &Attributes<'_>) -> String {
    let mut answer = String::new();
    let mut add = |text: Option<Json<'_>>| {
        if let Some(text) = text.and_then(Json::any_text).filter(|text| text != REDACTED) {
            answer.push_str(&text);
        }
    };
    for message in found.output.values() {
        add(message.content);
        message.parts.values().for_each(|part| add(part.text));
        message.calls.values().for_each(|call| add(call.arguments));
    }
    found.completions.values().for_each(|text| add(Some(*text)));
    answer
}

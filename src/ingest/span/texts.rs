//! The prompt and the answer of a span, where its texts were kept.
//!
//! The order is the provider's: tools, system prompt, then messages by their
//! index, whatever order the export has them in.

use std::borrow::Cow;

use crate::ingest::chat_texts;
use crate::ingest::exchange::body::{Reading, first_item};
use crate::ingest::exchange::request::component_of;
use crate::ingest::json::{Fault, Json};
use crate::ingest::prompt::{PromptDraft, Recorder};
use crate::ingest::value::Value;
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
    let whole = found.messages.map(list_or_text);
    if found.input.is_empty() && found.texts.is_empty() && whole.is_none() {
        return Ok(None);
    }
    let mut texts = found.input.values().filter_map(|message| message.content);
    if texts.any(is_redacted) || found.texts.values().any(|text| is_redacted(*text)) {
        return Ok(None);
    }
    let kept = Kept {
        calls: found
            .input
            .values()
            .map(|message| message.calls.values().map(as_sent).collect())
            .collect(),
        contents: found.input.values().map(|message| parts_of(message.content?)).collect(),
        tools: found
            .tools
            .values()
            .filter_map(|tool| Some((tool.as_sent()?, tool.name.clone())))
            .collect(),
        definitions: found.definitions.and_then(list_of),
        instructions: found.instructions.map(list_or_text),
        whole,
    };
    let mut recorder = Recorder::new(reading.memo);
    add_parameters(found, parameters, reading, &mut recorder)?;
    for (definition, name) in &kept.tools {
        let definition = Json::of_text(definition);
        let named = definition.get("function").unwrap_or(definition);
        recorder.tool(definition, name.clone().or_else(|| named.get("name")?.text()));
    }
    recorder.end_message();
    add_lists(found, &kept, &mut recorder)?;
    for text in found.texts.values() {
        recorder.add_text(*text, Component::UserInput, false);
        recorder.end_message();
    }
    let told_whole = kept.whole.is_some() && found.input.is_empty();
    for ((message, calls), content) in
        found.input.values().zip(&kept.calls).zip(&kept.contents).filter(|_| !told_whole)
    {
        add_message(message, content.as_deref(), calls, &mut recorder)?;
    }
    recorder.answer(&answer(found));
    Ok(Some(recorder.finish()))
}

/// What must be put into another form before it is recorded.
struct Kept<'b> {
    /// Tool calls of each message, in the words of the request they were sent in.
    calls: Vec<Vec<String>>,
    /// Contents of messages that are lists written as texts.
    contents: Vec<Option<Cow<'b, str>>>,
    tools: Vec<(Cow<'b, str>, Option<Cow<'b, str>>)>,
    definitions: Option<Cow<'b, str>>,
    instructions: Option<Cow<'b, str>>,
    whole: Option<Cow<'b, str>>,
}

/// Adds what stands as a list in one attribute each.
fn add_lists<'b>(
    found: &Attributes<'_>,
    kept: &'b Kept<'_>,
    recorder: &mut Recorder<'b>,
) -> Result<(), Fault> {
    if let Some(definitions) = kept.definitions.as_deref().filter(|_| found.tools.is_empty()) {
        chat_texts::add_tool_list(Json::of_text(definitions), recorder)?;
    }
    if let Some(instructions) = kept.instructions.as_deref() {
        let system = (Component::SystemPrompt, false);
        chat_texts::add_content(Json::of_text(instructions), system, recorder, 0)?;
        recorder.end_message();
    }
    if let Some(whole) = kept.whole.as_deref().filter(|_| found.input.is_empty()) {
        chat_texts::add_request(Json::of_text(whole), recorder)?;
    }
    Ok(())
}

fn list_of(value: Json<'_>) -> Option<Cow<'_, str>> {
    chat_texts::structure(Value::Json(value))
}

fn list_or_text(value: Json<'_>) -> Cow<'_, str> {
    chat_texts::as_json(Value::Json(value))
}

/// The parts of a content that is a list of them, also one written as a text.
/// A text that merely is JSON is a text.
fn parts_of(content: Json<'_>) -> Option<Cow<'_, str>> {
    let list = list_of(content)?;
    let typed = || first_item(Json::of_text(&list)).and_then(|part| part.get("type")).is_some();
    (!content.is_text() || typed()).then_some(list)
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
                chat_texts::add_tool_list(value, recorder)?;
            }
        } else if reading.is_parameter(key) {
            recorder.parameter(key, value);
        }
        Ok(())
    })
}

fn add_message<'b>(
    message: &Message<'b>,
    parts: Option<&'b str>,
    calls: &'b [String],
    recorder: &mut Recorder<'b>,
) -> Result<(), Fault> {
    let (component, assistant) = component_of(message.role.as_deref());
    match (message.content, parts) {
        (Some(_), Some(parts)) => {
            let kind = (component, assistant);
            chat_texts::add_content(Json::of_text(parts), kind, recorder, 0)?;
        }
        (Some(content), None) if content.is_text() => {
            recorder.add_text(content, component, assistant);
        }
        (Some(content), None) => recorder.add_json(content, component, assistant),
        (None, _) => {}
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
    Ok(())
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
    if found.output.is_empty()
        && let Some(answers) = found.answers
    {
        return list_of(answers).map_or_else(
            || answers.text().unwrap_or_default().into_owned(),
            |answers| chat_texts::answer(Json::of_text(&answers)),
        );
    }
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

//! The prompt of a Responses request: tools, instructions, then the input.

use std::borrow::Cow;

use crate::ingest::json::{Fault, Json};
use crate::ingest::prompt::Recorder;
use crate::record::component::Component;
use crate::units::Ttl;

use super::body::Reading;
use super::openai_prompt::{add_content, add_schema, add_tools};
use super::request::{component_of, is_filled, read_fact};

/// Reads a request: parameters first, the prompt once its parts are found.
///
/// # Errors
/// When the request is not valid JSON or a field holds what it cannot.
pub fn read_request<'a>(request: Json<'a>, reading: &mut Reading<'a>) -> Result<(), Fault> {
    let mut recorder = Recorder::new(reading.memo);
    let (mut tools, mut text, mut instructions, mut input) = (None, None, None, None);
    request.each_entry(|key, value| {
        if value.is_null() {
            return Ok(());
        }
        match key {
            "tools" => tools = Some(value),
            "text" => text = Some(value),
            "instructions" => instructions = Some(value),
            "input" => input = Some(value),
            "previous_response_id" | "conversation" => read_history(key, value, reading),
            _ => {
                // A stored template: its text is billed but not in the request.
                reading.draft.flags.hidden_head |= key == "prompt";
                read_fact(key, value, reading)?;
                if reading.is_parameter(key) {
                    recorder.parameter(key, value);
                }
            }
        }
        Ok::<(), Fault>(())
    })?;
    let facts = &mut reading.draft.request;
    facts.stream = facts.stream.or(Some(false));
    facts.has_tools = Some(tools.is_some_and(is_filled));
    let Some(input) = input.filter(|input| is_filled(*input)) else { return Ok(()) };
    if let Some(tools) = tools {
        add_tools(tools, &mut recorder)?;
    }
    if let Some(text) = text {
        add_text_format(text, &mut recorder);
    }
    if let Some(instructions) = instructions {
        add_content(instructions, (Component::SystemPrompt, false), None, &mut recorder)?;
        recorder.end_message();
    }
    if input.is_text() {
        recorder.add_text(input, Component::UserInput, false);
        recorder.end_message();
    } else {
        input.each_item(|item| add_item(item, reading, &mut recorder))?;
    }
    reading.recorder = Some(recorder);
    Ok(())
}

/// Notes that earlier turns lie with the provider: billed, but not in the log.
pub fn read_history<'a>(key: &str, value: Json<'a>, reading: &mut Reading<'a>) {
    reading.draft.flags.hidden_history = true;
    if key == "conversation" {
        let id = if value.is_object() { value.get("id") } else { Some(value) };
        let conversation = &mut reading.draft.conversation;
        *conversation = conversation.take().or_else(|| id.and_then(Json::name));
    }
}

fn add_text_format<'a>(text: Json<'a>, recorder: &mut Recorder<'a>) {
    match text.get("format") {
        Some(format) if format.get("schema").is_some() => add_schema("text", format, recorder),
        _ => recorder.parameter("text", text),
    }
}

#[derive(Default)]
struct Item<'a> {
    kind: Option<Cow<'a, str>>,
    role: Option<Cow<'a, str>>,
    content: Option<Json<'a>>,
    output: Option<Json<'a>>,
    tools: Option<Json<'a>>,
}

fn add_item<'a>(
    item: Json<'a>,
    reading: &mut Reading<'a>,
    recorder: &mut Recorder<'a>,
) -> Result<(), Fault> {
    let mut found = Item::default();
    item.each_entry(|key, value| {
        match key {
            "type" => found.kind = value.text(),
            "role" => found.role = value.text(),
            "content" => found.content = Some(value),
            "output" | "outputs" => found.output = Some(value),
            "tools" => found.tools = Some(value),
            _ => {}
        }
        Ok::<(), Fault>(())
    })?;
    let lifetime = reading.cache_lifetime;
    match found.kind.as_deref() {
        None | Some("message") => {
            let kind = component_of(found.role.as_deref());
            if let Some(content) = found.content {
                add_content(content, kind, lifetime, recorder)?;
            }
        }
        // Kept by the provider, or encrypted: billed, but nothing to measure.
        Some("item_reference") => reading.draft.flags.hidden_history = true,
        Some("reasoning" | "compaction") => return Ok(()),
        Some("additional_tools" | "tool_search_output" | "mcp_list_tools") => {
            if let Some(tools) = found.tools {
                add_tools(tools, recorder)?;
            }
        }
        Some(kind) if kind.ends_with("_output") => {
            add_output(found.output.unwrap_or(item), lifetime, recorder)?;
        }
        Some(_) => recorder.add_json(item, Component::History, true),
    }
    recorder.end_message();
    Ok(())
}

fn add_output<'a>(
    output: Json<'a>,
    lifetime: Option<Ttl>,
    recorder: &mut Recorder<'a>,
) -> Result<(), Fault> {
    add_content(output, (Component::RetrievedContext, false), lifetime, recorder)
}

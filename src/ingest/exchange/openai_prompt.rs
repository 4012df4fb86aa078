//! The prompt of a Chat Completions request, in the order in which it counts:
//! tools, then messages.

use crate::ingest::json::{Fault, Json};
use crate::ingest::prompt::Recorder;
use crate::record::component::Component;
use crate::units::Ttl;

use super::body::Reading;
use super::request::{component_of, is_filled, read_fact};

/// Reads a request: parameters first, the prompt once its parts are found.
///
/// # Errors
/// When the request is not valid JSON or a field holds what it cannot.
pub fn read_request<'a>(request: Json<'a>, reading: &mut Reading<'a>) -> Result<(), Fault> {
    let mut recorder = Recorder::new(reading.memo);
    let (mut tools, mut functions, mut format, mut messages) = (None, None, None, None);
    request.each_entry(|key, value| {
        if value.is_null() {
            return Ok(());
        }
        match key {
            "tools" => tools = Some(value),
            "functions" => functions = Some(value),
            "response_format" => format = Some(value),
            "messages" | "prompt" => messages = Some(value),
            _ => {
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
    facts.has_tools = Some([tools, functions].iter().flatten().any(|list| is_filled(*list)));
    let Some(messages) = messages.filter(|messages| is_filled(*messages)) else { return Ok(()) };
    for list in [tools, functions].into_iter().flatten() {
        add_tools(list, &mut recorder)?;
    }
    if let Some(format) = format {
        add_schema("response_format", format, &mut recorder);
    }
    if messages.is_text() {
        recorder.add_text(messages, Component::UserInput, false);
    } else {
        messages
            .each_item(|message| add_message(message, reading.cache_lifetime, &mut recorder))?;
    }
    reading.recorder = Some(recorder);
    Ok(())
}

/// Adds tool definitions, each with its name.
///
/// # Errors
/// When the list is not valid JSON.
pub fn add_tools<'a>(tools: Json<'a>, recorder: &mut Recorder<'a>) -> Result<(), Fault> {
    tools.each_item(|tool| {
        let (mut name, mut kind) = (None, None);
        tool.each_entry(|key, value| {
            match key {
                "name" => name = value.text(),
                "function" => name = value.get("name").and_then(Json::text),
                // Built-in tools have a type and no name.
                "type" => kind = value.text(),
                _ => {}
            }
            Ok::<(), Fault>(())
        })?;
        recorder.tool(tool, name.or(kind));
        Ok(())
    })
}

/// Adds the schema of a response format: billed input, like a tool. A format
/// without one is a mere parameter.
pub fn add_schema<'a>(key: &str, format: Json<'a>, recorder: &mut Recorder<'a>) {
    let schema = format.get("json_schema").or_else(|| format.get("schema"));
    match schema.filter(|schema| schema.is_object()) {
        Some(schema) => recorder.tool(schema, None),
        None => recorder.parameter(key, format),
    }
}

fn add_message<'a>(
    message: Json<'a>,
    lifetime: Option<Ttl>,
    recorder: &mut Recorder<'a>,
) -> Result<(), Fault> {
    if message.text().is_some() {
        // An older `prompt` is a text, or a list of texts.
        recorder.add_text(message, Component::UserInput, false);
        return Ok(());
    }
    let (mut role, mut content, mut calls, mut function_call) = (None, None, None, None);
    message.each_entry(|key, value| {
        match key {
            "role" => role = value.text(),
            "content" => content = Some(value),
            "tool_calls" => calls = Some(value),
            "function_call" if value.is_object() => function_call = Some(value),
            _ => {}
        }
        Ok::<(), Fault>(())
    })?;
    let kind = component_of(role.as_deref());
    if let Some(content) = content {
        add_content(content, kind, lifetime, recorder)?;
    }
    if let Some(calls) = calls {
        calls.each_item(|call| {
            let function = call.get("function").unwrap_or(call);
            recorder.add_json(function, Component::History, true);
            Ok::<(), Fault>(())
        })?;
    }
    if let Some(call) = function_call {
        recorder.add_json(call, Component::History, true);
    }
    recorder.end_message();
    Ok(())
}

/// Adds content: a text, or a list of parts, as both of OpenAI's APIs have it.
///
/// # Errors
/// When it is not valid JSON.
pub fn add_content<'a>(
    content: Json<'a>,
    kind: (Component, bool),
    lifetime: Option<Ttl>,
    recorder: &mut Recorder<'a>,
) -> Result<(), Fault> {
    if content.text().is_some() {
        recorder.add_text(content, kind.0, kind.1);
    } else if content.is_object() {
        recorder.add_json(content, kind.0, kind.1);
    }
    content.each_item(|part| add_part(part, kind, lifetime, recorder))
}

fn add_part<'a>(
    part: Json<'a>,
    (component, assistant): (Component, bool),
    lifetime: Option<Ttl>,
    recorder: &mut Recorder<'a>,
) -> Result<(), Fault> {
    if part.text().is_some() {
        recorder.add_text(part, component, assistant);
        return Ok(());
    }
    let (mut kind, mut text, mut mark) = (None, None, None);
    part.each_entry(|key, value| {
        match key {
            "type" => kind = value.text(),
            "text" | "refusal" => text = Some(value),
            "cache_control" | "prompt_cache_breakpoint" if value.is_object() => mark = Some(value),
            _ => {}
        }
        Ok::<(), Fault>(())
    })?;
    match (kind.as_deref(), text) {
        (_, Some(text)) if text.text().is_some() => recorder.add_text(text, component, assistant),
        // Pictures, sounds and files: only the provider knows their tokens.
        (Some(_), None) => recorder.unmeasured(),
        _ => {}
    }
    if let Some(mark) = mark {
        let stated = mark.get("ttl").and_then(Json::text).and_then(|text| Ttl::parse(&text));
        recorder.cache_mark(stated.or(lifetime));
    }
    Ok(())
}

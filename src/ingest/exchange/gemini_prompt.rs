//! The prompt of a `generateContent` request: tools, system instruction, then
//! contents.

use crate::ingest::json::{Fault, Json};
use crate::ingest::prompt::Recorder;
use crate::record::call::Count;
use crate::record::component::Component;

use super::body::Reading;
use super::labels;
use super::provider::bare_model;
use super::request::{component_of, is_filled, read_fact};

/// Reads a request: parameters first, the prompt once its parts are found.
///
/// # Errors
/// When the request is not valid JSON or a field holds what it cannot.
pub fn read_request<'a>(request: Json<'a>, reading: &mut Reading<'a>) -> Result<(), Fault> {
    let mut recorder = Recorder::new(reading.memo);
    let (mut tools, mut system, mut contents, mut schema) = (None, None, None, None);
    request.each_entry(|key, value| {
        if value.is_null() {
            return Ok(());
        }
        match key {
            "tools" => tools = Some(value),
            "systemInstruction" | "system_instruction" => system = Some(value),
            "contents" => contents = Some(value),
            "generationConfig" | "generation_config" | "config" => {
                value.each_entry(|key, value| match key {
                    "maxOutputTokens" | "max_output_tokens" => {
                        let most = Count::from_optional(value.count("maxOutputTokens")?);
                        reading.draft.request.max_tokens = most;
                        recorder.parameter(key, value);
                        Ok(())
                    }
                    "responseSchema" | "responseJsonSchema" | "response_schema" => {
                        schema = Some(value);
                        Ok(())
                    }
                    _ => {
                        recorder.parameter(key, value);
                        read_fact(key, value, reading)
                    }
                })?;
            }
            // What was put into the cache before is billed and not in the request.
            "cachedContent" | "cached_content" => {
                reading.draft.flags.hidden_head = true;
                recorder.parameter(key, value);
            }
            "labels" => labels::map(&mut reading.draft, value)?,
            "model" => {
                let model = value.text().map(bare_model);
                reading.draft.requested_model.clone_from(&model);
                reading.draft.model = model.or(reading.draft.model.take());
            }
            _ => {
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
    let Some(contents) =
        contents.filter(|contents| !contents.items().is_empty() || !contents.is_array())
    else {
        return Ok(());
    };
    if let Some(tools) = tools {
        add_tools(tools, &mut recorder)?;
    }
    if let Some(schema) = schema {
        recorder.tool(schema, None);
    }
    if let Some(system) = system {
        add_content(system, (Component::SystemPrompt, false), &mut recorder)?;
    }
    if contents.is_array() {
        contents.each_item(|content| {
            let role = content.get("role").and_then(Json::text);
            add_content(content, component_of(role.as_deref()), &mut recorder)
        })?;
    } else {
        add_content(contents, (Component::UserInput, false), &mut recorder)?;
    }
    reading.recorder = Some(recorder);
    Ok(())
}

/// Adds each function's declaration; tools of Google's own have no text.
fn add_tools<'a>(tools: Json<'a>, recorder: &mut Recorder<'a>) -> Result<(), Fault> {
    tools.each_item(|tool| {
        tool.each_entry(|key, value| match key {
            "functionDeclarations" | "function_declarations" => value.each_item(|function| {
                recorder.tool(function, function.get("name").and_then(Json::text));
                Ok::<(), Fault>(())
            }),
            _ => {
                recorder.parameter(key, value);
                Ok(())
            }
        })
    })
}

/// Adds a content: a text, or parts; a part may also stand alone.
fn add_content<'a>(
    content: Json<'a>,
    kind: (Component, bool),
    recorder: &mut Recorder<'a>,
) -> Result<(), Fault> {
    if content.is_text() {
        recorder.add_text(content, kind.0, kind.1);
    } else if content.is_array() {
        content.each_item(|part| add_content(part, kind, recorder))?;
        return Ok(());
    } else if let Some(parts) = content.get("parts") {
        if parts.is_array() {
            parts.each_item(|part| add_part(part, kind, recorder))?;
        } else {
            add_part(parts, kind, recorder)?;
        }
    } else {
        add_part(content, kind, recorder)?;
    }
    recorder.end_message();
    Ok(())
}

fn add_part<'a>(
    part: Json<'a>,
    kind: (Component, bool),
    recorder: &mut Recorder<'a>,
) -> Result<(), Fault> {
    if part.is_text() {
        recorder.add_text(part, kind.0, kind.1);
    }
    part.each_entry(|key, value| {
        if value.is_null() {
            return Ok(());
        }
        match key {
            "text" => recorder.add_text(value, kind.0, kind.1),
            "functionCall" | "function_call" | "executableCode" | "executable_code"
            | "toolCall" => {
                recorder.add_json(value, Component::History, true);
            }
            "functionResponse" | "function_response" => {
                let response = value.get("response").unwrap_or(value);
                recorder.add_json(response, Component::RetrievedContext, false);
            }
            "codeExecutionResult" | "code_execution_result" | "toolResponse" => {
                recorder.add_json(value, Component::RetrievedContext, kind.1);
            }
            // Pictures, sounds and files: only the provider knows their tokens.
            "inlineData" | "inline_data" | "fileData" | "file_data" => recorder.unmeasured(),
            _ => {}
        }
        Ok(())
    })
}

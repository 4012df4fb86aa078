//! The prompt of a Converse request: tools, system, then messages. Cache points
//! stand as items of their own behind what they mark.

use crate::ingest::json::{Fault, Json};
use crate::ingest::prompt::Recorder;
use crate::record::call::Count;
use crate::record::component::Component;
use crate::units::Ttl;

use super::body::Reading;
use super::labels;
use super::provider::bare_model;
use super::request::{component_of, is_filled, read_fact, read_tier};

/// Reads a request: parameters first, the prompt once its parts are found.
///
/// # Errors
/// When the request is not valid JSON or a field holds what it cannot.
pub fn read_request<'a>(request: Json<'a>, reading: &mut Reading<'a>) -> Result<(), Fault> {
    let mut recorder = Recorder::new(reading.memo);
    let (mut tools, mut system, mut messages, mut schema) = (None, None, None, None);
    request.each_entry(|key, value| {
        if value.is_null() {
            return Ok(());
        }
        match key {
            "system" => system = Some(value),
            "messages" => messages = Some(value),
            "toolConfig" => {
                tools = value.get("tools");
                if let Some(choice) = value.get("toolChoice") {
                    recorder.parameter("toolChoice", choice);
                }
            }
            "inferenceConfig" => {
                read_inference(value, reading)?;
                recorder.parameter(key, value);
            }
            "outputConfig" => {
                schema = value.at(&["textFormat", "structure", "jsonSchema", "schema"]);
                recorder.parameter(key, value);
            }
            // Who asks and how it is delivered: none of it changes the answer.
            "requestMetadata" => labels::map(&mut reading.draft, value)?,
            "serviceTier" => {
                if let Some(tier) = value.get("type") {
                    read_tier(tier, reading);
                }
            }
            "performanceConfig" | "schemaVersion" => {}
            // What SDKs are called with holds what is sent in the address.
            "modelId" => {
                let model = value.text().map(bare_model);
                reading.draft.requested_model.clone_from(&model);
                reading.draft.model = model.or(reading.draft.model.take());
            }
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
    facts.has_tools = Some(tools.is_some_and(is_filled));
    let Some(messages) = messages.filter(|messages| is_filled(*messages)) else { return Ok(()) };
    let mut lifetime = None;
    if let Some(tools) = tools {
        add_tools(tools, &mut recorder, &mut lifetime)?;
    }
    if let Some(schema) = schema {
        recorder.tool(schema, None);
    }
    if let Some(system) = system {
        let kind = (Component::SystemPrompt, false);
        system.each_item(|block| add_block(block, kind, &mut recorder, &mut lifetime))?;
        recorder.end_message();
    }
    messages.each_item(|message| {
        let role = message.get("role").and_then(Json::text);
        let kind = component_of(role.as_deref());
        if let Some(content) = message.get("content") {
            content.each_item(|block| add_block(block, kind, &mut recorder, &mut lifetime))?;
        }
        recorder.end_message();
        Ok::<(), Fault>(())
    })?;
    reading.cache_lifetime = reading.cache_lifetime.or(lifetime);
    reading.recorder = Some(recorder);
    Ok(())
}

fn read_inference<'a>(config: Json<'a>, reading: &mut Reading<'a>) -> Result<(), Fault> {
    config.each_entry(|key, value| match key {
        "maxTokens" | "max_new_tokens" => {
            let most = Count::from_optional(value.count("maxTokens")?);
            reading.draft.request.max_tokens = most;
            Ok(())
        }
        _ => read_fact(key, value, reading),
    })
}

fn add_tools<'a>(
    tools: Json<'a>,
    recorder: &mut Recorder<'a>,
    lifetime: &mut Option<Ttl>,
) -> Result<(), Fault> {
    tools.each_item(|tool| {
        tool.each_entry(|key, value| {
            if key == "cachePoint" {
                mark(value, recorder, lifetime);
            } else {
                recorder.tool(value, value.get("name").and_then(Json::text));
            }
            Ok::<(), Fault>(())
        })
    })
}

/// Sets a cache mark; where all marks name one lifetime, it is the lifetime of
/// what is written.
fn mark<'a>(point: Json<'a>, recorder: &mut Recorder<'a>, lifetime: &mut Option<Ttl>) {
    let stated = point.get("ttl").and_then(Json::text).and_then(|text| Ttl::parse(&text));
    recorder.cache_mark(stated);
    *lifetime = stated.or(*lifetime);
}

fn add_block<'a>(
    block: Json<'a>,
    kind: (Component, bool),
    recorder: &mut Recorder<'a>,
    lifetime: &mut Option<Ttl>,
) -> Result<(), Fault> {
    let text_at = |value: Json<'a>, path: &[&str], recorder: &mut Recorder<'a>| {
        if let Some(text) = value.at(path) {
            recorder.add_text(text, kind.0, kind.1);
        }
    };
    block.each_entry(|key, value| {
        match key {
            "text" => recorder.add_text(value, kind.0, kind.1),
            "guardContent" => text_at(value, &["text", "text"], recorder),
            "reasoningContent" => text_at(value, &["reasoningText", "text"], recorder),
            "toolUse" => recorder.add_json(value, Component::History, true),
            "toolResult" => add_results(value.get("content"), kind.1, recorder, lifetime)?,
            "searchResult" | "citationsContent" => {
                add_results(value.get("content"), kind.1, recorder, lifetime)?;
            }
            "document" => add_document(value, recorder),
            "json" => recorder.add_json(value, kind.0, kind.1),
            "image" | "video" | "audio" => recorder.unmeasured(),
            "cachePoint" => mark(value, recorder, lifetime),
            _ => {}
        }
        Ok(())
    })
}

fn add_results<'a>(
    content: Option<Json<'a>>,
    assistant: bool,
    recorder: &mut Recorder<'a>,
    lifetime: &mut Option<Ttl>,
) -> Result<(), Fault> {
    let kind = (Component::RetrievedContext, assistant);
    content.map_or(Ok(()), |content| {
        content.each_item(|block| add_block(block, kind, recorder, lifetime))
    })
}

/// A document: texts are measured, files only counted.
fn add_document<'a>(document: Json<'a>, recorder: &mut Recorder<'a>) {
    match document.at(&["source", "text"]) {
        Some(text) => recorder.add_text(text, Component::RetrievedContext, false),
        None => recorder.unmeasured(),
    }
}

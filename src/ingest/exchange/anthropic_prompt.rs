//! The prompt of a Messages request: tools, system, then messages.

use std::borrow::Cow;

use crate::ingest::json::{Fault, Json};
use crate::ingest::prompt::Recorder;
use crate::record::call::Count;
use crate::record::component::Component;
use crate::record::lane::Tier;
use crate::units::Ttl;

use super::body::Reading;
use super::labels;
use super::request::{component_of, is_filled, read_fact};

/// Between a user and a session in the `user_id` that Claude Code sends.
const SESSION_MARK: &str = "_session_";

/// Reads a request: parameters first, the prompt once its parts are found.
///
/// # Errors
/// When the request is not valid JSON or a field holds what it cannot.
pub fn read_request<'a>(request: Json<'a>, reading: &mut Reading<'a>) -> Result<(), Fault> {
    let mut recorder = Recorder::new(reading.memo);
    let (mut tools, mut system, mut messages, mut mark, mut schema) =
        (None, None, None, None, None);
    request.each_entry(|key, value| {
        if value.is_null() {
            return Ok(());
        }
        match key {
            "tools" => tools = Some(value),
            "system" => system = Some(value),
            "messages" => messages = Some(value),
            "cache_control" => mark = Some(value),
            "metadata" => read_metadata(value, reading)?,
            "max_tokens" => {
                reading.draft.request.max_tokens = Count::from_optional(value.count("max_tokens")?);
            }
            "speed" => {
                let speed = value.text().and_then(|word| Tier::parse(&word));
                reading.draft.tier = speed.unwrap_or(reading.draft.tier);
            }
            // `auto` and `standard_only` are wishes; the answer says what was served.
            "service_tier" | "max_completion_tokens" | "max_output_tokens" => {}
            _ => {
                if matches!(key, "output_config" | "output_format") {
                    let format = value.get("format").unwrap_or(value);
                    schema = format.get("schema").or(schema);
                }
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
    if let Some(tools) = tools {
        add_tools(tools, &mut recorder)?;
    }
    if let Some(schema) = schema {
        recorder.tool(schema, None);
    }
    if let Some(system) = system {
        add_content(system, (Component::SystemPrompt, false), &mut recorder)?;
        recorder.end_message();
    }
    messages.each_item(|message| add_message(message, &mut recorder))?;
    if let Some(mark) = mark {
        // Automatic caching: the mark stands behind the last block.
        recorder.cache_mark(lifetime_of(mark));
    }
    reading.recorder = Some(recorder);
    Ok(())
}

/// `metadata.user_id`; Claude Code packs account and session into it.
fn read_metadata<'a>(metadata: Json<'a>, reading: &mut Reading<'a>) -> Result<(), Fault> {
    let user = metadata.get("user_id").and_then(Json::text);
    let draft = &mut reading.draft;
    let Some(user) = user else { return labels::map(draft, metadata) };
    if user.starts_with('{') {
        return labels::map_in_text(draft, &user);
    }
    let (user, session) = match user.split_once(SESSION_MARK) {
        Some((user, session)) => (Cow::Owned(user.to_owned()), Some(session.to_owned())),
        None => (user, None),
    };
    draft.user = draft.user.take().or(Some(user));
    draft.conversation = draft.conversation.take().or(session.map(Cow::Owned));
    Ok(())
}

fn add_tools<'a>(tools: Json<'a>, recorder: &mut Recorder<'a>) -> Result<(), Fault> {
    tools.each_item(|tool| {
        // Deferred tools enter the prompt only when a search finds them.
        if tool.get("defer_loading").and_then(Json::truth) == Some(true) {
            return Ok(());
        }
        recorder.tool(tool, tool.get("name").and_then(Json::text));
        if let Some(mark) = tool.get("cache_control") {
            recorder.cache_mark(lifetime_of(mark));
        }
        Ok(())
    })
}

fn lifetime_of(mark: Json<'_>) -> Option<Ttl> {
    mark.get("ttl").and_then(Json::text).and_then(|text| Ttl::parse(&text))
}

fn add_message<'a>(message: Json<'a>, recorder: &mut Recorder<'a>) -> Result<(), Fault> {
    let (mut role, mut content) = (None, None);
    message.each_entry(|key, value| {
        match key {
            "role" => role = value.text(),
            "content" => content = Some(value),
            _ => {}
        }
        Ok::<(), Fault>(())
    })?;
    if let Some(content) = content {
        add_content(content, component_of(role.as_deref()), recorder)?;
    }
    recorder.end_message();
    Ok(())
}

fn add_content<'a>(
    content: Json<'a>,
    kind: (Component, bool),
    recorder: &mut Recorder<'a>,
) -> Result<(), Fault> {
    if content.text().is_some() {
        recorder.add_text(content, kind.0, kind.1);
    }
    content.each_item(|block| add_block(block, kind, recorder))
}

#[derive(Default)]
struct Block<'a> {
    kind: Option<Cow<'a, str>>,
    text: Option<Json<'a>>,
    content: Option<Json<'a>>,
    source: Option<Json<'a>>,
    tool: Option<Json<'a>>,
    mark: Option<Json<'a>>,
}

fn add_block<'a>(
    block: Json<'a>,
    kind: (Component, bool),
    recorder: &mut Recorder<'a>,
) -> Result<(), Fault> {
    let mut found = Block::default();
    block.each_entry(|key, value| {
        match key {
            "type" => found.kind = value.text(),
            "text" | "thinking" => found.text = Some(value),
            "content" => found.content = Some(value),
            "source" => found.source = Some(value),
            "tool" => found.tool = Some(value),
            "cache_control" => found.mark = Some(value),
            _ => {}
        }
        Ok::<(), Fault>(())
    })?;
    let retrieved = (Component::RetrievedContext, kind.1);
    match (found.kind.as_deref(), found.content) {
        (Some("document"), _) => add_document(found.source, recorder)?,
        (Some("tool_result" | "search_result"), Some(content)) => {
            add_content(content, retrieved, recorder)?;
        }
        // What server tools found is encrypted; only the provider knows its size.
        (Some("web_search_tool_result"), _) => recorder.unmeasured(),
        (Some(name), Some(content)) if name.ends_with("_tool_result") => {
            recorder.add_json(content, retrieved.0, retrieved.1);
        }
        (Some("tool_addition"), _) => {
            if let Some(tool) = found.tool {
                recorder.tool(tool, tool.get("name").and_then(Json::text));
            }
        }
        (Some(name), _) if name.ends_with("tool_use") => {
            recorder.add_json(block, Component::History, true);
        }
        (Some("image" | "container_upload"), _) => recorder.unmeasured(),
        _ => {
            if let Some(text) = found.text.filter(|text| text.text().is_some()) {
                recorder.add_text(text, kind.0, kind.1);
            }
        }
    }
    if let Some(mark) = found.mark {
        recorder.cache_mark(lifetime_of(mark));
    }
    Ok(())
}

/// A document: texts are measured, files only counted.
fn add_document<'a>(source: Option<Json<'a>>, recorder: &mut Recorder<'a>) -> Result<(), Fault> {
    let Some(source) = source else { return Ok(()) };
    let text = |key| source.get(key).and_then(Json::text);
    match text("type").as_deref() {
        Some("text") => {
            if let Some(data) = source.get("data") {
                recorder.add_text(data, Component::RetrievedContext, false);
            }
            Ok(())
        }
        Some("content") => source.get("content").map_or(Ok(()), |content| {
            add_content(content, (Component::RetrievedContext, false), recorder)
        }),
        _ => {
            recorder.unmeasured();
            Ok(())
        }
    }
}

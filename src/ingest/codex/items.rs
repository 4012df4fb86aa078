//! Items of a conversation as Codex sends them to the Responses API.

use crate::ingest::json::Json;
use crate::ingest::prompt::Recorder;
use crate::record::component::Component;

/// Adds an item; whether the model wrote it. `None` for what is no content:
/// reasoning is encrypted, snapshots are not sent.
pub(super) fn add<'a>(item: Json<'a>, recorder: &mut Recorder<'a>) -> Option<bool> {
    let kind = item.get("type").and_then(Json::text)?;
    let answer = match kind.as_ref() {
        "message" => add_message(item, recorder),
        "function_call" | "custom_tool_call" | "local_shell_call" | "web_search_call"
        | "tool_search_call" => {
            let keys = ["arguments", "input", "action"];
            if let Some(asked) = keys.iter().find_map(|key| item.get(key)) {
                add_value(asked, Component::History, true, recorder);
            }
            true
        }
        "function_call_output"
        | "custom_tool_call_output"
        | "tool_search_output"
        | "mcp_tool_call_output" => {
            if let Some(output) = item.get("output") {
                add_output(output, recorder);
            }
            false
        }
        _ => return None,
    };
    recorder.end_message();
    Some(answer)
}

fn add_message<'a>(item: Json<'a>, recorder: &mut Recorder<'a>) -> bool {
    let role = item.get("role").and_then(Json::text);
    let (component, answer) = match role.as_deref() {
        Some("assistant") => (Component::History, true),
        Some("developer" | "system") => (Component::SystemPrompt, false),
        _ => (Component::UserInput, false),
    };
    if let Some(content) = item.get("content") {
        add_content(content, component, answer, recorder);
    }
    answer
}

/// A string, or a list of parts with text and pictures.
fn add_content<'a>(
    content: Json<'a>,
    component: Component,
    answer: bool,
    recorder: &mut Recorder<'a>,
) {
    if content.is_text() {
        return recorder.add_text(content, component, answer);
    }
    for part in content.items() {
        let kind = part.get("type").and_then(Json::text);
        match part.get("text").filter(|text| text.is_text()) {
            Some(text) => recorder.add_text(text, component, answer),
            None if kind.is_some_and(|kind| kind.contains("image") || kind.contains("file")) => {
                recorder.unmeasured();
            }
            None => {}
        }
    }
}

fn add_output<'a>(output: Json<'a>, recorder: &mut Recorder<'a>) {
    let inner = output.get("content").unwrap_or(output);
    if inner.is_text() || inner.is_array() {
        add_content(inner, Component::RetrievedContext, false, recorder);
    } else {
        recorder.add_json(inner, Component::RetrievedContext, false);
    }
}

fn add_value<'a>(value: Json<'a>, component: Component, answer: bool, recorder: &mut Recorder<'a>) {
    if value.is_text() {
        recorder.add_text(value, component, answer);
    } else {
        recorder.add_json(value, component, answer);
    }
}

//! Parts of an exported message.

use crate::ingest::json::Json;
use crate::ingest::prompt::Recorder;
use crate::record::component::Component;

/// Adds a part of what the user sent.
pub(super) fn add_user<'a>(part: Json<'a>, recorder: &mut Recorder<'a>) {
    add(part, Component::UserInput, false, recorder);
}

/// Adds a part of what the model said: text, and what it asked of tools.
pub(super) fn add_answer<'a>(part: Json<'a>, recorder: &mut Recorder<'a>) {
    add(part, Component::History, true, recorder);
    if let Some(asked) = state_of_tool(part).and_then(|state| state.get("input")) {
        recorder.add_json(asked, Component::History, true);
    }
}

/// Adds what a tool answered, which goes back with the next call.
pub(super) fn add_result<'a>(part: Json<'a>, recorder: &mut Recorder<'a>) {
    let Some(state) = state_of_tool(part) else { return };
    let result = state.get("output").or_else(|| state.get("error"));
    if let Some(result) = result.filter(|result| result.is_text()) {
        recorder.add_text(result, Component::RetrievedContext, false);
    }
    for content in state.get("content").map(Json::items).unwrap_or_default() {
        add(content, Component::RetrievedContext, false, recorder);
    }
}

fn add<'a>(part: Json<'a>, component: Component, answer: bool, recorder: &mut Recorder<'a>) {
    let kind = part.get("type").and_then(Json::text);
    match kind.as_deref() {
        Some("text") => {
            if let Some(text) = part.get("text").filter(|text| text.is_text()) {
                recorder.add_text(text, component, answer);
            }
        }
        Some("file") => recorder.unmeasured(),
        _ => {}
    }
}

fn state_of_tool(part: Json<'_>) -> Option<Json<'_>> {
    let kind = part.get("type").and_then(Json::text);
    part.get("state").filter(|_| kind.as_deref() == Some("tool"))
}

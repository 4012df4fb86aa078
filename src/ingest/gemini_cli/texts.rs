//! Parts of messages as Google's SDK writes them: a text, a part, or a list.

use crate::ingest::json::Json;
use crate::ingest::prompt::Recorder;
use crate::record::component::Component;

/// Adds what the user said, with the tool results that go with it.
pub(super) fn add_user<'a>(content: Json<'a>, recorder: &mut Recorder<'a>) {
    add(content, Component::UserInput, false, recorder);
}

/// Adds what the model said.
pub(super) fn add_answer<'a>(content: Json<'a>, recorder: &mut Recorder<'a>) {
    add(content, Component::History, true, recorder);
}

/// Adds what a tool was asked.
pub(super) fn add_tool_call<'a>(call: Json<'a>, recorder: &mut Recorder<'a>) {
    if let Some(asked) = call.get("args") {
        recorder.add_json(asked, Component::History, true);
    }
}

/// Adds what a tool answered.
pub(super) fn add_tool_result<'a>(call: Json<'a>, recorder: &mut Recorder<'a>) {
    if let Some(result) = call.get("result") {
        add(result, Component::RetrievedContext, false, recorder);
    }
}

fn add<'a>(content: Json<'a>, component: Component, answer: bool, recorder: &mut Recorder<'a>) {
    if content.is_text() {
        return recorder.add_text(content, component, answer);
    }
    if content.is_array() {
        // A list in a list is none of Google's shapes.
        let parts = content.items().into_iter().filter(|part| !part.is_array());
        return parts.for_each(|part| add(part, component, answer, recorder));
    }
    let is_thought = content.get("thought").and_then(Json::truth) == Some(true);
    if let Some(text) = content.get("text").filter(|text| text.is_text() && !is_thought) {
        recorder.add_text(text, component, answer);
    } else if let Some(asked) = content.at(&["functionCall", "args"]) {
        recorder.add_json(asked, Component::History, true);
    } else if let Some(result) = content.at(&["functionResponse", "response"]) {
        recorder.add_json(result, Component::RetrievedContext, false);
    } else if content.get("inlineData").or_else(|| content.get("fileData")).is_some() {
        recorder.unmeasured();
    }
}

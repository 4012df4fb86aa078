//! Prompts and answers as tracers keep them: whatever the traced function took
//! and gave, in the shape of any provider or framework.
//!
//! Read here: OpenAI's, Anthropic's and Gemini's messages, `LangChain`'s (plain
//! and serialised), OpenTelemetry's with `parts`, and bare texts. Must not know
//! which log they come from, nor count what a provider counted.

use std::borrow::Cow;

use crate::record::component::Component;
use crate::units::Ttl;

use super::batch::Draft;
use super::exchange::body::{Reading, first_item};
use super::exchange::labels;
use super::exchange::openai_prompt::add_tools;
use super::exchange::request::component_of;
use super::json::{Fault, Json};
use super::prompt::{PromptDraft, Recorder};
use super::value::Value;

/// Lists in lists in messages; deeper nesting is no conversation.
const DEEPEST: usize = 8;

/// The prompt of a call whose request and answer were kept as they came, with
/// the parameters that can change the answer.
///
/// # Errors
/// When one of them is not valid JSON.
pub(super) fn prompt<'a>(
    input: Option<Json<'a>>,
    output: Option<Json<'_>>,
    parameters: Option<Json<'a>>,
    reading: &Reading<'_>,
) -> Result<Option<PromptDraft>, Fault> {
    let Some(input) = input.filter(|input| !is_empty(*input)) else { return Ok(None) };
    let mut recorder = Recorder::new(reading.memo);
    if let Some(parameters) = parameters {
        parameters.each_entry(|key, value| {
            if reading.is_parameter(key) {
                recorder.parameter(key, value);
            }
            // LangChain's tracers log offered tools among the parameters alone.
            if matches!(key, "tools" | "functions") && input.get(key).is_none() {
                add_tool_list(value, &mut recorder)?;
            }
            Ok::<(), Fault>(())
        })?;
    }
    add_request(input, &mut recorder)?;
    if let Some(output) = output {
        recorder.answer(&answer(output));
    }
    Ok(Some(recorder.finish()))
}

fn is_empty(value: Json<'_>) -> bool {
    value.is_null() || matches!(value.raw(), "\"\"" | "{}" | "[]")
}

/// An object or a list, also one that was written as a text. What merely opens
/// like one is none: no text that a program logged spoils a call.
pub(super) fn structure(value: Value<'_>) -> Option<Cow<'_, str>> {
    let text = value.structure()?;
    serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok().then_some(text)
}

/// Takes in a map of metadata: labels, but for what frameworks write there for
/// themselves.
///
/// # Errors
/// When it is not valid JSON.
pub(super) fn label<'a>(map: Json<'a>, draft: &mut Draft<'a>) -> Result<(), Fault> {
    const OWN: [&str; 6] = ["ls_", "langgraph_", "checkpoint", "__", "lc_", "revision_id"];
    map.each_entry(|key, value| {
        if key == "langgraph_node" || !OWN.iter().any(|own| key.starts_with(own)) {
            labels::label(draft, key, value.name());
        }
        Ok(())
    })
}

/// Whether an id is one that providers give their answers.
pub(super) fn is_answer_id(id: &str) -> bool {
    const OPENINGS: [&str; 5] = ["chatcmpl-", "msg_", "resp_", "gen-", "cmpl-"];
    OPENINGS.iter().any(|opening| id.starts_with(opening))
}

/// A structure, else the text as a JSON string.
pub(super) fn as_json(value: Value<'_>) -> Cow<'_, str> {
    structure(value).unwrap_or_else(|| match value {
        Value::Json(json) => Cow::Borrowed(json.raw()),
        Value::Cell(cell) => Cow::Owned(serde_json::to_string(cell).unwrap_or_default()),
    })
}

/// Adds a request: a text, messages, or an object that has them beside tools
/// and a system prompt.
///
/// # Errors
/// When it is not valid JSON.
pub(super) fn add_request<'a>(input: Json<'a>, recorder: &mut Recorder<'a>) -> Result<(), Fault> {
    let mut request = Request::default();
    if input.is_object() {
        input.each_entry(|key, value| request.take(key, value))?;
    }
    for tools in request.tools.into_iter().flatten() {
        add_tool_list(tools, recorder)?;
    }
    if let Some(system) = request.system {
        add_content(system, (Component::SystemPrompt, false), recorder, 0)?;
        recorder.end_message();
    }
    add_messages(request.messages.map_or(input, |(_, messages)| messages), recorder)
}

/// What an object with a request in it has.
#[derive(Debug, Default)]
struct Request<'a> {
    messages: Option<(usize, Json<'a>)>,
    system: Option<Json<'a>>,
    tools: [Option<Json<'a>>; 2],
}

/// Where requests have their messages, the surest first.
const MESSAGES: [&str; 7] =
    ["messages", "contents", "prompts", "prompt", "input", "inputs", "texts"];

impl<'a> Request<'a> {
    fn take(&mut self, key: &str, value: Json<'a>) -> Result<(), Fault> {
        if value.is_null() {
            return Ok(());
        }
        if let Some(rank) = MESSAGES.iter().position(|known| *known == key) {
            if self.messages.is_none_or(|(known, _)| rank < known) {
                self.messages = Some((rank, value));
            }
            return Ok(());
        }
        match key {
            "system" | "system_instruction" | "systemInstruction" | "instructions" => {
                self.system = Some(value);
            }
            "tools" => self.tools[0] = Some(value),
            "functions" => self.tools[1] = Some(value),
            // Gemini's SDK and LangChain put them a level below.
            "config" | "kwargs" | "invocation_params" => {
                value.each_entry(|key, value| match key {
                    "system_instruction" | "systemInstruction" | "tools" | "functions" => {
                        self.take(key, value)
                    }
                    _ => Ok(()),
                })?;
            }
            _ => {}
        }
        Ok(())
    }
}

/// Adds definitions of tools, Gemini's lists of declarations among them.
///
/// # Errors
/// When they are not valid JSON.
pub(super) fn add_tool_list<'a>(tools: Json<'a>, recorder: &mut Recorder<'a>) -> Result<(), Fault> {
    tools.each_item(|tool| {
        let declared = ["function_declarations", "functionDeclarations"];
        match declared.iter().find_map(|key| tool.get(key)) {
            Some(list) => add_tools(list, recorder),
            None => {
                add_one_tool(tool, recorder);
                Ok(())
            }
        }
    })?;
    recorder.end_message();
    Ok(())
}

fn add_one_tool<'a>(tool: Json<'a>, recorder: &mut Recorder<'a>) {
    let named = tool.get("function").unwrap_or(tool);
    let name = named.get("name").or_else(|| named.get("type")).and_then(Json::text);
    recorder.tool(tool, name);
}

/// Adds messages: a list of them, a list of lists, one, or a text.
///
/// # Errors
/// When they are not valid JSON.
pub(super) fn add_messages<'a>(
    messages: Json<'a>,
    recorder: &mut Recorder<'a>,
) -> Result<(), Fault> {
    // LangChain's handlers log offered tools as messages behind the others;
    // a provider puts tools first.
    let mut has_tools = false;
    messages.each_item(|message| {
        if let Some(tool) = tool_of(message) {
            has_tools = true;
            add_one_tool(tool, recorder);
        }
        Ok::<(), Fault>(())
    })?;
    if has_tools {
        recorder.end_message();
    }
    add_list(messages, recorder, 0)
}

fn add_list<'a>(
    messages: Json<'a>,
    recorder: &mut Recorder<'a>,
    depth: usize,
) -> Result<(), Fault> {
    if messages.is_array() && depth < DEEPEST {
        return messages.each_item(|message| add_list(message, recorder, depth + 1));
    }
    if tool_of(messages).is_some() {
        return Ok(());
    }
    add_message(messages, recorder)
}

/// The definition of a tool that was logged as a message.
fn tool_of(message: Json<'_>) -> Option<Json<'_>> {
    if !message.is_object() || message.get("role")?.text().as_deref() != Some("tool") {
        return None;
    }
    let content = message.get("content").filter(|content| content.is_object())?;
    content.at(&["function", "name"]).map(|_| content)
}

/// What a message says, in the words of any framework.
#[derive(Debug, Default)]
struct Message<'a> {
    role: Option<Cow<'a, str>>,
    content: Option<Json<'a>>,
    calls: [Option<Json<'a>>; 2],
}

impl<'a> Message<'a> {
    fn of(json: Json<'a>) -> Result<Self, Fault> {
        let mut message = Self::default();
        let (mut kind, mut class, mut fields) = (None, None, None);
        json.each_entry(|key, value| {
            match key {
                "type" => kind = value.text(),
                // How LangChain serialises an object: its class is the last of `id`.
                "id" if value.is_array() => {
                    class = value.items().last().and_then(|class| class.text());
                }
                "kwargs" | "data" if value.is_object() => fields = Some(value),
                _ => message.take(key, value)?,
            }
            Ok::<(), Fault>(())
        })?;
        if let Some(fields) = fields {
            fields.each_entry(|key, value| message.take(key, value))?;
        }
        // Beside a class, `type` only says that it is an object.
        message.role = message.role.or(class).or(kind);
        Ok(message)
    }

    fn take(&mut self, key: &str, value: Json<'a>) -> Result<(), Fault> {
        if value.is_null() {
            return Ok(());
        }
        match key {
            "role" => self.role = value.text(),
            "content" | "parts" => self.content = Some(value),
            "text" | "prompt" => self.content = self.content.or(Some(value)),
            "tool_calls" if self.calls[0].is_none() || value.raw().len() > 2 => {
                self.calls[0] = Some(value);
            }
            "function_call" => self.calls[1] = Some(value),
            "additional_kwargs" => value.each_entry(|key, value| match key {
                "tool_calls" | "function_call" => self.take(key, value),
                _ => Ok(()),
            })?,
            _ => {}
        }
        Ok(())
    }

    /// What kind of content it has, and whether the assistant said it.
    fn component(&self) -> (Component, bool) {
        let role = self.role.as_deref().unwrap_or_default().to_ascii_lowercase();
        let role = role.strip_suffix("chunk").unwrap_or(&role);
        component_of(Some(match role.strip_suffix("message").unwrap_or(role) {
            "human" => "user",
            "ai" => "assistant",
            role => role,
        }))
    }
}

fn add_message<'a>(json: Json<'a>, recorder: &mut Recorder<'a>) -> Result<(), Fault> {
    if !json.is_object() {
        add_content(json, (Component::UserInput, false), recorder, 0)?;
        recorder.end_message();
        return Ok(());
    }
    let message = Message::of(json)?;
    let kind = message.component();
    match message.content {
        Some(content) => add_content(content, kind, recorder, 0)?,
        None if message.calls == [None, None] => recorder.add_json(json, kind.0, kind.1),
        None => {}
    }
    if let [Some(calls), _] = message.calls {
        calls.each_item(|call| {
            recorder.add_json(call.get("function").unwrap_or(call), Component::History, true);
            Ok::<(), Fault>(())
        })?;
    }
    if let [_, Some(call)] = message.calls {
        recorder.add_json(call, Component::History, true);
    }
    recorder.end_message();
    Ok(())
}

/// Adds content: a text, an object, or a list of parts.
///
/// # Errors
/// When it is not valid JSON.
pub(super) fn add_content<'a>(
    content: Json<'a>,
    kind: (Component, bool),
    recorder: &mut Recorder<'a>,
    depth: usize,
) -> Result<(), Fault> {
    if content.is_array() && depth < DEEPEST {
        return content.each_item(|part| add_content(part, kind, recorder, depth + 1));
    }
    if content.is_text() {
        if content.text().is_some() {
            recorder.add_text(content, kind.0, kind.1);
        }
    } else if content.is_object() {
        add_part(content, kind, recorder, depth)?;
    }
    Ok(())
}

/// Adds a part: a text, a call of a tool, its result, or a picture.
fn add_part<'a>(
    part: Json<'a>,
    (component, assistant): (Component, bool),
    recorder: &mut Recorder<'a>,
    depth: usize,
) -> Result<(), Fault> {
    let (mut kind, mut text, mut call, mut result, mut inside, mut mark) =
        (None, None, None, None, None, None);
    let mut is_media = false;
    part.each_entry(|key, value| {
        match key {
            _ if value.is_null() => {}
            "type" => kind = value.text(),
            "text" | "refusal" | "thinking" => text = Some(value),
            "content" | "parts" => inside = Some(value),
            "function_call" | "functionCall" => call = Some(value),
            "function_response" | "functionResponse" | "response" | "result" => {
                result = Some(value);
            }
            "inline_data" | "inlineData" | "file_data" | "fileData" => is_media = true,
            "cache_control" | "cachePoint" => mark = Some(value),
            _ => {}
        }
        Ok::<(), Fault>(())
    })?;
    let retrieved = (Component::RetrievedContext, false);
    match kind.as_deref() {
        Some("tool_use" | "tool_call" | "function_call") => {
            recorder.add_json(part, Component::History, true);
        }
        Some("tool_result" | "tool_call_response" | "function_call_output") => {
            match result.or(inside).or_else(|| part.get("output")) {
                Some(result) => add_content(result, retrieved, recorder, depth + 1)?,
                None => recorder.add_json(part, retrieved.0, retrieved.1),
            }
        }
        _ if is_media => recorder.unmeasured(),
        _ => match (text, call, result, inside) {
            (Some(text), ..) if text.is_text() => recorder.add_text(text, component, assistant),
            (_, Some(call), ..) => recorder.add_json(call, Component::History, true),
            (_, _, Some(result), _) => recorder.add_json(result, retrieved.0, retrieved.1),
            (.., Some(inside)) if depth < DEEPEST => {
                add_content(inside, (component, assistant), recorder, depth + 1)?;
            }
            // Pictures, sounds and files: only the provider knows their tokens.
            _ if kind.is_some() => recorder.unmeasured(),
            _ => recorder.add_json(part, component, assistant),
        },
    }
    if let Some(mark) = mark {
        let ttl = mark.get("ttl").and_then(Json::text);
        recorder.cache_mark(ttl.and_then(|ttl| Ttl::parse(&ttl)));
    }
    Ok(())
}

/// The generated text, with what tools were called with.
pub(super) fn answer(output: Json<'_>) -> String {
    let mut text = String::new();
    gather(output, &mut text, 0);
    if text.is_empty() && output.is_object() && !is_wrapped(output) {
        // A structured answer that the framework parsed.
        output.raw().clone_into(&mut text);
    }
    text
}

/// Where answers lie, the innermost first: what is around it restates it.
const AROUND: [&str; 8] =
    ["message", "generations", "choices", "candidates", "output", "outputs", "kwargs", "response"];
/// What an answer is made of.
const MADE_OF: [&str; 8] = [
    "content",
    "parts",
    "text",
    "tool_calls",
    "function_call",
    "functionCall",
    "additional_kwargs",
    "arguments",
];

fn is_wrapped(output: Json<'_>) -> bool {
    AROUND.iter().chain(&MADE_OF).any(|key| output.get(key).is_some())
}

fn gather(value: Json<'_>, text: &mut String, depth: usize) {
    if depth > 2 * DEEPEST {
        return;
    }
    if let Some(piece) = value.any_text() {
        text.push_str(&piece);
        return;
    }
    if value.is_array() {
        value.items().into_iter().for_each(|item| gather(item, text, depth + 1));
        return;
    }
    if let Some(inside) = AROUND.iter().find_map(|key| value.get(key)) {
        return gather(inside, text, depth + 1);
    }
    let get = |key: &str| value.get(key);
    if let Some(content) = get("content").or_else(|| get("parts")).or_else(|| get("text")) {
        gather(content, text, depth + 1);
    }
    let sent = get("tool_calls").filter(|calls| first_item(*calls).is_some());
    for calls in [sent, get("function_call"), get("functionCall")].into_iter().flatten() {
        gather_arguments(calls, text);
    }
    if sent.is_none()
        && let Some(more) = get("additional_kwargs")
    {
        gather(more, text, depth + 1);
    }
    if matches!(get("type").and_then(Json::text).as_deref(), Some("tool_use" | "tool_call")) {
        gather_arguments(value, text);
    }
}

/// What tools were called with: JSON, as an object or as its text.
fn gather_arguments(calls: Json<'_>, text: &mut String) {
    let calls = if calls.is_array() { calls.items() } else { vec![calls] };
    for call in calls {
        let call = call.get("function").unwrap_or(call);
        let arguments = ["arguments", "args", "input"].iter().find_map(|key| call.get(key));
        match arguments.map(|arguments| (arguments.text(), arguments)) {
            Some((Some(words), _)) => text.push_str(&words),
            Some((None, arguments)) => text.push_str(arguments.raw()),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{add_request, answer};
    use crate::ingest::json::Json;
    use crate::ingest::prompt::{PromptDraft, Recorder};
    use crate::measure::memo::Memo;
    use crate::record::component::Component;

    fn components(input: &str) -> (Vec<Component>, PromptDraft) {
        let memo = Memo::default();
        let mut recorder = Recorder::new(&memo);
        add_request(Json::of_text(input), &mut recorder).expect("valid JSON");
        let draft = recorder.finish();
        (draft.parts.iter().map(|part| part.component).collect(), draft)
    }

    #[test]
    fn the_shapes_of_all_frameworks_are_the_same_conversation() {
        use Component::{History, RetrievedContext, SystemPrompt, ToolDefinitions, UserInput};
        let expected = [ToolDefinitions, SystemPrompt, UserInput, History, RetrievedContext];
        for (shape, input) in [
            (
                "OpenAI",
                r#"{"tools":[{"type":"function","function":{"name":"look"}}],"messages":[
                {"role":"system","content":"Be brief."},{"role":"user","content":[{"type":"text","text":"Hi"}]},
                {"role":"assistant","content":null,"tool_calls":[{"id":"c","function":{"name":"look","arguments":"{}"}}]},
                {"role":"tool","content":"seen","tool_call_id":"c"}]}"#,
            ),
            (
                "Anthropic",
                r#"{"system":"Be brief.","tools":[{"name":"look","input_schema":{}}],"messages":[{"role":"user","content":"Hi"},
                {"role":"assistant","content":[{"type":"tool_use","name":"look","input":{}}]},
                {"role":"user","content":[{"type":"tool_result","content":"seen"}]}]}"#,
            ),
            (
                "Gemini",
                r#"{"config":{"system_instruction":"Be brief.","tools":[{"function_declarations":[{"name":"look"}]}]},"contents":[
                {"role":"user","parts":[{"text":"Hi"}]},{"role":"model","parts":[{"function_call":{"name":"look","args":{}}}]},
                {"role":"user","parts":[{"function_response":{"name":"look","response":{"seen":1}}}]}]}"#,
            ),
            (
                "LangChain",
                r#"{"messages":[[{"lc":1,"type":"constructor","id":["langchain","schema","SystemMessage"],"kwargs":{"content":"Be brief."}},
                {"type":"human","data":{"content":"Hi"}},
                {"id":["x","AIMessageChunk"],"kwargs":{"content":"","tool_calls":[{"name":"look","args":{}}]}},
                {"type":"tool","content":"seen"}]],"kwargs":{"tools":[{"name":"look"}]}}"#,
            ),
            (
                "Langfuse's handler",
                r#"[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"},
                {"role":"assistant","content":"","additional_kwargs":{"tool_calls":[{"function":{"name":"look","arguments":"{}"}}]}},
                {"role":"tool","content":"seen"},{"role":"tool","content":{"type":"function","function":{"name":"look"}}}]"#,
            ),
            (
                "OpenTelemetry",
                r#"{"tools":[{"name":"look"}],"messages":[{"role":"system","parts":[{"type":"text","content":"Be brief."}]},
                {"role":"user","parts":[{"type":"text","content":"Hi"}]},
                {"role":"assistant","parts":[{"type":"tool_call","id":"c","name":"look","arguments":{}}]},
                {"role":"tool","parts":[{"type":"tool_call_response","id":"c","result":"seen"}]}]}"#,
            ),
        ] {
            assert_eq!(components(input).0, expected, "{shape}");
        }
    }

    #[test]
    fn texts_and_media() {
        assert_eq!(components("\"Hi\"").0, [Component::UserInput]);
        assert_eq!(components(r#"["one","two"]"#).0, [Component::UserInput; 2]);
        assert_eq!(components(r#"{"content":"Hi","role":"user"}"#).0, [Component::UserInput]);
        assert_eq!(components(r#"{"question":"Hi"}"#).0, [Component::UserInput]);
        let (parts, draft) = components(
            r#"[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:"}},{"type":"text","text":"what?"}]}]"#,
        );
        assert_eq!((parts.len(), draft.unmeasured_parts), (1, 1));
    }

    #[test]
    fn answers_of_all_shapes() {
        for output in [
            "\"yes\"",
            r#"{"role":"assistant","content":"yes"}"#,
            r#"[{"role":"assistant","parts":[{"type":"text","content":"yes"}],"finish_reason":"stop"}]"#,
            r#"{"id":"c","choices":[{"message":{"role":"assistant","content":"yes"}}]}"#,
            r#"{"content":[{"type":"text","text":"yes"}],"role":"assistant"}"#,
            r#"{"candidates":[{"content":{"parts":[{"text":"yes"}]}}],"usage_metadata":{}}"#,
            r#"{"content":{"parts":[{"text":"yes"}],"role":"model"}}"#,
            r#"{"generations":[[{"text":"yes","message":{"id":["AIMessage"],"kwargs":{"content":"yes"}}}]],"llm_output":{}}"#,
        ] {
            assert_eq!(answer(Json::of_text(output)), "yes", "{output}");
        }
        let calls = r#"{"role":"assistant","content":"","additional_kwargs":{"tool_calls":[{"function":{"arguments":"{\"q\":1}"}}]}}"#;
        assert_eq!(answer(Json::of_text(calls)), "{\"q\":1}");
        assert_eq!(answer(Json::of_text(r#"{"grade":4}"#)), r#"{"grade":4}"#);
        let deep = format!("{}1{}", "{\"message\":".repeat(5_000), "}".repeat(5_000));
        assert_eq!(answer(Json::of_text(&deep)), "");
    }
}

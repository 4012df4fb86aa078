//! The attributes of a span, whether they lie flat under dotted names or nested
//! as objects and lists. Knows where each is kept; judges none.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::ingest::json::{Fault, Json};
use crate::units::Usd;

use super::counts::Counts;
use super::names::{Name, Names};

/// Openings of the names under which anything is looked for.
const LOOKED_AT: [&str; 14] = [
    "llm",
    "ai",
    "gen_ai",
    "embedding",
    "openinference",
    "traceloop",
    "openai",
    "session",
    "user",
    "enduser",
    "server",
    "error",
    "operation",
    "metadata",
];
/// Ends of names whose value is one thing, even where it is an object or a list.
const WHOLE: [&str; 10] = [
    "metadata",
    "vector",
    "json_schema",
    "invocation_parameters",
    "arguments",
    "content",
    "messages",
    "system_instructions",
    "definitions",
    "finish_reasons",
];
/// Parts of the longest name, the arguments of a message's tool call, and some.
const DEEPEST: usize = 12;
/// The place of the one call that messages had before they had a list of calls.
const OLDER_CALL: u32 = u32::MAX;
/// Where `OpenLLMetry` and Vercel's AI SDK put what users attach to a trace.
const ASSOCIATED: [&str; 2] = ["traceloop.association.properties.", "ai.telemetry.metadata."];

/// The attributes that matter for a call.
#[derive(Debug, Default)]
pub(in crate::ingest) struct Attributes<'a> {
    pub(super) names: Names<'a>,
    pub(super) cost: Option<Usd>,
    pub(super) max_tokens: Option<u64>,
    pub(super) temperature: Option<f64>,
    pub(super) stream: Option<bool>,
    /// Seconds until the first piece of the answer.
    pub(super) first_chunk: Option<f64>,
    /// Parameters of the request, as an object or as its text.
    pub(super) parameters: Option<Json<'a>>,
    pub(super) metadata: Option<Json<'a>>,
    /// What users attached, each under its own name.
    pub(super) labels: Vec<(String, Json<'a>)>,
    pub(super) counts: Counts,
    pub(super) input: BTreeMap<u32, Message<'a>>,
    pub(super) output: BTreeMap<u32, Message<'a>>,
    pub(super) tools: BTreeMap<u32, Tool<'a>>,
    /// Texts without a role: prompts of a completion, inputs of an embedding.
    pub(super) texts: BTreeMap<u32, Json<'a>>,
    /// Completions of such prompts.
    pub(super) completions: BTreeMap<u32, Json<'a>>,
    /// All messages in one attribute, as a list or as its text.
    pub(super) messages: Option<Json<'a>>,
    pub(super) answers: Option<Json<'a>>,
    pub(super) instructions: Option<Json<'a>>,
    pub(super) definitions: Option<Json<'a>>,
}

/// A message, in or out.
#[derive(Debug, Default)]
pub(super) struct Message<'a> {
    pub(super) role: Option<Cow<'a, str>>,
    pub(super) content: Option<Json<'a>>,
    pub(super) parts: BTreeMap<u32, Part<'a>>,
    pub(super) calls: BTreeMap<u32, ToolCall<'a>>,
}

/// One of several contents of a message.
#[derive(Debug, Default)]
pub(super) struct Part<'a> {
    pub(super) kind: Option<Cow<'a, str>>,
    pub(super) text: Option<Json<'a>>,
}

/// A call of a tool in a message of the assistant.
#[derive(Debug, Default)]
pub(super) struct ToolCall<'a> {
    pub(super) name: Option<Json<'a>>,
    pub(super) arguments: Option<Json<'a>>,
}

/// A tool that was offered.
#[derive(Debug, Default)]
pub(super) struct Tool<'a> {
    pub(super) name: Option<Cow<'a, str>>,
    pub(super) definition: Option<Cow<'a, str>>,
    pub(super) description: Option<Json<'a>>,
    pub(super) parameters: Option<Cow<'a, str>>,
}

impl<'a> Attributes<'a> {
    /// Takes in an attribute, and what is nested in it.
    ///
    /// # Errors
    /// When a count or an amount is none.
    pub(in crate::ingest) fn take(&mut self, path: &str, value: Json<'a>) -> Result<(), Fault> {
        let opening = path.split('.').next().unwrap_or_default();
        if value.is_null() || !LOOKED_AT.contains(&opening) {
            return Ok(());
        }
        let last = path.rsplit('.').next().unwrap_or_default();
        let is_nested = value.is_object() || value.is_array();
        if !is_nested || WHOLE.contains(&last) || path.split('.').count() >= DEEPEST {
            return self.leaf(path, value);
        }
        value.each_entry(|key, value| self.take(&format!("{path}.{key}"), value))?;
        let mut index = 0_u32;
        value.each_item(|value| {
            let taken = self.take(&format!("{path}.{index}"), value);
            index = index.saturating_add(1);
            taken
        })
    }

    /// Takes in a message that stands in an event of its own.
    pub(in crate::ingest) fn message(&mut self, role: &str, content: Option<Json<'a>>) {
        let list = if role == "choice" { &mut self.output } else { &mut self.input };
        let next = list.last_key_value().map_or(0, |(last, _)| last.saturating_add(1));
        let role = Some(Cow::Owned(role.to_owned()));
        list.insert(next, Message { role, content, ..Message::default() });
    }

    /// A name, as the span has it.
    pub(in crate::ingest) fn name(&self, name: Name) -> Option<&str> {
        self.names.get(name)
    }

    /// Whether tools were offered, by their definitions or by a call of one.
    pub(super) fn has_tools(&self) -> bool {
        let called = |message: &Message<'_>| !message.calls.is_empty();
        !self.tools.is_empty()
            || self.definitions.is_some()
            || self.input.values().chain(self.output.values()).any(called)
    }

    fn leaf(&mut self, path: &str, value: Json<'a>) -> Result<(), Fault> {
        if self.counts.take(path, value)? || self.names.take(path, value) {
            return Ok(());
        }
        match path {
            "llm.cost.total"
            | "gen_ai.usage.cost"
            | "gen_ai.usage.cost.amount"
            | "gen_ai.usage.total_cost"
            | "gen_ai.cost.total_cost"
            | "operation.cost" => self.cost = value.money("llm.cost.total")?.or(self.cost),
            "gen_ai.request.max_tokens"
            | "gen_ai.request.max_completion_tokens"
            | "llm.request.max_tokens" => {
                self.max_tokens = value.count("max_tokens").ok().flatten().or(self.max_tokens);
            }
            "gen_ai.request.temperature" | "llm.request.temperature" | "llm.temperature" => {
                self.temperature = value.number();
            }
            "gen_ai.request.stream" | "gen_ai.is_streaming" | "llm.is_streaming" => {
                self.stream = value.truth();
            }
            "gen_ai.response.time_to_first_chunk" | "gen_ai.server.time_to_first_token" => {
                self.first_chunk = value.number();
            }
            "llm.invocation_parameters" | "embedding.invocation_parameters" => {
                self.parameters = Some(value);
            }
            "metadata" => self.metadata = Some(value),
            "gen_ai.input.messages" => self.messages = Some(value),
            "gen_ai.output.messages" => self.answers = Some(value),
            // As the events of older conventions name them.
            "gen_ai.prompt" | "ai.prompt.messages" => self.messages = self.messages.or(Some(value)),
            "gen_ai.completion" | "ai.response.text" => self.answers = self.answers.or(Some(value)),
            "gen_ai.system_instructions" => self.instructions = Some(value),
            "gen_ai.tool.definitions" => self.definitions = Some(value),
            _ => match ASSOCIATED.iter().find_map(|opening| path.strip_prefix(opening)) {
                Some(label) => self.labels.push((label.to_owned(), value)),
                None => self.listed(path, value),
            },
        }
        Ok(())
    }

    /// Takes in an element of a list.
    fn listed(&mut self, path: &str, value: Json<'a>) {
        let below = |list: &str| indexed(path.strip_prefix(list)?);
        let below_any = |lists: &[&str]| lists.iter().find_map(|list| below(list));
        if let Some((index, "prompt.text")) = below("llm.prompts.") {
            self.texts.insert(index, value);
        } else if let Some((index, "embedding.text")) = below("embedding.embeddings.") {
            self.texts.insert(index, value);
        } else if let Some((index, "completion.text")) = below("llm.choices.") {
            self.completions.insert(index, value);
        } else if let Some((index, rest)) =
            below_any(&["llm.input_messages.", "gen_ai.prompt.", "llm.prompts."])
        {
            self.input.entry(index).or_default().take(rest, value);
        } else if let Some((index, rest)) =
            below_any(&["llm.output_messages.", "gen_ai.completion.", "llm.completions."])
        {
            self.output.entry(index).or_default().take(rest, value);
        } else if let Some((index, rest)) = below_any(&["llm.tools.", "llm.request.functions."]) {
            self.tools.entry(index).or_default().take(rest, value);
        }
    }
}

impl<'a> Message<'a> {
    fn take(&mut self, path: &str, value: Json<'a>) {
        match path {
            "message.role" | "role" => self.role = value.text(),
            "message.content" | "content" => self.content = Some(value),
            "message.function_call_name" => {
                self.calls.entry(OLDER_CALL).or_default().name = Some(value);
            }
            "message.function_call_arguments_json" => {
                self.calls.entry(OLDER_CALL).or_default().arguments = Some(value);
            }
            _ => self.listed(path, value),
        }
    }

    fn listed(&mut self, path: &str, value: Json<'a>) {
        let below = |list: &str| indexed(path.strip_prefix(list)?);
        if let Some((index, rest)) = below("message.contents.") {
            let part = self.parts.entry(index).or_default();
            match rest {
                "message_content.type" => part.kind = value.text(),
                "message_content.text" => part.text = Some(value),
                _ => {}
            }
        } else if let Some((index, rest)) =
            below("message.tool_calls.").or_else(|| below("tool_calls."))
        {
            let call = self.calls.entry(index).or_default();
            match rest {
                "tool_call.function.name" | "name" => call.name = Some(value),
                "tool_call.function.arguments" | "arguments" => call.arguments = Some(value),
                _ => {}
            }
        }
    }
}

impl<'a> Tool<'a> {
    fn take(&mut self, path: &str, value: Json<'a>) {
        let whole = || value.text().or(Some(Cow::Borrowed(value.raw())));
        match path {
            "tool.name" | "name" => self.name = value.text(),
            "tool.json_schema" => self.definition = whole(),
            "description" => self.description = Some(value),
            "parameters" => self.parameters = whole(),
            _ => {}
        }
    }

    /// The definition as the request had it.
    pub(super) fn as_sent(&self) -> Option<Cow<'_, str>> {
        if let Some(definition) = &self.definition {
            return Some(Cow::Borrowed(definition));
        }
        let parameters = self.parameters.as_deref()?;
        let name = serde_json::to_string(self.name.as_deref().unwrap_or_default()).ok()?;
        let description = self.description.map_or("null", Json::raw);
        Some(Cow::Owned(format!(
            "{{\"name\":{name},\"description\":{description},\"parameters\":{parameters}}}"
        )))
    }
}

/// The index that a path opens with, and the rest of the path.
fn indexed(path: &str) -> Option<(u32, &str)> {
    let (index, rest) = path.split_once('.')?;
    Some((index.parse().ok()?, rest))
}

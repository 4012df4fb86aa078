//! The attributes of a span, whether they lie flat under dotted names or nested
//! as objects and lists. Knows where each is kept; judges none.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::ingest::json::{Fault, Json};
use crate::units::Usd;

use super::counts::Counts;

/// The attribute that says what kind of span it is.
pub(super) const KIND: &str = "openinference.span.kind";

/// Openings of the names under which anything is looked for.
const LOOKED_AT: [&str; 6] = ["llm", "embedding", "openinference", "session", "user", "metadata"];
/// Ends of names whose value is one thing, even where it is an object or a list.
const WHOLE: [&str; 6] =
    ["metadata", "vector", "json_schema", "invocation_parameters", "arguments", "content"];
/// Parts of the longest name, the arguments of a message's tool call, and some.
const DEEPEST: usize = 12;
/// The place of the one call that messages had before they had a list of calls.
const OLDER_CALL: u32 = u32::MAX;

/// The attributes that matter for a call.
#[derive(Debug, Default)]
pub(super) struct Attributes<'a> {
    pub(super) kind: Option<Cow<'a, str>>,
    /// The model that answered.
    pub(super) model: Option<Cow<'a, str>>,
    /// The model that was asked.
    pub(super) requested_model: Option<Cow<'a, str>>,
    /// Who hosts the model.
    pub(super) provider: Option<Cow<'a, str>>,
    /// Whose interface was spoken.
    pub(super) system: Option<Cow<'a, str>>,
    pub(super) session: Option<Cow<'a, str>>,
    pub(super) user: Option<Cow<'a, str>>,
    pub(super) finish: Option<Cow<'a, str>>,
    pub(super) cost: Option<Usd>,
    /// Parameters of the request, as an object or as its text.
    pub(super) parameters: Option<Json<'a>>,
    pub(super) metadata: Option<Json<'a>>,
    pub(super) counts: Counts,
    pub(super) input: BTreeMap<u32, Message<'a>>,
    pub(super) output: BTreeMap<u32, Message<'a>>,
    pub(super) tools: BTreeMap<u32, Tool<'a>>,
    /// Texts without a role: prompts of a completion, inputs of an embedding.
    pub(super) texts: BTreeMap<u32, Json<'a>>,
    /// Completions of such prompts.
    pub(super) completions: BTreeMap<u32, Json<'a>>,
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
}

impl<'a> Attributes<'a> {
    /// Takes in an attribute, and what is nested in it.
    pub(super) fn take(&mut self, path: &str, value: Json<'a>) -> Result<(), Fault> {
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

    /// Whether tools were offered, by their definitions or by a call of one.
    pub(super) fn has_tools(&self) -> bool {
        let called = |message: &Message<'_>| !message.calls.is_empty();
        !self.tools.is_empty() || self.input.values().chain(self.output.values()).any(called)
    }

    fn leaf(&mut self, path: &str, value: Json<'a>) -> Result<(), Fault> {
        if let Some(name) = path.strip_prefix("llm.token_count.") {
            return self.counts.take(name, value);
        }
        let place = match path {
            KIND => &mut self.kind,
            "llm.response.model_name" => {
                self.model = value.name();
                return Ok(());
            }
            "llm.model_name" | "embedding.model_name" => {
                self.model = self.model.take().or_else(|| value.name());
                return Ok(());
            }
            "llm.request.model_name" => &mut self.requested_model,
            "llm.provider" => &mut self.provider,
            "llm.system" => &mut self.system,
            "llm.finish_reason" => &mut self.finish,
            "session.id" => &mut self.session,
            "user.id" => &mut self.user,
            "llm.cost.total" => {
                self.cost = value.money("llm.cost.total")?;
                return Ok(());
            }
            "llm.invocation_parameters" | "embedding.invocation_parameters" => {
                self.parameters = Some(value);
                return Ok(());
            }
            "metadata" => {
                self.metadata = Some(value);
                return Ok(());
            }
            _ => {
                self.listed(path, value);
                return Ok(());
            }
        };
        *place = value.name();
        Ok(())
    }

    /// Takes in an element of a list.
    fn listed(&mut self, path: &str, value: Json<'a>) {
        let below = |list: &str| indexed(path.strip_prefix(list)?);
        if let Some((index, rest)) = below("llm.input_messages.") {
            self.input.entry(index).or_default().take(rest, value);
        } else if let Some((index, rest)) = below("llm.output_messages.") {
            self.output.entry(index).or_default().take(rest, value);
        } else if let Some((index, rest)) = below("llm.tools.") {
            self.tools.entry(index).or_default().take(rest, value);
        } else if let Some((index, "prompt.text")) = below("llm.prompts.") {
            self.texts.insert(index, value);
        } else if let Some((index, "embedding.text")) = below("embedding.embeddings.") {
            self.texts.insert(index, value);
        } else if let Some((index, "completion.text")) = below("llm.choices.") {
            self.completions.insert(index, value);
        }
    }
}

impl<'a> Message<'a> {
    fn take(&mut self, path: &str, value: Json<'a>) {
        let below = |list: &str| indexed(path.strip_prefix(list)?);
        match path {
            "message.role" => self.role = value.text(),
            "message.content" => self.content = Some(value),
            "message.function_call_name" => {
                self.calls.entry(OLDER_CALL).or_default().name = Some(value);
            }
            "message.function_call_arguments_json" => {
                self.calls.entry(OLDER_CALL).or_default().arguments = Some(value);
            }
            _ => {
                if let Some((index, rest)) = below("message.contents.") {
                    let part = self.parts.entry(index).or_default();
                    match rest {
                        "message_content.type" => part.kind = value.text(),
                        "message_content.text" => part.text = Some(value),
                        _ => {}
                    }
                } else if let Some((index, rest)) = below("message.tool_calls.") {
                    let call = self.calls.entry(index).or_default();
                    match rest {
                        "tool_call.function.name" => call.name = Some(value),
                        "tool_call.function.arguments" => call.arguments = Some(value),
                        _ => {}
                    }
                }
            }
        }
    }
}

impl<'a> Tool<'a> {
    fn take(&mut self, path: &str, value: Json<'a>) {
        match path {
            "tool.name" => self.name = value.text(),
            "tool.json_schema" => {
                self.definition = value.text().or(Some(Cow::Borrowed(value.raw())));
            }
            _ => {}
        }
    }
}

/// The index that a path opens with, and the rest of the path.
fn indexed(path: &str) -> Option<(u32, &str)> {
    let (index, rest) = path.split_once('.')?;
    Some((index.parse().ok()?, rest))
}

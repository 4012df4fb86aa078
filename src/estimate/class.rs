//! What an estimate knows of traffic: averages of a class of calls that are
//! alike, as their owner states them.
//!
//! Knows no price and no technique's method.

use crate::techniques::parameter::Value;

/// Calls that are alike: one kind of request to one model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    /// What the calls are for.
    pub name: String,
    /// Requests a month.
    pub requests: u64,
    /// Who sells the model; `None` where only one does.
    pub provider: Option<String>,
    /// The model, as a log would name it.
    pub model: String,
    /// Average tokens of the prompt, by component.
    pub prompt: Components,
    /// Average tokens of the answer.
    pub output: Value,
    /// Average tokens of the answer under a limit; `None`: no limit is in mind.
    pub limited_output: Option<Value>,
    /// Requests of one conversation; 1 stands for requests on their own.
    pub turns: u64,
    /// What the answers are.
    pub answers: Answers,
    /// The share of prefix tokens that a cache serves; `None`: assumed.
    pub hit_rate: Option<Value>,
    /// The share of requests that a cheaper model serves as well; `None`: the
    /// rules decide whether the class is a candidate, a parameter how much.
    pub easy_share: Option<Value>,
    /// Which models shares of the requests go to, instead of the next tier.
    pub routes: Vec<Route>,
    /// The share of requests that can wait; `None`: not stated.
    pub batchable_share: Option<Value>,
    /// The share of requests equal to an earlier one; `None`: not stated.
    pub repeated_share: Option<Value>,
    /// The share of every part of the prompt that can be left out without a
    /// model's help; `None`: not stated.
    pub removable_share: Option<Value>,
    /// Whether the same documents stand in every prompt.
    pub stable_documents: bool,
    /// Tokens of all documents there are; `None`: as many as are sent.
    pub corpus_tokens: Option<Value>,
    /// The model to tune; `None`: none is in mind.
    pub tuned_model: Option<String>,
}

/// Average tokens of a prompt, in the order in which a cache sees them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Components {
    /// Definitions of tools.
    pub tools: Value,
    /// The system prompt.
    pub system: Value,
    /// Examples that stand in every prompt.
    pub few_shot: Value,
    /// Documents and retrieved passages.
    pub documents: Value,
    /// Earlier turns of the conversation, on average over its turns.
    pub history: Value,
    /// The last turn of the user.
    pub user: Value,
}

/// Another model for a share of the requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The model, sold by the class's provider.
    pub model: String,
    /// The share of requests that go there.
    pub share: Value,
}

/// What answers look like, which no average tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answers {
    /// Prose, which can be made briefer.
    #[default]
    Text,
    /// Data of a fixed form.
    Json,
    /// One of a few fixed answers: a narrow task.
    Labels,
}

impl Answers {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Text, Self::Json, Self::Labels];

    /// The word of the command line and of files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Labels => "labels",
        }
    }
}

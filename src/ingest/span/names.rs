//! Names and words of a span, in the names of four generations of conventions.

use std::borrow::Cow;

use crate::ingest::exchange::body::first_item;
use crate::ingest::json::Json;

/// What a name of an attribute stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ingest) enum Name {
    /// `OpenInference`'s kind of span.
    Kind,
    /// OpenTelemetry's operation.
    Operation,
    /// The operation of Vercel's AI SDK.
    SdkOperation,
    /// `OpenLLMetry`'s kind of call.
    RequestType,
    /// `OpenLLMetry`'s kind of span that is no call.
    EntityKind,
    ResponseId,
    /// The model that answered, else the one that was asked.
    Model,
    /// The model that was asked.
    RequestedModel,
    Provider,
    Server,
    Session,
    User,
    Finish,
    Tier,
    Error,
    Prompt,
    PromptVersion,
    Agent,
    Workflow,
}

const COUNT: usize = Name::Workflow as usize + 1;

/// Every name; where a span has several of one meaning, the first is believed.
const NAMES: [(&str, Name); 55] = [
    (super::KIND, Name::Kind),
    ("gen_ai.operation.name", Name::Operation),
    ("llm.request.type", Name::RequestType),
    ("traceloop.span.kind", Name::EntityKind),
    ("gen_ai.response.id", Name::ResponseId),
    ("llm.response.id", Name::ResponseId),
    ("llm.response.model_name", Name::Model),
    ("gen_ai.response.model", Name::Model),
    ("llm.model_name", Name::Model),
    ("embedding.model_name", Name::Model),
    ("llm.response.model", Name::Model),
    ("gen_ai.request.model", Name::Model),
    ("llm.request.model", Name::Model),
    ("llm.request.model_name", Name::RequestedModel),
    ("gen_ai.request.model", Name::RequestedModel),
    ("llm.request.model", Name::RequestedModel),
    ("llm.provider", Name::Provider),
    ("gen_ai.provider.name", Name::Provider),
    ("gen_ai.system", Name::Provider),
    ("llm.system", Name::Provider),
    ("llm.vendor", Name::Provider),
    ("server.address", Name::Server),
    ("gen_ai.conversation.id", Name::Session),
    ("session.id", Name::Session),
    ("user.id", Name::User),
    ("enduser.id", Name::User),
    ("gen_ai.user", Name::User),
    ("gen_ai.user.id", Name::User),
    ("llm.user", Name::User),
    ("llm.finish_reason", Name::Finish),
    ("gen_ai.response.finish_reasons", Name::Finish),
    ("gen_ai.response.finish_reason", Name::Finish),
    ("gen_ai.completion.0.finish_reason", Name::Finish),
    ("llm.response.finish_reason", Name::Finish),
    ("llm.response.stop_reason", Name::Finish),
    ("openai.response.service_tier", Name::Tier),
    ("gen_ai.openai.response.service_tier", Name::Tier),
    ("openai.request.service_tier", Name::Tier),
    ("gen_ai.openai.request.service_tier", Name::Tier),
    ("gen_ai.request.service_tier", Name::Tier),
    ("error.type", Name::Error),
    ("gen_ai.prompt.name", Name::Prompt),
    ("traceloop.prompt.key", Name::Prompt),
    ("gen_ai.prompt.version", Name::PromptVersion),
    ("llm.prompt_template.version", Name::PromptVersion),
    ("gen_ai.agent.name", Name::Agent),
    ("traceloop.workflow.name", Name::Workflow),
    ("ai.operationId", Name::SdkOperation),
    ("ai.response.id", Name::ResponseId),
    ("ai.response.model", Name::Model),
    ("ai.model.id", Name::Model),
    ("ai.model.id", Name::RequestedModel),
    ("ai.model.provider", Name::Provider),
    ("ai.response.finishReason", Name::Finish),
    ("ai.telemetry.functionId", Name::Workflow),
];

/// The names that were found.
#[derive(Debug, Default)]
pub(super) struct Names<'a> {
    found: [Option<(u8, Cow<'a, str>)>; COUNT],
}

impl<'a> Names<'a> {
    /// Takes in an attribute; whether its name is one of these.
    pub(super) fn take(&mut self, path: &str, value: Json<'a>) -> bool {
        let mut known = false;
        for (rank, (_, name)) in (0..).zip(&NAMES).filter(|(_, (named, _))| *named == path) {
            known = true;
            let place = &mut self.found[*name as usize];
            if place.as_ref().is_some_and(|(better, _)| *better < rank) {
                continue;
            }
            let word = if *name == Name::Finish { first_word(value) } else { value.name() };
            if let Some(word) = word {
                *place = Some((rank, word));
            }
        }
        known
    }

    pub(super) fn get(&self, name: Name) -> Option<&str> {
        self.found[name as usize].as_ref().map(|(_, word)| &**word)
    }
}

/// A word, or the first of a list of words, which some write as its text.
fn first_word(value: Json<'_>) -> Option<Cow<'_, str>> {
    if value.is_array() {
        return first_item(value)?.name();
    }
    let text = value.name()?;
    if !text.starts_with('[') {
        return Some(text);
    }
    let word = first_item(Json::of_text(&text))?.name()?.into_owned();
    Some(Cow::Owned(word))
}

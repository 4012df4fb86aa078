//! A span that may be a call of a model, however it was exported.
//!
//! Conventions differ in names, not in what they tell: the attributes of
//! OpenTelemetry's GenAI conventions from old to new, of `OpenInference` and of
//! `OpenLLMetry` end in one draft here. Must not know the file's layout: whoever
//! reads that hands over where a span hangs, its times and its attributes.

mod attributes;
mod counts;
mod names;
mod texts;

use std::borrow::Cow;

use crate::measure::memo::Memo;
use crate::record::call::{Count, Finish, Operation, Status};
use crate::record::lane::Tier;
use crate::units::{Moment, Timestamp, Tokens};

use super::batch::{Batch, Draft, Identity};
use super::chat_texts;
use super::exchange::body::Reading;
use super::exchange::request::read_fact;
use super::exchange::{labels, provider};
use super::json::{Fault, Json};
use super::span_tree::SpanId;
use super::value::Value;

pub(super) use attributes::Attributes;
use counts::Convention;
pub(super) use names::Name;

/// The attribute that says what kind of span it is.
pub(super) const KIND: &str = "openinference.span.kind";

/// Scopes of instrumentations that are known to add cached tokens to a prompt
/// that Anthropic counts without them (their sources say so).
const NORMALISERS: [&str; 6] = [
    "openinference",
    "opentelemetry.instrumentation.anthropic",
    "opentelemetry.instrumentation.bedrock",
    "@traceloop/instrumentation",
    "pydantic-ai",
    "logfire",
];
/// Providers whose own count leaves cached tokens out.
const EXCLUSIVE: [&str; 2] = ["anthropic", "aws.bedrock"];
/// Words that instrumentations write where a provider should stand: frameworks,
/// and "one of Google's".
const NO_PROVIDERS: [&str; 18] = [
    "langchain",
    "llamaindex",
    "llama_index",
    "crewai",
    "haystack",
    "litellm",
    "openai_agents",
    "strands_agents",
    "spring_ai",
    "semantic_kernel",
    "pydantic_ai",
    "microsoft.agent_framework",
    "gateway",
    "gcp.vertex.agent",
    "gcp.gen_ai",
    "_other",
    "other",
    "unknown",
];

/// What stands in a span, where it lies.
#[derive(Debug, Default)]
pub(super) struct Span<'a> {
    pub(super) trace: Option<Cow<'a, str>>,
    pub(super) id: Option<Cow<'a, str>>,
    pub(super) parent: Option<Cow<'a, str>>,
    pub(super) start: Option<Timestamp>,
    pub(super) end: Option<Timestamp>,
    pub(super) failed: bool,
    /// The instrumentation that wrote it.
    pub(super) scope: Option<Cow<'a, str>>,
    /// Tags of the program that wrote it.
    pub(super) tags: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    pub(super) attributes: Attributes<'a>,
}

/// What a span is, as far as calls go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nature {
    /// A call of a model.
    Call(Operation),
    /// None, for this reason.
    Other(&'static str),
}

impl Span<'_> {
    /// Where the span hangs.
    pub(super) fn place(&self) -> (Option<SpanId>, Option<SpanId>) {
        let trace = self.trace.as_deref();
        let parent = self.parent.as_deref().filter(|parent| !parent.is_empty());
        (SpanId::new(trace, self.id.as_deref()), SpanId::new(trace, parent))
    }

    /// What the span is: the first convention that says it is believed. Agents,
    /// chains and tools restate what their children cost.
    pub(super) fn nature(&self) -> Nature {
        const OTHER: Nature = Nature::Other("span that is no call of a model");
        const UNCOUNTED: Nature = Nature::Other("embedding span without token counts");
        let found = &self.attributes;
        let lower = |name| found.name(name).map(str::to_ascii_lowercase);
        let embeds = || {
            if found.counts.is_reported() { Nature::Call(Operation::Embeddings) } else { UNCOUNTED }
        };
        let chats = Nature::Call(Operation::Chat);
        if let Some(kind) = lower(Name::Kind) {
            return match kind.as_str() {
                "llm" => chats,
                "embedding" => embeds(),
                _ => OTHER,
            };
        }
        if let Some(operation) = lower(Name::Operation) {
            return match operation.as_str() {
                "chat"
                | "text_completion"
                | "completion"
                | "generate_content"
                | "message"
                // Semantic Kernel's.
                | "chat.completions"
                | "chat.streaming_completions"
                | "text.completions"
                | "text.streaming_completions" => chats,
                "embeddings" | "embedding" => embeds(),
                _ => OTHER,
            };
        }
        // A generation of the SDK is a span around one span for each request.
        if let Some(operation) = lower(Name::SdkOperation) {
            return match operation.rsplit('.').next() {
                Some("dogenerate" | "dostream") => chats,
                Some("doembed") => embeds(),
                _ => OTHER,
            };
        }
        if found.name(Name::EntityKind).is_some() {
            return OTHER;
        }
        match lower(Name::RequestType).as_deref() {
            Some("chat" | "completion") => return chats,
            Some("embedding" | "embeddings") => return embeds(),
            Some(_) => return OTHER,
            None => {}
        }
        // Nobody says: tokens of a model, and no agent's.
        match found.name(Name::Model) {
            Some(_) if !found.counts.is_reported() || found.name(Name::Agent).is_some() => OTHER,
            Some(model) if model.contains("embed") => embeds(),
            Some(_) => chats,
            None => OTHER,
        }
    }

    /// Packs the call; its index in the batch.
    ///
    /// # Errors
    /// When an attribute holds what it cannot, or nothing names the call.
    pub(super) fn push(
        &self,
        operation: Operation,
        memo: &Memo,
        batch: &mut Batch,
    ) -> Result<usize, Fault> {
        let found = &self.attributes;
        if self.id.is_none() && found.name(Name::Model).is_none() {
            return Err(Fault::Missing("context.span_id"));
        }
        let mut reading = Reading::new(Draft::default(), memo);
        let (parameters, metadata) = (object(found.parameters), object(found.metadata));
        let parameters = parameters.as_deref().map(Json::of_text);
        if let Some(parameters) = parameters {
            parameters.each_entry(|key, value| read_fact(key, value, &mut reading))?;
        }
        if let Some(metadata) = metadata.as_deref().map(Json::of_text) {
            labels::map(&mut reading.draft, metadata)?;
        }
        for (key, value) in &found.labels {
            labels::label(&mut reading.draft, key, value.name());
        }
        reading.draft.operation = operation;
        self.name(&mut reading);
        self.name_provider(&mut reading.draft);
        self.describe(&mut reading.draft);
        self.count(&mut reading);
        let prompt = texts::prompt(found, parameters, &reading)?;
        reading.draft.prompt = prompt;
        for (code, message) in &reading.notes {
            batch.note(code, message);
        }
        batch.push(reading.draft)
    }

    /// Who called what, and for what.
    fn name<'b>(&'b self, reading: &mut Reading<'b>) {
        let found = &self.attributes;
        let borrowed = |name| found.name(name).map(Cow::Borrowed);
        let draft = &mut reading.draft;
        let (id, trace) = (self.id.as_deref(), self.trace.as_deref());
        // Two spans with the answer's id are one call, wherever they hang.
        let answer = found.name(Name::ResponseId);
        let own = match answer {
            Some(answer) => Identity::of(Some(answer)),
            None => Identity::of_pair(id, trace),
        };
        draft.identity = own.answered_by(answer);
        draft.request_id = answer.or(id).map(Cow::Borrowed);
        draft.model = borrowed(Name::Model).or_else(|| draft.model.take());
        draft.requested_model =
            borrowed(Name::RequestedModel).or_else(|| draft.requested_model.take());
        draft.user = borrowed(Name::User).or_else(|| draft.user.take());
        // A trace is one turn: where no session is named it is what belongs together.
        draft.conversation = borrowed(Name::Session)
            .or_else(|| draft.conversation.take())
            .or_else(|| trace.map(Cow::Borrowed));
        draft.feature = draft
            .feature
            .take()
            .or_else(|| borrowed(Name::Prompt))
            .or_else(|| borrowed(Name::Workflow));
        draft.tags.extend(
            self.tags.iter().map(|(key, value)| (Cow::Borrowed(&**key), Cow::Borrowed(&**value))),
        );
        for (key, name) in [
            ("agent", Name::Agent),
            ("prompt", Name::Prompt),
            ("prompt_version", Name::PromptVersion),
            ("workflow", Name::Workflow),
        ] {
            draft.tags.extend(borrowed(name).map(|value| (Cow::Borrowed(key), value)));
        }
    }

    /// Whose bill it is on: the host that was called, what the span says, and
    /// last the maker of the model.
    fn name_provider<'b>(&'b self, draft: &mut Draft<'b>) {
        let found = &self.attributes;
        let host = found.name(Name::Server).map(|server| format!("https://{server}"));
        if let Some(host) = &host {
            let region = provider::region_of_url(host);
            draft.region = region.map(|region| Cow::Owned(region.to_owned()));
        }
        let named = found.name(Name::Provider).and_then(provider_of);
        draft.provider =
            host.as_deref().and_then(provider::of_url).map(Cow::Borrowed).or(named).or_else(|| {
                let inferred = provider::of_model(draft.model.as_deref()?)?;
                draft.flags.inferred_provider = true;
                Some(Cow::Borrowed(inferred))
            });
    }

    /// When it was, how it was asked and how it ended.
    fn describe(&self, draft: &mut Draft<'_>) {
        let found = &self.attributes;
        draft.time = self.start.or(self.end).map(Moment::dated);
        draft.latency_milliseconds = lasted(self.start, self.end);
        draft.first_token_milliseconds = found.first_chunk.map(|seconds| seconds * 1e3);
        draft.finish = found.name(Name::Finish).map_or(Finish::Unknown, Finish::parse);
        let failed = self.failed || found.name(Name::Error).is_some();
        draft.status = if failed { Status::Error } else { Status::Success };
        if let Some(tier) = found.name(Name::Tier).and_then(Tier::parse) {
            draft.tier = tier;
        }
        let request = &mut draft.request;
        if let Some(limit) = found.max_tokens.filter(|limit| *limit > 0) {
            request.max_tokens = Count::from_optional(Some(limit));
        }
        #[expect(clippy::cast_possible_truncation, reason = "a temperature is 0 to 2")]
        let temperature = found.temperature.map(|number| number as f32);
        request.temperature = temperature.or(request.temperature);
        request.stream = found.stream.or(request.stream);
        request.has_tools = found.has_tools().then_some(true).or(request.has_tools);
    }

    fn count(&self, reading: &mut Reading<'_>) {
        let found = &self.attributes;
        // A failed call that counted nothing has zeros in some exports.
        if reading.draft.status == Status::Error && !found.counts.is_positive() {
            return;
        }
        reading.draft.usage = found.counts.usage(self.convention(&reading.draft), reading);
        reading.draft.logged_cost = found.cost;
        let usage = &mut reading.draft.usage;
        if reading.draft.operation == Operation::Embeddings && usage.input.is_some() {
            // Nothing is generated: no count means none.
            usage.output = usage.output.or(Some(Tokens::ZERO));
        }
    }

    /// Whether the prompt's count can be one that leaves cached tokens out.
    fn convention(&self, draft: &Draft<'_>) -> Convention {
        let is_exclusive =
            draft.provider.as_deref().is_some_and(|provider| EXCLUSIVE.contains(&provider));
        let scope = self.scope.as_deref().unwrap_or_default().to_ascii_lowercase();
        let normalises = NORMALISERS.iter().any(|known| scope.starts_with(known));
        if is_exclusive && !normalises { Convention::Doubtful } else { Convention::Inclusive }
    }
}

/// The text of an object that stands there as such or as a string. Some clients
/// write their own notation, which is no JSON and tells nothing.
fn object(value: Option<Json<'_>>) -> Option<Cow<'_, str>> {
    chat_texts::structure(Value::Json(value?))
}

/// Ends of the names that Vercel's AI SDK makes of a provider and its API.
const APIS: [&str; 5] = [".chat", ".messages", ".responses", ".completion", ".embedding"];

/// A provider as a tracer names it, where it is one.
pub(super) fn provider_of(name: &str) -> Option<Cow<'_, str>> {
    let name = APIS.iter().find_map(|api| name.strip_suffix(api)).unwrap_or(name);
    Some(provider::of_name(name)).filter(|name| !NO_PROVIDERS.contains(&&**name))
}

/// Milliseconds between two times.
pub(super) fn lasted(start: Option<Timestamp>, end: Option<Timestamp>) -> Option<f64> {
    let micros = end?.micros().checked_sub(start?.micros())?;
    #[expect(clippy::cast_precision_loss, reason = "a latency is far below 2^53")]
    (micros >= 0).then_some(micros as f64 / 1e3)
}

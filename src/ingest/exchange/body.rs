//! What every provider's body reader is, and what it fills.

use std::borrow::Cow;

use crate::ingest::batch::Draft;
use crate::ingest::json::{Fault, Json};
use crate::ingest::messages_usage::Child;
use crate::ingest::prompt::Recorder;
use crate::measure::memo::Memo;
use crate::record::call::{Finish, Operation, Status};
use crate::units::{Moment, Ttl};

use super::bedrock_counts::BedrockCounts;

/// A family of request and response bodies.
///
/// A reader maps what a provider documents to the fields of a call. It must not
/// know what was logged around the bodies: that is the wrapper's part.
pub trait Body: Sync {
    /// Stable id, for tests and error messages.
    fn id(&self) -> &'static str;

    /// Whether an answer, or one event of a streamed answer, is of this family.
    fn recognises(&self, shape: &Shape<'_>) -> bool;

    /// Whether a request went to this family's endpoint: asked where the answer
    /// is an error and says nothing of its family.
    fn was_asked(&self, url: &str, request: Json<'_>) -> bool;

    /// Reads the request: parameters, and the parts of the prompt.
    ///
    /// # Errors
    /// When the request is not valid JSON or a field holds what it cannot.
    fn read_request<'a>(&self, request: Json<'a>, reading: &mut Reading<'a>) -> Result<(), Fault>;

    /// Reads the answer: names, usage, why it ended, its text.
    ///
    /// # Errors
    /// When the answer is not valid JSON or a field holds what it cannot.
    fn read_answer<'a>(&self, answer: &Answer<'a>, reading: &mut Reading<'a>) -> Result<(), Fault>;
}

/// An answer as it was logged.
#[derive(Clone, Debug)]
pub enum Answer<'a> {
    /// One JSON object.
    Whole(Json<'a>),
    /// The payloads of a stream's events, in order.
    Events(Vec<Json<'a>>),
}

/// The top-level entries by which a body is told from others.
#[derive(Clone, Debug, Default)]
pub struct Shape<'a> {
    /// `object`, the type of OpenAI's bodies.
    pub object: Option<Cow<'a, str>>,
    /// `type`, the type of Anthropic's bodies and of stream events.
    pub kind: Option<Cow<'a, str>>,
    /// `choices`.
    pub choices: Option<Json<'a>>,
    /// `content`.
    pub content: Option<Json<'a>>,
    /// `data`.
    pub data: Option<Json<'a>>,
    /// `usage`.
    pub usage: Option<Json<'a>>,
    /// `error`.
    pub error: Option<Json<'a>>,
    /// The object itself, for families that must look below its entries.
    pub body: Option<Json<'a>>,
    marks: u32,
    entries: u32,
}

/// Entries that only say something by being there: a bit each in a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is named as its key is")]
pub enum Mark {
    UsageMetadata,
    Candidates,
    PromptFeedback,
    Embedding,
    Embeddings,
    Predictions,
    Output,
    StopReason,
    MessageStart,
    ContentBlockStart,
    ContentBlockDelta,
    ContentBlockStop,
    MessageStop,
    Metadata,
    InputTextTokenCount,
    OutputText,
    Results,
    Generation,
    Generations,
    GenerationId,
    Outputs,
    Completion,
    ResponseType,
    InvocationMetrics,
    SnakeStopReason,
    FinishReason,
    Model,
}

impl Mark {
    fn of(key: &str) -> Option<Self> {
        Some(match key {
            "usageMetadata" | "usage_metadata" => Self::UsageMetadata,
            "candidates" => Self::Candidates,
            "promptFeedback" | "prompt_feedback" => Self::PromptFeedback,
            "embedding" => Self::Embedding,
            "embeddings" => Self::Embeddings,
            "predictions" => Self::Predictions,
            "output" => Self::Output,
            "stopReason" => Self::StopReason,
            "messageStart" => Self::MessageStart,
            "contentBlockStart" => Self::ContentBlockStart,
            "contentBlockDelta" => Self::ContentBlockDelta,
            "contentBlockStop" => Self::ContentBlockStop,
            "messageStop" => Self::MessageStop,
            "metadata" => Self::Metadata,
            "inputTextTokenCount" => Self::InputTextTokenCount,
            "outputText" => Self::OutputText,
            "results" => Self::Results,
            "generation" => Self::Generation,
            "generations" => Self::Generations,
            "generation_id" => Self::GenerationId,
            "outputs" => Self::Outputs,
            "completion" => Self::Completion,
            "response_type" => Self::ResponseType,
            "amazon-bedrock-invocationMetrics" => Self::InvocationMetrics,
            "stop_reason" => Self::SnakeStopReason,
            "finish_reason" => Self::FinishReason,
            "model" => Self::Model,
            _ => return None,
        })
    }
}

impl<'a> Shape<'a> {
    /// The shape of a body or an event.
    ///
    /// # Errors
    /// When it is not valid JSON.
    pub fn of(body: Json<'a>) -> Result<Self, Fault> {
        let mut shape = Self { body: Some(body), ..Self::default() };
        body.each_entry(|key, value| {
            shape.take(key, value);
            Ok::<(), Fault>(())
        })?;
        Ok(shape)
    }

    /// Whether an entry of that name is there.
    #[must_use]
    pub const fn has(&self, mark: Mark) -> bool {
        self.marks & (1 << mark as u32) != 0
    }

    /// Whether it has one entry and no other.
    #[must_use]
    pub const fn is_single(&self) -> bool {
        self.entries == 1
    }

    /// Takes in one top-level entry.
    pub fn take(&mut self, key: &str, value: Json<'a>) {
        self.entries += 1;
        if let Some(mark) = Mark::of(key).filter(|_| !value.is_null()) {
            self.marks |= 1 << mark as u32;
            return;
        }
        let place = match key {
            "object" => {
                self.object = value.text();
                return;
            }
            "type" => {
                self.kind = value.text();
                return;
            }
            "choices" => &mut self.choices,
            "content" => &mut self.content,
            "data" => &mut self.data,
            "usage" => &mut self.usage,
            // Some loggers write an empty error beside every good answer.
            "error" if matches!(value.raw(), "\"\"" | "false" | "{}" | "[]") => return,
            "error" => &mut self.error,
            _ => return,
        };
        *place = Some(value).filter(|value| !value.is_null());
    }

    /// Whether the body says that something went wrong.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.error.is_some() || self.kind.as_deref() == Some("error")
    }
}

/// A call while it is being read.
#[derive(Debug)]
pub struct Reading<'a> {
    /// The call as far as it is known.
    pub draft: Draft<'a>,
    /// The prompt, where the request was logged with its texts.
    pub recorder: Option<Recorder<'a>>,
    /// The generated text; only filled where there is a prompt.
    pub answer: String,
    /// Usage of other models inside this answer.
    pub children: Vec<Child<'a>>,
    /// What changes how far the counts can be trusted: code and message.
    pub notes: Vec<(&'static str, &'static str)>,
    /// The provider that the body's shape gives away.
    pub provider_hint: Option<&'static str>,
    /// The provider's id of the answer.
    pub response_id: Option<Cow<'a, str>>,
    /// When the provider says the answer was made.
    pub created: Option<Moment>,
    /// Counts from around the answer (headers, a cloud's log), for bodies that
    /// count nothing.
    pub stated_counts: BedrockCounts,
    /// Whether answers of this family may count nothing, which is then noted.
    pub may_be_uncounted: bool,
    /// The cache lifetime that the request asked for.
    pub cache_lifetime: Option<Ttl>,
    /// Whether request and wrapper are one object, so that unknown entries need
    /// not be parameters.
    pub flat: bool,
    /// Where texts are measured.
    pub memo: &'a Memo,
}

impl<'a> Reading<'a> {
    /// A call of which only the draft's fields are known.
    #[must_use]
    pub fn new(draft: Draft<'a>, memo: &'a Memo) -> Self {
        Self {
            draft,
            recorder: None,
            answer: String::new(),
            children: Vec::new(),
            notes: Vec::new(),
            provider_hint: None,
            response_id: None,
            created: None,
            stated_counts: BedrockCounts::default(),
            may_be_uncounted: false,
            cache_lifetime: None,
            flat: false,
            memo,
        }
    }

    /// Adds generated text, where the answer will be measured.
    pub fn add_answer(&mut self, text: Json<'a>) {
        if self.recorder.is_some()
            && let Some(text) = text.text()
        {
            self.answer.push_str(&text);
        }
    }

    /// Adds a tool call's arguments: JSON, as an object or as text.
    pub fn add_answer_arguments(&mut self, arguments: Json<'a>) {
        if arguments.is_text() {
            self.add_answer(arguments);
        } else if self.recorder.is_some() && !arguments.is_null() {
            self.answer.push_str(arguments.raw());
        }
    }

    /// Notes that the counts contradict each other.
    pub fn inconsistent(&mut self, code: &'static str, message: &'static str) {
        self.draft.flags.inconsistent_counts = true;
        self.notes.push((code, message));
    }

    /// Notes that the provider's own error ended the call.
    pub fn failed(&mut self) {
        self.draft.status = Status::Error;
        self.draft.finish = Finish::Error;
    }

    /// Notes a stream that broke off inside an event.
    pub fn cut_stream(&mut self) {
        self.draft.status = Status::Aborted;
        self.notes.push((
            "STREAM_CUT",
            "a logged stream ends in the middle of an event; its last counts may be missing",
        ));
    }

    /// Whether an entry of a request is a parameter that can change the answer.
    #[must_use]
    pub fn is_parameter(&self, key: &str) -> bool {
        if self.flat { PARAMETERS.contains(&key) } else { !WITHOUT_EFFECT.contains(&key) }
    }

    /// Makes the call one of embeddings, which generate nothing.
    pub fn embeds(&mut self) {
        self.draft.operation = Operation::Embeddings;
    }
}

/// Entries of a request that say who asks, how it is delivered or where it is
/// kept; none of them changes the answer.
const WITHOUT_EFFECT: [&str; 11] = [
    "user",
    "metadata",
    "stream",
    "stream_options",
    "service_tier",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "safety_identifier",
    "store",
    "background",
];

/// Parameters known by name, for records that mix them with other entries.
const PARAMETERS: [&str; 27] = [
    "dimensions",
    "encoding_format",
    "frequency_penalty",
    "functions",
    "logit_bias",
    "max_completion_tokens",
    "max_output_tokens",
    "max_tokens",
    "modalities",
    "model",
    "n",
    "output_config",
    "parallel_tool_calls",
    "prediction",
    "presence_penalty",
    "reasoning",
    "reasoning_effort",
    "seed",
    "stop",
    "stop_sequences",
    "temperature",
    "thinking",
    "tool_choice",
    "top_k",
    "top_p",
    "verbosity",
    "web_search_options",
];

/// The first element of an array.
#[must_use]
pub fn first_item(list: Json<'_>) -> Option<Json<'_>> {
    struct Found<'a>(Option<Json<'a>>);
    impl From<Fault> for Found<'_> {
        fn from(_: Fault) -> Self {
            Self(None)
        }
    }
    match list.each_item(|item| Err(Found(Some(item)))) {
        Ok(()) => None,
        Err(Found(first)) => first,
    }
}

//! What the logs of the LiteLLM proxy have in common: the payload of its
//! callbacks and the rows of its spend table carry the same facts.
//!
//! `prompt_tokens` includes cached tokens for every provider, Anthropic too;
//! the cache split stands in a usage object (docs.litellm.ai,
//! "`StandardLoggingPayload` Specification").

mod counts;
mod tags;
mod texts;

use std::borrow::Cow;

use crate::measure::memo::Memo;
use crate::record::call::{Count, Finish, Operation, RequestFacts, Status};
use crate::record::lane::Tier;
use crate::units::Moment;

use super::batch::{Batch, Draft, Identity};
use super::json::{Fault, Json};
use super::value::Value;

/// The fields of a logged call, where they lie in the record.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Row<'a> {
    id: Option<Value<'a>>,
    trace: Option<Value<'a>>,
    session: Option<Value<'a>>,
    call_type: Option<Value<'a>>,
    status: Option<Value<'a>>,
    provider: Option<Value<'a>>,
    model: Option<Value<'a>>,
    model_group: Option<Value<'a>>,
    start: Option<Value<'a>>,
    end: Option<Value<'a>>,
    first_token: Option<Value<'a>>,
    response_seconds: Option<Value<'a>>,
    prompt_tokens: Option<Value<'a>>,
    completion_tokens: Option<Value<'a>>,
    cost: Option<Value<'a>>,
    cache_hit: Option<Value<'a>>,
    stream: Option<Value<'a>>,
    tags: Option<Value<'a>>,
    end_user: Option<Value<'a>>,
    user: Option<Value<'a>>,
    team: Option<Value<'a>>,
    organization: Option<Value<'a>>,
    api_key: Option<Value<'a>>,
    metadata: Option<Value<'a>>,
    messages: Option<Value<'a>>,
    response: Option<Value<'a>>,
    request: Option<Value<'a>>,
    parameters: Option<Value<'a>>,
}

impl<'a> Row<'a> {
    /// Takes in a field by its name, which a CSV header has in lower case.
    pub(super) fn offer(&mut self, name: &str, value: Value<'a>) {
        if value.is_missing() {
            return;
        }
        let slot = match name {
            "id" | "request_id" => &mut self.id,
            "trace_id" => &mut self.trace,
            "session_id" => &mut self.session,
            "call_type" => &mut self.call_type,
            "status" => &mut self.status,
            "custom_llm_provider" => &mut self.provider,
            "model" => &mut self.model,
            "model_group" => &mut self.model_group,
            "startTime" | "starttime" => &mut self.start,
            "endTime" | "endtime" => &mut self.end,
            "completionStartTime" | "completionstarttime" => &mut self.first_token,
            "response_time" => &mut self.response_seconds,
            "prompt_tokens" => &mut self.prompt_tokens,
            "completion_tokens" => &mut self.completion_tokens,
            "spend" | "response_cost" => &mut self.cost,
            "cache_hit" => &mut self.cache_hit,
            "stream" => &mut self.stream,
            "request_tags" => &mut self.tags,
            "end_user" => &mut self.end_user,
            "user" => &mut self.user,
            "team_id" => &mut self.team,
            "organization_id" => &mut self.organization,
            "api_key" => &mut self.api_key,
            "metadata" => &mut self.metadata,
            "messages" => &mut self.messages,
            "response" => &mut self.response,
            "proxy_server_request" => &mut self.request,
            "model_parameters" => &mut self.parameters,
            _ => return,
        };
        *slot = Some(value);
    }

    /// Pushes the call that the fields describe.
    ///
    /// # Errors
    /// When a count or a time cannot be read, or the record has neither id nor
    /// model.
    pub(super) fn push(&self, memo: &Memo, batch: &mut Batch) -> Result<(), Fault> {
        if self.id.is_none() && self.model.is_none() && self.model_group.is_none() {
            return Err(Fault::Missing("request_id"));
        }
        // Database exports write JSON columns as strings: those are unescaped
        // here and live as long as the draft that borrows from them.
        let text = |value: Option<Value<'a>>| value.and_then(Value::structure);
        let (metadata, tag_list) = (text(self.metadata), text(self.tags));
        let (messages, response) = (text(self.messages), text(self.response));
        let (request, parameters) = (text(self.request), text(self.parameters));
        let inside = Inside {
            metadata: json(metadata.as_deref()),
            tags: json(tag_list.as_deref()),
            messages: json(messages.as_deref()),
            response: json(response.as_deref()),
            request: json(request.as_deref()),
            parameters: json(parameters.as_deref()),
        };
        let mut draft = self.draft(&inside, batch)?;
        draft.prompt = texts::prompt(&inside, memo)?;
        batch.push(draft)?;
        Ok(())
    }

    fn draft<'b>(&self, inside: &Inside<'b>, batch: &mut Batch) -> Result<Draft<'b>, Fault>
    where
        'a: 'b,
    {
        let name =
            |value: Option<Value<'a>>| -> Option<Cow<'b, str>> { value.and_then(Value::name) };
        let status = self.status(inside);
        let request_id = name(self.id);
        let provider = name(self.provider);
        let times = self.times(batch)?;
        let (usage, mut flags, doubt) = self.counts(inside, status)?;
        if let Some((code, message)) = doubt {
            batch.note(code, message);
        }
        flags.gateway_cache_hit = self.cache_hit.and_then(Value::truth) == Some(true);
        let mut draft = Draft {
            identity: Identity::of(request_id.as_deref())
                .answered_by(request_id.as_deref().filter(|id| !is_own_id(id))),
            request_id,
            operation: name(self.call_type).map_or(Operation::Chat, |kind| operation(&kind)),
            time: times.start,
            model: name(self.model)
                .or_else(|| name(self.model_group))
                .map(|model| without_prefix(model, provider.as_deref())),
            requested_model: self
                .requested_model(inside)
                .map(|model| without_prefix(model, provider.as_deref())),
            provider: provider.map(provider_name),
            user: name(self.end_user)
                .or_else(|| inside.meta("user_api_key_end_user_id"))
                .or_else(|| name(self.user))
                .or_else(|| inside.meta("user_api_key_user_id")),
            account: self.account(inside),
            conversation: name(self.session).or_else(|| name(self.trace)),
            tier: inside.tier(batch),
            status,
            finish: inside.finish(),
            request: self.request_facts(inside),
            latency_milliseconds: times.latency.or_else(|| {
                self.response_seconds.and_then(Value::number).map(|seconds| seconds * 1e3)
            }),
            first_token_milliseconds: times.first_token,
            usage,
            logged_cost: self.cost.map_or(Ok(None), |cost| cost.money("spend"))?,
            flags,
            ..Draft::default()
        };
        tags::read(inside.tags, inside.metadata, &mut draft)?;
        Ok(draft)
    }

    /// What the caller asked for: the stored request's word, else the group of
    /// deployments, which is the name that callers use.
    fn requested_model<'b>(&self, inside: &Inside<'b>) -> Option<Cow<'b, str>>
    where
        'a: 'b,
    {
        let stored = inside.request.and_then(|request| request.get("model"));
        stored.and_then(Json::name).or_else(|| self.model_group.and_then(Value::name))
    }

    fn status(&self, inside: &Inside<'_>) -> Status {
        let stated = self.status.and_then(Value::name).or_else(|| inside.meta("status"));
        match stated.as_deref() {
            Some("failure" | "error" | "failed") => Status::Error,
            _ => Status::Success,
        }
    }

    /// The alias a person chose comes before ids; a key's hash is the last.
    fn account<'b>(&self, inside: &Inside<'b>) -> Option<Cow<'b, str>>
    where
        'a: 'b,
    {
        ["user_api_key_team_alias", "user_api_key_team_id"]
            .into_iter()
            .find_map(|key| inside.meta(key))
            .or_else(|| self.team.and_then(Value::name))
            .or_else(|| inside.meta("user_api_key_org_id"))
            .or_else(|| self.organization.and_then(Value::name))
            .or_else(|| inside.meta("user_api_key_alias"))
            // Old versions stored the key itself; a key is never kept.
            .or_else(|| self.api_key.and_then(Value::name).filter(|key| !key.starts_with("sk-")))
    }

    fn counts(&self, inside: &Inside<'_>, status: Status) -> Result<counts::Read, Fault> {
        let count =
            |value: Option<Value<'_>>, field| value.map_or(Ok(None), |value| value.count(field));
        let input = count(self.prompt_tokens, "prompt_tokens")?;
        let output = count(self.completion_tokens, "completion_tokens")?;
        // The proxy writes zeros where a failed call reported nothing.
        if status == Status::Error && input.unwrap_or(0) == 0 && output.unwrap_or(0) == 0 {
            return Ok(Default::default());
        }
        // Claude's own count leaves cached tokens out, which old versions passed on.
        let is_claude = [self.model, self.model_group].into_iter().flatten().any(|model| {
            model.name().is_some_and(|name| name.to_ascii_lowercase().contains("claude"))
        });
        counts::read((input, output), is_claude, inside)
    }

    fn times(&self, batch: &mut Batch) -> Result<Times, Fault> {
        let time =
            |value: Option<Value<'_>>, field| value.map_or(Ok(None), |value| value.time(field));
        let start = time(self.start, "startTime")?;
        let end = time(self.end, "endTime")?;
        let first_token = time(self.first_token, "completionStartTime")?;
        if self.start.is_some_and(Value::is_zoneless) {
            batch.note(
                "ZONELESS_TIMES",
                "times name no zone and are taken for UTC, which is what the LiteLLM proxy writes",
            );
        }
        let since_start = |later: Option<crate::units::Timestamp>| {
            let micros = later?.micros().checked_sub(start?.micros())?;
            #[expect(
                clippy::cast_precision_loss,
                reason = "a duration in microseconds is far below 2^53"
            )]
            (micros >= 0).then_some(micros as f64 / 1e3)
        };
        // Where an answer is not streamed the two times are the same and say
        // nothing of its first token.
        let streamed = first_token.filter(|first| end.is_none_or(|end| *first < end));
        Ok(Times {
            start: start.map(Moment::dated),
            latency: since_start(end),
            first_token: since_start(streamed),
        })
    }

    fn request_facts(&self, inside: &Inside<'_>) -> RequestFacts {
        let parameter = |key: &str| inside.parameter(key);
        let limit = ["max_tokens", "max_completion_tokens", "max_output_tokens"]
            .into_iter()
            .find_map(parameter);
        let limit = limit.and_then(|limit| limit.count("max_tokens").ok().flatten());
        #[expect(clippy::cast_possible_truncation, reason = "a temperature needs no more digits")]
        let temperature = parameter("temperature").and_then(Json::number).map(|value| value as f32);
        let stream = self
            .stream
            .and_then(Value::truth)
            .or_else(|| parameter("stream").and_then(Json::truth));
        let knows_tools = inside.parameters.is_some() || inside.request.is_some();
        RequestFacts {
            max_tokens: Count::from_optional(limit.filter(|limit| *limit > 0)),
            temperature,
            stream,
            has_tools: knows_tools
                .then(|| parameter("tools").is_some_and(|tools| !tools.items().is_empty())),
        }
    }
}

/// When a call started, and how many milliseconds it took.
struct Times {
    start: Option<Moment>,
    latency: Option<f64>,
    first_token: Option<f64>,
}

/// The objects inside a record, unescaped.
#[derive(Clone, Copy, Debug, Default)]
struct Inside<'b> {
    metadata: Option<Json<'b>>,
    tags: Option<Json<'b>>,
    messages: Option<Json<'b>>,
    response: Option<Json<'b>>,
    request: Option<Json<'b>>,
    parameters: Option<Json<'b>>,
}

impl<'b> Inside<'b> {
    fn meta(&self, key: &str) -> Option<Cow<'b, str>> {
        self.metadata?.get(key)?.name()
    }

    /// A parameter of the request, as the payload or the stored request has it.
    fn parameter(&self, key: &str) -> Option<Json<'b>> {
        let stored = || self.request?.get(key);
        self.parameters.and_then(|parameters| parameters.get(key)).or_else(stored)
    }

    fn tier(&self, batch: &mut Batch) -> Tier {
        let stated = self.response.and_then(|response| response.get("service_tier"));
        let Some(word) = stated.or_else(|| self.parameter("service_tier")).and_then(Json::text)
        else {
            return Tier::Standard;
        };
        Tier::parse(&word).unwrap_or_else(|| {
            batch.note(
                "UNKNOWN_TIER",
                "a service tier that tokopt does not know is taken for the standard one",
            );
            Tier::Standard
        })
    }

    fn finish(&self) -> Finish {
        let choices = self.response.and_then(|response| response.get("choices"));
        let reason =
            choices.and_then(|choices| choices.items().first()?.get("finish_reason")?.text());
        reason.map_or(Finish::Unknown, |reason| Finish::parse(&reason))
    }
}

fn json(text: Option<&str>) -> Option<Json<'_>> {
    text.map(Json::of_text)
}

/// LiteLLM's provider under its OpenTelemetry name.
fn provider_name(name: Cow<'_, str>) -> Cow<'_, str> {
    let known = match &*name {
        "azure" | "azure_text" => "azure.ai.openai",
        "azure_ai" => "azure.ai.inference",
        "bedrock" | "bedrock_converse" => "aws.bedrock",
        "vertex_ai" | "vertex_ai_beta" => "gcp.vertex_ai",
        "gemini" => "gcp.gemini",
        "mistral" => "mistral_ai",
        "xai" => "x_ai",
        "text-completion-openai" => "openai",
        "anthropic_text" => "anthropic",
        _ => return name,
    };
    Cow::Borrowed(known)
}

/// The model without the provider that LiteLLM writes in front of it.
fn without_prefix<'b>(model: Cow<'b, str>, provider: Option<&str>) -> Cow<'b, str> {
    let rest = |model: &str| {
        let rest = model.strip_prefix(provider?)?.strip_prefix('/')?;
        (!rest.is_empty()).then(|| model.len() - rest.len())
    };
    match (rest(&model), model) {
        (Some(start), Cow::Borrowed(model)) => Cow::Borrowed(model.get(start..).unwrap_or(model)),
        (Some(start), Cow::Owned(model)) => {
            Cow::Owned(model.get(start..).unwrap_or(&model).to_owned())
        }
        (None, model) => model,
    }
}

fn operation(call_type: &str) -> Operation {
    const OTHERS: [&str; 8] =
        ["image", "speech", "transcription", "rerank", "moderation", "batch", "file", "ocr"];
    if call_type.contains("embedding") {
        Operation::Embeddings
    } else if OTHERS.iter().any(|other| call_type.contains(other)) {
        Operation::Other
    } else {
        Operation::Chat
    }
}
/// Whether an id is one that the proxy made up, a UUID, and not the answer's.
fn is_own_id(id: &str) -> bool {
    id.len() == 36 && id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

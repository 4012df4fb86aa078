//! The fields of the canonical record and the names they are known by.

/// A field of the canonical record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Field {
    /// When the call was made.
    Time,
    /// Milliseconds from an unnamed start, for logs without dates.
    Elapsed,
    /// The id of the request or the answer.
    RequestId,
    /// The model.
    Model,
    /// The model that was asked for.
    RequestedModel,
    /// The provider that billed it.
    Provider,
    /// What was asked for.
    Operation,
    /// The whole prompt, or without its cached part where declared exclusive.
    Input,
    /// The part of the prompt that has nothing to do with the cache.
    UncachedInput,
    /// The part read from the provider's cache.
    CacheRead,
    /// The part written to the provider's cache.
    CacheWrite,
    /// The part written for five minutes.
    CacheWriteFiveMinutes,
    /// The part written for one hour.
    CacheWriteOneHour,
    /// Everything generated.
    Output,
    /// The part of the output that was reasoning.
    Reasoning,
    /// Input and output together.
    Total,
    /// Audio or image tokens among the counts.
    OtherModality,
    /// `inclusive` or `exclusive`: whether `Input` holds the cached part.
    Convention,
    /// The feature.
    Feature,
    /// The end user.
    User,
    /// Who pays: account, project, team, alias of a key.
    Account,
    /// The workspace whose caches are shared.
    Workspace,
    /// The conversation or session.
    Conversation,
    /// The component a row stands for.
    Component,
    /// The service tier.
    Tier,
    /// Whether it ran in a batch.
    Batch,
    /// The region.
    Region,
    /// Success or failure, as a word or an HTTP status.
    Status,
    /// An error, in whatever form.
    Error,
    /// Why the answer ended.
    Finish,
    /// Milliseconds to the end of the answer.
    Latency,
    /// Seconds to the end of the answer.
    LatencySeconds,
    /// Milliseconds to the first token.
    FirstToken,
    /// The output limit asked for.
    MaxTokens,
    /// Sampling temperature.
    Temperature,
    /// Whether the answer was streamed.
    Stream,
    /// What it cost in dollars.
    Cost,
    /// Tool requests that are billed apart.
    ToolRequests,
    /// An object with counts.
    Usage,
    /// An object with counts inside the counts.
    UsageDetails,
    /// Tags: an object, a list or a text.
    Tags,
}

impl Field {
    /// How many fields there are.
    pub const COUNT: usize = Self::Tags as usize + 1;

    /// Whether the field stands in an object of counts.
    #[must_use]
    pub const fn is_usage(self) -> bool {
        matches!(
            self,
            Self::Input
                | Self::UncachedInput
                | Self::CacheRead
                | Self::CacheWrite
                | Self::CacheWriteFiveMinutes
                | Self::CacheWriteOneHour
                | Self::Output
                | Self::Reasoning
                | Self::Total
                | Self::OtherModality
                | Self::UsageDetails
                | Self::Tier
                | Self::Cost
                | Self::ToolRequests
        )
    }

    /// Whether a tag of that name stands for the field.
    #[must_use]
    pub const fn is_tag(self) -> bool {
        matches!(
            self,
            Self::Feature
                | Self::User
                | Self::Account
                | Self::Workspace
                | Self::Conversation
                | Self::Component
                | Self::Region
        )
    }

    /// The field of a name as logs write it, in any of the usual cases.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Named> {
        if let Some(named) = find(name) {
            return Some(named);
        }
        let plain =
            name.bytes().all(|byte| !byte.is_ascii_uppercase() && byte != b' ' && byte != b'-');
        if plain || name.len() > LONGEST { None } else { find(&snake(name)) }
    }
}

/// A field together with the name it was found under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    /// The field.
    pub field: Field,
    /// The position of the name in [`NAMES`]: of two names of a field the
    /// earlier one counts.
    pub rank: u8,
}

const LONGEST: usize = 64;

/// `promptTokens`, `Prompt Tokens` and `prompt-tokens` as `prompt_tokens`.
fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    let mut after_lower = false;
    for character in name.chars() {
        if character.is_ascii_uppercase() && after_lower {
            snake.push('_');
        }
        after_lower = character.is_ascii_lowercase() || character.is_ascii_digit();
        snake.push(match character {
            ' ' | '-' => '_',
            other => other.to_ascii_lowercase(),
        });
    }
    snake
}

/// Every name, the preferred ones of a field first. A model that answered is
/// what is billed, so it comes before the one that was asked for; the names
/// with dots are OpenTelemetry's.
pub const NAMES: &[(&str, Field)] = &[
    ("timestamp", Field::Time),
    ("ts", Field::Time),
    ("time", Field::Time),
    ("start_time", Field::Time),
    ("started_at", Field::Time),
    ("created_at", Field::Time),
    ("created", Field::Time),
    ("charge_period_start", Field::Time),
    ("datetime", Field::Time),
    ("date", Field::Time),
    ("elapsed_ms", Field::Elapsed),
    ("request_id", Field::RequestId),
    ("call_id", Field::RequestId),
    ("response_id", Field::RequestId),
    ("gen_ai.response.id", Field::RequestId),
    ("id", Field::RequestId),
    ("response_model", Field::Model),
    ("gen_ai.response.model", Field::Model),
    ("model", Field::Model),
    ("model_name", Field::Model),
    ("model_id", Field::Model),
    ("requested_model", Field::RequestedModel),
    ("request_model", Field::RequestedModel),
    ("gen_ai.request.model", Field::RequestedModel),
    ("provider", Field::Provider),
    ("provider_name", Field::Provider),
    ("gen_ai.provider.name", Field::Provider),
    ("gen_ai.system", Field::Provider),
    ("operation", Field::Operation),
    ("operation_name", Field::Operation),
    ("gen_ai.operation.name", Field::Operation),
    ("call_type", Field::Operation),
    ("input_tokens", Field::Input),
    ("prompt_tokens", Field::Input),
    ("usage_input_tokens", Field::Input),
    ("gen_ai.usage.input_tokens", Field::Input),
    ("gen_ai.usage.prompt_tokens", Field::Input),
    ("uncached_input_tokens", Field::UncachedInput),
    ("usage_input_uncached_tokens", Field::UncachedInput),
    ("input_uncached_tokens", Field::UncachedInput),
    ("cache_read_input_tokens", Field::CacheRead),
    ("cache_read_tokens", Field::CacheRead),
    ("cached_input_tokens", Field::CacheRead),
    ("input_cached_tokens", Field::CacheRead),
    ("cached_tokens", Field::CacheRead),
    ("usage_cache_read_input_tokens", Field::CacheRead),
    ("gen_ai.usage.cache_read.input_tokens", Field::CacheRead),
    ("gen_ai.usage.cache_read_input_tokens", Field::CacheRead),
    ("cache_write_input_tokens", Field::CacheWrite),
    ("cache_creation_input_tokens", Field::CacheWrite),
    ("cache_write_tokens", Field::CacheWrite),
    ("cache_creation_tokens", Field::CacheWrite),
    ("input_cache_write_tokens", Field::CacheWrite),
    ("usage_cache_write_input_tokens", Field::CacheWrite),
    ("gen_ai.usage.cache_write.input_tokens", Field::CacheWrite),
    ("gen_ai.usage.cache_creation.input_tokens", Field::CacheWrite),
    ("gen_ai.usage.cache_creation_input_tokens", Field::CacheWrite),
    ("cache_write_5m_input_tokens", Field::CacheWriteFiveMinutes),
    ("cache_creation_5m_input_tokens", Field::CacheWriteFiveMinutes),
    ("ephemeral_5m_input_tokens", Field::CacheWriteFiveMinutes),
    ("cache_write_1h_input_tokens", Field::CacheWriteOneHour),
    ("cache_creation_1h_input_tokens", Field::CacheWriteOneHour),
    ("ephemeral_1h_input_tokens", Field::CacheWriteOneHour),
    ("output_tokens", Field::Output),
    ("completion_tokens", Field::Output),
    ("usage_output_tokens", Field::Output),
    ("gen_ai.usage.output_tokens", Field::Output),
    ("gen_ai.usage.completion_tokens", Field::Output),
    ("generated_tokens", Field::Output),
    ("reasoning_output_tokens", Field::Reasoning),
    ("reasoning_tokens", Field::Reasoning),
    ("thinking_tokens", Field::Reasoning),
    ("usage_reasoning_output_tokens", Field::Reasoning),
    ("gen_ai.usage.reasoning.output_tokens", Field::Reasoning),
    ("total_tokens", Field::Total),
    ("audio_tokens", Field::OtherModality),
    ("image_tokens", Field::OtherModality),
    ("input_convention", Field::Convention),
    ("feature", Field::Feature),
    ("feature_name", Field::Feature),
    ("prompt_name", Field::Feature),
    ("gen_ai.prompt.name", Field::Feature),
    ("use_case", Field::Feature),
    ("route", Field::Feature),
    ("endpoint", Field::Feature),
    ("tag", Field::Feature),
    ("end_user", Field::User),
    ("user", Field::User),
    ("user_id", Field::User),
    ("user.id", Field::User),
    ("enduser.id", Field::User),
    ("customer_id", Field::User),
    ("account", Field::Account),
    ("account_id", Field::Account),
    ("sub_account_name", Field::Account),
    ("sub_account_id", Field::Account),
    ("project", Field::Account),
    ("project_id", Field::Account),
    ("team", Field::Account),
    ("team_id", Field::Account),
    ("organization", Field::Account),
    ("organization_id", Field::Account),
    ("api_key_alias", Field::Account),
    ("api_key_name", Field::Account),
    ("api_key_id", Field::Account),
    ("workspace", Field::Workspace),
    ("workspace_id", Field::Workspace),
    ("conversation_id", Field::Conversation),
    ("gen_ai.conversation.id", Field::Conversation),
    ("session_id", Field::Conversation),
    ("session", Field::Conversation),
    ("thread_id", Field::Conversation),
    ("component", Field::Component),
    ("service_tier", Field::Tier),
    ("tier", Field::Tier),
    ("openai.response.service_tier", Field::Tier),
    ("batch", Field::Batch),
    ("is_batch", Field::Batch),
    ("region", Field::Region),
    ("region_id", Field::Region),
    ("inference_geo", Field::Region),
    ("status", Field::Status),
    ("http_status", Field::Status),
    ("status_code", Field::Status),
    ("error", Field::Error),
    ("error_type", Field::Error),
    ("error.type", Field::Error),
    ("error_message", Field::Error),
    ("finish_reason", Field::Finish),
    ("stop_reason", Field::Finish),
    ("latency_ms", Field::Latency),
    ("duration_ms", Field::Latency),
    ("latency", Field::Latency),
    ("latency_seconds", Field::LatencySeconds),
    ("duration_seconds", Field::LatencySeconds),
    ("time_to_first_token_ms", Field::FirstToken),
    ("time_to_first_chunk_ms", Field::FirstToken),
    ("ttft_ms", Field::FirstToken),
    ("max_tokens", Field::MaxTokens),
    ("max_output_tokens", Field::MaxTokens),
    ("max_completion_tokens", Field::MaxTokens),
    ("request_max_tokens", Field::MaxTokens),
    ("gen_ai.request.max_tokens", Field::MaxTokens),
    ("temperature", Field::Temperature),
    ("gen_ai.request.temperature", Field::Temperature),
    ("stream", Field::Stream),
    ("request_stream", Field::Stream),
    ("cost", Field::Cost),
    ("cost_usd", Field::Cost),
    ("total_cost", Field::Cost),
    ("total_cost_usd", Field::Cost),
    ("logged_cost", Field::Cost),
    ("web_search_requests", Field::ToolRequests),
    ("tool_requests", Field::ToolRequests),
    ("usage", Field::Usage),
    ("token_usage", Field::Usage),
    ("prompt_tokens_details", Field::UsageDetails),
    ("input_tokens_details", Field::UsageDetails),
    ("input_token_details", Field::UsageDetails),
    ("completion_tokens_details", Field::UsageDetails),
    ("output_tokens_details", Field::UsageDetails),
    ("output_token_details", Field::UsageDetails),
    ("cache_creation", Field::UsageDetails),
    ("server_tool_use", Field::UsageDetails),
    ("tags", Field::Tags),
    ("metadata", Field::Tags),
    ("labels", Field::Tags),
];

const _: () = assert!(NAMES.len() < 256, "a rank is one byte");

/// Slots of the table of names; four times as many as names, so that most
/// unknown keys end at an empty slot.
const SLOTS: usize = 1024;
const EMPTY: u8 = u8::MAX;

/// Positions in [`NAMES`] by the hash of the name, the next slot where one is
/// taken. Looked up for every key of every record: a general hash map takes a
/// third of the time that a line of counts needs.
static TABLE: [u8; SLOTS] = {
    let mut table = [EMPTY; SLOTS];
    let mut rank = 0;
    while rank < NAMES.len() {
        let mut slot = hash(NAMES[rank].0.as_bytes());
        while table[slot] != EMPTY {
            slot = (slot + 1) % SLOTS;
        }
        #[expect(clippy::cast_possible_truncation, reason = "there are fewer than 256 names")]
        let small = rank as u8;
        table[slot] = small;
        rank += 1;
    }
    table
};

/// Mixes the length and four bytes of a name; what else it hits is told apart
/// by comparing.
const fn hash(name: &[u8]) -> usize {
    let length = name.len();
    if length < 2 {
        return length;
    }
    let bytes = u32::from_le_bytes([name[0], name[length / 2], name[length - 2], name[length - 1]]);
    #[expect(clippy::cast_possible_truncation, reason = "a hash may lose what no name has")]
    let mixed = (bytes ^ (length as u32) << 11).wrapping_mul(0x9E37_79B1);
    (mixed >> 22) as usize % SLOTS
}

fn find(name: &str) -> Option<Named> {
    let mut slot = hash(name.as_bytes());
    loop {
        let rank = *TABLE.get(slot)?;
        let (known, field) = NAMES.get(usize::from(rank))?;
        if *known == name {
            return Some(Named { field: *field, rank });
        }
        slot = (slot + 1) % SLOTS;
    }
}

#[cfg(test)]
mod tests {
    use super::{Field, NAMES};

    #[test]
    fn every_name_stands_once() {
        for (name, field) in NAMES {
            let twice = NAMES.iter().filter(|(other, _)| other == name).count();
            assert_eq!(twice, 1, "{name}");
            assert_eq!(Field::of_name(name).map(|named| named.field), Some(*field));
        }
    }

    #[test]
    fn probing_is_short() {
        // A slot or two beyond the first one at most, or the hash is bad.
        let far = |(name, _): &&(&str, Field)| {
            let start = super::hash(name.as_bytes());
            let found = (0..4).any(|step| {
                let rank = super::TABLE[(start + step) % super::SLOTS];
                NAMES.get(usize::from(rank)).is_some_and(|(known, _)| known == name)
            });
            !found
        };
        assert_eq!(NAMES.iter().filter(far).count(), 0);
    }

    #[test]
    fn the_usual_cases_are_read() {
        for name in
            ["promptTokens", "Prompt Tokens", "prompt-tokens", "PROMPT_TOKENS", "PromptTokens"]
        {
            assert_eq!(Field::of_name(name).map(|named| named.field), Some(Field::Input), "{name}");
        }
        assert_eq!(Field::of_name("prompt"), None);
    }
}

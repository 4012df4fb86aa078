//! The table of calls: one row for each call, bucket, charge and note of a log.
//!
//! Names follow OpenTelemetry GenAI (dots as underscores) and, for periods,
//! accounts and money, FOCUS in snake case. Columns may be added; what they
//! mean changes only with [`VERSION`].

use super::column::{Column, Kind};

/// The version of the table, in its first column.
pub const VERSION: &str = "1";

macro_rules! columns {
    ($($name:ident = $text:literal, $kind:ident, $meaning:literal;)*) => {
        /// A column of the table of calls.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(usize)]
        pub enum Name {
            $(#[doc = $meaning] $name,)*
        }

        /// The columns, in the order of [`Name`].
        pub const COLUMNS: &[Column] = &[
            $(Column { name: $text, kind: Kind::$kind, meaning: $meaning },)*
        ];
    };
}

columns! {
    TokoptTable = "tokopt_table", Text, "Version of this table";
    RecordKind = "record_kind", Text, "`request`, `bucket` (usage of a period), `charge` (amount of a bill) or `note` (a remark about the log)";
    RecordOrder = "record_order", Count, "Position in the log's order, from 0, among records of its kind";
    ChargePeriodStart = "charge_period_start", Time, "Start of the call, or of the period";
    ChargePeriodEnd = "charge_period_end", Time, "End of the period; of a call its start and duration, where both are known";
    ElapsedMicroseconds = "elapsed_microseconds", Integer, "Microseconds from an unnamed start, in logs without dates";
    ProviderName = "provider_name", Text, "Who billed it, by its OpenTelemetry name";
    OperationName = "operation_name", Text, "`chat`, `embeddings` or `other`";
    RequestModel = "request_model", Text, "Model that was asked for, where the log tells it apart from the one that served";
    ResponseModel = "response_model", Text, "Model that served, or the requested one where the log has no other";
    ResponseId = "response_id", Text, "The provider's id of the answer, or the log's id of the request";
    ResponseCopy = "response_copy", Count, "2, 3, ... where several records of the log have this id and are calls of their own";
    ConversationId = "conversation_id", Text, "Conversation or session";
    UserId = "user_id", Text, "End user, a pseudonym unless --show-users";
    SubAccountId = "sub_account_id", Text, "Account, project, team or API key that pays, a pseudonym unless --show-users";
    WorkspaceId = "workspace_id", Text, "Workspace whose caches are shared, a pseudonym unless --show-users";
    RegionId = "region_id", Text, "Region or geography";
    Feature = "feature", Text, "What the call was for";
    FeatureSource = "feature_source", Text, "`logged`, `rule` (of the settings file) or `call_site` (deduced from tools and system prompt)";
    Tags = "tags", Json, "Other tags; a key with several values has a list";
    ServiceTier = "service_tier", Text, "`standard`, `batch`, `flex`, `priority`, `fast`, `ultrafast` or `provisioned`";
    Status = "status", Text, "`success`, `error` or `aborted`";
    FinishReason = "finish_reason", Text, "`stop`, `length`, `tool_calls`, `content_filter` or `error`";
    Flags = "flags", Text, "Facts that change how the record is counted, by commas";
    RequestMaxTokens = "request_max_tokens", Count, "Output limit that was asked for";
    RequestTemperature = "request_temperature", Number, "Sampling temperature";
    RequestStream = "request_stream", Truth, "Whether the answer was streamed";
    RequestHasTools = "request_has_tools", Truth, "Whether tools were offered";
    DurationMs = "duration_ms", Count, "Milliseconds to the end of the answer";
    TimeToFirstChunkMs = "time_to_first_chunk_ms", Count, "Milliseconds to the first token";
    ToolRequestCount = "tool_request_count", Count, "Requests to hosted tools that are billed apart";
    RequestCount = "request_count", Count, "Calls of a bucket, where the export says";
    LongContext = "long_context", Truth, "Whether a period's prompts were above the long-context limit, where stated";
    InputTokens = "usage_input_tokens", Count, "The whole prompt: uncached + cache read + cache write";
    UncachedTokens = "usage_input_uncached_tokens", Count, "The part neither read from nor written to a cache";
    CacheReadTokens = "usage_cache_read_input_tokens", Count, "The part read from the provider's cache";
    CacheWriteTokens = "usage_cache_write_input_tokens", Count, "The part written to the provider's cache, over all lifetimes";
    CacheWriteByTtl = "usage_cache_write_by_ttl", Json, "Tokens written by lifetime in seconds; the rest of the writes has no stated lifetime";
    OutputTokens = "usage_output_tokens", Count, "Everything generated, reasoning included";
    ReasoningTokens = "usage_reasoning_output_tokens", Count, "The part of the output that was reasoning";
    AudioInputTokens = "usage_audio_input_tokens", Count, "The part of the uncached prompt that was audio";
    AudioOutputTokens = "usage_audio_output_tokens", Count, "The part of the output that was audio";
    OtherModalityTokens = "usage_other_modality_tokens", Count, "Audio and image tokens among a bucket's counts";
    ComponentSource = "component_source", Text, "How the components are known: `stated` by the log, from `texts`, deduced from `counts`";
    ToolDefinitions = "component_tool_definitions_tokens", Count, "Billed tokens of tools and response formats";
    SystemPrompt = "component_system_prompt_tokens", Count, "Billed tokens of system and developer messages";
    FewShot = "component_few_shot_tokens", Count, "Billed tokens of example exchanges";
    History = "component_history_tokens", Count, "Billed tokens of messages sent before";
    RetrievedContext = "component_retrieved_context_tokens", Count, "Billed tokens of tool results and documents where they first appear";
    UserInput = "component_user_input_tokens", Count, "Billed tokens of what the user says in this turn";
    ImagesAndFiles = "component_images_and_files_tokens", Count, "Billed tokens of images, audio and files";
    Unattributed = "component_unattributed_tokens", Count, "Billed input that nothing explains";
    OutputText = "component_output_text_tokens", Count, "Generated text, where the log states its components";
    OutputReasoning = "component_output_reasoning_tokens", Count, "Reasoning, where the log states its components";
    ComponentCacheRead = "component_cache_read_tokens", Json, "Where texts were measured, tokens read from the cache by component";
    ComponentCacheWrite = "component_cache_write_tokens", Json, "Where texts were measured, tokens written to the cache by component";
    BillingCurrency = "billing_currency", Text, "Currency of the amounts: USD";
    LoggedCost = "logged_cost", Money, "What the log says the record cost; no invoice";
    BilledCost = "billed_cost", Money, "Amount of a charge, after discounts";
    ListCost = "list_cost", Money, "Tokens at the price table's list prices; of a charge the list amount that the bill names";
    ListCostEvidence = "list_cost_evidence", Text, "How the list cost is known: `measured`, `inferred` or `assumed`";
    ChargeItem = "charge_item", Text, "Line of the bill, where no other column tells it";
    ChargeMeter = "charge_meter", Text, "What was billed: `input`, `cache_read`, `cache_write`, `output`, `tool` or `other`";
    NoteCode = "note_code", Text, "Code of a remark about the log that the table was made from";
    NoteMessage = "note_message", Text, "What the remark means for the figures";
    NoteRecords = "note_records", Count, "Records that the remark concerns";
}

impl Name {
    /// The name in the table.
    #[must_use]
    pub const fn text(self) -> &'static str {
        COLUMNS[self as usize].name
    }
}

/// The columns of the components, in the order of `Component::ALL`.
pub const COMPONENTS: [Name; 10] = [
    Name::ToolDefinitions,
    Name::SystemPrompt,
    Name::FewShot,
    Name::History,
    Name::RetrievedContext,
    Name::UserInput,
    Name::ImagesAndFiles,
    Name::Unattributed,
    Name::OutputText,
    Name::OutputReasoning,
];

/// Kinds of records.
pub mod kind {
    /// A call.
    pub const REQUEST: &str = "request";
    /// Usage of a period.
    pub const BUCKET: &str = "bucket";
    /// An amount of a bill.
    pub const CHARGE: &str = "charge";
    /// A remark about the log.
    pub const NOTE: &str = "note";
}

/// Where the components of a call come from.
pub mod source {
    /// The records of the log state them.
    pub const STATED: &str = "stated";
    /// Texts were measured.
    pub const TEXTS: &str = "texts";
    /// Deduced from the counts of many calls.
    pub const COUNTS: &str = "counts";
}

#[cfg(test)]
mod tests {
    use super::{COLUMNS, COMPONENTS, Name};
    use crate::record::component::Component;

    #[test]
    fn components_stand_in_their_columns() {
        for (component, name) in Component::ALL.into_iter().zip(COMPONENTS) {
            assert_eq!(name.text(), format!("component_{}_tokens", component.key()));
        }
    }

    #[test]
    fn names_are_told_apart() {
        for (position, column) in COLUMNS.iter().enumerate() {
            assert!(COLUMNS[..position].iter().all(|other| other.name != column.name));
        }
        assert_eq!(Name::NoteRecords as usize + 1, COLUMNS.len());
    }
}

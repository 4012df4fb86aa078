//! The arms of an A/B test side by side: the contract of
//! `tokopt diff --arms TAG --format json`.
//!
//! A document of its own, beside the analysis. Only requests are in it:
//! periods of usage exports belong to no arm.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Decimal, Evidence, Warning};

/// The version of the layout of [`Arms`].
pub const ARMS_SCHEMA_VERSION: &str = "1.0";

/// The arms of an A/B test that ran inside one log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "tokopt arms")]
pub struct Arms {
    /// The version of this layout, `1.0`.
    pub schema_version: String,
    /// The version of the program that made the document.
    pub tool_version: String,
    /// What was read.
    pub input: ArmsInput,
    /// The field whose value is a call's arm, such as `tag.variant`.
    pub field: String,
    /// The arm that the others are compared with.
    pub control: String,
    /// Whether the control was named; else it is the arm with the most calls.
    pub control_was_named: bool,
    /// How conversations are known; null where the log neither names nor shows
    /// any, and every call is resampled by itself.
    pub conversations: Option<Evidence>,
    /// How often the conversations of each arm were resampled.
    pub resamples: u64,
    /// The seed of the draws.
    pub seed: u64,
    /// Calls without a value of the field.
    pub calls_in_no_arm: u64,
    /// Conversations with calls in more than one arm.
    pub split_conversations: u64,
    /// The arms: the control first, the others by name.
    pub arms: Vec<ArmFigures>,
    /// What is different between each other arm and the control.
    pub differences: Vec<ArmDifference>,
    /// What a reader should know before trusting a difference.
    pub warnings: Vec<Warning>,
}

/// What the arms were read from, and what became of every log record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ArmsInput {
    /// The files, sorted.
    pub files: Vec<String>,
    /// Log records seen: calls, duplicates, ignored and rejected ones.
    pub lines: u64,
    /// Records kept as calls, periods or charges.
    pub calls: u64,
    /// Records that restate a call kept elsewhere.
    pub duplicates: u64,
    /// Records that are no calls.
    pub ignored: u64,
    /// Records that could not be read.
    pub rejected: u64,
    /// Calls, periods and charges that filters leave out.
    pub left_out: u64,
}

/// One arm. A figure is null where the log does not carry it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ArmFigures {
    /// The value of the field.
    pub arm: String,
    /// Calls.
    pub calls: u64,
    /// Conversations; a call outside of any is one of its own.
    pub conversations: Option<u64>,
    /// Calls whose cost is not known.
    pub unpriced_calls: u64,
    /// Calls with a score.
    pub scored_calls: u64,
    /// What the calls with a known cost cost, in US dollars.
    pub cost_usd: Option<Decimal>,
    /// Dollars per call whose cost is known.
    pub cost_per_call_usd: Option<Decimal>,
    /// Dollars per conversation, all of whose calls have a known cost.
    pub cost_per_conversation_usd: Option<Decimal>,
    /// Input tokens per call that reports them, cached ones included.
    pub input_tokens_per_call: Option<Decimal>,
    /// Output tokens per call that reports them, reasoning included.
    pub output_tokens_per_call: Option<Decimal>,
    /// Input tokens read from the cache, of those of calls that report both.
    pub cache_read_share: Option<Decimal>,
    /// Calls that ended in an error, of all calls.
    pub error_share: Option<Decimal>,
    /// The mean score of the calls that have one.
    pub score: Option<Decimal>,
    /// When its first call was made, RFC 3339 in UTC.
    pub first_call: Option<String>,
    /// When its last call was made.
    pub last_call: Option<String>,
}

impl ArmFigures {
    /// A figure of the arm.
    #[must_use]
    pub const fn figure(&self, metric: ArmMetric) -> Option<Decimal> {
        match metric {
            ArmMetric::CostPerCall => self.cost_per_call_usd,
            ArmMetric::CostPerConversation => self.cost_per_conversation_usd,
            ArmMetric::InputTokensPerCall => self.input_tokens_per_call,
            ArmMetric::OutputTokensPerCall => self.output_tokens_per_call,
            ArmMetric::CacheReadShare => self.cache_read_share,
            ArmMetric::ErrorShare => self.error_share,
            ArmMetric::Score => self.score,
        }
    }
}

/// What arms are compared in.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ArmMetric {
    /// US dollars.
    CostPerCall,
    /// US dollars.
    CostPerConversation,
    /// Tokens.
    InputTokensPerCall,
    /// Tokens.
    OutputTokensPerCall,
    /// A part of one.
    CacheReadShare,
    /// A part of one.
    ErrorShare,
    /// As the log writes it.
    Score,
}

impl ArmMetric {
    /// Every metric, in the order of reports.
    pub const ALL: [Self; 7] = [
        Self::CostPerCall,
        Self::CostPerConversation,
        Self::InputTokensPerCall,
        Self::OutputTokensPerCall,
        Self::CacheReadShare,
        Self::ErrorShare,
        Self::Score,
    ];

    /// The name of JSON and CSV.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CostPerCall => "cost_per_call",
            Self::CostPerConversation => "cost_per_conversation",
            Self::InputTokensPerCall => "input_tokens_per_call",
            Self::OutputTokensPerCall => "output_tokens_per_call",
            Self::CacheReadShare => "cache_read_share",
            Self::ErrorShare => "error_share",
            Self::Score => "score",
        }
    }
}

/// What may be said of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ArmVerdict {
    /// The arm's figure is higher: the whole interval lies above 0.
    Higher,
    /// The arm's figure is lower: the whole interval lies below 0.
    Lower,
    /// The interval holds 0. There may be a difference all the same.
    NoDifferenceSeen,
    /// Too few calls or conversations.
    TooSmallToTell,
    /// Something else is in the way; see the reason.
    NotJudged,
}

impl ArmVerdict {
    /// The name of JSON and CSV.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Higher => "higher",
            Self::Lower => "lower",
            Self::NoDifferenceSeen => "no_difference_seen",
            Self::TooSmallToTell => "too_small_to_tell",
            Self::NotJudged => "not_judged",
        }
    }
}

/// What an arm differs in from the control: the arm's figure less the
/// control's, in the unit of the metric, and as a part of the control's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ArmDifference {
    /// The arm.
    pub arm: String,
    /// What is compared.
    pub metric: ArmMetric,
    /// The control's figure.
    pub control_value: Option<Decimal>,
    /// The arm's figure.
    pub arm_value: Option<Decimal>,
    /// The difference; null where there is too little to judge it.
    pub difference: Option<Decimal>,
    /// The lower end of its 95 % interval.
    pub low: Option<Decimal>,
    /// The upper end.
    pub high: Option<Decimal>,
    /// Half the width of the interval: about the smallest difference that this
    /// sample can show. Null where all resamples agree.
    pub smallest_shown: Option<Decimal>,
    /// The difference as a part of the control's figure; null where that may
    /// be 0.
    pub relative_difference: Option<Decimal>,
    /// The lower end of its 95 % interval.
    pub relative_low: Option<Decimal>,
    /// The upper end.
    pub relative_high: Option<Decimal>,
    /// Half the width of that interval.
    pub smallest_relative_shown: Option<Decimal>,
    /// What may be said of it.
    pub verdict: ArmVerdict,
    /// Why it is too small to tell or not judged.
    pub reason: Option<String>,
    /// How it is known.
    pub evidence: Evidence,
}

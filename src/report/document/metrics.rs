//! Per-call figures, model tiers, and who is heavy.
//!
//! Knows no call: quantiles and means arrive computed. Quantiles are values
//! that occurred, by the nearest rank.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Quotient;
use crate::units::{NanoUsd, Share, Tokens};

/// Per-call figures over the whole log. Null where the log does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Metrics {
    /// Cost per priced call.
    pub cost_per_call: Option<CostPerCall>,
    /// Input tokens per call, cached ones included.
    pub input_tokens_per_call: Option<TokensPerCall>,
    /// Output tokens per call, reasoning included.
    pub output_tokens_per_call: Option<TokensPerCall>,
    /// Input tokens read from the cache, of all input tokens.
    pub cache_read_share: Option<Share>,
    /// Calls that ended in an error, of all calls.
    pub error_share: Option<Share>,
    /// Calls that repeat a failed call, of all calls.
    pub retry_share: Option<Share>,
    /// Time until the answer was complete, in milliseconds.
    pub latency_milliseconds: Option<DurationQuantiles>,
    /// Time until the first token of the answer, in milliseconds.
    pub time_to_first_token_milliseconds: Option<DurationQuantiles>,
    /// The same by model, most expensive first.
    pub models: Vec<ModelMetrics>,
    /// Calls and dollars by tier of model.
    pub tiers: Vec<TierShare>,
}

/// Cost per priced call, in US dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CostPerCall {
    /// The mean.
    pub mean_usd: NanoUsd,
    /// The cost that 95 % of calls do not exceed.
    pub p95_usd: NanoUsd,
}

/// Tokens per call that reports them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TokensPerCall {
    /// The mean.
    pub mean: Quotient,
    /// The count that half of the calls do not exceed.
    #[schemars(with = "u64")]
    pub p50: Tokens,
    /// The count that 95 % of calls do not exceed.
    #[schemars(with = "u64")]
    pub p95: Tokens,
}

/// Durations of the calls that log one, in whole milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DurationQuantiles {
    /// The duration that half of the calls do not exceed.
    pub p50: u64,
    /// The duration that 95 % of calls do not exceed.
    pub p95: u64,
    /// Calls that log it.
    pub calls: u64,
}

/// The place of a model among its provider's models.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ModelTier {
    /// The cheapest class.
    Economy,
    /// The middle class.
    Standard,
    /// The dearest class.
    Premium,
    /// The price table does not say.
    #[default]
    Unknown,
}

impl ModelTier {
    /// The word used in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Economy => "economy",
            Self::Standard => "standard",
            Self::Premium => "premium",
            Self::Unknown => "unknown",
        }
    }
}

/// Per-call figures of one model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ModelMetrics {
    /// The model's name in the log, or `unknown`.
    pub model: String,
    /// Its tier.
    pub tier: ModelTier,
    /// Its calls.
    pub calls: Option<u64>,
    /// What they cost, in US dollars.
    pub cost_usd: Option<NanoUsd>,
    /// The mean cost per priced call, in US dollars.
    pub cost_per_call_mean_usd: Option<NanoUsd>,
    /// The cost that 95 % of priced calls do not exceed, in US dollars.
    pub cost_per_call_p95_usd: Option<NanoUsd>,
    /// Mean input tokens per call, cached ones included.
    pub input_tokens_per_call_mean: Option<Quotient>,
    /// Mean output tokens per call, reasoning included.
    pub output_tokens_per_call_mean: Option<Quotient>,
    /// Input tokens read from the cache, of all input tokens.
    pub cache_read_share: Option<Share>,
}

/// Calls and dollars of one tier of models.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TierShare {
    /// The tier.
    pub tier: ModelTier,
    /// Its calls.
    pub calls: Option<u64>,
    /// The part of all calls.
    pub calls_share: Option<Share>,
    /// What they cost, in US dollars.
    pub cost_usd: Option<NanoUsd>,
    /// The part of the total cost.
    pub cost_share: Option<Share>,
}

/// Who is heavy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Users {
    /// Distinct users in the log.
    pub count: u64,
    /// The part of the cost that the heaviest 1 % of users cause.
    pub top_1_percent_cost_share: Option<Share>,
    /// The part of the cost that the heaviest 10 % of users cause.
    pub top_10_percent_cost_share: Option<Share>,
    /// Users who cost more than they pay, largest loss first.
    pub above_plan: Vec<AbovePlan>,
    /// How users are named in this document.
    pub pseudonyms: Pseudonyms,
}

/// A user who costs more than he pays.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub struct AbovePlan {
    /// The user, as a pseudonym unless the run asked for names.
    pub user: String,
    /// What the user's calls cost over the window, in US dollars.
    pub cost_usd: NanoUsd,
    /// What the user pays over the window, in US dollars.
    pub plan_usd: NanoUsd,
}

/// How users are named.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Pseudonyms {
    /// Pseudonyms under the published key: they can be guessed.
    #[default]
    PublishedKey,
    /// Pseudonyms under a key of the user's own.
    KeyFile,
    /// The names of the log.
    Shown,
}

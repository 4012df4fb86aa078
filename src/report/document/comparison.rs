//! What a later run needs in order to hold another log against this one: sums
//! that can be added up by feature, model, provider and tier, and the figures of
//! slices that cannot.
//!
//! Knows no other analysis: what is compared, and how, is decided elsewhere.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CostPerCall, DurationQuantiles, TokensPerCall};
use crate::record::component::Component;
use crate::units::{Evidence, NanoUsd, Share, Tokens};

/// What analyses are compared by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// Sums over the calls and buckets of every feature, model, provider and
    /// tier that occur together, most expensive first. Their costs add up to
    /// `totals.cost_usd` digit for digit.
    pub cells: Vec<Cell>,
    /// Figures that do not add up: of the whole, of each feature, of each model,
    /// of each feature on each model, in that order.
    pub slices: Vec<Slice>,
}

/// Sums over the calls and buckets of one feature, model, provider and tier.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cell {
    /// The feature, or `unknown`.
    pub feature: String,
    /// The model as the log names it, or `unknown`.
    pub model: String,
    /// The provider, or `unknown`.
    pub provider: String,
    /// The service tier: `standard`, `batch`, `flex`, ...
    pub tier: String,
    /// Calls; null where a bucket does not say how many it adds up.
    pub calls: Option<u64>,
    /// Calls that `cost_usd` leaves out; a bucket that does not say how many
    /// calls it adds up stands for one.
    pub unpriced_calls: u64,
    /// What the priced calls cost, in US dollars; null where none was priced.
    pub cost_usd: Option<NanoUsd>,
    /// Prompt tokens, cached ones included.
    #[schemars(with = "Option<u64>")]
    pub input_tokens: Option<Tokens>,
    /// Generated tokens, reasoning included.
    #[schemars(with = "Option<u64>")]
    pub output_tokens: Option<Tokens>,
    /// The priced tokens by what they are billed as, with their cost; the costs
    /// add up to `cost_usd`.
    pub kinds: Vec<CellKind>,
    /// The tokens by part of the prompt or the answer, with their cost; empty
    /// where no component is known.
    pub components: Vec<CellComponent>,
    /// How the cost is known.
    pub evidence: Evidence,
}

/// What tokens are billed as.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// Prompt tokens neither read from nor written to a cache.
    UncachedInput,
    /// Prompt tokens read from a cache.
    CacheRead,
    /// Prompt tokens written to a cache, of whatever lifetime.
    CacheWrite,
    /// Generated tokens, reasoning included.
    Output,
    /// No tokens: fees of hosted tools.
    Fees,
}

impl TokenKind {
    /// Every kind, in the order of documents.
    pub const ALL: [Self; 5] =
        [Self::UncachedInput, Self::CacheRead, Self::CacheWrite, Self::Output, Self::Fees];

    /// The word used in documents and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UncachedInput => "uncached_input",
            Self::CacheRead => "cache_read",
            Self::CacheWrite => "cache_write",
            Self::Output => "output",
            Self::Fees => "fees",
        }
    }
}

/// The tokens of a kind in the priced calls of a cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CellKind {
    /// The kind.
    pub kind: TokenKind,
    /// Tokens of the calls that were priced; zero for fees.
    #[schemars(with = "u64")]
    pub tokens: Tokens,
    /// What they cost, in US dollars.
    pub cost_usd: NanoUsd,
}

/// The tokens of a component in a cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CellComponent {
    /// The component.
    #[schemars(with = "String")]
    pub component: Component,
    /// Its tokens.
    #[schemars(with = "u64")]
    pub tokens: Tokens,
    /// What they cost, in US dollars; null where nothing of the cell is priced.
    pub cost_usd: Option<NanoUsd>,
}

/// Figures over the calls of one slice. Counts say how many calls each rests on;
/// what the log does not say is null.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Slice {
    /// The feature that the slice is of; null for all of them.
    pub feature: Option<String>,
    /// The model that the slice is of; null for all of them.
    pub model: Option<String>,
    /// Calls and the calls of buckets; null where a bucket does not say.
    pub calls: Option<u64>,
    /// Of these, calls added up in buckets: they have no quantile.
    pub bucket_calls: u64,
    /// Calls with a price.
    pub priced_calls: u64,
    /// Calls without a price; a bucket that does not say how many calls it adds
    /// up stands for one.
    pub unpriced_calls: u64,
    /// Of the calls with a price, those of which a part has none: an answer
    /// whose size was not logged, say.
    #[serde(default)]
    pub partly_priced_calls: u64,
    /// Prompt and generated tokens of the calls without a price.
    #[serde(default)]
    #[schemars(with = "u64")]
    pub unpriced_tokens: Tokens,
    /// What the priced calls cost, in US dollars; null where none was priced.
    pub cost_usd: Option<NanoUsd>,
    /// How the cost is known; null without one.
    pub cost_evidence: Option<Evidence>,
    /// Cost per priced call; the 95th percentile is over single calls.
    pub cost_per_call: Option<CostPerCall>,
    /// Prompt tokens of the calls and buckets that report them.
    #[schemars(with = "Option<u64>")]
    pub input_tokens: Option<Tokens>,
    /// Calls behind `input_tokens`.
    pub input_calls: u64,
    /// Input tokens per single call that reports them.
    pub input_tokens_per_call: Option<TokensPerCall>,
    /// Generated tokens of the calls and buckets that report them.
    #[schemars(with = "Option<u64>")]
    pub output_tokens: Option<Tokens>,
    /// Calls behind `output_tokens`.
    pub output_calls: u64,
    /// Output tokens per single call that reports them.
    pub output_tokens_per_call: Option<TokensPerCall>,
    /// Prompt tokens of the calls that report cache reads.
    #[schemars(with = "u64")]
    pub cacheable_tokens: Tokens,
    /// Of these, read from the cache.
    #[schemars(with = "u64")]
    pub cache_read_tokens: Tokens,
    /// Calls behind `cacheable_tokens`.
    pub cacheable_calls: u64,
    /// `history` tokens of the calls whose components are known; null where no
    /// component is.
    #[schemars(with = "Option<u64>")]
    pub history_tokens: Option<Tokens>,
    /// Prompt tokens of the calls whose components are known.
    #[schemars(with = "u64")]
    pub component_tokens: Tokens,
    /// Calls behind `component_tokens`.
    pub component_calls: u64,
    /// Calls whose status the log can say: not those of buckets.
    pub status_calls: u64,
    /// Of these, calls that ended in an error.
    pub error_calls: u64,
    /// Calls that send a failed request again within ten minutes; null where
    /// requests cannot be compared.
    pub retry_calls: Option<u64>,
    /// Calls on a model whose tier the price table names.
    pub tier_calls: u64,
    /// Of these, calls on the dearest class.
    pub premium_calls: u64,
    /// Distinct users whose cost is known; null where no such call names one.
    pub users: Option<u64>,
    /// Priced calls that name a user.
    #[serde(default)]
    pub user_calls: u64,
    /// What the calls that name a user cost, in US dollars.
    pub user_cost_usd: Option<NanoUsd>,
    /// What the most expensive user costs, in US dollars.
    pub user_cost_max_usd: Option<NanoUsd>,
    /// Distinct conversations whose cost is known; null where none can be told.
    pub conversations: Option<u64>,
    /// Priced calls that belong to a conversation.
    #[serde(default)]
    pub conversation_calls: u64,
    /// What the calls of conversations cost, in US dollars.
    pub conversation_cost_usd: Option<NanoUsd>,
    /// What the most expensive conversation costs, in US dollars.
    pub conversation_cost_max_usd: Option<NanoUsd>,
    /// How conversations are known; null where none can be told.
    pub conversation_evidence: Option<Evidence>,
    /// Time until the answer was complete, in milliseconds.
    pub latency_milliseconds: Option<DurationQuantiles>,
    /// The part of the whole log's cost.
    pub cost_share: Option<Share>,
}

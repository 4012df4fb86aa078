//! What the providers' prompt caches do on this traffic, and what they could.
//!
//! Shares are weighted by tokens: read from the cache, of all input. Knows no
//! text of a prompt: a break is placed and classified, never quoted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Evidence, Quotient};
use crate::units::{NanoUsd, Share, Tokens};

/// The replay of the prompt caches.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cache {
    /// Input tokens read from the cache by the log's own counts, of all input;
    /// null where the log does not count them.
    pub logged_read_share: Option<Share>,
    /// The same, replayed with the log's own policy.
    pub replayed_read_share: Option<Share>,
    /// The same, if nothing ever expired: what the prompts repeat at all.
    pub infinite_read_share: Option<Share>,
    /// What each policy would read and cost on all of the traffic.
    pub policies: Vec<CachePolicy>,
    /// Where prompts stop repeating, dearest first.
    pub breaks: Vec<CacheBreak>,
    /// How well the replay meets the billed counts; null where none are logged.
    pub calibration: Option<CacheCalibration>,
    /// How the replayed figures are known.
    pub evidence: Evidence,
}

/// One way to place and keep cache entries, on all of the traffic.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CachePolicy {
    /// What is cached: `none`, `head`, `full`, `mixed` or `logged`.
    pub policy: String,
    /// How long an entry lives after its last use, in seconds; null: nothing
    /// expires, or nothing is kept.
    pub ttl_seconds: Option<u64>,
    /// Input tokens read from the cache, of all input.
    pub read_share: Option<Share>,
    /// What the input costs, in plain input tokens per input token: 1 without
    /// a cache; null where the provider sells no such lifetime.
    pub input_cost_ratio: Option<Quotient>,
    /// What it saves over the policy in the log, in US dollars; negative where
    /// it costs more.
    pub saving_usd: Option<NanoUsd>,
}

/// A place at which prompts stop repeating.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CacheBreak {
    /// What the calls were for; null where they are of several features.
    pub feature: Option<String>,
    /// The part of the prompt in which the first differing block stands.
    pub component: String,
    /// What kind of thing changes there, in `snake_case`: `time`, `id`,
    /// `counter`, `reordered_tools`, `other`.
    pub kind: String,
    /// Calls whose prompt breaks there.
    pub calls: u64,
    /// The part of all replayed calls.
    pub share: Option<Share>,
    /// What reading the rest as new input costs, in US dollars.
    pub cost_usd: Option<NanoUsd>,
    /// Tokens before the break, in the middle one of those calls.
    #[schemars(with = "Option<u64>")]
    pub position_tokens: Option<Tokens>,
    /// Ids of a few of the calls, to look at.
    pub example_calls: Vec<String>,
}

/// How well the replay of the log's own policy meets the billed counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CacheCalibration {
    /// Input tokens read from the cache by the bill, of all input.
    pub billed_read_share: Option<Share>,
    /// The same by the replay.
    pub replayed_read_share: Option<Share>,
    /// Calls whose replayed count is the billed one.
    pub exact_calls: u64,
    /// Calls that were compared.
    pub calls: u64,
}

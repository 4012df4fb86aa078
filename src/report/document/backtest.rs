//! Predicted cache reads beside the billed ones: the contract of
//! `tokopt backtest --format json`.
//!
//! A document of its own, beside the analysis. Only calls whose provider
//! reported cache counts are in it.

use serde::Serialize;

use crate::units::{NanoUsd, Share, Tokens};

/// How well the replay of the prompt caches meets the bill.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Backtest {
    /// The calls that were compared, in the order of the log.
    pub calls: Vec<BacktestCall>,
    /// Input tokens read from the cache by the bill, of all input of these
    /// calls, cold starts included; null without a call.
    pub billed_read_share: Option<Share>,
    /// The same as predicted.
    pub predicted_read_share: Option<Share>,
    /// What the input of these calls was billed, in US dollars; null without a
    /// call.
    pub billed_input_cost_usd: Option<NanoUsd>,
    /// What it would have been with the predicted reads.
    pub predicted_input_cost_usd: Option<NanoUsd>,
    /// Calls predicted to the token, cold starts aside.
    pub exact_calls: u64,
    /// Calls of which more was predicted than was read, cold starts aside.
    pub over_calls: u64,
    /// Calls of which less was predicted than was read, cold starts aside.
    pub under_calls: u64,
    /// First calls of their conversations, which may read entries that are
    /// older than the log.
    pub cold_start_calls: u64,
    /// What the comparison could not see.
    #[serde(skip)]
    pub coverage: Coverage,
}

/// One call of a [`Backtest`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BacktestCall {
    /// The request's id; null where the log has none.
    pub id: Option<String>,
    /// The conversation's id; null where the log has none.
    pub conversation_id: Option<String>,
    /// Input tokens that the provider says were read from its cache.
    pub billed_read_tokens: Tokens,
    /// Input tokens that the log alone predicts.
    pub predicted_read_tokens: Tokens,
    /// Whether it is the first call of its conversation.
    pub cold_start: bool,
}

/// Calls by what they lack for a comparison. Said to people only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Not compared: they report no cache counts.
    pub without_counts: u64,
    /// Not compared: they have no time or no price and cannot be replayed.
    pub not_replayed: u64,
    /// Compared by their counts: they show neither texts nor blocks, and what
    /// their prompts repeat is deduced from the conversation.
    pub counts_only: u64,
}

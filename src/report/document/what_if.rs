//! This traffic on another model, beside the ladder.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Evidence, Warning};
use crate::units::NanoUsd;

/// The calls of one model, priced as if another had served them: the same texts
/// in its tokens, under its cache rules, context limit and prices. Says nothing
/// of the quality or the length of its answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WhatIf {
    /// The model in the log.
    pub from: String,
    /// The other model.
    pub to: String,
    /// Priced calls of the first model.
    pub calls: u64,
    /// What they cost, in US dollars.
    pub cost_usd: NanoUsd,
    /// What they would cost, in US dollars; calls that are too long keep their
    /// cost.
    pub new_cost_usd: NanoUsd,
    /// `new_cost_usd` less `cost_usd`: negative where the other model costs
    /// less.
    pub difference_usd: NanoUsd,
    /// Calls that are longer than the other model takes.
    pub too_long_calls: u64,
    /// What a reader should know before trusting it.
    pub warnings: Vec<Warning>,
    /// How the new cost is known.
    pub evidence: Evidence,
}

//! What the log shows beside its figures: findings and warnings.
//!
//! Knows counts and amounts only; a sentence is for people and quotes no text
//! of a prompt.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Evidence;
use crate::units::NanoUsd;

/// Something in the log worth a look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// A stable upper-case code.
    pub code: String,
    /// One sentence for people.
    pub message: String,
    /// Calls concerned.
    pub calls: Option<u64>,
    /// What those calls cost, in US dollars, not what could be saved.
    pub cost_usd: Option<NanoUsd>,
    /// What of it bought nothing, or would not be paid again, in US dollars;
    /// null where that is not known or has no meaning.
    pub wasted_usd: Option<NanoUsd>,
    /// How the finding is known.
    pub evidence: Evidence,
}

/// What a reader should know before trusting a figure.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Warning {
    /// A stable upper-case code.
    pub code: String,
    /// One sentence for people.
    pub message: String,
}

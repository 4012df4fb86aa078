//! A plan held against what happened.
//!
//! Knows no log: what was promised and what came of it arrive as figures.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Effect;
use crate::units::NanoUsd;

/// The ladder of a saved analysis held against a later log. Every amount is of
/// thirty days.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Expectation {
    /// What the plan promised to save together, in US dollars.
    pub promised_usd: NanoUsd,
    /// What the later log would cost had nothing but its number of calls, its
    /// mix of features, and new and vanished features changed, in US dollars.
    pub unchanged_usd: NanoUsd,
    /// What it costs, in US dollars.
    pub actual_usd: NanoUsd,
    /// The difference of the two: what was saved, whatever saved it.
    pub realised_usd: NanoUsd,
    /// One row per technique of the plan, in its order.
    pub techniques: Vec<Promise>,
    /// What the effects of no promised technique saved, in US dollars: prices,
    /// fees, parts of the prompt that no technique was to change.
    pub other_usd: NanoUsd,
}

/// A technique of the plan and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Promise {
    /// Its id.
    pub technique: String,
    /// What it would save as the only technique, in US dollars.
    pub standalone_usd: Option<NanoUsd>,
    /// What it was to save on top of the techniques before it, in US dollars.
    pub promised_usd: NanoUsd,
    /// The same at the later log's calls and mix of features, in US dollars:
    /// times `unchanged_usd` over what the first log cost.
    pub promised_now_usd: NanoUsd,
    /// What the steps that it acts on saved, in US dollars; negative where they
    /// cost more. Null where another technique of the plan acts on the same
    /// steps and stands before it, or where no step can show it.
    pub realised_usd: Option<NanoUsd>,
    /// What can be said of it.
    pub verdict: PromiseVerdict,
    /// The effects that it acts on, which `realised_usd` is the sum of.
    pub effects: Vec<PromiseEffect>,
    /// Why promised and realised differ, a sentence.
    pub reason: String,
    /// What the later log's own ladder says it would still save, in US dollars;
    /// null where that log has no ladder.
    pub open_usd: Option<NanoUsd>,
}

/// An effect of a difference, named as there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PromiseEffect {
    /// The effect.
    pub effect: Effect,
    /// The component, or `input` or `output`.
    pub subject: Option<String>,
    /// What it saved, in US dollars.
    pub saved_usd: NanoUsd,
}

/// What can be said of a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PromiseVerdict {
    /// At least nine tenths of it are seen.
    Kept,
    /// Some of it is seen.
    PartlyKept,
    /// Nothing of it is seen in the log.
    NotSeen,
    /// The steps that it acts on cost more than before.
    Opposite,
    /// The log cannot tell.
    CannotTell,
}

impl PromiseVerdict {
    /// The word used in documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::PartlyKept => "partly_kept",
            Self::NotSeen => "not_seen",
            Self::Opposite => "opposite",
            Self::CannotTell => "cannot_tell",
        }
    }

    /// The verdict as people read it.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::PartlyKept => "partly",
            Self::NotSeen => "not seen in the log",
            Self::Opposite => "the opposite",
            Self::CannotTell => "cannot tell",
        }
    }
}

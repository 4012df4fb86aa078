//! The plan of work: what to do first, what it pays, and how to tell that it
//! worked.
//!
//! Knows no calendar: a phase is how soon, not a date.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Evidence, Quotient};
use crate::units::NanoUsd;

/// One piece of work, in the order in which to do it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlanStep {
    /// The technique it puts to work.
    pub technique: String,
    /// How soon.
    pub phase: Phase,
    /// What to do, in one sentence.
    pub action: String,
    /// What it takes and pays.
    #[serde(flatten)]
    pub worth: Worth,
    /// Which figure of next month's report moves, and by how much, if it
    /// worked.
    pub check: String,
    /// What to evaluate before and after, for a step that rests on quality;
    /// null for one that does not.
    pub evaluation: Option<String>,
    /// How the saving is known.
    pub evidence: Option<Evidence>,
}

/// How soon a piece of work is done.
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
pub enum Phase {
    /// Hours of work.
    #[default]
    ThisWeek,
    /// Days of work.
    ThisMonth,
    /// Weeks of work.
    ThisQuarter,
}

impl Phase {
    /// The words used in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ThisWeek => "this week",
            Self::ThisMonth => "this month",
            Self::ThisQuarter => "this quarter",
        }
    }
}

/// What a piece of work takes and pays. Null where the log has no times.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Worth {
    /// Hours of work.
    pub effort_hours: Quotient,
    /// What those hours cost, in US dollars.
    pub effort_usd: NanoUsd,
    /// What it saves per 30 days after its own fees, in US dollars.
    pub net_monthly_usd: Option<NanoUsd>,
    /// Months until the hours are paid back; null also where they never are.
    pub payback_months: Option<Quotient>,
    /// Whether it pays back within a year and saves an hour's rate a month.
    pub worth_doing: Option<bool>,
    /// The same in a few words, with the reason.
    pub verdict: String,
}

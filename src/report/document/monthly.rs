//! Bills per 30 days.
//!
//! All of them are bills, not savings: the floor, which saves least, is the
//! highest. Knows no calendar.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Quotient;
use crate::units::NanoUsd;

/// What the simulated calls cost per 30 days, in US dollars.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Monthly {
    /// 30 over the days that the log covers.
    pub factor: Quotient,
    /// The bill as it is.
    pub baseline_usd: NanoUsd,
    /// With measured and inferred levers only.
    pub floor_usd: NanoUsd,
    /// With every lever at its typical value: the ladder's `final_usd`.
    pub typical_usd: NanoUsd,
    /// With every lever at its high value.
    pub high_usd: NanoUsd,
    /// The bill that one draw of the assumptions in ten stays below; null
    /// where nothing rests on an assumption.
    pub p10_usd: Option<NanoUsd>,
    /// The bill of the middle draw.
    pub p50_usd: Option<NanoUsd>,
    /// The bill that nine draws in ten stay below.
    pub p90_usd: Option<NanoUsd>,
    /// How many draws that is.
    pub draws: u64,
    /// The seed of the draws.
    pub seed: u64,
    /// What the days of the log say about another month; null where they are
    /// too few.
    pub bootstrap: Option<Bootstrap>,
    /// What the projection cannot know, such as `no seasonality evidence`.
    pub note: Option<String>,
}

/// The bill as it is, over months made of days drawn from the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Bootstrap {
    /// The bill that one such month in ten stays below, in US dollars.
    pub low_usd: NanoUsd,
    /// The bill that nine in ten stay below, in US dollars.
    pub high_usd: NanoUsd,
    /// Days that were drawn from.
    pub blocks: u64,
}

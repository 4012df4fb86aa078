//! The assumptions of the asynchronous lane where nobody waits.

use super::effort;
use super::handle::Handle;
use crate::techniques::id::TechniqueId;
use crate::techniques::parameter::{Kind, Parameter, Spread, Unit};

const TECHNIQUE: TechniqueId = TechniqueId::BatchApi;

pub(super) const PARAMETERS: &[Parameter] = &[
    Parameter {
        technique: TECHNIQUE,
        name: "hit_share",
        unit: Unit::Share,
        kind: Kind::Assumption,
        spread: Some(Spread::hundredths(0, 0, 98)),
        meaning: "The share of a marked opening that calls inside a batch read from the cache.",
        source: "providers' pages speak of 30 to 98 %; one public measurement of cold batches \
            found none in 138 calls",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "resubmission",
        unit: Unit::Share,
        kind: Kind::Cost,
        spread: Some(Spread::hundredths(3, 0, 0)),
        meaning: "The share of batched calls that are billed and sent again all the same.",
        source: "providers do not bill items that expire or fail, so sending them again costs nothing more; the low value is ours",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "schedule_share",
        unit: Unit::Share,
        kind: Kind::Rule,
        spread: Some(Spread::hundredths(80, 80, 80)),
        meaning: "The share of a feature's calls that must fall into one half-hour of the day, or \
            into bursts, to look scheduled.",
        source: "choice of method",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "schedule_days",
        unit: Unit::Count,
        kind: Kind::Rule,
        spread: Some(Spread::whole(3, 3, 3)),
        meaning: "On how many days that half-hour must be used.",
        source: "choice of method: two days are a coincidence",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "burst_calls",
        unit: Unit::Count,
        kind: Kind::Rule,
        spread: Some(Spread::whole(50, 50, 50)),
        meaning: "How many calls make a burst.",
        source: "choice of method",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "burst_seconds",
        unit: Unit::Seconds,
        kind: Kind::Rule,
        spread: Some(Spread::whole(60, 60, 60)),
        meaning: "The time within which a burst's calls must begin.",
        source: "choice of method",
    },
    effort(TECHNIQUE, 24),
];

/// The share of a marked opening that calls inside a batch read from the cache.
pub const HIT_SHARE: Handle = Handle::of(PARAMETERS, "hit_share");
/// The share of batched calls that are billed and sent again all the same.
pub const RESUBMISSION: Handle = Handle::of(PARAMETERS, "resubmission");
/// The share of a feature's calls that must fall into one half-hour of the
/// day, or into bursts, to look scheduled.
pub const SCHEDULE_SHARE: Handle = Handle::of(PARAMETERS, "schedule_share");
/// On how many days that half-hour must be used.
pub const SCHEDULE_DAYS: Handle = Handle::of(PARAMETERS, "schedule_days");
/// How many calls make a burst.
pub const BURST_CALLS: Handle = Handle::of(PARAMETERS, "burst_calls");
/// The time within which a burst's calls must begin.
pub const BURST_SECONDS: Handle = Handle::of(PARAMETERS, "burst_seconds");
/// Hours of work until the technique is in production.
pub const EFFORT_HOURS: Handle = Handle::of(PARAMETERS, "effort_hours");

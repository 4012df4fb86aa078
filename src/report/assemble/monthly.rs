//! Bills per 30 days.

use crate::ladder::draws::{DRAWS, SEED};
use crate::ladder::steps::Ladder;
use crate::techniques::id::Set;

use super::super::document::{Bootstrap, Monthly};
use super::month::Length;

/// Days with calls below which nothing is said about weeks.
const FEWEST_DAYS: u64 = 7;

/// The bills of the ladder, per 30 days.
pub(super) fn monthly(ladder: &Ladder, length: Length) -> Monthly {
    let percentiles = ladder.percentiles;
    let drawn = |pick: fn(&crate::ladder::draws::Percentiles) -> crate::units::NanoUsd| {
        percentiles.as_ref().map(|percentiles| length.monthly(pick(percentiles)))
    };
    let draws = if percentiles.is_some() { DRAWS as u64 } else { 0 };
    Monthly {
        factor: length.factor(),
        baseline_usd: length.monthly(ladder.totals.cost(Set::NONE)),
        floor_usd: length.monthly(ladder.floor),
        typical_usd: length.monthly(ladder.totals.cost(Set::ALL)),
        high_usd: length.monthly(ladder.high),
        p10_usd: drawn(|percentiles| percentiles.p10),
        p50_usd: drawn(|percentiles| percentiles.p50),
        p90_usd: drawn(|percentiles| percentiles.p90),
        draws,
        seed: SEED,
        bootstrap: ladder.bootstrap.map(|(low_usd, high_usd)| Bootstrap {
            low_usd,
            high_usd,
            blocks: ladder.days,
        }),
        note: note(ladder.days),
    }
}

fn note(days: u64) -> Option<String> {
    let seen = match days {
        FEWEST_DAYS.. => return None,
        1 => "one day has calls".to_owned(),
        days => format!("only {days} days have calls"),
    };
    Some(format!("no seasonality evidence: {seen}"))
}

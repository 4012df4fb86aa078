//! How far the total may move with the assumptions: seeded draws that weigh the
//! units' vectors anew, without another replay.
//!
//! 200 Latin-hypercube draws. Each technique's saving on top of the others is
//! scaled by a factor from a triangle between its low, its typical and its high
//! saving alone, relative to the typical one. Factors that rest on the quality
//! of answers (routing, retrieval, repeats, tuning) take one common draw half
//! of the time, their own otherwise: a correlation of one half. All in
//! integers, so that every machine draws the same.

use crate::techniques::id::TechniqueId;
use crate::units::{Generator, NanoUsd};

/// How many draws are made.
pub const DRAWS: usize = 200;
/// The seed of the generator (`SplitMix64`).
pub const SEED: u64 = 20_260_601;

/// One.
const MILLION: i128 = 1_000_000;
/// Draws stand in the middle of their stratum: odd multiples of 1/400.
const HALVES: i128 = 2 * DRAWS as i128;

/// What a technique saves at its three bands, and on top of all others.
#[derive(Clone, Copy, Debug)]
pub struct Band {
    /// The technique.
    pub technique: TechniqueId,
    /// Its saving alone at the low band.
    pub low: NanoUsd,
    /// Its saving alone at the typical band.
    pub typical: NanoUsd,
    /// Its saving alone at the high band.
    pub high: NanoUsd,
    /// What is lost if the units that use it leave it out.
    pub on_top: NanoUsd,
}

/// The 10th, 50th and 90th percentile of the bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Percentiles {
    /// One draw in ten stays below.
    pub p10: NanoUsd,
    /// The middle draw.
    pub p50: NanoUsd,
    /// Nine draws in ten stay below.
    pub p90: NanoUsd,
}

/// Draws the bill; `None` where nothing can move it.
#[must_use]
pub fn percentiles(typical_bill: NanoUsd, bands: &[Band]) -> Option<Percentiles> {
    let mut moving: Vec<&Band> = bands
        .iter()
        .filter(|band| band.typical > NanoUsd::ZERO && (band.low != band.high))
        .collect();
    if moving.is_empty() {
        return None;
    }
    // No order of display may change a draw.
    moving.sort_by_key(|band| band.technique);
    let mut generator = Generator::new(SEED);
    let common = strata(&mut generator);
    let mut bills = vec![typical_bill.nano(); DRAWS];
    for band in moving {
        let own = strata(&mut generator);
        for (draw, bill) in bills.iter_mut().enumerate() {
            let shared = rests_on_quality(band.technique) && generator.draw().is_multiple_of(2);
            let place = if shared { common[draw] } else { own[draw] };
            let factor = triangle(place, relative(band.low, band), relative(band.high, band));
            *bill += (MILLION - factor) * band.on_top.nano() / MILLION;
        }
    }
    bills.sort_unstable();
    // The ⌈p · n⌉-th smallest of 200.
    let at = |rank: usize| NanoUsd::from_nano(bills[rank - 1].max(0));
    Some(Percentiles { p10: at(DRAWS / 10), p50: at(DRAWS / 2), p90: at(DRAWS * 9 / 10) })
}

const fn rests_on_quality(technique: TechniqueId) -> bool {
    matches!(
        technique,
        TechniqueId::ModelRouting
            | TechniqueId::EmbeddingRetrieval
            | TechniqueId::SemanticDedup
            | TechniqueId::FineTuning
    )
}

/// A saving as a part of the typical one, in millionths.
fn relative(saving: NanoUsd, band: &Band) -> i128 {
    saving.nano() * MILLION / band.typical.nano()
}

/// The value below which `place / 400` of a triangle with its tip at one lies,
/// in millionths.
fn triangle(place: i128, low: i128, high: i128) -> i128 {
    let (low, high) = (low.min(MILLION), high.max(MILLION));
    let (width, left) = (high - low, MILLION - low);
    if width == 0 {
        return MILLION;
    }
    if place * width <= left * HALVES {
        low + root(place * width * left / HALVES)
    } else {
        high - root((HALVES - place) * width * (high - MILLION) / HALVES)
    }
}

fn root(value: i128) -> i128 {
    value.max(0).isqrt()
}

/// One place in the middle of each of the strata, in a random order.
fn strata(generator: &mut Generator) -> Vec<i128> {
    let mut places: Vec<i128> = (0..DRAWS as i128).map(|stratum| 2 * stratum + 1).collect();
    generator.shuffle(&mut places);
    places
}

/// Months made of days drawn from the log: the percentiles of what they cost.
///
/// `days` are the bills of the log's days. A month has thirty of them.
#[must_use]
pub fn bootstrap(days: &[NanoUsd]) -> Option<(NanoUsd, NanoUsd)> {
    const MONTH: usize = 30;
    const FEWEST_DAYS: usize = 14;
    if days.len() < FEWEST_DAYS {
        return None;
    }
    let mut generator = Generator::new(SEED);
    let mut months: Vec<i128> = (0..DRAWS)
        .map(|_| {
            let draws = (0..MONTH).map(|_| days[generator.position(days.len())].nano());
            draws.sum()
        })
        .collect();
    months.sort_unstable();
    let at = |rank: usize| NanoUsd::from_nano(months[rank - 1]);
    Some((at(DRAWS / 10), at(DRAWS * 9 / 10)))
}

#[cfg(test)]
mod tests {
    use super::{Band, bootstrap, percentiles, triangle};
    use crate::techniques::id::TechniqueId;
    use crate::units::NanoUsd;

    #[test]
    fn a_triangle_has_its_tip_at_the_typical_value() {
        // From 0.7 over 1 to 1.4: below the tip lies 0.3 / 0.7 of it.
        assert_eq!(triangle(0, 700_000, 1_400_000), 700_000);
        assert_eq!(triangle(400, 700_000, 1_400_000), 1_400_000);
        let tip = triangle(400 * 3 / 7, 700_000, 1_400_000);
        assert!((990_000..=1_000_000).contains(&tip), "{tip}");
    }

    #[test]
    fn one_assumption_moves_the_bill_inside_its_band() {
        let nano = NanoUsd::from_nano;
        let band = Band {
            technique: TechniqueId::ModelRouting,
            low: nano(35_000),
            typical: nano(50_000),
            high: nano(70_000),
            on_top: nano(50_000),
        };
        let found = percentiles(nano(100_000), &[band]).expect("it moves");
        assert!(nano(80_000) < found.p10 && found.p10 < found.p50);
        assert!(found.p50 < found.p90 && found.p90 < nano(115_000));
        assert_eq!(
            percentiles(nano(100_000), &[Band { low: nano(5), high: nano(5), ..band }]),
            None
        );
    }

    #[test]
    fn no_order_of_display_changes_a_draw() {
        let nano = NanoUsd::from_nano;
        let band = |technique, low| Band {
            technique,
            low: nano(low),
            typical: nano(50_000),
            high: nano(70_000),
            on_top: nano(50_000),
        };
        let (routing, batch) =
            (band(TechniqueId::ModelRouting, 35_000), band(TechniqueId::BatchApi, 10_000));
        let found = percentiles(nano(200_000), &[routing, batch]);
        assert!(found.is_some());
        assert_eq!(percentiles(nano(200_000), &[batch, routing]), found);
    }

    #[test]
    fn equal_days_make_equal_months() {
        let days = vec![NanoUsd::from_nano(10); 14];
        assert_eq!(bootstrap(&days), Some((NanoUsd::from_nano(300), NanoUsd::from_nano(300))));
        assert_eq!(bootstrap(&days[1..]), None);
    }
}

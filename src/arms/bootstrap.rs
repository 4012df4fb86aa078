//! Resamples the conversations of every arm: how far its figures would have
//! come out differently with other conversations of the same kind.

use std::borrow::Cow;

use rayon::prelude::*;

use super::arm::Arm;
use super::metric::Metric;
use super::sums::Sums;
use crate::units::Generator;

/// How often each arm is resampled.
pub const RESAMPLES: usize = 2_000;
/// The seed of the generator (`SplitMix64`).
pub const SEED: u64 = 20_260_601;
/// The 2.5th percentile of the resamples, from either end.
const TAIL: usize = RESAMPLES / 40;

/// More conversations than this are drawn in groups that chance has made, which
/// vary as much as their conversations do and cost a fraction to draw.
const MOST_GROUPS: usize = 5_000;

/// Every metric over every resample of an arm.
pub(super) type Sample = Vec<[Option<i128>; Metric::ALL.len()]>;

/// Resamples arms, which are in order of name, apart from each other.
///
/// One generator gives each resample the seed of its own, arm after arm, so
/// that no number of threads changes a draw.
pub(super) fn samples(arms: &[Arm]) -> Vec<Sample> {
    let mut generator = Generator::new(SEED);
    arms.iter()
        .map(|arm| {
            let groups = groups(&arm.conversations, MOST_GROUPS, &mut generator);
            let seeds: Vec<u64> = (0..RESAMPLES).map(|_| generator.draw()).collect();
            seeds.into_par_iter().map(|seed| resample(&groups, seed)).collect()
        })
        .collect()
}

/// At most so many groups: the conversations themselves, or shuffled and dealt
/// one after another.
fn groups<'a>(
    conversations: &'a [Sums],
    most: usize,
    generator: &mut Generator,
) -> Cow<'a, [Sums]> {
    if conversations.len() <= most {
        return Cow::Borrowed(conversations);
    }
    let mut shuffled: Vec<&Sums> = conversations.iter().collect();
    generator.shuffle(&mut shuffled);
    let mut groups = vec![Sums::default(); most];
    for (position, sums) in shuffled.into_iter().enumerate() {
        groups[position % most] += sums;
    }
    Cow::Owned(groups)
}

/// Draws as many groups as there are, with replacement.
fn resample(groups: &[Sums], seed: u64) -> [Option<i128>; Metric::ALL.len()] {
    let mut generator = Generator::new(seed);
    let mut sums = Sums::default();
    for _ in 0..groups.len() {
        sums += &groups[generator.position(groups.len())];
    }
    Metric::ALL.map(|metric| metric.of(&sums))
}

/// The values between which 95 % of the resamples lie; `None` where one of
/// them has no value.
pub(super) fn interval(values: impl Iterator<Item = Option<i128>>) -> Option<(i128, i128)> {
    let mut values: Vec<i128> = values.collect::<Option<_>>()?;
    values.sort_unstable();
    let high = values.len().checked_sub(TAIL)?;
    values.get(TAIL - 1).copied().zip(values.get(high).copied())
}

#[cfg(test)]
mod tests {
    use super::{RESAMPLES, groups, interval, samples};
    use crate::arms::{Arm, Sums};
    use crate::units::Generator;

    fn arm(value: &str, outputs: impl Iterator<Item = u64>) -> Arm {
        let conversation = |output| Sums { calls: 1, output_calls: 1, output, ..Sums::default() };
        let conversations: Vec<Sums> = outputs.map(conversation).collect();
        Arm { value: value.to_owned(), conversations, ..Arm::default() }
    }

    #[test]
    fn the_tails_are_the_fiftieth_values_from_either_end() {
        let values = (1..=RESAMPLES as i128).rev().map(Some);
        assert_eq!(interval(values), Some((50, 1_951)));
        assert_eq!(interval((1..=2_000).map(|value| (value != 7).then_some(value))), None);
        assert_eq!(interval(std::iter::empty()), None);
    }

    #[test]
    fn many_conversations_are_dealt_by_chance_and_none_is_lost() {
        let many = arm("a", 0..100).conversations;
        let dealt = |most| groups(&many, most, &mut Generator::new(1));
        assert_eq!(*dealt(100), *many);
        let found = dealt(40);
        // 100 over 40 groups: 20 of three and 20 of two.
        let sizes: Vec<u64> = found.iter().map(|group| group.calls).collect();
        assert_eq!(sizes, [[3; 20], [2; 20]].concat());
        assert_eq!(found.iter().map(|group| group.output).sum::<u64>(), 4_950);
        // Unshuffled, the first would hold 0, 40 and 80.
        assert_ne!(found[0].output, 120);
    }

    #[test]
    fn arms_of_equal_calls_are_not_drawn_alike() {
        let found = samples(&[arm("a", 0..40), arm("b", 0..40)]);
        assert_ne!(found[0], found[1]);
        // An arm more behind them changes neither.
        let more = samples(&[arm("a", 0..40), arm("b", 0..40), arm("c", 0..3)]);
        assert_eq!(found, more[..2]);
    }
}

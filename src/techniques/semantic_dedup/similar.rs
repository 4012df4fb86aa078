//! Finds the most similar of many sets of words, without comparing with all.
//!
//! Sets whose Jaccard index reaches a threshold share at least so many words
//! that they share one among their rarest. Only sets found under these are
//! compared, and none that qualifies is missed.

use std::cmp::Ordering;
use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use crate::techniques::parameter::Value;

/// How alike two sets are: words they share, of words in either.
#[derive(Clone, Copy, Debug)]
pub(super) struct Similarity {
    shared: u64,
    either: u64,
}

impl Similarity {
    /// The Jaccard index of two sorted sets.
    pub(super) fn of(left: &[u32], right: &[u32]) -> Self {
        let (mut shared, mut l, mut r) = (0, 0, 0);
        while l < left.len() && r < right.len() {
            match left[l].cmp(&right[r]) {
                Ordering::Less => l += 1,
                Ordering::Greater => r += 1,
                Ordering::Equal => {
                    shared += 1;
                    l += 1;
                    r += 1;
                }
            }
        }
        Self { shared, either: (left.len() + right.len()) as u64 - shared }
    }

    /// Whether it reaches a threshold; sets without a common word never do.
    pub(super) fn reaches(self, threshold: Value) -> bool {
        let threshold = u128::try_from(threshold.millionths()).unwrap_or(0);
        let million = u128::from(Value::MILLION.unsigned_abs());
        self.shared > 0 && u128::from(self.shared) * million >= threshold * u128::from(self.either)
    }

    pub(super) fn is_above(self, other: Self) -> bool {
        u128::from(self.shared) * u128::from(other.either)
            > u128::from(other.shared) * u128::from(self.either)
    }
}

/// How many sets hold each word: what is rare.
#[derive(Clone, Debug, Default)]
pub(super) struct Rarity(FxHashMap<u32, u32>);

impl Rarity {
    pub(super) fn add(&mut self, set: &[u32]) {
        for word in set {
            *self.0.entry(*word).or_default() += 1;
        }
    }

    /// The rarest words of a set of which a similar set must have one.
    fn signature(&self, set: &[u32], threshold: Value) -> Vec<u32> {
        let mut words = set.to_vec();
        words.sort_by_key(|word| (self.0.get(word).copied().unwrap_or(0), *word));
        let threshold = u128::try_from(threshold.millionths()).unwrap_or(0);
        let least = (set.len() as u128 * threshold).div_ceil(1_000_000).max(1);
        let least = usize::try_from(least).unwrap_or(usize::MAX);
        words.truncate((set.len() + 1).saturating_sub(least));
        words
    }
}

/// Sets that were added, in the order of adding.
#[derive(Clone, Debug, Default)]
pub(super) struct Index<'w> {
    sets: Vec<&'w [u32]>,
    under: FxHashMap<u32, VecDeque<u32>>,
}

/// What is looked for.
#[derive(Clone, Copy)]
pub(super) struct Search<'s> {
    pub(super) rarity: &'s Rarity,
    pub(super) threshold: Value,
}

/// Whether a set may be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    /// Not yet.
    Coming,
    /// Now.
    Live,
    /// Never again, nor may any that was added before.
    Gone,
}

impl<'w> Index<'w> {
    /// Adds a set; its number is how many there were.
    pub(super) fn add(&mut self, search: Search<'_>, set: &'w [u32]) {
        let number = u32::try_from(self.sets.len()).unwrap_or(u32::MAX);
        for word in search.rarity.signature(set, search.threshold) {
            self.under.entry(word).or_default().push_back(number);
        }
        self.sets.push(set);
    }

    /// The most similar live set, the first added among equals.
    pub(super) fn best(
        &mut self,
        search: Search<'_>,
        set: &[u32],
        life: impl Fn(usize) -> Life,
    ) -> Option<usize> {
        let mut candidates = Vec::new();
        for word in search.rarity.signature(set, search.threshold) {
            let Some(numbers) = self.under.get_mut(&word) else { continue };
            while numbers.front().is_some_and(|first| life(*first as usize) == Life::Gone) {
                numbers.pop_front();
            }
            candidates.extend(numbers.iter().map(|number| *number as usize));
        }
        candidates.sort_unstable();
        candidates.dedup();
        let mut best: Option<(usize, Similarity)> = None;
        for number in candidates {
            let similarity = Similarity::of(set, self.sets[number]);
            if similarity.reaches(search.threshold)
                && best.is_none_or(|(_, best)| similarity.is_above(best))
                && life(number) == Life::Live
            {
                best = Some((number, similarity));
            }
        }
        best.map(|(number, _)| number)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Index, Life, Rarity, Search, Similarity};
    use crate::techniques::parameter::Value;

    #[test]
    fn similarity_is_a_share_of_words() {
        let similarity = Similarity::of(&[1, 2, 3, 4], &[2, 3, 4, 5]);
        // Three shared of five.
        assert!(similarity.reaches(Value::hundredths(60)));
        assert!(!similarity.reaches(Value::from_millionths(600_001)));
        assert!(!Similarity::of(&[1], &[2]).reaches(Value::ZERO));
    }

    proptest! {
        #[test]
        fn nothing_similar_is_missed(
            sets in proptest::collection::vec(
                proptest::collection::btree_set(0_u32..14, 1..9), 1..40,
            ),
            hundredths in 0_i64..=100,
            coming in 0_usize..40,
        ) {
            let sets: Vec<Vec<u32>> =
                sets.into_iter().map(|set| set.into_iter().collect()).collect();
            let threshold = Value::hundredths(hundredths);
            let mut rarity = Rarity::default();
            for set in &sets {
                rarity.add(set);
            }
            let search = Search { rarity: &rarity, threshold };
            let mut index = Index::default();
            let life = |at| if at % 7 == coming % 7 { Life::Coming } else { Life::Live };
            for (number, set) in sets.iter().enumerate() {
                // All earlier sets, one by one.
                let mut expected: Option<(usize, Similarity)> = None;
                for (at, earlier) in sets[..number].iter().enumerate() {
                    let similarity = Similarity::of(set, earlier);
                    if life(at) == Life::Live
                        && similarity.reaches(threshold)
                        && expected.is_none_or(|(_, best)| similarity.is_above(best))
                    {
                        expected = Some((at, similarity));
                    }
                }
                prop_assert_eq!(index.best(search, set, life), expected.map(|(at, _)| at));
                index.add(search, set);
            }
        }
    }
}

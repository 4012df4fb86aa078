//! C(S): what the log costs for every set of techniques on offer, and what
//! follows from these 256 totals alone.
//!
//! Knows no call, no price and no technique's method.

use crate::techniques::id::{Set, TechniqueId};
use crate::units::{NanoUsd, Usd};

/// What a unit costs for every set of the techniques that can act on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vector {
    eligible: Set,
    /// By the bits of the set, squeezed to those of `eligible`.
    costs: Vec<Usd>,
}

impl Vector {
    /// A vector from the cost of every set inside `eligible`.
    #[must_use]
    pub fn of(eligible: Set, mut cost: impl FnMut(Set) -> Usd) -> Self {
        let costs = (0..1_usize << eligible.len()).map(|bits| cost(widen(bits, eligible)));
        Self { eligible, costs: costs.collect() }
    }

    /// The techniques that can act on the unit.
    #[must_use]
    pub const fn eligible(&self) -> Set {
        self.eligible
    }

    /// What the unit costs when exactly these techniques are used.
    #[must_use]
    pub fn raw(&self, used: Set) -> Usd {
        self.costs[squeeze(used, self.eligible)]
    }

    /// For every set on offer, the set that costs least: fewest techniques,
    /// then fewest bits, among equals.
    #[must_use]
    pub fn best(&self) -> Best {
        let mut used: Vec<Set> =
            (0..self.costs.len()).map(|bits| widen(bits, self.eligible)).collect();
        let key = |set: Set| (self.raw(set), set.len(), set);
        // The least over subsets, one technique after the other.
        for technique in self.eligible.iter() {
            for bits in 0..used.len() {
                let offered = widen(bits, self.eligible);
                if offered.has(technique) {
                    let without = used[squeeze(offered.without(technique), self.eligible)];
                    if key(without) < key(used[bits]) {
                        used[bits] = without;
                    }
                }
            }
        }
        Best { eligible: self.eligible, used }
    }
}

/// The cheapest sets of a unit.
#[derive(Clone, Debug)]
pub struct Best {
    eligible: Set,
    used: Vec<Set>,
}

impl Best {
    /// The techniques that the unit uses when these are offered.
    #[must_use]
    pub fn used(&self, offered: Set) -> Set {
        self.used[squeeze(offered.and(self.eligible), self.eligible)]
    }
}

/// The set whose bits, squeezed to those of `eligible`, are `bits`.
fn widen(bits: usize, eligible: Set) -> Set {
    let chosen = eligible.iter().enumerate().filter(|(position, _)| bits >> position & 1 == 1);
    chosen.fold(Set::NONE, |set, (_, technique)| set.with(technique))
}

fn squeeze(set: Set, eligible: Set) -> usize {
    let bits = eligible.iter().enumerate();
    bits.fold(0, |bits, (position, technique)| bits | usize::from(set.has(technique)) << position)
}

/// The total of every set on offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totals {
    exact: Vec<Usd>,
    accepted: Set,
}

impl Default for Totals {
    fn default() -> Self {
        Self { exact: vec![Usd::ZERO; Set::COUNT], accepted: Set::NONE }
    }
}

impl Totals {
    /// Adds a unit. Units add up in any order.
    pub fn add(&mut self, vector: &Vector) {
        let best = vector.best();
        for offered in Set::every() {
            self.exact[offered.index()] += vector.raw(best.used(offered));
        }
        self.accepted = self.accepted.or(best.used(Set::ALL));
    }

    /// Adds the totals of other units.
    #[must_use]
    pub fn merge(mut self, other: &Self) -> Self {
        for (sum, more) in self.exact.iter_mut().zip(&other.exact) {
            *sum += *more;
        }
        self.accepted = self.accepted.or(other.accepted);
        self
    }

    /// What the log costs when these techniques are offered.
    #[must_use]
    pub fn cost(&self, offered: Set) -> NanoUsd {
        self.exact[offered.index()].to_nano()
    }

    /// The techniques that some unit uses when all are offered.
    #[must_use]
    pub const fn accepted(&self) -> Set {
        self.accepted
    }

    /// What a technique saves when it alone is offered.
    #[must_use]
    pub fn standalone(&self, technique: TechniqueId) -> NanoUsd {
        self.cost(Set::NONE) - self.cost(technique.set())
    }

    /// What is lost when an accepted technique alone is left out.
    #[must_use]
    pub fn last_in(&self, technique: TechniqueId) -> NanoUsd {
        if !self.accepted.has(technique) {
            return NanoUsd::ZERO;
        }
        self.cost(self.accepted.without(technique)) - self.cost(self.accepted)
    }

    /// What adding up the savings one by one counts twice.
    #[must_use]
    pub fn overlap(&self) -> NanoUsd {
        let alone = self.accepted.iter().map(|technique| self.standalone(technique));
        let sum = alone.fold(NanoUsd::ZERO, |sum, saving| sum + saving);
        sum - (self.cost(Set::NONE) - self.cost(self.accepted))
    }

    /// What each accepted technique saves on top of those before it, along an
    /// order of the accepted ones.
    #[must_use]
    pub fn marginals(&self, order: &[TechniqueId]) -> Vec<NanoUsd> {
        let mut offered = Set::NONE;
        order
            .iter()
            .map(|technique| {
                let before = self.cost(offered);
                offered = offered.with(*technique);
                before - self.cost(offered)
            })
            .collect()
    }

    /// The mean saving of every accepted technique over all orders of them, in
    /// playbook order, rounded so that the rows add up to the whole saving.
    #[must_use]
    pub fn shapley(&self) -> [NanoUsd; TechniqueId::COUNT] {
        // Weight of a set of s others among n: s! (n-1-s)! / n!, over n!.
        const FACTORIALS: [i128; 9] = [1, 1, 2, 6, 24, 120, 720, 5_040, 40_320];
        let members = self.accepted.len() as usize;
        let mut exact = [0_i128; TechniqueId::COUNT];
        for technique in self.accepted.iter() {
            for others in
                Set::every().filter(|set| set.is_within(self.accepted) && !set.has(technique))
            {
                let size = others.len() as usize;
                let weight = FACTORIALS[size] * FACTORIALS[members - 1 - size];
                let saving = self.cost(others) - self.cost(others.with(technique));
                exact[technique.index()] += weight * saving.nano();
            }
        }
        let whole = self.cost(Set::NONE) - self.cost(self.accepted);
        let shares = apportion(whole.nano(), FACTORIALS[members], &exact);
        shares.map(NanoUsd::from_nano)
    }
}

/// Rounds parts that are `exact / divisor` to whole numbers that add up to
/// `whole`: each down, what is left to the largest remainders, ties to the
/// first.
fn apportion<const N: usize>(whole: i128, divisor: i128, exact: &[i128; N]) -> [i128; N] {
    let mut parts = exact.map(|part| part.div_euclid(divisor));
    let mut order: Vec<usize> = (0..N).collect();
    order.sort_by_key(|at| (std::cmp::Reverse(exact[*at].rem_euclid(divisor)), *at));
    let left = whole - parts.iter().sum::<i128>();
    for at in order.into_iter().take(usize::try_from(left).unwrap_or(0)) {
        parts[at] += 1;
    }
    parts
}

/// Shares a saving over parts in proportion to weights, by largest remainder;
/// where nothing weighs anything the first part gets it.
#[must_use]
pub fn share_out(whole: NanoUsd, weights: &[NanoUsd]) -> Vec<NanoUsd> {
    let positive = |weight: &NanoUsd| weight.nano().max(0);
    let sum: i128 = weights.iter().map(positive).sum();
    if sum == 0 {
        let first = weights.iter().enumerate();
        return first.map(|(at, _)| if at == 0 { whole } else { NanoUsd::ZERO }).collect();
    }
    let exact: Vec<i128> = weights.iter().map(|weight| positive(weight) * whole.nano()).collect();
    let mut parts: Vec<i128> = exact.iter().map(|part| part.div_euclid(sum)).collect();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|at| (std::cmp::Reverse(exact[*at].rem_euclid(sum)), *at));
    let left = whole.nano() - parts.iter().sum::<i128>();
    for at in order.into_iter().take(usize::try_from(left).unwrap_or(0)) {
        parts[at] += 1;
    }
    parts.into_iter().map(NanoUsd::from_nano).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Totals, Vector, share_out};
    use crate::techniques::id::{Set, TechniqueId};
    use crate::units::{NanoUsd, Usd};

    const NANO: i128 = 1_000_000;

    /// A unit in which caching and batching undo each other.
    fn unit() -> Vector {
        let eligible = TechniqueId::PromptCaching.set().with(TechniqueId::BatchApi);
        // By hand: nothing 100, caching 60, batching 50, both 75.
        Vector::of(eligible, |set| {
            let costs = [100, 60, 50, 75];
            let batch = usize::from(set.has(TechniqueId::BatchApi)) * 2;
            Usd::from_femto(costs[usize::from(set.has(TechniqueId::PromptCaching)) + batch] * NANO)
        })
    }

    #[test]
    fn a_unit_uses_what_costs_it_least() {
        let mut totals = Totals::default();
        totals.add(&unit());
        let cost = |set| totals.cost(set).nano();
        let (caching, batch) = (TechniqueId::PromptCaching, TechniqueId::BatchApi);
        assert_eq!(cost(Set::NONE), 100);
        assert_eq!((cost(caching.set()), cost(batch.set()), cost(Set::ALL)), (60, 50, 50));
        assert_eq!(totals.accepted(), batch.set());
        assert_eq!(totals.last_in(batch).nano(), 50);
        assert_eq!(totals.last_in(caching).nano(), 0);
        assert_eq!(totals.overlap().nano(), 0);
    }

    #[test]
    fn shapley_values_add_up_to_the_saving() {
        let mut totals = Totals::default();
        let (first, second) = (TechniqueId::PromptCaching, TechniqueId::ModelRouting);
        totals.add(&Vector::of(first.set().with(second), |set| {
            // 100, 60 with the first, 70 with the second, 45 with both.
            let costs = [100, 60, 70, 45];
            Usd::from_femto(costs[set.index()] * NANO)
        }));
        // First: (40 + 25) / 2 = 32.5; second: (30 + 15) / 2 = 22.5; the tie of
        // the halves goes to the first.
        let found = totals.shapley().map(NanoUsd::nano);
        assert_eq!(found[..2], [33, 22]);
        assert_eq!(totals.overlap().nano(), 40 + 30 - 55);
        assert_eq!(
            totals
                .marginals(&[second, first])
                .iter()
                .map(|saving| saving.nano())
                .collect::<Vec<_>>(),
            [30, 25]
        );
    }

    #[test]
    fn shares_follow_weights_and_lose_nothing() {
        let nano =
            |values: &[i128]| values.iter().copied().map(NanoUsd::from_nano).collect::<Vec<_>>();
        assert_eq!(share_out(NanoUsd::from_nano(10), &nano(&[1, 1, 1])), nano(&[4, 3, 3]));
        assert_eq!(share_out(NanoUsd::from_nano(7), &nano(&[0, -5])), nano(&[7, 0]));
    }

    fn vector(costs: &[u32], eligible: Set) -> Vector {
        Vector::of(eligible, |set| Usd::from_femto(i128::from(costs[set.index()]) * NANO))
    }

    proptest! {
        #[test]
        fn offering_more_never_costs_more_and_rows_add_up(
            costs in proptest::collection::vec(proptest::collection::vec(0_u32..1_000_000, 256), 1..4),
            eligible in proptest::collection::vec(0_u8..=255, 4),
        ) {
            let mut totals = Totals::default();
            let mut parts = Totals::default();
            for (costs, eligible) in costs.iter().zip(&eligible) {
                totals.add(&vector(costs, Set(*eligible)));
                let mut part = Totals::default();
                part.add(&vector(costs, Set(*eligible)));
                parts = parts.merge(&part);
            }
            prop_assert_eq!(&totals, &parts);
            for set in Set::every() {
                for technique in TechniqueId::ALL {
                    prop_assert!(totals.cost(set.with(technique)) <= totals.cost(set));
                }
                // The cheapest subset by trying them all.
                let brute: i128 = costs.iter().zip([eligible[0], eligible[1], eligible[2]]).map(|(costs, eligible)| {
                    let subsets = Set::every().filter(|sub| sub.is_within(set.and(Set(eligible))));
                    subsets.map(|sub| i128::from(costs[sub.index()])).min().unwrap_or(0)
                }).sum();
                prop_assert_eq!(totals.cost(set).nano(), brute);
            }
            prop_assert_eq!(totals.cost(totals.accepted()), totals.cost(Set::ALL));
            let saving = totals.cost(Set::NONE) - totals.cost(Set::ALL);
            let order: Vec<TechniqueId> = totals.accepted().iter().collect();
            let sum = |rows: &[NanoUsd]| rows.iter().map(|row| row.nano()).sum::<i128>();
            prop_assert_eq!(sum(&totals.marginals(&order)), saving.nano());
            prop_assert_eq!(sum(&totals.shapley()), saving.nano());
        }
    }
}

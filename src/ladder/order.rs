//! In which order the accepted techniques are shown. No order changes a total.

use std::cmp::Reverse;

use crate::techniques::id::{Set, TechniqueId};
use crate::units::{Evidence, NanoUsd};

use super::totals::Totals;

/// How the steps of the ladder are arranged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Each step is the one that saves most on top of those before.
    #[default]
    Greedy,
    /// As published playbooks list them.
    Playbook,
    /// Each step is the one that saves most per hour of work on top of those
    /// before.
    Effort,
    /// By what each saves alone.
    Savings,
}

impl Order {
    /// Every order.
    pub const ALL: [Self; 4] = [Self::Greedy, Self::Playbook, Self::Effort, Self::Savings];

    /// The word used on the command line and in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Greedy => "greedy",
            Self::Playbook => "playbook",
            Self::Effort => "effort",
            Self::Savings => "savings",
        }
    }

    /// The order of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|order| order.name() == name)
    }
}

/// What decides between techniques that save as much.
#[derive(Clone, Copy, Debug)]
pub struct Weight {
    /// How the saving is known.
    pub evidence: Evidence,
    /// Hours of work, in millionths.
    pub effort: i64,
}

/// The accepted techniques in an order; ties go to the better evidence, then to
/// playbook order.
#[must_use]
pub fn arranged(
    totals: &Totals,
    order: Order,
    weight: impl Fn(TechniqueId) -> Weight,
) -> Vec<TechniqueId> {
    let tie = |technique: TechniqueId| (weight(technique).evidence, technique);
    let mut left: Vec<TechniqueId> = totals.accepted().iter().collect();
    match order {
        Order::Playbook => left,
        Order::Savings => {
            left.sort_by_key(|technique| (Reverse(totals.standalone(*technique)), tie(*technique)));
            left
        }
        Order::Greedy | Order::Effort => {
            let mut found = Vec::with_capacity(left.len());
            let mut offered = Set::NONE;
            while !left.is_empty() {
                let saving = |technique: TechniqueId| {
                    let saving = totals.cost(offered) - totals.cost(offered.with(technique));
                    match order {
                        Order::Effort => per_hour(saving, weight(technique).effort),
                        _ => saving.nano(),
                    }
                };
                left.sort_by_key(|technique| (Reverse(saving(*technique)), tie(*technique)));
                let next = left.remove(0);
                offered = offered.with(next);
                found.push(next);
            }
            found
        }
    }
}

/// Nano-dollars per hour; what takes no time comes first.
fn per_hour(saving: NanoUsd, effort: i64) -> i128 {
    if effort <= 0 { i128::MAX } else { saving.nano() * 1_000_000 / i128::from(effort) }
}

#[cfg(test)]
mod tests {
    use super::{Order, Weight, arranged};
    use crate::ladder::totals::{Totals, Vector};
    use crate::techniques::id::TechniqueId;
    use crate::units::{Evidence, Usd};

    #[test]
    fn an_order_weighs_dollars_or_dollars_per_hour() {
        let (caching, routing) = (TechniqueId::PromptCaching, TechniqueId::ModelRouting);
        let mut totals = Totals::default();
        totals.add(&Vector::of(caching.set().with(routing), |set| {
            // Caching saves 30, routing 50, both 70 of 100.
            Usd::from_femto([100, 70, 50, 30][set.index()] * 1_000_000)
        }));
        let effort = |technique| Weight {
            evidence: Evidence::Measured,
            effort: if technique == caching { 4_000_000 } else { 24_000_000 },
        };
        assert_eq!(arranged(&totals, Order::Greedy, effort), [routing, caching]);
        assert_eq!(arranged(&totals, Order::Savings, effort), [routing, caching]);
        assert_eq!(arranged(&totals, Order::Effort, effort), [caching, routing]);
        assert_eq!(arranged(&totals, Order::Playbook, effort), [caching, routing]);
    }
}

//! What pairs come to together: the steps, and rows by feature and by model.
//!
//! What a pair costs after a step is rounded once, and all else is a sum of that:
//! changes add up along rows and down columns, and what did not change shows no
//! change.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::report::document::{Cell, DifferenceRow, DifferenceStep, Effect, Presence, RowEffect};
use crate::units::NanoUsd;

use super::pairs::{Class, Pair, Pairs};
use super::side::{Grades, Scale};
use super::stage::{STAGES, Stage, TOTALS};
use super::substitution::amounts;

/// Pairs with what they cost after each substitution.
pub(super) struct Taken<'a> {
    pairs: &'a Pairs,
    amounts: Vec<[NanoUsd; TOTALS]>,
    totals: [NanoUsd; TOTALS],
}

impl<'a> Taken<'a> {
    /// Substitutes one thing after another, each side on its scale.
    pub(super) fn of(pairs: &'a Pairs, (before, after): (Scale, Scale)) -> Self {
        let scaled = |pair: &Pair| {
            let found = amounts(pair, &pairs.calls);
            std::array::from_fn(|at| {
                let scale = if at < found.turn { before } else { after };
                scale.of_amount(found.amounts[at]).to_nano()
            })
        };
        let amounts: Vec<[NanoUsd; TOTALS]> = pairs.all.iter().map(scaled).collect();
        let totals = std::array::from_fn(|at| amounts.iter().map(|amounts| amounts[at]).sum());
        Self { pairs, amounts, totals }
    }

    /// The first and the last total.
    pub(super) const fn ends(&self) -> (NanoUsd, NanoUsd) {
        (self.totals[0], self.totals[TOTALS - 1])
    }

    /// The rows by feature.
    pub(super) fn features(&self) -> Vec<DifferenceRow> {
        self.rows(|pair| &pair.feature)
    }

    /// The rows by model.
    pub(super) fn models(&self) -> Vec<DifferenceRow> {
        self.rows(|pair| &pair.model)
    }

    fn rows(&self, key: impl Fn(&Pair) -> &String) -> Vec<DifferenceRow> {
        let mut groups: BTreeMap<&String, Group<'_>> = BTreeMap::new();
        for (pair, amounts) in self.pairs.all.iter().zip(&self.amounts) {
            let group = groups.entry(key(pair)).or_default();
            group.pairs.push(pair);
            for (sum, amount) in group.totals.iter_mut().zip(amounts) {
                *sum = *sum + *amount;
            }
        }
        let mut rows: Vec<DifferenceRow> =
            groups.iter().map(|(key, group)| group.row(key)).collect();
        rows.sort_by_key(|row| {
            let size = row.change_usd.map(|change| change.nano().unsigned_abs());
            (Reverse(size), row.key.clone())
        });
        rows
    }

    /// The steps from the first total to the last.
    pub(super) fn steps(&self, features: &[DifferenceRow], grades: &Grades) -> Vec<DifferenceStep> {
        let mut steps = Vec::new();
        let mut cost = self.totals[0];
        for (at, stage) in STAGES.iter().enumerate() {
            let evidence = grades.of_stage(*stage);
            let mut push = |subject: Option<String>, change: NanoUsd| {
                cost = cost + change;
                let effect = stage.effect;
                let step = DifferenceStep {
                    effect,
                    subject,
                    change_usd: change,
                    cost_after_usd: cost,
                    evidence,
                };
                steps.push(step);
            };
            if matches!(stage.effect, Effect::GoneFeature | Effect::NewFeature) {
                for (row, effect) in effects_of(features, stage.effect) {
                    push(Some(row.key.clone()), effect.change_usd);
                }
            } else {
                let change = self.totals[at + 1] - self.totals[at];
                if change != NanoUsd::ZERO || self.has_a_say(*stage) {
                    push(stage.part.map(|part| part.name().to_owned()), change);
                }
            }
        }
        steps
    }

    /// Whether an effect that changes nothing is worth saying so.
    fn has_a_say(&self, stage: Stage) -> bool {
        let class = match stage.effect {
            Effect::GoneFeature | Effect::NewFeature => return false,
            Effect::Coverage => Class::Coverage,
            Effect::Usage => Class::Uncounted,
            _ => Class::Counted,
        };
        stage.part.is_none() && self.pairs.has(class)
    }
}

fn effects_of(
    rows: &[DifferenceRow],
    effect: Effect,
) -> impl Iterator<Item = (&DifferenceRow, &RowEffect)> {
    rows.iter().flat_map(move |row| {
        row.effects
            .iter()
            .filter(move |found| found.effect == effect)
            .map(move |found| (row, found))
    })
}

/// The pairs of one row.
#[derive(Default)]
struct Group<'a> {
    pairs: Vec<&'a Pair>,
    totals: [NanoUsd; TOTALS],
}

impl Group<'_> {
    fn row(&self, key: &str) -> DifferenceRow {
        let totals = &self.totals;
        let (before, after) = (
            Side::of(self, |pair| pair.before.as_ref()),
            Side::of(self, |pair| pair.after.as_ref()),
        );
        let (first, last) = (totals[0], totals[TOTALS - 1]);
        DifferenceRow {
            key: key.to_owned(),
            presence: match (before.exists, after.exists) {
                (true, false) => Presence::Gone,
                (false, true) => Presence::New,
                _ => Presence::Both,
            },
            before_calls: before.calls,
            after_calls: after.calls,
            before_usd: before.is_known().then_some(first),
            after_usd: after.is_known().then_some(last),
            change_usd: (before.is_priced || after.is_priced).then(|| last - first),
            effects: effects(totals),
        }
    }
}

fn effects(totals: &[NanoUsd; TOTALS]) -> Vec<RowEffect> {
    let changes = totals.windows(2).zip(STAGES);
    let effects = changes.filter_map(|(totals, stage)| {
        let change = totals[1] - totals[0];
        let subject = stage.part.map(|part| part.name().to_owned());
        (change != NanoUsd::ZERO).then_some(RowEffect {
            effect: stage.effect,
            subject,
            change_usd: change,
        })
    });
    effects.collect()
}

/// One side of a row.
struct Side {
    exists: bool,
    is_priced: bool,
    calls: Option<u64>,
}

impl Side {
    fn of(group: &Group<'_>, side: impl Fn(&Pair) -> Option<&Cell>) -> Self {
        let cells = || group.pairs.iter().filter_map(|pair| side(pair));
        Self {
            exists: cells().next().is_some(),
            is_priced: cells().any(|cell| cell.cost_usd.is_some()),
            calls: cells().map(|cell| cell.calls).sum(),
        }
    }

    /// Whether its cost is known: nothing where there is no call.
    const fn is_known(&self) -> bool {
        !self.exists || self.is_priced
    }
}

//! Cells of two analyses side by side.
//!
//! Knows which of them can be compared in what way; computes no effect.

use std::collections::BTreeMap;

use crate::report::document::{Cell, CellComponent, CellKind, TokenKind};
use crate::units::{Evidence, Usd};

/// A feature, model, provider and tier on both sides; one side may have none.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub feature: String,
    pub model: String,
    pub class: Class,
    pub before: Option<Cell>,
    pub after: Option<Cell>,
}

/// In what way a pair can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Its feature has calls on the first side only.
    Gone,
    /// Its feature has calls on the second side only.
    New,
    /// It has calls on both sides and a price on one, or its feature has.
    Coverage,
    /// Its feature has a bucket that does not say how many calls it adds up.
    Uncounted,
    /// Calls are counted on both sides.
    Counted,
    /// It has no price at all.
    Unpriced,
}

/// All pairs, by key.
#[derive(Clone, Debug)]
pub(super) struct Pairs {
    pub all: Vec<Pair>,
    /// Priced calls of the pairs that are counted.
    pub calls: Calls,
}

/// Priced calls on both sides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sides {
    pub before: i128,
    pub after: i128,
}

/// Priced calls of counted pairs: of all, by feature, and by model of each.
#[derive(Clone, Debug, Default)]
pub(super) struct Calls {
    pub all: Sides,
    pub features: BTreeMap<String, Sides>,
    pub models: BTreeMap<(String, String), Sides>,
}

/// What is known of a feature before its pairs are told apart.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    before: bool,
    after: bool,
    priced_before: bool,
    priced_after: bool,
    uncounted: bool,
}

impl Pairs {
    pub(super) fn of(before: &[Cell], after: &[Cell]) -> Self {
        let mut found: BTreeMap<[&str; 4], (Option<Cell>, Option<Cell>)> = BTreeMap::new();
        for cell in before {
            put(&mut found.entry(key(cell)).or_default().0, cell);
        }
        for cell in after {
            put(&mut found.entry(key(cell)).or_default().1, cell);
        }
        let mut all: Vec<Pair> = found
            .into_iter()
            .map(|([feature, model, ..], (before, after))| Pair {
                feature: feature.to_owned(),
                model: model.to_owned(),
                class: Class::Counted,
                before,
                after,
            })
            .collect();
        classify(&mut all);
        let calls = Calls::of(&all);
        Self { all, calls }
    }

    /// The worst grade of a cost on either side.
    pub(super) fn evidence(&self) -> Evidence {
        let cells = self.all.iter().flat_map(|pair| pair.before.iter().chain(&pair.after));
        let priced = cells.filter(|cell| cell.cost_usd.is_some());
        priced.fold(Evidence::default(), |worst, cell| worst.worst(cell.evidence))
    }

    pub(super) fn has(&self, class: Class) -> bool {
        self.all.iter().any(|pair| pair.class == class)
    }
}

fn key(cell: &Cell) -> [&str; 4] {
    [&cell.feature, &cell.model, &cell.provider, &cell.tier]
}

/// A log may name something what tokopt calls what has no name: both are one.
fn put(place: &mut Option<Cell>, cell: &Cell) {
    match place {
        None => *place = Some(cell.clone()),
        Some(sum) => add(sum, cell),
    }
}

fn add(sum: &mut Cell, cell: &Cell) {
    sum.calls = sum.calls.zip(cell.calls).map(|(left, right)| left.saturating_add(right));
    sum.unpriced_calls = sum.unpriced_calls.saturating_add(cell.unpriced_calls);
    sum.cost_usd = match (sum.cost_usd, cell.cost_usd) {
        (Some(left), Some(right)) => Some(left + right),
        (left, right) => left.or(right),
    };
    for kind in &cell.kinds {
        match sum.kinds.iter_mut().find(|known| known.kind == kind.kind) {
            Some(known) => {
                known.tokens += kind.tokens;
                known.cost_usd = known.cost_usd + kind.cost_usd;
            }
            None => sum.kinds.push(kind.clone()),
        }
    }
    // Components of one and none of the other would not add up to the input.
    if cell.components.is_empty() || sum.components.is_empty() {
        sum.components.clear();
    } else {
        for component in &cell.components {
            let same = |known: &&mut CellComponent| known.component == component.component;
            match sum.components.iter_mut().find(same) {
                Some(known) => known.tokens += component.tokens,
                None => sum.components.push(component.clone()),
            }
        }
    }
    sum.evidence = sum.evidence.worst(cell.evidence);
}

fn classify(pairs: &mut [Pair]) {
    let mut features: BTreeMap<String, Seen> = BTreeMap::new();
    for pair in pairs.iter() {
        let seen = features.entry(pair.feature.clone()).or_default();
        seen.before |= pair.before.is_some();
        seen.after |= pair.after.is_some();
        if !changes_price(pair) {
            seen.priced_before |= is_priced(pair.before.as_ref());
            seen.priced_after |= is_priced(pair.after.as_ref());
            seen.uncounted |=
                is_uncounted(pair.before.as_ref()) || is_uncounted(pair.after.as_ref());
        }
    }
    for pair in pairs {
        let seen = features.get(&pair.feature).copied().unwrap_or_default();
        pair.class = match pair {
            _ if !is_priced(pair.before.as_ref()) && !is_priced(pair.after.as_ref()) => {
                Class::Unpriced
            }
            _ if !seen.after => Class::Gone,
            _ if !seen.before => Class::New,
            _ if changes_price(pair) || !seen.priced_before || !seen.priced_after => {
                Class::Coverage
            }
            _ if seen.uncounted => Class::Uncounted,
            _ => Class::Counted,
        };
    }
}

/// Whether both sides have calls and one has a price.
fn changes_price(pair: &Pair) -> bool {
    pair.before.is_some()
        && pair.after.is_some()
        && is_priced(pair.before.as_ref()) != is_priced(pair.after.as_ref())
}

fn is_priced(cell: Option<&Cell>) -> bool {
    cell.is_some_and(|cell| cell.cost_usd.is_some())
}

/// Whether a cell has a price and no number of calls that it can be divided by.
fn is_uncounted(cell: Option<&Cell>) -> bool {
    cell.is_some_and(|cell| cell.cost_usd.is_some() && priced_calls(cell).is_none())
}

/// The calls behind a cell's cost; `None` where they are not counted, or none.
pub(super) fn priced_calls(cell: &Cell) -> Option<i128> {
    let priced = cell.calls?.checked_sub(cell.unpriced_calls)?;
    (priced > 0).then_some(i128::from(priced))
}

/// The calls of one side of a pair; nothing where it has no price there.
pub(super) fn calls_of(cell: Option<&Cell>) -> i128 {
    let priced = cell.filter(|cell| cell.cost_usd.is_some());
    priced.and_then(priced_calls).unwrap_or(0)
}

/// The cost of one side of a pair; nothing where it has no price there.
pub(super) fn cost_of(cell: Option<&Cell>) -> Usd {
    cell.and_then(|cell| cell.cost_usd).unwrap_or_default().to_usd()
}

/// Tokens and cost of a kind in a cell.
pub(super) fn kind_of(cell: &Cell, kind: TokenKind) -> (i128, Usd) {
    let found: Option<&CellKind> = cell.kinds.iter().find(|found| found.kind == kind);
    found.map_or((0, Usd::ZERO), |found| (i128::from(found.tokens.get()), found.cost_usd.to_usd()))
}

impl Calls {
    fn of(pairs: &[Pair]) -> Self {
        let mut calls = Self::default();
        for pair in pairs.iter().filter(|pair| pair.class == Class::Counted) {
            let own = Sides {
                before: calls_of(pair.before.as_ref()),
                after: calls_of(pair.after.as_ref()),
            };
            calls.all.add(own);
            calls.features.entry(pair.feature.clone()).or_default().add(own);
            let model = (pair.feature.clone(), pair.model.clone());
            calls.models.entry(model).or_default().add(own);
        }
        calls
    }
}

impl Sides {
    fn add(&mut self, other: Self) {
        self.before = self.before.saturating_add(other.before);
        self.after = self.after.saturating_add(other.after);
    }
}

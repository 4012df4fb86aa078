//! Holds two analyses against each other: what is different in what they cost,
//! and why.
//!
//! The difference is taken apart by *sequential substitution*: starting from
//! the first bill, one thing after another is set to what it is in the second,
//! and every step is the difference of two totals, so that the steps add up to
//! the whole (`stage.rs` has the order). Knows documents, not logs; no price
//! table, no file.
mod expectation;
mod notes;
mod pairs;
mod side;
mod stage;
mod substitution;
mod tables;

use crate::report::document::{Cell, DIFFERENCE_SCHEMA_VERSION, Difference, Document, Per};
use crate::units::{NanoUsd, Share};

use pairs::Pairs;
use side::Scale;
use tables::Taken;

pub use expectation::expect;

/// One of the analyses.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// What the user typed for it.
    pub source: &'a str,
    /// Whether it was read from a saved analysis.
    pub is_saved: bool,
    /// The analysis.
    pub document: &'a Document,
}

/// Why two analyses cannot be held against each other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DifferenceError {
    /// It was saved before analyses carried what they are compared by, or it was
    /// described and not logged.
    #[error("the analysis `{0}` does not carry what analyses are compared by")]
    NothingToCompareBy(String),
    /// A plan is a ladder.
    #[error("the analysis `{0}` has no ladder, so no plan to hold a log against")]
    NoPlan(String),
    /// Amounts per month need a length.
    #[error("amounts per month need at least a day on both sides, and `{source_name}` {reason}")]
    TooShort {
        /// What the user typed for it.
        source_name: String,
        /// What is the matter, as a fragment.
        reason: &'static str,
    },
}

/// Takes the difference between two analyses apart.
///
/// # Errors
/// When one of them cannot be compared, or not per month.
pub fn difference(
    before: Subject<'_>,
    after: Subject<'_>,
    per: Per,
) -> Result<Difference, DifferenceError> {
    let scales = (Scale::of(before, per)?, Scale::of(after, per)?);
    let pairs = Pairs::of(cells(before)?, cells(after)?);
    let taken = Taken::of(&pairs, scales);
    let (sides_before, sides_after) = (before.document, after.document);
    let priced = sides_before.totals.cost_usd.is_some() && sides_after.totals.cost_usd.is_some();
    let (first, last) = taken.ends();
    let mut found = Difference {
        schema_version: DIFFERENCE_SCHEMA_VERSION.to_owned(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        per,
        before: side::side(before, sides_before.totals.cost_usd.map(|_| first)),
        after: side::side(after, sides_after.totals.cost_usd.map(|_| last)),
        change_usd: priced.then(|| last - first),
        change_share: if priced { Share::of_nano(last - first, first) } else { None },
        steps: Vec::new(),
        features: taken.features(),
        models: taken.models(),
        expectation: None,
        evidence: priced.then(|| pairs.evidence()),
        warnings: Vec::new(),
    };
    if priced {
        found.steps = taken.steps(&found.features, &side::Grades::of(&pairs, before, after));
    }
    found.warnings = notes::warnings(&found, &pairs);
    Ok(found)
}

fn cells(subject: Subject<'_>) -> Result<&[Cell], DifferenceError> {
    match &subject.document.comparison {
        Some(comparison) => Ok(&comparison.cells),
        None => Err(DifferenceError::NothingToCompareBy(subject.source.to_owned())),
    }
}

/// A cost over a number of calls, rounded half to even.
fn per_call(cost: NanoUsd, calls: u64) -> Option<NanoUsd> {
    cost.to_usd().mean_over(calls).map(crate::units::Usd::to_nano)
}

#[cfg(test)]
mod tests;

//! A budget as it is judged: every number read, every filter understood.
//!
//! Knows how rules are written, and no log.

use std::ops::Range;

use super::amount::Size;
use super::measure::Measure;
use super::settings::Per;
use crate::report::document::{Level, Place, Quantity};
use crate::selection::Filter;

/// Calls below which percentiles, shares, per-unit measures and comparisons are
/// not judged, unless somebody says otherwise.
pub const MINIMUM_CALLS: u64 = 30;
/// The part of rejected records that refuses a check, in billionths.
pub const REJECTED_SHARE: i128 = 500_000_000;
/// The part of unpriced calls that dollars are still judged with, in billionths.
pub const UNPRICED_SHARE: i128 = 50_000_000;

/// Everything that a log is held to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    /// The rules, those of the settings file first, in its order.
    pub rules: Vec<Rule>,
    /// What may be over.
    pub ignores: Vec<Ignore>,
    /// From which part of rejected records on the check refuses, in billionths.
    pub rejected_share: i128,
    /// Which part of unpriced calls dollars are still judged with, in
    /// billionths.
    pub unpriced_share: i128,
    /// Whether a log without a call passes.
    pub allow_empty: bool,
}

/// One limit of one measure on one slice, or on each of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name, stable between runs.
    pub name: String,
    /// What is measured.
    pub measure: &'static Measure,
    /// Which calls.
    pub scope: Scope,
    /// What is allowed.
    pub limit: RuleLimit,
    /// From which part of the limit on to warn, in billionths.
    pub warn_at: Option<i128>,
    /// What being over means.
    pub level: Level,
    /// Calls below which it is not judged.
    pub minimum_calls: u64,
    /// The technique, of a saving.
    pub technique: Option<String>,
    /// Where it stands.
    pub place: Option<Place>,
}

/// Which calls a rule is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// The filters as they are written.
    pub texts: Vec<String>,
    /// What they mean.
    pub filter: Filter,
    /// What it is judged for one by one.
    pub per: Option<Per>,
    /// Whether the filters only choose among the features it is judged for.
    pub chooses_features: bool,
}

/// What a rule allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleLimit {
    /// At most.
    Max(Quantity),
    /// At least.
    Min(Quantity),
    /// At most so much more than the baseline, and more than `least`.
    Increase {
        /// What is allowed.
        allowed: Size,
        /// What is no change yet.
        least: Option<Size>,
    },
    /// At most so much less than the baseline, and more than `least`.
    Decrease {
        /// What is allowed.
        allowed: Size,
        /// What is no change yet.
        least: Option<Size>,
    },
}

impl RuleLimit {
    /// Whether it is held against a baseline.
    #[must_use]
    pub const fn compares(&self) -> bool {
        matches!(self, Self::Increase { .. } | Self::Decrease { .. })
    }
}

/// What may be over, for a reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignore {
    /// The code of the rules.
    pub code: Option<String>,
    /// The name of the rule.
    pub rule: Option<String>,
    /// The features, as a filter on `feature`.
    pub feature: Option<Filter>,
    /// The filters of the rule as they are written.
    pub filters: Option<Vec<String>>,
    /// Why.
    pub reason: String,
    /// The last day that it holds, `2026-12-31`.
    pub expires: Option<String>,
    /// Where it stands.
    pub place: Option<Place>,
}

/// A setting that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SettingsError {
    /// Where in the settings file it stands; `None`: it was not typed there.
    pub span: Option<Range<usize>>,
    /// What is wrong, as a fragment.
    pub message: String,
    /// What the user can do about it.
    pub hint: Option<String>,
}

//! The analysis document: everything a report may show, as plain data.
//!
//! This is the contract of `--format json`, and of saved analyses, which are
//! read back. Fields may be added, and `null` is what an older document has for
//! them; those that are here keep their names and their meaning. Renderers see nothing else.
//! The document must not know how it is shown, nor where its figures come
//! from: no format, no price table, no clock. A figure that is not known is
//! `None`, and `null` in JSON, never zero.

mod arms;
mod attribution;
mod backtest;
mod bills;
mod cache;
mod check;
mod comparison;
mod curves;
mod decimal;
mod difference;
mod expectation;
mod findings;
mod input;
mod inspection;
mod ladder;
mod metrics;
mod monthly;
mod plan;
mod quantity;
mod quotient;
mod totals;

mod trend;
mod what_if;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use crate::record::dimension::Dimension;
pub use crate::units::Evidence;

pub use arms::{
    ARMS_SCHEMA_VERSION, ArmDifference, ArmFigures, ArmMetric, ArmVerdict, Arms, ArmsInput,
};
pub use attribution::{Attribution, ComponentsNote, Cross, CrossRow, Figures, Row};
pub use backtest::{Backtest, BacktestCall, Coverage};
pub use bills::{
    Billed, BilledRow, ExportCoverage, GapCause, InvoiceFile, LevelSide, Levels, ModelCoverage,
    ReconciledRow, Reconciliation, SetAside, SetAsideReason,
};
pub use cache::{Cache, CacheBreak, CacheCalibration, CachePolicy};
pub use check::{
    CHECK_SCHEMA_VERSION, Check, Counts, Judgement, Level, Limit, Mover, Outcome, Place, Question,
    Side, Status, Subject,
};
pub use comparison::{Cell, CellComponent, CellKind, Comparison, Slice, TokenKind};
pub use curves::{Curves, PassagePoint, RepeatPoint};
pub use decimal::Decimal;
pub use difference::{
    DIFFERENCE_SCHEMA_VERSION, Difference, DifferenceRow, DifferenceSide, DifferenceStep, Effect,
    Per, Presence, RowEffect,
};
pub use expectation::{Expectation, Promise, PromiseEffect, PromiseVerdict};
pub use findings::{Finding, Warning};
pub use input::{IgnoredReason, Input, InputFile, Rejection};
pub use inspection::{
    ClockKind, Field, FieldShare, INSPECTION_SCHEMA_VERSION, InspectedFile, Inspection,
    InspectionNote, LeverGrade, Raise, ReachReason, RejectedReason, Sums, TechniqueReach, Verdict,
};
pub use ladder::{
    Assumption, Group, GroupSkip, Ladder, Lever, Reason, SavingByEvidence, Step, StepStatus,
    StreamPolicy,
};
pub use metrics::{
    AbovePlan, CostPerCall, DurationQuantiles, Metrics, ModelMetrics, ModelTier, Pseudonyms,
    TierShare, TokensPerCall, Users,
};
pub use monthly::{Bootstrap, Monthly};
pub use plan::{Phase, PlanStep, Worth};
pub use quantity::{Quantity, Unit};
pub use quotient::Quotient;
pub use totals::{MONTH_MICROS, ONE_DAY, PartlyUnpriced, Prices, Totals, UnpricedModel, Window};
pub use trend::{
    Forecast, OddDay, Responsible, StandingOut, StepReason, TREND_SCHEMA_VERSION, Trend,
    TrendFigures, TrendPeriod, TrendStep, UnitCosts,
};
pub use what_if::WhatIf;

/// The version of the layout of [`Document`], as `major.minor`: a field that is
/// added raises the second number, one that goes or changes raises the first.
/// Every other document has a version of its own beside its type.
pub const SCHEMA_VERSION: &str = "1.1";

/// The key of calls that do not say what a dimension asks for, such as a call
/// without a model's name.
pub const UNKNOWN_KEY: &str = "unknown";

/// One analysis: what was read, what it cost, and where it went.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "tokopt analysis")]
pub struct Document {
    /// The version of this layout, `1.1`.
    pub schema_version: String,
    /// The version of the program that made the document.
    pub tool_version: String,
    /// What was read, and what became of every log record.
    pub input: Input,
    /// The stretch of time that the calls cover.
    pub window: Window,
    /// What the price table could and could not price.
    pub prices: Prices,
    /// Sums over all calls.
    pub totals: Totals,
    /// Periods of usage exports that requests or finer exports stand in for;
    /// null where there is none.
    pub levels: Option<Levels>,
    /// Billed amounts of cost exports; null where the files hold none.
    pub billed: Option<Billed>,
    /// Priced usage held against a bill; null without a bill of the same time.
    pub reconciliation: Option<Reconciliation>,
    /// The same sums, by what caused them.
    pub attribution: Attribution,
    /// What the component shares rest on; null where no component is known.
    pub components_note: Option<ComponentsNote>,
    /// Per-call figures and shares.
    pub metrics: Metrics,
    /// Who is heavy; null where the log names no user.
    pub users: Option<Users>,
    /// The cache replay; null where nothing could be replayed.
    pub cache: Option<Cache>,
    /// The savings ladder; null where nothing could be simulated.
    pub ladder: Option<Ladder>,
    /// The plan of work, first things first; null without a ladder.
    pub plan: Option<Vec<PlanStep>>,
    /// This traffic on other models, where that was asked for; no part of the
    /// ladder.
    pub what_if: Vec<WhatIf>,
    /// Things in the log worth a look, largest cost first.
    pub findings: Vec<Finding>,
    /// Bills per 30 days; null where the log has no times.
    pub monthly: Option<Monthly>,
    /// What a reader should know before trusting a figure.
    pub warnings: Vec<Warning>,
    /// What other logs can be held against this one by; null where the traffic
    /// was described and not logged.
    pub comparison: Option<Comparison>,
}

impl Document {
    /// An empty document of this layout: no records, nothing known.
    #[must_use]
    pub fn new(tool_version: impl Into<String>) -> Self {
        Self {
            schema_version: SCHEMA_VERSION.to_owned(),
            tool_version: tool_version.into(),
            input: Input::default(),
            window: Window::default(),
            prices: Prices::default(),
            totals: Totals::default(),
            levels: None,
            billed: None,
            reconciliation: None,
            attribution: Attribution::default(),
            components_note: None,
            metrics: Metrics::default(),
            users: None,
            cache: None,
            ladder: None,
            plan: None,
            what_if: Vec::new(),
            findings: Vec::new(),
            monthly: None,
            warnings: Vec::new(),
            comparison: None,
        }
    }

    /// Whether the traffic was described by its owner: calls, but no file that
    /// was read.
    #[must_use]
    pub fn is_described(&self) -> bool {
        self.input.files.is_empty() && self.totals.calls.is_some_and(|calls| calls > 0)
    }

    /// Whether some of the cost is missing from [`Totals::cost_usd`], so that
    /// the total is a lower bound.
    #[must_use]
    pub const fn cost_is_partial(&self) -> bool {
        self.totals.unpriced_calls > 0 || !self.prices.partly_unpriced.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::Document;

    #[test]
    fn what_was_not_computed_is_null() {
        let text = serde_json::to_string(&Document::new("0.1.0")).unwrap_or_default();
        assert!(text.contains(r#""ladder":null"#), "{text}");
        assert!(text.contains(r#""cost_usd":null"#), "{text}");
    }
}

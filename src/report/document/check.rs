//! What a check found: every rule with what it measured, and the answer in all.
//! The contract of `tokopt check --format json`.
//!
//! A document of its own, beside the analysis. It knows no settings file beyond
//! the place of a rule in it, and no exit code.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Evidence, Quantity, Unit, Warning, Window};
use crate::units::NanoUsd;

/// The version of the layout of [`Check`].
pub const CHECK_SCHEMA_VERSION: &str = "1.0";

/// The answer of one check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "tokopt check")]
pub struct Check {
    /// The version of this layout, `1.0`.
    pub schema_version: String,
    /// The version of the program that made the document.
    pub tool_version: String,
    /// The answer.
    pub outcome: Outcome,
    /// Why a check that judged could still not be trusted, such as a log of which
    /// half was rejected; empty where nothing stands against it.
    pub refusals: Vec<Warning>,
    /// How many rules had which status.
    pub counts: Counts,
    /// What was judged.
    pub subject: Subject,
    /// What it was held against; null without a baseline.
    pub baseline: Option<Subject>,
    /// Every rule on every slice it was judged for: over first, then near, not
    /// judged, ignored, within; in each by their order in the settings.
    pub judgements: Vec<Judgement>,
    /// The monthly questions of published playbooks, answered from the log.
    pub questions: Vec<Question>,
    /// What a reader should know before trusting a figure.
    pub warnings: Vec<Warning>,
}

/// The answer of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Nothing at level `error` is over.
    Within,
    /// A rule at level `error` is over.
    Over,
    /// No rule could judge, or the log cannot be trusted to judge by.
    NotJudged,
}

/// How many judgements had which status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// Over, at level `error`.
    pub errors: u64,
    /// Over at level `warn`, or past `warn_at` at any level.
    pub warnings: u64,
    /// Within.
    pub passed: u64,
    /// Not judged.
    pub not_judged: u64,
    /// Over, and ignored for a stated reason.
    pub ignored: u64,
}

/// A log in a few figures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Subject {
    /// What was read: the files' names, or that of the saved analysis.
    pub paths: Vec<String>,
    /// Log records that were read.
    pub lines: u64,
    /// Of these, records that are no calls.
    #[serde(default)]
    pub ignored: u64,
    /// Log records that could not be used.
    pub rejected: u64,
    /// Calls; null where an export does not say.
    pub calls: Option<u64>,
    /// Calls without a price.
    pub unpriced_calls: u64,
    /// What the priced calls cost, in US dollars.
    pub cost_usd: Option<NanoUsd>,
    /// The cost of 30 days at this rate, in US dollars; null below one day of
    /// log.
    pub month_usd: Option<NanoUsd>,
    /// The time that the calls cover.
    pub window: Window,
    /// The day of the price table.
    pub prices_as_of: Option<String>,
}

/// One rule on one slice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Judgement {
    /// The stable code of the kind of rule, `TK101`.
    pub code: String,
    /// The rule's own name, stable between runs:
    /// `budget.feature.support-*.cost_per_call`.
    pub rule: String,
    /// What is measured, in a few words: `cost per call`.
    pub measure: String,
    /// The slice, as filters: `feature=support-chat`; empty for the whole log.
    #[serde(rename = "where")]
    pub filters: Vec<String>,
    /// What being over means.
    pub level: Level,
    /// What was found.
    pub status: Status,
    /// What the rule allows; null where it names only a change.
    pub limit: Option<Limit>,
    /// The measured value; null where nothing could be measured.
    pub measured: Option<Quantity>,
    /// The same of the baseline; null without one.
    pub baseline: Option<Quantity>,
    /// How the measured value is known.
    pub evidence: Option<Evidence>,
    /// Calls that the measured value rests on.
    pub calls: Option<u64>,
    /// One sentence that says what was found.
    pub message: String,
    /// What a reader should know of the measured value: what it was projected
    /// from, which calls it leaves out.
    #[serde(default)]
    pub note: Option<String>,
    /// Why it was not judged or was ignored.
    pub reason: Option<String>,
    /// What can be done about it.
    pub help: Option<String>,
    /// What moved it most since the baseline, or causes most of it, largest
    /// first.
    pub moved_by: Vec<Mover>,
    /// Where the rule stands; null for rules of a preset or a flag.
    pub place: Option<Place>,
}

/// What being over means.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The rule is not looked at.
    Off,
    /// It is said.
    Warn,
    /// It fails the check.
    #[default]
    Error,
}

/// What was found of a rule.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Past the limit.
    Over,
    /// Within the limit and past `warn_at`.
    Near,
    /// Not to be judged: too few calls, or the log does not say.
    NotJudged,
    /// Past the limit, and ignored for a stated reason.
    Ignored,
    /// Within the limit.
    Within,
}

/// What a rule allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Limit {
    /// Which side of the bound is allowed.
    pub side: Side,
    /// The bound on the measured value; of a change, the baseline with the
    /// allowed change.
    pub bound: Quantity,
    /// The change that was allowed, as a part of the baseline: 0.2 is 20 %
    /// more, -0.2 is 20 % less.
    pub change_share: Option<Quantity>,
    /// The change that was allowed, as an amount; negative where it is less.
    pub change: Option<Quantity>,
}

/// Which side of a bound is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// At most the bound.
    AtMost,
    /// At least the bound.
    AtLeast,
}

/// A part of a measured value, or of its change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Mover {
    /// What moved it: `feature support-chat`, `model gpt-5`.
    pub what: String,
    /// By how much.
    pub amount: Quantity,
}

/// A place in a settings file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// The file, as it was named or found, relative where it can be.
    pub path: String,
    /// The line, from 1.
    pub line: u64,
    /// The column of the first character, from 1.
    pub column: u64,
    /// The line as it is written.
    pub text: String,
    /// How many characters from `column` the rule takes.
    pub length: u64,
}

/// A question that a team should ask every month, with its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Question {
    /// A stable name: `premium_share`.
    pub id: String,
    /// The question.
    pub question: String,
    /// The answer, with its figures; says what is missing where there is none.
    pub answer: String,
    /// How the answer is known; null where there is none.
    pub evidence: Option<Evidence>,
}

impl Judgement {
    /// The unit of what is measured, where anything is known of it.
    #[must_use]
    pub fn unit(&self) -> Option<Unit> {
        let bound = self.limit.map(|limit| limit.bound.unit);
        bound.or(self.measured.map(|measured| measured.unit))
    }
}

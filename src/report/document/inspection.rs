//! What a log carries and how far that goes: the contract of
//! `tokopt inspect --format json`.
//!
//! A document of its own, beside the analysis. It holds names of fields, counts
//! and reasons, and nothing that stood in a field but times.

use serde::Serialize;

use crate::units::{Evidence, Share};

use super::IgnoredReason;

/// The version of the layout of [`Inspection`].
pub const INSPECTION_SCHEMA_VERSION: &str = "1.0";

/// What was found in some files.
#[derive(Clone, Debug, Serialize)]
pub struct Inspection {
    /// The version of this layout, `1.0`.
    pub schema_version: &'static str,
    /// The version of the program that made the document.
    pub tool_version: String,
    /// The files, in the order of their paths.
    pub files: Vec<InspectedFile>,
    /// Calls of all files.
    pub calls: u64,
    /// Records of all files that add up calls of a period.
    pub buckets: u64,
    /// Records of all files that name a billed amount.
    pub charges: u64,
    /// The fields of all calls.
    pub fields: Vec<FieldShare>,
    /// Calls that cannot be replayed: they have no time.
    pub untimed_calls: u64,
    /// Calls that cannot be replayed: they have no price.
    pub unpriced_calls: u64,
    /// What each technique can do with the calls, in playbook order; empty where
    /// there are none.
    pub techniques: Vec<TechniqueReach>,
    /// What can be done with sums and billed amounts; null where there are none.
    pub sums: Option<Sums>,
    /// What readers noticed.
    pub notes: Vec<InspectionNote>,
}

/// One file.
#[derive(Clone, Debug, Default, Serialize)]
pub struct InspectedFile {
    /// The path as it was given or found, `-` for standard input.
    pub path: String,
    /// The id of the log format; `empty` where nothing is in it; null where none
    /// was recognised.
    pub format: Option<String>,
    /// The keys or columns that gave the format away; empty where values or the
    /// order of lines did.
    pub known_by: Vec<String>,
    /// Whether the user named the format.
    pub forced: bool,
    /// Other formats that claim the file; the first of all reads it.
    pub also_claimed_by: Vec<String>,
    /// Which counts of the format include which.
    pub convention: Option<String>,
    /// Log records: lines of JSONL, rows of CSV, elements of an array.
    pub lines: u64,
    /// Calls in it: those that were kept, and those split off them.
    pub calls: u64,
    /// Records kept as a call, a bucket or a charge.
    pub kept: u64,
    /// Of those, sums of a period.
    pub buckets: u64,
    /// Of those, billed amounts.
    pub charges: u64,
    /// Records merged into another record of the same call.
    pub duplicates: u64,
    /// Records recognised as something that is not a call.
    pub ignored: u64,
    /// Why; sums to `ignored`.
    pub ignored_reasons: Vec<IgnoredReason>,
    /// Records that could not be read.
    pub rejected: u64,
    /// Why, the first of each reason.
    pub rejected_reasons: Vec<RejectedReason>,
    /// The first time in it: RFC 3339 in UTC, or seconds of a clock without a
    /// date; null where it has no times.
    pub first_time: Option<String>,
    /// The last time in it.
    pub last_time: Option<String>,
    /// What its times count from; null where it has none.
    pub clock: Option<ClockKind>,
    /// Its fields.
    pub fields: Vec<FieldShare>,
}

/// Why some records of a file could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RejectedReason {
    /// The reason, as a lower-case fragment without any of a record's text.
    pub reason: String,
    /// Records, among the first hundred rejected ones.
    pub lines: u64,
    /// The line of the first, from 1.
    pub first_line: u64,
}

/// What times count from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockKind {
    /// They have dates; shown in UTC.
    Dates,
    /// An unnamed start.
    Relative,
    /// Some have dates and some have not.
    Mixed,
}

/// A field with the calls that carry it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct FieldShare {
    /// The field's name.
    pub field: Field,
    /// Calls that carry it.
    pub calls: u64,
    /// The same as a share of all calls.
    pub share: Share,
}

/// What a call can carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// When it was made.
    Time,
    /// The model.
    Model,
    /// The provider, stated and not deduced.
    Provider,
    /// An id of the request or the answer.
    RequestId,
    /// A conversation, session or thread.
    Session,
    /// The end user.
    User,
    /// Who pays: account, project, team, key.
    Account,
    /// A feature, as the log tags it.
    Feature,
    /// Tokens of the prompt.
    InputTokens,
    /// Tokens generated.
    OutputTokens,
    /// Tokens read from the cache.
    CacheReads,
    /// Tokens written to the cache.
    CacheWrites,
    /// The lifetime of what was written.
    WriteLifetimes,
    /// Tokens of reasoning.
    Reasoning,
    /// The whole prompt as text, measured.
    PromptTexts,
    /// The prompt as text, without system prompt and tools.
    PromptTextsWithoutHead,
    /// Ids of the blocks of the prompt, in place of texts.
    PromptBlocks,
    /// The answer as text, measured.
    AnswerTexts,
    /// Whether tools were offered.
    Tools,
    /// The output limit that was asked for.
    MaxTokens,
    /// The temperature that was asked for.
    Temperature,
    /// Whether the answer was streamed.
    Stream,
    /// Why the answer ended.
    FinishReason,
    /// A service tier other than the standard one.
    OtherTier,
    /// How long the answer took.
    Latency,
    /// When its first token came.
    FirstToken,
    /// What the log says it cost.
    LoggedCost,
}

/// What a log lets a technique say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TechniqueReach {
    /// The technique's id.
    pub technique: String,
    /// What the log is good for here.
    pub verdict: Verdict,
    /// Its levers that can act on some call, each with its grade.
    pub levers: Vec<LeverGrade>,
    /// Calls that it may act on.
    pub acting_calls: u64,
    /// Calls that the log rules out.
    pub ruled_out_calls: u64,
    /// Calls of which the log does not say.
    pub untold_calls: u64,
    /// Why `analyze` does not use it; null where it does.
    pub reason: Option<ReachReason>,
    /// What would say more, the likeliest first.
    pub raised_by: Vec<Raise>,
}

/// What a log is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The saving is counted or replayed.
    Measured,
    /// A rule decides something.
    Inferred,
    /// A parameter decides something.
    Assumed,
    /// The log shows that there is nothing to do.
    RuledOut,
    /// The log does not say.
    Unknown,
}

impl From<Evidence> for Verdict {
    fn from(evidence: Evidence) -> Self {
        match evidence {
            Evidence::Measured => Self::Measured,
            Evidence::Inferred => Self::Inferred,
            Evidence::Assumed => Self::Assumed,
        }
    }
}

/// A lever with how its figures are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LeverGrade {
    /// Its name.
    pub lever: &'static str,
    /// The grade.
    pub evidence: Evidence,
}

/// Why a technique is not used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReachReason {
    /// The code, see `tokopt explain CODE`.
    pub code: String,
    /// One sentence.
    pub message: String,
}

/// One thing that would let a log say more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Raise {
    /// The field of the log; null where it is a setting or a file.
    pub field: Option<Field>,
    /// What to do, as an imperative.
    pub action: String,
    /// What it comes to at best.
    pub to: Verdict,
}

/// What can be done with sums of a period and billed amounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sums {
    /// What works.
    pub can: Vec<&'static str>,
    /// What does not.
    pub cannot: Vec<&'static str>,
    /// What would change that.
    pub raised_by: String,
}

/// Something that readers noticed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InspectionNote {
    /// The code, see `tokopt explain CODE`.
    pub code: String,
    /// One sentence.
    pub message: String,
    /// Records that it concerns.
    pub records: u64,
}

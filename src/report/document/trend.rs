//! The document of a trend: the contract of `tokopt trend --format json`.
//!
//! Stands beside the analysis and shares its opening blocks. Periods come in
//! order of time; their figures, with those of `not_placed` and `undated`, add
//! up to the totals digit for digit.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Evidence, Input, Prices, Quotient, Totals, Window};
use crate::units::{NanoUsd, Share, Tokens};

/// The version of the layout of [`Trend`].
pub const TREND_SCHEMA_VERSION: &str = "1.0";

/// How use and cost move from period to period.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "tokopt trend")]
pub struct Trend {
    /// The version of this layout, `1.0`.
    pub schema_version: &'static str,
    /// The version of the program that made the document.
    pub tool_version: String,
    /// What was read, and what became of every log record.
    pub input: Input,
    /// The stretch of time that the calls cover.
    pub window: Window,
    /// What the price table could and could not price.
    pub prices: Prices,
    /// Sums over all calls, as the analysis has them.
    pub totals: Totals,
    /// Figures per call, over all calls.
    pub unit_costs: UnitCosts,
    /// How long a period is.
    pub by: TrendStep,
    /// Why it is that long.
    pub by_reason: StepReason,
    /// The zone whose midnight ends a day; null where days have no dates.
    pub time_zone: Option<String>,
    /// Days that the log covers, the first and the last included.
    pub days: u64,
    /// Of these, the days that it covers whole, but for less than an hour.
    pub complete_days: u64,
    /// Every period of the time that the log covers, also those without a call.
    pub periods: Vec<TrendPeriod>,
    /// Periods of usage exports that reach over the end of one of `periods`.
    pub not_placed: TrendFigures,
    /// Calls without a time, or with one on another clock.
    pub undated: TrendFigures,
    /// Days that cost unlike the others.
    pub standing_out: StandingOut,
    /// What the month is coming to; null where nothing can be said.
    pub forecast: Option<Forecast>,
    /// What the forecast rests on, or why there is none.
    pub forecast_note: String,
    /// What a reader should know before trusting a figure.
    pub warnings: Vec<super::Warning>,
}

/// How long a period is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TrendStep {
    /// A day.
    Day,
    /// A week from Monday to Sunday, numbered as in ISO 8601.
    Week,
    /// A calendar month; thirty days where days have no dates.
    Month,
}

/// Why periods are as long as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepReason {
    /// It was asked for.
    Asked,
    /// By the length of the time that the log covers.
    Length,
    /// By the length of the periods that a usage export adds up.
    Export,
}

/// One period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TrendPeriod {
    /// `2026-06-01`, `2026-W23`, `2026-06`, `day 1`.
    pub period: String,
    /// Its first day; null where days have no dates.
    pub first_day: Option<String>,
    /// Its last day.
    pub last_day: Option<String>,
    /// How much of it the log covers.
    pub covered: Option<Share>,
    /// Whether that is all of it, but for less than an hour.
    pub complete: bool,
    /// What was used in it.
    #[serde(flatten)]
    pub figures: TrendFigures,
    /// Figures per call.
    #[serde(flatten)]
    pub unit_costs: UnitCosts,
    /// The cost beyond that of the period before, as a part of it; null where
    /// either is not complete or has a call
    /// without a price.
    pub cost_change: Option<Share>,
}

/// What was used. Null where the log does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TrendFigures {
    /// Calls; null where an export does not count them.
    pub calls: Option<u64>,
    /// Input tokens, cached ones included.
    #[schemars(with = "Option<u64>")]
    pub input_tokens: Option<Tokens>,
    /// Output tokens, reasoning included.
    #[schemars(with = "Option<u64>")]
    pub output_tokens: Option<Tokens>,
    /// Cost of what could be priced, in US dollars.
    pub cost_usd: Option<NanoUsd>,
    /// Calls that the cost leaves out.
    pub unpriced_calls: u64,
    /// The worst grade of what was priced.
    pub evidence: Evidence,
}

/// Figures per call. Null where the log does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnitCosts {
    /// Mean cost of a priced call, in US dollars.
    pub cost_per_call_usd: Option<NanoUsd>,
    /// Mean input tokens of a call that reports them.
    pub input_tokens_per_call: Option<Quotient>,
    /// Mean output tokens of a call that reports them.
    pub output_tokens_per_call: Option<Quotient>,
    /// Input tokens read from a cache, of the input of calls that report it.
    pub cache_read_share: Option<Share>,
    /// Requests that failed; null where the log never says.
    pub error_share: Option<Share>,
}

/// Days that cost unlike the others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StandingOut {
    /// The rule that was used, or why none could be.
    pub rule: String,
    /// Complete days that were compared; 0 where none could be.
    pub days_compared: u64,
    /// The days that stand out, the largest difference first.
    pub days: Vec<OddDay>,
}

/// A day that stands out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OddDay {
    /// The day.
    pub day: String,
    /// What it cost, in US dollars.
    pub cost_usd: NanoUsd,
    /// What such a day usually costs: the median.
    pub usual_cost_usd: NanoUsd,
    /// The one less the other.
    pub difference_usd: NanoUsd,
    /// Its modified z-score, without a sign.
    pub score: Quotient,
    /// Calls of the day; null where some day does not count them.
    pub calls: Option<u64>,
    /// Calls of a usual day: the median.
    pub usual_calls: Option<Quotient>,
    /// The part of the difference that the number of calls explains, at the
    /// usual cost per call.
    pub by_calls_usd: Option<NanoUsd>,
    /// The rest of it: calls cost more or less.
    pub by_cost_per_call_usd: Option<NanoUsd>,
    /// The feature that moved most; null where no call names one.
    pub feature: Option<Responsible>,
    /// The model that moved most; null where no call names one.
    pub model: Option<Responsible>,
}

/// Who moved most on a day that stands out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Responsible {
    /// Its name, or `unknown`.
    pub key: String,
    /// What it cost that day, in US dollars.
    pub cost_usd: NanoUsd,
    /// What it usually costs on such a day: its own median.
    pub usual_cost_usd: NanoUsd,
    /// The one less the other.
    pub difference_usd: NanoUsd,
}

/// What a month is coming to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Forecast {
    /// The month, `2026-06`; null for thirty days at this rate.
    pub month: Option<String>,
    /// Days of the month before the log begins, in no part of the forecast.
    pub days_before_log: u64,
    /// What the month's calls cost so far, in US dollars.
    pub logged_usd: NanoUsd,
    /// Days that remain.
    pub remaining_days: Quotient,
    /// What is logged and what is to be expected.
    pub expected_usd: NanoUsd,
    /// One month in ten stays below; null without a range.
    pub p10_usd: Option<NanoUsd>,
    /// Nine months in ten stay below; null without a range.
    pub p90_usd: Option<NanoUsd>,
    /// Complete days that it rests on.
    pub days_used: u64,
    /// Whether each weekday is expected to be like its own kind.
    pub by_weekday: bool,
    /// How it is known: always inferred, or worse.
    pub evidence: Evidence,
}

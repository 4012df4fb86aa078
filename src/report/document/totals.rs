//! Sums over all calls, the time they cover, and what could be priced.
//!
//! Knows no rate and no time zone: dates arrive as text.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Quotient;
use crate::units::{NanoUsd, Timestamp, Tokens};

/// The stretch of time that the calls cover.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Window {
    /// The first call's time, RFC 3339; null where the log has no dates.
    pub start: Option<String>,
    /// The last call's time, RFC 3339; null where the log has no dates.
    pub end: Option<String>,
    /// Days from the first call to the last, at least one; null where the log has
    /// no times.
    pub days: Option<Quotient>,
}

impl Window {
    /// Whether the calls are about a day or more apart, so that a month can be
    /// told from them: 23 hours at least, because the first and the last call
    /// of a day stand inside it. A shorter log is called a day long, so its
    /// dates decide where it has any.
    #[must_use]
    pub fn covers_a_day(&self) -> bool {
        const MOST_OF_A_DAY: i64 = 23 * 3_600_000_000;
        let time = |text: &Option<String>| text.as_deref().and_then(Timestamp::parse);
        match time(&self.start).zip(time(&self.end)) {
            Some((start, end)) => end.micros().saturating_sub(start.micros()) >= MOST_OF_A_DAY,
            None => self.days.is_some_and(|days| days.millionths() > ONE_DAY.millionths()),
        }
    }
}

/// The days of a log that covers a day or less.
pub const ONE_DAY: Quotient = Quotient::from_millionths(1_000_000);

/// What the price table could and could not price.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Prices {
    /// The day the price table was last checked, `2026-11-20`.
    pub as_of: Option<String>,
    /// A fingerprint of the table, overrides included.
    pub table_hash: Option<String>,
    /// Calls without a date, priced as of `as_of`.
    pub undated_calls: u64,
    /// Models that the table does not price, largest input first.
    pub unpriced_models: Vec<UnpricedModel>,
    /// What the table has no rate for in calls that are priced otherwise.
    pub partly_unpriced: Vec<PartlyUnpriced>,
}

/// A model that the price table does not price.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub struct UnpricedModel {
    /// The model's name in the log, or `unknown` where calls name none.
    pub model: String,
    /// Its calls.
    pub calls: Option<u64>,
    /// Input tokens of its calls, cached ones included.
    #[schemars(with = "Option<u64>")]
    pub input_tokens: Option<Tokens>,
    /// Output tokens of its calls, reasoning included.
    #[schemars(with = "Option<u64>")]
    pub output_tokens: Option<Tokens>,
}

/// A part of the bill that the price table has no rate for.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub struct PartlyUnpriced {
    /// What has no rate, as a lower-case fragment: `audio input`.
    pub what: String,
    /// Calls that carry it.
    pub calls: u64,
}

/// Sums over all calls. Every figure is null where the log does not say it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Totals {
    /// Kept requests and child calls, or the buckets' own counts.
    pub calls: Option<u64>,
    /// Prompt tokens, cached ones included.
    #[schemars(with = "Option<u64>")]
    pub input_tokens: Option<Tokens>,
    /// Prompt tokens neither read from nor written to a cache.
    #[schemars(with = "Option<u64>")]
    pub uncached_input_tokens: Option<Tokens>,
    /// Prompt tokens read from the provider's cache.
    #[schemars(with = "Option<u64>")]
    pub cache_read_input_tokens: Option<Tokens>,
    /// Prompt tokens written to the provider's cache.
    #[schemars(with = "Option<u64>")]
    pub cache_write_input_tokens: Option<Tokens>,
    /// Generated tokens, reasoning included.
    #[schemars(with = "Option<u64>")]
    pub output_tokens: Option<Tokens>,
    /// Generated tokens that were reasoning.
    #[schemars(with = "Option<u64>")]
    pub reasoning_output_tokens: Option<Tokens>,
    /// What the priced calls cost by the price table, in US dollars; null
    /// where no call could be priced.
    pub cost_usd: Option<NanoUsd>,
    /// What the log itself says was billed, in US dollars.
    pub logged_cost_usd: Option<NanoUsd>,
    /// Calls that `cost_usd` leaves out: no price, or no usage in the log. A
    /// bucket that does not say how many calls it adds up stands for one.
    pub unpriced_calls: u64,
    /// The worst grade of anything `cost_usd` used; null without a cost.
    pub cost_evidence: Option<super::Evidence>,
}

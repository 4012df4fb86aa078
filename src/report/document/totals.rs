//! Sums over all calls, the time they cover, and what could be priced.
//!
//! Knows no rate and no time zone: dates arrive as text.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Quotient;
use crate::units::{NanoUsd, Timestamp, Tokens, divide_half_even};

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

/// Microseconds of a day.
const DAY: i128 = 86_400_000_000;
/// Microseconds of the month that amounts are projected to: thirty days.
pub const MONTH_MICROS: i128 = 30 * DAY;

impl Window {
    /// Whether the calls are about a day or more apart, so that a month can be
    /// told from them: 23 hours at least, because the first and the last call
    /// of a day stand inside it. A shorter log is called a day long, so its
    /// dates decide where it has any.
    #[must_use]
    pub fn covers_a_day(&self) -> bool {
        const MOST_OF_A_DAY: u64 = 23 * 3_600_000_000;
        match self.dates() {
            Some((start, end)) => end.micros().abs_diff(start.micros()) >= MOST_OF_A_DAY,
            None => self.days.is_some_and(|days| days.millionths() > ONE_DAY.millionths()),
        }
    }

    /// The microseconds that the calls cover, at least a day's: exact where the
    /// log has dates, as near as `days` tells where it has none.
    #[must_use]
    pub fn micros(&self) -> Option<i128> {
        let days = self.days.map(Quotient::millionths).filter(|days| *days > 0)?;
        Some(match self.dates() {
            Some((start, end)) => i128::from(end.micros().abs_diff(start.micros())).max(DAY),
            None => days * (DAY / 1_000_000),
        })
    }

    /// What an amount of the whole log comes to in thirty days, rounded once.
    #[must_use]
    pub fn month_of(&self, amount: NanoUsd) -> Option<NanoUsd> {
        let scaled = amount.nano().saturating_mul(MONTH_MICROS);
        Some(NanoUsd::from_nano(divide_half_even(scaled, self.micros()?)))
    }

    fn dates(&self) -> Option<(Timestamp, Timestamp)> {
        let time = |text: &Option<String>| text.as_deref().and_then(Timestamp::parse);
        time(&self.start).zip(time(&self.end))
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

#[cfg(test)]
mod tests {
    use super::{Quotient, Window};
    use crate::units::NanoUsd;

    #[test]
    fn a_month_is_of_the_exact_length_where_there_are_dates() {
        let window = Window {
            start: Some("2026-06-01T00:00:00Z".to_owned()),
            end: Some("2026-06-05T04:00:00Z".to_owned()),
            days: Some(Quotient::from_millionths(4_166_667)),
        };
        // $3.09105126 in 100 hours are 7.2 times that in 720.
        let cost = NanoUsd::from_nano(3_091_051_260);
        assert_eq!(window.month_of(cost), Some(NanoUsd::from_nano(22_255_569_072)));
        let undated = Window { start: None, end: None, ..window };
        assert_eq!(undated.month_of(cost), Some(NanoUsd::from_nano(22_255_567_292)));
        assert_eq!(Window::default().month_of(cost), None);
    }
}

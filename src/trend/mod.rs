//! How use and cost move from period to period: by day, week or month, which
//! days stand out and why, and what the month is coming to.
//!
//! Knows no file, no report and no option. Everything is reckoned in integers:
//! the same calls give the same answer on every machine.

pub mod calendar;
pub mod forecast;
pub mod standing_out;
pub mod sums;

mod collect;
mod median;

use crate::ledger::Ledger;
use crate::units::Clock;

use calendar::{Calendar, Period};
use forecast::{Forecast, NoForecast};
use standing_out::StandingOut;
use sums::Sums;

/// How long a period is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// From midnight to midnight.
    Day,
    /// From Monday to Sunday, numbered as in ISO 8601.
    Week,
    /// A calendar month; thirty days on a clock without dates.
    Month,
}

/// Why the periods are as long as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// They were asked for.
    Asked,
    /// By the length of the time that the log covers.
    ByLength,
    /// By the length of the periods that a usage export adds up.
    ByExport,
}

/// Why there is no trend.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrendError {
    /// Nothing that counts has a time.
    #[error("none of {calls} has a time: without times there is no trend")]
    NoTime {
        /// How many calls or buckets, with their noun.
        calls: String,
    },
    /// The log covers more days than can be looked at one by one.
    #[error("the log covers {days} days, from {first} on: more than {most}", most = calendar::MOST_DAYS)]
    TooLong {
        /// The first day.
        first: String,
        /// How many.
        days: u64,
    },
}

/// The whole of it.
#[derive(Clone, Debug)]
pub struct Trend {
    /// How long a period is.
    pub step: Step,
    /// Why.
    pub chosen: Chosen,
    /// Whether the days have dates or numbers.
    pub clock: Clock,
    /// Days that the log covers, the first and the last included.
    pub days: u64,
    /// Of these, how many it covers whole.
    pub complete_days: u64,
    /// Every period of the time that the log covers, in order.
    pub periods: Vec<Row>,
    /// Buckets that reach over the end of a period.
    pub not_placed: Sums,
    /// Calls and buckets without a time on this clock.
    pub undated: Sums,
    /// All of these together.
    pub total: Sums,
    /// The days that stand out.
    pub standing_out: StandingOut,
    /// What the month is coming to.
    pub forecast: Result<Forecast, NoForecast>,
    /// Whether the log says which calls failed.
    pub shows_errors: bool,
}

/// One period with its sums.
#[derive(Clone, Debug)]
pub struct Row {
    /// When it is, and how much of it the log covers.
    pub period: Period,
    /// What was used in it.
    pub sums: Sums,
}

/// Looks over a ledger, by the periods that are asked for or that suit it.
/// `None` where it holds nothing and covers no time.
///
/// # Errors
/// When nothing has a time, or the log covers too many days.
pub fn trend(ledger: &Ledger<'_>, by: Option<Step>) -> Result<Option<Trend>, TrendError> {
    let Some(calendar) = Calendar::of(ledger)? else { return Ok(None) };
    let (step, chosen) = match by {
        Some(step) => (step, Chosen::Asked),
        None => calendar.usual_step(),
    };
    let periods = calendar.periods(step);
    let found = collect::collect(ledger, &calendar, &periods);
    let days: Vec<_> = calendar.days().zip(&found.days).collect();
    let standing_out = standing_out::standing_out(ledger, &days, &found.not_in_days);
    let forecast = forecast::forecast(&calendar, &days, &found.not_in_days);
    let complete_days = calendar.days().filter(|day| day.is_complete()).count();
    Ok(Some(Trend {
        step,
        chosen,
        clock: calendar.clock(),
        days: days.len() as u64,
        complete_days: complete_days as u64,
        periods: periods
            .into_iter()
            .zip(found.periods)
            .map(|(period, sums)| Row { period, sums })
            .collect(),
        not_placed: found.not_placed,
        undated: found.undated,
        total: found.total,
        standing_out,
        forecast,
        shows_errors: found.shows_errors,
    }))
}

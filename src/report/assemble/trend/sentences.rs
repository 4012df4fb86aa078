//! What a trend says in words: rules, reasons, remarks.

use crate::trend::forecast::{FEWEST_DAYS_OF_A_RANGE, Forecast, NoForecast};
use crate::trend::standing_out::{FEWEST_DAYS, Likeness, Scale, StandingOut};
use crate::trend::{Step, Trend as Found};
use crate::units::{Clock, counted, counted_of};

use super::super::super::document::{Trend, Warning};
use super::warning;

/// What is said of a log without a call.
pub(super) const NOTHING: &str = "the log holds no call";

/// The rule by which days stand out, or why there is none.
pub(super) fn rule(found: &StandingOut) -> String {
    match found {
        StandingOut::TooFew(days) => format!(
            "not judged: {} with a known cost, and the rule needs {FEWEST_DAYS}",
            counted(*days, "complete day")
        ),
        StandingOut::Sparse { days, used } => {
            let used = counted_of(*used, *days, "complete day");
            format!("not judged: only {used} have a call, so that no day is a usual one")
        }
        StandingOut::LongPeriods => "not judged: some of the cost is in periods that reach over \
                                     the end of a day"
            .to_owned(),
        StandingOut::Judged { days, scale: Scale::None, .. } => {
            format!("all {days} complete days cost the same as those they are like")
        }
        StandingOut::Judged { days, likeness, scale, .. } => {
            let others = match likeness {
                Likeness::All => "the median of all",
                Likeness::WeekendsApart => {
                    "the median of their kind, working days (Monday to Friday) or weekends"
                }
                Likeness::Weekday => "the median of the same weekday",
            };
            let score = match scale {
                Scale::Mean => "distance over 1.2533 times the mean distance",
                _ => "0.6745 times the distance over the median distance",
            };
            format!(
                "{days} complete days, each against {others}; a day stands out whose modified \
                 z-score ({score}) is above 3.5 and whose cost is 10 % or more from that median"
            )
        }
    }
}

/// What the forecast rests on, or why there is none.
pub(super) fn forecast(found: &Result<Forecast, NoForecast>, complete_days: u64) -> String {
    let forecast = match found {
        Ok(forecast) => forecast,
        Err(reason) => return no_forecast(*reason),
    };
    if forecast.remaining_days == 0 {
        return "the log covers the month to its end: nothing is forecast".to_owned();
    }
    let days = counted(forecast.days, "complete day");
    let kind = if forecast.by_weekday { " by weekday" } else { "" };
    let latest = if forecast.days < complete_days { "latest " } else { "" };
    let mean = format!("each remaining day at the mean of the {latest}{days}{kind}");
    let days_needed = FEWEST_DAYS_OF_A_RANGE;
    match forecast.range {
        Some(_) => format!(
            "{mean}; the range holds eight in ten of 1,000 months drawn from these days, and says \
             nothing of a change in use"
        ),
        None if forecast.days < days_needed as u64 => {
            format!("{mean}; no range: it needs {days_needed} complete days")
        }
        None => {
            let used = counted_of(forecast.used_days, forecast.days, "day");
            format!("{mean}; no range: only {used} have a call")
        }
    }
}

/// Why nothing is forecast.
fn no_forecast(reason: NoForecast) -> String {
    let why = match reason {
        NoForecast::NoCompleteDay => "the log covers no day whole".to_owned(),
        NoForecast::NotPriced => "no complete day has a price".to_owned(),
        NoForecast::Idle(days) => {
            format!("the latest {} are without a call", counted(days, "complete day"))
        }
        NoForecast::LongPeriods => {
            "some of the cost is in periods that reach over the end of a day".to_owned()
        }
    };
    format!("no forecast: {why}")
}

/// What a reader should know before trusting a figure.
pub(super) fn warnings(trend: &Trend, found: &Found) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if found.clock == Clock::Relative {
        warnings.push(warning(
            "NUMBERED_DAYS",
            "the log has no dates: days are counted from its first call; --epoch gives them dates"
                .to_owned(),
        ));
    }
    let step = match found.step {
        Step::Day => "day",
        Step::Week => "week",
        Step::Month => "month",
    };
    if !found.undated.is_empty() {
        let records = counted(found.undated.records, "record");
        let why = match found.clock {
            Clock::Dated => "no date: where times count from an unnamed start, --epoch dates them",
            Clock::Relative => "no time",
        };
        warnings.push(warning("UNDATED", format!("{records} with {why}; in no {step}")));
    }
    if !found.not_placed.is_empty() {
        let records = counted(found.not_placed.records, "bucket");
        let longer = match found.step {
            Step::Month => "",
            _ => ": a longer --by",
        };
        let zone = match trend.time_zone.as_deref() {
            Some("UTC") | None => String::new(),
            Some(zone) => format!(", or --timezone UTC in place of {zone}"),
        };
        let advice = if longer.is_empty() && !zone.is_empty() { ":" } else { longer };
        warnings.push(warning(
            "NOT_PLACED",
            format!("{records} of usage exports reach over the end of a {step}{advice}{zone}"),
        ));
    }
    let empty = found.periods.iter().filter(|row| row.sums.is_empty()).count() as u64;
    if empty > 0 && !found.total.is_empty() {
        warnings.push(warning(
            "GAPS",
            format!(
                "{} without a call: nothing was used, or logs are missing",
                counted(empty, step)
            ),
        ));
    }
    warnings
}

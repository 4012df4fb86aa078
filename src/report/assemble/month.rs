//! How long the log is, and what its totals come to in thirty days.

use crate::ledger::Ledger;
use crate::units::{Moment, NanoUsd, Timestamp, divide_half_even};

use super::super::document::{Quotient, Window};

const DAY: u64 = 86_400_000_000;
/// Days in a month of the projections.
const MONTH_DAYS: u64 = 30;

/// The stretch of time that the calls cover, at least a day long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Length {
    dates: Option<(Timestamp, Timestamp)>,
    micros: u64,
}

impl Length {
    /// The length of a log; `None` where nothing has a time.
    pub(super) fn of(ledger: &Ledger<'_>) -> Option<Self> {
        let moments = || ledger.entries.iter().filter_map(|entry| entry.time);
        let starts = ledger.buckets.iter().filter_map(|entry| ledger.bucket(entry).start);
        let ends = ledger.buckets.iter().filter_map(|entry| ledger.bucket(entry).end);
        let dated = moments().filter_map(Moment::timestamp).chain(starts).chain(ends);
        let dates = first_and_last(dated);
        let micros = match dates {
            Some((start, end)) => end.micros().abs_diff(start.micros()),
            None => {
                let (start, end) = first_and_last(moments().map(|moment| moment.micros))?;
                end.abs_diff(start)
            }
        };
        Some(Self { dates, micros: micros.max(DAY) })
    }

    /// A length of so many days.
    pub(super) const fn of_days(days: u64) -> Self {
        Self { dates: None, micros: days * DAY }
    }

    /// The window block of the document.
    pub(super) fn window(length: Option<Self>) -> Window {
        let dates = length.and_then(|length| length.dates);
        Window {
            start: dates.map(|(start, _)| start.to_string()),
            end: dates.map(|(_, end)| end.to_string()),
            days: length.and_then(|length| Quotient::of_counts(length.micros, DAY)),
        }
    }

    /// Thirty days over the length.
    pub(super) fn factor(self) -> Quotient {
        Quotient::of_counts(MONTH_DAYS * DAY, self.micros).unwrap_or_default()
    }

    /// What an amount of the whole log comes to in thirty days, rounded once.
    pub(super) fn monthly(self, amount: NanoUsd) -> NanoUsd {
        let month = i128::from(MONTH_DAYS * DAY);
        let scaled = amount.nano().saturating_mul(month);
        NanoUsd::from_nano(divide_half_even(scaled, i128::from(self.micros)))
    }

    /// How many of something that is counted over the whole log there are in a
    /// day.
    pub(super) fn a_day(self, count: u64) -> Quotient {
        let scaled = u128::from(count) * u128::from(DAY) * 1_000_000 / u128::from(self.micros);
        Quotient::from_millionths(u64::try_from(scaled).unwrap_or(u64::MAX))
    }
}

fn first_and_last<T: Copy + Ord>(values: impl Iterator<Item = T>) -> Option<(T, T)> {
    values.fold(None, |found, value| {
        let (first, last) = found.unwrap_or((value, value));
        Some((first.min(value), last.max(value)))
    })
}

#[cfg(test)]
mod tests {
    use super::Length;
    use crate::units::NanoUsd;

    #[test]
    fn a_month_is_rounded_once() {
        let length = Length::of_days(7);
        // 100 * 30 / 7 = 428.57; 30 / 7 = 4.285714.
        assert_eq!(length.monthly(NanoUsd::from_nano(100)).nano(), 429);
        assert_eq!(length.factor().millionths(), 4_285_714);
        // 70 calls in 7 days.
        assert_eq!(length.a_day(70).millionths(), 10_000_000);
    }
}

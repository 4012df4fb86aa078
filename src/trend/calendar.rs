//! Days, weeks and months of the time that a log covers.
//!
//! A log covers the time from its first record to its last, whatever a filter
//! leaves of it. A day is as long as its time zone makes it. On a clock
//! without dates, days are counted from the first record.

use std::ops::Range;

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;

use crate::ledger::Ledger;
use crate::record::bucket::Bucket;
use crate::units::{Clock, Moment, Timestamp, counted};

use super::{Chosen, Step, TrendError};

/// Days that are looked at one by one, at most: more than a century.
pub const MOST_DAYS: u64 = 40_000;
/// A first or last day counts as whole where less than this is missing.
pub const TOLERANCE: i64 = HOUR;

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;
/// With the hour by which clocks are set back.
const LONGEST_DAY: i64 = DAY + HOUR;
const LONGEST_WEEK: i64 = WEEK_DAYS * DAY + HOUR;
/// Days in a week, and in a month of a clock without dates.
const WEEK_DAYS: i64 = 7;
const MONTH_DAYS: i64 = 30;
/// A log of so many days is told by day, one of so many by week.
const DAYS_BY_DAY: u64 = 62;
const DAYS_BY_WEEK: u64 = 371;

/// A day, a week or a month, and how much of it the log covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// `2026-06-01`, `2026-W23`, `2026-06`, `day 1`.
    pub name: String,
    /// The day it begins with, where it has a date.
    pub first: Option<Date>,
    /// The first day after it.
    pub next: Option<Date>,
    /// Its place on the log's clock, in microseconds.
    pub span: Range<i64>,
    /// How many of its microseconds the log covers.
    pub covered: i64,
}

impl Period {
    /// How long it is, in microseconds.
    #[must_use]
    pub const fn length(&self) -> i64 {
        self.span.end - self.span.start
    }

    /// Whether the log covers it whole.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.length() - self.covered < TOLERANCE
    }

    /// Which day of the week it begins with.
    #[must_use]
    pub fn weekday(&self) -> Option<Weekday> {
        self.first.map(Date::weekday)
    }
}

/// The time that a log covers.
#[derive(Clone, Debug)]
pub struct Calendar {
    clock: Clock,
    zone: TimeZone,
    /// The covered time, its end exclusive.
    window: Range<i64>,
    days: Vec<Period>,
    /// The longest period of an export that counts.
    longest_bucket: i64,
}

impl Calendar {
    /// The calendar of a ledger; `None` where it holds nothing and covers no
    /// time.
    ///
    /// # Errors
    /// When nothing that counts has a time, or the log covers too many days.
    pub fn of(ledger: &Ledger<'_>) -> Result<Option<Self>, TrendError> {
        let records = ledger.entries.len() + ledger.buckets.len();
        let clock = clock_of(ledger);
        let Some((clock, window)) = clock.and_then(|clock| Some((clock, window(ledger, clock)?)))
        else {
            return if records == 0 { Ok(None) } else { Err(no_time(ledger)) };
        };
        let spans = ledger.buckets.iter().filter_map(|entry| span_of(ledger.bucket(entry)));
        let longest_bucket = spans.map(|span| span.end - span.start).max().unwrap_or(0);
        let zone = ledger.settings.time_zone.clone();
        let days = match clock {
            Clock::Dated => dated_days(&window, &zone)?,
            Clock::Relative => numbered(&window, Step::Day)?,
        };
        Ok(Some(Self { clock, zone, window, days, longest_bucket }))
    }

    /// Whether days have dates or numbers.
    #[must_use]
    pub const fn clock(&self) -> Clock {
        self.clock
    }

    /// The days, the first and the last included.
    pub fn days(&self) -> impl ExactSizeIterator<Item = &Period> {
        self.days.iter()
    }

    /// What suits the length of the log, but not shorter than what its exports
    /// add up.
    #[must_use]
    pub fn usual_step(&self) -> (Step, Chosen) {
        let by_length = match self.days.len() as u64 {
            0..=DAYS_BY_DAY => Step::Day,
            ..=DAYS_BY_WEEK => Step::Week,
            _ => Step::Month,
        };
        let by_export = match self.longest_bucket {
            ..=LONGEST_DAY => Step::Day,
            ..=LONGEST_WEEK => Step::Week,
            _ => Step::Month,
        };
        if by_export > by_length {
            (by_export, Chosen::ByExport)
        } else {
            (by_length, Chosen::ByLength)
        }
    }

    /// The periods that the covered time is made of, in order.
    #[must_use]
    pub fn periods(&self, step: Step) -> Vec<Period> {
        if step == Step::Day {
            return self.days.clone();
        }
        if self.clock == Clock::Relative {
            return numbered(&self.window, step).unwrap_or_default();
        }
        let mut periods: Vec<Period> = Vec::new();
        for date in self.days.iter().filter_map(|day| day.first) {
            if periods.last().is_some_and(|last| last.next.is_some_and(|next| date < next)) {
                continue;
            }
            periods.extend(dated(date, step, &self.zone, &self.window));
        }
        periods
    }

    /// Where the covered time ends.
    pub(super) const fn end(&self) -> i64 {
        self.window.end
    }

    /// A moment on this clock.
    pub(super) fn place(&self, time: Option<Moment>) -> Option<i64> {
        time.filter(|time| time.clock == self.clock).map(|time| time.micros)
    }

    /// The time that a bucket adds up, on this clock; a bucket without an end
    /// is known by its beginning.
    pub(super) fn place_bucket(&self, bucket: &Bucket) -> Option<Range<i64>> {
        span_of(bucket).filter(|_| self.clock == Clock::Dated)
    }
}

/// The position of the period that holds all of a span.
pub(super) fn holding(periods: &[Period], span: &Range<i64>) -> Option<usize> {
    let after = periods.partition_point(|period| period.span.start <= span.start);
    let position = after.checked_sub(1)?;
    (span.end <= periods[position].span.end).then_some(position)
}

/// The day, week or month of a date, with its first day and the first after it.
pub(super) fn around(date: Date, step: Step) -> Option<(String, Date, Date)> {
    match step {
        Step::Day => Some((date.to_string(), date, date.tomorrow().ok()?)),
        Step::Week => {
            let week = date.iso_week_date();
            let first = week.first_of_week().ok()?.date();
            let name = format!("{:04}-W{:02}", week.year(), week.week());
            Some((name, first, first.checked_add(jiff::Span::new().days(WEEK_DAYS)).ok()?))
        }
        Step::Month => {
            let name = format!("{:04}-{:02}", date.year(), date.month());
            Some((name, date.first_of_month(), date.last_of_month().tomorrow().ok()?))
        }
    }
}

fn dated(date: Date, step: Step, zone: &TimeZone, window: &Range<i64>) -> Option<Period> {
    let (name, first, next) = around(date, step)?;
    let midnight = |date: Date| -> Option<i64> {
        Some(date.to_zoned(zone.clone()).ok()?.timestamp().as_microsecond())
    };
    let span = midnight(first)?..midnight(next)?;
    let covered = overlap(&span, window);
    Some(Period { name, first: Some(first), next: Some(next), span, covered })
}

fn overlap(span: &Range<i64>, window: &Range<i64>) -> i64 {
    (span.end.min(window.end) - span.start.max(window.start)).max(0)
}

fn dated_days(window: &Range<i64>, zone: &TimeZone) -> Result<Vec<Period>, TrendError> {
    let date = |micros: i64| Timestamp::from_micros(micros).date_in(zone);
    let too_long = |days: u64| TrendError::TooLong {
        first: Timestamp::from_micros(window.start).to_string(),
        days,
    };
    // Times beyond the calendar's last year are as good as infinitely long.
    let (Some(first), Some(last)) = (date(window.start), date(window.end - 1)) else {
        return Err(too_long((window.end.abs_diff(window.start)) / DAY.unsigned_abs()));
    };
    let length = first.until(last).map_or(i64::MAX, |span| i64::from(span.get_days()));
    let days = length.unsigned_abs().saturating_add(1);
    if days > MOST_DAYS {
        return Err(too_long(days));
    }
    let dates = first.series(jiff::Span::new().days(1)).take_while(|date| *date <= last);
    Ok(dates.filter_map(|date| dated(date, Step::Day, zone, window)).collect())
}

/// Periods of equal length from the first record on.
fn numbered(window: &Range<i64>, step: Step) -> Result<Vec<Period>, TrendError> {
    let (noun, length) = match step {
        Step::Day => ("day", DAY),
        Step::Week => ("week", WEEK_DAYS * DAY),
        Step::Month => ("month", MONTH_DAYS * DAY),
    };
    let covered = window.end.abs_diff(window.start);
    let days = covered.div_ceil(DAY.unsigned_abs());
    if days > MOST_DAYS {
        return Err(TrendError::TooLong { first: "day 1".to_owned(), days });
    }
    let count = i64::try_from(covered.div_ceil(length.unsigned_abs())).unwrap_or(0);
    let periods = (0..count).map(|number| {
        let start = window.start + number * length;
        let span = start..start + length;
        let covered = overlap(&span, window);
        Period { name: format!("{noun} {}", number + 1), first: None, next: None, span, covered }
    });
    Ok(periods.collect())
}

/// The clock of what counts, or of the whole log where nothing does: dates
/// where there are any.
fn clock_of(ledger: &Ledger<'_>) -> Option<Clock> {
    let kept = ledger.entries.iter().filter_map(|entry| entry.time);
    let kept = kept.map(|time| time.clock);
    let buckets = ledger.buckets.iter().map(|entry| ledger.bucket(entry));
    let buckets = buckets.filter(|bucket| bucket.start.is_some()).map(|_| Clock::Dated);
    // `Dated` comes first.
    if ledger.entries.is_empty() && ledger.buckets.is_empty() {
        return times(ledger).map(|time| time.clock).min();
    }
    kept.chain(buckets).min()
}

/// Every time in the log, whatever a filter keeps.
fn times<'a>(ledger: &'a Ledger<'_>) -> impl Iterator<Item = Moment> + 'a {
    let epoch = ledger.settings.epoch;
    let calls = ledger.log.calls.iter().filter_map(move |call| {
        let time = call.time.get()?;
        Some(epoch.map_or(time, |epoch| time.with_epoch(epoch)))
    });
    let buckets = ledger.log.buckets.iter().filter_map(|bucket| bucket.start);
    calls.chain(buckets.map(Moment::dated))
}

/// From the first record to the last inside the period that was asked for.
fn window(ledger: &Ledger<'_>, clock: Clock) -> Option<Range<i64>> {
    let after = |time: Moment| time.micros.saturating_add(1);
    let of_clock = times(ledger).filter(|time| time.clock == clock);
    let mut found = hull(of_clock.map(|time| time.micros..after(time)));
    if clock == Clock::Dated {
        let period = &ledger.settings.period;
        let since = period.since.map_or(i64::MIN, Timestamp::micros);
        let until = period.until.map_or(i64::MAX, Timestamp::micros);
        let buckets = ledger.log.buckets.iter().filter_map(span_of);
        found = hull(found.into_iter().chain(buckets));
        found = found.map(|found| found.start.max(since)..found.end.min(until));
        // A bucket that counts may end after the period.
        let kept = ledger.buckets.iter().filter_map(|entry| span_of(ledger.bucket(entry)));
        found = hull(found.into_iter().filter(|found| !found.is_empty()).chain(kept));
    }
    found
}

fn hull(spans: impl Iterator<Item = Range<i64>>) -> Option<Range<i64>> {
    spans.reduce(|hull, span| hull.start.min(span.start)..hull.end.max(span.end))
}

fn span_of(bucket: &Bucket) -> Option<Range<i64>> {
    let start = bucket.start?.micros();
    let end = bucket.end.map_or(start, Timestamp::micros);
    Some(start..end.max(start.saturating_add(1)))
}

fn no_time(ledger: &Ledger<'_>) -> TrendError {
    let calls = match ledger.entries.len() {
        0 => counted(ledger.buckets.len() as u64, "bucket"),
        calls => counted(calls as u64, "call"),
    };
    TrendError::NoTime { calls }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use jiff::tz::TimeZone;

    use super::{Clock, HOUR, Step, around, dated_days, holding, numbered, overlap};
    use crate::units::Timestamp;

    fn micros(text: &str) -> i64 {
        Timestamp::parse(text).map_or(0, Timestamp::micros)
    }

    #[test]
    fn a_day_is_as_long_as_its_zone_makes_it() {
        let zone = TimeZone::get("Europe/Berlin").expect("a zone");
        // Clocks go from 2 to 3 on 29 March 2026, and from 3 to 2 on 25 October.
        for (start, end, hours) in [
            ("2026-03-28T23:30:00Z", "2026-03-29T21:30:00Z", 23),
            ("2026-10-24T22:30:00Z", "2026-10-25T22:30:00Z", 25),
        ] {
            let days = dated_days(&(micros(start)..micros(end)), &zone).expect("days");
            assert_eq!(days.len(), 1, "{days:?}");
            assert_eq!(days[0].length(), hours * HOUR);
            // Half an hour is missing at either end.
            assert_eq!(days[0].covered, (hours - 1) * HOUR);
            assert!(!days[0].is_complete());
        }
    }

    #[test]
    fn weeks_are_those_of_iso_8601() {
        let name = |date, step| around(date, step).map(|(name, ..)| name);
        // The calendar of ISO 8601: 2026 has 53 weeks, and 1 January 2027 is a
        // Friday of the last.
        assert_eq!(name(date(2027, 1, 1), Step::Week).as_deref(), Some("2026-W53"));
        assert_eq!(name(date(2026, 6, 1), Step::Week).as_deref(), Some("2026-W23"));
        assert_eq!(
            around(date(2026, 6, 7), Step::Week).map(|(_, first, next)| (first, next)),
            Some((date(2026, 6, 1), date(2026, 6, 8)))
        );
        assert_eq!(
            around(date(2024, 2, 29), Step::Month),
            Some(("2024-02".to_owned(), date(2024, 2, 1), date(2024, 3, 1)))
        );
    }

    #[test]
    fn days_without_dates_are_counted_from_the_first_call() {
        let window = 5 * HOUR..54 * HOUR;
        let days = numbered(&window, Step::Day).expect("days");
        let names: Vec<&str> = days.iter().map(|day| day.name.as_str()).collect();
        assert_eq!(names, ["day 1", "day 2", "day 3"]);
        assert!(days[1].is_complete() && !days[2].is_complete());
        assert_eq!(days[2].covered, HOUR);
        assert_eq!(numbered(&window, Step::Month).expect("a month").len(), 1);
        assert!(numbered(&(0..i64::MAX), Step::Day).is_err());
    }

    #[test]
    fn a_span_is_held_by_one_period_or_by_none() {
        let zone = TimeZone::UTC;
        let window = micros("2026-06-01T00:00:00Z")..micros("2026-06-03T00:00:00Z");
        let days = dated_days(&window, &zone).expect("days");
        let hours = |from: i64, to: i64| window.start + from * HOUR..window.start + to * HOUR;
        assert_eq!(holding(&days, &hours(0, 24)), Some(0));
        assert_eq!(holding(&days, &hours(24, 25)), Some(1));
        assert_eq!(holding(&days, &hours(23, 25)), None);
        assert_eq!(holding(&days, &hours(-1, 1)), None);
        assert_eq!(overlap(&hours(30, 40), &hours(35, 99)), 5 * HOUR);
        assert_eq!(overlap(&hours(0, 1), &hours(2, 3)), 0);
        // The clock that comes first is the one with dates.
        assert!(Clock::Dated < Clock::Relative);
    }

    #[test]
    fn a_wrong_time_does_not_make_a_million_days() {
        let window = micros("0001-01-01T00:00:00Z")..micros("9999-12-30T00:00:00Z");
        assert!(dated_days(&window, &TimeZone::UTC).is_err());
    }
}

//! The stretch of time that is looked at.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::error::SelectionError;
use crate::units::Timestamp;

/// From one instant to another. The default one is all of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Period {
    /// The first instant that belongs to it; `None`: no beginning.
    pub since: Option<Timestamp>,
    /// The first instant after it; `None`: no end.
    pub until: Option<Timestamp>,
}

impl Period {
    /// Reads the ends of a period. A day without an offset is a day in `zone`:
    /// it counts from its start as a beginning and to its end as an end, so
    /// that the same day twice is that day. An instant as an end is not part
    /// of the period.
    ///
    /// # Errors
    /// When a text is no time, or the end comes before the beginning.
    pub fn parse(
        since: Option<&str>,
        until: Option<&str>,
        zone: &TimeZone,
    ) -> Result<Self, SelectionError> {
        let period = Self {
            since: since.map(|text| instant(text, zone, Edge::Start)).transpose()?,
            until: until.map(|text| instant(text, zone, Edge::End)).transpose()?,
        };
        match (period.since, period.until) {
            (Some(since), Some(until)) if until <= since => Err(SelectionError::EmptyPeriod),
            _ => Ok(period),
        }
    }

    /// Whether a call at that time belongs to the period. What has no date
    /// belongs only to a period without ends.
    #[must_use]
    pub fn holds(&self, at: Option<Timestamp>) -> bool {
        let Some(at) = at else { return self.is_unbounded() };
        self.since.is_none_or(|since| since <= at) && self.until.is_none_or(|until| at < until)
    }

    /// Whether the period has neither a beginning nor an end.
    #[must_use]
    pub const fn is_unbounded(&self) -> bool {
        self.since.is_none() && self.until.is_none()
    }
}

/// Reads a day or a time as an instant; a day is its start.
///
/// # Errors
/// When the text is neither.
pub fn parse_instant(text: &str, zone: &TimeZone) -> Result<Timestamp, SelectionError> {
    instant(text, zone, Edge::Start)
}

/// Which end of a day is meant.
#[derive(Clone, Copy)]
enum Edge {
    Start,
    End,
}

fn instant(text: &str, zone: &TimeZone, edge: Edge) -> Result<Timestamp, SelectionError> {
    let text = text.trim();
    let read = match text.parse::<Date>() {
        // `2026-06-01T12:00Z` is no date: only what has no time is a day.
        Ok(date) if !text.contains([':', 'T', 't', ' ']) => of_day(date, zone, edge),
        _ => of_time(text, zone),
    };
    read.ok_or_else(|| SelectionError::BadTime { text: text.to_owned() })
}

fn of_day(date: Date, zone: &TimeZone, edge: Edge) -> Option<Timestamp> {
    let day = match edge {
        Edge::Start => date,
        Edge::End => date.tomorrow().ok()?,
    };
    let zoned = day.to_zoned(zone.clone()).ok()?;
    Some(Timestamp::from_micros(zoned.timestamp().as_microsecond()))
}

fn of_time(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
        return Some(Timestamp::from_micros(timestamp.as_microsecond()));
    }
    let civil = text.parse::<DateTime>().ok()?;
    let zoned = civil.to_zoned(zone.clone()).ok()?;
    Some(Timestamp::from_micros(zoned.timestamp().as_microsecond()))
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::{Period, parse_instant};
    use crate::selection::SelectionError;
    use crate::units::Timestamp;

    fn shown(since: &str, until: &str, zone: &TimeZone) -> (String, String) {
        let period = Period::parse(Some(since), Some(until), zone).expect("a period");
        let text = |at: Option<Timestamp>| at.map_or_else(String::new, |at| at.to_string());
        (text(period.since), text(period.until))
    }

    #[test]
    fn a_day_is_whole_in_its_time_zone() {
        let day = shown("2026-06-01", "2026-06-01", &TimeZone::UTC);
        assert_eq!(day, ("2026-06-01T00:00:00Z".to_owned(), "2026-06-02T00:00:00Z".to_owned()));
        // Berlin is two hours ahead of UTC in June.
        let berlin = TimeZone::get("Europe/Berlin").expect("a bundled zone");
        let day = shown("2026-06-01", "2026-06-01", &berlin);
        assert_eq!(day, ("2026-05-31T22:00:00Z".to_owned(), "2026-06-01T22:00:00Z".to_owned()));
        // The clocks go back on 2026-10-25: that day has 25 hours.
        let day = shown("2026-10-25", "2026-10-25", &berlin);
        assert_eq!(day, ("2026-10-24T22:00:00Z".to_owned(), "2026-10-25T23:00:00Z".to_owned()));
    }

    #[test]
    fn an_offset_goes_before_the_time_zone() {
        let berlin = TimeZone::get("Europe/Berlin").expect("a bundled zone");
        for (text, instant) in [
            ("2026-06-01T12:00:00Z", "2026-06-01T12:00:00Z"),
            ("2026-06-01T12:00:00+05:30", "2026-06-01T06:30:00Z"),
            ("2026-06-01T12:00", "2026-06-01T10:00:00Z"),
            ("2026-06-01 12:00:00", "2026-06-01T10:00:00Z"),
        ] {
            let read = parse_instant(text, &berlin).map(|at| at.to_string());
            assert_eq!(read.as_deref(), Ok(instant), "{text}");
        }
    }

    #[test]
    fn what_is_no_period_is_refused() {
        let parse = |since, until| Period::parse(Some(since), Some(until), &TimeZone::UTC);
        assert_eq!(parse("2026-06-02", "2026-06-01"), Err(SelectionError::EmptyPeriod));
        let same = "2026-06-01T00:00:00Z";
        assert_eq!(parse(same, same), Err(SelectionError::EmptyPeriod));
        for text in ["", "7d", "soon", "2026-13-01", "2026-02-30"] {
            let expected = SelectionError::BadTime { text: text.to_owned() };
            assert_eq!(parse(text, "2026-06-01"), Err(expected));
        }
    }

    #[test]
    fn a_beginning_belongs_to_the_period_and_an_end_does_not() {
        let at = |micros| Some(Timestamp::from_micros(micros));
        let period = Period { since: at(10), until: at(20) };
        let held = [9, 10, 19, 20].map(|micros| period.holds(at(micros)));
        assert_eq!(held, [false, true, true, false]);
        assert!(!period.holds(None));
        assert!(Period::default().holds(None));
    }
}

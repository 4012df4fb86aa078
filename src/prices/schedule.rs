//! Prices that hold at certain hours of certain days, all in UTC.

use jiff::civil::Date;

use crate::units::Timestamp;

const MICROS_PER_MINUTE: i64 = 60_000_000;
const MINUTES_PER_DAY: i64 = 1_440;

/// When a rule holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hours {
    /// Half-open spans in minutes of the day; the end may lie before the start.
    pub(super) spans: Vec<(u16, u16)>,
    /// Whether Saturdays and Sundays are left out.
    pub(super) weekdays_only: bool,
    /// Days since the epoch that are left out, ascending.
    pub(super) except: Vec<i64>,
}

impl Hours {
    /// Whether the rule holds at an instant.
    pub(super) fn hold_at(&self, at: Timestamp) -> bool {
        let minutes = at.micros().div_euclid(MICROS_PER_MINUTE);
        let day = minutes.div_euclid(MINUTES_PER_DAY);
        let minute = minutes.rem_euclid(MINUTES_PER_DAY);
        if self.weekdays_only && is_weekend(day) || self.except.binary_search(&day).is_ok() {
            return false;
        }
        self.spans.iter().any(|&(start, end)| {
            let (start, end) = (i64::from(start), i64::from(end));
            if start <= end {
                (start..end).contains(&minute)
            } else {
                minute >= start || minute < end
            }
        })
    }
}

/// Days since the Unix epoch.
pub(super) fn day_number(date: Date) -> Option<i64> {
    let midnight = Timestamp::from_date(date)?;
    Some(midnight.micros().div_euclid(MICROS_PER_MINUTE * MINUTES_PER_DAY))
}

/// Reads `HH:MM-HH:MM`; `24:00` is the end of the day.
pub(super) fn parse_span(text: &str) -> Option<(u16, u16)> {
    let minute = |text: &str| -> Option<u16> {
        let (hour, minute) = text.trim().split_once(':')?;
        let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
        let total = hour.checked_mul(60)?.checked_add(minute)?;
        (minute < 60 && total <= 1_440).then_some(total)
    };
    let (start, end) = text.split_once('-')?;
    let (start, end) = (minute(start)?, minute(end)?);
    (start != end).then_some((start, end))
}

const fn is_weekend(day: i64) -> bool {
    // 1 January 1970 was a Thursday: days 2 and 3 were the weekend.
    matches!(day.rem_euclid(7), 2 | 3)
}

#[cfg(test)]
mod tests {
    use super::{Hours, day_number, parse_span};
    use crate::units::Timestamp;

    fn holds(hours: &Hours, text: &str) -> bool {
        hours.hold_at(Timestamp::parse(text).unwrap())
    }

    #[test]
    fn spans_are_half_open_and_leave_out_weekends_and_holidays() {
        let hours = Hours {
            spans: vec![parse_span("01:00-04:00").unwrap(), parse_span("06:00-10:00").unwrap()],
            weekdays_only: true,
            except: vec![day_number("2026-10-01".parse().unwrap()).unwrap()],
        };
        // 2026-11-20 is a Friday, 2026-10-01 a Thursday.
        for (text, expected) in [
            ("2026-11-20T00:59:59Z", false),
            ("2026-11-20T01:00:00Z", true),
            ("2026-11-20T03:59:59.999Z", true),
            ("2026-11-20T04:00:00Z", false),
            ("2026-11-20T06:00:00Z", true),
            ("2026-11-20T10:00:00Z", false),
            ("2026-11-21T02:00:00Z", false),
            ("2026-11-22T02:00:00Z", false),
            ("2026-11-23T02:00:00Z", true),
            ("2026-10-01T02:00:00Z", false),
        ] {
            assert_eq!(holds(&hours, text), expected, "{text}");
        }
    }

    #[test]
    fn a_span_may_pass_midnight() {
        let hours = Hours {
            spans: vec![parse_span("16:30-00:30").unwrap()],
            weekdays_only: false,
            except: vec![],
        };
        for (text, expected) in [
            ("2025-03-01T16:29:00Z", false),
            ("2025-03-01T16:30:00Z", true),
            ("2025-03-01T23:59:00Z", true),
            ("2025-03-02T00:29:00Z", true),
            ("2025-03-02T00:30:00Z", false),
        ] {
            assert_eq!(holds(&hours, text), expected, "{text}");
        }
        assert_eq!(parse_span("25:00-26:00"), None);
        assert_eq!(parse_span("10:00-10:00"), None);
    }
}

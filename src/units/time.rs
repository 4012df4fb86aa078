//! Instants of calls and lifetimes of cache entries.

use std::fmt;

use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Microseconds since the Unix epoch, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From microseconds since the Unix epoch.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the Unix epoch.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Seconds since the Unix epoch, whatever the unit a number was logged in.
    ///
    /// Logs write seconds (1e9), milliseconds (1e12), microseconds (1e15) or
    /// nanoseconds (1e18) today; the ranges cannot be confused for times
    /// between 1973 and 5138. Anything else is `None`.
    #[must_use]
    pub fn from_epoch_number(number: f64) -> Option<Self> {
        const SECOND: f64 = 1e6;
        let micros = match number {
            n if (1e8..1e11).contains(&n) => n * SECOND,
            n if (1e11..1e14).contains(&n) => n * 1e3,
            n if (1e14..1e17).contains(&n) => n,
            n if (1e17..1e19).contains(&n) => n / 1e3,
            _ => return None,
        };
        #[expect(clippy::cast_possible_truncation, reason = "at most 1e17, far inside an i64")]
        Some(Self(micros.round() as i64))
    }

    /// Reads an ISO 8601 or SQL date-time; without a zone it is UTC.
    ///
    /// Accepts a space or a `T`, any number of fractional digits, `Z`,
    /// `UTC` or a numeric offset, and a bare date (midnight).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        parse_fast(text.trim().as_bytes()).or_else(|| parse_any(text.trim()))
    }

    /// The calendar day in a time zone.
    #[must_use]
    pub fn date_in(self, zone: &TimeZone) -> Option<Date> {
        let timestamp = jiff::Timestamp::from_microsecond(self.0).ok()?;
        Some(timestamp.to_zoned(zone.clone()).date())
    }

    /// The hour of the day (0 to 23) in a time zone.
    #[must_use]
    pub fn hour_in(self, zone: &TimeZone) -> Option<u8> {
        let timestamp = jiff::Timestamp::from_microsecond(self.0).ok()?;
        u8::try_from(timestamp.to_zoned(zone.clone()).hour()).ok()
    }

    /// Midnight UTC at the start of a day.
    #[must_use]
    pub fn from_date(date: Date) -> Option<Self> {
        let zoned = date.to_zoned(TimeZone::UTC).ok()?;
        Some(Self(zoned.timestamp().as_microsecond()))
    }
}

impl fmt::Display for Timestamp {
    /// Writes RFC 3339 in UTC, with as many decimals as there are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(timestamp) => write!(f, "{timestamp}"),
            Err(_) => write!(f, "{} us", self.0),
        }
    }
}

/// The common shape `2026-06-01T05:40:20.151Z`, read without allocation.
fn parse_fast(text: &[u8]) -> Option<Timestamp> {
    let number = |range: std::ops::Range<usize>| -> Option<i64> {
        text.get(range)?.iter().try_fold(0_i64, |value, byte| {
            byte.is_ascii_digit().then(|| value * 10 + i64::from(byte - b'0'))
        })
    };
    let is = |at: usize, byte: u8| text.get(at) == Some(&byte);
    if !(is(4, b'-')
        && is(7, b'-')
        && (is(10, b'T') || is(10, b' '))
        && is(13, b':')
        && is(16, b':'))
    {
        return None;
    }
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    let date =
        Date::new(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?).ok()?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let mut at = 19;
    let mut micros = 0;
    if is(at, b'.') {
        let digits = text[20..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let kept = digits.min(6);
        micros = number(20..20 + kept)? * 10_i64.pow(6 - u32::try_from(kept).ok()?);
        at = 20 + digits;
    }
    // A bare local time is UTC; anything but `Z` is left to the full parser.
    if text.len() > at && &text[at..] != b"Z" {
        return None;
    }
    let days = i64::from(date.since(Date::constant(1970, 1, 1)).ok()?.get_days());
    Some(Timestamp((((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000_000 + micros))
}

fn parse_any(text: &str) -> Option<Timestamp> {
    let text = text.strip_suffix("UTC").map_or(text, str::trim_end);
    if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
        return Some(Timestamp(timestamp.as_microsecond()));
    }
    if let Ok(civil) = text.parse::<jiff::civil::DateTime>() {
        let zoned = civil.to_zoned(TimeZone::UTC).ok()?;
        return Some(Timestamp(zoned.timestamp().as_microsecond()));
    }
    let date = text.parse::<Date>().ok()?;
    Timestamp::from_date(date)
}

/// What a logged time counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Clock {
    /// The Unix epoch: the time has a date.
    Dated,
    /// Some start that the log does not name: ordered and replayed as it is,
    /// but without a date.
    Relative,
}

/// When a call happened, on whichever clock the log keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment {
    /// The clock that `micros` counts on.
    pub clock: Clock,
    /// Microseconds since the clock's start.
    pub micros: i64,
}

impl Moment {
    /// A moment with a date.
    #[must_use]
    pub const fn dated(timestamp: Timestamp) -> Self {
        Self { clock: Clock::Dated, micros: timestamp.0 }
    }

    /// A moment counted from an unnamed start.
    #[must_use]
    pub const fn relative(micros: i64) -> Self {
        Self { clock: Clock::Relative, micros }
    }

    /// The date-time, where the clock has one.
    #[must_use]
    pub const fn timestamp(self) -> Option<Timestamp> {
        match self.clock {
            Clock::Dated => Some(Timestamp(self.micros)),
            Clock::Relative => None,
        }
    }

    /// The moment with its clock's start set to `epoch`, if it had none.
    #[must_use]
    pub const fn with_epoch(self, epoch: Timestamp) -> Self {
        match self.clock {
            Clock::Dated => self,
            Clock::Relative => Self::dated(Timestamp(epoch.0.saturating_add(self.micros))),
        }
    }
}

/// The lifetime of a prompt-cache entry, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ttl(u32);

impl Ttl {
    /// Five minutes, Anthropic's shorter lifetime.
    pub const FIVE_MINUTES: Self = Self(300);
    /// One hour, Anthropic's longer lifetime.
    pub const ONE_HOUR: Self = Self(3_600);

    /// A lifetime of `seconds`.
    #[must_use]
    pub const fn from_seconds(seconds: u32) -> Self {
        Self(seconds)
    }

    /// The lifetime in seconds.
    #[must_use]
    pub const fn seconds(self) -> u32 {
        self.0
    }

    /// Reads `5m`, `1h`, `30m`, `300s` or a bare number of seconds.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (number, unit) = match text.char_indices().next_back()? {
            (at, 's') => (&text[..at], 1),
            (at, 'm') => (&text[..at], 60),
            (at, 'h') => (&text[..at], 3_600),
            (at, 'd') => (&text[..at], 86_400),
            _ => (text, 1),
        };
        number.parse::<u32>().ok()?.checked_mul(unit).map(Self)
    }
}

impl fmt::Display for Ttl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            seconds if seconds > 0 && seconds % 3_600 == 0 => write!(f, "{}h", seconds / 3_600),
            seconds if seconds > 0 && seconds % 60 == 0 => write!(f, "{}m", seconds / 60),
            seconds => write!(f, "{seconds}s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Timestamp, Ttl};

    #[test]
    fn every_precision_and_zone_means_the_same_instant() {
        // 2026-06-01T05:40:20Z is 1,780,292,420 s after the epoch (GNU date).
        let expected = Some(Timestamp::from_micros(1_780_292_420_151_000));
        for text in [
            "2026-06-01T05:40:20.151Z",
            "2026-06-01 05:40:20.151",
            "2026-06-01T05:40:20.1510000",
            "2026-06-01T05:40:20.151000000+00:00",
            "2026-06-01T07:40:20.151+02:00",
            "2026-06-01 05:40:20.151 UTC",
        ] {
            assert_eq!(Timestamp::parse(text), expected, "{text}");
        }
        for number in [1_780_292_420.151, 1_780_292_420_151.0, 1_780_292_420_151_000.0] {
            assert_eq!(Timestamp::from_epoch_number(number), expected, "{number}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in
            ["", "soon", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-01-01T25:00:00Z"]
        {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
        assert_eq!(Timestamp::from_epoch_number(f64::NAN), None);
    }

    #[test]
    fn lifetimes_read_and_write_the_providers_spelling() {
        for (text, seconds) in [("5m", 300), ("1h", 3_600), ("300", 300), ("12h", 43_200)] {
            assert_eq!(Ttl::parse(text), Some(Ttl::from_seconds(seconds)));
        }
        assert_eq!(Ttl::from_seconds(1_800).to_string(), "30m");
    }
}

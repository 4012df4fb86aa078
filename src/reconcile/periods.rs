//! Days and months of a bill, in UTC as providers bill.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::record::charge::Charge;
use crate::units::Timestamp;

pub(super) const DAY: i64 = 86_400_000_000;

/// What a bill tells apart in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grain {
    /// Every charge is for a day or less.
    Days,
    /// Every charge lies in one month.
    Months,
    /// Some charge has no date or spans months.
    Whole,
}

impl Grain {
    /// The finest that holds for every charge.
    pub fn of<'a>(charges: impl Iterator<Item = &'a Charge>) -> Self {
        let mut grain = Self::Days;
        for charge in charges {
            let Some(start) = charge.start else { return Self::Whole };
            let end = charge.end.unwrap_or(start);
            let last = Timestamp::from_micros(end.micros().saturating_sub(1).max(start.micros()));
            if month(start) != month(last) {
                return Self::Whole;
            }
            if end.micros().saturating_sub(start.micros()) > DAY {
                grain = Self::Months;
            }
        }
        grain
    }

    /// The name of the period that an instant lies in.
    pub fn period(self, at: Option<Timestamp>) -> Option<String> {
        match self {
            Self::Days => Some(date(at?)?.to_string()),
            Self::Months => month(at?),
            Self::Whole => None,
        }
    }

    /// What its periods are called.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Days => "day",
            Self::Months | Self::Whole => "month",
        }
    }
}

fn date(at: Timestamp) -> Option<Date> {
    at.date_in(&TimeZone::UTC)
}

fn month(at: Timestamp) -> Option<String> {
    let date = date(at)?;
    Some(format!("{:04}-{:02}", date.year(), date.month()))
}

/// A stretch of time; `None` is all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hull(Option<(i64, i64)>);

impl Hull {
    /// From the first start to the last end; all of time where one has no date.
    pub fn of<'a>(charges: impl Iterator<Item = &'a Charge>) -> Self {
        let mut hull: Option<(i64, i64)> = None;
        for charge in charges {
            let Some(start) = charge.start.map(Timestamp::micros) else { return Self(None) };
            let end = charge.end.map_or(start.saturating_add(DAY), Timestamp::micros);
            let (first, last) = hull.unwrap_or((start, end));
            hull = Some((first.min(start), last.max(end)));
        }
        Self(hull)
    }

    /// Whole days before the first instant and after the last.
    pub fn days_outside(self, first: Timestamp, last: Timestamp) -> Option<(u64, u64)> {
        let (start, end) = self.0?;
        let days = |micros: i64| u64::try_from(micros / DAY).unwrap_or(0);
        Some((days(first.micros().saturating_sub(start)), days(end.saturating_sub(last.micros()))))
    }

    pub fn holds(self, at: Timestamp) -> bool {
        self.0.is_none_or(|(start, end)| (start..end).contains(&at.micros()))
    }
}

#[cfg(test)]
mod tests {
    use super::Grain;
    use crate::record::charge::Charge;
    use crate::units::Timestamp;

    fn charge(start: &str, end: &str) -> Charge {
        Charge { start: Timestamp::parse(start), end: Timestamp::parse(end), ..Charge::default() }
    }

    #[test]
    fn the_coarsest_charge_decides() {
        let day = charge("2026-03-31", "2026-04-01");
        let month = charge("2026-03-01", "2026-04-01");
        let across = charge("2026-03-15", "2026-04-15");
        let grain = |charges: &[Charge]| Grain::of(charges.iter());
        assert_eq!(grain(&[day]), Grain::Days);
        assert_eq!(grain(&[day, month]), Grain::Months);
        assert_eq!(grain(&[day, across]), Grain::Whole);
        assert_eq!(grain(&[Charge::default()]), Grain::Whole);
        assert_eq!(Grain::Months.period(day.start).as_deref(), Some("2026-03"));
        assert_eq!(Grain::Days.period(day.start).as_deref(), Some("2026-03-31"));
    }
}

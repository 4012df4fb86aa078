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

/// A bill that has no line for longer than this does not cover the time.
const LONGEST_GAP: i64 = 31 * DAY;

/// The time that a bill covers, in order; `None` is all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hull(Option<Vec<(i64, i64)>>);

impl Hull {
    /// From the first start to the last end, less what no line is near; all of
    /// time where a charge has no date.
    pub fn of<'a>(charges: impl Iterator<Item = &'a Charge>) -> Self {
        let period = |charge: &Charge| {
            let start = charge.start?.micros();
            Some((start, charge.end.map_or(start.saturating_add(DAY), Timestamp::micros)))
        };
        let Some(mut periods) = charges.map(period).collect::<Option<Vec<_>>>() else {
            return Self(None);
        };
        periods.sort_unstable();
        let mut joined: Vec<(i64, i64)> = Vec::new();
        for (start, end) in periods {
            match joined.last_mut() {
                Some(last) if start <= last.1.saturating_add(LONGEST_GAP) => {
                    last.1 = last.1.max(end);
                }
                _ => joined.push((start, end)),
            }
        }
        Self(Some(joined))
    }

    /// Whole days before the first instant and after the last.
    pub fn days_outside(&self, first: Timestamp, last: Timestamp) -> Option<(u64, u64)> {
        let periods = self.0.as_ref()?;
        let (start, end) = (periods.first()?.0, periods.last()?.1);
        let days = |micros: i64| u64::try_from(micros / DAY).unwrap_or(0);
        Some((days(first.micros().saturating_sub(start)), days(end.saturating_sub(last.micros()))))
    }

    pub fn holds(&self, at: Timestamp) -> bool {
        let is_in = |(start, end): &(i64, i64)| (*start..*end).contains(&at.micros());
        self.0.as_ref().is_none_or(|periods| periods.iter().any(is_in))
    }
}

#[cfg(test)]
mod tests {
    use super::{Grain, Hull};
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

    #[test]
    fn a_bill_covers_the_days_between_its_lines_and_no_year() {
        let days = ["2025-08-01", "2025-08-03", "2026-08-01"]
            .map(|day| Charge { start: Timestamp::parse(day), ..Charge::default() });
        let hull = Hull::of(days.iter());
        let holds = |day| Timestamp::parse(day).is_some_and(|at| hull.holds(at));
        assert!(holds("2025-08-02") && holds("2026-08-01"));
        assert!(!holds("2025-08-04") && !holds("2026-03-01") && !holds("2026-08-02"));
        assert!(Hull::of([Charge::default()].iter()).holds(Timestamp::from_micros(0)));
    }
}

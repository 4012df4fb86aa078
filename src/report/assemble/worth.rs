//! What work takes and pays.

use crate::units::{NanoUsd, Usd, divide_half_even};

use super::super::document::{Phase, Quotient, Worth};
use super::month::Length;

const MILLION: i128 = 1_000_000;
/// The longest payback that is worth waiting for.
const MOST_MONTHS: i128 = 12;
/// Hours of work that fit into the rest of a week, and of a month.
const WEEK_HOURS: i64 = 8;
const MONTH_HOURS: i64 = 40;

/// What an hour costs, and how a saving becomes a month's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rates {
    pub(super) hourly: Usd,
    pub(super) length: Option<Length>,
}

impl Rates {
    /// Weighs hours, in millionths, against a saving over the whole log.
    pub(super) fn worth(self, hours: i64, saving: NanoUsd) -> Worth {
        let effort = self.cost(hours);
        let net = self.length.map(|length| length.monthly(saving));
        let payback = net.and_then(|net| months(effort, net));
        let rate = self.cost(1_000_000);
        let is_slow = |net: NanoUsd| effort.nano() > net.nano().saturating_mul(MOST_MONTHS);
        let verdict = match (net, payback) {
            (None, _) => "The log has no times, so nothing is known of a month".to_owned(),
            (Some(net), _) if net <= NanoUsd::ZERO => {
                "Not worth doing: it saves nothing".to_owned()
            }
            (Some(net), _) if net < rate => {
                "Not worth doing: it saves less a month than one hour of work costs".to_owned()
            }
            (Some(net), Some(months)) if is_slow(net) => {
                format!("Not worth doing: paid back only after {} months", months.to_display(1))
            }
            (Some(_), months) => format!("Worth doing: {}", paid_back(months)),
        };
        Worth {
            effort_hours: quotient(hours),
            effort_usd: effort,
            net_monthly_usd: net,
            payback_months: payback,
            worth_doing: net.map(|net| net > NanoUsd::ZERO && net >= rate && !is_slow(net)),
            verdict,
        }
    }

    /// What hours of work cost, rounded once.
    fn cost(self, hours: i64) -> NanoUsd {
        let femto = self.hourly.femto().saturating_mul(i128::from(hours));
        NanoUsd::from_nano(divide_half_even(femto, MILLION * MILLION))
    }
}

/// Hours or another amount that is kept in millionths.
pub(super) fn quotient(millionths: i64) -> Quotient {
    Quotient::from_millionths(u64::try_from(millionths).unwrap_or(0))
}

/// How soon work of so many hours, in millionths, is done.
pub(super) const fn phase(hours: i64) -> Phase {
    if hours <= WEEK_HOURS * 1_000_000 {
        Phase::ThisWeek
    } else if hours <= MONTH_HOURS * 1_000_000 {
        Phase::ThisMonth
    } else {
        Phase::ThisQuarter
    }
}

fn months(effort: NanoUsd, net: NanoUsd) -> Option<Quotient> {
    if net <= NanoUsd::ZERO {
        return None;
    }
    let millionths = divide_half_even(effort.nano().saturating_mul(MILLION), net.nano());
    u64::try_from(millionths).ok().map(Quotient::from_millionths)
}

fn paid_back(months: Option<Quotient>) -> String {
    match months {
        Some(months) if months.millionths() >= 1_000_000 => {
            format!("paid back in {} months", months.to_display(1))
        }
        _ => "paid back within a month".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Rates, phase};
    use crate::report::assemble::month::Length;
    use crate::report::document::{Phase, Quotient, Worth};
    use crate::units::{NanoUsd, Usd};

    /// A log of thirty days, so that a saving is a month's, and $100 an hour.
    fn worth(hours: i64, dollars: i128) -> Worth {
        let rates = Rates {
            hourly: Usd::from_femto(100 * 1_000_000_000_000_000),
            length: Some(Length::of_days(30)),
        };
        rates.worth(hours * 1_000_000, NanoUsd::from_nano(dollars * 1_000_000_000))
    }

    #[test]
    fn a_year_and_an_hour_are_the_least() {
        // 4 h cost $400: at $100 a month 4 months, and the hour is just saved.
        let found = worth(4, 100);
        assert_eq!(found.worth_doing, Some(true));
        assert_eq!(found.payback_months.map(Quotient::millionths), Some(4_000_000));
        assert_eq!(found.verdict, "Worth doing: paid back in 4.0 months");
        assert_eq!(worth(4, 99).worth_doing, Some(false));
        // 12 h cost $1,200, 12 months at $100; 13 h take a month longer.
        assert_eq!(worth(12, 100).worth_doing, Some(true));
        assert_eq!(worth(13, 100).verdict, "Not worth doing: paid back only after 13.0 months");
        assert_eq!(worth(4, 0).payback_months, None);
        assert_eq!(worth(0, 200).payback_months.map(Quotient::millionths), Some(0));
    }

    #[test]
    fn work_is_done_as_soon_as_its_hours_allow() {
        let phases = [8, 9, 40, 41].map(|hours| phase(hours * 1_000_000));
        let (month, quarter) = (Phase::ThisMonth, Phase::ThisQuarter);
        assert_eq!(phases, [Phase::ThisWeek, month, month, quarter]);
    }
}

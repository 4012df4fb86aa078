//! What the month of the last call is coming to: what is logged, and for every
//! day that remains the mean of the latest complete days.
//!
//! A range is drawn from the same days, where there are two weeks of them and
//! half of them have calls. It says how much days differ, not how use may
//! change.

use jiff::civil::Date;

use crate::units::{Generator, NanoUsd, Usd, divide_half_even};

use super::Step;
use super::calendar::{Calendar, Period, around};
use super::collect::Day;
use super::sums::Sums;

/// The latest complete days that count, at most: four weeks.
pub const MOST_DAYS: usize = 28;
/// Complete days below which no range is given.
pub const FEWEST_DAYS_OF_A_RANGE: usize = 14;
/// Weekdays are told apart with so many days of each.
const FEWEST_OF_A_WEEKDAY: usize = 2;
/// Months that are drawn for a range.
pub const DRAWS: usize = 1_000;
/// The seed of the draws.
pub const SEED: u64 = 20_260_601;
/// Days of a month on a clock without dates.
const MONTH_DAYS: usize = 30;
const MILLION: i128 = 1_000_000;

/// What a month comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// `2026-06`; `None` for thirty days at this rate.
    pub month: Option<String>,
    /// Days of the month before the log begins: in no part of the forecast.
    pub days_before: u64,
    /// What the month's calls cost so far.
    pub logged: NanoUsd,
    /// Days that remain, in millionths.
    pub remaining_days: u64,
    /// What is logged and what is to be expected.
    pub expected: NanoUsd,
    /// Nine draws in ten stay above the first, nine below the second; `None`
    /// with too few days, and where nothing remains.
    pub range: Option<(NanoUsd, NanoUsd)>,
    /// The complete days that it rests on.
    pub days: u64,
    /// Of these, days with a call.
    pub used_days: u64,
    /// Whether a Monday is expected to be like Mondays.
    pub by_weekday: bool,
}

/// Why there is no forecast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoForecast {
    /// The log covers no day whole.
    NoCompleteDay,
    /// No complete day has a price.
    NotPriced,
    /// None of the latest complete days has a call: so many.
    Idle(u64),
    /// Some of the cost is in periods that are longer than a day.
    LongPeriods,
}

/// A day that others are expected to be like.
struct Seen {
    weekday: usize,
    cost: i128,
    is_used: bool,
}

/// A day to come, or what is left of one, in millionths.
struct Coming {
    weekday: usize,
    part: i128,
}

pub(super) fn forecast(
    calendar: &Calendar,
    days: &[(&Period, &Day)],
    not_in_days: &Sums,
) -> Result<Forecast, NoForecast> {
    if !not_in_days.is_empty() {
        return Err(NoForecast::LongPeriods);
    }
    let complete = || days.iter().filter(|(period, _)| period.is_complete());
    let latest: Vec<Seen> = complete()
        .rev()
        .filter_map(|(period, day)| {
            let cost = day.sums.cost()?.to_nano().nano();
            let is_used = !day.sums.is_empty();
            Some(Seen { weekday: weekday(period.first), cost, is_used })
        })
        .take(MOST_DAYS)
        .collect();
    if latest.is_empty() {
        let has_days = complete().next().is_some();
        return Err(if has_days { NoForecast::NotPriced } else { NoForecast::NoCompleteDay });
    }
    let used = latest.iter().filter(|day| day.is_used).count();
    if used == 0 {
        return Err(NoForecast::Idle(latest.len() as u64));
    }
    let month = Month::of(calendar, days).unwrap_or_else(Month::of_thirty_days);
    let by_weekday = days.iter().all(|(period, _)| period.first.is_some())
        && (0..7).all(|weekday| {
            latest.iter().filter(|day| day.weekday == weekday).count() >= FEWEST_OF_A_WEEKDAY
        });
    let alike = |coming: &Coming| -> Vec<i128> {
        let alike = latest.iter().filter(|day| !by_weekday || day.weekday == coming.weekday);
        alike.map(|day| day.cost).collect()
    };
    let coming: Vec<(i128, Vec<i128>)> =
        month.coming.iter().map(|coming| (coming.part, alike(coming))).collect();
    let expected: i128 = coming.iter().map(|(part, alike)| mean_part(*part, alike)).sum();
    // Days without a call may be days whose logs are missing.
    let enough = latest.len() >= FEWEST_DAYS_OF_A_RANGE && 2 * used >= latest.len();
    Ok(Forecast {
        logged: NanoUsd::from_nano(month.logged),
        remaining_days: coming.iter().map(|(part, _)| part.unsigned_abs() as u64).sum(),
        expected: NanoUsd::from_nano(month.logged + expected),
        range: (enough && !coming.is_empty()).then(|| range(month.logged, &coming)),
        month: month.name,
        days_before: month.days_before,
        days: latest.len() as u64,
        used_days: used as u64,
        by_weekday,
    })
}

/// The month that is forecast, up to where the log ends.
struct Month {
    name: Option<String>,
    days_before: u64,
    logged: i128,
    coming: Vec<Coming>,
}

impl Month {
    fn of_thirty_days() -> Self {
        let day = || Coming { weekday: 0, part: MILLION };
        let coming = std::iter::repeat_with(day).take(MONTH_DAYS).collect();
        Self { name: None, days_before: 0, logged: 0, coming }
    }

    /// The calendar month of the last day; `None` without dates.
    fn of(calendar: &Calendar, days: &[(&Period, &Day)]) -> Option<Self> {
        let (last, _) = days.last()?;
        let last_date = last.first?;
        let (name, first, next) = around(last_date, Step::Month)?;
        let in_month = |period: &Period| period.first.is_some_and(|date| date >= first);
        let logged: Usd = days
            .iter()
            .filter(|(period, _)| in_month(period))
            .filter_map(|(_, day)| day.sums.cost())
            .sum();
        let mut coming = Vec::new();
        if !last.is_complete() {
            let left = i128::from(last.span.end - calendar.end()) * MILLION;
            let part = divide_half_even(left, i128::from(last.length()));
            coming.push(Coming { weekday: weekday(Some(last_date)), part });
        }
        let later = last_date.series(jiff::Span::new().days(1)).skip(1);
        coming.extend(
            later
                .take_while(|date| *date < next)
                .map(|date| Coming { weekday: weekday(Some(date)), part: MILLION }),
        );
        let begins = days.first()?.0.first?;
        let days_before = first.until(begins).map_or(0, |span| span.get_days().max(0));
        Some(Self {
            name: Some(name),
            days_before: u64::from(days_before.unsigned_abs()),
            logged: logged.to_nano().nano(),
            coming,
        })
    }
}

fn weekday(date: Option<Date>) -> usize {
    date.and_then(|date| usize::try_from(date.weekday().to_monday_zero_offset()).ok()).unwrap_or(0)
}

/// A part of the mean of some days.
fn mean_part(part: i128, days: &[i128]) -> i128 {
    let sum: i128 = days.iter().sum();
    divide_half_even(sum * part, MILLION * (days.len() as i128).max(1))
}

/// The tenth and the ninetieth percentile of months whose days to come are
/// drawn from the days that they are like.
fn range(logged: i128, coming: &[(i128, Vec<i128>)]) -> (NanoUsd, NanoUsd) {
    let mut generator = Generator::new(SEED);
    let mut months: Vec<i128> = (0..DRAWS)
        .map(|_| {
            let days = coming.iter().map(|(part, alike)| {
                let drawn = alike.get(generator.position(alike.len())).copied().unwrap_or(0);
                divide_half_even(drawn * part, MILLION)
            });
            logged + days.sum::<i128>()
        })
        .collect();
    months.sort_unstable();
    let at = |rank: usize| NanoUsd::from_nano(months[rank - 1]);
    (at(DRAWS / 10), at(DRAWS * 9 / 10))
}

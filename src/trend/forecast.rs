//! What the month of the last call is coming to: what is logged, and for every
//! day that remains the mean of the latest complete days.
//!
//! A range is drawn from how far the same days lie from their mean, where there
//! are two weeks of them and half of them have calls. It says how much days
//! differ, not how use may change.

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
const BILLION: i128 = 1_000_000_000;

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
    let evidence = Evidence::of(&latest, by_weekday);
    let expected: i128 = month.coming.iter().map(|day| evidence.expected(day)).sum();
    // Days without a call may be days whose logs are missing.
    let enough = latest.len() >= FEWEST_DAYS_OF_A_RANGE && 2 * used >= latest.len();
    let range = (enough && !month.coming.is_empty()).then(|| evidence.range(&month));
    let remaining: i128 = month.coming.iter().map(|day| day.part).sum();
    Ok(Forecast {
        logged: NanoUsd::from_nano(month.logged),
        remaining_days: u64::try_from(remaining).unwrap_or(0),
        expected: NanoUsd::from_nano(month.logged + expected),
        range,
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

/// What days of each kind cost in the mean, and how far they lie from it.
struct Evidence {
    by_weekday: bool,
    /// By weekday: the days and their mean in nano-dollars.
    means: [(usize, i128); 7],
    /// Of all days, in billionths of the mean of their kind, widened by what a
    /// mean of few days hides.
    distances: Vec<i128>,
}

impl Evidence {
    fn of(latest: &[Seen], by_weekday: bool) -> Self {
        let kind = |weekday| if by_weekday { weekday } else { 0 };
        let means = std::array::from_fn(|weekday| {
            let alike = latest.iter().filter(|day| kind(day.weekday) == weekday);
            let costs: Vec<i128> = alike.map(|day| day.cost).collect();
            let days = costs.len();
            (days, divide_half_even(costs.iter().sum(), (days as i128).max(1)))
        });
        let seen = latest.iter().map(|day| (day.cost, means[kind(day.weekday)].1));
        let seen: Vec<(i128, i128)> = seen.filter(|(_, mean)| *mean > 0).collect();
        let kinds = means.iter().filter(|(_, mean)| *mean > 0).count() as i128;
        let days = seen.len() as i128;
        // The root of n / (n - k), for n days of k kinds.
        let widening = (days * MILLION * MILLION / (days - kinds).max(1)).isqrt();
        let distance = |(cost, mean): (i128, i128)| {
            divide_half_even((cost - mean) * BILLION / mean * widening, MILLION)
        };
        let distances = seen.into_iter().map(distance).collect();
        Self { by_weekday, means, distances }
    }

    fn of_kind(&self, day: &Coming) -> (usize, i128) {
        self.means[if self.by_weekday { day.weekday } else { 0 }]
    }

    fn expected(&self, day: &Coming) -> i128 {
        divide_half_even(self.of_kind(day).1 * day.part, MILLION)
    }

    /// The tenth and the ninetieth percentile of months whose days lie as far
    /// from their mean as those that were seen. The mean itself, taken over
    /// few days, is drawn too.
    fn range(&self, month: &Month) -> (NanoUsd, NanoUsd) {
        let mut generator = Generator::new(SEED);
        let mut months: Vec<i128> = (0..DRAWS)
            .map(|_| {
                let shifts = self.means.map(|(days, _)| {
                    let drawn: i128 = (0..days).map(|_| self.draw(&mut generator)).sum();
                    divide_half_even(drawn, (days as i128).max(1))
                });
                let days = month.coming.iter().map(|day| {
                    let shift = shifts[if self.by_weekday { day.weekday } else { 0 }];
                    let factor = BILLION + shift + self.draw(&mut generator);
                    divide_half_even(self.expected(day) * factor, BILLION)
                });
                // What is logged is spent.
                month.logged + days.sum::<i128>().max(0)
            })
            .collect();
        months.sort_unstable();
        let at = |rank: usize| NanoUsd::from_nano(months[rank - 1]);
        (at(DRAWS / 10), at(DRAWS * 9 / 10))
    }

    fn draw(&self, generator: &mut Generator) -> i128 {
        self.distances.get(generator.position(self.distances.len())).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Coming, Evidence, Generator, MILLION, Month, Seen};

    /// A day that costs 100 to 200, evenly, three tenths of it on weekends.
    fn cost(day: usize, generator: &mut Generator) -> i128 {
        let cost = 100_000 + generator.position(100_001) as i128;
        if day % 7 < 5 { cost } else { cost * 3 / 10 }
    }

    fn seen(days: usize, generator: &mut Generator) -> Vec<Seen> {
        let day = |day| Seen { weekday: day % 7, cost: cost(day, generator), is_used: true };
        (0..days).map(day).collect()
    }

    fn month(days: std::ops::Range<usize>) -> Month {
        let coming = days.map(|day| Coming { weekday: day % 7, part: MILLION }).collect();
        Month { name: None, days_before: 0, logged: 0, coming }
    }

    #[test]
    fn a_range_holds_about_as_many_months_as_it_says() {
        let mut generator = Generator::new(7);
        for days in [14, 28] {
            let held = (0..200).filter(|_| {
                let evidence = Evidence::of(&seen(days, &mut generator), true);
                let (low, high) = evidence.range(&month(days..days + 16));
                let bill: i128 = (days..days + 16).map(|day| cost(day, &mut generator)).sum();
                (low.nano()..=high.nano()).contains(&bill)
            });
            // 160 of 200 are promised.
            let held = held.count();
            assert!((140..=180).contains(&held), "{held} of 200 after {days} days");
        }
    }

    #[test]
    fn a_part_of_a_day_counts_for_its_part() {
        let days = [100, 300].map(|cost| Seen { weekday: 0, cost, is_used: true });
        let evidence = Evidence::of(&days, false);
        let day = |part| evidence.expected(&Coming { weekday: 3, part });
        assert_eq!((day(MILLION), day(MILLION / 4)), (200, 50));
        // Half a mean away, widened by the root of 2 / (2 - 1).
        assert_eq!(evidence.distances, [-707_106_500, 707_106_500]);
    }

    #[test]
    fn days_that_cost_nothing_come_to_nothing() {
        let days = [0, 0].map(|cost| Seen { weekday: 0, cost, is_used: true });
        let evidence = Evidence::of(&days, false);
        assert_eq!(evidence.range(&month(0..16)), Default::default());
    }
}

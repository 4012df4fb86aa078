//! Days that cost unlike the others, by a rule that a single day cannot bend.
//!
//! The cost of a day is compared with the median of the days it is like. It
//! stands out where its modified z-score (Iglewicz and Hoaglin, 1993: 0.6745
//! times its distance over the median distance of all days) is above 3.5, and
//! its distance is a tenth of the median at least.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::ledger::Ledger;
use crate::record::symbol::Symbol;
use crate::units::{NanoUsd, Usd, divide_half_even};

use super::calendar::Period;
use super::collect::Day;
use super::median::twice_median;
use super::sums::Sums;

/// Days below which no day is said to stand out.
pub const FEWEST_DAYS: usize = 7;
/// Working days and weekends are told apart with so many days of either.
const FEWEST_OF_EITHER: usize = 4;
const WEEKENDS_APART_DAYS: usize = 14;
/// Weekdays are told apart with so many days of each: four weeks.
const FEWEST_OF_A_WEEKDAY: usize = 4;

/// The least modified z-score, in ten-thousandths.
const SCORE: i128 = 35_000;
/// The 0.75 quantile of the standard normal distribution, in ten-thousandths:
/// a median distance is so many standard deviations.
const MEDIAN_FACTOR: i128 = 6_745;
/// Standard deviations in a mean distance, in millionths: the root of pi / 2.
const MEAN_FACTOR: i128 = 1_253_314;
const TEN_THOUSAND: i128 = 10_000;
const MILLION: i128 = 1_000_000;

/// Which days a day is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// All others.
    All,
    /// Working days with working days, weekends with weekends.
    WeekendsApart,
    /// Days of the same weekday.
    Weekday,
}

/// What the distance of a day is measured by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// The median distance of all days.
    Median,
    /// The mean distance, where the median one is nothing.
    Mean,
    /// All days cost the same.
    None,
}

/// What was found, and by which rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StandingOut {
    /// The days were compared.
    Judged {
        /// How many.
        days: u64,
        /// With which others.
        likeness: Likeness,
        /// By what.
        scale: Scale,
        /// Those that stand out, the largest difference first.
        found: Vec<OddDay>,
    },
    /// Too few complete days with a known cost: so many.
    TooFew(u64),
    /// Most complete days have no call: there is no usual day.
    Sparse {
        /// Complete days with a known cost.
        days: u64,
        /// Of these, days with a call.
        used: u64,
    },
    /// Some of the cost is in periods that are longer than a day.
    LongPeriods,
}

/// A day that stands out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OddDay {
    /// Its name.
    pub name: String,
    /// What it cost.
    pub cost: NanoUsd,
    /// What such a day usually costs: the median.
    pub usual: NanoUsd,
    /// Its modified z-score without a sign, in millionths.
    pub score: i128,
    /// The feature with the largest difference to its own usual day.
    pub feature: Option<Cause>,
    /// The model with the largest difference to its own usual day.
    pub model: Option<Cause>,
    /// Whether there were more calls, or dearer ones.
    pub moves: Option<Moves>,
}

impl OddDay {
    /// What it cost beyond what is usual.
    #[must_use]
    pub fn difference(&self) -> NanoUsd {
        self.cost - self.usual
    }
}

/// A feature or a model that moved on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Its name; `None` for the calls that name none.
    pub name: Option<String>,
    /// What it cost that day.
    pub cost: NanoUsd,
    /// What it usually costs on such a day: its own median.
    pub usual: NanoUsd,
}

/// The difference of a day by number of calls and by cost per call: together
/// they are the difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moves {
    /// Calls of the day.
    pub calls: u64,
    /// Twice the usual number of calls: a median may be between two.
    pub twice_usual_calls: u64,
    /// More or fewer calls, at the usual cost per call.
    pub by_calls: NanoUsd,
    /// The rest: calls cost more or less.
    pub by_cost_per_call: NanoUsd,
}

/// A day that can be compared.
#[derive(Clone, Copy)]
struct Judged<'a> {
    period: &'a Period,
    day: &'a Day,
    /// In nano-dollars.
    cost: i128,
    group: usize,
}

pub(super) fn standing_out(
    ledger: &Ledger<'_>,
    days: &[(&Period, &Day)],
    not_in_days: &Sums,
) -> StandingOut {
    if !not_in_days.is_empty() {
        return StandingOut::LongPeriods;
    }
    let mut judged: Vec<Judged<'_>> = days
        .iter()
        .filter(|(period, _)| period.is_complete())
        .filter_map(|(period, day)| {
            let cost = day.sums.cost()?.to_nano().nano();
            Some(Judged { period, day, cost, group: 0 })
        })
        .collect();
    if judged.len() < FEWEST_DAYS {
        return StandingOut::TooFew(judged.len() as u64);
    }
    let used = judged.iter().filter(|day| !day.day.sums.is_empty()).count();
    if 2 * used < judged.len() {
        return StandingOut::Sparse { days: judged.len() as u64, used: used as u64 };
    }
    let likeness = likeness(&judged);
    for day in &mut judged {
        day.group = group(day.period, likeness);
    }
    let (scale, scores) = scores(&judged);
    let mut found: Vec<OddDay> = judged
        .iter()
        .zip(scores)
        .filter_map(|(day, score)| Some(odd_day(ledger, &judged, day, score?)))
        .collect();
    // Stable: of equal differences the earlier day comes first.
    found.sort_by_key(|day| std::cmp::Reverse(day.difference().nano().abs()));
    StandingOut::Judged { days: judged.len() as u64, likeness, scale, found }
}

fn likeness(judged: &[Judged<'_>]) -> Likeness {
    let fewest = |likeness, groups| {
        let count =
            |wanted| judged.iter().filter(|day| group(day.period, likeness) == wanted).count();
        (0..groups).map(count).min().unwrap_or(0)
    };
    if fewest(Likeness::Weekday, 7) >= FEWEST_OF_A_WEEKDAY {
        Likeness::Weekday
    } else if judged.len() >= WEEKENDS_APART_DAYS
        && fewest(Likeness::WeekendsApart, 2) >= FEWEST_OF_EITHER
    {
        Likeness::WeekendsApart
    } else {
        Likeness::All
    }
}

/// The number of the days that a day is like.
fn group(period: &Period, likeness: Likeness) -> usize {
    const SATURDAY: usize = 5;
    let weekday =
        period.weekday().and_then(|weekday| usize::try_from(weekday.to_monday_zero_offset()).ok());
    match (likeness, weekday) {
        (Likeness::All, _) | (_, None) => 0,
        (Likeness::WeekendsApart, Some(weekday)) => usize::from(weekday >= SATURDAY),
        (Likeness::Weekday, Some(weekday)) => weekday,
    }
}

/// Twice the median of a quantity over the days of one group.
fn usual(judged: &[Judged<'_>], group: usize, quantity: impl Fn(&Judged<'_>) -> i128) -> i128 {
    let mut values: Vec<i128> =
        judged.iter().filter(|day| day.group == group).map(quantity).collect();
    twice_median(&mut values)
}

/// The score of every day that stands out, in millionths.
fn scores(judged: &[Judged<'_>]) -> (Scale, Vec<Option<i128>>) {
    let medians: Vec<i128> = (0..7).map(|group| usual(judged, group, |day| day.cost)).collect();
    let distances: Vec<i128> =
        judged.iter().map(|day| (2 * day.cost - medians[day.group]).abs()).collect();
    // The distances are doubled already: this is four times their median.
    let median = twice_median(&mut distances.clone());
    let sum: i128 = distances.iter().sum();
    let days = judged.len() as i128;
    // Above and below the fraction bar, so that nothing is rounded on the way:
    // 0.6745 * distance / median, and distance / (1.253314 * mean).
    let (scale, factor, divisor) = match (median, sum) {
        (_, 0) => (Scale::None, 0, 1),
        (0, _) => (Scale::Mean, MILLION * days, MEAN_FACTOR * sum),
        _ => (Scale::Median, 2 * MEDIAN_FACTOR, TEN_THOUSAND * median),
    };
    let score = |(day, distance): (&Judged<'_>, &i128)| {
        let stands_out = TEN_THOUSAND * factor * distance > SCORE * divisor;
        let is_large = 10 * distance >= medians[day.group];
        (stands_out && is_large).then(|| divide_half_even(MILLION * factor * distance, divisor))
    };
    (scale, judged.iter().zip(&distances).map(score).collect())
}

fn odd_day(ledger: &Ledger<'_>, judged: &[Judged<'_>], day: &Judged<'_>, score: i128) -> OddDay {
    let twice_usual = usual(judged, day.group, |day| day.cost);
    OddDay {
        name: day.period.name.clone(),
        cost: NanoUsd::from_nano(day.cost),
        usual: NanoUsd::from_nano(divide_half_even(twice_usual, 2)),
        score,
        feature: cause(ledger, judged, day, twice_usual, |day| &day.features),
        model: cause(ledger, judged, day, twice_usual, |day| &day.models),
        moves: moves(judged, day, twice_usual),
    }
}

/// Who moved most, in the direction in which the day did; of equals the first
/// by name. `None` where no call of these days names any.
fn cause(
    ledger: &Ledger<'_>,
    judged: &[Judged<'_>],
    day: &Judged<'_>,
    twice_usual: i128,
    pick: impl Fn(&Day) -> &FxHashMap<Option<Symbol>, Usd>,
) -> Option<Cause> {
    let alike = judged.iter().filter(|other| other.group == day.group);
    let symbols: FxHashSet<Option<Symbol>> =
        alike.flat_map(|other| pick(other.day).keys().copied()).collect();
    if symbols.iter().all(Option::is_none) {
        return None;
    }
    let direction = (2 * day.cost - twice_usual).signum();
    let cost = |day: &Judged<'_>, symbol: Option<Symbol>| {
        pick(day.day).get(&symbol).copied().unwrap_or_default().to_nano().nano()
    };
    let candidates = symbols.into_iter().map(|symbol| {
        let twice_usual = usual(judged, day.group, |other| cost(other, symbol));
        let cost = cost(day, symbol);
        let name = ledger.names.text_of(symbol).map(str::to_owned);
        let moved = direction * (2 * cost - twice_usual);
        (moved, std::cmp::Reverse(name), cost, twice_usual)
    });
    let (_, std::cmp::Reverse(name), cost, twice_usual) = candidates.max()?;
    Some(Cause {
        name,
        cost: NanoUsd::from_nano(cost),
        usual: NanoUsd::from_nano(divide_half_even(twice_usual, 2)),
    })
}

fn moves(judged: &[Judged<'_>], day: &Judged<'_>, twice_usual_cost: i128) -> Option<Moves> {
    let calls = |day: &Judged<'_>| day.day.sums.calls();
    if judged.iter().any(|day| calls(day).is_none()) {
        return None;
    }
    let count = |day: &Judged<'_>| i128::from(calls(day).unwrap_or(0));
    let twice_usual_calls = usual(judged, day.group, count);
    if twice_usual_calls == 0 {
        return None;
    }
    let difference = day.cost - divide_half_even(twice_usual_cost, 2);
    let more_calls = 2 * count(day) - twice_usual_calls;
    let by_calls = divide_half_even(more_calls * twice_usual_cost, 2 * twice_usual_calls);
    Some(Moves {
        calls: calls(day)?,
        twice_usual_calls: u64::try_from(twice_usual_calls).ok()?,
        by_calls: NanoUsd::from_nano(by_calls),
        by_cost_per_call: NanoUsd::from_nano(difference - by_calls),
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Date, date};

    use super::super::calendar::Period;
    use super::super::collect::Day;
    use super::{Judged, Likeness, Scale, group, likeness, scores};

    fn periods(first: Date, days: usize) -> Vec<Period> {
        let dates = first.series(jiff::Span::new().days(1)).take(days);
        let period = |date: Date| Period {
            name: date.to_string(),
            first: Some(date),
            next: date.tomorrow().ok(),
            span: 0..1,
            covered: 1,
        };
        dates.map(period).collect()
    }

    /// The rule on days from Monday, 1 June 2026 on: the position and the
    /// score of each that stands out.
    fn judge(costs: &[i128]) -> (Likeness, Scale, Vec<(usize, i128)>) {
        let periods = periods(date(2026, 6, 1), costs.len());
        let day = Day::default();
        let days = periods.iter().zip(costs);
        let mut judged: Vec<Judged<'_>> = days
            .map(|(period, cost)| Judged { period, day: &day, cost: *cost, group: 0 })
            .collect();
        let likeness = likeness(&judged);
        for day in &mut judged {
            day.group = group(day.period, likeness);
        }
        let (scale, scores) = scores(&judged);
        let found = scores.into_iter().enumerate();
        (likeness, scale, found.filter_map(|(at, score)| Some((at, score?))).collect())
    }

    #[test]
    fn the_median_distance_is_not_bent_by_the_day_itself() {
        // Median 12; distances 2 0 1 1 0 1 28, their median 1: 0.6745 * 28.
        let found = judge(&[10, 12, 11, 13, 12, 11, 40]);
        assert_eq!(found, (Likeness::All, Scale::Median, vec![(6, 18_886_000)]));
        // Of eight days the median is between two, 11.5; distances 1.5 0.5 0.5
        // 1.5 0.5 0.5 0.5 11.5, median 0.5: 0.6745 * 23, and nothing else.
        let found = judge(&[10, 12, 11, 13, 12, 11, 12, 0]);
        assert_eq!(found.2, [(7, 15_513_500)]);
    }

    #[test]
    fn equal_days_are_measured_by_the_mean_distance() {
        // Mean distance 10 / 7: 10 / (1.253314 * 10 / 7) = 5.5851925, rounded.
        let found = judge(&[10, 10, 10, 10, 10, 10, 20]);
        assert_eq!(found, (Likeness::All, Scale::Mean, vec![(6, 5_585_193)]));
        assert_eq!(judge(&[10; 7]), (Likeness::All, Scale::None, vec![]));
        assert_eq!(judge(&[0; 7]).1, Scale::None);
    }

    #[test]
    fn less_than_a_tenth_is_no_news() {
        // Score 0.6745 * 49, but 4.9 % from the median; then 10 %.
        assert_eq!(judge(&[1000, 1001, 1000, 1002, 1001, 1000, 1050]).2, []);
        assert_eq!(judge(&[1000, 1001, 1000, 1002, 1001, 1000, 1102]).2.len(), 1);
    }

    #[test]
    fn weekends_are_no_news_after_two_weeks_and_weekdays_are_known_after_four() {
        let week = |sunday| [100, 102, 100, 102, 100, 10, sunday];
        let two = [week(12), week(12)].concat();
        assert_eq!(judge(&two), (Likeness::WeekendsApart, Scale::Median, vec![]));
        // Thirteen days: only three of them are of a weekend.
        assert_eq!(judge(&two[..13]).0, Likeness::All);
        // Each weekday's median lies 1 from its days; the last Sunday's
        // distance to its own, 11, is 49: 0.6745 * 49.
        let other = |sunday| [102, 100, 102, 100, 102, 12, sunday];
        let four = [week(10), other(12), week(10), other(60)].concat();
        assert_eq!(judge(&four), (Likeness::Weekday, Scale::Median, vec![(27, 33_050_500)]));
    }
}

//! What may be said of a difference: higher, lower, none seen, or nothing.
//!
//! Never that two arms are equal: what was not seen may still be there.

use super::arm::Arm;
use super::bootstrap::{Sample, interval};
use super::metric::Metric;
use crate::units::{Evidence, divide_half_even};

/// Fewer calls in an arm say nothing.
pub const FEWEST_CALLS: u64 = 30;
/// Fewer conversations in an arm say nothing: there is too little to draw from.
pub const FEWEST_CONVERSATIONS: u64 = 10;
/// More unpriced calls than one in so many, and no cost is judged.
const UNPRICED_ONE_IN: u64 = 20;

const BILLION: i128 = 1_000_000_000;

/// What an arm differs in from the control. Figures are in billionths.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The position of the arm in [`super::Comparison::arms`].
    pub arm: usize,
    /// What is compared.
    pub metric: Metric,
    /// The control's figure.
    pub control: Option<i128>,
    /// The arm's.
    pub value: Option<i128>,
    /// Where the difference lies in 95 of 100 resamples; `None` where there is
    /// too little to resample.
    pub interval: Option<Interval>,
    /// The same as a part of the control's figure; `None` where that may be 0.
    pub relative: Option<Interval>,
    /// What may be said of it.
    pub verdict: Verdict,
    /// How it is known.
    pub evidence: Evidence,
}

/// A difference and how far it may be off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// The difference as it was seen.
    pub seen: i128,
    /// The lower end.
    pub low: i128,
    /// The upper end.
    pub high: i128,
}

impl Interval {
    /// Half of its width: a difference below this would not have been seen.
    /// `None` where all resamples agree, which says nothing about rare events.
    #[must_use]
    pub fn half_width(&self) -> Option<i128> {
        let half = divide_half_even(self.high - self.low, 2);
        (half > 0).then_some(half)
    }
}

/// What may be said of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The whole interval lies above nothing.
    Higher,
    /// The whole interval lies below nothing.
    Lower,
    /// The interval holds nothing: there may be a difference all the same.
    NoDifferenceSeen,
    /// An arm has too few calls or conversations.
    TooSmall {
        /// How many calls the smaller arm lacks.
        calls: u64,
        /// How many conversations the smaller arm lacks.
        conversations: u64,
    },
    /// It cannot be judged at any size.
    NotJudged(Unjudged),
}

/// Why a difference cannot be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unjudged {
    /// The log does not carry it in one of the arms.
    NotLogged,
    /// More than one call in twenty has no price.
    Unpriced,
    /// Too few conversations carry it: some resamples have none.
    TooSparse,
}

/// Compares every arm with the first in everything the log carries.
pub(super) fn differences(
    arms: &[Arm],
    samples: &[Sample],
    has_conversations: bool,
    evidence: Evidence,
) -> Vec<Difference> {
    let Some((control, others)) = arms.split_first() else { return Vec::new() };
    let mut found = Vec::new();
    for (position, arm) in (1..).zip(others) {
        for (column, metric) in Metric::ALL.into_iter().enumerate() {
            if metric == Metric::CostPerConversation && !has_conversations {
                continue;
            }
            let (before, after) = (metric.of(&control.sums), metric.of(&arm.sums));
            if before.is_none() && after.is_none() {
                continue;
            }
            let drawn = Drawn { control: &samples[0], arm: &samples[position], column };
            let refused = refused(metric, control, arm, before.zip(after).is_none());
            let (interval, relative) = match (refused, before.zip(after)) {
                (None, Some((before, after))) => drawn.intervals(before, after),
                _ => (None, None),
            };
            let verdict = refused.unwrap_or_else(|| judge(interval));
            let costs = control.cost_evidence.worst(arm.cost_evidence);
            found.push(Difference {
                arm: position,
                metric,
                control: before,
                value: after,
                interval,
                relative,
                verdict,
                evidence: if metric.is_cost() { evidence.worst(costs) } else { evidence },
            });
        }
    }
    found
}

/// One metric over the resamples of two arms.
struct Drawn<'a> {
    control: &'a Sample,
    arm: &'a Sample,
    column: usize,
}

impl Drawn<'_> {
    /// The interval of the difference, and of the difference as a part of the
    /// control's figure.
    fn intervals(&self, before: i128, after: i128) -> (Option<Interval>, Option<Interval>) {
        let pairs = || {
            let rows = self.control.iter().zip(self.arm);
            rows.map(|(control, arm)| control[self.column].zip(arm[self.column]))
        };
        let with_seen = |seen| move |(low, high)| Interval { seen, low, high };
        let absolute = interval(pairs().map(|pair| pair.map(|(before, after)| after - before)));
        let ends = interval(pairs().map(|pair| {
            let (before, after) = pair?;
            relative(before, after)
        }));
        (
            absolute.map(with_seen(after - before)),
            ends.zip(relative(before, after)).map(|(ends, seen)| with_seen(seen)(ends)),
        )
    }
}

/// The difference as a part of the control's figure, in billionths.
fn relative(before: i128, after: i128) -> Option<i128> {
    (before > 0).then(|| divide_half_even((after - before).saturating_mul(BILLION), before))
}

/// Why nothing may be said, if so.
fn refused(metric: Metric, control: &Arm, arm: &Arm, is_missing: bool) -> Option<Verdict> {
    let arms = [control, arm];
    let is_unpriced =
        |arm: &&Arm| arm.sums.unpriced_calls().saturating_mul(UNPRICED_ONE_IN) > arm.sums.calls;
    if metric.is_cost() && arms.iter().any(is_unpriced) {
        return Some(Verdict::NotJudged(Unjudged::Unpriced));
    }
    if is_missing {
        return Some(Verdict::NotJudged(Unjudged::NotLogged));
    }
    let calls = arms.map(|arm| metric.calls(&arm.sums)).into_iter().min().unwrap_or(0);
    let conversations = arms
        .map(|arm| arm.conversations.iter().filter(|sums| metric.calls(sums) > 0).count() as u64);
    let conversations = conversations.into_iter().min().unwrap_or(0);
    let lacks =
        (FEWEST_CALLS.saturating_sub(calls), FEWEST_CONVERSATIONS.saturating_sub(conversations));
    (lacks != (0, 0)).then_some(Verdict::TooSmall { calls: lacks.0, conversations: lacks.1 })
}

fn judge(interval: Option<Interval>) -> Verdict {
    match interval {
        None => Verdict::NotJudged(Unjudged::TooSparse),
        Some(Interval { low, .. }) if low > 0 => Verdict::Higher,
        Some(Interval { high, .. }) if high < 0 => Verdict::Lower,
        Some(_) => Verdict::NoDifferenceSeen,
    }
}

#[cfg(test)]
mod tests {
    use super::{Interval, Unjudged, Verdict, judge, refused, relative};
    use crate::arms::{Arm, Metric, Sums};

    /// An arm of so many conversations of so many calls each.
    fn arm(conversations: usize, calls: u64, priced_calls: u64) -> Arm {
        let one = Sums { calls, priced_calls, output_calls: calls, ..Sums::default() };
        let mut sums = Sums::default();
        (0..conversations).for_each(|_| sums += &one);
        Arm { conversations: vec![one; conversations], sums, ..Arm::default() }
    }

    #[test]
    fn a_verdict_goes_by_where_nothing_lies() {
        let verdict = |low, high| judge(Some(Interval { seen: (low + high) / 2, low, high }));
        assert_eq!(verdict(1, 9), Verdict::Higher);
        assert_eq!(verdict(-9, -1), Verdict::Lower);
        for (low, high) in [(-1, 9), (0, 9), (-9, 0), (0, 0)] {
            assert_eq!(verdict(low, high), Verdict::NoDifferenceSeen);
        }
        assert_eq!(judge(None), Verdict::NotJudged(Unjudged::TooSparse));
    }

    #[test]
    fn thirty_calls_in_ten_conversations_are_the_least() {
        let refused =
            |control: &Arm, arm: &Arm| refused(Metric::OutputTokensPerCall, control, arm, false);
        let enough = arm(10, 3, 3);
        assert_eq!(refused(&enough, &enough), None);
        let lacks = |calls, conversations| Some(Verdict::TooSmall { calls, conversations });
        // 9 conversations of 4 calls: 36 calls, one conversation short.
        assert_eq!(refused(&enough, &arm(9, 4, 4)), lacks(0, 1));
        // 10 of 2: ten calls short.
        assert_eq!(refused(&arm(10, 2, 2), &enough), lacks(10, 0));
        assert_eq!(refused(&arm(1, 1, 1), &enough), lacks(29, 9));
    }

    #[test]
    fn more_than_one_unpriced_call_in_twenty_is_too_many() {
        let unpriced = Some(Verdict::NotJudged(Unjudged::Unpriced));
        let cost = |arm: &Arm| refused(Metric::CostPerCall, arm, arm, false);
        // 10 conversations of 20 calls: 1 of 20 unpriced, then 2.
        assert_eq!(cost(&arm(10, 20, 19)), None);
        assert_eq!(cost(&arm(10, 20, 18)), unpriced);
        let output = |arm: &Arm| refused(Metric::OutputTokensPerCall, arm, arm, false);
        assert_eq!(output(&arm(10, 20, 18)), None);
    }

    #[test]
    fn what_all_resamples_agree_on_has_no_width() {
        assert_eq!(Interval { seen: 0, low: 0, high: 0 }.half_width(), None);
        assert_eq!(Interval { seen: 5, low: -2, high: 10 }.half_width(), Some(6));
        // 120 is 20 % above 100.
        assert_eq!(relative(100, 120), Some(200_000_000));
        assert_eq!(relative(0, 120), None);
    }
}

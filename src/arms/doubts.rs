//! What speaks against reading a difference as the arm's doing: arms that ran
//! at different times, or on different traffic.

use std::collections::BTreeSet;

use super::arm::Arm;
use crate::units::Timestamp;

/// How the times of an arm and of the control overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overlap {
    /// The position of the arm.
    pub arm: usize,
    /// Of both arms' calls, those made while both ran.
    pub calls: u64,
    /// All calls of both that have a date.
    pub dated_calls: u64,
}

/// A feature with another part of the arm's traffic than of the control's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mix {
    /// The position of the arm.
    pub arm: usize,
    /// The feature; `None` for calls without one.
    pub feature: Option<String>,
    /// Its calls in the control.
    pub control_calls: u64,
    /// Its calls in the arm.
    pub calls: u64,
}

/// Overlaps of every arm with the first; none where one has no dates.
pub(super) fn overlaps(arms: &[Arm]) -> Vec<Overlap> {
    let Some((control, others)) = arms.split_first() else { return Vec::new() };
    let overlaps = (1..).zip(others).filter_map(|(position, arm)| {
        let (first, last) = common(control, arm)?;
        let inside = |arm: &Arm| {
            let from = arm.times.partition_point(|time| *time < first);
            let upto = arm.times.partition_point(|time| *time <= last);
            upto.saturating_sub(from) as u64
        };
        Some(Overlap {
            arm: position,
            calls: inside(control) + inside(arm),
            dated_calls: (control.times.len() + arm.times.len()) as u64,
        })
    });
    overlaps.collect()
}

/// The time in which both ran; the end lies before the beginning where there
/// is none.
fn common(control: &Arm, arm: &Arm) -> Option<(Timestamp, Timestamp)> {
    let first = (*control.times.first()?).max(*arm.times.first()?);
    let last = (*control.times.last()?).min(*arm.times.last()?);
    Some((first, last))
}

/// Features whose parts of the two arms' calls are more than ten points apart.
pub(super) fn mixes(arms: &[Arm]) -> Vec<Mix> {
    let Some((control, others)) = arms.split_first() else { return Vec::new() };
    let mut found = Vec::new();
    for (position, arm) in (1..).zip(others) {
        let features: BTreeSet<_> = control.features.keys().chain(arm.features.keys()).collect();
        for feature in features {
            let calls = |arm: &Arm| arm.features.get(feature).copied().unwrap_or(0);
            let mix = Mix {
                arm: position,
                feature: feature.clone(),
                control_calls: calls(control),
                calls: calls(arm),
            };
            if is_far(&mix, control.sums.calls, arm.sums.calls) {
                found.push(mix);
            }
        }
    }
    found
}

/// More than ten points apart, in whole numbers: |a/n - c/m| > 1/10.
fn is_far(mix: &Mix, control_calls: u64, calls: u64) -> bool {
    let (whole, control) = (i128::from(calls), i128::from(control_calls));
    let apart = i128::from(mix.calls) * control - i128::from(mix.control_calls) * whole;
    10 * apart.abs() > whole * control
}

#[cfg(test)]
mod tests {
    use super::{Mix, Overlap, mixes, overlaps};
    use crate::arms::{Arm, Sums};
    use crate::units::Timestamp;

    fn at(times: &[i64]) -> Arm {
        Arm { times: times.iter().copied().map(Timestamp::from_micros).collect(), ..Arm::default() }
    }

    #[test]
    fn calls_count_while_both_arms_ran() {
        let overlap = |control: &[i64], arm: &[i64]| {
            overlaps(&[at(control), at(arm)]).first().map(|found| (found.calls, found.dated_calls))
        };
        // Both ran from 3 to 5: 3, 5 of the control, 3, 4 of the arm.
        assert_eq!(overlap(&[1, 2, 3, 5], &[3, 4, 9]), Some((4, 7)));
        assert_eq!(overlap(&[1, 2], &[5, 6]), Some((0, 4)));
        assert_eq!(overlap(&[1], &[]), None);
        let position = overlaps(&[at(&[1]), at(&[]), at(&[1])]);
        assert_eq!(position, [Overlap { arm: 2, calls: 2, dated_calls: 2 }]);
    }

    #[test]
    fn ten_points_apart_is_not_yet_far() {
        let arm = |search: u64, chat: u64| Arm {
            sums: Sums { calls: search + chat, ..Sums::default() },
            features: [(Some("search".to_owned()), search), (None, chat)].into(),
            ..Arm::default()
        };
        // 50 % against 60 %, then against 61 %.
        assert_eq!(mixes(&[arm(50, 50), arm(60, 40)]), []);
        let search =
            Mix { arm: 1, feature: Some("search".to_owned()), control_calls: 50, calls: 61 };
        let rest = Mix { feature: None, calls: 39, ..search.clone() };
        assert_eq!(mixes(&[arm(50, 50), arm(61, 39)]), [rest, search]);
    }
}

//! Whether calls arrive like a machine's: at one time of the day, or in bursts.

use crate::techniques::parameter::Value;
use crate::techniques::parameters::batch_api as parameters;
use crate::techniques::profile::GroupProfile;
use crate::techniques::technique::View;
use crate::techniques::traffic::GroupIndex;

const HALF_HOURS_A_DAY: u8 = 48;

/// Whether one half hour of the UTC day, or two adjacent ones, hold most of the
/// calls on enough days. A clock without dates has no time of the day.
pub(super) fn is_scheduled(view: &View<'_>, profile: &GroupProfile) -> bool {
    if view.traffic.end.is_none() {
        return false;
    }
    let days_needed = view.assumptions.value(parameters::SCHEDULE_DAYS).floor();
    (0..HALF_HOURS_A_DAY).any(|first| {
        let pair = [first, (first + 1) % HALF_HOURS_A_DAY];
        [&pair[..1], &pair[..]].into_iter().any(|slots| {
            let used = || slots.iter().filter_map(|slot| profile.slots.get(slot));
            let calls: u64 = used().map(|(_, calls)| calls).sum();
            let days: std::collections::BTreeSet<i64> =
                used().flat_map(|(days, _)| days.iter().copied()).collect();
            is_most(view, calls, profile.calls) && days.len() as u64 >= days_needed
        })
    })
}

/// Whether most of the calls come many at a time, and no user's.
pub(super) fn is_in_bursts(view: &View<'_>, group: GroupIndex, profile: &GroupProfile) -> bool {
    let without_user = profile.calls - profile.with_user;
    if !is_most(view, without_user, profile.calls) {
        return false;
    }
    let least = view.assumptions.value(parameters::BURST_CALLS).floor();
    let within = view.assumptions.value(parameters::BURST_SECONDS);
    let in_bursts = if profile.with_user == 0 {
        calls_in_bursts(&profile.times, within, least)
    } else {
        let of_group = view.traffic.indexed().filter(|(index, call)| {
            call.group == group && view.traffic.record(*index).user.is_none()
        });
        let mut times: Vec<i64> = of_group.map(|(_, call)| call.time).collect();
        times.sort_unstable();
        calls_in_bursts(&times, within, least)
    };
    is_most(view, in_bursts, profile.calls)
}

/// How many of some ascending times lie among at least `least` that follow one
/// of them within a time.
fn calls_in_bursts(times: &[i64], within: Value, least: u64) -> u64 {
    // Millionths of a second are microseconds; infinity is the largest number.
    let within = within.millionths();
    let (mut end, mut counted) = (0, 0);
    let mut found = 0;
    for (first, start) in times.iter().enumerate() {
        while times.get(end).is_some_and(|time| time.saturating_sub(*start) <= within) {
            end += 1;
        }
        if (end - first) as u64 >= least {
            found += end - first.max(counted);
            counted = end;
        }
    }
    found as u64
}

/// Whether a part is at least the share that looks like a schedule.
fn is_most(view: &View<'_>, part: u64, whole: u64) -> bool {
    let share = view.assumptions.value(parameters::SCHEDULE_SHARE).millionths();
    let share = u128::try_from(share).unwrap_or(0);
    u128::from(part) * u128::from(Value::MILLION.unsigned_abs()) >= share * u128::from(whole)
        && whole > 0
}

#[cfg(test)]
mod tests {
    use super::calls_in_bursts;
    use crate::techniques::parameter::Value;

    #[test]
    fn every_call_of_a_burst_counts_once() {
        let seconds = |times: &[i64]| -> Vec<i64> { times.iter().map(|s| s * 1_000_000).collect() };
        let minute = Value::whole(60);
        // 0 to 60 holds three and 30 to 90 holds three: four calls, and the one
        // at 200 is alone.
        let times = seconds(&[0, 30, 60, 90, 200]);
        assert_eq!(calls_in_bursts(&times, minute, 3), 4);
        assert_eq!(calls_in_bursts(&times, minute, 4), 0);
        // A second beyond the minute is another burst.
        assert_eq!(calls_in_bursts(&seconds(&[0, 30, 61]), minute, 3), 0);
        assert_eq!(calls_in_bursts(&times, Value::INFINITE, 5), 5);
    }
}

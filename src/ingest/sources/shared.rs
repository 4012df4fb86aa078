//! Whether two files tell of the same traffic.
//!
//! Two systems that see the same calls agree on most of them; two that see
//! different ones agree by chance now and then, and often where calls are short
//! and alike (embeddings, labels of one word). So equal counts unite the records
//! of two files only if they do so for a good share of what the two could have
//! in common.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::ingest::batch::Packed;

use super::TOLERANCE;

/// One in so many of the calls that both files could tell must agree.
const ONE_IN: u64 = 4;

/// Takes apart groups whose files agree by chance. `counted` are the records
/// that equal counts could have united.
pub(super) fn keep_shared(groups: &mut Vec<Vec<u32>>, counted: &[u32], packed: &[Packed]) {
    let file_of = |index: u32| packed[index as usize].call.source.file;
    let mut agreed: FxHashMap<(u32, u32), u64> = FxHashMap::default();
    for group in &*groups {
        for [one, other] in pairs(group).map(|pair| pair.map(file_of)) {
            *agreed.entry((one.min(other), one.max(other))).or_default() += 1;
        }
    }
    let times = times(counted, &agreed, packed);
    agreed.retain(|(one, other), calls| {
        let (one, other) = (&times[one], &times[other]);
        let common = within(one, other).min(within(other, one));
        calls.saturating_mul(ONE_IN) >= common
    });
    for group in &mut *groups {
        let shares: Vec<u32> = group
            .iter()
            .copied()
            .filter(|index| {
                group.iter().filter(|other| *other != index).any(|other| {
                    let (one, other) = (file_of(*index), file_of(*other));
                    agreed.contains_key(&(one.min(other), one.max(other)))
                })
            })
            .collect();
        *group = shares;
    }
    groups.retain(|group| group.len() > 1);
}

/// Every two of a group.
fn pairs(group: &[u32]) -> impl Iterator<Item = [u32; 2]> {
    group.iter().enumerate().flat_map(|(at, one)| {
        let others = group.get(at + 1..).unwrap_or_default();
        others.iter().map(|other| [*one, *other])
    })
}

/// When the records of each file began, in order.
fn times(
    counted: &[u32],
    agreed: &FxHashMap<(u32, u32), u64>,
    packed: &[Packed],
) -> BTreeMap<u32, Vec<i64>> {
    let mut times: BTreeMap<u32, Vec<i64>> =
        agreed.keys().flat_map(|(one, other)| [*one, *other]).map(|file| (file, vec![])).collect();
    for index in counted {
        let call = &packed[*index as usize].call;
        if let (Some(times), Some(time)) = (times.get_mut(&call.source.file), call.time.get()) {
            times.push(time.micros);
        }
    }
    for times in times.values_mut() {
        times.sort_unstable();
    }
    times
}

/// How many of `times` lie in the time of `others`.
fn within(times: &[i64], others: &[i64]) -> u64 {
    let (Some(first), Some(last)) = (others.first(), others.last()) else { return 0 };
    let before = times.partition_point(|time| *time < first.saturating_sub(TOLERANCE));
    let until = times.partition_point(|time| *time <= last.saturating_add(TOLERANCE));
    until.saturating_sub(before) as u64
}

//! Settles which records are the same call, counts what became of each, and
//! brings everything into an order that depends on content alone.

use std::cmp::{Ordering, Reverse};

use rayon::prelude::*;

use crate::record::bucket::Bucket;
use crate::record::call::{Call, PackedUsage};
use crate::record::component::Component;
use crate::record::log::FileAccount;
use crate::record::symbol::Strings;
use crate::record::usage::{CacheWrites, Usage};
use crate::units::Tokens;

use super::batch::Packed;

/// A call that stays, with the components that its records stated.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) packed: Packed,
    pub(super) stated: Vec<(Component, Tokens)>,
}

/// What is left after duplicates are settled.
pub(super) struct Merged {
    /// The calls that stay.
    pub(super) kept: Vec<Kept>,
    /// For each record that was pushed, the position of the call that stands
    /// for it.
    pub(super) kept_of: Vec<u32>,
    /// Per dropped record: its file and what it was.
    dropped: Vec<(u32, Dropped)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Dropped {
    Duplicate,
    DuplicateChild,
    Part,
}

/// Drops every record that restates another one.
pub(super) fn duplicates(packed: Vec<Packed>) -> Merged {
    let mut keyed: Vec<(u128, u32)> = (0..)
        .zip(&packed)
        .filter_map(|(index, packed)| Some((packed.identity.key?, index)))
        .collect();
    keyed.par_sort_unstable();
    let mut stands_for: Vec<u32> = (0..).take(packed.len()).collect();
    let mut stated: Vec<(u32, Vec<(Component, Tokens)>, Usage)> = Vec::new();
    let mut dropped = Vec::new();
    for group in keyed.chunk_by(|left, right| left.0 == right.0).filter(|group| group.len() > 1) {
        for same in same_call(group, &packed) {
            settle(&same, &packed, &mut stands_for, &mut dropped, &mut stated);
        }
    }
    let mut position = vec![0_u32; packed.len()];
    let mut kept = Vec::with_capacity(packed.len() - dropped.len());
    for (index, packed) in packed.into_iter().enumerate() {
        if stands_for[index] as usize == index {
            position[index] = u32::try_from(kept.len()).unwrap_or(u32::MAX);
            let alone = packed.component.map(|component| (component, total(&packed.call)));
            kept.push(Kept { packed, stated: alone.into_iter().collect() });
        }
    }
    for (index, components, usage) in stated {
        if let Some(kept) = kept.get_mut(position[index as usize] as usize) {
            kept.stated = components;
            if let Some(usage) = PackedUsage::new(&usage) {
                kept.packed.call.usage = usage;
            }
        }
    }
    let kept_of = stands_for.iter().map(|index| position[*index as usize]).collect();
    Merged { kept, kept_of, dropped }
}

/// Splits records that share their first id by the second one, where all of
/// them carry it; a record without it, or on a side chain, joins any.
fn same_call(group: &[(u128, u32)], packed: &[Packed]) -> Vec<Vec<u32>> {
    let indices: Vec<u32> = group.iter().map(|(_, index)| *index).collect();
    let second = |index: &u32| packed[*index as usize].identity.second;
    let any_joins = indices
        .iter()
        .any(|index| second(index).is_none() || packed[*index as usize].call.flags.sidechain);
    if any_joins {
        return vec![indices];
    }
    let mut sorted = indices;
    sorted.sort_unstable_by_key(|index| (second(index), *index));
    sorted.chunk_by(|left, right| second(left) == second(right)).map(<[u32]>::to_vec).collect()
}

fn total(call: &Call) -> Tokens {
    let usage = call.usage.get();
    usage.input.unwrap_or_default() + usage.output.unwrap_or_default()
}

/// Chooses the record that stays: not of a side chain, then the largest total
/// (streams log partial counts first), then the first of the file.
fn settle(
    same: &[u32],
    packed: &[Packed],
    stands_for: &mut [u32],
    dropped: &mut Vec<(u32, Dropped)>,
    stated: &mut Vec<(u32, Vec<(Component, Tokens)>, Usage)>,
) {
    let rank = |index: &u32| {
        let Packed { call, content, component, .. } = &packed[*index as usize];
        let settled = call.latency_milliseconds.get().is_some() || call.finish != Default::default();
        (component.is_none(), !call.flags.sidechain, total(call), settled, Reverse(call.source), *content)
    };
    let Some(&best) = same.iter().max_by_key(|index| rank(index)) else { return };
    let mut parts: Vec<(Component, u32)> = same
        .iter()
        .filter_map(|index| Some((packed[*index as usize].component?, *index)))
        .collect();
    parts.sort_unstable_by_key(|(component, index)| (*component, Reverse(rank(index))));
    parts.dedup_by_key(|(component, _)| *component);
    for &index in same {
        stands_for[index as usize] = best;
        if index != best {
            let call = &packed[index as usize].call;
            let what = if parts.iter().any(|(_, part)| *part == index) {
                Dropped::Part
            } else if call.flags.child {
                Dropped::DuplicateChild
            } else {
                Dropped::Duplicate
            };
            dropped.push((call.source.file, what));
        }
    }
    if !parts.is_empty() {
        let components =
            parts.iter().map(|(part, index)| (*part, total(&packed[*index as usize].call))).collect();
        let whole = &packed[best as usize];
        let usage = if whole.component.is_none() {
            whole.call.usage.get()
        } else {
            parts.iter().fold(Usage::default(), |sum, (_, index)| {
                add(sum, &packed[*index as usize].call.usage.get())
            })
        };
        stated.push((best, components, usage));
    }
}

/// Adds the counters of two parts of one call; unknown plus known is known.
fn add(left: Usage, right: &Usage) -> Usage {
    let sum = |left: Option<Tokens>, right: Option<Tokens>| match (left, right) {
        (Some(left), Some(right)) => Some(left + right),
        (one, other) => one.or(other),
    };
    let writes = match (left.cache_write, right.cache_write) {
        (Some(left), Some(right)) => Some(CacheWrites {
            unstated: left.unstated + right.unstated,
            short: add_named(left.short, right.short),
            long: add_named(left.long, right.long),
        }),
        (one, other) => one.or(other),
    };
    Usage {
        input: sum(left.input, right.input),
        cache_read: sum(left.cache_read, right.cache_read),
        cache_write: writes,
        output: sum(left.output, right.output),
        reasoning: sum(left.reasoning, right.reasoning),
    }
}

fn add_named<T>(left: Option<(T, Tokens)>, right: Option<(T, Tokens)>) -> Option<(T, Tokens)> {
    match (left, right) {
        (Some((ttl, left)), Some((_, right))) => Some((ttl, left + right)),
        (one, other) => one.or(other),
    }
}

/// Enters what became of every record into the files' accounts.
pub(super) fn count(merged: &Merged, buckets: &[Bucket], files: &mut [FileAccount]) {
    for Kept { packed, .. } in &merged.kept {
        if let Some(file) = files.get_mut(packed.call.source.file as usize) {
            if packed.call.flags.child {
                file.child_calls += 1;
            } else {
                file.calls += 1;
            }
        }
    }
    for (file, what) in &merged.dropped {
        let Some(file) = files.get_mut(*file as usize) else { continue };
        match what {
            Dropped::Duplicate => file.duplicates += 1,
            Dropped::DuplicateChild => {}
            Dropped::Part => {
                file.ignore("another component of a call already counted", 1);
                file.joined += 1;
            }
        }
    }
    for bucket in buckets {
        if let Some(file) = files.get_mut(bucket.source.file as usize) {
            file.calls += 1;
            file.buckets += 1;
        }
    }
}

/// Sorts calls by time, then id, then logged values, then content. Calls
/// without a time come last, those on a clock without a date before them.
pub(super) fn sort(kept: &mut [Kept], strings: &Strings) {
    kept.par_sort_unstable_by(|left, right| order(&left.packed, &right.packed, strings));
}

fn order(left: &Packed, right: &Packed, strings: &Strings) -> Ordering {
    let time = |packed: &Packed| {
        let time = packed.call.time.get();
        (time.is_none(), time)
    };
    let text = |packed: &Packed, pick: fn(&Call) -> Option<crate::record::symbol::Symbol>| {
        strings.text_of(pick(&packed.call)).map(str::to_owned)
    };
    let values = |packed: &Packed| {
        let usage = packed.call.usage.get();
        (usage.input, usage.output, usage.cache_read, usage.cache_write, usage.reasoning)
    };
    time(left)
        .cmp(&time(right))
        .then_with(|| text(left, |call| call.request_id).cmp(&text(right, |call| call.request_id)))
        .then_with(|| text(left, |call| call.conversation).cmp(&text(right, |call| call.conversation)))
        .then_with(|| text(left, |call| call.model).cmp(&text(right, |call| call.model)))
        .then_with(|| values(left).cmp(&values(right)))
        .then_with(|| left.call.flags.child.cmp(&right.call.flags.child))
        .then_with(|| left.content.cmp(&right.content))
}

/// Sorts buckets by period and dimensions.
pub(super) fn sort_buckets(buckets: &mut [Bucket], strings: &Strings) {
    buckets.sort_by(|left, right| {
        let key = |bucket: &Bucket| {
            let text = |symbol| strings.text_of(symbol).map(str::to_owned);
            (
                (bucket.start.is_none(), bucket.start, bucket.end, bucket.tier),
                (text(bucket.model), text(bucket.account), text(bucket.user), text(bucket.region)),
                (bucket.usage.input, bucket.usage.output, bucket.calls),
            )
        };
        key(left).cmp(&key(right))
    });
}

/// The components that records stated, by the final position of their call.
pub(super) fn stated(kept: &[Kept]) -> Vec<(u32, Vec<(Component, Tokens)>)> {
    (0..)
        .zip(kept)
        .filter(|(_, kept)| !kept.stated.is_empty())
        .map(|(index, kept)| (index, kept.stated.clone()))
        .collect()
}

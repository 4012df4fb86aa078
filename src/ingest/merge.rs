//! Settles which records are the same call, counts what became of each, and
//! brings everything into an order that depends on content alone.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;
use std::num::NonZeroU128;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::record::call::{Call, Finish, PackedUsage};
use crate::record::component::Component;
use crate::record::log::{FileAccount, Note};
use crate::record::prompt::Prompt;
use crate::record::symbol::{Strings, Symbol};
use crate::record::usage::{CacheWrites, Usage};
use crate::units::{Moment, Tokens};

use super::batch::{Packed, Stated};
use super::fill::fill;
use super::sources;
use super::span_tree::{How, Place, Restating, Tree};

/// What is left after duplicates are settled.
pub(super) struct Merged {
    /// The calls that stay.
    pub(super) kept: Vec<Packed>,
    /// For each record that was pushed, the position of the call that stands
    /// for it.
    pub(super) kept_of: Vec<u32>,
    /// Spans that restate the calls inside them with other numbers.
    pub(super) restated_otherwise: u64,
    /// Per dropped record: its file and what it was.
    dropped: Vec<(u32, Dropped)>,
}

impl Merged {
    /// What is worth saying of calls that were told twice.
    pub(super) fn notes(&self) -> impl Iterator<Item = Note> {
        let differing =
            self.dropped.iter().filter(|(_, what)| *what == Dropped::Restated { agrees: false });
        let notes = [
            Note {
                code: "SOURCES_DISAGREE",
                message: "calls that two systems logged differ in their token counts; the larger \
                          ones were kept",
                records: differing.count() as u64,
            },
            Note {
                code: "RESTATED_OTHERWISE",
                message: "spans around the calls that they restate count other tokens than those; \
                          the inner counts are used",
                records: self.restated_otherwise,
            },
        ];
        notes.into_iter().filter(|note| note.records > 0)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Dropped {
    Duplicate,
    /// Seen by another system too; whether both count alike.
    Restated {
        agrees: bool,
    },
    DuplicateChild,
    Part,
    Restating,
}

/// Drops every record that restates another one. `formats` are those of the
/// files; `needs_kept_of` says whether anyone will ask which call stands for a
/// record.
pub(super) fn duplicates(
    mut packed: Vec<Packed>,
    formats: &[&'static str],
    (strings, prompts): (&Strings, &[Prompt]),
    spans: Vec<Place>,
    needs_kept_of: bool,
) -> Merged {
    let mut keyed: Vec<(NonZeroU128, u32)> = (0..)
        .zip(&packed)
        .filter_map(|(index, packed)| Some((packed.identity.key()?, index)))
        .collect();
    keyed.par_sort_unstable();
    let mut settled = Settled::default();
    for group in keyed.chunk_by(|left, right| left.0 == right.0).filter(|group| group.len() > 1) {
        for same in same_call(group, &packed, prompts) {
            settle_call(&same, &mut packed, formats, &mut settled);
        }
    }
    drop(keyed);
    settled.state(&mut packed);
    let restated_otherwise = settle_spans(spans, &mut packed, &mut settled);
    let dropped = &settled.stands_for;
    let is_open = |index: u32| !dropped.contains_key(&index);
    let restated = sources::restated(&mut packed, is_open, formats, strings);
    settled.restate(restated, &packed);
    let kept_of = if needs_kept_of { kept_of(&packed, &settled.stands_for) } else { Vec::new() };
    if !settled.stands_for.is_empty() {
        let mut index = 0;
        packed.retain(|_| {
            index += 1;
            !settled.stands_for.contains_key(&(index - 1))
        });
    }
    Merged { kept: packed, kept_of, restated_otherwise, dropped: settled.dropped }
}

/// Drops calls of traces that are told twice: by two records of one span, or by
/// a span around the calls that it restates. How many of the latter count
/// otherwise than those.
fn settle_spans(mut spans: Vec<Place>, packed: &mut [Packed], settled: &mut Settled) -> u64 {
    spans.sort_unstable();
    let mut calls: Vec<u32> = spans.iter().filter_map(|place| place.call).collect();
    let mut tree = Tree::new(spans, |call| stands_for(&settled.stands_for, call));
    for mut same in tree.told_twice() {
        // Two spans may be told by the same two calls.
        for call in &mut same {
            *call = stands_for(&settled.stands_for, *call);
        }
        same.sort_unstable();
        same.dedup();
        if same.len() > 1 {
            settle(&same, packed, settled);
        }
    }
    // What is filled in first stays: by content, as positions hang on the order
    // of files.
    calls.sort_by_key(|call| packed[*call as usize].content);
    for call in calls {
        fill_from(packed, stands_for(&settled.stands_for, call), call);
    }
    tree.follow(|call| stands_for(&settled.stands_for, call));
    let found = tree.restating(packed);
    settled.stands_for.extend(found.iter().map(|found| (found.dropped, found.kept)));
    let mut otherwise = 0;
    let mut same = Vec::new();
    for Restating { dropped, kept, how } in found {
        let what = if how == How::Same { Dropped::Duplicate } else { Dropped::Restating };
        settled.dropped.push((packed[dropped as usize].call.source.file, what));
        otherwise += u64::from(how == How::Otherwise);
        if how == How::Same {
            let (kept, steps) = stands_for_after(&settled.stands_for, kept);
            same.push((steps, packed[dropped as usize].content, dropped, kept));
        }
    }
    // The nearest telling speaks first.
    same.sort_unstable();
    for (.., dropped, kept) in same {
        fill_from(packed, kept, dropped);
    }
    otherwise
}

/// Fills one call from another telling of it.
fn fill_from(packed: &mut [Packed], kept: u32, dropped: u32) {
    if kept != dropped {
        let other = packed[dropped as usize].call.clone();
        fill(&mut packed[kept as usize].call, &other);
    }
}

/// The record that stands for one that may have been dropped.
fn stands_for(settled: &FxHashMap<u32, u32>, index: u32) -> u32 {
    stands_for_after(settled, index).0
}

/// The same with the number of records between them.
fn stands_for_after(settled: &FxHashMap<u32, u32>, mut index: u32) -> (u32, u32) {
    let mut steps = 0;
    while let Some(best) = settled.get(&index) {
        index = *best;
        steps += 1;
    }
    (index, steps)
}

/// For a record whose call is kept with a prompt of its own: no other needs to
/// be put together.
const ELSEWHERE: u32 = u32::MAX;

/// For each record, the position among the kept of the call that stands for it.
fn kept_of(packed: &[Packed], stands_for: &FxHashMap<u32, u32>) -> Vec<u32> {
    let mut kept = 0;
    let mut positions: Vec<u32> = (0..)
        .take(packed.len())
        .map(|index: u32| {
            let position = kept;
            kept += u32::from(!stands_for.contains_key(&index));
            position
        })
        .collect();
    for (index, record) in (0..).zip(packed) {
        let best = self::stands_for(stands_for, index);
        let has_prompt = |index: u32| packed[index as usize].call.prompt.is_some();
        positions[index as usize] = if has_prompt(best) && record.call.prompt.is_none() {
            ELSEWHERE
        } else {
            positions[best as usize]
        };
    }
    positions
}

/// What settling found out.
#[derive(Default)]
struct Settled {
    /// For each dropped record, the record that stays instead.
    stands_for: FxHashMap<u32, u32>,
    /// Per dropped record: its file and what it was.
    dropped: Vec<(u32, Dropped)>,
    /// Calls made of parts: their components and the sum of their counters.
    stated: Vec<(u32, Stated, Usage)>,
}

impl Settled {
    /// Gives calls made of parts their components and their sums, before other
    /// records fill in what is open.
    fn state(&mut self, packed: &mut [Packed]) {
        for packed in &mut *packed {
            if let Some(component) = packed.component {
                packed.stated = Some(Box::new(vec![(component, total(&packed.call))]));
            }
        }
        for (index, components, usage) in std::mem::take(&mut self.stated) {
            let packed = &mut packed[index as usize];
            packed.stated = Some(Box::new(components));
            if let Some(usage) = PackedUsage::new(&usage) {
                packed.call.usage = usage;
            }
        }
    }

    /// Takes out the records of calls that other systems logged too.
    fn restate(&mut self, restated: Vec<sources::Restated>, packed: &[Packed]) {
        for sources::Restated { dropped, kept, agrees } in restated {
            self.stands_for.insert(dropped, kept);
            let file = packed[dropped as usize].call.source.file;
            self.dropped.push((file, Dropped::Restated { agrees }));
        }
    }
}

/// Splits records that share their first id by the second one, where all of
/// them carry it; a record without it, or on a side chain, joins any.
fn same_call(group: &[(NonZeroU128, u32)], packed: &[Packed], prompts: &[Prompt]) -> Vec<Vec<u32>> {
    let indices: Vec<u32> = group.iter().map(|(_, index)| *index).collect();
    let second = |index: &u32| packed[*index as usize].identity.second();
    let any_joins = indices
        .iter()
        .any(|index| second(index).is_none() || packed[*index as usize].call.flags.sidechain);
    if any_joins {
        return same_request(&indices, packed, prompts);
    }
    let mut sorted = indices;
    sorted.sort_unstable_by_key(|index| (second(index), *index));
    sorted
        .chunk_by(|left, right| second(left) == second(right))
        .flat_map(|same| same_request(same, packed, prompts))
        .collect()
}

/// Logs made anonymous, and test servers, put one id on many answers: records
/// that differ both in what was asked and in what was billed are told apart,
/// where all of them were logged with their requests.
fn same_request(indices: &[u32], packed: &[Packed], prompts: &[Prompt]) -> Vec<Vec<u32>> {
    let request = |index: u32| {
        let id = packed[index as usize].call.prompt?;
        prompts.get(id.0 as usize).map(|prompt| prompt.request_hash).filter(|hash| *hash != 0)
    };
    let counts = |index: u32| {
        let usage = packed[index as usize].call.usage.get();
        (usage.input, usage.output)
    };
    if indices.iter().any(|index| request(*index).is_none()) {
        return vec![indices.to_vec()];
    }
    // Records are joined by their request and by their counts, and so by any
    // chain of the two.
    let mut parents: Vec<usize> = (0..indices.len()).collect();
    let (mut requests, mut billed) = (FxHashMap::default(), FxHashMap::default());
    for (position, &index) in indices.iter().enumerate() {
        for other in [
            *requests.entry(request(index)).or_insert(position),
            *billed.entry(counts(index)).or_insert(position),
        ] {
            let (own, other) = (root(&mut parents, position), root(&mut parents, other));
            parents[own.max(other)] = own.min(other);
        }
    }
    let mut calls: Vec<(usize, u32)> = (0..)
        .zip(indices)
        .map(|(position, index)| (root(&mut parents, position), *index))
        .collect();
    calls.sort_unstable();
    calls
        .chunk_by(|left, right| left.0 == right.0)
        .map(|same| same.iter().map(|(_, index)| *index).collect())
        .collect()
}

/// The first of the positions that one is joined with.
fn root(parents: &mut [usize], mut at: usize) -> usize {
    while parents[at] != at {
        parents[at] = parents[parents[at]];
        at = parents[at];
    }
    at
}

/// Settles the records of one call: those of one format by what they count; the
/// best of each format then fill each other.
fn settle_call(
    same: &[u32],
    packed: &mut [Packed],
    formats: &[&'static str],
    settled: &mut Settled,
) {
    let format_of = |index: u32| sources::format_of(&packed[index as usize], formats);
    let first = same.first().map(|index| format_of(*index));
    let is_one_format = same.iter().all(|index| Some(format_of(*index)) == first);
    if is_one_format || !same.iter().all(|index| sources::can_be_restated(&packed[*index as usize]))
    {
        return settle(same, packed, settled);
    }
    let mut told: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for &index in same {
        told.entry(format_of(index)).or_default().push(index);
    }
    let best = |same: Vec<u32>| {
        settle(&same, packed, settled);
        same.first().map(|index| stands_for(&settled.stands_for, *index))
    };
    let best: Vec<u32> = told.into_values().filter_map(best).collect();
    let mut restated = Vec::new();
    sources::unite(&best, packed, formats, &mut restated);
    settled.restate(restated, packed);
}

fn total(call: &Call) -> Tokens {
    let usage = call.usage.get();
    usage.input.unwrap_or_default() + usage.output.unwrap_or_default()
}

/// Chooses the record that stays: not of a side chain, then the largest total
/// (streams log partial counts first), then the earliest, then by file and
/// content: only records that are equal in all of that are told by position.
fn settle(same: &[u32], packed: &[Packed], settled: &mut Settled) {
    let rank = |index: &u32| {
        let Packed { call, content, component, .. } = &packed[*index as usize];
        let complete = call.latency_milliseconds.get().is_some() || call.finish != Finish::Unknown;
        (
            component.is_none(),
            !call.flags.sidechain,
            total(call),
            complete,
            Reverse(call.time.get()),
            Reverse(call.source.file),
            *content,
            Reverse(call.source.line),
        )
    };
    let Some(&best) = same.iter().max_by_key(|index| rank(index)) else { return };
    let mut parts: Vec<(Component, u32)> = same
        .iter()
        .filter_map(|index| Some((packed[*index as usize].component?, *index)))
        .collect();
    parts.sort_unstable_by_key(|(component, index)| (*component, Reverse(rank(index))));
    parts.dedup_by_key(|(component, _)| *component);
    for &index in same {
        if index != best {
            settled.stands_for.insert(index, best);
            let call = &packed[index as usize].call;
            let what = if parts.iter().any(|(_, part)| *part == index) {
                Dropped::Part
            } else if call.flags.child {
                Dropped::DuplicateChild
            } else {
                Dropped::Duplicate
            };
            settled.dropped.push((call.source.file, what));
        }
    }
    if !parts.is_empty() {
        let components = parts
            .iter()
            .map(|(part, index)| (*part, total(&packed[*index as usize].call)))
            .collect();
        let whole = &packed[best as usize];
        let usage = if whole.component.is_none() {
            whole.call.usage.get()
        } else {
            parts.iter().fold(Usage::default(), |sum, (_, index)| {
                add(&sum, &packed[*index as usize].call.usage.get())
            })
        };
        settled.stated.push((best, components, usage));
    }
}

/// Adds the counters of two parts of one call; unknown plus known is known.
fn add(left: &Usage, right: &Usage) -> Usage {
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
        audio_input: sum(left.audio_input, right.audio_input),
        audio_output: sum(left.audio_output, right.audio_output),
    }
}

fn add_named<T>(left: Option<(T, Tokens)>, right: Option<(T, Tokens)>) -> Option<(T, Tokens)> {
    match (left, right) {
        (Some((ttl, left)), Some((_, right))) => Some((ttl, left + right)),
        (one, other) => one.or(other),
    }
}

/// Whether a file is a table that tokopt made of a log.
pub(super) fn is_table(file: &FileAccount) -> bool {
    file.format.starts_with(super::tokopt_table::ID)
}

/// Enters what became of every record into the files' accounts.
pub(super) fn count(merged: &Merged, files: &mut [FileAccount]) {
    for packed in &merged.kept {
        if let Some(file) = files.get_mut(packed.call.source.file as usize) {
            // In a table of calls every call has a row of its own.
            if packed.call.flags.child && !is_table(file) {
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
            Dropped::Restated { .. } => {
                file.duplicates += 1;
                file.restated += 1;
            }
            Dropped::DuplicateChild => file.duplicates += u64::from(is_table(file)),
            Dropped::Restating => file.ignore("span that restates the calls inside it", 1),
            Dropped::Part => {
                file.ignore("another component of a call already counted", 1);
                file.joined += 1;
            }
        }
    }
}

/// Sorts calls by time, then id, then logged values, then content. Calls
/// without a time come last, those on a clock without a date before them.
pub(super) fn sort(kept: &mut [Packed], strings: &Strings) {
    if kept.windows(2).all(|pair| time_of(&pair[0]) < time_of(&pair[1])) {
        return;
    }
    kept.par_sort_unstable_by(|left, right| order(left, right, strings));
}

fn time_of(packed: &Packed) -> (bool, Option<Moment>) {
    let time = packed.call.time.get();
    (time.is_none(), time)
}

fn order(left: &Packed, right: &Packed, strings: &Strings) -> Ordering {
    let by_text = |pick: fn(&Call) -> Option<Symbol>| {
        strings.text_of(pick(&left.call)).cmp(&strings.text_of(pick(&right.call)))
    };
    let values = |packed: &Packed| {
        let usage = packed.call.usage.get();
        (usage.input, usage.output, usage.cache_read, usage.cache_write, usage.reasoning)
    };
    time_of(left)
        .cmp(&time_of(right))
        .then_with(|| by_text(|call| call.request_id))
        .then_with(|| by_text(|call| call.conversation))
        .then_with(|| by_text(|call| call.model))
        .then_with(|| values(left).cmp(&values(right)))
        .then_with(|| left.call.flags.child.cmp(&right.call.flags.child))
        .then_with(|| left.content.cmp(&right.content))
}

/// The components that records stated, by the final position of their call.
pub(super) fn stated(kept: &mut [Packed]) -> Vec<(u32, Stated)> {
    (0..).zip(kept).filter_map(|(index, packed)| Some((index, *packed.stated.take()?))).collect()
}

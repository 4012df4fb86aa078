//! The same call seen by two systems, a gateway and a tracer say, is one call.
//!
//! Two records are one call where they carry the provider's own id of the
//! answer. Where at least one of them lacks it, and they come from logs of
//! different formats, they are one call if model, input and output tokens are
//! equal and one began while the other ran, give or take [`TOLERANCE`]. Within
//! one format equal counts prove nothing: two calls can be alike. Neither do
//! they between two files that hardly ever agree: see [`shared`].
//!
//! Of the records of one call the one that says most stays. What it leaves
//! open is filled in from the others; what it says is never changed, except
//! that where counts differ the larger ones are kept.

mod shared;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU128;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::record::call::Call;
use crate::record::symbol::{Strings, Symbol};
use crate::record::usage::Usage;
use crate::units::{Clock, Tokens};

use super::batch::Packed;
use super::fill::fill;

/// How far the clocks of two systems may differ, in microseconds: two seconds.
/// Gateways and tracers of one deployment agree far better; times in whole
/// seconds (`created` of an answer) alone can be off by one.
pub(super) const TOLERANCE: i64 = 2_000_000;

/// A record and the record of the same call that stays instead.
pub(super) struct Restated {
    pub(super) dropped: u32,
    pub(super) kept: u32,
    /// Whether both count the same input and output.
    pub(super) agrees: bool,
}

/// Finds, among the records that `is_open` names, those that restate a call
/// another system logged. `formats` are those of the files.
pub(super) fn restated(
    packed: &mut [Packed],
    is_open: impl Fn(u32) -> bool,
    formats: &[&'static str],
    strings: &Strings,
) -> Vec<Restated> {
    let mut found = Vec::new();
    let mut gone = vec![false; if has_foreign_ids(packed) { packed.len() } else { 0 }];
    if !gone.is_empty() {
        for group in by_response(packed, &is_open, formats) {
            unite(&group, packed, formats, &mut found);
        }
        for restated in &found {
            gone[restated.dropped as usize] = true;
        }
    }
    let known: FxHashSet<u32> = found.iter().map(|restated| restated.kept).collect();
    let is_open = |index: u32| is_open(index) && gone.get(index as usize) != Some(&true);
    for group in by_counts(packed, is_open, &known, formats, strings) {
        unite(&group, packed, formats, &mut found);
    }
    found
}

/// Whether any record's id of the answer is another one than its own id. Where
/// none is, records that share one have been settled as duplicates.
fn has_foreign_ids(packed: &[Packed]) -> bool {
    packed.iter().any(|packed| {
        let identity = packed.identity;
        identity.response().is_some() && identity.response() != identity.key()
    })
}

/// A call that was split off another has no answer of its own.
pub(super) fn can_be_restated(packed: &Packed) -> bool {
    !packed.call.flags.child && packed.component.is_none()
}

/// Groups of records with one id of the answer. A gateway that answers from
/// its own cache hands out an old answer with its old id: no such record is
/// among them.
fn by_response(
    packed: &[Packed],
    is_open: impl Fn(u32) -> bool,
    formats: &[&'static str],
) -> Vec<Vec<u32>> {
    let mut keyed: Vec<(NonZeroU128, u32)> = (0..)
        .zip(packed)
        .filter(|(index, packed)| is_open(*index) && can_be_restated(packed))
        .filter(|(_, packed)| !packed.call.flags.gateway_cache_hit)
        .filter_map(|(index, packed)| Some((packed.identity.response()?, index)))
        .collect();
    keyed.sort_unstable();
    keyed
        .chunk_by(|left, right| left.0 == right.0)
        .filter(|group| group.len() > 1)
        .flat_map(|group| answers(group.iter().map(|(_, index)| *index).collect(), packed, formats))
        .collect()
}

/// The answers behind one id. Logs made anonymous, and test servers, put one id
/// on many answers: those that one system tells apart are not united by it,
/// unless what was billed is the same.
fn answers(mut group: Vec<u32>, packed: &[Packed], formats: &[&'static str]) -> Vec<Vec<u32>> {
    let counts = |index: u32| {
        let usage = packed[index as usize].call.usage.get();
        (usage.input, usage.output)
    };
    group.sort_unstable_by_key(|index| {
        let record = &packed[*index as usize];
        (format_of(record, formats), record.call.time.get(), record.content, record.call.source)
    });
    let is_told_apart = group.windows(2).any(|pair| {
        let [left, right] = [pair[0], pair[1]].map(|index| &packed[index as usize]);
        let are_counted = [left, right].iter().all(|record| record.call.usage.get().is_reported());
        format_of(left, formats) == format_of(right, formats)
            && are_counted
            && counts(pair[0]) != counts(pair[1])
            && !is_while(&left.call, &right.call)
    });
    if !is_told_apart && !any_known_apart(&group, packed) {
        return vec![group];
    }
    group.sort_by_key(|index| counts(*index));
    group
        .chunk_by(|left, right| counts(*left) == counts(*right))
        .filter(|same| same.len() > 1 && !any_known_apart(same, packed))
        .map(<[u32]>::to_vec)
        .collect()
}

/// Whether two records share their own id and were yet found to be two calls.
fn any_known_apart(group: &[u32], packed: &[Packed]) -> bool {
    let mut keys: Vec<NonZeroU128> =
        group.iter().filter_map(|index| packed[*index as usize].identity.key()).collect();
    keys.sort_unstable();
    keys.windows(2).any(|pair| pair[0] == pair[1])
}

/// What must be equal in two records that no id connects.
type Counts = (Symbol, Tokens, Tokens);

/// Groups of records of different formats with equal counts at one time;
/// `known` are calls that an id has united already.
fn by_counts(
    packed: &[Packed],
    is_open: impl Fn(u32) -> bool,
    known: &FxHashSet<u32>,
    formats: &[&'static str],
    strings: &Strings,
) -> Vec<Vec<u32>> {
    let format_of = |index: u32| format_of(&packed[index as usize], formats);
    let open = |index: &u32| is_open(*index) && can_be_restated(&packed[*index as usize]);
    let mut indices = (0..).zip(packed).map(|(index, _)| index).filter(open).peekable();
    let first = indices.peek().map(|index| format_of(*index));
    let indices: Vec<u32> = indices.collect();
    if indices.iter().all(|index| Some(format_of(*index)) == first) {
        return Vec::new();
    }
    let mut models = Models { strings, plain: FxHashMap::default(), names: FxHashMap::default() };
    let mut alike: FxHashMap<Counts, Vec<u32>> = FxHashMap::default();
    let mut counted = Vec::new();
    for index in indices {
        if let Some(counts) = models.counts(&packed[index as usize].call) {
            alike.entry(counts).or_default().push(index);
            counted.push(index);
        }
    }
    let mut groups: Vec<Vec<u32>> = Vec::new();
    for mut alike in alike.into_values() {
        let first = alike.first().map(|index| format_of(*index));
        if alike.iter().any(|index| Some(format_of(*index)) != first) {
            alike.sort_unstable_by_key(|index| {
                let Packed { call, content, .. } = &packed[*index as usize];
                (call.time.get(), format_of(*index), *content, call.source)
            });
            groups.extend(together(&alike, packed, formats));
        }
    }
    if !groups.is_empty() {
        counted.retain(|index| !known.contains(index));
        shared::keep_shared(&mut groups, &counted, packed);
    }
    groups
}

/// What calls still lack, and so can be joined by: the formats of their
/// records, and whether one of them has an id of the answer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Told<'a> {
    formats: [Option<&'a str>; FORMATS],
    has_id: bool,
}

/// Systems that see one call at the most: those behind it are not united.
const FORMATS: usize = 4;

/// Cuts records of equal counts, sorted by time, into calls: of the calls that
/// were running then and have none of its format yet, a record joins the one
/// that was over first.
fn together(alike: &[u32], packed: &[Packed], formats: &[&'static str]) -> Vec<Vec<u32>> {
    let mut calls: Vec<Vec<u32>> = Vec::new();
    // Calls that can be joined still, by their end.
    let mut open: BTreeMap<Told<'_>, BTreeSet<(i64, usize)>> = BTreeMap::new();
    for &index in alike {
        let record = &packed[index as usize];
        let format = format_of(record, formats);
        let has_id = record.identity.response().is_some();
        let Some((begun, end)) = span_of(&record.call) else { continue };
        let mut found = None;
        for (told, waiting) in &mut open {
            // What is over now is over for all that begin later.
            while waiting.first().is_some_and(|(end, _)| *end < begun) {
                waiting.pop_first();
            }
            let can_join = !(told.has_id && has_id)
                && told.formats.contains(&None)
                && !told.formats.contains(&Some(format));
            if let Some(first) = waiting.first().filter(|_| can_join)
                && found.is_none_or(|(best, _)| *first < best)
            {
                found = Some((*first, *told));
            }
        }
        let (end, call, mut told) = match found {
            Some((first, told)) => {
                if let Some(waiting) = open.get_mut(&told) {
                    waiting.remove(&first);
                }
                calls[first.1].push(index);
                (end.min(first.0), first.1, told)
            }
            None => {
                calls.push(vec![index]);
                (end, calls.len() - 1, Told { formats: [None; FORMATS], has_id: false })
            }
        };
        if let Some(free) = told.formats.iter_mut().find(|known| known.is_none()) {
            *free = Some(format);
        }
        told.formats.sort_unstable();
        told.has_id |= has_id;
        open.entry(told).or_default().insert((end, call));
    }
    calls.retain(|group| group.len() > 1);
    calls
}

/// From when on a call ran, and until when another record of it may begin.
fn span_of(call: &Call) -> Option<(i64, i64)> {
    let begun = call.time.get()?.micros;
    let latency = call.latency_milliseconds.get().unwrap_or_default();
    let latency = i64::try_from(latency).unwrap_or_default().saturating_mul(1_000);
    Some((begun, begun.saturating_add(latency).saturating_add(TOLERANCE)))
}

/// Whether `later` began while `earlier` ran.
fn is_while(earlier: &Call, later: &Call) -> bool {
    let (Some((_, end)), Some((begun, _))) = (span_of(earlier), span_of(later)) else {
        return false;
    };
    let clock = |call: &Call| call.time.get().map(|time| time.clock);
    clock(earlier) == clock(later) && begun <= end
}

/// The format of the file that a record stands in.
pub(super) fn format_of(packed: &Packed, formats: &[&'static str]) -> &'static str {
    formats.get(packed.call.source.file as usize).copied().unwrap_or_default()
}

/// Models by the name that two systems share: one may log `openai/gpt-4o`, the
/// other the dated snapshot that answered.
struct Models<'a> {
    strings: &'a Strings,
    plain: FxHashMap<Symbol, Symbol>,
    names: FxHashMap<String, Symbol>,
}

impl Models<'_> {
    fn counts(&mut self, call: &Call) -> Option<Counts> {
        let usage = call.usage.get();
        let dated = call.time.get().is_some_and(|time| time.clock == Clock::Dated);
        let (input, output) = (usage.input?, usage.output?);
        (dated && input > Tokens::ZERO)
            .then(|| Some((self.plain(call.model?), input, output)))
            .flatten()
    }

    fn plain(&mut self, model: Symbol) -> Symbol {
        let (strings, names) = (self.strings, &mut self.names);
        *self
            .plain
            .entry(model)
            .or_insert_with(|| *names.entry(plain(strings.text(model))).or_insert(model))
    }
}

/// A model's name without the seller before it and the date behind it.
fn plain(model: &str) -> String {
    let name = model.rsplit('/').next().unwrap_or(model).to_ascii_lowercase();
    let name = name.split('@').next().unwrap_or(&name);
    // `:free`, `:0` are how it is sold; `:8b` is another model.
    let of_one_kind = |text: &str| {
        text.bytes().all(|byte| byte.is_ascii_digit())
            || text.bytes().all(|byte| byte.is_ascii_alphabetic())
    };
    let sold = name.split_once(':').filter(|(_, as_what)| of_one_kind(as_what));
    let name = sold.map_or(name, |(name, _)| name);
    let is_date = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let dates = [name.len().checked_sub(9), name.len().checked_sub(11)];
    let undated = dates.into_iter().flatten().find_map(|at| {
        let (before, date) = (name.get(..at)?, name.get(at..)?.strip_prefix('-')?);
        (is_date(date) && !date.starts_with('-')).then_some(before)
    });
    undated.unwrap_or(name).trim_end_matches("-latest").to_owned()
}

/// Chooses the record that stays and fills in what it leaves open.
pub(super) fn unite(
    group: &[u32],
    packed: &mut [Packed],
    formats: &[&'static str],
    found: &mut Vec<Restated>,
) {
    let mut ranked = group.to_vec();
    ranked.sort_by_key(|index| {
        let record = &packed[*index as usize];
        Reverse((richness(&record.call), Reverse(format_of(record, formats)), record.content))
    });
    let Some((&kept, others)) = ranked.split_first() else { return };
    for &dropped in others {
        let other = packed[dropped as usize].call.clone();
        let call = &mut packed[kept as usize].call;
        let (ours, theirs) = (call.usage.get(), other.usage.get());
        let agrees = (ours.input, ours.output) == (theirs.input, theirs.output);
        // Streams log partial counts first, and some logs never the last ones.
        let total =
            |usage: &Usage| usage.input.unwrap_or_default() + usage.output.unwrap_or_default();
        if total(&theirs) > total(&ours) {
            call.usage = other.usage;
        }
        fill(call, &other);
        // A table of calls states the components that the texts had.
        if agrees && packed[kept as usize].call.prompt.is_none() {
            let stated = packed[dropped as usize].stated.take();
            let kept = &mut packed[kept as usize];
            if kept.stated.is_none() && stated.is_some() {
                kept.stated = stated;
                kept.call.flags.inferred_components |= other.flags.inferred_components;
            }
        }
        found.push(Restated { dropped, kept, agrees });
    }
}

/// How much a record says of its call, the most telling first.
fn richness(call: &Call) -> impl Ord + use<> {
    let usage = call.usage.get();
    // The prompts of session logs are put together later; they lack the head.
    let texts = if call.prompt.is_some() { 2 } else { u8::from(call.flags.hidden_head) };
    let names = [call.conversation, call.feature, call.user, call.account, call.region];
    (
        usage.is_reported(),
        texts,
        usage.has_cache_split(),
        usage.cache_write.is_some_and(|writes| writes.short.or(writes.long).is_some()),
        usage.reasoning.is_some(),
        (
            names.iter().flatten().count(),
            call.logged_cost.get().is_some(),
            call.latency_milliseconds.get(),
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn models_are_compared_without_seller_and_date() {
        for (model, expected) in [
            ("openai/gpt-4o-2024-08-06", "gpt-4o"),
            ("claude-haiku-4-5-20251001", "claude-haiku-4-5"),
            ("claude-haiku-4-5", "claude-haiku-4-5"),
            ("anthropic/claude-sonnet-4-5@20250929", "claude-sonnet-4-5"),
            ("mistral-large-latest", "mistral-large"),
            ("gpt-4-1106-preview", "gpt-4-1106-preview"),
            ("o3", "o3"),
            ("llama3:8b", "llama3:8b"),
            ("google/gemma-3:free", "gemma-3"),
            ("anthropic.claude-haiku-4-5-20251001-v1:0", "anthropic.claude-haiku-4-5-20251001-v1"),
        ] {
            assert_eq!(plain(model), expected, "{model}");
        }
    }
}

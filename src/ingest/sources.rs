//! The same call seen by two systems, a gateway and a tracer say, is one call.
//!
//! Two records are one call where they carry the provider's own id of the
//! answer. Where at least one of them lacks it, and they come from logs of
//! different formats, they are one call if model, input and output tokens are
//! equal and one began while the other ran, give or take [`TOLERANCE`]. Within
//! one format equal counts prove nothing: two calls can be alike.
//!
//! Of the records of one call the one that says most stays. What it leaves
//! open is filled in from the others; what it says is never changed.

use std::cmp::Reverse;
use std::num::NonZeroU128;

use rustc_hash::FxHashMap;

use crate::record::call::{Call, Count, Finish, LoggedCost, PackedUsage};
use crate::record::symbol::{Strings, Symbol};
use crate::record::usage::Usage;
use crate::units::{Clock, Tokens};

use super::batch::Packed;

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
        for group in by_response(packed, &is_open) {
            unite(&group, packed, formats, &mut found);
        }
        for restated in &found {
            gone[restated.dropped as usize] = true;
        }
    }
    let is_open = |index: u32| is_open(index) && gone.get(index as usize) != Some(&true);
    for group in by_counts(packed, is_open, formats, strings) {
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

/// A gateway that answers from its own cache hands out an old answer with its
/// old id, and a call split off another has no answer of its own.
fn can_be_restated(packed: &Packed) -> bool {
    let flags = packed.call.flags;
    !flags.gateway_cache_hit && !flags.child && packed.component.is_none()
}

fn by_response(packed: &[Packed], is_open: impl Fn(u32) -> bool) -> Vec<Vec<u32>> {
    let mut keyed: Vec<(NonZeroU128, u32)> = (0..)
        .zip(packed)
        .filter(|(index, packed)| is_open(*index) && can_be_restated(packed))
        .filter_map(|(index, packed)| Some((packed.identity.response()?, index)))
        .collect();
    keyed.sort_unstable();
    keyed
        .chunk_by(|left, right| left.0 == right.0)
        .filter(|group| group.len() > 1)
        .map(|group| group.iter().map(|(_, index)| *index).collect())
        .collect()
}

/// What must be equal in two records that no id connects.
type Counts = (Symbol, Tokens, Tokens);

/// Groups of records of different formats with equal counts at one time.
fn by_counts(
    packed: &[Packed],
    is_open: impl Fn(u32) -> bool,
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
    for index in indices {
        if let Some(counts) = models.counts(&packed[index as usize].call) {
            alike.entry(counts).or_default().push(index);
        }
    }
    let mut groups: Vec<Vec<u32>> = Vec::new();
    for mut alike in alike.into_values() {
        if alike.len() > 1 {
            alike.sort_unstable_by_key(|index| {
                let Packed { call, content, .. } = &packed[*index as usize];
                (call.time.get(), format_of(*index), *content, call.source)
            });
            groups.extend(together(&alike, packed, formats));
        }
    }
    groups.sort_unstable();
    groups
}

/// Cuts records of equal counts, sorted by time, into calls: a record joins the
/// earliest call that has none of its format yet and was running then.
fn together(alike: &[u32], packed: &[Packed], formats: &[&'static str]) -> Vec<Vec<u32>> {
    let mut calls: Vec<Vec<u32>> = Vec::new();
    let mut first_open = 0;
    for &index in alike {
        let record = &packed[index as usize];
        let begun = |group: &[u32]| {
            group.iter().all(|other| {
                let other = &packed[*other as usize];
                format_of(other, formats) != format_of(record, formats)
                    && !(other.identity.response().is_some()
                        && record.identity.response().is_some())
                    && is_while(&other.call, &record.call)
            })
        };
        // Calls that ended long ago are not asked again.
        while calls.get(first_open).is_some_and(|group| {
            group.iter().all(|other| is_over(&packed[*other as usize].call, &record.call))
        }) {
            first_open += 1;
        }
        match calls.iter_mut().skip(first_open).find(|group| begun(group)) {
            Some(group) => group.push(index),
            None => calls.push(vec![index]),
        }
    }
    calls.retain(|group| group.len() > 1);
    calls
}

/// Whether `later` began while `earlier` ran.
fn is_while(earlier: &Call, later: &Call) -> bool {
    let (Some(earlier_time), Some(later_time)) = (earlier.time.get(), later.time.get()) else {
        return false;
    };
    earlier_time.clock == later_time.clock && !is_over(earlier, later)
}

/// Whether `earlier` had ended when `later` began.
fn is_over(earlier: &Call, later: &Call) -> bool {
    let (Some(started), Some(begun)) = (earlier.time.get(), later.time.get()) else {
        return true;
    };
    let latency = earlier.latency_milliseconds.get().unwrap_or_default();
    let latency = i64::try_from(latency).unwrap_or_default().saturating_mul(1_000);
    begun.micros.saturating_sub(started.micros) > latency.saturating_add(TOLERANCE)
}

fn format_of(packed: &Packed, formats: &[&'static str]) -> &'static str {
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
    let name = name.split(['@', ':']).next().unwrap_or(&name);
    let is_date = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let dates = [name.len().checked_sub(9), name.len().checked_sub(11)];
    let undated = dates.into_iter().flatten().find_map(|at| {
        let (before, date) = (name.get(..at)?, name.get(at..)?.strip_prefix('-')?);
        (is_date(date) && !date.starts_with('-')).then_some(before)
    });
    undated.unwrap_or(name).trim_end_matches("-latest").to_owned()
}

/// Chooses the record that stays and fills in what it leaves open.
fn unite(
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
        fill(call, &other);
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

/// Fills what `call` leaves open from another record of it.
fn fill(call: &mut Call, other: &Call) {
    let names = [
        (&mut call.request_id, other.request_id),
        (&mut call.provider, other.provider),
        (&mut call.model, other.model),
        (&mut call.requested_model, other.requested_model),
        (&mut call.feature, other.feature),
        (&mut call.user, other.user),
        (&mut call.account, other.account),
        (&mut call.workspace, other.workspace),
        (&mut call.conversation, other.conversation),
        (&mut call.region, other.region),
    ];
    for (ours, theirs) in names {
        *ours = ours.or(theirs);
    }
    call.tags = call.tags.or(other.tags);
    if call.time.get().is_none() {
        call.time = other.time;
    }
    if call.finish == Finish::Unknown {
        call.finish = other.finish;
    }
    let counts = [
        (&mut call.latency_milliseconds, other.latency_milliseconds),
        (&mut call.first_token_milliseconds, other.first_token_milliseconds),
        (&mut call.request.max_tokens, other.request.max_tokens),
    ];
    for (ours, theirs) in counts {
        if *ours == Count::UNKNOWN {
            *ours = theirs;
        }
    }
    call.request.temperature = call.request.temperature.or(other.request.temperature);
    call.request.stream = call.request.stream.or(other.request.stream);
    call.request.has_tools = call.request.has_tools.or(other.request.has_tools);
    if call.logged_cost == LoggedCost::UNKNOWN {
        call.logged_cost = other.logged_cost;
    }
    let filled = filled(&call.usage.get(), &other.usage.get());
    if let Some(usage) = PackedUsage::new(&filled) {
        call.usage = usage;
    }
}

/// Counters of a call, open ones from another record that counts the same
/// input and output, so that parts never exceed their whole.
fn filled(ours: &Usage, theirs: &Usage) -> Usage {
    let same_input = ours.input.is_none() || theirs.input.is_none() || ours.input == theirs.input;
    let same_output =
        ours.output.is_none() || theirs.output.is_none() || ours.output == theirs.output;
    let mut filled = ours.clone();
    if same_input && filled.cache_read.is_none() && filled.cache_write.is_none() {
        filled.input = filled.input.or(theirs.input);
        filled.cache_read = theirs.cache_read;
        filled.cache_write = theirs.cache_write;
        filled.audio_input = filled.audio_input.or(theirs.audio_input);
    }
    if same_output {
        filled.output = filled.output.or(theirs.output);
        filled.reasoning = filled.reasoning.or(theirs.reasoning);
        filled.audio_output = filled.audio_output.or(theirs.audio_output);
    }
    filled
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
        ] {
            assert_eq!(plain(model), expected, "{model}");
        }
    }
}

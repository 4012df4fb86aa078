//! Predicts what a provider billed as read from its cache, without looking at
//! it, and compares.
//!
//! Hidden is how the cached part of a prompt splits into what was read and what
//! was written; known are the whole input, the texts or blocks, the time and,
//! where writes are billed, how far the last breakpoint reached. Where an
//! earlier call's whole prompt opens this one its billed totals say where it
//! ends, so no tokenizer is needed.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::prices::{LaneQuery, MediaTokens, PriceQuery};
use crate::record::usage::{CacheWrites, Usage};
use crate::techniques::parameters::Assumptions;
use crate::techniques::traffic::{CallIndex, FamilyIndex, ModelIndex, Traffic};
use crate::units::{Tokens, Ttl, Usd};

use super::caching::Caching;
use super::logged::Logged;
use super::replay::policy::{Lifetime, Policy};
use super::replay::replay;
use super::replay::stream::{Replayed, Stream};

/// Every call whose provider reported cache counts, with a prediction.
#[derive(Clone, Debug, Default)]
pub struct Backtest {
    /// The calls, in the order of the log.
    pub calls: Vec<Prediction>,
    /// All input of these calls, in tokens.
    pub input: u64,
    /// What their input was billed.
    pub billed_cost: Usd,
    /// What it would have been as predicted.
    pub predicted_cost: Usd,
}

/// One call.
#[derive(Clone, Debug)]
pub struct Prediction {
    /// The request's id; `None` where the log has none.
    pub id: Option<String>,
    /// The conversation's id; `None` where the log has none.
    pub conversation: Option<String>,
    /// What the provider says was read.
    pub billed: u64,
    /// What the log alone predicts.
    pub predicted: u64,
    /// Whether it is the first call of its conversation in the log: entries
    /// older than the log may have served it.
    pub cold_start: bool,
}

/// How predictions meet the bill.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Later calls predicted to the token.
    pub exact: u64,
    /// Later calls of which more was predicted than was read.
    pub over: u64,
    /// Later calls of which less was predicted than was read.
    pub under: u64,
    /// First calls of their conversations.
    pub cold_starts: u64,
}

impl Backtest {
    /// Predicts every call of some traffic.
    #[must_use]
    pub fn of(traffic: &Traffic<'_>, assumptions: &Assumptions) -> Self {
        let caching = Caching::of(traffic, assumptions);
        let families: Vec<FamilyIndex> =
            (0..).map(FamilyIndex).take(traffic.families.len()).collect();
        let mut reads: Vec<(CallIndex, u64)> =
            families.par_iter().flat_map_iter(|family| predict(&caching, *family)).collect();
        reads.sort_unstable();
        let mut found = Self::default();
        for (index, predicted) in reads {
            found.add(traffic, index, predicted);
        }
        found
    }

    /// How the predictions meet the bill.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for call in &self.calls {
            let count = match call.predicted.cmp(&call.billed) {
                _ if call.cold_start => &mut tally.cold_starts,
                std::cmp::Ordering::Equal => &mut tally.exact,
                std::cmp::Ordering::Greater => &mut tally.over,
                std::cmp::Ordering::Less => &mut tally.under,
            };
            *count += 1;
        }
        tally
    }

    fn add(&mut self, traffic: &Traffic<'_>, index: CallIndex, predicted: u64) {
        let usage = traffic.usage(index);
        let Some(billed) = usage.cache_read else { return };
        let record = traffic.record(index);
        let text = |symbol| traffic.ledger.log.strings.text_of(symbol).map(str::to_owned);
        self.calls.push(Prediction {
            id: text(record.request_id),
            conversation: text(record.conversation),
            billed: billed.get(),
            predicted,
            cold_start: traffic.turn(index) == 1,
        });
        self.input += usage.input.unwrap_or_default().get();
        self.billed_cost += input_cost(traffic, index, &usage);
        self.predicted_cost += input_cost(traffic, index, &split_anew(&usage, predicted));
    }
}

/// The counters with another split of the part that was read or written; where
/// writes are not billed, of the whole input.
fn split_anew(usage: &Usage, predicted: u64) -> Usage {
    let read = Tokens::new(predicted);
    let extent = extent(usage);
    let cache_write = usage.cache_write.filter(|_| !usage.cache_written().is_zero());
    let written = Tokens::new(extent).saturating_sub(read);
    // Writes keep the lifetime that was bought.
    let writes = cache_write.map(|writes| match (writes.short, writes.long) {
        (_, Some((ttl, long))) if !long.is_zero() => CacheWrites::with_lifetime(ttl, written),
        (Some((ttl, _)), _) => CacheWrites::with_lifetime(ttl, written),
        _ => CacheWrites::unstated(written),
    });
    Usage { cache_read: Some(read), cache_write: writes, ..usage.clone() }
}

fn input_cost(traffic: &Traffic<'_>, index: CallIndex, usage: &Usage) -> Usd {
    let record = traffic.record(index);
    let lane = LaneQuery {
        tier: record.tier,
        region: traffic.ledger.log.strings.text_of(record.region),
        at: traffic.date(index),
    };
    let query = PriceQuery { usage, lane, media: MediaTokens::default(), tools: &[] };
    let priced = traffic.models.get(traffic.call(index).model).price(&query);
    priced.input + priced.cache_read + priced.cache_write
}

/// How far the cached part of a prompt reached.
fn extent(usage: &Usage) -> u64 {
    (usage.cache_read.unwrap_or_default() + usage.cache_written()).get()
}

/// How far a call's last breakpoint may be taken to have reached without looking
/// at what it read: as far as its cached part; where writes are not counted, to
/// the prompt's end if the family caches at all.
fn reach(usage: &Usage, is_cached: bool) -> u64 {
    match usage.cache_write {
        Some(_) => extent(usage),
        None if is_cached => usage.input.unwrap_or_default().get(),
        None => 0,
    }
}

fn predict(caching: &Caching<'_>, family: FamilyIndex) -> Vec<(CallIndex, u64)> {
    let traffic = caching.traffic();
    let logged = Logged::of(traffic, family, |call| caching.delay(call));
    let mut found = Vec::new();
    for ((model, _), stream) in &logged.streams {
        if traffic.models.is_explicit(*model) {
            let is_cached = caching.current(family, *model) != Policy::None;
            found.extend(by_extent(caching, *model, stream, is_cached));
        } else {
            let policy = caching.automatic(*model);
            let splits = replay(stream, policy, caching.rules(*model), logged.nodes);
            let calls = stream.requests.iter().map(|request| request.call);
            found.extend(calls.zip(splits.iter().map(|split| u64::from(split.read))));
        }
    }
    found
}

/// What is known of an entry at a place.
#[derive(Clone, Copy)]
struct Entry {
    extent: u64,
    ready: i64,
    used: i64,
    lifetime: i64,
}

/// Explicit providers: an entry reaches as far as the call that wrote it says.
fn by_extent(
    caching: &Caching<'_>,
    model: ModelIndex,
    stream: &Stream,
    is_cached: bool,
) -> Vec<(CallIndex, u64)> {
    let traffic = caching.traffic();
    let minimum = caching.rules(model).minimum;
    let mut entries: FxHashMap<u32, Entry> = FxHashMap::default();
    let mut found = Vec::with_capacity(stream.requests.len());
    for request in &stream.requests {
        let usage = traffic.usage(request.call);
        let reach = reach(&usage, is_cached);
        let steps = stream.steps_of(request);
        let live = |entry: &&Entry| {
            entry.ready <= request.time && request.time.saturating_sub(entry.used) <= entry.lifetime
        };
        let hit = steps.iter().rev().find_map(|step| entries.get(&step.node).filter(live));
        let predicted = hit.map_or(0, |entry| entry.extent.min(reach));
        found.push((request.call, predicted));
        for step in steps {
            if let Some(entry) = entries.get_mut(&step.node)
                && request.time.saturating_sub(entry.used) <= entry.lifetime
                && entry.extent <= predicted
            {
                entry.used = request.time;
            }
        }
        if reach < minimum.max(1) {
            continue;
        }
        for (node, extent, lifetime) in written(caching, request, stream, &usage, reach) {
            let entry = Entry {
                extent,
                ready: request.time.saturating_add(request.delay),
                used: request.time,
                lifetime,
            };
            let known = entries.entry(node).or_insert(entry);
            if request.time.saturating_sub(known.used) > known.lifetime || known.extent < extent {
                *known = entry;
            } else {
                known.used = request.time;
                known.lifetime = known.lifetime.max(lifetime);
            }
        }
    }
    found
}

/// Where a call left entries: at its marks, else at its end.
fn written(
    caching: &Caching<'_>,
    request: &Replayed,
    stream: &Stream,
    usage: &Usage,
    reach: u64,
) -> Vec<(u32, u64, i64)> {
    let steps = stream.steps_of(request);
    let long = usage.cache_write.and_then(|writes| writes.long);
    let bought = match (caching.options().lifetime, long) {
        (Some(given), _) => given,
        (None, Some((ttl, tokens))) if !tokens.is_zero() => Lifetime::from(ttl),
        _ => Lifetime::from(Ttl::FIVE_MINUTES),
    };
    let last_mark = request.marks.iter().map(|(at, _)| *at).max();
    let Some(last_mark) = last_mark else {
        let end = steps.last().map(|step| (step.node, reach, bought.micros()));
        return end.into_iter().collect();
    };
    let of = |(at, ttl): &(usize, Option<Ttl>)| {
        let lifetime = ttl.map_or(bought, Lifetime::from);
        let position = u64::from(steps[*at].position);
        let extent = if *at == last_mark { reach } else { position.min(reach) };
        (steps[*at].node, extent, lifetime.micros())
    };
    request.marks.iter().map(of).collect()
}

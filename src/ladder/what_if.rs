//! This traffic on another model: the calls of one model priced as if another
//! had served them. Stands beside the ladder and is in none of its totals.
//!
//! The texts and the answers stay what they are and are counted in the other
//! model's tokens; its cache rules, context limit and prices hold. Where the
//! prompts can be replayed both models are, and the difference is laid over the
//! bill; where only counts are logged the cached tokens stay cached.

mod remarks;

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::ledger::pricing::State;
use crate::prices::{CacheMode, LaneQuery, Match, MediaTokens, PriceQuery, Tool};
use crate::record::call as record;
use crate::record::lane::Tier;
use crate::record::usage::{CacheWrites, Usage};
use crate::techniques::handover::retokenise;
use crate::techniques::parameters::{Assumptions, prompt_caching as parameters};
use crate::techniques::technique::Warning;
use crate::techniques::traffic::{CallIndex, FamilyIndex, ModelIndex, Prompt, Traffic};
use crate::units::{Evidence, Timestamp, Tokens, Ttl, Usd};

use super::caching::Caching;
use super::engine::writes;
use super::expectation::scaled;
use super::logged::Outgoing;
use super::replay::policy::{Lifetime, Policy, Rules};
use super::replay::replay;
use super::replay::stream::{Nodes, Stream};

/// The calls of one model on another.
#[derive(Clone, Debug)]
pub struct WhatIf {
    /// The model in the log, as it was asked for.
    pub from: String,
    /// The other model, as the price table calls it.
    pub to: String,
    /// Priced calls of the first model.
    pub calls: u64,
    /// What they were billed.
    pub cost: Usd,
    /// What they would be. Calls that do not fit keep their bill.
    pub new_cost: Usd,
    /// Calls that are longer than the other model takes.
    pub too_long: u64,
    /// What a reader should know.
    pub warnings: Vec<Warning>,
    /// How the new cost is known.
    pub evidence: Evidence,
}

/// Prices the calls of the model `from` on the model `to`.
#[must_use]
pub fn what_if(
    traffic: &Traffic<'_>,
    assumptions: &Assumptions,
    from: &str,
    to: &Match<'_>,
) -> WhatIf {
    let move_ =
        Move { traffic, caching: &Caching::of(traffic, assumptions), assumptions, from, to };
    let families: Vec<FamilyIndex> = (0..).map(FamilyIndex).take(traffic.families.len()).collect();
    let parts: Vec<Part> = families.par_iter().map(|family| move_.family(*family)).collect();
    let mut whole = move_.untimed();
    for part in parts {
        whole.merge(part);
    }
    WhatIf {
        from: from.to_owned(),
        to: to.model().id().to_owned(),
        calls: whole.calls,
        cost: whole.cost,
        new_cost: whole.new_cost,
        too_long: whole.too_long,
        warnings: remarks::remarks(from, to.model(), &whole),
        evidence: whole.evidence,
    }
}

/// What one family, or the calls without a time, come to.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    calls: u64,
    cost: Usd,
    new_cost: Usd,
    too_long: u64,
    /// Calls whose cached tokens could only be carried over.
    carried: u64,
    /// Calls to which a cache policy had to be given.
    given: u64,
    /// Cached tokens that the other model would not cache.
    uncached: u64,
    evidence: Evidence,
}

impl Part {
    fn merge(&mut self, other: Self) {
        self.calls += other.calls;
        self.cost += other.cost;
        self.new_cost += other.new_cost;
        self.too_long += other.too_long;
        self.carried += other.carried;
        self.given += other.given;
        self.uncached += other.uncached;
        self.evidence = self.evidence.worst(other.evidence);
    }
}

struct Move<'a> {
    traffic: &'a Traffic<'a>,
    caching: &'a Caching<'a>,
    assumptions: &'a Assumptions,
    from: &'a str,
    to: &'a Match<'a>,
}

/// The calls of one model and lane of a family, as they are and as they would
/// be.
#[derive(Default)]
struct Pair {
    calls: Vec<CallIndex>,
    old: Stream,
    new: Stream,
    bill: Usd,
}

/// A call of the model that is replaced.
struct Call<'a> {
    record: &'a record::Call,
    date: Option<Timestamp>,
    bill: Usd,
    /// What the price table has of its model.
    found: &'a Match<'a>,
}

impl Move<'_> {
    /// Whether a model of the log is the one that is replaced, by its name in
    /// the log or in the price table.
    fn is_from(&self, name: Option<&str>, found: Option<&Match<'_>>) -> bool {
        let is = |name: &str| name.eq_ignore_ascii_case(self.from);
        name.is_some_and(is) || found.is_some_and(|found| is(found.model().id()))
    }

    fn family(&self, family: FamilyIndex) -> Part {
        let traffic = self.traffic;
        let mut part = Part::default();
        let mut nodes = Nodes::over(&traffic.tree);
        let mut pairs: BTreeMap<(ModelIndex, Tier), Pair> = BTreeMap::new();
        let mut prompt = Prompt::new();
        for &index in &traffic.families[family.0 as usize] {
            let call = traffic.call(index);
            let found = traffic.models.get(call.model);
            if !self.is_from(traffic.model_name(call.group), Some(found)) {
                continue;
            }
            let record = traffic.record(index);
            let moved = Call { record, date: traffic.date(index), bill: call.bill, found };
            if self.keeps(&mut part, &moved) {
                continue;
            }
            if !traffic.has_text(index) {
                self.carry(&mut part, &moved);
                continue;
            }
            let key = (self.caching.stream_model(call.model), record.tier);
            let pair = pairs.entry(key).or_default();
            traffic.prompt(index, &mut prompt);
            let delay = self.caching.delay(index);
            Outgoing { traffic, call: index, prompt: &prompt, delay }
                .push_to(&mut pair.old, &mut nodes);
            retokenise(&mut prompt, |tokens| self.counted(tokens, found));
            Outgoing { traffic, call: index, prompt: &prompt, delay }
                .push_to(&mut pair.new, &mut nodes);
            pair.calls.push(index);
            pair.bill += call.bill;
            part.evidence = part.evidence.worst(self.grade(found));
        }
        for ((model, _), pair) in pairs {
            part.merge(self.replay(family, model, &pair, nodes.count()));
        }
        part
    }

    /// Replays both models and lays the difference over the bill.
    fn replay(&self, family: FamilyIndex, model: ModelIndex, pair: &Pair, nodes: usize) -> Part {
        let found = self.traffic.models.get(model);
        let current = self.caching.current(family, model);
        let policy = self.policy(current, model);
        let served = |by: &Match<'_>, stream: &Stream, policy: Policy, rules: Rules| -> Usd {
            let is_new = std::ptr::eq(by, self.to);
            let count = |tokens: Tokens| {
                let tokens = tokens.get();
                Tokens::new(if is_new { self.counted(tokens, found) } else { tokens })
            };
            let splits = replay(stream, policy, rules, nodes);
            let costs = stream.requests.iter().zip(splits).map(|(request, split)| {
                let record = self.traffic.record(request.call);
                let logged = record.usage.get();
                let usage = Usage {
                    input: logged.input.map(|_| Tokens::new(u64::from(request.total))),
                    cache_read: Some(Tokens::new(u64::from(split.read))),
                    cache_write: Some(writes(split, policy)),
                    output: logged.output.map(count),
                    reasoning: logged.reasoning.map(count),
                    audio_input: None,
                    audio_output: None,
                };
                self.price(by, record, &usage, self.traffic.date(request.call))
            });
            costs.sum()
        };
        let old = served(found, &pair.old, current, self.caching.rules(model));
        let new = served(self.to, &pair.new, policy, self.rules());
        let calls = pair.calls.len() as u64;
        let is_given = policy != current && matches!(policy, Policy::Full(_));
        let is_lost = policy == Policy::None && current != Policy::None;
        Part {
            calls,
            cost: pair.bill,
            new_cost: scaled(pair.bill, new, old),
            given: if is_given { calls } else { 0 },
            uncached: if is_lost { calls } else { 0 },
            evidence: if is_given { Evidence::Assumed } else { Evidence::Measured },
            ..Part::default()
        }
    }

    /// The cache policy on the other model: what is asked for today where it can
    /// be asked for there; breakpoints after every message where today's
    /// provider caches by itself and the other one does not.
    fn policy(&self, current: Policy, model: ModelIndex) -> Policy {
        let facts = self.to.model().cache();
        let sold = facts.default_lifetime.or_else(|| facts.lifetimes.first().copied());
        let lifetime = Lifetime::from(sold.unwrap_or(Ttl::ONE_HOUR));
        match (facts.mode, current) {
            (None, _) => Policy::None,
            (Some(CacheMode::Automatic | CacheMode::Both), Policy::Automatic(asked))
                if std::ptr::eq(self.traffic.models.get(model).model(), self.to.model()) =>
            {
                Policy::Automatic(asked)
            }
            (Some(CacheMode::Automatic | CacheMode::Both), _) => Policy::Automatic(lifetime),
            (Some(CacheMode::Explicit), Policy::Automatic(_)) => Policy::Full(lifetime),
            (Some(CacheMode::Explicit), current) => current,
        }
    }

    fn rules(&self) -> Rules {
        let number =
            |handle| u32::try_from(self.assumptions.value(handle).floor()).unwrap_or(u32::MAX);
        let (lookback, breakpoints) =
            (number(parameters::LOOKBACK_BLOCKS), number(parameters::BREAKPOINTS));
        let minimum = self.caching.options().minimum;
        Rules::of(self.to.model().cache(), minimum, lookback, breakpoints)
    }

    /// Calls that the log tells no time of: their counts, carried over.
    fn untimed(&self) -> Part {
        let ledger = self.traffic.ledger;
        let mut part = Part::default();
        let untimed = ledger.entries.iter().filter(|entry| entry.time.is_none());
        for entry in untimed {
            let record = ledger.call(entry);
            let found = ledger.pricer.find(record.provider, entry.model);
            let (Some(bill), Some(found), State::Priced) =
                (entry.bill.total(), found, entry.bill.state)
            else {
                continue;
            };
            let call = Call { record, date: None, bill, found };
            if self.is_from(ledger.names.text_of(entry.model), Some(found))
                && !self.keeps(&mut part, &call)
            {
                self.carry(&mut part, &call);
            }
        }
        part
    }

    /// Whether a call does not fit the other model and stays where it is.
    fn keeps(&self, part: &mut Part, call: &Call<'_>) -> bool {
        let usage = call.record.usage.get();
        let size =
            |tokens: Option<Tokens>| self.counted(tokens.unwrap_or_default().get(), call.found);
        let needed = size(usage.input) + size(usage.output);
        let is_too_long =
            self.to.model().context_window().is_some_and(|limit| needed > limit.get());
        if is_too_long {
            part.calls += 1;
            part.too_long += 1;
            part.cost += call.bill;
            part.new_cost += call.bill;
        }
        is_too_long
    }

    /// Prices a call's own counts on the other model.
    fn carry(&self, part: &mut Part, call: &Call<'_>) {
        let usage = call.record.usage.get();
        let caches = self.to.model().cache().mode.is_some();
        let count = |tokens: Tokens| Tokens::new(self.counted(tokens.get(), call.found));
        let write = |writes: CacheWrites| {
            let timed = |part: Option<(Ttl, Tokens)>| part.map(|(ttl, sum)| (ttl, count(sum)));
            CacheWrites {
                unstated: count(writes.unstated),
                short: timed(writes.short),
                long: timed(writes.long),
            }
        };
        let new = Usage {
            input: usage.input.map(count),
            cache_read: usage.cache_read.filter(|_| caches).map(count),
            cache_write: usage.cache_write.filter(|_| caches).map(write),
            output: usage.output.map(count),
            reasoning: usage.reasoning.map(count),
            audio_input: usage.audio_input.map(count),
            audio_output: usage.audio_output.map(count),
        };
        let was_cached = usage.cache_read.is_some_and(|read| !read.is_zero());
        part.calls += 1;
        part.cost += call.bill;
        part.new_cost += self.price(self.to, call.record, &new, call.date);
        part.carried += u64::from(was_cached && caches);
        part.uncached += u64::from(was_cached && !caches);
        part.evidence = part.evidence.worst(self.grade(call.found));
    }

    fn price(
        &self,
        found: &Match<'_>,
        record: &record::Call,
        usage: &Usage,
        at: Option<Timestamp>,
    ) -> Usd {
        let latency = record.latency_milliseconds.get().unwrap_or(0);
        let micros = i64::try_from(latency).unwrap_or(0).saturating_mul(1_000);
        let completed = at.map(|at| Timestamp::from_micros(at.micros().saturating_add(micros)));
        let tools = [(Tool::WebSearch, u64::from(record.tool_requests))];
        let query = PriceQuery {
            usage,
            lane: LaneQuery {
                tier: record.tier,
                region: self.traffic.ledger.log.strings.text_of(record.region),
                at: completed,
            },
            media: MediaTokens::default(),
            tools: if record.tool_requests > 0 { &tools } else { &[] },
        };
        found.price(&query).total()
    }

    /// Tokens of the first model in those of the other, to the nearest.
    fn counted(&self, tokens: u64, found: &Match<'_>) -> u64 {
        let of = |found: &Match<'_>| u64::from(found.model().tokenizer_hundredths());
        let (from, to) = (of(found), of(self.to));
        if from == to { tokens } else { (tokens * to + from / 2) / from }
    }

    /// The same model is as measured as the bill; on another one answers are
    /// taken to stay as long as they are, and a tokenizer's factor is a mean.
    fn grade(&self, found: &Match<'_>) -> Evidence {
        if std::ptr::eq(found.model(), self.to.model()) {
            Evidence::Measured
        } else if found.model().tokenizer_hundredths() == self.to.model().tokenizer_hundredths() {
            Evidence::Inferred
        } else {
            Evidence::Assumed
        }
    }
}

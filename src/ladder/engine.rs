//! What a family of calls costs in one state of the world: techniques rewrite,
//! the prefix cache is replayed on what is left, everything is priced.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use crate::prices::{LaneQuery, MediaTokens, PriceQuery, Tool};
use crate::record::lane::Tier;
use crate::record::usage::{CacheWrites, Usage};
use crate::techniques::id::{Set, TechniqueId};
use crate::techniques::parameter::Value;
use crate::techniques::technique::{CallState, Conversation, Request, Rewriter, World};
use crate::techniques::traffic::prompt::{head_length, tokens_of};
use crate::techniques::traffic::{
    CallIndex, FamilyIndex, GroupIndex, ModelIndex, PlaceIndex, Prompt, SimulatedCall, Traffic,
};
use crate::units::{Timestamp, Tokens, Usd};

use super::caching::Caching;
use super::logged::Outgoing;
use super::replay::policy::Policy;
use super::replay::stream::{Nodes, Stream};
use super::replay::{Split, replay};

/// The order in which techniques rewrite a call; the cache is replayed last.
const EXECUTION: [TechniqueId; 7] = [
    TechniqueId::SemanticDedup,
    TechniqueId::ModelRouting,
    TechniqueId::FineTuning,
    TechniqueId::EmbeddingRetrieval,
    TechniqueId::ContextCompression,
    TechniqueId::OutputCapping,
    TechniqueId::BatchApi,
];

/// Prepared techniques on one log's traffic.
pub(crate) struct Engine<'t> {
    pub(crate) traffic: &'t Traffic<'t>,
    /// By [`TechniqueId::index`]; `None` for techniques that are not looked at.
    pub(crate) rewriters: Vec<Option<Box<dyn Rewriter + 't>>>,
    pub(crate) caching: &'t Caching<'t>,
    pub(crate) idle: &'t Idle,
    /// The share of a moved call's head that a batch reads from the cache.
    pub(crate) batch_hits: Value,
}

/// What every family costs if nothing rewrites its calls, once it is known.
#[derive(Debug)]
pub(crate) struct Idle(Vec<OnceLock<[Outcome; 2]>>);

impl Idle {
    /// Nothing known yet.
    pub(crate) fn over(traffic: &Traffic<'_>) -> Self {
        Self(traffic.families.iter().map(|_| OnceLock::new()).collect())
    }
}

/// What a family costs in one world.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// Its requests as replayed and priced.
    pub(crate) replayed: Usd,
    /// What techniques charge beside.
    pub(crate) fees: Usd,
    /// What is asked for by whoever wants a closer look.
    pub(crate) detail: Option<Box<Detail>>,
}

/// A closer look at a family in one world.
#[derive(Clone, Debug, Default)]
pub(crate) struct Detail {
    /// What each place pays, fees included.
    pub(crate) places: BTreeMap<PlaceIndex, Usd>,
    /// What each day costs, fees included.
    pub(crate) days: BTreeMap<i64, Usd>,
    /// Calls that each technique rewrote or removed.
    pub(crate) changed: [u64; TechniqueId::COUNT],
    /// What was chosen per stream.
    pub(crate) streams: Vec<StreamChoice>,
}

/// The policy of one stream, and what it costs.
#[derive(Clone, Debug)]
pub(crate) struct StreamChoice {
    pub(crate) group: GroupIndex,
    pub(crate) model: ModelIndex,
    pub(crate) current: Policy,
    pub(crate) chosen: Policy,
    pub(crate) cost: Usd,
    pub(crate) current_cost: Usd,
    pub(crate) held_out: Usd,
    pub(crate) held_out_current: Usd,
}

/// How a request was served.
#[derive(Clone, Copy)]
enum Served {
    /// As the replay says, under a policy.
    Replayed(Split, Policy),
    /// As the log says: entries older than the log may have served it.
    Billed,
}

/// A request on its way to the cache; its prompt stands in the stream.
struct Pending {
    call: CallIndex,
    model: ModelIndex,
    tier: Tier,
    /// Prompt tokens.
    total: u64,
    /// Prompt tokens of the head.
    head: u64,
    output: u64,
    reasoning: u64,
    repeats: Value,
    /// Whether it is what was logged, word for word.
    unchanged: bool,
}

/// A family's requests in one world, ready to be replayed.
struct Sent {
    family: FamilyIndex,
    /// By model, lane, and whether they moved to that lane.
    lanes: BTreeMap<(ModelIndex, Tier, bool), Lane>,
    /// How many places the family knows.
    nodes: usize,
    fees: Usd,
}

/// The requests of one model and lane.
#[derive(Default)]
struct Lane {
    pending: Vec<Pending>,
    stream: Stream,
    /// Whether they moved to the batch lane.
    moved: bool,
}

const MICROS_PER_DAY: i64 = 86_400_000_000;

impl Engine<'_> {
    /// A technique that has looked the traffic over.
    pub(crate) fn rewriter(&self, technique: TechniqueId) -> Option<&dyn Rewriter> {
        self.rewriters[technique.index()].as_deref().map(|rewriter| rewriter as &dyn Rewriter)
    }

    /// The techniques that may rewrite some call of a family.
    pub(crate) fn eligible(&self, family: FamilyIndex) -> Set {
        let calls = &self.traffic.families[family.0 as usize];
        let touches = |technique: &TechniqueId| {
            let rewriter = self.rewriter(*technique);
            rewriter.is_some_and(|rewriter| calls.iter().any(|call| rewriter.touches(*call)))
        };
        let eligible = TechniqueId::ALL.into_iter().filter(touches);
        eligible.fold(Set::NONE, Set::with)
    }

    /// What a family costs in a world, with a closer look.
    pub(crate) fn look(&self, family: FamilyIndex, world: World) -> Outcome {
        let mut detail = Box::<Detail>::default();
        let sent = self.send(family, |_| world, Some(&mut detail));
        let choosing = world.used.has(TechniqueId::PromptCaching);
        let mut outcome = self.settle(&sent, choosing, Some(&mut detail));
        outcome.detail = Some(detail);
        outcome
    }

    /// What a family costs in a world, without prompt caching and with it. How
    /// calls are rewritten is the same, so that is done once.
    pub(crate) fn family(&self, family: FamilyIndex, world: World) -> [Outcome; 2] {
        let known = &self.idle.0[family.0 as usize];
        let chooses = self.rewriter(TechniqueId::PromptCaching).is_some();
        if !world.used.is_empty() || (!chooses && known.get().is_none()) {
            return self.anew(family, world);
        }
        known.get_or_init(|| self.anew(family, world)).clone()
    }

    fn anew(&self, family: FamilyIndex, world: World) -> [Outcome; 2] {
        let sent = self.send(family, |_| world, None);
        let idle = self.settle(&sent, false, None);
        let chooses = sent.lanes.values().any(|lane| lane.moved || self.may_choose(lane));
        let chosen = if chooses { self.settle(&sent, true, None) } else { idle.clone() };
        [idle, chosen]
    }

    /// What a family's requests cost if each conversation has a world of its own.
    pub(crate) fn mixed(
        &self,
        family: FamilyIndex,
        choosing: bool,
        world: impl Fn(&SimulatedCall) -> World,
    ) -> Usd {
        self.settle(&self.send(family, world, None), choosing, None).replayed
    }

    /// Rewrites a family's calls and lays their requests out for replay.
    fn send(
        &self,
        family: FamilyIndex,
        world: impl Fn(&SimulatedCall) -> World,
        mut detail: Option<&mut Detail>,
    ) -> Sent {
        let mut conversations: FxHashMap<u32, Conversation> = FxHashMap::default();
        let mut lanes: BTreeMap<(ModelIndex, Tier, bool), Lane> = BTreeMap::new();
        let mut nodes = Nodes::over(&self.traffic.tree);
        let mut fees = Usd::ZERO;
        for &index in &self.traffic.families[family.0 as usize] {
            let call = self.traffic.call(index);
            let conversation = conversations.entry(call.conversation).or_default();
            let state = self.rewritten(index, world(call), conversation);
            conversation.calls += u32::from(!state.requests.is_empty());
            fees += state.fees;
            if let Some(detail) = &mut detail {
                detail.add(self.traffic, index, state.fees);
                for technique in state.changed_by.iter() {
                    detail.changed[technique.index()] += 1;
                }
            }
            let logged = self.traffic.record(index).tier;
            for request in state.requests {
                let moved = request.lane == Tier::Batch && logged != Tier::Batch;
                let key = (self.caching.stream_model(request.model), request.lane, moved);
                let lane = lanes.entry(key).or_default();
                lane.moved = moved;
                let prompt = &request.prompt;
                lane.pending.push(Pending {
                    call: index,
                    model: request.model,
                    tier: request.lane,
                    total: tokens_of(prompt),
                    head: tokens_of(&prompt[..head_length(prompt)]),
                    output: request.output,
                    reasoning: request.reasoning,
                    repeats: request.repeats,
                    unchanged: state.changed_by.is_empty(),
                });
                if !moved {
                    let delay = self.caching.delay(index);
                    Outgoing { traffic: self.traffic, call: index, prompt, delay }
                        .push_to(&mut lane.stream, &mut nodes);
                }
            }
        }
        Sent { family, lanes, nodes: nodes.count(), fees }
    }

    /// Replays and prices what was sent.
    fn settle(&self, sent: &Sent, choosing: bool, mut detail: Option<&mut Detail>) -> Outcome {
        let mut replayed = Usd::ZERO;
        for ((model, _, _), lane) in &sent.lanes {
            let served = if lane.moved {
                self.batched(lane, choosing)
            } else if choosing && self.may_choose(lane) {
                self.chosen(sent, *model, lane, detail.as_deref_mut())
            } else {
                let current = self.caching.current(sent.family, *model);
                let splits = replay(&lane.stream, current, self.caching.rules(*model), sent.nodes);
                self.warm(lane, splits, current)
            };
            for (pending, served) in lane.pending.iter().zip(served) {
                let cost = match served {
                    Served::Replayed(split, policy) => self.price(pending, split, policy),
                    Served::Billed => self.traffic.call(pending.call).bill,
                };
                replayed += cost;
                if let Some(detail) = &mut detail {
                    detail.add(self.traffic, pending.call, cost);
                }
            }
        }
        Outcome { replayed, fees: sent.fees, detail: None }
    }

    /// Whether prompt caching has a say in a lane.
    fn may_choose(&self, lane: &Lane) -> bool {
        self.rewriter(TechniqueId::PromptCaching).is_some_and(|rewriter| {
            lane.pending.iter().any(|pending| rewriter.touches(pending.call))
        })
    }

    /// A call after the techniques of a world have had it.
    fn rewritten(
        &self,
        index: CallIndex,
        world: World,
        conversation: &mut Conversation,
    ) -> CallState {
        let record = self.traffic.record(index);
        let usage = record.usage.get();
        let mut prompt = Prompt::new();
        self.traffic.prompt(index, &mut prompt);
        let mut state = CallState {
            index,
            requests: vec![Request {
                model: self.traffic.call(index).model,
                lane: record.tier,
                prompt,
                output: usage.output.unwrap_or_default().get(),
                reasoning: usage.reasoning.unwrap_or_default().get(),
                repeats: Value::ZERO,
            }],
            fees: Usd::ZERO,
            changed_by: Set::NONE,
        };
        for technique in EXECUTION {
            if let Some(rewriter) = self.rewriter(technique)
                && world.used.has(technique)
                && !state.requests.is_empty()
                && rewriter.touches(index)
            {
                rewriter.rewrite(world, &mut state, conversation);
            }
        }
        state
    }

    /// How a lane is served under the policy that is cheapest at first.
    fn chosen(
        &self,
        sent: &Sent,
        model: ModelIndex,
        lane: &Lane,
        detail: Option<&mut Detail>,
    ) -> Vec<Served> {
        let current = self.caching.current(sent.family, model);
        let rules = self.caching.rules(model);
        let run = |policy| replay(&lane.stream, policy, rules, sent.nodes);
        let splits = run(current);
        let until = choice_end(lane);
        let costs = |splits: &[Split], policy| {
            let (mut chosen_on, mut held_out) = (Usd::ZERO, Usd::ZERO);
            for (pending, split) in lane.pending.iter().zip(splits) {
                let cost = self.price(pending, *split, policy);
                let early = self.traffic.call(pending.call).time <= until;
                *(if early { &mut chosen_on } else { &mut held_out }) += cost;
            }
            (chosen_on, held_out)
        };
        let current_costs = costs(&splits, current);
        let mut best = (current_costs, current, splits);
        for policy in self.caching.candidates(model, lane.stream.is_blocks) {
            if policy == current {
                continue;
            }
            let splits = run(policy);
            let found = costs(&splits, policy);
            // On a tie the current policy stays, then the one named first.
            if found.0 < best.0.0 {
                best = (found, policy, splits);
            }
        }
        let (best_costs, chosen, splits) = best;
        if let (Some(detail), Some(first)) = (detail, lane.pending.first()) {
            detail.streams.push(StreamChoice {
                group: self.traffic.call(first.call).group,
                model,
                current,
                chosen,
                cost: best_costs.0 + best_costs.1,
                current_cost: current_costs.0 + current_costs.1,
                held_out: best_costs.1,
                held_out_current: current_costs.1,
            });
        }
        if chosen == current {
            return self.warm(lane, splits, current);
        }
        splits.into_iter().map(|split| Served::Replayed(split, chosen)).collect()
    }

    /// As replayed, but calls so close to the log's start that older entries may
    /// have served them are as billed.
    fn warm(&self, lane: &Lane, splits: Vec<Split>, current: Policy) -> Vec<Served> {
        let until = self.caching.warm_until(current);
        let served = lane.pending.iter().zip(splits).map(|(pending, split)| {
            let is_warm = pending.unchanged
                && until.is_some_and(|until| self.traffic.call(pending.call).time <= until)
                && self.traffic.usage(pending.call).has_cache_split();
            if is_warm { Served::Billed } else { Served::Replayed(split, current) }
        });
        served.collect()
    }

    /// Calls that moved to the batch lane meet no entry of the live one.
    fn batched(&self, lane: &Lane, cached: bool) -> Vec<Served> {
        let served = lane.pending.iter().map(|pending| {
            let long_enough = pending.head >= self.caching.rules(pending.model).minimum;
            let share = u128::try_from(self.batch_hits.millionths()).unwrap_or(0);
            let read = u128::from(pending.head) * share / 1_000_000;
            let read = if cached && long_enough { read } else { 0 };
            let read = u32::try_from(read).unwrap_or(u32::MAX);
            Served::Replayed(Split { read, ..Split::default() }, Policy::None)
        });
        served.collect()
    }

    /// What a request costs as it was served.
    fn price(&self, pending: &Pending, split: Split, policy: Policy) -> Usd {
        let record = self.traffic.record(pending.call);
        let logged = record.usage.get();
        let usage = Usage {
            input: logged.input.map(|_| Tokens::new(pending.total)),
            cache_read: Some(Tokens::new(u64::from(split.read))),
            cache_write: Some(writes(split, policy)),
            output: logged.output.map(|_| Tokens::new(pending.output)),
            reasoning: logged.reasoning.map(|_| Tokens::new(pending.reasoning)),
            audio_input: None,
            audio_output: None,
        };
        let tools = [(Tool::WebSearch, u64::from(record.tool_requests))];
        let query = PriceQuery {
            usage: &usage,
            lane: LaneQuery {
                tier: pending.tier,
                region: self.traffic.ledger.log.strings.text_of(record.region),
                at: self.completed(pending.call),
            },
            media: MediaTokens::default(),
            tools: if record.tool_requests > 0 { &tools } else { &[] },
        };
        let cost = self.traffic.models.get(pending.model).price(&query).total();
        if pending.repeats == Value::ZERO {
            return cost;
        }
        let repeats = i128::from(pending.repeats.millionths());
        cost + Usd::from_femto(crate::units::divide_half_even(
            cost.femto().saturating_mul(repeats),
            Value::MILLION.into(),
        ))
    }

    /// Price schedules go by the time of completion.
    fn completed(&self, index: CallIndex) -> Option<Timestamp> {
        let latency = self.traffic.record(index).latency_milliseconds.get().unwrap_or(0);
        let micros = i64::try_from(latency).unwrap_or(0).saturating_mul(1_000);
        let at = self.traffic.date(index)?;
        Some(Timestamp::from_micros(at.micros().saturating_add(micros)))
    }
}

impl Detail {
    fn add(&mut self, traffic: &Traffic<'_>, index: CallIndex, cost: Usd) {
        let call = traffic.call(index);
        *self.places.entry(call.place).or_default() += cost;
        *self.days.entry(call.time.div_euclid(MICROS_PER_DAY)).or_default() += cost;
    }
}

/// What was written, by the lifetime that was bought.
pub(crate) fn writes(split: Split, policy: Policy) -> CacheWrites {
    let ttl = |lifetime: super::replay::policy::Lifetime| lifetime.ttl();
    let (written, head) =
        (Tokens::new(u64::from(split.written)), Tokens::new(u64::from(split.written_head)));
    match policy {
        Policy::None => CacheWrites::unstated(written),
        Policy::Automatic(lifetime)
        | Policy::Head(lifetime)
        | Policy::Full(lifetime)
        | Policy::Logged(lifetime) => match ttl(lifetime) {
            Some(ttl) => CacheWrites::with_lifetime(ttl, written),
            None => CacheWrites::unstated(written),
        },
        Policy::Mixed { head: long, rest } => CacheWrites {
            unstated: Tokens::ZERO,
            short: ttl(rest).map(|ttl| (ttl, written)),
            long: ttl(long).map(|ttl| (ttl, head)),
        },
    }
}

/// Until when the first seven tenths of a stream's own time last.
fn choice_end(lane: &Lane) -> i64 {
    let times = lane.stream.requests.iter().map(|request| request.time);
    let (Some(first), Some(last)) = (times.clone().min(), times.max()) else { return 0 };
    let part = (i128::from(last) - i128::from(first)) * 7 / 10;
    first.saturating_add(i64::try_from(part).unwrap_or(i64::MAX))
}

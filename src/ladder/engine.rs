//! What a family of calls costs in one state of the world: techniques rewrite,
//! the prefix cache is replayed on what is left, everything is priced.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::prices::{LaneQuery, MediaTokens, PriceQuery, Tool};
use crate::record::lane::Tier;
use crate::record::usage::{CacheWrites, Usage};
use crate::techniques::id::{Set, TechniqueId};
use crate::techniques::parameter::Value;
use crate::techniques::technique::{CallState, Conversation, Request, Rewriter, World};
use crate::techniques::traffic::{
    CallIndex, FamilyIndex, GroupIndex, ModelIndex, PlaceIndex, Prompt, Traffic,
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
    pub(crate) caching: Caching<'t>,
    /// The share of a moved call's head that a batch reads from the cache.
    pub(crate) batch_hits: Value,
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

/// A request on its way to the cache.
struct Pending {
    call: CallIndex,
    request: Request,
    /// Whether it is what was logged, word for word.
    unchanged: bool,
    /// Whether it moved to the batch lane.
    moved: bool,
}

/// Where a stream belongs.
struct Site {
    family: FamilyIndex,
    model: ModelIndex,
    /// How many places its family knows.
    nodes: usize,
    world: World,
}

/// The requests of one model and lane.
#[derive(Default)]
struct Lane {
    pending: Vec<Pending>,
    stream: Stream,
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

    /// What a family costs in a world.
    pub(crate) fn family(&self, family: FamilyIndex, world: World, look: bool) -> Outcome {
        let mut outcome = Outcome::default();
        let mut detail = look.then(Box::<Detail>::default);
        let mut conversations: FxHashMap<u32, Conversation> = FxHashMap::default();
        let mut lanes: BTreeMap<(ModelIndex, Tier), Lane> = BTreeMap::new();
        let mut nodes = Nodes::default();
        for &index in &self.traffic.families[family.0 as usize] {
            let call = self.traffic.call(index);
            let conversation = conversations.entry(call.conversation).or_default();
            let state = self.rewritten(index, world, conversation);
            conversation.calls += u32::from(!state.requests.is_empty());
            outcome.fees += state.fees;
            if let Some(detail) = &mut detail {
                detail.add(self.traffic, index, state.fees);
                for technique in state.changed_by.iter() {
                    detail.changed[technique.index()] += 1;
                }
            }
            let logged = self.traffic.record(index).tier;
            for request in state.requests {
                let lane = lanes.entry((self.caching.stream_model(request.model), request.lane));
                lane.or_default().pending.push(Pending {
                    call: index,
                    unchanged: state.changed_by.is_empty(),
                    moved: request.lane == Tier::Batch && logged != Tier::Batch,
                    request,
                });
            }
        }
        for ((model, _), mut lane) in lanes {
            let moved = lane.pending.first().is_some_and(|pending| pending.moved);
            let splits = if moved {
                self.batch_splits(&lane, world)
            } else {
                self.send(&mut lane, &mut nodes);
                {
                    let site = Site { family, model, nodes: nodes.count(), world };
                    self.served(&site, &lane, detail.as_deref_mut())
                }
            };
            for (pending, served) in lane.pending.iter().zip(splits) {
                let cost = match served {
                    Served::Replayed(split, policy) => self.price(pending, split, policy),
                    Served::Billed => self.traffic.call(pending.call).bill,
                };
                outcome.replayed += cost;
                if let Some(detail) = &mut detail {
                    detail.add(self.traffic, pending.call, cost);
                }
            }
        }
        outcome.detail = detail;
        outcome
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

    /// Lays the requests of a lane out for replay.
    fn send(&self, lane: &mut Lane, nodes: &mut Nodes) {
        for pending in &lane.pending {
            let request = &pending.request;
            let delay = self.caching.delay(pending.call);
            Outgoing { traffic: self.traffic, call: pending.call, prompt: &request.prompt, delay }
                .push_to(&mut lane.stream, nodes);
        }
    }

    /// How the requests of a lane are served, and under which policy.
    fn served(&self, site: &Site, lane: &Lane, detail: Option<&mut Detail>) -> Vec<Served> {
        let Site { family, model, nodes, world } = *site;
        let current = self.caching.current(family, model);
        let rules = self.caching.rules(model);
        let run = |policy| replay(&lane.stream, policy, rules, nodes);
        let choosing = world.used.has(TechniqueId::PromptCaching)
            && self.rewriter(TechniqueId::PromptCaching).is_some_and(|rewriter| {
                lane.pending.iter().any(|pending| rewriter.touches(pending.call))
            });
        let splits = run(current);
        if !choosing {
            return self.warm(lane, splits, current);
        }
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
    fn batch_splits(&self, lane: &Lane, world: World) -> Vec<Served> {
        let cached = world.used.has(TechniqueId::PromptCaching);
        let splits = lane.pending.iter().map(|pending| {
            let prompt = &pending.request.prompt;
            let head = prompt.iter().take_while(|segment| segment.is_head());
            let head: u64 = head.map(|segment| u64::from(segment.tokens)).sum();
            let long_enough = head >= self.caching.rules(pending.request.model).minimum;
            let share = u128::try_from(self.batch_hits.millionths()).unwrap_or(0);
            let read = u128::from(head) * share / 1_000_000;
            let read = if cached && long_enough { read } else { 0 };
            let read = u32::try_from(read).unwrap_or(u32::MAX);
            Served::Replayed(Split { read, ..Split::default() }, Policy::None)
        });
        splits.collect()
    }

    /// What a request costs as it was served.
    fn price(&self, pending: &Pending, split: Split, policy: Policy) -> Usd {
        let record = self.traffic.record(pending.call);
        let logged = record.usage.get();
        let request = &pending.request;
        let total: u64 = request.prompt.iter().map(|segment| u64::from(segment.tokens)).sum();
        let usage = Usage {
            input: logged.input.map(|_| Tokens::new(total)),
            cache_read: Some(Tokens::new(u64::from(split.read))),
            cache_write: Some(writes(split, policy)),
            output: logged.output.map(|_| Tokens::new(request.output)),
            reasoning: logged.reasoning.map(|_| Tokens::new(request.reasoning)),
            audio_input: None,
            audio_output: None,
        };
        let tools = [(Tool::WebSearch, u64::from(record.tool_requests))];
        let query = PriceQuery {
            usage: &usage,
            lane: LaneQuery {
                tier: request.lane,
                region: self.traffic.ledger.log.strings.text_of(record.region),
                at: self.completed(pending.call),
            },
            media: MediaTokens::default(),
            tools: if record.tool_requests > 0 { &tools } else { &[] },
        };
        let cost = self.traffic.models.get(request.model).price(&query).total();
        let repeats = i128::from(request.repeats.millionths());
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

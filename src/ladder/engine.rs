//! What a family of calls costs in one state of the world: techniques rewrite,
//! the prefix cache is replayed on what is left, everything is priced.

mod serve;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use crate::record::lane::Tier;
use crate::techniques::id::{Set, TechniqueId};
use crate::techniques::parameter::Value;
use crate::techniques::technique::{CallState, Conversation, Request, Rewriter, World};
use crate::techniques::traffic::prompt::{head_length, tokens_of};
use crate::techniques::traffic::{
    CallIndex, FamilyIndex, GroupIndex, ModelIndex, PlaceIndex, Prompt, SimulatedCall, Traffic,
};
use crate::units::Usd;

use super::caching::Caching;
use super::logged::Outgoing;
use super::replay::policy::Policy;
use super::replay::stream::{Nodes, Stream};

pub(crate) use serve::writes;

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
}

impl Detail {
    fn add(&mut self, traffic: &Traffic<'_>, index: CallIndex, cost: Usd) {
        let call = traffic.call(index);
        *self.places.entry(call.place).or_default() += cost;
    }
}

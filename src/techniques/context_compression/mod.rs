//! Says the same in fewer prompt tokens: without blank space and repeats, with
//! old turns summed up, with long documents rewritten.
//!
//! What a stretch of a prompt shrinks to depends on the stretch alone, so
//! prompts that opened alike still do. Whether a summary pays for the cache it
//! throws away is for the replay to say. Knows no cache.

mod history;
mod stretches;

use crate::units::{Evidence, Tokens, Usd};

use super::id::TechniqueId;
use super::parameter::Value;
use super::parameters::context_compression as parameters;
use super::technique::{
    CallState, Conversation, Lever, Reason, Request, Rewriter, Technique, View, World,
};
use super::tiers::{self, Demand};
use super::traffic::{CallIndex, GroupIndex, ModelIndex, Traffic};

use history::{Compaction, Turns};
use stretches::Shrinking;

/// The technique.
#[derive(Clone, Copy, Debug)]
pub struct ContextCompression;

const LOSSLESS: usize = 0;
const COMPACTION: usize = 1;
const REWRITING: usize = 2;

const LEVERS: &[Lever] = &[
    Lever { name: "lossless", evidence: Evidence::Measured },
    Lever { name: "compaction", evidence: Evidence::Assumed },
    Lever { name: "rewriting", evidence: Evidence::Assumed },
];

/// Days after the log for which a model that writes summaries must be sold.
const HORIZON_DAYS: i64 = 90;

impl Technique for ContextCompression {
    fn id(&self) -> TechniqueId {
        TechniqueId::ContextCompression
    }

    fn levers(&self) -> &'static [Lever] {
        LEVERS
    }

    fn prepare<'t>(&self, view: View<'t>) -> Box<dyn Rewriter + 't> {
        Box::new(Compressor::of(view))
    }
}

/// What can be said shorter in a log.
#[derive(Debug)]
pub struct Compressor<'t> {
    traffic: &'t Traffic<'t>,
    shrinking: Shrinking,
    compaction: Option<Compaction>,
    /// By group, the model that writes summaries.
    writers: Vec<ModelIndex>,
    /// By group, whether a call's turns can be told apart.
    has_turns: Vec<bool>,
    touched: Vec<bool>,
    reasons: Vec<Option<Reason>>,
    evidence: Vec<Evidence>,
}

impl<'t> Compressor<'t> {
    /// Looks over the prompts of a log.
    #[must_use]
    pub fn of(view: View<'t>) -> Self {
        let (traffic, values) = (view.traffic, view.assumptions);
        let is_on = |lever, switch| view.levers.has(lever) && values.is_on(switch);
        let lossless = is_on(LOSSLESS, parameters::LOSSLESS);
        let rewriting = is_on(REWRITING, parameters::REWRITING);
        let compaction =
            is_on(COMPACTION, parameters::COMPACTION).then(|| Compaction::of(values)).flatten();
        let mut compressor = Self {
            traffic,
            shrinking: Shrinking::of(values, lossless, rewriting),
            compaction,
            writers: writers(&view),
            // Without texts a call that uses tools may be a part of a turn.
            has_turns: view.profile.groups().map(|(_, group)| group.with_tools == 0).collect(),
            touched: Vec::new(),
            reasons: Vec::new(),
            evidence: vec![Evidence::Measured; traffic.groups.len()],
        };
        compressor.find_touched();
        compressor.judge(&view);
        compressor
    }

    fn find_touched(&mut self) {
        let turns = Turns::of(&self.traffic.tree);
        let shrinks = self.shrinking.along(self.traffic);
        for (index, call) in self.traffic.indexed() {
            let (group, end) = (call.group.0 as usize, call.end.0 as usize);
            let has_text = self.traffic.has_text(index);
            let turns = if has_text {
                turns.by_text(end)
            } else if self.has_turns[group] {
                turns.by_calls(end)
            } else {
                0
            };
            let compacts = self.compaction.is_some_and(|compaction| turns >= compaction.turns);
            if compacts || shrinks[end].rewritten {
                self.evidence[group] = Evidence::Assumed;
            }
            self.touched.push(compacts || shrinks[end].any());
        }
    }

    fn judge(&mut self, view: &View<'_>) {
        let mut used = vec![false; self.writers.len()];
        for (index, call) in self.traffic.indexed() {
            used[call.group.0 as usize] |= self.touches(index);
        }
        let is_off = self.compaction.is_none() && self.shrinking.is_off();
        let reasons = view.profile.groups().zip(used).map(|((_, group), used)| {
            if used {
                None
            } else if is_off {
                let message = "no lever of context-compression is on";
                Some(Reason::skipped("SWITCHED_OFF", message))
            } else if group.with_text == 0 {
                let message = "prompts were not logged as texts; log `messages` to see what can \
                    be said shorter";
                Some(Reason::unknown("NEEDS_TEXT", message))
            } else {
                let message = "no blank space, repeats or long histories to shorten";
                Some(Reason::skipped("NOTHING_TO_REWRITE", message))
            }
        });
        self.reasons = reasons.collect();
    }

    /// What the model that writes summaries and rewritings charges for texts
    /// that count so many tokens for the model asked.
    fn written(&self, index: CallIndex, asked: ModelIndex, input: u64, output: u64) -> Usd {
        let writer = self.writers[self.traffic.call(index).group.0 as usize];
        let models = &self.traffic.models;
        let read = Tokens::new(models.retokenised(input, asked, writer));
        let written = Tokens::new(models.retokenised(output, asked, writer));
        models.cost(writer, self.traffic.date(index), read, written)
    }

    /// Sums up old turns of a request; the turns summed up, where any are.
    fn compact(&self, index: CallIndex, request: &mut Request) -> Option<history::Summary> {
        let compaction = self.compaction?;
        let has_text = self.traffic.has_text(index);
        if !has_text && !self.has_turns[self.traffic.call(index).group.0 as usize] {
            return None;
        }
        compaction.apply(&self.traffic.tree, has_text, &mut request.prompt)
    }
}

/// By group, the next model down; its own where there is none.
fn writers(view: &View<'_>) -> Vec<ModelIndex> {
    let traffic = view.traffic;
    let groups = traffic.groups.iter().zip(view.profile.groups());
    let writer = groups.map(|(group, (_, profile))| {
        let demand = Demand::of(traffic, profile, HORIZON_DAYS);
        tiers::below(&traffic.models, group.model, &demand).unwrap_or(group.model)
    });
    writer.collect()
}

impl Rewriter for Compressor<'_> {
    fn verdict(&self, group: GroupIndex) -> Result<(), Reason> {
        self.reasons[group.0 as usize].clone().map_or(Ok(()), Err)
    }

    fn touches(&self, call: CallIndex) -> bool {
        self.touched[call.0 as usize]
    }

    fn rewrite(&self, _world: World, state: &mut CallState, conversation: &mut Conversation) {
        let mut changed = false;
        let mut paid = conversation.compacted_turns;
        for (number, request) in state.requests.iter_mut().enumerate() {
            let shrunk = self.shrinking.apply(self.traffic, &mut request.prompt);
            changed |= shrunk.changed;
            // Further requests of a call use what was written for the first.
            let is_first = number == 0;
            if is_first && shrunk.read > 0 {
                let fee = self.written(state.index, request.model, shrunk.read, shrunk.written);
                state.fees += fee.mean_over(self.shrinking.uses).unwrap_or(fee);
            }
            let Some(summary) = self.compact(state.index, request) else { continue };
            changed = true;
            if is_first {
                for block in summary.unpaid(conversation.compacted_turns) {
                    let fee = self.written(state.index, request.model, block, summary.tokens);
                    state.fees += fee;
                }
                paid = paid.max(summary.turns);
            }
        }
        conversation.compacted_turns = paid;
        if changed {
            state.changed_by = state.changed_by.with(TechniqueId::ContextCompression);
        }
    }

    fn evidence(&self, group: GroupIndex) -> Evidence {
        self.evidence[group.0 as usize]
    }
}

/// What is left of some tokens after a share of them went, rounded up.
fn without(tokens: u32, share: Value) -> u32 {
    let left = Value::MILLION - share.millionths().clamp(0, Value::MILLION);
    let left = u64::from(tokens) * left.unsigned_abs();
    u32::try_from(left.div_ceil(Value::MILLION.unsigned_abs())).unwrap_or(tokens)
}

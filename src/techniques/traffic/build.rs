//! Makes traffic out of a ledger.

use rustc_hash::FxHashMap;

use crate::ledger::Ledger;
use crate::ledger::pricing::State;
use crate::record::call::PromptId;
use crate::record::component::Component;
use crate::record::lane::Tier;
use crate::record::prompt::NodeId;
use crate::record::symbol::Symbol;
use crate::units::{Evidence, Moment, Usd};

use super::families::{self, Key, Openings, Root};
use super::tree::{Stretch, StretchId, Tree, mix};
use super::{
    CallIndex, FamilyIndex, Group, GroupIndex, LeftOut, ModelIndex, Models, Place, PlaceIndex,
    SimulatedCall, Traffic,
};

impl<'t> Traffic<'t> {
    /// The calls of a ledger that can be simulated.
    #[must_use]
    pub fn of(ledger: &'t Ledger<'t>) -> Self {
        let mut builder = Builder::new(ledger);
        builder.add_calls();
        builder.add_prompts();
        builder.finish()
    }
}

struct Builder<'t> {
    ledger: &'t Ledger<'t>,
    calls: Vec<SimulatedCall>,
    models: Models<'t>,
    groups: Vec<Group>,
    places: Vec<Place>,
    families: Vec<Vec<CallIndex>>,
    tree: Tree,
    anchors: Vec<Option<(ModelIndex, u32)>>,
    marks: FxHashMap<CallIndex, Vec<(StretchId, Option<crate::units::Ttl>)>>,
    not_simulated: Usd,
    left_out: LeftOut,
}

impl<'t> Builder<'t> {
    fn new(ledger: &'t Ledger<'t>) -> Self {
        let buckets = ledger.buckets.iter().filter_map(|entry| entry.bill.total());
        let (tree, _) = Tree::of(&crate::record::log::Log::default(), &[]);
        Self {
            ledger,
            calls: Vec::new(),
            models: Models::new(),
            groups: Vec::new(),
            places: Vec::new(),
            families: Vec::new(),
            tree,
            anchors: Vec::new(),
            marks: FxHashMap::default(),
            not_simulated: buckets.sum(),
            left_out: LeftOut { buckets: ledger.buckets.len() as u64, ..LeftOut::default() },
        }
    }

    /// Sorts the calls into groups, places and families.
    fn add_calls(&mut self) {
        let ledger = self.ledger;
        let openings = Openings::of(ledger.log);
        let mut models: FxHashMap<(Option<Symbol>, Option<Symbol>), ModelIndex> =
            FxHashMap::default();
        let mut groups = FxHashMap::default();
        let mut places = FxHashMap::default();
        let mut families: FxHashMap<Key, FamilyIndex> = FxHashMap::default();
        let mut of_conversation: FxHashMap<u32, FamilyIndex> = FxHashMap::default();
        for (position, entry) in (0_u32..).zip(&ledger.entries) {
            let record = ledger.call(entry);
            let bill = entry.bill.total();
            let Some(time) = entry.time else {
                self.left_out.untimed += 1;
                self.not_simulated += bill.unwrap_or_default();
                continue;
            };
            let found = ledger.pricer.find(record.provider, entry.model);
            let (Some(bill), Some(found), State::Priced, true) =
                (bill, found, entry.bill.state, record.tier != Tier::Provisioned)
            else {
                self.left_out.unpriced += u64::from(entry.bill.state != State::NotBilled);
                self.not_simulated += bill.unwrap_or_default();
                continue;
            };
            let model = *models
                .entry((record.provider, entry.model))
                .or_insert_with(|| self.models.add(*found));
            let group =
                *groups.entry((entry.feature, record.provider, entry.model)).or_insert_with(|| {
                    self.groups.push(Group {
                        feature: entry.feature,
                        model_name: entry.model,
                        model,
                    });
                    GroupIndex(last(&self.groups))
                });
            let workspace = record.workspace.or(record.account);
            let place = *places.entry((workspace, group)).or_insert_with(|| {
                self.places.push(Place { group, workspace });
                PlaceIndex(last(&self.places))
            });
            let conversation = ledger.conversations.conversation(position as usize);
            let root = match ledger.log.prompt(record.prompt) {
                Some(prompt) if prompt.end != NodeId::ROOT => openings.root(ledger.log, prompt.end),
                _ => Root::Feature(entry.feature),
            };
            let key = Key { provider: record.provider, workspace, clock: time.clock, root };
            let family = *of_conversation.entry(conversation).or_insert_with(|| {
                *families.entry(key).or_insert_with(|| {
                    self.families.push(Vec::new());
                    FamilyIndex(last(&self.families))
                })
            });
            let index = CallIndex(u32::try_from(self.calls.len()).unwrap_or(u32::MAX));
            self.families[family.0 as usize].push(index);
            self.calls.push(SimulatedCall {
                entry: position,
                time: time.micros,
                model,
                group,
                place,
                family,
                conversation,
                end: StretchId::ROOT,
                answer_end: None,
                bill,
            });
        }
        self.models.add_siblings(ledger.table);
    }

    /// Finds the end of every prompt in the tree of stretches.
    fn add_prompts(&mut self) {
        let log = self.ledger.log;
        let mut ends = Vec::new();
        let mut owners = Vec::new();
        for (index, call) in (0..).map(CallIndex).zip(&self.calls) {
            let record = self.ledger.call(&self.ledger.entries[call.entry as usize]);
            let Some(prompt) = log.prompt(record.prompt) else { continue };
            if prompt.end == NodeId::ROOT {
                continue;
            }
            ends.push(prompt.end);
            owners.push((index, None));
            for (mark, ttl) in &prompt.cache_marks {
                ends.push(*mark);
                owners.push((index, Some(*ttl)));
            }
        }
        let (tree, found) = Tree::of(log, &ends);
        self.tree = tree;
        for ((index, mark), stretch) in owners.into_iter().zip(found) {
            match mark {
                None => self.calls[index.0 as usize].end = stretch,
                Some(ttl) => self.marks.entry(index).or_default().push((stretch, ttl)),
            }
        }
        self.deduce_prompts();
        self.anchors = vec![None; self.tree.len()];
        self.anchor_prompts();
    }

    /// Prompts of calls whose texts were not logged: what every call of the
    /// group carries, then what the conversation has sent so far.
    fn deduce_prompts(&mut self) {
        let ledger = self.ledger;
        let mut before: FxHashMap<u32, (StretchId, u64)> = FxHashMap::default();
        for at in 0..self.calls.len() {
            let call = self.calls[at];
            let entry = &ledger.entries[call.entry as usize];
            let record = ledger.call(entry);
            let total = record.usage.get().input.unwrap_or_default().get();
            if call.end != StretchId::ROOT || has_texts(ledger, record.prompt) || total == 0 {
                continue;
            }
            let parts = ledger.components.parts(call.entry as usize);
            let size = |wanted: &[Component]| -> u64 {
                let parts = parts.iter().filter(|part| wanted.contains(&part.component));
                parts.map(|part| part.billed().total().get()).sum()
            };
            let head =
                size(&[Component::ToolDefinitions, Component::SystemPrompt, Component::FewShot]);
            let stated = parts.iter().all(|part| part.evidence == Evidence::Measured) && head > 0;
            let opened = before.get(&call.conversation).copied().filter(|(_, length)| {
                // A prompt that shrank was compacted and opens with something else.
                let carried = if stated { head + size(&[Component::History]) } else { total };
                carried >= *length
            });
            let long = ledger.conversations.members().row(call.conversation as usize).len() > 1;
            let start = opened.map_or_else(|| self.head(&call, head), |(end, _)| end);
            let known = opened.map_or(head, |(_, length)| length);
            self.calls[at].end = if long && total > known {
                let identity = mix(mix(u64::from(call.conversation), CHAIN), at as u64);
                self.deduced(start, identity, total - known, Component::UserInput)
            } else {
                start
            };
            if long {
                before.insert(call.conversation, (self.calls[at].end, total));
            }
        }
    }

    /// The opening that all calls of a group share, as far as counts show.
    fn head(&mut self, call: &SimulatedCall, tokens: u64) -> StretchId {
        if tokens == 0 {
            return StretchId::ROOT;
        }
        let identity = mix(mix(u64::from(call.group.0), HEAD), tokens);
        self.deduced(StretchId::ROOT, identity, tokens, Component::SystemPrompt)
    }

    fn deduced(
        &mut self,
        parent: StretchId,
        identity: u64,
        tokens: u64,
        component: Component,
    ) -> StretchId {
        self.tree.deduced(Stretch {
            parent,
            identity,
            counted: u32::try_from(tokens).unwrap_or(u32::MAX),
            component,
            assistant: false,
            ends_block: true,
            block: None,
        })
    }

    /// Notes where prompts, and answers that came back, end by the bill.
    fn anchor_prompts(&mut self) {
        let ledger = self.ledger;
        let mut last_call: FxHashMap<u32, usize> = FxHashMap::default();
        for at in 0..self.calls.len() {
            let call = self.calls[at];
            let usage = ledger.call(&ledger.entries[call.entry as usize]).usage.get();
            if call.end == StretchId::ROOT {
                continue;
            }
            if let Some(previous) = last_call.insert(call.conversation, at) {
                self.find_answer(previous, call.end);
            }
            let record = ledger.call(&ledger.entries[call.entry as usize]);
            let covers_all = has_texts(ledger, record.prompt)
                || self.tree.stretch(call.end).component == Component::UserInput;
            if let (Some(input), true) = (usage.input, covers_all) {
                self.anchor(call.end, call.model, input.get());
            }
        }
        for call in self.calls.clone() {
            let usage = ledger.call(&ledger.entries[call.entry as usize]).usage.get();
            if let (Some(end), Some(input), Some(output)) =
                (call.answer_end, usage.input, usage.output)
            {
                let visible = output.saturating_sub(usage.reasoning.unwrap_or_default());
                self.anchor(end, call.model, (input + visible).get());
            }
        }
    }

    fn anchor(&mut self, end: StretchId, model: ModelIndex, billed: u64) {
        let anchor = &mut self.anchors[end.0 as usize];
        if anchor.is_none() {
            *anchor = u32::try_from(billed).ok().map(|billed| (model, billed));
        }
    }

    /// Where the answer of an earlier call ends in the prompt of a later one.
    fn find_answer(&mut self, earlier: usize, later_end: StretchId) {
        let end = self.calls[earlier].end;
        let mut answer = None;
        for id in self.tree.upwards(later_end) {
            if id == end {
                self.calls[earlier].answer_end = answer;
                return;
            }
            // Walking up: the answer is the run of the assistant's stretches
            // right behind `end`, so a later run replaces what was found.
            let stretch = self.tree.stretch(id);
            if !stretch.assistant {
                answer = None;
            } else if answer.is_none() {
                answer = Some(id);
            }
        }
    }

    fn finish(self) -> Traffic<'t> {
        let units = families::units(&self.calls, &self.families, self.places.len());
        let times = self.calls.iter().map(|call| call.time);
        let span = times.clone().min().zip(times.max());
        let dates = self.ledger.entries.iter().filter_map(|entry| entry.time);
        let end = dates.filter_map(Moment::timestamp).max();
        Traffic {
            ledger: self.ledger,
            calls: self.calls,
            models: self.models,
            tree: self.tree,
            groups: self.groups,
            places: self.places,
            families: self.families,
            units,
            marks: self.marks,
            not_simulated: self.not_simulated,
            left_out: self.left_out,
            span,
            end,
            anchors: self.anchors,
        }
    }
}

const CHAIN: u64 = 0x0063_6861_696e;
const HEAD: u64 = 0x6865_6164;

fn has_texts(ledger: &Ledger<'_>, prompt: Option<PromptId>) -> bool {
    ledger.log.prompt(prompt).is_some_and(|prompt| prompt.end != NodeId::ROOT)
}

fn last<T>(items: &[T]) -> u32 {
    u32::try_from(items.len()).unwrap_or(u32::MAX).saturating_sub(1)
}

//! A log's calls as the simulation sees them: priced, timed, with prompts that
//! can be replayed and rewritten, in the families and units that replay apart.
//!
//! Made once from the ledger and never changed. Knows no technique.

mod build;
mod families;
mod models;
pub mod prompt;
mod tree;

use rustc_hash::FxHashMap;

use crate::ledger::{Entry, Ledger};
use crate::record::call::Call;
use crate::record::prompt::Prompt as Recorded;
use crate::record::symbol::Symbol;
use crate::record::usage::Usage;
use crate::units::{Moment, Timestamp, Ttl, Usd};

pub use models::{ModelIndex, Models};
pub use prompt::{Prompt, Segment};
pub use tree::{Stretch, StretchId, Tree, mix};

/// A handle on a simulated call; handles follow the order of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallIndex(pub u32);

/// A handle on a feature served by a model: what a profile is kept of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupIndex(pub u32);

/// A handle on a feature served by a model in a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlaceIndex(pub u32);

/// A handle on a prefix family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FamilyIndex(pub u32);

/// A call that can be simulated.
#[derive(Clone, Copy, Debug)]
pub struct SimulatedCall {
    /// Its position in the ledger's entries.
    pub entry: u32,
    /// Microseconds on the log's clock.
    pub time: i64,
    /// The model that served it.
    pub model: ModelIndex,
    /// Its feature and model.
    pub group: GroupIndex,
    /// Its workspace, feature and model.
    pub place: PlaceIndex,
    /// Calls that may share a cached prefix with it.
    pub family: FamilyIndex,
    /// Its conversation.
    pub conversation: u32,
    /// The last stretch of its prompt.
    pub end: StretchId,
    /// Where its answer ends in a later prompt, if it came back in one.
    pub answer_end: Option<StretchId>,
    /// What it was billed.
    pub bill: Usd,
}

/// A feature served by a model.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// The feature, a handle of the ledger's names.
    pub feature: Option<Symbol>,
    /// The model, a handle of the ledger's names.
    pub model_name: Option<Symbol>,
    /// The model.
    pub model: ModelIndex,
}

/// A feature served by a model in a workspace.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Its feature and model.
    pub group: GroupIndex,
    /// The workspace, else the account, a handle of the log's strings.
    pub workspace: Option<Symbol>,
}

/// Families that must be decided on together.
#[derive(Clone, Debug, Default)]
pub struct Unit {
    /// Its families, in order.
    pub families: Vec<FamilyIndex>,
    /// Its places, in order.
    pub places: Vec<PlaceIndex>,
    /// How many calls it has.
    pub calls: u64,
    /// What they were billed.
    pub bill: Usd,
}

/// Everything that the ladder is about.
#[derive(Debug)]
pub struct Traffic<'t> {
    /// Where it comes from.
    pub ledger: &'t Ledger<'t>,
    /// The calls, in the order of the log.
    pub calls: Vec<SimulatedCall>,
    /// The models of the log and of their providers.
    pub models: Models<'t>,
    /// All prompts.
    pub tree: Tree,
    /// Features by model, in order of first sight.
    pub groups: Vec<Group>,
    /// Groups by workspace, in order of first sight.
    pub places: Vec<Place>,
    /// For each family its calls, in order.
    pub families: Vec<Vec<CallIndex>>,
    /// What is decided on together, in order of first sight.
    pub units: Vec<Unit>,
    /// Cache marks of requests that set any.
    pub marks: FxHashMap<CallIndex, Vec<(StretchId, Option<Ttl>)>>,
    /// What calls cost that cannot be simulated: without a time, and buckets.
    pub not_simulated: Usd,
    /// How many calls cannot be simulated, and why.
    pub left_out: LeftOut,
    /// The first and the last time, in microseconds.
    pub span: Option<(i64, i64)>,
    /// The last call's date, where the log has dates.
    pub end: Option<Timestamp>,
    anchors: Vec<Option<(ModelIndex, u32)>>,
}

/// Calls that the simulation leaves out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Calls without a time.
    pub untimed: u64,
    /// Calls without a price.
    pub unpriced: u64,
    /// Buckets of usage exports.
    pub buckets: u64,
}

impl<'t> Traffic<'t> {
    /// A simulated call.
    #[must_use]
    pub fn call(&self, index: CallIndex) -> &SimulatedCall {
        &self.calls[index.0 as usize]
    }

    /// Every call with its handle.
    pub fn indexed(&self) -> impl Iterator<Item = (CallIndex, &SimulatedCall)> {
        (0..).map(CallIndex).zip(&self.calls)
    }

    /// The ledger's entry of a call.
    #[must_use]
    pub fn entry(&self, index: CallIndex) -> &'t Entry {
        &self.ledger.entries[self.call(index).entry as usize]
    }

    /// The log's record of a call.
    #[must_use]
    pub fn record(&self, index: CallIndex) -> &'t Call {
        self.ledger.call(self.entry(index))
    }

    /// What is kept of a call's texts.
    #[must_use]
    pub fn recorded(&self, index: CallIndex) -> Option<&'t Recorded> {
        self.ledger.log.prompt(self.record(index).prompt)
    }

    /// The billed counters of a call.
    #[must_use]
    pub fn usage(&self, index: CallIndex) -> Usage {
        self.record(index).usage.get()
    }

    /// The billed prompt tokens of a call; 0 where they were not logged.
    #[must_use]
    pub fn input(&self, index: CallIndex) -> u64 {
        self.usage(index).input.unwrap_or_default().get()
    }

    /// Whether a call's prompt was logged as texts or block ids.
    #[must_use]
    pub fn has_text(&self, index: CallIndex) -> bool {
        self.recorded(index).is_some_and(|prompt| prompt.end != crate::record::prompt::NodeId::ROOT)
    }

    /// Whether a call's prompt was logged as the ids of its blocks.
    #[must_use]
    pub fn is_blocks(&self, index: CallIndex) -> bool {
        self.has_text(index) && self.tree.stretch(self.call(index).end).block.is_none()
    }

    /// The turn of a call in its conversation, from 1.
    #[must_use]
    pub fn turn(&self, index: CallIndex) -> u32 {
        self.ledger.conversations.turn(self.call(index).entry as usize)
    }

    /// How many calls the conversation of a call has.
    #[must_use]
    pub fn conversation_length(&self, index: CallIndex) -> usize {
        self.ledger.conversations.members().row(self.call(index).conversation as usize).len()
    }

    /// A group.
    #[must_use]
    pub fn group(&self, index: GroupIndex) -> &Group {
        &self.groups[index.0 as usize]
    }

    /// When a call happened, where that is a date.
    #[must_use]
    pub fn date(&self, index: CallIndex) -> Option<Timestamp> {
        self.entry(index).time.and_then(Moment::timestamp)
    }

    /// The feature's name.
    #[must_use]
    pub fn feature_name(&self, group: GroupIndex) -> Option<&str> {
        self.ledger.names.text_of(self.group(group).feature)
    }

    /// The model's name as the log has it.
    #[must_use]
    pub fn model_name(&self, group: GroupIndex) -> Option<&str> {
        self.ledger.names.text_of(self.group(group).model_name)
    }

    /// Where a stretch ends in prompts of a model, if a bill says so.
    fn anchor(&self, stretch: StretchId, model: ModelIndex) -> Option<u64> {
        let (of, billed) = (*self.anchors.get(stretch.0 as usize)?)?;
        self.models.is_same(of, model).then(|| u64::from(billed))
    }

    fn record_of(&self, index: CallIndex) -> usize {
        self.entry(index).call as usize
    }
}

//! Which calls belong to one conversation, and in which order.

use rustc_hash::FxHashMap;

use crate::record::call::Call;
use crate::record::log::Log;
use crate::record::prompt::NodeId;
use crate::record::symbol::Symbol;
use crate::units::Evidence;

use super::Entry;
use super::flat::Flat;

/// The conversations of a log.
#[derive(Debug, Default)]
pub struct Conversations {
    /// For each entry, its conversation.
    of_entry: Vec<u32>,
    /// For each entry, its turn: 1 for the first call of its conversation.
    turns: Vec<u32>,
    /// Entries of each conversation, in order of time.
    members: Flat<u32>,
    /// Whether conversations were logged or deduced from prompts.
    pub evidence: Evidence,
    /// Whether the log says or shows anything about conversations.
    pub known: bool,
}

/// What a logged conversation is told apart by: an id is only unique inside
/// its account, and a sub-agent's chain is a conversation of its own.
type Key = (Option<Symbol>, Symbol, bool, Option<crate::record::call::TagsId>);

impl Conversations {
    /// Groups the entries, which are in order of time.
    pub(super) fn of(log: &Log, entries: &[Entry]) -> Self {
        let mut found = Self::default();
        let mut sizes: Vec<u32> = Vec::new();
        let mut logged: FxHashMap<Key, u32> = FxHashMap::default();
        let mut by_end: FxHashMap<NodeId, u32> = FxHashMap::default();
        found.of_entry.reserve_exact(entries.len());
        found.turns.reserve_exact(entries.len());
        for entry in entries {
            let call = &log.calls[entry.call as usize];
            let conversation = match call.conversation {
                Some(id) => {
                    found.known = true;
                    // Chains of one session differ in their agent tag.
                    let agent = if call.flags.sidechain { call.tags } else { None };
                    let key = (call.workspace.or(call.account), id, call.flags.sidechain, agent);
                    *logged.entry(key).or_insert_with(|| new(&mut sizes))
                }
                None => found.deduced(log, call, &mut by_end, &mut sizes),
            };
            let size = &mut sizes[conversation as usize];
            *size += 1;
            found.of_entry.push(conversation);
            found.turns.push(*size);
        }
        found.members = Flat::by_group(&found.of_entry, sizes.len());
        found
    }

    /// The conversation of a call that names none: the one whose last prompt it
    /// continues, else a new one. Needs an order, so only calls with a time.
    fn deduced(
        &mut self,
        log: &Log,
        call: &Call,
        by_end: &mut FxHashMap<NodeId, u32>,
        sizes: &mut Vec<u32>,
    ) -> u32 {
        let prompt = log.prompt(call.prompt).filter(|prompt| prompt.end != NodeId::ROOT);
        let (Some(prompt), Some(_)) = (prompt, call.time.get()) else {
            return new(sizes);
        };
        let mut at = log.tree.node(prompt.end).parent;
        let mut answered = log.tree.node(prompt.end).assistant;
        let mut continued = None;
        while at != NodeId::ROOT {
            if answered && let Some(&conversation) = by_end.get(&at) {
                continued = Some(conversation);
                break;
            }
            let node = log.tree.node(at);
            answered |= node.assistant;
            at = node.parent;
        }
        if continued.is_some() {
            self.known = true;
            self.evidence = Evidence::Inferred;
        }
        let conversation = continued.unwrap_or_else(|| new(sizes));
        by_end.insert(prompt.end, conversation);
        conversation
    }

    /// The conversation of an entry.
    #[must_use]
    pub fn conversation(&self, entry: usize) -> u32 {
        self.of_entry.get(entry).copied().unwrap_or(0)
    }

    /// The turn of an entry in its conversation, from 1.
    #[must_use]
    pub fn turn(&self, entry: usize) -> u32 {
        self.turns.get(entry).copied().unwrap_or(1)
    }

    /// Entries of each conversation, in order of time.
    #[must_use]
    pub const fn members(&self) -> &Flat<u32> {
        &self.members
    }
}

#[cfg(test)]
impl Conversations {
    /// One conversation of so many entries.
    pub(super) fn single(entries: u32) -> Self {
        Self {
            of_entry: (0..entries).map(|_| 0).collect(),
            turns: (1..=entries).collect(),
            members: Flat::by_group(&vec![0; entries as usize], 1),
            ..Self::default()
        }
    }
}

/// Opens a conversation without any entry.
fn new(sizes: &mut Vec<u32>) -> u32 {
    sizes.push(0);
    u32::try_from(sizes.len() - 1).unwrap_or(u32::MAX)
}

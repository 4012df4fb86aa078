//! Messages of session logs, put together into the prompts of their calls.
//!
//! Coding agents log messages, not requests: the prompt of a call is every
//! message of its chain before the answer. A reader pushes one [`Entry`] per
//! message; this module orders them and rebuilds the prompts.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::measure::memo::Memo;
use crate::record::call::{PackedTime, Source};
use crate::record::component::Component;
use crate::record::prompt::Prompt;
use crate::record::symbol::Symbol;

use super::batch::Packed;
use super::collect::{PromptWriter, keep};
use super::prompt::Part;

/// A message of a session, already measured.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// Where the message stands; set by the batch.
    pub source: Source,
    /// The session.
    pub session: Option<Symbol>,
    /// The sub-agent inside the session; `None` is the main chain.
    pub chain: Option<Symbol>,
    /// Hash of the message's own id, 0 where it has none.
    pub id: u64,
    /// Hash of the id of the message before, 0 where it has none.
    pub parent: u64,
    /// When it was written.
    pub time: PackedTime,
    /// Its content.
    pub parts: Vec<Part>,
    /// Images and files in it.
    pub unmeasured_parts: u16,
    /// The call (index in the batch) whose answer this message is, or is a part
    /// of.
    pub answer_of: Option<u32>,
    /// Whether the conversation starts afresh here: a compaction's summary
    /// replaces everything before it.
    pub resets: bool,
}

/// Everything that rebuilding sessions reads and writes.
pub(super) struct Sessions<'a> {
    /// The calls that stay; rebuilt prompts are set on them.
    pub(super) calls: &'a mut [Packed],
    /// For each record that was pushed, the call that stands for it.
    pub(super) kept_of: &'a [u32],
    /// The prefix tree.
    pub(super) writer: &'a mut PromptWriter,
    /// Where prompts are kept.
    pub(super) prompts: &'a mut Vec<Prompt>,
    /// The measured blocks.
    pub(super) memo: &'a Memo,
}

impl Sessions<'_> {
    /// Puts every session's messages in order and sets the prompts of its calls.
    pub(super) fn rebuild(&mut self, mut entries: Vec<Entry>) {
        let depths = depths(&entries);
        let mut keyed: Vec<(u64, Entry)> = entries
            .drain(..)
            .map(|entry| (depths.get(&entry.id).copied().unwrap_or(0), entry))
            .collect();
        // Within one instant a message follows its parent; position is the last
        // resort for logs that carry neither.
        keyed.sort_by_key(|(depth, entry)| {
            let time = entry.time.get();
            let chain = (entry.session.map(Symbol::index), entry.chain.map(Symbol::index));
            (chain, time.is_none(), time, *depth, entry.source)
        });
        let entries: Vec<Entry> = keyed.into_iter().map(|(_, entry)| entry).collect();
        for chain in entries
            .chunk_by(|left, right| (left.session, left.chain) == (right.session, right.chain))
        {
            self.rebuild_chain(chain);
        }
    }

    fn rebuild_chain(&mut self, chain: &[Entry]) {
        let mut prompt = Prompt::default();
        let mut seen = FxHashSet::default();
        let mut answered: Option<u32> = None;
        for entry in chain {
            // Resumed sessions restate their messages.
            if entry.id != 0 && !seen.insert(entry.id) {
                continue;
            }
            if entry.resets {
                prompt = Prompt::default();
            }
            let answer_of =
                entry.answer_of.and_then(|call| self.kept_of.get(call as usize).copied());
            if let Some(call) = answer_of
                && answered != answer_of
            {
                self.set_prompt(call, &prompt);
            }
            answered = answer_of.or(answered);
            self.writer.write(&entry.parts, &mut prompt, self.memo);
            prompt.unmeasured_parts =
                prompt.unmeasured_parts.saturating_add(entry.unmeasured_parts);
            if answer_of.is_none()
                && let Some(user) =
                    entry.parts.iter().rfind(|part| part.component == Component::UserInput)
            {
                prompt.last_user = Some(user.block);
            }
            if let Some(call) = answer_of {
                self.add_answer(call, entry);
            }
        }
    }

    fn set_prompt(&mut self, call: u32, prompt: &Prompt) {
        let Some(packed) = self.calls.get_mut(call as usize) else { return };
        if packed.call.prompt.is_none() {
            packed.call.prompt = keep(self.prompts, prompt.clone());
        }
    }

    /// Adds a message to the measured answer of its call.
    fn add_answer(&mut self, call: u32, entry: &Entry) {
        let Some(id) = self.calls.get(call as usize).and_then(|packed| packed.call.prompt) else {
            return;
        };
        let Some(prompt) = self.prompts.get_mut(id.0 as usize) else { return };
        let answer = prompt.answer.get_or_insert_default();
        for part in &entry.parts {
            let measured = self.memo.with(part.block, |block| (block.identity, block.tokens));
            let (identity, tokens) = measured.unwrap_or_default();
            answer.hash = answer.hash.rotate_left(1) ^ identity;
            answer.tokens = answer.tokens.saturating_add(tokens);
            answer.minified_tokens = answer.tokens;
        }
    }
}

/// How many messages stand before each one, by following parents.
fn depths(entries: &[Entry]) -> FxHashMap<u64, u64> {
    let parents: FxHashMap<u64, u64> = entries
        .iter()
        .filter(|entry| entry.id != 0)
        .map(|entry| (entry.id, entry.parent))
        .collect();
    let mut depths: FxHashMap<u64, u64> = FxHashMap::default();
    for entry in entries {
        let (mut trail, mut at) = (Vec::new(), entry.id);
        let mut above = 0;
        // A forged cycle of parents ends when the trail outgrows the session.
        while at != 0 && trail.len() <= parents.len() {
            if let Some(known) = depths.get(&at) {
                above = known + 1;
                break;
            }
            trail.push(at);
            at = parents.get(&at).copied().unwrap_or(0);
        }
        for (id, depth) in trail.into_iter().rev().zip(above..) {
            depths.insert(id, depth);
        }
    }
    depths
}

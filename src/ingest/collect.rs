//! Takes the batches of all workers, in order, and makes one log of them.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::measure::memo::Memo;
use crate::record::bucket::Bucket;
use crate::record::call::{Call, PromptId, TagsId};
use crate::record::charge::Charge;
use crate::record::log::{Accounting, FileAccount, HandedOn, Log, Note};
use crate::record::prompt::{BlockId, Node, NodeId, Prompt, PromptTree};
use crate::record::symbol::{Strings, Symbol};
use crate::units::Ttl;

use super::batch::{Batch, Packed};
use super::join::{Halves, Said};
use super::merge;
use super::periods;
use super::prompt::{Part, PromptDraft};
use super::sequence::{self, Step};
use super::span_tree::Place;
use super::transcript::{self, Entry};

/// The log under construction.
#[derive(Default)]
pub(super) struct Collector {
    strings: Strings,
    tag_sets: Vec<Vec<(Symbol, Symbol)>>,
    known_tags: FxHashMap<Vec<(Symbol, Symbol)>, TagsId>,
    packed: Vec<Packed>,
    buckets: Vec<Bucket>,
    charges: Vec<Charge>,
    entries: Vec<Entry>,
    halves: Halves,
    steps: Vec<Step>,
    spans: Vec<Place>,
    writer: PromptWriter,
    prompts: Vec<Prompt>,
    partial: BTreeMap<u32, FileAccount>,
    open_pages: FxHashSet<u32>,
    notes: Vec<Note>,
    handed_on: Vec<HandedOn>,
}

impl Collector {
    /// Takes in what one worker found.
    pub(super) fn absorb(&mut self, file: u32, batch: Batch, memo: &Memo) {
        let symbols: Vec<Option<Symbol>> =
            batch.strings.iter().map(|(_, text)| self.strings.intern(text)).collect();
        let rename = |symbol: Option<Symbol>| {
            symbol.and_then(|symbol| symbols.get(symbol.index()).copied().flatten())
        };
        let tags: Vec<TagsId> = batch.tag_sets.iter().map(|set| self.tags(set, &symbols)).collect();
        let first_call = u32::try_from(self.packed.len()).unwrap_or(u32::MAX);
        let first_entry = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        let rename_call = |call: &mut Call| {
            for name in names_of(call) {
                *name = rename(*name);
            }
            call.tags = call.tags.and_then(|id| tags.get(id.0 as usize).copied());
        };
        for mut packed in batch.calls {
            rename_call(&mut packed.call);
            if let Some(draft) = packed.prompt.take() {
                packed.call.prompt = self.keep_prompt(&draft, memo);
            }
            self.packed.push(packed);
        }
        for (asked, mut packed) in batch.halves.requests {
            rename_call(&mut packed.call);
            self.halves.requests.push((asked, packed));
        }
        let answers = batch.halves.answers.into_iter();
        self.halves
            .answers
            .extend(answers.map(|said| Said { call: said.call + first_call, ..said }));
        for mut bucket in batch.buckets {
            for symbol in [
                &mut bucket.provider,
                &mut bucket.model,
                &mut bucket.feature,
                &mut bucket.user,
                &mut bucket.account,
                &mut bucket.region,
            ] {
                *symbol = rename(*symbol);
            }
            self.buckets.push(bucket);
        }
        for mut charge in batch.charges {
            for symbol in [
                &mut charge.provider,
                &mut charge.model,
                &mut charge.item,
                &mut charge.account,
                &mut charge.region,
            ] {
                *symbol = rename(*symbol);
            }
            self.charges.push(charge);
        }
        self.entries.extend(batch.entries.into_iter().map(|mut entry| {
            entry.session = rename(entry.session);
            entry.chain = rename(entry.chain);
            entry.answer_of = entry.answer_of.map(|call| call + first_call);
            entry
        }));
        self.steps.extend(batch.steps.into_iter().map(|mut step| {
            let tag_set = |id: TagsId| tags.get(id.0 as usize).copied();
            step.rename(rename, tag_set, (first_call, first_entry));
            step
        }));
        self.spans.extend(batch.spans.into_iter().map(|mut place| {
            place.call = place.call.map(|call| call + first_call);
            place
        }));
        self.account(file, batch.account, batch.open_page);
        self.handed_on.extend(batch.handed_on);
        self.notice(batch.notes);
    }

    fn notice(&mut self, notes: Vec<Note>) {
        for note in notes {
            match self.notes.iter_mut().find(|known| known.code == note.code) {
                Some(known) => known.records += note.records,
                None => self.notes.push(note),
            }
        }
    }

    fn tags(&mut self, set: &[(Symbol, Symbol)], symbols: &[Option<Symbol>]) -> TagsId {
        let renamed: Vec<(Symbol, Symbol)> = set
            .iter()
            .filter_map(|(key, value)| {
                let rename = |symbol: &Symbol| symbols.get(symbol.index()).copied().flatten();
                Some((rename(key)?, rename(value)?))
            })
            .collect();
        if let Some(&known) = self.known_tags.get(&renamed) {
            return known;
        }
        let id = TagsId(u32::try_from(self.tag_sets.len()).unwrap_or(u32::MAX));
        self.tag_sets.push(renamed.clone());
        self.known_tags.insert(renamed, id);
        id
    }

    fn account(&mut self, file: u32, found: FileAccount, open_page: Option<bool>) {
        self.partial.entry(file).or_default().take_in(found);
        match open_page {
            Some(true) => {
                self.open_pages.insert(file);
            }
            Some(false) => {
                self.open_pages.remove(&file);
            }
            None => {}
        }
    }

    fn keep_prompt(&mut self, draft: &PromptDraft, memo: &Memo) -> Option<PromptId> {
        let call_site = draft.call_site.as_deref().and_then(|name| self.strings.intern(name));
        let mut prompt = Prompt {
            unmeasured_parts: draft.unmeasured_parts,
            request_hash: draft.request_hash,
            parameters_hash: draft.parameters_hash,
            head_hash: draft.head_hash,
            retrieved_hash: draft.retrieved_hash,
            last_user: draft.last_user,
            call_site,
            answer: draft.answer,
            ..Prompt::default()
        };
        self.writer.write(&draft.parts, &mut prompt, memo);
        keep(&mut self.prompts, prompt)
    }

    /// Gives answers the requests that were records of their own.
    fn join_halves(&mut self, accounting: &mut Accounting, memo: &Memo) {
        let halves = std::mem::take(&mut self.halves);
        if halves.is_empty() {
            return;
        }
        for (call, draft) in halves.settle(&mut self.packed, accounting) {
            let prompt = self.keep_prompt(&draft, memo);
            if let Some(packed) = self.packed.get_mut(call as usize) {
                packed.call.prompt = prompt;
            }
        }
    }

    /// Settles duplicates, puts session logs together and sorts.
    pub(super) fn finish(mut self, files: Vec<FileAccount>, memo: Memo, other_files: u64) -> Log {
        let notes = std::mem::take(&mut self.notes);
        let mut handed_on = std::mem::take(&mut self.handed_on);
        handed_on.sort();
        let mut accounting = Accounting { files, notes, handed_on };
        self.join_halves(&mut accounting, &memo);
        for (file, found) in self.partial {
            if let Some(account) = accounting.files.get_mut(file as usize) {
                account.take_in(found);
            }
        }
        if !self.steps.is_empty() {
            let sequences = sequence::Sequences {
                packed: &mut self.packed,
                entries: &mut self.entries,
                spans: &mut self.spans,
                strings: &mut self.strings,
                files: &mut accounting.files,
                notes: &mut accounting.notes,
            };
            sequence::settle(&self.steps, sequences);
        }
        let formats: Vec<&'static str> = accounting.files.iter().map(|file| file.format).collect();
        let merged = merge::duplicates(
            self.packed,
            &formats,
            (&self.strings, &self.prompts),
            self.spans,
            !self.entries.is_empty(),
        );
        accounting.notes.extend(merged.notes());
        merge::count(&merged, &mut accounting.files);
        periods::drop_repeated(&mut self.buckets, &mut self.charges, &mut accounting.files);
        periods::count(&self.buckets, &self.charges, &mut accounting.files);
        let mut kept = merged.kept;
        if !self.entries.is_empty() {
            let mut sessions = transcript::Sessions {
                calls: &mut kept,
                kept_of: &merged.kept_of,
                writer: &mut self.writer,
                prompts: &mut self.prompts,
                memo: &memo,
            };
            sessions.rebuild(self.entries);
        }
        accounting.notes.extend(notes_on_files(self.open_pages.len() as u64, other_files));
        accounting.notes.sort();
        merge::sort(&mut kept, &self.strings);
        periods::sort_buckets(&mut self.buckets, &self.strings);
        periods::sort_charges(&mut self.charges, &self.strings);
        let stated_components = merge::stated(&mut kept);
        for prompt in &mut self.prompts {
            if let Some(answer) = &mut prompt.answer {
                answer.reappears = self.writer.answers_sent.contains(&answer.hash);
            }
        }
        Log {
            calls: kept.into_iter().map(|packed| packed.call).collect(),
            buckets: self.buckets,
            charges: self.charges,
            strings: self.strings,
            tag_sets: self.tag_sets,
            tree: self.writer.tree,
            blocks: memo.into_blocks(),
            prompts: self.prompts,
            stated_components,
            accounting,
        }
    }
}

/// What is missing although nothing was rejected.
fn notes_on_files(open_pages: u64, other_files: u64) -> impl Iterator<Item = Note> {
    let notes = [
        Note {
            code: "MORE_PAGES",
            message: "the last page of an export says that more pages follow: the totals are incomplete",
            records: open_pages,
        },
        Note {
            code: "OTHER_FILES",
            message: "files in the given folders whose ending is not a log's were not opened",
            records: other_files,
        },
    ];
    notes.into_iter().filter(|note| note.records > 0)
}

/// The names of a call.
const fn names_of(call: &mut Call) -> [&mut Option<Symbol>; 10] {
    [
        &mut call.request_id,
        &mut call.provider,
        &mut call.model,
        &mut call.requested_model,
        &mut call.feature,
        &mut call.user,
        &mut call.account,
        &mut call.workspace,
        &mut call.conversation,
        &mut call.region,
    ]
}

/// Stores a prompt and returns its handle.
pub(super) fn keep(prompts: &mut Vec<Prompt>, prompt: Prompt) -> Option<PromptId> {
    let id = u32::try_from(prompts.len()).ok()?;
    prompts.push(prompt);
    Some(PromptId(id))
}

/// Writes prompts into the prefix tree.
#[derive(Default)]
pub(super) struct PromptWriter {
    tree: PromptTree,
    // Prompts of a conversation repeat whole blocks: one look-up per block
    // instead of one per piece.
    known: FxHashMap<(NodeId, BlockId, u8), (NodeId, u32)>,
    // Hashes of assistant messages that were sent again.
    answers_sent: FxHashSet<u64>,
}

impl PromptWriter {
    /// Writes the parts of a prompt and sets its end, size and cache marks.
    pub(super) fn write(&mut self, parts: &[Part], prompt: &mut Prompt, memo: &Memo) {
        let mut end = prompt.end;
        for part in parts {
            let (node, tokens) = self.append(end, part, memo);
            end = node;
            prompt.counted_tokens = prompt.counted_tokens.saturating_add(tokens);
            if let Some(ttl) = part.cache_mark {
                let mark: (NodeId, Option<Ttl>) = (end, ttl);
                prompt.cache_marks.push(mark);
            }
        }
        prompt.end = end;
    }

    /// Appends a part below `parent`; its last node and its tokens.
    pub(super) fn append(&mut self, parent: NodeId, part: &Part, memo: &Memo) -> (NodeId, u32) {
        let role = (part.component as u8) << 2
            | u8::from(part.assistant) << 1
            | u8::from(part.ends_message);
        let key = (parent, part.block, role);
        if let Some(&known) = self.known.get(&key) {
            return known;
        }
        let written = memo.with(part.block, |block| {
            if part.assistant {
                self.answers_sent.insert(block.identity);
            }
            let mut end = parent;
            let last = block.pieces.len().saturating_sub(1);
            // An empty text still ends a message and costs its overhead.
            let empty = [(0, 0)];
            let pieces = if block.pieces.is_empty() { &empty[..] } else { &block.pieces };
            // A block that has tokens and no text is known by its id alone.
            let known = (block.characters > 0 || block.tokens == 0).then_some(part.block);
            for (position, (hash, tokens)) in pieces.iter().enumerate() {
                let ends_block = position == last;
                end = self.tree.child(Node {
                    parent: end,
                    hash: *hash,
                    tokens: tokens + if ends_block { part.overhead } else { 0 },
                    block: known,
                    component: part.component,
                    ends_block,
                    ends_message: ends_block && part.ends_message,
                    assistant: part.assistant,
                });
            }
            (end, block.tokens + part.overhead)
        });
        let written = written.unwrap_or((parent, 0));
        self.known.insert(key, written);
        written
    }
}

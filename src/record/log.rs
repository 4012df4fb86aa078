//! A whole log after reading: calls, buckets, prompts, and the account of
//! every record that was seen.

use super::bucket::Bucket;
use super::call::{Call, PromptId, TagsId};
use super::charge::Charge;
use super::component::Component;
use super::prompt::{Block, BlockId, Prompt, PromptTree};
use super::symbol::{Strings, Symbol};
use crate::units::Tokens;

/// Everything that was read, in an order that depends on content alone.
#[derive(Debug, Default)]
pub struct Log {
    /// One entry per kept call, sorted by time, then id, then content.
    pub calls: Vec<Call>,
    /// Usage exports, sorted likewise.
    pub buckets: Vec<Bucket>,
    /// Cost exports, sorted likewise.
    pub charges: Vec<Charge>,
    /// The names behind every symbol.
    pub strings: Strings,
    /// Distinct tag sets, each sorted by key.
    pub tag_sets: Vec<Vec<(Symbol, Symbol)>>,
    /// All prompts of the log.
    pub tree: PromptTree,
    /// Measurements of distinct content blocks.
    pub blocks: Vec<Block>,
    /// Measurements of the texts of calls that had them.
    pub prompts: Vec<Prompt>,
    /// Components as the log itself states them, by call index.
    pub stated_components: Vec<(u32, Vec<(Component, Tokens)>)>,
    /// What was read, kept and left out.
    pub accounting: Accounting,
}

impl Log {
    /// The tags of a call, sorted by key.
    #[must_use]
    pub fn tags(&self, id: Option<TagsId>) -> &[(Symbol, Symbol)] {
        id.and_then(|id| self.tag_sets.get(id.0 as usize)).map_or(&[], Vec::as_slice)
    }

    /// The measurements of a call's texts.
    #[must_use]
    pub fn prompt(&self, id: Option<PromptId>) -> Option<&Prompt> {
        id.and_then(|id| self.prompts.get(id.0 as usize))
    }

    /// The measurements of a content block.
    #[must_use]
    pub fn block(&self, id: Option<BlockId>) -> Option<&Block> {
        id.and_then(|id| self.blocks.get(id.0 as usize))
    }
}

/// The account of every log record: `lines = calls + duplicates + ignored +
/// rejected`, for each file and for the whole.
#[derive(Clone, Debug, Default)]
pub struct Accounting {
    /// One entry per file, sorted by path.
    pub files: Vec<FileAccount>,
    /// Things a reader noticed that change how far figures can be trusted.
    pub notes: Vec<Note>,
    /// What was noticed about the log that a table of calls was made from.
    pub handed_on: Vec<HandedOn>,
}

impl Accounting {
    /// All remarks, sorted; of one code in both lists the records add up.
    #[must_use]
    pub fn remarks(&self) -> Vec<HandedOn> {
        let noticed = self.notes.iter().map(|note| HandedOn {
            code: note.code.to_owned(),
            message: note.message.to_owned(),
            records: note.records,
        });
        let mut remarks: Vec<HandedOn> = Vec::new();
        for remark in noticed.chain(self.handed_on.iter().cloned()) {
            match remarks.iter_mut().find(|known| known.code == remark.code) {
                Some(known) => known.records += remark.records,
                None => remarks.push(remark),
            }
        }
        remarks.sort();
        remarks
    }
}

/// The account of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileAccount {
    /// Its path as given or found, `-` for standard input.
    pub path: String,
    /// The format it was read as; empty where none was recognised.
    pub format: &'static str,
    /// Bytes as stored, compressed or not.
    pub bytes: u64,
    /// Log records seen.
    pub lines: u64,
    /// Records kept as calls, buckets or charges.
    pub calls: u64,
    /// Records that restate a call kept elsewhere.
    pub duplicates: u64,
    /// Records that are no calls, with the reason and how many.
    pub ignored: Vec<(&'static str, u64)>,
    /// Records that could not be read, in order of line.
    pub rejections: Vec<Rejection>,
    /// How many records were rejected; `rejections` keeps the first hundred.
    pub rejected: u64,
    /// Of `calls`, how many are buckets.
    pub buckets: u64,
    /// Of `calls`, how many are charges.
    pub charges: u64,
    /// Of the duplicates, how many were seen by another system too.
    pub restated: u64,
    /// Of the ignored, how many are halves that found their other half.
    pub joined: u64,
    /// Calls split off a record that names another model's usage.
    pub child_calls: u64,
    /// How it was recognised, where that was asked for.
    pub recognition: Option<Recognition>,
}

/// How a file's format was recognised.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recognition {
    /// The keys or columns that gave it away; empty where the shape did.
    pub names: Vec<&'static str>,
    /// Whether the format was named by the user and not recognised.
    pub forced: bool,
    /// Other formats that claim the file too, in the order of asking.
    pub others: Vec<&'static str>,
    /// Which counts of the format include which.
    pub convention: &'static str,
}

impl FileAccount {
    /// How many records were ignored.
    #[must_use]
    pub fn ignored_total(&self) -> u64 {
        self.ignored.iter().map(|(_, count)| count).sum()
    }

    /// Counts `count` ignored records under a reason.
    pub fn ignore(&mut self, reason: &'static str, count: u64) {
        match self.ignored.binary_search_by(|(known, _)| known.cmp(&reason)) {
            Ok(at) => self.ignored[at].1 += count,
            Err(at) => self.ignored.insert(at, (reason, count)),
        }
    }

    /// Counts a rejected record; only the first hundred are kept in full.
    pub fn reject(&mut self, rejection: Rejection) {
        self.rejected += 1;
        if self.rejections.len() < Self::MOST_REJECTIONS {
            self.rejections.push(rejection);
        }
    }

    /// Adds what was found in the file's records.
    pub fn take_in(&mut self, found: Self) {
        self.lines += found.lines;
        for (reason, count) in found.ignored {
            self.ignore(reason, count);
        }
        self.rejected += found.rejected;
        self.rejections.extend(found.rejections);
        self.rejections.sort_by_key(|rejection| rejection.line);
        self.rejections.truncate(Self::MOST_REJECTIONS);
    }

    /// Rejections of a file that are kept with line and reason.
    pub const MOST_REJECTIONS: usize = 100;
}

/// A record that could not be read. It names no content of the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// Line of the record's start, from 1.
    pub line: u64,
    /// What is wrong, as a lower-case fragment.
    pub reason: String,
}

/// Something a reader noticed about a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// Stable code in `UPPER_SNAKE`.
    pub code: &'static str,
    /// What it means for the figures.
    pub message: &'static str,
    /// How many records it concerns.
    pub records: u64,
}

/// A remark about a log that was read earlier: a [`Note`] that came through a
/// table of calls.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HandedOn {
    /// Stable code in `UPPER_SNAKE`.
    pub code: String,
    /// What it means for the figures.
    pub message: String,
    /// How many records it concerns.
    pub records: u64,
}

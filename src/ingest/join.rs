//! Puts calls together whose request and answer are records of their own.
//!
//! Batches are logged as two files: what was asked and what came back, in any
//! order, tied by an id that the customer chose and may use again in the next
//! batch. Readers push halves; here each answer finds its request once every
//! file is read. What is decided depends on the records and on which of them
//! share a file, never on the order of files or lines.
//!
//! An answer belongs to the request with its id. Where an id stands for several
//! different requests, or has more answers than requests, files decide: the
//! request is one in a file that holds all ids of the answer's file; else, of
//! such files, one in a file with no id beyond those. What is still open is not
//! guessed: the call stays without its request, and both are counted.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::num::NonZeroU128;
use std::ops::Range;

use rustc_hash::{FxHashMap, FxHashSet};
use xxhash_rust::xxh3::Xxh3;

use crate::record::call::{Call, Count, PackedUsage, RequestFacts, Status};
use crate::record::log::{Accounting, Note};
use crate::record::prompt::Answer;
use crate::record::usage::{CacheWrites, Usage};
use crate::units::Ttl;

use super::batch::Packed;
use super::prompt::{Passage, PromptDraft};

/// Why a request is no record of its own any more.
const JOINED: &str = "batch request, read with its result";
const WITHOUT_RESULT: &str = "batch request whose result is in none of the files";
const AMBIGUOUS: &str = "batch request whose custom_id stands for several different requests";

/// By what the halves of a call are known: the same id in the same system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tie(u128);

impl Tie {
    /// The tie of an id in one system.
    #[must_use]
    pub fn of(system: &str, id: &str) -> Self {
        let mut hash = Xxh3::new();
        hash.update(system.as_bytes());
        hash.update(&[0]);
        hash.update(id.as_bytes());
        Self(hash.digest128())
    }
}

/// What is known of a request beside its call.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// By what its answer is found.
    pub tie: Tie,
    /// Hash of what was asked: requests with the same one are the same.
    pub fingerprint: u128,
    /// The cache lifetime that was asked for.
    pub cache_lifetime: Option<Ttl>,
    /// The retrieved texts that the answer may repeat.
    pub passages: Vec<Passage>,
}

/// What is known of an answer beside its call.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// By what its request is found.
    pub tie: Tie,
    /// The position of its call; set by the batch.
    pub call: u32,
    /// The answer's measurements; set by the batch.
    pub answer: Option<Answer>,
    /// The answer's words as hashes.
    pub words: Box<[u32]>,
}

/// Halves of calls, on their way to each other.
#[derive(Debug, Default)]
pub struct Halves {
    /// Requests, each as the call that it is with its answer.
    pub requests: Vec<(Asked, Packed)>,
    /// Answers, whose calls are kept with or without their requests.
    pub answers: Vec<Said>,
}

impl Halves {
    /// Whether there is nothing to put together.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.requests.is_empty() && self.answers.is_empty()
    }

    /// Fills the calls of answers with what their requests say and accounts for
    /// the requests; returns the prompts by call.
    pub(super) fn settle(
        mut self,
        calls: &mut [Packed],
        accounting: &mut Accounting,
    ) -> Vec<(u32, PromptDraft)> {
        // By content: among requests that ask the same the first one speaks.
        self.requests.sort_by_key(|(asked, packed)| {
            (asked.tie, asked.fingerprint, packed.content, packed.call.source)
        });
        // In the order of calls again at the end, as prompts are written in it.
        self.answers.sort_by_key(|said| (said.tie, said.call));
        let files = Files::of(&self, calls);
        let mut found = Found::default();
        let mut prompts = Vec::new();
        for said in self.answers.chunk_by(|left, right| left.tie == right.tie) {
            let asked = said.first().map_or(0..0, |said| self.asked(said.tie));
            let tie = Tied { requests: &self.requests, asked, said, calls, files: &files };
            for (said, pick) in said.iter().zip(tie.settle()) {
                let Some(packed) = calls.get_mut(said.call as usize) else { continue };
                match pick {
                    Pick::One(index) => {
                        let (asked, request) = &self.requests[index];
                        found.answered.insert((asked.tie, asked.fingerprint));
                        fill(&mut packed.call, asked, &request.call);
                        if let Some(draft) = &request.prompt {
                            prompts.push((said.call, whole(draft, asked, said)));
                        }
                    }
                    Pick::Open => {
                        found.open.insert(said.tie);
                        found.ambiguous += 1;
                    }
                    Pick::None => found.without_request += 1,
                }
            }
        }
        self.account(&found, accounting);
        prompts.sort_by_key(|(call, _)| *call);
        prompts
    }

    /// Where the requests of a tie stand.
    fn asked(&self, tie: Tie) -> Range<usize> {
        let start = self.requests.partition_point(|(asked, _)| asked.tie < tie);
        let end = self.requests.partition_point(|(asked, _)| asked.tie <= tie);
        start..end
    }

    fn account(&self, found: &Found, accounting: &mut Accounting) {
        for (asked, packed) in &self.requests {
            let Some(file) = accounting.files.get_mut(packed.call.source.file as usize) else {
                continue;
            };
            if found.answered.contains(&(asked.tie, asked.fingerprint)) {
                file.ignore(JOINED, 1);
                file.joined += 1;
            } else if found.open.contains(&asked.tie) {
                file.ignore(AMBIGUOUS, 1);
            } else {
                file.ignore(WITHOUT_RESULT, 1);
            }
        }
        let mut note = |code, message, records| {
            if records > 0 {
                accounting.notes.push(Note { code, message, records });
            }
        };
        note(
            "BATCH_REQUEST_AMBIGUOUS",
            "a custom_id stands for different requests and nothing tells which one a batch result answers: its prompt is left out",
            found.ambiguous,
        );
        note(
            "BATCH_WITHOUT_REQUESTS",
            "batch results whose requests are in none of the files have no prompts; read the input files beside them",
            found.without_request,
        );
    }
}

/// The request of an answer.
#[derive(Clone, Copy, Debug)]
enum Pick {
    /// No request has its id.
    None,
    /// Some have, and nothing tells which.
    Open,
    /// The one at this place.
    One(usize),
}

/// All requests and answers of one id.
struct Tied<'a> {
    requests: &'a [(Asked, Packed)],
    asked: Range<usize>,
    said: &'a [Said],
    calls: &'a [Packed],
    files: &'a Files,
}

impl Tied<'_> {
    /// The request of each answer, by the rule at the head of this file.
    fn settle(&self) -> Vec<Pick> {
        let Some(first) = self.asked.clone().next() else {
            return vec![Pick::None; self.said.len()];
        };
        let everything = vec![Pick::One(first); self.said.len()];
        if self.asked.clone().all(|index| self.same(index, first))
            && !self.is_short(&everything, first)
        {
            return everything;
        }
        // Answers of one file pick alike, and few files stand against each other.
        let mut by_file: FxHashMap<u32, Option<usize>> = FxHashMap::default();
        let mut pick = |said: &Said| {
            let file = self.file(said)?;
            *by_file.entry(file).or_insert_with(|| self.by_file(file))
        };
        let mut picks: Vec<Pick> =
            self.said.iter().map(|said| pick(said).map_or(Pick::Open, Pick::One)).collect();
        let picked: BTreeSet<usize> = by_file.into_values().flatten().collect();
        // No request was answered more often than it was asked.
        for index in picked {
            if self.is_short(&picks, index) {
                let mut by_file: FxHashMap<Option<u32>, bool> = FxHashMap::default();
                self.drop_picks(&mut picks, index, |said| {
                    let is_exact = || self.any_exact(said, index);
                    !*by_file.entry(self.file(said)).or_insert_with(is_exact)
                });
            }
            if self.is_short(&picks, index) {
                self.drop_picks(&mut picks, index, |_| true);
            }
        }
        picks
    }

    fn same(&self, index: usize, other: usize) -> bool {
        self.requests[index].0.fingerprint == self.requests[other].0.fingerprint
    }

    /// The one request that the files leave for the answers of a file.
    fn by_file(&self, answered: u32) -> Option<usize> {
        let mut left: Vec<usize> = self.asked.clone().collect();
        left.retain(|index| self.files.hold(self.asked_in(*index), answered));
        if self.one_of(&left).is_none() {
            left.retain(|index| self.files.are_held(self.asked_in(*index), answered));
        }
        self.one_of(&left)
    }

    /// The first of several places that hold the very same request.
    fn one_of(&self, left: &[usize]) -> Option<usize> {
        let first = *left.first()?;
        left.iter().all(|index| self.same(*index, first)).then_some(first)
    }

    /// Whether more answers picked a request than there are requests like it.
    fn is_short(&self, picks: &[Pick], request: usize) -> bool {
        let answers: BTreeSet<(Option<NonZeroU128>, u64)> = self
            .picking(picks, request)
            .into_iter()
            .filter_map(|position| self.calls.get(self.said[position].call as usize))
            // Copies of an answer are one.
            .map(|packed| match packed.identity.key() {
                Some(key) => (Some(key), 0),
                None => (None, packed.content),
            })
            .collect();
        answers.len() > self.asked.clone().filter(|index| self.same(*index, request)).count()
    }

    /// The answers that picked a request.
    fn picking(&self, picks: &[Pick], request: usize) -> Vec<usize> {
        let picked = |pick: &Pick| matches!(pick, Pick::One(index) if self.same(*index, request));
        (0..).zip(picks).filter(|(_, pick)| picked(pick)).map(|(position, _)| position).collect()
    }

    fn drop_picks(&self, picks: &mut [Pick], request: usize, mut drops: impl FnMut(&Said) -> bool) {
        for position in self.picking(picks, request) {
            if drops(&self.said[position]) {
                picks[position] = Pick::Open;
            }
        }
    }

    /// Whether a file with this request has no id beyond those of the answer's.
    fn any_exact(&self, said: &Said, request: usize) -> bool {
        let Some(answered) = self.file(said) else { return false };
        self.asked
            .clone()
            .filter(|index| self.same(*index, request))
            .any(|index| self.files.are_held(self.asked_in(index), answered))
    }

    fn asked_in(&self, index: usize) -> u32 {
        self.requests[index].1.call.source.file
    }

    fn file(&self, said: &Said) -> Option<u32> {
        Some(self.calls.get(said.call as usize)?.call.source.file)
    }
}

/// What settling found out.
#[derive(Default)]
struct Found {
    answered: BTreeSet<(Tie, u128)>,
    open: FxHashSet<Tie>,
    ambiguous: u64,
    without_request: u64,
}

/// Which ids stand in which files, where an id stands for several requests.
#[derive(Default)]
struct Files {
    asked: FxHashMap<u32, FxHashSet<Tie>>,
    answered: FxHashMap<u32, FxHashSet<Tie>>,
    /// What was found out of a file of requests and one of answers: files with
    /// the same ids in all of them are asked about for every id.
    known: RefCell<FxHashMap<(u32, u32), Holding>>,
}

/// How the ids of a file of requests and of a file of answers lie.
#[derive(Clone, Copy, Debug, Default)]
struct Holding {
    /// The requests have every id of the answers.
    holds: bool,
    /// They have no other.
    is_held: bool,
}

impl Files {
    /// The ids of every file; nothing where each id has one request and one
    /// answer, so that no one will ask.
    fn of(halves: &Halves, calls: &[Packed]) -> Self {
        let mut files = Self::default();
        let several_asked = halves.requests.windows(2).any(|pair| pair[0].0.tie == pair[1].0.tie);
        let several_said = halves.answers.windows(2).any(|pair| pair[0].tie == pair[1].tie);
        if !several_asked && !several_said {
            return files;
        }
        for (asked, packed) in &halves.requests {
            files.asked.entry(packed.call.source.file).or_default().insert(asked.tie);
        }
        for said in &halves.answers {
            if let Some(packed) = calls.get(said.call as usize) {
                files.answered.entry(packed.call.source.file).or_default().insert(said.tie);
            }
        }
        files
    }

    /// Whether a file of requests holds every id of a file of answers.
    fn hold(&self, asked: u32, answered: u32) -> bool {
        self.holding(asked, answered).holds
    }

    /// Whether a file of requests has no id beyond those of a file of answers.
    fn are_held(&self, asked: u32, answered: u32) -> bool {
        self.holding(asked, answered).is_held
    }

    fn holding(&self, asked: u32, answered: u32) -> Holding {
        let find = || match (self.asked.get(&asked), self.answered.get(&answered)) {
            (Some(asked), Some(answered)) => {
                Holding { holds: answered.is_subset(asked), is_held: asked.is_subset(answered) }
            }
            _ => Holding::default(),
        };
        *self.known.borrow_mut().entry((asked, answered)).or_insert_with(find)
    }
}

/// Fills a call with what its request says; what the answer says stays.
fn fill(call: &mut Call, asked: &Asked, request: &Call) {
    if call.status != Status::Success {
        call.operation = request.operation;
    }
    // An address in the request beats what the shape of the answer gave away.
    let is_surer = call.flags.inferred_provider && !request.flags.inferred_provider;
    if call.provider.is_none() || (is_surer && request.provider.is_some()) {
        call.provider = request.provider;
        call.flags.inferred_provider = request.flags.inferred_provider;
    }
    for (own, other) in [
        (&mut call.model, request.model),
        (&mut call.requested_model, request.requested_model),
        (&mut call.feature, request.feature),
        (&mut call.user, request.user),
        (&mut call.account, request.account),
        (&mut call.workspace, request.workspace),
        (&mut call.conversation, request.conversation),
        (&mut call.region, request.region),
    ] {
        *own = own.or(other);
    }
    call.tags = call.tags.or(request.tags);
    call.request = facts(call.request, request.request);
    call.flags.hidden_head |= request.flags.hidden_head;
    call.flags.hidden_history |= request.flags.hidden_history;
    call.flags.other_modality |= request.flags.other_modality;
    let usage = call.usage.get();
    if let (Some(lifetime), Some(writes)) = (asked.cache_lifetime, usage.cache_write)
        && writes.short.or(writes.long).is_none()
    {
        let writes = CacheWrites::with_lifetime(lifetime, writes.unstated);
        let usage = Usage { cache_write: Some(writes), ..usage };
        call.usage = PackedUsage::new(&usage).unwrap_or(call.usage);
    }
}

/// The request's own parameters, else what the answer repeats of them.
fn facts(answer: RequestFacts, request: RequestFacts) -> RequestFacts {
    let limit = request.max_tokens.get().or_else(|| answer.max_tokens.get());
    RequestFacts {
        max_tokens: Count::from_optional(limit),
        temperature: request.temperature.or(answer.temperature),
        stream: request.stream.or(answer.stream),
        has_tools: request.has_tools.or(answer.has_tools),
    }
}

/// The prompt of the request with the measurements of the answer.
fn whole(draft: &PromptDraft, asked: &Asked, said: &Said) -> PromptDraft {
    let answer = said.answer.map(|answer| {
        let repeated = asked.passages.iter().map(|passage| passage.repeated_in(&said.words));
        Answer { repeated_tokens: repeated.fold(0, u32::saturating_add), ..answer }
    });
    PromptDraft { answer, ..draft.clone() }
}

//! Puts calls together whose request and answer are records of their own.
//!
//! Batches are logged as two files: what was asked and what came back, in any
//! order, tied by an id that the customer chose and may use again in the next
//! batch. Readers push halves; here each answer finds its request once every
//! file is read. What is decided depends on the records and on which of them
//! share a file, never on the order of files or lines.
//!
//! An answer belongs to the one request with its id. Where there are several,
//! it belongs to any that asks the very same; else to the one in a file that
//! holds all ids of the answer's file; else, of such files, to the one that has
//! no id beyond those. What is still open is not guessed: the call stays
//! without its request, and both are counted.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};
use xxhash_rust::xxh3::Xxh3;

use crate::record::call::{Call, Count, PackedUsage, RequestFacts, Source, Status};
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
        let files = Files::of(&self, calls);
        let mut found = Found::default();
        let mut prompts = Vec::new();
        for said in &self.answers {
            let Some(packed) = calls.get_mut(said.call as usize) else { continue };
            match self.request_of(said.tie, packed.call.source, &files) {
                Pick::One(index) => {
                    let (asked, request) = &self.requests[index];
                    found.answered.insert((asked.tie, asked.fingerprint));
                    fill(&mut packed.call, asked, &request.call);
                    if let Some(draft) = &request.prompt {
                        prompts.push((said.call, whole(draft, asked, said)));
                    }
                }
                Pick::Several => {
                    found.open.insert(said.tie);
                    found.ambiguous += 1;
                }
                Pick::None => found.without_request += 1,
            }
        }
        self.account(&found, accounting);
        prompts
    }

    /// The request of an answer, by the rule at the head of this file.
    fn request_of(&self, tie: Tie, answer: Source, files: &Files) -> Pick {
        let start = self.requests.partition_point(|(asked, _)| asked.tie < tie);
        let candidates: Vec<usize> = (start..)
            .zip(self.requests.get(start..).unwrap_or_default())
            .take_while(|(_, (asked, _))| asked.tie == tie)
            .map(|(index, _)| index)
            .collect();
        let file_of = |index: &usize| self.requests[*index].1.call.source.file;
        let whole = |index: &usize| files.hold(file_of(index), answer.file);
        let exact = |index: &usize| files.are_held(file_of(index), answer.file);
        let mut pick = self.pick(&candidates);
        if matches!(pick, Pick::Several) {
            let mut left = candidates;
            left.retain(whole);
            pick = self.pick(&left);
            if matches!(pick, Pick::Several) {
                left.retain(exact);
                pick = self.pick(&left);
            }
            if matches!(pick, Pick::None) {
                // Every file was ruled out, not every request.
                pick = Pick::Several;
            }
        }
        pick
    }

    /// The request that all of these are.
    fn pick(&self, candidates: &[usize]) -> Pick {
        let Some((first, rest)) = candidates.split_first() else { return Pick::None };
        let asks = |index: &usize| self.requests[*index].0.fingerprint;
        if rest.iter().all(|index| asks(index) == asks(first)) {
            Pick::One(*first)
        } else {
            Pick::Several
        }
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

/// How many requests an answer may belong to.
enum Pick {
    None,
    One(usize),
    Several,
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
}

impl Files {
    /// The ids of every file; nothing where no id stands for two requests.
    fn of(halves: &Halves, calls: &[Packed]) -> Self {
        let mut files = Self::default();
        let clashes = |pair: &[(Asked, Packed)]| {
            pair[0].0.tie == pair[1].0.tie && pair[0].0.fingerprint != pair[1].0.fingerprint
        };
        if !halves.requests.windows(2).any(clashes) {
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
        let (Some(asked), Some(answered)) = (self.asked.get(&asked), self.answered.get(&answered))
        else {
            return false;
        };
        answered.is_subset(asked)
    }

    /// Whether a file of requests has no id beyond those of a file of answers.
    fn are_held(&self, asked: u32, answered: u32) -> bool {
        let (Some(asked), Some(answered)) = (self.asked.get(&asked), self.answered.get(&answered))
        else {
            return false;
        };
        asked.is_subset(answered)
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

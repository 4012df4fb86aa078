//! Sends the passages that matter to a question instead of whole documents.
//!
//! Which passages these are depends on the question, so the same document under
//! another question is another text. Documents that stand in a later prompt of
//! the conversation are the passages that were sent, unless the whole documents
//! had to be. Knows no cache.

mod documents;
mod passages;

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::record::component::Component;
use crate::units::{Evidence, Tokens, Usd, counted};

use super::fees;
use super::id::TechniqueId;
use super::parameter::Value;
use super::parameters::embedding_retrieval as parameters;
use super::technique::{
    CallState, Coin, Conversation, Lever, Reason, Rewriter, Technique, View, Warning, World,
};
use super::traffic::{CallIndex, GroupIndex, Prompt, StretchId, Traffic, Unit};

use documents::{Documents, is_known};
pub use passages::{Fewer, fewer_passages, used_share};

/// The technique.
#[derive(Clone, Copy, Debug)]
pub struct EmbeddingRetrieval;

const RETRIEVAL: usize = 0;

const LEVERS: &[Lever] = &[Lever { name: "retrieval", evidence: Evidence::Assumed }];

impl Technique for EmbeddingRetrieval {
    fn id(&self) -> TechniqueId {
        TechniqueId::EmbeddingRetrieval
    }

    fn levers(&self) -> &'static [Lever] {
        LEVERS
    }

    fn prepare<'t>(&self, view: View<'t>) -> Box<dyn Rewriter + 't> {
        Box::new(Retriever::of(view))
    }
}

/// Documents of an earlier call, as they stand in later prompts.
#[derive(Clone, Copy, Debug)]
struct Sent {
    question: u64,
    /// The tokens of its documents.
    whole: u64,
}

/// The questions about large documents in a log.
#[derive(Debug)]
pub struct Retriever<'t> {
    traffic: &'t Traffic<'t>,
    /// Calls that get passages, with what they ask.
    asking: FxHashMap<CallIndex, Question>,
    /// Documents by conversation and stretch.
    sent: FxHashMap<(u32, StretchId), Sent>,
    /// By family, the tokens of every document that is asked about.
    corpus: Vec<BTreeMap<u64, u32>>,
    touched: Vec<bool>,
    reasons: Vec<Option<Reason>>,
    /// Tokens of all passages together.
    passages: u64,
    escalation: Value,
    embedding: Value,
    store: Value,
    /// Calls that need their documents whole.
    whole: u64,
}

/// What a call asks.
#[derive(Clone, Copy, Debug)]
struct Question {
    identity: u64,
    /// Its tokens.
    tokens: u64,
}

/// What is known of a group's documents.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    is_known: bool,
    is_used: bool,
    has_large: bool,
    largest: u64,
}

impl<'t> Retriever<'t> {
    /// Looks for questions about large documents.
    #[must_use]
    pub fn of(view: View<'t>) -> Self {
        let (traffic, values) = (view.traffic, view.assumptions);
        let chunks = values.value(parameters::CHUNKS).floor();
        let passages = chunks.saturating_mul(values.value(parameters::CHUNK_TOKENS).floor());
        let mut retriever = Self {
            traffic,
            asking: FxHashMap::default(),
            sent: FxHashMap::default(),
            corpus: vec![BTreeMap::new(); traffic.families.len()],
            touched: vec![false; traffic.calls.len()],
            reasons: Vec::new(),
            passages,
            escalation: values.value(parameters::ESCALATION),
            embedding: values.value(parameters::EMBEDDING_USD_PER_MILLION_TOKENS),
            store: values.value(parameters::STORE_MONTHLY_USD),
            whole: 0,
        };
        let mut seen = vec![Seen::default(); traffic.groups.len()];
        let is_on = view.levers.has(RETRIEVAL);
        if is_on {
            retriever.find_questions(&view, &mut seen);
            retriever.find_later_prompts(&mut seen);
        }
        retriever.reasons = seen.iter().map(|seen| retriever.reason(is_on, *seen)).collect();
        retriever
    }

    /// Whether passages are retrieved for a call.
    #[must_use]
    pub fn asks(&self, index: CallIndex) -> bool {
        self.asking.contains_key(&index)
    }

    fn find_questions(&mut self, view: &View<'_>, seen: &mut [Seen]) {
        let least = view.assumptions.value(parameters::DOCUMENT_FACTOR);
        let ratio = view.assumptions.value(parameters::QUESTION_RATIO);
        let mut prompt = Prompt::new();
        for (index, call) in self.traffic.indexed() {
            let seen = &mut seen[call.group.0 as usize];
            seen.is_known |= is_known(self.traffic, index);
            let Some(documents) = Documents::of(self.traffic, index, &mut prompt) else { continue };
            seen.largest = seen.largest.max(documents.tokens);
            let output = self.traffic.usage(index).output.unwrap_or_default().get();
            if !reaches(documents.tokens, least, self.passages) {
                continue;
            }
            seen.has_large = true;
            if !reaches(documents.tokens, ratio, output) {
                self.whole += 1;
                continue;
            }
            seen.is_used = true;
            self.touched[index.0 as usize] = true;
            let sent = Sent { question: documents.question.identity, whole: documents.tokens };
            self.asking.insert(index, documents.question);
            let is_long = self.traffic.conversation_length(index) > 1;
            for stretch in documents.stretches.iter().filter(|_| is_long) {
                self.sent.entry((call.conversation, *stretch)).or_insert(sent);
            }
            self.corpus[call.family.0 as usize].extend(documents.texts);
        }
    }

    /// Finds the later prompts in which documents that were asked about stand.
    fn find_later_prompts(&mut self, seen: &mut [Seen]) {
        let conversations: FxHashSet<u32> = self.sent.keys().map(|(number, _)| *number).collect();
        for (index, call) in self.traffic.indexed() {
            if !conversations.contains(&call.conversation) || self.touched[index.0 as usize] {
                continue;
            }
            let mut upwards = self.traffic.tree.upwards(call.end);
            if upwards.any(|stretch| self.sent.contains_key(&(call.conversation, stretch))) {
                self.touched[index.0 as usize] = true;
                seen[call.group.0 as usize].is_used = true;
            }
        }
    }

    fn reason(&self, is_on: bool, seen: Seen) -> Option<Reason> {
        if seen.is_used {
            return None;
        }
        Some(if !is_on {
            Reason::skipped("SWITCHED_OFF", "no lever of embedding-retrieval is on")
        } else if !seen.is_known {
            let message = "the log does not say which part of a prompt is documents; log \
                `messages`, or the tokens of `retrieved_context`";
            Reason::unknown("NEEDS_TEXT", message)
        } else if seen.has_large {
            let message = "answers are too long, beside the documents, to be answers to questions \
                about them";
            Reason::skipped("NOT_CANDIDATE", message)
        } else {
            let message = match (seen.largest, Tokens::new(self.passages)) {
                (0, _) => "no call carries documents".to_owned(),
                (largest, passages) => format!(
                    "no call carries more than {} tokens of documents; passages would be {passages}",
                    Tokens::new(largest)
                ),
            };
            Reason::skipped("NO_LARGE_DOCUMENTS", message)
        })
    }

    /// Cuts the documents of a question down to passages.
    fn retrieve(&self, question: u64, prompt: &mut Prompt) {
        let is_document = |segment: &&mut super::traffic::Segment| {
            segment.component == Component::RetrievedContext
        };
        let whole: u64 = prompt.iter_mut().filter(is_document).map(|s| u64::from(s.tokens)).sum();
        let passages = self.passages.min(whole);
        let (mut running, mut kept) = (0, 0);
        for segment in prompt.iter_mut().filter(is_document) {
            running += u64::from(segment.tokens);
            let upto = documents::scaled(running, passages, whole);
            segment.tokens = u32::try_from(upto - kept).unwrap_or(segment.tokens);
            segment.identity = documents::asked_about(segment.identity, question);
            kept = upto;
        }
    }

    /// Puts the passages that were sent in place of earlier documents.
    fn recall(&self, conversation: u32, prompt: &mut Prompt) -> bool {
        let mut changed = false;
        for segment in prompt.iter_mut() {
            let sent = segment.stretch.and_then(|id| self.sent.get(&(conversation, id)));
            let Some(sent) = sent.filter(|_| segment.component != Component::RetrievedContext)
            else {
                continue;
            };
            let tokens = u64::from(segment.tokens);
            let kept = documents::scaled(tokens, self.passages.min(sent.whole), sent.whole);
            segment.tokens = u32::try_from(kept).unwrap_or(segment.tokens);
            segment.identity = documents::asked_about(segment.identity, sent.question);
            changed = true;
        }
        changed
    }
}

/// Whether some tokens are so many times others.
fn reaches(tokens: u64, times: Value, others: u64) -> bool {
    let times = u128::try_from(times.millionths()).unwrap_or(0);
    u128::from(tokens) * u128::from(Value::MILLION.unsigned_abs()) >= u128::from(others) * times
}

impl Rewriter for Retriever<'_> {
    fn verdict(&self, group: GroupIndex) -> Result<(), Reason> {
        self.reasons[group.0 as usize].clone().map_or(Ok(()), Err)
    }

    fn touches(&self, call: CallIndex) -> bool {
        self.touched[call.0 as usize]
    }

    fn coins(&self) -> Vec<(Coin, Value)> {
        if self.asking.is_empty() {
            Vec::new()
        } else {
            vec![(Coin::RetrievalEscalated, self.escalation)]
        }
    }

    fn rewrite(&self, world: World, state: &mut CallState, _conversation: &mut Conversation) {
        let question = self.asking.get(&state.index);
        let is_escalated = world.has(Coin::RetrievalEscalated);
        let conversation = self.traffic.call(state.index).conversation;
        let mut repeated = Vec::new();
        let mut changed = false;
        if is_escalated && question.is_some() {
            repeated.clone_from(&state.requests);
        }
        for request in &mut state.requests {
            if let Some(question) = question {
                self.retrieve(question.identity, &mut request.prompt);
                changed = true;
            }
            // Once the whole documents were sent, they stay in the conversation.
            changed |= !is_escalated && self.recall(conversation, &mut request.prompt);
        }
        if let Some(question) = question.filter(|_| changed) {
            state.fees += fees::by_tokens(self.embedding, question.tokens);
        }
        state.requests.extend(repeated);
        if changed {
            state.changed_by = state.changed_by.with(TechniqueId::EmbeddingRetrieval);
        }
    }

    fn fixed_cost(&self, unit: &Unit) -> Usd {
        let families = unit.families.iter().map(|family| &self.corpus[family.0 as usize]);
        // A document counts once, whatever opens the prompts it stands in.
        let texts: BTreeMap<u64, u32> = families.flatten().map(|(id, size)| (*id, *size)).collect();
        let tokens = texts.values().map(|size| u64::from(*size)).sum();
        let all = self.asking.len() as u64;
        let store = fees::of_store(self.traffic, unit, self.store, all, |call| self.asks(call));
        let corpus = fees::by_tokens(self.embedding, tokens);
        fees::once(self.traffic, corpus, fees::LONGEST_MONTHS) + store
    }

    fn evidence(&self, _group: GroupIndex) -> Evidence {
        Evidence::Assumed
    }

    fn warnings(&self) -> Vec<Warning> {
        if self.whole == 0 {
            return Vec::new();
        }
        let message = format!(
            "documents stay whole in {}, where answers are too long to be answers to questions \
             about them",
            counted(self.whole, "call")
        );
        vec![Warning { code: "WHOLE_DOCUMENTS", message }]
    }
}

//! What one worker collects from one chunk of one file.
//!
//! A reader describes a call as a [`Draft`] that borrows from the record; the
//! batch packs it, so that nothing borrowed and no text outlives the record.

use std::borrow::Cow;
use std::num::NonZeroU128;

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use crate::record::bucket::Bucket;
use crate::record::call::{
    Call, Count, Finish, Flags, LoggedCost, Operation, PackedUsage, RequestFacts, Source, Status,
    TagsId,
};
use crate::record::charge::Charge;
use crate::record::component::Component;
use crate::record::lane::Tier;
use crate::record::log::{FileAccount, HandedOn, Note, Rejection};
use crate::record::symbol::{Strings, Symbol};
use crate::record::usage::Usage;
use crate::units::{Moment, Tokens, Usd};

use super::format::Outcome;
use super::join::{Asked, Halves, Said};
use super::json::Fault;
use super::prompt::PromptDraft;
use super::sequence::{Step, What};
use super::span_tree::{Place, SpanId};
use super::transcript::Entry;

/// A call as a reader describes it, borrowing from the record.
///
/// Field meanings are those of [`Call`].
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "each field is documented on `Call`")]
pub struct Draft<'a> {
    pub request_id: Option<Cow<'a, str>>,
    pub operation: Operation,
    pub time: Option<Moment>,
    pub provider: Option<Cow<'a, str>>,
    pub model: Option<Cow<'a, str>>,
    pub requested_model: Option<Cow<'a, str>>,
    pub feature: Option<Cow<'a, str>>,
    pub user: Option<Cow<'a, str>>,
    pub account: Option<Cow<'a, str>>,
    pub workspace: Option<Cow<'a, str>>,
    pub conversation: Option<Cow<'a, str>>,
    pub region: Option<Cow<'a, str>>,
    pub tags: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    pub tier: Tier,
    pub status: Status,
    pub finish: Finish,
    pub request: RequestFacts,
    /// Milliseconds; fractions are dropped.
    pub latency_milliseconds: Option<f64>,
    /// Milliseconds; fractions are dropped.
    pub first_token_milliseconds: Option<f64>,
    pub tool_requests: u64,
    pub usage: Usage,
    pub logged_cost: Option<Usd>,
    pub flags: Flags,
    pub prompt: Option<PromptDraft>,
    /// By what the record is recognised when it is met again.
    pub identity: Identity,
    /// The component the whole record stands for, in logs that write a row per
    /// component.
    pub component: Option<Component>,
    /// All components of the call, in a record that states them itself.
    pub stated: Stated,
    /// The record's place among records that are equal in all that decides an
    /// order; else the hash of its content is.
    pub place: Option<u64>,
}

/// By what two records are known to be the same call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Hash of the id that both records carry.
    key: Option<NonZeroU128>,
    /// Hash of a second id; where both records have one and neither is a
    /// side chain, it must be equal too.
    second: Option<NonZeroU128>,
    /// Hash of the provider's own id of the answer, where it is known: another
    /// system that saw the same call has it too.
    response: Option<NonZeroU128>,
}

impl Identity {
    /// Recognised by one id alone; without one, never: equal counts are no
    /// evidence.
    #[must_use]
    pub fn of(id: Option<&str>) -> Self {
        Self::of_pair(id, None)
    }

    /// Recognised by an id and, where both records have it, a second one.
    #[must_use]
    pub fn of_pair(id: Option<&str>, second: Option<&str>) -> Self {
        let hash = |id: Option<&str>| NonZeroU128::new(xxh3_128(id?.as_bytes()));
        Self { key: hash(id), second: hash(second), response: None }
    }

    /// With the provider's own id of the answer (`chatcmpl-…`, `msg_…`), by
    /// which the records of two systems are known to be one call.
    #[must_use]
    pub fn answered_by(self, response: Option<&str>) -> Self {
        let response = response.and_then(|id| NonZeroU128::new(xxh3_128(id.as_bytes())));
        Self { response, ..self }
    }

    /// The hash of the provider's id of the answer.
    #[must_use]
    pub const fn response(self) -> Option<NonZeroU128> {
        self.response
    }

    /// The hash of the first id.
    #[must_use]
    pub const fn key(self) -> Option<NonZeroU128> {
        self.key
    }

    /// The hash of the second id.
    #[must_use]
    pub const fn second(self) -> Option<NonZeroU128> {
        self.second
    }
}

/// Components with their tokens, as records state them.
pub type Stated = Vec<(Component, Tokens)>;

/// A packed draft on its way to the log.
#[derive(Debug)]
pub struct Packed {
    /// The call, its symbols those of the batch.
    pub call: Call,
    /// As in the draft.
    pub identity: Identity,
    /// As in the draft.
    pub component: Option<Component>,
    /// As in the draft; most logs of counts have none.
    pub prompt: Option<Box<PromptDraft>>,
    /// The components that records of the call stated.
    pub stated: Option<Box<Stated>>,
    /// Fixed hash of the record, the last word in a tie.
    pub content: u64,
}

/// What one worker found in one chunk.
#[derive(Debug, Default)]
pub struct Batch {
    /// Names behind the batch's symbols.
    pub strings: Strings,
    /// Distinct tag sets.
    pub tag_sets: Vec<Vec<(Symbol, Symbol)>>,
    known_tags: FxHashMap<Vec<(Symbol, Symbol)>, TagsId>,
    /// Calls in order of line.
    pub calls: Vec<Packed>,
    /// Buckets in order of line.
    pub buckets: Vec<Bucket>,
    /// Charges in order of line.
    pub charges: Vec<Charge>,
    /// Messages of session logs, to be put together by conversation.
    pub entries: Vec<Entry>,
    /// Requests and answers that are records of their own, to be put together.
    pub halves: Halves,
    /// What records say to those behind them, in order of line.
    pub steps: Vec<Step>,
    /// Where the spans of traces hang, calls or not.
    pub spans: Vec<Place>,
    /// The account of the chunk's records.
    pub account: FileAccount,
    /// What became of the parts of the record that is being read.
    parts: Vec<Settled>,
    /// What readers noticed, by code.
    pub notes: Vec<Note>,
    /// Remarks about the log that a table of calls was made from.
    pub handed_on: Vec<HandedOn>,
    /// Whether the last page of the chunk says that more pages follow.
    pub open_page: Option<bool>,
    source: Source,
    content: u64,
}

/// What became of a record or of a part of one.
#[derive(Debug)]
enum Settled {
    Kept(u64),
    Ignored(&'static str),
    Rejected(u64, Fault),
}

/// How much a batch holds at a moment.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    calls: usize,
    buckets: usize,
    charges: usize,
    entries: usize,
    requests: usize,
    answers: usize,
    steps: usize,
    spans: usize,
    parts: usize,
}

impl Batch {
    /// Says which record is being read.
    pub fn start_record(&mut self, file: u32, line: u64, bytes: &[u8]) {
        self.source = Source { file, line: u32::try_from(line).unwrap_or(u32::MAX) };
        self.content = xxh3_64(bytes);
    }

    /// Says which part of the record is being read, where a record holds many:
    /// what is pushed from now on starts on that line.
    pub fn start_part(&mut self, line: u64, bytes: &[u8]) {
        self.start_record(self.source.file, line, bytes);
    }

    /// How much the batch holds, to be able to [`Batch::undo`].
    #[must_use]
    pub const fn mark(&self) -> Mark {
        Mark {
            calls: self.calls.len(),
            buckets: self.buckets.len(),
            charges: self.charges.len(),
            entries: self.entries.len(),
            requests: self.halves.requests.len(),
            answers: self.halves.answers.len(),
            steps: self.steps.len(),
            spans: self.spans.len(),
            parts: self.parts.len(),
        }
    }

    /// Forgets what was pushed since a mark: a rejected record leaves nothing.
    pub fn undo(&mut self, mark: Mark) {
        self.calls.truncate(mark.calls);
        self.buckets.truncate(mark.buckets);
        self.charges.truncate(mark.charges);
        self.entries.truncate(mark.entries);
        self.halves.requests.truncate(mark.requests);
        self.halves.answers.truncate(mark.answers);
        self.steps.truncate(mark.steps);
        self.spans.truncate(mark.spans);
        self.parts.truncate(mark.parts);
    }

    /// Reads a record, or a part of one: a rejected one leaves nothing else.
    pub fn account_for(
        &mut self,
        line: u64,
        read: impl FnOnce(&mut Self) -> Result<Outcome, Fault>,
    ) {
        let mark = self.mark();
        let outcome = read(self);
        self.settle_part(mark, line, outcome);
    }

    /// Says what became of a record or a part of one, which began at a mark.
    pub fn settle_part(&mut self, mark: Mark, line: u64, outcome: Result<Outcome, Fault>) {
        match outcome {
            Ok(Outcome::Kept) => self.parts.push(Settled::Kept(1)),
            Ok(Outcome::KeptMany(records)) => self.parts.push(Settled::Kept(records)),
            Ok(Outcome::AccountedFor) => {}
            Ok(Outcome::Ignored(reason)) => self.parts.push(Settled::Ignored(reason)),
            Err(fault) => {
                self.undo(mark);
                self.parts.push(Settled::Rejected(line, fault));
            }
        }
    }

    /// Enters what became of a whole record into the account.
    pub fn settle_parts(&mut self) {
        let mut parts = std::mem::take(&mut self.parts);
        for part in parts.drain(..) {
            match part {
                Settled::Kept(records) => self.account.lines += records,
                Settled::Ignored(reason) => {
                    self.account.lines += 1;
                    self.account.ignore(reason, 1);
                }
                Settled::Rejected(line, fault) => self.reject(line, &fault),
            }
        }
        // One list serves all records.
        self.parts = parts;
    }

    /// Enters a record that cannot be read into the account.
    pub fn reject(&mut self, line: u64, fault: &Fault) {
        self.account.lines += 1;
        self.account.reject(Rejection { line, reason: fault.to_string() });
    }

    /// Packs a draft.
    ///
    /// # Errors
    /// When its counts contradict each other or exceed what one call can have.
    pub fn push(&mut self, draft: Draft<'_>) -> Result<usize, Fault> {
        let packed = self.pack(draft)?;
        self.calls.push(packed);
        Ok(self.calls.len() - 1)
    }

    /// Adds a request whose answer is another record: no call before the two
    /// are put together.
    ///
    /// # Errors
    /// As [`Batch::push`].
    pub fn push_request(&mut self, draft: Draft<'_>, asked: Asked) -> Result<(), Fault> {
        let packed = self.pack(draft)?;
        self.halves.requests.push((asked, packed));
        Ok(())
    }

    /// Says that the request of a call is another record; the call is whole
    /// without it.
    pub fn expect_request(&mut self, call: usize, said: Said) {
        // What was recorded so far is the answer alone.
        let answer = self.calls.get_mut(call).and_then(|call| call.prompt.take());
        let position = u32::try_from(call).unwrap_or(u32::MAX);
        let answer = answer.and_then(|prompt| prompt.answer);
        self.halves.answers.push(Said { call: position, answer, ..said });
    }

    fn pack(&mut self, draft: Draft<'_>) -> Result<Packed, Fault> {
        check(&draft.usage)?;
        let usage = PackedUsage::new(&draft.usage)
            .ok_or(Fault::Contradiction("a token count is too large for one call"))?;
        let call = Call {
            source: self.source,
            request_id: self.symbol(draft.request_id.as_deref()),
            operation: draft.operation,
            time: draft.time.into(),
            provider: self.symbol(draft.provider.as_deref()),
            model: self.symbol(draft.model.as_deref()),
            requested_model: self.symbol(draft.requested_model.as_deref()),
            feature: self.symbol(draft.feature.as_deref()),
            user: self.symbol(draft.user.as_deref()),
            account: self.symbol(draft.account.as_deref()),
            workspace: self.symbol(draft.workspace.as_deref()),
            conversation: self.symbol(draft.conversation.as_deref()),
            region: self.symbol(draft.region.as_deref()),
            tags: self.tags(draft.tags),
            tier: draft.tier,
            status: draft.status,
            finish: draft.finish,
            request: draft.request,
            latency_milliseconds: milliseconds(draft.latency_milliseconds),
            first_token_milliseconds: milliseconds(draft.first_token_milliseconds),
            tool_requests: u16::try_from(draft.tool_requests).unwrap_or(u16::MAX),
            usage,
            logged_cost: LoggedCost::new(draft.logged_cost),
            prompt: None,
            flags: draft.flags,
        };
        Ok(Packed {
            call,
            identity: draft.identity,
            component: draft.component,
            prompt: draft.prompt.map(Box::new),
            stated: (!draft.stated.is_empty()).then(|| Box::new(draft.stated)),
            content: draft.place.unwrap_or(self.content),
        })
    }

    /// Adds a bucket; its symbols must come from [`Batch::symbol`].
    pub fn push_bucket(&mut self, bucket: Bucket) {
        self.buckets.push(Bucket { source: self.source, ..bucket });
    }

    /// Adds a charge; its symbols must come from [`Batch::symbol`].
    pub fn push_charge(&mut self, charge: Charge) {
        self.charges.push(Charge { source: self.source, ..charge });
    }

    /// Adds a message of a session log; its index in the batch.
    pub fn push_entry(&mut self, entry: Entry) -> u32 {
        self.entries.push(Entry { source: self.source, ..entry });
        u32::try_from(self.entries.len() - 1).unwrap_or(u32::MAX)
    }

    /// Adds what the record says to those behind it.
    pub fn push_step(&mut self, time: Option<Moment>, file_name: Option<Symbol>, what: What) {
        let source = self.source;
        self.steps.push(Step { source, time: time.into(), file_name, what });
    }

    /// Adds where a span hangs in its trace; `call` is what [`Batch::push`] said
    /// where the span is one.
    pub fn push_span(&mut self, id: Option<SpanId>, parent: Option<SpanId>, call: Option<usize>) {
        let call = call.and_then(|call| u32::try_from(call).ok());
        if let Some(id) = id {
            self.spans.push(Place { id, parent, call });
        }
    }

    /// The batch's handle on a name.
    pub fn symbol(&mut self, text: Option<&str>) -> Option<Symbol> {
        text.and_then(|text| self.strings.intern(text))
    }

    /// Counts something a reader noticed about the record.
    pub fn note(&mut self, code: &'static str, message: &'static str) {
        match self.notes.iter_mut().find(|note| note.code == code) {
            Some(note) => note.records += 1,
            None => self.notes.push(Note { code, message, records: 1 }),
        }
    }

    /// Takes over a remark about the log that a table was made from.
    pub fn hand_on(&mut self, remark: HandedOn) {
        match self.handed_on.iter_mut().find(|known| known.code == remark.code) {
            Some(known) => known.records += remark.records,
            None => self.handed_on.push(remark),
        }
    }

    /// The batch's handle on a set of tags.
    pub fn tags(&mut self, tags: Vec<(Cow<'_, str>, Cow<'_, str>)>) -> Option<TagsId> {
        if tags.is_empty() {
            return None;
        }
        let mut texts = tags;
        texts.sort();
        texts.dedup();
        let set: Vec<(Symbol, Symbol)> = texts
            .iter()
            .filter_map(|(key, value)| {
                Some((self.strings.intern(key)?, self.strings.intern(value)?))
            })
            .collect();
        if let Some(&known) = self.known_tags.get(&set) {
            return Some(known);
        }
        let id = TagsId(u32::try_from(self.tag_sets.len()).ok()?);
        self.tag_sets.push(set.clone());
        self.known_tags.insert(set, id);
        Some(id)
    }
}

/// Milliseconds as a count; what is negative or endless is unknown.
fn milliseconds(value: Option<f64>) -> Count {
    let whole = value.filter(|value| (0.0..4e9).contains(value));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 4e9; the fraction is dropped on purpose"
    )]
    Count::from_optional(whole.map(|value| value as u64))
}

/// The identities that hold on every provider after normalisation.
pub(super) fn check(usage: &Usage) -> Result<(), Fault> {
    if let Some(input) = usage.input
        && usage.cache_read.unwrap_or_default() + usage.cache_written() > input
    {
        return Err(Fault::Contradiction("cached tokens exceed input tokens"));
    }
    if let (Some(reasoning), Some(output)) = (usage.reasoning, usage.output)
        && reasoning > output
    {
        return Err(Fault::Contradiction("reasoning tokens exceed output tokens"));
    }
    Ok(())
}

//! The rows of the table of calls: requests, buckets, charges and notes.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use crate::ledger::components::Part;
use crate::ledger::levels::Reason;
use crate::ledger::pricing::Bill;
use crate::ledger::split::Billed;
use crate::ledger::{BucketEntry, Entry, Ledger};
use crate::record::call::{Call, Flags};
use crate::record::charge::Charge;
use crate::record::component::Component;
use crate::record::log::HandedOn;
use crate::record::symbol::Symbol;
use crate::record::usage::{CacheWrites, Usage};
use crate::table::calls::{COLUMNS, COMPONENTS, Name, VERSION, kind, source};
use crate::table::{Cell, Column, Table, words};
use crate::units::{Clock, Moment, Timestamp, Tokens};

use super::names::Names;

/// The currency of every amount.
const CURRENCY: &str = "USD";

/// A log as rows of the table of calls.
#[derive(Debug)]
pub struct Calls<'a> {
    ledger: &'a Ledger<'a>,
    names: &'a Names<'a>,
    /// Buckets that count, and those that requests cover: whoever reads the
    /// table sets them aside again. What a finer export states is left out.
    buckets: Vec<BucketEntry>,
    notes: Vec<HandedOn>,
    stated: FxHashMap<u32, &'a [(Component, Tokens)]>,
    /// Of calls that share their id with earlier ones, which they are.
    copies: FxHashMap<u32, u64>,
}

impl<'a> Calls<'a> {
    /// The table of everything that a ledger counts.
    #[must_use]
    pub fn new(ledger: &'a Ledger<'a>, names: &'a Names<'a>) -> Self {
        let log = ledger.log;
        let stated =
            log.stated_components.iter().map(|(call, parts)| (*call, parts.as_slice())).collect();
        let mut seen: FxHashMap<Symbol, u64> = FxHashMap::default();
        let mut copies = FxHashMap::default();
        for (position, call) in (0..).zip(&log.calls) {
            if let Some(id) = call.request_id {
                let count = seen.entry(id).or_insert(0);
                *count += 1;
                if *count > 1 {
                    copies.insert(position, *count);
                }
            }
        }
        let covered = ledger.levels.set_aside.iter();
        let covered = covered.filter(|aside| aside.reason == Reason::Requests);
        let mut buckets = ledger.buckets.clone();
        buckets.extend(covered.map(|aside| aside.entry));
        buckets.sort_by_key(|entry| entry.bucket);
        let mut calls =
            Self { ledger, names, buckets, notes: log.accounting.remarks(), stated, copies };
        calls.note_call_sites();
        calls
    }

    /// Features that were deduced from texts are plain features in the table:
    /// the remark that says so goes with them.
    fn note_call_sites(&mut self) {
        let deduced = |entry: &&Entry| self.feature(entry).1 == Some(CALL_SITE);
        let records = self.ledger.entries.iter().filter(deduced).count() as u64;
        if records > 0 {
            self.notes.push(HandedOn {
                code: "CALL_SITES".to_owned(),
                message:
                    "the log tags no feature: calls are grouped by their tools and system prompt"
                        .to_owned(),
                records,
            });
            self.notes.sort();
        }
    }

    /// How many calls the table has.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.ledger.entries.len()
    }

    /// The buckets that the table has.
    #[must_use]
    pub fn buckets(&self) -> &[BucketEntry] {
        &self.buckets
    }

    /// Positions in the log of the charges that the table has.
    #[must_use]
    pub fn charges(&self) -> &[u32] {
        &self.ledger.charges.kept
    }

    /// A call's feature and where it comes from.
    fn feature(&self, entry: &Entry) -> (Option<&str>, Option<&'static str>) {
        let call = self.ledger.call(entry);
        let feature = self.ledger.names.text_of(entry.feature);
        let logged = self.ledger.log.strings.text_of(call.feature);
        let from = match feature {
            None => None,
            Some(_) if feature == logged => Some("logged"),
            Some(_) if !self.ledger.settings.features.is_empty() => Some("rule"),
            Some(_) => Some(CALL_SITE),
        };
        (feature, from)
    }

    fn text(&self, symbol: Option<Symbol>) -> Cell<'_> {
        Cell::text(self.ledger.log.strings.text_of(symbol))
    }

    fn request(&self, order: usize) -> Row<'_> {
        let entry = &self.ledger.entries[order];
        let call = self.ledger.call(entry);
        let mut row = Row::new(kind::REQUEST);
        row.set(Name::RecordOrder, Cell::Count(order as u64));
        row.moment(entry.time, call.latency_milliseconds.get());
        row.set(Name::ProviderName, self.text(call.provider));
        row.set(Name::OperationName, Cell::text(words::word(words::OPERATIONS, call.operation)));
        row.set(Name::RequestModel, self.text(call.requested_model));
        row.set(Name::ResponseModel, self.text(call.model));
        row.set(Name::ResponseId, self.text(call.request_id));
        row.set(Name::ResponseCopy, Cell::count(self.copies.get(&entry.call).copied()));
        row.set(Name::ConversationId, self.text(call.conversation));
        row.set(Name::UserId, Cell::text(self.names.user(call.user)));
        row.set(Name::SubAccountId, Cell::text(self.names.account(call.account)));
        row.set(Name::WorkspaceId, Cell::text(self.names.account(call.workspace)));
        row.set(Name::RegionId, self.text(call.region));
        let (feature, from) = self.feature(entry);
        row.set(Name::Feature, Cell::text(feature));
        row.set(Name::FeatureSource, Cell::text(from));
        row.set(Name::Tags, Cell::text(self.names.tags(self.ledger.log.tags(call.tags))));
        row.set(Name::ServiceTier, Cell::text(Some(call.tier.name())));
        row.request_facts(call);
        row.usage(&call.usage.get());
        self.components(order, entry, &mut row);
        row.set(Name::LoggedCost, Cell::money(call.logged_cost.get()));
        row.bill(&entry.bill);
        row
    }

    /// What each part of the prompt takes of the billed tokens.
    fn components(&self, order: usize, entry: &Entry, row: &mut Row<'_>) {
        let call = self.ledger.call(entry);
        let stated = self.stated.get(&entry.call);
        if let Some(stated) = stated.filter(|_| !call.flags.inferred_components) {
            row.set(Name::ComponentSource, Cell::text(Some(source::STATED)));
            for (component, tokens) in *stated {
                row.set(COMPONENTS[component.index()], Cell::Count(tokens.get()));
            }
            return;
        }
        let parts = self.ledger.components.parts(order);
        let by_text = stated.is_some() || !self.ledger.components.runs.row(order).is_empty();
        let only_a_total = parts.iter().all(|part| part.component == Component::Unattributed);
        if parts.is_empty() || (!by_text && only_a_total) {
            return;
        }
        let from = if by_text { source::TEXTS } else { source::COUNTS };
        row.set(Name::ComponentSource, Cell::text(Some(from)));
        for part in parts {
            let tokens = part.billed().total().get();
            row.set(COMPONENTS[part.component.index()], Cell::Count(tokens));
        }
        if by_text {
            row.set(Name::ComponentCacheRead, Cell::text(by_component(parts, |part| part.read)));
            let written = by_component(parts, |part| part.written);
            row.set(Name::ComponentCacheWrite, Cell::text(written));
        }
    }

    fn bucket(&self, order: usize) -> Row<'_> {
        let entry = &self.buckets[order];
        let bucket = self.ledger.bucket(entry);
        let mut row = Row::new(kind::BUCKET);
        row.set(Name::RecordOrder, Cell::Count(order as u64));
        row.set(Name::ChargePeriodStart, Cell::time(bucket.start));
        row.set(Name::ChargePeriodEnd, Cell::time(bucket.end));
        row.set(Name::RequestCount, Cell::count(bucket.calls));
        row.set(Name::ProviderName, self.text(bucket.provider));
        row.set(Name::OperationName, Cell::text(words::word(words::OPERATIONS, bucket.operation)));
        row.set(Name::ResponseModel, self.text(bucket.model));
        row.set(Name::UserId, Cell::text(self.names.user(bucket.user)));
        row.set(Name::SubAccountId, Cell::text(self.names.account(bucket.account)));
        row.set(Name::RegionId, self.text(bucket.region));
        row.set(Name::Feature, self.text(bucket.feature));
        row.set(Name::FeatureSource, Cell::text(bucket.feature.map(|_| "logged")));
        row.set(Name::ServiceTier, Cell::text(Some(bucket.tier.name())));
        row.set(Name::LongContext, Cell::truth(bucket.long_context));
        row.set(Name::ToolRequestCount, some_count(bucket.tool_requests));
        row.usage(&bucket.usage);
        row.set(Name::OtherModalityTokens, some_count(bucket.other_modality.get()));
        row.set(Name::LoggedCost, Cell::money(bucket.logged_cost));
        row.bill(&entry.bill);
        row
    }

    fn charge(&self, order: usize) -> Row<'_> {
        let charge: &Charge = &self.ledger.log.charges[self.charges()[order] as usize];
        let mut row = Row::new(kind::CHARGE);
        row.set(Name::RecordOrder, Cell::Count(order as u64));
        row.set(Name::ChargePeriodStart, Cell::time(charge.start));
        row.set(Name::ChargePeriodEnd, Cell::time(charge.end));
        row.set(Name::ProviderName, self.text(charge.provider));
        row.set(Name::ResponseModel, self.text(charge.model));
        row.set(Name::SubAccountId, Cell::text(self.names.account(charge.account)));
        row.set(Name::RegionId, self.text(charge.region));
        row.set(Name::ServiceTier, Cell::text(charge.tier.map(crate::record::lane::Tier::name)));
        row.set(Name::LongContext, Cell::truth(charge.long_context));
        row.set(Name::BilledCost, Cell::Money(charge.billed));
        row.set(Name::ListCost, Cell::money(charge.list));
        row.set(Name::ChargeItem, self.text(charge.item));
        row.set(Name::ChargeMeter, Cell::text(words::word(words::METERS, charge.meter)));
        row
    }

    fn note(&self, order: usize) -> Row<'_> {
        let note = &self.notes[order];
        let mut row = Row::new(kind::NOTE);
        row.set(Name::NoteCode, Cell::text(Some(note.code.as_str())));
        row.set(Name::NoteMessage, Cell::text(Some(note.message.as_str())));
        row.set(Name::NoteRecords, Cell::Count(note.records));
        row
    }
}

const CALL_SITE: &str = "call_site";

impl Table for Calls<'_> {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn rows(&self) -> usize {
        self.requests() + self.buckets.len() + self.charges().len() + self.notes.len()
    }

    fn row(&self, row: usize) -> Vec<Cell<'_>> {
        let mut at = row;
        for (rows, make) in [
            (self.requests(), Self::request as fn(&Self, usize) -> Row<'_>),
            (self.buckets.len(), Self::bucket),
            (self.charges().len(), Self::charge),
        ] {
            if at < rows {
                return make(self, at).0;
            }
            at -= rows;
        }
        self.note(at).0
    }
}

/// A count that no log states as zero.
fn some_count<'a>(count: u64) -> Cell<'a> {
    Cell::count((count > 0).then_some(count))
}

/// The cells of one row.
struct Row<'a>(Vec<Cell<'a>>);

impl<'a> Row<'a> {
    fn new(kind: &'static str) -> Self {
        let mut row = Self(vec![Cell::Missing; COLUMNS.len()]);
        row.set(Name::TokoptTable, Cell::text(Some(VERSION)));
        row.set(Name::RecordKind, Cell::text(Some(kind)));
        if kind != kind::NOTE {
            row.set(Name::BillingCurrency, Cell::text(Some(CURRENCY)));
        }
        row
    }

    fn set(&mut self, name: Name, cell: Cell<'a>) {
        self.0[name as usize] = cell;
    }

    fn moment(&mut self, time: Option<Moment>, milliseconds: Option<u64>) {
        let Some(time) = time else { return };
        match time.clock {
            Clock::Relative => self.set(Name::ElapsedMicroseconds, Cell::Integer(time.micros)),
            Clock::Dated => {
                let micros = time.micros;
                self.set(Name::ChargePeriodStart, Cell::Time(Timestamp::from_micros(micros)));
                let end = milliseconds.and_then(|milliseconds| {
                    let length = i64::try_from(milliseconds).ok()?.checked_mul(1_000)?;
                    micros.checked_add(length).map(Timestamp::from_micros)
                });
                self.set(Name::ChargePeriodEnd, Cell::time(end));
            }
        }
    }

    fn request_facts(&mut self, call: &Call) {
        self.set(Name::Status, Cell::text(words::word(words::STATUSES, call.status)));
        self.set(Name::FinishReason, Cell::text(words::word(words::FINISHES, call.finish)));
        self.set(Name::Flags, Cell::text(flags(call.flags)));
        self.set(Name::RequestMaxTokens, Cell::count(call.request.max_tokens.get()));
        let temperature = call.request.temperature.filter(|number| number.is_finite());
        self.set(Name::RequestTemperature, temperature.map_or(Cell::Missing, Cell::Number));
        self.set(Name::RequestStream, Cell::truth(call.request.stream));
        self.set(Name::RequestHasTools, Cell::truth(call.request.has_tools));
        self.set(Name::DurationMs, Cell::count(call.latency_milliseconds.get()));
        self.set(Name::TimeToFirstChunkMs, Cell::count(call.first_token_milliseconds.get()));
        self.set(Name::ToolRequestCount, some_count(u64::from(call.tool_requests)));
    }

    fn usage(&mut self, usage: &Usage) {
        let count = |tokens: Option<Tokens>| Cell::count(tokens.map(Tokens::get));
        self.set(Name::InputTokens, count(usage.input));
        self.set(Name::UncachedTokens, count(usage.uncached_input()));
        self.set(Name::CacheReadTokens, count(usage.cache_read));
        self.set(Name::CacheWriteTokens, count(usage.cache_write.map(CacheWrites::total)));
        self.set(Name::CacheWriteByTtl, Cell::text(usage.cache_write.and_then(by_lifetime)));
        self.set(Name::OutputTokens, count(usage.output));
        self.set(Name::ReasoningTokens, count(usage.reasoning));
        self.set(Name::AudioInputTokens, count(usage.audio_input));
        self.set(Name::AudioOutputTokens, count(usage.audio_output));
    }

    fn bill(&mut self, bill: &Bill) {
        let total = bill.total();
        self.set(Name::ListCost, Cell::money(total));
        self.set(Name::ListCostEvidence, Cell::text(total.map(|_| bill.evidence.name())));
    }
}

/// Flags that are set, by their words.
fn flags(mut flags: Flags) -> Option<Cow<'static, str>> {
    let set: Vec<&str> =
        words::FLAGS.iter().filter(|(_, flag)| *flag(&mut flags)).map(|(word, _)| *word).collect();
    (!set.is_empty()).then(|| Cow::Owned(set.join(",")))
}

/// The tokens of each component that has any, as a JSON object.
fn by_component(parts: &[Part], pick: fn(Billed) -> Tokens) -> Option<Cow<'static, str>> {
    let entries: Vec<String> = parts
        .iter()
        .map(|part| (part.component.key(), pick(part.billed())))
        .filter(|(_, tokens)| !tokens.is_zero())
        .map(|(key, tokens)| format!("\"{key}\":{}", tokens.get()))
        .collect();
    (!entries.is_empty()).then(|| Cow::Owned(format!("{{{}}}", entries.join(","))))
}

/// Writes by lifetime, the shorter first; where only the longer is stated, a
/// lifetime of 0 seconds holds the place of the shorter.
fn by_lifetime(writes: CacheWrites) -> Option<Cow<'static, str>> {
    let entry = |(ttl, tokens): (crate::units::Ttl, Tokens)| {
        format!("\"{}\":{}", ttl.seconds(), tokens.get())
    };
    let entries = match (writes.short, writes.long) {
        (None, None) => return None,
        (short, None) => short.map(entry).into_iter().collect(),
        (short, Some(long)) => {
            vec![short.map_or_else(|| "\"0\":0".to_owned(), entry), entry(long)]
        }
    };
    Some(Cow::Owned(format!("{{{}}}", entries.join(","))))
}

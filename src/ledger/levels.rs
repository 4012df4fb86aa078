//! Requests, periods and bills: three levels that speak of the same usage and
//! are never added.
//!
//! Where requests cover the time of a period that an export adds up, the
//! requests count and the period is set aside. Where two exports cover it, the
//! finer one counts. What is set aside is kept beside the ledger, so that it
//! can be counted and compared.

use std::cmp::Ordering;

use rustc_hash::FxHashMap;

use crate::prices::PriceTable;
use crate::record::bucket::Bucket;
use crate::record::call::Operation;
use crate::record::log::Log;
use crate::record::symbol::{Strings, Symbol};
use crate::record::usage::Usage;
use crate::selection::ChargeFields;
use crate::units::{Moment, Timestamp, Tokens};

use super::overlap::{Stated, period, repeated};
use super::pricing::Pricer;
use super::{BucketEntry, Entry, Settings};

/// A bucket that counts nowhere, because something else speaks of its usage.
#[derive(Clone, Copy, Debug)]
pub struct SetAside {
    /// The bucket, priced.
    pub entry: BucketEntry,
    /// What counts in its place.
    pub reason: Reason,
}

/// What counts in the place of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Requests of the same provider and time.
    Requests,
    /// A finer export of the same provider and time.
    FinerExport,
}

/// What was set aside, and what could not be told.
#[derive(Clone, Debug, Default)]
pub struct Levels {
    /// Buckets that count nowhere, in the order of the log.
    pub set_aside: Vec<SetAside>,
    /// Requests without a date, for whose provider buckets were set aside.
    pub undated_calls: u64,
    /// Requests whose provider is unknown, for which buckets were set aside.
    pub unnamed_calls: u64,
}

/// Billed amounts that count, and those that another export states finer.
#[derive(Clone, Debug, Default)]
pub struct Charges {
    /// Positions in [`Log::charges`] of the amounts that count.
    pub kept: Vec<u32>,
    /// Positions of amounts that another export of the bill states too.
    pub set_aside: Vec<u32>,
    /// Amounts that the filter or the period leaves out.
    pub left_out: u64,
}

impl Charges {
    /// The billed amounts of a log, none of them twice.
    #[must_use]
    pub fn of(log: &Log, table: &PriceTable, settings: &Settings) -> Self {
        let mut found = Self::default();
        let mut positions = Vec::new();
        for (position, charge) in (0..).zip(&log.charges) {
            let fields = ChargeFields { log, charge };
            if settings.period.holds(charge.start) && settings.filter.keeps(&fields) {
                positions.push(position);
            } else {
                found.left_out += 1;
            }
        }
        let providers = Providers { table, log };
        let rows: Vec<Stated<'_>> = positions
            .iter()
            .map(|position| {
                let charge = &log.charges[*position as usize];
                Stated {
                    provider: providers.named(charge.provider),
                    kind: 0,
                    file: charge.source.file,
                    format: format_of(log, charge.source.file),
                    start: charge.start,
                    end: charge.end,
                    widths_differ: false,
                    dimensions: [
                        handle(charge.model),
                        handle(charge.item),
                        handle(charge.account),
                        handle(charge.region),
                        Some(charge.meter as u32),
                        charge.tier.map(|tier| tier as u32),
                        charge.long_context.map(u32::from),
                        None,
                    ],
                    weight: charge.billed.femto().unsigned_abs(),
                }
            })
            .collect();
        for (position, repeats) in positions.iter().zip(repeated(&rows)) {
            let list = if repeats { &mut found.set_aside } else { &mut found.kept };
            list.push(*position);
        }
        found
    }
}

/// Takes out of the buckets those that something else speaks of.
pub(super) fn settle(
    subjects: &Subjects<'_, '_>,
    entries: &[Entry],
    buckets: &mut Vec<BucketEntry>,
) -> Levels {
    let mut levels = Levels::default();
    if buckets.is_empty() {
        return levels;
    }
    let again = repeated(&stated(subjects, buckets));
    let seen = Seen::of(subjects, entries);
    let mut again = again.into_iter();
    buckets.retain(|entry| {
        let reason = if again.next() == Some(true) {
            Reason::FinerExport
        } else if seen.covers(subjects, entry, &mut levels) {
            Reason::Requests
        } else {
            return true;
        };
        levels.set_aside.push(SetAside { entry: *entry, reason });
        false
    });
    levels
}

fn stated<'a>(subjects: &Subjects<'a, '_>, buckets: &[BucketEntry]) -> Vec<Stated<'a>> {
    let log = subjects.providers.log;
    // Two layouts are told apart by name, so models need only be told apart
    // inside one: their own names do.
    let rows = buckets.iter().map(|entry| {
        let bucket = &log.buckets[entry.bucket as usize];
        Stated {
            provider: subjects.providers.named(bucket.provider),
            kind: Family::of(bucket.operation) as u8,
            file: bucket.source.file,
            format: format_of(log, bucket.source.file),
            start: bucket.start,
            end: bucket.end,
            widths_differ: true,
            dimensions: [
                handle(bucket.model),
                handle(bucket.feature),
                handle(bucket.user),
                handle(bucket.account),
                handle(bucket.region),
                Some(bucket.tier as u32),
                bucket.long_context.map(u32::from),
                None,
            ],
            weight: u128::from(tokens(&bucket.usage)),
        }
    });
    rows.collect()
}

fn tokens(usage: &Usage) -> u64 {
    let sum = usage.input.unwrap_or_default() + usage.output.unwrap_or_default();
    Tokens::get(sum)
}

fn handle(symbol: Option<Symbol>) -> Option<u32> {
    symbol.and_then(|symbol| u32::try_from(symbol.index()).ok())
}

fn format_of(log: &Log, file: u32) -> &'static str {
    log.accounting.files.get(file as usize).map_or("", |file| file.format)
}

/// What requests of a provider are told apart by: exports are made apiece.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Whatever generates.
    #[default]
    Generation,
    /// Embeddings.
    Embeddings,
}

impl Family {
    /// The family of an operation.
    #[must_use]
    pub const fn of(operation: Operation) -> Self {
        match operation {
            Operation::Embeddings => Self::Embeddings,
            Operation::Chat | Operation::Other => Self::Generation,
        }
    }
}

/// Providers by one name each.
#[derive(Clone, Copy, Debug)]
pub(super) struct Providers<'a> {
    pub table: &'a PriceTable,
    pub log: &'a Log,
}

impl<'a> Providers<'a> {
    /// The table's name of a provider, else the log's.
    pub fn named(self, provider: Option<Symbol>) -> Option<&'a str> {
        let name = self.log.strings.text_of(provider)?;
        Some(self.table.provider_name(name).unwrap_or(name))
    }
}

/// Names the provider and the model of a record, each in one spelling.
pub(super) struct Subjects<'a, 'b> {
    pub providers: Providers<'a>,
    pub names: &'b Strings,
    pub pricer: &'b Pricer<'a>,
}

impl<'a, 'b> Subjects<'a, 'b> {
    /// The provider: as the log names it, else the only one that sells the
    /// model.
    pub fn provider(&self, provider: Option<Symbol>, model: Option<Symbol>) -> Option<&'a str> {
        self.providers.named(provider).or_else(|| {
            let found = self.pricer.find(provider, model)?;
            Some(found.model().provider())
        })
    }

    /// The model: its id in the table, else its own name.
    pub fn model(&self, provider: Option<Symbol>, model: Option<Symbol>) -> Option<&'b str>
    where
        'a: 'b,
    {
        match self.pricer.find(provider, model) {
            Some(found) => Some(found.model().id()),
            None => self.names.text_of(model),
        }
    }
}

/// The time that requests cover.
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    /// The first and the last one with a date.
    dated: Option<(Timestamp, Timestamp)>,
    /// How many have none.
    undated: u64,
}

impl Span {
    fn add(&mut self, time: Option<Timestamp>) {
        let Some(time) = time else {
            self.undated += 1;
            return;
        };
        let (first, last) = self.dated.unwrap_or((time, time));
        self.dated = Some((first.min(time), last.max(time)));
    }

    /// Whether the requests cover a part of the bucket's period, or might.
    fn meets(&self, bucket: &Bucket) -> Meeting {
        let meets = match (self.dated, period(bucket.start, bucket.end)) {
            (Some((first, last)), Some((start, end))) => {
                start.cmp(&last.micros()) != Ordering::Greater && first.micros() < end
            }
            (Some(_), None) => true,
            (None, _) => false,
        };
        match (meets, self.undated) {
            (true, _) => Meeting::Yes,
            (false, 0) => Meeting::No,
            (false, undated) => Meeting::Undated(undated),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meeting {
    Yes,
    No,
    /// So many requests have no date: any of them may be in the period.
    Undated(u64),
}

/// The time that requests cover, by provider and by what they are.
#[derive(Default)]
struct Seen<'a, 'b> {
    families: FxHashMap<(Option<&'a str>, Family), Span>,
    models: FxHashMap<(Option<&'a str>, &'b str), Span>,
    unnamed: u64,
}

/// What a request or a bucket is counted under.
type Subject<'a, 'b> = (Option<&'a str>, Option<&'b str>);

impl<'a, 'b> Seen<'a, 'b>
where
    'a: 'b,
{
    fn of(subjects: &Subjects<'a, 'b>, entries: &[Entry]) -> Self {
        let mut seen = Self::default();
        let mut known: FxHashMap<(Option<Symbol>, Option<Symbol>), Subject<'a, 'b>> =
            FxHashMap::default();
        for entry in entries {
            let call = &subjects.providers.log.calls[entry.call as usize];
            let key = (call.provider, entry.model);
            let (provider, model) = *known
                .entry(key)
                .or_insert_with(|| (subjects.provider(key.0, key.1), subjects.model(key.0, key.1)));
            let time = entry.time.and_then(Moment::timestamp);
            seen.unnamed += u64::from(provider.is_none());
            seen.families.entry((provider, Family::of(call.operation))).or_default().add(time);
            if let Some(model) = model {
                seen.models.entry((provider, model)).or_default().add(time);
            }
        }
        seen
    }

    /// Whether requests cover a part of a bucket's period, or might.
    fn covers(
        &self,
        subjects: &Subjects<'a, 'b>,
        entry: &BucketEntry,
        levels: &mut Levels,
    ) -> bool {
        let bucket = &subjects.providers.log.buckets[entry.bucket as usize];
        let provider = subjects.provider(bucket.provider, entry.model);
        let family = Family::of(bucket.operation);
        let model = subjects.model(bucket.provider, entry.model);
        // A request that names no provider may be any provider's.
        for provider in [provider, None] {
            let by_family = self.families.get(&(provider, family));
            let by_model = model.and_then(|model| self.models.get(&(provider, model)));
            for span in by_family.into_iter().chain(by_model) {
                let meeting = span.meets(bucket);
                if let Meeting::Undated(calls) = meeting {
                    levels.undated_calls = levels.undated_calls.max(calls);
                }
                if meeting != Meeting::No {
                    if provider.is_none() {
                        levels.unnamed_calls = self.unnamed;
                    }
                    return true;
                }
            }
        }
        // A bucket that names no provider may be of any request's.
        provider.is_none()
            && self
                .families
                .iter()
                .any(|((_, other), span)| *other == family && span.meets(bucket) != Meeting::No)
    }
}

//! Priced usage that belongs to a bill, row by row.

use rustc_hash::FxHashMap;

use crate::ledger::pricing::{Bill as Price, State};
use crate::ledger::{Entry, Ledger};
use crate::prices::Remark;
use crate::record::call::PackedUsage;
use crate::record::lane::Tier;
use crate::record::symbol::Symbol;
use crate::record::usage::Usage;
use crate::units::{Moment, Timestamp, Tokens, Usd};

use super::Outside;
use super::bill::{Belongs, Bill, Name};
use super::periods::DAY;

/// A call or a bucket that belongs to the bill.
#[derive(Clone, Debug)]
pub(super) struct Use {
    pub record: Record,
    pub provider: Option<Name>,
    pub model: Option<Name>,
    pub period: Option<Name>,
    pub dated: bool,
    pub cost: Option<Usd>,
    /// Hosted tools, a part of `cost`.
    pub fees: Usd,
    pub state: State,
    pub tier: Tier,
    /// Whether it says how much input was read from a cache.
    pub tells_cache: bool,
    /// Whether the table lacks a rate for a part of it.
    pub partly_unpriced: bool,
}

/// Where the record behind a use stands.
#[derive(Clone, Copy, Debug)]
pub(super) enum Record {
    Call(usize),
    Bucket(usize),
}

/// Everything that belongs to the bill, and how much does not.
#[derive(Debug, Default)]
pub(super) struct Uses {
    pub rows: Vec<Use>,
    pub outside: Outside,
    /// First and last dated use.
    pub window: Option<(Timestamp, Timestamp)>,
}

/// A provider and a model under their names in the table.
type Subject = (Option<Name>, Option<Name>);

/// A ledger and a bill while usage is taken from the one for the other, with
/// the names that were given before.
struct Taking<'a> {
    ledger: &'a Ledger<'a>,
    bill: &'a Bill,
    uses: Uses,
    subjects: FxHashMap<(Option<Symbol>, Option<Symbol>), Subject>,
    /// Periods by day.
    periods: FxHashMap<i64, Option<Name>>,
}

impl Taking<'_> {
    fn subject(&mut self, seen: &Seen<'_>) -> Subject {
        let key = (seen.provider, seen.model);
        let ledger = self.ledger;
        let name = || {
            let found = ledger.pricer.find(key.0, key.1);
            let named = ledger.log.strings.text_of(key.0);
            let provider = named
                .map(|name| ledger.table.provider_name(name).unwrap_or(name))
                .or_else(|| found.map(|found| found.model().provider()));
            let model =
                found.map(|found| found.model().id()).or_else(|| ledger.names.text_of(key.1));
            (provider.map(Name::from), model.map(Name::from))
        };
        self.subjects.entry(key).or_insert_with(name).clone()
    }

    fn period(&mut self, at: Option<Timestamp>) -> Option<Name> {
        let day = at?.micros().div_euclid(DAY);
        let grain = self.bill.grain;
        let name = || grain.period(at).map(Name::from);
        self.periods.entry(day).or_insert_with(name).clone()
    }
}

pub(super) fn uses<'a>(ledger: &'a Ledger<'a>, bill: &'a Bill) -> Uses {
    let mut taking = Taking {
        ledger,
        bill,
        uses: Uses::default(),
        subjects: FxHashMap::default(),
        periods: FxHashMap::default(),
    };
    for (index, entry) in ledger.entries.iter().enumerate() {
        let call = ledger.call(entry);
        if call.flags.gateway_cache_hit {
            continue;
        }
        let at = entry.time.and_then(Moment::timestamp);
        let seen = Seen {
            record: Record::Call(index),
            provider: call.provider,
            model: entry.model,
            at,
            end: at,
            usage: &call.usage.get(),
            tier: call.tier,
            price: &entry.bill,
        };
        taking.add(&seen, || ledger.amounts(entry).fees);
    }
    for (index, entry) in ledger.buckets.iter().enumerate() {
        let bucket = ledger.bucket(entry);
        let seen = Seen {
            record: Record::Bucket(index),
            provider: bucket.provider,
            model: entry.model,
            at: bucket.start,
            end: bucket.end,
            usage: &bucket.usage,
            tier: bucket.tier,
            price: &entry.bill,
        };
        taking.add(&seen, || ledger.bucket_amounts(entry).fees);
    }
    taking.uses
}

/// A call or a bucket as the ledger has it.
struct Seen<'a> {
    record: Record,
    provider: Option<Symbol>,
    model: Option<Symbol>,
    at: Option<Timestamp>,
    end: Option<Timestamp>,
    usage: &'a Usage,
    tier: Tier,
    price: &'a Price,
}

impl Taking<'_> {
    fn add(&mut self, seen: &Seen<'_>, fees: impl Fn() -> Usd) {
        let (provider, model) = self.subject(seen);
        let cost = seen.price.total();
        let period = self.period(seen.at);
        let outside = &mut self.uses.outside;
        match self.bill.belongs(provider.as_deref(), seen.at) {
            Belongs::Yes => {}
            Belongs::OtherProvider => {
                outside.other_providers += 1;
                outside.other_providers_cost += cost.unwrap_or_default();
                return;
            }
            Belongs::OtherTime => {
                outside.other_times += 1;
                outside.other_times_cost += cost.unwrap_or_default();
                return;
            }
        }
        if let Some(at) = seen.at {
            let end = seen.end.unwrap_or(at);
            let (first, last) = self.uses.window.unwrap_or((at, end));
            self.uses.window = Some((first.min(at), last.max(end)));
        }
        self.uses.rows.push(Use {
            record: seen.record,
            provider,
            model,
            period,
            dated: seen.at.is_some(),
            cost,
            fees: fees(),
            state: seen.price.state,
            tier: seen.tier,
            tells_cache: seen.usage.cache_read.is_some()
                || seen.usage.input.is_none_or(Tokens::is_zero),
            partly_unpriced: seen.price.remarks.partly_unpriced(),
        });
    }
}

/// What one row would cost otherwise; `None` where the table has no such price.
pub(super) fn at_tier(ledger: &Ledger<'_>, record: Record, tier: Tier) -> Option<Usd> {
    let priced = match record {
        Record::Call(index) => {
            let entry: &Entry = ledger.entries.get(index)?;
            let mut call = ledger.call(entry).clone();
            call.tier = tier;
            let found = ledger.pricer.find(call.provider, entry.model)?;
            ledger.pricer.priced_as(&call, found, entry.time.and_then(Moment::timestamp))
        }
        Record::Bucket(index) => {
            let entry = ledger.buckets.get(index)?;
            let mut bucket = ledger.bucket(entry).clone();
            bucket.tier = tier;
            let found = ledger.pricer.find(bucket.provider, entry.model)?;
            ledger.pricer.bucket_priced_as(&bucket, found)
        }
    };
    (!priced.remarks.has(Remark::TierNotListed)).then(|| priced.total())
}

/// What one row would cost if all of its input had been read from a cache: no
/// split of its input is cheaper.
pub(super) fn all_cached(ledger: &Ledger<'_>, record: Record) -> Option<Usd> {
    let cached = |usage: Usage| Usage { cache_read: usage.input, cache_write: None, ..usage };
    let priced = match record {
        Record::Call(index) => {
            let entry: &Entry = ledger.entries.get(index)?;
            let mut call = ledger.call(entry).clone();
            call.usage = PackedUsage::new(&cached(call.usage.get()))?;
            let found = ledger.pricer.find(call.provider, entry.model)?;
            ledger.pricer.priced_as(&call, found, entry.time.and_then(Moment::timestamp))
        }
        Record::Bucket(index) => {
            let entry = ledger.buckets.get(index)?;
            let mut bucket = ledger.bucket(entry).clone();
            bucket.usage = cached(bucket.usage);
            let found = ledger.pricer.find(bucket.provider, entry.model)?;
            ledger.pricer.bucket_priced_as(&bucket, found)
        }
    };
    Some(priced.total())
}

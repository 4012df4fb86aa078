//! Attributes tokens and money: from a log and a price table to what every
//! call costs and which part of its prompt causes it.
//!
//! Knows no file, no format and no report. Sums of money are integers and do
//! not depend on threads; nothing here orders by a handle.

pub mod cells;
pub mod components;
pub mod conversation;
pub mod coverage;
pub mod flat;
pub mod groups;
pub mod levels;
pub mod metrics;
pub mod partition;
pub mod pricing;
pub mod split;

mod frame;
mod inference;
mod keys;
mod messages;
mod overlap;
mod rows;

use std::borrow::Cow;

use jiff::tz::TimeZone;
use rayon::prelude::*;

use crate::prices::PriceTable;
use crate::record::bucket::Bucket;
use crate::record::call::Call;
use crate::record::dimension::Dimension;
use crate::record::log::Log;
use crate::record::symbol::{Strings, Symbol};
use crate::selection::{CallFields, FeatureRules, Filter, Period};
use crate::units::{Evidence, Moment, Timestamp, Usd};

use components::Components;
use conversation::Conversations;
use levels::{Charges, Levels, Providers, Subjects};
use pricing::{Amounts, Bill, Pricer};

/// What the user chose.
#[derive(Clone, Debug)]
pub struct Settings {
    /// When clocks without a date start.
    pub epoch: Option<Timestamp>,
    /// The model of calls that name none.
    pub model: Option<String>,
    /// The zone whose midnight ends a day.
    pub time_zone: TimeZone,
    /// Which calls count.
    pub filter: Filter,
    /// Between which times calls count.
    pub period: Period,
    /// How a call's feature is found.
    pub features: FeatureRules,
    /// Tables besides the standard ones, outermost dimension first.
    pub crosses: Vec<Vec<Dimension>>,
    /// What a user pays in thirty days.
    pub plan_price: Option<Usd>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            epoch: None,
            model: None,
            time_zone: TimeZone::UTC,
            filter: Filter::default(),
            period: Period::default(),
            features: FeatureRules::default(),
            crosses: Vec::new(),
            plan_price: None,
        }
    }
}

/// A call that counts, with what was deduced about it.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Its position in [`Log::calls`].
    pub call: u32,
    /// Its feature, a handle of [`Ledger::names`].
    pub feature: Option<Symbol>,
    /// Its model, a handle of [`Ledger::names`].
    pub model: Option<Symbol>,
    /// When it happened, on the clock that counts.
    pub time: Option<Moment>,
    /// What it costs.
    pub bill: Bill,
}

/// A bucket that counts.
#[derive(Clone, Copy, Debug)]
pub struct BucketEntry {
    /// Its position in [`Log::buckets`].
    pub bucket: u32,
    /// Its feature, a handle of [`Ledger::names`].
    pub feature: Option<Symbol>,
    /// Its model, a handle of [`Ledger::names`].
    pub model: Option<Symbol>,
    /// What it costs.
    pub bill: Bill,
}

/// Every call that counts, priced and attributed.
#[derive(Debug)]
pub struct Ledger<'a> {
    /// What was read.
    pub log: &'a Log,
    /// What it is priced by.
    pub table: &'a PriceTable,
    /// What the user chose.
    pub settings: &'a Settings,
    /// The calls, in the order of the log.
    pub entries: Vec<Entry>,
    /// The buckets that count, in the order of the log.
    pub buckets: Vec<BucketEntry>,
    /// The buckets that do not, because something finer speaks of their usage.
    pub levels: Levels,
    /// The billed amounts; no part of any cost.
    pub charges: Charges,
    /// Names behind the entries' symbols.
    pub names: Strings,
    /// How features were found.
    pub feature_evidence: Evidence,
    /// What prices them.
    pub pricer: Pricer<'a>,
    /// Which calls belong to one conversation.
    pub conversations: Conversations,
    /// Which part of each prompt is what.
    pub components: Components,
    /// Calls, buckets and charges that the filter or the period leaves out.
    pub left_out: u64,
}

impl<'a> Ledger<'a> {
    /// Prices and attributes a log.
    #[must_use]
    pub fn new(log: &'a Log, table: &'a PriceTable, settings: &'a Settings) -> Self {
        let mut names = Strings::default();
        let default_model = settings.model.as_deref().and_then(|model| names.intern(model));
        let by_call_site = !log.calls.iter().any(|call| call.feature.is_some())
            && log.prompts.iter().any(|prompt| prompt.call_site.is_some());
        let mut entries = Vec::with_capacity(log.calls.len());
        for (position, call) in (0..).zip(&log.calls) {
            let time = moment(call, settings);
            let feature = feature_of(log, call, settings, by_call_site);
            let fields = CallFields { log, call, feature: feature.clone() };
            if !settings.period.holds(time.and_then(Moment::timestamp))
                || !settings.filter.keeps(&fields)
            {
                continue;
            }
            let feature = feature.as_deref().and_then(|name| names.intern(name));
            let model = match log.strings.text_of(call.model) {
                Some(name) => names.intern(name),
                None => default_model,
            };
            entries.push(Entry { call: position, feature, model, time, bill: Bill::default() });
        }
        let mut buckets = Vec::new();
        for (position, bucket) in (0..).zip(&log.buckets) {
            if settings.period.holds(bucket.start)
                && settings.filter.keeps(&bucket_fields(log, bucket))
            {
                let name = |symbol| log.strings.text_of(symbol);
                let feature = name(bucket.feature).and_then(|name| names.intern(name));
                let model = name(bucket.model).and_then(|name| names.intern(name));
                buckets.push(BucketEntry {
                    bucket: position,
                    feature,
                    model,
                    bill: Bill::default(),
                });
            }
        }
        let pricer = price(log, table, &names, &mut entries, &mut buckets);
        let seen = log.calls.len() + log.buckets.len();
        let charges = Charges::of(log, table, settings);
        let left_out = (seen - entries.len() - buckets.len()) as u64 + charges.left_out;
        let subjects =
            Subjects { providers: Providers { table, log }, names: &names, pricer: &pricer };
        let levels = levels::settle(&subjects, &entries, &mut buckets);
        let conversations = Conversations::of(log, &entries);
        let components = Components::of(log, &entries, &conversations, &pricer);
        let feature_evidence = if by_call_site || !settings.features.is_empty() {
            Evidence::Inferred
        } else {
            Evidence::Measured
        };
        Self {
            log,
            table,
            settings,
            entries,
            buckets,
            levels,
            charges,
            names,
            feature_evidence,
            pricer,
            conversations,
            components,
            left_out,
        }
    }

    /// What an entry costs, by the position of its tokens.
    #[must_use]
    pub fn amounts(&self, entry: &Entry) -> Amounts {
        let at = entry.time.and_then(Moment::timestamp);
        self.pricer.call(self.call(entry), entry.model, at).into()
    }

    /// What a bucket costs, by the position of its tokens.
    #[must_use]
    pub fn bucket_amounts(&self, entry: &BucketEntry) -> Amounts {
        self.pricer.bucket(self.bucket(entry), entry.model).into()
    }

    /// The record behind an entry.
    #[must_use]
    pub fn call(&self, entry: &Entry) -> &'a Call {
        &self.log.calls[entry.call as usize]
    }

    /// The record behind a bucket entry.
    #[must_use]
    pub fn bucket(&self, entry: &BucketEntry) -> &'a Bucket {
        &self.log.buckets[entry.bucket as usize]
    }
}

/// Prices every entry.
fn price<'a>(
    log: &'a Log,
    table: &'a PriceTable,
    names: &Strings,
    entries: &mut [Entry],
    buckets: &mut [BucketEntry],
) -> Pricer<'a> {
    let calls = entries.iter().map(|entry| (log.calls[entry.call as usize].provider, entry.model));
    let aggregates =
        buckets.iter().map(|entry| (log.buckets[entry.bucket as usize].provider, entry.model));
    let pricer = Pricer::new(table, log, names, calls.chain(aggregates));
    entries.par_iter_mut().for_each(|entry| {
        let at = entry.time.and_then(Moment::timestamp);
        entry.bill = pricer.call(&log.calls[entry.call as usize], entry.model, at).into();
    });
    for entry in buckets {
        entry.bill = pricer.bucket(&log.buckets[entry.bucket as usize], entry.model).into();
    }
    pricer
}

/// When a call happened, relative clocks set to the epoch that was given.
fn moment(call: &Call, settings: &Settings) -> Option<Moment> {
    let moment = call.time.get()?;
    Some(settings.epoch.map_or(moment, |epoch| moment.with_epoch(epoch)))
}

/// A call's feature: by the user's rules, else as logged, else (in a log
/// without any tag) by its place in the code.
fn feature_of<'a>(
    log: &'a Log,
    call: &'a Call,
    settings: &Settings,
    by_call_site: bool,
) -> Option<Cow<'a, str>> {
    let logged = log.strings.text_of(call.feature).map(Cow::Borrowed);
    if !settings.features.is_empty() {
        let fields = CallFields { log, call, feature: logged.clone() };
        if let Some(name) = settings.features.feature(&fields) {
            return Some(Cow::Owned(name.into_owned()));
        }
    }
    let call_site = || {
        let site = log.prompt(call.prompt)?.call_site?;
        Some(Cow::Borrowed(log.strings.text(site)))
    };
    logged.or_else(|| if by_call_site { call_site() } else { None })
}

/// What the filter sees of a bucket.
fn bucket_fields<'a>(log: &'a Log, bucket: &'a Bucket) -> crate::selection::BucketFields<'a> {
    crate::selection::BucketFields { log, bucket }
}

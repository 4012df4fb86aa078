//! Cost and usage by hour, in the columns of the FOCUS specification.
//!
//! A row is one hour (or the period of a bucket), one model, one kind of token
//! and one price. Only list prices are known here: nothing is said of an
//! invoice, and what has no price has an empty cost, never zero.

mod columns;
mod key;
mod row;

use rustc_hash::FxHashMap;

use crate::ledger::pricing::{Amounts, Bill, Shares, State};
use crate::ledger::{Entry, Ledger};
use crate::record::component::Component;
use crate::record::usage::{CacheWrites, Usage};
use crate::table::{Cell, Column, Table};
use crate::units::{Evidence, Moment, Timestamp, Tokens, Usd};

use super::names::Names;

pub use columns::{COLUMNS, VERSION};
use key::{Key, Meter, Place};

const HOUR_MICROS: i64 = 3_600_000_000;

/// A priced log as rows of cost and usage.
#[derive(Debug)]
pub struct Focus<'a> {
    ledger: &'a Ledger<'a>,
    names: &'a Names<'a>,
    rows: Vec<(Key, Sums)>,
    undated: u64,
}

/// What the records of a row add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sums {
    quantity: u64,
    cost: Option<Usd>,
    evidence: Evidence,
}

impl<'a> Focus<'a> {
    /// Adds a ledger up.
    #[must_use]
    pub fn new(ledger: &'a Ledger<'a>, names: &'a Names<'a>) -> Self {
        let mut sums = Adder { ledger, rows: FxHashMap::default() };
        let mut undated = 0;
        for (index, entry) in ledger.entries.iter().enumerate() {
            if entry.bill.state == State::NotBilled {
                continue;
            }
            match entry.time.and_then(Moment::timestamp) {
                Some(at) => sums.add_call(index, entry, at),
                None => undated += 1,
            }
        }
        for entry in &ledger.buckets {
            let bucket = ledger.bucket(entry);
            let Some(start) = bucket.start else {
                undated += 1;
                continue;
            };
            let place = Place {
                start,
                end: bucket.end.unwrap_or_else(|| next_hour(start)),
                provider: bucket.provider,
                model: entry.model,
                feature: entry.feature,
                user: bucket.user,
                account: bucket.account,
                region: bucket.region,
                tags: None,
                tier: bucket.tier,
            };
            let amounts = ledger.bucket_amounts(entry);
            let mut record = Record::new(place, &bucket.usage, amounts, &entry.bill);
            record.tools = bucket.tool_requests;
            sums.add(&record, &[]);
        }
        let mut rows: Vec<(Key, Sums)> = sums.rows.into_iter().collect();
        rows.sort_by_cached_key(|(key, _)| key.order(ledger, names));
        Self { ledger, names, rows, undated }
    }

    /// Records that have no date and are left out.
    #[must_use]
    pub const fn undated(&self) -> u64 {
        self.undated
    }

    /// The list cost of all rows.
    #[must_use]
    pub fn list_cost(&self) -> Usd {
        self.rows.iter().filter_map(|(_, sums)| sums.cost).sum()
    }
}

impl Table for Focus<'_> {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn rows(&self) -> usize {
        self.rows.len()
    }

    fn row(&self, row: usize) -> Vec<Cell<'_>> {
        let (key, sums) = &self.rows[row];
        row::cells(self.ledger, self.names, key, sums)
    }
}

/// A call or a bucket, ready to be taken apart.
struct Record<'r> {
    place: Place,
    usage: &'r Usage,
    amounts: Amounts,
    is_priced: bool,
    evidence: Evidence,
    tools: u64,
    /// Seconds that cache writes were bought for, where all of them were bought
    /// for the same.
    lifetime: Option<u32>,
}

impl<'r> Record<'r> {
    fn new(place: Place, usage: &'r Usage, amounts: Amounts, bill: &Bill) -> Self {
        let mut lifetimes = usage.cache_write.into_iter().flat_map(CacheWrites::parts);
        let lifetime = match (lifetimes.next(), lifetimes.next()) {
            (Some((ttl, _)), None) => ttl.map(crate::units::Ttl::seconds),
            _ => None,
        };
        let is_priced = bill.state == State::Priced;
        Self { place, usage, amounts, is_priced, evidence: bill.evidence, tools: 0, lifetime }
    }
}

/// Tokens of one component, by where they were served from.
type Split = (Option<Component>, [Tokens; 3]);

struct Adder<'a> {
    ledger: &'a Ledger<'a>,
    rows: FxHashMap<Key, Sums>,
}

impl Adder<'_> {
    fn add_call(&mut self, index: usize, entry: &Entry, at: Timestamp) {
        let call = self.ledger.call(entry);
        let start = Timestamp::from_micros(at.micros() - at.micros().rem_euclid(HOUR_MICROS));
        let place = Place {
            start,
            end: next_hour(start),
            provider: call.provider,
            model: entry.model,
            feature: entry.feature,
            user: call.user,
            account: call.account,
            region: call.region,
            tags: call.tags,
            tier: call.tier,
        };
        let usage = call.usage.get();
        let mut record = Record::new(place, &usage, self.ledger.amounts(entry), &entry.bill);
        record.tools = u64::from(call.tool_requests);
        let parts = self.ledger.components.parts(index).iter().map(|part| {
            let billed = part.billed();
            (Some(part.component), [billed.uncached, billed.read, billed.written])
        });
        self.add(&record, &parts.collect::<Vec<Split>>());
    }

    /// Adds a record, its prompt by component where that is known.
    fn add(&mut self, record: &Record<'_>, parts: &[Split]) {
        let usage = record.usage;
        let whole = [
            usage.uncached_input().unwrap_or_default(),
            usage.cache_read.unwrap_or_default(),
            usage.cache_written(),
        ];
        let sums = [0, 1, 2].map(|at| parts.iter().map(|(_, split)| split[at]).sum::<Tokens>());
        let unsplit = [(None, whole)];
        let parts = if sums == whole { parts } else { &unsplit };
        let amounts = &record.amounts;
        let meters = [
            (Meter::Input, amounts.input),
            (Meter::CacheRead, amounts.cache_read),
            (Meter::CacheWrite, amounts.cache_write),
        ];
        for (at, (meter, amount)) in meters.into_iter().enumerate() {
            let parts = parts.iter().map(|(component, split)| (*component, split[at]));
            self.add_meter(record, meter, amount, parts);
        }
        let output = usage.output.unwrap_or_default();
        let reasoning = usage.reasoning.unwrap_or_default().min(output);
        let answer = [
            (Some(Component::OutputText), output.saturating_sub(reasoning)),
            (Some(Component::OutputReasoning), reasoning),
        ];
        self.add_meter(record, Meter::Output, amounts.output, answer.into_iter());
        let tools = [(None, Tokens::new(record.tools))];
        self.add_meter(record, Meter::Tools, amounts.fees, tools.into_iter());
    }

    fn add_meter(
        &mut self,
        record: &Record<'_>,
        meter: Meter,
        amount: Usd,
        parts: impl Iterator<Item = (Option<Component>, Tokens)> + Clone,
    ) {
        let whole: Tokens = parts.clone().map(|(_, tokens)| tokens).sum();
        // A fee without a price is unknown even where the tokens are priced.
        let is_priced = record.is_priced && (meter != Meter::Tools || amount != Usd::ZERO);
        let femto_each = unit_price(amount, whole).filter(|_| is_priced);
        let mut shares = Shares::of(amount, whole);
        for (component, tokens) in parts.filter(|(_, tokens)| !tokens.is_zero()) {
            let cost = shares.next(tokens);
            let lifetime = record.lifetime.filter(|_| meter == Meter::CacheWrite);
            let key =
                Key { place: record.place, meter, component, lifetime, femto_each, is_priced };
            let sums = self.rows.entry(key).or_default();
            sums.quantity = sums.quantity.saturating_add(tokens.get());
            if is_priced {
                sums.cost = Some(sums.cost.unwrap_or_default() + cost);
            }
            sums.evidence = sums.evidence.worst(record.evidence);
        }
    }
}

/// Femto-dollars of a token, where all of them cost the same.
fn unit_price(amount: Usd, tokens: Tokens) -> Option<i128> {
    let tokens = i128::from(tokens.get());
    (tokens > 0 && amount.femto() % tokens == 0).then(|| amount.femto() / tokens)
}

fn next_hour(start: Timestamp) -> Timestamp {
    Timestamp::from_micros(start.micros().saturating_add(HOUR_MICROS))
}

#[cfg(test)]
mod tests {
    use super::unit_price;
    use crate::units::{Tokens, Usd};

    #[test]
    fn a_unit_price_is_exact_or_none() {
        let price = |femto, tokens| unit_price(Usd::from_femto(femto), Tokens::new(tokens));
        assert_eq!(price(3_000, 3), Some(1_000));
        assert_eq!(price(3_001, 3), None);
        assert_eq!(price(0, 7), Some(0));
        assert_eq!(price(0, 0), None);
    }
}

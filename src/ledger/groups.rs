//! Totals of the log by any of its dimensions.

use std::borrow::Cow;
use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use crate::record::component::Component;
use crate::record::dimension::Dimension;
use crate::record::symbol::{Strings, Symbol};
use crate::units::{Clock, Evidence, Tokens, Usd};

use super::frame::grouped_totals;
use super::pricing::{Bill, share_out};
use super::{BucketEntry, Entry, Ledger};

/// A table of totals, its rows in the order in which they are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The dimensions, outermost first.
    pub dimensions: Vec<Dimension>,
    /// One row per combination of keys that occurs.
    pub rows: Vec<TableRow>,
}

/// The totals of one combination of keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableRow {
    /// One key per dimension; `None` where the log does not say.
    pub keys: Vec<Option<String>>,
    /// The totals.
    pub sums: Sums,
}

/// Totals of a group of calls; what no call of it reports is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Calls with a part in the group.
    pub calls: Option<u64>,
    /// Input tokens, cached ones included.
    pub input: Option<Tokens>,
    /// Output tokens, reasoning included.
    pub output: Option<Tokens>,
    /// Cost of what could be priced.
    pub cost: Option<Usd>,
    /// Calls that the cost leaves out.
    pub unpriced_calls: u64,
    /// The worst grade of what was summed.
    pub evidence: Evidence,
    /// Whether the tokens are an upper bound.
    pub at_most: bool,
}

/// One call, one bucket, or one component of either.
struct Item {
    keys: [u32; MOST_DIMENSIONS],
    calls: Option<u64>,
    input: Option<u64>,
    output: Option<u64>,
    cost: Option<Usd>,
    unpriced_calls: u64,
    evidence: Evidence,
    at_most: bool,
}

/// Dimensions that one table can cross.
pub const MOST_DIMENSIONS: usize = 4;
const NO_KEY: u32 = u32::MAX;

impl Ledger<'_> {
    /// The totals by one dimension, or by the cross of several (at most
    /// [`MOST_DIMENSIONS`]; further ones are left out).
    #[must_use]
    pub fn table(&self, dimensions: &[Dimension]) -> Table {
        let dimensions = &dimensions[..dimensions.len().min(MOST_DIMENSIONS)];
        let mut keys = Strings::default();
        let mut items = Vec::new();
        let components = dimensions.contains(&Dimension::Component);
        for (index, entry) in self.entries.iter().enumerate() {
            let found = dimensions
                .iter()
                .map(|dimension| intern(&mut keys, self.key(index, entry, *dimension).as_deref()));
            let found: Vec<u32> = found.collect();
            if components {
                items.extend(self.component_items(index, entry).into_iter().map(
                    |(component, item)| {
                        with_keys(
                            item,
                            &found,
                            dimensions,
                            intern(&mut keys, Some(component.key())),
                        )
                    },
                ));
            } else {
                items.push(with_keys(self.item(entry), &found, dimensions, NO_KEY));
            }
        }
        for entry in &self.buckets {
            let found: Vec<u32> = dimensions
                .iter()
                .map(|dimension| intern(&mut keys, self.bucket_key(entry, *dimension).as_deref()))
                .collect();
            for (component, item) in self.bucket_items(entry, components) {
                let component =
                    component.map_or(NO_KEY, |component| intern(&mut keys, Some(component.key())));
                items.push(with_keys(item, &found, dimensions, component));
            }
        }
        let rows = sum_up(&items, dimensions.len(), &keys);
        Table { dimensions: dimensions.to_vec(), rows: sorted(rows, dimensions) }
    }

    fn item(&self, entry: &Entry) -> Item {
        let usage = self.call(entry).usage.get();
        Item {
            keys: [NO_KEY; MOST_DIMENSIONS],
            calls: Some(1),
            input: usage.input.map(Tokens::get),
            output: usage.output.map(Tokens::get),
            cost: entry.bill.total(),
            unpriced_calls: u64::from(entry.bill.total().is_none()),
            evidence: entry.bill.evidence,
            at_most: false,
        }
    }

    /// A call taken apart: its dollars go where its tokens stand.
    fn component_items(&self, index: usize, entry: &Entry) -> Vec<(Component, Item)> {
        let parts = self.components.parts(index);
        let shares = |amount: Usd, pick: fn(&super::split::Billed) -> Tokens| {
            share_out(amount, &parts.iter().map(|part| pick(&part.billed)).collect::<Vec<_>>())
        };
        let bill = &entry.bill;
        let read = shares(bill.cache_read, |billed| billed.read);
        let written = shares(bill.cache_write, |billed| billed.written);
        let uncached = shares(bill.input, |billed| billed.uncached);
        let priced = bill.total().is_some();
        let mut items: Vec<(Component, Item)> = parts
            .iter()
            .zip(read.into_iter().zip(written).zip(uncached))
            .map(|(part, ((read, written), uncached))| {
                let item = Item {
                    keys: [NO_KEY; MOST_DIMENSIONS],
                    calls: Some(1),
                    input: Some(part.billed.total().get()),
                    output: None,
                    cost: priced.then(|| read + written + uncached),
                    unpriced_calls: u64::from(!priced),
                    evidence: bill.evidence.worst(part.evidence),
                    at_most: part.at_most,
                };
                (part.component, item)
            })
            .collect();
        items.extend(output_items(&self.call(entry).usage.get(), bill, Some(1)));
        items
    }

    fn bucket_items(
        &self,
        entry: &BucketEntry,
        components: bool,
    ) -> Vec<(Option<Component>, Item)> {
        let bucket = self.bucket(entry);
        let priced = entry.bill.total().is_some();
        let item = Item {
            keys: [NO_KEY; MOST_DIMENSIONS],
            calls: bucket.calls,
            input: bucket.usage.input.map(Tokens::get),
            output: bucket.usage.output.map(Tokens::get),
            cost: entry.bill.total(),
            unpriced_calls: if priced { 0 } else { bucket.calls.unwrap_or(1) },
            evidence: entry.bill.evidence,
            at_most: false,
        };
        if !components {
            return vec![(None, item)];
        }
        let bill = &entry.bill;
        let input = Item {
            output: None,
            cost: priced.then(|| bill.input + bill.cache_read + bill.cache_write),
            ..item
        };
        let output = output_items(&bucket.usage, bill, bucket.calls);
        std::iter::once((Some(Component::Unattributed), input))
            .filter(|(_, item)| item.input.is_some_and(|input| input > 0))
            .chain(output.into_iter().map(|(component, item)| (Some(component), item)))
            .collect()
    }

    /// The key of an entry; `None` where the log does not say. The component is
    /// set later.
    fn key(&self, index: usize, entry: &Entry, dimension: Dimension) -> Option<Cow<'_, str>> {
        let call = self.call(entry);
        let logged = |symbol: Option<Symbol>| self.log.strings.text_of(symbol).map(Cow::Borrowed);
        match dimension {
            Dimension::Component => None,
            Dimension::Feature => self.names.text_of(entry.feature).map(Cow::Borrowed),
            Dimension::Model => self.names.text_of(entry.model).map(Cow::Borrowed),
            Dimension::User => logged(call.user),
            Dimension::Account => logged(call.account),
            Dimension::Conversation => logged(call.conversation).or_else(|| {
                // Deduced conversations have no name of their own.
                let number = self.conversations.conversation(index);
                self.conversations.known.then(|| Cow::Owned(format!("conversation {}", number + 1)))
            }),
            Dimension::Provider => logged(call.provider),
            Dimension::Tier => Some(Cow::Borrowed(call.tier.name())),
            Dimension::Day => self.day(entry).map(Cow::Owned),
            Dimension::Hour => {
                let hour = entry.time?.timestamp()?.hour_in(&self.settings.time_zone)?;
                Some(Cow::Owned(format!("{hour:02}")))
            }
        }
    }

    fn day(&self, entry: &Entry) -> Option<String> {
        const DAY: i64 = 86_400_000_000;
        let time = entry.time?;
        match time.clock {
            Clock::Dated => Some(time.timestamp()?.date_in(&self.settings.time_zone)?.to_string()),
            Clock::Relative => Some(format!("day {}", time.micros.div_euclid(DAY))),
        }
    }

    fn bucket_key(&self, entry: &BucketEntry, dimension: Dimension) -> Option<Cow<'_, str>> {
        let bucket = self.bucket(entry);
        let logged = |symbol: Option<Symbol>| self.log.strings.text_of(symbol).map(Cow::Borrowed);
        match dimension {
            Dimension::Component | Dimension::Conversation => None,
            Dimension::Feature => self.names.text_of(entry.feature).map(Cow::Borrowed),
            Dimension::Model => self.names.text_of(entry.model).map(Cow::Borrowed),
            Dimension::User => logged(bucket.user),
            Dimension::Account => logged(bucket.account),
            Dimension::Provider => logged(bucket.provider),
            Dimension::Tier => Some(Cow::Borrowed(bucket.tier.name())),
            Dimension::Day => {
                let date = bucket.start?.date_in(&self.settings.time_zone)?;
                Some(Cow::Owned(date.to_string()))
            }
            Dimension::Hour => {
                // A daily bucket has no hour of its own.
                let (start, end) = (bucket.start?, bucket.end?);
                let hour = start.hour_in(&self.settings.time_zone)?;
                (end.micros() - start.micros() <= 3_600_000_000)
                    .then(|| Cow::Owned(format!("{hour:02}")))
            }
        }
    }
}

/// The generated side of a call: text and reasoning. Tool fees go with the text.
fn output_items(
    usage: &crate::record::usage::Usage,
    bill: &Bill,
    calls: Option<u64>,
) -> Vec<(Component, Item)> {
    let Some(output) = usage.output.filter(|output| !output.is_zero()) else {
        return Vec::new();
    };
    let reasoning = usage.reasoning.unwrap_or_default();
    let parts = [output.saturating_sub(reasoning), reasoning];
    let costs = share_out(bill.output, &parts);
    let priced = bill.total().is_some();
    [Component::OutputText, Component::OutputReasoning]
        .into_iter()
        .zip(parts.into_iter().zip(costs))
        .filter(|(_, (tokens, _))| !tokens.is_zero())
        .map(|(component, (tokens, cost))| {
            let fees = if component == Component::OutputText { bill.fees } else { Usd::ZERO };
            let item = Item {
                keys: [NO_KEY; MOST_DIMENSIONS],
                calls,
                input: None,
                output: Some(tokens.get()),
                cost: priced.then(|| cost + fees),
                unpriced_calls: if priced { 0 } else { calls.unwrap_or(1) },
                evidence: bill.evidence,
                at_most: false,
            };
            (component, item)
        })
        .collect()
}

fn intern(keys: &mut Strings, key: Option<&str>) -> u32 {
    key.and_then(|key| keys.intern(key))
        .map_or(NO_KEY, |symbol| u32::try_from(symbol.index()).unwrap_or(NO_KEY))
}

fn with_keys(mut item: Item, found: &[u32], dimensions: &[Dimension], component: u32) -> Item {
    for ((place, key), dimension) in item.keys.iter_mut().zip(found).zip(dimensions) {
        *place = if *dimension == Dimension::Component { component } else { *key };
    }
    item
}

fn sum_up(items: &[Item], dimensions: usize, keys: &Strings) -> Vec<TableRow> {
    let mut numbers: FxHashMap<[u32; MOST_DIMENSIONS], u32> = FxHashMap::default();
    let mut combinations = Vec::new();
    let groups: Vec<u32> = items
        .iter()
        .map(|item| {
            *numbers.entry(item.keys).or_insert_with(|| {
                combinations.push(item.keys);
                u32::try_from(combinations.len() - 1).unwrap_or(NO_KEY)
            })
        })
        .collect();
    let column = |pick: &dyn Fn(&Item) -> u64| items.iter().map(pick).collect::<Vec<u64>>();
    let known = |value: Option<u64>| u64::from(value.is_some());
    let columns = [
        column(&|item| item.calls.unwrap_or(0)),
        column(&|item| known(item.calls)),
        column(&|item| item.input.unwrap_or(0)),
        column(&|item| known(item.input)),
        column(&|item| item.output.unwrap_or(0)),
        column(&|item| known(item.output)),
        column(&|item| item.unpriced_calls),
    ];
    let totals = grouped_totals(&groups, combinations.len(), &columns);
    // Money is summed here, in integers of 128 bits.
    let mut money: Vec<(Option<Usd>, Evidence, bool)> =
        vec![Default::default(); combinations.len()];
    for (group, item) in groups.iter().zip(items) {
        let (cost, evidence, at_most) = &mut money[*group as usize];
        if let Some(amount) = item.cost {
            *cost = Some(cost.unwrap_or_default() + amount);
            *evidence = evidence.worst(item.evidence);
        }
        *at_most |= item.at_most;
    }
    let key_texts: Vec<&str> = keys.iter().map(|(_, text)| text).collect();
    combinations
        .iter()
        .zip(totals.iter().zip(money))
        .map(|(combination, (totals, (cost, evidence, at_most)))| {
            let sum = |at: usize| (totals[at + 1] > 0).then_some(totals[at]);
            TableRow {
                keys: combination[..dimensions]
                    .iter()
                    .map(|key| key_texts.get(*key as usize).map(|text| (*text).to_owned()))
                    .collect(),
                sums: Sums {
                    calls: sum(0),
                    input: sum(2).map(Tokens::new),
                    output: sum(4).map(Tokens::new),
                    cost,
                    unpriced_calls: totals[6],
                    evidence,
                    at_most,
                },
            }
        })
        .collect()
}

/// Times in their own order; everything else by cost, then tokens, then key.
fn sorted(mut rows: Vec<TableRow>, dimensions: &[Dimension]) -> Vec<TableRow> {
    let timely = matches!(dimensions.first(), Some(Dimension::Day | Dimension::Hour));
    rows.sort_by_cached_key(|row| {
        let time = timely.then(|| {
            let first = row.keys.first().cloned().flatten();
            // "day 10" comes after "day 9".
            (first.is_none(), first.as_ref().map(String::len), first)
        });
        let tokens = row.sums.input.unwrap_or_default() + row.sums.output.unwrap_or_default();
        (time, Reverse(row.sums.cost), Reverse(tokens), row.keys.clone())
    });
    rows
}

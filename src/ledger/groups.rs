//! Totals of the log by any of its dimensions.

use std::borrow::Cow;
use std::cmp::Reverse;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::record::component::Component;
use crate::record::dimension::Dimension;
use crate::units::{Evidence, Tokens, Usd};

use super::Ledger;
use super::cells::{CELL_DIMENSIONS, CellSums, Cells};
use super::frame::add_grouped;
use super::keys::{NO_KEY, Numbers};
use super::rows::{COUNTS, Chunk, Counts, Money, Record, Rows};

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

/// Dimensions that one table can cross.
pub const MOST_DIMENSIONS: usize = 4;
/// Calls that are summed up at a time: columns exist only for so many.
const CHUNK: usize = 1 << 16;

impl Ledger<'_> {
    /// The totals by each of the wanted crosses of dimensions (at most
    /// [`MOST_DIMENSIONS`]; further ones are left out), and the cells that other
    /// logs are held against, in one pass over all calls.
    #[must_use]
    pub fn tables(&self, wanted: &[Vec<Dimension>]) -> (Vec<Table>, Vec<CellSums>) {
        let mut groupings: Vec<Grouping> = wanted.iter().map(|cross| Grouping::by(cross)).collect();
        let mut cells = Cells::default();
        let mut dimensions: Vec<Dimension> = wanted.iter().flatten().copied().collect();
        dimensions.extend(CELL_DIMENSIONS);
        dimensions.push(Dimension::Component);
        dimensions.sort_unstable();
        dimensions.dedup();
        let mut numbers = Numbers::default();
        let mut sum_up = |chunk: &Chunk| {
            let add_tables = || {
                groupings.par_iter_mut().for_each(|grouping| {
                    grouping.add(chunk);
                });
            };
            rayon::join(add_tables, || cells.add(self, chunk));
        };
        let mut chunk = Chunk::default();
        for start in (0..self.entries.len()).step_by(CHUNK) {
            let range = start..self.entries.len().min(start + CHUNK);
            chunk.fill_with_calls(self, range, &mut numbers, &dimensions);
            sum_up(&chunk);
        }
        chunk.fill_with_buckets(self, &mut numbers, &dimensions);
        sum_up(&chunk);
        let tables = groupings.into_par_iter().map(|grouping| grouping.table(self)).collect();
        (tables, cells.sums(self))
    }
}

/// One table in the making.
pub(super) struct Grouping {
    dimensions: Vec<Dimension>,
    numbers: FxHashMap<[u32; MOST_DIMENSIONS], u32>,
    /// The keys and the group of the row before: often those of the next one.
    last: ([u32; MOST_DIMENSIONS], u32),
    /// Where each group was met first: its keys are read off there.
    first: Vec<(Record, Option<Component>)>,
    counts: Vec<[u64; COUNTS]>,
    money: Vec<Money>,
}

impl Grouping {
    pub(super) fn by(dimensions: &[Dimension]) -> Self {
        Self {
            dimensions: dimensions.iter().copied().take(MOST_DIMENSIONS).collect(),
            numbers: FxHashMap::default(),
            last: ([NO_KEY; MOST_DIMENSIONS], NO_KEY),
            first: Vec::new(),
            counts: Vec::new(),
            money: Vec::new(),
        }
    }

    /// Adds a chunk up; returns the group of each of its rows.
    pub(super) fn add(&mut self, chunk: &Chunk) -> Vec<u32> {
        let by_component = self.dimensions.contains(&Dimension::Component);
        let rows = if by_component { &chunk.parts } else { &chunk.whole };
        let groups: Vec<u32> =
            (0..rows.records.len()).map(|row| self.group(chunk, rows, row)).collect();
        add_grouped(&groups, &rows.counts, &mut self.counts);
        // Money is summed here, in integers of 128 bits.
        for (group, row) in groups.iter().zip(&rows.money) {
            let sum = &mut self.money[*group as usize];
            if let Some(cost) = row.cost {
                sum.cost = Some(sum.cost.unwrap_or_default() + cost);
                sum.evidence = sum.evidence.worst(row.evidence);
            }
            sum.at_most |= row.at_most;
        }
        groups
    }

    /// The group of a row, a new one where its keys were not met before.
    fn group(&mut self, chunk: &Chunk, rows: &Rows, row: usize) -> u32 {
        let mut keys = [NO_KEY; MOST_DIMENSIONS];
        for (key, dimension) in keys.iter_mut().zip(&self.dimensions) {
            *key = chunk.key(rows, row, *dimension);
        }
        if self.last.0 == keys && self.last.1 != NO_KEY {
            return self.last.1;
        }
        let group = *self.numbers.entry(keys).or_insert_with(|| {
            let record = chunk.records[rows.records[row] as usize];
            self.first.push((record, rows.components[row]));
            self.counts.push([0; COUNTS]);
            self.money.push(Money { cost: None, evidence: Evidence::default(), at_most: false });
            u32::try_from(self.first.len() - 1).unwrap_or(NO_KEY)
        });
        self.last = (keys, group);
        group
    }

    fn table(self, ledger: &Ledger<'_>) -> Table {
        let rows = sorted(self.rows(ledger).collect(), &self.dimensions);
        Table { dimensions: self.dimensions, rows }
    }

    /// The rows, in the order of the groups.
    pub(super) fn rows(&self, ledger: &Ledger<'_>) -> impl Iterator<Item = TableRow> {
        let rows = self.first.iter().zip(self.counts.iter().zip(&self.money));
        rows.map(|((record, component), (counts, money))| {
            let keys = self.dimensions.iter().map(|dimension| match (dimension, record) {
                (Dimension::Component, _) => component.map(|component| component.key().to_owned()),
                (_, Record::Call(index)) => ledger.key(*index, *dimension).map(Cow::into_owned),
                (_, Record::Bucket(index)) => {
                    ledger.bucket_key(&ledger.buckets[*index], *dimension).map(Cow::into_owned)
                }
            });
            TableRow { keys: keys.collect(), sums: Sums::of(Counts::of_columns(*counts), *money) }
        })
    }
}

impl Sums {
    fn of(counts: Counts, money: Money) -> Self {
        Self {
            calls: counts.calls,
            input: counts.input.map(Tokens::new),
            output: counts.output.map(Tokens::new),
            cost: money.cost,
            unpriced_calls: counts.unpriced_calls,
            evidence: money.evidence,
            at_most: money.at_most,
        }
    }
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

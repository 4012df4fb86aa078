//! Totals by feature, model, provider and tier, with their tokens by what these
//! are billed as and by component: what another log can be held against.
//!
//! Knows nothing of the other log.

use crate::record::component::Component;
use crate::record::dimension::Dimension;
use crate::units::{Tokens, Usd};

use super::Ledger;
use super::groups::{Grouping, Sums};
use super::pricing::State;
use super::rows::{Chunk, Record};

/// What a cell is of.
pub const CELL_DIMENSIONS: [Dimension; 4] =
    [Dimension::Feature, Dimension::Model, Dimension::Provider, Dimension::Tier];

/// Tokens and what they cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Billed {
    /// The tokens.
    pub tokens: Tokens,
    /// What the priced ones of them cost.
    pub cost: Usd,
}

impl Billed {
    fn add(&mut self, tokens: Option<Tokens>, cost: Usd) {
        self.tokens += tokens.unwrap_or_default();
        self.cost += cost;
    }
}

/// The priced tokens of a cell by what they are billed as. They add up to its
/// cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kinds {
    /// Prompt tokens neither read nor written.
    pub uncached: Billed,
    /// Prompt tokens read from a cache.
    pub read: Billed,
    /// Prompt tokens written to a cache.
    pub written: Billed,
    /// Everything generated.
    pub output: Billed,
    /// Hosted tools, which have no tokens.
    pub fees: Usd,
}

/// The totals of one feature, model, provider and tier.
#[derive(Clone, Debug)]
pub struct CellSums {
    /// One key per dimension of [`CELL_DIMENSIONS`]; `None` where the log does
    /// not say.
    pub keys: Vec<Option<String>>,
    /// The totals; the calls are unknown where a bucket does not say.
    pub sums: Sums,
    /// The priced tokens.
    pub kinds: Kinds,
    /// Tokens that a provider bills, or would, by [`Component::ALL`].
    pub components: [Billed; Component::COUNT],
}

/// Cells in the making.
pub(super) struct Cells {
    grouping: Grouping,
    kinds: Vec<Kinds>,
    components: Vec<[Billed; Component::COUNT]>,
    /// Whether some bucket of the cell does not say how many calls it adds up.
    uncounted: Vec<bool>,
}

impl Default for Cells {
    fn default() -> Self {
        Self {
            grouping: Grouping::by(&CELL_DIMENSIONS),
            kinds: Vec::new(),
            components: Vec::new(),
            uncounted: Vec::new(),
        }
    }
}

impl Cells {
    pub(super) fn add(&mut self, ledger: &Ledger<'_>, chunk: &Chunk) {
        let groups = self.grouping.add(chunk);
        let cells = groups.iter().max().map_or(0, |last| *last as usize + 1).max(self.kinds.len());
        self.kinds.resize(cells, Kinds::default());
        self.components.resize(cells, [Billed::default(); Component::COUNT]);
        self.uncounted.resize(cells, false);
        for ((record, amounts), group) in chunk.records.iter().zip(&chunk.amounts).zip(&groups) {
            let (usage, bill) = match record {
                Record::Call(index) => {
                    let entry = &ledger.entries[*index];
                    (ledger.call(entry).usage.get(), &entry.bill)
                }
                Record::Bucket(index) => {
                    let entry = &ledger.buckets[*index];
                    let bucket = ledger.bucket(entry);
                    self.uncounted[*group as usize] |= bucket.calls.is_none();
                    (bucket.usage.clone(), &entry.bill)
                }
            };
            if bill.state == State::Priced {
                let kinds = &mut self.kinds[*group as usize];
                kinds.uncached.add(usage.uncached_input(), amounts.input);
                kinds.read.add(usage.cache_read, amounts.cache_read);
                kinds.written.add(Some(usage.cache_written()), amounts.cache_write);
                kinds.output.add(usage.output, amounts.output);
                kinds.fees += amounts.fees;
            }
        }
        let parts = &chunk.parts;
        for (row, record) in parts.records.iter().enumerate() {
            let billed = match chunk.records[*record as usize] {
                Record::Call(index) => ledger.entries[index].bill.state != State::NotBilled,
                Record::Bucket(_) => true,
            };
            if let Some(component) = parts.components[row].filter(|_| billed) {
                let group = groups[*record as usize] as usize;
                let cost = parts.money[row].cost.unwrap_or_default();
                let tokens = parts.tokens(row);
                self.components[group][component as usize].add(Some(tokens), cost);
            }
        }
    }

    /// The cells, in no order that means anything.
    pub(super) fn sums(self, ledger: &Ledger<'_>) -> Vec<CellSums> {
        let parts = self.kinds.iter().zip(&self.components).zip(&self.uncounted);
        let cells = self.grouping.rows(ledger).zip(parts);
        cells
            .map(|(row, ((kinds, components), uncounted))| CellSums {
                keys: row.keys,
                sums: Sums { calls: row.sums.calls.filter(|_| !uncounted), ..row.sums },
                kinds: *kinds,
                components: *components,
            })
            .collect()
    }
}

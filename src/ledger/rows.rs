//! Columns of what is summed up: one row per call or bucket, or one per
//! component of either.

use std::ops::Range;

use crate::record::component::Component;
use crate::record::dimension::Dimension;
use crate::record::usage::Usage;
use crate::units::{Evidence, Tokens, Usd};

use super::Ledger;
use super::components::Part;
use super::keys::{NO_KEY, Numbers};
use super::pricing::{Amounts, Shares};

/// A call or a bucket, by its position among the ledger's entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Record {
    Call(usize),
    Bucket(usize),
}

/// A stretch of records with their keys, whole and by component.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    pub records: Vec<Record>,
    /// By dimension, in the order of [`Dimension::ALL`], the number of each
    /// record's key; empty for dimensions that nobody asks for.
    keys: [Vec<u32>; Dimension::ALL.len()],
    pub whole: Rows,
    /// Empty where no table is by component.
    pub parts: Rows,
    /// What each record costs, by the position of its tokens; of calls only
    /// where a table is by component.
    pub amounts: Vec<Amounts>,
}

/// Counts of a row, in [`COUNTS`] columns: calls, input and output, each with
/// whether it is known, and unpriced calls.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub calls: Option<u64>,
    pub input: Option<u64>,
    pub output: Option<u64>,
    pub unpriced_calls: u64,
}

pub(super) const COUNTS: usize = 7;

impl Counts {
    fn columns(self) -> [u64; COUNTS] {
        let known = |count: Option<u64>| [count.unwrap_or(0), u64::from(count.is_some())];
        let [[calls, calls_known], [input, input_known], [output, output_known]] =
            [self.calls, self.input, self.output].map(known);
        [calls, calls_known, input, input_known, output, output_known, self.unpriced_calls]
    }

    /// The counts behind the sums of their columns.
    pub fn of_columns(sums: [u64; COUNTS]) -> Self {
        let [calls, calls_known, input, input_known, output, output_known, unpriced_calls] = sums;
        let known = |sum: u64, known: u64| (known > 0).then_some(sum);
        Self {
            calls: known(calls, calls_known),
            input: known(input, input_known),
            output: known(output, output_known),
            unpriced_calls,
        }
    }
}

/// What a row adds to its group.
#[derive(Clone, Copy, Debug)]
struct Row {
    counts: Counts,
    money: Money,
}

/// What a row adds to its group besides counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Money {
    pub cost: Option<Usd>,
    pub evidence: Evidence,
    pub at_most: bool,
}

/// Rows in columns.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// The position of each row's record in the chunk.
    pub records: Vec<u32>,
    /// The component that each row is; `None` for the whole record.
    pub components: Vec<Option<Component>>,
    pub counts: [Vec<u64>; COUNTS],
    pub money: Vec<Money>,
}

impl Rows {
    /// The input and output tokens of a row.
    pub fn tokens(&self, row: usize) -> Tokens {
        let [_, _, input, _, output, ..] = &self.counts;
        Tokens::new(input[row].saturating_add(output[row]))
    }

    fn clear(&mut self) {
        self.records.clear();
        self.components.clear();
        self.counts.iter_mut().for_each(Vec::clear);
        self.money.clear();
    }

    fn push(&mut self, record: u32, component: Option<Component>, row: Row) {
        self.records.push(record);
        self.components.push(component);
        for (column, count) in self.counts.iter_mut().zip(row.counts.columns()) {
            column.push(count);
        }
        self.money.push(row.money);
    }

    /// Adds the input components of a call: its dollars go where its tokens
    /// stand.
    fn push_parts(&mut self, record: u32, parts: &[Part], amounts: &Amounts, whole: Row) {
        let sum = |pick: fn(&Part) -> Tokens| parts.iter().map(pick).sum();
        let mut read = Shares::of(amounts.cache_read, sum(|part| part.billed().read));
        let mut written = Shares::of(amounts.cache_write, sum(|part| part.billed().written));
        let mut uncached = Shares::of(amounts.input, sum(|part| part.billed().uncached));
        for part in parts {
            let billed = part.billed();
            let (read, written) = (read.next(billed.read), written.next(billed.written));
            let cost = read + written + uncached.next(billed.uncached);
            let input = Some(billed.total().get());
            let counts = Counts { input, output: None, ..whole.counts };
            let money = Money {
                cost: whole.money.cost.map(|_| cost),
                evidence: whole.money.evidence.worst(part.evidence),
                at_most: part.at_most,
            };
            self.push(record, Some(part.component), Row { counts, money });
        }
    }

    /// Adds the generated side of a record: text and reasoning. Tool fees go
    /// with the text.
    fn push_output(&mut self, record: u32, usage: &Usage, amounts: &Amounts, whole: Row) {
        let output = usage.output.unwrap_or_default();
        let reasoning = usage.reasoning.unwrap_or_default();
        if output.is_zero() {
            return;
        }
        let text = output.saturating_sub(reasoning);
        let mut shares = Shares::of(amounts.output, text + reasoning);
        for (component, tokens, fees) in [
            (Component::OutputText, text, amounts.fees),
            (Component::OutputReasoning, reasoning, Usd::ZERO),
        ] {
            let cost = shares.next(tokens) + fees;
            if !tokens.is_zero() {
                let output = Some(tokens.get());
                let counts = Counts { input: None, output, ..whole.counts };
                let money = Money { cost: whole.money.cost.map(|_| cost), ..whole.money };
                self.push(record, Some(component), Row { counts, money });
            }
        }
    }
}

impl Chunk {
    /// Fills the chunk with the calls of a stretch of entries.
    pub fn fill_with_calls(
        &mut self,
        ledger: &Ledger<'_>,
        range: Range<usize>,
        numbers: &mut Numbers,
        dimensions: &[Dimension],
    ) {
        self.clear();
        let by_component = dimensions.contains(&Dimension::Component);
        for (record, index) in (0..).zip(range) {
            for dimension in dimensions {
                self.keys[*dimension as usize].push(numbers.entry(ledger, index, *dimension));
            }
            self.records.push(Record::Call(index));
            let entry = &ledger.entries[index];
            let usage = ledger.call(entry).usage.get();
            let cost = entry.bill.total();
            let counts = Counts {
                calls: Some(1),
                input: usage.input.map(Tokens::get),
                output: usage.output.map(Tokens::get),
                unpriced_calls: u64::from(cost.is_none()),
            };
            let money = Money { cost, evidence: entry.bill.evidence, at_most: false };
            let whole = Row { counts, money };
            self.whole.push(record, None, whole);
            if by_component {
                let amounts = ledger.amounts(entry);
                self.parts.push_parts(record, ledger.components.parts(index), &amounts, whole);
                self.parts.push_output(record, &usage, &amounts, whole);
                self.amounts.push(amounts);
            }
        }
    }

    /// Fills the chunk with all buckets.
    pub fn fill_with_buckets(
        &mut self,
        ledger: &Ledger<'_>,
        numbers: &mut Numbers,
        dimensions: &[Dimension],
    ) {
        self.clear();
        for (record, (index, entry)) in (0..).zip(ledger.buckets.iter().enumerate()) {
            for dimension in dimensions {
                self.keys[*dimension as usize].push(numbers.bucket(ledger, entry, *dimension));
            }
            self.records.push(Record::Bucket(index));
            let bucket = ledger.bucket(entry);
            let cost = entry.bill.total();
            let counts = Counts {
                calls: bucket.calls,
                input: bucket.usage.input.map(Tokens::get),
                output: bucket.usage.output.map(Tokens::get),
                unpriced_calls: if cost.is_some() { 0 } else { bucket.calls.unwrap_or(1) },
            };
            let money = Money { cost, evidence: entry.bill.evidence, at_most: false };
            let whole = Row { counts, money };
            self.whole.push(record, None, whole);
            let amounts = ledger.bucket_amounts(entry);
            if counts.input.is_some_and(|input| input > 0) {
                let input = amounts.input + amounts.cache_read + amounts.cache_write;
                let money = Money { cost: cost.map(|_| input), ..money };
                let counts = Counts { output: None, ..counts };
                self.parts.push(record, Some(Component::Unattributed), Row { counts, money });
            }
            self.parts.push_output(record, &bucket.usage, &amounts, whole);
            self.amounts.push(amounts);
        }
    }

    /// Empties the chunk but keeps its memory: the next one is as large.
    fn clear(&mut self) {
        self.records.clear();
        self.keys.iter_mut().for_each(Vec::clear);
        self.whole.clear();
        self.parts.clear();
        self.amounts.clear();
    }

    /// The number of a row's key by a dimension.
    pub fn key(&self, rows: &Rows, row: usize, dimension: Dimension) -> u32 {
        match dimension {
            Dimension::Component => {
                rows.components[row].map_or(NO_KEY, |component| component as u32)
            }
            _ => self.keys[dimension as usize][rows.records[row] as usize],
        }
    }
}

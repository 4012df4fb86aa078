//! Reads a written table back and compares it with what it was made from.

use std::path::Path;

use crate::convert::{Calls, Focus};
use crate::ingest::csv_rows::Splitter;
use crate::ingest::format::Row;
use crate::ingest::framing::{CHUNK_BYTES, Framer, Layout};
use crate::ingest::json::Json;
use crate::ingest::source::{self, Input};
use crate::ingest::{self, ReadOptions};
use crate::ledger::Ledger;
use crate::record::usage::{CacheWrites, Usage};
use crate::table::Table as _;
use crate::units::{Tokens, Usd};

use super::TableFormat;

/// What a table of calls must add up to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    calls: u64,
    buckets: u64,
    charges: u64,
    timed: u64,
    tokens: [Tokens; 7],
    logged: Usd,
    billed: Usd,
}

impl Totals {
    /// What the table of a ledger adds up to.
    pub(super) fn of(ledger: &Ledger<'_>, calls: &Calls<'_>) -> Self {
        let mut totals = Self::default();
        for entry in &ledger.entries {
            let call = ledger.call(entry);
            totals.call(&call.usage.get(), call.logged_cost.get(), entry.time.is_some());
        }
        for entry in calls.buckets() {
            let bucket = ledger.bucket(entry);
            totals.bucket(&bucket.usage, bucket.logged_cost);
        }
        for position in calls.charges() {
            let charge = &ledger.log.charges[*position as usize];
            totals.charges += 1;
            totals.billed += charge.billed;
        }
        totals
    }

    /// Reads a file and compares.
    ///
    /// # Errors
    /// With what is wrong.
    pub(super) fn compare(&self, path: &Path) -> Result<(), String> {
        let paths = [path.to_string_lossy().into_owned()];
        let log = match ingest::read(&paths, ReadOptions::default(), &()) {
            Ok(log) => log,
            // A log without any call is a table without any row.
            Err(_) if *self == Self::default() => return Ok(()),
            Err(error) => return Err(error.to_string()),
        };
        let rejected: u64 = log.accounting.files.iter().map(|file| file.rejected).sum();
        if rejected > 0 {
            let mut reasons = log.accounting.files.iter().flat_map(|file| &file.rejections);
            let first = reasons.next().map_or("", |rejection| rejection.reason.as_str());
            return Err(format!("{rejected} rows are refused: {first}"));
        }
        let mut found = Self::default();
        for call in &log.calls {
            found.call(&call.usage.get(), call.logged_cost.get(), call.time.get().is_some());
        }
        for bucket in &log.buckets {
            found.bucket(&bucket.usage, bucket.logged_cost);
        }
        for charge in &log.charges {
            found.charges += 1;
            found.billed += charge.billed;
        }
        if found == *self { Ok(()) } else { Err("it does not add up to the log".to_owned()) }
    }

    fn call(&mut self, usage: &Usage, logged: Option<Usd>, timed: bool) {
        self.calls += 1;
        self.timed += u64::from(timed);
        self.add(usage, logged);
    }

    fn bucket(&mut self, usage: &Usage, logged: Option<Usd>) {
        self.buckets += 1;
        self.add(usage, logged);
    }

    fn add(&mut self, usage: &Usage, logged: Option<Usd>) {
        let counts = [
            usage.input,
            usage.cache_read,
            usage.cache_write.map(CacheWrites::total),
            usage.output,
            usage.reasoning,
            usage.audio_input,
            usage.audio_output,
        ];
        for (sum, count) in self.tokens.iter_mut().zip(counts) {
            *sum += count.unwrap_or_default();
        }
        self.logged += logged.unwrap_or_default();
    }
}

/// Compares a FOCUS table's rows and list cost with those of a file.
///
/// # Errors
/// With what is wrong.
pub(super) fn focus(focus: &Focus<'_>, format: TableFormat, path: &Path) -> Result<(), String> {
    let input = Input { shown: String::new(), path: Some(path.to_owned()), named: true };
    let opened = source::open(&input).map_err(|error| error.to_string())?;
    let layout = if format == TableFormat::Jsonl { Layout::Lines } else { Layout::Rows };
    let mut framer = Framer::new(opened.reader, Vec::new(), layout, CHUNK_BYTES);
    let header = (layout == Layout::Rows).then(|| framer.header());
    let (mut rows, mut cost) = (0, Usd::ZERO);
    let mut add = |text: Option<&str>| {
        rows += 1;
        let text = text.unwrap_or("0");
        cost += Usd::from_decimal(text).map_err(|_| "a list cost is no amount".to_owned())?;
        Ok::<(), String>(())
    };
    while let Some(chunk) = framer.next_chunk() {
        match &header {
            Some(header) => {
                let at = header.position(&LIST_COST.to_ascii_lowercase());
                let mut splitter = Splitter::new(header.delimiter);
                for span in chunk.spans.unwrap_or_default() {
                    let bytes = chunk.bytes.get(span.start..span.end).unwrap_or_default();
                    let (text, ends) = splitter.split(bytes).map_err(|fault| fault.to_string())?;
                    let row = Row { header, text, ends };
                    add(at.and_then(|at| row.cell(at)))?;
                }
            }
            None => {
                let lines = chunk.bytes.split(|byte| *byte == b'\n');
                for line in lines.filter(|line| !line.is_empty()) {
                    let object = Json::of_record(line).map_err(|fault| fault.to_string())?;
                    add(object.get(LIST_COST).map(Json::raw))?;
                }
            }
        }
    }
    if let Some((_, reason)) = framer.broken() {
        return Err(reason.to_owned());
    }
    if (rows, cost) == (focus.rows(), focus.list_cost()) {
        Ok(())
    } else {
        Err("it does not add up to the log".to_owned())
    }
}

const LIST_COST: &str = "ListCost";

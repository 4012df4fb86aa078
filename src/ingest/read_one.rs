//! Reads one record as the pipeline does, for the tests of readers.

use crate::measure::memo::Memo;

use super::batch::Batch;
use super::format::{Format, Outcome, Record};
use super::json::Fault;

/// Reads a line, the first of its file, and enters its parts into the account.
pub fn read_one(format: &dyn Format, line: &str) -> (Batch, Result<Outcome, Fault>) {
    let memo = Memo::default();
    let mut batch = Batch::default();
    let record = Record { bytes: line.as_bytes(), line: 1, row: None, path: "-", memo: &memo };
    let outcome = format.read(&record, &mut batch);
    batch.settle_parts();
    (batch, outcome)
}

//! What the fuzz targets have in common: bytes as records of one format.

use tokopt::ingest::batch::Batch;
use tokopt::ingest::csv_rows::Splitter;
use tokopt::ingest::format::{Format, Framing, Outcome, Record, Row};
use tokopt::ingest::format_by_id;
use tokopt::ingest::framing::{Framer, Layout, layout};
use tokopt::measure::memo::Memo;

/// Reads bytes as a file of that format, record by record, as the pipeline
/// does, and checks that a refused record leaves nothing behind.
///
/// # Panics
/// When the format does not exist, or a refused record left something.
pub fn read(id: &str, bytes: &[u8]) {
    let format = format_by_id(id).expect("a format of tokopt");
    let memo = Memo::default();
    match format.framing() {
        Framing::Csv => rows(format, bytes, &memo),
        framing => {
            let layout = layout(framing, bytes);
            for (record, line) in records(bytes, layout, bytes.len().max(1)) {
                one(format, &Record { bytes: &record, line, row: None, path: "fuzz", memo: &memo });
            }
        }
    }
}

fn one(format: &dyn Format, record: &Record<'_>) {
    let mut batch = Batch::default();
    batch.start_record(0, record.line, record.bytes);
    let mark = batch.mark();
    match format.read(record, &mut batch) {
        Ok(Outcome::Kept | Outcome::KeptMany(_)) => {}
        // A message of a session is no call and stays as an entry.
        Ok(Outcome::Ignored(_)) => assert!(batch.calls.is_empty() && batch.buckets.is_empty()),
        Err(fault) => {
            batch.undo(mark);
            assert!(batch.calls.is_empty() && batch.buckets.is_empty() && batch.entries.is_empty());
            assert!(!fault.to_string().is_empty());
        }
    }
}

fn rows(format: &dyn Format, bytes: &[u8], memo: &Memo) {
    let mut framer = Framer::new(Box::new(std::io::empty()), bytes.to_vec(), Layout::Rows, 1 << 12);
    let header = framer.header();
    let mut splitter = Splitter::new(header.delimiter);
    for (row, line) in rest(framer) {
        if let Ok((text, ends)) = splitter.split(&row) {
            let row_of = Row { header: &header, text, ends };
            one(format, &Record { bytes: &row, line, row: Some(&row_of), path: "fuzz", memo });
        }
    }
}

/// The records of a file, with their lines, cut in chunks of `target` bytes.
#[must_use]
pub fn records(bytes: &[u8], layout: Layout, target: usize) -> Vec<(Vec<u8>, u64)> {
    rest(Framer::new(Box::new(std::io::Cursor::new(bytes.to_vec())), Vec::new(), layout, target))
}

fn rest(mut framer: Framer) -> Vec<(Vec<u8>, u64)> {
    let mut records = Vec::new();
    while let Some(chunk) = framer.next_chunk() {
        match chunk.spans {
            Some(spans) => {
                let spans = spans.iter();
                records.extend(
                    spans.map(|span| (chunk.bytes[span.start..span.end].to_vec(), span.line)),
                );
            }
            None => {
                let lines = chunk.bytes.split(|byte| *byte == b'\n').zip(chunk.first_line..);
                records.extend(lines.map(|(line, number)| (line.to_vec(), number)));
            }
        }
    }
    records.retain(|(record, _)| !record.trim_ascii().is_empty());
    records
}

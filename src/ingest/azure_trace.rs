//! Azure's public LLM inference traces: three CSV columns per request.
//!
//! `ContextTokens` is the whole prompt, `GeneratedTokens` everything generated.
//! There is no model, no user, no id and no cache count; two equal rows are two
//! requests.

use crate::record::usage::Usage;
use crate::units::{Moment, Tokens};

use super::batch::{Batch, Draft};
use super::format::{Format, Framing, KeySet, Outcome, Record, Sample};
use super::json::Fault;
use super::value::Value;

const TIME: &str = "timestamp";
const INPUT: &str = "contexttokens";
const OUTPUT: &str = "generatedtokens";

/// A trace of counts.
#[derive(Clone, Copy, Debug)]
pub struct AzureTrace;

impl Format for AzureTrace {
    fn id(&self) -> &'static str {
        "azure-trace"
    }

    fn convention(&self) -> &'static str {
        "ContextTokens is the whole prompt, GeneratedTokens everything generated; no cache counts"
    }

    fn keys(&self) -> &'static [KeySet] {
        &[&["TIMESTAMP", "ContextTokens", "GeneratedTokens"]]
    }

    fn framing(&self) -> Framing {
        Framing::Csv
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        sample.header().is_some_and(|header| header.has(&[TIME, INPUT, OUTPUT]))
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let row = record.row.ok_or(Fault::Other("not a CSV row"))?;
        let cell = |column| Value::Cell(row.get(column).unwrap_or_default());
        let usage = Usage {
            input: cell(INPUT).count("ContextTokens")?.map(Tokens::new),
            output: cell(OUTPUT).count("GeneratedTokens")?.map(Tokens::new),
            ..Usage::default()
        };
        if !usage.is_reported() {
            return Err(Fault::Missing("ContextTokens"));
        }
        let time = cell(TIME).time("TIMESTAMP")?.map(Moment::dated);
        batch.push(Draft { time, usage, ..Draft::default() })?;
        Ok(Outcome::Kept)
    }
}

#[cfg(test)]
mod tests {
    use super::AzureTrace;
    use crate::ingest::batch::Batch;
    use crate::ingest::csv_rows::{Splitter, header};
    use crate::ingest::format::{Format as _, Outcome, Record, Row, Sample};
    use crate::ingest::json::Fault;
    use crate::measure::memo::Memo;
    use crate::units::{Moment, Timestamp, Tokens};

    fn read(line: &[u8], batch: &mut Batch) -> Result<Outcome, Fault> {
        let header = header(b"TIMESTAMP,ContextTokens,GeneratedTokens\r\n");
        assert!(AzureTrace.detect(&Sample::Csv(&header)));
        let mut splitter = Splitter::new(b',');
        let (text, ends) = splitter.split(line)?;
        let row = Row { header: &header, text, ends };
        let memo = Memo::default();
        AzureTrace
            .read(&Record { bytes: line, line: 2, row: Some(&row), path: "-", memo: &memo }, batch)
    }

    #[test]
    fn seven_digits_of_a_second_are_read() {
        let mut batch = Batch::default();
        assert_eq!(read(b"2026-03-04 05:06:07.9876543,512,33\r\n", &mut batch), Ok(Outcome::Kept));
        let call = &batch.calls[0].call;
        // 1,772,600,767 s after the epoch (GNU date); the seventh digit is dropped.
        let time = Timestamp::from_micros(1_772_600_767_987_654);
        assert_eq!(call.time.get(), Some(Moment::dated(time)));
        assert_eq!(call.usage.get().input, Some(Tokens::new(512)));
        assert_eq!(call.usage.get().output, Some(Tokens::new(33)));
        assert_eq!(batch.calls[0].identity.key(), None);
    }

    #[test]
    fn broken_rows_are_rejected() {
        for line in [&b"soon,1,2"[..], b"2026-03-04 05:06:07,x,2", b"2026-03-04 05:06:07,,", b""] {
            assert!(read(line, &mut Batch::default()).is_err(), "{line:?}");
        }
    }
}

//! Rows in, calls out; what is no row of the table is refused.

use super::{TokoptTable, TokoptTableCsv};
use crate::ingest::batch::Batch;
use crate::ingest::csv_rows::{Splitter, header};
use crate::ingest::format::{Format as _, Outcome, Record, Row, Sample};
use crate::ingest::json::{Fault, Json};
use crate::measure::memo::Memo;
use crate::record::component::Component;
use crate::units::{Tokens, Ttl};

fn read(line: &str, batch: &mut Batch) -> Result<Outcome, Fault> {
    let memo = Memo::default();
    let record = Record { bytes: line.as_bytes(), line: 1, row: None, path: "-", memo: &memo };
    TokoptTable.read(&record, batch)
}

#[test]
fn a_line_is_a_call() {
    let mut batch = Batch::default();
    let line = r#"{"tokopt_table":"1","record_kind":"request","record_order":7,
        "charge_period_start":"2026-03-04T05:06:07.25Z","response_model":"m","service_tier":"flex",
        "tags":{"env":"prod","tag":["a","b"]},"usage_input_tokens":900,
        "usage_cache_write_input_tokens":300,"usage_cache_write_by_ttl":{"0":0,"3600":200},
        "flags":"child,sidechain","component_source":"stated",
        "component_history_tokens":0,"component_user_input_tokens":40,"added_later":[1]}"#;
    assert_eq!(read(line, &mut batch), Ok(Outcome::Kept));
    let call = &batch.calls[0].call;
    assert_eq!(batch.calls[0].content, 7);
    assert!(call.flags.child && call.flags.sidechain && !call.flags.hidden_head);
    let writes = call.usage.get().cache_write.unwrap_or_default();
    // 300 in all, 200 of them for an hour.
    assert_eq!(writes.unstated, Tokens::new(100));
    assert_eq!((writes.short, writes.long), (None, Some((Ttl::ONE_HOUR, Tokens::new(200)))));
    assert_eq!(
        batch.calls[0].stated.as_deref(),
        Some(&vec![(Component::History, Tokens::ZERO), (Component::UserInput, Tokens::new(40))])
    );
    assert_eq!(batch.tag_sets[0].len(), 3);
}

#[test]
fn a_row_is_a_call_and_odd_texts_come_back() {
    let header =
        header(b"tokopt_table,record_kind,feature,user_id,usage_input_tokens,usage_output_tokens");
    assert!(TokoptTableCsv.detect(&Sample::Csv(&header)));
    let mut splitter = Splitter::new(b',');
    let row = b"1,request,\"\"\" =x\\n\"\"\",null,5,";
    let (text, ends) = splitter.split(row).expect("valid row");
    let row = Row { header: &header, text, ends };
    let memo = Memo::default();
    let record = Record { bytes: b"", line: 2, row: Some(&row), path: "-", memo: &memo };
    let mut batch = Batch::default();
    assert_eq!(TokoptTableCsv.read(&record, &mut batch), Ok(Outcome::Kept));
    let call = &batch.calls[0].call;
    assert_eq!(batch.strings.text_of(call.feature), Some(" =x\n"));
    // A user of that name, not a missing one.
    assert_eq!(batch.strings.text_of(call.user), Some("null"));
    assert_eq!(call.usage.get().output, None);
}

#[test]
fn a_remark_is_handed_on() {
    let mut batch = Batch::default();
    let line = r#"{"tokopt_table":"1","record_kind":"note","note_code":"MORE_PAGES","note_message":"m","note_records":2}"#;
    assert!(matches!(read(line, &mut batch), Ok(Outcome::Ignored(_))));
    assert!(read(line, &mut batch).is_ok());
    assert_eq!((batch.handed_on.len(), batch.handed_on[0].records), (1, 4));
}

#[test]
fn what_is_no_row_of_the_table_is_refused_without_its_content() {
    for (line, reason) in [
        (r#"{"tokopt_table":"2","record_kind":"request"}"#, "a table of another version of tokopt"),
        (r#"{"record_kind":"request"}"#, "no `tokopt_table`"),
        (r#"{"tokopt_table":"1","record_kind":"s3cr3t"}"#, "`record_kind` is not a kind of record"),
        (
            r#"{"tokopt_table":"1","record_kind":"request","usage_input_tokens":"s3cr3t"}"#,
            "`usage_input_tokens` is not a count",
        ),
        (
            r#"{"tokopt_table":"1","record_kind":"request","status":"s3cr3t"}"#,
            "`status` is not a known word",
        ),
        (
            r#"{"tokopt_table":"1","record_kind":"request","flags":"s3cr3t"}"#,
            "`flags` is not a list of known flags",
        ),
        (
            r#"{"tokopt_table":"1","record_kind":"note","note_code":"say s3cr3t"}"#,
            "`note_code` is not a code",
        ),
        (r#"{"tokopt_table":"1","record_kind":"charge"}"#, "no `billed_cost`"),
        (r#"{"tokopt_table":"1""#, "not valid JSON"),
    ] {
        let fault = read(line, &mut Batch::default()).map_err(|fault| fault.to_string());
        assert_eq!(fault, Err(reason.to_owned()), "{line}");
    }
    assert!(!TokoptTable.detect(&Sample::Json(&[Json::of_text(r#"{"model":"m"}"#)])));
}

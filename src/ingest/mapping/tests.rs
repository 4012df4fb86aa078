//! Mappings in, formats or errors out.

use std::collections::BTreeMap;

use super::{Mapping, MappingError, MappingSettings};
use crate::ingest::batch::Batch;
use crate::ingest::csv_rows::{Splitter, header};
use crate::ingest::format::{Format as _, Outcome, Record, Row, Sample};
use crate::ingest::json::{Fault, Json};
use crate::measure::memo::Memo;
use crate::units::{Moment, Timestamp, Tokens};

fn settings(fields: &[(&str, &str)]) -> MappingSettings {
    let fields = fields.iter().map(|(field, path)| ((*field).to_owned(), (*path).to_owned()));
    MappingSettings { fields: fields.collect::<BTreeMap<_, _>>(), ..MappingSettings::default() }
}

fn read(mapping: &Mapping, line: &str) -> (Batch, Result<Outcome, Fault>) {
    let memo = Memo::default();
    let mut batch = Batch::default();
    let record = Record { bytes: line.as_bytes(), line: 1, row: None, path: "-", memo: &memo };
    let outcome = mapping.read(&record, &mut batch);
    (batch, outcome)
}

#[test]
fn fields_are_found_where_the_mapping_says() {
    let house = MappingSettings {
        time_unit: Some("relative_milliseconds".to_owned()),
        input_convention: Some("exclusive".to_owned()),
        ..settings(&[
            ("model", "llm.engine"),
            ("input_tokens", "meta.usage.0.in"),
            ("cached_tokens", "meta.usage.0.hit"),
            ("output_tokens", "meta.usage.0.out"),
            ("provider", "=openai"),
            ("timestamp", "t"),
            ("feature", "job"),
            ("tags.env", "meta.env"),
        ])
    };
    let mapping = Mapping::new("house", &house).expect("a valid mapping");
    let line = r#"{"t":1500.5,"job":"faq","llm":{"engine":"gpt-5-mini"},"meta":{"env":"prod","usage":[{"in":10,"hit":90,"out":4}]}}"#;
    assert!(mapping.detect(&Sample::Json(&[Json::of_text(line)])));
    assert!(!mapping.detect(&Sample::Json(&[Json::of_text(r#"{"model":"m","input_tokens":1}"#)])));
    let (batch, outcome) = read(&mapping, line);
    assert_eq!(outcome, Ok(Outcome::Kept));
    let call = &batch.calls[0].call;
    // 10 uncached + 90 cached, as the mapping says exclusive.
    assert_eq!(call.usage.get().input, Some(Tokens::new(100)));
    assert_eq!(call.time.get(), Some(Moment::relative(1_500_500)));
    let text = |symbol| batch.strings.text_of(symbol);
    assert_eq!((text(call.model), text(call.provider)), (Some("gpt-5-mini"), Some("openai")));
    assert_eq!(text(call.feature), Some("faq"));
    assert_eq!(batch.tag_sets.len(), 1);
    assert_eq!((mapping.id(), mapping.name()), ("mapping", "house"));
}

#[test]
fn columns_and_units_since_1970() {
    let house = MappingSettings {
        framing: Some("csv".to_owned()),
        time_unit: Some("seconds".to_owned()),
        detect: vec!["Tok In".to_owned()],
        ..settings(&[("model", "Engine"), ("input_tokens", "Tok In"), ("timestamp", "When")])
    };
    let mapping = Mapping::new("sheet", &house).expect("a valid mapping");
    let header = header(b"When;Engine;Tok In");
    assert!(mapping.detect(&Sample::Csv(&header)));
    let mut splitter = Splitter::new(b';');
    let (text, ends) = splitter.split(b"1000;m;12").expect("valid row");
    let row = Row { header: &header, text, ends };
    let memo = Memo::default();
    let record = Record { bytes: b"", line: 2, row: Some(&row), path: "-", memo: &memo };
    let mut batch = Batch::default();
    assert_eq!(mapping.read(&record, &mut batch), Ok(Outcome::Kept));
    let call = &batch.calls[0].call;
    assert_eq!(call.usage.get().input, Some(Tokens::new(12)));
    let time = Moment::dated(Timestamp::from_micros(1_000_000_000));
    assert_eq!(call.time.get(), Some(time));
}

#[test]
fn a_mapping_that_cannot_be_is_refused_with_a_hint() {
    let refused = |settings: &MappingSettings| {
        Mapping::new("house", settings).expect_err("refused").to_string()
    };
    assert_eq!(
        refused(&settings(&[("promt_tokens", "a")])),
        "format `house` maps `promt_tokens`, which is no field (did you mean `prompt_tokens`?)"
    );
    assert_eq!(
        refused(&settings(&[("zzzzzzzz", "a")])),
        "format `house` maps `zzzzzzzz`, which is no field"
    );
    assert_eq!(
        refused(&settings(&[("model", "a..b")])),
        "format `house` has a malformed path for `model`"
    );
    assert_eq!(
        refused(&settings(&[("user", "a")])),
        "format `house` maps neither a model nor a token count"
    );
    let odd = MappingSettings { framing: Some("xml".to_owned()), ..settings(&[("model", "a")]) };
    assert!(matches!(
        Mapping::new("house", &odd),
        Err(MappingError::BadSetting { setting: "framing", .. })
    ));
}

#[test]
fn broken_records_are_rejected() {
    let mapping =
        Mapping::new("house", &settings(&[("model", "m"), ("input_tokens", "n")])).expect("valid");
    for line in [r#"{"m":"x","n":"many"}"#, r#"{"other":1}"#, r#"{"m":"x","n":1"#, "5"] {
        assert!(read(&mapping, line).1.is_err(), "{line}");
    }
}

#[test]
fn the_shipped_log_is_read() {
    let house = settings(&[
        ("model", "llm.engine"),
        ("input_tokens", "meta.usage.0.in"),
        ("cached_tokens", "meta.usage.0.hit"),
        ("output_tokens", "meta.usage.0.out"),
        ("elapsed_ms", "t"),
    ]);
    let mapping = Mapping::new("house", &house).expect("a valid mapping");
    let kept = include_str!("../../../fixtures/ingest/mapping/kept/house.jsonl").lines();
    // 90 cached do not fit into 10: 100; the second line has no cache count.
    let inputs: Vec<_> =
        kept.map(|line| read(&mapping, line).0.calls[0].call.usage.get().input).collect();
    assert_eq!(inputs, [Some(Tokens::new(100)), Some(Tokens::new(20))]);
    let rejected = include_str!("../../../fixtures/ingest/mapping/rejected/house.jsonl").lines();
    assert!(rejected.map(|line| read(&mapping, line).1).all(|outcome| outcome.is_err()));
}

//! Records in, packed calls out.

use super::{Canonical, CanonicalCsv};
use crate::ingest::batch::Batch;
use crate::ingest::csv_rows::{Splitter, header};
use crate::ingest::format::{Format as _, Outcome, Record, Row, Sample};
use crate::ingest::json::{Fault, Json};
use crate::measure::memo::Memo;
use crate::record::call::{Call, Finish, Operation, Status};
use crate::record::component::Component;
use crate::record::lane::Tier;
use crate::record::symbol::Symbol;
use crate::record::usage::{CacheWrites, Usage};
use crate::units::{Moment, Timestamp, Tokens, Ttl, Usd};

fn read(line: &str, batch: &mut Batch) -> Result<Outcome, Fault> {
    let memo = Memo::default();
    let record = Record { bytes: line.as_bytes(), line: 1, row: None, path: "-", memo: &memo };
    Canonical.read(&record, batch)
}

fn call(line: &str) -> (Call, Batch) {
    let mut batch = Batch::default();
    assert_eq!(read(line, &mut batch), Ok(Outcome::Kept), "{line}");
    (batch.calls[0].call.clone(), batch)
}

fn usage(line: &str) -> Usage {
    call(line).0.usage.get()
}

#[expect(clippy::unnecessary_wraps, reason = "spares every comparison the `Some`")]
fn tokens(count: u64) -> Option<Tokens> {
    Some(Tokens::new(count))
}

#[test]
fn the_model_asked_for_stands_in_where_none_is_said_to_have_served() {
    let models = |line: &str| {
        let (call, batch) = call(line);
        let text = |symbol| batch.strings.text_of(symbol).map(str::to_owned);
        (text(call.requested_model), text(call.model))
    };
    let name = |name: &str| Some(name.to_owned());
    assert_eq!(
        models(r#"{"requested_model":"gpt-5","model":"gpt-5-mini","input_tokens":1}"#),
        (name("gpt-5"), name("gpt-5-mini"))
    );
    assert_eq!(
        models(r#"{"gen_ai.request.model":"gpt-5","input_tokens":1}"#),
        (name("gpt-5"), name("gpt-5"))
    );
    assert_eq!(models(r#"{"model":"gpt-5","input_tokens":1}"#), (None, name("gpt-5")));
}

#[test]
fn a_full_line_is_read() {
    let (call, batch) = call(
        r#"{"service_tier":"flex", "timestamp":"2026-03-04T05:06:07.250Z","request_id":"r-1",
        "model":"gpt-5-mini","provider":"openai","prompt_tokens":1200,"cached_tokens":1024,
        "completion_tokens":80,"reasoning_tokens":30,"total_tokens":1280,"feature":"search",
        "user_id":"u7","team":"blue","session_id":"s1","status":"ok","finish_reason":"length",
        "latency_ms":512.9,"ttft_ms":88,"max_tokens":80,"temperature":0.2,"stream":true,
        "cost_usd":"0.00042","whatever":{"deep":[1,{"x":"y"}]},"operation":"chat"}"#,
    );
    let text = |symbol: Option<Symbol>| batch.strings.text_of(symbol);
    // 2026-03-04T05:06:07Z is 1,772,600,767 s after the epoch (GNU date).
    assert_eq!(call.time.get(), Some(Moment::dated(Timestamp::from_micros(1_772_600_767_250_000))));
    assert_eq!(text(call.request_id), Some("r-1"));
    assert_eq!(text(call.model), Some("gpt-5-mini"));
    assert_eq!(text(call.feature), Some("search"));
    assert_eq!(text(call.user), Some("u7"));
    assert_eq!(text(call.account), Some("blue"));
    assert_eq!(text(call.conversation), Some("s1"));
    assert_eq!(
        (call.tier, call.finish, call.status),
        (Tier::Flex, Finish::Length, Status::Success)
    );
    assert_eq!(call.latency_milliseconds.get(), Some(512));
    assert_eq!(call.first_token_milliseconds.get(), Some(88));
    assert_eq!(call.request.max_tokens.get(), Some(80));
    assert_eq!(call.request.stream, Some(true));
    assert_eq!(call.logged_cost.get(), Usd::from_decimal("0.00042").ok());
    let usage = call.usage.get();
    assert_eq!(usage.uncached_input(), tokens(1200 - 1024));
    assert_eq!((usage.output, usage.reasoning), (tokens(80), tokens(30)));
    assert!(batch.calls[0].identity.key().is_some());
    assert!(batch.notes.is_empty());
}

#[test]
fn absent_counts_stay_unknown() {
    let usage = usage(r#"{"model":"m","input_tokens":5,"output_tokens":null}"#);
    assert_eq!(usage, Usage { input: tokens(5), ..Usage::default() });
}

#[test]
fn both_conventions_come_to_the_same() {
    // 100 uncached + 900 read + 50 written = 1,050.
    for line in [
        r#"{"model":"m","input_tokens":1050,"cache_read_input_tokens":900,"cache_write_tokens":50}"#,
        r#"{"model":"m","input_tokens":100,"cache_read_input_tokens":900,"cache_write_tokens":50}"#,
        r#"{"model":"m","uncached_input_tokens":100,"cache_read_input_tokens":900,"cache_write_tokens":50}"#,
        r#"{"model":"m","usage":{"input_tokens":100,"cache_read_input_tokens":900,"cache_creation_input_tokens":50}}"#,
    ] {
        let usage = usage(line);
        assert_eq!((usage.input, usage.uncached_input()), (tokens(1050), tokens(100)), "{line}");
    }
    // Only the declaration tells here: 1,000 + 900 = 1,900.
    let line =
        r#"{"model":"m","input_tokens":1000,"cached_tokens":900,"input_convention":"exclusive"}"#;
    assert_eq!(usage(line).input, tokens(1900));
    // ... or a total of 1,000 + 900 + 10.
    let line = r#"{"model":"m","input_tokens":1000,"cached_tokens":900,"output_tokens":10,"total_tokens":1910}"#;
    assert_eq!(usage(line).input, tokens(1900));
}

#[test]
fn a_declared_convention_that_cannot_be_is_refused() {
    let line =
        r#"{"model":"m","input_tokens":10,"cached_tokens":90,"input_convention":"inclusive"}"#;
    assert!(matches!(read(line, &mut Batch::default()), Err(Fault::Contradiction(_))));
}

#[test]
fn cache_writes_keep_their_lifetimes() {
    let line = r#"{"model":"m","input_tokens":500,"cache_creation_input_tokens":300,
        "usage":{"cache_creation":{"ephemeral_5m_input_tokens":200,"ephemeral_1h_input_tokens":60}}}"#;
    // 300 in all, 200 and 60 of them named: 40 are left.
    let expected = CacheWrites {
        unstated: Tokens::new(40),
        short: Some((Ttl::FIVE_MINUTES, Tokens::new(200))),
        long: Some((Ttl::ONE_HOUR, Tokens::new(60))),
    };
    assert_eq!(usage(line).cache_write, Some(expected));
}

#[test]
fn a_usage_object_in_openai_style_is_opened() {
    let line = r#"{"model":"m","usage":{"prompt_tokens":70,"completion_tokens":9,"total_tokens":79,
        "prompt_tokens_details":{"cached_tokens":64,"audio_tokens":0},
        "completion_tokens_details":{"reasoning_tokens":4}}}"#;
    let usage = usage(line);
    assert_eq!((usage.input, usage.cache_read), (tokens(70), tokens(64)));
    assert_eq!((usage.output, usage.reasoning), (tokens(9), tokens(4)));
}

#[test]
fn a_total_derives_what_is_missing_and_settles_where_reasoning_is() {
    assert_eq!(usage(r#"{"total_tokens":50,"output_tokens":8}"#).input, tokens(42));
    assert_eq!(usage(r#"{"total_tokens":50,"input_tokens":42}"#).output, tokens(8));
    // 20 + 5 + 7 = 32: the 7 are not among the 5.
    let line = r#"{"input_tokens":20,"output_tokens":5,"reasoning_tokens":7,"total_tokens":32}"#;
    assert_eq!(usage(line).output, tokens(12));
    let (call, batch) = call(r#"{"input_tokens":20,"output_tokens":5,"total_tokens":99}"#);
    assert!(call.flags.inconsistent_counts);
    assert_eq!(batch.notes[0].code, "TOTAL_DISAGREES");
}

#[test]
fn tags_fill_fields_and_keep_the_rest() {
    let (call, batch) = call(
        r#"{"model":"m","input_tokens":1,"metadata":{"feature":"faq","env":"prod","n":3,"nested":{}},"user":"a"}"#,
    );
    assert_eq!(batch.strings.text_of(call.feature), Some("faq"));
    let set = call.tags.map(|id| batch.tag_sets[id.0 as usize].clone()).unwrap_or_default();
    let texts: Vec<_> = set
        .iter()
        .map(|(key, value)| (batch.strings.text(*key), batch.strings.text(*value)))
        .collect();
    assert_eq!(texts, [("env", "prod"), ("n", "3")]);
}

#[test]
fn failures_and_components_are_told() {
    for (line, expected) in [
        (r#"{"model":"m","http_status":429}"#, Status::Error),
        (r#"{"model":"m","error":{"code":"x"}}"#, Status::Error),
        (r#"{"model":"m","error":null}"#, Status::Success),
        (r#"{"model":"m","error":false}"#, Status::Success),
        (r#"{"model":"m","status":"cancelled"}"#, Status::Aborted),
    ] {
        assert_eq!(call(line).0.status, expected, "{line}");
    }
    let (embedding, batch) =
        call(r#"{"model":"m","component":"rag","input_tokens":7,"operation":"embeddings"}"#);
    assert_eq!(batch.calls[0].component, Some(Component::RetrievedContext));
    assert_eq!(embedding.operation, Operation::Embeddings);
}

#[test]
fn what_says_nothing_is_rejected_without_its_content() {
    for (line, reason) in [
        (r#"{"feature":"x","secret":"s3cr3t"}"#, "neither a model nor a token count"),
        (r#"{"model":"m","prompt_tokens":"s3cr3t"}"#, "`prompt_tokens` is not a count"),
        (r#"{"model":"m","input_tokens":-4}"#, "`input_tokens` is not a count"),
        (r#"{"model":"m","ts":"s3cr3t"}"#, "`ts` is not a time"),
        (r#"{"model":"m","input_tokens":4"#, "not valid JSON"),
        ("17", "not a JSON object"),
        (
            r#"{"model":"m","output_tokens":4,"reasoning_tokens":9}"#,
            "reasoning tokens exceed output tokens",
        ),
        (
            r#"{"model":"m","input_tokens":18446744073709551615,"cached_tokens":18446744073709551615,"total_tokens":1}"#,
            "a token count is too large for one call",
        ),
    ] {
        let fault = read(line, &mut Batch::default()).map_err(|fault| fault.to_string());
        assert_eq!(fault, Err(reason.to_owned()), "{line}");
    }
}

#[test]
fn rows_are_read_like_lines() {
    let header = header(b"Date,Model,Prompt Tokens,completionTokens,Tags,usage,Error");
    assert!(CanonicalCsv.detect(&Sample::Csv(&header)));
    let mut splitter = Splitter::new(b',');
    let (text, ends) = splitter
        .split(b"2026-03-04,m,40,,\"team=red; feature=faq\",\"{\"\"output_tokens\"\":6}\",nan")
        .expect("valid row");
    let row = Row { header: &header, text, ends };
    let memo = Memo::default();
    let record = Record { bytes: b"", line: 2, row: Some(&row), path: "-", memo: &memo };
    let mut batch = Batch::default();
    assert_eq!(CanonicalCsv.read(&record, &mut batch), Ok(Outcome::Kept));
    let call = &batch.calls[0].call;
    assert_eq!((call.usage.get().input, call.usage.get().output), (tokens(40), tokens(6)));
    assert_eq!(batch.strings.text_of(call.feature), Some("faq"));
    assert_eq!(batch.strings.text_of(call.account), Some("red"));
    assert_eq!(call.status, Status::Success);
}

#[test]
fn detection_wants_counts_with_a_model_or_a_time() {
    let detects = |line: &str| Canonical.detect(&Sample::Json(&[Json::of_text(line)]));
    assert!(detects(r#"{ "prompt_tokens" : 1, "model" : "m" }"#));
    let counted = r#"{"ts":1780300000,"usage":{"input_tokens":1,"output_tokens":1}}"#;
    assert!(detects(counted));
    // A bare answer of some provider, which may count otherwise.
    assert!(!detects(r#"{"usage":{"input_tokens":1,"output_tokens":1}}"#));
    assert!(!detects(r#"{"model":"m","content":"hello"}"#));
    assert!(!detects(r#"{"input_length":1,"output_length":2}"#));
}

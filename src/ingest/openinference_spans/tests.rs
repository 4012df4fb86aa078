//! What a span says, line by line.

use super::OpeninferenceSpans;
use crate::ingest::batch::{Batch, Packed};
use crate::ingest::format::{Format as _, Outcome, Sample};
use crate::ingest::json::{Fault, Json};
use crate::ingest::read_one::read_one;
use crate::record::component::Component;
use crate::units::{Moment, Timestamp, Tokens};

fn read(line: &str) -> (Batch, Result<Outcome, Fault>) {
    read_one(&OpeninferenceSpans, line)
}

/// A span of kind LLM with these attributes.
fn span(attributes: &str) -> String {
    format!(
        r#"{{"context":{{"trace_id":"t","span_id":"s"}},"span_kind":"LLM","attributes":{{{attributes}}}}}"#
    )
}

const SPAN: &str = r#"{"status_code":"OK","span_kind":"LLM","context":{"span_id":"s-1","trace_id":"t-1"},
    "start_time":"2026-03-04T05:06:07+00:00","end_time":"2026-03-04T05:06:08.500+00:00","attributes":{
    "llm.model_name":"claude-haiku-4-5","llm.provider":"aws","llm.invocation_parameters":"{\"max_tokens\":64,\"user\":\"u-2\"}",
    "llm.input_messages.10.message.role":"user","llm.input_messages.10.message.content":"and now?",
    "llm.input_messages.2.message.role":"tool","llm.input_messages.2.message.content":"a page",
    "llm.input_messages.1.message.role":"assistant","llm.input_messages.1.message.tool_calls.0.tool_call.function.name":"look",
    "llm.input_messages.1.message.tool_calls.0.tool_call.function.arguments":"{\"at\":1}",
    "llm.input_messages.0.message.role":"system","llm.input_messages.0.message.content":"Be brief.",
    "llm.tools.0.tool.json_schema":"{\"type\":\"function\",\"function\":{\"name\":\"look\"}}",
    "llm.output_messages.0.message.content":"Done.",
    "llm.token_count.prompt":900,"llm.token_count.completion":7,"llm.token_count.prompt_details.cache_read":500,
    "llm.token_count.prompt_details.cache_write":100}}"#;

#[test]
fn a_span_is_read_whole() {
    let (batch, outcome) = read(SPAN);
    assert_eq!(outcome, Ok(Outcome::Kept));
    let Packed { call, prompt, .. } = &batch.calls[0];
    let text = |symbol| batch.strings.text_of(symbol);
    assert_eq!(text(call.provider), Some("aws.bedrock"));
    assert_eq!((text(call.request_id), text(call.conversation)), (Some("s-1"), Some("t-1")));
    assert_eq!(text(call.user), Some("u-2"));
    let start = Timestamp::parse("2026-03-04T05:06:07Z").expect("a time");
    assert_eq!(call.time.get(), Some(Moment::dated(start)));
    assert_eq!(call.latency_milliseconds.get(), Some(1_500));
    let usage = call.usage.get();
    // 900 = 300 uncached + 500 read + 100 written.
    assert_eq!(usage.uncached_input(), Some(Tokens::new(300)));
    assert_eq!((usage.cache_written(), usage.reasoning), (Tokens::new(100), None));
    let prompt = prompt.as_ref().expect("texts were logged");
    let parts: Vec<_> = prompt.parts.iter().map(|part| (part.component, part.assistant)).collect();
    assert_eq!(
        parts,
        [
            (Component::ToolDefinitions, false),
            (Component::SystemPrompt, false),
            (Component::History, true),
            (Component::RetrievedContext, false),
            (Component::UserInput, false),
        ]
    );
    assert!(prompt.parts.iter().all(|part| part.ends_message));
    assert!(prompt.answer.is_some_and(|answer| answer.tokens > 0));
}

#[test]
fn flat_and_nested_attributes_are_the_same_request() {
    let flat = r#""llm.input_messages.0.message.role":"user","llm.input_messages.0.message.content":"Hello."#;
    let nested = r#""llm":{"input_messages":[{"message":{"role":"user","content":"Hello."#;
    let listed = r#""llm.input_messages":[{"message.role":"user","message.content":"Hello."#;
    let hashes = [format!("{flat}\""), format!("{nested}\"}}}}]}}"), format!("{listed}\"}}]")].map(
        |attributes| {
            let (batch, outcome) = read(&span(&attributes));
            assert_eq!(outcome, Ok(Outcome::Kept), "{attributes}");
            batch.calls[0].prompt.as_ref().expect("a prompt").request_hash
        },
    );
    assert_eq!(hashes, [hashes[0]; 3]);
}

#[test]
fn parameters_and_metadata_that_are_no_json_tell_nothing() {
    let attributes = r#""llm.model_name":"m","llm.invocation_parameters":"{'max_tokens': 5}","metadata":"{'feature': 'x'}""#;
    let (batch, outcome) = read(&span(attributes));
    assert_eq!(outcome, Ok(Outcome::Kept));
    let call = &batch.calls[0].call;
    assert_eq!((call.request.max_tokens.get(), call.feature), (None, None));
}

#[test]
fn hidden_and_missing_texts_are_no_prompt() {
    for attributes in [
        r#""llm.model_name":"m""#,
        r#""llm.input_messages.0.message.content":"__REDACTED__""#,
        r#""input.value":"__REDACTED__","output.value":"said""#,
    ] {
        let (batch, outcome) = read(&span(attributes));
        assert_eq!(outcome, Ok(Outcome::Kept));
        assert!(batch.calls[0].prompt.is_none(), "{attributes}");
    }
}

#[test]
fn detection_looks_for_a_span_with_its_kind() {
    let detects = |text: &str| OpeninferenceSpans.detect(&Sample::Json(&[Json::of_text(text)]));
    assert!(detects(SPAN));
    assert!(detects(&format!("{{\"next_cursor\":null,\"data\":[{SPAN}]}}")));
    assert!(detects(
        r#"{"context":{"trace_id":"t"},"attributes":{"openinference.span.kind":"CHAIN"}}"#
    ));
    assert!(!detects(r#"{"context":{"trace_id":"t"},"attributes":{"http.method":"GET"}}"#));
    assert!(!detects(r#"{"span_kind":"SERVER","name":"x"}"#));
}

#[test]
fn deep_nesting_and_wild_indices_are_never_fatal() {
    let deep = format!("\"llm\":{}1{}", "{\"a\":".repeat(5_000), "}".repeat(5_000));
    assert!(read(&span(&deep)).1.is_ok());
    let lists = format!("\"llm.tools\":{}{}", "[".repeat(5_000), "]".repeat(5_000));
    assert!(read(&span(&lists)).1.is_ok());
    let wild = r#""llm.input_messages.4294967295.message.content":"x","llm.input_messages.99999999999.message.role":"y""#;
    assert!(read(&span(wild)).1.is_ok());
    for end in (0..SPAN.len()).filter(|end| SPAN.is_char_boundary(*end)) {
        assert!(read(&SPAN[..end]).1.is_err(), "{end}");
    }
}

//! What a run says, field by field.

use super::{Langsmith, LangsmithCsv};
use crate::ingest::batch::{Batch, Packed};
use crate::ingest::csv_rows::header;
use crate::ingest::format::{Format as _, Outcome, Sample};
use crate::ingest::json::{Fault, Json};
use crate::ingest::read_one::read_one;
use crate::record::call::{Finish, Status};
use crate::units::{Tokens, Ttl, Usd};

fn read(line: &str) -> (Batch, Result<Outcome, Fault>) {
    read_one(&Langsmith, line)
}

const RUN: &str = r#"{"id":"r-1","trace_id":"t-1","parent_run_id":"r-0","dotted_order":"x","run_type":"llm","name":"ChatAnthropic",
    "session_id":"p-1","start_time":"2026-03-04T05:06:07.250000","end_time":"2026-03-04T05:06:09.250000","first_token_time":"2026-03-04T05:06:07.750000",
    "extra":{"metadata":{"thread_id":"c-1","user_id":"u-1","ls_provider":"anthropic","ls_model_name":"claude-haiku-4-5","plan":"free","langgraph_step":3},
        "invocation_params":{"model":"claude-haiku-4-5","max_tokens":400,"temperature":0.5,"tools":[{"name":"look"}]}},
    "inputs":{"messages":[[{"id":["langchain","SystemMessage"],"kwargs":{"content":"Be brief."}},{"id":["langchain","HumanMessage"],"kwargs":{"content":"Why?"}}]]},
    "outputs":{"generations":[[{"text":"Because.","message":{"id":["langchain","AIMessage"],"kwargs":{"content":"Because.",
        "response_metadata":{"id":"msg_1","model_name":"claude-haiku-4-5-20251001","stop_reason":"end_turn"},
        "usage_metadata":{"input_tokens":1000,"output_tokens":30,"total_tokens":1030,
            "input_token_details":{"cache_read":700,"cache_creation":0,"ephemeral_5m_input_tokens":50,"ephemeral_1hr_input_tokens":20},"output_token_details":{"reasoning":10}}}}}]],"llm_output":{}},
    "prompt_tokens":1000,"completion_tokens":30,"prompt_cost":"0.0002","completion_cost":"0.00015","error":null,"status":"success","tags":["team:blue"]}"#;

#[test]
fn a_run_is_read_whole() {
    let (batch, outcome) = read(RUN);
    assert_eq!(outcome, Ok(Outcome::Kept));
    let Packed { call, prompt, identity, .. } = &batch.calls[0];
    let text = |symbol| batch.strings.text_of(symbol);
    assert_eq!((text(call.provider), text(call.request_id)), (Some("anthropic"), Some("msg_1")));
    assert_eq!(text(call.model), Some("claude-haiku-4-5-20251001"));
    assert_eq!(text(call.requested_model), Some("claude-haiku-4-5"));
    // The session of the run is its project; the thread is the conversation.
    assert_eq!((text(call.conversation), text(call.user)), (Some("c-1"), Some("u-1")));
    assert_eq!(text(call.account), Some("blue"));
    assert!(identity.response().is_some());
    assert_eq!(call.latency_milliseconds.get(), Some(2_000));
    assert_eq!(call.first_token_milliseconds.get(), Some(500));
    assert_eq!((call.finish, call.request.has_tools), (Finish::Stop, Some(true)));
    assert_eq!(call.request.max_tokens.get(), Some(400));
    // 0.0002 + 0.00015.
    assert_eq!(call.logged_cost.get(), Usd::from_decimal("0.00035").ok());
    let usage = call.usage.get();
    // 1,000 = 230 uncached + 700 read + 50 + 20 written.
    assert_eq!(usage.uncached_input(), Some(Tokens::new(230)));
    let writes = usage.cache_write.expect("writes");
    assert_eq!(writes.long, Some((Ttl::ONE_HOUR, Tokens::new(20))));
    assert_eq!((writes.total(), usage.reasoning), (Tokens::new(70), Some(Tokens::new(10))));
    let prompt = prompt.as_ref().expect("texts were logged");
    assert_eq!(prompt.parts.len(), 3);
    assert!(prompt.answer.is_some());
    assert_eq!(batch.notes[0].code, "ZONELESS_TIMES");
}

#[test]
fn columns_and_providers_counts_where_there_is_no_usage() {
    let counted = |fields: &str| {
        let line = format!(r#"{{"id":"r","trace_id":"t","run_type":"llm",{fields}}}"#);
        let (batch, outcome) = read(&line);
        assert_eq!(outcome, Ok(Outcome::Kept), "{fields}");
        let usage = batch.calls[0].call.usage.get();
        (
            usage.input.map(Tokens::get),
            usage.cache_read.map(Tokens::get),
            usage.output.map(Tokens::get),
        )
    };
    let columns =
        r#""prompt_tokens":90,"completion_tokens":9,"prompt_token_details":{"cache_read":60}"#;
    assert_eq!(counted(columns), (Some(90), Some(60), Some(9)));
    let openai = r#""prompt_tokens":0,"completion_tokens":0,"outputs":{"id":"chatcmpl-1","choices":[{"message":{"content":"x"}}],
        "usage":{"prompt_tokens":80,"completion_tokens":8,"prompt_tokens_details":{"cached_tokens":64}}}"#;
    assert_eq!(counted(openai), (Some(80), Some(64), Some(8)));
    let wrapped = r#""outputs":{"role":"assistant","content":"x","usage_metadata":{"input_tokens":70,"output_tokens":7}}"#;
    assert_eq!(counted(wrapped), (Some(70), None, Some(7)));
    let llm_output = r#""outputs":{"generations":[[{"text":"x"}]],"llm_output":{"token_usage":{"prompt_tokens":60,"completion_tokens":6}}}"#;
    assert_eq!(counted(llm_output), (Some(60), None, Some(6)));
    // Less than what was cached: 5 + 700.
    let exclusive =
        r#""prompt_tokens":5,"completion_tokens":1,"prompt_token_details":{"cache_read":700}"#;
    assert_eq!(counted(exclusive), (Some(705), Some(700), Some(1)));
    assert_eq!(counted(r#""outputs":{}"#), (None, None, None));
    assert_eq!(
        counted(r#""error":"gone","prompt_tokens":0,"completion_tokens":0"#),
        (None, None, None)
    );
}

#[test]
fn a_tree_of_runs_counts_each() {
    let line = r#"{"id":"a","trace_id":"a","run_type":"chain","prompt_tokens":30,"child_runs":[
        {"id":"b","trace_id":"a","parent_run_id":"a","run_type":"llm","prompt_tokens":10,"completion_tokens":1},
        {"id":"c","trace_id":"a","parent_run_id":"a","run_type":"tool","child_runs":[
            {"id":"d","trace_id":"a","parent_run_id":"c","run_type":"llm","prompt_tokens":20,"completion_tokens":2,"status":"error","error":"x"}]},
        {"run_type":"llm"}]}"#;
    let (batch, outcome) = read(line);
    assert_eq!(outcome, Ok(Outcome::AccountedFor));
    assert_eq!(
        (batch.account.lines, batch.account.ignored_total(), batch.account.rejected),
        (5, 2, 1)
    );
    assert_eq!(batch.account.rejections[0].line, 5);
    assert_eq!(batch.calls[1].call.status, Status::Error);
    for end in (1..line.len()).filter(|end| line.is_char_boundary(*end)) {
        assert!(read(&line[..end]).1.is_err(), "{end}");
    }
}

#[test]
fn detection_asks_for_a_type_and_a_trace() {
    let detects = |text: &str| Langsmith.detect(&Sample::Json(&[Json::of_text(text)]));
    assert!(detects(RUN) && detects(&format!(r#"{{"runs":[{RUN}],"cursors":{{}}}}"#)));
    assert!(
        !detects(r#"{"run_type":"llm"}"#) && !detects(r#"{"trace_id":"t","type":"GENERATION"}"#)
    );
    assert!(LangsmithCsv.detect(&Sample::Csv(&header(b"id,run_type,trace_id,prompt_tokens"))));
    assert!(!LangsmithCsv.detect(&Sample::Csv(&header(b"id,type,trace_id"))));
    for line in
        ["[]", r#"{"run_type":"llm"}"#, r#"{"id":"r","run_type":"llm","prompt_tokens":"many"}"#]
    {
        assert!(read(line).1.is_err(), "{line}");
    }
}

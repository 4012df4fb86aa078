//! What an observation says, field by field.

use super::{Langfuse, LangfuseCsv};
use crate::ingest::batch::{Batch, Packed};
use crate::ingest::csv_rows::{Splitter, header};
use crate::ingest::format::{Format as _, Outcome, Record, Row, Sample};
use crate::ingest::json::{Fault, Json};
use crate::ingest::read_one::read_one;
use crate::measure::memo::Memo;
use crate::record::call::{Operation, Status};
use crate::record::usage::Usage;
use crate::units::{Moment, Timestamp, Tokens, Usd};

fn read(line: &str) -> (Batch, Result<Outcome, Fault>) {
    read_one(&Langfuse, line)
}

fn usage(details: &str) -> (Usage, Vec<&'static str>) {
    let line = format!(
        r#"{{"id":"o","traceId":"t","type":"GENERATION","model":"m","usageDetails":{details}}}"#
    );
    let (batch, outcome) = read(&line);
    assert_eq!(outcome, Ok(Outcome::Kept), "{details}");
    let codes = batch.notes.iter().map(|note| note.code).collect();
    (batch.calls[0].call.usage.get(), codes)
}

const ROW: &str = r#"{"id":"o-1","trace_id":"t-1","type":"GENERATION","name":"answer","parent_observation_id":"p",
    "start_time":"2026-03-04 05:06:07.250000","end_time":"2026-03-04 05:06:09.250000","completion_start_time":"2026-03-04 05:06:07.750000",
    "provided_model_name":"claude-haiku-4-5","model_parameters":"{\"max_tokens\":\"300\",\"temperature\":0.5}",
    "usage_details":{"input":100,"input_cache_read":700,"input_cache_creation_5m":50,"input_cache_creation_1h":20,"output":30,"output_reasoning":10,"total":910},
    "cost_details":{"total":0.0011},"total_cost":"0.0011","level":"DEFAULT","environment":"production","prompt_name":"faq","prompt_version":3,
    "user_id":"u-1","session_id":"s-1","trace_name":"chat","tags":["team:blue","beta"],
    "metadata":{"ls_provider":"amazon_bedrock","stage":"one","attributes":{"gen_ai.response.id":"msg_1"}},
    "input":"[{\"role\":\"system\",\"content\":\"Be brief.\"},{\"role\":\"user\",\"content\":\"Why?\"}]","output":"Because."}"#;

#[test]
fn a_row_is_read_whole() {
    let (batch, outcome) = read(ROW);
    assert_eq!(outcome, Ok(Outcome::Kept));
    let Packed { call, prompt, identity, .. } = &batch.calls[0];
    let text = |symbol| batch.strings.text_of(symbol);
    assert_eq!(
        (text(call.provider), text(call.model)),
        (Some("aws.bedrock"), Some("claude-haiku-4-5"))
    );
    assert_eq!((text(call.feature), text(call.user)), (Some("faq"), Some("u-1")));
    // `team:blue` names the account, as everywhere.
    assert_eq!((text(call.conversation), text(call.account)), (Some("s-1"), Some("blue")));
    assert!(identity.response().is_some());
    let start = Timestamp::parse("2026-03-04T05:06:07.25Z").expect("a time");
    assert_eq!(call.time.get(), Some(Moment::dated(start)));
    assert_eq!(call.latency_milliseconds.get(), Some(2_000));
    assert_eq!(call.first_token_milliseconds.get(), Some(500));
    assert_eq!((call.request.max_tokens.get(), call.request.temperature), (Some(300), Some(0.5)));
    assert_eq!(call.logged_cost.get(), Usd::from_decimal("0.0011").ok());
    // 870 = 100 + 700 read + 50 + 20 written; 40 = 30 + 10 of reasoning.
    let usage = call.usage.get();
    assert_eq!(
        (usage.input, usage.uncached_input()),
        (Some(Tokens::new(870)), Some(Tokens::new(100)))
    );
    assert_eq!((usage.cache_written(), usage.output), (Tokens::new(70), Some(Tokens::new(40))));
    assert_eq!(usage.reasoning, Some(Tokens::new(10)));
    let prompt = prompt.as_ref().expect("texts were logged");
    assert_eq!(prompt.parts.len(), 2);
    assert!(prompt.answer.is_some());
    assert_eq!(batch.notes[0].code, "ZONELESS_TIMES");
    assert_eq!(batch.spans.len(), 1);
}

#[test]
fn the_total_says_which_details_are_inside() {
    let get = |usage: &Usage| {
        let get = |tokens: Option<Tokens>| tokens.unwrap_or_default().get();
        [get(usage.input), get(usage.cache_read), get(usage.output), get(usage.reasoning)]
    };
    for (details, expected, codes) in [
        // Disjoint: 100 + 60 + 20 + 5 = 185.
        (
            r#"{"input":100,"input_cached_tokens":60,"output":20,"output_reasoning_tokens":5,"total":185}"#,
            [160, 60, 25, 5],
            vec![],
        ),
        // Gemini's thoughts beside its candidates: 6 + 951 + 1,104 = 2,061.
        (
            r#"{"input":6,"output":951,"completion_details.reasoning":1104,"total":2061}"#,
            [6, 0, 2_055, 1_104],
            vec![],
        ),
        // The same call with the thoughts inside: 6 + 2,055 = 2,061.
        (
            r#"{"total":2061,"input":6,"completion_details.reasoning":1104,"output":2055}"#,
            [6, 0, 2_055, 1_104],
            vec![],
        ),
        (
            r#"{"input":100,"prompt_details.cache_read":60,"output":20,"total":120}"#,
            [100, 60, 20, 0],
            vec![],
        ),
        // OpenAI's own words: input and output alone are the total.
        (
            r#"{"input":100,"input_cached_tokens":60,"output":20,"total":120}"#,
            [100, 60, 20, 0],
            vec![],
        ),
        // Anthropic's, with a total of what stands there.
        (
            r#"{"input":5,"cache_read_input_tokens":60,"output":20,"total":25}"#,
            [65, 60, 20, 0],
            vec!["EXCLUSIVE_PROMPT"],
        ),
        (r#"{"input":5,"cache_read_input_tokens":60,"output":20}"#, [65, 60, 20, 0], vec![]),
        (r#"{"input":100,"prompt_details.cache_read":60,"output":20}"#, [100, 60, 20, 0], vec![]),
        (
            r#"{"input":100,"input_cached_tokens":60,"output":20,"total":7}"#,
            [160, 60, 20, 0],
            vec!["USAGE_TOTAL_MISMATCH"],
        ),
        // A count of neither side, in the total.
        (r#"{"input":100,"output":20,"searches":2,"total":122}"#, [100, 0, 20, 0], vec![]),
    ] {
        let (found, noted) = usage(details);
        assert_eq!((get(&found), noted), (expected, codes), "{details}");
    }
    let (writes, _) = usage(
        r#"{"input":1,"input_cache_creation":30,"input_cache_creation_5m":10,"input_cache_creation_1h":20,"output":1,"total":32}"#,
    );
    assert_eq!((writes.cache_written(), writes.input), (Tokens::new(30), Some(Tokens::new(31))));
    assert_eq!(usage("{}").0, Usage::default());
}

#[test]
fn older_counts_and_costs_that_say_nothing() {
    let line = r#"{"id":"o","traceId":"t","type":"GENERATION","model":"gpt-4o","parentObservationId":null,
        "usage":{"input":12,"output":3,"total":15,"unit":"TOKENS"},"usageDetails":{},"costDetails":{},"totalCost":0}"#;
    let (batch, _) = read(line);
    let call = &batch.calls[0].call;
    assert_eq!(call.usage.get().input, Some(Tokens::new(12)));
    assert_eq!(call.logged_cost.get(), None);
    assert!(call.flags.inferred_provider);
    let characters = line.replace("TOKENS", "CHARACTERS");
    assert!(!read(&characters).0.calls[0].call.usage.get().is_reported());
    let failed = line
        .replace(r#""id":"o""#, r#""level":"ERROR","id":"o""#)
        .replace("12", "0")
        .replace(":3", ":0");
    let (batch, _) = read(&failed);
    assert_eq!(batch.calls[0].call.status, Status::Error);
    assert!(!batch.calls[0].call.usage.get().is_reported());
}

#[test]
fn a_document_shares_its_trace_and_counts_each_observation() {
    let line = r#"{"trace":{"id":"t","name":"turn","userId":"u","sessionId":"s","tags":["x"],"metadata":"{\"feature\":\"help\"}"},
        "observations":[{"id":"a","traceId":"t","type":"SPAN"},
        {"id":"b","traceId":"t","type":"EMBEDDING","model":"text-embedding-3-small","usageDetails":{"input":4}},
        {"id":"c","traceId":"t","type":"GENERATION","startTime":"noon"}]}"#;
    let (batch, outcome) = read(line);
    assert_eq!(outcome, Ok(Outcome::AccountedFor));
    assert_eq!(
        (batch.account.lines, batch.account.ignored_total(), batch.account.rejected),
        (3, 1, 1)
    );
    assert_eq!(batch.account.rejections[0].line, 4);
    let call = &batch.calls[0].call;
    let text = |symbol| batch.strings.text_of(symbol);
    assert_eq!(call.operation, Operation::Embeddings);
    assert_eq!((text(call.feature), text(call.conversation)), (Some("help"), Some("s")));
    assert_eq!(call.usage.get().output, Some(Tokens::ZERO));
    for end in (1..line.len()).filter(|end| line.is_char_boundary(*end)) {
        assert!(read(&line[..end]).1.is_err(), "{end}");
    }
}

#[test]
fn a_csv_row_says_what_a_json_row_says() {
    let header = header(b"id,traceId,type,startTime,endTime,providedModelName,usageDetails,totalCost,input,output,sessionId,tags");
    assert!(LangfuseCsv.detect(&Sample::Csv(&header)));
    let row = br#"o-2,t-2,GENERATION,2026-03-04T05:06:07.000Z,2026-03-04T05:06:08.000Z,gpt-4o,"{""input"":40,""output"":2,""total"":42}",0.0004,Say it.,Said.,s-2,"[""team:red""]""#;
    let mut splitter = Splitter::new(b',');
    let (text, ends) = splitter.split(row).expect("a valid row");
    let row = Row { header: &header, text, ends };
    let memo = Memo::default();
    let record = Record { bytes: b"", line: 2, row: Some(&row), path: "-", memo: &memo };
    let mut batch = Batch::default();
    assert_eq!(LangfuseCsv.read(&record, &mut batch), Ok(Outcome::Kept));
    let Packed { call, prompt, .. } = &batch.calls[0];
    assert_eq!(call.usage.get().input, Some(Tokens::new(40)));
    assert_eq!(batch.strings.text_of(call.account), Some("red"));
    assert_eq!(prompt.as_ref().map(|prompt| prompt.parts.len()), Some(1));
}

#[test]
fn detection_asks_for_a_trace_and_counts_or_a_type() {
    let detects = |text: &str| Langfuse.detect(&Sample::Json(&[Json::of_text(text)]));
    assert!(detects(ROW));
    assert!(detects(r#"{"id":"o","traceId":"t","type":"SPAN","parentObservationId":null}"#));
    assert!(detects(&format!(r#"{{"data":[{ROW}],"meta":{{}}}}"#)));
    assert!(detects(&format!(r#"{{"trace":{{}},"observations":[{ROW}]}}"#)));
    assert!(detects(r#"{"id":"t","sessionId":null,"userId":null,"public":false}"#));
    assert!(!detects(r#"{"trace_id":"t","run_type":"llm"}"#));
    assert!(!detects(r#"{"trace_id":"t","type":"message"}"#));
    for line in [
        "[]",
        "7",
        r#"{"type":"GENERATION"}"#,
        r#"{"id":"o","model":"m","usageDetails":{"input":"many"}}"#,
    ] {
        assert!(read(line).1.is_err(), "{line}");
    }
}

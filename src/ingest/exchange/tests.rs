//! Exchanges read record by record: what becomes of their prompts and facts.

use crate::ingest::batch::{Batch, Packed};
use crate::ingest::format::{Format, Outcome, Record};
use crate::measure::memo::Memo;
use crate::record::call::{Finish, Operation, Status};
use crate::record::component::Component::{
    self, History, RetrievedContext, SystemPrompt, ToolDefinitions, UserInput,
};
use crate::record::lane::Tier;
use crate::units::{Moment, Timestamp, Tokens, Ttl, Usd};

use super::Exchange;

fn read(line: &str) -> Packed {
    let (memo, mut batch) = (Memo::default(), Batch::default());
    let record = Record { bytes: line.as_bytes(), line: 1, row: None, path: "log", memo: &memo };
    assert_eq!(Exchange.read(&record, &mut batch), Ok(Outcome::Kept));
    batch.calls.remove(0)
}

fn with_chat(request: &str) -> Packed {
    read(&format!(
        r#"{{"request":{request},"response":{{"id":"c1","object":"chat.completion","model":"gpt-4.1",
        "choices":[{{"message":{{"role":"assistant","content":"{{\"ok\": true}}"}},"finish_reason":"stop"}}],
        "usage":{{"prompt_tokens":90,"completion_tokens":5,"total_tokens":95}}}}}}"#
    ))
}

fn with_message(request: &str) -> Packed {
    read(&format!(
        r#"{{"request":{request},"response":{{"id":"m1","type":"message","model":"claude-haiku-4-5",
        "content":[{{"type":"text","text":"Yes."}}],"stop_reason":"max_tokens",
        "usage":{{"input_tokens":90,"output_tokens":5,"cache_creation_input_tokens":40}}}}}}"#
    ))
}

fn with_response(request: &str) -> Packed {
    read(&format!(
        r#"{{"request":{request},"response":{{"id":"r1","object":"response","model":"gpt-5",
        "status":"completed","output":[{{"type":"function_call","arguments":"{{}}"}}],
        "usage":{{"input_tokens":90,"output_tokens":5,"total_tokens":95}}}}}}"#
    ))
}

fn components(packed: &Packed) -> Vec<(Component, bool)> {
    let prompt = packed.prompt.as_ref().unwrap();
    prompt.parts.iter().map(|part| (part.component, part.assistant)).collect()
}

#[test]
fn the_model_asked_for_is_kept_beside_the_one_that_served() {
    let line = r#"{"request":{"model":"gpt-5","messages":[{"role":"user","content":"Hi"}]},
        "response":{"id":"c1","object":"chat.completion","model":"gpt-5-mini","choices":[],
        "usage":{"prompt_tokens":3,"completion_tokens":1}}}"#;
    let (memo, mut batch) = (Memo::default(), Batch::default());
    let record = Record { bytes: line.as_bytes(), line: 1, row: None, path: "log", memo: &memo };
    assert_eq!(Exchange.read(&record, &mut batch), Ok(Outcome::Kept));
    let name = |symbol| batch.strings.text_of(symbol);
    let call = &batch.calls[0].call;
    assert_eq!((name(call.requested_model), name(call.model)), (Some("gpt-5"), Some("gpt-5-mini")));
}

#[test]
fn a_chat_prompt_is_laid_out_as_it_is_billed() {
    let packed = with_chat(
        r#"{"messages":[{"role":"system","content":"Be brief."},
            {"role":"user","content":[{"type":"text","text":"What is on it?"},
                {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]},
            {"role":"assistant","content":null,"tool_calls":[{"id":"t","type":"function",
                "function":{"name":"look","arguments":"{}"}}]},
            {"role":"tool","tool_call_id":"t","content":"A cat."}],
            "response_format":{"type":"json_schema","json_schema":{"name":"a","schema":{"type":"object"}}},
            "tools":[{"type":"function","function":{"name":"look","parameters":{}}}],
            "model":"gpt-4.1","max_tokens":64,"temperature":0.5,"stream":false}"#,
    );
    let expected = [
        (ToolDefinitions, false),
        (ToolDefinitions, false),
        (SystemPrompt, false),
        (UserInput, false),
        (History, true),
        (RetrievedContext, false),
    ];
    assert_eq!(components(&packed), expected);
    let prompt = packed.prompt.unwrap();
    assert_eq!(prompt.unmeasured_parts, 1);
    assert!(prompt.answer.unwrap().is_json);
    let facts = packed.call.request;
    assert_eq!((facts.max_tokens.get(), facts.temperature), (Some(64), Some(0.5)));
    assert_eq!((facts.stream, facts.has_tools), (Some(false), Some(true)));
}

#[test]
fn a_messages_prompt_is_laid_out_as_it_is_billed() {
    let packed = with_message(
        r#"{"model":"claude-haiku-4-5","max_tokens":5,"metadata":{"user_id":"user_ab_session_cd"},
            "messages":[{"role":"user","content":[
                {"type":"document","source":{"type":"text","data":"Shops open at nine."},"cache_control":{"type":"ephemeral","ttl":"1h"}},
                {"type":"text","text":"When do they open?"}]},
              {"role":"assistant","content":[{"type":"tool_use","id":"t","name":"clock","input":{"now":true}}]},
              {"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"08:50"},
                {"type":"image","source":{"type":"base64","data":"AAAA"}}]}]}],
            "system":[{"type":"text","text":"Be exact.","cache_control":{"type":"ephemeral"}}],
            "tools":[{"name":"clock","input_schema":{}},{"name":"rare","defer_loading":true,"input_schema":{}}]}"#,
    );
    let expected = [
        (ToolDefinitions, false),
        (SystemPrompt, false),
        (RetrievedContext, false),
        (UserInput, false),
        (History, true),
        (RetrievedContext, false),
    ];
    assert_eq!(components(&packed), expected);
    let prompt = packed.prompt.unwrap();
    let marks: Vec<_> = prompt.parts.iter().map(|part| part.cache_mark).collect();
    assert_eq!(marks.get(1..3), Some([Some(None), Some(Some(Ttl::ONE_HOUR))].as_slice()));
    assert_eq!(prompt.unmeasured_parts, 1);
    assert!(packed.call.user.is_some() && packed.call.conversation.is_some());
    assert_eq!(packed.call.finish, Finish::Length);
    // Without a split by lifetime all writes are five-minute ones, by assumption.
    let usage = packed.call.usage.get();
    assert_eq!(usage.input, Some(Tokens::new(130)));
    let parts: Vec<_> = usage.cache_write.unwrap().parts().collect();
    assert_eq!(parts, [(Some(Ttl::FIVE_MINUTES), Tokens::new(40))]);
    assert!(packed.call.flags.assumed_write_lifetime);
}

#[test]
fn a_responses_prompt_is_laid_out_as_it_is_billed() {
    let packed = with_response(
        r#"{"model":"gpt-5","input":[{"role":"user","content":[{"type":"input_text","text":"Sum it up.",
                "prompt_cache_breakpoint":{"mode":"explicit"}}]},
              {"type":"function_call","call_id":"c","name":"fetch","arguments":"{}"},
              {"type":"function_call_output","call_id":"c","output":"All is well."},
              {"type":"reasoning","encrypted_content":"zzzz","summary":[]}],
            "text":{"format":{"type":"json_schema","name":"s","schema":{"type":"object"}}},
            "instructions":"Be kind.","previous_response_id":"r0","service_tier":"auto",
            "prompt_cache_options":{"mode":"explicit","ttl":"30m"},
            "tools":[{"type":"function","name":"fetch"}]}"#,
    );
    let expected = [
        (ToolDefinitions, false),
        (ToolDefinitions, false),
        (SystemPrompt, false),
        (UserInput, false),
        (History, true),
        (RetrievedContext, false),
    ];
    assert_eq!(components(&packed), expected);
    assert!(packed.call.flags.hidden_history);
    assert_eq!(packed.call.finish, Finish::ToolCalls);
    let half_an_hour = Some(Some(Ttl::from_seconds(1_800)));
    assert_eq!(packed.prompt.unwrap().parts.get(3).unwrap().cache_mark, half_an_hour);
}

#[test]
fn who_asks_and_how_it_is_delivered_change_no_fingerprint() {
    let hash = |request: &str| with_chat(request).prompt.unwrap().request_hash;
    let plain =
        hash(r#"{"model":"m","temperature":0,"messages":[{"role":"user","content":"Hi"}]}"#);
    let other = r#"{"stream":true,"metadata":{"a":"b"},"user":"u","temperature":0,"store":true,
        "messages":[{"content":"Hi","role":"user"}],"model":"m"}"#;
    assert_eq!(hash(other), plain);
    assert_ne!(hash(&other.replace("\"temperature\":0", "\"temperature\":1")), plain);
}

#[test]
fn embeddings_generate_nothing() {
    let packed = read(
        r#"{"request":{"model":"text-embedding-3-small","input":["one","two"]},"response":{"object":"list",
        "data":[{"object":"embedding","embedding":[0.5]}],"model":"text-embedding-3-small",
        "usage":{"prompt_tokens":2,"total_tokens":2}}}"#,
    );
    assert_eq!(packed.call.operation, Operation::Embeddings);
    assert_eq!(packed.call.usage.get().output, Some(Tokens::ZERO));
    assert_eq!(components(&packed), [(UserInput, false), (UserInput, false)]);
    assert_eq!(packed.identity.key(), None);
}

#[test]
fn an_answer_alone_has_no_prompt() {
    let packed = read(
        r#"{"id":"r","object":"response","model":"gpt-5","status":"completed","instructions":"Be kind.",
        "service_tier":"flex","completed_at":1780300907,"created_at":1780300900,
        "tools":[],"output":[],"usage":{"input_tokens":9,"output_tokens":1,"total_tokens":10}}"#,
    );
    assert!(packed.prompt.is_none());
    assert_eq!(packed.call.tier, Tier::Flex);
    assert_eq!(packed.call.latency_milliseconds.get(), Some(7_000));
    assert_eq!(packed.call.usage.get().cache_read, None);
    assert!(packed.call.flags.inferred_provider);
}

#[test]
fn after_a_fallback_the_answer_is_the_other_models() {
    let iterations = r#"[{"type":"message","model":"claude-a","input_tokens":400,"output_tokens":0},
        {"type":"fallback_message","model":"claude-b","input_tokens":410,"output_tokens":60}]"#;
    let events = format!(
        r#"[{{"type":"message_start","message":{{"id":"m","type":"message","model":"claude-a","usage":{{"input_tokens":400,"output_tokens":1}}}}}},
        {{"type":"message_delta","delta":{{"stop_reason":"end_turn"}},"usage":{{"input_tokens":410,"output_tokens":60,"iterations":{iterations}}}}}]"#
    );
    let line = format!(r#"{{"request":{{"url":"u"}},"response":{events}}}"#);
    let (memo, mut batch) = (Memo::default(), Batch::default());
    let record = Record { bytes: line.as_bytes(), line: 1, row: None, path: "log", memo: &memo };
    assert_eq!(Exchange.read(&record, &mut batch), Ok(Outcome::Kept));
    let calls: Vec<_> = batch
        .calls
        .iter()
        .map(|packed| (batch.strings.text_of(packed.call.model), packed.call.usage.get().input))
        .collect();
    let tokens = |count| Some(Tokens::new(count));
    assert_eq!(calls, [(Some("claude-b"), tokens(410)), (Some("claude-a"), tokens(400))]);
}

#[test]
fn costs_are_those_of_the_seller() {
    let cost = |usage: &str| {
        let body = format!(
            r#"{{"object":"chat.completion","model":"m","choices":[],"usage":{{{usage}}}}}"#
        );
        read(&body).call.logged_cost.get()
    };
    let dollars = |text| Usd::from_decimal(text).ok();
    assert_eq!(cost(r#""cost":0.0025"#), dollars("0.0025"));
    let own_key =
        r#""cost":0.0001,"is_byok":true,"cost_details":{"upstream_inference_cost":0.002}"#;
    assert_eq!(cost(own_key), dollars("0.0021"));
    assert_eq!(cost(r#""cost":0.0001,"is_byok":true"#), None);
    assert_eq!(cost(r#""cost_in_usd_ticks":1641500"#), dollars("0.00016415"));
}

#[test]
fn a_failed_request_keeps_its_model_and_prompt() {
    let packed = read(
        r#"{"request":{"url":"https://api.anthropic.com/v1/messages","body":{"model":"claude-haiku-4-5","max_tokens":9,
        "messages":[{"role":"user","content":"Hi"}]}},"response":{"status":529,"body":{"type":"error","error":{}}}}"#,
    );
    assert_eq!(packed.call.status, Status::Error);
    assert!(packed.call.model.is_some() && packed.prompt.is_some());
    assert!(!packed.call.usage.get().is_reported());
}

#[test]
fn nothing_that_is_logged_brings_the_reader_down() {
    let (memo, mut batch) = (Memo::default(), Batch::default());
    let whole = r#"{"timestamp":"2026-06-01T08:00:20Z","request":{"url":"https://api.openai.com/v1/x","body":"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"é\"}]}"},"response":{"status":200,"body":"data: {\"object\":\"chat.completion.chunk\",\"choices\":[{\"delta\":{\"content\":\"é\"}}],\"usage\":{\"prompt_tokens\":1}}\n\n"}}"#;
    let mut lines: Vec<Vec<u8>> = whole
        .as_bytes()
        .iter()
        .enumerate()
        .map(|(end, _)| whole.as_bytes().iter().copied().take(end).collect())
        .collect();
    for (from, to) in [("{", "["), ("[", "{"), ("\"", "1"), (":", ","), ("1", "\"\"")] {
        lines.push(whole.replace(from, to).into_bytes());
    }
    lines.push(vec![0xff, 0xfe]);
    lines.push(br#"{"response":{"object":"list","data":[[[[]]]],"usage":[]}}"#.to_vec());
    for line in &lines {
        let record = Record { bytes: line, line: 1, row: None, path: "log", memo: &memo };
        let _ = Exchange.read(&record, &mut batch);
    }
    assert_eq!(batch.calls.len(), 0);
}

#[test]
fn batch_predictions_of_vertex_are_billed_as_such() {
    let request = r#""request":{"contents":[{"role":"user","parts":[{"text":"Which herb?"}]}]}"#;
    let line = format!(
        r#"{{"status":"","processed_time":"2026-09-01T09:00:00.5+00:00",{request},"response":{{"candidates":
        [{{"content":{{"role":"model","parts":[{{"text":"Dill."}}]}},"finishReason":"STOP"}}],"modelVersion":
        "gemini-2.5-flash","usageMetadata":{{"promptTokenCount":6,"candidatesTokenCount":2,"totalTokenCount":8,
        "trafficType":"ON_DEMAND"}}}}}}"#
    );
    let call = read(&line).call;
    assert_eq!((call.tier, call.status), (Tier::Batch, Status::Success));
    assert_eq!(call.usage.get().input, Some(Tokens::new(6)));
    // Half a second past 9 h: 1,788,253,200 s after the epoch (GNU date).
    let time = Timestamp::from_micros(1_788_253_200_500_000);
    assert_eq!(call.time.get(), Some(Moment::dated(time)));
    let failed = format!(
        r#"{{"status":"Bad Request: no such file","processed_time":"2026-09-01T09:00:00Z",{request},"response":{{}}}}"#
    );
    let call = read(&failed).call;
    assert_eq!((call.tier, call.status), (Tier::Batch, Status::Error));
    assert!(!call.usage.get().is_reported());
}

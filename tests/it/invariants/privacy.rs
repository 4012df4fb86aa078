//! No text of a prompt or an answer, no header and no key gets out.

use super::*;

/// A word that stands in every text, header and key of the planted logs, and
/// nowhere else.
const CANARY: &str = "quillfeather";

fn planted_exchange() -> Value {
    json!({
        "timestamp": "2026-06-01T08:00:00Z", "feature": "triage", "user_id": "u-17",
        "session_id": "s-3", "api_key": format!("sk-{CANARY}-0001"),
        "headers": {"authorization": format!("Bearer {CANARY}")},
        "prompt_preview": format!("preview {CANARY}"),
        "request": {
            "url": format!("https://api.openai.com/v1/chat/completions?key={CANARY}"),
            "headers": {"authorization": format!("Bearer {CANARY}"), "x-api-key": CANARY},
            "body": {
                "model": "gpt-4.1",
                "tools": [{"type": "function", "function": {"name": "look_up", "description": CANARY,
                    "parameters": {"type": "object", "properties": {CANARY: {"type": "string"}}}}}],
                "messages": [
                    {"role": "system", "content": format!("Rules {CANARY}.")},
                    {"role": "user", "content": format!("{CANARY}: where is the post room?")},
                    {"role": "assistant", "content": null, "tool_calls": [{"id": "c1", "type": "function",
                        "function": {"name": "look_up", "arguments": format!("{{\"q\":\"{CANARY}\"}}")}}]},
                    {"role": "tool", "tool_call_id": "c1", "content": format!("<document>{CANARY}</document>")},
                ]
            }
        },
        "response": {"status": 200, "headers": {"set-cookie": CANARY}, "body": {
            "id": "chatcmpl-p1", "object": "chat.completion", "created": 1_780_300_820, "model": "gpt-4.1",
            "choices": [{"index": 0, "finish_reason": "stop",
                "message": {"role": "assistant", "content": format!("It says {CANARY}.")}}],
            "usage": {"prompt_tokens": 300, "completion_tokens": 12, "total_tokens": 312}
        }}
    })
}

/// Logs of several formats with the word in everything that is text, and
/// broken lines around it.
fn planted() -> Vec<(&'static str, String)> {
    let exchange = planted_exchange();
    let mut failed = exchange.clone();
    failed["response"] = json!({"status": 400, "body": {"error": {"type": "invalid_request_error",
        "message": format!("bad prompt: {CANARY}"), "param": CANARY}}});
    let mut wrong_count = exchange.clone();
    wrong_count["response"]["body"]["id"] = json!("chatcmpl-p2");
    wrong_count["response"]["body"]["usage"]["prompt_tokens"] = json!(CANARY);
    let whole = exchange.to_string();
    let broken = &whole[..whole.rfind(CANARY).expect("planted") + CANARY.len()];
    let session = [
        json!({"type": "user", "uuid": "1", "sessionId": "s", "timestamp": "2026-06-01T08:00:00Z", "cwd": "/srv/mill",
            "message": {"role": "user", "content": format!("Ask {CANARY}")}}),
        json!({"type": "assistant", "uuid": "2", "parentUuid": "1", "sessionId": "s", "timestamp": "2026-06-01T08:00:02Z",
            "cwd": "/srv/mill", "message": {"id": "msg_1", "role": "assistant", "model": "claude-sonnet-4-5",
            "content": [{"type": "text", "text": CANARY}, {"type": "tool_use", "name": "Read", "input": {"path": CANARY}}],
            "usage": {"input_tokens": 40, "output_tokens": 9}}}),
        json!({"type": "summary", "summary": CANARY, "leafUuid": "2"}),
        json!({"type": "assistant", "uuid": "3", "sessionId": "s", "timestamp": CANARY,
            "message": {"role": "assistant", "model": "m", "usage": {"input_tokens": 1}}}),
    ];
    let payload = json!({
        "id": "p", "call_type": "acompletion", "status": "success", "model": "gpt-4.1", "startTime": 1_780_300_000.5,
        "endTime": 1_780_300_001.5, "prompt_tokens": 50, "completion_tokens": 5, "total_tokens": 55, "response_cost": 0.001,
        "messages": [{"role": "user", "content": CANARY}], "response": {"choices": [{"message": {"content": CANARY}}]},
        "metadata": {"user_api_key_alias": "team-key", "requester_metadata": {"release": "r41"}}, "error_str": CANARY,
        "request_tags": ["prod"], "model_parameters": {"stream": false}, "hidden_params": {"api_base": CANARY},
    });
    let flat = json!({"timestamp": 1_780_300_000, "model": "gpt-4.1", "input_tokens": 9, "output_tokens": 2,
        "prompt": CANARY, "completion": CANARY, "api_key": CANARY, "messages": [{"content": CANARY}]});
    let stream = [
        json!({"type": "message_start", "message": {"id": "msg_s", "type": "message", "role": "assistant",
            "model": "claude-haiku-4-5", "content": [], "usage": {"input_tokens": 9, "output_tokens": 1}}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": CANARY}}),
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 4}}),
        json!({"type": "message_stop"}),
    ];
    let batch = [
        json!({"custom_id": "c-1", "method": "POST", "url": "/v1/chat/completions",
            "body": planted_exchange()["request"]["body"]}),
        json!({"id": "batch_req_1", "custom_id": "c-1", "error": null,
            "response": {"status_code": 200, "body": planted_exchange()["response"]["body"]}}),
        json!({"id": "batch_req_2", "custom_id": "c-2", "response": null,
            "error": {"code": "batch_expired", "message": CANARY}}),
        json!({"custom_id": "c-3", "text": CANARY}),
    ];
    let batch = batch.map(|line| line.to_string()).join("\n");
    let session = session.map(|line| line.to_string()).join("\n");
    let stream: String =
        stream.iter().fold(String::new(), |text, event| format!("{text}data: {event}\n\n"));
    vec![
        (
            "exchange.jsonl",
            format!("{exchange}\n{failed}\n{wrong_count}\n\"{CANARY}\"\n{broken}\n"),
        ),
        ("session.jsonl", session),
        ("payload.jsonl", format!("{payload}\n{{\"id\": \"{CANARY}\"\n")),
        (
            "flat.jsonl",
            format!(
                "{flat}\n{{\"model\":\"m\",\"input_tokens\":\"{CANARY}\",\"output_tokens\":1}}\n"
            ),
        ),
        ("batch.jsonl", batch),
        ("stream.sse", stream),
        (
            "table.csv",
            format!(
                "timestamp,model,input_tokens,output_tokens,prompt\n1780300000,gpt-4.1,5,1,{CANARY}\nx,y,{CANARY},1,2\n"
            ),
        ),
    ]
}

#[test]
fn no_report_holds_a_word_of_a_prompt() {
    let folder = Folder::new();
    let paths: Vec<String> =
        planted().iter().map(|(name, text)| folder.write(name, text.as_bytes())).collect();
    for (path, (name, _)) in paths.iter().zip(planted()) {
        let log = log_of(std::slice::from_ref(path), ReadOptions::default());
        let file = &log.accounting.files[0];
        assert!(file.calls > 0, "{name}: {file:?}");
        assert!(name == "stream.sse" || file.rejected > 0, "{name}: {file:?}");
        check_reports(&log, name);
        check_kept(&log, name);
    }
    let all = log_of(&paths, ReadOptions::default());
    check_reports(&all, "all");
    check_kept(&all, "all");
}

/// Looks for the word in every report.
fn check_reports(log: &Log, name: &str) {
    let document = document_of(log);
    for kind in Kind::ALL {
        let text = rendered(&document, kind);
        assert!(text.len() > 50, "{name}: a report");
        assert!(!text.contains(CANARY), "{name} in {kind:?}");
    }
}

/// Looks for the word in what is kept after reading.
fn check_kept(log: &Log, name: &str) {
    let kept = format!("{log:?}");
    let around = kept.find(CANARY).map(|at| kept.get(at.saturating_sub(80)..at + 20));
    assert_eq!(around, None, "{name}: a text was kept");
}

#[test]
fn no_rejection_or_error_holds_a_word_of_a_prompt() {
    let folder = Folder::new();
    for (name, text) in planted() {
        for format in FORMATS {
            let path = folder.write(name, text.as_bytes());
            let options = ReadOptions { input_format: Some(format.id()), ..ReadOptions::default() };
            match read(&[path], options, &()) {
                Ok(log) => check_reports(&log, &format!("{name} as {}", format.id())),
                Err(error) => {
                    let told = format!("{error} {:?} {error:?}", error.hint());
                    assert!(!told.contains(CANARY), "{name} as {}: {told}", format.id());
                }
            }
        }
    }
}

#[test]
fn a_file_in_no_format_is_refused_without_quoting_it() {
    let folder = Folder::new();
    let refused = [
        format!("Dear reader, the {CANARY}, and nothing else, is the matter.\n"),
        format!("{{\"note\": \"{CANARY}\", \"other\": [\"{CANARY}\"]}}\n"),
        format!("[\"{CANARY}\"]"),
        format!("data: {{\"note\": \"{CANARY}\"}}\n\n"),
    ];
    for text in refused {
        let path = folder.write("letter.txt", text.as_bytes());
        let told = match read(std::slice::from_ref(&path), ReadOptions::default(), &()) {
            Ok(log) => json_of(&log),
            Err(error) => format!("{error} {:?}", error.hint()),
        };
        assert!(!told.contains(CANARY), "{text:?}: {told}");
    }
}

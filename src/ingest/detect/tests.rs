//! What files are recognised as, however they are written, and what the errors
//! of unknown ones say.

use super::{Detected, Head, claimants, detect, looks_like};
use crate::ingest::FORMATS;
use crate::ingest::format::Format;

fn head(text: &[u8]) -> Head<'_> {
    Head { bytes: text, whole: true }
}

/// The id of the only format that claims a file, `empty` or `unknown`.
fn recognised(text: impl AsRef<[u8]>) -> &'static str {
    let head = head(text.as_ref());
    let claims: Vec<&str> = claimants(head, FORMATS).into_iter().map(Format::id).collect();
    assert!(claims.len() < 2, "claimed by {claims:?}");
    match detect(head, FORMATS) {
        Detected::Format(format, _) => {
            assert_eq!(claims, [format.id()]);
            format.id()
        }
        Detected::Empty => "empty",
        Detected::Unknown => "unknown",
    }
}

const CALL: &str = r#"{"model":"gpt-5-mini","input_tokens":10,"output_tokens":2}"#;
const ANSWER: &str = r#"{"id":"chatcmpl-1","object":"chat.completion","model":"gpt-5-mini","choices":[{"index":0,"message":{"role":"assistant","content":"ok"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":1,"total_tokens":10}}"#;

/// The same object with its keys the other way round.
fn reversed(object: &str) -> String {
    let read: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(object).unwrap_or_default();
    let entries = read.iter().rev().map(|(key, value)| format!("\"{key}\" : {value}"));
    format!("{{ {} }}", entries.collect::<Vec<_>>().join(" ,\n\t"))
}

fn pretty(object: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(object).unwrap_or_default();
    serde_json::to_string_pretty(&value).unwrap_or_default()
}

#[test]
fn order_and_spacing_do_not_matter() {
    for (object, id) in [(CALL, "canonical"), (ANSWER, "exchange")] {
        let page = format!("[{object},{object}]");
        for text in [
            object.to_owned(),
            reversed(object),
            pretty(object),
            format!("  \n\n{object}\r\n{object}\r\n"),
            format!("\u{feff}{object}\n"),
            format!("\u{feff}\r\n{}", pretty(object)),
            page.clone(),
            pretty(&page),
            page.replace("},{", "}\n,\n{"),
            format!("{}\n{}\n", pretty(object), pretty(object)),
        ] {
            assert_eq!(recognised(&text), id, "{text}");
        }
    }
}

#[test]
fn many_lines_of_another_kind_may_come_first() {
    let noise = "{\"level\":\"info\",\"event\":\"started\"}\nnot json at all\n";
    for lines in [1, 15, 200] {
        let text = format!("{}{CALL}\n", noise.repeat(lines));
        assert_eq!(recognised(&text), "canonical", "{lines}");
    }
    // The first line may be broken off.
    assert_eq!(recognised(format!("{}\n{CALL}\n", &CALL[..20])), "canonical");
}

#[test]
fn a_document_is_recognised_though_its_end_was_not_read() {
    let bucket = r#"{"object":"bucket","start_time":1772582400,"end_time":1772668800,"results":[{"object":"organization.usage.completions.result","input_tokens":900,"num_model_requests":3,"model":"gpt-5-mini"}]}"#;
    let page =
        format!(r#"{{"object":"page","data":[{}],"has_more":false}}"#, vec![bucket; 60].join(","));
    for text in [page.clone(), pretty(&page)] {
        for cut in [300, 1_000, text.len() / 2, text.len() - 1] {
            let head = Head { bytes: &text.as_bytes()[..cut], whole: false };
            let ids: Vec<_> = claimants(head, FORMATS).into_iter().map(Format::id).collect();
            assert_eq!(ids, ["openai-usage"], "{cut}");
        }
    }
}

#[test]
fn rows_are_known_by_their_columns() {
    for (text, id) in [
        ("TIMESTAMP,ContextTokens,GeneratedTokens\r\n", "azure-trace"),
        ("\u{feff}generatedtokens;timestamp;contexttokens\n1;2;3\n", "azure-trace"),
        ("model\tinput_tokens\toutput_tokens\n", "canonical-csv"),
        ("\"model\",\"input_tokens\"\n", "canonical-csv"),
        ("colour,shape\nred,round\n", "unknown"),
        ("one line of prose\n", "unknown"),
    ] {
        assert_eq!(recognised(text), id, "{text}");
    }
}

#[test]
fn nothing_is_told_from_the_unknown() {
    for text in [
        "",
        " \n\t\r\n",
        "\u{feff}",
        "[]",
        "\u{feff}[ ]\r\n",
        "[\n\n]\n",
        "{}",
        "{}\n{ }\n",
        "[{}]",
        r#"{"object":"page","data":[],"has_more":false,"next_page":null}"#,
        r#"{"data":[],"meta":{"page":1,"totalItems":0}}"#,
        r#"{"resourceSpans":[]}"#,
        "{\"results\":[]}\n{\"results\":[]}\n",
        "data: [DONE]\n\n",
        ": keep-alive\n\n",
    ] {
        assert_eq!(recognised(text), "empty", "{text}");
    }
    for text in ["[", "[}", "[[]]", "{", "{\"a\":1}", "null", "7", "[1,2]", "[]x", r#"{"data":7}"#]
    {
        assert_eq!(recognised(text), "unknown", "{text}");
    }
    // Only of a whole file can it be said that it is empty.
    let head = Head { bytes: b"  \n", whole: false };
    assert!(matches!(detect(head, FORMATS), Detected::Unknown));
}

#[test]
fn errors_of_a_provider_are_answers() {
    for text in [
        r#"{"error":{"message":"no","type":"invalid_request_error","code":null}}"#,
        r#"{"type":"error","error":{"type":"overloaded_error","message":"no"}}"#,
        r#"[{"error":{"code":429,"message":"no","status":"RESOURCE_EXHAUSTED"}}]"#,
        r#"{"error":"Unauthorized"}"#,
    ] {
        assert_eq!(recognised(text), "exchange", "{text}");
    }
    let stream = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\"}}\n\n";
    assert_eq!(recognised(stream), "event-stream");
}

#[test]
fn an_unknown_file_is_told_by_names_and_nothing_else() {
    let phrase = |text: &str| looks_like(head(text.as_bytes()), FORMATS);
    assert_eq!(phrase(r#"{"colour":"red"}"#), ": no format has the keys colour");
    assert_eq!(
        phrase(r#"{"request_id":"r","call_type":"c","note":"secret words"}"#),
        ": no format has the keys request_id, call_type, note; nearest: litellm-spend (without \
         spend), litellm-payload (without response_cost, hidden_params)"
    );
    // Half of a pair, wherever it stands: in a page's element, in a path.
    assert_eq!(
        phrase(r#"{"page":[{"message":{"role":"user","content":"secret"}}]}"#),
        ": no format has the keys page; nearest: claude-code (without sessionId)"
    );
    let columns = phrase("timestamp,contexttokens,colour\n2026-06-01,4,red\n");
    assert!(columns.starts_with(": no format has the columns timestamp, contexttokens, colour; nearest: azure-trace (without GeneratedTokens), "), "{columns}");
    // Keys that are texts are not quoted.
    assert_eq!(
        phrase(r#"{"what is the capital":"Paris"}"#),
        ": it is no valid JSON with named fields"
    );
    assert_eq!(
        phrase("Dear Ada, here is the key\n"),
        ": it is neither JSON, an event stream nor CSV with plain names of columns"
    );
}

#[test]
fn no_set_of_names_is_empty() {
    for format in FORMATS {
        assert!(format.keys().iter().all(|set| !set.is_empty()), "{}", format.id());
    }
}

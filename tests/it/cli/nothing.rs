//! Files that hold no call, each named alone: done, exit code 0, and what was
//! in them is accounted for. And files that are no log at all.

use std::io::Write as _;

use super::{Folder, printed, refused};

/// Records, calls, ignored and rejected ones, and the format of a lone file.
fn account(path: &str) -> (Vec<u64>, String) {
    let document: serde_json::Value =
        serde_json::from_str(&printed(&["analyze", "--format", "json", path])).expect("JSON");
    let counts = ["lines", "calls", "ignored", "rejected"];
    let counts = counts.map(|name| document["input"][name].as_u64().expect("a count")).to_vec();
    (counts, document["input"]["files"][0]["format"].as_str().unwrap_or("none").to_owned())
}

#[test]
fn an_export_of_nothing_is_empty() {
    let folder = Folder::new();
    for (name, text) in [
        ("empty.jsonl", ""),
        ("blank.jsonl", " \r\n\t\n\n"),
        ("mark.json", "\u{feff}"),
        ("list.json", "[]"),
        ("spaced-list.json", "\u{feff}[ ]\r\n"),
        ("object.json", "{}"),
        ("objects.jsonl", "{}\n{}\n"),
        ("page.json", r#"{"object":"page","data":[],"has_more":false,"next_page":null}"#),
        ("pages.jsonl", "{\"data\":[]}\n{\"data\":[]}\n"),
        ("spans.json", r#"{"resourceSpans":[]}"#),
        ("over.sse", "data: [DONE]\n\n"),
    ] {
        let path = folder.write(name, text);
        assert_eq!(account(&path), (vec![0, 0, 0, 0], "empty".to_owned()), "{name}");
    }
}

#[test]
fn a_compressed_file_of_nothing_is_empty() {
    let folder = Folder::new();
    for text in ["", "[]\n"] {
        let path = folder.path("nothing.jsonl.gz");
        let file = std::fs::File::create(&path).expect("a file");
        let mut gzip = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        gzip.write_all(text.as_bytes()).and_then(|()| gzip.finish()).expect("written");
        assert_eq!(account(&path), (vec![0; 4], "empty".to_owned()), "{text:?}");
        let path = folder.path("nothing.jsonl.zst");
        let packed = zstd::encode_all(text.as_bytes(), 3).expect("packed");
        std::fs::write(&path, packed).expect("written");
        assert_eq!(account(&path), (vec![0; 4], "empty".to_owned()), "{text:?}");
    }
}

#[test]
fn a_header_without_rows_is_of_its_format() {
    let folder = Folder::new();
    for (text, format) in [
        ("TIMESTAMP,ContextTokens,GeneratedTokens\n", "azure-trace"),
        ("TIMESTAMP,ContextTokens,GeneratedTokens", "azure-trace"),
        ("\u{feff}model;input_tokens;output_tokens\r\n\r\n", "canonical-csv"),
        ("request_id,call_type,spend\n", "litellm-spend-csv"),
    ] {
        let path = folder.write("header.csv", text);
        assert_eq!(account(&path), (vec![0; 4], format.to_owned()), "{text}");
    }
}

#[test]
fn what_is_no_call_is_set_aside_with_its_reason() {
    let folder = Folder::new();
    let bucket =
        r#"{"object":"bucket","start_time":1772582400,"end_time":1772668800,"results":[]}"#;
    for (text, lines, format) in [
        (r#"{"error":{"message":"no","type":"server_error"}}"#.to_owned(), 1, "exchange"),
        ("{\"error\":{\"message\":\"no\"}}\n".repeat(3), 3, "exchange"),
        (r#"[{"error":{"code":429,"message":"no"}}]"#.to_owned(), 1, "exchange"),
        (r#"{"type":"error","error":{"type":"overloaded_error"}}"#.to_owned(), 1, "exchange"),
        (
            "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\"}}\n\n"
                .to_owned(),
            1,
            "event-stream",
        ),
        (format!(r#"{{"object":"page","data":[{bucket}],"has_more":false}}"#), 1, "openai-usage"),
    ] {
        let path = folder.write("none.json", &text);
        assert_eq!(account(&path), (vec![lines, 0, lines, 0], format.to_owned()), "{text}");
    }
}

#[test]
fn what_is_no_log_is_refused_with_the_nearest_formats() {
    let folder = Folder::new();
    for (text, error) in [
        (
            "{\"input_length\":4,\"spend\":1,\"call_type\":\"secret\"}\n",
            "no format has the keys input_length, spend, call_type; nearest: litellm-spend \
             (without request_id), block-trace (without output_length)\n",
        ),
        (
            "request_id,spend,colour\nr,1,red\n",
            "no format has the columns request_id, spend, colour; nearest: litellm-spend-csv \
             (without call_type)",
        ),
        ("colour,shape\n", "no format has the columns colour, shape\n"),
        ("Dear Ada, the secret is out\n", "it is neither JSON, CSV nor an event stream\n"),
    ] {
        let path = folder.write("unknown.jsonl", text);
        let refusal = refused(&["analyze", &path]);
        assert!(refusal.contains(error), "{refusal}");
        assert!(refusal.contains("hint: name it with --input-format ("), "{refusal}");
        assert!(refusal.contains("or describe it under [formats.NAME]"), "{refusal}");
        assert!(!refusal.contains("secret"), "{refusal}");
    }
}

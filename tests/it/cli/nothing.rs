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
        (
            "Dear Ada, the secret is out\n",
            "it is neither JSON, an event stream nor CSV with plain names of columns\n",
        ),
    ] {
        let path = folder.write("unknown.jsonl", text);
        let refusal = refused(&["analyze", &path]);
        assert!(refusal.contains(error), "{refusal}");
        assert!(refusal.contains("hint: name it with --input-format NAME ("), "{refusal}");
        assert!(refusal.contains("or describe it under [formats.NAME]"), "{refusal}");
        assert!(!refusal.contains("secret"), "{refusal}");
    }
}

#[test]
fn a_folder_without_a_log_says_so() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("nothing")).expect("a folder");
    for command in ["analyze", "inspect"] {
        let screen = printed(&[command, &folder.path("nothing")]);
        assert!(screen.contains("No file there has a log's ending"), "{screen}");
        assert!(!screen.contains("Prices as of"), "{screen}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_to_nothing_in_a_folder_is_one_rejected_file() {
    let folder = Folder::new();
    folder.write("known.jsonl", "{\"model\":\"gpt-5-mini\",\"input_tokens\":3}\n");
    std::os::unix::fs::symlink(folder.path("gone.jsonl"), folder.path("link.jsonl"))
        .expect("a link");
    let root = folder.path("");
    let screen = printed(&["analyze", "--no-ladder", root.trim_end_matches('/')]);
    // The call, and the link as one record.
    assert!(
        screen.contains("2 lines = 1 call + 0 duplicates + 0 ignored + 1 rejected"),
        "{screen}"
    );
    assert!(screen.contains("link.jsonl:1: the file cannot be read"), "{screen}");
}

#[test]
fn text_in_sixteen_bits_is_named_as_such() {
    let folder = Folder::new();
    let path = folder.path("wide.csv");
    let wide: Vec<u8> =
        "\u{feff}model,input_tokens\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(&path, wide).expect("a file");
    assert!(refused(&["analyze", &path]).contains("it is UTF-16; save it as UTF-8"));
}

#[test]
fn a_file_read_as_another_format_than_it_looks_like_is_remarked() {
    let folder = Folder::new();
    let path = folder.write(
        "usage.jsonl",
        "{\"timestamp\":\"2026-06-01T10:00:00Z\",\"model\":\"gpt-5-mini\",\"input_tokens\":3,\"output_tokens\":4}\n",
    );
    let forced = |format| printed(&["analyze", "--no-ladder", "--input-format", format, &path]);
    assert!(forced("langfuse").contains("look like another format"));
    assert!(!forced("canonical").contains("look like another format"));
}

#[test]
fn what_calls_lack_for_a_trial_is_what_the_report_asks_for() {
    let folder = Folder::new();
    let unpriced = folder.write(
        "unpriced.jsonl",
        "{\"timestamp\":\"2026-06-01T10:00:00Z\",\"input_tokens\":3,\"output_tokens\":4}\n",
    );
    let screen = printed(&["analyze", &unpriced]);
    assert!(screen.contains("→ a model with a price: --model NAME"), "{screen}");
    assert!(!screen.contains("a time in every log record"), "{screen}");
    assert!(!screen.contains("≤ —"), "{screen}");
}

//! The same calls give the same bytes, however they are written down.

use super::*;

const CHUNKS: [usize; 4] = [1, 7, 64, 4_096];

#[test]
fn threads_and_chunks_never_show() {
    let folder = Folder::new();
    let lines = [mixed_lines(), exchange_lines()].map(|lines| lines.join("\n"));
    let paths = [
        fixtures_folder().to_string_lossy().into_owned(),
        folder.write("flat.jsonl", lines[0].as_bytes()),
        folder.write("texts.jsonl", lines[1].as_bytes()),
    ];
    let expected = json_of(&log_of(&paths, ReadOptions::default()));
    assert!(expected.len() > 10_000, "there is something to compare");
    for threads in [1, 2, 8] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| {
            assert!(
                json_of(&log_of(&paths, ReadOptions::default())) == expected,
                "{threads} threads"
            );
            for chunk_bytes in CHUNKS {
                let options = ReadOptions { chunk_bytes, ..ReadOptions::default() };
                let found = json_of(&log_of(&paths, options));
                assert!(found == expected, "{threads} threads, chunks of {chunk_bytes} bytes");
            }
        });
    }
}

#[test]
fn the_order_of_files_never_shows() {
    let folder = Folder::new();
    let lines = [mixed_lines(), exchange_lines()].concat();
    let parts: Vec<String> = lines.chunks(13).map(|part| part.join("\n")).collect();
    assert!(parts.len() > 5);
    let names: Vec<String> = (0..parts.len()).map(|part| format!("part-{part}.jsonl")).collect();
    let write = |turn: usize| -> Vec<String> {
        let contents = parts.iter().cycle().skip(turn);
        names.iter().zip(contents).map(|(name, text)| folder.write(name, text.as_bytes())).collect()
    };
    let paths = write(0);
    let expected = log_of(&paths, ReadOptions::default());
    let reversed: Vec<String> = paths.iter().rev().cloned().collect();
    assert!(json_of(&log_of(&reversed, ReadOptions::default())) == json_of(&expected));
    // The same contents under each other's names: only the files' accounts may
    // differ.
    let expected = figures_of(&expected);
    for turn in 1..parts.len() {
        let found = figures_of(&log_of(&write(turn), ReadOptions::default()));
        assert_eq!(found, expected, "files turned by {turn}");
    }
}

#[test]
fn records_with_one_id_are_settled_by_content_not_by_place() {
    let line = |feature: &str| {
        format!(
            r#"{{"timestamp":1780300000,"request_id":"r","model":"gpt-4.1","feature":"{feature}","input_tokens":10,"output_tokens":2}}"#
        )
    };
    let (one, other) = (line("one"), line("other"));
    let forth = figures_of(&log_of_text(&format!("{one}\n{other}")));
    let back = figures_of(&log_of_text(&format!("{other}\n{one}")));
    assert_eq!(forth, back);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn the_order_of_flat_lines_never_shows(lines in Just(mixed_lines()).prop_shuffle()) {
        let expected = figures_of(&log_of_text(&mixed_lines().join("\n")));
        prop_assert_eq!(figures_of(&log_of_text(&lines.join("\n"))), expected);
    }

    #[test]
    fn the_order_of_requests_never_shows(lines in Just(exchange_lines()).prop_shuffle()) {
        let expected = figures_of(&log_of_text(&exchange_lines().join("\n")));
        prop_assert_eq!(figures_of(&log_of_text(&lines.join("\n"))), expected);
    }
}

#[test]
fn the_order_of_a_sessions_lines_never_shows() {
    // Claude Code's prompts are put together from lines, which carry their times.
    for below in ["kept/session.jsonl", "kept/lanes.jsonl", "merged/first.jsonl"] {
        let path = fixtures_folder().join("claude-code").join(below);
        let text = std::fs::read_to_string(path).expect("readable");
        let mut lines: Vec<&str> = text.lines().collect();
        let expected = figures_of(&log_of_text(&text));
        for _ in 0..lines.len() {
            lines.rotate_left(1);
            assert_eq!(figures_of(&log_of_text(&lines.join("\n"))), expected, "{below}");
        }
        lines.reverse();
        assert_eq!(figures_of(&log_of_text(&lines.join("\n"))), expected, "{below}");
    }
}

/// The document of a file without its stored size, and without the numbers of
/// lines where those were changed.
fn comparable(path: &str, lines_moved: bool) -> Value {
    let log = log_of(&[path.to_owned()], ReadOptions::default());
    let mut document: Value = serde_json::from_str(&json_of(&log)).expect("JSON");
    let input = &mut document["input"];
    input["files"][0].as_object_mut().expect("an object").remove("bytes");
    if lines_moved {
        for rejection in input["rejections"].as_array_mut().expect("a list") {
            rejection.as_object_mut().expect("an object").remove("line");
        }
    }
    document
}

/// Rewrites every fixture in the same place and compares the documents.
fn compare_fixtures(what: &str, lines_moved: bool, rewrite: impl Fn(&str) -> Option<Vec<u8>>) {
    let folder = Folder::new();
    let mut compared = 0;
    for fixture in fixtures().into_iter().filter(|fixture| format_of(fixture) != "mapping") {
        let text = std::fs::read_to_string(&fixture).expect("readable");
        let Some(rewritten) = rewrite(&text) else { continue };
        let path = folder.write("log.txt", text.as_bytes());
        let expected = comparable(&path, lines_moved);
        folder.write("log.txt", &rewritten);
        assert_eq!(comparable(&path, lines_moved), expected, "{what}: {}", fixture.display());
        compared += 1;
    }
    assert!(compared > 10, "{compared} fixtures were compared");
}

#[test]
fn line_ends_marks_and_blank_lines_never_show() {
    compare_fixtures("CRLF", false, |text| Some(text.replace('\n', "\r\n").into_bytes()));
    compare_fixtures("BOM", false, |text| Some(format!("\u{feff}{text}").into_bytes()));
    compare_fixtures("no line end", false, |text| Some(text.trim_end().as_bytes().to_vec()));
    compare_fixtures("blank lines", true, |text| {
        let is_stream = text.starts_with("event:") || text.starts_with("data:");
        (!is_stream).then(|| format!("\n  \n{}\n\n", text.replace('\n', "\n\n")).into_bytes())
    });
}

#[test]
fn compression_is_told_by_content() {
    compare_fixtures("gzip", false, |text| {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        out.write_all(text.as_bytes()).expect("memory is writable");
        Some(out.finish().expect("memory is writable"))
    });
    compare_fixtures("two gzip members", false, |text| {
        let middle = text.len() / 2;
        let middle =
            (middle..=text.len()).find(|at| text.is_char_boundary(*at)).expect("the end is one");
        let mut bytes = Vec::new();
        for half in [&text[..middle], &text[middle..]] {
            let mut out = flate2::write::GzEncoder::new(&mut bytes, flate2::Compression::fast());
            out.write_all(half.as_bytes()).expect("memory is writable");
            out.finish().expect("memory is writable");
        }
        Some(bytes)
    });
    compare_fixtures("zstd", false, |text| zstd::encode_all(text.as_bytes(), 3).ok());
}

/// Objects whose keys are data or text to the model, not fields of the log.
const CONTENTS: [&str; 14] = [
    "tools",
    "functions",
    "input",
    "parameters",
    "arguments",
    "content",
    "tags",
    "metadata",
    "labels",
    "json_schema",
    "responseSchema",
    "functionCall",
    "functionResponse",
    ADDED,
];
/// A key that no log has.
const ADDED: &str = "zz_added_later";

/// Writes JSON with other spacing, another order of keys and further keys.
fn respelled(value: &Value, numbers: &mut Numbers, inside_content: bool, out: &mut String) {
    let space = |numbers: &mut Numbers, out: &mut String| {
        out.push_str(["", " ", "  ", "\t"][numbers.below(4)]);
    };
    match value {
        Value::Object(object) => {
            let mut entries: Vec<(String, Value)> =
                object.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
            if !inside_content {
                for turn in (1..entries.len()).rev() {
                    entries.swap(turn, numbers.below(turn + 1));
                }
                let extra = json!({"deep": [1, {"er": null}], "text": "} ] \" ,"});
                entries.insert(numbers.below(entries.len() + 1), (ADDED.to_owned(), extra));
            }
            out.push('{');
            for (position, (key, value)) in entries.iter().enumerate() {
                if position > 0 {
                    out.push(',');
                }
                space(numbers, out);
                let _ = write!(out, "{}", Value::from(key.as_str()));
                space(numbers, out);
                out.push(':');
                space(numbers, out);
                let is_content = inside_content || CONTENTS.contains(&key.as_str());
                respelled(value, numbers, is_content, out);
            }
            space(numbers, out);
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (position, item) in items.iter().enumerate() {
                if position > 0 {
                    out.push(',');
                }
                space(numbers, out);
                respelled(item, numbers, inside_content, out);
            }
            out.push(']');
        }
        plain => {
            let _ = write!(out, "{plain}");
        }
    }
}

/// The lines of a text as JSON objects; `None` where one is none.
fn objects(text: &str) -> Option<Vec<Value>> {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let values = lines.map(|line| serde_json::from_str(line).ok().filter(Value::is_object));
    values.collect()
}

#[test]
fn spelling_of_json_never_shows() {
    for seed in 0..4 {
        compare_fixtures("spelling", false, |text| {
            let mut numbers = Numbers(seed);
            let mut out = String::new();
            for object in objects(text)? {
                respelled(&object, &mut numbers, false, &mut out);
                out.push('\n');
            }
            Some(out.into_bytes())
        });
    }
}

/// Changes how precisely times are written: `…:20Z` and `…:20.000Z`, `+00:00`.
fn with_other_times(value: &mut Value, numbers: &mut Numbers) {
    match value {
        Value::Object(object) => {
            object.values_mut().for_each(|value| with_other_times(value, numbers));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| with_other_times(item, numbers)),
        Value::String(text) => {
            let bytes = text.as_bytes();
            let is_time = bytes.len() >= 20
                && bytes[4] == b'-'
                && bytes[10] == b'T'
                && bytes[bytes.len() - 1] == b'Z';
            if is_time {
                let whole = text.trim_end_matches('Z').to_owned();
                let digits = if whole.contains('.') { "000" } else { ".000000" };
                *text = format!("{whole}{digits}{}", ["Z", "+00:00", "-00:00"][numbers.below(3)]);
            }
        }
        _ => {}
    }
}

#[test]
fn precision_of_times_never_shows() {
    compare_fixtures("times", false, |text| {
        let mut numbers = Numbers(3);
        let mut out = String::new();
        for mut object in objects(text)? {
            with_other_times(&mut object, &mut numbers);
            let _ = writeln!(out, "{object}");
        }
        Some(out.into_bytes())
    });
}

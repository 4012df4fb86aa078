//! `tokopt inspect`: whole screens, and that it promises nothing that `analyze`
//! does not keep.

use std::fmt::Write as _;

use serde_json::Value;

use super::{Folder, QUICKSTART, printed, refused, run, tokopt};

const PRICES: &str = "fixtures/techniques/prices.toml";

/// Logs with texts, planted with what each technique can save, and without.
const WORLDS: [&str; 9] = [
    "batch-api/saves",
    "context-compression/saves",
    "embedding-retrieval/saves",
    "fine-tuning/saves",
    "model-routing/saves",
    "output-capping/saves",
    "prompt-caching/saves",
    "semantic-dedup/saves",
    "mixed",
];

fn world(name: &str) -> String {
    format!("fixtures/techniques/{name}/log.jsonl")
}

fn json(command: &str, path: &str) -> Value {
    let arguments = [command, "--format", "json", "--prices", PRICES, path];
    serde_json::from_str(&printed(&arguments)).expect("JSON")
}

#[test]
fn a_log_of_counts() {
    insta::assert_snapshot!("cli_inspect_counts", printed(&["inspect", QUICKSTART]));
}

#[test]
fn a_log_with_texts() {
    let path = world("semantic-dedup/saves");
    let screen = printed(&["inspect", "--prices", PRICES, &path]);
    insta::assert_snapshot!("cli_inspect_texts", screen);
}

#[test]
fn a_session_log_and_its_resumption() {
    let folder = "fixtures/ingest/claude-code";
    insta::assert_snapshot!("cli_inspect_sessions", printed(&["inspect", folder]));
}

#[test]
fn a_usage_export() {
    let path = "fixtures/ingest/openai-usage/kept/page.json";
    insta::assert_snapshot!("cli_inspect_export", printed(&["inspect", path]));
}

#[test]
fn a_page_and_a_document() {
    let path = "fixtures/ingest/exchange/kept/providers.jsonl";
    insta::assert_snapshot!("cli_inspect_page", printed(&["inspect", "--format", "md", path]));
    let document = printed(&["inspect", "--format", "json", path]);
    let version = format!("\"tool_version\": \"{}\"", env!("CARGO_PKG_VERSION"));
    assert!(document.contains(&version), "{document}");
    insta::assert_snapshot!("cli_inspect_json", document);
}

#[test]
fn a_folder_of_everything() {
    let screen = printed(&["inspect", "fixtures/ingest", "fixtures/quickstart"]);
    assert!(screen.lines().all(|line| line.chars().count() <= 80), "{screen}");
    assert!(screen.contains("files: claude-code"), "{screen}");
}

#[test]
fn nothing_is_said_to_be_nothing() {
    let folder = Folder::new();
    let empty = folder.write("empty.json", "[]");
    let screen = printed(&["inspect", &empty]);
    assert!(screen.starts_with("1 file, no call\n"), "{screen}");
    assert!(screen.contains("empty: no record is in it"), "{screen}");
    let ran = run(tokopt(&["inspect", "-"]).write_stdin("{\"data\":[]}"));
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    assert!(ran.out.contains("standard input"), "{}", ran.out);
    let unknown = folder.write("unknown.jsonl", "{\"colour\": \"red\"}\n");
    assert!(refused(&["inspect", &unknown]).contains("no format has the keys colour"));
    // Beside others an unknown file is told and no error.
    let known = folder.write("known.jsonl", "{\"model\":\"gpt-5-mini\",\"input_tokens\":3}\n");
    let screen = printed(&["inspect", &unknown, &known]);
    assert!(screen.contains("in no known format"), "{screen}");
    let ran = run(&mut tokopt(&["inspect", "--strict", &unknown, &known]));
    assert_eq!(ran.code, Some(2));
}

#[test]
fn two_formats_that_claim_a_file_are_both_named() {
    let folder = Folder::new();
    let settings = folder.write(
        "tokopt.toml",
        "[formats.house.fields]\nmodel = \"model\"\ninput_tokens = \"input_tokens\"\n",
    );
    let log = folder.write("log.jsonl", "{\"model\":\"gpt-5-mini\",\"input_tokens\":3}\n");
    let screen = printed(&["inspect", "--config", &settings, &log]);
    assert!(screen.contains("mapping"), "{screen}");
    let forced = printed(&["inspect", "--input-format", "canonical", &log]);
    assert!(forced.contains("canonical, as --input-format says"), "{forced}");
}

/// A log with every record changed.
fn edited(path: &str, edit: impl Fn(&mut Value)) -> String {
    let text = std::fs::read_to_string(path).expect("a fixture");
    let lines = text.lines().filter_map(|line| serde_json::from_str(line).ok());
    let lines = lines.map(|mut record: Value| {
        edit(&mut record);
        format!("{record}\n")
    });
    lines.collect()
}

/// The verdict on a technique, and what the fields that raise it promise.
fn verdict(document: &Value, technique: &str) -> (String, Vec<(String, String)>) {
    let techniques = document["techniques"].as_array().expect("techniques");
    let found = techniques.iter().find(|found| found["technique"] == technique);
    let found = found.unwrap_or_else(|| panic!("no {technique}"));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let raises = found["raised_by"].as_array().expect("raises").iter();
    (
        text(&found["verdict"]),
        raises.map(|raise| (text(&raise["field"]), text(&raise["to"]))).collect(),
    )
}

/// Whether a field that a log lacks raises a technique, to what it is with it.
fn assert_raises(path: &str, technique: &str, field: &str, take_away: impl Fn(&mut Value)) {
    let (whole, _) = verdict(&json("inspect", path), technique);
    let folder = Folder::new();
    let less = folder.write("less.jsonl", &edited(path, take_away));
    let document = json("inspect", &less);
    let (without, raises) = verdict(&document, technique);
    assert_ne!(without, whole, "{technique} without {field}");
    assert!(
        raises.contains(&(field.to_owned(), whole.clone())),
        "{technique} is {without} without {field}, {whole} with it, and raised by {raises:?}"
    );
    let files = document["files"][0]["fields"].as_array().expect("fields").iter();
    let share = files.filter(|share| share["field"] == field).map(|share| share["calls"].clone());
    assert_eq!(share.collect::<Vec<_>>(), [Value::from(0)], "{field}");
}

fn remove(record: &mut Value, path: &[&str]) {
    let Some((last, path)) = path.split_last() else { return };
    let place = path.iter().try_fold(record, |value, key| value.get_mut(*key));
    if let Some(place) = place.and_then(Value::as_object_mut) {
        place.remove(*last);
    }
}

#[test]
fn the_texts_of_requests_raise_what_they_promise() {
    for (name, technique) in [
        ("prompt-caching/saves", "prompt-caching"),
        ("embedding-retrieval/saves", "embedding-retrieval"),
        ("context-compression/saves", "context-compression"),
        ("fine-tuning/saves", "fine-tuning"),
    ] {
        assert_raises(&world(name), technique, "prompt_texts", |record| {
            remove(record, &["request"]);
        });
    }
}

#[test]
fn temperature_and_finish_reason_raise_what_they_promise() {
    assert_raises(&world("semantic-dedup/saves"), "semantic-dedup", "temperature", |record| {
        remove(record, &["request", "temperature"]);
    });
    assert_raises(&world("output-capping/saves"), "output-capping", "finish_reason", |record| {
        remove(record, &["response", "stop_reason"]);
    });
}

#[test]
fn times_raise_what_they_promise() {
    for name in WORLDS {
        let technique = if name == "mixed" { "batch-api" } else { &name[..name.len() - 6] };
        assert_raises(&world(name), technique, "time", |record| remove(record, &["timestamp"]));
    }
}

#[test]
fn sessions_and_outputs_raise_what_they_promise() {
    // Thirty turns of one conversation, every prompt with all that came before.
    let folder = Folder::new();
    let mut turns = String::new();
    for turn in 0..30 {
        let record = serde_json::json!({
            "timestamp": format!("2026-06-01T00:{turn:02}:00Z"),
            "provider": "north",
            "model": "north-large",
            "session_id": "s",
            "input_tokens": 2_000 + 1_500 * turn,
            "output_tokens": 400,
        });
        writeln!(turns, "{record}").expect("writing to a string");
    }
    let path = folder.write("turns.jsonl", &turns);
    assert_raises(&path, "context-compression", "session", |record| {
        remove(record, &["session_id"]);
    });
    assert_raises(&world("model-routing/saves"), "model-routing", "output_tokens", |record| {
        remove(record, &["response", "usage", "output_tokens"]);
    });
}

#[test]
fn what_is_inspected_is_what_analyze_finds() {
    const GRADES: [&str; 3] = ["measured", "inferred", "assumed"];
    let rank = |grade: &str| GRADES.iter().position(|known| *known == grade);
    let paths = WORLDS.map(world).into_iter().chain([
        QUICKSTART.to_owned(),
        "fixtures/ingest/claude-code".to_owned(),
        "fixtures/ingest/exchange/kept".to_owned(),
        world("prompt-caching/saves_nothing"),
        world("model-routing/saves_nothing"),
    ]);
    for path in paths {
        let (inspected, analysed) = (json("inspect", &path), json("analyze", &path));
        for step in analysed["ladder"]["steps"].as_array().expect("steps") {
            let technique = step["technique"].as_str().expect("a name");
            let all = inspected["techniques"].as_array().expect("techniques");
            let found = all.iter().find(|found| found["technique"] == technique);
            let found = found.expect("every technique");
            let place = format!("{technique} of {path}: {found} and {step}");
            assert_eq!(found["reason"]["code"], step["reason"]["code"], "{place}");
            let verdict = found["verdict"].as_str().expect("a verdict");
            assert_eq!(verdict == "unknown", step["status"] == "unknown", "{place}");
            if step["status"] != "applied" {
                continue;
            }
            let of_analyze = step["evidence"].as_str().and_then(rank).expect("a grade");
            let of_inspect = rank(verdict).unwrap_or_else(|| panic!("{place}"));
            // A step has the worst grade of its levers, an inspection their best.
            let levers = found["levers"].as_array().map_or(0, Vec::len);
            assert!(of_inspect <= of_analyze, "{place}");
            if levers == 1 {
                assert_eq!(of_inspect, of_analyze, "{place}");
            }
        }
    }
}

#[test]
fn no_value_of_a_log_is_printed() {
    let folder = Folder::new();
    let log = folder.write(
        "log.jsonl",
        "{\"timestamp\":\"2026-06-01T00:00:00Z\",\"model\":\"gpt-5-mini\",\"feature\":\"hush-a\",\
         \"user\":\"hush-b\",\"session\":\"hush-c\",\"request_id\":\"hush-d\",\"hush key\":1,\
         \"input_tokens\":3,\"output_tokens\":2,\"tags\":{\"hush-e\":\"hush-f\"}}\n",
    );
    for format in ["table", "json", "md"] {
        let text = printed(&["inspect", "--format", format, &log]);
        assert!(!text.contains("hush"), "{text}");
    }
}

#[test]
fn rejected_records_beyond_those_kept_are_counted_too() {
    let folder = Folder::new();
    // 150 broken records, of which a file's account keeps the first 100.
    let broken = "{\"model\":\"gpt-5-mini\",\"input_tokens\":\"many\"}\n".repeat(150);
    let one = "{\"model\":\"gpt-5-mini\",\"input_tokens\":3}\n";
    let path = folder.write("usage.jsonl", &format!("{one}{broken}"));
    let screen = printed(&["inspect", &path]);
    assert!(screen.contains("rejected 100: `input_tokens` is not a count"), "{screen}");
    assert!(screen.contains("rejected 50 more"), "{screen}");
}

#[test]
fn files_in_no_known_format_are_named() {
    let folder = Folder::new();
    for name in ["a", "b", "c", "d"] {
        folder.write(&format!("{name}.csv"), "colour,shape\nred,round\n");
    }
    let root = folder.path("");
    let screen = printed(&["inspect", root.trim_end_matches('/')]);
    for name in ["a.csv", "b.csv", "c.csv", "d.csv"] {
        assert!(screen.contains(name), "{screen}");
    }
    assert!(!screen.contains("the first in line 1"), "{screen}");
}

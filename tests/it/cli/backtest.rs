//! `tokopt backtest`: the contract, the screen, and logs without cache counts.

use super::{Folder, QUICKSTART, printed, refused, run, tokopt};

/// Seven calls of two sessions; `tests/it/backtest.rs` works them out by hand.
const TURNS: &str = "fixtures/ingest/openinference-spans/kept/turns.json";

fn json(arguments: &[&str]) -> serde_json::Value {
    let arguments = [&["backtest", "--format", "json"], arguments].concat();
    serde_json::from_str(&printed(&arguments)).expect("JSON")
}

#[test]
fn the_json_is_the_contract_and_nothing_else() {
    let text = printed(&["backtest", "--format", "json", TURNS]);
    let document: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let names: Vec<&str> =
        document.as_object().expect("an object").keys().map(String::as_str).collect();
    let mut expected = [
        "calls",
        "billed_read_share",
        "predicted_read_share",
        "billed_input_cost_usd",
        "predicted_input_cost_usd",
        "exact_calls",
        "over_calls",
        "under_calls",
        "cold_start_calls",
    ];
    expected.sort_unstable();
    let mut names = names;
    names.sort_unstable();
    assert_eq!(names, expected);
    assert_eq!(
        document["calls"][4],
        serde_json::json!({
            "id": "span-5", "conversation_id": "green-1",
            "billed_read_tokens": 0, "predicted_read_tokens": 3_500, "cold_start": false
        })
    );
    let counts = ["exact_calls", "over_calls", "under_calls", "cold_start_calls"];
    assert_eq!(counts.map(|name| document[name].as_u64()), [3, 1, 1, 2].map(Some));
    // 8,285 and 10,485 of 19,325 tokens; dollars as in the test named above.
    assert_eq!(document["billed_read_share"].to_string(), "0.428719");
    assert_eq!(document["predicted_read_share"].to_string(), "0.542561");
    assert_eq!(document["billed_input_cost_usd"].to_string(), "0.04385175");
    assert_eq!(document["predicted_input_cost_usd"].to_string(), "0.03626175");
}

#[test]
fn the_screen_says_what_was_compared_and_what_it_means() {
    insta::assert_snapshot!("cli_backtest", printed(&["backtest", TURNS]));
}

#[test]
fn a_gap_that_cold_starts_make_is_not_laid_to_the_replay() {
    // The second call is exact; the first read what was there before the log.
    let line = |second: u32, read: u32, write: u32, text: &str| {
        let messages = [
            serde_json::json!({"role": "user", "content": "Count the swallows on the wire."}),
            serde_json::json!({"role": "assistant", "content": "Eleven."}),
            serde_json::json!({"role": "user", "content": text}),
        ];
        let sent = if text.is_empty() { &messages[..1] } else { &messages[..] };
        serde_json::json!({
            "timestamp": format!("2026-03-01T08:00:{second:02}Z"), "session_id": "s",
            "request": {"model": "claude-sonnet-4-5", "max_tokens": 9, "messages": sent},
            "response": {"type": "message", "id": format!("m-{second}"), "role": "assistant",
                "model": "claude-sonnet-4-5", "content": [{"type": "text", "text": "Eleven."}],
                "usage": {"input_tokens": 4, "cache_read_input_tokens": read,
                    "cache_creation_input_tokens": write, "output_tokens": 3}}
        })
        .to_string()
    };
    let lines = [line(0, 9_000, 100, ""), line(20, 9_100, 50, "And now?")].join("\n");
    let folder = Folder::new();
    let path = folder.write("log.jsonl", &lines);
    let screen = printed(&["backtest", &path]);
    assert!(screen.contains("predicted exactly             1  100.0 %"), "{screen}");
    assert!(screen.contains("most of it from cold starts"), "{screen}");
}

#[test]
fn calls_are_selected_and_rules_are_set_as_elsewhere() {
    let document = json(&["--where", "conversation=green-2", TURNS]);
    assert_eq!(document["calls"].as_array().map(Vec::len), Some(2));
    // With an hour's lifetime the third call would have read the second's 2,595.
    let document = json(&["--set", "prompt-caching.ttl_seconds=3600", TURNS]);
    assert_eq!(document["calls"][2]["predicted_read_tokens"], 2_595);
    let text = refused(&["backtest", "--set", "prompt-caching.ttl=1", TURNS]);
    assert!(text.contains("--set: "), "{text}");
    let text = refused(&["backtest", "--model", "acme-9", TURNS]);
    assert!(text.contains("no price is known for the model `acme-9`"), "{text}");
}

#[test]
fn a_log_without_cache_counts_is_told_so() {
    let folder = Folder::new();
    let line = r#"{"timestamp":"2026-03-01T08:00:00Z","model":"gpt-4.1","input_tokens":50,"output_tokens":5}"#;
    let path = folder.write("usage.jsonl", line);
    let screen = printed(&["backtest", &path]);
    assert!(screen.starts_with("Nothing to compare: no call reports cache counts"), "{screen}");
    assert!(screen.contains("1 call with no cache counts"), "{screen}");
    let ran = run(&mut tokopt(&["backtest", "--format", "json", &path]));
    assert_eq!(ran.code, Some(0));
    assert!(ran.err.contains("no call reports cache counts"), "{}", ran.err);
    let document: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!(document["calls"], serde_json::json!([]));
    assert!(document["billed_read_share"].is_null() && document["billed_input_cost_usd"].is_null());
}

#[test]
fn calls_known_by_counts_alone_are_pointed_out() {
    let folder = Folder::new();
    let line = r#"{"timestamp":"2026-03-01T08:00:00Z","model":"gpt-4.1","input_tokens":50,"cached_tokens":8,"output_tokens":5}"#;
    let screen = printed(&["backtest", &folder.write("usage.jsonl", line)]);
    assert!(screen.contains("1 call shows neither texts nor blocks"), "{screen}");
}

#[test]
fn strictness_judges_after_printing() {
    let ran = run(&mut tokopt(&["backtest", "--strict", QUICKSTART]));
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("--strict: 1 record rejected"), "{}", ran.err);
    assert!(ran.out.starts_with("Cache reads of "), "{}", ran.out);
}

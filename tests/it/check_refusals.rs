//! What must never pass by accident: logs of which little is left, sums without
//! their dearest calls, settings that say nothing. Each case is a shell run with
//! its exit code.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

struct Ran {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn tokopt(folder: &Path, arguments: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tokopt"));
    command.current_dir(folder).args(arguments).env_clear().env("COLUMNS", "100");
    let output = command.output().expect("tokopt runs");
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// A call of 1,000 input tokens and 100 output tokens: $0.0035 on gpt-4o.
fn call(number: u32, model: &str, input: u64) -> String {
    let (day, hour) = (1 + number / 24, number % 24);
    format!(
        r#"{{"timestamp":"2026-06-{day:02}T{hour:02}:00:00Z","request_id":"r{number}","model":"{model}","provider":"openai","feature":"chat","input_tokens":{input},"output_tokens":100}}"#
    ) + "\n"
}

fn calls(count: u32) -> String {
    (0..count).map(|number| call(number, "gpt-4o", 1_000)).collect()
}

fn folder(settings: &str, log: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("log.jsonl"), log).expect("a log");
    std::fs::write(folder.path().join("tokopt.toml"), settings).expect("settings");
    folder
}

const COST: &str = "[budget]\ncost = { max = 1 }\n";

#[test]
fn records_that_are_no_calls_do_not_hide_rejected_ones() {
    // One call is left of two: 100 error bodies beside them say nothing of that.
    let refusal =
        "{\"error\":{\"message\":\"x\",\"type\":\"invalid_request_error\"}}\n".repeat(100);
    let folder = folder(COST, &format!("{}{{bad\n", calls(1)));
    std::fs::write(folder.path().join("refused.jsonl"), refusal).expect("a log");
    let ran = tokopt(folder.path(), &["check", "log.jsonl", "refused.jsonl"]);
    assert_eq!(ran.code, Some(2), "{}", ran.stdout);
    assert!(ran.stdout.contains("1 of 2 records were rejected (50.0 %)"), "{}", ran.stdout);
}

#[test]
fn what_was_rejected_is_said_below_the_limit_too() {
    let ran = tokopt(folder(COST, &format!("{}{{bad\n", calls(3))).path(), &["check", "log.jsonl"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
    assert!(ran.stdout.contains("1 of 4 records were rejected (25.0 %)"), "{}", ran.stdout);
}

#[test]
fn a_few_calls_without_a_price_may_hold_most_of_the_tokens() {
    // 1 of 49 calls, 2 %, with all but 53,000 of its billion tokens.
    let log = calls(48) + &call(48, "no-such-model", 1_000_000_000);
    let ran = tokopt(folder(COST, &log).path(), &["check", "log.jsonl"]);
    assert_eq!(ran.code, Some(2), "{}", ran.stdout);
    assert!(ran.stdout.contains("1 call without a price, 100.0 % of the tokens"), "{}", ran.stdout);
    // A small one is named and does not keep the sum from being judged.
    let log = calls(48) + &call(48, "no-such-model", 1_000);
    let ran = tokopt(folder(COST, &log).path(), &["check", "log.jsonl"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
    assert!(ran.stdout.contains("leaving out 1 call without a price"), "{}", ran.stdout);
}

#[test]
fn what_a_passing_value_leaves_out_is_said() {
    let settings = "[budget]\nmonthly_cost = { max = 1 }\n";
    let ran = tokopt(folder(settings, &calls(3)).path(), &["check", "log.jsonl"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
    assert!(ran.stdout.contains("the log covers less than a day"), "{}", ran.stdout);
    let undated = calls(3).replace("\"timestamp\"", "\"unused\"");
    let folder = folder(settings, &undated);
    let ran = tokopt(folder.path(), &["check", "log.jsonl", "-o", "check.md"]);
    assert!(ran.stdout.contains("the log has no dates"), "{}", ran.stdout);
    let markdown = std::fs::read_to_string(folder.path().join("check.md")).expect("a report");
    assert!(markdown.contains("within: the log has no dates"), "{markdown}");
}

#[test]
fn a_baseline_without_calls_is_refused() {
    let settings = "[budget]\ncost = { increase = \"5%\" }\ncalls = { max = 1000 }\n";
    for (baseline, code) in
        [(String::new(), 2), (calls(50) + &"{bad\n".repeat(50), 2), (calls(49), 0)]
    {
        let folder = folder(settings, &calls(49));
        std::fs::write(folder.path().join("base.jsonl"), baseline).expect("a baseline");
        let ran = tokopt(folder.path(), &["check", "log.jsonl", "--baseline", "base.jsonl"]);
        assert_eq!(ran.code, Some(code), "{}", ran.stdout);
        assert_eq!(ran.stdout.contains("of the baseline"), code == 2, "{}", ran.stdout);
    }
    // No rule compares: what the baseline holds does not matter.
    let folder = folder(COST, &calls(49));
    std::fs::write(folder.path().join("base.jsonl"), "").expect("a baseline");
    let ran = tokopt(folder.path(), &["check", "log.jsonl", "--baseline", "base.jsonl"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
}

#[test]
fn settings_that_say_nothing_are_refused_with_their_place() {
    for (settings, message) in [
        (
            "[budget]\ncost = { max = 1 }\n[[budget.feature]]\nmatch = \"chat\"\n",
            "tokopt.toml:4:9: a [[budget.feature]] bounds nothing",
        ),
        (
            "[budget]\ncost = { decrease = \"101%\" }\n",
            "tokopt.toml:2:21: `cost`: nothing falls by more than 100 %",
        ),
        (
            "[budget]\ncost = { max = 0 }\n[[ignore]]\ncode = \"TK102\"\nreason = \" \"\n",
            "tokopt.toml:4:8: an [[ignore]] has no `reason`",
        ),
        ("[budget]\ncost = { max = true }\n", "a number is wanted here"),
    ] {
        let ran = tokopt(folder(settings, &calls(49)).path(), &["check", "log.jsonl"]);
        assert_eq!(ran.code, Some(2), "{settings}: {}", ran.stdout);
        assert!(ran.stderr.contains(message), "{settings}: {}", ran.stderr);
    }
}

#[test]
fn a_decrease_is_below_the_baseline() {
    let folder = folder("[budget]\ncalls = { decrease = \"20%\" }\n", &calls(49));
    std::fs::write(folder.path().join("base.jsonl"), calls(50)).expect("a baseline");
    let ran = tokopt(folder.path(), &["check", "log.jsonl", "--baseline", "base.jsonl"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
    assert!(ran.stdout.contains("at least 40 calls (baseline - 20.0 %)"), "{}", ran.stdout);
}

#[test]
fn a_saved_analysis_of_no_length_of_time_is_read() {
    let folder = folder(COST, &calls(49));
    let saved = folder.path().join("a.json");
    tokopt(folder.path(), &["analyze", "log.jsonl", "-q", "-o", "a.json"]);
    let text = std::fs::read_to_string(&saved).expect("an analysis");
    let mut document: Value = serde_json::from_str(&text).expect("JSON");
    document["window"]["days"] = 0.into();
    std::fs::write(&saved, document.to_string()).expect("written");
    let ran = tokopt(folder.path(), &["check", "a.json"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn no_name_of_the_log_opens_a_line_of_the_errors() {
    let mut log = String::new();
    for number in 0..60 {
        let arm = number % 30;
        let line = call(number, "gpt-4o", 1_000);
        let tagged = line.replacen('{', &format!(r#"{{"tags":{{"arm":"{arm}\n::error::x"}},"#), 1);
        let _ = write!(log, "{tagged}");
    }
    let ran = tokopt(folder("", &log).path(), &["diff", "log.jsonl", "--arms", "arm"]);
    assert_eq!(ran.code, Some(2), "{}", ran.stdout);
    assert!(ran.stderr.contains("::error::x"), "{}", ran.stderr);
    let opens = |line: &str| line.trim_start().starts_with("::");
    assert!(!ran.stderr.lines().any(opens), "{}", ran.stderr);
}

#[test]
fn no_report_replaces_the_settings() {
    for arguments in [
        &["check", "log.jsonl", "-o", "md=tokopt.toml"][..],
        &["check", "log.jsonl", "--save", "tokopt.toml"],
        &["check", "log.jsonl", "--prices", "mine.toml", "-o", "md=mine.toml"],
        &["analyze", "log.jsonl", "-o", "metrics=tokopt.toml"],
        &["analyze", "log.jsonl", "--prices", "mine.toml", "-o", "md=mine.toml"],
        &["trend", "log.jsonl", "-o", "md=./tokopt.toml"],
        &["diff", "--split", "half", "log.jsonl", "-o", "md=tokopt.toml"],
        &["report", "a.json", "-o", "md=tokopt.toml"],
    ] {
        let folder = folder(COST, &calls(49));
        let mine = folder.path().join("mine.toml");
        std::fs::write(&mine, "").expect("prices");
        tokopt(folder.path(), &["analyze", "log.jsonl", "-q", "-o", "a.json"]);
        let ran = tokopt(folder.path(), arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}: {}{}", ran.stdout, ran.stderr);
        let settings = folder.path().join("tokopt.toml");
        assert_eq!(std::fs::read_to_string(settings).expect("settings"), COST, "{arguments:?}");
        assert_eq!(std::fs::read_to_string(mine).expect("prices"), "", "{arguments:?}");
    }
}

#[test]
fn a_rule_that_is_over_for_thousands_explains_the_first_of_them() {
    let mut log = String::new();
    // Two models each, or there would be nothing to explain.
    for number in 0..2_000 {
        for model in ["gpt-4o", "gpt-4o-mini"] {
            let line = call(number % 700, model, 1_000);
            let id = format!("\"{model}-{number}\"");
            let line = line.replace(&format!("\"r{}\"", number % 700), &id);
            log += &line.replace("\"chat\"", &format!("\"f{number}\""));
        }
    }
    let settings = "[[budget.feature]]\nmatch = \"*\"\ncost = { max = 0 }\n";
    let folder = folder(settings, &log);
    let ran = tokopt(folder.path(), &["check", "log.jsonl", "--no-ladder", "--format", "json"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    let check: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let judgements = check["judgements"].as_array().expect("judgements");
    let explained =
        judgements.iter().filter(|one| one["moved_by"].as_array().is_some_and(|by| !by.is_empty()));
    assert_eq!((judgements.len(), explained.count()), (2_000, 20));
}

//! Planted logs, and an independent judge that says what every rule must come
//! to on them.
//!
//! `tests/oracle/check.py` wrote the logs, the rules and what is expected, from
//! the pages on budgets alone. Nothing here is worked out by the product.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde_json::Value;

/// What the independent program says of one rule on one slice.
#[derive(Deserialize)]
struct Expected {
    rule: String,
    /// The feature, model or user that the slice is of; empty: calls of nobody.
    of: Option<String>,
    status: String,
    /// The measured value as a decimal, where there is one.
    value: Option<String>,
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/check").join(name)
}

fn tokopt(arguments: &[&str]) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tokopt"));
    command.env_clear().env("TOKOPT_CONFIG", "").args(arguments).args(["-q", "--show-users"]);
    command.args(["--format", "json"]);
    let output = command.output().expect("tokopt runs");
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
}

/// The judgements of a check of `log` by the rules of `name`.
fn judgements(name: &str, log: &[&str], baseline: &Path, prices: bool) -> Vec<Value> {
    let (rules, table) = (fixture(&format!("{name}.toml")), fixture("prices.toml"));
    let mut arguments = vec!["check", "--no-ladder", "--config"];
    let baseline = baseline.to_str().expect("a path");
    arguments.extend([rules.to_str().expect("a path"), "--baseline", baseline]);
    if prices {
        arguments.extend(["--prices", table.to_str().expect("a path")]);
    }
    arguments.extend(log);
    let mut document = tokopt(&arguments);
    let Value::Array(judgements) = document["judgements"].take() else { panic!("no judgements") };
    judgements
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The name of a rule without the kind of its limit, and what its slice is of.
fn key(judgement: &Value) -> (String, Option<String>) {
    let rule = text(&judgement["rule"]).trim_start_matches("budget.rule.");
    let rule = ["increase", "decrease"].iter().fold(rule, |rule, kind| {
        rule.strip_suffix(kind).and_then(|rule| rule.strip_suffix('.')).unwrap_or(rule)
    });
    let filters = judgement["where"].as_array().expect("filters");
    let of = filters.last().filter(|_| rule.starts_with("each ")).map(text);
    let of = of.and_then(|of| of.split_once('=')).map(|(_, of)| of.to_owned());
    (rule.to_owned(), of)
}

fn compare(name: &str) {
    let expected = std::fs::read_to_string(fixture(&format!("{name}.expected.json")));
    let expected: Vec<Expected> =
        serde_json::from_str(&expected.expect("expected.json")).expect("what check.py writes");
    let log = fixture(&format!("{name}.jsonl"));
    let log = log.to_str().expect("a path");
    let found = judgements(name, &[log], &fixture("before.jsonl"), true);
    let mut found: BTreeMap<_, Value> =
        found.into_iter().map(|judgement| (key(&judgement), judgement)).collect();
    assert_eq!(found.len(), expected.len(), "as many judgements as expected");
    let mut statuses: BTreeMap<&str, u32> = BTreeMap::new();
    let mut wrong = String::new();
    for Expected { rule, of, status, value } in &expected {
        let judgement = found.remove(&(rule.clone(), of.clone()));
        let judgement = judgement.unwrap_or_else(|| panic!("no judgement on {rule} of {of:?}"));
        *statuses.entry(status).or_default() += 1;
        let measured = &judgement["measured"]["value"];
        let differs = value.as_ref().is_some_and(|value| {
            !measured.is_null() && measured.to_string().trim_end_matches(".0") != value
        });
        if differs || judgement["status"] != *status {
            let line = format!("{rule} of {of:?}: {status}, {value:?}: {judgement}\n");
            wrong.push_str(&line);
        }
    }
    assert!(wrong.is_empty(), "{name}\n{wrong}");
    assert_eq!(statuses.len(), 4, "within, near, over and not judged: {statuses:?}");
}

#[test]
fn every_rule_comes_to_what_an_independent_program_says() {
    compare("main");
    compare("short");
}

/// A log dealt out line by line, last line first, over three files.
fn dealt(log: &str, folder: &Path) {
    let text = std::fs::read_to_string(fixture(log)).expect("a log");
    let mut parts = [const { String::new() }; 3];
    for (number, line) in text.lines().rev().enumerate() {
        parts[number % 3] += line;
        parts[number % 3].push('\n');
    }
    for (number, part) in parts.iter().enumerate() {
        std::fs::write(folder.join(format!("{number}.jsonl")), part).expect("a part");
    }
}

/// What a judgement says, without the text of the settings it stands in.
fn said(judgements: Vec<Value>) -> Vec<Value> {
    judgements
        .into_iter()
        .map(|mut judgement| {
            judgement["place"].take();
            judgement
        })
        .collect()
}

#[test]
fn order_files_and_threads_change_no_judgement() {
    let folder = tempfile::tempdir().expect("a folder");
    let (now, before) = (folder.path().join("now"), folder.path().join("before"));
    for (log, part) in [("main.jsonl", &now), ("before.jsonl", &before)] {
        std::fs::create_dir(part).expect("a folder");
        dealt(log, part);
    }
    let whole = fixture("main.jsonl");
    let whole = whole.to_str().expect("a path");
    let expected = said(judgements("main", &[whole], &fixture("before.jsonl"), true));
    let now = now.to_str().expect("a path");
    for threads in ["1", "3"] {
        let found = judgements("main", &[now, "--threads", threads], &before, true);
        assert!(said(found) == expected, "{threads} threads");
    }
}

#[test]
fn a_saved_analysis_is_judged_as_its_log_or_not_at_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let save = |log: &str| {
        let (log, table) = (fixture(log), fixture("prices.toml"));
        let (log, table) = (log.to_str().expect("a path"), table.to_str().expect("a path"));
        let path = folder.path().join(Path::new(log).file_name().expect("a name"));
        let path = path.with_extension("json");
        let output = path.to_str().expect("a path");
        tokopt(&["analyze", log, "--prices", table, "-o", output]);
        path
    };
    let (now, before) = (save("main.jsonl"), save("before.jsonl"));
    let log = fixture("main.jsonl");
    let log = judgements("main", &[log.to_str().expect("a path")], &fixture("before.jsonl"), true);
    let log: BTreeMap<_, Value> =
        said(log).into_iter().map(|judgement| (key(&judgement), judgement)).collect();
    let mut judged = 0;
    for saved in said(judgements("main", &[now.to_str().expect("a path")], &before, false)) {
        let reason = text(&saved["reason"]);
        if reason.contains("a saved analysis") {
            continue;
        }
        assert_eq!(Some(&saved), log.get(&key(&saved)));
        judged += 1;
    }
    assert!(judged > 200, "{judged}");
}

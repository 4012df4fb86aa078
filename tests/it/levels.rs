//! Requests, periods and bills are never added, on small logs whose every
//! figure can be worked out by hand.
//!
//! The test's own prices: a prompt token of `small` costs a micro-dollar, a
//! generated one five; of `large` ten times as much. A token that was read
//! from the cache costs a tenth, a batch half.

use std::fmt::Write as _;
use std::path::PathBuf;

use assert_cmd::Command;
use serde_json::{Value, json};

const PRICES: &str = r#"
provider = "openai"
checked = "2026-11-22"
sources = ["https://example.com/prices"]

[defaults]
source = "https://example.com/prices"

[[model]]
id = "small"
aliases = ["Small One"]
accepts_date = true
[[model.price]]
input = "1"
cache_read = "0.1"
output = "5"
batch = { factor = "0.5" }

[[model]]
id = "large"
[[model.price]]
input = "10"
cache_read = "1"
output = "50"
batch = { factor = "0.5" }
"#;

/// A folder with the test's prices and any files.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        let folder = Self(tempfile::tempdir().expect("a folder"));
        folder.file("prices.toml", PRICES);
        folder
    }

    /// Writes a file; its path.
    pub fn file(&self, name: &str, text: &str) -> String {
        let path: PathBuf = self.0.path().join(name);
        std::fs::write(&path, text).expect("the folder is writable");
        path.to_str().expect("a path in UTF-8").to_owned()
    }

    pub fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().expect("a path in UTF-8").to_owned()
    }

    /// Runs `analyze` with the test's prices; its exit code and what it wrote.
    pub fn run(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let prices = self.path("prices.toml");
        let mut command = Command::new(env!("CARGO_BIN_EXE_tokopt"));
        command.args(["analyze", "--prices", &prices]).args(arguments).env("TOKOPT_CONFIG", "");
        let output = command.output().expect("the program starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    }

    /// The document of a run that goes well.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let (code, out, errors) = self.run(&[&["--format", "json"], arguments].concat());
        assert_eq!(code, Some(0), "{arguments:?}: {errors}");
        serde_json::from_str(&out).expect("JSON")
    }
}

/// A log of requests: time, provider, model, input and output tokens.
pub fn requests(rows: &[(&str, &str, &str, u64, u64)]) -> String {
    let head = "time,provider,model,input_tokens,output_tokens\n".to_owned();
    rows.iter().fold(head, |mut text, (time, provider, model, input, output)| {
        let _ = writeln!(text, "{time},{provider},{model},{input},{output}");
        text
    })
}

/// Two days of requests: 1 + 0.50 and 2 + 1 dollars.
pub fn two_days() -> String {
    requests(&[
        ("2026-03-02T10:00:00Z", "openai", "small", 1_000_000, 100_000),
        ("2026-03-03T11:00:00Z", "openai", "small", 2_000_000, 200_000),
    ])
}

/// A page of OpenAI's usage export: seconds, length, model, input and output
/// tokens, calls.
fn page(kind: &str, buckets: &[(i64, i64, &str, u64, u64, u64)]) -> String {
    let buckets: Vec<Value> = buckets
        .iter()
        .map(|(start, seconds, model, input, output, calls)| {
            json!({"object": "bucket", "start_time": start, "end_time": start + seconds, "results": [{
                "object": format!("organization.usage.{kind}.result"), "model": model,
                "input_tokens": input, "output_tokens": output, "num_model_requests": calls,
            }]})
        })
        .collect();
    json!({"object": "page", "data": buckets, "has_more": false, "next_page": null}).to_string()
}

// 2026-03-02T00:00:00Z is 1,772,409,600 s after the epoch (GNU date).
const DAY: i64 = 86_400;
const MARCH_2: i64 = 1_772_409_600;

/// The export of the same two days, which counts 100,000 prompt tokens more:
/// 1.10 + 0.50 and 2 + 1 dollars.
fn export() -> String {
    page(
        "completions",
        &[
            (MARCH_2, DAY, "small", 1_100_000, 100_000, 2),
            (MARCH_2 + DAY, DAY, "small", 2_000_000, 200_000, 1),
        ],
    )
}

/// What may not move when another level is read beside the requests.
fn figures(document: &Value) -> Value {
    let blocks = ["window", "totals", "prices", "attribution", "metrics", "ladder", "findings"];
    let rest = ["monthly", "plan", "cache", "users"];
    let mut kept = serde_json::Map::new();
    for block in blocks.into_iter().chain(rest) {
        kept.insert(block.to_owned(), document[block].clone());
    }
    Value::Object(kept)
}

fn codes(document: &Value) -> Vec<&str> {
    let warnings = document["warnings"].as_array().expect("warnings");
    warnings.iter().filter_map(|warning| warning["code"].as_str()).collect()
}

#[test]
fn an_export_beside_its_requests_adds_nothing() {
    let folder = Folder::new();
    let (log, usage) = (folder.file("a.csv", &two_days()), folder.file("b.json", &export()));
    let (alone, both) = (folder.json(&[&log]), folder.json(&[&log, &usage]));
    assert_eq!(figures(&alone), figures(&both));
    assert_eq!(alone["levels"], Value::Null);
    // 1.50 + 3.00 and 1.60 + 3.00 dollars: 0.10 / 4.50 = 2.2222 %; tokens
    // 3,400,000 over 3,300,000 = 3.0303 %.
    let levels = &both["levels"];
    assert_eq!(levels["set_aside_buckets"], 2);
    assert_eq!(levels["set_aside"][0]["reason"], "requests");
    assert_eq!(levels["set_aside"][0]["cost_usd"].to_string(), "4.6");
    let coverage = &levels["coverage"][0];
    assert_eq!(
        (&coverage["provider"], &coverage["operation"]),
        (&json!("openai"), &json!("generation"))
    );
    assert_eq!(coverage["export"]["cost_usd"].to_string(), "4.6");
    assert_eq!(coverage["requests"]["cost_usd"].to_string(), "4.5");
    assert_eq!(
        (&coverage["export"]["calls"], &coverage["requests"]["calls"]),
        (&json!(3), &json!(2))
    );
    assert_eq!(coverage["difference_usd"].to_string(), "0.1");
    assert_eq!(coverage["difference_share"].to_string(), "0.022222");
    assert_eq!(coverage["difference_tokens_share"].to_string(), "0.030303");
    assert_eq!(coverage["models"][0]["model"], "small");
    assert_eq!(both["input"]["buckets"], 2);
    let (_, screen, _) = folder.run(&[&log, &usage]);
    let screen = screen.split_whitespace().collect::<Vec<_>>().join(" ");
    let sentence = "the export of openai bills 2.2 % more than the requests seen";
    assert!(screen.contains(sentence), "{screen}");
    assert!(screen.contains("2 buckets of openai not added, priced at $4.60"), "{screen}");
}

#[test]
fn the_order_of_files_does_not_matter() {
    let folder = Folder::new();
    let log = folder.file("b.csv", &two_days());
    let (first, last) = (folder.file("a.json", &export()), folder.file("c.json", &export()));
    let without_input = |paths: &[&str]| {
        let mut document = folder.json(paths);
        document["input"] = Value::Null;
        document
    };
    let expected = without_input(&[&log, &first, &last]);
    assert_eq!(expected, without_input(&[&last, &log, &first]));
    assert_eq!(expected, without_input(&[&first, &last, &log]));
}

#[test]
fn what_requests_do_not_cover_stays_in_the_totals() {
    let folder = Folder::new();
    let log = folder.file("a.csv", &two_days());
    // Two days after the last request, and embeddings of a day with requests.
    let later = page("completions", &[(MARCH_2 + 3 * DAY, DAY, "small", 500_000, 0, 4)]);
    let embeddings = page("embeddings", &[(MARCH_2, DAY, "other", 300, 0, 2)]);
    let later = folder.file("later.json", &later);
    let embeddings = folder.file("embeddings.json", &embeddings);
    let document = folder.json(&[&log, &later, &embeddings]);
    // 4.50 + 0.50 dollars, 2 + 4 + 2 calls.
    assert_eq!(document["totals"]["cost_usd"].to_string(), "5");
    assert_eq!(document["totals"]["calls"], 8);
    assert_eq!(document["levels"], Value::Null);
    // Buckets refuse to be replayed and keep their cost beside the ladder.
    assert_eq!(document["ladder"]["not_simulated_usd"].to_string(), "0.5");
}

#[test]
fn requests_of_another_provider_cover_nothing() {
    let folder = Folder::new();
    let log = folder.file("a.csv", &two_days().replace("openai", "azure"));
    let usage = folder.file("b.json", &export());
    let document = folder.json(&[&log, &usage]);
    assert_eq!(document["levels"], Value::Null);
    assert_eq!(document["totals"]["calls"], 5);
}

#[test]
fn a_day_is_covered_from_its_first_instant_to_before_its_last() {
    let folder = Folder::new();
    // A bucket ends before its end: a request at midnight is of the next day.
    let log =
        folder.file("a.csv", &requests(&[("2026-03-03T00:00:00Z", "openai", "small", 1_000, 0)]));
    let usage = folder.file("b.json", &export());
    let document = folder.json(&[&log, &usage]);
    assert_eq!(document["levels"]["set_aside_buckets"], 1);
    // The request's 0.001 and the first day's 1.60 dollars.
    assert_eq!(document["totals"]["cost_usd"].to_string(), "1.601");
}

#[test]
fn requests_without_a_date_may_be_of_any_day() {
    let folder = Folder::new();
    let undated =
        two_days().replace("2026-03-02T10:00:00Z", "").replace("2026-03-03T11:00:00Z", "");
    let (log, usage) = (folder.file("a.csv", &undated), folder.file("b.json", &export()));
    let document = folder.json(&[&log, &usage]);
    assert_eq!(document["totals"]["cost_usd"].to_string(), "4.5");
    assert_eq!(document["levels"]["set_aside_buckets"], 2);
    assert!(codes(&document).contains(&"UNDATED_LEVELS"));
    // A request that names no provider may be any provider's.
    let nobody = two_days().replace("openai,small", ",nobodys");
    let log = folder.file("c.csv", &nobody);
    let document = folder.json(&[&log, &usage]);
    assert_eq!(document["levels"]["set_aside_buckets"], 2);
    assert!(codes(&document).contains(&"UNNAMED_LEVELS"));
}

#[test]
fn the_same_page_twice_is_one() {
    let folder = Folder::new();
    let (first, again) = (folder.file("a.json", &export()), folder.file("b.json", &export()));
    let document = folder.json(&[&first, &again]);
    assert_eq!(document["totals"]["cost_usd"].to_string(), "4.6");
    let input = &document["input"];
    assert_eq!(
        (&input["lines"], &input["calls"], &input["duplicates"]),
        (&json!(4), &json!(2), &json!(2))
    );
    assert_eq!(document["levels"], Value::Null);
    // Pages under each other in one file.
    let pages = folder.file("pages.jsonl", &format!("{}\n{}\n", export(), export()));
    let document = folder.json(&[&pages]);
    assert_eq!(document["totals"]["cost_usd"].to_string(), "4.6");
    assert_eq!(document["input"]["duplicates"], 2);
}

#[test]
fn the_finer_of_two_exports_counts() {
    let folder = Folder::new();
    let days = folder.file("days.json", &export());
    // One hour of the first day: the day is told by hours, the next one is not.
    let hours = page("completions", &[(MARCH_2 + 7_200, 3_600, "small", 1_000_000, 0, 1)]);
    let hours = folder.file("hours.json", &hours);
    let document = folder.json(&[&days, &hours]);
    // 1.00 of the hour and 3.00 of the second day.
    assert_eq!(document["totals"]["cost_usd"].to_string(), "4");
    assert_eq!(document["levels"]["set_aside_buckets"], 1);
    assert_eq!(document["levels"]["set_aside"][0]["reason"], "finer_export");
    assert_eq!(document["levels"]["coverage"], json!([]));
    // A day that was fetched before it had ended is the day as it grew.
    let early = page("completions", &[(MARCH_2, DAY, "small", 400_000, 0, 1)]);
    let early = folder.file("early.json", &early);
    assert_eq!(folder.json(&[&days, &early])["totals"]["cost_usd"].to_string(), "4.6");
}

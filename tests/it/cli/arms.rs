//! `tokopt diff --arms`: figures and intervals against the program of
//! `tests/oracle/arms.py`, whole outputs, what is refused, what is warned of.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde::Deserialize;
use serde_json::value::RawValue;
use tokopt::report::document::Arms;

use super::{Folder, printed, refused, run, tokopt};

const PRICES: &str = "fixtures/arms/prices.toml";
const LONGER: &str = "fixtures/arms/longer-answers/log.jsonl";
const SMALL: &str = "fixtures/arms/small/log.jsonl";

/// Runs the comparison of a planted log.
fn arms(arguments: &[&str]) -> String {
    let first = ["diff", "--arms", "variant", "--prices", PRICES];
    printed(&[&first[..], arguments].concat())
}

fn document(arguments: &[&str]) -> Arms {
    let text = arms(&[&["--format", "json"], arguments].concat());
    serde_json::from_str(&text).expect("the contract")
}

fn codes(document: &Arms) -> Vec<&str> {
    document.warnings.iter().map(|warning| warning.code.as_str()).collect()
}

/// What either program says; numbers as they stand, digit for digit.
#[derive(Deserialize)]
struct Row {
    arm: String,
    metric: String,
    low: Option<Box<RawValue>>,
    high: Option<Box<RawValue>>,
    relative_low: Option<Box<RawValue>>,
    relative_high: Option<Box<RawValue>>,
    verdict: String,
}

#[derive(Deserialize)]
struct Found {
    control: String,
    arms: Vec<BTreeMap<String, serde_json::Value>>,
    differences: Vec<Row>,
}

#[derive(Deserialize)]
struct Expected {
    control: String,
    arms: BTreeMap<String, BTreeMap<String, serde_json::Value>>,
    differences: Vec<Row>,
}

/// A number without the quotes that the other program puts around it.
fn digits(value: Option<&RawValue>) -> &str {
    value.map_or("null", |value| value.get().trim_matches('"'))
}

fn rows(differences: &[Row]) -> Vec<String> {
    let row = |row: &Row| {
        let ends = [&row.low, &row.high, &row.relative_low, &row.relative_high];
        let ends = ends.map(|end| digits(end.as_deref()));
        format!("{} {} {} {}", row.arm, row.metric, ends.join(" "), row.verdict)
    };
    differences.iter().map(row).collect()
}

#[test]
fn intervals_are_those_of_the_independent_program() {
    for world in ["same", "longer-answers", "small"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/arms").join(world);
        let expected = std::fs::read_to_string(folder.join("expected.json")).expect("figures");
        let expected: Expected = serde_json::from_str(&expected).expect("figures");
        let log = format!("fixtures/arms/{world}/log.jsonl");
        let text = arms(&["--format", "json", &log]);
        let found: Found = serde_json::from_str(&text).expect("JSON");
        assert_eq!(found.control, expected.control, "{world}");
        assert_eq!(rows(&found.differences), rows(&expected.differences), "{world}");
        assert_eq!(found.arms.len(), expected.arms.len(), "{world}");
        for arm in &found.arms {
            let figures = &expected.arms[arm["arm"].as_str().expect("a name")];
            for (name, value) in figures {
                let unit = if name.starts_with("cost") { "_usd" } else { "" };
                let shown = arm[&format!("{name}{unit}")].to_string();
                assert_eq!(shown, value.to_string().trim_matches('"'), "{world} {name}");
            }
        }
    }
}

#[test]
fn the_same_treatment_shows_no_difference_and_longer_answers_do() {
    let verdicts = |log: &str| -> Vec<String> {
        let rows = document(&[log]).differences;
        rows.iter().map(|row| format!("{} {}", row.metric.name(), row.verdict.name())).collect()
    };
    let same = verdicts("fixtures/arms/same/log.jsonl");
    assert_eq!(same.len(), 7);
    assert!(same.iter().all(|row| row.ends_with(" no_difference_seen")), "{same:?}");
    let longer = verdicts(LONGER);
    // 20 % more output at a higher price, and scores 0.05 higher, were planted.
    for planted in ["cost_per_call higher", "output_tokens_per_call higher", "score higher"] {
        assert!(longer.iter().any(|row| row == planted), "{longer:?}");
    }
    assert!(longer.contains(&"input_tokens_per_call no_difference_seen".to_owned()), "{longer:?}");
}

#[test]
fn neither_the_order_of_lines_nor_threads_change_a_byte() {
    let log = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(SMALL));
    let log = log.expect("the planted log");
    let mut lines: Vec<&str> = log.lines().collect();
    let prices = Path::new(env!("CARGO_MANIFEST_DIR")).join(PRICES);
    let prices = prices.to_str().expect("a path");
    let found = |lines: &[&str], threads: &str| {
        let folder = Folder::new();
        folder.write("log.jsonl", &(lines.join("\n") + "\n"));
        let arguments = ["diff", "--arms", "variant", "--prices", prices, "--threads", threads];
        let mut command = tokopt(&[&arguments[..], &["--format", "json", "log.jsonl"]].concat());
        run(command.current_dir(folder.path(""))).out
    };
    let first = found(&lines, "1");
    assert!(first.contains("\"differences\""), "{first}");
    assert_eq!(found(&lines, "4"), first);
    lines.reverse();
    assert_eq!(found(&lines, "2"), first);
    lines.sort_by_key(|line| line.len());
    assert_eq!(found(&lines, "3"), first);
}

#[test]
fn the_choice_of_a_control_turns_the_sign_and_nothing_else() {
    let one = document(&[LONGER]);
    let other = document(&["--control", "verbose", LONGER]);
    assert_eq!((one.control.as_str(), other.control.as_str()), ("control", "verbose"));
    assert!(!one.control_was_named && other.control_was_named);
    for (left, right) in one.differences.iter().zip(&other.differences) {
        let ends = |row: &tokopt::report::document::ArmDifference| {
            (row.low.expect("judged").billionths(), row.high.expect("judged").billionths())
        };
        let (low, high) = ends(right);
        assert_eq!(ends(left), (-high, -low), "{:?}", left.metric);
    }
}

#[test]
fn whole_outputs() {
    insta::assert_snapshot!("cli_arms_table", arms(&[LONGER]));
    insta::assert_snapshot!("cli_arms_small_table", arms(&[SMALL]));
    insta::assert_snapshot!("cli_arms_md", arms(&["--format", "md", SMALL]));
    insta::assert_snapshot!("cli_arms_csv", arms(&["--format", "csv", LONGER]));
    insta::assert_snapshot!("cli_arms_json", arms(&["--format", "json", LONGER]));
}

#[test]
fn a_document_is_read_back_as_it_was_written() {
    let text = arms(&["--format", "json", SMALL]);
    let read: Arms = serde_json::from_str(&text).expect("the contract");
    let again = serde_json::to_string_pretty(&read).expect("JSON") + "\n";
    assert_eq!(again, text);
}

#[test]
fn files_are_written_and_the_log_is_never_replaced() {
    let folder = Folder::new();
    let tables = folder.path("tables/");
    arms(&["-q", "-o", &tables, "-o", &folder.path("a.md"), LONGER]);
    for name in ["arms.csv", "differences.csv", "warnings.csv"] {
        let text = std::fs::read_to_string(format!("{tables}{name}")).expect(name);
        assert!(text.contains("\r\n"), "{name}");
    }
    let out = format!("md={LONGER}");
    let error = refused(&["diff", "--arms", "variant", "-o", &out, LONGER]);
    assert!(error.contains("would replace the file it is made from"), "{error}");
}

#[test]
fn what_is_no_test_is_refused_with_a_hint() {
    let error = |arguments: &[&str]| refused(&[&["diff"], arguments, &[LONGER]].concat());
    assert_eq!(
        error(&["--arms", "color"]),
        "error: --arms: no call has a value of `tag.color`\n\
         hint: the calls have the tags `score`, `variant`\n"
    );
    assert_eq!(
        error(&["--arms", "variant", "--where", "tag.variant=verbose"]),
        "error: --arms: every call with `tag.variant` has the same value, `verbose`: there is \
         nothing to compare\nhint: two arms at least make a test\n"
    );
    assert_eq!(
        error(&["--arms", "variant", "--control", "contrl"]),
        "error: --control: there is no arm `contrl`\nhint: the arms are `control`, `verbose`\n"
    );
    let whose = error(&["--arms", "user"]);
    assert!(whose.starts_with("error: --arms: `user` says whose calls they are"), "{whose}");
    let many = error(&["--arms", "score"]);
    assert!(many.contains("`tag.score` has 25 values, more than the 20 arms"), "{many}");
    let file = error(&["--control", "a"]);
    assert!(file.contains("--arms"), "{file}");
}

/// A log of `conversations` of three calls per arm; the second arm starts
/// `later` days after the first.
fn log(conversations: u32, later: u32, more: impl Fn(&str, u32) -> String) -> String {
    let mut text = String::new();
    for (arm, first_day) in [("a", 1), ("b", 1 + later)] {
        for call in 0..conversations * 3 {
            let (day, hour) = (first_day + call / 24, call % 24);
            let more = more(arm, call);
            writeln!(
                text,
                r#"{{"timestamp":"2026-06-{day:02}T{hour:02}:00:00Z","request_id":"{arm}{call}","model":"planted-1","provider":"planted","input_tokens":1000,"output_tokens":{},"tags":{{"variant":"{arm}"}}{more}}}"#,
                100 + call % 7
            )
            .expect("a line");
        }
    }
    text
}

fn written(text: &str) -> (Folder, String) {
    let folder = Folder::new();
    folder.write("log.jsonl", text);
    let path = folder.path("log.jsonl");
    (folder, path)
}

#[test]
fn arms_that_ran_one_after_the_other_are_no_test() {
    let talk = |arm: &str, call: u32| format!(r#","conversation_id":"{arm}{}""#, call / 3);
    let (_folder, path) = written(&log(16, 10, talk));
    assert_eq!(codes(&document(&[&path])), ["NOT_AT_ONE_TIME", "MANY_INTERVALS"]);
    // 48 calls an hour apart are two days; one day later half of them overlap.
    let (_folder, path) = written(&log(16, 1, talk));
    assert_eq!(codes(&document(&[&path])), ["MANY_INTERVALS"]);
    let (_folder, path) = written(&log(20, 2, talk));
    assert_eq!(codes(&document(&[&path])), ["PARTLY_AT_ONE_TIME", "MANY_INTERVALS"]);
}

#[test]
fn what_differs_beside_the_arm_is_said() {
    let talk = |arm: &str, call: u32| {
        // Every second call of `a` is a search, every fourth of `b`; five
        // conversations go through both arms.
        let search = call.is_multiple_of(if arm == "a" { 2 } else { 4 });
        let feature = if search { "search" } else { "chat" };
        let owner = if call < 15 { "both" } else { arm };
        format!(r#","feature":"{feature}","conversation_id":"{owner}{}""#, call / 3)
    };
    let (_folder, path) = written(&log(16, 0, talk));
    let found = document(&[&path]);
    assert_eq!(codes(&found), ["TRAFFIC_MIX", "SPLIT_CONVERSATIONS", "MANY_INTERVALS"]);
    assert_eq!(found.split_conversations, 5);
    assert_eq!(
        found.warnings[0].message,
        "`b` had other traffic than `a`: `chat` 75.0 % against 50.0 %, `search` 25.0 % against \
         50.0 %; a difference may be the traffic's"
    );
}

#[test]
fn without_conversations_calls_are_resampled_and_no_cost_of_one_is_told() {
    let (_folder, path) = written(&log(16, 0, |_, _| String::new()));
    let found = document(&[&path]);
    assert_eq!(found.conversations, None);
    assert_eq!(codes(&found), ["CONVERSATIONS_NOT_LOGGED", "MANY_INTERVALS"]);
    let metrics: Vec<&str> = found.differences.iter().map(|row| row.metric.name()).collect();
    assert_eq!(
        metrics,
        ["cost_per_call", "input_tokens_per_call", "output_tokens_per_call", "error_share"]
    );
    assert!(found.arms.iter().all(|arm| arm.conversations.is_none()));
}

#[test]
fn calls_outside_of_the_test_are_counted() {
    let mut text = log(16, 0, |_, _| String::new());
    text.push_str(
        "{\"request_id\":\"x\",\"model\":\"planted-1\",\"input_tokens\":1,\"output_tokens\":1}\n\
         not JSON\n",
    );
    let (_folder, path) = written(&text);
    let found = document(&[&path]);
    assert_eq!((found.calls_in_no_arm, found.input.rejected), (1, 1));
    let codes = codes(&found);
    assert!(codes.contains(&"IN_NO_ARM") && codes.contains(&"REJECTED"), "{codes:?}");
}

#[test]
fn scores_of_a_file_take_the_place_of_the_tag() {
    let folder = Folder::new();
    let mut scores = "call_id,model,score\n".to_owned();
    for conversation in 0..40 {
        for (arm, score) in [("control", "0.5"), ("verbose", "0.75")] {
            writeln!(scores, "{arm}-{conversation}-0,planted-1,{score}").expect("a row");
        }
    }
    folder.write("scores.csv", &scores);
    let found = document(&["--quality", &folder.path("scores.csv"), LONGER]);
    let shown: Vec<_> = found
        .arms
        .iter()
        .map(|arm| (arm.scored_calls, arm.score.map(|it| it.to_string())))
        .collect();
    assert_eq!(shown, [(40, Some("0.5".to_owned())), (40, Some("0.75".to_owned()))]);
    let none = document(&["--score", "rating", LONGER]);
    assert!(none.arms.iter().all(|arm| arm.score.is_none()));
    assert!(none.differences.iter().all(|row| row.metric.name() != "score"));
}

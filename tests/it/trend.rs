//! `tokopt trend` on logs of which every figure can be worked out by hand:
//! a prompt token of `small` costs a micro-dollar, one of `large` ten.

mod hand;
mod orders;
mod real;

use std::fmt::Write as _;

use assert_cmd::Command;
use serde_json::Value;

use super::levels::Folder;

/// One request: time, feature, model, thousands of input tokens.
type Request<'a> = (&'a str, &'a str, &'a str, u64);

/// A log of requests of 10 output tokens each, half of their input read from
/// the cache: `small` costs 0.55 dollars and 50 micro-dollars a million.
fn log<'a>(requests: impl IntoIterator<Item = Request<'a>>) -> String {
    requests.into_iter().fold(String::new(), |mut text, (time, feature, model, thousands)| {
        let _ = writeln!(
            text,
            "{{\"timestamp\": \"{time}\", \"provider\": \"openai\", \"feature\": \"{feature}\", \
             \"model\": \"{model}\", \"input_tokens\": {}, \"cache_read_input_tokens\": {}, \
             \"output_tokens\": 10, \"status\": \"success\", \"finish_reason\": \"stop\"}}",
            thousands * 1_000,
            thousands * 500
        );
        text
    })
}

/// Requests at midnight of so many thousand input tokens of `small` on each
/// day from 1 June 2026 on, without output: a dollar is 1,000.
fn midnights(thousands: &[u64]) -> String {
    let days = (1..).zip(thousands);
    days.fold(String::new(), |mut text, (day, thousands)| {
        let time = format!("2026-06-{day:02}T00:00:00Z");
        text.push_str(&plain(&time, *thousands));
        text
    })
}

/// One request of `small`, without output.
fn plain(time: &str, thousands: u64) -> String {
    format!(
        "{{\"timestamp\": \"{time}\", \"provider\": \"openai\", \"model\": \"small\", \
         \"input_tokens\": {}, \"output_tokens\": 0}}\n",
        thousands * 1_000
    )
}

/// Runs with the test's prices; its exit code and what it wrote.
fn run(folder: &Folder, arguments: &[&str]) -> (Option<i32>, String, String) {
    let prices = folder.path("prices.toml");
    let mut command = Command::new(env!("CARGO_BIN_EXE_tokopt"));
    command.args(["trend", "--prices", &prices]).args(arguments);
    for name in ["NO_COLOR", "CLICOLOR_FORCE", "COLUMNS", "CI", "TERM"] {
        command.env_remove(name);
    }
    let output = command.env("TOKOPT_CONFIG", "").output().expect("the program starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&folder.path(""), "");
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn printed(folder: &Folder, arguments: &[&str]) -> String {
    let (code, out, errors) = run(folder, arguments);
    assert_eq!((code, errors.as_str()), (Some(0), ""), "{arguments:?}");
    out
}

fn json(folder: &Folder, arguments: &[&str]) -> Value {
    let out = printed(folder, &[&["--format", "json"], arguments].concat());
    serde_json::from_str(&out).expect("JSON")
}

/// What is refused, and why.
fn refused(folder: &Folder, arguments: &[&str]) -> String {
    let (code, out, errors) = run(folder, arguments);
    assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}");
    errors
}

/// Four weeks from Monday, 4 May 2026: chat and search every day, less on
/// weekends; on Wednesday, 27 May, a job of the large model runs away. The last
/// day ends at noon.
fn month() -> String {
    let mut requests: Vec<(String, &str, &str, u64)> = Vec::new();
    for day in 4..=31 {
        let is_weekend = matches!(day % 7, 2 | 3);
        let usual = if is_weekend { 200 } else { 1_000 } + 10 * (day % 3);
        for (hour, feature, model, thousands) in [
            ("00:00", "chat", "small", usual),
            ("11:59", "search", "small", usual / 2),
            ("12:00", "nightly", "large", 20),
            ("23:30", "chat", "small", usual),
        ] {
            if day < 31 || hour < "12:30" {
                requests.push((format!("2026-05-{day:02}T{hour}:00Z"), feature, model, thousands));
            }
        }
        if day == 27 {
            for minute in 0..50 {
                let time = format!("2026-05-27T13:{minute:02}:00Z");
                requests.push((time, "nightly", "large", 100));
            }
        }
    }
    log(requests
        .iter()
        .map(|(time, feature, model, thousands)| (time.as_str(), *feature, *model, *thousands)))
}

#[test]
fn a_month_as_a_screen_and_as_a_page() {
    let folder = Folder::new();
    let path = folder.file("month.jsonl", &month());
    insta::assert_snapshot!("trend_screen", printed(&folder, &[&path]));
    insta::assert_snapshot!("trend_by_week", printed(&folder, &["--by", "week", &path]));
    insta::assert_snapshot!("trend_page", printed(&folder, &["--format", "md", &path]));
}

#[test]
fn a_month_for_programs() {
    let folder = Folder::new();
    let path = folder.file("month.jsonl", &month());
    insta::assert_snapshot!("trend_rows", printed(&folder, &["--format", "csv", &path]));
    let arguments = ["--by", "month", "--format", "json", &path];
    let document = printed(&folder, &arguments);
    let version = format!("\"tool_version\": \"{}\"", env!("CARGO_PKG_VERSION"));
    assert!(document.contains(&version), "{document}");
    let document = document.replace(env!("CARGO_PKG_VERSION"), "VERSION");
    let hash = serde_json::from_str::<Value>(&document).expect("JSON");
    let hash = hash["prices"]["table_hash"].as_str().expect("a hash").to_owned();
    insta::assert_snapshot!("trend_json", document.replace(&hash, "HASH"));
}

#[test]
fn every_kind_is_written_and_no_log_is_replaced() {
    let folder = Folder::new();
    let path = folder.file("month.jsonl", &month());
    let (page, tables) = (folder.path("trend.md"), format!("{}/", folder.path("tables")));
    let flat = format!("csv={}", folder.path("flat"));
    let arguments = ["-q", "-o", &page, "-o", &tables, "-o", &flat, &path];
    assert_eq!(printed(&folder, &arguments), "");
    let read = |name: &str| std::fs::read_to_string(folder.path(name)).expect("it was written");
    assert!(read("trend.md").starts_with("# LLM usage trend\n"));
    assert_eq!(read("flat"), read("tables/periods.csv"));
    insta::assert_snapshot!("trend_standing_out", read("tables/standing_out.csv"));
    insta::assert_snapshot!("trend_forecast", read("tables/forecast.csv"));
    assert!(read("tables/warnings.csv").starts_with("code,message\r\n"));

    let errors = refused(&folder, &["-o", &format!("csv={path}"), &path]);
    assert!(errors.contains("would replace the file it is made from"), "{errors}");
    assert_eq!(read("month.jsonl"), month());
}

#[test]
fn what_has_no_trend_says_what_would_settle_it() {
    let folder = Folder::new();
    let untimed = "{\"model\": \"small\", \"input_tokens\": 5, \"output_tokens\": 1}\n";
    let path = folder.file("untimed.jsonl", &untimed.repeat(2));
    assert_eq!(
        refused(&folder, &[&path]),
        "error: none of 2 calls has a time: without times there is no trend\n\
         hint: log the time of each request; `tokopt inspect` shows what the records carry\n"
    );
    let saved = folder.file(
        "analysis.json",
        "{\n  \"schema_version\": \"1.0\",\n  \"tool_version\": \"0.1.0\",\n  \"totals\": {}\n}\n",
    );
    assert_eq!(
        refused(&folder, &[&saved]),
        "error: `analysis.json` is a saved analysis, which does not keep every day: a trend needs \
         the logs\nhint: give the files that the analysis was made from\n"
    );
    let times = [plain("0202-06-01T00:00:00Z", 1), plain("2026-06-01T00:00:00Z", 1)];
    let long = folder.file("long.jsonl", &times.concat());
    let errors = refused(&folder, &[&long]);
    assert!(errors.contains("more than 40000"), "{errors}");
    assert!(errors.contains("--since"), "{errors}");
}

#[test]
fn nothing_is_said_to_be_nothing() {
    let folder = Folder::new();
    let empty = folder.file("empty.json", "[]");
    let screen = printed(&folder, &[&empty]);
    assert!(screen.starts_with("No calls found\n"), "{screen}");
    let document = json(&folder, &[&empty]);
    assert_eq!(document["periods"], serde_json::json!([]));
    assert_eq!(document["forecast"], Value::Null);
}

#[test]
fn a_name_from_a_log_stays_a_name() {
    let folder = Folder::new();
    let wild = "\\u001b[31m=1+1|<b>";
    let days: Vec<String> = (1..=8).map(|day| format!("2026-06-{day:02}T00:00:00Z")).collect();
    let thousands = |at: u64| if at == 4 { 9_000 } else { 1_000 + at };
    let days = days.iter().zip(0_u64..);
    let text = log(days.map(|(day, at)| (day.as_str(), wild, "small", thousands(at))));
    let path = folder.file("wild.jsonl", &text);
    let screen = printed(&folder, &[&path]);
    assert!(screen.contains("feature =1+1|<b>:") && !screen.contains('\u{1b}'), "{screen}");
    let page = printed(&folder, &["--format", "md", &path]);
    assert!(page.contains("feature =1+1\\|&lt;b&gt;:"), "{page}");
    let tables = format!("{}/", folder.path("tables"));
    printed(&folder, &["-q", "-o", &tables, &path]);
    let rows = std::fs::read_to_string(folder.path("tables/standing_out.csv")).expect("rows");
    assert!(rows.contains(",'=1+1|<b>,"), "{rows}");
}

#[test]
fn a_narrow_screen_stays_narrow() {
    let folder = Folder::new();
    let path = folder.file("month.jsonl", &month());
    for columns in [60, 80, 120, 140] {
        let prices = folder.path("prices.toml");
        let mut command = Command::new(env!("CARGO_BIN_EXE_tokopt"));
        command.args(["trend", "--prices", &prices, &path]).env("TOKOPT_CONFIG", "");
        let output = command.env("COLUMNS", columns.to_string()).output().expect("it starts");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let widest = text.lines().map(|line| line.chars().count()).max().unwrap_or(0);
        assert!(widest <= columns, "{widest} of {columns}:\n{text}");
        assert_eq!(text.contains("tokens a call"), columns >= 120, "{text}");
    }
}

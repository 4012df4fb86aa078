//! What tokopt says about real logs, beside what others counted in them.
//!
//! The expected figures are published by the logs' authors, or worked out here
//! by a second program that shares nothing with the first but the file.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;

use serde_json::Value;
use tokopt::ingest::{ReadOptions, read};
use tokopt::ledger::{Ledger, Settings};
use tokopt::prices::{PriceSource, PriceTable};
use tokopt::record::call::Call;
use tokopt::record::component::Component;
use tokopt::record::log::Log;
use tokopt::report::assemble::{self, Naming};
use tokopt::units::{Tokens, Usd};

use crate::reference;

fn log_of(path: &Path) -> Log {
    let paths = [path.to_string_lossy().into_owned()];
    read(&paths, ReadOptions::default(), &()).unwrap_or_else(|error| panic!("{error}"))
}

/// Input, uncached, read, written and output tokens of a call.
fn counts(call: &Call) -> [u64; 5] {
    let usage = call.usage.get();
    let get = |tokens: Option<Tokens>| tokens.unwrap_or_default().get();
    [
        get(usage.input),
        get(usage.uncached_input()),
        get(usage.cache_read),
        usage.cache_written().get(),
        get(usage.output),
    ]
}

fn sums(log: &Log) -> [u64; 5] {
    log.calls.iter().map(counts).fold([0; 5], |mut sums, counts| {
        for (sum, count) in sums.iter_mut().zip(counts) {
            *sum += count;
        }
        sums
    })
}

#[test]
fn a_coding_session_has_the_totals_its_authors_published() {
    let Some(path) = reference::path("samples/claude-code/tracelab/session-01.jsonl") else {
        return;
    };
    let log = log_of(&path);
    let [file] = log.accounting.files.as_slice() else { panic!("one file") };
    // 25 lines of the model are 10 calls.
    assert_eq!((file.format, file.calls, file.duplicates), ("claude-code", 10, 15));
    assert_eq!((file.rejected, file.child_calls), (0, 0));
    assert_eq!(file.lines, file.calls + file.duplicates + file.ignored_total());
    assert_eq!(sums(&log), [418_193, 3_039, 394_068, 21_086, 9_423]);

    let table = PriceTable::embedded().unwrap_or_else(|error| panic!("{error}"));
    let settings = Settings::default();
    let ledger = Ledger::new(&log, &table, &settings);
    let document = assemble::document(&log, &ledger, &Naming::PublishedKey, None);
    let totals = &document.totals;
    let get = |tokens: Option<Tokens>| tokens.map(Tokens::get);
    assert_eq!(totals.calls, Some(10));
    assert_eq!(get(totals.input_tokens), Some(418_193));
    assert_eq!(get(totals.uncached_input_tokens), Some(3_039));
    assert_eq!(get(totals.cache_read_input_tokens), Some(394_068));
    assert_eq!(get(totals.cache_write_input_tokens), Some(21_086));
    assert_eq!(get(totals.output_tokens), Some(9_423));
}

#[test]
fn a_coding_session_agrees_with_its_answer_key_call_by_call() {
    let (Some(session), Some(key)) = (
        reference::path("samples/claude-code/tracelab/session-01.jsonl"),
        reference::path("samples/tracelab/derived-round_trace.jsonl"),
    ) else {
        return;
    };
    let log = log_of(&session);
    let ours: BTreeMap<&str, [u64; 5]> = log
        .calls
        .iter()
        .map(|call| (log.strings.text_of(call.request_id).unwrap_or_default(), counts(call)))
        .collect();
    let text = std::fs::read_to_string(key).expect("a readable answer key");
    let rounds = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let rounds: Vec<Value> = rounds.filter(|round| round["provider"] == "claude").collect();
    let theirs: BTreeMap<&str, [u64; 5]> = rounds
        .iter()
        .map(|round| {
            let fields = [
                "input_tokens_total",
                "claude_uncached_input_tokens",
                "claude_cache_read_input_tokens",
                "claude_cache_creation_input_tokens",
                "output_tokens",
            ];
            let id = round["round_id"].as_str().expect("an id");
            (id, fields.map(|field| round[field].as_u64().expect("a count")))
        })
        .collect();
    assert_eq!(theirs.len(), 10);
    assert_eq!(ours, theirs);
}

#[test]
fn a_block_trace_has_its_published_size() {
    let below = "traces/mooncake-conversation/conversation_trace.jsonl.gz";
    let Some(path) = reference::path(below) else { return };
    let log = log_of(&path);
    let [input, _, _, _, output] = sums(&log);
    assert_eq!((log.calls.len(), input, output), (12_031, 144_793_823, 4_122_048));
    let [file] = log.accounting.files.as_slice() else { panic!("one file") };
    assert_eq!((file.lines, file.calls), (12_031, 12_031));
}

/// What the test itself adds up while it writes the log of some agent runs.
#[derive(Default)]
pub struct Unfolded {
    pub calls: usize,
    pub input: u64,
    pub read: u64,
    output: u64,
    /// Logged dollars of each call.
    costs: BTreeMap<String, String>,
    /// Characters of prompts that an earlier call of the run already sent.
    history: u64,
    /// Characters of whole prompts.
    characters: u64,
}

/// Characters of a message as the model sees it.
fn characters(message: &Value) -> u64 {
    let length = |value: &Value| value.as_str().map_or(0, |text| text.chars().count() as u64);
    let calls = message["tool_calls"].as_array().into_iter().flatten();
    let calls = calls
        .map(|call| length(&call["function"]["name"]) + length(&call["function"]["arguments"]));
    length(&message["content"]) + calls.sum::<u64>()
}

/// The message as a client sends it: no notes of the agent's own.
fn as_sent(message: &Value) -> Value {
    let kept = ["role", "content", "name", "tool_call_id", "tool_calls"];
    let entries = message.as_object().into_iter().flatten();
    let entries = entries.filter(|(key, _)| kept.contains(&key.as_str()));
    entries
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// Writes what a proxy would have logged of a run: every answer that reports
/// usage is one exchange, its prompt is all messages before it.
pub fn unfold(run: &Value, out: &mut impl std::io::Write, seen: &mut Unfolded) {
    let name = |key: &str| run[key].as_str().unwrap_or_default().to_owned();
    let session = format!("{}/{}", name("run"), name("instance_id"));
    let (mut prompt, mut lengths, mut sent) = (String::new(), Vec::new(), HashSet::new());
    for message in run["messages"].as_array().into_iter().flatten() {
        let (extra, answer) = (&message["extra"], as_sent(message));
        let usage = &extra["response"]["usage"];
        if message["role"] == "assistant" && usage.is_object() {
            let id = extra["response"]["id"].as_str().expect("an id");
            let seconds = extra["timestamp"].as_f64().expect("a time");
            #[expect(clippy::cast_possible_truncation, reason = "microseconds of this century")]
            let micros = (seconds * 1e6) as i64;
            let model = &extra["response"]["model"];
            writeln!(
                out,
                r#"{{"timestamp":"{}","session_id":{},"feature":{},"provider":"deepseek","cost":{},"request":{{"model":{model},"messages":[{prompt}]}},"response":{{"id":"{id}","model":{model},"choices":[{{"index":0,"message":{answer},"finish_reason":"stop"}}],"usage":{usage}}}}}"#,
                tokopt::units::Timestamp::from_micros(micros),
                Value::from(session.as_str()),
                run["run"],
                extra["cost"],
            )
            .expect("the log is writable");
            seen.calls += 1;
            seen.input += usage["prompt_tokens"].as_u64().expect("a count");
            seen.read += usage["prompt_cache_hit_tokens"].as_u64().expect("a count");
            seen.output += usage["completion_tokens"].as_u64().expect("a count");
            let before = seen.costs.insert(id.to_owned(), extra["cost"].to_string());
            assert_eq!(before, None, "ids are unique");
            for (position, (length, is_system)) in lengths.iter().enumerate() {
                seen.characters += length;
                // A message stands at the same place in every later prompt.
                if !sent.insert(position) && !is_system {
                    seen.history += length;
                }
            }
        }
        if !prompt.is_empty() {
            prompt.push(',');
        }
        let _ = write!(prompt, "{answer}");
        lengths.push((characters(message), message["role"] == "system"));
    }
}

/// Reads dollars that may be written with an exponent, exactly.
fn dollars(text: &str) -> Usd {
    let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let plain = match exponent.parse::<i32>().expect("an exponent") {
        0 => digits.to_owned(),
        exponent => {
            let places = usize::try_from(-exponent).expect("a small amount");
            let whole = digits.replace('.', "");
            format!("0.{}{whole}", "0".repeat(places - 1))
        }
    };
    Usd::from_decimal(&plain).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The prices that the runs were billed at.
pub const AS_BILLED: &str = r#"
[[model]]
provider = "deepseek"
id = "deepseek-chat"
[[model.price]]
input = "0.28"
cache_read = "0.028"
output = "0.42"
"#;

#[test]
fn agent_runs_cost_what_they_were_billed_and_are_mostly_history() {
    const RUNS: usize = 6;
    const MICRO_DOLLAR: u128 = 1_000_000_000;
    let Some(path) = reference::path("traces/deepseek-swe-dev/trajectories.jsonl.gz") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let log_path = folder.path().join("proxy.jsonl");
    let mut seen = Unfolded::default();
    let mut out = std::io::BufWriter::new(std::fs::File::create(&log_path).expect("writable"));
    let runs = std::fs::File::open(path).expect("a readable trace");
    let runs = BufReader::new(flate2::read::MultiGzDecoder::new(runs));
    for line in runs.lines().take(RUNS) {
        let run = serde_json::from_str(&line.expect("text")).expect("JSON");
        unfold(&run, &mut out, &mut seen);
    }
    out.flush().expect("the log is writable");
    drop(out);

    let log = log_of(&log_path);
    let table = PriceTable::with_overrides(&[PriceSource { name: "billed.toml", text: AS_BILLED }])
        .unwrap_or_else(|error| panic!("{error}"));
    let settings = Settings::default();
    let ledger = Ledger::new(&log, &table, &settings);
    assert_eq!((log.calls.len(), ledger.conversations.members().len()), (seen.calls, RUNS));
    assert_eq!(sums(&log), [seen.input, seen.input - seen.read, seen.read, 0, seen.output]);

    for entry in &ledger.entries {
        let call = ledger.call(entry);
        let id = log.strings.text_of(call.request_id).unwrap_or_default();
        let billed = dollars(&seen.costs[id]);
        let priced = entry.bill.total().expect("priced");
        let apart = priced.femto().abs_diff(billed.femto());
        assert!(apart < MICRO_DOLLAR, "{id}: priced {priced:?}, billed {billed:?}");
        assert!(
            call.logged_cost
                .get()
                .is_some_and(|logged| { logged.femto().abs_diff(billed.femto()) < MICRO_DOLLAR })
        );
    }
    let priced: Usd = ledger.entries.iter().filter_map(|entry| entry.bill.total()).sum();
    let billed: Usd = seen.costs.values().map(|cost| dollars(cost)).sum();
    assert!(priced.femto().abs_diff(billed.femto()) < MICRO_DOLLAR, "{priced:?}, {billed:?}");

    let document = assemble::document(&log, &ledger, &Naming::PublishedKey, None);
    let mut rows = document.attribution.component.iter();
    let history = rows.find(|row| row.key == Component::History.key());
    let history = history.and_then(|row| row.figures.input_tokens).unwrap_or_default().get();
    #[expect(clippy::cast_precision_loss, reason = "shares need no more than 52 bits")]
    let (ours, theirs) = (
        100.0 * history as f64 / seen.input as f64,
        100.0 * seen.history as f64 / seen.characters as f64,
    );
    println!("history: {ours:.2} % of tokens, {theirs:.2} % of characters");
    assert!((ours - theirs).abs() < 1.5, "{ours:.2} % against {theirs:.2} %");
}

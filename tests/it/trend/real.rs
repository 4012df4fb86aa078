//! Trends of public logs, beside what a few lines of Rust count in the files.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;

use serde_json::Value;
use tokopt::ingest::{ReadOptions, read};
use tokopt::ledger::{Ledger, Settings};
use tokopt::prices::PriceTable;
use tokopt::report::assemble;
use tokopt::report::document::Trend;
use tokopt::trend::{Step, trend};

use crate::reference;

fn document(path: &Path, step: Step) -> Trend {
    let paths = [path.to_string_lossy().into_owned()];
    let log = read(&paths, ReadOptions::default(), &()).expect("a log");
    let table = PriceTable::embedded().expect("a table");
    let settings = Settings::default();
    let ledger = Ledger::new(&log, &table, &settings);
    assemble::trend(&ledger, trend(&ledger, Some(step)).expect("times").as_ref())
}

/// Calls and input tokens of every period that has a call.
fn used(trend: &Trend) -> BTreeMap<String, (u64, u64)> {
    let periods = trend.periods.iter().map(|period| {
        let figures = &period.figures;
        let tokens = figures.input_tokens.expect("tokens").get();
        (period.period.clone(), (figures.calls.expect("calls"), tokens))
    });
    periods.filter(|(_, (calls, _))| *calls > 0).collect()
}

fn unpacked(path: &Path) -> impl Read {
    flate2::read::GzDecoder::new(std::fs::File::open(path).expect("the trace"))
}

#[test]
fn a_trace_by_numbered_days() {
    let Some(path) = reference::path("traces/mooncake-conversation/conversation_trace.jsonl.gz")
    else {
        return;
    };
    let mut expected = BTreeMap::<String, (u64, u64)>::new();
    for line in BufReader::new(unpacked(&path)).lines() {
        let row: Value = serde_json::from_str(&line.expect("a line")).expect("JSON");
        let milliseconds = row["timestamp"].as_u64().expect("a time");
        let day = format!("day {}", milliseconds / 86_400_000 + 1);
        let (calls, tokens) = expected.entry(day).or_default();
        *calls += 1;
        *tokens += row["input_length"].as_u64().expect("tokens");
    }
    let found = document(&path, Step::Day);
    assert_eq!(used(&found), expected);
    assert!(found.time_zone.is_none() && found.forecast.is_none());
}

#[test]
fn a_trace_by_dates() {
    let Some(path) =
        reference::path("traces/azure-llm-2023-code/AzureLLMInferenceTrace_code.csv.gz")
    else {
        return;
    };
    let mut expected = BTreeMap::<String, (u64, u64)>::new();
    for line in BufReader::new(unpacked(&path)).lines().skip(1) {
        let line = line.expect("a line");
        let cells: Vec<&str> = line.split(',').collect();
        let (calls, tokens) = expected.entry(cells[0][..10].to_owned()).or_default();
        *calls += 1;
        *tokens += cells[1].trim().parse::<u64>().expect("tokens");
    }
    assert_eq!(used(&document(&path, Step::Day)), expected);
}

#[test]
fn rounds_of_coding_agents_by_month() {
    let Some(path) = reference::path("traces/tracelab-sample/round_trace.jsonl") else {
        return;
    };
    let found = document(&path, Step::Month);
    let names: Vec<&str> = found.periods.iter().map(|period| period.period.as_str()).collect();
    assert_eq!(names, ["2026-03", "2026-04", "2026-05", "2026-06"]);
    let total: u64 = used(&found).values().map(|(calls, _)| calls).sum();
    assert_eq!(Some(total), found.totals.calls);
}

//! Traces of serving systems and agents that hold counts alone, from file to
//! log.
//!
//! Every expected number is worked out by hand from the fixture named beside it.

use std::path::Path;

use tokopt::ingest::{ReadOptions, read};
use tokopt::record::call::{Call, Status};
use tokopt::record::log::{FileAccount, Log};
use tokopt::units::{Moment, Timestamp, Tokens};

use crate::reference;

fn log_of(path: &Path) -> Log {
    let paths = [path.to_string_lossy().into_owned()];
    let log = read(&paths, ReadOptions::default(), &()).unwrap_or_else(|error| panic!("{error}"));
    for file in &log.accounting.files {
        let told = file.calls + file.duplicates + file.ignored_total() + file.rejected;
        assert_eq!(file.lines, told, "{file:?}");
    }
    log
}

fn fixture(below: &str) -> Log {
    log_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/ingest").join(below))
}

fn account(log: &Log) -> &FileAccount {
    let [file] = log.accounting.files.as_slice() else { panic!("one file was read") };
    file
}

fn reasons(log: &Log) -> Vec<(u64, &str)> {
    let rejections = account(log).rejections.iter();
    rejections.map(|rejection| (rejection.line, rejection.reason.as_str())).collect()
}

/// Input, cache reads, cache writes, output and reasoning of a call.
fn usage(call: &Call) -> [Option<u64>; 5] {
    let usage = call.usage.get();
    let count = |tokens: Option<Tokens>| tokens.map(Tokens::get);
    [
        count(usage.input),
        count(usage.cache_read),
        usage.cache_write.map(|writes| writes.total().get()),
        count(usage.output),
        count(usage.reasoning),
    ]
}

fn name(log: &Log, symbol: Option<tokopt::record::symbol::Symbol>) -> Option<&str> {
    log.strings.text_of(symbol)
}

#[test]
fn rounds_are_calls_with_a_cache_split() {
    let log = fixture("tracelab-rounds/kept/rounds.jsonl");
    let file = account(&log);
    assert_eq!((file.format, file.lines, file.calls), ("tracelab-rounds", 3, 3));
    let [first, second, third] = log.calls.as_slice() else { panic!("three calls") };
    // 2,000 + 500; 2,480 + 120; 512 + 300.
    assert_eq!(usage(first), [Some(2_500), Some(2_000), Some(480), Some(40), None]);
    assert_eq!(usage(second), [Some(2_600), Some(2_480), Some(0), Some(15), None]);
    assert_eq!(usage(third), [Some(812), Some(512), None, Some(60), Some(25)]);
    let names = [first.provider, first.model, third.provider].map(|symbol| name(&log, symbol));
    assert_eq!(names, [Some("anthropic"), Some("claude-opus-4-8"), Some("openai")]);
    assert_eq!(name(&log, first.conversation), Some("claude:mill-session"));
    assert_eq!(name(&log, first.feature), Some("project_mill"));
    // The request goes out with the last tool result, at 05:00:06.
    let sent = Timestamp::parse("2026-09-11T05:00:06Z").map(Moment::dated);
    assert_eq!(second.time.get(), sent);
    let waits = [first, second, third].map(|call| call.latency_milliseconds.get());
    assert_eq!(waits, [Some(4_500), Some(3_000), None]);
    assert_eq!(third.time.get(), None);
}

#[test]
fn rounds_said_twice_and_rounds_that_contradict_themselves() {
    let log = fixture("tracelab-rounds/merged/again.jsonl");
    assert_eq!((account(&log).calls, account(&log).duplicates), (2, 1));
    assert_eq!(
        reasons(&fixture("tracelab-rounds/rejected/rounds.jsonl")),
        [
            (1, "prefix and newly appended tokens are not the total input"),
            (2, "no `prefix_tokens`"),
            (3, "written tokens exceed newly appended tokens"),
            (4, "`output_tokens` is not a count"),
            (5, "not a JSON object"),
        ]
    );
}

#[test]
fn the_reference_rounds_are_read() {
    for below in
        ["samples/tracelab/derived-round_trace.jsonl", "traces/tracelab-sample/round_trace.jsonl"]
    {
        let Some(path) = reference::path(below) else { return };
        let log = log_of(&path);
        assert_eq!((account(&log).format, account(&log).calls), ("tracelab-rounds", 19));
        let sum = |provider: &str, at: usize| -> u64 {
            let calls = log.calls.iter().filter(|call| name(&log, call.provider) == Some(provider));
            calls.filter_map(|call| usage(call)[at]).sum()
        };
        // As published with the trace.
        let claude = [0, 1, 2, 3].map(|at| sum("anthropic", at));
        assert_eq!(claude, [418_193, 394_068, 21_086, 9_423]);
        assert_eq!([0, 1, 3].map(|at| sum("openai", at)), [95_819, 79_488, 1_912]);
    }
}

#[test]
fn burst_rows_are_requests_and_an_empty_answer_is_a_failure() {
    let log = fixture("burstgpt/kept/rows.csv");
    let file = account(&log);
    // Two equal rows are two requests.
    assert_eq!((file.format, file.lines, file.calls), ("burstgpt", 4, 4));
    let sum = |at: usize| log.calls.iter().filter_map(|call| usage(call)[at]).sum::<u64>();
    // 472 + 1,087 + 300 + 300; 18 + 0 + 200 + 200.
    assert_eq!((sum(0), sum(3)), (2_159, 418));
    let failed: Vec<_> = log.calls.iter().filter(|call| call.status == Status::Error).collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].time.get(), Some(Moment::relative(45_250_000)));
    assert_eq!(name(&log, failed[0].feature), Some("API log"));
    assert_eq!(usage(failed[0])[1], None, "no cache counts");
}

#[test]
fn newer_burst_rows_name_sessions() {
    let log = fixture("burstgpt/kept/sessions.csv");
    let sessions: Vec<_> = log.calls.iter().map(|call| name(&log, call.conversation)).collect();
    assert_eq!(sessions, [Some("session-7"), Some("session-7"), None]);
    let waits: Vec<_> = log.calls.iter().map(|call| call.latency_milliseconds.get()).collect();
    assert_eq!(waits, [Some(2_500), Some(1_250), None]);
}

#[test]
fn broken_burst_rows_are_rejected() {
    assert_eq!(
        reasons(&fixture("burstgpt/rejected/rows.csv")),
        [
            (2, "`Timestamp` is not seconds from the trace's start"),
            (3, "`Request tokens` is not a count"),
            (4, "request and response tokens are not the total"),
            (5, "no `Request tokens`"),
            (6, "`Timestamp` is not seconds from the trace's start"),
        ]
    );
}

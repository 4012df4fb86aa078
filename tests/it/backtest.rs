//! Predicted cache reads beside the billed ones.

use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::Path;

use tokopt::ingest::{ReadOptions, read};
use tokopt::ladder::backtest::{Backtest, Tally};
use tokopt::ledger::{Ledger, Settings};
use tokopt::prices::{PriceSource, PriceTable};
use tokopt::record::log::Log;
use tokopt::techniques::parameters::Assumptions;
use tokopt::techniques::traffic::Traffic;

use crate::proofs::{AS_BILLED, Unfolded, unfold};
use crate::reference;

fn log_of(path: &Path) -> Log {
    let paths = [path.to_string_lossy().into_owned()];
    read(&paths, ReadOptions::default(), &()).unwrap_or_else(|error| panic!("{error}"))
}

/// Predicts every call of a log, at the built-in prices with these over them.
fn backtest(path: &Path, prices: &str) -> Backtest {
    let log = log_of(path);
    let table = PriceTable::with_overrides(&[PriceSource { name: "test.toml", text: prices }])
        .unwrap_or_else(|error| panic!("{error}"));
    let settings = Settings::default();
    let ledger = Ledger::new(&log, &table, &settings);
    Backtest::of(&Traffic::of(&ledger), &Assumptions::typical())
}

fn fixture(name: &str) -> Backtest {
    backtest(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/ingest").join(name), "")
}

#[test]
fn predictions_worked_out_by_hand() {
    let found = fixture("openinference-spans/kept/turns.json");
    let calls: Vec<_> = found
        .calls
        .iter()
        .map(|call| {
            let id = call.id.as_deref().unwrap_or_default();
            (id, call.billed, call.predicted, call.cold_start)
        })
        .collect();
    assert_eq!(
        calls,
        [
            // Nothing came before.
            ("span-1", 0, 0, true),
            // The first call's 2,000 less its 5 uncached were written.
            ("span-2", 1_995, 1_995, false),
            // 400 s later, after a lifetime of 300.
            ("span-3", 0, 0, false),
            // 3,000 less 10 uncached.
            ("span-4", 2_990, 2_990, false),
            // 3,505 less 5 should have been there; the provider wrote it again.
            ("span-5", 0, 3_500, false),
            // Read from an entry older than the log.
            ("span-6", 1_200, 0, true),
            // 1,200 read and 800 written; the provider says more was there.
            ("span-7", 2_100, 2_000, false),
        ]
    );
    let tally = Tally { exact: 3, over: 1, under: 1, cold_starts: 2 };
    assert_eq!(found.tally(), tally);
    // 2,000 + 2,600 + 3,000 + 3,505 + 4,010 + 2,005 + 2,205.
    assert_eq!(found.input, 19_325);
    // At 3, 0.3 and 3.75 a million. Uncached 5 + 5 + 10 + 5 + 10 + 5 + 5 = 45, read
    // 1,995 + 2,990 + 1,200 + 2,100 = 8,285, written 1,995 + 600 + 2,990 + 510 +
    // 4,000 + 800 + 100 = 10,995:
    //   45 x 3 + 8,285 x 0.3 + 10,995 x 3.75 = 43,851.75 millionths
    assert_eq!(found.billed_cost.to_nano().nano(), 43_851_750);
    // Read 1,995 + 2,990 + 3,500 + 0 + 2,000 = 10,485, the other 8,795 written:
    //   45 x 3 + 10,485 x 0.3 + 8,795 x 3.75 = 36,261.75
    assert_eq!(found.predicted_cost.to_nano().nano(), 36_261_750);
}

/// Two calls of a gateway that passes on what was read and not what was written.
fn reads_without_writes(first: u64, second: u64) -> Backtest {
    let line = |second: u64, input: u64, read: u64, messages: &serde_json::Value| {
        let answer = serde_json::json!({"role": "assistant", "content": "Eleven."});
        serde_json::json!({
            "timestamp": format!("2026-03-01T08:00:{second:02}Z"), "session_id": "s",
            "provider": "anthropic",
            "request": {"model": "claude-sonnet-4-5", "messages": messages},
            "response": {"object": "chat.completion", "id": format!("m-{second}"),
                "model": "claude-sonnet-4-5",
                "choices": [{"index": 0, "message": answer, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": input, "completion_tokens": 3,
                    "prompt_tokens_details": {"cached_tokens": read}}}
        })
        .to_string()
    };
    let question = serde_json::json!({"role": "user", "content": "Count the swallows."});
    let (opening, whole) = (
        serde_json::json!([question]),
        serde_json::json!([question, {"role": "assistant", "content": "Eleven."},
            {"role": "user", "content": "And now?"}]),
    );
    let lines = [line(0, 2_000, first, &opening), line(30, 2_600, second, &whole)].join("\n");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("log.jsonl");
    std::fs::write(&path, lines).expect("writable");
    backtest(&path, "")
}

#[test]
fn where_writes_are_not_counted_the_billed_reads_do_not_leak_into_the_prediction() {
    // All of the first prompt may have been written, whatever was read of it.
    for billed in [1_500, 1_990] {
        let found = reads_without_writes(0, billed);
        assert_eq!((found.calls[1].billed, found.calls[1].predicted), (billed, 2_000));
    }
    // Who never reads does not cache.
    assert_eq!(reads_without_writes(0, 0).calls[1].predicted, 0);
}

#[test]
fn an_agents_turn_is_predicted_to_the_token() {
    let Some(path) = reference::path("samples/phoenix-spans/pxi_turn_trace.json") else { return };
    let found = backtest(&path, "");
    assert_eq!(found.tally(), Tally { exact: 8, cold_starts: 1, ..Tally::default() });
}

#[test]
fn a_coding_session_is_predicted_to_the_token() {
    let (Some(session), Some(key)) = (
        reference::path("samples/claude-code/tracelab/session-01.jsonl"),
        reference::path("traces/tracelab-sample/round_trace.jsonl"),
    ) else {
        return;
    };
    let found = backtest(&session, "");
    assert_eq!(found.tally(), Tally { exact: 9, cold_starts: 1, ..Tally::default() });
    // The published rounds have other ids; their order is the session's.
    let text = std::fs::read_to_string(key).expect("a readable answer key");
    let rounds = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let read: Vec<u64> = rounds
        .filter(|round| round["provider"] == "claude")
        .map(|round| round["claude_cache_read_input_tokens"].as_u64().expect("a count"))
        .collect();
    let predicted: Vec<u64> = found.calls.iter().map(|call| call.predicted).collect();
    assert_eq!(predicted[1..], read[1..]);
}

/// The other session of the published rounds is read from its counts alone, to
/// be looked at: no target is set for it, its provider loses too much.
#[test]
fn a_session_of_counts_is_shown_without_a_target() {
    let Some(key) = reference::path("traces/tracelab-sample/round_trace.jsonl") else { return };
    let text = std::fs::read_to_string(key).expect("a readable answer key");
    let rounds = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let lines: Vec<String> = rounds
        .filter(|round| round["provider"] == "codex")
        .map(|round| {
            serde_json::json!({
                "timestamp": round["timing_events"][0]["timestamp"],
                "request_id": round["round_id"],
                "conversation_id": round["session_id"],
                "provider": "openai",
                "model": round["model"],
                "input_tokens": round["input_tokens_total"],
                "cached_tokens": round["prefix_tokens"],
                "output_tokens": round["output_tokens"],
            })
            .to_string()
        })
        .collect();
    let folder = tempfile::tempdir().expect("a folder");
    let log_path = folder.path().join("rounds.jsonl");
    std::fs::write(&log_path, lines.join("\n")).expect("writable");
    let found = backtest(&log_path, "");
    for call in &found.calls {
        println!("billed {:>6}, predicted {:>6}", call.billed, call.predicted);
    }
    let tally = found.tally();
    println!("{tally:?}");
    // Nine rounds of one session.
    assert_eq!((found.calls.len(), tally.cold_starts), (9, 1));
}

#[test]
fn agent_runs_are_predicted_where_the_provider_keeps_what_it_has() {
    let Some(path) = reference::path("traces/deepseek-swe-dev/trajectories.jsonl.gz") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let log_path = folder.path().join("proxy.jsonl");
    let mut seen = Unfolded::default();
    let mut out = BufWriter::new(std::fs::File::create(&log_path).expect("writable"));
    let runs = std::fs::File::open(path).expect("a readable trace");
    for line in BufReader::new(flate2::read::MultiGzDecoder::new(runs)).lines() {
        let run = serde_json::from_str(&line.expect("text")).expect("JSON");
        unfold(&run, &mut out, &mut seen);
    }
    out.flush().expect("the log is writable");
    drop(out);

    let found = backtest(&log_path, AS_BILLED);
    let tally = found.tally();
    let billed: u64 = found.calls.iter().map(|call| call.billed).sum();
    assert_eq!((found.calls.len(), found.input, billed), (seen.calls, seen.input, seen.read));
    let predicted: u64 = found.calls.iter().map(|call| call.predicted).sum();
    #[expect(clippy::cast_precision_loss, reason = "shares need no more than 52 bits")]
    let (share, gap) = (
        predicted as f64 / found.input as f64,
        found.predicted_cost.femto() as f64 / found.billed_cost.femto() as f64 - 1.0,
    );
    println!("{tally:?}, predicted share {share:.4}, predicted input bill {:+.2} %", gap * 100.0);
    // The authors' trace has 3,810 calls that read 0.9780 of their input. The
    // provider loses some entries: a replay that never does comes out above.
    assert_eq!(seen.calls, 3_810);
    assert!(tally.exact >= 2_800, "{tally:?}");
    assert!((share - 0.9780).abs() < 0.015, "{share}");
    assert!((-0.08..-0.06).contains(&gap), "{gap}");
}

//! The same sums and grades on real logs, where they are at hand.

use std::path::Path;

use tokopt::ingest::{ReadOptions, read};
use tokopt::ledger;
use tokopt::prices::PriceTable;

use super::money::adds_up;
use super::{Bench, grades};
use crate::{proofs, reference};

/// A log as it lies, at the prices that are shipped.
fn bench(paths: &[&Path], model: Option<&str>) -> Option<Bench> {
    let paths: Vec<String> = paths.iter().map(|path| path.to_string_lossy().into_owned()).collect();
    let log = read(&paths, ReadOptions::default(), &()).ok()?;
    let table = PriceTable::embedded().unwrap_or_else(|error| panic!("{error}"));
    let ledger =
        ledger::Settings { model: model.map(str::to_owned), ..ledger::Settings::default() };
    Some(Bench { log, table, ledger })
}

fn holds(bench: &Bench) {
    adds_up(bench);
    grades::grades_hold(&bench.ladder());
}

/// The first lines of a packed file, in a file of their own.
fn first_lines(path: &Path, count: usize) -> (tempfile::TempDir, std::path::PathBuf) {
    use std::io::BufRead as _;
    let file = std::fs::File::open(path).expect("a readable trace");
    let lines = std::io::BufReader::new(flate2::read::MultiGzDecoder::new(file)).lines();
    let lines: Vec<String> = lines.take(count).map(|line| line.expect("text")).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("first.jsonl");
    std::fs::write(&path, lines.join("\n")).expect("writable");
    (folder, path)
}

#[test]
fn rows_of_a_block_trace_add_up() {
    let below = "traces/mooncake-conversation/conversation_trace.jsonl.gz";
    let Some(path) = reference::path(below) else { return };
    let (_folder, path) = first_lines(&path, 1_000);
    // Caching that is asked for, and caching that is not.
    for model in ["claude-sonnet-4-5", "gpt-4.1"] {
        let bench = bench(&[&path], Some(model)).expect("a log");
        assert_eq!(bench.at(|traffic| traffic.calls.len()), 1_000);
        holds(&bench);
    }
}

#[test]
fn rows_of_agent_runs_add_up() {
    let Some(path) = reference::path("traces/deepseek-swe-dev/trajectories.jsonl.gz") else {
        return;
    };
    let (folder, runs) = first_lines(&path, 2);
    let log = folder.path().join("proxy.jsonl");
    let mut out = std::fs::File::create(&log).expect("writable");
    for run in std::fs::read_to_string(runs).expect("text").lines() {
        let run = serde_json::from_str(run).expect("JSON");
        proofs::unfold(&run, &mut out, &mut proofs::Unfolded::default());
    }
    drop(out);
    let bench = bench(&[&log], None).expect("a log");
    assert!(bench.at(|traffic| traffic.calls.len()) > 50, "two runs of dozens of calls");
    holds(&bench);
}

#[test]
fn rows_of_samples_add_up() {
    let Some(folder) = reference::path("samples") else { return };
    let mut folders: Vec<_> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    folders.sort();
    let mut climbed = 0;
    for folder in folders {
        // A folder that holds something else than logs is none.
        let Some(bench) = bench(&[&folder], None) else { continue };
        let calls = bench.at(|traffic| traffic.calls.len());
        println!("{}: {calls} calls", folder.display());
        if calls > 0 {
            holds(&bench);
            climbed += 1;
        }
    }
    assert!(climbed >= 5, "samples of several sources: {climbed}");
}

//! Request and response logs, read through the format's own interface.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use tokopt::ingest::batch::Batch;
use tokopt::ingest::exchange::Exchange;
use tokopt::ingest::exchange::event_stream::EventStream;
use tokopt::ingest::exchange::stored_completions::StoredCompletions;
use tokopt::ingest::format::{Format, Outcome, Record, Sample};
use tokopt::ingest::json::Json;
use tokopt::measure::memo::Memo;

use crate::reference;

/// What became of the lines of a file.
#[derive(Default)]
struct Reading {
    batch: Batch,
    kept: u64,
    set_aside: BTreeMap<String, u64>,
}

impl Reading {
    fn of(text: &str) -> Self {
        let memo = Memo::default();
        let mut reading = Self::default();
        for (number, line) in
            (1_u64..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty())
        {
            reading.line(number, line, &memo);
        }
        reading
    }

    fn line(&mut self, number: u64, line: &str, memo: &Memo) {
        self.batch.start_record(0, number, line.as_bytes());
        let record = Record { bytes: line.as_bytes(), line: number, row: None, path: "log", memo };
        let mark = self.batch.mark();
        let reason = match Exchange.read(&record, &mut self.batch) {
            Ok(Outcome::Kept | Outcome::KeptMany(_) | Outcome::AccountedFor) => {
                self.kept += 1;
                return;
            }
            Ok(Outcome::Ignored(reason)) => format!("ignored: {reason}"),
            Err(fault) => {
                self.batch.undo(mark);
                format!("rejected: {fault}")
            }
        };
        *self.set_aside.entry(reason).or_default() += 1;
    }

    fn lines(&self) -> u64 {
        self.kept + self.set_aside.values().sum::<u64>()
    }

    fn reported(&self) -> usize {
        self.batch.calls.iter().filter(|packed| packed.call.usage.get().is_reported()).count()
    }

    /// Input, cache reads, cache writes, output and reasoning of all calls.
    fn totals(&self) -> [u64; 5] {
        let mut totals = [0; 5];
        for packed in &self.batch.calls {
            let usage = packed.call.usage.get();
            let counts = [
                usage.input,
                usage.cache_read,
                Some(usage.cache_written()),
                usage.output,
                usage.reasoning,
            ];
            for (total, count) in totals.iter_mut().zip(counts) {
                *total += count.unwrap_or_default().get();
            }
        }
        totals
    }

    /// One line per call, as a reader of a failing test wants to see it.
    fn calls(&self) -> String {
        let mut text = String::new();
        for packed in &self.batch.calls {
            let call = &packed.call;
            let usage = call.usage.get();
            let name = |symbol| self.batch.strings.text_of(symbol).unwrap_or("?").to_owned();
            let count = |tokens: Option<tokopt::units::Tokens>| {
                tokens.map_or_else(|| "?".to_owned(), |tokens| tokens.get().to_string())
            };
            let _ = writeln!(
                text,
                "{} {} {} in {} read {} written {} out {} reasoning {} {:?} {:?}",
                call.source.line,
                name(call.provider),
                name(call.model),
                count(usage.input),
                count(usage.cache_read),
                count(usage.cache_write.map(|_| usage.cache_written())),
                count(usage.output),
                count(usage.reasoning),
                call.status,
                call.finish,
            );
        }
        text
    }
}

fn fixture(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/ingest/exchange").join(name);
    std::fs::read_to_string(path).expect("the fixture is shipped")
}

fn logs_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries.map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    files
}

#[test]
fn every_spelling_of_a_wrapper_gives_the_same_call() {
    let reading = Reading::of(&fixture("kept/wrapper-spellings.jsonl"));
    assert_eq!((reading.kept, reading.lines()), (7, 7), "{:?}", reading.set_aside);
    let first = reading.batch.calls.first().expect("a call");
    // 2026-06-01T08:00:20Z is 1,780,300,820 s after the epoch (GNU date).
    let micros = first.call.time.get().map(|moment| moment.micros);
    assert_eq!(micros, Some(1_780_300_820_151_000));
    for packed in &reading.batch.calls {
        let call = &packed.call;
        assert_eq!(call.usage, first.call.usage);
        assert_eq!(call.time, first.call.time, "line {}", call.source.line);
        assert_eq!(call.user, first.call.user);
        assert_eq!(call.provider, first.call.provider, "line {}", call.source.line);
        assert_eq!(call.request, first.call.request, "line {}", call.source.line);
        assert_eq!(call.latency_milliseconds.get(), Some(840), "line {}", call.source.line);
        let prompt = packed.prompt.as_ref().expect("a prompt");
        let reference = first.prompt.as_ref().expect("a prompt");
        assert_eq!(prompt.head_hash, reference.head_hash);
        assert_eq!(
            prompt.answer.map(|answer| answer.hash),
            reference.answer.map(|answer| answer.hash)
        );
    }
    let all = reading.calls();
    let first = "1 openai gpt-4.1-2025-04-14 in 1310 read 1024 written 128 out 42 reasoning 16 Success Stop";
    assert_eq!(all.lines().next(), Some(first));
}

#[test]
fn calls_are_read_as_their_providers_count_them() {
    let files = ["bare-bodies", "providers", "streams", "iterations", "errors"]
        .map(|name| format!("kept/{name}.jsonl"));
    let mut text = String::new();
    for file in files {
        let reading = Reading::of(&fixture(&file));
        assert_eq!(reading.set_aside, BTreeMap::new(), "{file}");
        let _ = writeln!(text, "{file}\n{}", reading.calls());
    }
    insta::assert_snapshot!(text);
}

#[test]
fn what_is_no_call_is_set_aside_with_a_reason() {
    let mut text = String::new();
    for file in ["ignored/no-call.jsonl", "ignored/error_bodies.jsonl", "rejected/unreadable.jsonl"]
    {
        let reading = Reading::of(&fixture(file));
        assert_eq!(reading.kept, 0);
        assert!(reading.batch.calls.is_empty());
        let _ = writeln!(text, "{file}: {:#?}", reading.set_aside);
    }
    insta::assert_snapshot!(text);
}

#[test]
fn two_records_of_one_answer_have_one_identity() {
    let reading = Reading::of(&fixture("merged/same-id.jsonl"));
    let keys: Vec<_> = reading.batch.calls.iter().map(|packed| packed.identity.key()).collect();
    assert_eq!(keys.len(), 2);
    assert!(keys.first().is_some_and(Option::is_some));
    assert_eq!(keys.first(), keys.last());
}

#[test]
fn a_stream_in_a_file_reads_like_one_in_a_record() {
    for (file, first) in
        [("kept/messages-stream.sse", "msg_s2"), ("kept/chat-stream.sse", "chatcmpl-s1")]
    {
        let text = fixture(file);
        let (memo, mut batch) = (Memo::default(), Batch::default());
        let record = Record { bytes: text.as_bytes(), line: 1, row: None, path: file, memo: &memo };
        assert_eq!(EventStream.read(&record, &mut batch), Ok(Outcome::Kept), "{file}");
        let call = &batch.calls.first().expect("a call").call;
        assert_eq!(batch.strings.text_of(call.request_id), Some(first));
        assert!(call.usage.get().output.is_some());
    }
}

#[test]
fn a_page_of_stored_completions_is_told_from_embeddings() {
    let page = fixture("kept/stored-completions.json");
    assert!(StoredCompletions.detect(&Sample::Json(&[Json::of_text(&page)])));
    let bodies = fixture("kept/bare-bodies.jsonl");
    let lines: Vec<_> = bodies.lines().map(Json::of_text).collect();
    assert!(!StoredCompletions.detect(&Sample::Json(&lines)));
    assert!(lines.iter().all(|line| Exchange.detect(&Sample::Json(&[*line]))));
}

#[test]
fn no_line_of_the_reference_logs_is_lost() {
    // Folder, records, calls that report usage, and their input, cache reads,
    // cache writes, output and reasoning, added up apart from this program.
    const FOLDERS: [(&str, u64, usize, [u64; 5]); 5] = [
        ("openai-raw", 455, 439, [420_673, 153_048, 12_442, 76_451, 53_153]),
        // Four calls of advisors are on top of the 273 answers.
        ("anthropic-raw", 275, 277, [480_374, 100_423, 16_565, 31_206, 933]),
        // One prompt is logged as read and as written: 2,154 tokens less are
        // written than stated. One answer states more reasoning than output.
        ("openrouter-raw", 65, 62, [58_454, 17_715, 12_476 - 2_154, 11_143, 3_009 - 1]),
        ("openai-compatible-raw", 127, 120, [58_873, 5_004, 0, 12_841, 1_796]),
        ("azure-openai-raw", 6, 4, [68, 0, 0, 35, 9]),
    ];
    for (folder, lines, reported, totals) in FOLDERS {
        let Some(path) = reference::path(&format!("samples/{folder}")) else { continue };
        let mut seen = (0, 0, [0; 5]);
        for file in logs_in(&path) {
            let text = std::fs::read_to_string(&file).expect("a readable log");
            let reading = Reading::of(&text);
            seen.0 += reading.lines();
            seen.1 += reading.reported();
            for (total, count) in seen.2.iter_mut().zip(reading.totals()) {
                *total += count;
            }
            println!(
                "{}: {} lines, {} kept, {} with usage, {:?}, {:?}",
                file.display(),
                reading.lines(),
                reading.kept,
                reading.reported(),
                reading.set_aside,
                reading.batch.notes,
            );
        }
        assert_eq!(seen, (lines, reported, totals), "{folder}");
    }
}

#[test]
fn bodies_of_other_providers_are_rejected_not_dropped() {
    for folder in ["gemini-raw", "bedrock-raw"] {
        let Some(path) = reference::path(&format!("samples/{folder}")) else { continue };
        for file in logs_in(&path) {
            let text = std::fs::read_to_string(&file).expect("a readable log");
            let reading = Reading::of(&text);
            let known: Vec<_> = reading.set_aside.keys().map(String::as_str).collect();
            assert!(known.is_empty() || known == ["rejected: no known response body"], "{known:?}");
            assert_eq!(reading.lines(), text.lines().count() as u64);
        }
    }
}

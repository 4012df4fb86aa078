//! Batches from files to log: requests and results find each other.
//!
//! Every expected number is worked out by hand from the fixture named beside it
//! or from the lines in the test.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tokopt::ingest::{ReadOptions, read};
use tokopt::record::call::{Call, Operation, Status};
use tokopt::record::component::Component;
use tokopt::record::lane::Tier;
use tokopt::record::log::{FileAccount, Log};
use tokopt::units::Tokens;

use crate::reference;

const JOINED: &str = "batch request, read with its result";
const WITHOUT_RESULT: &str = "batch request whose result is in none of the files";
const AMBIGUOUS: &str = "batch request whose custom_id stands for several different requests";

fn log_of(paths: &[PathBuf]) -> Log {
    log_with(paths, ReadOptions::default())
}

fn log_with(paths: &[PathBuf], options: ReadOptions<'_>) -> Log {
    let paths: Vec<String> = paths.iter().map(|path| path.to_string_lossy().into_owned()).collect();
    let log = read(&paths, options, &()).unwrap_or_else(|error| panic!("{error}"));
    for file in &log.accounting.files {
        let told = file.calls + file.duplicates + file.ignored_total() + file.rejected;
        assert_eq!(file.lines, told, "{file:?}");
    }
    log
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/ingest").join(name)
}

fn account<'a>(log: &'a Log, name: &str) -> &'a FileAccount {
    let mut files = log.accounting.files.iter();
    files.find(|file| file.path.ends_with(name)).expect("a file of that name")
}

/// The call with that id.
fn call<'a>(log: &'a Log, id: &str) -> &'a Call {
    let mut calls = log.calls.iter();
    calls.find(|call| log.strings.text_of(call.request_id) == Some(id)).expect("a call of that id")
}

/// Total input and output of the calls.
fn totals(log: &Log) -> (u64, u64) {
    let sum = |pick: fn(&Call) -> Option<Tokens>| -> u64 {
        log.calls.iter().filter_map(pick).sum::<Tokens>().get()
    };
    (sum(|call| call.usage.get().input), sum(|call| call.usage.get().output))
}

fn noted(log: &Log, code: &str) -> u64 {
    let notes = log.accounting.notes.iter();
    notes.filter(|note| note.code == code).map(|note| note.records).sum()
}

/// Everything of a log that must not depend on how its files lie: calls with
/// their names and prompts, and the accounts by what they count.
fn content(log: &Log) -> String {
    let mut text = String::new();
    for call in &log.calls {
        let name = |symbol| log.strings.text_of(symbol).unwrap_or("-");
        let prompt = log.prompt(call.prompt).map(|prompt| {
            (
                prompt.request_hash,
                prompt.counted_tokens,
                prompt.answer,
                log.tree.path(prompt.end).len(),
            )
        });
        let _ = writeln!(
            text,
            "{} {} {} {:?} {:?} {:?} {:?} {prompt:?}",
            name(call.request_id),
            name(call.model),
            name(call.feature),
            call.tier,
            call.status,
            call.usage,
            call.request,
        );
    }
    let mut ignored: Vec<_> =
        log.accounting.files.iter().flat_map(|file| file.ignored.clone()).collect();
    ignored.sort_unstable();
    format!("{text}{ignored:?} {:?}", log.accounting.notes)
}

#[test]
fn results_of_openai_find_their_requests() {
    let parts = ["input", "output", "errors"];
    let paths = parts.map(|part| fixture(&format!("openai-batch/kept/{part}.jsonl")));
    let log = log_of(&paths);
    assert!(log.accounting.files.iter().all(|file| file.format == "openai-batch"));
    // 36 + 34 + 22 + 4; 14 + 2 + 70 + 0. The two failures counted nothing.
    assert_eq!((log.calls.len(), totals(&log)), (6, (96, 86)));
    assert!(log.calls.iter().all(|call| call.tier == Tier::Batch));
    let input = account(&log, "input.jsonl");
    assert_eq!((input.calls, input.joined), (0, 6));
    assert_eq!(input.ignored, [(WITHOUT_RESULT, 1), (JOINED, 6)]);

    let manual = call(&log, "chatcmpl-c3");
    let name = |symbol| log.strings.text_of(symbol);
    assert_eq!(name(manual.feature), Some("manual"));
    assert_eq!(name(manual.model), Some("gpt-4.1-mini-2025-04-14"));
    assert_eq!(name(manual.requested_model), Some("gpt-4.1-mini"));
    assert_eq!(manual.request.max_tokens.get(), Some(200));
    assert_eq!(manual.request.has_tools, Some(false));
    let prompt = log.prompt(manual.prompt).expect("the request's texts");
    let components: Vec<_> =
        log.tree.path(prompt.end).iter().map(|node| log.tree.node(*node).component).collect();
    assert_eq!(components, [Component::RetrievedContext, Component::UserInput]);
    // Of the document's 18 words (its two tags among them) the answer repeats
    // the 12 from "Tighten" to "metres".
    let answer = prompt.answer.expect("the answer's measurements");
    let document = log.tree.node(log.tree.path(prompt.end)[0]).tokens;
    assert_eq!(answer.repeated_tokens, document * 12 / 18);

    let failed = call(&log, "batch_req_c2");
    assert_eq!((failed.status, name(failed.model)), (Status::Error, Some("gpt-4.1-mini")));
    assert_eq!(name(failed.feature), Some("triage"));
    assert!(log.prompt(failed.prompt).is_some_and(|prompt| prompt.answer.is_none()));
    // Two tickets open with the same words.
    let heads = ["chatcmpl-c1", "batch_req_c2"]
        .map(|id| log.prompt(call(&log, id).prompt).expect("texts").head_hash);
    assert_eq!(heads[0], heads[1]);
    assert_eq!(call(&log, "batch_req_c4").status, Status::Error);
    assert_eq!(call(&log, "resp_c5").request.max_tokens.get(), Some(300));
    assert_eq!(call(&log, "batch_req_c6").operation, Operation::Embeddings);
    assert_eq!(noted(&log, "BATCH_WITHOUT_REQUESTS"), 0);
}

#[test]
fn results_alone_are_calls_without_prompts() {
    let log = log_of(&[fixture("openai-batch/kept/output.jsonl")]);
    assert_eq!((log.calls.len(), totals(&log)), (4, (96, 86)));
    assert!(log.calls.iter().all(|call| call.prompt.is_none()));
    assert!(log.prompts.is_empty());
    assert_eq!(noted(&log, "BATCH_WITHOUT_REQUESTS"), 4);
    let requests = log_of(&[fixture("openai-batch/kept/input.jsonl")]);
    let input = account(&requests, "input.jsonl");
    assert_eq!((input.calls, input.joined), (0, 0));
    assert_eq!(input.ignored, [(WITHOUT_RESULT, 7)]);
}

#[test]
fn copies_of_both_files_are_one_call() {
    let log = log_of(&[fixture("openai-batch/merged/twice.jsonl")]);
    let file = account(&log, "twice.jsonl");
    assert_eq!((file.lines, file.calls, file.duplicates, file.joined), (4, 1, 1, 2));
    assert!(log.calls[0].prompt.is_some());
    let log = log_of(&[fixture("anthropic-batch/merged/twice.jsonl")]);
    let file = account(&log, "twice.jsonl");
    assert_eq!((file.lines, file.calls, file.duplicates, file.joined), (3, 1, 1, 1));
}

#[test]
fn results_of_anthropic_find_their_requests() {
    let parts = ["requests.json", "results.jsonl"];
    let log = log_of(&parts.map(|part| fixture(&format!("anthropic-batch/kept/{part}"))));
    assert!(log.accounting.files.iter().all(|file| file.format == "anthropic-batch"));
    // (12 + 2,048 read) + (14 + 2,048 written); 4 + 4.
    assert_eq!((log.calls.len(), totals(&log)), (5, (4_122, 8)));
    let requests = account(&log, "requests.json");
    assert_eq!((requests.lines, requests.joined), (3, 3));
    // Nothing but the two messages was billed: the rest has no counts at all.
    let failed: Vec<_> = log.calls.iter().filter(|call| call.status == Status::Error).collect();
    assert_eq!(failed.len(), 3);
    assert!(failed.iter().all(|call| !call.usage.get().is_reported()));
    let written = call(&log, "msg_b1");
    let marks = &log.prompt(written.prompt).expect("the request's texts").cache_marks;
    assert_eq!(marks.len(), 1);
    assert_eq!(written.request.max_tokens.get(), Some(64));
    // review-4 and review-5 were submitted elsewhere.
    assert_eq!(noted(&log, "BATCH_WITHOUT_REQUESTS"), 2);
}

#[test]
fn batch_objects_are_no_calls_and_broken_lines_are_told() {
    for format in ["openai-batch", "anthropic-batch"] {
        let log = log_of(&[fixture(&format!("{format}/ignored/batch.json"))]);
        let file = account(&log, "batch.json");
        assert_eq!((file.format, file.lines, file.ignored_total()), (format, 1, 1));
    }
    let reasons = |name: &str| -> Vec<(u64, String)> {
        let log = log_of(&[fixture(name)]);
        let file = account(&log, "lines.jsonl");
        file.rejections.iter().map(|told| (told.line, told.reason.clone())).collect()
    };
    let told = |lines: &[(u64, &str)]| -> Vec<(u64, String)> {
        lines.iter().map(|(line, reason)| (*line, (*reason).to_owned())).collect()
    };
    assert_eq!(
        reasons("openai-batch/rejected/lines.jsonl"),
        told(&[
            (2, "no `custom_id`"),
            (3, "neither a request nor a result"),
            (4, "`body` is not a request"),
            (5, "no known response body"),
            (6, "not valid JSON"),
        ])
    );
    assert_eq!(
        reasons("anthropic-batch/rejected/lines.jsonl"),
        told(&[
            (2, "no `custom_id`"),
            (3, "`result.type` is not succeeded, errored, canceled or expired"),
            (4, "no `result.message`"),
            (5, "`input_tokens` is not a count"),
            (6, "neither a request nor a result"),
            (7, "`max_tokens` is not a count"),
        ])
    );
}

fn request(id: &str, text: &str) -> Value {
    json!({"custom_id": id, "method": "POST", "url": "/v1/chat/completions", "body": {
        "model": "gpt-4.1-mini", "messages": [{"role": "user", "content": text}]}})
}

fn result(id: &str, answer: &str) -> Value {
    json!({"id": format!("batch_req_{answer}"), "custom_id": id, "error": null, "response": {"status_code": 200, "body": {
        "id": format!("chatcmpl-{answer}"), "object": "chat.completion", "created": 1_780_300_900, "model": "gpt-4.1-mini",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": answer}}],
        "usage": {"prompt_tokens": 12, "completion_tokens": 2, "total_tokens": 14}}}})
}

/// Writes files of lines under these names and reads all of them.
fn log_of_files(files: &[(&str, Vec<Value>)]) -> Log {
    let folder = tempfile::tempdir().expect("a folder");
    let paths: Vec<PathBuf> = files
        .iter()
        .map(|(name, lines)| {
            let path = folder.path().join(name);
            let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
            std::fs::write(&path, lines.join("\n")).expect("writable");
            path
        })
        .collect();
    log_of(&paths)
}

/// The hash of a request that asks just this.
fn asked(text: &str) -> u128 {
    let log = log_of_files(&[("one.jsonl", vec![request("x", text), result("x", "x")])]);
    log.prompt(log.calls[0].prompt).expect("texts").request_hash
}

fn asked_by(log: &Log, id: &str) -> Option<u128> {
    log.prompt(call(log, id).prompt).map(|prompt| prompt.request_hash)
}

#[test]
fn an_id_used_again_is_told_by_the_files() {
    // The second batch has an id that the first lacks, and the first one that
    // the second lacks: each result file fits one input file.
    let log = log_of_files(&[
        ("in-1.jsonl", vec![request("a", "red"), request("b", "blue")]),
        ("in-2.jsonl", vec![request("a", "oak"), request("c", "elm")]),
        ("out-1.jsonl", vec![result("b", "b1"), result("a", "a1")]),
        ("out-2.jsonl", vec![result("a", "a2"), result("c", "c2")]),
    ]);
    assert_eq!(asked_by(&log, "chatcmpl-a1"), Some(asked("red")));
    assert_eq!(asked_by(&log, "chatcmpl-a2"), Some(asked("oak")));
    assert!(log.accounting.notes.is_empty());
    // Both input files hold the ids of the first results; one holds no other.
    let log = log_of_files(&[
        ("in-1.jsonl", vec![request("a", "red")]),
        ("in-2.jsonl", vec![request("a", "oak"), request("c", "elm")]),
        ("out-1.jsonl", vec![result("a", "a1")]),
        ("out-2.jsonl", vec![result("a", "a2"), result("c", "c2")]),
    ]);
    assert_eq!(asked_by(&log, "chatcmpl-a1"), Some(asked("red")));
    assert_eq!(asked_by(&log, "chatcmpl-a2"), Some(asked("oak")));
}

#[test]
fn a_request_sent_again_unchanged_is_any_of_both() {
    let log = log_of_files(&[
        ("in-1.jsonl", vec![request("a", "red"), request("b", "blue")]),
        ("in-2.jsonl", vec![request("b", "blue")]),
        ("out-1.jsonl", vec![result("a", "a1")]),
        ("out-2.jsonl", vec![result("b", "b2")]),
    ]);
    assert_eq!(asked_by(&log, "chatcmpl-b2"), Some(asked("blue")));
    assert_eq!(account(&log, "in-1.jsonl").ignored, [(JOINED, 2)]);
    assert_eq!(account(&log, "in-2.jsonl").ignored, [(JOINED, 1)]);
}

#[test]
fn what_cannot_be_told_is_counted_and_not_guessed() {
    let log = log_of_files(&[
        ("in-1.jsonl", vec![request("a", "red"), request("b", "blue")]),
        ("in-2.jsonl", vec![request("a", "oak"), request("b", "blue")]),
        ("out-1.jsonl", vec![result("a", "a1"), result("b", "b1")]),
        ("out-2.jsonl", vec![result("a", "a2"), result("b", "b2")]),
    ]);
    assert_eq!(log.calls.len(), 4);
    assert_eq!(asked_by(&log, "chatcmpl-a1"), None);
    assert_eq!(asked_by(&log, "chatcmpl-a2"), None);
    assert_eq!(asked_by(&log, "chatcmpl-b2"), Some(asked("blue")));
    assert_eq!(account(&log, "in-1.jsonl").ignored, [(AMBIGUOUS, 1), (JOINED, 1)]);
    assert_eq!(noted(&log, "BATCH_REQUEST_AMBIGUOUS"), 2);
    assert_eq!(noted(&log, "BATCH_WITHOUT_REQUESTS"), 0);
}

#[test]
fn neither_files_nor_chunks_nor_order_show() {
    let lines = |turn: usize| -> Vec<(Vec<Value>, Vec<Value>)> {
        let batches = [
            (
                vec![request("a", "red"), request("b", "blue"), request("d", "sky")],
                vec![result("b", "b1"), result("a", "a1")],
            ),
            (
                vec![request("a", "oak"), request("c", "elm"), request("e", "ash")],
                vec![result("c", "c2"), result("a", "a2")],
            ),
            (
                vec![request("f", "one"), request("b", "teal")],
                vec![result("f", "f3"), result("b", "b3")],
            ),
        ];
        let mut batches = batches.to_vec();
        for (requests, results) in &mut batches {
            let by = turn % requests.len();
            requests.rotate_left(by);
            if turn % 2 == 1 {
                results.reverse();
            }
        }
        batches.rotate_left(turn % 3);
        batches
    };
    let log_in_turn = |turn: usize| {
        let names = ["1.jsonl", "2.jsonl", "3.jsonl", "4.jsonl", "5.jsonl", "6.jsonl"];
        let mut parts: Vec<Vec<Value>> =
            lines(turn).into_iter().flat_map(|(requests, results)| [requests, results]).collect();
        parts.rotate_left(turn % 6);
        let files: Vec<_> = names.into_iter().zip(parts).collect();
        log_of_files(&files)
    };
    let expected = content(&log_in_turn(0));
    for turn in 1..12 {
        assert_eq!(content(&log_in_turn(turn)), expected, "turn {turn}");
    }
    let parts = ["input", "output", "errors"];
    let paths = parts.map(|part| fixture(&format!("openai-batch/kept/{part}.jsonl")));
    let expected = content(&log_of(&paths));
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        for chunk_bytes in [1, 64, 4_096] {
            let options = ReadOptions { chunk_bytes, ..ReadOptions::default() };
            let found = pool.install(|| content(&log_with(&paths, options)));
            assert_eq!(found, expected, "{threads} threads, chunks of {chunk_bytes} bytes");
        }
    }
}

#[test]
fn the_reference_batch_is_read() {
    let Some(folder) = reference::path("samples/openai-batch") else { return };
    let parts = ["batch-input.doc-example.jsonl", "batch-output.doc-example.jsonl"];
    let log = log_of(&parts.map(|part| folder.join(part)));
    // request-2 is in both files, request-1 has no result, 3 and 4 no request.
    // 22 + 12; 2 + 70; the third result failed.
    assert_eq!((log.calls.len(), totals(&log)), (3, (34, 72)));
    assert_eq!(account(&log, parts[0]).ignored, [(WITHOUT_RESULT, 1), (JOINED, 1)]);
    assert_eq!(noted(&log, "BATCH_WITHOUT_REQUESTS"), 2);
}

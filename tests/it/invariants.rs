//! What must hold for every log: the same bytes out for the same calls in,
//! however they lie in files; no record lost; no text let out.
//!
//! Logs are the fixtures and small generated ones; what is compared is the
//! program with itself, so no expected figure is needed.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value, json};
use tokopt::ingest::{FORMATS, IngestError, ReadOptions, read};
use tokopt::ledger::{Ledger, Settings};
use tokopt::prices::PriceTable;
use tokopt::record::dimension::Dimension;
use tokopt::record::log::Log;
use tokopt::report::assemble::{self, Naming};
use tokopt::report::document::{Document, Figures};
use tokopt::report::{Kind, RenderOptions, renderer};
use tokopt::units::{NanoUsd, Tokens};

mod accounting;
mod privacy;
mod sameness;
mod sums;

fn fixtures_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/ingest")
}

/// Every fixture of every format, sorted.
fn fixtures() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut pending = vec![fixtures_folder()];
    while let Some(folder) = pending.pop() {
        for entry in std::fs::read_dir(folder).expect("the fixtures are shipped").flatten() {
            let path = entry.path();
            if path.is_dir() { pending.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    assert!(found.len() > 20, "the fixtures are shipped");
    found
}

/// The format whose fixture a file is.
fn format_of(fixture: &Path) -> &'static str {
    let below = fixture.strip_prefix(fixtures_folder()).expect("a fixture");
    let name = below.components().next().expect("a folder").as_os_str().to_string_lossy();
    FORMATS.iter().map(|format| format.id()).find(|id| *id == name).unwrap_or("mapping")
}

/// The price table, read once for all tests.
static TABLE: LazyLock<PriceTable> =
    LazyLock::new(|| PriceTable::embedded().unwrap_or_else(|error| panic!("{error}")));

/// Every cross that is not in the document anyway, and some that are wide.
fn settings() -> Settings {
    let crosses = vec![
        vec![Dimension::Conversation],
        vec![Dimension::Hour],
        vec![Dimension::Model, Dimension::Component],
        vec![Dimension::Day, Dimension::Feature, Dimension::User, Dimension::Tier],
    ];
    Settings { crosses, ..Settings::default() }
}

fn log_of(paths: &[String], options: ReadOptions<'_>) -> Log {
    read(paths, options, &()).unwrap_or_else(|error| panic!("{error}"))
}

fn document_of(log: &Log) -> Document {
    let settings = settings();
    let ledger = Ledger::new(log, &TABLE, &settings);
    assemble::document(log, &ledger, &Naming::PublishedKey, None)
}

fn rendered(document: &Document, kind: Kind) -> String {
    let mut out = Vec::new();
    let options = RenderOptions { width: 120, top: 100, ..RenderOptions::default() };
    renderer(kind).render(document, &options, &mut out).expect("memory is writable");
    String::from_utf8(out).expect("a report is UTF-8")
}

/// The whole document as text.
fn json_of(log: &Log) -> String {
    rendered(&document_of(log), Kind::Json)
}

/// The document without what names files, their sizes and their lines.
fn figures_of(log: &Log) -> Value {
    let mut document: Value = serde_json::from_str(&json_of(log)).expect("JSON");
    let input = document["input"].as_object_mut().expect("an object");
    input.remove("files");
    input.remove("rejections");
    document
}

/// A folder of files for one test.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn write(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).expect("writable");
        path.to_string_lossy().into_owned()
    }
}

/// Reads a text as one file.
fn log_of_text(text: &str) -> Log {
    let folder = Folder::new();
    log_of(&[folder.write("log.jsonl", text.as_bytes())], ReadOptions::default())
}

/// A fixed sequence of numbers; not random, and the same everywhere.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % limit.max(1)
    }
}

/// Calls with texts and without, some at the same time, some said twice.
fn mixed_lines() -> Vec<String> {
    let mut lines = Vec::new();
    let mut numbers = Numbers(5);
    for call in 0..60_usize {
        // Four calls a minute share their time: order among them must not show.
        let seconds = 1_780_300_000 + (call / 4) * 60;
        let model = ["gpt-4.1", "claude-sonnet-4-5", "in-house"][numbers.below(3)];
        let feature = ["search", "mail", "chat"][numbers.below(3)];
        let input = 500 + numbers.below(4_000);
        let mut line = json!({
            "timestamp": seconds, "model": model,
            "feature": feature,
            "user": format!("user-{}", numbers.below(5)),
            "conversation_id": format!("talk-{}", numbers.below(9)),
            "input_tokens": input, "cached_input_tokens": numbers.below(input),
            "output_tokens": numbers.below(700), "latency_ms": numbers.below(9_000),
        });
        if call % 3 != 0 {
            line["request_id"] = json!(format!("r{call}"));
        }
        lines.push(line.to_string());
        if call % 15 == 1 {
            lines.push(line.to_string());
        }
    }
    lines
}

/// The same, as requests and answers with their texts.
fn exchange_lines() -> Vec<String> {
    let mut lines = Vec::new();
    for conversation in 0..7 {
        let mut messages =
            vec![json!({"role": "system", "content": "You keep the ledger of a small mill."})];
        for turn in 0..4 {
            let asked = format!("Sack {conversation}{turn}: how much flour, and for whom?");
            messages.push(json!({"role": "user", "content": asked}));
            let answer =
                json!({"role": "assistant", "content": format!("{turn} sacks for the bakery.")});
            let line = json!({
                "timestamp": 1_780_300_000 + turn * 90,
                "request": {"model": "gpt-4.1", "messages": messages},
                "response": {
                    "id": format!("x{conversation}-{turn}"), "object": "chat.completion",
                    "model": "gpt-4.1", "created": 1_780_300_000,
                    "choices": [{"index": 0, "message": answer, "finish_reason": "stop"}],
                    "usage": {"prompt_tokens": 60 + 30 * turn, "completion_tokens": 9, "total_tokens": 69 + 30 * turn}
                }
            });
            lines.push(line.to_string());
            messages.push(answer);
        }
    }
    lines
}

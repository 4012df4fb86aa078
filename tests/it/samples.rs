//! Every file of the reference logs, alone: what is kept, left out and refused.
//!
//! The expected table was worked out by `tests/oracle/samples.py` from the
//! files and the formats' descriptions, before any reader was run; where tokopt
//! reads otherwise on purpose, [`DIFFERENCES`] says so and why.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use tokopt::ingest::{IngestError, ReadOptions, read};
use tokopt::ledger::{Ledger, Settings};
use tokopt::prices::PriceTable;
use tokopt::record::log::{FileAccount, Log};
use tokopt::record::usage::{CacheWrites, Usage};
use tokopt::units::{Tokens, Usd};

use crate::reference;

/// Columns of the expected table that are compared.
const COLUMNS: [&str; 14] = [
    "calls",
    "children",
    "duplicates",
    "ignored",
    "rejected",
    "buckets",
    "charges",
    "input",
    "cache_read",
    "cache_write",
    "output",
    "reasoning",
    "logged_cost_usd",
    "read",
];

/// Files that tokopt reads otherwise than the expected table, with the columns
/// that differ and why.
const DIFFERENCES: [(&str, &str, &str); 13] = [
    (
        "azure-openai-diagnostic/request-response.jsonl",
        "calls \"2\" not \"1\", duplicates \"0\" not \"1\"",
        "the two lines share id and time and name different models: two calls",
    ),
    (
        "azure-openai-raw/chat.jsonl",
        "ignored \"0\" not \"2\", rejected \"2\" not \"0\"",
        "answers of an endpoint that runs no model are in no known shape, and said to be",
    ),
    (
        "codex-cli/ai-llm-usage-metrics/session-token-count.jsonl",
        "ignored \"4\" not \"5\", rejected \"1\" not \"0\"",
        "a running total that falls, without the usage of the call, cannot be read",
    ),
    (
        "gemini-cli/ai-llm-usage-metrics/session-no-tokens.json",
        "calls \"0\" not \"1\", ignored \"2\" not \"1\"",
        "a message without counts is no call in the tool's own account; it is ignored with that reason",
    ),
    (
        "gemini-cli/ai-llm-usage-metrics/session-zero-tokens.json",
        "calls \"0\" not \"1\", ignored \"1\" not \"0\", input \"\" not \"0\", cache_read \"\" not \"0\", output \"\" not \"0\", reasoning \"\" not \"0\"",
        "a message that counts nothing at all was no call; it is ignored with that reason",
    ),
    (
        "openai-raw/embeddings.jsonl",
        "output \"0\" not \"\"",
        "embeddings generate nothing: their output is zero, not unknown",
    ),
    (
        "openrouter-raw/chat.jsonl",
        "cache_write \"6310\" not \"8464\", logged_cost_usd \"0.095549972333\" not \"0.094998172333\"",
        "writes are cut to the prompt; a call on the caller's own key costs fee and upstream price",
    ),
    (
        "other-cli/pi-session-mixed.jsonl",
        "calls \"3\" not \"0\", ignored \"5\" not \"0\", rejected \"1\" not \"0\", input \"125\" not \"\", cache_read \"10\" not \"\", cache_write \"3\" not \"\", output \"33\" not \"\", reasoning \"5\" not \"\", logged_cost_usd \"0.03\" not \"\", read \"yes\" not \"no\"",
        "the table knows no pi sessions; three answers hold usage",
    ),
    (
        "vercel-ai-fixtures/anthropic/spliced-message-start.chunks.txt",
        "calls \"1\" not \"2\", input \"17\" not \"34\"",
        "a stream is one call, even one that was spliced",
    ),
    (
        "vercel-ai-fixtures/openai/parallel-tool-call-wrapper.1.chunks.txt",
        "calls \"1\" not \"0\", rejected \"0\" not \"1\"",
        "a stream with a broken last event is a call of unknown usage, with a note",
    ),
    (
        "vercel-ai-fixtures/openai-compatible/xai-text.json",
        "logged_cost_usd \"0.00016415\" not \"\"",
        "xAI states the cost in ticks of 10^-10 dollars",
    ),
    (
        "vercel-ai-fixtures/openai-compatible/xai-tool-call.chunks.txt",
        "logged_cost_usd \"0.00014975\" not \"\"",
        "as above",
    ),
    (
        "vercel-ai-fixtures/openai-compatible/xai-tool-call.json",
        "logged_cost_usd \"0.0001777\" not \"\"",
        "as above",
    ),
];

/// A file's figures by column; a sum that no record states is absent.
type Row = BTreeMap<&'static str, String>;

fn files() -> Option<(PathBuf, Vec<PathBuf>)> {
    let folder = reference::path("samples")?;
    let mut files = Vec::new();
    let mut folders = vec![folder.clone()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).expect("a readable folder").flatten() {
            let path = entry.path();
            let into = if path.is_dir() { &mut folders } else { &mut files };
            into.push(path);
        }
    }
    files.sort();
    Some((folder, files))
}

fn shown(folder: &Path, file: &Path) -> String {
    file.strip_prefix(folder).expect("below").to_string_lossy().replace('\\', "/")
}

fn log_of(file: &Path) -> Result<Log, IngestError> {
    read(&[file.to_string_lossy().into_owned()], ReadOptions::default(), &())
}

fn sum<T>(mut values: impl Iterator<Item = Option<T>>) -> Option<T>
where
    T: std::ops::Add<Output = T>,
{
    values.by_ref().flatten().reduce(|sum, value| sum + value)
}

fn row(log: &Log) -> Row {
    let [file]: &[FileAccount] = log.accounting.files.as_slice() else { panic!("one file") };
    let settled = file.calls + file.duplicates + file.ignored_total() + file.rejected;
    assert_eq!(file.lines, settled, "{file:?}");
    let mut row = Row::new();
    for (column, count) in [
        ("calls", file.calls - file.buckets - file.charges),
        ("children", file.child_calls),
        ("duplicates", file.duplicates),
        ("ignored", file.ignored_total()),
        ("rejected", file.rejected),
        ("buckets", file.buckets),
        ("charges", file.charges),
    ] {
        row.insert(column, count.to_string());
    }
    let usages: Vec<_> = log
        .calls
        .iter()
        .map(|call| call.usage.get())
        .chain(log.buckets.iter().map(|bucket| bucket.usage.clone()))
        .collect();
    let mut tokens = |column, pick: &dyn Fn(&Usage) -> Option<Tokens>| {
        if let Some(total) = sum(usages.iter().map(pick)) {
            row.insert(column, total.get().to_string());
        }
    };
    tokens("input", &|usage| usage.input);
    tokens("cache_read", &|usage| usage.cache_read);
    tokens("cache_write", &|usage| usage.cache_write.map(CacheWrites::total));
    tokens("output", &|usage| usage.output);
    tokens("reasoning", &|usage| usage.reasoning);
    let logged = log
        .calls
        .iter()
        .map(|call| call.logged_cost.get())
        .chain(log.charges.iter().map(|charge| Some(charge.billed)));
    if let Some(logged) = sum(logged) {
        row.insert("logged_cost_usd", decimal(logged));
    }
    row
}

/// Dollars without trailing zeros, to the pico-dollar that a call keeps.
fn decimal(amount: Usd) -> String {
    let pico = amount.femto() / 1_000;
    let text = format!("{}.{:012}", pico / 1_000_000_000_000, pico % 1_000_000_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[test]
fn every_reference_file_agrees_with_the_table_made_without_tokopt() {
    let Some((folder, files)) = files() else { return };
    let table = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/samples-expected.csv");
    let mut table = csv::Reader::from_path(table).expect("the expected table");
    let header = table.headers().expect("a header").clone();
    let mut differing = String::new();
    let mut seen = 0;
    for record in table.records() {
        let record = record.expect("a row");
        let cell = |column: &str| {
            let at = header.iter().position(|name| name == column).expect("the column");
            record.get(at).unwrap_or_default().to_owned()
        };
        let path = cell("path");
        let Some(file) = files.iter().find(|file| shown(&folder, file) == path) else { continue };
        seen += 1;
        let is_readable = cell("format") != "unknown";
        let ours = log_of(file);
        let mut columns = Vec::new();
        match ours {
            Ok(log) => {
                let ours = row(&log);
                for column in COLUMNS {
                    let (ours, theirs) = match column {
                        "read" => ("yes".to_owned(), if is_readable { "yes" } else { "no" }.into()),
                        "logged_cost_usd" => {
                            (ours.get(column).cloned().unwrap_or_default(), amount(&cell(column)))
                        }
                        _ => (ours.get(column).cloned().unwrap_or_default(), cell(column)),
                    };
                    if ours != theirs {
                        columns.push(format!("{column} {ours:?} not {theirs:?}"));
                    }
                }
            }
            Err(error) if is_readable => columns.push(format!("read: {error}")),
            Err(_) => {}
        }
        if !columns.is_empty() {
            writeln!(differing, "{path}: {}", columns.join(", ")).expect("a string");
        }
    }
    assert_eq!(seen, files.len(), "files that the table does not know");
    let mut expected = String::new();
    for (path, columns, _) in DIFFERENCES {
        writeln!(expected, "{path}: {columns}").expect("a string");
    }
    assert!(differing == expected, "{differing}");
}

/// An amount of the expected table in the notation of [`decimal`].
fn amount(text: &str) -> String {
    if text.is_empty() { String::new() } else { decimal(Usd::from_decimal(text).expect("dollars")) }
}

#[test]
fn the_account_of_every_reference_file_is_as_reviewed() {
    let Some((folder, files)) = files() else { return };
    let prices = PriceTable::embedded().expect("the built-in table");
    let mut account = String::from(
        "file | format | lines = calls + children + buckets + charges, duplicates, ignored, rejected | \
         input read write output reasoning | priced, unpriced | logged\n",
    );
    for file in files {
        let name = shown(&folder, &file);
        let log = match log_of(&file) {
            Ok(log) => log,
            Err(error) => {
                let reason = error.to_string().replace(&*file.to_string_lossy(), "it");
                writeln!(account, "{name} | refused: {reason}").expect("a string");
                continue;
            }
        };
        let figures = row(&log);
        let figure = |column: &str| figures.get(column).map_or("?", String::as_str);
        let settings = Settings::default();
        let ledger = Ledger::new(&log, &prices, &settings);
        let bills = ledger.entries.iter().map(|entry| entry.bill.total());
        let bills: Vec<Option<Usd>> =
            bills.chain(ledger.buckets.iter().map(|entry| entry.bill.total())).collect();
        let unpriced = bills.iter().filter(|bill| bill.is_none()).count();
        let priced = sum(bills.into_iter()).map_or_else(|| "?".to_owned(), decimal);
        let [account_of] = log.accounting.files.as_slice() else { panic!("one file") };
        writeln!(
            account,
            "{name} | {} | {} = {} + {} + {} + {}, {}, {}, {} | {} {} {} {} {} | {priced}, {unpriced} | {}",
            account_of.format,
            account_of.lines,
            figure("calls"),
            figure("children"),
            figure("buckets"),
            figure("charges"),
            figure("duplicates"),
            figure("ignored"),
            figure("rejected"),
            figure("input"),
            figure("cache_read"),
            figure("cache_write"),
            figure("output"),
            figure("reasoning"),
            figure("logged_cost_usd"),
        )
        .expect("a string");
    }
    insta::assert_snapshot!("accounting_of_reference_files", account);
}

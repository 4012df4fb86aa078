//! Flat logs, usage exports and traces, from file to log.
//!
//! Every expected number is worked out by hand from the fixture named beside it.

use std::path::Path;

use tokopt::ingest::{ReadOptions, read};
use tokopt::ledger::{Ledger, Settings};
use tokopt::prices::PriceTable;
use tokopt::record::call::{Call, Status};
use tokopt::record::log::{FileAccount, Log};
use tokopt::report::assemble::{self, Naming};
use tokopt::units::{Evidence, Tokens};

use crate::reference;

fn log_of(path: &Path) -> Log {
    let paths = [path.to_string_lossy().into_owned()];
    read(&paths, ReadOptions::default(), &()).unwrap_or_else(|error| panic!("{error}"))
}

fn fixture(name: &str) -> Log {
    log_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/ingest").join(name))
}

/// The account of the only file; its sum must hold whatever else is tested.
fn account(log: &Log) -> &FileAccount {
    let [file] = log.accounting.files.as_slice() else { panic!("one file was read") };
    let kept_and_left = file.calls + file.duplicates + file.ignored_total() + file.rejected;
    assert_eq!(file.lines, kept_and_left, "{file:?}");
    file
}

/// Total input, cached input and output of the calls.
fn totals(log: &Log) -> (u64, u64, u64) {
    let sum = |pick: fn(&Call) -> Option<Tokens>| -> u64 {
        log.calls.iter().filter_map(pick).sum::<Tokens>().get()
    };
    (
        sum(|call| call.usage.get().input),
        sum(|call| call.usage.get().cache_read),
        sum(|call| call.usage.get().output),
    )
}

fn reasons(log: &Log) -> Vec<(u64, &str)> {
    let rejections = account(log).rejections.iter();
    rejections.map(|rejection| (rejection.line, rejection.reason.as_str())).collect()
}

#[test]
fn canonical_lines_in_many_spellings() {
    let log = fixture("canonical/kept/plain.jsonl");
    let file = account(&log);
    assert_eq!((file.format, file.lines, file.calls), ("canonical", 3, 3));
    // 1,200 + 300 + 500; 1,024 + unknown + 0; 80 + 40 + 20.
    assert_eq!(totals(&log), (2_000, 1_024, 140));
    let unknown = log.calls.iter().filter(|call| call.usage.get().cache_read.is_none()).count();
    assert_eq!(unknown, 1);
    let failed = log.calls.iter().filter(|call| call.status == Status::Error).count();
    assert_eq!(failed, 1);
    let features: Vec<_> = log.calls.iter().map(|call| log.strings.text_of(call.feature)).collect();
    assert_eq!(features, [Some("search"), Some("/faq"), Some("search")]);
}

#[test]
fn canonical_lines_that_leave_the_cache_out_of_the_input() {
    let log = fixture("canonical/kept/exclusive.jsonl");
    // 100 + 900 + 40 + 10 = 1,050; 1,000 + 900 = 1,900; 10 + 30 = 40.
    assert_eq!(totals(&log), (2_990, 1_830, 15));
    assert_eq!(account(&log).calls, 3);
}

#[test]
fn canonical_columns_in_another_dialect() {
    let log = fixture("canonical/kept/columns.csv");
    let file = account(&log);
    assert_eq!((file.format, file.calls), ("canonical-csv", 3));
    assert_eq!(totals(&log), (600, 0, 40));
    assert_eq!(log.strings.text_of(log.calls[2].feature), Some("a;b"));
    assert_eq!(log.strings.text_of(log.calls[0].account), Some("red"));
}

#[test]
fn rows_of_components_are_one_call() {
    let log = fixture("canonical/kept/components.jsonl");
    assert_eq!(account(&log).lines, 3);
    assert_eq!(log.calls.len(), 1);
    // 400 of system prompt + 60 of the user; 25 of answer.
    assert_eq!(totals(&log), (460, 0, 25));
}

#[test]
fn canonical_rejections_name_line_and_field() {
    let log = fixture("canonical/rejected/lines.jsonl");
    assert_eq!(account(&log).calls, 1);
    assert_eq!(
        reasons(&log),
        [
            (2, "neither a model nor a token count"),
            (3, "`prompt_tokens` is not a count"),
            (4, "cached tokens exceed input tokens"),
            (5, "not valid JSON"),
            (6, "`timestamp` is not a time"),
        ]
    );
}

#[test]
fn block_traces_share_the_blocks_they_share() {
    let log = fixture("block-trace/kept/global.jsonl");
    assert_eq!(account(&log).format, "block-trace");
    // 1,030 + 1,100 + 512 + 9; 50 + 60 + 7 + 1.
    assert_eq!(totals(&log), (2_651, 0, 118));
    // Blocks 1 and 2 once, 3 (6 tokens) and 4 (76 tokens) behind them.
    assert_eq!(log.tree.len(), 4);
    assert_eq!(log.prompts.len(), 3);
    let scoped = fixture("block-trace/kept/scoped.jsonl");
    // The same ids in two conversations are six blocks.
    assert_eq!(scoped.tree.len(), 6);
    let rejected = fixture("block-trace/rejected/lines.jsonl");
    let reasons = reasons(&rejected);
    assert_eq!(reasons.len(), 3);
    assert_eq!(reasons[1], (2, "no `input_length`"));
}

#[test]
fn azure_rows_without_ids_are_no_duplicates() {
    let log = fixture("azure-trace/kept/rows.csv");
    assert_eq!((account(&log).format, account(&log).calls), ("azure-trace", 3));
    assert_eq!(totals(&log), (2_500, 0, 40));
    assert_eq!(reasons(&fixture("azure-trace/rejected/rows.csv")).len(), 3);
}

#[test]
fn usage_pages_are_buckets() {
    let log = fixture("openai-usage/kept/page.json");
    let file = account(&log);
    assert_eq!((file.format, file.calls, file.buckets), ("openai-usage", 2, 2));
    assert_eq!(file.ignored, [("empty bucket", 1)]);
    let input: Tokens = log.buckets.iter().filter_map(|bucket| bucket.usage.input).sum();
    let uncached: Tokens =
        log.buckets.iter().filter_map(|bucket| bucket.usage.uncached_input()).sum();
    // 900 + 100; (900 - 600 - 50) + (100 - 0).
    assert_eq!((input.get(), uncached.get()), (1_000, 350));
    assert_eq!(reasons(&fixture("openai-usage/rejected/sums.json")).len(), 2);

    let log = fixture("anthropic-usage/kept/page.json");
    assert_eq!((account(&log).format, account(&log).buckets), ("anthropic-usage", 2));
    let input: Tokens = log.buckets.iter().filter_map(|bucket| bucket.usage.input).sum();
    // (300 + 4,000 + 30 + 70) + 100.
    assert_eq!(input.get(), 4_500);
    assert!(log.buckets.iter().all(|bucket| bucket.calls.is_none()));
    assert_eq!(reasons(&fixture("anthropic-usage/rejected/buckets.json")).len(), 2);
}

#[test]
fn quiet_periods_are_ignored() {
    for format in ["openai-usage", "anthropic-usage"] {
        let log = fixture(&format!("{format}/ignored/quiet.json"));
        assert_eq!((account(&log).format, account(&log).ignored_total()), (format, 1));
    }
}

#[test]
fn litellm_payloads_rows_and_dumps() {
    let log = fixture("litellm-payload/kept/calls.jsonl");
    assert_eq!((account(&log).format, account(&log).calls), ("litellm-payload", 3));
    // The failed call reported nothing; 2,000 + 50, 1,500 read, 40 + 6.
    assert_eq!(totals(&log), (2_050, 1_500, 46));
    assert_eq!(log.prompts.len(), 1);
    assert_eq!(log.calls.iter().filter(|call| call.flags.gateway_cache_hit).count(), 1);
    assert_eq!(reasons(&fixture("litellm-payload/rejected/lines.jsonl")).len(), 3);

    let log = fixture("litellm-spend/kept/rows.jsonl");
    assert_eq!((account(&log).format, account(&log).calls), ("litellm-spend", 2));
    assert_eq!(totals(&log), (1_600, 512, 40));
    assert!(log.accounting.notes.iter().any(|note| note.code == "ZONELESS_TIMES"));
    assert_eq!(reasons(&fixture("litellm-spend/rejected/rows.jsonl")).len(), 2);

    let log = fixture("litellm-spend/kept/dump.csv");
    assert_eq!((account(&log).format, account(&log).calls), ("litellm-spend-csv", 1));
    assert_eq!(totals(&log), (100, 60, 7));
}

#[test]
fn the_reference_traces_are_read_whole() {
    if let Some(path) = reference::path("traces/mooncake-conversation/conversation_trace.jsonl.gz")
    {
        let log = log_of(&path);
        assert_eq!((account(&log).format, account(&log).rejected), ("block-trace", 0));
        assert_eq!(log.calls.len(), 12_031);
        assert_eq!(totals(&log), (144_793_823, 0, 4_122_048));
        assert_eq!(log.prompts.len(), 12_031);
    }
    if let Some(path) =
        reference::path("traces/azure-llm-2023-code/AzureLLMInferenceTrace_code.csv.gz")
    {
        let log = log_of(&path);
        assert_eq!((account(&log).format, account(&log).rejected), ("azure-trace", 0));
        assert_eq!(log.calls.len(), 8_819);
    }
}

#[test]
fn the_reference_samples_are_read() {
    for (sample, format, kept) in [
        ("openai-usage-api/usage-completions.doc-example.json", "openai-usage", 1),
        ("openai-usage-api/usage-embeddings.doc-example.json", "openai-usage", 1),
        ("anthropic-admin/usage_report_messages.doc-example.json", "anthropic-usage", 1),
        ("litellm/standard_logging_payload.json", "litellm-payload", 1),
        ("litellm/spend_log_row.json", "litellm-spend", 1),
    ] {
        if let Some(path) = reference::path(&format!("samples/{sample}")) {
            let log = log_of(&path);
            assert_eq!((account(&log).format, account(&log).calls), (format, kept), "{sample}");
        }
    }
}

#[test]
fn features_of_an_export_are_as_logged() {
    // No call in it, so nothing was grouped by its tools and system prompt.
    let log = fixture("anthropic-usage/kept/page.json");
    let table = PriceTable::embedded().expect("the built-in table");
    let settings = Settings::default();
    let ledger = Ledger::new(&log, &table, &settings);
    assert!(!ledger.buckets.is_empty());
    assert_eq!(ledger.feature_evidence, Evidence::Measured);
    let document = assemble::document(&log, &ledger, &Naming::PublishedKey, None);
    assert!(document.warnings.iter().all(|warning| warning.code != "CALL_SITES"));
}

//! Usage and cost exports of the sellers themselves, from file to log.
//!
//! Every expected number is worked out by hand from the fixture named beside it.

use std::path::{Path, PathBuf};

use tokopt::ingest::csv_rows::header;
use tokopt::ingest::format::{Framing, Sample};
use tokopt::ingest::json::Json;
use tokopt::ingest::{FORMATS, ReadOptions, read};
use tokopt::ledger::{Ledger, Settings};
use tokopt::prices::PriceTable;
use tokopt::record::bucket::Bucket;
use tokopt::record::call::Operation;
use tokopt::record::charge::Meter;
use tokopt::record::lane::Tier;
use tokopt::record::log::{FileAccount, Log};
use tokopt::units::{Timestamp, Tokens, Usd};

use crate::reference;

fn log_of(path: &Path) -> Log {
    let paths = [path.to_string_lossy().into_owned()];
    read(&paths, ReadOptions::default(), &()).unwrap_or_else(|error| panic!("{error}"))
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/ingest")
}

fn fixture(name: &str) -> Log {
    log_of(&folder().join(name))
}

/// The account of the only file; its sum must hold whatever else is tested.
fn account(log: &Log) -> &FileAccount {
    let [file] = log.accounting.files.as_slice() else { panic!("one file was read") };
    let kept_and_left = file.calls + file.duplicates + file.ignored_total() + file.rejected;
    assert_eq!(file.lines, kept_and_left, "{file:?}");
    assert_eq!((file.buckets, file.charges), (log.buckets.len() as u64, log.charges.len() as u64));
    file
}

fn reasons(name: &str) -> Vec<(u64, String)> {
    let log = fixture(name);
    let rejections = account(&log).rejections.iter();
    rejections.map(|rejection| (rejection.line, rejection.reason.clone())).collect()
}

fn expect_reasons(name: &str, expected: &[(u64, &str)]) {
    let expected: Vec<(u64, String)> =
        expected.iter().map(|(line, reason)| (*line, (*reason).to_owned())).collect();
    assert_eq!(reasons(name), expected, "{name}");
}

fn billed(log: &Log) -> Usd {
    log.charges.iter().map(|charge| charge.billed).sum()
}

fn usd(text: &str) -> Usd {
    Usd::from_decimal(text).expect("a decimal")
}

/// Total input, cached input and output of the buckets.
fn totals(log: &Log) -> (u64, u64, u64) {
    let sum = |pick: fn(&Bucket) -> Option<Tokens>| -> u64 {
        log.buckets.iter().filter_map(pick).sum::<Tokens>().get()
    };
    (
        sum(|bucket| bucket.usage.input),
        sum(|bucket| bucket.usage.cache_read),
        sum(|bucket| bucket.usage.output),
    )
}

/// Midnight UTC of a day of March 2026.
fn march(day: i64) -> Timestamp {
    // 2026-03-02 is 1,772,409,600 s after the epoch (GNU date).
    Timestamp::from_micros((1_772_409_600 + (day - 2) * 86_400) * 1_000_000)
}

#[test]
fn costs_of_openai_are_charges() {
    let log = fixture("openai-costs/kept/page.json");
    let file = account(&log);
    assert_eq!((file.format, file.charges), ("openai-costs", 5));
    assert_eq!(file.ignored, [("empty bucket", 1)]);
    // 0.0000129 + 0.0123456789 + 2.5 + 0.3 - 1.
    assert_eq!(billed(&log), usd("1.8123585789"));
    let text = |symbol| log.strings.text_of(symbol).unwrap_or("-");
    let told: Vec<_> = log
        .charges
        .iter()
        .map(|charge| (charge.meter, text(charge.model), text(charge.item), text(charge.account)))
        .collect();
    let model = "gpt-4.1-mini-2025-04-14";
    for expected in [
        (Meter::Input, model, "-", "proj_a"),
        (Meter::CacheRead, model, "-", "proj_a"),
        (Meter::Output, model, "-", "proj_b"),
        (Meter::Tool, "-", "web search tool calls", "proj_b"),
        (Meter::Unstated, "-", "Credit for an outage", "-"),
    ] {
        assert!(told.contains(&expected), "{expected:?} is not in {told:?}");
    }
    let first = &log.charges[0];
    assert_eq!((first.start, first.end), (Some(march(3)), Some(march(4))));
    assert_eq!(text(first.provider), "openai");
    expect_reasons(
        "openai-costs/rejected/buckets.jsonl",
        &[
            (2, "the amount is not in US dollars"),
            (3, "`amount.value` is not an amount"),
            (4, "no `amount.value`"),
            (5, "no `start_time`"),
        ],
    );
}

#[test]
fn costs_of_the_dashboard_say_the_same() {
    let log = fixture("openai-costs/kept/dashboard.csv");
    let file = account(&log);
    assert_eq!((file.format, file.charges), ("openai-costs-csv", 2));
    assert_eq!(file.ignored, [("empty bucket", 1)]);
    // 0.895874 + 0.104126.
    assert_eq!(billed(&log), usd("1"));
    assert_eq!((log.charges[0].start, log.charges[0].meter), (Some(march(2)), Meter::Output));
    let notes: Vec<_> = log.accounting.notes.iter().map(|note| note.code).collect();
    assert_eq!(notes, ["NOT_GROUPED_BY_LINE_ITEM"]);
    let quiet = fixture("openai-costs/ignored/dashboard.csv");
    assert_eq!((account(&quiet).calls, account(&quiet).ignored_total()), (0, 1));
}

#[test]
fn rows_of_the_dashboard_are_buckets() {
    let log = fixture("openai-dashboard-csv/kept/completions.csv");
    let file = account(&log);
    assert_eq!((file.format, file.buckets), ("openai-dashboard-csv", 2));
    assert_eq!(file.ignored, [("empty bucket", 1)]);
    // 59,200 + 800; 5,760 + 0; 1,064 + 300.
    assert_eq!(totals(&log), (60_000, 5_760, 1_364));
    assert_eq!(log.buckets.iter().filter_map(|bucket| bucket.calls).sum::<u64>(), 14);
    let batch = log.buckets.iter().find(|bucket| bucket.tier == Tier::Batch).expect("batch: TRUE");
    assert_eq!(batch.other_modality, Tokens::new(30));
    assert_eq!(log.strings.text_of(batch.feature), Some("key_2"));
    assert_eq!(batch.start, Some(march(2)));
    for (name, reason) in
        [("quiet.csv", "empty bucket"), ("images.csv", "usage that is not counted in tokens")]
    {
        let log = fixture(&format!("openai-dashboard-csv/ignored/{name}"));
        let file = account(&log);
        assert_eq!((file.format, file.calls), ("openai-dashboard-csv", 0));
        assert_eq!(file.ignored, [(reason, 1)]);
    }
    expect_reasons(
        "openai-dashboard-csv/rejected/rows.csv",
        &[
            (3, "`input_tokens` is not the sum of uncached, cached and cache-written tokens"),
            (4, "`input_tokens` is not a count"),
            (5, "no `start_time_iso`"),
        ],
    );
}

#[test]
fn rows_of_the_activity_export_are_buckets() {
    let log = fixture("openai-dashboard-csv/kept/activity.csv");
    assert_eq!((account(&log).format, account(&log).buckets), ("openai-dashboard-csv", 3));
    // 1,250,000 + 900 + 50; 1,024 + unknown + 0; 98,000 + 0 + 5.
    assert_eq!(totals(&log), (1_250_950, 1_024, 98_005));
    assert_eq!(log.buckets.iter().filter_map(|bucket| bucket.calls).sum::<u64>(), 428);
    let tiers: Vec<_> = log.buckets.iter().filter(|bucket| bucket.tier == Tier::Batch).collect();
    assert_eq!(tiers.len(), 1);
    let embeddings = |bucket: &&Bucket| bucket.operation == Operation::Embeddings;
    let embeddings = log.buckets.iter().find(embeddings).expect("embeddings");
    assert_eq!(embeddings.usage.cache_read, None);
    expect_reasons(
        "openai-dashboard-csv/rejected/activity.csv",
        &[
            (3, "cached tokens exceed input tokens"),
            (4, "`n_context_tokens_total` is not a count"),
            (5, "no `timestamp`"),
        ],
    );
}

#[test]
fn the_cost_report_of_anthropic_is_in_cents() {
    let log = fixture("anthropic-cost-report/kept/page.json");
    let file = account(&log);
    assert_eq!((file.format, file.charges), ("anthropic-cost-report", 5));
    assert_eq!(file.ignored, [("empty bucket", 1)]);
    // (123.45 + 0.0625 + 7.5 + 300 + 20) cents = 451.0125 cents.
    assert_eq!(billed(&log), usd("4.510125"));
    let of = |meter: Meter| {
        log.charges.iter().find(|charge| charge.meter == meter).expect("a charge of the meter")
    };
    let text = |symbol| log.strings.text_of(symbol);
    assert_eq!(of(Meter::Output).tier, Some(Tier::Batch));
    assert_eq!(text(of(Meter::Output).region), None);
    assert_eq!(of(Meter::CacheWrite).long_context, Some(true));
    assert_eq!(of(Meter::CacheRead).billed, usd("0.000625"));
    assert_eq!(text(of(Meter::Input).account), Some("wrkspc_a"));
    assert_eq!(text(of(Meter::Tool).item), Some("Web Search Usage"));
    expect_reasons(
        "anthropic-cost-report/rejected/buckets.jsonl",
        &[
            (2, "`amount` is not an amount in cents"),
            (3, "the amount is not in US dollars"),
            (4, "no `amount`"),
            (5, "no `starting_at`"),
        ],
    );
}

#[test]
fn usage_of_the_console_is_disjoint() {
    let log = fixture("anthropic-console-usage/kept/days.csv");
    assert_eq!((account(&log).format, account(&log).buckets), ("anthropic-console-usage", 2));
    // (4,000 + 600 + 40 + 9,000) + 250,000; 9,000; 700 + 1,200.
    assert_eq!(totals(&log), (263_640, 9_000, 1_900));
    assert!(log.buckets.iter().all(|bucket| bucket.calls.is_none()));
    let nightly = log.buckets.iter().find(|bucket| bucket.tier == Tier::Batch).expect("batch");
    assert_eq!((nightly.long_context, nightly.tool_requests), (Some(true), 3));
    assert_eq!((nightly.start, nightly.end), (Some(march(2)), Some(march(3))));
    let text = |symbol| log.strings.text_of(symbol);
    assert_eq!((text(nightly.account), text(nightly.feature)), (Some("Reports"), Some("nightly")));
    assert!(log.accounting.notes.is_empty(), "{:?}", log.accounting.notes);

    let log = fixture("anthropic-console-usage/kept/older.csv");
    // 100 + 70 written + 30 read.
    assert_eq!(totals(&log), (200, 30, 9));
    let bucket = &log.buckets[0];
    let writes = bucket.usage.cache_write.expect("a column of writes");
    assert_eq!((writes.unstated.get(), writes.short), (70, None));
    // An hour was named, and nothing says where it ends.
    assert_eq!(bucket.end, None);
    expect_reasons(
        "anthropic-console-usage/rejected/rows.csv",
        &[
            (3, "`usage_date_utc` is not a time"),
            (4, "`usage_input_tokens_no_cache` is not a count"),
            (5, "no `usage_input_tokens_no_cache`"),
        ],
    );
}

#[test]
fn costs_of_the_console_keep_both_prices() {
    let log = fixture("anthropic-console-cost/kept/days.csv");
    assert_eq!((account(&log).format, account(&log).charges), ("anthropic-console-cost", 5));
    // 0.05 + 0.01 + 0.02 + 1.25 + 0.30.
    assert_eq!(billed(&log), usd("1.63"));
    let list: Usd = log.charges.iter().filter_map(|charge| charge.list).sum();
    // 0.06 + 0.01 + 0.02 + 2.50 + 0.30.
    assert_eq!(list, usd("2.89"));
    let text = |symbol| log.strings.text_of(symbol);
    let output = log.charges.iter().find(|charge| charge.meter == Meter::Output).expect("output");
    assert_eq!(text(output.model), Some("Claude Sonnet 4.5"));
    assert_eq!((output.tier, output.long_context), (Some(Tier::Batch), Some(true)));
    assert_eq!((text(output.region), text(output.account)), (Some("us"), Some("Reports")));
    let tool = log.charges.iter().find(|charge| charge.meter == Meter::Tool).expect("searches");
    assert_eq!((text(tool.item), tool.model), (Some("web_search"), None));
    let older = fixture("anthropic-console-cost/kept/older.csv");
    assert_eq!((billed(&older), older.charges[0].list), (usd("0.1"), None));
    expect_reasons(
        "anthropic-console-cost/rejected/rows.csv",
        &[(3, "`cost_usd` is not an amount"), (4, "no `cost_usd`"), (5, "no `usage_date_utc`")],
    );
}

#[test]
fn analytics_of_claude_code_are_no_bill() {
    let log = fixture("claude-code-analytics/ignored/page.json");
    let file = account(&log);
    assert_eq!((file.format, file.lines), ("claude-code-analytics", 1));
    assert_eq!(file.ignored, [("productivity of Claude Code, no billing", 1)]);
    expect_reasons(
        "claude-code-analytics/rejected/days.jsonl",
        &[(2, "no `actor`"), (3, "not valid JSON")],
    );
}

#[test]
fn rows_of_deepseek_add_up() {
    let log = fixture("deepseek-export/kept/amounts.csv");
    assert_eq!((account(&log).format, account(&log).buckets), ("deepseek-export", 4));
    // 9,000 hits + 1,000 misses; 9,000; 500.
    assert_eq!(totals(&log), (10_000, 9_000, 500));
    assert_eq!(log.buckets.iter().filter_map(|bucket| bucket.calls).sum::<u64>(), 12);
    // Midnight in UTC+8 is 16:00 of the day before: 2026-08-16T16:00:00Z is
    // 1,786,896,000 s after the epoch (GNU date).
    assert_eq!(log.buckets[0].start, Some(Timestamp::from_micros(1_786_896_000_000_000)));
    let older = fixture("deepseek-export/kept/older.csv");
    assert_eq!((account(&older).buckets, totals(&older)), (2, (0, 0, 30)));
    let costs = fixture("deepseek-export/kept/costs.csv");
    assert_eq!((account(&costs).charges, billed(&costs)), (2, usd("0.0149")));
    expect_reasons(
        "deepseek-export/rejected/amounts.csv",
        &[
            (3, "`amount` is not a count"),
            (4, "`utc_date` is not a date"),
            (5, "no `type`"),
            (6, "no `amount`"),
        ],
    );
    expect_reasons(
        "deepseek-export/rejected/costs.csv",
        &[(2, "the amount is not in US dollars"), (3, "no `cost`")],
    );
}

#[test]
fn charges_are_no_usage() {
    let log = fixture("openai-costs/kept/page.json");
    let table = PriceTable::embedded().expect("the built-in table");
    let settings = Settings::default();
    let ledger = Ledger::new(&log, &table, &settings);
    assert!(ledger.buckets.is_empty() && ledger.entries.is_empty());
}

#[test]
fn pages_over_many_lines_are_recognised_however_long() {
    let results = r#"{"object": "organization.costs.result", "amount": {"value": 0.5, "currency": "usd"}, "line_item": "gpt-4.1, input"}"#;
    let bucket = |start: u64| {
        format!(
            "{{\n\"object\": \"bucket\",\n\"start_time\": {start},\n\"results\": [\n{}\n]\n}}",
            [results; 100].join(",\n")
        )
    };
    let buckets: Vec<String> = (0..31).map(|day| bucket(1_772_409_600 + day * 86_400)).collect();
    let page = format!(
        "{{\n\"object\": \"page\",\n\"data\": [\n{}\n],\n\"has_more\": false\n}}\n",
        buckets.join(",\n")
    );
    assert!(page.len() > 1 << 18, "longer than what is read for a line");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("costs.json");
    std::fs::write(&path, page).expect("writable");
    let log = log_of(&path);
    assert_eq!((account(&log).format, account(&log).charges), ("openai-costs", 3_100));
    // 31 days of 100 times half a dollar.
    assert_eq!(billed(&log), usd("1550"));
}

#[test]
fn each_export_is_claimed_by_its_format_alone() {
    let ours = [
        "openai-batch",
        "anthropic-batch",
        "openai-usage",
        "openai-costs",
        "openai-dashboard-csv",
        "anthropic-usage",
        "anthropic-cost-report",
        "anthropic-console-usage",
        "anthropic-console-cost",
        "claude-code-analytics",
        "deepseek-export",
    ];
    let mut seen = 0;
    for format in ours {
        for entry in walkdir(&folder().join(format)) {
            let text = std::fs::read_to_string(&entry).expect("readable");
            let claims: Vec<&str> = FORMATS
                .iter()
                .filter(|candidate| {
                    claims(candidate.framing(), &text, |sample| candidate.detect(sample))
                })
                .map(|candidate| candidate.id())
                .collect();
            assert_eq!(claims.len(), 1, "{}: {claims:?}", entry.display());
            assert!(claims[0].starts_with(format), "{}: {claims:?}", entry.display());
            seen += 1;
        }
    }
    assert!(seen > 25, "{seen} fixtures");
}

fn walkdir(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the fixtures are shipped").flatten() {
        let path = entry.path();
        if path.is_dir() { found.extend(walkdir(&path)) } else { found.push(path) }
    }
    found
}

fn claims(framing: Framing, text: &str, detect: impl Fn(&Sample<'_>) -> bool) -> bool {
    let is_json = text.starts_with('{');
    match framing {
        Framing::Csv if !is_json => {
            detect(&Sample::Csv(&header(text.lines().next().unwrap_or_default().as_bytes())))
        }
        Framing::Json if is_json => {
            let whole = serde_json::from_str::<serde_json::Value>(text).is_ok();
            let records: Vec<Json<'_>> = if whole {
                vec![Json::of_text(text)]
            } else {
                text.lines().map(Json::of_text).collect()
            };
            detect(&Sample::Json(&records))
        }
        _ => false,
    }
}

#[test]
fn the_reference_exports_are_read() {
    for (sample, format, buckets, charges, ignored) in [
        ("openai-usage-api/costs.doc-example.json", "openai-costs", 0, 1, 0),
        ("openai-usage-api/usage-completions.doc-example.json", "openai-usage", 1, 0, 0),
        ("openai-usage-api/usage-embeddings.doc-example.json", "openai-usage", 1, 0, 0),
        (
            "openai-dashboard-csv/completions_usage.empty-bucket.csv",
            "openai-dashboard-csv",
            0,
            0,
            1,
        ),
        ("openai-dashboard-csv/legacy-activity.example.csv", "openai-dashboard-csv", 1, 0, 0),
        ("anthropic-admin/console-usage.csv", "anthropic-console-usage", 2, 0, 0),
        ("anthropic-admin/console-cost.csv", "anthropic-console-cost", 0, 2, 0),
        ("anthropic-admin/cost_report.doc-example.json", "anthropic-cost-report", 0, 1, 0),
        ("anthropic-admin/usage_report_messages.doc-example.json", "anthropic-usage", 1, 0, 0),
    ] {
        let Some(path) = reference::path(&format!("samples/{sample}")) else { continue };
        let log = log_of(&path);
        let file = account(&log);
        let found = (file.format, file.buckets, file.charges, file.ignored_total(), file.rejected);
        assert_eq!(found, (format, buckets, charges, ignored, 0), "{sample}");
    }
    // By hand: 6 cents; 123.78912 cents; 0.05 + 0.02.
    for (sample, amount) in [
        ("openai-usage-api/costs.doc-example.json", "0.06"),
        ("anthropic-admin/cost_report.doc-example.json", "1.2378912"),
        ("anthropic-admin/console-cost.csv", "0.07"),
    ] {
        let Some(path) = reference::path(&format!("samples/{sample}")) else { continue };
        assert_eq!(billed(&log_of(&path)), usd(amount), "{sample}");
    }
    // (46,981 + 15,969) + 100,000; 16,932 + 5,000.
    if let Some(path) = reference::path("samples/anthropic-admin/console-usage.csv") {
        assert_eq!(totals(&log_of(&path)), (162_950, 0, 21_932));
    }
}

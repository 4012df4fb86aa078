//! Findings on small logs whose every figure can be worked out by hand.
//!
//! The test's own price table has round rates: a prompt token of `small` costs
//! a micro-dollar, a generated one five. Each log holds what must be found and,
//! beside it, what only looks like it.

use std::path::{Path, PathBuf};

use tokopt::findings::{self, Finding, SelfHosting, Settings};
use tokopt::ingest::{ReadOptions, read};
use tokopt::ledger::{self, Ledger};
use tokopt::prices::{PriceSource, PriceTable};
use tokopt::record::log::Log;
use tokopt::record::prompt::NodeId;
use tokopt::units::{Evidence, Usd};

const PRICES: &str = r#"
provider = "openai"
checked = "2026-11-22"
sources = ["https://example.com/prices"]

[defaults]
source = "https://example.com/prices"

[[model]]
id = "small"
aliases = ["small-2026-01-01"]
[[model.price]]
input = "1"
output = "5"

[[model]]
id = "large"
[[model.price]]
input = "10"
output = "50"

[[model]]
id = "aging"
shutdown = "2026-06-01"
[[model.price]]
input = "1"
output = "5"

[[model]]
id = "gone"
shutdown = "2026-01-01"
[[model.price]]
input = "1"
output = "5"

[[model]]
id = "later"
shutdown = "2027-01-01"
[[model.price]]
input = "1"
output = "5"

[[model]]
id = "cut"
[[model.price]]
until = "2026-03-15"
input = "4"
output = "20"
[[model.price]]
from = "2026-03-15"
input = "2"
output = "10"

[[model]]
id = "raised"
[[model.price]]
until = "2026-04-01"
input = "1"
output = "5"
[[model.price]]
from = "2026-04-01"
input = "2"
output = "10"
"#;

fn table() -> PriceTable {
    PriceTable::from_sources(&[PriceSource { name: "test.toml", text: PRICES }])
        .unwrap_or_else(|error| panic!("{error}"))
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/findings").join(name)
}

fn log(path: &Path) -> Log {
    let path = path.display().to_string();
    let log = read(&[path], ReadOptions::default(), &()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(log.accounting.files.iter().map(|file| file.rejected).sum::<u64>(), 0);
    log
}

fn found_with(path: &Path, settings: &Settings) -> Vec<Finding> {
    let (log, table, ledger_settings) = (log(path), table(), ledger::Settings::default());
    findings::find(&Ledger::new(&log, &table, &ledger_settings), settings)
}

/// The findings of one code in a fixture.
fn found(name: &str, code: &str) -> Vec<Finding> {
    let all = found_with(&fixture(name), &Settings::default());
    all.into_iter().filter(|finding| finding.code == code).collect()
}

fn only(name: &str, code: &str) -> Finding {
    let mut found = found(name, code);
    assert_eq!(found.len(), 1, "{code} in {name}: {found:?}");
    found.remove(0)
}

#[expect(clippy::unnecessary_wraps, reason = "spares every comparison the `Some`")]
fn micro(dollars: u64) -> Option<Usd> {
    Some(Usd::from_femto(i128::from(dollars) * 1_000_000_000))
}

/// Counted tokens of each call's prompt, in order of time.
fn counted(log: &Log) -> Vec<u64> {
    let prompts = log.calls.iter().filter_map(|call| log.prompt(call.prompt));
    prompts.map(|prompt| u64::from(prompt.counted_tokens)).collect()
}

#[test]
fn failed_requests_sent_again_are_retries() {
    let finding = only("retries.jsonl", "TRANSPORT_RETRIES");
    // Two failures and a third attempt (1,000 + 5 * 100), then one answer cut
    // off and asked for again (500 + 5 * 60). The second try of the first
    // request failed and cost nothing. Not found: a retry after 200 seconds, a
    // repeat after success, another user's request.
    assert_eq!(finding.calls, Some(3));
    assert_eq!(finding.cost, micro(1_500 + 800));
    assert_eq!(finding.wasted, micro(1_500));
    assert_eq!(finding.evidence, Evidence::Measured);
}

#[test]
fn without_texts_a_retry_is_told_by_its_count() {
    let finding = only("sessions.csv", "TRANSPORT_RETRIES");
    // 1,010 tokens after a failure with 1,000; 1,100 are ten per cent more.
    assert_eq!((finding.calls, finding.cost), (Some(1), micro(1_110)));
    assert_eq!((finding.wasted, finding.evidence), (Some(Usd::ZERO), Evidence::Inferred));
}

#[test]
fn prompts_sent_again_after_broken_json_are_retries() {
    let finding = only("json-retries.jsonl", "VALIDATION_RETRIES");
    // 420 + 50 and 440 + 50; the third attempt is wasted. A retry after 130
    // seconds is none.
    assert_eq!(finding.calls, Some(2));
    assert_eq!((finding.cost, finding.wasted), (micro(960), micro(490)));
    assert_eq!(finding.evidence, Evidence::Inferred);
}

#[test]
fn the_same_tool_call_with_the_same_result_is_a_loop() {
    let finding = only("tool-loop.jsonl", "REPEATED_TOOL_CALLS");
    // Step k costs 1,000 k + 100. Steps 1 to 4 make the same call: 2, 3 and 4
    // repeat it, 3 and 4 are wasted.
    assert_eq!(finding.calls, Some(3));
    assert_eq!(finding.cost, micro(2_100 + 3_100 + 4_100));
    // Steps 5 and 6 (5,000 and 6,000 tokens) read on what 3 and 4 left: what
    // stands between the prompts of steps 3 and 5, scaled to the bill.
    let tokens = counted(&log(&fixture("tool-loop.jsonl")));
    let place = |at: usize, of: usize, billed: u64| tokens[at] * billed / tokens[of];
    let carried = (5_000 - place(2, 4, 5_000)) + (place(4, 5, 6_000) - place(2, 5, 6_000));
    assert!(carried > 1_000, "{carried} tokens");
    assert_eq!(finding.wasted, micro(3_100 + 4_100 + carried));
    assert_eq!(finding.evidence, Evidence::Inferred);
}

#[test]
fn calls_that_carry_ids_are_told_by_their_answers() {
    let finding = only("calls-with-ids.jsonl", "REPEATED_TOOL_CALLS");
    // The blocks differ by the provider's id; text and arguments of the answers
    // do not. Steps 2 and 3 repeat the first; what the third left is read once.
    let tokens = counted(&log(&fixture("calls-with-ids.jsonl")));
    let carried = 4_000 - tokens[2] * 4_000 / tokens[3];
    assert_eq!((finding.calls, finding.cost), (Some(2), micro(2_100 + 3_100)));
    assert_eq!(finding.wasted, micro(3_100 + carried));
}

#[test]
fn commands_in_a_text_are_told_by_their_results() {
    let finding = only("commands-in-text.jsonl", "REPEATED_TOOL_CALLS");
    // One session sees the same long result three times, another a short one.
    assert_eq!((finding.calls, finding.cost), (Some(2), micro(2_100 + 3_100)));
    assert_eq!(finding.evidence, Evidence::Inferred);
}

#[test]
fn polling_paging_and_testing_again_are_no_loops() {
    let path = fixture("tool-repeats-allowed.jsonl");
    let codes: Vec<&str> =
        found_with(&path, &Settings::default()).iter().map(|finding| finding.code).collect();
    // Also silent on the cycle of four edits and tests: every edit is another.
    assert_eq!(codes, ["UNCAPPED_CALLS"]);
}

#[test]
fn tool_calls_in_a_cycle_are_ping_pong() {
    let finding = only("ping-pong.jsonl", "PING_PONG");
    // Steps 1 to 6 go round three times; the second and third round are named,
    // the third is wasted. Another session goes round twice.
    assert_eq!(finding.calls, Some(4));
    assert_eq!(finding.cost, micro(3_100 + 4_100 + 5_100 + 6_100));
    let tokens = counted(&log(&fixture("ping-pong.jsonl")));
    let carried = 7_000 - tokens[4] * 7_000 / tokens[6];
    assert_eq!(finding.wasted, micro(5_100 + 6_100 + carried));
    assert!(found("ping-pong.jsonl", "REPEATED_TOOL_CALLS").is_empty());
}

#[test]
fn the_same_answer_five_times_in_a_row_is_a_stall() {
    let finding = only("stall.jsonl", "STALLED_SESSIONS");
    // Step k costs 100 k + 50; steps 2 to 6 say the same, 3 to 6 repeat it, 4 to
    // 6 are wasted. Another session says the same four times.
    assert_eq!(finding.calls, Some(4));
    assert_eq!(finding.cost, micro(350 + 450 + 550 + 650));
    let tokens = counted(&log(&fixture("stall.jsonl")));
    let carried = 700 - tokens[3] * 700 / tokens[6];
    assert_eq!(finding.wasted, micro(450 + 550 + 650 + carried));
}

#[test]
fn sessions_far_longer_than_others_run_away() {
    let finding = only("sessions.csv", "RUNAWAY_SESSIONS");
    // 20 sessions of 8 steps and one of 30: the 20th of 21 values is 8, three
    // times that is below 25, so steps 26 to 30 are beyond. Beside sessions of
    // 10 steps, 30 are three times as many and not more.
    assert_eq!((finding.calls, finding.cost), (Some(5), micro(5 * 150)));
    assert_eq!((finding.wasted, finding.evidence), (micro(5 * 150), Evidence::Measured));
}

#[test]
fn a_context_that_only_grows_is_found_where_nobody_speaks() {
    let finding = only("sessions.csv", "GROWING_CONTEXT");
    // Prompts of 1,000, 1,600, ... every five seconds: the tenth has 6,400,
    // more than five times the first. It and the two behind it are named; what
    // those two read beyond 5,000 is wasted. The same once a minute may be talk.
    assert_eq!(finding.calls, Some(3));
    assert_eq!(finding.cost, micro(6_500 + 7_100 + 7_700));
    assert_eq!(finding.wasted, micro(2_000 + 2_600));
    assert_eq!(finding.evidence, Evidence::Inferred);
}

#[test]
fn without_sessions_a_users_run_of_calls_is_taken_for_one() {
    let finding = only("no-sessions.csv", "GROWING_CONTEXT");
    // The same growth as above, told by the user. Not found: without a user,
    // with a pause of more than ten minutes, with a prompt that starts afresh.
    assert_eq!((finding.calls, finding.wasted), (Some(3), micro(4_600)));
    assert_eq!(finding.evidence, Evidence::Inferred);
}

#[test]
fn sessions_far_dearer_than_others_are_over_budget() {
    let finding = only("sessions.csv", "SESSIONS_OVER_BUDGET");
    // Three calls of $0.80 where others cost $0.05: the second breaks the
    // dollar, the third is wasted. A session of $0.99 is below it.
    assert_eq!((finding.calls, finding.cost), (Some(2), micro(1_600_000)));
    assert_eq!(finding.wasted, micro(800_000));
}

#[test]
fn a_feature_with_one_answer_per_input_could_be_rules() {
    let finding = only("rules.jsonl", "RULES_TIER");
    // 12 calls of 200 + 5 * 2 over 4 inputs, whatever their case. One feature
    // gave one input two answers, another never repeats an answer enough.
    assert!(finding.message.starts_with("route has only 2 distinct answers"), "{finding:?}");
    assert!(finding.message.contains("8 repeated inputs"), "{finding:?}");
    assert_eq!((finding.calls, finding.cost), (Some(12), micro(12 * 210)));
    assert_eq!((finding.wasted, finding.evidence), (None, Evidence::Inferred));
}

#[test]
fn calls_on_the_same_text_could_be_one() {
    let finding = only("combine.jsonl", "COMBINABLE_CALLS");
    assert_eq!((finding.calls, finding.cost), (Some(3), micro(3 * 1_300)));
    // Of the second and third call everything behind the system prompt is
    // shared. Not found: a common opening, 61 seconds, an answer passed on.
    let log = log(&fixture("combine.jsonl"));
    let spared: u64 = log.calls[1..3]
        .iter()
        .filter_map(|call| log.prompt(call.prompt))
        .map(|prompt| {
            let first = log.tree.path(prompt.end)[0];
            assert_eq!(log.tree.node(first).parent, NodeId::ROOT);
            let system = u64::from(log.tree.node(first).tokens);
            1_200 - system * 1_200 / u64::from(prompt.counted_tokens)
        })
        .sum();
    assert_eq!((finding.wasted, finding.evidence), (micro(spared), Evidence::Inferred));
}

#[test]
fn caps_that_stop_nothing_are_loose() {
    let finding = only("caps.csv", "LOOSE_CAPS");
    // Answers of 1 to 100 tokens: the 99th is 99, three times that is 297. 60
    // calls allow 298; 297 is not above, and 99 answers are too few.
    assert_eq!((finding.calls, finding.cost), (Some(60), None));
    assert!(finding.message.starts_with("tags on small: 60 calls"), "{finding:?}");
    assert_eq!(finding.evidence, Evidence::Measured);
}

#[test]
fn caps_that_cut_more_than_one_answer_in_a_hundred_truncate() {
    let finding = only("caps.csv", "TRUNCATING_CAPS");
    // Two of 100, at 100 + 5 * 60 each; one of 100 is what a cap is for.
    assert_eq!((finding.calls, finding.cost), (Some(2), micro(800)));
    assert!(finding.message.starts_with("cut on small: 2 of 100 answers"), "{finding:?}");
}

#[test]
fn calls_without_a_limit_are_counted_where_requests_are_logged() {
    let flat = only("caps.csv", "UNCAPPED_CALLS");
    // 499 rows with a limit, 5 with a temperature alone.
    assert_eq!((flat.calls, flat.cost, flat.evidence), (Some(5), None, Evidence::Inferred));
    assert!(flat.message.starts_with("5 of 504 calls"), "{flat:?}");
    let requests = only("stall.jsonl", "UNCAPPED_CALLS");
    assert_eq!((requests.calls, requests.evidence), (Some(12), Evidence::Measured));
    assert!(found("retries.jsonl", "UNCAPPED_CALLS").is_empty());
    assert!(found("sessions.csv", "UNCAPPED_CALLS").is_empty());
}

#[test]
fn another_model_than_asked_for_is_priced_both_ways() {
    let found = found("models.csv", "MODEL_SUBSTITUTED");
    // A call costs 1,000 + 5 * 100 on small and ten times that on large.
    let figures: Vec<_> =
        found.iter().map(|finding| (finding.calls, finding.cost, finding.wasted)).collect();
    assert_eq!(
        figures,
        [(Some(1), micro(15_000), micro(13_500)), (Some(2), micro(3_000), micro(0))]
    );
    assert!(found[0].message.contains("asked for small and got large, $0.01350 dearer"));
    assert!(found[1].message.contains("asked for large and got small, $0.02700 cheaper"));
}

#[test]
fn an_alias_that_moves_is_told_from_one_that_is_shared_out() {
    let finding = only("models.csv", "ALIAS_MOVED");
    assert!(finding.message.starts_with("fast moved from small to large"), "{finding:?}");
    assert_eq!((finding.calls, finding.cost), (Some(1), micro(15_000)));
    assert_eq!(finding.wasted, micro(13_500));
}

#[test]
fn models_that_leave_within_half_a_year_are_named() {
    let found = found("models.csv", "MODEL_RETIRING");
    let messages: Vec<&str> = found.iter().map(|finding| finding.message.as_str()).collect();
    // From 22 March, 9 in the morning, to 1 June are 70 whole days; 1 January of
    // the next year is further off than 180.
    assert_eq!(
        messages,
        [
            "aging answers no more from 2026-06-01, 70 days after the last call: 1 call",
            "gone was to be shut down on 2026-01-01, before the last call: 1 call",
        ]
    );
    assert_eq!(found[0].cost, micro(1_500));
}

#[test]
fn models_of_usage_exports_retire_too() {
    let found = found("usage-export.json", "MODEL_RETIRING");
    // 900 uncached and 100 generated tokens in 3 calls; the second export row
    // does not say how many calls it adds up.
    let figures: Vec<_> = found.iter().map(|finding| (finding.calls, finding.cost)).collect();
    assert_eq!(figures, [(Some(3), micro(1_400)), (None, micro(700))]);
    assert!(found[0].message.starts_with("aging answers no more"), "{found:?}");
}

#[test]
fn a_price_that_fell_since_is_a_finding_and_one_that_rose_is_none() {
    let finding = only("models.csv", "PRICE_CHANGED");
    // Two calls at 4 and 20 dollars a million, which now are 2 and 10: half of
    // 12,000 millionths of a dollar, and nothing of it was wasted.
    let message = "cut is cheaper since: 2 calls would cost $0.006000 less at the prices of";
    assert!(finding.message.starts_with(message), "{finding:?}");
    assert_eq!((finding.cost, finding.wasted), (micro(12_000), None));
}

#[test]
fn own_machines_are_reckoned_only_from_the_users_own_figures() {
    assert!(found("minutes.csv", "SELF_HOSTING").is_empty());
    let machine = SelfHosting {
        input_tokens_per_second: 1_000,
        output_tokens_per_second: 100,
        usd_per_hour: Usd::from_dollars(2),
        operations_usd_per_month: Usd::from_dollars(100),
    };
    let settings = Settings { self_hosting: Some(machine), ..Settings::default() };
    let found = found_with(&fixture("minutes.csv"), &settings);
    let finding = found.iter().find(|finding| finding.code == "SELF_HOSTING").unwrap();
    // The fullest of three minutes has 90,000 / 60,000 + 9,000 / 6,000 = 3
    // machines' work: 3 * 720 * $2 + $100. The API cost 96,000 + 5 * 9,660
    // micro-dollars in exactly one day, times 30.
    assert!(finding.message.starts_with("3 machines of your own"), "{finding:?}");
    assert!(finding.message.contains("cost $4,420.00 a month, not cheaper than the API's $4.33"));
    assert_eq!((finding.cost, finding.evidence), (micro(144_300), Evidence::Assumed));
}

#[test]
fn failures_without_counts_are_never_billed() {
    assert!(found("retries.jsonl", "OUTPUT_ERRORS").is_empty());
    let finding = only("sessions.csv", "OUTPUT_ERRORS");
    assert_eq!((finding.calls, finding.cost), (Some(2), micro(2_000)));
}

#[test]
fn the_order_of_lines_does_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(fixture("")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "json") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let mut lines: Vec<&str> = text.lines().collect();
        let head = usize::from(path.extension().is_some_and(|ending| ending == "csv"));
        lines[head..].reverse();
        let turned = folder.path().join(path.file_name().unwrap());
        std::fs::write(&turned, lines.join("\n")).unwrap();
        let settings = Settings::default();
        let found = found_with(&path, &settings);
        assert!(!found.is_empty() || path.ends_with("minutes.csv"), "{}", path.display());
        assert_eq!(found, found_with(&turned, &settings), "{}", path.display());
    }
}

#[test]
fn no_finding_is_about_more_than_there_is() {
    const LOOPS: [&str; 8] = [
        "TRANSPORT_RETRIES",
        "VALIDATION_RETRIES",
        "REPEATED_TOOL_CALLS",
        "PING_PONG",
        "STALLED_SESSIONS",
        "RUNAWAY_SESSIONS",
        "GROWING_CONTEXT",
        "SESSIONS_OVER_BUDGET",
    ];
    let folders = ["fixtures/findings", "fixtures/ingest", "fixtures/quickstart"];
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = folders.iter().flat_map(|folder| walkdir::WalkDir::new(root.join(folder)));
    let mut looked_at = 0;
    for file in files.filter_map(Result::ok).filter(|file| file.file_type().is_file()) {
        let path = file.path().display().to_string();
        let Ok(log) = read(std::slice::from_ref(&path), ReadOptions::default(), &()) else {
            continue;
        };
        for table in [table(), PriceTable::embedded().unwrap()] {
            let settings = ledger::Settings::default();
            let ledger = Ledger::new(&log, &table, &settings);
            let calls = ledger.entries.iter().filter_map(|entry| entry.bill.total());
            let buckets = ledger.buckets.iter().filter_map(|entry| entry.bill.total());
            let bill: Usd = calls.chain(buckets).sum();
            let found = findings::find(&ledger, &Settings::default());
            looked_at += found.len();
            for finding in &found {
                assert!(finding.cost.unwrap_or_default() <= bill, "{path}: {finding:?}");
                assert!(finding.wasted.unwrap_or_default() <= bill, "{path}: {finding:?}");
            }
            // A call has one cause at most, and what is wasted is counted once.
            let loops: Vec<&Finding> =
                found.iter().filter(|finding| LOOPS.contains(&finding.code)).collect();
            let owned: u64 = loops.iter().filter_map(|finding| finding.calls).sum();
            assert!(owned <= ledger.entries.len() as u64, "{path}");
            assert!(
                loops.iter().filter_map(|finding| finding.wasted).sum::<Usd>() <= bill,
                "{path}"
            );
        }
    }
    assert!(looked_at > 50, "{looked_at} findings");
}

#[test]
fn every_code_has_its_place_in_the_documentation() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/findings.md");
    let page = std::fs::read_to_string(page).unwrap();
    let missing: Vec<&str> =
        findings::codes().filter(|code| !page.contains(&format!("`{code}`"))).collect();
    assert!(missing.is_empty(), "not in docs/findings.md: {missing:?}");
}

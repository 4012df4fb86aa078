//! Sessions of coding agents other than Claude Code, from file to log.
//!
//! Every expected number is worked out by hand from the fixture named beside it.

use std::path::{Path, PathBuf};

use tokopt::ingest::{ReadOptions, read};
use tokopt::record::call::Call;
use tokopt::record::log::{FileAccount, Log};
use tokopt::units::{Timestamp, Tokens, Usd};

use crate::reference;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/ingest")
}

fn log_of(paths: &[PathBuf]) -> Log {
    let paths: Vec<String> = paths.iter().map(|path| path.to_string_lossy().into_owned()).collect();
    let log = read(&paths, ReadOptions::default(), &()).unwrap_or_else(|error| panic!("{error}"));
    for file in &log.accounting.files {
        let told = file.calls + file.duplicates + file.ignored_total() + file.rejected;
        assert_eq!(file.lines, told, "{file:?}");
    }
    log
}

fn fixture(below: &str) -> Log {
    log_of(&[fixtures().join(below)])
}

fn account(log: &Log) -> &FileAccount {
    let [file] = log.accounting.files.as_slice() else { panic!("one file was read") };
    file
}

/// Lines, calls, duplicates, ignored and rejected records of the only file.
fn counted(log: &Log) -> [u64; 5] {
    let file = account(log);
    [file.lines, file.calls, file.duplicates, file.ignored_total(), file.rejected]
}

fn ignored(log: &Log, reason: &str) -> u64 {
    account(log).ignored.iter().find(|(known, _)| *known == reason).map_or(0, |(_, count)| *count)
}

fn reasons(log: &Log) -> Vec<(u64, &str)> {
    let rejections = account(log).rejections.iter();
    rejections.map(|rejection| (rejection.line, rejection.reason.as_str())).collect()
}

/// Input, cache reads, cache writes, output and reasoning of a call; unknown is
/// `None`.
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

fn usages(log: &Log) -> Vec<[Option<u64>; 5]> {
    log.calls.iter().map(usage).collect()
}

fn known(input: u64, read: u64, output: u64, reasoning: u64) -> [Option<u64>; 5] {
    [Some(input), Some(read), None, Some(output), Some(reasoning)]
}

fn name(log: &Log, symbol: Option<tokopt::record::symbol::Symbol>) -> Option<&str> {
    log.strings.text_of(symbol)
}

fn conversations(log: &Log) -> Vec<Option<&str>> {
    log.calls.iter().map(|call| name(log, call.conversation)).collect()
}

/// Messages in the rebuilt prompt of a call.
fn messages(log: &Log, call: &Call) -> usize {
    let prompt = log.prompt(call.prompt).expect("rebuilt");
    let path = log.tree.path(prompt.end);
    path.into_iter().filter(|id| log.tree.node(*id).ends_message).count()
}

fn tags<'a>(log: &'a Log, call: &Call) -> Vec<(&'a str, &'a str)> {
    let text = |symbol| log.strings.text_of(Some(symbol)).expect("a name");
    log.tags(call.tags).iter().map(|(key, value)| (text(*key), text(*value))).collect()
}

mod codex {
    use super::*;

    const REPLAYED: &str = "a token count replayed from the session it was forked from";

    #[test]
    fn a_call_is_a_total_that_moved() {
        let log = fixture("codex/kept/session.jsonl");
        // Of 25 lines six are token counts: one without usage, one said again.
        assert_eq!(counted(&log), [25, 4, 1, 20, 0]);
        assert_eq!(account(&log).format, "codex");
        assert_eq!(ignored(&log, "a token count without usage"), 1);
        assert_eq!(
            usages(&log),
            [
                known(1_000, 600, 100, 40),
                known(1_200, 900, 60, 10),
                // No last usage: 3,600 - 2,200; 1,500 - 1,500; 200 - 160; 50 - 50.
                known(1_400, 0, 40, 0),
                [Some(500), Some(400), Some(80), Some(30), Some(0)],
            ]
        );
        let models: Vec<_> = log.calls.iter().map(|call| name(&log, call.model)).collect();
        let (first, second) = (Some("gpt-5.2-codex"), Some("gpt-5.1-codex-mini"));
        assert_eq!(models, [first, first, second, second]);
        for call in &log.calls {
            assert_eq!(name(&log, call.conversation), Some("lamp-session"));
            assert_eq!(name(&log, call.provider), Some("openai"));
            assert_eq!(name(&log, call.feature), Some("lighthouse"));
            assert_eq!(tags(&log, call), [("branch", "winter")]);
            assert!(call.flags.hidden_head && !call.flags.inferred_provider);
        }
        assert!(log.accounting.notes.is_empty(), "{:?}", log.accounting.notes);
    }

    #[test]
    fn prompts_are_rebuilt_from_the_lines_before_the_answer() {
        let log = fixture("codex/kept/session.jsonl");
        let found: Vec<_> = log.calls.iter().map(|call| messages(&log, call)).collect();
        // Instructions, developer, user; with the answer's two lines and the
        // tool's output; with the second answer and the question; after the
        // compaction its summary and the question.
        assert_eq!(found, [3, 6, 8, 2]);
    }

    #[test]
    fn old_logs_without_a_session_or_totals() {
        let log = fixture("codex/kept/old.jsonl");
        assert_eq!(counted(&log), [5, 2, 1, 2, 0]);
        assert_eq!(usages(&log), [known(12, 3, 7, 1), known(20, 3, 7, 1)]);
        assert_eq!(name(&log, log.calls[0].model), Some("gpt-5-codex"));
        assert_eq!(name(&log, log.calls[0].provider), Some("openai"));
        assert!(log.calls[0].flags.inferred_provider);
        assert_eq!(conversations(&log), [None, None]);
        // No line but the shown one has the texts: the question alone.
        assert_eq!(messages(&log, &log.calls[1]), 1);
    }

    #[test]
    fn a_fork_alone_counts_what_is_its_own() {
        let log = fixture("codex/kept/fork.jsonl");
        // Two counts were written again within five seconds of the fork.
        assert_eq!(ignored(&log, REPLAYED), 2);
        assert_eq!(conversations(&log), [Some("lone-fork")]);
        // 1,800 - 1,100; 1,000 - 400; 57 - 45; 5 - 5.
        assert_eq!(usages(&log), [known(700, 600, 12, 0)]);
        assert_eq!(name(&log, log.calls[0].model), Some("gpt-5.2-codex"));
        // The parent's four messages and the question.
        assert_eq!(messages(&log, &log.calls[0]), 5);
    }

    #[test]
    fn an_answer_with_a_record_of_its_own_is_that_record() {
        let log = fixture("codex/kept/usage-records.jsonl");
        // Four records: one of the parent, one of nothing; two counts restate.
        assert_eq!(counted(&log), [11, 2, 2, 7, 0]);
        assert_eq!(ignored(&log, REPLAYED), 1);
        assert_eq!(
            usages(&log),
            [
                [Some(1_000), Some(600), Some(128), Some(40), Some(10)],
                // The compaction, which no running total has.
                [Some(1_100), Some(900), Some(0), Some(200), Some(0)],
            ]
        );
        assert_eq!(conversations(&log), [Some("kiln-session"); 2]);
        for call in &log.calls {
            assert_eq!(name(&log, call.model), Some("gpt-5.2-codex"));
        }
        // The question; the question and its answer.
        assert_eq!(messages(&log, &log.calls[0]), 1);
        assert!(log.accounting.notes.is_empty(), "{:?}", log.accounting.notes);
    }

    #[test]
    fn the_time_of_a_turn_tells_a_replay() {
        // The replay took nine seconds; its turn is an hour older than the fork.
        let log = fixture("codex/kept/turns.jsonl");
        assert_eq!(ignored(&log, REPLAYED), 1);
        assert_eq!(usages(&log), [known(500, 400, 10, 0)]);
        // The turn began with the fork: its call is the fork's, however quick.
        let log = fixture("codex/kept/quick-fork.jsonl");
        assert_eq!(usages(&log), [known(500, 400, 10, 0)]);
    }

    #[test]
    fn forks_helpers_and_archived_copies_are_counted_once() {
        let log = fixture("codex/merged");
        let files: Vec<_> = log
            .accounting
            .files
            .iter()
            .map(|file| {
                let name = file.path.rsplit("merged/").next().expect("a name");
                let replayed = file.ignored.iter().find(|(reason, _)| *reason == REPLAYED);
                (name, file.calls, file.duplicates, replayed.map_or(0, |(_, count)| *count))
            })
            .collect();
        assert_eq!(
            files,
            [
                ("archived_sessions/rollout-parent.jsonl", 3, 0, 0),
                ("sessions/rollout-fork.jsonl", 2, 0, 2),
                ("sessions/rollout-helper.jsonl", 1, 0, 0),
                ("sessions/rollout-parent.jsonl", 0, 3, 0),
            ]
        );
        // By time: two of the parent, two of the fork, the parent's third, the
        // helper's. The fork's first came 4.5 s after it, but not in the parent.
        assert_eq!(
            usages(&log),
            [
                known(500, 0, 20, 0),
                known(600, 400, 25, 5),
                known(650, 500, 15, 5),
                known(700, 600, 12, 0),
                known(700, 600, 10, 0),
                known(300, 0, 9, 0),
            ]
        );
        let helper = log.calls.last().expect("six calls");
        assert!(helper.flags.sidechain);
        assert_eq!(tags(&log, helper), [("agent", "explorer")]);
        // The fork's prompt goes on from the parent's.
        let found: Vec<_> = log.calls.iter().map(|call| messages(&log, call)).collect();
        assert_eq!(found, [1, 3, 5, 7, 5, 1]);
    }

    #[test]
    fn counts_without_anything_in_them_are_ignored() {
        let log = fixture("codex/ignored/no-counts.jsonl");
        assert_eq!(counted(&log), [5, 0, 0, 5, 0]);
        assert_eq!(ignored(&log, "a token count of nothing"), 1);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let log = fixture("codex/rejected/broken.jsonl");
        assert_eq!(counted(&log), [9, 1, 0, 2, 6]);
        assert_eq!(usages(&log), [known(150, 25, 65, 15)]);
        assert_eq!(
            reasons(&log),
            [
                (4, "the running total falls and nothing says what the call used"),
                (5, "`input_tokens` is not a count"),
                (6, "not valid JSON"),
                (7, "`timestamp` is not a time"),
                (8, "no `payload`"),
                (9, "cached tokens exceed input tokens"),
            ]
        );
    }

    #[test]
    fn the_reference_session_agrees_with_its_answer_key_call_by_call() {
        let (Some(path), Some(key)) = (
            reference::path("samples/codex-cli/tracelab/rollout-01.jsonl"),
            reference::path("samples/tracelab/derived-round_trace.jsonl"),
        ) else {
            return;
        };
        let log = log_of(&[path]);
        assert_eq!(counted(&log), [72, 9, 0, 63, 0]);
        let key = std::fs::read_to_string(key).expect("readable");
        let rounds = key
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .filter(|round: &serde_json::Value| round["provider"] == "codex");
        let expected: Vec<_> = rounds
            .map(|round| {
                let count = |key: &str| round[key].as_u64().expect("a count");
                known(
                    count("prefix_tokens") + count("newly_append_tokens"),
                    count("prefix_tokens"),
                    count("output_tokens"),
                    count("reasoning_output_tokens"),
                )
            })
            .collect();
        assert_eq!(usages(&log), expected);
        let sum = |at: usize| usages(&log).iter().filter_map(|usage| usage[at]).sum::<u64>();
        assert_eq!([sum(0), sum(1), sum(3)], [95_819, 79_488, 1_912]);
        assert!(log.calls.iter().all(|call| name(&log, call.model) == Some("gpt-5.4")));
        assert!(log.calls.iter().all(|call| call.prompt.is_some()));
        // The prompts only grow: nothing was compacted.
        let sizes: Vec<_> = log.calls.iter().map(|call| messages(&log, call)).collect();
        assert!(sizes.windows(2).all(|pair| pair[0] < pair[1]), "{sizes:?}");
    }

    #[test]
    fn the_other_reference_sessions_are_read() {
        let sample = |below: &str| reference::path(&format!("samples/codex-cli/{below}"));
        if let Some(path) = sample("ai-llm-usage-metrics/session-token-count.jsonl") {
            let log = log_of(&[path]);
            // 100 and 150 - 100; the total that falls has no last usage.
            assert_eq!(counted(&log), [7, 2, 0, 4, 1]);
            assert_eq!(usages(&log), [known(100, 20, 50, 10), known(50, 5, 15, 5)]);
        }
        if let Some(path) = sample("ai-llm-usage-metrics/e2e-session.jsonl") {
            let log = log_of(&[path]);
            assert_eq!(usages(&log), [known(200, 50, 100, 20), known(60, 20, 30, 10)]);
        }
        if let Some(path) = sample("ai-llm-usage-metrics/session-legacy-model.jsonl") {
            let log = log_of(&[path]);
            assert_eq!(usages(&log), [known(12, 3, 7, 1)]);
            assert_eq!(log.calls[0].model, None, "no line names it");
        }
        if let Some(path) = sample("ccusage/session-alpha.jsonl") {
            let log = log_of(&[path]);
            assert_eq!(usages(&log), [known(1_000, 250, 125, 75), known(2_500, 500, 300, 200)]);
            assert_eq!(name(&log, log.calls[1].model), Some("gpt-5.3-codex"));
        }
    }
}

mod codex_exec {
    use super::*;

    fn turn(input: u64, read: u64, output: u64) -> [Option<u64>; 5] {
        [Some(input), Some(read), None, Some(output), None]
    }

    #[test]
    fn a_turn_is_a_call() {
        let log = fixture("codex-exec/kept/run.jsonl");
        assert_eq!(counted(&log), [6, 1, 0, 5, 0]);
        assert_eq!(account(&log).format, "codex-exec");
        assert_eq!(usages(&log), [turn(24_000, 20_000, 120)]);
        assert_eq!(conversations(&log), [Some("thread-heron")]);
        assert_eq!((log.calls[0].model, log.calls[0].time.get()), (None, None));
        assert_eq!(log.accounting.notes[0].code, "TURNS_AS_CALLS");
    }

    #[test]
    fn a_resumed_thread_goes_on_counting() {
        let log = fixture("codex-exec/merged");
        let accounts: Vec<_> = log.accounting.files.iter().collect();
        assert_eq!((accounts[0].calls, accounts[0].duplicates), (2, 0));
        assert_eq!((accounts[1].calls, accounts[1].duplicates), (1, 1));
        let mut found: Vec<_> =
            conversations(&log).into_iter().map(Option::unwrap).zip(usages(&log)).collect();
        found.sort_unstable();
        // 22,000 - 10,000; 19,000 - 8,000; 90 - 50.
        assert_eq!(
            found,
            [
                ("thread-crane", turn(9_000, 0, 30)),
                ("thread-stork", turn(10_000, 8_000, 50)),
                ("thread-stork", turn(12_000, 11_000, 40)),
            ]
        );
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let log = fixture("codex-exec/rejected/broken.jsonl");
        assert_eq!(counted(&log), [7, 0, 0, 2, 5]);
        assert_eq!(
            reasons(&log),
            [
                (3, "`input_tokens` is not a count"),
                (4, "not valid JSON"),
                (5, "no `input_tokens`"),
                (6, "no `type`"),
                (7, "`token_usage` is not an object of counts"),
            ]
        );
    }
}

mod gemini_cli {
    use super::*;

    #[test]
    fn a_document_is_a_record_per_message() {
        let log = fixture("gemini-cli/kept/session.json");
        assert_eq!(counted(&log), [6, 2, 0, 4, 0]);
        assert_eq!(account(&log).format, "gemini-cli");
        assert_eq!(ignored(&log, "an answer without token counts"), 2);
        // 1,000 + 50 of tools; 30 + 20 thoughts.
        assert_eq!(usages(&log), [known(1_050, 400, 50, 20), known(1_200, 900, 40, 0)]);
        for call in &log.calls {
            assert_eq!(name(&log, call.conversation), Some("bakery-session"));
            assert_eq!(name(&log, call.provider), Some("gcp.gemini"));
            assert_eq!(tags(&log, call), [("project", "5f1c0ffee")]);
            assert!(call.flags.hidden_head && call.flags.inferred_provider);
        }
        // The question; then the answer and its tool's result too.
        let found: Vec<_> = log.calls.iter().map(|call| messages(&log, call)).collect();
        assert_eq!(found, [1, 3]);
    }

    #[test]
    fn a_message_that_grows_is_one_call() {
        let log = fixture("gemini-cli/kept/session-2026-09-07T05-00-0b5e55ed.jsonl");
        // The opening, two questions, an answer without counts, `$set` and
        // `$rewindTo`.
        assert_eq!(counted(&log), [9, 2, 1, 6, 0]);
        let (first, second) = (
            [Some(300), Some(0), None, Some(20), Some(8)],
            [Some(350), Some(250), None, Some(5), None],
        );
        assert_eq!(usages(&log), [first, second]);
        assert!(log.calls.iter().all(|call| call.flags.sidechain));
        assert_eq!(conversations(&log), [Some("kiln-session"); 2]);
        let found: Vec<_> = log.calls.iter().map(|call| messages(&log, call)).collect();
        assert_eq!(found, [1, 3]);
    }

    #[test]
    fn a_session_in_both_layouts_is_one() {
        let log = fixture("gemini-cli/merged");
        let accounts: Vec<_> = log
            .accounting
            .files
            .iter()
            .map(|file| (file.lines, file.calls, file.duplicates))
            .collect();
        assert_eq!(accounts, [(2, 1, 0), (6, 1, 1)]);
        assert_eq!(usages(&log), [known(500, 0, 20, 0), known(560, 500, 6, 0)]);
        let found: Vec<_> = log.calls.iter().map(|call| messages(&log, call)).collect();
        assert_eq!(found, [1, 3]);
    }

    #[test]
    fn a_missing_session_is_tolerated() {
        let log = fixture("gemini-cli/kept/no-session.json");
        assert_eq!(usages(&log), [[Some(75), None, None, Some(25), None]]);
        assert_eq!(conversations(&log), [None]);
    }

    #[test]
    fn what_counts_nothing_is_ignored_and_bad_types_are_rejected() {
        assert_eq!(counted(&fixture("gemini-cli/ignored/no-tokens.json")), [2, 0, 0, 2, 0]);
        let log = fixture("gemini-cli/rejected/types.json");
        assert_eq!(counted(&log), [6, 1, 0, 0, 5]);
        assert_eq!(
            reasons(&log),
            [
                (5, "`tokens.input` is not a count"),
                (16, "cached tokens exceed input tokens"),
                (28, "`timestamp` is not a time"),
                (39, "not a JSON object"),
                (40, "no `type`"),
            ]
        );
    }

    #[test]
    fn the_reference_sessions_are_read() {
        let folder = "samples/gemini-cli/ai-llm-usage-metrics";
        for (sample, expected) in [
            ("session-with-usage.json", [3, 2, 0, 1, 0]),
            ("session-missing-sessionid.json", [1, 1, 0, 0, 0]),
            ("session-no-tokens.json", [2, 0, 0, 2, 0]),
            ("session-zero-tokens.json", [1, 0, 0, 1, 0]),
            ("session-invalid-token-types.json", [1, 0, 0, 0, 1]),
        ] {
            let Some(path) = reference::path(&format!("{folder}/{sample}")) else { return };
            let log = log_of(&[path]);
            assert_eq!(counted(&log), expected, "{sample}");
            if sample == "session-with-usage.json" {
                // 100 + 5, 50 + 25; 200 + 10, 100 + 50.
                assert_eq!(usages(&log), [known(105, 10, 75, 25), known(210, 20, 150, 50)]);
            }
        }
    }
}

mod opencode {
    use super::*;
    use tokopt::record::call::{Finish, Status};

    #[test]
    fn message_files_are_calls() {
        let log = fixture("opencode/kept/storage");
        let told: Vec<_> =
            log.accounting.files.iter().map(|file| (file.calls, file.ignored_total())).collect();
        assert_eq!(told, [(0, 1), (1, 0), (1, 0)]);
        // 10 + 5,000 + 700; 100 + 400, 50 + 30.
        assert_eq!(
            usages(&log),
            [
                [Some(5_710), Some(5_000), Some(700), Some(200), Some(0)],
                [Some(500), Some(400), Some(0), Some(80), Some(30)],
            ]
        );
        let [first, second] = log.calls.as_slice() else { panic!("two calls") };
        assert_eq!(first.logged_cost.get(), Usd::from_decimal("0.0123").ok());
        assert_eq!(second.logged_cost.get(), None, "nothing is no price");
        assert_eq!((first.finish, second.finish), (Finish::ToolCalls, Finish::Stop));
        assert_eq!(name(&log, second.provider), Some("openai"));
        assert_eq!(name(&log, first.feature), Some("reef"));
        assert_eq!(name(&log, first.conversation), Some("ses_reef"));
        assert_eq!(first.latency_milliseconds.get(), Some(4_000));
        assert_eq!(log.accounting.notes[0].code, "REASONING_ON_TOP");
    }

    #[test]
    fn an_export_has_the_texts() {
        let log = fixture("opencode/kept/export.json");
        // A question and an answer that was broken off before it was counted.
        assert_eq!(counted(&log), [5, 3, 0, 2, 0]);
        assert_eq!(
            usages(&log),
            [
                // 350 = 300 + 40 + 10: reasoning comes on top.
                [Some(300), Some(0), Some(0), Some(50), Some(10)],
                // 385 = 60 + 300 + 25: reasoning is inside.
                [Some(360), Some(300), Some(0), Some(25), Some(5)],
                [Some(90), Some(0), Some(0), Some(4), Some(0)],
            ]
        );
        let states: Vec<_> = log.calls.iter().map(|call| call.status).collect();
        assert_eq!(states, [Status::Success, Status::Success, Status::Error]);
        assert!(log.calls.iter().all(|call| call.flags.sidechain));
        // The question; the answer and its tool's result; the second answer.
        assert_eq!(messages(&log, &log.calls[0]), 1);
        assert_eq!(messages(&log, &log.calls[1]), 3);
        assert!(log.accounting.notes.is_empty());
    }

    #[test]
    fn an_export_of_version_2_names_its_session_once() {
        let log = fixture("opencode/kept/export-v2.json");
        // A question, an answer that failed before it was counted, an end.
        assert_eq!(counted(&log), [4, 1, 0, 3, 0]);
        assert_eq!(account(&log).format, "opencode");
        // 120 + 30 + 700; 40 + 8.
        assert_eq!(usages(&log), [[Some(850), Some(30), Some(700), Some(48), Some(8)]]);
        let [call] = log.calls.as_slice() else { panic!("one call") };
        assert_eq!(name(&log, call.model), Some("claude-sonnet-4-5"));
        assert_eq!(name(&log, call.provider), Some("anthropic"));
        assert_eq!(name(&log, call.conversation), Some("ses_tide"));
        assert_eq!(name(&log, call.feature), Some("reef"));
        assert_eq!((call.finish, call.status), (Finish::ToolCalls, Status::Success));
        assert!(!call.flags.sidechain, "a null parent is none");
        assert_eq!(messages(&log, call), 1);
    }

    #[test]
    fn a_message_in_two_files_is_one_call() {
        let log = fixture("opencode/merged");
        let accounts: Vec<_> = log
            .accounting
            .files
            .iter()
            .map(|file| (file.lines, file.calls, file.duplicates))
            .collect();
        // `again.json` is read first.
        assert_eq!(accounts, [(2, 2, 0), (2, 1, 1)]);
        let outputs: Vec<_> = usages(&log).into_iter().map(|usage| usage[3]).collect();
        assert_eq!(outputs, [Some(2), Some(3), Some(4)]);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let log = fixture("opencode/rejected/export.json");
        assert_eq!(counted(&log), [7, 0, 0, 1, 6]);
        let reasons: Vec<_> = reasons(&log).into_iter().map(|(_, reason)| reason).collect();
        assert_eq!(
            reasons,
            [
                "`tokens.input` is not a count",
                "`cost` is not an amount",
                "`time.created` is not a time",
                "no `role`",
                "not a JSON object",
                "`tokens` is not an object of counts",
            ]
        );
    }
}

mod pi {
    use super::*;
    use tokopt::record::call::Finish;

    fn all(input: u64, read: u64, written: u64, output: u64) -> [Option<u64>; 5] {
        [Some(input), Some(read), Some(written), Some(output), None]
    }

    #[test]
    fn a_summary_with_usage_is_a_call_of_the_same_model() {
        let log = fixture("pi/kept/summaries.jsonl");
        assert_eq!(counted(&log), [5, 2, 0, 3, 0]);
        // 10 + 100 + 300; 500.
        let answer = [Some(410), Some(100), Some(300), Some(20), Some(4)];
        assert_eq!(usages(&log), [answer, all(500, 0, 0, 9)]);
        let writes = log.calls[0].usage.get().cache_write.expect("cache writes");
        // 300 - 250 live five minutes.
        let lived: Vec<_> = writes.parts().map(|(_, tokens)| tokens.get()).collect();
        assert_eq!(lived, [50, 250]);
        for call in &log.calls {
            assert_eq!(name(&log, call.model), Some("claude-sonnet-4-5"));
            assert_eq!(name(&log, call.provider), Some("anthropic"));
        }
        assert_eq!(log.calls[1].logged_cost.get(), Usd::from_decimal("0.0016").ok());
    }

    #[test]
    fn messages_with_usage_are_calls() {
        let log = fixture("pi/kept/session.jsonl");
        assert_eq!(counted(&log), [12, 3, 0, 9, 0]);
        assert_eq!(account(&log).format, "pi");
        // 20 + 1,000 + 200; 15 + 1,200 + 50; 70.
        assert_eq!(
            usages(&log),
            [
                all(1_220, 1_000, 200, 30),
                all(1_265, 1_200, 50, 12),
                [Some(70), Some(0), Some(0), Some(6), Some(2)],
            ]
        );
        let models: Vec<_> = log
            .calls
            .iter()
            .map(|call| (name(&log, call.model), name(&log, call.provider)))
            .collect();
        let claude = (Some("claude-sonnet-4-5"), Some("anthropic"));
        assert_eq!(models, [claude, claude, (Some("gpt-5.2-codex"), Some("openai"))]);
        assert_eq!(conversations(&log), [Some("quarry-session"); 3]);
        assert_eq!(name(&log, log.calls[0].feature), Some("quarry"));
        assert_eq!(log.calls[0].finish, Finish::ToolCalls);
        assert_eq!(log.calls[0].logged_cost.get(), Usd::from_decimal("0.0021").ok());
        assert_eq!(log.calls[1].logged_cost.get(), None, "nothing is no price");
        // The question; with the answer and the tool's result; the summary and
        // the question.
        let found: Vec<_> = log.calls.iter().map(|call| messages(&log, call)).collect();
        assert_eq!(found, [1, 3, 2]);
    }

    #[test]
    fn a_branch_restates_what_it_branched_off() {
        let log = fixture("pi/merged");
        let accounts: Vec<_> =
            log.accounting.files.iter().map(|file| (file.calls, file.duplicates)).collect();
        assert_eq!(accounts, [(2, 0), (1, 1)]);
        assert_eq!(
            conversations(&log),
            [Some("quarry-session"), Some("quarry-session"), Some("branch-session")]
        );
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let log = fixture("pi/rejected/lines.jsonl");
        assert_eq!(
            reasons(&log),
            [
                (2, "not a JSON object"),
                (3, "`usage.input` is not a count"),
                (4, "`timestamp` is not a time"),
                (5, "no `type`"),
                (6, "`usage.cost.total` is not an amount"),
            ]
        );
    }

    #[test]
    fn the_reference_session_is_read() {
        let Some(path) = reference::path("samples/other-cli/pi-session-mixed.jsonl") else {
            return;
        };
        let log = log_of(&[path]);
        assert_eq!(counted(&log), [9, 3, 0, 5, 1]);
        // The last line's message says 20:01 like the first one's, in milliseconds.
        // 2; 100 + 10 + 3; 10.
        assert_eq!(
            usages(&log),
            [
                [Some(2), None, None, Some(3), None],
                [Some(113), Some(10), Some(3), Some(20), Some(5)],
                [Some(10), None, None, Some(10), None],
            ]
        );
        let models: Vec<_> = log.calls.iter().map(|call| name(&log, call.model)).collect();
        assert_eq!(models, [Some("gpt-4.1"), Some("gpt-5.3-codex"), Some("claude-3.7-sonnet")]);
    }
}

/// Everything that is said of calls, as text.
fn told(log: &Log) -> Vec<String> {
    let text = |symbol| log.strings.text_of(symbol).unwrap_or("-").to_owned();
    let calls = log.calls.iter().map(|call| {
        let prompt = log.prompt(call.prompt);
        let sizes = prompt.map(|prompt| (prompt.counted_tokens, messages(log, call)));
        let names = [call.model, call.provider, call.conversation, call.feature].map(text);
        format!("{:?} {names:?} {:?} {sizes:?}", call.time.get(), usage(call))
    });
    let files = log.accounting.files.iter().map(|file| {
        format!(
            "{} {} {} {:?} {}",
            file.lines, file.calls, file.duplicates, file.ignored, file.rejected
        )
    });
    calls.chain(files).collect()
}

#[test]
fn chunks_threads_and_the_order_of_paths_never_show() {
    for format in ["codex", "codex-exec", "gemini-cli", "opencode", "pi"] {
        for below in ["kept", "merged", "rejected"] {
            let folder = fixtures().join(format).join(below);
            let mut paths = Vec::new();
            let mut pending = vec![folder];
            while let Some(folder) = pending.pop() {
                for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
                    let path = entry.path();
                    if path.is_dir() { pending.push(path) } else { paths.push(path) }
                }
            }
            paths.sort();
            let expected = told(&log_of(&paths));
            let reversed: Vec<PathBuf> = paths.iter().rev().cloned().collect();
            assert_eq!(told(&log_of(&reversed)), expected, "{format}/{below} backwards");
            let names: Vec<String> =
                paths.iter().map(|path| path.to_string_lossy().into_owned()).collect();
            for threads in [1, 2, 5] {
                let pool =
                    rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
                for chunk_bytes in [1, 7, 100, 1_000, 1 << 20] {
                    let options = ReadOptions { chunk_bytes, ..ReadOptions::default() };
                    let log = pool.install(|| read(&names, options, &())).expect("readable");
                    assert_eq!(
                        told(&log),
                        expected,
                        "{format}/{below}: {threads} threads, chunks of {chunk_bytes}"
                    );
                }
            }
        }
    }
}

/// A fixed sequence of numbers; not random, and the same everywhere.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit.max(1)
    }
}

/// A Codex session that is written down while it runs.
#[derive(Clone, Default)]
struct Written {
    lines: Vec<String>,
    total: [u64; 4],
    seconds: u64,
}

impl Written {
    fn line(&mut self, kind: &str, payload: &serde_json::Value) {
        let time = Timestamp::from_micros(
            1_788_500_000_000_000 + 1_000_000 * i64::try_from(self.seconds).unwrap(),
        );
        let line =
            serde_json::json!({"timestamp": time.to_string(), "type": kind, "payload": payload});
        self.lines.push(line.to_string());
    }

    fn usage(counts: [u64; 4]) -> serde_json::Value {
        serde_json::json!({"input_tokens": counts[0], "cached_input_tokens": counts[1],
            "output_tokens": counts[2], "reasoning_output_tokens": counts[3]})
    }

    /// One call, at times said again, at times without its own counts; what it
    /// used.
    fn call(&mut self, numbers: &mut Numbers) -> [u64; 4] {
        self.seconds += 7 + numbers.below(50);
        let (input, output) = (1 + numbers.below(5_000), 1 + numbers.below(400));
        let used = [input, numbers.below(input), output, numbers.below(output)];
        for (sum, used) in self.total.iter_mut().zip(used) {
            *sum += used;
        }
        let item = serde_json::json!({"type": "message", "role": "assistant",
            "content": [{"type": "output_text", "text": format!("Answer {input}")}]});
        self.line("response_item", &item);
        if numbers.below(4) == 0 {
            self.line("event_msg", &serde_json::json!({"type": "token_count", "info": null}));
        }
        let mut info = serde_json::json!({"total_token_usage": Self::usage(self.total)});
        if numbers.below(3) > 0 {
            info["last_token_usage"] = Self::usage(used);
        }
        for _ in 0..=numbers.below(2) {
            self.line("event_msg", &serde_json::json!({"type": "token_count", "info": info}));
        }
        used
    }
}

#[test]
fn generated_forks_add_up_to_what_was_used() {
    let mut numbers = Numbers(41);
    for round in 0..30 {
        let mut parent = Written::default();
        let meta = |id: &str, from: Option<&str>| serde_json::json!({"id": id, "forked_from_id": from, "model_provider": "openai"});
        parent.line("session_meta", &meta("parent", None));
        parent.line("turn_context", &serde_json::json!({"model": "gpt-5.2-codex"}));
        let mut used = Vec::new();
        let before = 1 + numbers.below(5);
        used.extend((0..before).map(|_| parent.call(&mut numbers)));
        // The fork writes all that again, at its own time, and goes on.
        let mut fork = Written { seconds: parent.seconds + 20, ..parent.clone() };
        fork.lines.clear();
        fork.line("session_meta", &meta("fork", Some("parent")));
        let stamp: serde_json::Value = serde_json::from_str(&fork.lines[0]).unwrap();
        for line in &parent.lines {
            let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
            line["timestamp"] = stamp["timestamp"].clone();
            fork.lines.push(line.to_string());
        }
        let own: Vec<_> = (0..numbers.below(5)).map(|_| fork.call(&mut numbers)).collect();
        used.extend((0..numbers.below(4)).map(|_| parent.call(&mut numbers)));
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, written: &Written| {
            let path = folder.path().join(name);
            std::fs::write(&path, written.lines.join("\n")).expect("writable");
            path
        };
        let paths = [write("a.jsonl", &parent), write("b.jsonl", &fork)];
        let expect = |paths: &[PathBuf], calls: &[[u64; 4]], what: &str| {
            let log = log_of(paths);
            let mut found: Vec<_> = usages(&log);
            let mut calls: Vec<_> =
                calls.iter().map(|used| known(used[0], used[1], used[2], used[3])).collect();
            found.sort_unstable();
            calls.sort_unstable();
            assert_eq!(found, calls, "round {round}: {what}");
        };
        expect(&paths[1..], &own, "the fork alone");
        expect(&paths[..1], &used, "the parent alone");
        used.extend(&own);
        expect(&paths, &used, "both");
        let backwards: Vec<PathBuf> = paths.into_iter().rev().collect();
        expect(&backwards, &used, "both, backwards");
    }
}

//! Claude Code sessions, from file to log.
//!
//! Every expected number is worked out by hand from the fixture named beside it.

use std::path::Path;

use tokopt::ingest::{ReadOptions, read};
use tokopt::record::call::{Call, Finish, Status};
use tokopt::record::lane::Tier;
use tokopt::record::log::{FileAccount, Log};
use tokopt::units::{Tokens, Usd};

/// The fixtures of one kind, read together; paths are shown below the folder.
fn fixture(below: &str) -> Log {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/ingest/claude-code").join(below);
    let paths = [path.to_string_lossy().into_owned()];
    read(&paths, ReadOptions::default(), &()).unwrap_or_else(|error| panic!("{error}"))
}

fn check_sums(files: &[FileAccount]) {
    for file in files {
        let told = file.calls + file.duplicates + file.ignored_total() + file.rejected;
        assert_eq!(file.lines, told, "{file:?}");
        assert_eq!(file.format, "claude-code");
    }
}

/// Input, cache reads, cache writes, output and reasoning of the calls.
fn totals(log: &Log) -> [u64; 5] {
    let sum = |pick: &dyn Fn(&Call) -> Option<Tokens>| -> u64 {
        log.calls.iter().filter_map(pick).sum::<Tokens>().get()
    };
    [
        sum(&|call| call.usage.get().input),
        sum(&|call| call.usage.get().cache_read),
        sum(&|call| Some(call.usage.get().cache_written())),
        sum(&|call| call.usage.get().output),
        sum(&|call| call.usage.get().reasoning),
    ]
}

fn ids(log: &Log) -> Vec<&str> {
    let ids = log.calls.iter().filter_map(|call| log.strings.text_of(call.request_id));
    ids.collect()
}

#[test]
fn an_answer_on_two_lines_is_one_call() {
    let log = fixture("kept/session.jsonl");
    let [file] = log.accounting.files.as_slice() else { panic!("one file") };
    check_sums(&log.accounting.files);
    // Mode, question and tool result are no calls; the first answer has two lines.
    assert_eq!((file.lines, file.calls, file.duplicates, file.rejected), (6, 2, 1, 0));
    assert_eq!(
        file.ignored,
        [("a message of a session, no call", 2), ("a session's bookkeeping", 1)]
    );
    assert_eq!(ids(&log), ["msg_orchard_1", "msg_orchard_2"]);
    // (12 + 900 + 15,000) + (8 + 400 + 15,900); 15,000 + 15,900; 900 + 400;
    // 140 + 75; 25.
    assert_eq!(totals(&log), [32_220, 30_900, 1_300, 215, 25]);
    let written = |at: usize| log.calls[at].usage.get().cache_write.expect("stated");
    let ttl = |entry: Option<(tokopt::units::Ttl, Tokens)>| {
        entry.map_or((0, 0), |(ttl, tokens)| (ttl.seconds(), tokens.get()))
    };
    assert_eq!(ttl(written(0).short), (300, 900));
    assert_eq!(ttl(written(1).long), (3_600, 400));
    for call in &log.calls {
        assert_eq!(log.strings.text_of(call.feature), Some("orchard"));
        assert_eq!(log.strings.text_of(call.conversation), Some("7d1c0a52-session"));
        assert!(call.flags.hidden_head && !call.flags.assumed_write_lifetime);
    }
}

#[test]
fn the_prompt_of_a_call_is_every_message_before_it() {
    let log = fixture("kept/session.jsonl");
    let ends = |at: usize| {
        let prompt = log.prompt(log.calls[at].prompt).expect("rebuilt");
        let path = log.tree.path(prompt.end);
        path.into_iter().filter(|id| log.tree.node(*id).ends_message).count()
    };
    // The question; then the two lines of the answer and the tool's result too.
    assert_eq!((ends(0), ends(1)), (1, 4));
}

#[test]
fn lanes_clouds_agents_and_compactions() {
    let log = fixture("kept/lanes.jsonl");
    check_sums(&log.accounting.files);
    assert_eq!(log.accounting.files[0].calls, 3);
    // Sorted by time: the helper answers before the compaction.
    assert_eq!(ids(&log), ["msg_bdrk_lane1", "msg_lane3", "msg_vrtx_lane2"]);
    let [first, helper, last] = log.calls.as_slice() else { panic!("three calls") };
    let name = |symbol| log.strings.text_of(symbol);
    assert_eq!(name(first.provider), Some("aws.bedrock"));
    assert_eq!(name(helper.provider), Some("anthropic"));
    assert_eq!(name(last.provider), Some("gcp.vertex_ai"));
    // `speed` decides over the service tier.
    assert_eq!([first.tier, last.tier], [Tier::Fast, Tier::Batch]);
    assert_eq!((first.finish, last.finish), (Finish::Stop, Finish::Length));
    assert_eq!(first.logged_cost.get(), Usd::from_decimal("0.0125").ok());
    assert_eq!((first.tool_requests, helper.tool_requests), (2, 0));
    assert!(first.flags.assumed_write_lifetime, "only the sum of the writes is logged");
    assert!(helper.flags.sidechain && !first.flags.sidechain);
    assert_eq!(name(first.feature), Some("vineyard"), "a path of another system");
    // 30 + 700, 60, 400; 50 + 5 + 9.
    assert_eq!(totals(&log), [1_190, 0, 700, 64, 20]);
    // A write that is not logged is unknown, not zero.
    assert!(helper.usage.get().cache_write.is_none());
    let messages = |call: &Call| {
        let prompt = log.prompt(call.prompt).expect("rebuilt");
        let path = log.tree.path(prompt.end);
        path.into_iter().filter(|id| log.tree.node(*id).ends_message).count()
    };
    // The helper has a chain of its own; the summary replaces what was before.
    assert_eq!((messages(first), messages(helper), messages(last)), (1, 1, 1));
}

#[test]
fn answers_are_merged_within_and_across_files() {
    let log = fixture("merged");
    let [first, resumed] = log.accounting.files.as_slice() else { panic!("two files") };
    check_sums(&log.accounting.files);
    // first: msg_a twice (the second stays), msg_b of a side chain (restated by
    // the resumed session outside of one, which stays), msg_c with an advisor.
    assert_eq!((first.lines, first.calls, first.duplicates), (4, 2, 2));
    assert_eq!(first.child_calls, 1);
    // resumed: msg_a again, msg_b.
    assert_eq!((resumed.lines, resumed.calls, resumed.duplicates), (2, 1, 1));
    assert_eq!(resumed.child_calls, 0);
    assert_eq!(ids(&log), ["msg_a", "msg_b", "msg_c", "msg_c#1"]);
    // 2,020 + 2,020 + 1,200 + 1,500; 2,000 + 2,000; 60 + 10 + 30 + 45.
    assert_eq!(totals(&log), [6_740, 4_000, 0, 145, 0]);
    let [a, b, _, advisor] = log.calls.as_slice() else { panic!("four calls") };
    assert_eq!(a.usage.get().output, Some(Tokens::new(60)), "the final snapshot");
    assert!(!b.flags.sidechain);
    assert!(advisor.flags.child);
    assert_eq!(log.strings.text_of(advisor.model), Some("claude-opus-5-5"));
}

#[test]
fn bookkeeping_and_made_up_answers_are_ignored() {
    let log = fixture("ignored/bookkeeping.jsonl");
    check_sums(&log.accounting.files);
    assert!(log.calls.is_empty());
    assert_eq!(
        log.accounting.files[0].ignored,
        [
            ("a message of a session, no call", 1),
            ("a session's bookkeeping", 2),
            ("an answer the tool made up itself", 1),
        ]
    );
}

#[test]
fn what_cannot_be_read_is_named_with_its_line() {
    let log = fixture("rejected/broken.jsonl");
    check_sums(&log.accounting.files);
    let [file] = log.accounting.files.as_slice() else { panic!("one file") };
    assert_eq!((file.lines, file.calls, file.ignored_total(), file.rejected), (5, 0, 1, 4));
    let reasons = file.rejections.iter().map(|found| (found.line, found.reason.as_str()));
    assert_eq!(
        reasons.collect::<Vec<_>>(),
        [
            (2, "not valid JSON"),
            (3, "`input_tokens` is not a count"),
            (4, "not a JSON object"),
            (5, "`timestamp` is not a time"),
        ]
    );
}

#[test]
fn a_failed_call_is_kept_as_failed() {
    // A line of ours beside the fixtures: an error message with usage of zero
    // that a real model's name stands on.
    let line = concat!(
        r#"{"type":"assistant","uuid":"g1","sessionId":"s","isApiErrorMessage":true,"#,
        r#""timestamp":"2026-09-05T00:00:00Z","message":{"id":"msg_g","role":"assistant","#,
        r#""model":"claude-opus-4-8","usage":{"input_tokens":0,"output_tokens":0}}}"#
    );
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("session.jsonl");
    std::fs::write(&path, line).expect("writable");
    let paths = [path.to_string_lossy().into_owned()];
    let log = read(&paths, ReadOptions::default(), &()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(log.calls.iter().map(|call| call.status).collect::<Vec<_>>(), [Status::Error]);
}

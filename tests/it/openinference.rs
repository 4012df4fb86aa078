//! Spans of `OpenInference`, from file to log.
//!
//! Every expected number is worked out by hand from the fixture named beside it.

use std::path::Path;

use tokopt::ingest::{ReadOptions, read};
use tokopt::record::call::{Finish, Operation, Status};
use tokopt::record::log::{FileAccount, Log};
use tokopt::units::{Tokens, Usd};

use crate::reference;

fn log_of(path: &Path) -> Log {
    let paths = [path.to_string_lossy().into_owned()];
    read(&paths, ReadOptions::default(), &()).unwrap_or_else(|error| panic!("{error}"))
}

fn fixture(name: &str) -> Log {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/ingest/openinference-spans");
    log_of(&folder.join(name))
}

/// The account of the only file, which must be one of spans and add up.
fn account(log: &Log) -> &FileAccount {
    let [file] = log.accounting.files.as_slice() else { panic!("one file was read") };
    assert_eq!(file.format, "openinference-spans");
    let kept_and_left = file.calls + file.duplicates + file.ignored_total() + file.rejected;
    assert_eq!(file.lines, kept_and_left, "{file:?}");
    file
}

/// Input, uncached, read, written and output tokens of each call.
fn counts(log: &Log) -> Vec<[u64; 5]> {
    let get = |tokens: Option<Tokens>| tokens.unwrap_or_default().get();
    let calls = log.calls.iter().map(|call| call.usage.get());
    calls
        .map(|usage| {
            [
                get(usage.input),
                get(usage.uncached_input()),
                get(usage.cache_read),
                usage.cache_written().get(),
                get(usage.output),
            ]
        })
        .collect()
}

fn notes(log: &Log) -> Vec<&str> {
    log.accounting.notes.iter().map(|note| note.code).collect()
}

#[test]
fn the_model_calls_of_an_agents_turns_are_calls() {
    let log = fixture("kept/turns.json");
    let file = account(&log);
    assert_eq!((file.lines, file.calls), (9, 7));
    // The agent that counts its children's tokens again, and a tool.
    assert_eq!(file.ignored, [("span that is no call of a model", 2)]);
    // Prompts as logged; what is uncached is what reads and writes leave.
    assert_eq!(
        counts(&log),
        [
            [2_000, 5, 0, 1_995, 30],
            [2_600, 5, 1_995, 600, 20],
            [3_000, 10, 0, 2_990, 20],
            [3_505, 5, 2_990, 510, 40],
            [4_010, 10, 0, 4_000, 10],
            [2_005, 5, 1_200, 800, 10],
            [2_205, 5, 2_100, 100, 10],
        ]
    );
    let text = |symbol| log.strings.text_of(symbol);
    let first = &log.calls[0];
    assert_eq!(text(first.request_id), Some("span-1"));
    assert_eq!(
        (text(first.provider), text(first.model)),
        (Some("anthropic"), Some("claude-sonnet-4-5"))
    );
    assert_eq!((text(first.feature), text(first.user)), (Some("greenhouse"), Some("gardener-7")));
    // Two traces of one session are one conversation.
    let sessions: Vec<_> = log.calls.iter().map(|call| text(call.conversation)).collect();
    assert_eq!(sessions[..5], [Some("green-1"); 5]);
    assert_eq!(sessions[5..], [Some("green-2"); 2]);
    assert_eq!(first.latency_milliseconds.get(), Some(2_000));
    assert_eq!(first.request.max_tokens.get(), Some(400));
    assert_eq!((first.request.temperature, first.request.has_tools), (Some(0.0), Some(true)));
}

#[test]
fn each_prompt_of_a_session_opens_the_next_although_ten_sorts_before_two() {
    let log = fixture("kept/turns.json");
    let path = |call: usize| {
        let prompt = log.prompt(log.calls[call].prompt).expect("texts");
        log.tree.path(prompt.end)
    };
    // Eleven messages in the fifth call, the eleventh under the key 10.
    for call in 1..5 {
        let (before, after) = (path(call - 1), path(call));
        assert!(after.len() > before.len());
        assert_eq!(after[..before.len()], before);
    }
}

#[test]
fn a_page_of_nested_attributes_with_an_embedding_and_a_failure() {
    let log = fixture("kept/page.json");
    assert_eq!((account(&log).lines, account(&log).calls), (3, 3));
    // OpenAI's 1,200 include the 1,024; the failed call's zeros count nothing.
    assert_eq!(counts(&log), [[1_200, 176, 1_024, 0, 16], [3, 3, 0, 0, 0], [0; 5]]);
    let [chat, embedding, failed] = log.calls.as_slice() else { panic!("three calls") };
    assert_eq!(chat.latency_milliseconds.get(), Some(1_250));
    assert_eq!((chat.finish, chat.request.stream), (Finish::Length, Some(true)));
    assert_eq!(chat.logged_cost.get(), Usd::from_decimal("0.000018").ok());
    let prompt = &log.prompts[chat.prompt.expect("texts").0 as usize];
    assert_eq!(prompt.unmeasured_parts, 1);
    assert!(prompt.answer.is_some());
    assert_eq!(embedding.operation, Operation::Embeddings);
    assert_eq!(embedding.usage.get().cache_read, None);
    assert_eq!(failed.status, Status::Error);
    assert!(!failed.usage.get().is_reported());
}

#[test]
fn console_spans_rows_of_data_frames_and_old_completions() {
    let log = fixture("kept/lines.jsonl");
    assert_eq!((account(&log).lines, account(&log).calls), (3, 3));
    assert_eq!(
        counts(&log),
        [
            // 40 are less than what was cached: 40 + 1,500 + 300.
            [1_840, 40, 1_500, 300, 8],
            // The total of 1,150 is 900 + 50 + 200 of reasoning.
            [900, 900, 0, 0, 250],
            [4, 4, 0, 0, 5],
        ]
    );
    assert_eq!(notes(&log), ["EXCLUSIVE_PROMPT", "ZONELESS_TIMES"]);
    let text = |symbol| log.strings.text_of(symbol);
    let providers: Vec<_> = log.calls.iter().map(|call| text(call.provider)).collect();
    assert_eq!(providers, [Some("anthropic"), Some("gcp.gemini"), Some("openai")]);
    assert!(log.calls[2].flags.inferred_provider);
    // Hidden texts are no prompt.
    let prompts: Vec<bool> = log.calls.iter().map(|call| call.prompt.is_some()).collect();
    assert_eq!(prompts, [false, true, true]);
    assert_eq!(text(log.calls[1].feature), Some("sorting"));
}

#[test]
fn spans_met_again_are_duplicates_and_others_are_set_aside_with_a_reason() {
    let log = fixture("merged/again.jsonl");
    // The third has the id of the first in another trace.
    assert_eq!((account(&log).calls, account(&log).duplicates), (2, 1));
    let log = fixture("ignored/no-calls.jsonl");
    assert_eq!(
        account(&log).ignored,
        [("embedding span without token counts", 1), ("span that is no call of a model", 7)]
    );
    let log = fixture("rejected/spans.jsonl");
    let rejections = account(&log).rejections.iter();
    let reasons: Vec<_> =
        rejections.map(|rejection| (rejection.line, rejection.reason.as_str())).collect();
    assert_eq!(
        reasons,
        [
            (1, "`llm.token_count.prompt` is not a count"),
            (2, "`start_time` is not a time"),
            (3, "no `context.span_id`"),
            (4, "no `span_kind`"),
            (5, "reasoning tokens exceed output tokens"),
            (6, "`llm.cost.total` is not an amount"),
            (7, "not valid JSON"),
        ]
    );
}

#[test]
fn spans_around_the_calls_that_they_restate_are_not_counted() {
    let log = fixture("merged/nested.jsonl");
    let file = account(&log);
    // A call in two spans with a chain between, and a sum of two: 200 + 300.
    assert_eq!(counts(&log), [[120, 120, 0, 0, 12], [200, 200, 0, 0, 10], [300, 300, 0, 0, 20]]);
    assert_eq!((file.calls, file.duplicates), (3, 1));
    assert_eq!(
        file.ignored,
        [("span that is no call of a model", 1), ("span that restates the calls inside it", 1),]
    );
    // Only the outer span knew the user.
    assert_eq!(log.strings.text_of(log.calls[0].user), Some("u-5"));
    assert!(!log.calls[0].flags.inferred_provider);
}

#[test]
fn the_sample_of_an_agents_turn_is_read_whole() {
    let Some(path) = reference::path("samples/phoenix-spans/pxi_turn_trace.json") else { return };
    let log = log_of(&path);
    let file = account(&log);
    assert_eq!((file.lines, file.calls, file.rejected), (18, 9, 0));
    // What one call had cached when it ended is what the next one read.
    let counts = counts(&log);
    for pair in counts.windows(2) {
        assert_eq!(pair[0][2] + pair[0][3], pair[1][2]);
    }
    assert_eq!(log.prompts.len(), 9);
}

//! Exports of tracers (OTLP, Langfuse, LangSmith), from file to log.
//!
//! Every expected number is worked out by hand from the fixture named beside it.

use std::path::{Path, PathBuf};

use tokopt::ingest::{ReadOptions, read};
use tokopt::record::call::{Finish, Operation, Status};
use tokopt::record::log::{FileAccount, Log};
use tokopt::units::{Tokens, Usd};

use crate::reference;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/ingest")
}

fn log_of(paths: &[PathBuf], chunk_bytes: usize) -> Log {
    let paths: Vec<String> = paths.iter().map(|path| path.to_string_lossy().into_owned()).collect();
    let options = ReadOptions { chunk_bytes, ..ReadOptions::default() };
    read(&paths, options, &()).unwrap_or_else(|error| panic!("{error}"))
}

fn fixture(name: &str) -> Log {
    log_of(&[fixtures().join(name)], ReadOptions::default().chunk_bytes)
}

/// The account of the only file; its sum must hold whatever else is tested.
fn account(log: &Log) -> &FileAccount {
    let [file] = log.accounting.files.as_slice() else { panic!("one file was read") };
    adds_up(file);
    file
}

fn adds_up(file: &FileAccount) {
    let kept_and_left = file.calls + file.duplicates + file.ignored_total() + file.rejected;
    assert_eq!(file.lines, kept_and_left, "{file:?}");
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

fn notes(log: &Log) -> Vec<(&str, u64)> {
    log.accounting.notes.iter().map(|note| (note.code, note.records)).collect()
}

fn reasons(log: &Log) -> Vec<(u64, &str)> {
    let rejections = account(log).rejections.iter();
    rejections.map(|rejection| (rejection.line, rejection.reason.as_str())).collect()
}

const RESTATES: &str = "span that restates the calls inside it";
const NO_CALL: &str = "span that is no call of a model";

#[test]
fn the_calls_of_an_agents_turn_are_calls_and_the_agent_is_none() {
    let log = fixture("otlp/kept/turn.jsonl");
    let file = account(&log);
    assert_eq!((file.format, file.lines, file.calls), ("otlp", 6, 3));
    // The agent that sums its children up, a tool and a web request.
    assert_eq!(file.ignored, [(NO_CALL, 3)]);
    // In order of time: the embedding at 0.5 s, then the chats. 1,200 = 100
    // uncached + 1,100 written; 1,400 = 50 + 1,100 read + 250 written.
    assert_eq!(
        counts(&log),
        [[12, 12, 0, 0, 0], [1_200, 100, 0, 1_100, 40], [1_400, 50, 1_100, 250, 60]]
    );
    assert_eq!(log.calls[0].operation, Operation::Embeddings);
    let text = |symbol| log.strings.text_of(symbol);
    let chat = &log.calls[2];
    assert_eq!((text(chat.request_id), text(chat.user)), (Some("msg_soup_2"), Some("u-3")));
    assert_eq!((text(chat.feature), text(chat.conversation)), (Some("recipe"), Some("soup-1")));
    assert_eq!((text(chat.provider), chat.finish), (Some("anthropic"), Finish::Stop));
    assert_eq!(chat.latency_milliseconds.get(), Some(1_500));
    assert_eq!(chat.request.max_tokens.get(), Some(500));
    let tags: Vec<_> = log.tags(chat.tags).iter().collect();
    let tags: Vec<_> = tags
        .iter()
        .map(|(key, value)| (log.strings.text(*key), log.strings.text(*value)))
        .collect();
    assert_eq!(
        tags,
        [("agent", "cook"), ("environment", "test"), ("prompt", "recipe"), ("service", "kitchen")]
    );
    // Known to add cached tokens: nothing to be noted.
    assert_eq!(notes(&log), []);
}

#[test]
fn one_document_with_four_generations_of_attributes() {
    let log = fixture("otlp/kept/document.json");
    assert_eq!((account(&log).lines, account(&log).calls), (5, 5));
    assert_eq!(
        counts(&log),
        [
            [60, 60, 0, 0, 5],
            [41, 41, 0, 0, 3],
            [20, 20, 0, 0, 6],
            // The total of 84 is 30 + 4 + 50 of reasoning.
            [30, 30, 0, 0, 54],
            [0; 5],
        ]
    );
    let text = |symbol| log.strings.text_of(symbol);
    let providers: Vec<_> = log.calls.iter().map(|call| text(call.provider)).collect();
    let openai = Some("openai");
    assert_eq!(providers, [openai, openai, Some("azure.ai.openai"), Some("gcp.gemini"), openai]);
    let [details, indexed, inference, gemini, failed] = log.calls.as_slice() else {
        panic!("five calls")
    };
    assert_eq!(details.first_token_milliseconds.get(), Some(400));
    assert_eq!(
        (text(indexed.feature), text(indexed.conversation)),
        (Some("naming"), Some("herb-talk"))
    );
    assert_eq!(inference.logged_cost.get(), Usd::from_decimal("0.0000176").ok());
    assert_eq!(inference.request.max_tokens.get(), Some(30));
    assert!(gemini.flags.inferred_provider);
    assert_eq!(failed.status, Status::Error);
    assert!(!failed.usage.get().is_reported());
    let prompts: Vec<bool> = log.calls.iter().map(|call| call.prompt.is_some()).collect();
    assert_eq!(prompts, [true, true, true, false, false]);
    // Both open with the same system prompt, told in two ways.
    let path = |call: usize| log.tree.path(log.prompt(log.calls[call].prompt).expect("texts").end);
    assert_eq!(path(0)[0], path(1)[0]);
    // Each call stands on its own line of the document.
    let lines: Vec<u32> = log.calls.iter().map(|call| call.source.line).collect();
    assert!(lines.windows(2).all(|pair| pair[0] < pair[1]), "{lines:?}");
}

#[test]
fn a_log_record_can_tell_a_call_and_metrics_never_do() {
    let log = fixture("otlp/kept/logs.jsonl");
    let file = account(&log);
    assert_eq!((file.lines, file.calls), (4, 1));
    assert_eq!(
        file.ignored,
        [
            ("log record that is no call of a model", 1),
            ("message of a call, logged beside its span", 1),
            ("metrics, which hold no calls", 1),
        ]
    );
    assert_eq!(counts(&log), [[70, 70, 0, 0, 8]]);
    assert!(log.calls[0].prompt.is_some());
}

#[test]
fn a_call_in_two_spans_is_one_in_any_order_and_any_chunks() {
    let [inner, outer] =
        ["inner", "outer"].map(|name| fixtures().join(format!("otlp/merged/{name}.jsonl")));
    let whole = ReadOptions::default().chunk_bytes;
    for (paths, chunk) in [
        ([inner.clone(), outer.clone()], whole),
        ([outer.clone(), inner.clone()], whole),
        ([inner, outer], 1),
    ] {
        let log = log_of(&paths, chunk);
        log.accounting.files.iter().for_each(adds_up);
        // The cached part is only told by the outer span, with the texts.
        assert_eq!(counts(&log), [[900, 388, 512, 0, 30]]);
        let call = &log.calls[0];
        let text = |symbol| log.strings.text_of(symbol);
        assert_eq!(text(call.request_id), Some("chatcmpl-table"));
        assert!(call.prompt.is_some());
        let duplicates: u64 = log.accounting.files.iter().map(|file| file.duplicates).sum();
        assert_eq!(duplicates, 1);
    }
}

#[test]
fn what_spans_restate_is_counted_once() {
    let log = fixture("otlp/merged/traces.jsonl");
    let file = account(&log);
    // Calls: two under a sum, one under a wrapper without counts, one under a
    // wrapper that counts otherwise, a large one with a small one inside, one
    // answer of two spans, two alike side by side.
    assert_eq!(
        counts(&log).iter().map(|call| (call[0], call[4])).collect::<Vec<_>>(),
        [(300, 10), (500, 20), (70, 7), (200, 9), (4_000, 100), (50, 5), (90, 9), (33, 3), (33, 3)]
    );
    // The sum and the other count restate; the wrapper without counts, the
    // answer's second span, the span met again and the log record are duplicates.
    assert_eq!(file.ignored, [(RESTATES, 2)]);
    assert_eq!((file.calls, file.duplicates, file.lines), (9, 4, 15));
    assert_eq!(notes(&log), [("RESTATED_OTHERWISE", 1)]);
    // The log record's texts went to the span it belongs to.
    let prompts: Vec<usize> = (0..9).filter(|call| log.calls[*call].prompt.is_some()).collect();
    assert_eq!(prompts, [3]);
}

#[test]
fn what_is_no_call_in_otlp_is_set_aside_and_what_is_broken_rejected() {
    let log = fixture("otlp/ignored/no-calls.jsonl");
    assert_eq!(account(&log).calls, 0);
    assert_eq!(
        account(&log).ignored,
        [
            ("embedding span without token counts", 1),
            ("export request without spans", 1),
            ("log record that is no call of a model", 1),
            ("message of a call, logged beside its span", 1),
            ("metrics, which hold no calls", 1),
            (NO_CALL, 5),
        ]
    );
    let log = fixture("otlp/rejected/spans.jsonl");
    assert_eq!(account(&log).calls, 1);
    assert_eq!(
        reasons(&log),
        [
            (1, "`gen_ai.usage.input_tokens` is not a count"),
            (2, "reasoning tokens exceed output tokens"),
            (3, "`startTimeUnixNano` is not a time"),
            (4, "no `context.span_id`"),
            (5, "`llm.cost.total` is not an amount"),
            (6, "not valid JSON"),
            (7, "no `resourceSpans`"),
        ]
    );
}

#[test]
fn the_samples_of_otlp_are_read_without_their_agents() {
    let Some(folder) = reference::path("samples/otlp-genai") else { return };
    for (name, ignored, expected) in [
        // The agent's 1,000 are not added to its chat's 400.
        ("agent-plus-chat", 1, [400, 400, 0, 0, 200]),
        ("genai-span", 0, [300, 300, 0, 0, 80]),
        // 1,000 = 100 + 800 read + 100 written.
        ("openinference-span", 0, [1_000, 100, 800, 100, 200]),
    ] {
        let path = folder.join(format!("{name}.example.json"));
        let log = log_of(&[path], ReadOptions::default().chunk_bytes);
        assert_eq!(account(&log).format, "otlp");
        assert_eq!(
            (counts(&log), account(&log).ignored_total()),
            (vec![expected], ignored),
            "{name}"
        );
    }
}

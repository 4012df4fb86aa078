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
fn the_events_of_claude_code_are_calls() {
    let log = fixture("otlp/kept/claude-code.jsonl");
    let file = account(&log);
    assert_eq!((file.format, file.lines, file.calls), ("otlp", 4, 3));
    assert_eq!(file.ignored, [("log record that is no call of a model", 1)]);
    // In order of their starts, each at its event less its duration: 9,004 = 4 +
    // 9,000 written; the failure at 8.1 s; 9,406 = 6 + 9,000 read + 400 written.
    let counted: Vec<_> = log.calls.iter().map(|call| call.usage.get().input).collect();
    assert_eq!(counted, [Some(Tokens::new(9_004)), None, Some(Tokens::new(9_406))]);
    assert_eq!(log.calls[1].status, Status::Error);
    let text = |symbol| log.strings.text_of(symbol);
    assert_eq!(text(log.calls[2].request_id), Some("req_herbs2"));
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

/// A span of a call in one trace: its own id, the span around it, the id of its
/// answer, its feature and its input tokens.
fn span(id: &str, around: &str, answer: &str, feature: &str, input: u64) -> String {
    let mut attributes = vec![
        ("gen_ai.operation.name", serde_json::json!({"stringValue": "chat"})),
        ("gen_ai.provider.name", serde_json::json!({"stringValue": "openai"})),
        ("gen_ai.request.model", serde_json::json!({"stringValue": "gpt-4.1-mini"})),
        ("gen_ai.usage.input_tokens", serde_json::json!({"intValue": input})),
        ("gen_ai.usage.output_tokens", serde_json::json!({"intValue": 7})),
    ];
    for (key, text) in [("gen_ai.response.id", answer), ("gen_ai.prompt.name", feature)] {
        if !text.is_empty() {
            attributes.push((key, serde_json::json!({"stringValue": text})));
        }
    }
    let attributes: Vec<_> = attributes
        .into_iter()
        .map(|(key, value)| serde_json::json!({"key": key, "value": value}))
        .collect();
    let mut span = serde_json::json!({
        "traceId": "00000000000000000000000000000c01",
        "spanId": id,
        "name": "chat",
        "startTimeUnixNano": "1773300000000000000",
        "endTimeUnixNano": "1773300001000000000",
        "attributes": attributes,
    });
    if !around.is_empty() {
        span["parentSpanId"] = around.into();
    }
    serde_json::json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).to_string()
}

fn written(lines: &[String]) -> (tempfile::TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    let paths = (0..)
        .zip(lines)
        .map(|(number, line)| {
            let path = folder.path().join(format!("{number}.jsonl"));
            std::fs::write(&path, line).unwrap();
            path
        })
        .collect();
    (folder, paths)
}

#[test]
fn the_nearest_telling_of_a_call_speaks_first_in_any_order() {
    // The innermost span stays and names no feature; the one around it does.
    let spans =
        [span("a", "", "", "far", 50), span("b", "a", "", "near", 50), span("c", "b", "", "", 50)];
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2], [1, 2, 0]] {
        let (_folder, paths) = written(&order.map(|at: usize| spans[at].clone()));
        let log = log_of(&paths, ReadOptions::default().chunk_bytes);
        log.accounting.files.iter().for_each(adds_up);
        assert_eq!(log.calls.len(), 1);
        assert_eq!(log.strings.text_of(log.calls[0].feature), Some("near"), "{order:?}");
    }
}

#[test]
fn two_spans_told_by_the_same_two_calls_are_counted_once() {
    let spans = [
        span("a", "", "one", "", 50),
        span("a", "", "two", "", 50),
        span("b", "", "one", "", 50),
        span("b", "", "two", "", 50),
    ];
    let (_folder, paths) = written(&[spans.join("\n")]);
    let log = log_of(&paths, ReadOptions::default().chunk_bytes);
    let file = account(&log);
    assert_eq!((file.lines, file.calls, file.duplicates), (4, 1, 3));
}

#[test]
fn a_sessions_lines_that_are_no_calls_move_no_span() {
    // The session's first count is of nothing and goes before spans are settled.
    let session = [
        r#"{"timestamp":"2026-03-02T10:00:00.000Z","type":"session_meta","payload":{"id":"s-1","timestamp":"2026-03-02T10:00:00.000Z","cwd":"/home/ada/kitchen","originator":"codex_cli_rs","cli_version":"0.40.0","model_provider":"openai"}}"#,
        r#"{"timestamp":"2026-03-02T10:00:01.000Z","type":"turn_context","payload":{"cwd":"/home/ada/kitchen","model":"gpt-5-codex"}}"#,
        r#"{"timestamp":"2026-03-02T10:00:02.000Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":0,"cached_input_tokens":0,"output_tokens":0,"reasoning_output_tokens":0,"total_tokens":0},"last_token_usage":{"input_tokens":0,"cached_input_tokens":0,"output_tokens":0,"reasoning_output_tokens":0,"total_tokens":0}}}}"#,
        r#"{"timestamp":"2026-03-02T10:00:03.000Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":80,"cached_input_tokens":0,"output_tokens":5,"reasoning_output_tokens":0,"total_tokens":85},"last_token_usage":{"input_tokens":80,"cached_input_tokens":0,"output_tokens":5,"reasoning_output_tokens":0,"total_tokens":85}}}}"#,
    ]
    .join("\n");
    // An agent that sums up two calls, and a call beside it.
    let trace = [
        span("a", "", "", "", 30),
        span("b", "a", "", "", 20),
        span("c", "a", "", "", 40),
        span("d", "", "", "", 60),
    ]
    .join("\n");
    for lines in [[session.clone(), trace.clone()], [trace, session]] {
        let (_folder, paths) = written(&lines);
        let log = log_of(&paths, ReadOptions::default().chunk_bytes);
        log.accounting.files.iter().for_each(adds_up);
        let mut inputs: Vec<u64> = counts(&log).iter().map(|counts| counts[0]).collect();
        inputs.sort_unstable();
        assert_eq!(inputs, [20, 40, 60, 80]);
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

#[test]
fn a_langfuse_trace_is_its_generations() {
    let log = fixture("langfuse/kept/trace.json");
    let file = account(&log);
    assert_eq!((file.format, file.lines, file.calls), ("langfuse", 4, 2));
    // The agent that sums up and the tool.
    assert_eq!(file.ignored, [("observation that is no call of a model", 2)]);
    // 300 + 20 and nothing cached; 400 with 256 of it read, as 400 + 30 = 430.
    assert_eq!(counts(&log), [[300, 300, 0, 0, 20], [400, 144, 256, 0, 30]]);
    let text = |symbol| log.strings.text_of(symbol);
    let [first, second] = log.calls.as_slice() else { panic!("two calls") };
    for call in [first, second] {
        assert_eq!((text(call.feature), text(call.user)), (Some("garden-plan"), Some("u-1")));
        assert_eq!((text(call.conversation), text(call.account)), (Some("bed-1"), Some("green")));
        assert_eq!((text(call.provider), call.flags.inferred_provider), (Some("openai"), false));
    }
    assert_eq!(first.request.max_tokens.get(), Some(200));
    assert_eq!(first.logged_cost.get(), Usd::from_decimal("0.000152").ok());
    assert_eq!(text(second.request_id), Some("chatcmpl-peas"));
    assert_eq!(second.usage.get().reasoning, Some(Tokens::new(10)));
    // What a graph writes for itself is no tag.
    let tags = log.tags(first.tags).iter().map(|(key, _)| log.strings.text(*key));
    assert_eq!(
        tags.collect::<Vec<_>>(),
        ["observation", "prompt", "prompt_version", "season", "trace"]
    );
    // The second prompt opens with the first.
    let path = |call: usize| log.tree.path(log.prompt(log.calls[call].prompt).expect("texts").end);
    assert_eq!(path(1)[..path(0).len()], path(0));
}

#[test]
fn langfuse_rows_as_json_and_csv() {
    let log = fixture("langfuse/kept/rows.jsonl");
    assert_eq!((account(&log).lines, account(&log).calls), (4, 4));
    assert_eq!(
        counts(&log),
        [
            // 40 + 900 + 60 + 25 = 1,025: disjoint.
            [1_000, 40, 900, 60, 25],
            // 50 + 5 + 95 = 150: thoughts beside the answer.
            [50, 50, 0, 0, 100],
            [8, 8, 0, 0, 0],
            [0; 5],
        ]
    );
    assert_eq!(notes(&log), [("ZONELESS_TIMES", 4)]);
    let [reply, unpriced, embedding, failed] = log.calls.as_slice() else { panic!("four calls") };
    assert_eq!(log.strings.text_of(reply.feature), Some("reply-mail"));
    assert_eq!(reply.first_token_milliseconds.get(), Some(400));
    assert_eq!(unpriced.logged_cost.get(), None);
    assert_eq!(embedding.operation, Operation::Embeddings);
    assert_eq!(failed.status, Status::Error);
    assert!(!failed.usage.get().is_reported());

    let log = fixture("langfuse/kept/table.csv");
    let file = account(&log);
    assert_eq!((file.format, file.lines, file.calls), ("langfuse-csv", 2, 1), "{file:?}");
    assert_eq!(counts(&log), [[90, 90, 0, 0, 9]]);
    let call = &log.calls[0];
    assert_eq!(log.strings.text_of(call.account), Some("sums"));
    assert_eq!(log.strings.text_of(call.feature), Some("adding"));
    assert!(call.prompt.is_some());
}

#[test]
fn langfuse_observations_met_again_ignored_and_rejected() {
    let log = fixture("langfuse/merged/again.jsonl");
    // One row twice, a generation around another, one answer of two rows.
    assert_eq!((account(&log).calls, account(&log).duplicates), (3, 3));
    let totals: Vec<_> = counts(&log).iter().map(|call| (call[0], call[4])).collect();
    assert_eq!(totals, [(10, 2), (30, 4), (50, 5)]);
    let log = fixture("langfuse/ignored/no-calls.jsonl");
    assert_eq!(account(&log).calls, 0);
    assert_eq!(
        account(&log).ignored,
        [("observation that is no call of a model", 3), ("trace without its observations", 2)]
    );
    let log = fixture("langfuse/rejected/rows.jsonl");
    assert_eq!(
        reasons(&log),
        [
            (1, "`usageDetails` is not a count"),
            (2, "`startTime` is not a time"),
            (3, "`totalCost` is not an amount"),
            (4, "no `id`"),
            (5, "reasoning tokens exceed output tokens"),
            (6, "not valid JSON"),
            (7, "not a JSON object"),
        ]
    );
}

#[test]
fn every_generation_of_the_langfuse_samples_is_kept() {
    let Some(folder) = reference::path("samples/langfuse/trace") else { return };
    // Input, output and cost in pico-dollars as the observations state them.
    for (name, calls, ignored, input, output, cost) in [
        // 5 + 5 + 5 + 19; 94 + 56 + 53 + 29.
        ("claude-agent-2025-12-22", 4, 3, 34, 232, "0.003582"),
        ("crewai-2025-07-11", 1, 5, 190, 164, "0.0001269"),
        ("google-adk-2025-08-28", 2, 3, 67, 9, "0.0000103"),
        // 2,055 hold the 1,104 of reasoning.
        ("google-gemini-2025-08-01", 1, 0, 6, 2_055, "0.005139299999"),
        ("langgraph-python-2025-08-22", 2, 7, 168, 66, "0.000234"),
    ] {
        let log = log_of(
            &[folder.join(format!("{name}.trace.json"))],
            ReadOptions::default().chunk_bytes,
        );
        let file = account(&log);
        assert_eq!(
            (file.calls, file.ignored_total(), file.rejected),
            (calls, ignored, 0),
            "{name}"
        );
        let total = |place: usize| counts(&log).iter().map(|call| call[place]).sum::<u64>();
        assert_eq!((total(0), total(4)), (input, output), "{name}");
        let logged = log.calls.iter().filter_map(|call| call.logged_cost.get()).sum::<Usd>();
        assert_eq!(Some(logged), Usd::from_decimal(cost).ok(), "{name}");
        assert!(log.calls.iter().all(|call| call.prompt.is_some()), "{name}");
    }
}

#[test]
fn langsmith_runs_of_models_are_calls_and_chains_are_none() {
    let log = fixture("langsmith/kept/runs.jsonl");
    let file = account(&log);
    assert_eq!((file.format, file.lines, file.calls), ("langsmith", 6, 4));
    // The chain that sums up, and the tool.
    assert_eq!(file.ignored, [("run that is no call of a model", 2)]);
    assert_eq!(
        counts(&log),
        [
            // 1,000 = 40 + 900 written for 5 minutes + 60 for an hour.
            [1_000, 40, 0, 960, 30],
            // 1,500 = 140 + 960 read + 400 written.
            [1_500, 140, 960, 400, 40],
            [10, 10, 0, 0, 0],
            [0; 5],
        ]
    );
    assert_eq!(notes(&log), [("ZONELESS_TIMES", 4)]);
    let text = |symbol| log.strings.text_of(symbol);
    let [first, second, embedding, failed] = log.calls.as_slice() else { panic!("four calls") };
    for call in [first, second] {
        assert_eq!(
            (text(call.feature), text(call.conversation)),
            (Some("timetable"), Some("ferry"))
        );
        assert_eq!((text(call.account), text(call.user)), (Some("project-1"), Some("u-4")));
        assert_eq!(text(call.model), Some("claude-haiku-4-5-20251001"));
        assert_eq!(call.request.has_tools, Some(true));
    }
    assert_eq!(text(second.request_id), Some("msg_ferry_2"));
    assert_eq!(first.logged_cost.get(), Usd::from_decimal("0.0013").ok());
    // 0.0004 + 0.0002.
    assert_eq!(second.logged_cost.get(), Usd::from_decimal("0.0006").ok());
    assert_eq!(embedding.operation, Operation::Embeddings);
    assert_eq!(failed.status, Status::Error);
    assert!(!failed.usage.get().is_reported());
    // Tools and system prompt first: the second prompt opens with the first.
    let path = |call: usize| log.tree.path(log.prompt(log.calls[call].prompt).expect("texts").end);
    assert_eq!(path(1)[..path(0).len()], path(0));
}

#[test]
fn langsmith_trees_pages_and_columns() {
    let log = fixture("langsmith/kept/tree.json");
    assert_eq!((account(&log).lines, account(&log).calls), (3, 1));
    assert_eq!(counts(&log), [[200, 72, 128, 0, 2]]);
    let call = &log.calls[0];
    let text = |symbol| log.strings.text_of(symbol);
    assert_eq!(
        (text(call.request_id), text(call.conversation)),
        (Some("chatcmpl-quay"), Some("quay"))
    );
    assert_eq!((text(call.provider), call.finish), (Some("openai"), Finish::Stop));
    assert_eq!(notes(&log), []);

    let log = fixture("langsmith/kept/table.csv");
    let file = account(&log);
    assert_eq!((file.format, file.lines, file.calls), ("langsmith-csv", 2, 1));
    assert_eq!(counts(&log), [[600, 88, 512, 0, 6]]);
    let call = &log.calls[0];
    assert_eq!(log.strings.text_of(call.conversation), Some("deep"));
    assert_eq!(log.strings.text_of(call.account), Some("project-2"));
    assert!(call.prompt.is_some());
}

#[test]
fn langsmith_runs_met_again_ignored_and_rejected() {
    let log = fixture("langsmith/merged/again.jsonl");
    assert_eq!((account(&log).calls, account(&log).duplicates), (2, 2));
    assert_eq!(counts(&log).iter().map(|call| call[0]).collect::<Vec<_>>(), [10, 50]);
    let log = fixture("langsmith/ignored/no-calls.jsonl");
    assert_eq!(account(&log).ignored, [("run that is no call of a model", 5)]);
    let log = fixture("langsmith/rejected/runs.jsonl");
    assert_eq!(
        reasons(&log),
        [
            (1, "`prompt_tokens` is not a count"),
            (2, "`start_time` is not a time"),
            (3, "`total_cost` is not an amount"),
            (4, "no `id`"),
            (5, "reasoning tokens exceed output tokens"),
            (6, "not valid JSON"),
            (7, "not a JSON object"),
        ]
    );
}

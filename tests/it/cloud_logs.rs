//! Logs that clouds write of the calls they served, from file to log.
//!
//! Every expected number is worked out by hand from the fixture named beside it.

use std::path::Path;

use tokopt::ingest::format::{Framing, Sample};
use tokopt::ingest::json::Json;
use tokopt::ingest::{FORMATS, ReadOptions, read};
use tokopt::record::call::{Call, Finish, Operation, Status};
use tokopt::record::lane::Tier;
use tokopt::record::log::{FileAccount, Log};
use tokopt::units::{Tokens, Ttl};

use crate::reference;

fn log_of(path: &Path) -> Log {
    let paths = [path.to_string_lossy().into_owned()];
    read(&paths, ReadOptions::default(), &()).unwrap_or_else(|error| panic!("{error}"))
}

fn fixture(name: &str) -> Log {
    log_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/ingest").join(name))
}

/// The account of the only file, which must add up.
fn account(log: &Log) -> &FileAccount {
    let [file] = log.accounting.files.as_slice() else { panic!("one file was read") };
    let kept_and_left = file.calls + file.duplicates + file.ignored_total() + file.rejected;
    assert_eq!(file.lines, kept_and_left, "{file:?}");
    file
}

/// Format, records, calls, duplicates, ignored and rejected ones.
fn told(name: &str) -> (&'static str, [u64; 5]) {
    let log = fixture(name);
    let file = account(&log);
    let counts = [file.lines, file.calls, file.duplicates, file.ignored_total(), file.rejected];
    (file.format, counts)
}

/// Input, cache reads, cache writes and output; `None` is unknown.
fn counts(call: &Call) -> [Option<u64>; 4] {
    let usage = call.usage.get();
    let written = usage.cache_write.map(|_| usage.cache_written());
    [usage.input, usage.cache_read, written, usage.output].map(|count| count.map(Tokens::get))
}

fn all_counts(log: &Log) -> Vec<[Option<u64>; 4]> {
    log.calls.iter().map(counts).collect()
}

fn notes(log: &Log) -> Vec<(&str, u64)> {
    log.accounting.notes.iter().map(|note| (note.code, note.records)).collect()
}

#[test]
fn every_record_is_accounted_for() {
    let expected: [(&str, &str, [u64; 5]); 20] = [
        ("bedrock-invocation-log", "kept/s3.jsonl", [8, 8, 0, 0, 0]),
        // A line of two delivered events counts for both.
        ("bedrock-invocation-log", "kept/insights.jsonl", [4, 4, 0, 0, 0]),
        ("bedrock-invocation-log", "ignored/permission-check.json", [2, 1, 0, 1, 0]),
        ("bedrock-invocation-log", "merged/delivered-twice.jsonl", [2, 1, 1, 0, 0]),
        ("bedrock-invocation-log", "rejected/broken.jsonl", [4, 1, 0, 0, 3]),
        ("bedrock-batch", "kept/output.jsonl", [4, 4, 0, 0, 0]),
        ("bedrock-batch", "ignored/pending.jsonl", [1, 0, 0, 1, 0]),
        ("bedrock-batch", "rejected/broken.jsonl", [3, 1, 0, 0, 2]),
        ("vertex-request-log", "kept/rows.jsonl", [5, 5, 0, 0, 0]),
        ("vertex-request-log", "merged/twice.jsonl", [2, 1, 1, 0, 0]),
        ("vertex-request-log", "rejected/broken.jsonl", [3, 1, 0, 0, 2]),
        ("azure-diagnostics", "kept/request-response.jsonl", [5, 5, 0, 0, 0]),
        // The request and its usage are one call.
        ("azure-diagnostics", "kept/usage.json", [3, 2, 1, 0, 0]),
        ("azure-diagnostics", "ignored/no-calls.jsonl", [3, 0, 0, 3, 0]),
        // One correlation id on another deployment is another call.
        ("azure-diagnostics", "merged/twice.jsonl", [3, 2, 1, 0, 0]),
        ("azure-diagnostics", "rejected/broken.jsonl", [4, 1, 0, 0, 3]),
        ("azure-api-gateway", "kept/gateway.jsonl", [6, 6, 0, 0, 0]),
        ("azure-api-gateway", "merged/both-logs.jsonl", [2, 1, 1, 0, 0]),
        ("azure-api-gateway", "ignored/other-apis.jsonl", [3, 1, 0, 2, 0]),
        ("azure-api-gateway", "rejected/broken.jsonl", [4, 1, 0, 0, 3]),
    ];
    for (format, file, counts) in expected {
        assert_eq!(told(&format!("{format}/{file}")), (format, counts), "{format}/{file}");
    }
}

#[test]
fn no_other_format_claims_these_files() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/ingest");
    let formats = [
        "bedrock-invocation-log",
        "bedrock-batch",
        "vertex-request-log",
        "azure-diagnostics",
        "azure-api-gateway",
    ];
    for format in formats {
        for verdict in std::fs::read_dir(root.join(format)).expect("fixtures").flatten() {
            for file in std::fs::read_dir(verdict.path()).expect("fixtures").flatten() {
                let text = std::fs::read_to_string(file.path()).expect("a fixture");
                let claimed = claimants(&text);
                let [one] = claimed.as_slice() else { panic!("{file:?}: {claimed:?}") };
                assert_eq!(one.trim_end_matches("-csv"), format, "{file:?}");
            }
        }
    }
}

/// The formats that claim a file of JSON documents or of CSV.
fn claimants(text: &str) -> Vec<&'static str> {
    let documents: Vec<Json<'_>> = match text.lines().next() {
        Some(line) if line.len() > 1 => text.lines().map(Json::of_text).collect(),
        _ => vec![Json::of_text(text)],
    };
    let header = tokopt::ingest::csv_rows::header(text.lines().next().unwrap_or("").as_bytes());
    let is_json = text.starts_with('{');
    let sample = if is_json { Sample::Json(&documents) } else { Sample::Csv(&header) };
    let framing = if is_json { Framing::Json } else { Framing::Csv };
    FORMATS
        .iter()
        .filter(|format| format.framing() == framing && format.detect(&sample))
        .map(|format| format.id())
        .collect()
}

#[test]
fn bedrocks_invocations_are_calls() {
    let log = fixture("bedrock-invocation-log/kept/s3.jsonl");
    let some = Some;
    assert_eq!(
        all_counts(&log),
        [
            // 5 + 1,000 read + 200 written.
            [some(1_205), some(1_000), some(200), some(20)],
            [some(14), None, None, some(9)],
            // Texts off: the log's counts, 30 + 70 read.
            [some(100), some(70), None, some(8)],
            // A throttled call: its zeros are no counts.
            [None; 4],
            [some(90_000), None, None, some(400)],
            // A picture.
            [None; 4],
            // The log says 9, the body 8.
            [some(8), None, None, some(3)],
            [some(6), None, None, some(9)],
        ]
    );
    let seen = notes(&log);
    assert_eq!(seen, [("BODIES_IN_S3", 1), ("COUNTS_DIFFER", 1), ("NO_TOKEN_COUNTS", 1)]);
    let text = |symbol| log.strings.text_of(symbol);
    let [first, streamed, _, refused, .., provisioned] = log.calls.as_slice() else {
        panic!("eight calls")
    };
    assert!(log.calls.iter().all(|call| text(call.provider) == Some("aws.bedrock")));
    assert_eq!(text(first.model), Some("us.anthropic.claude-sonnet-4-5-20250929-v1:0"));
    assert_eq!((text(first.feature), text(first.conversation)), (Some("seeds"), Some("s-1")));
    assert_eq!(
        (text(first.user), text(first.account)),
        (Some("seed-service"), Some("000000000000"))
    );
    assert_eq!(
        (text(first.region), first.latency_milliseconds.get()),
        (Some("us-west-2"), Some(1_200))
    );
    // 2026-06-01T08:00:00Z is 1,780,300,800 s after the epoch (GNU date).
    assert_eq!(first.time.get().map(|moment| moment.micros), Some(1_780_300_800_000_000));
    let parts: Vec<_> = first.usage.get().cache_write.expect("writes").parts().collect();
    assert_eq!(parts, [(Some(Ttl::ONE_HOUR), Tokens::new(200))]);
    assert!(log.prompt(first.prompt).is_some());
    assert_eq!((streamed.finish, streamed.request.stream), (Finish::Length, Some(true)));
    assert_eq!(streamed.first_token_milliseconds.get(), Some(110));
    assert_eq!((refused.status, refused.request.max_tokens.get()), (Status::Error, Some(64)));
    assert_eq!((provisioned.tier, text(provisioned.model)), (Tier::Provisioned, Some("ab12cd")));
}

#[test]
fn batches_of_bedrock_are_batches() {
    let log = fixture("bedrock-batch/kept/output.jsonl");
    let mut all = all_counts(&log);
    all.sort();
    let some = Some;
    let expected = [
        [None; 4],
        [some(2), None, None, some(3)],
        [some(3), None, None, some(0)],
        // 3 + 90 read.
        [some(93), some(90), None, some(4)],
    ];
    assert_eq!(all, expected);
    assert!(log.calls.iter().all(|call| call.tier == Tier::Batch));
    let text = |symbol| log.strings.text_of(symbol);
    assert!(log.calls.iter().all(|call| text(call.provider) == Some("aws.bedrock")));
    assert_eq!(log.calls.iter().filter(|call| call.status == Status::Error).count(), 1);
}

#[test]
fn vertex_rows_hold_bodies_as_objects_texts_and_lists() {
    let log = fixture("vertex-request-log/kept/rows.jsonl");
    let some = Some;
    assert_eq!(
        all_counts(&log),
        [
            [some(40), some(32), None, some(6)],
            // The last of two cumulative counts, in both spellings of a stream.
            [some(40), None, None, some(9)],
            // Claude: 9 + 100 read.
            [some(109), some(100), some(0), some(5)],
            [some(40), None, None, some(11)],
            [None; 4],
        ]
    );
    let text = |symbol| log.strings.text_of(symbol);
    assert!(log.calls.iter().all(|call| text(call.provider) == Some("gcp.vertex_ai")));
    let [first, streamed, partner, endpoint, refused] = log.calls.as_slice() else {
        panic!("five calls")
    };
    // 2026-06-01T08:00:01.25Z; 850.5 ms, whole milliseconds are kept.
    assert_eq!(first.time.get().map(|moment| moment.micros), Some(1_780_300_801_250_000));
    assert_eq!(first.latency_milliseconds.get(), Some(850));
    assert_eq!((text(first.feature), text(first.account)), (Some("harvest"), Some("garden")));
    assert_eq!(
        (text(first.region), first.request.max_tokens.get()),
        (Some("europe-west4"), Some(80))
    );
    assert_eq!(
        (streamed.request.stream, streamed.latency_milliseconds.get()),
        (Some(true), Some(1_200))
    );
    assert_eq!(text(partner.model), Some("claude-sonnet-4-5-20250929"));
    assert_eq!(text(endpoint.region), Some("us-central1"));
    assert_eq!((refused.status, text(refused.model)), (Status::Error, Some("gemini-2.5-flash")));
    assert_eq!(notes(&log), [("MAY_BE_SAMPLED", 5)]);
    let table = fixture("vertex-request-log/kept/table.csv");
    assert_eq!(account(&table).format, "vertex-request-log-csv");
    assert_eq!(table.calls[0].usage, first.usage);
    assert_eq!(table.calls[0].time, first.time);
}

#[test]
fn azures_requests_are_calls_of_unknown_usage() {
    let log = fixture("azure-diagnostics/kept/request-response.jsonl");
    assert!(all_counts(&log).iter().all(|counts| *counts == [None; 4]));
    // All but the refused one answered without counts.
    assert_eq!(notes(&log), [("NEGATIVE_DURATION", 1), ("NO_TOKEN_COUNTS", 4)]);
    let text = |symbol| log.strings.text_of(symbol);
    let [first, second, embedded, refused, drawn] = log.calls.as_slice() else {
        panic!("five calls")
    };
    assert_eq!(text(first.model), Some("gpt-4o-2024-08-06"));
    assert_eq!(text(first.requested_model), Some("garden-chat"));
    assert_eq!(
        (text(first.account), text(first.region)),
        (Some("GARDEN-AI"), Some("swedencentral"))
    );
    assert_eq!((first.latency_milliseconds.get(), first.request.stream), (Some(840), Some(false)));
    assert_eq!((second.latency_milliseconds.get(), second.request.stream), (None, Some(true)));
    assert_eq!(text(embedded.model), Some("text-embedding-3-small"));
    assert_eq!((embedded.operation, drawn.operation), (Operation::Embeddings, Operation::Other));
    assert_eq!(refused.status, Status::Error);
    // Where usage is logged, it counts: 64 of 120 cached.
    let usage = fixture("azure-diagnostics/kept/usage.json");
    let known = [[Some(120), Some(64), None, Some(30)], [Some(50), None, None, Some(5)]];
    assert_eq!(all_counts(&usage), known);
    let table = fixture("azure-diagnostics/kept/table.csv");
    assert_eq!(account(&table).format, "azure-diagnostics-csv");
    assert_eq!(table.strings.text_of(table.calls[0].model), Some("gpt-4o-2024-08-06"));
    assert_eq!(table.calls[0].latency_milliseconds.get(), Some(640));
}

#[test]
fn the_gateways_bodies_are_read_like_any_others() {
    let log = fixture("azure-api-gateway/kept/gateway.jsonl");
    let some = Some;
    assert_eq!(
        all_counts(&log),
        [
            [some(100), some(64), None, some(7)],
            [some(25), None, None, some(2)],
            // Cut, then refused.
            [None; 4],
            [None; 4],
            [some(100), some(0), None, some(7)],
            [some(8), None, None, some(3)],
        ]
    );
    assert_eq!(notes(&log), [("BODY_CUT", 1), ("NO_TOKEN_COUNTS", 1)]);
    let text = |symbol| log.strings.text_of(symbol);
    let [first, _, cut, refused, cached, claude] = log.calls.as_slice() else {
        panic!("six calls")
    };
    assert_eq!(text(first.provider), Some("azure.ai.openai"));
    assert_eq!(text(first.model), Some("gpt-4o-2024-08-06"));
    assert_eq!(text(first.requested_model), Some("garden-chat"));
    assert_eq!(
        (text(first.account), first.latency_milliseconds.get()),
        (Some("team-garden"), Some(176))
    );
    assert_eq!(first.request.max_tokens.get(), Some(40));
    assert!(log.prompt(first.prompt).is_some() && log.prompt(cut.prompt).is_some());
    assert_eq!(refused.status, Status::Error);
    assert!(cached.flags.gateway_cache_hit && !first.flags.gateway_cache_hit);
    assert_eq!(text(claude.provider), Some("anthropic"));
    let counted = fixture("azure-api-gateway/kept/language-models.json");
    let plain = |input, output| [some(input), None, None, some(output)];
    assert_eq!(all_counts(&counted), [plain(60, 4), plain(70, 5)]);
    assert!(counted.prompt(counted.calls[0].prompt).is_some());
    for (name, counts) in
        [("diagnostics", [some(100), some(64), None, some(7)]), ("language-models", plain(60, 4))]
    {
        let table = fixture(&format!("azure-api-gateway/kept/{name}.csv"));
        assert_eq!(account(&table).format, "azure-api-gateway-csv");
        assert_eq!(all_counts(&table), [counts], "{name}");
    }
}

#[test]
fn recorded_logs_of_clouds_are_read_whole() {
    // File, its format, records, calls, duplicates, ignored, rejected.
    let files = [
        (
            "bedrock-invocation-log/model-invocation-log.jsonl",
            "bedrock-invocation-log",
            [2, 2, 0, 0, 0],
        ),
        // A thread that was made runs no model; the rest are calls.
        ("azure-openai-diagnostic/request-response.jsonl", "azure-diagnostics", [3, 2, 0, 1, 0]),
        ("azure-openai-diagnostic/apim-gateway.jsonl", "azure-api-gateway", [1, 1, 0, 0, 0]),
    ];
    for (file, format, expected) in files {
        let Some(path) = reference::path(&format!("samples/{file}")) else { continue };
        let log = log_of(&path);
        let found = account(&log);
        let counts =
            [found.lines, found.calls, found.duplicates, found.ignored_total(), found.rejected];
        assert_eq!((found.format, counts), (format, expected), "{file}");
        let known = if format == "azure-diagnostics" { 0 } else { counts[1] };
        let reported = log.calls.iter().filter(|call| call.usage.get().is_reported()).count();
        assert_eq!(reported as u64, known, "{file}");
    }
}

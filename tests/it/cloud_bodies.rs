//! Bodies of Google's and Amazon's APIs, from file to log.
//!
//! Every expected number is worked out by hand from the fixture named beside it.

use std::path::{Path, PathBuf};

use tokopt::ingest::{ReadOptions, read};
use tokopt::record::call::{Call, Finish, Operation, Status};
use tokopt::record::lane::Tier;
use tokopt::record::log::Log;
use tokopt::units::{Tokens, Ttl};

use crate::reference;

fn log_of(path: &Path) -> Log {
    let paths = [path.to_string_lossy().into_owned()];
    read(&paths, ReadOptions::default(), &()).unwrap_or_else(|error| panic!("{error}"))
}

fn fixture(name: &str) -> Log {
    let log = log_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/ingest").join(name));
    let [file] = log.accounting.files.as_slice() else { panic!("one file was read") };
    let kept_and_left = file.calls + file.duplicates + file.ignored_total() + file.rejected;
    assert_eq!(file.lines, kept_and_left, "{file:?}");
    log
}

/// The call of a line: calls are sorted by time, and few of these have one.
fn on_line(log: &Log, line: u32) -> &Call {
    log.calls.iter().find(|call| call.source.line == line).expect("a call on that line")
}

/// Input, cache reads, cache writes, output and reasoning; `None` is unknown.
fn counts(call: &Call) -> [Option<u64>; 5] {
    let usage = call.usage.get();
    let written = usage.cache_write.map(|_| usage.cache_written());
    [usage.input, usage.cache_read, written, usage.output, usage.reasoning]
        .map(|count| count.map(Tokens::get))
}

#[test]
fn gemini_counts_thoughts_on_top_and_the_cache_inside() {
    let log = fixture("exchange/kept/gemini.jsonl");
    let all: Vec<_> = (1..=12).map(|line| counts(on_line(&log, line))).collect();
    let some = Some;
    assert_eq!(
        all,
        [
            // 20 + 30 generated; 64 of the 100 cached.
            [some(100), some(64), None, some(50), some(30)],
            // Nothing but thoughts.
            [some(40), None, None, some(10), some(10)],
            // 10 + 90 of a search; the total leaves no thoughts.
            [some(100), None, None, some(5), some(0)],
            // The last of two cumulative counts: 6 + 40; once as events, once as a list.
            [some(12), None, None, some(46), some(40)],
            [some(12), None, None, some(46), some(40)],
            // A blocked prompt, then a refused call.
            [some(7), None, None, some(0), some(0)],
            [None; 5],
            [some(90), some(30), None, some(9), some(0)],
            [some(3), None, None, some(1), some(0)],
            // Embeddings generate nothing; one answer does not count.
            [some(5), None, None, some(0), None],
            [None; 5],
            [some(10), None, None, some(0), None],
        ]
    );
    let tiers: Vec<_> = [1, 2, 3].map(|line| on_line(&log, line).tier).to_vec();
    assert_eq!(tiers, [Tier::Flex, Tier::Provisioned, Tier::Standard]);
    let finishes: Vec<_> = (1..=8).map(|line| on_line(&log, line).finish).collect();
    let expected = [
        Finish::Stop,
        Finish::Length,
        Finish::ToolCalls,
        Finish::Stop,
        Finish::Stop,
        Finish::ContentFilter,
        Finish::Error,
        Finish::Stop,
    ];
    assert_eq!(finishes, expected);
    let codes: Vec<_> = log.accounting.notes.iter().map(|note| (note.code, note.records)).collect();
    assert_eq!(codes, [("NO_TOKEN_COUNTS", 1)]);
}

#[test]
fn gemini_says_who_answered_when_and_what_was_asked() {
    let log = fixture("exchange/kept/gemini.jsonl");
    let text = |symbol| log.strings.text_of(symbol);
    let providers: Vec<_> =
        [1, 2, 9, 10, 12].map(|line| text(on_line(&log, line).provider)).to_vec();
    let (developer, vertex) = (Some("gcp.gemini"), Some("gcp.vertex_ai"));
    assert_eq!(providers, [developer, vertex, developer, developer, vertex]);
    assert_eq!(text(on_line(&log, 12).region), Some("europe-west4"));
    assert_eq!(text(on_line(&log, 9).model), Some("gemini-2.0-flash"));
    assert_eq!(text(on_line(&log, 11).model), Some("gemini-embedding-001"));
    let planned = on_line(&log, 2);
    assert_eq!(text(planned.feature), Some("planner"));
    assert_eq!(planned.request.max_tokens.get(), Some(10));
    // 2026-06-01T08:01:00Z is 1,780,300,860 s after the epoch (GNU date).
    assert_eq!(planned.time.get().map(|moment| moment.micros), Some(1_780_300_860_500_000));
    let first = on_line(&log, 1);
    assert_eq!((first.request.max_tokens.get(), first.request.has_tools), (Some(200), Some(true)));
    assert_eq!(first.request.temperature, Some(0.5));
    assert_eq!((on_line(&log, 3).tool_requests, first.tool_requests), (2, 0));
    assert_eq!(on_line(&log, 4).request.stream, Some(true));
    let refused = on_line(&log, 7);
    assert_eq!((refused.status, text(refused.model)), (Status::Error, Some("gemini-2.5-flash")));
    assert!(refused.flags.hidden_head);
    // 60 of the prompt were heard, 20 of these from the cache; a picture came back.
    let drawn = on_line(&log, 8);
    assert_eq!(drawn.usage.get().audio_input, Some(Tokens::new(40)));
    assert!(drawn.flags.other_modality && !first.flags.other_modality);
    assert_eq!(on_line(&log, 12).operation, Operation::Embeddings);
    assert!(log.prompt(on_line(&log, 12).prompt).is_some());
}

#[test]
fn bedrock_counts_the_cache_beside_the_input() {
    let log = fixture("exchange/kept/bedrock.jsonl");
    let all: Vec<_> = (1..=14).map(|line| counts(on_line(&log, line))).collect();
    let some = Some;
    let plain = |input, output| [some(input), None, None, some(output), None];
    assert_eq!(
        all,
        [
            // 5 + 1,000 read + 200 written.
            [some(1_205), some(1_000), some(200), some(20), None],
            plain(8, 3),
            // 3 + 90 read.
            [some(93), some(90), some(0), some(4), None],
            // Titan's results, 9 + 2; Llama; Mistral by its headers; Cohere by nothing.
            plain(6, 11),
            plain(7, 16),
            plain(11, 2),
            [None; 5],
            plain(3, 0),
            [None; 5],
            [some(2), some(0), some(0), some(5), None],
            [None; 5],
            plain(4, 6),
            plain(14, 9),
            plain(5, 3),
        ]
    );
    let writes = on_line(&log, 1).usage.get().cache_write.expect("writes");
    let parts: Vec<_> = writes.parts().collect();
    let minutes = (Some(Ttl::FIVE_MINUTES), Tokens::new(50));
    assert_eq!(parts, [minutes, (Some(Ttl::ONE_HOUR), Tokens::new(150))]);
    let codes: Vec<_> = log.accounting.notes.iter().map(|note| (note.code, note.records)).collect();
    // The Cohere answer and the embeddings of Cohere; not the call that failed.
    assert_eq!(codes, [("NO_TOKEN_COUNTS", 2)]);
}

#[test]
fn bedrock_names_models_in_the_address_alone() {
    let log = fixture("exchange/kept/bedrock.jsonl");
    let text = |symbol| log.strings.text_of(symbol);
    let model = |line| text(on_line(&log, line).model);
    assert_eq!(model(1), Some("us.anthropic.claude-sonnet-4-5-20250929-v1:0"));
    assert_eq!(model(2), Some("us.amazon.nova-lite-v1:0"));
    // The body says claude-haiku-4-5-20251001, which is another price.
    assert_eq!(model(3), Some("eu.anthropic.claude-haiku-4-5-20251001-v1:0"));
    assert_eq!(model(6), Some("mistral.mistral-7b-instruct-v0:2"));
    assert!(log.calls.iter().all(|call| text(call.provider) == Some("aws.bedrock")));
    let first = on_line(&log, 1);
    assert_eq!((first.tier, first.latency_milliseconds.get()), (Tier::Flex, Some(840)));
    assert_eq!((text(first.feature), text(first.region)), (Some("seeds"), Some("us-east-1")));
    assert_eq!((first.request.max_tokens.get(), first.request.has_tools), (Some(300), Some(true)));
    assert_eq!(on_line(&log, 4).request.max_tokens.get(), Some(60));
    assert_eq!(on_line(&log, 5).finish, Finish::Length);
    assert_eq!(on_line(&log, 6).latency_milliseconds.get(), Some(310));
    let refused = on_line(&log, 11);
    assert_eq!((refused.status, refused.request.max_tokens.get()), (Status::Error, Some(64)));
    let streamed = on_line(&log, 13);
    assert_eq!(streamed.latency_milliseconds.get(), Some(520));
    assert_eq!(streamed.first_token_milliseconds.get(), Some(110));
}

#[test]
fn streams_of_chunks_are_one_call_each_however_they_lie() {
    // Two streams of two chunks, told apart by their id; then one as a list.
    for (name, calls) in [("gemini-chunks.jsonl", 2), ("gemini-array.json", 1)] {
        let log = fixture(&format!("event-stream/kept/{name}"));
        assert_eq!(log.calls.len(), calls, "{name}");
        for call in &log.calls {
            assert_eq!(counts(call), [Some(12), None, None, Some(46), Some(40)], "{name}");
            assert_eq!(call.status, Status::Success);
        }
    }
    let log = fixture("event-stream/kept/converse-events.jsonl");
    let seen: Vec<_> = [1, 5, 9, 13].map(|line| counts(on_line(&log, line))).to_vec();
    let plain = |input, output| [Some(input), None, None, Some(output), None];
    assert_eq!(seen, [plain(4, 6), plain(30, 50), plain(200, 100), [None; 5]]);
    assert_eq!(log.calls.len(), 4);
    assert_eq!(on_line(&log, 9).finish, Finish::Stop);
    assert_eq!(on_line(&log, 13).status, Status::Aborted);
}

#[test]
fn every_file_of_bare_answers_is_recognised() {
    let Some(samples) = reference::path("samples/vercel-ai-fixtures") else { return };
    let entries = |folder: &Path| -> Vec<PathBuf> {
        let found = std::fs::read_dir(folder).expect("a folder").flatten();
        found.map(|entry| entry.path()).collect()
    };
    let (mut files, mut errors) = (0, 0);
    for file in entries(&samples).iter().filter(|path| path.is_dir()).flat_map(|path| entries(path))
    {
        let log = log_of(&file);
        let [account] = log.accounting.files.as_slice() else { panic!("{}", file.display()) };
        assert_eq!(account.rejected, 0, "{}", file.display());
        // Four files hold nothing but an error.
        errors += account.ignored_total();
        assert_eq!(account.calls == 0, account.ignored_total() > 0, "{}", file.display());
        files += 1;
    }
    assert_eq!((files, errors), (171, 4));
}

//! Names and layouts that single frameworks and exporters write, from file to log.
//!
//! Every expected number is worked out by hand from the fixture named beside it.

use std::path::Path;

use tokopt::ingest::{ReadOptions, read};
use tokopt::record::log::{FileAccount, Log};
use tokopt::units::{Timestamp, Tokens, Usd};

fn fixture(name: &str) -> Log {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/ingest").join(name);
    let paths = [path.to_string_lossy().into_owned()];
    read(&paths, ReadOptions::default(), &()).unwrap_or_else(|error| panic!("{error}"))
}

fn account(log: &Log) -> &FileAccount {
    let [file] = log.accounting.files.as_slice() else { panic!("one file was read") };
    file
}

/// Input, read, written and output tokens of each call.
fn counts(log: &Log) -> Vec<[u64; 4]> {
    let get = |tokens: Option<Tokens>| tokens.unwrap_or_default().get();
    let calls = log.calls.iter().map(|call| call.usage.get());
    calls
        .map(|usage| {
            let (read, written) = (get(usage.cache_read), usage.cache_written().get());
            [get(usage.input), read, written, get(usage.output)]
        })
        .collect()
}

const NO_CALL: &str = "span that is no call of a model";

#[test]
fn frameworks_name_counts_and_operations_in_their_own_way() {
    let log = fixture("otlp/kept/frameworks.jsonl");
    let file = account(&log);
    assert_eq!((file.format, file.lines, file.calls), ("otlp", 9, 6));
    // A function, and what the SDK draws around its requests.
    assert_eq!(file.ignored, [(NO_CALL, 3)]);
    assert_eq!(
        counts(&log),
        [
            [21, 0, 0, 4],
            // 6 are fewer than the 700 read: they are beside them.
            [706, 700, 0, 30],
            [9, 0, 0, 0],
            [150, 128, 0, 8],
            [912, 0, 900, 5],
            [40, 0, 0, 2],
        ]
    );
    let text = |symbol| log.strings.text_of(symbol);
    let providers: Vec<_> = log.calls.iter().map(|call| text(call.provider)).collect();
    let openai = Some("openai");
    assert_eq!(providers, [openai, Some("anthropic"), openai, openai, Some("aws.bedrock"), openai]);
    let streamed = &log.calls[1];
    assert_eq!(text(streamed.request_id), Some("msg_bread_1"));
    assert_eq!(
        (text(streamed.conversation), text(streamed.feature)),
        (Some("loaf-1"), Some("rising"))
    );
    assert_eq!(log.calls[5].logged_cost.get(), Usd::from_decimal("0.00012").ok());
}

#[test]
fn spans_of_a_console_need_no_kind() {
    let log = fixture("openinference-spans/kept/console.json");
    let file = account(&log);
    assert_eq!((file.format, file.lines, file.calls), ("openinference-spans", 2, 1));
    assert_eq!(file.ignored, [(NO_CALL, 1)]);
    assert_eq!(counts(&log), [[33, 0, 0, 6]]);
    assert_eq!(log.strings.text_of(log.calls[0].request_id), Some("chatcmpl-bun"));
}

#[test]
fn counts_hold_where_bodies_were_cut() {
    let log = fixture("bedrock-invocation-log/kept/cut-body.jsonl");
    assert_eq!((account(&log).calls, account(&log).rejected), (1, 0));
    assert_eq!(counts(&log), [[70, 0, 0, 9]]);
}

#[test]
fn a_page_of_few_fields_is_a_page_of_observations() {
    let log = fixture("langfuse/kept/page.json");
    assert_eq!((account(&log).format, account(&log).calls), ("langfuse", 1));
    assert_eq!(counts(&log), [[50, 0, 0, 7]]);
}

#[test]
fn times_of_the_portal_are_times() {
    let log = fixture("azure-diagnostics/kept/portal.csv");
    assert_eq!((account(&log).calls, account(&log).rejected), (1, 0));
    let time = log.calls[0].time.get().map(|moment| moment.micros);
    let expected = Timestamp::parse("2026-06-01T20:00:00.250Z").expect("a time").micros();
    assert_eq!(time, Some(expected));
}

//! The same call logged by two systems is one call.

use std::path::Path;

use tokopt::ingest::{ReadOptions, read};
use tokopt::record::log::Log;
use tokopt::units::{Tokens, Usd};

/// A proxy's row: spend, key, times; no texts.
fn proxy(id: &str, second: &str, (input, output): (u64, u64)) -> String {
    let total = input + output;
    format!(
        r#"{{"request_id":"{id}","call_type":"acompletion","api_key":"k","spend":0.002,"total_tokens":{total},"prompt_tokens":{input},"completion_tokens":{output},"startTime":"2026-03-02T10:00:{second}Z","endTime":"2026-03-02T10:00:{second}Z","model":"gpt-4.1-mini-2025-04-14","custom_llm_provider":"openai","end_user":"ann","metadata":"{{}}","cache_hit":"False","request_tags":"[]"}}"#
    )
}

/// The application's own exchange: texts, cached tokens; no user.
fn exchange(id: &str, second: &str, (input, output): (u64, u64)) -> String {
    let total = input + output;
    format!(
        r#"{{"timestamp":"2026-03-02T10:00:{second}Z","session_id":"s1","request":{{"model":"gpt-4.1-mini","messages":[{{"role":"user","content":"How long is a day?"}}]}},"response":{{"id":"{id}","object":"chat.completion","model":"gpt-4.1-mini-2025-04-14","choices":[{{"index":0,"message":{{"role":"assistant","content":"A day."}},"finish_reason":"stop"}}],"usage":{{"prompt_tokens":{input},"completion_tokens":{output},"total_tokens":{total},"prompt_tokens_details":{{"cached_tokens":64}}}}}}}}"#
    )
}

fn log_of(files: &[(&str, &[String])], reversed: bool) -> Log {
    let folder = tempfile::tempdir().unwrap();
    let mut paths = Vec::new();
    for (name, lines) in files {
        let path = folder.path().join(name);
        std::fs::write(&path, lines.join("\n")).unwrap();
        paths.push(path.to_string_lossy().into_owned());
    }
    if reversed {
        paths.reverse();
    }
    read(&paths, ReadOptions::default(), &()).unwrap_or_else(|error| panic!("{error}"))
}

/// Calls, duplicates and restated calls over all files; their sum is checked.
fn counts(log: &Log) -> (usize, u64, u64) {
    let files = &log.accounting.files;
    for file in files {
        let settled = file.calls + file.duplicates + file.ignored_total() + file.rejected;
        assert_eq!(file.lines, settled, "{file:?}");
    }
    let sum = |pick: fn(&tokopt::record::log::FileAccount) -> u64| files.iter().map(pick).sum();
    (log.calls.len(), sum(|file| file.duplicates), sum(|file| file.restated))
}

#[test]
fn the_answers_id_makes_two_records_one_call_and_each_fills_the_other() {
    for reversed in [false, true] {
        let log = log_of(
            &[
                ("proxy.jsonl", &[proxy("chatcmpl-1", "05", (900, 30))]),
                // An hour off in minutes does not matter where the id is known.
                ("app.jsonl", &[exchange("chatcmpl-1", "59", (900, 30))]),
            ],
            reversed,
        );
        assert_eq!(counts(&log), (1, 1, 1));
        let call = &log.calls[0];
        let text = |symbol| log.strings.text_of(symbol);
        assert_eq!((text(call.user), text(call.conversation)), (Some("ann"), Some("s1")));
        assert_eq!(call.logged_cost.get(), Usd::from_decimal("0.002").ok());
        assert_eq!(call.usage.get().cache_read, Some(Tokens::new(64)));
        assert!(call.prompt.is_some());
    }
}

#[test]
fn equal_counts_at_one_time_make_two_records_one_call() {
    for reversed in [false, true] {
        let log = log_of(
            &[
                ("proxy.jsonl", &[proxy("0b1c2d3e-0000-4000-8000-000000000001", "05", (900, 30))]),
                ("app.jsonl", &[exchange("chatcmpl-1", "06.5", (900, 30))]),
            ],
            reversed,
        );
        assert_eq!(counts(&log), (1, 1, 1));
        let call = &log.calls[0];
        let text = |symbol| log.strings.text_of(symbol);
        // The exchange has the texts and stays; user and spend come from the proxy.
        assert_eq!(text(call.request_id), Some("chatcmpl-1"));
        assert_eq!((text(call.user), text(call.conversation)), (Some("ann"), Some("s1")));
        assert_eq!(call.logged_cost.get(), Usd::from_decimal("0.002").ok());
        assert_eq!(call.usage.get().cache_read, Some(Tokens::new(64)));
        assert!(call.prompt.is_some());
    }
}

#[test]
fn what_differs_in_counts_time_or_model_stays_apart() {
    let own = "0b1c2d3e-0000-4000-8000-000000000001";
    for (counts_of_proxy, second) in [((901, 30), "05"), ((900, 31), "05"), ((900, 30), "02")] {
        let log = log_of(
            &[
                ("proxy.jsonl", &[proxy(own, second, counts_of_proxy)]),
                ("app.jsonl", &[exchange("chatcmpl-1", "05", (900, 30))]),
            ],
            false,
        );
        assert_eq!(counts(&log), (2, 0, 0), "{counts_of_proxy:?} {second}");
    }
    // Two ids of answers that differ are two answers, however alike.
    let log = log_of(
        &[
            ("proxy.jsonl", &[proxy("chatcmpl-2", "05", (900, 30))]),
            ("app.jsonl", &[exchange("chatcmpl-1", "05", (900, 30))]),
        ],
        false,
    );
    assert_eq!(counts(&log), (2, 0, 0));
}

#[test]
fn within_one_format_equal_counts_prove_nothing() {
    let log = log_of(
        &[
            ("a.jsonl", &[exchange("chatcmpl-1", "05", (900, 30))]),
            ("b.jsonl", &[exchange("chatcmpl-2", "05", (900, 30))]),
        ],
        false,
    );
    assert_eq!(counts(&log), (2, 0, 0));
}

#[test]
fn equal_calls_pair_one_to_one() {
    // Three alike calls in a second, of which the proxy saw two.
    let own = |number: u32| format!("0b1c2d3e-0000-4000-8000-{number:012}");
    let app: Vec<_> =
        (1..=3).map(|n| exchange(&format!("chatcmpl-{n}"), &format!("05.{n}"), (140, 2))).collect();
    let proxied: Vec<_> = (1..=2).map(|n| proxy(&own(n), "05", (140, 2))).collect();
    for reversed in [false, true] {
        let log = log_of(&[("app.jsonl", &app), ("proxy.jsonl", &proxied)], reversed);
        assert_eq!(counts(&log), (3, 2, 2));
    }
}

#[test]
fn one_id_on_many_answers_loses_none_of_them() {
    let asked = |question: &str, counts| {
        exchange("resp_0", "05", counts).replace("How long is a day?", question)
    };
    // The third restates the first; the fourth asks anew and counts otherwise.
    let lines = [
        asked("One?", (100, 5)),
        asked("Two?", (200, 6)),
        asked("One?", (100, 5)),
        asked("Three?", (300, 5)),
    ];
    for reversed in [false, true] {
        let log = log_of(&[("a.jsonl", &lines[..2]), ("b.jsonl", &lines[2..])], reversed);
        assert_eq!(counts(&log), (3, 1, 0));
    }
}

#[test]
fn a_session_log_and_a_proxy_are_read_together() {
    let session = r#"{"type":"user","uuid":"u1","sessionId":"s","timestamp":"2026-03-02T10:00:01.000Z","message":{"role":"user","content":"Count to ten."}}
{"type":"assistant","uuid":"u2","parentUuid":"u1","sessionId":"s","timestamp":"2026-03-02T10:00:04.000Z","message":{"id":"msg_1","role":"assistant","model":"claude-haiku-4-5-20251001","content":[{"type":"text","text":"One, two."}],"usage":{"input_tokens":500,"cache_creation_input_tokens":0,"cache_read_input_tokens":400,"output_tokens":12}}}"#;
    let whole = r#"{"timestamp":"2026-03-02T10:00:02Z","request":{"model":"claude-haiku-4-5","max_tokens":99,"system":"You count.","messages":[{"role":"user","content":"Count to ten."}]},"response":{"id":"msg_1","type":"message","role":"assistant","model":"claude-haiku-4-5-20251001","content":[{"type":"text","text":"One, two."}],"stop_reason":"end_turn","usage":{"input_tokens":500,"cache_creation_input_tokens":0,"cache_read_input_tokens":400,"output_tokens":12}}}"#;
    for reversed in [false, true] {
        let log = log_of(
            &[("session.jsonl", &[session.to_owned()]), ("proxy.jsonl", &[whole.to_owned()])],
            reversed,
        );
        let (calls, duplicates, _) = counts(&log);
        assert_eq!((calls, duplicates), (1, 1));
        let prompt = log.prompt(log.calls[0].prompt).expect("texts were logged");
        assert!(prompt.answer.is_some());
    }
}

#[test]
fn the_report_says_how_many_calls_two_systems_logged() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, line: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, line).unwrap();
        path
    };
    let own = "0b1c2d3e-0000-4000-8000-000000000001";
    let proxy = write("proxy.jsonl", proxy(own, "05", (900, 30)));
    let app = write("app.jsonl", exchange("chatcmpl-1", "06", (900, 30)));
    let output = assert_cmd::Command::new(env!("CARGO_BIN_EXE_tokopt"))
        .arg("analyze")
        .args([Path::new(&proxy), Path::new(&app)])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("2 lines = 1 call + 1 duplicate"), "{text}");
    assert!(text.contains("1 duplicate is a call that another system logged too"), "{text}");
}

#[test]
fn one_id_on_many_answers_loses_none_beside_another_systems_records() {
    let asked = |question: &str, counts| {
        exchange("resp_0", "05", counts).replace("How long is a day?", question)
    };
    let app = [asked("One?", (100, 5)), asked("Two?", (200, 6)), asked("Three?", (300, 7))];
    // A gateway with ids of its own saw the second of them.
    let gateway = r#"{"request_id":"7d1f0000-0000-4000-8000-000000000001","response_id":"resp_0","request_created_at":"2026-03-02T10:00:05Z","response_status":200,"request_path":"/v1/chat/completions","request_properties":{},"provider":"OPENAI","request_model":"gpt-4.1-mini","delay_ms":700,"prompt_tokens":200,"completion_tokens":6,"costUSD":0.01}"#;
    for reversed in [false, true] {
        let log =
            log_of(&[("app.jsonl", &app), ("gateway.jsonl", &[gateway.to_owned()])], reversed);
        assert_eq!(counts(&log), (3, 1, 1));
        // 100 + 200 + 300.
        let input: u64 =
            log.calls.iter().filter_map(|call| call.usage.get().input).map(Tokens::get).sum();
        assert_eq!(input, 600);
    }
}

#[test]
fn files_that_agree_by_chance_alone_tell_of_two_things() {
    // Nine calls each in one minute; the fifth of both counts (105, 2).
    let own = |number: u64| format!("0b1c2d3e-0000-4000-8000-{number:012}");
    let app: Vec<_> = (1..=9)
        .map(|n| exchange(&format!("chatcmpl-{n}"), &format!("1{n}"), (100 + n, 2)))
        .collect();
    let other: Vec<_> = (1..=9)
        .map(|n| proxy(&own(n), &format!("1{n}"), (if n == 5 { 105 } else { 200 + n }, 2)))
        .collect();
    let same: Vec<_> = (1..=9).map(|n| proxy(&own(n), &format!("1{n}"), (100 + n, 2))).collect();
    for reversed in [false, true] {
        let log = log_of(&[("app.jsonl", &app), ("proxy.jsonl", &other)], reversed);
        assert_eq!(counts(&log), (18, 0, 0));
        let log = log_of(&[("app.jsonl", &app), ("proxy.jsonl", &same)], reversed);
        assert_eq!(counts(&log), (9, 9, 9));
    }
}

#[test]
fn a_call_that_the_gateway_answered_from_its_cache_was_free_wherever_it_was_logged() {
    let own = |number: u64| format!("0b1c2d3e-0000-4000-8000-{number:012}");
    let hit = proxy(&own(2), "30", (900, 30))
        .replace(r#""cache_hit":"False""#, r#""cache_hit":"True""#)
        .replace("0.002", "0.0");
    let app = [exchange("chatcmpl-1", "05", (900, 30)), exchange("chatcmpl-2", "30", (900, 30))];
    for reversed in [false, true] {
        let log = log_of(
            &[
                ("proxy.jsonl", &[proxy(&own(1), "05", (900, 30)), hit.clone()]),
                ("app.jsonl", &app),
            ],
            reversed,
        );
        assert_eq!(counts(&log), (2, 2, 2));
        let hits: Vec<bool> = log.calls.iter().map(|call| call.flags.gateway_cache_hit).collect();
        assert_eq!(hits, [false, true]);
    }
}

#[test]
fn many_calls_alike_at_one_time_pair_and_take_no_time() {
    let own = |number: u32| format!("0b1c2d3e-0000-4000-8000-{number:012}");
    let app: Vec<_> =
        (1..=4_000).map(|n| exchange(&format!("chatcmpl-{n}"), "05", (512, 1))).collect();
    let proxied: Vec<_> = (1..=3_000).map(|n| proxy(&own(n), "05", (512, 1))).collect();
    let log = log_of(&[("app.jsonl", &app), ("proxy.jsonl", &proxied)], false);
    assert_eq!(counts(&log), (4_000, 3_000, 3_000));
}

#[test]
fn components_of_one_system_and_cached_tokens_of_the_other_stay() {
    // A row for the call, two for its parts: 880 + 20 input, 30 output.
    let own = |more: &str| {
        format!(
            r#"{{"timestamp":"2026-03-02T10:00:05Z","request_id":"call-1","model":"gpt-4.1-mini","conversation_id":"s1","user":"ann","feature":"clock",{more}}}"#
        )
    };
    let rows = [
        own(r#""input_tokens":900,"output_tokens":30"#),
        own(r#""component":"system_prompt","input_tokens":880"#),
        own(r#""component":"user_input","input_tokens":20"#),
    ];
    let spend = proxy("0b1c2d3e-0000-4000-8000-000000000001", "05", (900, 30)).replace(
        r#""metadata":"{}""#,
        r#""metadata":"{\"usage_object\":{\"prompt_tokens_details\":{\"cached_tokens\":64}}}""#,
    );
    for reversed in [false, true] {
        let log = log_of(
            &[("rows.jsonl", &rows), ("proxy.jsonl", std::slice::from_ref(&spend))],
            reversed,
        );
        assert_eq!(log.calls.len(), 1, "{:?}", log.accounting);
        let call = &log.calls[0];
        assert_eq!(call.usage.get().cache_read, Some(Tokens::new(64)));
        let [(0, components)] = log.stated_components.as_slice() else {
            panic!("{:?}", log.stated_components)
        };
        assert_eq!(components.len(), 2);
    }
}

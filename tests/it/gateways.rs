//! Logs of gateways, from file to log: Helicone, Portkey, Cloudflare's AI
//! Gateway and OpenRouter.
//!
//! Every expected number is worked out by hand from the fixture named beside it.

use std::path::Path;

use tokopt::ingest::format::{Framing, Sample};
use tokopt::ingest::json::Json;
use tokopt::ingest::{FORMATS, ReadOptions, read};
use tokopt::record::call::{Call, Finish, Operation, Status};
use tokopt::record::lane::Tier;
use tokopt::record::log::{FileAccount, Log};
use tokopt::units::{Tokens, Usd};

use crate::reference;

fn log_of(path: &Path) -> Log {
    let paths = [path.to_string_lossy().into_owned()];
    read(&paths, ReadOptions::default(), &()).unwrap_or_else(|error| panic!("{error}"))
}

fn fixture(name: &str) -> Log {
    log_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/ingest").join(name))
}

/// The account of the only file; its sum must hold whatever else is tested.
fn account(log: &Log) -> &FileAccount {
    let [file] = log.accounting.files.as_slice() else { panic!("one file was read") };
    let kept_and_left = file.calls + file.duplicates + file.ignored_total() + file.rejected;
    assert_eq!(file.lines, kept_and_left, "{file:?}");
    file
}

/// Format, lines and calls.
fn kept(log: &Log) -> (&str, u64, u64) {
    let file = account(log);
    (file.format, file.lines, file.calls)
}

/// Total input, cached input and output of the calls.
fn totals(log: &Log) -> (u64, u64, u64) {
    let sum = |pick: fn(&Call) -> Option<Tokens>| -> u64 {
        log.calls.iter().filter_map(pick).sum::<Tokens>().get()
    };
    (
        sum(|call| call.usage.get().input),
        sum(|call| call.usage.get().cache_read),
        sum(|call| call.usage.get().output),
    )
}

fn cost(log: &Log) -> Usd {
    log.calls.iter().filter_map(|call| call.logged_cost.get()).sum()
}

fn dollars(text: &str) -> Usd {
    Usd::from_decimal(text).expect("an amount")
}

fn reasons(log: &Log) -> Vec<(u64, &str)> {
    let rejections = account(log).rejections.iter();
    rejections.map(|rejection| (rejection.line, rejection.reason.as_str())).collect()
}

fn notes(log: &Log) -> Vec<(&str, u64)> {
    let mut notes: Vec<_> =
        log.accounting.notes.iter().map(|note| (note.code, note.records)).collect();
    notes.sort_unstable();
    notes
}

/// The call that starts on a line.
fn on_line(log: &Log, line: u32) -> &Call {
    log.calls.iter().find(|call| call.source.line == line).expect("a call on that line")
}

fn tags(log: &Log, call: &Call) -> Vec<String> {
    let text = |symbol| log.strings.text_of(Some(symbol)).unwrap_or("?").to_owned();
    let set = log.tags(call.tags);
    set.iter().map(|(key, value)| format!("{}={}", text(*key), text(*value))).collect()
}

#[test]
fn helicone_requests_with_and_without_bodies() {
    let log = fixture("helicone/kept/requests.jsonl");
    assert_eq!(kept(&log), ("helicone", 7, 7));
    // Line 1 by its answer: 1,200. Line 2 counts less than was cached of it:
    // 50 + 900 + 100. Line 3 is Anthropic's own count: 2,000 + 500. Line 4:
    // 1,500 with the cached in it. Line 5 repeats line 1, 7 was cut: 80.
    // Cached: 1,024 + 900 + 500 + 1,000 + 1,024. Output: 60 + 40 + 25 +
    // (30 and 20 of reasoning, which the total of 1,550 counts apart) + 60 + 7.
    assert_eq!(totals(&log), (7_530, 4_448, 242));
    let text = |symbol| log.strings.text_of(symbol);
    let first = on_line(&log, 1);
    assert_eq!(text(first.model), Some("gpt-5-mini-2025-08-07"));
    assert_eq!(text(first.requested_model), Some("gpt-5-mini"));
    assert_eq!(text(first.request_id), Some("chatcmpl-h1"));
    assert_eq!((text(first.conversation), text(first.user)), (Some("s-1"), Some("u-7")));
    assert_eq!((text(first.feature), first.finish), (Some("tickets"), Finish::Stop));
    assert_eq!(tags(&log, first), ["Environment=prod", "Helicone-Session-Path=/triage"]);
    assert_eq!(first.request.max_tokens.get(), Some(300));
    assert_eq!(
        (first.latency_milliseconds.get(), first.first_token_milliseconds.get()),
        (Some(900), None)
    );
    assert_eq!(first.usage.get().reasoning, Some(Tokens::new(32)));
    let second = on_line(&log, 2);
    assert_eq!(text(second.provider), Some("anthropic"));
    assert_eq!(second.usage.get().uncached_input(), Some(Tokens::new(50)));
    assert_eq!(second.first_token_milliseconds.get(), Some(310));
    assert_eq!(text(on_line(&log, 4).feature), Some("faq-answer"));
    // The request behind the limit keeps its prompt and has no counts.
    let refused = on_line(&log, 6);
    assert_eq!((refused.status, refused.usage.get().is_reported()), (Status::Error, false));
    assert_eq!(on_line(&log, 7).status, Status::Aborted);
    assert_eq!(log.prompts.len(), 3);
    // 0.00021 + 0.0005 + 0.0022 + 0.0003 + nothing for the hit + 0 + 0.00003.
    assert_eq!(cost(&log), dollars("0.00324"));
    assert_eq!(
        notes(&log),
        [
            ("CACHE_CONVENTION_UNKNOWN", 2),
            ("CACHE_HIT_COST", 1),
            ("EXCLUSIVE_PROMPT", 1),
            ("ZONELESS_TIMES", 1)
        ]
    );
}

#[test]
fn what_a_row_and_its_bodies_leave_open() {
    let log = fixture("helicone/kept/gaps.jsonl");
    assert_eq!(kept(&log), ("helicone", 5, 5));
    // 10 + unknown + 30 + 44 + 12; 2 + unknown + 4 + 6 + 3.
    assert_eq!(totals(&log), (96, 0, 15));
    // A cost of zero for an answer is a price that was not known.
    assert_eq!(on_line(&log, 1).logged_cost.get(), None);
    assert!(!on_line(&log, 2).usage.get().is_reported());
    // An answer that is no body leaves the request's texts.
    let page = on_line(&log, 3);
    assert_eq!((page.status, page.prompt.is_some()), (Status::Success, true));
    // A stream without usage names its model; the row counts.
    let stream = on_line(&log, 4);
    assert_eq!(log.strings.text_of(stream.model), Some("gpt-5-mini-2025-08-07"));
    assert_eq!(stream.usage.get().output, Some(Tokens::new(6)));
    assert_eq!(
        notes(&log),
        [("BODY_UNREAD", 1), ("COST_ZERO", 2), ("LABELS_UNREAD", 1), ("ZERO_COUNTS", 1)]
    );
}

#[test]
fn an_answer_of_helicones_own_cache_is_no_second_record_of_the_first() {
    let log = fixture("helicone/kept/requests.jsonl");
    let hit = on_line(&log, 5);
    assert!(hit.flags.gateway_cache_hit);
    assert_eq!(hit.logged_cost.get(), Some(Usd::ZERO));
    // Its own id, not that of the answer it repeats.
    let id = log.strings.text_of(hit.request_id);
    assert_eq!(id, Some("7d1f0000-0000-4000-8000-000000000005"));
    // The all-zero reference of every other row means no reference.
    assert_eq!(log.calls.iter().filter(|call| call.flags.gateway_cache_hit).count(), 1);
}

#[test]
fn helicone_arrays_pages_and_csv() {
    for file in ["array.json", "page.json"] {
        // The array ends in a comma, as the export tool may leave it.
        let log = fixture(&format!("helicone/kept/{file}"));
        assert_eq!(kept(&log), ("helicone", 2, 2), "{file}");
        assert_eq!(totals(&log), (400, 0, 25), "{file}");
        assert_eq!(cost(&log), dollars("0.0001"), "{file}");
    }
    let log = fixture("helicone/kept/export.csv");
    assert_eq!(kept(&log), ("helicone-csv", 3, 3));
    // 300 + unknown + 40; 20 + unknown + 6.
    assert_eq!(totals(&log), (340, 0, 26));
    let text = |symbol| log.strings.text_of(symbol);
    let first = on_line(&log, 2);
    // Its columns of cost and latency are empty, not zero.
    assert_eq!(first.logged_cost.get(), None);
    assert_eq!(first.latency_milliseconds.get(), None);
    assert_eq!((text(first.model), text(first.conversation)), (Some("gpt-5-mini"), Some("s-9")));
    assert_eq!(text(first.account), Some("shop"));
    assert_eq!(first.request.max_tokens.get(), Some(64));
    assert!(first.prompt.is_some());
    assert_eq!(on_line(&log, 3).status, Status::Error);
    assert_eq!(on_line(&log, 4).logged_cost.get(), Some(dollars("0.00004")));
    assert_eq!(on_line(&log, 4).latency_milliseconds.get(), Some(850));
}

#[test]
fn helicone_events_duplicates_and_broken_rows() {
    let log = fixture("helicone/ignored/events.jsonl");
    assert_eq!(account(&log).ignored, [("logged event that is no call of a model", 2)]);
    assert_eq!(account(&fixture("helicone/merged/twice.jsonl")).duplicates, 1);
    assert_eq!(
        reasons(&fixture("helicone/rejected/lines.jsonl")),
        [
            (2, "`prompt_tokens` is not a count"),
            (3, "`request_created_at` is not a time"),
            (4, "`costUSD` is not an amount"),
            (5, "not valid JSON"),
            (6, "no `request_id`"),
        ]
    );
    let log = fixture("helicone/rejected/rows.csv");
    assert_eq!(reasons(&log), [(3, "`prompt_tokens` is not a count")]);
}

#[test]
fn portkey_exports_nested_and_flattened() {
    let log = fixture("portkey/kept/export.jsonl");
    assert_eq!(kept(&log), ("portkey", 6, 6));
    // 900 + (20 + 800 + 180) + 700 + 900 + unknown + 300; 512 + 800 + 512;
    // 30 + 33 + 50 + 30 + unknown + 45.
    assert_eq!(totals(&log), (3_800, 1_824, 188));
    // Cents: 1.25 + 0.4 + 0.2, and nothing for the two hits.
    assert_eq!(cost(&log), dollars("0.0185"));
    let text = |symbol| log.strings.text_of(symbol);
    let first = on_line(&log, 1);
    assert_eq!((text(first.user), text(first.feature)), (Some("u-4"), Some("tickets")));
    assert_eq!((text(first.conversation), text(first.account)), (Some("t-1"), Some("openai-main")));
    assert_eq!(tags(&log, first), ["env=prod", "retry_success_count=2"]);
    assert_eq!(text(first.request_id), Some("chatcmpl-p1"));
    let second = on_line(&log, 2);
    assert_eq!(second.usage.get().cache_written(), Tokens::new(180));
    assert_eq!(
        (text(second.provider), text(second.conversation)),
        (Some("anthropic"), Some("s-2"))
    );
    let similar = on_line(&log, 3);
    assert!(similar.flags.gateway_cache_hit);
    assert_eq!(tags(&log, similar), ["cache_status=semantic_hit", "prompt_slug=ticket-sorter"]);
    assert_eq!(tags(&log, on_line(&log, 4)), ["cache_status=hit"]);
    assert_eq!(text(on_line(&log, 4).request_id), Some("pk-4"));
    assert_eq!(on_line(&log, 5).status, Status::Error);
    let other = on_line(&log, 6);
    assert_eq!((text(other.provider), text(other.model)), (Some("acme_cloud"), Some("acme-1")));
    assert_eq!((text(other.account), text(other.user)), (Some("shop"), Some("u-5")));
    assert_eq!(notes(&log), [("BODY_UNREAD", 1), ("CACHE_HIT_COST", 1)]);
    assert_eq!(account(&fixture("portkey/merged/twice.jsonl")).duplicates, 1);
    assert_eq!(
        reasons(&fixture("portkey/rejected/lines.jsonl")),
        [
            (2, "`req_units` is not a count"),
            (3, "`cost` is not an amount"),
            (4, "`created_at` is not a time"),
            (5, "no `created_at`"),
            (6, "not valid JSON"),
        ]
    );
}

#[test]
fn cloudflare_pages_lines_and_logpush() {
    let log = fixture("cloudflare-ai-gateway/kept/page.json");
    assert_eq!(kept(&log), ("cloudflare-ai-gateway", 4, 4));
    // 400 + 400 + 64 + unknown; 20 + 20 + 0.
    assert_eq!(totals(&log), (864, 0, 40));
    assert_eq!(cost(&log), dollars("0.00014128"));
    let text = |symbol| log.strings.text_of(symbol);
    let first = log.calls.first().expect("a call");
    assert_eq!((text(first.account), text(first.user)), (Some("ops"), Some("12345")));
    assert_eq!(tags(&log, first), ["test=true"]);
    assert_eq!(first.latency_milliseconds.get(), Some(900));
    let hits: Vec<_> = log.calls.iter().map(|call| call.flags.gateway_cache_hit).collect();
    assert_eq!(hits, [false, true, false, false]);
    assert_eq!(log.calls[2].operation, Operation::Embeddings);
    assert_eq!(log.calls[2].usage.get().output, Some(Tokens::ZERO));
    assert_eq!(log.calls[3].status, Status::Error);
    assert!(!log.calls[3].usage.get().is_reported());

    assert_eq!(account(&fixture("cloudflare-ai-gateway/kept/empty.json")).lines, 0);

    let log = fixture("cloudflare-ai-gateway/kept/lines.jsonl");
    assert_eq!(kept(&log), ("cloudflare-ai-gateway", 2, 2));
    // By the collected answer 30 + 970; 90 by the row. 12 + 9.
    assert_eq!(totals(&log), (1_090, 970, 21));
    let text = |symbol| log.strings.text_of(symbol);
    assert_eq!(text(on_line(&log, 1).feature), Some("tickets"));
    assert_eq!(text(on_line(&log, 1).request_id), Some("msg_c5"));
    assert_eq!(text(on_line(&log, 2).provider), Some("gcp.vertex_ai"));
    assert_eq!(tags(&log, on_line(&log, 2)), ["step=1"]);
    assert_eq!(log.prompts.len(), 1);

    let log = fixture("cloudflare-ai-gateway/kept/logpush.jsonl");
    assert_eq!(kept(&log), ("cloudflare-ai-gateway", 3, 3));
    assert_eq!(totals(&log), (250, 0, 10));
    let sealed = on_line(&log, 1);
    assert!(sealed.prompt.is_none() && !sealed.usage.get().is_reported());
    assert_eq!(tags(&log, sealed), ["gateway=shop"]);
    assert!(on_line(&log, 2).flags.gateway_cache_hit);
    assert_eq!(on_line(&log, 3).status, Status::Error);
    assert!(notes(&log).is_empty());

    assert_eq!(account(&fixture("cloudflare-ai-gateway/merged/twice.jsonl")).duplicates, 1);
    assert_eq!(
        reasons(&fixture("cloudflare-ai-gateway/rejected/lines.jsonl")),
        [
            (2, "`tokens_in` is not a count"),
            (3, "`created_at` is not a time"),
            (4, "`cost` is not an amount"),
            (5, "no `id`"),
            (6, "not valid JSON"),
        ]
    );
}

#[test]
fn openrouter_activity_rows() {
    let log = fixture("openrouter-activity/kept/rows.csv");
    assert_eq!(kept(&log), ("openrouter-activity", 4, 4));
    // 2,000 + 120 + 800 + 300; 1,536 + 0 + 0 + unknown; 100 + 10 + 50 + 20.
    assert_eq!(totals(&log), (3_220, 1_536, 180));
    // 0.0031 + 0.0002 + a fee of 0.0005 with 0.01 billed upstream + 0.004. The
    // discount is inside.
    assert_eq!(cost(&log), dollars("0.0178"));
    let text = |symbol| log.strings.text_of(symbol);
    let first = on_line(&log, 2);
    assert_eq!(text(first.provider), Some("openrouter"));
    assert_eq!(text(first.model), Some("openai/gpt-5-mini-2025-08-07"));
    assert_eq!(
        (text(first.feature), text(first.account)),
        (Some("Shop Desk"), Some("tickets-key"))
    );
    assert_eq!(
        tags(&log, first),
        ["app_name=Shop Desk", "provider_name=OpenAI", "variant=standard"]
    );
    assert_eq!(
        (first.latency_milliseconds.get(), first.first_token_milliseconds.get()),
        (Some(1_900), Some(420))
    );
    assert_eq!((first.request.stream, first.finish), (Some(true), Finish::Stop));
    let cut = on_line(&log, 3);
    assert_eq!((cut.status, cut.usage.get().reasoning), (Status::Aborted, Some(Tokens::new(10))));
    assert!(cut.flags.inconsistent_counts);
    let last = on_line(&log, 5);
    assert_eq!((last.finish, last.usage.get().cache_read), (Finish::Length, None));
    assert_eq!(
        notes(&log),
        [
            ("BYOK_FEE", 1),
            ("EXTRA_FEES", 1),
            ("REASONING_EXCEEDS_OUTPUT", 1),
            ("ZONELESS_TIMES", 3)
        ]
    );
    let empty = fixture("openrouter-activity/kept/header-only.csv");
    assert_eq!(kept(&empty), ("openrouter-activity", 0, 0));
    // Equal rows without ids are two calls.
    let subset = fixture("openrouter-activity/kept/subset.csv");
    assert_eq!(kept(&subset), ("openrouter-activity", 2, 2));
    assert_eq!(cost(&subset), dollars("0.03"));
    assert_eq!(account(&fixture("openrouter-activity/merged/twice.csv")).duplicates, 1);
    assert_eq!(
        reasons(&fixture("openrouter-activity/rejected/rows.csv")),
        [
            (3, "`tokens_prompt` is not a count"),
            (4, "`cost_total` is not an amount"),
            (5, "`created_at` is not a time"),
            (6, "no `generation_id`"),
        ]
    );
}

#[test]
fn openrouter_generations_count_natively() {
    let log = fixture("openrouter-generation/kept/generations.jsonl");
    assert_eq!(kept(&log), ("openrouter-generation", 2, 2));
    // 2,100 + 500, not the 1,990 of the other tokenizer; 1,800; 95 + 12.
    assert_eq!(totals(&log), (2_600, 1_800, 107));
    // 0.0042, and with a key of one's own the fee of 0.0003 and 0.006.
    assert_eq!(cost(&log), dollars("0.0105"));
    let first = on_line(&log, 1);
    assert_eq!((first.tier, first.latency_milliseconds.get()), (Tier::Flex, Some(1_250)));
    assert_eq!(log.strings.text_of(first.user), Some("u-6"));
    let second = on_line(&log, 2);
    assert_eq!((second.status, second.latency_milliseconds.get()), (Status::Aborted, Some(2_400)));
    assert_eq!(notes(&log), [("BYOK_FEE", 1)]);

    let log = fixture("openrouter-generation/kept/array.json");
    assert_eq!(kept(&log), ("openrouter-generation", 2, 2));
    assert_eq!(totals(&log), (2_170, 1_800, 95));
    assert_eq!(log.calls[1].operation, Operation::Embeddings);
    assert!(log.calls[1].flags.other_modality);

    let log = fixture("openrouter-generation/ignored/not-found.jsonl");
    assert_eq!(account(&log).ignored, [("look-up that found no generation", 1)]);
    assert_eq!(account(&fixture("openrouter-generation/merged/twice.jsonl")).duplicates, 1);
    assert_eq!(
        reasons(&fixture("openrouter-generation/rejected/lines.jsonl")),
        [
            (2, "`native_tokens_prompt` is not a count"),
            (3, "`total_cost` is not an amount"),
            (4, "`created_at` is not a time"),
            (5, "no `native_tokens_prompt`"),
            (6, "not valid JSON"),
        ]
    );
}

#[test]
fn one_generation_in_two_of_openrouters_logs_is_one_call() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/ingest");
    let paths = [
        "openrouter-generation/kept/generations.jsonl",
        "openrouter-generation/merged/twice.jsonl",
    ]
    .map(|name| folder.join(name).to_string_lossy().into_owned());
    let log = read(&paths, ReadOptions::default(), &()).expect("both are read");
    // gen-b1 three times, gen-b2 once.
    assert_eq!(log.calls.len(), 2);
}

#[test]
fn no_other_format_claims_a_gateways_log() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/ingest");
    for (file, id) in [
        ("helicone/kept/requests.jsonl", "helicone"),
        ("portkey/kept/export.jsonl", "portkey"),
        ("cloudflare-ai-gateway/kept/lines.jsonl", "cloudflare-ai-gateway"),
        ("cloudflare-ai-gateway/kept/logpush.jsonl", "cloudflare-ai-gateway"),
        ("openrouter-generation/kept/generations.jsonl", "openrouter-generation"),
    ] {
        let text = std::fs::read_to_string(folder.join(file)).expect("the fixture is shipped");
        for line in text.lines() {
            let sample = [Json::of_text(line)];
            let claims = FORMATS.iter().filter(|format| {
                // The lax flat record is asked last, because it fits many logs.
                format.id() != "canonical"
                    && format.framing() == Framing::Json
                    && format.detect(&Sample::Json(&sample))
            });
            let claims: Vec<_> = claims.map(|format| format.id()).collect();
            assert_eq!(claims, [id], "{file}");
        }
    }
}

#[test]
fn the_reference_activity_exports_are_read() {
    for (sample, rows) in [("header-only.csv", 0), ("subset-example.csv", 2)] {
        let Some(path) = reference::path(&format!("samples/openrouter-activity/{sample}")) else {
            continue;
        };
        let log = log_of(&path);
        assert_eq!(kept(&log), ("openrouter-activity", rows, rows), "{sample}");
        if rows > 0 {
            // 100 + 150, 200 + 250; 0.01 + 0.02.
            assert_eq!(totals(&log), (250, 0, 450));
            assert_eq!(cost(&log), dollars("0.03"));
        }
    }
}

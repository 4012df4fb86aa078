//! Bills worked out by hand from published prices.

use tokopt::prices::{LaneQuery, MediaTokens, PriceQuery, Remark, Tool};
use tokopt::record::lane::Tier;
use tokopt::record::usage::{CacheWrites, Usage};
use tokopt::units::{Tokens, Ttl, Usd};

use super::{bill, on, table, usage, usd};

#[test]
fn anthropic_batch_and_cache_stack() {
    // Sonnet 5.5 asks 2 / 10, reads 0.10, five-minute writes 2.50, hour
    // writes 4; a batch halves all of it. One million of each:
    // (2 + 0.10 + 2.50 + 4 + 10) / 2 = 9.30
    // (https://platform.claude.com/docs/en/build-with-claude/batch-processing).
    let million = Tokens::new(1_000_000);
    let writes = CacheWrites::five_minutes_and_one_hour(million, million);
    let usage = usage(4_000_000, 1_000_000, Some(writes), 1_000_000);
    let table = table();
    let found = table.find(Some("anthropic"), "claude-sonnet-5-5").expect("listed");
    let lane = LaneQuery { tier: Tier::Batch, ..on("2026-11-01") };
    let priced = bill(&found, &usage, lane);
    assert_eq!(priced.total(), usd("9.30"));
    assert_eq!(priced.cache_write, usd("3.25"));
    assert!(priced.remarks.is_empty(), "{:?}", priced.remarks);
}

#[test]
fn a_cached_prompt_of_the_published_kind() {
    // 50,000 tokens in front of 1,000 questions on Sonnet 4.5: one write
    // at 3.75 and 999 reads at 0.30 a million = 0.1875 + 14.985 = 15.1725.
    let table = table();
    let found = table.find(Some("anthropic"), "claude-sonnet-4-5-20250929").expect("listed");
    let write = usage(50_000, 0, Some(CacheWrites::unstated(Tokens::new(50_000))), 0);
    let read = usage(50_000, 50_000, None, 0);
    let one = |usage: &Usage| bill(&found, usage, on("2026-06-01")).total();
    let total: Usd = std::iter::once(one(&write)).chain((0..999).map(|_| one(&read))).sum();
    assert_eq!(total, usd("15.1725"));
}

#[test]
fn openai_charges_for_cache_writes_since_gpt_5_6() {
    // gpt-6.2-sol: 2 / 10, reads 0.10, writes 2.50 for 30 minutes and 5
    // for 12 hours (https://developers.openai.com/api/docs/models/gpt-6.2-sol).
    // 100,000 read + 50,000 written for 12 h + 10,000 plain + 4,000 out
    // = 0.01 + 0.25 + 0.02 + 0.04 = 0.32.
    let table = table();
    let found = table.find(Some("openai"), "gpt-6.2-sol").expect("listed");
    let writes = CacheWrites::with_lifetime(Ttl::from_seconds(43_200), Tokens::new(50_000));
    let usage = usage(160_000, 100_000, Some(writes), 4_000);
    assert_eq!(bill(&found, &usage, on("2026-11-20")).total(), usd("0.32"));
}

#[test]
fn ultrafast_is_dearer_from_march_2027() {
    let table = table();
    let found = table.find(Some("openai"), "gpt-6.2-sol").expect("listed");
    let usage = usage(1_000_000, 0, None, 0);
    let cost = |day| {
        // Over 272,000 tokens input costs twice as much: 2 x 2 x 3 and 2 x 2 x 6.
        bill(&found, &usage, LaneQuery { tier: Tier::Ultrafast, ..on(day) }).total()
    };
    assert_eq!(cost("2027-02-28"), usd("12"));
    assert_eq!(cost("2027-03-01"), usd("24"));
}

#[test]
fn long_prompts_reprice_the_whole_request() {
    let table = table();
    let cost = |model: &str, input: u64, output: u64| {
        let found = table.find(None, model).expect("listed");
        bill(&found, &usage(input, 0, None, output), on("2026-11-01")).total()
    };
    // Haiku 5.5: 0.10 / 0.50, five times that over 100,000 tokens.
    assert_eq!(cost("claude-haiku-5-5", 100_000, 1_000), usd("0.0105"));
    assert_eq!(cost("claude-haiku-5-5", 100_001, 1_000), usd("0.0525005"));
    // GPT-5.5: 5 / 30, 10 / 45 over 272,000 tokens.
    assert_eq!(cost("gpt-5.5", 272_000, 1_000), usd("1.39"));
    assert_eq!(cost("gpt-5.5", 272_001, 1_000), usd("2.76501"));
    // Grok says "or more": 2 / 6 doubles at exactly 200,000.
    assert_eq!(cost("grok-4.7", 199_999, 1_000), usd("0.405998"));
    assert_eq!(cost("grok-4.7", 200_000, 1_000), usd("0.812"));
}

#[test]
fn cached_tokens_count_towards_a_long_prompt() {
    // 2.5 Pro: 60,000 plain + 200,000 read = 260,000 > 200,000: reads at
    // 0.25, input at 2.50, output at 15: 0.05 + 0.15 + 0.015.
    let table = table();
    let found = table.find(Some("google"), "gemini-2.5-pro").expect("listed");
    let priced = bill(&found, &usage(260_000, 200_000, None, 1_000), on("2026-06-01"));
    assert_eq!(priced.total(), usd("0.215"));
}

#[test]
fn older_gemini_batches_charge_reads_in_full() {
    // 2.5 Pro in a batch: 0.625 in, 5 out, reads stay at 0.125.
    let table = table();
    let found = table.find(Some("gcp.gemini"), "gemini-2.5-pro").expect("listed");
    let lane = LaneQuery { tier: Tier::Batch, ..on("2026-06-01") };
    let priced = bill(&found, &usage(200_000, 100_000, None, 10_000), lane);
    assert_eq!(priced.total(), usd("0.125"));
    assert_eq!(priced.cache_read, usd("0.0125"));
}

#[test]
fn deepseek_bills_by_the_hour() {
    let table = table();
    let found = table.find(Some("deepseek"), "deepseek-flash").expect("listed");
    let usage = usage(2_000_000, 1_000_000, None, 1_000_000);
    let cost = |day| bill(&found, &usage, on(day)).total();
    // Off-peak 0.15 + 0.003 + 0.60; peak twice that. 2026-11-20 is a Friday.
    assert_eq!(cost("2026-11-20T00:59:59Z"), usd("0.753"));
    assert_eq!(cost("2026-11-20T01:00:00Z"), usd("1.506"));
    assert_eq!(cost("2026-11-20T05:00:00Z"), usd("0.753"));
    assert_eq!(cost("2026-11-20T09:59:59Z"), usd("1.506"));
    assert_eq!(cost("2026-11-21T02:00:00Z"), usd("0.753"), "a Saturday");
    assert_eq!(cost("2026-10-01T02:00:00Z"), usd("0.753"), "a Chinese holiday");
}

#[test]
fn deepseek_nights_were_cheaper_in_2025() {
    // https://api-docs.deepseek.com/quick_start/pricing of August 2025:
    // reasoner 0.14 / 0.55 / 2.19 by day, 0.035 / 0.135 / 0.55 by night.
    let table = table();
    let cost = |model: &str, day| {
        let found = table.find(Some("deepseek"), model).expect("listed");
        bill(&found, &usage(2_000_000, 1_000_000, None, 1_000_000), on(day)).total()
    };
    assert_eq!(cost("deepseek-reasoner", "2025-08-01T12:00:00Z"), usd("2.88"));
    assert_eq!(cost("deepseek-reasoner", "2025-08-01T20:00:00Z"), usd("0.72"));
    assert_eq!(cost("deepseek-chat", "2025-08-01T20:00:00Z"), usd("0.72"));
    // V3.1: 0.07 / 0.56 / 1.68 at all hours from 2025-09-05 16:00 UTC.
    assert_eq!(cost("deepseek-chat", "2025-09-05T16:30:00Z"), usd("2.31"));
    assert_eq!(cost("deepseek-chat", "2025-12-01"), usd("0.728"));
}

#[test]
fn a_region_scales_every_kind_of_token() {
    let table = table();
    let found = table.find(Some("anthropic"), "claude-opus-5-5").expect("listed");
    let usage = usage(2_000_000, 1_000_000, None, 1_000_000);
    let lane = |region| LaneQuery { region: Some(region), ..on("2026-11-01") };
    assert_eq!(bill(&found, &usage, lane("us")).total(), usd("26.62"));
    assert_eq!(bill(&found, &usage, lane("global")).total(), usd("24.20"));
}

#[test]
fn tools_and_audio_are_priced_or_said_to_be_missing() {
    let table = table();
    let found = table.find(Some("anthropic"), "claude-opus-5-5").expect("listed");
    let usage = usage(1_000, 0, None, 1_000);
    let query = |tools| PriceQuery {
        usage: &usage,
        lane: on("2026-11-01"),
        media: MediaTokens { audio_output: Tokens::new(400), ..MediaTokens::default() },
        tools,
    };
    // Web search is 10 dollars per 1,000: 3 of them are 0.03.
    let priced = found.price(&query(&[(Tool::WebSearch, 3), (Tool::FileSearch, 0)]));
    assert_eq!(priced.fees, usd("0.03"));
    assert_eq!(priced.output, usd("0.012"), "600 tokens of text at 20");
    assert!(priced.remarks.has(Remark::AudioOutput) && priced.remarks.partly_unpriced());
    assert!(!priced.remarks.has(Remark::ToolFee));
    let priced = found.price(&query(&[(Tool::FileSearch, 1)]));
    assert!(priced.remarks.has(Remark::ToolFee));
}

#[test]
fn audio_has_a_rate_of_its_own() {
    // gpt-4o-audio-preview: text 2.50 / 10, audio 40 / 80.
    let table = table();
    let found = table.find(Some("openai"), "gpt-4o-audio-preview").expect("listed");
    let usage = usage(3_000, 0, None, 2_000);
    let media = MediaTokens {
        audio_input: Tokens::new(1_000),
        audio_output: Tokens::new(1_000),
        ..MediaTokens::default()
    };
    let priced =
        found.price(&PriceQuery { usage: &usage, lane: on("2026-01-01"), media, tools: &[] });
    assert_eq!(priced.input, usd("0.045"));
    assert_eq!(priced.output, usd("0.09"));
    assert!(!priced.remarks.partly_unpriced());
}

#[test]
fn what_is_assumed_is_remarked() {
    let table = table();
    let found = table.find(Some("openai"), "gpt-6.2-sol").expect("listed");
    let usage = usage(1_000, 0, None, 0);
    let remarks = |lane| bill(&found, &usage, lane).remarks;
    assert!(remarks(on("2026-01-01")).has(Remark::OutsideInterval));
    assert!(!remarks(on("2026-12-01")).has(Remark::OutsideInterval));
    assert!(remarks(LaneQuery::default()).has(Remark::Undated));
    let embedding = table.find(None, "text-embedding-3-small").expect("listed");
    let flex = LaneQuery { tier: Tier::Flex, ..on("2026-01-01") };
    assert!(bill(&embedding, &usage, flex).remarks.has(Remark::TierNotListed));
    let reserved = LaneQuery { tier: Tier::Provisioned, ..on("2026-12-01") };
    assert!(remarks(reserved).has(Remark::NotBilledByToken));
    assert_eq!(bill(&found, &usage, reserved).total(), Usd::ZERO);
}

#[test]
fn openai_priority_and_fast_are_one_lane() {
    let table = table();
    let found = table.find(Some("openai"), "gpt-5").expect("listed");
    let usage = usage(100_000, 0, None, 0);
    let cost = |tier| bill(&found, &usage, LaneQuery { tier, ..on("2026-01-01") }).total();
    assert_eq!(cost(Tier::Priority), usd("0.25"));
    assert_eq!(cost(Tier::Priority), cost(Tier::Fast));
}

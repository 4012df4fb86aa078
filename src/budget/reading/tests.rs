//! Every measure on one slice, worked out by hand.

use super::{Missing, Read};
use crate::budget::measure::{self, ALL, How};
use crate::report::document::{
    CostPerCall, DurationQuantiles, Evidence, Quotient, Slice, TokensPerCall,
};
use crate::units::{NanoUsd, Tokens};

/// 100 calls of $0.50, four of them without a price.
pub(in crate::budget) fn slice() -> Slice {
    let spread = |p95| TokensPerCall {
        mean: Quotient::from_millionths(0),
        p50: Tokens::new(0),
        p95: Tokens::new(p95),
    };
    Slice {
        calls: Some(100),
        priced_calls: 96,
        unpriced_calls: 4,
        cost_usd: Some(NanoUsd::from_nano(48_000_000_000)),
        cost_evidence: Some(Evidence::Measured),
        cost_per_call: Some(CostPerCall {
            mean_usd: NanoUsd::from_nano(500_000_000),
            p95_usd: NanoUsd::from_nano(900_000_000),
        }),
        input_tokens: Some(Tokens::new(200_000)),
        input_calls: 100,
        input_tokens_per_call: Some(spread(6_000)),
        output_tokens: Some(Tokens::new(9_900)),
        output_calls: 99,
        output_tokens_per_call: Some(spread(250)),
        cacheable_tokens: Tokens::new(160_000),
        cache_read_tokens: Tokens::new(40_000),
        cacheable_calls: 80,
        history_tokens: Some(Tokens::new(30_000)),
        component_tokens: Tokens::new(120_000),
        component_calls: 60,
        status_calls: 100,
        error_calls: 5,
        retry_calls: Some(2),
        tier_calls: 50,
        premium_calls: 10,
        users: Some(4),
        user_calls: 80,
        user_cost_usd: Some(NanoUsd::from_nano(40_000_000_000)),
        user_cost_max_usd: Some(NanoUsd::from_nano(25_000_000_000)),
        conversations: Some(16),
        conversation_calls: 96,
        conversation_cost_usd: Some(NanoUsd::from_nano(48_000_000_000)),
        conversation_cost_max_usd: Some(NanoUsd::from_nano(7_000_000_000)),
        conversation_evidence: Some(Evidence::Inferred),
        latency_milliseconds: Some(DurationQuantiles { p50: 900, p95: 2_400, calls: 70 }),
        ..Slice::default()
    }
}

fn read(key: &str, slice: &Slice) -> Read {
    let measure = ALL.into_iter().find(|measure| measure.key == key).expect(key);
    match measure.how {
        How::Slice(read) => read(slice),
        How::Month | How::Mix | How::Saving => panic!("{key} is no measure of one slice"),
    }
}

#[test]
fn every_measure_of_a_slice_is_its_quotient() {
    // In billionths: $48 / 96 = $0.50; $40 / 4 = $10; $48 / 16 = $3;
    // 200,000 / 100 = 2,000 and 9,900 / 99 = 100 tokens; 30 / 120 = 0.25.
    let expected: [(&str, i128, u64, Evidence); 23] = [
        ("cost", 48_000_000_000, 100, Evidence::Measured),
        ("cost_per_call", 500_000_000, 96, Evidence::Measured),
        ("cost_per_1000_calls", 500_000_000_000, 96, Evidence::Measured),
        ("cost_per_user", 10_000_000_000, 80, Evidence::Measured),
        ("cost_per_conversation", 3_000_000_000, 96, Evidence::Inferred),
        ("highest_user_cost", 25_000_000_000, 100, Evidence::Measured),
        ("highest_conversation_cost", 7_000_000_000, 100, Evidence::Inferred),
        ("cost_per_call_p95", 900_000_000, 96, Evidence::Measured),
        ("output_tokens_per_call", 100_000_000_000, 99, Evidence::Measured),
        ("output_tokens_p95", 250_000_000_000, 99, Evidence::Measured),
        ("input_tokens_per_call", 2_000_000_000_000, 100, Evidence::Measured),
        ("input_tokens_p95", 6_000_000_000_000, 100, Evidence::Measured),
        ("tokens_per_call", 2_100_000_000_000, 99, Evidence::Measured),
        ("history_share", 250_000_000, 60, Evidence::Inferred),
        ("cache_read_share", 250_000_000, 80, Evidence::Measured),
        ("premium_share", 200_000_000, 50, Evidence::Measured),
        ("error_share", 50_000_000, 100, Evidence::Measured),
        ("retry_share", 20_000_000, 100, Evidence::Measured),
        ("unpriced_calls", 4_000_000_000, 100, Evidence::Measured),
        ("unpriced_share", 40_000_000, 100, Evidence::Measured),
        ("calls", 100_000_000_000, 100, Evidence::Measured),
        ("latency_p95_milliseconds", 2_400_000_000_000, 70, Evidence::Measured),
        ("cost", 48_000_000_000, 100, Evidence::Measured),
    ];
    for (key, billionths, calls, evidence) in expected {
        let value = read(key, &slice()).expect(key);
        let found = (value.quantity.billionths(), value.calls, value.evidence);
        assert_eq!(found, (billionths, Some(calls), evidence), "{key}");
        assert_eq!(Some(value.quantity.unit), measure::Measure::parse(key).map(|m| m.unit));
    }
    let elsewhere = ["monthly_cost", "model_mix_shift", "saving_share"];
    let is_read = |key: &str| expected.iter().any(|(name, ..)| *name == key);
    assert!(ALL.iter().all(|measure| is_read(measure.key) != elsewhere.contains(&measure.key)));
}

#[test]
fn what_a_log_does_not_say_is_no_number() {
    let nothing = Slice { calls: Some(100), ..Slice::default() };
    for measure in ALL {
        let How::Slice(read) = measure.how else { continue };
        if ["calls", "unpriced_calls"].contains(&measure.key) {
            continue;
        }
        let Missing { reason, help } = read(&nothing).expect_err(measure.key);
        assert!(!reason.is_empty() && help.is_some(), "{}", measure.key);
    }
}

#[test]
fn an_export_without_counts_has_shares_of_tokens_and_no_means() {
    let export = Slice { calls: None, bucket_calls: 0, ..slice() };
    assert_eq!(read("cache_read_share", &export).expect("a share").calls, None);
    assert!(read("cost", &export).is_ok());
    for key in ["cost_per_call", "output_tokens_per_call", "calls", "premium_share"] {
        let reason = read(key, &export).expect_err(key).reason;
        assert!(reason.contains("how many calls"), "{key}: {reason}");
    }
    let export = Slice { output_tokens_per_call: None, bucket_calls: 100, ..slice() };
    let reason = read("output_tokens_p95", &export).expect_err("no percentile").reason;
    assert_eq!(reason, "an export adds calls up: it has no percentile");
}

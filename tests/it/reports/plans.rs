//! The plan, the monthly bills and the cache replay of the ladder document.

use tokopt::report::document::{
    Bootstrap, Cache, CacheBreak, CacheCalibration, CachePolicy, Evidence, Monthly, Phase,
    PlanStep, Quotient, Warning, WhatIf, Worth,
};
use tokopt::units::{Share, Tokens};

use super::ladders::{
    BASELINE, CACHING, CAPPING, DEDUP, REFRESH, ROUTING, TECHNIQUES, all, cost, number, usd, whole,
};

/// Hours at 100 dollars against what 21 days save, times 30 / 21.
pub fn worth(hours: u64, saving: i128, verdict: &str) -> Worth {
    let monthly = saving * 10 / 7;
    let effort = i128::from(hours) * 100_000_000_000;
    let months = u64::try_from(effort * 1_000_000 / monthly).ok();
    let worth_doing = effort <= 12 * monthly && monthly >= 100_000_000_000;
    Worth {
        effort_hours: whole(hours),
        effort_usd: usd(effort),
        net_monthly_usd: Some(usd(monthly)),
        payback_months: months.map(number),
        worth_doing: Some(worth_doing),
        verdict: verdict.to_owned(),
    }
}

/// What to do first, on the ladder's own savings.
pub fn plan() -> Vec<PlanStep> {
    let marginal = |above: usize, technique: usize| cost(above) - cost(above | 1 << technique);
    let caching = 1 << CACHING;
    let routed = caching | 1 << ROUTING;
    let step =
        |technique: usize, phase, worth, action: &str, check: &str, evaluation: Option<&str>| {
            PlanStep {
                technique: TECHNIQUES[technique].to_owned(),
                phase,
                action: action.to_owned(),
                worth,
                check: check.to_owned(),
                evaluation: evaluation.map(str::to_owned),
                evidence: Some(if evaluation.is_some() {
                    Evidence::Assumed
                } else {
                    Evidence::Measured
                }),
            }
        };
    vec![
        step(
            CACHING,
            Phase::ThisWeek,
            worth(4, marginal(0, CACHING), "Worth doing: paid back within the month"),
            "Set a breakpoint after the system prompt of feature-1 and feature-2, with an hour's lifetime",
            "the share of input read from the cache rises from 41.2 % to about 86 %",
            None,
        ),
        step(
            ROUTING,
            Phase::ThisMonth,
            worth(24, marginal(caching, ROUTING), "Worth doing: paid back within two months"),
            "Send the first turns of feature-3 and feature-4 through a router to gpt-4o-mini",
            "gpt-4o-mini answers about half of their calls, and their mean cost falls by 30 %",
            Some(
                "100 logged questions on both models, judged blind, before and after; stop below 95 % agreement",
            ),
        ),
        step(
            DEDUP,
            Phase::ThisMonth,
            worth(24, marginal(routed, DEDUP), "Worth doing: paid back within a year"),
            "Keep finished answers for an hour, keyed by the whole request",
            "calls fall by about 305 in three weeks",
            None,
        ),
        step(
            CAPPING,
            Phase::ThisWeek,
            worth(
                4,
                marginal(routed | 1 << DEDUP, CAPPING),
                "Not worth doing: saves less a month than one hour of work costs",
            ),
            "Set max_tokens to 794 on feature-3",
            "no answer of feature-3 is longer than 794 tokens",
            None,
        ),
    ]
}

/// Bills per 30 days: those of 21 days times 30 / 21.
pub fn monthly() -> Monthly {
    let month = |nano: i128| usd(nano * 10 / 7);
    Monthly {
        factor: Quotient::of_counts(10, 7).unwrap_or_default(),
        baseline_usd: month(BASELINE),
        floor_usd: month(cost(all() & !(1 << ROUTING)) - REFRESH),
        typical_usd: month(cost(255)),
        high_usd: month(cost(255) * 4 / 5),
        p10_usd: Some(month(cost(255) * 9 / 10)),
        p50_usd: Some(month(cost(255))),
        p90_usd: Some(month(cost(255) * 11 / 10)),
        draws: 200,
        seed: 1,
        bootstrap: Some(Bootstrap {
            low_usd: month(BASELINE * 95 / 100),
            high_usd: month(BASELINE * 104 / 100),
            blocks: 21,
        }),
        note: Some("One month says nothing of the year's seasons".to_owned()),
    }
}

/// A replay of the caches, invented.
pub fn cache() -> Cache {
    let policy = |name: &str, ttl_seconds, read, ratio, saving: Option<i128>| CachePolicy {
        policy: name.to_owned(),
        ttl_seconds,
        read_share: Some(Share::from_millionths(read)),
        input_cost_ratio: ratio,
        saving_usd: saving.map(usd),
    };
    Cache {
        logged_read_share: Share::of_counts(412, 1_000),
        replayed_read_share: Share::of_counts(419, 1_000),
        infinite_read_share: Share::of_counts(903, 1_000),
        policies: vec![
            policy("none", None, 0, Some(whole(1)), Some(-1_010_000_000_000)),
            policy("head", Some(300), 402_000, Some(number(655_000)), Some(-20_000_000_000)),
            policy("head", Some(3_600), 511_000, None, None),
            policy("full", Some(300), 771_000, Some(number(363_000)), Some(2_000_000_000_000)),
            policy("full", None, 903_000, Some(number(215_000)), Some(2_165_566_500_000)),
        ],
        breaks: vec![CacheBreak {
            feature: Some("feature-2".to_owned()),
            component: "system_prompt".to_owned(),
            kind: "time".to_owned(),
            calls: 1_204,
            share: Share::of_counts(1_204, 3_810),
            cost_usd: Some(usd(310_000_000_000)),
            position_tokens: Some(Tokens::new(38)),
            example_calls: vec!["req_0017".to_owned(), "req_0244".to_owned()],
        }],
        calibration: Some(CacheCalibration {
            billed_read_share: Share::of_counts(412, 1_000),
            replayed_read_share: Share::of_counts(419, 1_000),
            exact_calls: 3_512,
            calls: 3_810,
        }),
        evidence: Evidence::Inferred,
    }
}

/// A question about another model, with an answer invented.
pub fn what_if() -> WhatIf {
    WhatIf {
        from: "deepseek-chat".to_owned(),
        to: "gpt-4o-mini".to_owned(),
        calls: 2_606,
        cost_usd: usd(3_812_370_000_000),
        new_cost_usd: usd(4_012_370_000_000),
        difference_usd: usd(200_000_000_000),
        too_long_calls: 7,
        warnings: vec![Warning {
            code: "CONTEXT_LIMIT".to_owned(),
            message:
                "7 calls are longer than the 128,000 tokens of gpt-4o-mini and keep their bill"
                    .to_owned(),
        }],
        evidence: Evidence::Inferred,
    }
}

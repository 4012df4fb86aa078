//! A document with a ladder, its plan, its monthly bills and a cache replay.
//!
//! The traffic is invented: what calls cost for a set of techniques is a
//! formula, and every saving is worked out from it here, by the definitions,
//! so that the rows add up as those of a real ladder do.

use tokopt::report::document::{
    Assumption, Curves, Document, Evidence, Finding, Group, GroupSkip, Ladder, Lever, Quotient,
    Reason, SavingByEvidence, Step, StepStatus, StreamPolicy, Warning,
};
use tokopt::units::{NanoUsd, Share};

use super::documents::normal;
use super::plans::{cache, monthly, plan, what_if, worth};

pub const TECHNIQUES: [&str; 8] = [
    "prompt-caching",
    "model-routing",
    "embedding-retrieval",
    "context-compression",
    "batch-api",
    "output-capping",
    "semantic-dedup",
    "fine-tuning",
];
pub const CACHING: usize = 0;
pub const ROUTING: usize = 1;
pub const CAPPING: usize = 5;
pub const DEDUP: usize = 6;
/// The techniques that some traffic uses, largest marginal saving first.
const ACCEPTED: [usize; 4] = [CACHING, ROUTING, DEDUP, CAPPING];
/// The whole log costs 4,812.37 dollars as it is.
pub const BASELINE: i128 = 4_812_370_000_000;

/// What the calls cost where these techniques are on offer: caching leaves
/// 55 % of the bill, routing 70 %, deduplication 92 %, capping 98 %, each of
/// what the others leave; batch saves 4 % where caching is not on offer.
pub fn cost(set: usize) -> i128 {
    let has = |technique: usize| set & (1 << technique) != 0;
    let percents = [(CACHING, 55), (ROUTING, 70), (DEDUP, 92), (CAPPING, 98)];
    let cost = percents
        .into_iter()
        .filter(|(technique, _)| has(*technique))
        .fold(BASELINE, |cost, (_, percent)| cost * percent / 100);
    if has(4) && !has(CACHING) { cost * 96 / 100 } else { cost }
}

pub fn all() -> usize {
    ACCEPTED.iter().fold(0, |set, technique| set | 1 << technique)
}

pub fn usd(nano: i128) -> NanoUsd {
    NanoUsd::from_nano(nano)
}

pub fn number(millionths: u64) -> Quotient {
    Quotient::from_millionths(millionths)
}

pub fn whole(amount: u64) -> Quotient {
    number(amount * 1_000_000)
}

/// The mean of what a technique saves over the 24 orders of four, in whole
/// nano-dollars; the last of them takes what rounding leaves.
fn shapley(technique: usize) -> i128 {
    let mean = |technique: usize| {
        let others = (0..256_usize).filter(|set| set & !all() == 0 && set & (1 << technique) == 0);
        // A set of k others stands before it in k! (3 - k)! of the orders.
        let weighted = others.map(|set| {
            let orders = [6, 2, 2, 6][set.count_ones() as usize];
            orders * (cost(set) - cost(set | 1 << technique))
        });
        weighted.sum::<i128>() / 24
    };
    if technique != CAPPING {
        return mean(technique);
    }
    let rest: i128 =
        ACCEPTED.iter().filter(|other| **other != CAPPING).map(|other| mean(*other)).sum();
    BASELINE - cost(all()) - rest
}

/// The document of an ordinary month with every new block filled.
pub fn ladder() -> Document {
    let mut document = normal();
    document.window.start = Some("2026-06-01T00:00:00Z".to_owned());
    document.window.end = Some("2026-06-22T00:00:00Z".to_owned());
    document.window.days = Some(whole(21));
    document.totals.cost_usd = Some(usd(BASELINE));
    document.totals.logged_cost_usd = None;
    for row in &mut document.attribution.component {
        row.figures.cost_usd =
            row.figures.share.map(|share| usd(BASELINE * share.millionths() / 1_000_000));
    }
    document.cache = Some(cache());
    document.ladder = Some(Ladder {
        order: "greedy".to_owned(),
        baseline_usd: usd(BASELINE),
        final_usd: usd(cost(255)),
        overlap_usd: usd(ACCEPTED.iter().map(|one| BASELINE - cost(1 << one)).sum::<i128>()
            - (BASELINE - cost(255))),
        steps: steps(),
        groups: groups(),
        not_simulated_usd: Some(usd(12_400_000_000)),
        not_simulated_calls: 41,
        by_evidence: by_evidence(),
        hourly_rate_usd: usd(100_000_000_000),
        worth: Some(worth(56, BASELINE - cost(255), "Worth doing: it pays back within the year")),
        subset_cost_usd: (0..256).map(|set| usd(cost(set))).collect(),
        curves: Curves::default(),
    });
    document.what_if = vec![what_if()];
    document.plan = Some(plan());
    document.monthly = Some(monthly());
    document.findings.push(Finding {
        code: "UNSTABLE_PREFIX".to_owned(),
        message: "A time in the system prompt of feature-2 changes with every call, so nothing after its 38th token is read from the cache"
            .to_owned(),
        calls: Some(1_204),
        cost_usd: Some(usd(310_000_000_000)),
        wasted_usd: Some(usd(279_000_000_000)),
        evidence: Evidence::Measured,
    });
    document
}

/// What routing saves without any assumption, by a newer model of a tier.
pub const REFRESH: i128 = 40_000_000_000;

fn by_evidence() -> SavingByEvidence {
    let router = cost(1 << CACHING) - cost(1 << CACHING | 1 << ROUTING) - REFRESH;
    SavingByEvidence {
        measured_usd: usd(BASELINE - cost(255) - router),
        inferred_usd: NanoUsd::ZERO,
        assumed_usd: usd(router),
    }
}

fn steps() -> Vec<Step> {
    let mut above = 0;
    let mut steps: Vec<Step> = Vec::new();
    for technique in ACCEPTED {
        let with = above | 1 << technique;
        let alone = BASELINE - cost(1 << technique);
        let marginal = cost(above) - cost(with);
        let mut step = Step {
            status: StepStatus::Applied,
            standalone_saving_usd: Some(usd(alone)),
            marginal_saving_usd: Some(usd(marginal)),
            last_in_saving_usd: Some(usd(cost(all() & !(1 << technique)) - cost(all()))),
            shapley_saving_usd: Some(usd(shapley(technique))),
            cost_after_usd: Some(usd(cost(with))),
            low_saving_usd: Some(usd(alone)),
            high_saving_usd: Some(usd(alone)),
            added_cost_usd: Some(NanoUsd::ZERO),
            evidence: Some(Evidence::Measured),
            effort_hours: whole(4),
            ..Step::default()
        };
        describe(&mut step, technique, marginal);
        steps.push(named(step, technique));
        above = with;
    }
    steps.extend(unused());
    for (rank, step) in (1..).zip(&mut steps) {
        step.rank = rank;
    }
    steps
}

fn named(step: Step, technique: usize) -> Step {
    Step { technique: TECHNIQUES[technique].to_owned(), ..step }
}

fn describe(step: &mut Step, technique: usize, marginal: i128) {
    let lever = |name: &str, saving, evidence| Lever {
        lever: name.to_owned(),
        saving_usd: usd(saving),
        evidence,
    };
    match technique {
        CACHING => {
            step.eligible_calls = Some(3_102);
            step.why = Some(
                "3,102 calls of 4 features open with the same 2,140 tokens; an hour's lifetime reads 91.2 % of them"
                    .to_owned(),
            );
            step.policies = vec![
                policy("feature-1", "head 300 s", 600),
                policy("feature-2", "full 3600 s", 480),
            ];
        }
        ROUTING => {
            step.eligible_calls = Some(1_940);
            step.evidence = Some(Evidence::Assumed);
            step.effort_hours = whole(24);
            step.low_saving_usd = Some(usd(900_000_000_000));
            step.high_saving_usd = Some(usd(1_900_000_000_000));
            step.added_cost_usd = Some(usd(8_120_000_000));
            step.why = Some("Half of 1,940 short answers move to gpt-4o-mini; the router and its mistakes are paid".to_owned());
            step.levers = vec![
                lever("router", marginal - REFRESH, Evidence::Assumed),
                lever("same_tier_refresh", REFRESH, Evidence::Measured),
            ];
            step.assumptions = vec![assumption("share", [350_000, 500_000, 700_000])];
            step.warnings.push(Warning {
                code: "SPLIT_CACHE".to_owned(),
                message:
                    "Two models keep two caches: $31.20 of the saving goes to writing the second"
                        .to_owned(),
            });
        }
        DEDUP => {
            step.eligible_calls = Some(305);
            step.effort_hours = whole(24);
            step.why = Some(
                "305 calls repeat an answered one of the same scope within an hour".to_owned(),
            );
            step.assumptions = vec![assumption("lifetime_seconds", [3_600_000_000; 3])];
        }
        _ => {
            step.eligible_calls = Some(38);
            step.break_even_calls_per_month = Some(120);
            step.why =
                Some("A cap of 794 tokens on feature-3 cuts 0.8 % of its answers".to_owned());
        }
    }
}

fn policy(feature: &str, chosen: &str, dollars: i128) -> StreamPolicy {
    StreamPolicy {
        feature: feature.to_owned(),
        model: "deepseek-chat".to_owned(),
        current: "none".to_owned(),
        chosen: chosen.to_owned(),
        cost_usd: usd(dollars * 1_000_000_000),
        current_cost_usd: usd(dollars * 2_000_000_000),
        held_out_cost_usd: Some(usd(dollars * 310_000_000)),
        held_out_current_cost_usd: Some(usd(dollars * 600_000_000)),
    }
}

fn assumption(name: &str, [low, typical, high]: [u64; 3]) -> Assumption {
    Assumption {
        name: name.to_owned(),
        value: Some(number(typical)),
        low: Some(number(low)),
        high: Some(number(high)),
        unit: if high > 1_000_000 { "seconds, or inf" } else { "a share from 0 to 1" }.to_owned(),
        meaning: "how much of it there is".to_owned(),
        source: "a guess for this example".to_owned(),
    }
}

fn unused() -> Vec<Step> {
    let skipped = |technique: usize, reason, evidence| {
        let step = Step {
            status: StepStatus::Skipped,
            reason: Some(reason),
            standalone_saving_usd: Some(usd(BASELINE - cost(1 << technique))),
            marginal_saving_usd: Some(NanoUsd::ZERO),
            last_in_saving_usd: Some(NanoUsd::ZERO),
            shapley_saving_usd: Some(NanoUsd::ZERO),
            cost_after_usd: Some(usd(cost(255))),
            low_saving_usd: Some(NanoUsd::ZERO),
            high_saving_usd: Some(usd(BASELINE - cost(1 << technique))),
            added_cost_usd: Some(NanoUsd::ZERO),
            eligible_calls: Some(0),
            evidence: Some(evidence),
            effort_hours: whole(24),
            ..Step::default()
        };
        named(step, technique)
    };
    let reason =
        |code: &str, message: &str, amount: Option<i128>, settled_by: Option<&str>| Reason {
            code: code.to_owned(),
            message: message.to_owned(),
            amount_usd: amount.map(usd),
            settled_by: settled_by.map(str::to_owned),
        };
    let batch = reason(
        "COUNTERPRODUCTIVE_IN_COMBINATION",
        "batches lose the cached reads that prompt-caching gives the same calls",
        Some(84_310_000_000),
        None,
    );
    let tuning = reason(
        "NOT_TUNABLE_OR_RETIRING",
        "no price table sells a tuned model for this traffic",
        None,
        Some("fine-tuning.target in tokopt.toml"),
    );
    let compression = reason("NOTHING_TO_REWRITE", "no segment has 500 tokens", None, None);
    let retrieval = Step {
        reason: Some(reason(
            "NEEDS_TEXT",
            "the log counts documents without saying which",
            None,
            Some("the requests' texts in the log, or retrieved tokens per call"),
        )),
        effort_hours: whole(120),
        ..Step::default()
    };
    vec![
        skipped(4, batch, Evidence::Inferred),
        skipped(3, compression, Evidence::Measured),
        skipped(7, tuning, Evidence::Measured),
        named(retrieval, 2),
    ]
}

fn groups() -> Vec<Group> {
    let skip = |technique: usize, code: &str, amount, alone| GroupSkip {
        technique: TECHNIQUES[technique].to_owned(),
        code: code.to_owned(),
        amount_usd: amount,
        alone_usd: alone,
    };
    let names = |techniques: &[usize]| {
        techniques.iter().map(|technique| TECHNIQUES[*technique].to_owned()).collect()
    };
    vec![
        Group {
            feature: "feature-1".to_owned(),
            model: "deepseek-chat".to_owned(),
            workspace: Some("team-a".to_owned()),
            calls: 2_606,
            baseline_usd: usd(BASELINE - 1_000_000_000_000),
            final_usd: usd(cost(255) - 250_000_000_000),
            applied: names(&[CACHING, ROUTING, CAPPING]),
            skipped: vec![skip(
                4,
                "COUNTERPRODUCTIVE_IN_COMBINATION",
                Some(usd(84_310_000_000)),
                Some(usd(192_494_800_000)),
            )],
            calibration_error: Share::of_counts(13, 1_000),
            evidence: Evidence::Assumed,
        },
        Group {
            feature: "feature-2".to_owned(),
            model: "gpt-4o-mini-2024-07-18".to_owned(),
            workspace: None,
            calls: 1_204,
            baseline_usd: usd(1_000_000_000_000),
            final_usd: usd(250_000_000_000),
            applied: names(&[CACHING, DEDUP]),
            skipped: vec![skip(1, "NO_CHEAPER_TIER", None, None)],
            calibration_error: None,
            evidence: Evidence::Measured,
        },
    ]
}

/// A ladder on which nothing pays.
pub fn flat() -> Document {
    let mut document = ladder();
    let ladder = document.ladder.get_or_insert_default();
    ladder.steps.retain(|step| step.status != StepStatus::Applied);
    for (rank, step) in (1..).zip(&mut ladder.steps) {
        step.rank = rank;
        step.standalone_saving_usd = step.standalone_saving_usd.map(|_| NanoUsd::ZERO);
        step.cost_after_usd = step.cost_after_usd.map(|_| usd(BASELINE));
    }
    ladder.final_usd = ladder.baseline_usd;
    ladder.overlap_usd = NanoUsd::ZERO;
    ladder.by_evidence = SavingByEvidence::default();
    ladder.worth = None;
    ladder.groups.clear();
    ladder.subset_cost_usd = vec![usd(BASELINE); 256];
    document.plan = Some(Vec::new());
    document.monthly = None;
    document
}

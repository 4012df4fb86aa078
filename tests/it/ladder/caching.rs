//! The prompt cache: lifetimes, bursts, the shortest prefix, and a closed form
//! for prompts that are all the same.

use proptest::prelude::*;
use serde_json::json;
use tokopt::ladder::cache::{PolicyFigures, cache};
use tokopt::ladder::replay::policy::{Lifetime, Policy, Rules};
use tokopt::ladder::replay::stream::{Nodes, Sent, Stream};
use tokopt::ladder::replay::{Split, replay};
use tokopt::record::component::Component;
use tokopt::record::log::Log;
use tokopt::techniques::id::TechniqueId;
use tokopt::techniques::traffic::{CallIndex, Segment, Tree};
use tokopt::units::{NanoUsd, Share};

use super::logs::{Planned, Shape, calls, exchanges, plain};
use super::{Bench, code, planted_prices, step, told};

const SECOND: i64 = 1_000_000;
const RULES: Rules =
    Rules { minimum: 100, step: 1, caches_answer: false, lookback: 20, breakpoints: 4 };

/// A prompt: a head, then a path of pieces; and the seconds since the last one.
type Drawn = (i64, u64, Vec<u64>);

fn drawn() -> impl Strategy<Value = Vec<Drawn>> {
    let gap = prop::sample::select(vec![0, 1, 2, 100, 299, 300, 301, 900, 3_600, 3_601]);
    prop::collection::vec((gap, 0..3_u64, prop::collection::vec(0..3_u64, 1..6)), 1..40)
}

fn stream(drawn: &[Drawn], delay: i64) -> (Stream, usize) {
    let (tree, _) = Tree::of(&Log::default(), &[]);
    let (mut stream, mut nodes) = (Stream::default(), Nodes::over(&tree));
    let mut time = 0;
    for (number, (gap, head, path)) in (0..).zip(drawn) {
        time += gap * SECOND;
        let piece = |identity, tokens, component| Segment {
            identity,
            tokens,
            component,
            assistant: false,
            ends_block: true,
            stretch: None,
        };
        let mut prompt = vec![piece(*head, 90 + 20 * small(*head), Component::SystemPrompt)];
        prompt.extend(path.iter().map(|at| piece(10 + at, 30 + small(*at), Component::UserInput)));
        let (marks, answer) = (&[], &[]);
        let sent = Sent { call: CallIndex(number), time, delay, prompt: &prompt, marks, answer };
        stream.push(&mut nodes, &sent);
    }
    let count = nodes.count();
    (stream, count)
}

fn small(number: u64) -> u32 {
    u32::try_from(number).expect("small")
}

/// Twentieths of a plain input token: reads a tenth, writes five quarters.
fn cost(stream: &Stream, splits: &[Split]) -> u64 {
    let of = |(total, split): (u32, &Split)| {
        let written = u64::from(split.written) + u64::from(split.written_head);
        let rest = u64::from(total) - u64::from(split.read) - written;
        20 * rest + 2 * u64::from(split.read) + 25 * written
    };
    stream.requests.iter().map(|request| request.total).zip(splits).map(of).sum()
}

type Policies = fn(Lifetime) -> Policy;
const POLICIES: [Policies; 3] = [Policy::Head, Policy::Full, Policy::Automatic];

proptest! {
    /// Invariants 2 and 10: what is read and written is part of the prompt, and
    /// a longer life at the same price never costs more.
    #[test]
    fn a_longer_lifetime_never_costs_more(drawn in drawn(), delay in 0..3_i64) {
        let (stream, nodes) = stream(&drawn, delay * SECOND);
        for policy in POLICIES {
            let lives = [0, 1, 300, 900, 3_600].map(Lifetime::Seconds);
            let costs: Vec<u64> = lives.into_iter().chain([Lifetime::Infinite]).map(|life| {
                let splits = replay(&stream, policy(life), RULES, nodes);
                assert_eq!(splits.len(), drawn.len());
                cost(&stream, &splits)
            }).collect();
            prop_assert!(costs.is_sorted_by(|short, long| short >= long), "{costs:?}");
        }
    }

    /// Invariant 13: whatever comes at one instant is cold.
    #[test]
    fn a_burst_at_one_instant_reads_nothing(mut drawn in drawn(), delay in 1..3_i64) {
        for request in &mut drawn {
            request.0 = 0;
        }
        let (stream, nodes) = stream(&drawn, delay * SECOND);
        for policy in POLICIES {
            for split in replay(&stream, policy(Lifetime::Infinite), RULES, nodes) {
                prop_assert_eq!(split.read, 0);
            }
        }
    }

    /// Invariant 11: with a life of 0 s, and a first token that takes its time,
    /// nothing can be read, so nothing is worth writing.
    #[test]
    fn entries_without_a_life_save_nothing(mut calls in calls(24)) {
        for call in &mut calls {
            call.cached = 0;
            call.shape = Shape::Exchange;
        }
        let bench = Bench::of(&planted_prices(), &exchanges(&calls));
        let ladder = bench.climbed(&told(&[("prompt-caching.ttl_seconds", "0")]));
        let found = step(&ladder, TechniqueId::PromptCaching);
        prop_assert_eq!(found.standalone, NanoUsd::ZERO);
        prop_assert!(found.skip.is_some());
    }
}

/// Invariant 13, through the whole ladder.
#[test]
fn equal_calls_at_one_instant_gain_nothing_from_a_cache() {
    let burst: Vec<Planned> = (0..20).map(|_| Planned { gap: 0, ..plain() }).collect();
    let bench = Bench::of(&planted_prices(), &exchanges(&burst));
    let ladder = bench.ladder();
    assert_eq!(step(&ladder, TechniqueId::PromptCaching).standalone, NanoUsd::ZERO);
    assert_eq!(code(&ladder, TechniqueId::PromptCaching), "NO_REUSE_WITHIN_TTL");
    for figures in policies(&bench, "1") {
        assert_eq!(figures.read_share.map(Share::millionths), Some(0), "{}", figures.policy);
    }
}

/// What each policy would do, with such a delay of the first token.
fn policies(bench: &Bench, delay: &str) -> Vec<PolicyFigures> {
    let settings = told(&[("prompt-caching.first_token_delay_seconds", delay)]);
    bench.at(|traffic| cache(traffic, &settings.assumptions).expect("calls").policies)
}

/// A block trace: the same `tokens` in blocks of 64, at these seconds.
fn same_prompt(tokens: u64, seconds: impl IntoIterator<Item = i64>) -> Bench {
    let ids: Vec<u64> = (0..tokens.div_ceil(64)).collect();
    let line = |(number, second): (usize, i64)| {
        json!({
            "timestamp": second * 1_000, "request_id": format!("r{number}"), "model": "north-medium",
            "input_length": tokens, "output_length": 1, "block_size": 64, "hash_ids": ids,
        })
        .to_string()
    };
    let lines = seconds.into_iter().enumerate().map(line).collect();
    Bench::of(&planted_prices(), &[lines])
}

fn full(figures: &[PolicyFigures], seconds: u32) -> PolicyFigures {
    let is_it = |figures: &&PolicyFigures| {
        figures.policy == "full" && figures.lifetime == Some(Lifetime::Seconds(seconds))
    };
    *figures.iter().find(is_it).expect("listed")
}

/// Invariant 26: 512 is the least that the model keeps.
#[test]
fn a_prefix_one_token_short_is_not_kept() {
    for (tokens, read) in [(511, 0), (512, 500_000), (513, 500_000)] {
        let bench = same_prompt(tokens, [0, 10]);
        let found = full(&policies(&bench, "1"), 300);
        assert_eq!(found.read_share.map(Share::millionths), Some(read), "{tokens}");
        // Of two prompts at 3 dollars a million the first is written for 1.25
        // and the second read for 0.1: 0.65 of a prompt less. Three
        // dollars a million are 3,000 nano-dollars a token.
        let expected = if tokens < 512 { 0 } else { i128::from(tokens) * 3_000 * 65 / 100 };
        assert_eq!(found.saving.map(NanoUsd::nano), Some(expected), "{tokens}");
    }
}

proptest! {
    /// Invariant 27. Of n calls with one prompt, a come within five minutes of
    /// the one before, b within an hour, c later or first: written for five
    /// minutes they cost 0.1 a + 1.25 (b + c) prompts, for an hour
    /// 0.1 (a + b) + 2 c. No delay; a gap of the lifetime is a hit.
    #[test]
    fn gaps_of_one_prompt_say_what_caching_costs(
        gaps in prop::collection::vec(
            prop::sample::select(vec![0, 1, 299, 300, 301, 3_599, 3_600, 3_601, 9_000]), 0..40,
        ),
        texts in any::<bool>(),
    ) {
        let count = |from: i64, to: i64| {
            i128::try_from(gaps.iter().filter(|gap| (from..=to).contains(*gap)).count()).unwrap()
        };
        let (a, b, c) = (count(0, 300), count(301, 3_600), count(3_601, i64::MAX) + 1);
        let bench = if texts {
            let gaps = [0].iter().chain(&gaps);
            let calls: Vec<Planned> = gaps.map(|gap| Planned { gap: *gap, ..plain() }).collect();
            Bench::of(&planted_prices(), &exchanges(&calls))
        } else {
            let seconds = gaps.iter().scan(0, |second, gap| { *second += gap; Some(*second) });
            same_prompt(640, [0].into_iter().chain(seconds))
        };
        let prompt = bench.log.calls[0].usage.get().input.unwrap().get();
        let found = policies(&bench, "0");
        // In hundredths of a prompt.
        for (seconds, cost) in [(300, 10 * a + 125 * (b + c)), (3_600, 10 * (a + b) + 200 * c)] {
            let figures = full(&found, seconds);
            let (n, billion) = (a + b + c, 1_000_000_000);
            let ratio = figures.input_cost_ratio.expect("both lifetimes are sold");
            prop_assert!((ratio * n * 100 - cost * billion).abs() <= n * 100, "{seconds}: {ratio}");
            // 3 dollars a million: 3,000 nano-dollars a token.
            let saving = (100 * n - cost) * i128::from(prompt) * 30;
            prop_assert_eq!(figures.saving.expect("sold").nano(), saving);
        }
    }
}

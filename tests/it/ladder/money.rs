//! Dollars: no cost below nothing, rows that add up, bounds in their order,
//! prices that scale.

use proptest::prelude::*;
use tokopt::ladder::climb::Settings;
use tokopt::ladder::order::Order;
use tokopt::ladder::steps::Ladder;
use tokopt::techniques::id::{Set, TechniqueId};
use tokopt::units::{NanoUsd, Usd};

use super::logs::{Rendering, calls, files};
use super::{Bench, planted_prices, raw, told, worlds};

fn sum(rows: impl Iterator<Item = NanoUsd>) -> NanoUsd {
    rows.fold(NanoUsd::ZERO, |sum, row| sum + row)
}

/// Invariants 1, 3, 4, 5 and 22 on one log, for all four orders.
pub fn adds_up(bench: &Bench) {
    let simulated = bench.simulated(&Settings::default());
    for (_, vector) in simulated.vectors() {
        for used in Set::every() {
            assert!(vector.raw(used) >= Usd::ZERO, "{used:?} costs less than nothing");
        }
    }
    let totals = simulated.totals();
    for offered in Set::every() {
        for technique in TechniqueId::ALL {
            let more = offered.with(technique);
            assert!(totals.cost(more) <= totals.cost(offered), "{offered:?} and {technique:?}");
        }
    }
    for order in Order::ALL {
        let ladder = bench.climbed(&Settings { order, ..Settings::default() });
        assert_eq!(ladder.totals, totals, "an order changes no total");
        assert_eq!(ladder.order, order);
        rows_add_up(&ladder);
        bounds_hold(&ladder);
    }
}

fn rows_add_up(ladder: &Ladder) {
    let (baseline, last) = (ladder.totals.cost(Set::NONE), ladder.totals.cost(Set::ALL));
    let saving = baseline - last;
    assert_eq!(sum(ladder.steps.iter().map(|step| step.marginal)), saving);
    assert_eq!(sum(ladder.steps.iter().map(|step| step.shapley)), saving);
    let used = || ladder.steps.iter().filter(|step| step.skip.is_none());
    let alone = sum(used().map(|step| step.standalone));
    assert_eq!(alone - saving, ladder.totals.overlap());
    let mut left = baseline;
    for step in &ladder.steps {
        left = left - step.marginal;
        assert_eq!(step.cost_after, left, "{:?}", step.technique);
        let levers = sum(step.levers.iter().map(|lever| lever.saving));
        assert!(step.levers.is_empty() || levers == step.marginal, "{:?}", step.technique);
        if step.skip.is_some() {
            assert_eq!((step.marginal, step.last_in), (NanoUsd::ZERO, NanoUsd::ZERO));
        }
    }
    assert_eq!(left, last);
    assert_eq!(ladder.steps.len(), TechniqueId::COUNT);
}

fn bounds_hold(ladder: &Ladder) {
    for step in &ladder.steps {
        let bounds = [NanoUsd::ZERO, step.low, step.standalone, step.high];
        assert!(bounds.is_sorted(), "{:?}: {bounds:?}", step.technique);
        assert!(step.marginal >= NanoUsd::ZERO && step.last_in >= NanoUsd::ZERO);
        assert!(step.shapley >= NanoUsd::ZERO && step.added_cost >= NanoUsd::ZERO);
    }
    let typical = ladder.totals.cost(Set::ALL);
    assert!([NanoUsd::ZERO, ladder.high, typical, ladder.floor].is_sorted());
    // Each unit is rounded by itself: half a nano-dollar at most.
    let most = NanoUsd::from_nano(i128::try_from(ladder.groups.len()).expect("few"));
    for (places, whole) in [
        (sum(ladder.groups.iter().map(|group| group.after)), typical),
        (sum(ladder.groups.iter().map(|group| group.baseline)), ladder.totals.cost(Set::NONE)),
    ] {
        assert!(places - whole <= most && whole - places <= most, "{places:?} of {whole:?}");
    }
    assert!(ladder.groups.iter().all(|group| group.after >= NanoUsd::ZERO));
}

/// The planted prices times a whole number, those of training included.
pub fn prices_times(factor: u64) -> String {
    let keys = ["input", "output", "cache_read", "cache_write", "tuning"];
    let line = |line: &str| {
        let is_rate = keys.iter().any(|key| line.starts_with(&format!("{key} =")));
        if !is_rate {
            return line.to_owned();
        }
        let mut parts: Vec<String> = line.split('"').map(str::to_owned).collect();
        for part in parts.iter_mut().skip(1).step_by(2) {
            *part = times(part, factor).unwrap_or_else(|| part.clone());
        }
        parts.join("\"")
    };
    planted_prices().lines().map(line).collect::<Vec<_>>().join("\n")
}

/// A decimal times a whole number; `None` for what is no decimal.
fn times(decimal: &str, factor: u64) -> Option<String> {
    let (whole, rest) = decimal.split_once('.').unwrap_or((decimal, ""));
    let millionths: u64 = format!("{whole}{rest:0<6}").parse().ok()?;
    let product = millionths * factor;
    Some(format!("{}.{:06}", product / 1_000_000, product % 1_000_000))
}

/// Every price is multiplied: those of the table, and of embeddings.
fn with_prices(times_two_cents: u64) -> Settings {
    let embeddings = times("0.02", times_two_cents).expect("a decimal");
    told(&[
        ("embedding-retrieval.embedding_usd_per_million_tokens", &embeddings),
        ("semantic-dedup.embedding_usd_per_million_tokens", &embeddings),
    ])
}

/// Invariant 6 on one log, before rounding to nano-dollars: an expectation is
/// rounded once per unit, by half a femto-dollar, and a ratio once more.
fn prices_scale(files: &[Vec<String>]) {
    const FACTOR: u64 = 7;
    let simple = Bench::of(&prices_times(1), files).simulated(&with_prices(1));
    let dear = Bench::of(&prices_times(FACTOR), files).simulated(&with_prices(FACTOR));
    let free = Bench::of(&prices_times(0), files).simulated(&with_prices(0));
    let factor = i128::from(FACTOR);
    let units = i128::try_from(simple.vectors().count()).expect("few");
    for used in Set::every() {
        let (simple, dear) = (raw(&simple, used).femto(), raw(&dear, used).femto());
        let apart = (simple * factor - dear).abs();
        assert!(apart <= units * 2 * (factor + 1), "{used:?}: {simple} * {factor} is {dear}");
        assert_eq!(raw(&free, used), Usd::ZERO, "{used:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn every_row_adds_up_and_no_bound_is_crossed(calls in calls(24)) {
        adds_up(&Bench::of(&planted_prices(), &files(&calls, Rendering::default())));
    }

    #[test]
    fn prices_times_k_cost_times_k_and_free_models_cost_nothing(calls in calls(24)) {
        prices_scale(&files(&calls, Rendering::default()));
    }
}

#[test]
fn rows_of_planted_worlds_add_up() {
    for world in worlds() {
        println!("{world}");
        adds_up(&Bench::planted(&world));
    }
}

#[test]
fn planted_worlds_cost_in_proportion_to_their_prices() {
    for world in ["mixed", "fine-tuning/saves", "embedding-retrieval/saves"] {
        let log = super::worlds_folder().join(world).join("log.jsonl");
        let text = std::fs::read_to_string(log).expect("shipped");
        prices_scale(&[text.lines().map(str::to_owned).collect()]);
    }
}

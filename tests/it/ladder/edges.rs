//! Logs with nothing to gain, or with a gain that can be worked out by hand.

use proptest::prelude::*;
use serde_json::json;
use tokopt::ladder::climb::Settings;
use tokopt::ladder::totals::Totals;
use tokopt::techniques::id::{Set, TechniqueId};
use tokopt::units::NanoUsd;

use super::logs::{Planned, Rendering, Shape, calls, exchanges, files, plain};
use super::{Bench, code, planted_prices, raw, step, told};

/// Counts only, one turn each, of one feature.
fn counted(model: &str, sizes: &[(u64, u64)]) -> Vec<String> {
    let line = |(number, (input, output)): (usize, &(u64, u64))| {
        let second = 1_772_416_800 + 977 * i64::try_from(number).unwrap();
        json!({
            "timestamp": second, "request_id": format!("r{number}"), "model": model,
            "feature": "desk", "input_tokens": input, "output_tokens": output,
        })
        .to_string()
    };
    sizes.iter().enumerate().map(line).collect()
}

fn sizes(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<(u64, u64)>> {
    prop::collection::vec((1..5_000_u64, 1..180_u64), count)
}

/// The calls, each with a text that no other has and a time of its own.
fn unlike(mut calls: Vec<Planned>) -> Vec<Planned> {
    for (number, call) in (0..).zip(&mut calls) {
        call.shape = Shape::Exchange;
        (call.question, call.head, call.conversation, call.cached) = (number, 0, 0, 0);
        call.gap = call.gap.max(1);
    }
    calls
}

fn standalone(totals: &Totals, technique: TechniqueId) -> NanoUsd {
    totals.standalone(technique)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Invariant 12: no two calls share a first block, so no cache has anything
    /// to read and nothing was asked before. The few words there are make near
    /// repeats of them, so these are switched off.
    #[test]
    fn calls_that_are_all_different_share_nothing(calls in calls(30)) {
        let bench = Bench::of(&planted_prices(), &exchanges(&unlike(calls)));
        let ladder = bench.climbed(&told(&[("semantic-dedup.near", "0")]));
        for technique in [TechniqueId::PromptCaching, TechniqueId::SemanticDedup] {
            let found = step(&ladder, technique);
            prop_assert_eq!(found.standalone, NanoUsd::ZERO, "{:?}", technique);
            prop_assert!(found.skip.as_ref().is_some_and(|skip| !skip.code.is_empty()));
        }
    }

    /// Invariant 14: what is in the batch lane already has nowhere to move.
    #[test]
    fn a_batched_log_gains_nothing_from_batching(mut calls in calls(30)) {
        for call in &mut calls {
            (call.shape, call.is_batch) = (Shape::Counts, true);
        }
        let ladder = Bench::of(&planted_prices(), &exchanges_and_counts(&calls)).ladder();
        prop_assert_eq!(code(&ladder, TechniqueId::BatchApi), "ALREADY_ON");
        prop_assert_eq!(step(&ladder, TechniqueId::BatchApi).standalone, NanoUsd::ZERO);
    }

    /// Invariant 16, exact: with every answer rejected a cascade pays the cheap
    /// model, the judge and the logged model. North's medium model costs 3 and
    /// 15 dollars a million, its small one 1 and 5, and a judge reads question
    /// and answer and writes 5 tokens. Of calls without texts the whole prompt
    /// is the question; of five and more a shared opening would be deduced.
    #[test]
    fn a_cascade_that_always_escalates_costs_all_three(sizes in sizes(2..5)) {
        let settings = told(&[("model-routing.cascade", "1"), ("model-routing.escalation", "1")]);
        let bench = Bench::of(&planted_prices(), &[counted("north-medium", &sizes)]);
        let simulated = bench.simulated(&settings);
        let micro = |(input, output): &(u64, u64)| {
            let (strong, cheap) = (3 * input + 15 * output, input + 5 * output);
            strong + cheap + input + output + 25
        };
        let expected: u64 = sizes.iter().map(micro).sum();
        // A microdollar has a thousand million femto-dollars.
        let found = raw(&simulated, TechniqueId::ModelRouting.set()).femto();
        prop_assert_eq!(found, i128::from(expected) * 1_000_000_000);
        let ladder = bench.climbed(&settings);
        prop_assert!(step(&ladder, TechniqueId::ModelRouting).skip.is_some());
    }

    /// Invariant 17: a higher cap never saves more output dollars, and one that
    /// no answer reaches saves none.
    #[test]
    fn a_higher_cap_never_saves_more(sizes in sizes(20..60)) {
        let bench = Bench::of(&planted_prices(), &[counted("north-medium", &sizes)]);
        let saving = |quantile: &str, factor: &str| {
            let totals = bench.totals(&[
                ("output-capping.minimum_calls", "10"),
                ("output-capping.quantile", quantile),
                ("output-capping.factor", factor),
            ]);
            standalone(&totals, TechniqueId::OutputCapping)
        };
        let by_factor = ["0.5", "1", "1.1", "2"].map(|factor| saving("0.9", factor));
        let by_quantile = ["0.5", "0.9", "0.99", "1"].map(|quantile| saving(quantile, "1"));
        for savings in [by_factor, by_quantile] {
            prop_assert!(savings.is_sorted_by(|low, high| low >= high), "{savings:?}");
        }
        prop_assert_eq!(by_quantile[3], NanoUsd::ZERO);
    }

    /// Invariant 18: texts with neither blank space nor repeats say nothing
    /// shorter, and rewriting that cuts nothing still costs its fee.
    #[test]
    fn compression_without_effect_is_skipped(calls in calls(30)) {
        let calls = unlike(calls);
        let bench = Bench::of(&planted_prices(), &exchanges(&calls));
        for settings in [&[][..], &[("context-compression.rewriting", "1"), ("context-compression.cut", "0")]] {
            let ladder = bench.climbed(&told(settings));
            let found = step(&ladder, TechniqueId::ContextCompression);
            prop_assert!(found.skip.is_some());
            prop_assert_eq!(found.standalone, NanoUsd::ZERO);
        }
    }

    /// Invariant 20: fewer calls than tell whether a task is narrow are no
    /// task, and cost nothing of what training costs.
    #[test]
    fn a_handful_of_calls_is_not_tuned(sizes in sizes(1..10)) {
        let bench = Bench::of(&planted_prices(), &[counted("east-one", &sizes)]);
        let simulated = bench.simulated(&Settings::default());
        let tuned = raw(&simulated, TechniqueId::FineTuning.set());
        prop_assert_eq!(tuned, raw(&simulated, Set::NONE));
        prop_assert_eq!(code(&bench.ladder(), TechniqueId::FineTuning), "LOW_VOLUME");
    }

    /// Invariant 24: calls to a model without a price change no figure, and
    /// are counted.
    #[test]
    fn unknown_models_are_left_out_and_counted(calls in calls(24), unknown in sizes(1..6)) {
        let known = files(&calls, Rendering::default());
        let more = [known.clone(), vec![counted("unheard-of", &unknown)]].concat();
        let (known, more) = (Bench::of(&planted_prices(), &known), Bench::of(&planted_prices(), &more));
        let costs = |bench: &Bench| {
            let totals = bench.totals(&[]);
            Set::every().map(|set| totals.cost(set)).collect::<Vec<_>>()
        };
        prop_assert_eq!(costs(&known), costs(&more));
        let left_out = |bench: &Bench| bench.at(|traffic| traffic.left_out.unpriced);
        prop_assert_eq!((left_out(&known), left_out(&more)), (0, unknown.len() as u64));
        prop_assert_eq!(more.ladder().not_simulated, NanoUsd::ZERO);
    }
}

fn exchanges_and_counts(calls: &[Planned]) -> Vec<Vec<String>> {
    files(calls, Rendering::default())
}

/// The planted prices with some text replaced.
fn prices_with(from: &str, to: &str) -> String {
    let prices = planted_prices();
    assert!(prices.contains(from));
    prices.replace(from, to)
}

/// Invariant 14: a lane at the full price saves nothing.
#[test]
fn a_batch_lane_at_full_price_saves_nothing() {
    let log = super::worlds_folder().join("batch-api/saves/log.jsonl");
    let prices = prices_with("batch = { factor = \"0.5\" }", "batch = { factor = \"1\" }");
    let ladder = Bench::at_paths(&prices, &[&log]).ladder();
    let found = step(&ladder, TechniqueId::BatchApi);
    assert_eq!(found.standalone, NanoUsd::ZERO);
    assert!(found.skip.is_some());
}

/// Invariant 15: north's small model at the price of its medium one.
#[test]
fn routing_to_the_same_price_is_skipped() {
    let small = "input = \"1\"\noutput = \"5\"\ncache_read = \"0.1\"\ncache_write = { 5m = \"1.25\", 1h = \"2\" }";
    let medium = "input = \"3\"\noutput = \"15\"\ncache_read = \"0.3\"\ncache_write = { 5m = \"3.75\", 1h = \"6\" }";
    let calls: Vec<Planned> = (0..30).map(|at| Planned { question: at % 6, ..plain() }).collect();
    let files = exchanges(&calls);
    let cheaper = Bench::of(&planted_prices(), &files).totals(&[]);
    assert!(cheaper.standalone(TechniqueId::ModelRouting) > NanoUsd::ZERO);
    let ladder = Bench::of(&prices_with(small, medium), &files).ladder();
    assert_eq!(step(&ladder, TechniqueId::ModelRouting).standalone, NanoUsd::ZERO);
    assert_eq!(code(&ladder, TechniqueId::ModelRouting), "NO_CHEAPER_TIER");
}

/// Invariant 17: without brevity and with a cap far above, all answers stay.
#[test]
fn a_cap_above_every_answer_saves_nothing() {
    let settings = [("output-capping.factor", "100"), ("output-capping.brevity", "0")];
    let bench = Bench::planted("output-capping/saves");
    assert!(bench.totals(&[]).standalone(TechniqueId::OutputCapping) > NanoUsd::ZERO);
    let ladder = bench.climbed(&told(&settings));
    assert_eq!(step(&ladder, TechniqueId::OutputCapping).standalone, NanoUsd::ZERO);
    assert_eq!(code(&ladder, TechniqueId::OutputCapping), "NOTHING_TO_REWRITE");
}

/// Invariant 19: passages as long as the documents they come from.
#[test]
fn retrieving_all_of_a_document_is_skipped() {
    let settings =
        [("embedding-retrieval.chunks", "100"), ("embedding-retrieval.chunk_tokens", "1000")];
    let bench = Bench::planted("embedding-retrieval/saves");
    let ladder = bench.climbed(&told(&settings));
    assert_eq!(step(&ladder, TechniqueId::EmbeddingRetrieval).standalone, NanoUsd::ZERO);
    assert_eq!(code(&ladder, TechniqueId::EmbeddingRetrieval), "NO_LARGE_DOCUMENTS");
}

/// Invariant 25: a log that already does what would be projected has nothing
/// left to gain. One prompt every minute is read from the cache from the second
/// call on, as a provider would bill it.
#[test]
fn a_log_that_caches_well_gains_nothing_from_caching() {
    let line = |number: i64| {
        let (read, written) = if number == 0 { (0, 2_000) } else { (2_000, 0) };
        json!({
            "timestamp": 1_772_416_800 + 60 * number, "request_id": format!("r{number}"),
            "feature": "desk",
            "request": {
                "model": "north-medium", "max_tokens": 100, "temperature": 1,
                "messages": [{"role": "user", "content": super::logs::words(7, 1_990)}],
            },
            "response": {
                "id": format!("a{number}"), "type": "message", "role": "assistant",
                "model": "north-medium", "content": [{"type": "text", "text": "yes"}],
                "stop_reason": "end_turn",
                "usage": {
                    "input_tokens": 0, "cache_read_input_tokens": read,
                    "cache_creation_input_tokens": written, "output_tokens": 10,
                },
            },
        })
        .to_string()
    };
    let bench = Bench::of(&planted_prices(), &[(0..40).map(line).collect()]);
    // On another model there would be something to choose.
    let mut settings = Settings::default();
    settings.features.pinned.insert("desk".to_owned());
    let ladder = bench.climbed(&settings);
    let found = step(&ladder, TechniqueId::PromptCaching);
    assert_eq!(found.standalone, NanoUsd::ZERO);
    assert!(found.skip.is_some());
    // The replay of the log as it is meets the bill.
    assert!(
        ladder
            .groups
            .iter()
            .all(|group| { group.calibration.is_none_or(|error| error.millionths() == 0) })
    );
}

/// Nothing to climb: every step says so, and nothing costs anything.
#[test]
fn a_log_without_prices_has_no_ladder() {
    let bench = Bench::of(&planted_prices(), &[counted("unheard-of", &[(10, 1), (20, 2)])]);
    let ladder = bench.ladder();
    assert_eq!(ladder.totals.cost(Set::NONE), NanoUsd::ZERO);
    for technique in TechniqueId::ALL {
        assert_eq!(code(&ladder, technique), "NO_SIMULATED_CALLS");
    }
}

/// A bill without cache counts may be one of calls that were cached.
#[test]
fn a_cache_that_may_have_been_asked_for_is_a_warning() {
    let unsaid = counted("north-large", &[(9_000, 10), (9_000, 10)]);
    let said: Vec<String> = unsaid
        .iter()
        .map(|line| line.replacen('{', r#"{"cache_read_input_tokens":0,"#, 1))
        .collect();
    let messages = |lines: &[String]| -> Vec<String> {
        let ladder = Bench::of(&planted_prices(), &[lines.to_vec()]).ladder();
        let of_caches = ladder.warnings.iter().filter(|one| one.code == "CACHE_USE_NOT_LOGGED");
        of_caches.map(|one| one.message.clone()).collect()
    };
    let found = messages(&unsaid);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("2 calls went to models"), "{found:?}");
    assert_eq!(messages(&said), Vec::<String>::new());
}

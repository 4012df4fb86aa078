//! Which tasks a tuned model may take over, on which requests, at what cost.

use serde_json::{Value as Json, json};
use tokopt::techniques::fine_tuning::FineTuning;
use tokopt::techniques::id::TechniqueId;
use tokopt::techniques::parameter::Value;
use tokopt::techniques::technique::{Coin, Conversation, World};
use tokopt::techniques::traffic::CallIndex;
use tokopt::units::Usd;

use crate::rewriting::{Scene, Told};

/// `small` can be trained until July and is sold until the end of the year.
const PRICES: &str = r#"
[[model]]
provider = "acme"
id = "large"
[[model.price]]
input = "10"
output = "40"

[[model]]
provider = "acme"
id = "small"
shutdown = "2026-12-31"
tuning = { training = "0.25", tuned_id = "small-tuned", last_day = "2026-07-01" }
[[model.price]]
input = "0.5"
output = "2"

[[model]]
provider = "acme"
id = "small-tuned"
[[model.price]]
input = "1"
output = "4"
"#;

const SYSTEM: &str = "Sort the message into one of two classes and answer with the class alone. \
    Answer red for anything about colours and blue for everything else, never both.";

/// The `at`-th of the calls of a task on a day: 1,000 tokens in, 10 out.
fn call(at: u32, day: &str) -> Json {
    let answer = if at.is_multiple_of(3) { "red" } else { "blue" };
    json!({
        "timestamp": format!("{day}T08:{at:02}:00Z"), "provider": "acme", "feature": "sort",
        "request": {"model": "large", "messages": [
            {"role": "system", "content": SYSTEM},
            {"role": "user", "content": format!("message number {at}")},
        ]},
        "response": {
            "id": format!("answer-{day}-{at}"), "model": "large",
            "choices": [{
                "index": 0, "finish_reason": "stop",
                "message": {"role": "assistant", "content": answer},
            }],
            "usage": {"prompt_tokens": 1_000, "completion_tokens": 10, "total_tokens": 1_010},
        },
    })
}

/// Twelve calls, the last one exactly three days after the first.
fn task() -> Vec<Json> {
    (0..11).map(|at| call(at, "2026-03-01")).chain([call(0, "2026-03-04")]).collect()
}

fn scene(calls: &[Json]) -> Scene {
    Scene::new(PRICES, &calls.iter().map(Json::to_string).collect::<Vec<_>>())
}

fn verdict(calls: &[Json], told: &Told) -> String {
    let verdicts = scene(calls).verdicts(&FineTuning, told);
    verdicts.into_values().next().expect("a feature")
}

#[test]
fn a_tuned_call_needs_an_eighth_of_the_head() {
    scene(&task()).look(&FineTuning, &Told::default(), |looked| {
        assert_eq!(looked.rewriter.coins(), [(Coin::Tuned, Value::hundredths(80))]);
        let bare = World::of(TechniqueId::FineTuning.set());
        let mut identities = Vec::new();
        for state in looked.rewritten(bare.with(Coin::Tuned)) {
            let logged = looked.logged(state.index);
            let head: u32 = logged.requests[0]
                .prompt
                .iter()
                .filter(|segment| segment.is_head())
                .map(|segment| segment.tokens)
                .sum();
            let [request] = state.requests.as_slice() else { panic!("one request") };
            let total: u32 = request.prompt.iter().map(|segment| segment.tokens).sum();
            assert!(head > 500 && head < 1_000, "most of the prompt is its head");
            assert_eq!(total, 1_000 - head + (13 * head).div_ceil(100));
            assert_eq!((looked.model(request), request.output), ("small-tuned", 10));
            assert_eq!(state.changed_by, TechniqueId::FineTuning.set());
            identities.push(request.prompt[0].identity);
        }
        identities.dedup();
        assert_eq!(identities.len(), 1, "all tuned calls open alike");
        for state in looked.rewritten(bare) {
            assert_eq!(looked.model(&state.requests[0]), "large");
            assert!(state.changed_by.is_empty());
        }
    });
}

#[test]
fn training_is_paid_by_the_month_for_the_days_of_the_log() {
    let cost = |settings: &[(&str, &str)]| {
        scene(&task()).look(&FineTuning, &Told::set(settings), |looked| {
            let [unit] = looked.traffic.units.as_slice() else { panic!("one unit") };
            looked.rewriter.fixed_cost(unit)
        })
    };
    // 5,000 examples x 3 passes x 1,010 tokens x $0.25 a million = $3.7875, over
    // three months $1.2625 a month, and three days are a tenth of a month.
    assert_eq!(Ok(cost(&[])), Usd::from_decimal("0.12625"));
    // Labels at 3 cents are $150 and an evaluation is $30: $60 a month more;
    // hosting is $90: in a tenth of a month $15 more.
    let dearer = [
        ("fine-tuning.label_usd", "0.03"),
        ("fine-tuning.evaluation_usd", "30"),
        ("fine-tuning.hosting_monthly_usd", "90"),
    ];
    assert_eq!(Ok(cost(&dearer)), Usd::from_decimal("15.12625"));
}

#[test]
fn the_payback_is_told_in_numbers() {
    scene(&task()).look(&FineTuning, &Told::default(), |looked| {
        let warnings = looked.rewriter.warnings();
        let codes: Vec<&str> = warnings.iter().map(|warning| warning.code).collect();
        assert_eq!(codes, ["TUNING_PAYBACK", "NEEDS_EVALUATION"]);
        let head: u64 = looked.logged(CallIndex(0)).requests[0]
            .prompt
            .iter()
            .filter(|segment| segment.is_head())
            .map(|segment| u64::from(segment.tokens))
            .sum();
        // In micro-dollars: a logged call is 10,000 + 400; a tuned one its shorter
        // prompt + 40; four calls in five are tuned; a month costs 1,262,500.
        let tuned = 1_000 - head + (13 * head).div_ceil(100) + 40;
        let least = (1_262_500_u64 * 10).div_ceil((10_400 - tuned) * 8);
        assert_eq!(looked.rewriter.break_even_calls(), Some(least));
        let message = &warnings[0].message;
        // 12 calls in three days are 120 a month.
        let parts = ["until 2026-07-01", "until 2026-12-31", "$3.79", "$1.26", "120 calls a month"];
        for part in parts {
            assert!(message.contains(part), "{part} in: {message}");
        }
        assert!(message.contains(&format!("from {least} calls")), "{message}");
    });
}

#[test]
fn tasks_must_be_narrow_and_known() {
    let told = Told::default();
    assert_eq!(verdict(&task(), &told), "ok");
    assert_eq!(verdict(&task()[..9], &told), "LOW_VOLUME");
    let edited = |change: fn(usize, &mut Json)| {
        let mut calls = task();
        calls.iter_mut().enumerate().for_each(|(at, call)| change(at, call));
        verdict(&calls, &told)
    };
    let most = Told::set(&[("fine-tuning.distinct_answers", "1")]);
    assert_eq!(verdict(&task(), &most), "NOT_NARROW", "two answers");
    let long = edited(|_, call| call["response"]["usage"]["completion_tokens"] = 301.into());
    assert_eq!(long, "NOT_NARROW");
    // Three heads of one's own leave 9 of 12 equal, below 80 %.
    let heads = edited(|at, call| {
        if at < 3 {
            call["request"]["messages"][0]["content"] = format!("{SYSTEM} {at}").into();
        }
    });
    assert_eq!(heads, "NOT_NARROW");
    let pinned = || {
        let mut told = Told::default();
        told.features.pinned.insert("sort".to_owned());
        told
    };
    assert_eq!(verdict(&task(), &pinned()), "NOT_CANDIDATE");
    let counts: Vec<Json> = (0..12)
        .map(|at| {
            json!({
                "timestamp": format!("2026-03-01T08:{at:02}:00Z"), "request_id": at.to_string(),
                "provider": "acme", "model": "large", "feature": "sort",
                "input_tokens": 1_000, "output_tokens": 10,
            })
        })
        .collect();
    assert_eq!(verdict(&counts, &told), "NEEDS_TEXT");
}

#[test]
fn a_model_that_leaves_is_not_trained() {
    let on = |day: &str| {
        let calls: Vec<Json> = (0..12).map(|at| call(at, day)).collect();
        verdict(&calls, &Told::default())
    };
    assert_eq!(on("2026-07-01"), "ok");
    assert_eq!(on("2026-07-02"), "NOT_TUNABLE_OR_RETIRING", "no more jobs");
    // Ninety days before its last day a training could just be written off.
    let early = PRICES.replace("2026-12-31", "2026-05-31");
    let on = |day: &str| {
        let calls: Vec<String> = (0..12).map(|at| call(at, day).to_string()).collect();
        let verdicts = Scene::new(&early, &calls).verdicts(&FineTuning, &Told::default());
        verdicts.into_values().next().expect("a feature")
    };
    // 1 March + 90 days is 30 May, a day before the end; 2 March + 90 is the end.
    assert_eq!(
        (on("2026-03-01").as_str(), on("2026-03-02").as_str()),
        ("ok", "NOT_TUNABLE_OR_RETIRING")
    );
}

#[test]
fn a_router_is_not_paid_for_calls_that_a_tuned_model_decides() {
    let fee = Usd::from_dollars(1);
    let left = |settings: &[(&str, &str)], coins: &[Coin]| {
        scene(&task()).look(&FineTuning, &Told::set(settings), |looked| {
            let mut state = looked.logged(CallIndex(0));
            state.fees = fee + fee;
            let mut conversation = Conversation { choice_fee: fee, ..Conversation::default() };
            let used = TechniqueId::FineTuning.set().with(TechniqueId::ModelRouting);
            let world = coins.iter().fold(World::of(used), |world, coin| world.with(*coin));
            looked.rewriter.rewrite(world, &mut state, &mut conversation);
            state.fees
        })
    };
    // All that half of the traffic's ease allows to route is easy enough to tune.
    assert_eq!(left(&[], &[]), fee);
    assert_eq!(left(&[], &[Coin::Tuned]), fee);
    // With a tuned model for less than is routed, the router decides the rest.
    let small = [("fine-tuning.share", "0.4")];
    assert_eq!(left(&small, &[Coin::Routed]), fee + fee);
    assert_eq!(left(&small, &[Coin::Routed, Coin::Tuned]), fee);
}

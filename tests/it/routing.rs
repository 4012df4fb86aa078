//! Which calls a cheaper model may serve, on which requests, at what fees.

use serde_json::{Value as Json, json};
use tokopt::record::component::Component;
use tokopt::techniques::id::TechniqueId;
use tokopt::techniques::model_routing::ModelRouting;
use tokopt::techniques::parameter::Value;
use tokopt::techniques::quality::Quality;
use tokopt::techniques::technique::{CallState, Coin, Levers, World};
use tokopt::techniques::traffic::GroupIndex;
use tokopt::units::{Evidence, Tokens, Usd};

use crate::reference;
use crate::rewriting::{Looked, Scene, Told};

/// `grand-2` follows `grand-1` at half the price; `leaving` is the cheapest.
const PRICES: &str = r#"
[[model]]
provider = "acme"
id = "grand-1"
tier = "standard"
[[model.price]]
input = "4"
output = "16"

[[model]]
provider = "acme"
id = "grand-2"
tier = "standard"
[[model.price]]
input = "2"
output = "8"

[[model]]
provider = "acme"
id = "little"
tier = "economy"
tokenizer = "claude-v4.7"
context_window = 10_000
[[model.price]]
input = "0.5"
output = "2"

[[model]]
provider = "acme"
id = "leaving"
tier = "economy"
shutdown = "2026-05-30"
[[model.price]]
input = "0.1"
output = "0.4"
"#;

const LEVERS: [(&str, u8); 4] = [("refresh", 1), ("router", 2), ("cascade", 4), ("measured", 8)];

/// The technique with some of its levers on.
fn only(names: &[&str], settings: &[(&str, &str)]) -> Told {
    let bits = LEVERS.iter().filter(|(name, _)| names.contains(name)).map(|(_, bit)| bit);
    Told { levers: Levers(bits.sum()), ..Told::set(settings) }
}

/// The `at`-th call of a feature, a second after the one before: 1,000 tokens
/// in, 20 out.
fn call(feature: &str, at: u32) -> Json {
    json!({
        "timestamp": format!("2026-03-01T08:{:02}:{:02}Z", at / 60, at % 60),
        "request_id": format!("{feature}-{at}"),
        "provider": "acme", "model": "grand-1", "feature": feature,
        "input_tokens": 1_000, "output_tokens": 20,
    })
}

fn calls(count: u32) -> Vec<Json> {
    (0..count).map(|at| call("chat", at)).collect()
}

fn scene(calls: &[Json]) -> Scene {
    Scene::new(PRICES, &calls.iter().map(Json::to_string).collect::<Vec<_>>())
}

fn verdict(calls: &[Json], told: &Told) -> String {
    let verdicts = scene(calls).verdicts(&ModelRouting, told);
    verdicts.into_values().next().expect("a feature")
}

/// Calls with a field set.
fn with(mut calls: Vec<Json>, field: &str, value: impl Into<Json>) -> Vec<Json> {
    let value = value.into();
    for call in &mut calls {
        call[field] = value.clone();
    }
    calls
}

const ROUTING: World = World::of(TechniqueId::ModelRouting.set());

fn total(state: &CallState, request: usize) -> u64 {
    state.requests[request].prompt.iter().map(|segment| u64::from(segment.tokens)).sum()
}

/// The part of a logged prompt that a router reads.
fn read_by_router(looked: &Looked<'_>, state: &CallState) -> u64 {
    let logged = looked.logged(state.index);
    let of = |component| {
        let segments = logged.requests[0].prompt.iter();
        let segments = segments.filter(move |segment| segment.component == component);
        segments.map(|segment| u64::from(segment.tokens)).sum::<u64>()
    };
    of(Component::UserInput).max(of(Component::Unattributed))
}

#[test]
fn a_routed_call_has_the_targets_tokens_and_every_candidate_pays_the_router() {
    scene(&calls(3)).look(&ModelRouting, &only(&["router"], &[]), |looked| {
        assert_eq!(looked.rewriter.coins(), [(Coin::Routed, Value::hundredths(50))]);
        for (world, model, input, output) in [
            // Another tokenizer makes 1.5 tokens of one.
            (ROUTING.with(Coin::Routed), "little", 1_500, 30),
            (ROUTING, "grand-1", 1_000, 20),
        ] {
            for state in looked.rewritten(world) {
                assert_eq!(looked.model(&state.requests[0]), model);
                assert_eq!((total(&state, 0), state.requests[0].output), (input, output));
                let text = read_by_router(looked, &state);
                assert!(text > 0, "the log shows what the user wrote");
                // Half a micro-dollar a token read, two a token written.
                let fee = (69 + (text * 3).div_ceil(2)) * 5 + 5 * 20;
                let fee = Usd::from_femto(i128::from(fee) * 100_000_000);
                assert_eq!(state.fees, fee);
                assert_eq!(state.changed_by.has(TechniqueId::ModelRouting), model == "little");
            }
        }
    });
}

#[test]
fn a_router_reads_the_logged_text_itself() {
    let line = json!({
        "timestamp": "2026-03-01T08:00:00Z", "provider": "acme", "feature": "chat",
        "request": {"model": "grand-1", "messages": [
            {"role": "system", "content": "Answer with one word."},
            {"role": "user", "content": "hello world"},
        ]},
        "response": {
            "id": "one", "model": "grand-1",
            "choices": [{
                "index": 0, "finish_reason": "stop",
                "message": {"role": "assistant", "content": "Hello"},
            }],
            "usage": {"prompt_tokens": 20, "completion_tokens": 1, "total_tokens": 21},
        },
    });
    scene(&[line]).look(&ModelRouting, &only(&["router"], &[]), |looked| {
        let states = looked.rewritten(ROUTING);
        // "hello" and " world" are a token each in the local vocabulary, three for
        // the target: 72 read at half a micro-dollar, 5 written at two.
        assert_eq!(Ok(states[0].fees), Usd::from_decimal("0.000046"));
    });
}

#[test]
fn a_conversation_pays_the_router_once() {
    let calls = with(calls(3), "session_id", "one");
    scene(&calls).look(&ModelRouting, &only(&["router"], &[]), |looked| {
        let states = looked.rewritten(ROUTING.with(Coin::Routed));
        let paid: Vec<bool> = states.iter().map(|state| state.fees > Usd::ZERO).collect();
        assert_eq!(paid, [true, false, false]);
        assert!(states.iter().all(|state| looked.model(&state.requests[0]) == "little"));
    });
}

#[test]
fn a_refresh_moves_every_call_and_what_is_not_routed() {
    let models = |told: &Told, world| {
        scene(&calls(2)).look(&ModelRouting, told, |looked| {
            let states = looked.rewritten(world);
            states
                .iter()
                .map(|state| looked.model(&state.requests[0]).to_owned())
                .collect::<Vec<_>>()
        })
    };
    assert_eq!(models(&only(&["refresh"], &[]), ROUTING), ["grand-2", "grand-2"]);
    assert_eq!(models(&Told::default(), ROUTING), ["grand-2", "grand-2"]);
    assert_eq!(models(&Told::default(), ROUTING.with(Coin::Routed)), ["little", "little"]);
    let off = Told::set(&[("model-routing.refresh", "0")]);
    assert_eq!(models(&off, ROUTING), ["grand-1", "grand-1"]);
}

#[test]
fn features_that_do_not_look_easy_stay() {
    let router = || only(&["router"], &[]);
    let easy = |field: &str, value: Json| verdict(&with(calls(3), field, value), &router());
    assert_eq!(verdict(&calls(3), &router()), "ok");
    assert_eq!(easy("output_tokens", 200.into()), "ok");
    assert_eq!(easy("output_tokens", 201.into()), "NOT_CANDIDATE");
    assert_eq!(easy("finish_reason", "length".into()), "NOT_CANDIDATE");
    assert_eq!(easy("finish_reason", "tool_calls".into()), "NOT_CANDIDATE");
    assert_eq!(easy("reasoning_tokens", 5.into()), "NOT_CANDIDATE");
    // The window is 10,000 of the target's tokens: 6,646 + 20 are 9,999.
    assert_eq!(easy("input_tokens", 6_646.into()), "ok");
    assert_eq!(easy("input_tokens", 6_648.into()), "CONTEXT_LIMIT");
    assert_eq!(easy("model", "little".into()), "NO_CHEAPER_TIER");
    // One failure in 20 calls is 5 %, in 19 more.
    let failing = |count| {
        let mut calls = calls(count);
        calls[0]["status"] = "error".into();
        verdict(&calls, &router())
    };
    assert_eq!((failing(20).as_str(), failing(19).as_str()), ("ok", "NOT_CANDIDATE"));
    let mut pinned = router();
    pinned.features.pinned.insert("chat".to_owned());
    assert_eq!(verdict(&calls(3), &pinned), "NOT_CANDIDATE");
    assert_eq!(verdict(&calls(3), &only(&[], &[])), "NOT_CANDIDATE");
    assert_eq!(verdict(&calls(3), &only(&["measured"], &[])), "NOT_CANDIDATE");
}

#[test]
fn a_cascade_pays_the_judge_and_rejected_answers_twice() {
    let told = only(&["cascade"], &[("model-routing.cascade", "1")]);
    scene(&calls(2)).look(&ModelRouting, &told, |looked| {
        assert_eq!(looked.rewriter.coins(), [(Coin::CascadeEscalated, Value::hundredths(25))]);
        let models = |state: &CallState| {
            state.requests.iter().map(|it| looked.model(it).to_owned()).collect::<Vec<_>>()
        };
        for state in looked.rewritten(ROUTING) {
            assert_eq!(models(&state), ["little"]);
            // The judge reads the question and the 30 tokens of the answer.
            let text = read_by_router(looked, &state);
            let fee = ((text * 3).div_ceil(2) + 30) * 5 + 5 * 20;
            assert_eq!(state.fees, Usd::from_femto(i128::from(fee) * 100_000_000));
        }
        for state in looked.rewritten(ROUTING.with(Coin::CascadeEscalated)) {
            assert_eq!(models(&state), ["little", "grand-1"]);
            assert_eq!((total(&state, 0), total(&state, 1)), (1_500, 1_000));
        }
    });
}

#[test]
fn a_feature_with_scores_moves_whole_or_not_at_all() {
    let scored = |scores: &[(&str, i64)]| {
        let mut quality = Quality::default();
        for (model, score) in scores {
            quality.add_feature("chat", model, *score);
        }
        Told { quality: Some(quality), ..Told::default() }
    };
    let good = scored(&[("grand-1", 800_000), ("little", 800_000)]);
    scene(&calls(2)).look(&ModelRouting, &good, |looked| {
        assert!(looked.rewriter.coins().is_empty(), "nothing is left to chance");
        assert_eq!(looked.rewriter.evidence(GroupIndex(0)), Evidence::Inferred);
        for state in looked.rewritten(ROUTING) {
            assert_eq!((looked.model(&state.requests[0]), state.fees), ("little", Usd::ZERO));
        }
    });
    let worse = scored(&[("grand-1", 800_000), ("little", 799_999)]);
    assert_eq!(verdict(&calls(2), &worse), "NOT_CANDIDATE");
    assert_eq!(verdict(&calls(2), &scored(&[("little", 900_000)])), "NOT_CANDIDATE");
}

#[test]
fn calls_without_a_score_stay_as_logged() {
    let mut quality = Quality::default();
    quality.add_call("chat-0", "little", 1_000_000);
    quality.add_call("chat-1", "little", 499_999);
    let told = Told { quality: Some(quality), ..Told::default() };
    scene(&calls(3)).look(&ModelRouting, &told, |looked| {
        let states = looked.rewritten(ROUTING);
        let models =
            |at: usize| states[at].requests.iter().map(|it| looked.model(it)).collect::<Vec<_>>();
        assert_eq!((models(0), models(1)), (vec!["little"], vec!["little", "grand-1"]));
        assert_eq!((models(2), states[2].fees), (vec!["grand-1"], Usd::ZERO));
    });
}

/// The cheap model costs a twentieth of the strong one.
const GSM8K: &str = r#"
[[model]]
provider = "openai"
id = "gpt-4-1106-preview"
tier = "premium"
[[model.price]]
input = "10"
output = "30"

[[model]]
provider = "openai"
id = "mistralai/Mixtral-8x7B-Instruct-v0.1"
tier = "economy"
[[model.price]]
input = "0.5"
output = "1.5"
"#;

/// About a token for every four characters: any count does, as long as log and
/// expectation share it.
fn tokens(text: &str) -> u64 {
    (text.chars().count() as u64).div_ceil(4)
}

#[test]
fn a_measured_cascade_costs_the_cheap_calls_and_the_strong_ones_behind_wrong_answers() {
    const CHEAP: &str = "mistralai/Mixtral-8x7B-Instruct-v0.1";
    const STRONG: &str = "gpt-4-1106-preview";
    let Some(path) = reference::path("traces/routellm-gsm8k/gsm8k_responses.csv.gz") else {
        return;
    };
    let file = std::fs::File::open(path).expect("a readable trace");
    let mut rows = csv::Reader::from_reader(flate2::read::MultiGzDecoder::new(file));
    let (mut lines, mut quality) = (Vec::new(), Quality::default());
    let (mut cheap_femto, mut strong_femto) = (0_i128, 0_i128);
    let (mut escalated, mut one_right) = (0_u32, 0_u32);
    for (at, row) in rows.records().enumerate() {
        let row = row.expect("a row");
        let (input, output) = (tokens(&row[0]), tokens(&row[4]));
        let id = format!("question-{at}");
        let (cheap_right, strong_right) = (&row[1] == "True", &row[2] == "True");
        let score = |right| if right { 1_000_000 } else { 0 };
        quality.add_call(&id, CHEAP, score(cheap_right));
        quality.add_call(&id, STRONG, score(strong_right));
        // Dollars a million tokens are 1e9 femto-dollars a token.
        let (input_cost, output_cost) = (i128::from(input), i128::from(output));
        cheap_femto += (input_cost * 5 + output_cost * 15) * 100_000_000;
        if !cheap_right {
            escalated += 1;
            strong_femto += (input_cost * 10 + output_cost * 30) * 1_000_000_000;
        }
        one_right += u32::from(cheap_right || strong_right);
        lines.push(
            json!({
                "timestamp": format!("2026-03-01T{:02}:{:02}:{:02}Z", at / 3_600, at / 60 % 60, at % 60),
                "request_id": id, "provider": "openai", "model": STRONG, "feature": "school",
                "input_tokens": input, "output_tokens": output,
            })
            .to_string(),
        );
    }
    // Published with the data: 1,319 questions, 477 wrong answers of the cheap
    // model (0.3616), and one of the two models right on 0.9287 of them.
    assert_eq!((lines.len(), escalated, one_right), (1_319, 477, 1_225));

    let settings = Told::set(&[("model-routing.judge", "0")]);
    let told = Told { quality: Some(quality), ..settings };
    Scene::new(GSM8K, &lines).look(&ModelRouting, &told, |looked| {
        let states = looked.rewritten(ROUTING);
        let cost = |state: &CallState| {
            let requests = state.requests.iter().zip(0..);
            let cost = requests.map(|(request, at)| {
                let (input, output) = (Tokens::new(total(state, at)), Tokens::new(request.output));
                looked.traffic.models.cost(request.model, None, input, output)
            });
            cost.sum::<Usd>() + state.fees
        };
        let twice = states.iter().filter(|state| state.requests.len() == 2).count();
        assert_eq!(twice, 477);
        let paid: Usd = states.iter().map(cost).sum();
        assert_eq!(paid.femto(), cheap_femto + strong_femto);
        let warnings = looked.rewriter.warnings();
        let measured = warnings.iter().find(|warning| warning.code == "MEASURED_QUALITY");
        let message = &measured.expect("a word on what was measured").message;
        for figure in ["36.16 %", "92.87 %", "63.84 %", "85.67 %"] {
            assert!(message.contains(figure), "{figure} in: {message}");
        }
    });
}

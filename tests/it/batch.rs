//! Which calls may wait for a batch, and what becomes of them.

use serde_json::{Value as Json, json};
use tokopt::record::lane::Tier;
use tokopt::techniques::batch_api::BatchApi;
use tokopt::techniques::id::TechniqueId;
use tokopt::techniques::parameter::Value;
use tokopt::techniques::technique::{Levers, World};

use crate::rewriting::{Scene, Told};

const PRICES: &str = r#"
[[model]]
provider = "acme"
id = "chat"
[[model.price]]
input = "1"
output = "4"
batch = { factor = "0.5" }

[[model]]
provider = "acme"
id = "live-only"
[[model.price]]
input = "1"
output = "4"
"#;

/// A call of a feature so many seconds after midnight of a day in March.
fn call(feature: &str, day: u32, seconds: u32) -> Json {
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    json!({
        "timestamp": format!("2026-03-{day:02}T{hour:02}:{minute:02}:{second:02}Z"),
        "request_id": format!("{feature}-{day}-{seconds}"),
        "provider": "acme", "model": "chat", "feature": feature,
        "input_tokens": 100, "output_tokens": 10,
    })
}

/// The call with a field set.
fn with(mut call: Json, field: &str, value: impl Into<Json>) -> Json {
    call[field] = value.into();
    call
}

fn scene(calls: impl IntoIterator<Item = Json>) -> Scene {
    let lines: Vec<String> = calls.into_iter().map(|call| call.to_string()).collect();
    Scene::new(PRICES, &lines)
}

/// The verdict on the only feature of some calls.
fn verdict(calls: impl IntoIterator<Item = Json>, told: &Told) -> String {
    let verdicts = scene(calls).verdicts(&BatchApi, told);
    assert_eq!(verdicts.len(), 1);
    verdicts.into_values().next().expect("a feature")
}

const HOUR: u32 = 3_600;

/// Two calls a night at 01:50 and 02:10, two half hours, for some nights.
fn nightly(nights: u32) -> Vec<Json> {
    let times = [HOUR * 11 / 6, HOUR * 13 / 6];
    (1..=nights).flat_map(|day| times.map(|time| call("report", day, time))).collect()
}

#[test]
fn calls_at_one_time_of_the_day_go_to_the_batch_lane() {
    scene(nightly(3)).look(&BatchApi, &Told::default(), |looked| {
        let states = looked.rewritten(World::of(TechniqueId::BatchApi.set()));
        assert_eq!(states.len(), 6);
        for state in states {
            let [request] = state.requests.as_slice() else { panic!("one request") };
            // Nothing but the lane changes: what expires is not billed.
            assert_eq!((request.lane, request.output), (Tier::Batch, 10));
            assert_eq!(request.repeats, Value::ZERO);
            assert_eq!(state.changed_by, TechniqueId::BatchApi.set());
        }
    });
}

#[test]
fn a_time_of_the_day_needs_three_days_and_four_calls_in_five() {
    assert_eq!(verdict(nightly(2), &Told::default()), "NOT_ASYNC");
    // 8 of 10 calls are at the time, then 8 of 11.
    let scattered = |more: u32| (0..more).map(|at| call("report", 9, (8 + 3 * at) * HOUR));
    let nights = || nightly(4).into_iter();
    assert_eq!(verdict(nights().chain(scattered(2)), &Told::default()), "ok");
    assert_eq!(verdict(nights().chain(scattered(3)), &Told::default()), "NOT_ASYNC");
    // 23:45 and 00:15 are adjacent half hours.
    let midnight = (1..=3).flat_map(|day| [call("a", day, 900), call("a", day, 24 * HOUR - 900)]);
    assert_eq!(verdict(midnight, &Told::default()), "ok");
}

#[test]
fn bursts_without_a_user_are_a_machines() {
    let burst = |calls: u32| (0..calls).map(|at| call("embed", 2, 9 * HOUR + at));
    assert_eq!(verdict(burst(50), &Told::default()), "ok");
    assert_eq!(verdict(burst(49), &Told::default()), "NOT_ASYNC");
    let people = |calls| burst(calls).map(|call| with(call, "user", "someone"));
    assert_eq!(verdict(people(50), &Told::default()), "NOT_ASYNC");
    // 60 calls in a burst and 10 of a user elsewhere: six in seven.
    let user = (0..10).map(|at| with(call("embed", 3, at * HOUR), "user", "someone"));
    assert_eq!(verdict(burst(60).chain(user), &Told::default()), "ok");
    // A minute and a second apart, the first and the fiftieth are no burst.
    let slow = (0..50).map(|at| call("embed", 2, 9 * HOUR + at + u32::from(at == 49) * 12));
    assert_eq!(verdict(slow, &Told::default()), "NOT_ASYNC");
}

#[test]
fn where_somebody_waits_nothing_is_batched_unless_the_settings_say_so() {
    let streamed = || nightly(3).into_iter().map(|call| with(call, "stream", true));
    let talking = || nightly(3).into_iter().map(|call| with(call, "session_id", "one"));
    assert_eq!(verdict(streamed(), &Told::default()), "NOT_ASYNC");
    assert_eq!(verdict(talking(), &Told::default()), "MULTI_TURN");
    let tagged = |waits: bool| {
        let mut told = Told::default();
        told.features.asynchronous.insert("report".to_owned(), !waits);
        told
    };
    assert_eq!(verdict(streamed(), &tagged(false)), "ok");
    assert_eq!(verdict(talking(), &tagged(false)), "ok");
    assert_eq!(verdict(nightly(3), &tagged(true)), "NOT_ASYNC");

    // Arrivals alone are no word of anybody's.
    let codes = |told: &Told| {
        scene(nightly(3)).look(&BatchApi, told, |looked| {
            looked.rewriter.warnings().iter().map(|warning| warning.code).collect::<Vec<_>>()
        })
    };
    assert_eq!(codes(&Told::default()), ["BATCH_WINDOW", "ARRIVALS_ONLY"]);
    assert_eq!(codes(&tagged(false)), ["BATCH_WINDOW"]);
}

#[test]
fn a_lane_must_be_for_sale_and_not_in_use() {
    let on = |model: &'static str| nightly(3).into_iter().map(move |c| with(c, "model", model));
    assert_eq!(verdict(on("live-only"), &Told::default()), "NO_BATCH_LANE");
    let batched = nightly(3).into_iter().map(|call| with(call, "service_tier", "batch"));
    assert_eq!(verdict(batched, &Told::default()), "ALREADY_ON");
    let off = Told { levers: Levers(0), ..Told::default() };
    assert_eq!(verdict(nightly(3), &off), "NOT_CANDIDATE");
}

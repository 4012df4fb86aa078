//! Repeated requests: which are answered from a store, and by which answer.

use serde_json::json;
use tokopt::techniques::id::TechniqueId;
use tokopt::techniques::parameter::Value;
use tokopt::techniques::semantic_dedup::{Numbers, Outcome, Repeats, curve, near_repeats};
use tokopt::techniques::technique::{Coin, Levers, Reason, Rewriter, View, World};
use tokopt::techniques::traffic::CallIndex;
use tokopt::units::{Evidence, Usd};

use crate::reference;
use crate::rewriting::{Told, rewritten};
use crate::small_logs::{Chat, lines, message};

const EXACT: u8 = 1;
const EXACT_UNSTATED: u8 = 2;

const QUESTION: &str = "How do I move my parcel to another pick-up point?";

/// A question to the same system prompt, at temperature 0.
fn ask(second: i64, question: &str) -> Chat {
    let system = message("system", "You answer questions about parcels in one sentence.");
    let mut chat = Chat::new(second, vec![system, message("user", question)], "In the app.");
    chat.parameters.push(("temperature", json!(0)));
    chat
}

/// The same question at each of these seconds.
fn asked_at(seconds: &[i64]) -> Vec<Chat> {
    seconds.iter().map(|second| ask(*second, QUESTION)).collect()
}

fn outcomes(told: &Told, chats: &[Chat]) -> Vec<Outcome> {
    told.over(&lines(chats), |view| {
        let repeats = Repeats::of(view);
        view.traffic.indexed().map(|(index, _)| repeats.outcome(index, true)).collect()
    })
}

fn verdict(told: &Told, chats: &[Chat]) -> Result<(), Reason> {
    told.over(&lines(chats), |view| Repeats::of(view).verdict(view.traffic.calls[0].group))
}

const ASKED: Outcome = Outcome::Asked;

const fn by(source: u32) -> Outcome {
    Outcome::Exact(CallIndex(source))
}

#[test]
fn an_answer_serves_from_when_it_is_there_until_it_is_too_old() {
    let told = Told::set(&[("semantic-dedup.lifetime_seconds", "15")]);
    // Age counts from the call that was really answered: at 20 s the answer
    // of second 0 is too old, though it served at 10 s. Exactly 15 s is not.
    let found = outcomes(&told, &asked_at(&[0, 10, 20, 30, 35]));
    assert_eq!(found, [ASKED, by(0), ASKED, by(2), by(2)]);
    // Without a logged delay an answer takes a second; at one instant there
    // is none yet.
    let found = outcomes(&told, &asked_at(&[0, 0, 1]));
    assert_eq!(found, [ASKED, ASKED, by(0)]);
    let mut slow = asked_at(&[0, 3, 6]);
    for chat in &mut slow {
        chat.more.push(("latency_ms", json!(5_000)));
    }
    // At 6 s the first answer is there, the second (from 3 s) is not.
    assert_eq!(outcomes(&told, &slow), [ASKED, ASKED, by(0)]);
    let endless = Told::set(&[("semantic-dedup.lifetime_seconds", "inf")]);
    assert_eq!(outcomes(&endless, &asked_at(&[0, 900_000])), [ASKED, by(0)]);
}

#[test]
fn only_whole_answers_serve() {
    for finish in ["length", "content_filter"] {
        let mut chats = asked_at(&[0, 10, 20]);
        chats[0].finish = finish;
        assert_eq!(outcomes(&Told::default(), &chats), [ASKED, ASKED, by(1)], "{finish}");
    }
    let mut chats = asked_at(&[0, 10, 20]);
    chats[0].more.push(("status", json!("error")));
    assert_eq!(outcomes(&Told::default(), &chats), [ASKED, ASKED, by(1)]);
}

#[test]
fn equal_requests_are_equal_in_everything_but_the_user() {
    let differs = |change: fn(&mut Chat)| {
        let mut chats = asked_at(&[0, 10]);
        change(&mut chats[1]);
        outcomes(&Told::default(), &chats)[1] != by(0)
    };
    assert!(!differs(|_| ()));
    assert!(!differs(|chat| chat.parameters.push(("user", json!("u-2")))));
    assert!(!differs(|chat| chat.parameters.push(("stream", json!(false)))));
    assert!(differs(|chat| chat.parameters.push(("max_tokens", json!(50)))));
    assert!(differs(|chat| chat.more.push(("workspace", json!("north")))));
    assert!(differs(|chat| chat.messages[0] = message("system", "Answer in two words.")));
}

#[test]
fn temperature_decides_whether_an_answer_may_be_repeated() {
    let with_temperature = |temperature: Option<f64>| {
        let mut chats = asked_at(&[0, 10]);
        for chat in &mut chats {
            chat.parameters.clear();
            chat.parameters.extend(temperature.map(|value| ("temperature", json!(value))));
        }
        chats
    };
    let levers = |levers| Told { levers: Levers(levers), ..Told::default() };
    let evidence = |told: &Told, chats: &[Chat]| {
        told.over(&lines(chats), |view| Repeats::of(view).evidence(view.traffic.calls[0].group))
    };
    let (stated, unstated) = (with_temperature(Some(0.0)), with_temperature(None));
    assert_eq!(outcomes(&levers(EXACT), &stated), [ASKED, by(0)]);
    assert_eq!(evidence(&levers(EXACT), &stated), Evidence::Measured);
    assert_eq!(outcomes(&levers(EXACT), &unstated), [ASKED, ASKED]);
    assert_eq!(outcomes(&levers(EXACT_UNSTATED), &unstated), [ASKED, by(0)]);
    assert_eq!(evidence(&levers(EXACT_UNSTATED), &unstated), Evidence::Inferred);

    let warm = with_temperature(Some(0.7));
    assert_eq!(verdict(&Told::default(), &warm).unwrap_err().code, "NOT_DETERMINISTIC");
    let mut declared = Told::default();
    declared.features.cacheable.insert("desk".to_owned());
    assert_eq!(outcomes(&declared, &warm), [ASKED, by(0)]);
}

#[test]
fn answers_of_a_personal_feature_serve_their_own_user() {
    let mut told = Told::default();
    let mut chats = asked_at(&[0, 10, 20]);
    for (chat, user) in chats.iter_mut().zip(["ana", "ben", "ana"]) {
        chat.more.push(("user_id", json!(user)));
    }
    told.over(&lines(&chats), |view| {
        let [warning] = Repeats::of(view).warnings().try_into().unwrap();
        // Ben gets Ana's answer.
        assert!(warning.code == "SHARED_BETWEEN_USERS" && warning.message.starts_with("1 call"));
    });
    told.features.personal.insert("desk".to_owned());
    assert_eq!(outcomes(&told, &chats), [ASKED, ASKED, by(0)]);
    let reason = verdict(&told, &asked_at(&[0, 10])).unwrap_err();
    assert!(reason.code == "NEEDS_USER" && reason.unknown);
}

#[test]
fn what_cannot_be_judged_says_what_would_settle_it() {
    let counts = "{\"timestamp\":1780300000,\"model\":\"gpt-4.1\",\"input_tokens\":9,\
                  \"output_tokens\":9}\n";
    let reason =
        Told::default().over(counts, |view| Repeats::of(view).verdict(view.traffic.calls[0].group));
    let reason = reason.unwrap_err();
    assert!(reason.code == "NEEDS_TEXT" && reason.unknown);
    let reason = verdict(&Told::default(), &asked_at(&[0])).unwrap_err();
    assert!(reason.code == "NO_FURTHER_SAVING" && !reason.unknown);
    let off = Told { levers: Levers(0), ..Told::default() };
    assert_eq!(verdict(&off, &asked_at(&[0, 10])).unwrap_err().code, "SWITCHED_OFF");
}

/// Ten words, then the same with one word changed: 9 shared of 11.
const TEN: &str = "please tell me when the blue parcel from Lisbon arrives";
const ONE_OTHER: &str = "please tell me when the green parcel from Lisbon arrives";

#[test]
fn similar_texts_are_served_in_the_world_where_they_may_be() {
    let mut told = Told::set(&[("semantic-dedup.threshold", "0.81")]);
    let chats = [ask(0, TEN), ask(10, ONE_OTHER), ask(20, ONE_OTHER)];
    told.over(&lines(&chats), |view| {
        let repeats = Repeats::of(view);
        assert_eq!(repeats.coins(), [(Coin::NearRepeat, Value::hundredths(95))]);
        assert_eq!(repeats.evidence(view.traffic.calls[0].group), Evidence::Assumed);
        let used = World::of(TechniqueId::SemanticDedup.set());
        let run = |world| {
            let states = rewritten(view.traffic, &repeats, TechniqueId::SemanticDedup, world);
            states.into_iter().map(|state| (state.requests.len(), state.fees)).collect::<Vec<_>>()
        };
        // $0.02 per million tokens, by the tokens of each question.
        let fee = |text| {
            let tokens = i128::from(tokopt::measure::tokenizer::count(text));
            Usd::from_femto(tokens * 20_000_000)
        };
        // A hit serves nobody: the third call is found near the first, too.
        let near = [(1, fee(TEN)), (0, fee(ONE_OTHER)), (0, fee(ONE_OTHER))];
        assert_eq!(run(used.with(Coin::NearRepeat)), near);
        // Where it must be asked again, the third repeats the second exactly.
        let refused = [(1, fee(TEN)), (1, fee(ONE_OTHER)), (0, Usd::ZERO)];
        assert_eq!(run(used), refused);
    });
    told = Told::set(&[("semantic-dedup.threshold", "0.82")]);
    assert_eq!(outcomes(&told, &chats), [ASKED, ASKED, by(1)]);
}

#[test]
fn similar_texts_need_equal_numbers_and_an_equal_context() {
    let told = Told::set(&[("semantic-dedup.threshold", "0.6")]);
    let near = |second: Chat| outcomes(&told, &[ask(0, TEN), second])[1] != ASKED;
    assert!(near(ask(10, ONE_OTHER)));
    assert!(!near(ask(10, "please tell me when the 7 parcels from Lisbon arrive")));
    let mut other = ask(10, ONE_OTHER);
    other.messages[0] = message("system", "You answer questions about letters in one sentence.");
    assert!(!near(other));
    let mut other = ask(10, ONE_OTHER);
    other.messages.insert(1, message("user", "Hello"));
    other.messages.insert(2, message("assistant", "Good morning."));
    assert!(!near(other), "another history");
    let tool = json!([{"type": "function", "function": {"name": "find", "parameters": {}}}]);
    let mut with_tools = [ask(0, TEN), ask(10, ONE_OTHER)];
    for chat in &mut with_tools {
        chat.parameters.push(("tools", tool.clone()));
    }
    assert_eq!(outcomes(&told, &with_tools), [ASKED, ASKED]);
}

#[test]
fn a_template_with_little_of_its_own_is_no_repeat() {
    let filler = "take this customer message and name its topic from our fixed list of known ones";
    let topics = [
        "delays", "damage", "refunds", "stamps", "vans", "boxes", "labels", "scales", "tape",
        "string",
    ];
    let chats: Vec<Chat> = (0..)
        .zip(topics)
        .map(|(second, topic)| ask(second * 10, &format!("{filler} {topic}")))
        .collect();
    let told = Told::set(&[("semantic-dedup.threshold", "0.6")]);
    // Fourteen of fifteen words stand in every text.
    assert_eq!(outcomes(&told, &chats), [ASKED; 10]);
    // Nine different texts are too few to tell a template.
    assert_eq!(outcomes(&told, &chats[..9])[1], Outcome::Near(CallIndex(0)));
}

/// Questions of the published set with their intents.
fn banking() -> Option<Vec<(String, String)>> {
    let path = reference::path("traces/banking77-test/test.csv")?;
    let mut reader = csv::Reader::from_path(path).unwrap();
    let rows = reader.records().map(|row| {
        let row = row.unwrap();
        (row[0].to_owned(), row[1].to_owned())
    });
    Some(rows.collect())
}

/// The shares were computed by an independent program that compares all pairs.
#[test]
fn similar_questions_of_a_real_set_are_all_found() {
    let Some(rows) = banking() else { return };
    assert_eq!(rows.len(), 3_080);
    let chat = |(second, (question, _)): (i64, &(String, String))| {
        let mut chat = Chat::new(second, vec![message("user", question)], "Let me see.");
        chat.parameters.push(("temperature", json!(0)));
        chat
    };
    let log = lines(&(0..).zip(&rows).map(chat).collect::<Vec<_>>());
    let check = |view: View<'_>| {
        let repeats = Repeats::of(view);
        let exact =
            view.traffic.indexed().filter(|(index, _)| repeats.outcome(*index, false) != ASKED);
        assert_eq!(exact.count(), 0);
        // Hits of 3,080: .1776, .0925, .0364, .0075; of these the same intent
        // .7514, .8211, .9196, .9565.
        let published = [(60, 547, 7_514), (70, 285, 8_211), (80, 112, 9_196), (90, 23, 9_565)];
        for (hundredths, hits, same_intent) in published {
            let threshold = Value::hundredths(hundredths);
            let found = near_repeats(&view, threshold, Numbers::MayDiffer);
            assert_eq!(found.len(), hits);
            let intent = |index: &CallIndex| &rows[index.0 as usize].1;
            let same = found.iter().filter(|(call, source)| intent(call) == intent(source)).count();
            let share = same * 10_000 / found.len();
            assert!(share.abs_diff(same_intent) <= 30, "{share} at {hundredths}");
            let guarded = near_repeats(&view, threshold, Numbers::MustMatch);
            assert!(guarded.len() <= found.len());
            println!("{hundredths}: {} hits, {} with equal numbers", found.len(), guarded.len());
        }
        let points = curve(&view, &[Value::hundredths(60), Value::ONE]);
        assert!(points[0].hits > points[1].hits && points[0].looked_up == 3_080);
        // Four questions repeat an earlier one word for word; others with equal
        // words order them differently.
        let found = near_repeats(&view, Value::ONE, Numbers::MustMatch);
        assert_eq!(found.len() as u64, points[1].hits);
        let folded = |index: &CallIndex| {
            let text = rows[index.0 as usize].0.to_lowercase();
            let words = text.split(|letter: char| !letter.is_alphanumeric());
            words.filter(|word| !word.is_empty()).map(str::to_owned).collect::<Vec<_>>()
        };
        let repeats = found.iter().filter(|(call, source)| folded(call) == folded(source));
        assert_eq!(repeats.count(), 4);
    };
    Told::default().over(&log, check);
}

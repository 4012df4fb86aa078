//! Shorter answers: limits, brevity, lean JSON, and the prompts they return in.

use std::fmt::Write as _;

use serde_json::json;
use tokopt::ingest::{ReadOptions, read};
use tokopt::prices::PriceTable;
use tokopt::record::component::Component;
use tokopt::techniques::id::TechniqueId;
use tokopt::techniques::output_capping::{OutputCapping, Plans};
use tokopt::techniques::technique::{CallState, Levers, Rewriter, Technique as _, View, World};
use tokopt::techniques::traffic::prompt::tokens_of;
use tokopt::techniques::traffic::{CallIndex, Segment};
use tokopt::units::Evidence;

use crate::reference;
use crate::rewriting::{Told, rewritten};
use crate::small_logs::{Chat, lines, message};

const CAP: u8 = 1;
const JSON_MINIFIED: u8 = 2;
const BREVITY: u8 = 4;
const REASONING_BUDGET: u8 = 16;

fn states(view: View<'_>) -> Vec<CallState> {
    let plans = Plans::of(view);
    let world = World::of(TechniqueId::OutputCapping.set());
    rewritten(view.traffic, &plans, TechniqueId::OutputCapping, world)
}

fn outputs(states: &[CallState]) -> Vec<u64> {
    states.iter().map(|state| state.requests[0].output).collect()
}

/// Count-only calls, one a second, with these outputs.
fn counts(outputs: &[u64], more: &str) -> String {
    outputs.iter().enumerate().fold(String::new(), |mut lines, (second, output)| {
        let _ = writeln!(
            lines,
            "{{\"timestamp\":{},\"id\":\"{second}\",\"model\":\"gpt-4.1\",\"feature\":\"desk\",\
             \"input_tokens\":100,\"output_tokens\":{output}{more}}}",
            1_780_300_000 + second
        );
        lines
    })
}

#[test]
fn a_limit_cuts_what_is_above_it_and_nothing_else() {
    let outputs_before: Vec<u64> = (1..=100).map(|number| number * 10).collect();
    let told = Told::set(&[("output-capping.quantile", "0.9"), ("output-capping.factor", "1.05")]);
    let log = counts(&outputs_before, ",\"finish_reason\":\"stop\"");
    told.over(&log, |view| {
        let plans = Plans::of(view);
        let group = view.traffic.calls[0].group;
        // The 90th of 100 is 900; 1.05 times that is 945.
        let limit = plans.limit(group).unwrap();
        assert_eq!((limit.tokens, limit.answers, limit.above), (945, 100, 6));
        assert_eq!(plans.verdict(group), Ok(()));
        assert_eq!(plans.evidence(group), Evidence::Measured);
        let after = outputs(&states(view));
        let expected: Vec<u64> = outputs_before.iter().map(|output| *output.min(&945)).collect();
        assert_eq!(after, expected);
        assert!(!plans.touches(CallIndex(93)) && plans.touches(CallIndex(94)));
        let [warning] = plans.warnings().try_into().unwrap();
        assert!(warning.code == "TRUNCATION" && warning.message.contains("6 of 100"));
    });
    // A limit as low was asked for already, and answers outgrow it all the same.
    let log = counts(&outputs_before, ",\"finish_reason\":\"stop\",\"max_tokens\":945");
    told.over(&log, |view| assert_eq!(outputs(&states(view)), outputs_before));
    // Without reasons for their end, all answers count.
    told.over(&counts(&outputs_before, ""), |view| {
        let plans = Plans::of(view);
        assert_eq!(plans.evidence(view.traffic.calls[0].group), Evidence::Inferred);
    });
}

#[test]
fn too_few_answers_and_answers_below_the_limit_are_left_alone() {
    let code = |log: &str, levers: u8| {
        let told = Told { levers: Levers(levers), ..Told::default() };
        told.over(log, |view| {
            let rewriter = OutputCapping.prepare(view);
            rewriter.verdict(view.traffic.calls[0].group).unwrap_err().code
        })
    };
    assert_eq!(code(&counts(&[50; 99], ""), CAP), "LOW_VOLUME");
    assert_eq!(code(&counts(&[50; 100], ""), CAP), "NOTHING_TO_REWRITE");
    assert_eq!(code(&counts(&[50; 100], ""), 0), "SWITCHED_OFF");
}

/// Two turns of a conversation; the answer of the first is 100 tokens of prose.
fn two_turns() -> Vec<Chat> {
    let system = "You help people find their way through an old library.";
    let question = "Where do I find maps of rivers?";
    let answer = "Maps of rivers hang on the second floor, behind the globe, in the long case.";
    let first = vec![message("system", system), message("user", question)];
    let mut second = first.clone();
    second.push(message("assistant", answer));
    second.push(message("user", "And maps of mountains?"));
    let other = "Those lie flat in the drawers below, sorted by height rather than by name.";
    let mut chats = vec![Chat::new(0, first, answer), Chat::new(60, second, other)];
    chats[1].input = 1_300;
    chats
}

#[test]
fn a_briefer_answer_shrinks_the_prompt_it_returns_in() {
    let told = Told { levers: Levers(BREVITY), ..Told::default() };
    told.over(&lines(&two_turns()), |view| {
        let states = states(view);
        // A fifth of 100 visible tokens goes.
        assert_eq!(outputs(&states), [80, 80]);
        let sizes: Vec<u64> =
            states.iter().map(|state| tokens_of(&state.requests[0].prompt)).collect();
        // The instruction adds 20. What came back of the first answer was 1,100
        // minus 1,000 tokens by the bill: 80 are left of it.
        assert_eq!(sizes, [1_020, 1_300 + 20 - 20]);
        let instruction = |state: &CallState| {
            let prompt = &state.requests[0].prompt;
            let is_head = |segment: &&Segment| segment.component == Component::SystemPrompt;
            let head: Vec<&Segment> = prompt.iter().take_while(is_head).collect();
            // It ends the system prompt's last block, where a mark may stand.
            assert!(head[..head.len() - 1].iter().all(|before| !before.ends_block));
            *head[head.len() - 1]
        };
        let [first, second] = [instruction(&states[0]), instruction(&states[1])];
        assert_eq!((first.tokens, first), (20, second));
        let plans = Plans::of(view);
        assert_eq!(plans.evidence(view.traffic.calls[0].group), Evidence::Assumed);
    });
}

#[test]
fn brevity_is_for_prose_of_some_length() {
    let told = Told { levers: Levers(BREVITY), ..Told::default() };
    let is_used = |chats: &[Chat]| {
        told.over(&lines(chats), |view| {
            Plans::of(view).verdict(view.traffic.calls[0].group).is_ok()
        })
    };
    let mut chats = two_turns();
    assert!(is_used(&chats));
    chats[0].output = 49;
    assert!(!is_used(&chats), "a median below 50");
    let mut chats = two_turns();
    let third = Chat { second: 120, ..chats[0].clone() };
    chats.extend([Chat { second: 180, ..third.clone() }, third]);
    assert!(!is_used(&chats), "two distinct answers of four");
    let mut chats = two_turns();
    for chat in &mut chats {
        chat.answer = json!({"floor": chat.second}).to_string();
    }
    assert!(!is_used(&chats), "JSON");
}

#[test]
fn json_is_counted_without_its_blank_space() {
    let pretty = "{\n    \"floor\": 2,\n    \"case\": [\n        1,\n        2\n    ]\n}";
    let minified = "{\"floor\":2,\"case\":[1,2]}";
    let count = |text| u64::from(tokopt::measure::tokenizer::count(text));
    let mut chat = Chat::new(0, vec![message("user", "Where?")], pretty);
    chat.output = 500;
    let told = Told { levers: Levers(JSON_MINIFIED), ..Told::default() };
    told.over(&lines(&[chat.clone()]), |view| {
        let expected = (500 * count(minified)).div_ceil(count(pretty));
        assert!(expected < 400);
        assert_eq!(outputs(&states(view)), [expected]);
    });
    chat.answer = minified.to_owned();
    told.over(&lines(&[chat]), |view| {
        let reason = Plans::of(view).verdict(view.traffic.calls[0].group).unwrap_err();
        assert_eq!(reason.code, "NOTHING_TO_REWRITE");
    });
}

#[test]
fn reasoning_has_a_budget_only_when_it_is_asked_for() {
    let log = counts(&[1_000; 2], ",\"reasoning_output_tokens\":800");
    for (switch, expected) in [("0", (1_000, 800)), ("1", (200 + 532, 532))] {
        let mut told = Told::set(&[("output-capping.reasoning_budget", switch)]);
        told.levers = Levers(REASONING_BUDGET);
        told.over(&log, |view| {
            let request = &states(view)[0].requests[0];
            // 33.5 % of 800 reasoning tokens go.
            assert_eq!((request.output, request.reasoning), expected);
        });
    }
}

/// The shares were computed by an independent program from the published trace.
#[test]
fn limits_of_a_real_trace_remove_what_was_above_them() {
    let below = "traces/azure-llm-2023-code/AzureLLMInferenceTrace_code.csv.gz";
    let Some(path) = reference::path(below) else { return };
    let paths = [path.to_string_lossy().into_owned()];
    let log = read(&paths, ReadOptions::default(), &()).unwrap_or_else(|error| panic!("{error}"));
    let at_p95 = [("output-capping.quantile", "0.95"), ("output-capping.factor", "1")];
    let settings: [&[(&str, &str)]; 2] = [&at_p95, &[]];
    let expected = [(None, 2_087, 498), (Some(278), 700, 81)];
    for (settings, (tokens, removed, cut)) in settings.into_iter().zip(expected) {
        let told = Told { model: Some("gpt-4.1"), ..Told::set(settings) };
        told.at(&log, &PriceTable::embedded().unwrap(), |view| {
            let plans = Plans::of(view);
            let limit = plans.limit(view.traffic.calls[0].group).unwrap();
            assert!(tokens.is_none_or(|tokens| tokens == limit.tokens), "{limit:?}");
            let before: u64 =
                log.calls.iter().map(|call| call.usage.get().output.unwrap().get()).sum();
            let after: u64 = outputs(&states(view)).iter().sum();
            let share = |part: u64, whole: u64| (part * 20_000 + whole) / (2 * whole);
            println!("{limit:?}: {} of {before} tokens", before - after);
            assert_eq!(share(before - after, before), removed);
            assert_eq!(share(limit.above, limit.answers), cut);
        });
    }
}

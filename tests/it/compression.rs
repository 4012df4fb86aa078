//! Shorter prompts: without loss, with old turns summed up, with documents
//! rewritten.

use serde_json::{Value, json};
use tokopt::measure::{lossless, tokenizer};
use tokopt::record::component::Component;
use tokopt::techniques::context_compression::Compressor;
use tokopt::techniques::id::TechniqueId;
use tokopt::techniques::technique::{CallState, Levers, Rewriter, View, World};
use tokopt::techniques::tiers::{self, Demand};
use tokopt::techniques::traffic::prompt::{head_length, tokens_of};
use tokopt::techniques::traffic::{CallIndex, Segment};
use tokopt::units::{Evidence, Tokens, Usd};

use crate::rewriting::{Told, logged, rewritten};
use crate::small_logs::{Chat, lines, message};

const LOSSLESS: u8 = 1;
const COMPACTION: u8 = 2;
const REWRITING: u8 = 4;

fn states(view: View<'_>) -> Vec<CallState> {
    let compressor = Compressor::of(view);
    let world = World::of(TechniqueId::ContextCompression.set());
    rewritten(view.traffic, &compressor, TechniqueId::ContextCompression, world)
}

fn sizes(states: &[CallState]) -> Vec<u64> {
    states.iter().map(|state| tokens_of(&state.requests[0].prompt)).collect()
}

fn reason(view: View<'_>) -> tokopt::techniques::technique::Reason {
    Compressor::of(view).verdict(view.traffic.calls[0].group).unwrap_err()
}

fn indented(rows: usize) -> String {
    let rows: Vec<Value> = (0..rows)
        .map(|row| json!({"parcel": row, "weight": row * 7 % 13, "town": "Lisbon"}))
        .collect();
    serde_json::to_string_pretty(&rows).unwrap()
}

#[test]
fn blank_space_of_json_goes_by_the_tokenizers_count() {
    let text = indented(20);
    let (tokens, tight) =
        (tokenizer::count(&text), tokenizer::count(&lossless::minified_json(&text).unwrap()));
    let mut chat = Chat::new(0, vec![message("user", &text)], "Twenty parcels.");
    chat.input = 2_000;
    let told = Told { levers: Levers(LOSSLESS), ..Told::default() };
    told.over(&lines(&[chat]), |view| {
        // The text and four tokens around its message were billed 2,000.
        let removed = 2_000 * u64::from(tokens - tight) / u64::from(tokens + 4);
        assert!(removed > 300);
        let states = states(view);
        assert_eq!(sizes(&states), [2_000 - removed]);
        assert!(!states[0].changed_by.is_empty());
        let compressor = Compressor::of(view);
        assert_eq!(compressor.evidence(view.traffic.calls[0].group), Evidence::Measured);
    });
}

#[test]
fn what_was_equal_stays_equal_and_what_was_not_stays_apart() {
    let passage = "Whoever asks for a parcel gets its place, its weight and the hour when \
                   the shop that keeps it opens, in one sentence.";
    let system = format!("{passage}\n\n{passage}\n\nBe kind.");
    let chats =
        [("Where is parcel 9?", 0), ("Where is parcel 12?", 60)].map(|(question, second)| {
            let messages = vec![message("system", &system), message("user", question)];
            Chat::new(second, messages, "On its way.")
        });
    let told = Told { levers: Levers(LOSSLESS), ..Told::default() };
    told.over(&lines(&chats), |view| {
        let states = states(view);
        let prompts = [0, 1].map(|at: usize| states[at].requests[0].prompt.clone());
        let identities = |at: usize| {
            prompts[at].iter().map(|segment: &Segment| segment.identity).collect::<Vec<_>>()
        };
        let [first, second] = [identities(0), identities(1)];
        assert_eq!(first[..first.len() - 1], second[..second.len() - 1]);
        assert_ne!(first.last(), second.last());
        let before = logged(view.traffic, CallIndex(0)).requests[0].prompt.clone();
        assert_ne!(before[0].identity, prompts[0][0].identity);
        assert!(before[0].tokens > prompts[0][0].tokens);
    });
}

#[test]
fn tight_texts_are_left_alone_and_missing_ones_unknown() {
    let told = Told::default();
    let chat = Chat::new(0, vec![message("user", "Where is my parcel?")], "On its way.");
    let found = told.over(&lines(std::slice::from_ref(&chat)), reason);
    assert!(found.code == "NOTHING_TO_REWRITE" && !found.unknown);
    let counts = "{\"timestamp\":1780300000,\"model\":\"gpt-4.1\",\"input_tokens\":9,\
                  \"output_tokens\":9}\n";
    let found = told.over(counts, reason);
    assert!(found.code == "NEEDS_TEXT" && found.unknown);
    let off = Told { levers: Levers(0), ..Told::default() };
    assert_eq!(off.over(&lines(&[chat]), reason).code, "SWITCHED_OFF");
}

/// A conversation whose n-th call is billed 100 n prompt tokens and answers
/// with 20; before every second answer a tool is called.
fn conversation(calls: i64) -> Vec<Chat> {
    let system = "You help people who wait for parcels and letters from far away.";
    let mut messages = vec![message("system", system)];
    let mut chats = Vec::new();
    for number in 1..=calls {
        messages.push(message(
            "user",
            &format!("Question {number}: where does the parcel with that number wait for me?"),
        ));
        let answer = format!("Parcel {number} waits in the shop at the corner of the old market.");
        let mut chat = Chat::new(number * 30, messages.clone(), &answer);
        chat.input = 100 * number.unsigned_abs();
        chat.output = 20;
        chats.push(chat);
        messages.push(message("assistant", &answer));
    }
    chats
}

fn every_two_turns() -> Told {
    let settings = [
        ("context-compression.compaction_turns", "2"),
        ("context-compression.compaction_tokens", "30"),
    ];
    Told { levers: Levers(COMPACTION), ..Told::set(&settings) }
}

#[test]
fn old_turns_are_summed_up_block_by_block() {
    every_two_turns().over(&lines(&conversation(6)), |view| {
        let states = states(view);
        let head: Vec<u64> = states
            .iter()
            .map(|state| {
                let prompt = &state.requests[0].prompt;
                tokens_of(&prompt[..head_length(prompt)])
            })
            .collect();
        let h = head[0];
        assert!(h > 0 && head == [h; 6]);
        // Two turns end at 220 tokens by the bill (the second prompt and its
        // answer), four at 420: 30 stand for what lies between the head and
        // there.
        let expected = [
            100,
            200,
            300 - (220 - h) + 30,
            400 - (220 - h) + 30,
            500 - (420 - h) + 30,
            600 - (420 - h) + 30,
        ];
        assert_eq!(sizes(&states), expected);

        let summaries: Vec<u64> = states[2..]
            .iter()
            .map(|state| {
                let prompt = &state.requests[0].prompt;
                let summary = prompt[head_length(prompt)];
                assert_eq!((summary.tokens, summary.component), (30, Component::History));
                summary.identity
            })
            .collect();
        assert!(summaries[0] == summaries[1] && summaries[2] == summaries[3]);
        assert_ne!(summaries[1], summaries[2]);

        let call = view.traffic.call(CallIndex(0));
        let profile = view.profile.group(call.group);
        let demand = Demand {
            input: Tokens::new(profile.input),
            output: Tokens::new(profile.output),
            end: view.traffic.end,
            days: 90,
        };
        let writer = tiers::below(&view.traffic.models, call.model, &demand).unwrap();
        let summing_up = |read| {
            let (read, written) = (Tokens::new(read), Tokens::new(30));
            view.traffic.models.cost(writer, view.traffic.end, read, written)
        };
        // The second summary reads the first one and 200 tokens more.
        let fees: Vec<Usd> = states.iter().map(|state| state.fees).collect();
        let zero = Usd::ZERO;
        assert_eq!(fees, [zero, zero, summing_up(220 - h), zero, summing_up(230), zero]);
        let compressor = Compressor::of(view);
        assert_eq!(compressor.evidence(call.group), Evidence::Assumed);
        assert!(!compressor.touches(CallIndex(1)) && compressor.touches(CallIndex(2)));
    });
}

#[test]
fn what_tools_say_inside_a_turn_ends_none() {
    let request = json!({"id": "c1", "type": "function", "function": {"name": "find",
        "arguments": "{\"parcel\":1}"}});
    let mut messages = vec![message("user", "Where are my five parcels, and since when?")];
    for number in 0..5 {
        messages.push(json!({"role": "assistant", "content": null, "tool_calls": [request]}));
        messages.push(json!({"role": "tool", "tool_call_id": "c1",
            "content": format!("parcel {number} has been in the shop at the market for a week")}));
    }
    let chat = Chat::new(0, messages, "All in the shop.");
    every_two_turns().over(&lines(&[chat]), |view| {
        assert_eq!(reason(view).code, "NOTHING_TO_REWRITE");
    });
}

#[test]
fn turns_shorter_than_their_summary_stay() {
    let settings = [("context-compression.compaction_turns", "2")];
    let told = Told { levers: Levers(COMPACTION), ..Told::set(&settings) };
    told.over(&lines(&conversation(4)), |view| {
        assert_eq!(sizes(&states(view)), [100, 200, 300, 400]);
    });
}

#[test]
fn rewriting_is_paid_where_a_document_is_new() {
    let document = (0..900).map(|word| format!("word{word}")).collect::<Vec<_>>().join(" ");
    let request = json!({"id": "c1", "type": "function", "function": {"name": "open",
        "arguments": "{}"}});
    let mut messages = vec![
        message("user", "What does the manual say about drawers?"),
        json!({"role": "assistant", "content": null, "tool_calls": [request]}),
        json!({"role": "tool", "tool_call_id": "c1", "content": document}),
    ];
    let mut chats = vec![Chat::new(0, messages.clone(), "They open from below.")];
    messages.push(message("assistant", "They open from below."));
    messages.push(message("user", "And from above?"));
    chats.push(Chat::new(60, messages, "No."));
    chats[0].input = 4_000;
    chats[1].input = 4_200;
    let mut told = Told::set(&[("context-compression.rewriting", "1")]);
    told.levers = Levers(REWRITING);
    told.over(&lines(&chats), |view| {
        let before = logged(view.traffic, CallIndex(0)).requests[0].prompt.clone();
        let document = before
            .iter()
            .filter(|segment| segment.component == Component::RetrievedContext)
            .map(|segment| u64::from(segment.tokens))
            .sum::<u64>();
        assert!(document > 3_000);
        let states = states(view);
        // 30 % go, in both prompts; only the first pays for it.
        let removed = document * 3 / 10;
        assert_eq!(sizes(&states), [4_000 - removed, 4_200 - removed]);
        assert!(states[0].fees > Usd::ZERO && states[1].fees == Usd::ZERO);
    });
}

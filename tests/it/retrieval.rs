//! Passages in place of documents: which calls get them, what is left of their
//! prompts, what it costs.

use serde_json::{Value, json};
use tokopt::measure::tokenizer;
use tokopt::record::component::Component;
use tokopt::techniques::embedding_retrieval::{Retriever, fewer_passages, used_share};
use tokopt::techniques::id::TechniqueId;
use tokopt::techniques::parameter::Value as Amount;
use tokopt::techniques::technique::{CallState, Coin, Levers, Reason, Rewriter, View, World};
use tokopt::techniques::traffic::prompt::tokens_of;
use tokopt::techniques::traffic::{CallIndex, Segment};
use tokopt::units::{Share, Usd};

use crate::rewriting::{Told, logged, rewritten};
use crate::small_logs::{Chat, lines, message};

const fn found() -> World {
    World::of(TechniqueId::EmbeddingRetrieval.set())
}

const fn escalated() -> World {
    found().with(Coin::RetrievalEscalated)
}

fn states(view: View<'_>, world: World) -> Vec<CallState> {
    let retriever = Retriever::of(view);
    rewritten(view.traffic, &retriever, TechniqueId::EmbeddingRetrieval, world)
}

fn reason(view: View<'_>) -> Reason {
    Retriever::of(view).verdict(view.traffic.calls[0].group).unwrap_err()
}

/// A manual of so many words.
fn manual(name: &str, words: usize) -> String {
    let words: Vec<String> = (0..words).map(|word| format!("{name}{word}")).collect();
    format!("<document>{}</document>", words.join(" "))
}

/// A question beside a document, billed 10,000 prompt tokens.
fn ask(second: i64, document: &str, question: &str) -> Chat {
    let system = message("system", "Answer from the manual.");
    let content = json!([{"type": "text", "text": document}, {"type": "text", "text": question}]);
    let user = json!({"role": "user", "content": content});
    let mut chat = Chat::new(second, vec![system, user], "Drawers open from below.");
    chat.input = 10_000;
    chat
}

fn documents(prompt: &[Segment]) -> Vec<Segment> {
    let is_document = |segment: &&Segment| segment.component == Component::RetrievedContext;
    prompt.iter().filter(is_document).copied().collect()
}

const QUESTION: &str = "How do the drawers open?";

#[test]
fn documents_shrink_to_the_passages_and_the_question_is_embedded() {
    let chat = ask(0, &manual("a", 2_000), QUESTION);
    Told::default().over(&lines(&[chat]), |view| {
        let before = logged(view.traffic, CallIndex(0)).requests[0].prompt.clone();
        let whole = tokens_of(&documents(&before));
        assert!((9_000..10_000).contains(&whole));
        let [state] = states(view, found()).try_into().unwrap();
        let [request] = state.requests.as_slice() else { panic!("one request") };
        // Five passages of 500 tokens.
        assert_eq!(tokens_of(&documents(&request.prompt)), 2_500);
        assert_eq!(tokens_of(&request.prompt), 10_000 - whole + 2_500);
        // $0.02 per million tokens of the question.
        let question = i128::from(tokenizer::count(QUESTION));
        assert_eq!(state.fees, Usd::from_femto(question * 20_000_000));
        let coins = Retriever::of(view).coins();
        assert_eq!(coins, [(Coin::RetrievalEscalated, Amount::hundredths(30))]);
    });
}

#[test]
fn a_question_that_passages_do_not_answer_is_asked_again_in_full() {
    let chat = ask(0, &manual("a", 2_000), QUESTION);
    Told::default().over(&lines(&[chat]), |view| {
        let [state] = states(view, escalated()).try_into().unwrap();
        let [first, second] = state.requests.as_slice() else { panic!("two requests") };
        assert_eq!(tokens_of(&documents(&first.prompt)), 2_500);
        let before = &logged(view.traffic, CallIndex(0)).requests[0];
        assert_eq!((&second.prompt, second.output), (&before.prompt, before.output));
        assert_eq!(first.output, before.output);
    });
}

#[test]
fn passages_are_equal_where_document_and_question_are() {
    let (one, other) = (manual("a", 2_000), manual("b", 2_000));
    let chats = [
        ask(0, &one, QUESTION),
        ask(10, &one, "Who made them?"),
        ask(20, &one, QUESTION),
        ask(30, &other, QUESTION),
    ];
    Told::default().over(&lines(&chats), |view| {
        let identities: Vec<Vec<u64>> = states(view, found())
            .iter()
            .map(|state| documents(&state.requests[0].prompt).iter().map(|s| s.identity).collect())
            .collect();
        assert_eq!(identities[0], identities[2]);
        assert_ne!(identities[0], identities[1]);
        assert_ne!(identities[0], identities[3]);
        // The corpus is embedded once per document, not per call.
        let corpus: u32 = [&one, &other].into_iter().map(|text| tokenizer::count(text)).sum();
        // Spread over twelve months; a window of half a minute counts as a day.
        let expected = Usd::from_femto((i128::from(corpus) * 20_000_000 + 180) / 360);
        let [unit] = view.traffic.units.as_slice() else { panic!("one unit") };
        assert_eq!(Retriever::of(view).fixed_cost(unit), expected);
    });
    let told = Told::set(&[("embedding-retrieval.store_monthly_usd", "60")]);
    told.over(&lines(&chats), |view| {
        let corpus = Told::default()
            .over(&lines(&chats), |view| Retriever::of(view).fixed_cost(&view.traffic.units[0]));
        // A window of half a minute counts as a day, of thirty.
        let store = Usd::from_decimal("2").unwrap();
        assert_eq!(Retriever::of(view).fixed_cost(&view.traffic.units[0]), corpus + store);
    });
}

#[test]
fn later_turns_carry_the_passages_unless_the_whole_document_was_sent() {
    let mut chats = vec![ask(0, &manual("a", 2_000), QUESTION)];
    let mut messages = chats[0].messages.clone();
    messages.push(message("assistant", "Drawers open from below."));
    messages.push(message("user", "And doors?"));
    chats.push(Chat { input: 10_200, ..Chat::new(60, messages, "From the side.") });
    Told::default().over(&lines(&chats), |view| {
        let logged =
            [0, 1].map(|at| logged(view.traffic, CallIndex(at)).requests[0].prompt.clone());
        let whole = tokens_of(&documents(&logged[0]));
        assert!(documents(&logged[1]).is_empty(), "history by now");
        let after = states(view, found());
        let [first, second] = [0, 1].map(|at: usize| after[at].requests[0].prompt.clone());
        // What opened the first prompt opens the second one still.
        let shared = first.len();
        let same = |left: &Segment, right: &Segment| left.identity == right.identity;
        assert!(first.iter().zip(&second[..shared]).all(|(left, right)| same(left, right)));
        assert_eq!(tokens_of(&second), 10_200 - whole + 2_500);
        assert_eq!(after[1].fees, Usd::ZERO);
        let after = states(view, escalated());
        assert_eq!(after[1].requests.len(), 1);
        assert_eq!(after[1].requests[0].prompt, logged[1]);
        assert!(after[1].changed_by.is_empty());
    });
}

#[test]
fn small_documents_and_long_answers_are_left_alone() {
    let told = Told::default();
    let small = ask(0, &manual("a", 900), "How do the drawers open, and why do they stick?");
    let small = Chat { input: 4_900, ..small };
    let reason_of =
        |told: &Told, chat: &Chat| told.over(&lines(std::slice::from_ref(chat)), reason);
    assert_eq!(reason_of(&told, &small).code, "NO_LARGE_DOCUMENTS");
    // At the high band three passages of 300 do: 900 tokens, twice that is less.
    let high = Told {
        assumptions: told.assumptions.at(tokopt::techniques::parameter::Band::High),
        ..Told::default()
    };
    high.over(&lines(&[small]), |view| assert!(Retriever::of(view).asks(CallIndex(0))));

    let summary = Chat { output: 1_001, ..ask(0, &manual("a", 2_000), "Sum it up.") };
    assert_eq!(reason_of(&told, &summary).code, "NOT_CANDIDATE");
    told.over(&lines(&[summary]), |view| {
        assert_eq!(Retriever::of(view).warnings()[0].code, "WHOLE_DOCUMENTS");
    });
    let off = Told { levers: Levers(0), ..Told::default() };
    assert_eq!(reason_of(&off, &ask(0, &manual("a", 2_000), QUESTION)).code, "SWITCHED_OFF");
}

#[test]
fn counts_alone_say_nothing_unless_they_name_the_documents() {
    let line = |more: &Value| {
        let mut line = json!({"timestamp": 1_780_300_000, "model": "gpt-4.1", "request_id": "c1",
            "input_tokens": 10_000, "output_tokens": 100});
        for (key, value) in more.as_object().unwrap() {
            line[key.as_str()] = value.clone();
        }
        format!("{line}\n")
    };
    let unread = Told::default().over(&line(&json!({})), reason);
    assert!(unread.code == "NEEDS_TEXT" && unread.unknown);
    let row = |component: &str, counter: &str, tokens: u64| {
        let mut row = json!({"timestamp": 1_780_300_000, "model": "gpt-4.1", "request_id": "c1",
            "component": component});
        row[counter] = json!(tokens);
        format!("{row}\n")
    };
    let stated = row("retrieved_context", "input_tokens", 9_000)
        + &row("user_input", "input_tokens", 50)
        + &row("output_text", "output_tokens", 100);
    Told::default().over(&stated, |view| {
        let [state] = states(view, found()).try_into().unwrap();
        assert_eq!(tokens_of(&state.requests[0].prompt), 2_550);
        // 50 tokens of the question at $0.02 per million.
        assert_eq!(state.fees, Usd::from_femto(50 * 20_000_000));
    });
}

#[test]
fn who_retrieves_already_sees_what_fewer_passages_leave_out() {
    let used = "a1 a2 a3 a4 a5 a6 a7 a8";
    let mut chat = ask(0, &manual("a", 2_000), QUESTION);
    chat.answer = format!("The manual says: {used}.");
    Told::default().over(&lines(&[chat]), |view| {
        let [three, fifty] = fewer_passages(view.traffic, &[3, 50], &[500]).try_into().unwrap();
        let whole = three.documents.get();
        let replayed = documents(&logged(view.traffic, CallIndex(0)).requests[0].prompt);
        assert!(whole.abs_diff(tokens_of(&replayed)) <= 1, "both share the bill out by counts");
        assert_eq!((three.chunks, three.calls, three.removed.get()), (3, 1, whole - 1_500));
        assert_eq!((fifty.calls, fifty.removed.get()), (0, 0));
        // 8 of 2,002 words are repeated (the marks are two more).
        let share = used_share(view.traffic).map(Share::millionths).unwrap();
        assert!((3_500..4_500).contains(&share), "{share}");
    });
}

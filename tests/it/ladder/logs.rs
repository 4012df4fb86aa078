//! Small logs for properties: exchanges with texts from a small pool of words,
//! flat records with counts only, and block traces, on one clock.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};
use tokopt::units::Timestamp;

/// Models of the planted worlds' price file, with who sells them.
pub const MODELS: [(&str, &str); 5] = [
    ("north", "north-medium"),
    ("north", "north-large"),
    ("south", "south-medium"),
    ("east", "east-one"),
    ("north", "north-small"),
];

/// 2 March 2026, 02:00 UTC, in seconds.
const START: i64 = 1_772_416_800;

/// How a call is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Exchange,
    Counts,
    Blocks,
}

/// A call of a generated log.
#[derive(Clone, Debug)]
pub struct Planned {
    pub shape: Shape,
    /// Seconds since the call before.
    pub gap: i64,
    pub model: usize,
    pub feature: usize,
    /// 0: none.
    pub workspace: usize,
    /// 0: none.
    pub conversation: usize,
    /// Which system prompt; 0: none.
    pub head: usize,
    pub has_document: bool,
    pub question: u64,
    pub answer: u64,
    /// 0: not stated, 1: zero, 2: above.
    pub temperature: usize,
    /// 0: nothing was cached, 1: not stated, 2: a part was read, 3: written.
    pub cached: usize,
    pub is_batch: bool,
}

/// What makes two renderings of one plan differ.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rendering<'a> {
    /// Added to every name and text.
    pub mark: &'a str,
    /// Whole days later.
    pub days: i64,
}

const WORDS: [&str; 16] = [
    "be", "he", "on", "but", "man", "or", "was", "we", "up", "old", "can", "all", "my", "go",
    "did", "new",
];
/// Tokens of the system prompts: below, at and above the models' minimums.
const HEADS: [usize; 5] = [0, 40, 256, 700, 1_100];
const DOCUMENT: usize = 5_200;

/// So many words, the same for the same number.
pub fn words(number: u64, many: usize) -> String {
    let mut state = number;
    let word = |_| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        WORDS[usize::try_from(state >> 60).expect("4 bits")]
    };
    (0..many).map(word).fold(String::new(), |text, word| text + " " + word)
}

/// Calls of all shapes.
pub fn calls(most: usize) -> impl Strategy<Value = Vec<Planned>> {
    prop::collection::vec(call(), 1..most)
}

fn call() -> impl Strategy<Value = Planned> {
    let shape =
        prop_oneof![6 => Just(Shape::Exchange), 2 => Just(Shape::Counts), 2 => Just(Shape::Blocks)];
    let gap =
        prop::sample::select(vec![0, 0, 1, 2, 30, 299, 300, 301, 1_200, 3_600, 3_601, 40_000]);
    let place = (0..MODELS.len(), 0..3_usize, 0..2_usize, 0..4_usize);
    let prompt = (0..HEADS.len(), prop::bool::weighted(0.1), 0..6_u64);
    let rest = (0..4_u64, 0..3_usize, 0..4_usize, prop::bool::weighted(0.1));
    (shape, gap, place, prompt, rest).prop_map(|(shape, gap, place, prompt, rest)| Planned {
        shape,
        gap,
        model: place.0,
        feature: place.1,
        workspace: place.2,
        conversation: place.3,
        head: prompt.0,
        has_document: prompt.1,
        question: prompt.2,
        answer: rest.0,
        temperature: rest.1,
        cached: rest.2,
        is_batch: rest.3,
    })
}

/// A plain call, to be varied.
pub fn plain() -> Planned {
    Planned {
        shape: Shape::Exchange,
        gap: 60,
        model: 0,
        feature: 0,
        workspace: 0,
        conversation: 0,
        head: 3,
        has_document: false,
        question: 0,
        answer: 0,
        temperature: 2,
        cached: 0,
        is_batch: false,
    }
}

/// One file per shape.
pub fn files(calls: &[Planned], rendering: Rendering<'_>) -> Vec<Vec<String>> {
    let mut files = vec![Vec::new(), Vec::new(), Vec::new()];
    let mut histories = BTreeMap::new();
    let mut second = 0;
    for (number, call) in calls.iter().enumerate() {
        second += call.gap;
        let micros = (START + second + rendering.days * 86_400) * 1_000_000;
        let at = At { number, micros, rendering };
        let (file, line) = match call.shape {
            Shape::Exchange => (0, exchange(call, at, &mut histories)),
            Shape::Counts => (1, counts(call, at)),
            Shape::Blocks => (2, blocks(call, at)),
        };
        files[file].push(line.to_string());
    }
    files
}

/// The exchanges alone.
pub fn exchanges(calls: &[Planned]) -> Vec<Vec<String>> {
    files(calls, Rendering::default())
}

#[derive(Clone, Copy)]
struct At<'a> {
    number: usize,
    micros: i64,
    rendering: Rendering<'a>,
}

impl At<'_> {
    fn named(&self, kind: &str, number: usize) -> String {
        format!("{kind}-{number}{}", self.rendering.mark)
    }

    /// The fields of a line that every shape has.
    fn line(&self, call: &Planned) -> Value {
        let mut line = json!({
            "timestamp": Timestamp::from_micros(self.micros).to_string(),
            "request_id": self.named("call", self.number),
            "feature": self.named("feature", call.feature),
        });
        // What is marked shares no workspace with what is not.
        if call.workspace > 0 || !self.rendering.mark.is_empty() {
            line["workspace"] = json!(self.named("workspace", call.workspace));
        }
        if call.conversation > 0 {
            // A conversation is one model's and one feature's.
            let name = format!("talk-{}-{}", call.feature, call.model);
            line["session_id"] = json!(self.named(&name, call.conversation));
        }
        line
    }
}

type Histories = BTreeMap<(usize, usize, usize), Vec<Value>>;

fn exchange(call: &Planned, at: At<'_>, histories: &mut Histories) -> Value {
    let (provider, model) = MODELS[call.model];
    let mark = at.rendering.mark;
    let say = |role: &str, text: &str| json!({"role": role, "content": text});
    let system = format!("{mark}{}", words(call.head as u64, HEADS[call.head]));
    let mut asked = format!("{mark}{}", words(100 + call.question, 12));
    if call.has_document {
        asked = format!("{}{asked}", words(200, DOCUMENT));
    }
    let answer = words(300 + call.answer, 10 + 40 * usize::try_from(call.answer).expect("small"));
    let key = (call.feature, call.model, call.conversation);
    let mut messages = histories.get(&key).cloned().unwrap_or_default();
    messages.push(say("user", &asked));
    let text =
        |message: &Value| message["content"].as_str().map_or(0, |text| text.split(' ').count());
    let mut whole = messages.iter().map(|message| text(message) as u64 + 4).sum::<u64>();
    whole += HEADS[call.head] as u64;
    let output = answer.split(' ').count() as u64;
    let mut line = at.line(call);
    line["provider"] = json!(provider);
    let mut sent = messages.clone();
    if provider == "south" {
        if call.head > 0 {
            sent.insert(0, say("system", &system));
        }
        let mut usage = json!({"prompt_tokens": whole, "completion_tokens": output, "total_tokens": whole + output});
        if call.cached != 1 {
            let read = if call.cached > 1 { whole / 2 / 128 * 128 } else { 0 };
            usage["prompt_tokens_details"] = json!({"cached_tokens": read});
        }
        line["request"] = json!({"model": model, "messages": sent});
        line["response"] = json!({
            "id": at.named("answer", at.number), "object": "chat.completion", "model": model,
            "choices": [{"index": 0, "message": say("assistant", &answer), "finish_reason": "stop"}],
            "usage": usage,
        });
    } else {
        let (read, written) = match call.cached {
            2 => (whole / 2, 0),
            3 => (0, whole / 2),
            _ => (0, 0),
        };
        line["request"] = json!({"model": model, "max_tokens": 4_096, "messages": sent});
        if call.head > 0 {
            line["request"]["system"] = json!(system);
        }
        let tier = if call.is_batch { "batch" } else { "standard" };
        line["response"] = json!({
            "id": at.named("answer", at.number), "type": "message", "role": "assistant",
            "model": model, "content": [{"type": "text", "text": answer}], "stop_reason": "end_turn",
            "usage": {
                "input_tokens": whole - read - written, "cache_read_input_tokens": read,
                "cache_creation_input_tokens": written, "output_tokens": output,
                "service_tier": tier,
            },
        });
    }
    match call.temperature {
        1 => line["request"]["temperature"] = json!(0),
        2 => line["request"]["temperature"] = json!(0.7),
        _ => {}
    }
    if call.conversation > 0 {
        messages.push(say("assistant", &answer));
        histories.insert(key, messages);
    }
    line
}

fn counts(call: &Planned, at: At<'_>) -> Value {
    let (provider, model) = MODELS[call.model];
    let mut line = at.line(call);
    let input = 100 + HEADS[call.head] as u64 + 50 * call.question;
    for (key, value) in [
        ("provider", json!(provider)),
        ("model", json!(model)),
        ("input_tokens", json!(input)),
        ("output_tokens", json!(10 + 40 * call.answer)),
    ] {
        line[key] = value;
    }
    if call.cached == 2 {
        line["cached_input_tokens"] = json!(input / 2 / 128 * 128);
    }
    if call.is_batch {
        line["service_tier"] = json!("batch");
    }
    line
}

fn blocks(call: &Planned, at: At<'_>) -> Value {
    const SIZE: u64 = 64;
    let mut line = at.line(call);
    line["timestamp"] = json!(at.micros / 1_000);
    // Ids are of the whole log; a mark makes others of them.
    let base = 1_000_000 * at.rendering.mark.len() as u64;
    let mut ids: Vec<u64> = (0..HEADS[call.head] as u64 / SIZE)
        .map(|block| base + 1_000 * call.head as u64 + block)
        .collect();
    ids.extend((0..=call.question).map(|block| base + 100_000 + 100 * call.question + block));
    for (key, value) in [
        ("model", json!(MODELS[call.model].1)),
        ("input_length", json!(SIZE * ids.len() as u64 - 7)),
        ("output_length", json!(10 + 40 * call.answer)),
        ("block_size", json!(SIZE)),
        ("hash_ids", json!(ids)),
    ] {
        line[key] = value;
    }
    line
}

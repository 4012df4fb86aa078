//! Cutting the history of agents against keeping it in the cache: the replay
//! beside published figures of another program.
//!
//! Counted in characters, as the figures are: a read costs a tenth, a write as
//! much as plain input, nothing expires, and every message may end an entry.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{BufRead as _, BufReader, Read as _};

use serde_json::Value;
use tokopt::ladder::replay::policy::{Lifetime, Policy, Rules};
use tokopt::ladder::replay::replay;
use tokopt::ladder::replay::stream::{Nodes, Sent, Stream};
use tokopt::record::component::Component;
use tokopt::record::log::Log;
use tokopt::techniques::traffic::{CallIndex, Segment, Tree};

use crate::reference;

/// A message as far as a cache is concerned.
#[derive(Clone, Copy)]
struct Message {
    identity: u64,
    characters: u32,
    is_tool: bool,
    is_assistant: bool,
}

impl Message {
    fn of(message: &Value) -> Self {
        let mut hasher = DefaultHasher::new();
        for key in ["role", "content", "name", "tool_call_id", "tool_calls"] {
            message[key].to_string().hash(&mut hasher);
        }
        let length = |value: &Value| value.as_str().map_or(0, |text| text.chars().count());
        let calls = message["tool_calls"].as_array().into_iter().flatten();
        let calls = calls
            .map(|call| length(&call["function"]["name"]) + length(&call["function"]["arguments"]));
        let characters = length(&message["content"]) + calls.sum::<usize>();
        Self {
            identity: hasher.finish(),
            characters: u32::try_from(characters).expect("not that long"),
            is_tool: message["role"] == "tool",
            is_assistant: message["role"] == "assistant",
        }
    }
}

/// What is sent instead of the whole history.
#[derive(Clone, Copy)]
enum Trimming {
    None,
    /// The task and so many of the last messages.
    Last(usize),
    /// All, but older outputs of tools than so many are a remark.
    Stub(usize),
}

/// What opens every run and stays: instructions and task.
const OPENING: usize = 2;
/// What stands for an output: a remark of one line.
const REMARK: Message = Message { identity: 1, characters: 56, is_tool: true, is_assistant: false };

impl Trimming {
    fn of(self, history: &[Message]) -> Vec<Message> {
        match self {
            Self::None => history.to_vec(),
            Self::Last(most) => {
                let (opening, rest) = history.split_at(OPENING.min(history.len()));
                [opening, &rest[rest.len().saturating_sub(most)..]].concat()
            }
            Self::Stub(most) => {
                let tools = history.iter().filter(|message| message.is_tool).count();
                let mut old = tools.saturating_sub(most);
                let remark = |message: &Message| {
                    let is_old = message.is_tool && old > 0;
                    old -= usize::from(is_old);
                    if is_old { REMARK } else { *message }
                };
                history.iter().map(remark).collect()
            }
        }
    }
}

/// Characters of all prompts, and what they cost, in tenths of a character.
#[derive(Clone, Copy, Default)]
struct Bill {
    characters: u64,
    tenths: u64,
}

/// The prompts of runs under a trimming; a run's cache is its own.
fn bill(runs: &[Vec<(Message, bool)>], trimming: Trimming) -> Bill {
    const RULES: Rules =
        Rules { minimum: 0, step: 1, caches_answer: false, lookback: 20, breakpoints: 4 };
    let mut bill = Bill::default();
    for run in runs {
        let (tree, _) = Tree::of(&Log::default(), &[]);
        let (mut stream, mut nodes) = (Stream::default(), Nodes::over(&tree));
        let mut history = Vec::new();
        for (at, (message, is_call)) in run.iter().enumerate() {
            if *is_call {
                let segment = |message: Message| Segment {
                    identity: message.identity,
                    tokens: message.characters,
                    component: Component::History,
                    assistant: message.is_assistant,
                    ends_block: true,
                    stretch: None,
                };
                let prompt: Vec<Segment> = trimming.of(&history).into_iter().map(segment).collect();
                let number = u32::try_from(at).expect("few messages");
                let sent = Sent {
                    call: CallIndex(number),
                    time: i64::from(number),
                    delay: 0,
                    prompt: &prompt,
                    marks: &[],
                    answer: &[],
                };
                stream.push(&mut nodes, &sent);
            }
            history.push(*message);
        }
        let policy = Policy::Automatic(Lifetime::Infinite);
        for (request, split) in
            stream.requests.iter().zip(replay(&stream, policy, RULES, nodes.count()))
        {
            let (total, read) = (u64::from(request.total), u64::from(split.read));
            assert_eq!(u64::from(split.read + split.written), total, "what is not read is written");
            bill.characters += total;
            bill.tenths += 10 * (total - read) + read;
        }
    }
    bill
}

/// A published row: removed, saved against the cached whole, saved against the
/// uncached whole.
struct Row(Trimming, [f64; 3]);

#[expect(clippy::cast_precision_loss, reason = "shares need no more than 52 bits")]
fn saved(after: u64, before: u64) -> f64 {
    1.0 - after as f64 / before as f64
}

/// Within two points and with the same sign.
fn agree(name: &str, runs: &[Vec<(Message, bool)>], cached: f64, rows: &[Row]) {
    const POINTS: f64 = 0.02;
    let whole = bill(runs, Trimming::None);
    let plain = 10 * whole.characters;
    let close = |what: &str, found: f64, published: f64| {
        println!("{name}: {what} {found:.4}, published {published:.4}");
        assert!((found - published).abs() < POINTS, "{name}: {what} {found} is not {published}");
        assert_eq!(found > 0.0, published > 0.0, "{name}: {what} has another sign");
    };
    close("caching alone", saved(whole.tenths, plain), cached);
    for Row(trimming, [removed, against_cached, against_plain]) in rows {
        let trimmed = bill(runs, *trimming);
        close("removed", saved(trimmed.characters, whole.characters), *removed);
        close("against cached", saved(trimmed.tenths, whole.tenths), *against_cached);
        close("against plain", saved(trimmed.tenths, plain), *against_plain);
    }
}

/// Every message of a run, and whether it is the answer to a call.
fn messages(run: &Value, is_call: impl Fn(&Value) -> bool) -> Vec<(Message, bool)> {
    let messages = run.as_array().into_iter().flatten();
    messages.map(|message| (Message::of(message), is_call(message))).collect()
}

#[test]
fn trimming_agents_on_deepseek_agrees_with_published_figures() {
    let Some(path) = reference::path("traces/deepseek-swe-dev/trajectories.jsonl.gz") else {
        return;
    };
    let file = std::fs::File::open(path).expect("a readable trace");
    let lines = BufReader::new(flate2::read::MultiGzDecoder::new(file)).lines();
    let (mut first, mut both) = (Vec::new(), Vec::new());
    for line in lines {
        let run: Value = serde_json::from_str(&line.expect("text")).expect("JSON");
        let is_call = |message: &Value| {
            message["role"] == "assistant" && message["extra"]["response"]["usage"].is_object()
        };
        let messages = messages(&run["messages"], is_call);
        if run["run"] == "deepseek_chat_dev" {
            first.push(messages.clone());
        }
        both.push(messages);
    }
    assert_eq!((first.len(), both.len()), (23, 46));
    let rows = [
        Row(Trimming::Last(10), [0.8061, 0.0975, 0.8923]),
        Row(Trimming::Last(20), [0.7126, -0.6129, 0.8075]),
        Row(Trimming::Stub(5), [0.4636, -0.1953, 0.8573]),
        Row(Trimming::Stub(10), [0.4165, -0.8664, 0.7772]),
    ];
    agree("the first runs", &first, 0.8806, &rows);
    let rows = [
        Row(Trimming::Last(10), [0.8123, 0.1208, 0.8956]),
        Row(Trimming::Last(20), [0.7215, -0.5778, 0.8127]),
    ];
    // Caching alone is published for the first runs only; both are alike.
    agree("both", &both, 0.8806, &rows);
}

#[test]
fn trimming_agents_of_an_airline_agrees_with_published_figures() {
    let Some(path) = reference::path("traces/tau-airline-gpt4o/gpt-4o-airline.json.gz") else {
        return;
    };
    let file = std::fs::File::open(path).expect("a readable trace");
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(file).read_to_string(&mut text).expect("text");
    let runs: Value = serde_json::from_str(&text).expect("JSON");
    let runs = runs.as_array().into_iter().flatten();
    let runs: Vec<_> =
        runs.map(|run| messages(&run["traj"], |message| message["role"] == "assistant")).collect();
    assert_eq!(runs.len(), 200);
    let rows = [
        Row(Trimming::Last(10), [0.1990, -0.5198, 0.7117]),
        Row(Trimming::Last(20), [0.0808, -0.6264, 0.6915]),
        Row(Trimming::Stub(5), [0.0761, -0.2939, 0.7545]),
        Row(Trimming::Stub(10), [0.0208, -0.1853, 0.7751]),
    ];
    agree("airline", &runs, 0.8103, &rows);
}

//! Small logs for tests of techniques, read as a user's log is, and what a
//! technique alone makes of their calls.

use std::collections::HashMap;
use std::fmt::Write as _;

use serde_json::{Value, json};
use tokopt::ingest::{ReadOptions, read};
use tokopt::ledger::{Ledger, Settings};
use tokopt::prices::PriceTable;
use tokopt::record::log::Log;
use tokopt::techniques::id::TechniqueId;
use tokopt::techniques::parameter::Value as Amount;
use tokopt::techniques::parameters::Assumptions;
use tokopt::techniques::profile::Profile;
use tokopt::techniques::technique::{
    CallState, Conversation, FeatureTags, Levers, Request, Rewriter, View, World,
};
use tokopt::techniques::traffic::{CallIndex, Prompt, Traffic};
use tokopt::units::{Timestamp, Usd};

/// What the calls of a log are looked at with.
#[derive(Clone, Debug)]
pub struct Look {
    pub assumptions: Assumptions,
    pub features: FeatureTags,
    pub levers: Levers,
    /// The model of calls that name none.
    pub model: Option<&'static str>,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            assumptions: Assumptions::typical(),
            features: FeatureTags::default(),
            levers: Levers::ALL,
            model: None,
        }
    }
}

impl Look {
    /// Parameters set as a user sets them.
    pub fn set(settings: &[(&str, &str)]) -> Self {
        let mut look = Self::default();
        for (path, value) in settings {
            look.assumptions.set(path, value).unwrap_or_else(|error| panic!("{error}"));
        }
        look
    }

    /// Looks at a log that was read.
    pub fn at<R>(&self, log: &Log, check: impl FnOnce(View<'_>) -> R) -> R {
        let table = PriceTable::embedded().unwrap();
        let model = self.model.map(str::to_owned);
        let settings = Settings { model, ..Settings::default() };
        let ledger = Ledger::new(log, &table, &settings);
        let traffic = Traffic::of(&ledger);
        assert_eq!(traffic.calls.len(), log.calls.len(), "every call is simulated");
        let profile = Profile::of(&traffic, traffic.indexed().map(|(index, _)| index));
        check(View {
            traffic: &traffic,
            profile: &profile,
            assumptions: &self.assumptions,
            quality: None,
            features: &self.features,
            levers: self.levers,
        })
    }

    /// Looks at lines of a log.
    pub fn over<R>(&self, lines: &str, check: impl FnOnce(View<'_>) -> R) -> R {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.jsonl");
        std::fs::write(&path, lines).unwrap();
        let paths = [path.to_string_lossy().into_owned()];
        let log =
            read(&paths, ReadOptions::default(), &()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(log.accounting.files[0].rejected, 0);
        self.at(&log, check)
    }
}

/// A call with its texts, answered by a small model of `OpenAI`'s.
#[derive(Clone, Debug)]
pub struct Chat {
    pub second: i64,
    pub feature: &'static str,
    pub messages: Vec<Value>,
    pub answer: String,
    pub input: u64,
    pub output: u64,
    pub more: Vec<(&'static str, Value)>,
    pub parameters: Vec<(&'static str, Value)>,
    pub finish: &'static str,
}

impl Chat {
    /// A question to a system prompt, `second` seconds into the log.
    pub fn new(second: i64, messages: Vec<Value>, answer: &str) -> Self {
        Self {
            second,
            feature: "desk",
            messages,
            answer: answer.to_owned(),
            input: 1_000,
            output: 100,
            more: Vec::new(),
            parameters: Vec::new(),
            finish: "stop",
        }
    }

    /// As a line of a log, its answer with an id of its own.
    pub fn line(&self, number: usize) -> String {
        let micros = (1_780_300_000 + self.second) * 1_000_000;
        let mut request = json!({"model": "gpt-4.1", "messages": self.messages});
        for (key, value) in &self.parameters {
            request[*key] = value.clone();
        }
        let message = json!({"role": "assistant", "content": self.answer});
        let mut line = json!({
            "timestamp": Timestamp::from_micros(micros).to_string(),
            "feature": self.feature,
            "request": request,
            "response": {
                "id": format!("answer-{number:05}"),
                "object": "chat.completion", "model": "gpt-4.1",
                "choices": [{"index": 0, "message": message, "finish_reason": self.finish}],
                "usage": {
                    "prompt_tokens": self.input, "completion_tokens": self.output,
                    "total_tokens": self.input + self.output
                }
            }
        });
        for (key, value) in &self.more {
            line[*key] = value.clone();
        }
        line.to_string()
    }
}

/// A message.
pub fn message(role: &str, content: &str) -> Value {
    json!({"role": role, "content": content})
}

/// Chats as the lines of a log.
pub fn lines(chats: &[Chat]) -> String {
    chats.iter().enumerate().fold(String::new(), |mut lines, (number, chat)| {
        let _ = writeln!(lines, "{}", chat.line(number));
        lines
    })
}

/// A call as it was logged.
pub fn logged(traffic: &Traffic<'_>, index: CallIndex) -> CallState {
    let mut prompt = Prompt::new();
    traffic.prompt(index, &mut prompt);
    let usage = traffic.usage(index);
    let request = Request {
        model: traffic.call(index).model,
        lane: traffic.record(index).tier,
        prompt,
        output: usage.output.unwrap_or_default().get(),
        reasoning: usage.reasoning.unwrap_or_default().get(),
        repeats: Amount::ZERO,
    };
    let changed_by = tokopt::techniques::id::Set::NONE;
    CallState { index, requests: vec![request], fees: Usd::ZERO, changed_by }
}

/// Every call after a technique alone has rewritten what it touches, and which
/// calls it says it changed.
pub fn rewritten(
    traffic: &Traffic<'_>,
    rewriter: &dyn Rewriter,
    technique: TechniqueId,
    world: World,
) -> Vec<CallState> {
    let mut conversations: HashMap<u32, Conversation> = HashMap::new();
    let mut states = Vec::new();
    for (index, call) in traffic.indexed() {
        let mut state = logged(traffic, index);
        let conversation = conversations.entry(call.conversation).or_default();
        if rewriter.verdict(call.group).is_ok() && rewriter.touches(index) {
            rewriter.rewrite(world, &mut state, conversation);
        }
        assert!(state.changed_by.is_within(technique.set()));
        conversation.calls += 1;
        states.push(state);
    }
    states
}

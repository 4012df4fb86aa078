//! Small logs with texts, for tests of techniques.

use std::fmt::Write as _;

use serde_json::{Value, json};
use tokopt::units::Timestamp;

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

//! Rounds of coding agents as `TraceLab` publishes them: one call a line, with the
//! provider's own counts and without texts.
//!
//! `prefix_tokens` was read from the cache and `newly_append_tokens` is the rest
//! of the prompt; Claude's rounds say apart how much of it was written.
//! `output_tokens` includes reasoning.

use std::borrow::Cow;

use crate::record::usage::{CacheWrites, Usage};
use crate::units::{Moment, Timestamp, Tokens};

use super::batch::{Batch, Draft, Identity};
use super::format::{Format, Outcome, Record, Sample};
use super::json::{Fault, Json};

/// A trace of rounds.
#[derive(Clone, Copy, Debug)]
pub struct TracelabRounds;

impl Format for TracelabRounds {
    fn id(&self) -> &'static str {
        "tracelab-rounds"
    }

    fn convention(&self) -> &'static str {
        "the prompt is prefix_tokens (cache reads) and newly_append_tokens (writes and the rest); \
         output_tokens includes reasoning"
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        sample.any_object(|object| {
            object.get("round_id").is_some() && object.get("newly_append_tokens").is_some()
        })
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let round = Round::of(record.json()?)?;
        let usage = round.usage()?;
        let id = round.id.as_deref();
        let key = match (round.session.as_deref(), id) {
            (Some(session), Some(id)) => Some(format!("{session}\0{id}")),
            _ => None,
        };
        let is_answer = id.is_some_and(|id| id.starts_with("msg_"));
        let provider = round.provider.as_deref().map(|provider| match provider {
            "claude" => Cow::Borrowed("anthropic"),
            "codex" => Cow::Borrowed("openai"),
            other => super::exchange::provider::of_name(other),
        });
        let mut draft = Draft {
            identity: Identity::of(key.as_deref()).answered_by(id.filter(|_| is_answer)),
            request_id: round.id.clone(),
            time: round.sent.map(Moment::dated),
            latency_milliseconds: round.latency(),
            provider,
            model: round.model.clone(),
            feature: round.project.clone(),
            conversation: round.session.clone(),
            usage,
            ..Draft::default()
        };
        draft.request.has_tools = round.has_tools.then_some(true);
        batch.push(draft)?;
        Ok(Outcome::Kept)
    }
}

/// The fields of a round.
#[derive(Default)]
struct Round<'a> {
    id: Option<Cow<'a, str>>,
    session: Option<Cow<'a, str>>,
    provider: Option<Cow<'a, str>>,
    model: Option<Cow<'a, str>>,
    project: Option<Cow<'a, str>>,
    total: Option<u64>,
    prefix: Option<u64>,
    appended: Option<u64>,
    written: Option<u64>,
    output: Option<u64>,
    reasoning: Option<u64>,
    has_tools: bool,
    /// The last event of the input: then the request went out.
    sent: Option<Timestamp>,
    last: Option<Timestamp>,
}

impl<'a> Round<'a> {
    fn of(json: Json<'a>) -> Result<Self, Fault> {
        if !json.is_object() {
            return Err(Fault::Other("not a JSON object"));
        }
        let mut round = Self::default();
        json.each_entry(|key, value| {
            match key {
                "round_id" => round.id = value.name(),
                "session_id" => round.session = value.name(),
                "provider" => round.provider = value.text(),
                "model" => round.model = value.text(),
                "project" => round.project = value.text(),
                "input_tokens_total" => round.total = value.count("input_tokens_total")?,
                "prefix_tokens" => round.prefix = value.count("prefix_tokens")?,
                "newly_append_tokens" => round.appended = value.count("newly_append_tokens")?,
                "claude_cache_creation_input_tokens" => {
                    round.written = value.count("claude_cache_creation_input_tokens")?;
                }
                "output_tokens" => round.output = value.count("output_tokens")?,
                "reasoning_output_tokens" => {
                    round.reasoning = value.count("reasoning_output_tokens")?;
                }
                "tools" => round.has_tools = !value.items().is_empty(),
                "timing_events" => round.times(value)?,
                _ => {}
            }
            Ok::<(), Fault>(())
        })?;
        Ok(round)
    }

    fn times(&mut self, events: Json<'a>) -> Result<(), Fault> {
        let mut answered = false;
        events.each_item(|event| {
            let Some(time) = event.get("timestamp") else { return Ok(()) };
            let time = time.time("timing_events.timestamp")?;
            let kind = event.get("event_type").and_then(Json::text);
            let is_input = matches!(kind.as_deref(), Some("user_message" | "tool_result"));
            answered |= !is_input;
            if self.sent.is_none() || !answered {
                self.sent = time.or(self.sent);
            }
            self.last = time.max(self.last);
            Ok(())
        })
    }

    fn usage(&self) -> Result<Usage, Fault> {
        let prefix = self.prefix.ok_or(Fault::Missing("prefix_tokens"))?;
        let appended = self.appended.ok_or(Fault::Missing("newly_append_tokens"))?;
        let input = prefix.saturating_add(appended);
        if self.total.is_some_and(|total| total != input) {
            return Err(Fault::Contradiction(
                "prefix and newly appended tokens are not the total input",
            ));
        }
        if self.written.is_some_and(|written| written > appended) {
            return Err(Fault::Contradiction("written tokens exceed newly appended tokens"));
        }
        Ok(Usage {
            input: Some(Tokens::new(input)),
            cache_read: Some(Tokens::new(prefix)),
            cache_write: self.written.map(|tokens| CacheWrites::unstated(Tokens::new(tokens))),
            output: self.output.map(Tokens::new),
            reasoning: self.reasoning.map(Tokens::new),
            ..Usage::default()
        })
    }

    fn latency(&self) -> Option<f64> {
        let micros = self.last?.micros().checked_sub(self.sent?.micros())?;
        #[expect(clippy::cast_precision_loss, reason = "a latency is far below 2^53")]
        (micros > 0).then_some(micros as f64 / 1e3)
    }
}

//! Sessions of the coding agent pi, `~/.pi/agent/sessions/<folder>/*.jsonl`.
//!
//! The first line names the session, later ones are messages; those with
//! `usage` are calls. `input` leaves out `cacheRead` and `cacheWrite`, `output`
//! includes reasoning. A session that branches off another one opens with copies
//! of its lines. The system prompt and the definitions of tools are billed and
//! not in the file.
//!
//! Must not know what another line says.

use std::borrow::Cow;

use xxhash_rust::xxh3::xxh3_64;

use crate::record::call::{Finish, Status};
use crate::record::component::Component;
use crate::record::usage::{CacheWrites, Usage};
use crate::units::{Moment, Tokens, Usd};

use super::batch::{Batch, Draft, Identity};
use super::codex::project;
use super::exchange::provider;
use super::format::{Format, KeySet, Outcome, Record, Sample};
use super::json::{Fault, Json};
use super::prompt::Recorder;
use super::sequence::{Message, Session, What};
use super::transcript::Entry;

/// Session logs of pi.
#[derive(Debug)]
pub struct Pi;

const BOOKKEEPING: &str = "a session's bookkeeping";
const MESSAGE: &str = "a message of a session, no call";

impl Format for Pi {
    fn id(&self) -> &'static str {
        "pi"
    }

    fn convention(&self) -> &'static str {
        "input leaves out cacheRead and cacheWrite, which are added; output includes reasoning"
    }

    fn keys(&self) -> &'static [KeySet] {
        &[&["type", "id", "cwd"], &["type", "modelId"], &["type", "usage"]]
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        sample.any_object(|line| {
            let has = |path: &[&str]| line.at(path).is_some();
            match line.get("type").and_then(Json::text).as_deref() {
                Some("session") => has(&["id"]) && has(&["cwd"]),
                Some("model_change") => has(&["modelId"]),
                Some("message") => {
                    has(&["message", "usage", "cacheRead"]) || has(&["usage", "totalTokens"])
                }
                _ => false,
            }
        })
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let json = record.json()?;
        if !json.is_object() {
            return Err(Fault::Other("not a JSON object"));
        }
        let line = Line::of(json)?;
        match line.kind.as_deref().ok_or(Fault::Missing("type"))? {
            "session" => line.push_session(batch),
            "model_change" => line.push_model(batch),
            "message" => return line.push_message(record, batch),
            "compaction" => return line.push_summary(true, record, batch),
            "branch_summary" => return line.push_summary(false, record, batch),
            // What an extension spent.
            "usage" => return line.push_spent(record, batch),
            _ => {}
        }
        Ok(Outcome::Ignored(BOOKKEEPING))
    }
}

/// The fields of a line; those of its message stand in for what it lacks.
#[derive(Default)]
struct Line<'a> {
    kind: Option<Cow<'a, str>>,
    id: Option<Cow<'a, str>>,
    time: Option<Moment>,
    folder: Option<Cow<'a, str>>,
    provider: Option<Cow<'a, str>>,
    model: Option<Cow<'a, str>>,
    usage: Option<Json<'a>>,
    response: Option<Cow<'a, str>>,
    summary: Option<Json<'a>>,
    role: Option<Cow<'a, str>>,
    content: Option<Json<'a>>,
    output: Option<Json<'a>>,
    stop: Option<Cow<'a, str>>,
}

impl<'a> Line<'a> {
    fn of(json: Json<'a>) -> Result<Self, Fault> {
        let mut line = Self::default();
        let mut message = None;
        json.each_entry(|key, value| {
            match key {
                "type" => line.kind = value.text(),
                "id" => line.id = value.name(),
                "timestamp" => line.time = value.time("timestamp")?.map(Moment::dated),
                "cwd" => line.folder = value.text(),
                "summary" => line.summary = Some(value).filter(|text| text.is_text()),
                "message" => message = Some(value).filter(|message| message.is_object()),
                _ => line.shared(key, value),
            }
            Ok::<(), Fault>(())
        })?;
        if let Some(message) = message {
            message.each_entry(|key, value| {
                match key {
                    "timestamp" if line.time.is_none() => {
                        line.time = value.time("timestamp")?.map(Moment::dated);
                    }
                    "role" => line.role = value.text(),
                    "content" => line.content = Some(value),
                    "command" if line.content.is_none() => line.content = Some(value),
                    "output" => line.output = Some(value).filter(|text| text.is_text()),
                    "stopReason" => line.stop = value.text(),
                    _ => line.shared(key, value),
                }
                Ok::<(), Fault>(())
            })?;
        }
        Ok(line)
    }

    /// What stands in a message, or beside it in some versions.
    fn shared(&mut self, key: &str, value: Json<'a>) {
        match key {
            "provider" => self.provider = value.text().or(self.provider.take()),
            "model" | "modelId" => self.model = value.name().or(self.model.take()),
            "usage" if value.is_object() => self.usage = Some(value),
            "responseId" => self.response = value.name(),
            _ => {}
        }
    }

    fn provider(&self) -> Option<Cow<'_, str>> {
        // A subscription to the same models, not a seller of its own.
        let name = self.provider.as_deref()?;
        Some(if name == "openai-codex" { Cow::Borrowed("openai") } else { provider::of_name(name) })
    }

    fn push_session(&self, batch: &mut Batch) {
        let session = Session {
            id: batch.symbol(self.id.as_deref()),
            provider: batch.symbol(self.provider().as_deref()),
            feature: batch.symbol(self.folder.as_deref().and_then(project)),
            ..Session::default()
        };
        batch.push_step(self.time, None, What::Session(session));
        if self.model.is_some() {
            self.push_model(batch);
        }
    }

    fn push_model(&self, batch: &mut Batch) {
        let model = batch.symbol(self.model.as_deref());
        let provider = batch.symbol(self.provider().as_deref());
        batch.push_step(self.time, None, What::Model { model, provider });
    }

    /// What stands for the messages before it, or for those of another branch.
    fn push_summary(
        &self,
        resets: bool,
        record: &Record<'a>,
        batch: &mut Batch,
    ) -> Result<Outcome, Fault> {
        let mut recorder = Recorder::new(record.memo);
        let outcome = self.push_spent(record, batch)?;
        if let Some(summary) = self.summary {
            recorder.add_text(summary, Component::History, false);
            recorder.end_message();
            self.push_step(recorder, (false, resets), record, batch);
        }
        Ok(outcome)
    }

    /// A call that is no message: newer versions log what a summary cost.
    fn push_spent(&self, record: &Record<'a>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let usage = self.usage.map(read_usage).transpose()?.flatten();
        let Some((usage, cost)) = usage else { return Ok(Outcome::Ignored(BOOKKEEPING)) };
        let call = self.push_call(usage, cost, record, batch)?;
        let entry = self.push_entry(Recorder::new(record.memo), false, record, batch);
        batch.push_step(self.time, None, What::Call { call, answer: Some(entry), id: 0 });
        Ok(Outcome::Kept)
    }

    fn push_message(&self, record: &Record<'a>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let mut recorder = Recorder::new(record.memo);
        let answer = self.usage.is_some() || self.role.as_deref() == Some("assistant");
        let component = match self.role.as_deref() {
            _ if answer => Component::History,
            Some("toolResult" | "bashExecution") => Component::RetrievedContext,
            _ => Component::UserInput,
        };
        if let Some(content) = self.content {
            add_content(content, component, answer, &mut recorder);
        }
        if let Some(output) = self.output {
            recorder.add_text(output, component, answer);
        }
        recorder.end_message();
        let usage = self.usage.map(read_usage).transpose()?.flatten();
        let Some((usage, cost)) = usage else {
            self.push_step(recorder, (answer, false), record, batch);
            return Ok(Outcome::Ignored(if answer {
                "an answer without token counts"
            } else {
                MESSAGE
            }));
        };
        let call = self.push_call(usage, cost, record, batch)?;
        let entry = self.push_entry(recorder, false, record, batch);
        batch.push_step(self.time, None, What::Call { call, answer: Some(entry), id: 0 });
        if self.model.is_some() {
            // A summary that follows is the same model's.
            self.push_model(batch);
        }
        Ok(Outcome::Kept)
    }

    fn push_call(
        &self,
        usage: Usage,
        cost: Option<Usd>,
        record: &Record<'_>,
        batch: &mut Batch,
    ) -> Result<u32, Fault> {
        // A branch copies the line: with a time in it, it is the same call.
        let copied = self.time.map(|_| format!("pi\0{:016x}", xxh3_64(record.bytes)));
        let provider = self.provider().map(Cow::into_owned);
        let mut draft = Draft {
            request_id: self.id.clone(),
            identity: Identity::of(copied.as_deref()).answered_by(self.response.as_deref()),
            time: self.time,
            provider: provider.map(Cow::Owned),
            model: self.model.clone(),
            finish: match self.stop.as_deref() {
                Some("toolUse") => Finish::ToolCalls,
                Some(stop) => Finish::parse(stop),
                None => Finish::Unknown,
            },
            status: match self.stop.as_deref() {
                Some("error") => Status::Error,
                Some("aborted") => Status::Aborted,
                _ => Status::Success,
            },
            usage,
            logged_cost: cost,
            ..Draft::default()
        };
        draft.request.has_tools = Some(true);
        draft.flags.hidden_head = true;
        Ok(u32::try_from(batch.push(draft)?).unwrap_or(u32::MAX))
    }

    fn push_entry(
        &self,
        recorder: Recorder<'_>,
        resets: bool,
        record: &Record<'_>,
        batch: &mut Batch,
    ) -> u32 {
        let drafted = recorder.finish();
        batch.push_entry(Entry {
            id: xxh3_64(record.bytes),
            time: self.time.into(),
            parts: drafted.parts,
            unmeasured_parts: drafted.unmeasured_parts,
            resets,
            ..Entry::default()
        })
    }

    fn push_step(
        &self,
        recorder: Recorder<'_>,
        (answer, resets): (bool, bool),
        record: &Record<'_>,
        batch: &mut Batch,
    ) {
        let entry = self.push_entry(recorder, resets, record, batch);
        let message = Message { entry, answer, shown: false, id: 0 };
        batch.push_step(self.time, None, What::Message(message));
    }
}

fn add_content<'a>(
    content: Json<'a>,
    component: Component,
    answer: bool,
    recorder: &mut Recorder<'a>,
) {
    if content.is_text() {
        return recorder.add_text(content, component, answer);
    }
    for part in content.items() {
        let kind = part.get("type").and_then(Json::text);
        match kind.as_deref() {
            Some("text") => {
                if let Some(text) = part.get("text").filter(|text| text.is_text()) {
                    recorder.add_text(text, component, answer);
                }
            }
            Some("toolCall") => {
                if let Some(asked) = part.get("arguments") {
                    recorder.add_json(asked, Component::History, true);
                }
            }
            Some("image") => recorder.unmeasured(),
            // Thinking is not sent back as text.
            _ => {}
        }
    }
}

/// The counts of a message and what it cost; `None` where nothing was counted.
fn read_usage(usage: Json<'_>) -> Result<Option<(Usage, Option<Usd>)>, Fault> {
    let (mut input, mut output, mut reasoning) = (None, None, None);
    let (mut read, mut written, mut cost) = (None, None, None);
    let mut hour: Option<u64> = None;
    usage.each_entry(|key, value| {
        match key {
            "input" => input = value.count("usage.input")?,
            "output" => output = value.count("usage.output")?,
            "reasoning" | "reasoningTokens" => reasoning = value.count("usage.reasoning")?,
            "cacheRead" => read = value.count("usage.cacheRead")?,
            "cacheWrite" => written = value.count("usage.cacheWrite")?,
            // A part of `cacheWrite`, written where Anthropic tells the two.
            "cacheWrite1h" => hour = value.count("usage.cacheWrite1h")?,
            "cost" => {
                let total = value.get("total");
                cost = total.map_or(Ok(None), |total| total.money("usage.cost.total"))?;
            }
            _ => {}
        }
        Ok::<(), Fault>(())
    })?;
    let prompt = input.map(|input: u64| {
        input.saturating_add(read.unwrap_or(0)).saturating_add(written.unwrap_or(0))
    });
    if prompt.unwrap_or(0) == 0 && output.unwrap_or(0) == 0 {
        return Ok(None);
    }
    let tokens = |count: Option<u64>| count.map(Tokens::new);
    let writes = match (written, hour) {
        (Some(written), Some(hour)) => {
            let Some(minutes) = written.checked_sub(hour) else {
                return Err(Fault::Other("`usage.cacheWrite1h` is more than `usage.cacheWrite`"));
            };
            Some(CacheWrites::five_minutes_and_one_hour(Tokens::new(minutes), Tokens::new(hour)))
        }
        (written, _) => tokens(written).map(CacheWrites::unstated),
    };
    let usage = Usage {
        input: tokens(prompt),
        cache_read: tokens(read),
        cache_write: writes,
        output: tokens(output),
        reasoning: tokens(reasoning),
        ..Usage::default()
    };
    // Nothing is what pi writes where it knows no price.
    Ok(Some((usage, cost.filter(|cost| *cost != Usd::ZERO))))
}

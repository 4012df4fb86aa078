//! opencode's messages, `storage/message/<session>/msg_*.json` and exports.
//!
//! A message of the assistant is one call with counts that never overlap:
//! `input` leaves out what was read from or written to the cache, and reasoning
//! comes on top of `output`; all are added. Message files have no texts, exports
//! (`{info, messages: [{info, parts}]}`) do. Version 2 has a message's content
//! in the message, its `type` for the role, and names the session once for all:
//! `{info, messages: [{type, model: {id, providerID}, content}]}`. The system prompt and the
//! definitions of tools are billed and in neither.
//!
//! Must not know what another message says.

mod texts;

use std::borrow::Cow;

use xxhash_rust::xxh3::xxh3_64;

use crate::record::call::{Finish, Status};
use crate::record::component::Component;
use crate::record::usage::{CacheWrites, Usage};
use crate::units::{Moment, Timestamp, Tokens, Usd};

use super::batch::{Batch, Draft, Identity};
use super::codex::project;
use super::exchange::provider;
use super::format::{Format, KeySet, Outcome, Record, Sample};
use super::json::{Fault, Json};
use super::prompt::Recorder;
use super::transcript::Entry;

/// opencode's message files and exported sessions.
#[derive(Debug)]
pub struct Opencode;

const MESSAGE: &str = "a message of a session, no call";

impl Format for Opencode {
    fn id(&self) -> &'static str {
        "opencode"
    }

    fn convention(&self) -> &'static str {
        "input leaves out cache reads and writes, output leaves out reasoning; all are added"
    }

    fn keys(&self) -> &'static [KeySet] {
        &[
            &["providerID", "modelID", "tokens"],
            &["info.providerID", "info.modelID", "info.tokens"],
            &["info.id", "messages.model.providerID", "messages.tokens"],
        ]
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        sample.any_object(|object| {
            is_message(object)
                || object.get("info").is_some_and(is_message)
                || object.get("messages").is_some_and(|messages| {
                    let first = messages.items().into_iter().next();
                    first.and_then(|first| first.get("info")).is_some_and(is_message)
                        || (object.at(&["info", "id"]).is_some()
                            && messages.items().into_iter().any(is_second_version))
                })
        })
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let json = record.json()?;
        if !json.is_object() {
            return Err(Fault::Other("not a JSON object"));
        }
        let (mut info, mut messages, mut parts) = (None, None, None);
        json.each_entry(|key, value| {
            match key {
                "info" => info = Some(value).filter(|info| info.is_object()),
                "messages" => messages = Some(value).filter(|list| list.is_array()),
                "parts" => parts = Some(value),
                _ => {}
            }
            Ok::<(), Fault>(())
        })?;
        if let Some(messages) = messages {
            return read_export(info, messages, record, batch);
        }
        Fields::of(info.unwrap_or(json))?.push(parts, false, record, batch)
    }
}

fn is_message(object: Json<'_>) -> bool {
    let has = |path: &[&str]| object.at(path).is_some();
    let of_assistant = has(&["modelID"])
        && has(&["providerID"])
        && (has(&["tokens", "cache"]) || has(&["sessionID"]));
    let of_user = has(&["sessionID"]) && has(&["role"]) && has(&["time", "created"]);
    of_assistant || of_user
}

/// Whether this is an answer as version 2 exports it.
fn is_second_version(message: Json<'_>) -> bool {
    message.get("type").and_then(Json::text).as_deref() == Some("assistant")
        && message.at(&["model", "providerID"]).is_some()
        && message.at(&["time", "created"]).is_some()
}

/// Reads an exported session: each message is a record of its own.
fn read_export<'a>(
    session: Option<Json<'a>>,
    messages: Json<'a>,
    record: &Record<'a>,
    batch: &mut Batch,
) -> Result<Outcome, Fault> {
    let named = |path: &[&str]| session?.at(path).and_then(Json::name);
    let is_helper = named(&["parentID"]).is_some();
    let id = named(&["id"]);
    let folder = named(&["directory"]).or_else(|| named(&["location", "directory"]));
    let mut items = Vec::new();
    messages.each_item(|item| {
        items.push(item);
        Ok::<(), Fault>(())
    })?;
    if items.is_empty() {
        return Ok(Outcome::Ignored("a session without messages"));
    }
    for (item, line) in record.lines_of(items) {
        let part = Record { bytes: item.raw().as_bytes(), line, ..*record };
        batch.start_part(line, part.bytes);
        batch.account_for(line, |batch| {
            let info = item.get("info").unwrap_or(item);
            if !info.is_object() {
                return Err(Fault::Other("not a JSON object"));
            }
            let mut fields = Fields::of(info)?;
            if item.get("info").is_none() {
                // Version 2 names the session once.
                fields.session = fields.session.or_else(|| id.clone());
            }
            fields.folder = fields.folder.or_else(|| folder.clone());
            fields.push(item.get("parts"), is_helper, &part, batch)
        });
    }
    Ok(Outcome::AccountedFor)
}

/// The fields of a message.
#[derive(Default)]
struct Fields<'a> {
    id: Option<Cow<'a, str>>,
    session: Option<Cow<'a, str>>,
    role: Option<Cow<'a, str>>,
    created: Option<Timestamp>,
    completed: Option<Timestamp>,
    model: Option<Cow<'a, str>>,
    provider: Option<Cow<'a, str>>,
    agent: Option<Cow<'a, str>>,
    folder: Option<Cow<'a, str>>,
    finish: Option<Cow<'a, str>>,
    failure: Option<Cow<'a, str>>,
    cost: Option<Usd>,
    tokens: Option<Json<'a>>,
    /// The provider's id of the answer.
    response: Option<Cow<'a, str>>,
    /// What was said, in version 2.
    content: Option<Json<'a>>,
    text: Option<Json<'a>>,
}

impl<'a> Fields<'a> {
    fn of(json: Json<'a>) -> Result<Self, Fault> {
        let mut fields = Self::default();
        json.each_entry(|key, value| {
            match key {
                "id" => fields.id = value.name(),
                "sessionID" => fields.session = value.name(),
                "role" => fields.role = value.text(),
                "type" if fields.role.is_none() => fields.role = value.text(),
                "model" if value.is_object() => {
                    let named = |key| value.get(key).and_then(Json::name);
                    fields.model = fields.model.take().or_else(|| named("id"));
                    fields.provider = fields.provider.take().or_else(|| named("providerID"));
                }
                "providerState" => {
                    fields.response = value.get("responseId").and_then(Json::name);
                }
                "content" => fields.content = Some(value).filter(|content| content.is_array()),
                "text" => fields.text = Some(value).filter(|text| text.is_text()),
                "time" => {
                    let time = |key, field| {
                        value.get(key).map_or(Ok(None), |time: Json<'_>| time.time(field))
                    };
                    fields.created = time("created", "time.created")?;
                    fields.completed = time("completed", "time.completed")?;
                }
                "modelID" => fields.model = value.name(),
                "providerID" => fields.provider = value.name(),
                "agent" => fields.agent = value.text(),
                "mode" if fields.agent.is_none() => fields.agent = value.text(),
                "path" => {
                    let folder = value.get("root").filter(|root| root.raw() != "\"/\"");
                    fields.folder = folder.or_else(|| value.get("cwd")).and_then(Json::text);
                }
                "finish" => fields.finish = value.text(),
                "error" if value.is_object() => {
                    let kind = value.get("name").or_else(|| value.get("type"));
                    fields.failure = kind.and_then(Json::text).or(Some("".into()));
                }
                "cost" => fields.cost = value.money("cost")?,
                "tokens" => fields.tokens = Some(value).filter(|tokens| !tokens.is_null()),
                _ => {}
            }
            Ok::<(), Fault>(())
        })?;
        Ok(fields)
    }

    fn push(
        &self,
        parts: Option<Json<'a>>,
        is_helper: bool,
        record: &Record<'a>,
        batch: &mut Batch,
    ) -> Result<Outcome, Fault> {
        let is_answer = match self.role.as_deref() {
            Some(role) => role == "assistant",
            None => self.tokens.is_some(),
        };
        let parts = parts.or(self.content).map(Json::items).unwrap_or_default();
        if !is_answer {
            if self.session.is_none() && self.id.is_none() {
                return Err(Fault::Missing("role"));
            }
            let mut recorder = Recorder::new(record.memo);
            for part in &parts {
                texts::add_user(*part, &mut recorder);
            }
            if let Some(text) = self.text.filter(|_| parts.is_empty()) {
                recorder.add_text(text, Component::UserInput, false);
            }
            recorder.end_message();
            self.push_entry(recorder, 0, None, batch);
            return Ok(Outcome::Ignored(MESSAGE));
        }
        let usage = self.tokens.map(|tokens| read_usage(tokens, batch)).transpose()?.flatten();
        let call = usage.map(|usage| self.push_call(usage, is_helper, batch)).transpose()?;
        let mut recorder = Recorder::new(record.memo);
        for part in &parts {
            texts::add_answer(*part, &mut recorder);
        }
        recorder.end_message();
        self.push_entry(recorder, 0, call, batch);
        let mut results = Recorder::new(record.memo);
        for part in &parts {
            texts::add_result(*part, &mut results);
        }
        results.end_message();
        self.push_entry(results, 1, None, batch);
        Ok(match call {
            Some(_) => Outcome::Kept,
            None => Outcome::Ignored("an answer without token counts"),
        })
    }

    fn push_call(&self, usage: Usage, is_helper: bool, batch: &mut Batch) -> Result<u32, Fault> {
        let mut draft = Draft {
            request_id: self.id.clone(),
            identity: Identity::of(self.id.as_deref()).answered_by(self.response.as_deref()),
            time: self.created.map(Moment::dated),
            provider: self.provider.as_deref().map(provider::of_name),
            model: self.model.clone(),
            feature: self.folder.as_deref().and_then(project).map(|name| name.to_owned().into()),
            conversation: self.session.clone(),
            finish: self
                .finish
                .as_deref()
                .map_or(Finish::Unknown, |finish| Finish::parse(&finish.replace('-', "_"))),
            status: match self.failure.as_deref() {
                None => Status::Success,
                Some("MessageAbortedError" | "aborted") => Status::Aborted,
                Some(_) => Status::Error,
            },
            latency_milliseconds: self.latency(),
            // Nothing is what opencode writes where it knows no price.
            logged_cost: self.cost.filter(|cost| *cost != Usd::ZERO),
            usage,
            ..Draft::default()
        };
        draft.request.has_tools = Some(true);
        draft.flags.hidden_head = true;
        draft.flags.sidechain = is_helper;
        draft.tags = self
            .agent
            .iter()
            .map(|agent| ("agent".into(), agent.clone().into_owned().into()))
            .collect();
        Ok(u32::try_from(batch.push(draft)?).unwrap_or(u32::MAX))
    }

    fn latency(&self) -> Option<f64> {
        let micros = self.completed?.micros().checked_sub(self.created?.micros())?;
        #[expect(clippy::cast_precision_loss, reason = "a latency is far below 2^53")]
        (micros >= 0).then_some(micros as f64 / 1e3)
    }

    /// Pushes a message's texts; message files have none.
    fn push_entry(
        &self,
        recorder: Recorder<'_>,
        part: u64,
        answer_of: Option<u32>,
        batch: &mut Batch,
    ) {
        let drafted = recorder.finish();
        if drafted.parts.is_empty() && drafted.unmeasured_parts == 0 {
            return;
        }
        let id = self.id.as_deref().map_or(0, |id| xxh3_64(id.as_bytes()) ^ part);
        let session = batch.symbol(self.session.as_deref());
        let _ = batch.push_entry(Entry {
            session,
            id,
            time: self.created.map(Moment::dated).into(),
            parts: drafted.parts,
            unmeasured_parts: drafted.unmeasured_parts,
            answer_of,
            ..Entry::default()
        });
    }
}

/// The counts of a message; `None` where nothing was counted yet.
fn read_usage(tokens: Json<'_>, batch: &mut Batch) -> Result<Option<Usage>, Fault> {
    if !tokens.is_object() {
        return Err(Fault::BadField { field: "tokens", wanted: "an object of counts" });
    }
    let count = |path: &[&str], field| {
        tokens.at(path).map_or(Ok(None), |value: Json<'_>| value.count(field))
    };
    // Walked once as a whole, so that broken JSON is not passed over.
    tokens.each_entry(|_, _| Ok::<(), Fault>(()))?;
    let input = count(&["input"], "tokens.input")?;
    let output = count(&["output"], "tokens.output")?;
    let reasoning = count(&["reasoning"], "tokens.reasoning")?;
    let read = count(&["cache", "read"], "tokens.cache.read")?;
    let written = count(&["cache", "write"], "tokens.cache.write")?;
    let total = count(&["total"], "tokens.total")?;
    let prompt = input
        .map(|input| input.saturating_add(read.unwrap_or(0)).saturating_add(written.unwrap_or(0)));
    let thought = reasoning.unwrap_or(0);
    // The provider's own total tells the versions whose output had reasoning in it.
    let inside = thought > 0
        && total.is_some()
        && total == Some(prompt.unwrap_or(0).saturating_add(output.unwrap_or(0)))
        && output.is_some_and(|output| output >= thought);
    if thought > 0 && total.is_none() {
        batch.note(
            "REASONING_ON_TOP",
            "opencode's reasoning tokens are added to its output tokens, as opencode's own costs are",
        );
    }
    let output = output.map(|output| if inside { output } else { output.saturating_add(thought) });
    if prompt.unwrap_or(0) == 0 && output.unwrap_or(0) == 0 {
        return Ok(None);
    }
    let tokens = |count: Option<u64>| count.map(Tokens::new);
    Ok(Some(Usage {
        input: tokens(prompt),
        cache_read: tokens(read),
        cache_write: tokens(written).map(CacheWrites::unstated),
        output: tokens(output),
        reasoning: tokens(reasoning),
        ..Usage::default()
    }))
}

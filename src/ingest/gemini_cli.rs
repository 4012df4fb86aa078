//! Gemini CLI sessions, `~/.gemini/tmp/<project>/chats/session-*.json` and
//! `.jsonl`.
//!
//! Old versions write one document with `messages`, newer ones a line per
//! message behind a line that names the session; a message is written again
//! when it grows. Only messages of type `gemini` with `tokens` are calls:
//! `input` is the whole prompt but for the `tool` tokens that Google counts
//! apart, `output` leaves out `thoughts`. The system prompt and the definitions
//! of tools are billed and not in the file, histories are capped and long tool
//! results cut.
//!
//! Must not know what another line says.

mod texts;

use std::borrow::Cow;

use xxhash_rust::xxh3::xxh3_64;

use crate::record::usage::Usage;
use crate::units::{Moment, Tokens};

use super::batch::{Batch, Draft};
use super::format::{Format, Outcome, Record, Sample};
use super::json::{Fault, Json};
use super::prompt::Recorder;
use super::sequence::{Message, Session, What};
use super::transcript::Entry;

/// Gemini CLI session logs.
#[derive(Debug)]
pub struct GeminiCli;

const BOOKKEEPING: &str = "a session's bookkeeping";
const MESSAGE: &str = "a message of a session, no call";
/// Sets the results of an answer's tools apart from the answer.
const RESULTS: u64 = 0x5245_5355_4c54_5331;

impl Format for GeminiCli {
    fn id(&self) -> &'static str {
        "gemini-cli"
    }

    fn convention(&self) -> &'static str {
        "input includes cached tokens and leaves out tool tokens, output leaves out thoughts; \
         both are added"
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        let is_answer = |message: Json<'_>| {
            message.get("type").and_then(Json::text).as_deref() == Some("gemini")
        };
        sample.any_object(|object| {
            let has = |key: &str| object.get(key).is_some();
            (has("sessionId") && has("projectHash"))
                || (is_answer(object) && (has("tokens") || has("content")))
                || object
                    .get("messages")
                    .is_some_and(|messages| messages.items().into_iter().any(is_answer))
        })
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let json = record.json()?;
        if !json.is_object() {
            return Err(Fault::Other("not a JSON object"));
        }
        let fields = Fields::of(json)?;
        if let Some(messages) = fields.messages {
            return read_document(&fields, messages, record, batch);
        }
        if fields.is_update || (fields.kind.is_none() && fields.session.is_some()) {
            fields.push_session(record, batch);
            return Ok(Outcome::Ignored(BOOKKEEPING));
        }
        fields.push(record, batch)
    }
}

/// Reads a session that is one document: each message is a record of its own.
fn read_document<'a>(
    session: &Fields<'a>,
    messages: Json<'a>,
    record: &Record<'a>,
    batch: &mut Batch,
) -> Result<Outcome, Fault> {
    let mut items = Vec::new();
    messages.each_item(|item| {
        items.push(item);
        Ok::<(), Fault>(())
    })?;
    session.push_session(record, batch);
    if items.is_empty() {
        return Ok(Outcome::Ignored(BOOKKEEPING));
    }
    for (item, line) in record.lines_of(items) {
        let part = Record { bytes: item.raw().as_bytes(), line, ..*record };
        batch.start_part(line, part.bytes);
        batch.account_for(line, |batch| {
            if !item.is_object() {
                return Err(Fault::Other("not a JSON object"));
            }
            Fields::of(item)?.push(&part, batch)
        });
    }
    Ok(Outcome::AccountedFor)
}

/// The fields of a session, of a line or of a message.
#[derive(Default)]
struct Fields<'a> {
    session: Option<Cow<'a, str>>,
    project: Option<Cow<'a, str>>,
    is_subagent: bool,
    is_update: bool,
    messages: Option<Json<'a>>,
    id: Option<Cow<'a, str>>,
    kind: Option<Cow<'a, str>>,
    time: Option<Moment>,
    model: Option<Cow<'a, str>>,
    tokens: Option<Json<'a>>,
    content: Option<Json<'a>>,
    tool_calls: Option<Json<'a>>,
}

impl<'a> Fields<'a> {
    fn of(json: Json<'a>) -> Result<Self, Fault> {
        let mut fields = Self::default();
        json.each_entry(|key, value| {
            match key {
                "$set" => {
                    fields.is_update = true;
                    fields.session = value.get("sessionId").and_then(Json::name);
                    fields.project = value.get("projectHash").and_then(Json::name);
                }
                "$rewindTo" => fields.is_update = true,
                "sessionId" => fields.session = value.name(),
                "projectHash" => fields.project = value.name(),
                "kind" => fields.is_subagent = value.text().as_deref() == Some("subagent"),
                "messages" => fields.messages = Some(value).filter(|list| list.is_array()),
                "id" => fields.id = value.name(),
                "type" => fields.kind = value.text(),
                "timestamp" => fields.time = value.time("timestamp")?.map(Moment::dated),
                "model" => fields.model = value.name(),
                "tokens" => fields.tokens = Some(value).filter(|tokens| !tokens.is_null()),
                "content" => fields.content = Some(value),
                "toolCalls" => fields.tool_calls = Some(value),
                _ => {}
            }
            Ok::<(), Fault>(())
        })?;
        Ok(fields)
    }

    fn push_session(&self, record: &Record<'_>, batch: &mut Batch) {
        if self.session.is_none() && self.project.is_none() {
            return;
        }
        let tags = self.project.as_deref().map(|project| ("project".into(), project.into()));
        let session = Session {
            id: batch.symbol(self.session.as_deref()),
            tags: batch.tags(tags.into_iter().collect()),
            sidechain: self.is_subagent,
            ..Session::default()
        };
        self.push_step(record, batch, What::Session(session));
    }

    fn push_step(&self, record: &Record<'_>, batch: &mut Batch, what: What) {
        let name = batch.symbol(session_name(record.path));
        batch.push_step(self.time, name, what);
    }

    /// Hash of the message's id; 0 without one.
    fn id(&self) -> u64 {
        self.id.as_deref().map_or(0, |id| xxh3_64(id.as_bytes()))
    }

    /// Pushes a message as what it is.
    fn push(&self, record: &Record<'a>, batch: &mut Batch) -> Result<Outcome, Fault> {
        match self.kind.as_deref() {
            Some("gemini") => self.push_answer(record, batch),
            Some("user") => {
                let mut recorder = Recorder::new(record.memo);
                if let Some(content) = self.content {
                    texts::add_user(content, &mut recorder);
                    recorder.end_message();
                }
                self.push_message(recorder, (false, self.id()), record, batch);
                Ok(Outcome::Ignored(MESSAGE))
            }
            Some(_) => Ok(Outcome::Ignored(BOOKKEEPING)),
            None => Err(Fault::Missing("type")),
        }
    }

    fn push_answer(&self, record: &Record<'a>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let usage = self.tokens.map(|tokens| read_usage(tokens, batch)).transpose()?.flatten();
        let mut recorder = Recorder::new(record.memo);
        if let Some(content) = self.content {
            texts::add_answer(content, &mut recorder);
        }
        let calls = self.tool_calls.map(Json::items).unwrap_or_default();
        for call in &calls {
            texts::add_tool_call(*call, &mut recorder);
        }
        recorder.end_message();
        let outcome = match usage {
            Some(usage) => {
                let call = self.push_call(usage, batch)?;
                let entry = self.push_entry(recorder, self.id(), record, batch);
                let what = What::Call { call, answer: Some(entry), id: self.id() };
                self.push_step(record, batch, what);
                Outcome::Kept
            }
            None => {
                self.push_message(recorder, (true, self.id()), record, batch);
                Outcome::Ignored("an answer without token counts")
            }
        };
        let mut results = Recorder::new(record.memo);
        for call in calls {
            texts::add_tool_result(call, &mut results);
        }
        results.end_message();
        let id = if self.id() == 0 { 0 } else { self.id() ^ RESULTS };
        self.push_message(results, (false, id), record, batch);
        Ok(outcome)
    }

    fn push_call(&self, usage: Usage, batch: &mut Batch) -> Result<u32, Fault> {
        let mut draft = Draft {
            request_id: self.id.clone(),
            time: self.time,
            model: self.model.clone(),
            usage,
            ..Draft::default()
        };
        draft.flags.hidden_head = true;
        Ok(u32::try_from(batch.push(draft)?).unwrap_or(u32::MAX))
    }

    fn push_entry(
        &self,
        recorder: Recorder<'_>,
        id: u64,
        record: &Record<'_>,
        batch: &mut Batch,
    ) -> u32 {
        let drafted = recorder.finish();
        batch.push_entry(Entry {
            id: if id == 0 { xxh3_64(record.bytes) } else { id },
            time: self.time.into(),
            parts: drafted.parts,
            unmeasured_parts: drafted.unmeasured_parts,
            ..Entry::default()
        })
    }

    fn push_message(
        &self,
        recorder: Recorder<'_>,
        (answer, id): (bool, u64),
        record: &Record<'_>,
        batch: &mut Batch,
    ) {
        let entry = self.push_entry(recorder, id, record, batch);
        let message = Message { entry, answer, shown: false, id };
        self.push_step(record, batch, What::Message(message));
    }
}

/// The counts of an answer; `None` where nothing was counted.
fn read_usage(tokens: Json<'_>, batch: &mut Batch) -> Result<Option<Usage>, Fault> {
    if !tokens.is_object() {
        return Err(Fault::BadField { field: "tokens", wanted: "an object of counts" });
    }
    let (mut input, mut output, mut total) = (None, None, None);
    let (mut cached, mut thoughts, mut tool) = (None, None, None);
    tokens.each_entry(|key, value| {
        match key {
            "input" => input = value.count("tokens.input")?,
            "output" => output = value.count("tokens.output")?,
            "cached" => cached = value.count("tokens.cached")?,
            "thoughts" => thoughts = value.count("tokens.thoughts")?,
            "tool" => tool = value.count("tokens.tool")?,
            "total" => total = value.count("tokens.total")?,
            _ => {}
        }
        Ok::<(), Fault>(())
    })?;
    let sum = |left: Option<u64>, right: Option<u64>| {
        left.map(|left| left.saturating_add(right.unwrap_or(0)))
    };
    let (input, output) = (sum(input, tool), sum(output, thoughts));
    if input.unwrap_or(0) == 0 && output.unwrap_or(0) == 0 {
        return Ok(None);
    }
    let all = input.unwrap_or(0).saturating_add(output.unwrap_or(0));
    if total.is_some_and(|total| total > 0 && total != all) {
        batch.note(
            "TOTALS_DIFFER",
            "the total of an answer is not the sum of its parts; the parts are taken",
        );
    }
    let tokens = |count: Option<u64>| count.map(Tokens::new);
    Ok(Some(Usage {
        input: tokens(input),
        cache_read: tokens(cached),
        output: tokens(output),
        reasoning: tokens(thoughts),
        ..Usage::default()
    }))
}

/// The name of a session's file, which no other session has.
fn session_name(path: &str) -> Option<&str> {
    let name = path.rsplit(['/', '\\']).next()?.split('.').next()?;
    // `session-` with a time and the opening of the id.
    (name.starts_with("session-") && name.len() > "session-2026-01-01T00-00-".len()).then_some(name)
}

//! Claude Code session logs, `~/.claude/projects/<project>/<session>.jsonl`.
//!
//! One answer is written once per content block, each line with the same
//! message id and the same usage: counting lines overstates a bill two- to
//! fourfold. Only assistant lines with usage are calls; the other lines rebuild
//! their prompts. The system prompt and the tool definitions are billed and not
//! in the file.
//!
//! Must not know what a token costs, nor what another session says.

use std::borrow::Cow;

use xxhash_rust::xxh3::xxh3_64;

use crate::record::call::{Finish, Status};
use crate::record::component::Component;
use crate::units::Moment;

use super::batch::{Batch, Draft, Identity};
use super::format::{Format, KeySet, Outcome, Record, Sample};
use super::json::{Fault, Json};
use super::messages_usage::{Child, MessagesUsage, cloud_of};
use super::prompt::Recorder;
use super::transcript::Entry;

/// Claude Code session logs.
#[derive(Debug)]
pub struct ClaudeCode;

/// Line types that carry neither a call nor a piece of a prompt.
const BOOKKEEPING: &str = "a session's bookkeeping";
const MESSAGE: &str = "a message of a session, no call";

impl Format for ClaudeCode {
    fn id(&self) -> &'static str {
        "claude-code"
    }

    fn convention(&self) -> &'static str {
        "input_tokens leaves out cached tokens; output_tokens includes thinking"
    }

    fn keys(&self) -> &'static [KeySet] {
        &[&["sessionId", "message.role"], &["uuid", "message.role"], &["leafUuid", "summary"]]
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        sample.any_object(|line| {
            let of_session = line.get("sessionId").is_some() || line.get("uuid").is_some();
            of_session
                && line.get("message").is_some_and(|message| {
                    message.get("role").is_some() || message.get("usage").is_some()
                })
        }) || sample.any_object(|line| {
            // A session without a message yet.
            let kinds = ["mode", "permission-mode", "file-history-snapshot", "summary"];
            let kind = line.get("type").and_then(Json::text);
            kind.is_some_and(|kind| kinds.contains(&kind.as_ref()))
                && (line.get("sessionId").is_some()
                    || line.get("leafUuid").is_some()
                    || line.get("snapshot").is_some())
        })
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let json = record.json()?;
        if !json.is_object() {
            return Err(Fault::Other("not a JSON object"));
        }
        let line = Line::of(json)?;
        let Some(message) = line.message.filter(|message| message.is_object()) else {
            return Ok(Outcome::Ignored(BOOKKEEPING));
        };
        let parts = MessageFields::of(message)?;
        let is_answer = parts.role.as_deref() == Some("assistant") || parts.usage.is_some();
        if !is_answer {
            push_message(&line, &parts, record, batch);
            return Ok(Outcome::Ignored(MESSAGE));
        }
        if parts.model.as_deref() == Some("<synthetic>") {
            return Ok(Outcome::Ignored("an answer the tool made up itself"));
        }
        let Some(usage) = parts.usage else {
            return Ok(Outcome::Ignored("an answer without usage"));
        };
        push_answer(&line, &parts, usage, (record, batch))?;
        Ok(Outcome::Kept)
    }
}

/// The fields of a line that matter here.
#[derive(Default)]
struct Line<'a> {
    message: Option<Json<'a>>,
    session: Option<Cow<'a, str>>,
    agent: Option<Cow<'a, str>>,
    agent_name: Option<Cow<'a, str>>,
    id: Option<Cow<'a, str>>,
    parent: Option<Cow<'a, str>>,
    request: Option<Cow<'a, str>>,
    time: Option<Moment>,
    sidechain: bool,
    compacts: bool,
    is_error: bool,
    folder: Option<Cow<'a, str>>,
    branch: Option<Cow<'a, str>>,
    cost: Option<Json<'a>>,
    is_meta: bool,
}

impl<'a> Line<'a> {
    fn of(json: Json<'a>) -> Result<Self, Fault> {
        let mut line = Self::default();
        json.each_entry(|key, value| {
            match key {
                "message" => line.message = Some(value),
                "sessionId" => line.session = value.name(),
                "session_id" if line.session.is_none() => line.session = value.name(),
                "agentId" => line.agent = value.name(),
                "attributionAgent" => line.agent_name = value.text(),
                "uuid" => line.id = value.name(),
                "parentUuid" => line.parent = value.name(),
                "requestId" => line.request = value.name(),
                "timestamp" => line.time = value.time("timestamp")?.map(Moment::dated),
                "isSidechain" => line.sidechain = value.truth() == Some(true),
                "isCompactSummary" => line.compacts = value.truth() == Some(true),
                "isApiErrorMessage" => line.is_error = value.truth() == Some(true),
                "isMeta" => line.is_meta = value.truth() == Some(true),
                "cwd" => line.folder = value.text(),
                "gitBranch" => line.branch = value.text(),
                "costUSD" => line.cost = Some(value),
                _ => {}
            }
            Ok::<(), Fault>(())
        })?;
        Ok(line)
    }

    /// The chain of messages the line belongs to inside its session.
    fn chain(&self) -> Option<&str> {
        self.agent.as_deref().or(self.sidechain.then_some("sidechain"))
    }

    /// The last folder of the working directory: the project's name.
    fn project(&self) -> Option<&str> {
        let folder = self.folder.as_deref()?;
        folder.rsplit(['/', '\\']).find(|name| !name.is_empty())
    }
}

/// The fields of the message inside a line.
#[derive(Default)]
struct MessageFields<'a> {
    id: Option<Cow<'a, str>>,
    role: Option<Cow<'a, str>>,
    model: Option<Cow<'a, str>>,
    content: Option<Json<'a>>,
    usage: Option<Json<'a>>,
    stop_reason: Option<Cow<'a, str>>,
}

impl<'a> MessageFields<'a> {
    fn of(message: Json<'a>) -> Result<Self, Fault> {
        let mut fields = Self::default();
        message.each_entry(|key, value| {
            match key {
                "id" => fields.id = value.name(),
                "role" => fields.role = value.text(),
                "model" => fields.model = value.text(),
                "content" => fields.content = Some(value),
                "usage" => fields.usage = value.is_object().then_some(value),
                "stop_reason" => fields.stop_reason = value.text(),
                _ => {}
            }
            Ok::<(), Fault>(())
        })?;
        Ok(fields)
    }
}

fn push_message(
    line: &Line<'_>,
    message: &MessageFields<'_>,
    record: &Record<'_>,
    batch: &mut Batch,
) {
    let mut recorder = Recorder::new(record.memo);
    if let Some(content) = message.content {
        add_content(content, &mut recorder, false);
        recorder.end_message();
    }
    push_entry(line, recorder, None, batch);
}

fn push_entry(line: &Line<'_>, recorder: Recorder<'_>, answer_of: Option<u32>, batch: &mut Batch) {
    let drafted = recorder.finish();
    let hash = |id: Option<&str>| id.map_or(0, |id| xxh3_64(id.as_bytes()));
    let entry = Entry {
        session: batch.symbol(line.session.as_deref()),
        chain: batch.symbol(line.chain()),
        id: hash(line.id.as_deref()),
        parent: hash(line.parent.as_deref()),
        time: line.time.into(),
        parts: drafted.parts,
        unmeasured_parts: drafted.unmeasured_parts,
        answer_of,
        resets: line.compacts,
        ..Entry::default()
    };
    let _ = batch.push_entry(entry);
}

/// Adds the blocks of a message's content.
fn add_content<'a>(content: Json<'a>, recorder: &mut Recorder<'a>, assistant: bool) {
    let own = if assistant { Component::History } else { Component::UserInput };
    if content.is_text() {
        recorder.add_text(content, own, assistant);
        return;
    }
    for block in content.items() {
        let kind = block.get("type").and_then(Json::text);
        match kind.as_deref() {
            Some("text") => {
                if let Some(text) = block.get("text") {
                    recorder.add_text(text, own, assistant);
                }
            }
            Some("tool_use" | "server_tool_use") => {
                if let Some(input) = block.get("input") {
                    recorder.add_json(input, Component::History, assistant);
                }
            }
            Some("tool_result" | "web_search_tool_result" | "document" | "search_result") => {
                add_result(block, recorder);
            }
            Some("image" | "file" | "container_upload") => recorder.unmeasured(),
            // Thinking is not logged, only its signature.
            _ => {}
        }
    }
}

fn add_result<'a>(block: Json<'a>, recorder: &mut Recorder<'a>) {
    let Some(content) = block.get("content").or_else(|| block.get("source")) else { return };
    if content.is_text() {
        recorder.add_text(content, Component::RetrievedContext, false);
        return;
    }
    for part in content.items() {
        match part.get("text") {
            Some(text) if text.is_text() => {
                recorder.add_text(text, Component::RetrievedContext, false);
            }
            _ if part.get("type").and_then(Json::text).as_deref() == Some("image") => {
                recorder.unmeasured();
            }
            _ => recorder.add_json(part, Component::RetrievedContext, false),
        }
    }
}

fn push_answer<'a>(
    line: &Line<'a>,
    message: &MessageFields<'a>,
    usage: Json<'a>,
    (record, batch): (&Record<'a>, &mut Batch),
) -> Result<(), Fault> {
    let mut counts = MessagesUsage::default();
    counts.overlay(usage)?;
    let (fallback, children) = counts.iterations(message.model.as_deref())?;
    let mut draft = draft(line, message, &counts);
    if fallback.is_some() {
        draft.model = fallback;
    }
    if let Some(cost) = line.cost {
        draft.logged_cost = cost.money("costUSD")?;
    }
    let call = u32::try_from(batch.push(draft)?).unwrap_or(u32::MAX);
    for (position, child) in children.into_iter().enumerate() {
        batch.push(draft_child(line, message, &counts, (position, child)))?;
    }
    let mut recorder = Recorder::new(record.memo);
    if let Some(content) = message.content {
        add_content(content, &mut recorder, true);
        recorder.end_message();
    }
    push_entry(line, recorder, Some(call), batch);
    Ok(())
}

fn draft<'a>(
    line: &Line<'a>,
    message: &MessageFields<'a>,
    counts: &MessagesUsage<'a>,
) -> Draft<'a> {
    let (usage, assumed_write_lifetime) = counts.usage();
    let mut draft = Draft {
        request_id: message.id.clone().or_else(|| line.id.clone()),
        time: line.time,
        provider: Some(cloud_of(message.id.as_deref()).into()),
        model: message.model.clone(),
        feature: line.project().map(|name| Cow::Owned(name.to_owned())),
        conversation: line.session.clone(),
        region: counts.region(),
        tier: counts.tier().unwrap_or_default(),
        finish: message.stop_reason.as_deref().map_or(Finish::Unknown, Finish::parse),
        status: if line.is_error { Status::Error } else { Status::Success },
        tool_requests: counts.tool_requests(),
        usage,
        identity: Identity::of_pair(
            message.id.as_deref().or(line.id.as_deref()),
            line.request.as_deref(),
        )
        .answered_by(message.id.as_deref()),
        ..Draft::default()
    };
    draft.request.has_tools = Some(true);
    draft.flags.sidechain = line.sidechain;
    draft.flags.hidden_head = true;
    draft.flags.assumed_write_lifetime = assumed_write_lifetime;
    draft.tags = tags(line);
    draft
}

fn tags<'a>(line: &Line<'a>) -> Vec<(Cow<'a, str>, Cow<'a, str>)> {
    let tags = [
        ("agent", line.agent_name.as_deref().or(line.agent.as_deref())),
        ("branch", line.branch.as_deref()),
    ];
    tags.into_iter()
        .filter_map(|(key, value)| Some((key.into(), Cow::Owned(value?.to_owned()))))
        .collect()
}

/// The call of another model inside an answer, such as an advisor's.
fn draft_child<'a>(
    line: &Line<'a>,
    message: &MessageFields<'a>,
    counts: &MessagesUsage<'a>,
    (position, child): (usize, Child<'a>),
) -> Draft<'a> {
    // Met again with its parent, it is dropped with its parent.
    let id = message.id.as_deref().or(line.id.as_deref());
    let id = id.map(|id| format!("{id}#{}", position + 1));
    let mut draft = Draft {
        time: line.time,
        provider: Some(cloud_of(message.id.as_deref()).into()),
        model: child.model,
        usage: child.usage,
        feature: line.project().map(|name| Cow::Owned(name.to_owned())),
        conversation: line.session.clone(),
        region: counts.region(),
        tier: counts.tier().unwrap_or_default(),
        tags: tags(line),
        identity: Identity::of_pair(id.as_deref(), line.request.as_deref()),
        ..Draft::default()
    };
    draft.request_id = id.map(Cow::Owned);
    draft.flags.child = true;
    draft.flags.assumed_write_lifetime = child.assumed_write_lifetime;
    draft.flags.sidechain = line.sidechain;
    draft
}

//! Codex CLI rollouts, `~/.codex/sessions/YYYY/MM/DD/rollout-*.jsonl`.
//!
//! A `token_count` event carries the session's running total and what the last
//! call used; it is written again whenever anything else in it changes, so only
//! one whose total moved is a call. `input_tokens` includes cached tokens,
//! `output_tokens` reasoning. Newer versions also write a `token_usage_record`
//! for each answer, those of compactions included, which the running total
//! leaves out: where they are, they are the calls. Session and model stand on lines of their own, and
//! a forked session opens with its parent's whole history: what spans lines is
//! settled by [`super::sequence`]. Definitions of tools and reasoning are billed
//! and not in the file; there are no output limits.
//!
//! Must not know what another line says.

mod items;

use std::borrow::Cow;

use xxhash_rust::xxh3::xxh3_64;

use crate::record::call::TagsId;
use crate::record::component::Component;
use crate::units::Moment;

use super::batch::{Batch, Draft, Identity};
use super::exchange::provider;
use super::format::{Format, KeySet, Outcome, Record, Sample};
use super::json::{Fault, Json};
use super::prompt::Recorder;
use super::sequence::{Message, Session, Totals, What};
use super::transcript::Entry;

/// Codex CLI session logs.
#[derive(Debug)]
pub struct Codex;

const BOOKKEEPING: &str = "a session's bookkeeping";
const MESSAGE: &str = "a message of a session, no call";

impl Format for Codex {
    fn id(&self) -> &'static str {
        "codex"
    }

    fn convention(&self) -> &'static str {
        "input_tokens includes cached and written tokens, output_tokens includes reasoning; \
         totals are cumulative"
    }

    fn keys(&self) -> &'static [KeySet] {
        &[&["type", "payload", "timestamp"]]
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        const KINDS: [&str; 6] = [
            "session_meta",
            "turn_context",
            "event_msg",
            "response_item",
            "compacted",
            "token_usage_record",
        ];
        sample.any_object(|line| {
            line.get("payload").is_some_and(Json::is_object)
                && line
                    .get("type")
                    .and_then(Json::text)
                    .is_some_and(|kind| KINDS.contains(&kind.as_ref()))
        })
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let line = Line::of(record)?;
        let kind = line.payload.get("type").and_then(Json::text);
        match line.kind.as_ref() {
            "session_meta" => line.push_session(batch),
            "turn_context" => Ok(line.push_model(Some(line.payload), batch)),
            "token_usage_record" => line.push_response(batch),
            "event_msg" => match kind.as_deref() {
                Some("token_count") => line.push_count(batch),
                Some("task_started") => {
                    let started =
                        line.payload.get("started_at").map(|time| time.time("started_at"));
                    let started = started.transpose()?.flatten().map(Moment::dated);
                    line.push_step(batch, What::Turn { started });
                    Ok(Outcome::Ignored(BOOKKEEPING))
                }
                Some("thread_settings_applied") => {
                    Ok(line.push_model(line.payload.get("thread_settings"), batch))
                }
                Some("user_message") => Ok(line.push_shown(Component::UserInput, batch)),
                Some("agent_message") => Ok(line.push_shown(Component::History, batch)),
                _ => Ok(Outcome::Ignored(BOOKKEEPING)),
            },
            "response_item" => Ok(line.push_item(batch)),
            "compacted" => Ok(line.push_compaction(batch)),
            _ => Ok(Outcome::Ignored(BOOKKEEPING)),
        }
    }
}

/// One line, taken apart.
struct Line<'a, 'r> {
    kind: Cow<'a, str>,
    payload: Json<'a>,
    time: Option<Moment>,
    record: &'r Record<'a>,
}

impl<'a, 'r> Line<'a, 'r> {
    fn of(record: &'r Record<'a>) -> Result<Self, Fault> {
        let json = record.json()?;
        if !json.is_object() {
            return Err(Fault::Other("not a JSON object"));
        }
        let (mut kind, mut payload, mut time) = (None, None, None);
        json.each_entry(|key, value| {
            match key {
                "type" => kind = value.text(),
                "payload" => payload = Some(value).filter(|value| value.is_object()),
                "timestamp" => time = value.time("timestamp")?.map(Moment::dated),
                _ => {}
            }
            Ok::<(), Fault>(())
        })?;
        Ok(Self {
            kind: kind.ok_or(Fault::Missing("type"))?,
            payload: payload.ok_or(Fault::Missing("payload"))?,
            time,
            record,
        })
    }

    fn push_step(&self, batch: &mut Batch, what: What) {
        let name = batch.symbol(rollout_name(self.record.path));
        batch.push_step(self.time, name, what);
    }

    /// Pushes what a recorder holds as a message; its index in the batch.
    fn push_entry(&self, recorder: Recorder<'_>, resets: bool, batch: &mut Batch) -> u32 {
        let drafted = recorder.finish();
        batch.push_entry(Entry {
            // A copy of the file has the same line.
            id: xxh3_64(self.record.bytes),
            time: self.time.into(),
            parts: drafted.parts,
            unmeasured_parts: drafted.unmeasured_parts,
            resets,
            ..Entry::default()
        })
    }

    fn push_session(&self, batch: &mut Batch) -> Result<Outcome, Fault> {
        let mut started = None;
        let mut meta = Meta::default();
        self.payload.each_entry(|key, value| {
            match key {
                "id" => meta.id = value.name(),
                "timestamp" => started = value.time("timestamp")?.map(Moment::dated),
                "session_id" if meta.id.is_none() => meta.id = value.name(),
                "forked_from_id" => meta.forked_from = value.name(),
                "parent_thread_id" => meta.spawned_by = value.name(),
                "model_provider" => meta.provider = value.text(),
                "cwd" => meta.folder = value.text(),
                "git" => meta.branch = value.get("branch").and_then(Json::text),
                "source" => meta.source(value),
                "base_instructions" => meta.instructions = value.get("text").or(Some(value)),
                "instructions" if meta.instructions.is_none() => meta.instructions = Some(value),
                _ => {}
            }
            Ok::<(), Fault>(())
        })?;
        let entry = meta.instructions.filter(|text| text.is_text()).map(|text| {
            let mut recorder = Recorder::new(self.record.memo);
            recorder.add_text(text, Component::SystemPrompt, false);
            recorder.end_message();
            self.push_entry(recorder, false, batch)
        });
        let provider = meta.provider.as_deref().map(provider::of_name);
        let session = Session {
            id: batch.symbol(meta.id.as_deref()),
            parents: [
                batch.symbol(meta.forked_from.as_deref()),
                batch.symbol(meta.spawned_by.as_deref()),
            ],
            provider: batch.symbol(provider.as_deref()),
            feature: batch.symbol(meta.folder.as_deref().and_then(project)),
            tags: tags(&meta, batch),
            sidechain: meta.is_subagent,
            entry,
        };
        let name = batch.symbol(rollout_name(self.record.path));
        batch.push_step(self.time.or(started), name, What::Session(session));
        Ok(Outcome::Ignored(BOOKKEEPING))
    }

    /// The model that answers from here on.
    fn push_model(&self, settings: Option<Json<'a>>, batch: &mut Batch) -> Outcome {
        let model = settings.and_then(|settings| settings.get("model")).and_then(Json::name);
        let model = batch.symbol(model.as_deref());
        self.push_step(batch, What::Model { model, provider: None });
        Outcome::Ignored(BOOKKEEPING)
    }

    /// What one answer used, by its own record.
    fn push_response(&self, batch: &mut Batch) -> Result<Outcome, Fault> {
        let used = read_totals(self.payload.get("usage").ok_or(Fault::Missing("usage"))?)?;
        let id = self.payload.get("response_id").and_then(Json::name);
        // A copy of the file has the same line.
        let own = id.is_none().then(|| format!("{:x}", xxh3_64(self.record.bytes)));
        let mut draft = Draft {
            time: self.time,
            usage: used.usage(),
            identity: Identity::of(id.as_deref().or(own.as_deref())).answered_by(id.as_deref()),
            ..Draft::default()
        };
        draft.request.has_tools = Some(true);
        draft.flags.hidden_head = true;
        let call = u32::try_from(batch.push(draft)?).unwrap_or(u32::MAX);
        let entry = self.push_entry(Recorder::new(self.record.memo), false, batch);
        let thread = self.payload.get("thread_id").and_then(Json::name);
        let session = batch.symbol(thread.as_deref());
        self.push_step(batch, What::Response { call, entry, used, session });
        Ok(Outcome::Kept)
    }

    fn push_count(&self, batch: &mut Batch) -> Result<Outcome, Fault> {
        let info = self.payload.get("info").filter(|info| info.is_object());
        let totals = |key| info.and_then(|info| info.get(key)).map(read_totals).transpose();
        let (total, last) = (totals("total_token_usage")?, totals("last_token_usage")?);
        if total.is_none() && last.is_none() {
            return Ok(Outcome::Ignored("a token count without usage"));
        }
        let named = info.and_then(|info| info.get("model")).or_else(|| self.payload.get("model"));
        let model = named.and_then(Json::name);
        let mut draft = Draft { time: self.time, ..Draft::default() };
        draft.request.has_tools = Some(true);
        draft.flags.hidden_head = true;
        let call = u32::try_from(batch.push(draft)?).unwrap_or(u32::MAX);
        let entry = self.push_entry(Recorder::new(self.record.memo), false, batch);
        let model = batch.symbol(model.as_deref());
        let what = What::Running { call, entry: Some(entry), total, last, model };
        self.push_step(batch, what);
        Ok(Outcome::Kept)
    }

    /// A message as the screen showed it: what was sent stands in another line,
    /// but for old versions.
    fn push_shown(&self, component: Component, batch: &mut Batch) -> Outcome {
        let mut recorder = Recorder::new(self.record.memo);
        let answer = component == Component::History;
        if let Some(text) = self.payload.get("message").filter(|text| text.is_text()) {
            recorder.add_text(text, component, answer);
            recorder.end_message();
        }
        self.push_message(recorder, answer, true, batch)
    }

    fn push_item(&self, batch: &mut Batch) -> Outcome {
        let mut recorder = Recorder::new(self.record.memo);
        match items::add(self.payload, &mut recorder) {
            Some(answer) => self.push_message(recorder, answer, false, batch),
            None => Outcome::Ignored(BOOKKEEPING),
        }
    }

    fn push_message(
        &self,
        recorder: Recorder<'_>,
        answer: bool,
        shown: bool,
        batch: &mut Batch,
    ) -> Outcome {
        let entry = self.push_entry(recorder, false, batch);
        self.push_step(batch, What::Message(Message { entry, answer, shown, id: 0 }));
        Outcome::Ignored(MESSAGE)
    }

    /// A compaction: what follows goes on from its summary alone.
    fn push_compaction(&self, batch: &mut Batch) -> Outcome {
        let mut recorder = Recorder::new(self.record.memo);
        let replaced = self.payload.get("replacement_history").map(Json::items);
        if let Some(replaced) = replaced {
            for item in replaced {
                let _ = items::add(item, &mut recorder);
            }
        } else if let Some(text) = self.payload.get("message").filter(|text| text.is_text()) {
            recorder.add_text(text, Component::History, false);
            recorder.end_message();
        }
        let entry = self.push_entry(recorder, true, batch);
        let message = Message { entry, answer: false, shown: false, id: 0 };
        self.push_step(batch, What::Message(message));
        Outcome::Ignored(MESSAGE)
    }
}

/// What a session's opening says.
#[derive(Default)]
struct Meta<'a> {
    id: Option<Cow<'a, str>>,
    forked_from: Option<Cow<'a, str>>,
    spawned_by: Option<Cow<'a, str>>,
    provider: Option<Cow<'a, str>>,
    folder: Option<Cow<'a, str>>,
    branch: Option<Cow<'a, str>>,
    agent: Option<Cow<'a, str>>,
    is_subagent: bool,
    instructions: Option<Json<'a>>,
}

impl<'a> Meta<'a> {
    /// `cli` and the like, or the session that spawned this one.
    fn source(&mut self, source: Json<'a>) {
        let Some(subagent) = source.get("subagent").or_else(|| source.get("subAgent")) else {
            return;
        };
        self.is_subagent = true;
        self.agent = subagent.text();
        if let Some(spawn) = subagent.get("thread_spawn") {
            self.spawned_by =
                spawn.get("parent_thread_id").and_then(Json::name).or(self.spawned_by.take());
            self.agent = spawn.get("agent_role").and_then(Json::text);
        }
    }
}

fn tags(meta: &Meta<'_>, batch: &mut Batch) -> Option<TagsId> {
    let tags = [("agent", meta.agent.as_deref()), ("branch", meta.branch.as_deref())];
    let tags = tags
        .into_iter()
        .filter_map(|(key, value)| Some((key.into(), Cow::Owned(value?.to_owned()))))
        .collect();
    batch.tags(tags)
}

/// One set of counters.
pub(super) fn read_totals(usage: Json<'_>) -> Result<Totals, Fault> {
    if !usage.is_object() {
        return Err(Fault::BadField { field: "token_usage", wanted: "an object of counts" });
    }
    let mut totals = Totals::default();
    usage.each_entry(|key, value| {
        match key {
            "input_tokens" => totals.input = value.count("input_tokens")?,
            "cached_input_tokens" => totals.cache_read = value.count("cached_input_tokens")?,
            "cache_write_input_tokens" => {
                totals.cache_write = value.count("cache_write_input_tokens")?;
            }
            "output_tokens" => totals.output = value.count("output_tokens")?,
            "reasoning_output_tokens" => {
                totals.reasoning = value.count("reasoning_output_tokens")?;
            }
            _ => {}
        }
        Ok::<(), Fault>(())
    })?;
    if totals.input.is_none() && totals.output.is_none() {
        return Err(Fault::Missing("input_tokens"));
    }
    Ok(totals)
}

/// The last folder of a working directory: the project's name.
pub(super) fn project(folder: &str) -> Option<&str> {
    folder.rsplit(['/', '\\']).find(|name| !name.is_empty())
}

/// The name of a rollout file, which no other session has.
fn rollout_name(path: &str) -> Option<&str> {
    let file = path.rsplit(['/', '\\']).next()?;
    let name = file.split('.').next()?;
    name.starts_with("rollout-").then_some(name)
}

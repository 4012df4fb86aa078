//! What `codex exec --json` prints: one event per line.
//!
//! `turn.completed` carries the thread's running total (openai/codex,
//! `event_processor_with_jsonl_output.rs`, `usage_from_last_total`), so a turn is
//! the difference to the one before, also across files where a thread was
//! resumed. A turn is many calls of the model: what is kept as one call is their
//! sum. The stream says neither when nor which model; its texts are not read,
//! for no prompt of a single call could be put together from them.

use super::batch::{Batch, Draft};
use super::codex::read_totals;
use super::format::{Format, Outcome, Record, Sample};
use super::json::{Fault, Json};
use super::sequence::{Session, What};

/// The event stream of `codex exec --json`.
#[derive(Debug)]
pub struct CodexExec;

impl Format for CodexExec {
    fn id(&self) -> &'static str {
        "codex-exec"
    }

    fn convention(&self) -> &'static str {
        "input_tokens includes cached tokens, output_tokens includes reasoning; usage is the \
         thread's running total, a call is a whole turn"
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        const KINDS: [&str; 7] = [
            "thread.started",
            "turn.started",
            "turn.completed",
            "turn.failed",
            "item.started",
            "item.updated",
            "item.completed",
        ];
        sample.any_object(|event| {
            event
                .get("type")
                .and_then(Json::text)
                .is_some_and(|kind| KINDS.contains(&kind.as_ref()))
        })
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let json = record.json()?;
        if !json.is_object() {
            return Err(Fault::Other("not a JSON object"));
        }
        let (mut kind, mut thread, mut usage) = (None, None, None);
        json.each_entry(|key, value| {
            match key {
                "type" => kind = value.text(),
                "thread_id" => thread = value.name(),
                "usage" => usage = Some(value).filter(|value| !value.is_null()),
                _ => {}
            }
            Ok::<(), Fault>(())
        })?;
        match kind.ok_or(Fault::Missing("type"))?.as_ref() {
            "thread.started" => {
                let id = batch.symbol(thread.as_deref());
                let session = Session { id, ..Session::default() };
                batch.push_step(None, None, What::Session(session));
                Ok(Outcome::Ignored("a thread's opening"))
            }
            "turn.completed" => {
                let Some(usage) = usage else {
                    return Ok(Outcome::Ignored("a turn without usage"));
                };
                let total = read_totals(usage)?;
                if !total.is_positive() {
                    return Ok(Outcome::Ignored("a turn without usage"));
                }
                let mut draft = Draft::default();
                draft.request.has_tools = Some(true);
                draft.flags.hidden_head = true;
                draft.flags.hidden_history = true;
                let call = u32::try_from(batch.push(draft)?).unwrap_or(u32::MAX);
                batch.note(
                    "TURNS_AS_CALLS",
                    "a turn of an agent stands as one call: its counts are the sum over all its requests",
                );
                let what = What::Running {
                    call,
                    entry: None,
                    total: Some(total),
                    last: None,
                    model: None,
                };
                batch.push_step(None, None, what);
                Ok(Outcome::Kept)
            }
            "turn.failed" => Ok(Outcome::Ignored("a turn that failed, without usage")),
            _ => Ok(Outcome::Ignored("an event of a turn, no call")),
        }
    }
}

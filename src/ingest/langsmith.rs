//! Runs of LangSmith, as its API, its bulk export and CSV dumps of the same
//! columns have them.
//!
//! A run of type `llm` or `embedding` is a call; chains and tools carry the sum
//! of their children and are set aside. Input includes cache reads and writes,
//! for Anthropic too: the tracers add them.

mod counts;
mod run;

use super::batch::Batch;
use super::exchange::body::first_item;
use super::format::{Format, Framing, Outcome, PartLines, Record, Sample};
use super::json::{Fault, Json};
use super::value::Value;

use run::Run;

const CONVENTION: &str = "input_tokens includes cache reads and writes, for Anthropic too, \
     output_tokens includes reasoning; an input smaller than what was cached of it leaves them \
     out, and they are added";

/// Deeper trees of runs are no program's.
const DEEPEST: usize = 32;

/// Runs as JSON.
#[derive(Clone, Copy, Debug)]
pub struct Langsmith;

/// Runs as CSV, with JSON in their cells.
#[derive(Clone, Copy, Debug)]
pub struct LangsmithCsv;

impl Format for Langsmith {
    fn id(&self) -> &'static str {
        "langsmith"
    }

    fn convention(&self) -> &'static str {
        CONVENTION
    }

    fn list_key(&self) -> Option<&'static str> {
        Some("runs")
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        sample.any_object(|object| {
            is_run(object) || object.get("runs").and_then(first_item).is_some_and(is_run)
        })
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let json = record.json()?;
        if !json.is_object() {
            return Err(Fault::Other("not a JSON object"));
        }
        let mut run = Run::default();
        json.each_entry(|key, value| {
            run.offer(key, Value::Json(value));
            Ok::<(), Fault>(())
        })?;
        let Some(children) = json.get("child_runs").filter(|list| first_item(*list).is_some())
        else {
            let read = run.read(record.memo, batch)?;
            return Ok(read.map_or(Outcome::Kept, Outcome::Ignored));
        };
        let mut tree = Tree { record, batch, lines: PartLines::of(record) };
        tree.settle(record.line, Ok(&run));
        tree.children(children, 0)?;
        Ok(Outcome::AccountedFor)
    }
}

impl Format for LangsmithCsv {
    fn id(&self) -> &'static str {
        "langsmith-csv"
    }

    fn convention(&self) -> &'static str {
        CONVENTION
    }

    fn framing(&self) -> Framing {
        Framing::Csv
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        sample.header().is_some_and(|header| {
            header.has(&["run_type"])
                && (header.has(&["trace_id"]) || header.has(&["dotted_order"]))
        })
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let cells = record.row.ok_or(Fault::Other("not a CSV row"))?;
        let mut run = Run::default();
        for (column, cell) in cells.cells() {
            run.offer(column, Value::Cell(cell));
        }
        let read = run.read(record.memo, batch)?;
        Ok(read.map_or(Outcome::Kept, Outcome::Ignored))
    }
}

/// Whether an object is a run of some type.
fn is_run(object: Json<'_>) -> bool {
    object.get("run_type").is_some_and(Json::is_text)
        && ["dotted_order", "trace_id", "parent_run_id", "session_id"]
            .iter()
            .any(|key| object.get(key).is_some())
}

/// A run with the runs inside it, each a part of its own.
struct Tree<'r, 'a> {
    record: &'r Record<'a>,
    batch: &'r mut Batch,
    lines: PartLines,
}

impl<'a> Tree<'_, 'a> {
    fn children(&mut self, list: Json<'a>, depth: usize) -> Result<(), Fault> {
        if depth > DEEPEST {
            return Ok(());
        }
        list.each_item(|part| {
            let line = self.lines.line(self.record, part);
            self.batch.start_part(line, part.raw().as_bytes());
            let mut run = Run::default();
            let walked = part.each_entry(|key, value| {
                run.offer(key, Value::Json(value));
                Ok::<(), Fault>(())
            });
            self.settle(line, walked.map(|()| &run));
            part.get("child_runs").map_or(Ok(()), |inside| self.children(inside, depth + 1))
        })
    }

    /// Counts one run; a broken one spoils no other.
    fn settle(&mut self, line: u64, run: Result<&Run<'_>, Fault>) {
        let memo = self.record.memo;
        self.batch.account_for(line, |batch| {
            let read = run?.read(memo, batch)?;
            Ok(read.map_or(Outcome::Kept, Outcome::Ignored))
        });
    }
}

#[cfg(test)]
mod tests;

//! tokopt's own flat record: one line or one row per call, names as teams
//! commonly write them.
//!
//! `input_tokens` is the whole prompt, cached part included, and
//! `output_tokens` includes reasoning. A record may declare
//! `input_convention: "exclusive"`; one whose counts prove it is read so
//! anyway. Rows that name a `component` are parts of one call.

mod counts;
mod field;
mod fields;
mod tags;

use super::batch::Batch;
use super::format::{Format, Framing, KeySet, Outcome, Record, Sample};
use super::json::{Fault, Json};
use super::value::Value;

pub(super) use field::{Field, NAMES, Named};
pub(super) use fields::{Fields, relative};

const CONVENTION: &str = "input includes cached tokens, output includes reasoning; \
     input_convention says otherwise";

/// The flat record as JSON lines or JSON documents.
#[derive(Clone, Copy, Debug)]
pub struct Canonical;

/// The flat record as CSV rows.
#[derive(Clone, Copy, Debug)]
pub struct CanonicalCsv;

impl Format for Canonical {
    fn id(&self) -> &'static str {
        "canonical"
    }

    fn convention(&self) -> &'static str {
        CONVENTION
    }

    fn keys(&self) -> &'static [KeySet] {
        KEYS
    }

    fn is_fallback(&self) -> bool {
        true
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        sample.any_object(is_canonical)
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let json = record.json()?;
        if !json.is_object() {
            return Err(Fault::Other("not a JSON object"));
        }
        let mut fields = Fields::new();
        json.each_entry(|key, value| {
            if let Some(named) = Field::of_name(key) {
                fields.offer(named, Value::Json(value));
            }
            Ok(())
        })?;
        push(&mut fields, batch)
    }
}

impl Format for CanonicalCsv {
    fn id(&self) -> &'static str {
        "canonical-csv"
    }

    fn convention(&self) -> &'static str {
        CONVENTION
    }

    fn keys(&self) -> &'static [KeySet] {
        KEYS
    }

    fn is_fallback(&self) -> bool {
        true
    }

    fn framing(&self) -> Framing {
        Framing::Csv
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        sample.header().is_some_and(|header| {
            // A row that adds up many calls is another format's.
            if header.position("num_model_requests").is_some() {
                return false;
            }
            let mut seen = Seen::default();
            header.columns.iter().for_each(|column| seen.note(column));
            seen.is_enough()
        })
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let row = record.row.ok_or(Fault::Other("not a CSV row"))?;
        let mut fields = Fields::new();
        for (column, cell) in row.cells() {
            if let Some(named) = Field::of_name(column) {
                fields.offer(named, Value::Cell(cell));
            }
        }
        push(&mut fields, batch)
    }
}

/// The plainest of the names that are enough; every field has others.
const KEYS: &[KeySet] = &[
    &["model", "input_tokens"],
    &["model", "prompt_tokens"],
    &["model", "usage.input_tokens"],
    &["model", "usage.prompt_tokens"],
    &["timestamp", "input_tokens", "output_tokens"],
    &["tokopt_schema"],
];

fn push(fields: &mut Fields<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
    fields.open_usage()?;
    let draft = fields.draft(batch)?;
    batch.push(draft)?;
    Ok(Outcome::Kept)
}

/// What detection saw of a record.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    marked: bool,
    is_table: bool,
    input: bool,
    output: bool,
    model: bool,
    time: bool,
}

impl Seen {
    fn note(&mut self, name: &str) {
        self.marked |= name == "tokopt_schema";
        self.is_table |= name == crate::ingest::tokopt_table::MARK;
        match Field::of_name(name).map(|named| named.field) {
            Some(Field::Input | Field::UncachedInput | Field::Total) => self.input = true,
            Some(Field::Output) => self.output = true,
            Some(Field::Model | Field::RequestedModel) => self.model = true,
            Some(Field::Time) => self.time = true,
            _ => {}
        }
    }

    /// A count of input beside a model, or beside a time and a count of output.
    /// Other systems' logs have such names too, so this format is a fallback.
    const fn is_enough(self) -> bool {
        !self.is_table
            && (self.marked || (self.input && (self.model || (self.time && self.output))))
    }
}

fn is_canonical(object: Json<'_>) -> bool {
    let mut seen = Seen::default();
    let walked = object.each_entry(|key, value| {
        seen.note(key);
        if Field::of_name(key).is_some_and(|named| named.field == Field::Usage) {
            value.each_entry(|key, _| {
                seen.note(key);
                Ok::<(), Fault>(())
            })?;
        }
        Ok::<(), Fault>(())
    });
    walked.is_ok() && seen.is_enough()
}

#[cfg(test)]
mod tests;

//! Pages of completions that OpenAI stored, as its listing endpoint answers.

use crate::ingest::batch::Batch;
use crate::ingest::format::{Format, KeySet, Outcome, Record, Sample};
use crate::ingest::json::{Fault, Json};

use super::Exchange;
use super::body::first_item;

/// `{object: list, data: [chat.completion, …]}`; each completion is a record.
#[derive(Debug)]
pub struct StoredCompletions;

impl Format for StoredCompletions {
    fn id(&self) -> &'static str {
        "stored-completions"
    }

    fn convention(&self) -> &'static str {
        "cached and written tokens inside the prompt, reasoning inside the completion"
    }

    fn keys(&self) -> &'static [KeySet] {
        &[&["data", "choices", "usage"]]
    }

    fn list_key(&self) -> Option<&'static str> {
        Some("data")
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        sample.any_object(|object| {
            let first = object.get("data").and_then(first_item);
            let kind = first.and_then(|first| first.get("object")).and_then(Json::text);
            kind.as_deref() == Some("chat.completion")
        })
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        Exchange.read(record, batch)
    }
}

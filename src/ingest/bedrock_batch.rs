//! Output of Amazon Bedrock's batch inference: a line per record, its request
//! and its answer side by side.
//!
//! The bodies are those of `InvokeModel` or Converse and count as they do. A
//! line says neither when nor, but for Claude's, which model: the job does.

use std::borrow::Cow;

use crate::record::lane::Tier;

use super::batch::{Batch, Draft};
use super::exchange::body::Reading;
use super::exchange::exchanged::{self, Exchanged, Logged};
use super::format::{Format, KeySet, Outcome, Record, Sample};
use super::json::{Fault, Json};

/// `{recordId, modelInput, modelOutput | error}`, one a line.
#[derive(Clone, Copy, Debug)]
pub struct BedrockBatch;

impl Format for BedrockBatch {
    fn id(&self) -> &'static str {
        "bedrock-batch"
    }

    fn convention(&self) -> &'static str {
        "as the answers of InvokeModel: Claude's and Nova's input excludes cache reads and writes, \
         which are added"
    }

    fn keys(&self) -> &'static [KeySet] {
        &[&["modelInput", "modelOutput"], &["recordId", "modelInput"]]
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        sample.any_object(|object| {
            object.get("modelInput").is_some()
                && ["recordId", "modelOutput"].iter().any(|key| object.get(key).is_some())
        })
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let json = record.json()?;
        if !json.is_object() {
            return Err(Fault::Other("not a JSON object"));
        }
        let (mut id, mut input, mut output, mut failed) = (None, None, None, false);
        json.each_entry(|key, value| {
            match key {
                "recordId" => id = value.name(),
                "modelInput" if !value.is_null() => input = Some(value),
                "modelOutput" if !value.is_null() => output = Some(value),
                "error" => failed = value.is_object(),
                _ => {}
            }
            Ok::<(), Fault>(())
        })?;
        if input.is_none() {
            return Err(Fault::Missing("modelInput"));
        }
        if output.is_none() && !failed {
            return Ok(Outcome::Ignored("request without a response"));
        }
        let (input_text, output_text) =
            (input.and_then(Json::any_text), output.and_then(Json::any_text));
        let mut exchange = Exchanged {
            request: exchanged::request_body(input, input_text.as_deref()),
            answer: Logged::of(output, output_text.as_deref()),
            provider: Some(Cow::Borrowed("aws.bedrock")),
            failed,
            ..Exchanged::default()
        };
        // A record's id is its own in one job only, so no identity is made of it.
        let draft = Draft { request_id: id, ..Draft::default() };
        let mut reading = Reading::new(draft, record.memo);
        exchange.read_logged(&mut reading)?;
        reading.draft.tier = Tier::Batch;
        exchange.push(reading, batch)
    }
}

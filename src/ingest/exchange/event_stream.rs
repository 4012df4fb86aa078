//! Streamed answers as they came over the wire, a whole stream a record.

use crate::ingest::batch::{Batch, Draft};
use crate::ingest::format::{Format, Framing, KeySet, Outcome, Record, Sample};
use crate::ingest::json::Fault;

use super::body::{Reading, Shape};
use super::exchanged::{Exchanged, Logged};
use super::{is_body_or_error, stream};

/// Server-sent events of an answer, with or without `data:` before each.
#[derive(Debug)]
pub struct EventStream;

impl Format for EventStream {
    fn id(&self) -> &'static str {
        "event-stream"
    }

    fn convention(&self) -> &'static str {
        "the last usage of a stream counts, never the first; which counts include which is as \
         in exchange"
    }

    fn keys(&self) -> &'static [KeySet] {
        &[
            &["object", "choices"],
            &["type", "message"],
            &["candidates", "usageMetadata"],
            &["type", "response"],
            &["error"],
        ]
    }

    fn framing(&self) -> Framing {
        Framing::EventStream
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        let Sample::Events(events) = sample else { return false };
        events.iter().any(|event| Shape::of(*event).is_ok_and(|shape| is_body_or_error(&shape)))
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let text = std::str::from_utf8(record.bytes).map_err(|_| Fault::NotUtf8)?;
        let Some(answer) = stream::of_text(text) else {
            return Err(Fault::Other("no event with a JSON payload"));
        };
        let mut reading = Reading::new(Draft::default(), record.memo);
        reading.draft.request.stream = Some(true);
        Exchanged { answer: Logged::Answer(answer), ..Exchanged::default() }.keep(reading, batch)
    }
}

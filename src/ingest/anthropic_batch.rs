//! Anthropic's Message Batches: the requests that were submitted, and lines of
//! results in any order, tied by `custom_id`.
//!
//! Counts are those of a message: the input excludes cache reads and writes,
//! which are added. Only results that succeeded are billed (Anthropic, "Batch
//! processing"): one that is errored, canceled or expired is a failed call that
//! cost nothing. No line carries a time.

use std::borrow::Cow;

use super::batch::{Batch, Draft};
use super::exchange::body::first_item;
use super::exchange::exchanged::{Exchanged, Logged};
use super::exchange::halves::{push_answer, push_request};
use super::format::{Format, KeySet, Outcome, Record, Sample};
use super::join::Tie;
use super::json::{Fault, Json};

const ID: &str = "anthropic-batch";

/// Requests and results of message batches.
#[derive(Clone, Copy, Debug)]
pub struct AnthropicBatch;

impl Format for AnthropicBatch {
    fn id(&self) -> &'static str {
        ID
    }

    fn convention(&self) -> &'static str {
        "input excludes cache reads and writes, which are added; billed as batch, failures not at all"
    }

    fn keys(&self) -> &'static [KeySet] {
        &[&["custom_id", "result"], &["custom_id", "params"]]
    }

    fn list_key(&self) -> Option<&'static str> {
        // The body that a batch is submitted with.
        Some("requests")
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        sample.any_object(|object| {
            let listed = object.get("requests").and_then(first_item);
            is_half(object) || is_batch(object) || listed.is_some_and(is_half)
        })
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let (mut custom_id, mut params, mut result, mut kind) = (None, None, None, None);
        let json = record.json()?;
        if !json.is_object() {
            return Err(Fault::Other("not a JSON object"));
        }
        json.each_entry(|key, value| {
            match key {
                "custom_id" => custom_id = value.name(),
                "params" => params = Some(value),
                "result" => result = Some(value),
                "type" => kind = value.text(),
                _ => {}
            }
            Ok::<(), Fault>(())
        })?;
        if kind.as_deref() == Some("message_batch") {
            return Ok(Outcome::Ignored("batch object: totals of lines of their own"));
        }
        let custom_id = custom_id.ok_or(Fault::Missing("custom_id"))?;
        let tie = Tie::of(ID, &custom_id);
        let given = |value: Option<Json<'_>>| value.is_some_and(Json::is_object);
        if let Some(result) = result.filter(|_| given(result)) {
            let draft = Draft { request_id: Some(custom_id), ..Draft::default() };
            return push_answer(read_result(result)?, draft, tie, record.memo, batch);
        }
        if !given(params) {
            return Err(Fault::Other("neither a request nor a result"));
        }
        let request = Exchanged {
            request: params,
            answer: Logged::WithoutBody,
            url: Some(Cow::Borrowed("/v1/messages")),
            provider: Some(Cow::Borrowed("anthropic")),
            ..Exchanged::default()
        };
        push_request(&request, tie, record.memo, batch)
    }
}

fn read_result(result: Json<'_>) -> Result<Exchanged<'_>, Fault> {
    let provider = Some(Cow::Borrowed("anthropic"));
    let kind = result.get("type").and_then(Json::text);
    match kind.as_deref() {
        Some("succeeded") => {
            let message = result.get("message").ok_or(Fault::Missing("result.message"))?;
            Ok(Exchanged {
                answer: Logged::of(Some(message), None),
                provider,
                ..Exchanged::default()
            })
        }
        Some("errored" | "canceled" | "expired") => {
            Ok(Exchanged { failed: true, provider, ..Exchanged::default() })
        }
        _ => Err(Fault::BadField {
            field: "result.type",
            wanted: "succeeded, errored, canceled or expired",
        }),
    }
}

/// Whether an object is a request or a result of a batch.
fn is_half(object: Json<'_>) -> bool {
    let has_params = object.get("params").is_some_and(Json::is_object);
    object.get("custom_id").is_some()
        && (has_params || object.at(&["result", "type"]).is_some_and(Json::is_text))
}

fn is_batch(object: Json<'_>) -> bool {
    object.get("type").and_then(Json::text).as_deref() == Some("message_batch")
}

#[cfg(test)]
mod tests {
    use super::AnthropicBatch;
    use crate::ingest::batch::Batch;
    use crate::ingest::format::{Format as _, Outcome, Sample};
    use crate::ingest::json::{Fault, Json};
    use crate::ingest::read_one::read_one;
    use crate::record::call::Status;
    use crate::record::lane::Tier;
    use crate::units::Tokens;

    fn read(line: &str) -> (Batch, Result<Outcome, Fault>) {
        read_one(&AnthropicBatch, line)
    }

    fn detects(text: &str) -> bool {
        AnthropicBatch.detect(&Sample::Json(&[Json::of_text(text)]))
    }

    const SUCCEEDED: &str = r#"{"custom_id":"letter-1","result":{"type":"succeeded","message":{"id":"msg_01","type":"message",
        "role":"assistant","model":"claude-haiku-4-5-20251001","content":[{"type":"text","text":"Kind regards."}],"stop_reason":"end_turn",
        "usage":{"input_tokens":40,"cache_read_input_tokens":1000,"cache_creation_input_tokens":60,
        "cache_creation":{"ephemeral_5m_input_tokens":60,"ephemeral_1h_input_tokens":0},"output_tokens":5,"service_tier":"batch"}}}}"#;

    #[test]
    fn a_message_is_a_call_of_the_batch_tier() {
        assert!(detects(SUCCEEDED));
        let (batch, outcome) = read(SUCCEEDED);
        assert_eq!(outcome, Ok(Outcome::Kept));
        let call = &batch.calls[0].call;
        // 40 + 1,000 read + 60 written.
        assert_eq!(call.usage.get().input, Some(Tokens::new(1_100)));
        assert_eq!((call.tier, call.time.get()), (Tier::Batch, None));
        assert_eq!(batch.strings.text_of(call.request_id), Some("msg_01"));
        assert!(!call.flags.inferred_provider);
    }

    #[test]
    fn what_did_not_succeed_is_a_failed_call() {
        for result in [
            r#"{"type":"errored","error":{"type":"error","error":{"type":"invalid_request_error","message":"max_tokens"}}}"#,
            r#"{"type":"canceled"}"#,
            r#"{"type":"expired"}"#,
        ] {
            let line = format!(r#"{{"custom_id":"letter-2","result":{result}}}"#);
            assert!(detects(&line));
            let (batch, outcome) = read(&line);
            assert_eq!(outcome, Ok(Outcome::Kept), "{line}");
            let call = &batch.calls[0].call;
            assert_eq!((call.status, call.usage.get().is_reported()), (Status::Error, false));
            assert_eq!(batch.strings.text_of(call.request_id), Some("letter-2"));
        }
    }

    #[test]
    fn requests_submissions_and_batches() {
        let request = r#"{"custom_id":"letter-1","params":{"model":"claude-haiku-4-5","max_tokens":64,"messages":[{"role":"user","content":"Write."}]}}"#;
        assert!(detects(request) && detects(&format!(r#"{{"requests":[{request}]}}"#)));
        let (batch, outcome) = read(request);
        assert_eq!((outcome, batch.calls.len()), (Ok(Outcome::Kept), 0));
        let (_, asked) = &batch.halves.requests[0];
        assert_eq!(asked.call.request.max_tokens.get(), Some(64));
        assert!(asked.prompt.as_ref().is_some_and(|prompt| prompt.parts.len() == 1));
        let object = r#"{"id":"msgbatch_1","type":"message_batch","processing_status":"ended"}"#;
        assert!(detects(object));
        assert!(matches!(read(object).1, Ok(Outcome::Ignored(_))));
        for broken in [
            r#"{"custom_id":"a"}"#,
            r#"{"result":{"type":"expired"}}"#,
            r#"{"custom_id":"a","result":{"type":"lost"}}"#,
            r#"{"custom_id":"a","result":{"type":"succeeded"}}"#,
            "7",
        ] {
            assert!(read(broken).1.is_err(), "{broken}");
        }
    }
}

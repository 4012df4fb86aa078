//! OpenAI's Batch API, as a pair of files: lines of requests, and lines of
//! results in any order, tied by `custom_id`. Azure, Groq, Mistral and others
//! took over the shape.
//!
//! Counts are those of the bodies: cached and written tokens inside the prompt,
//! reasoning inside the completion. A result is a call whether its request was
//! found or not; a request alone is none, for nothing says that it was served.
//! A `batch` object adds the same lines up once more.

use std::borrow::Cow;

use super::batch::{Batch, Draft};
use super::exchange::body::first_item;
use super::exchange::exchanged::{Exchanged, Logged};
use super::exchange::halves::{push_answer, push_request};
use super::format::{Format, KeySet, Outcome, Record, Sample};
use super::join::Tie;
use super::json::{Fault, Json};

const ID: &str = "openai-batch";

/// Input, output and error files of batches.
#[derive(Clone, Copy, Debug)]
pub struct OpenAiBatch;

impl Format for OpenAiBatch {
    fn id(&self) -> &'static str {
        ID
    }

    fn convention(&self) -> &'static str {
        "cached and written tokens inside the prompt, reasoning inside the completion; billed as batch"
    }

    fn keys(&self) -> &'static [KeySet] {
        &[&["custom_id", "response"], &["custom_id", "method", "url"]]
    }

    fn list_key(&self) -> Option<&'static str> {
        Some("data")
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        sample.any_object(|object| {
            let listed = object.get("data").and_then(first_item);
            is_half(object) || is_batch(object) || listed.is_some_and(is_batch)
        })
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let line = Line::read(record.json()?)?;
        if line.is_batch {
            return Ok(Outcome::Ignored("batch object: totals of lines of their own"));
        }
        let custom_id = line.custom_id.as_deref().ok_or(Fault::Missing("custom_id"))?;
        let tie = Tie::of(ID, custom_id);
        if line.response.or(line.error).is_some() {
            let body = line.response.and_then(|response| response.get("body"));
            let text = body.and_then(Json::any_text);
            let status = line.response.and_then(|response| response.get("status_code"));
            let answer = Exchanged {
                answer: match (Logged::of(body, text.as_deref()), line.response) {
                    (Logged::Nothing, Some(_)) => Logged::WithoutBody,
                    (answer, _) => answer,
                },
                http_status: status.map_or(Ok(None), |status| status.count("status_code"))?,
                failed: line.error.is_some(),
                ..Exchanged::default()
            };
            let draft = Draft { request_id: line.id, ..Draft::default() };
            return push_answer(answer, draft, tie, record.memo, batch);
        }
        let body = line.body.ok_or(Fault::Other("neither a request nor a result"))?;
        if !body.is_object() {
            return Err(Fault::BadField { field: "body", wanted: "a request" });
        }
        let request = Exchanged {
            request: Some(body),
            answer: Logged::WithoutBody,
            url: line.url,
            ..Exchanged::default()
        };
        push_request(&request, tie, record.memo, batch)
    }
}

/// Whether an object is a request or a result of a batch.
fn is_half(object: Json<'_>) -> bool {
    let holds = |key: &str| object.get(key).is_some_and(Json::is_object);
    // What Anthropic's lines have instead.
    let other = holds("params") || holds("result");
    let answered = object.at(&["response", "status_code"]).is_some()
        || object.at(&["response", "body"]).is_some()
        || holds("error");
    object.get("custom_id").is_some() && !other && (answered || holds("body"))
}

fn is_batch(object: Json<'_>) -> bool {
    object.get("object").and_then(Json::text).as_deref() == Some("batch")
}

/// The entries of a line.
#[derive(Default)]
struct Line<'a> {
    id: Option<Cow<'a, str>>,
    custom_id: Option<Cow<'a, str>>,
    url: Option<Cow<'a, str>>,
    body: Option<Json<'a>>,
    response: Option<Json<'a>>,
    error: Option<Json<'a>>,
    is_batch: bool,
}

impl<'a> Line<'a> {
    fn read(json: Json<'a>) -> Result<Self, Fault> {
        let mut line = Self::default();
        if !json.is_object() {
            return Err(Fault::Other("not a JSON object"));
        }
        json.each_entry(|key, value| {
            match key {
                _ if value.is_null() => {}
                "id" => line.id = value.name(),
                "custom_id" => line.custom_id = value.name(),
                "url" => line.url = value.text(),
                "body" => line.body = Some(value),
                "response" => line.response = Some(value),
                "error" => line.error = Some(value),
                "object" => line.is_batch = value.text().as_deref() == Some("batch"),
                _ => {}
            }
            Ok::<(), Fault>(())
        })?;
        Ok(line)
    }
}

#[cfg(test)]
mod tests {
    use super::OpenAiBatch;
    use crate::ingest::batch::Batch;
    use crate::ingest::format::{Format as _, Outcome, Sample};
    use crate::ingest::json::{Fault, Json};
    use crate::ingest::read_one::read_one;
    use crate::record::call::{Operation, Status};
    use crate::record::lane::Tier;
    use crate::units::Tokens;

    fn read(line: &str) -> (Batch, Result<Outcome, Fault>) {
        read_one(&OpenAiBatch, line)
    }

    fn detects(text: &str) -> bool {
        OpenAiBatch.detect(&Sample::Json(&[Json::of_text(text)]))
    }

    const RESULT: &str = r#"{"id":"batch_req_1","custom_id":"row-7","response":{"status_code":200,"request_id":"req_1",
        "body":{"id":"chatcmpl-7","object":"chat.completion","created":1780300820,"model":"gpt-4.1-mini-2025-04-14",
        "choices":[{"index":0,"message":{"role":"assistant","content":"Grey."},"finish_reason":"stop"}],
        "usage":{"prompt_tokens":120,"completion_tokens":4,"total_tokens":124,"prompt_tokens_details":{"cached_tokens":0}},
        "service_tier":"default"}},"error":null}"#;

    #[test]
    fn a_result_is_a_call_of_the_batch_tier() {
        assert!(detects(RESULT));
        let (batch, outcome) = read(RESULT);
        assert_eq!(outcome, Ok(Outcome::Kept));
        let packed = &batch.calls[0];
        assert_eq!((packed.call.tier, packed.call.status), (Tier::Batch, Status::Success));
        assert_eq!(packed.call.usage.get().input, Some(Tokens::new(120)));
        assert_eq!(batch.strings.text_of(packed.call.request_id), Some("chatcmpl-7"));
        assert!(packed.identity.response().is_some());
        // The prompt comes with the request or not at all.
        assert!(packed.prompt.is_none());
        let answer = batch.halves.answers[0].answer;
        assert!(answer.is_some_and(|answer| answer.tokens > 0));
    }

    #[test]
    fn a_request_alone_is_no_call() {
        let line = r#"{"custom_id":"row-7","method":"POST","url":"/v1/embeddings","body":{"model":"text-embedding-3-small","input":["a","b"]}}"#;
        assert!(detects(line));
        let (batch, outcome) = read(line);
        assert_eq!((outcome, batch.calls.len()), (Ok(Outcome::Kept), 0));
        let (asked, request) = &batch.halves.requests[0];
        assert_eq!(request.call.operation, Operation::Embeddings);
        assert_eq!(asked.tie, super::Tie::of("openai-batch", "row-7"));
    }

    #[test]
    fn failures_count_nothing_and_are_kept() {
        for line in [
            r#"{"id":"batch_req_2","custom_id":"row-8","response":null,"error":{"code":"batch_expired","message":"late"}}"#,
            r#"{"id":"batch_req_3","custom_id":"row-9","response":{"status_code":400,"request_id":"req_3","body":{"error":{"message":"no such model","type":"invalid_request_error"}}},"error":null}"#,
            r#"{"id":"batch_req_4","custom_id":"row-9","response":{"status_code":500,"body":null},"error":null}"#,
        ] {
            assert!(detects(line), "{line}");
            let (batch, outcome) = read(line);
            assert_eq!(outcome, Ok(Outcome::Kept), "{line}");
            let call = &batch.calls[0].call;
            assert_eq!((call.status, call.tier), (Status::Error, Tier::Batch));
            assert!(!call.usage.get().is_reported());
        }
    }

    #[test]
    fn batch_objects_and_other_lines() {
        let object = r#"{"id":"batch_1","object":"batch","endpoint":"/v1/chat/completions","usage":{"input_tokens":9}}"#;
        assert!(detects(object));
        assert!(detects(&format!(r#"{{"object":"list","data":[{object}],"has_more":false}}"#)));
        assert!(matches!(read(object).1, Ok(Outcome::Ignored(_))));
        for other in [
            r#"{"custom_id":"a","params":{"model":"claude-haiku-4-5"}}"#,
            r#"{"custom_id":"a","result":{"type":"expired"}}"#,
            r#"{"id":"a","response":{"status_code":200}}"#,
        ] {
            assert!(!detects(other), "{other}");
        }
        for broken in [
            r#"{"custom_id":"a"}"#,
            r#"{"id":"batch_req_5","response":{"status_code":200,"body":{}},"error":null}"#,
            r#"{"custom_id":"a","body":"text"}"#,
            r#"{"custom_id":"a","response":{"status_code":200,"body":{"object":"x"}}}"#,
            "[1]",
        ] {
            assert!(read(broken).1.is_err(), "{broken}");
        }
    }
}

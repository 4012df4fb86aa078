//! LiteLLM's `StandardLoggingPayload`: one JSON object per call, as its
//! callbacks write it to S3, GCS, Datadog or a file.
//!
//! `prompt_tokens` includes cached tokens, `completion_tokens` includes
//! reasoning. Texts are there unless the proxy was told to redact them.

use super::batch::Batch;
use super::format::{Format, KeySet, Outcome, Record, Sample};
use super::json::Fault;
use super::litellm::Row;
use super::value::Value;

/// Payloads of the proxy's callbacks.
#[derive(Clone, Copy, Debug)]
pub struct LitellmPayload;

impl Format for LitellmPayload {
    fn id(&self) -> &'static str {
        "litellm-payload"
    }

    fn convention(&self) -> &'static str {
        "prompt_tokens includes cached tokens, for every provider; completion_tokens includes reasoning"
    }

    fn keys(&self) -> &'static [KeySet] {
        &[
            &["call_type", "response_cost", "hidden_params"],
            &["call_type", "response_cost", "model_map_information"],
        ]
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        sample.any_object(|object| {
            let has = |key| object.has_key(key);
            has("call_type")
                && has("response_cost")
                && (has("model_map_information") || has("hidden_params"))
        })
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let json = record.json()?;
        if !json.is_object() {
            return Err(Fault::Other("not a JSON object"));
        }
        let mut row = Row::default();
        json.each_entry(|key, value| {
            row.offer(key, Value::Json(value));
            Ok::<(), Fault>(())
        })?;
        row.push(record.memo, batch)?;
        Ok(Outcome::Kept)
    }
}

#[cfg(test)]
mod tests {
    use super::LitellmPayload;
    use crate::ingest::batch::{Batch, Packed};
    use crate::ingest::format::{Format as _, Outcome, Sample};
    use crate::ingest::json::{Fault, Json};
    use crate::ingest::read_one::read_one;
    use crate::record::call::{Finish, Status};
    use crate::record::component::Component;
    use crate::units::{Moment, Timestamp, Tokens, Usd};

    fn read(line: &str) -> (Batch, Result<Outcome, Fault>) {
        read_one(&LitellmPayload, line)
    }

    const PAYLOAD: &str = r#"{"id":"c-1","trace_id":"t-1","call_type":"acompletion","cache_hit":null,"stream":true,
        "status":"success","custom_llm_provider":"bedrock","model":"bedrock/us.anthropic.claude-sonnet-5","model_group":"large",
        "startTime":1772600767.25,"completionStartTime":1772600767.75,"endTime":1772600769.25,
        "prompt_tokens":2000,"completion_tokens":40,"total_tokens":2040,"response_cost":0.0031,
        "request_tags":["User-Agent: curl/8","team:blue","faq"],"end_user":"","hidden_params":{},
        "metadata":{"user_api_key_team_alias":"ops","user_api_key_user_id":"u-9","requester_metadata":{"stage":"prod"}},
        "messages":[{"role":"system","content":"Answer briefly."},{"role":"user","content":[{"type":"text","text":"What is a token?"},{"type":"image_url","image_url":{"url":"data:..."}}]},
            {"role":"assistant","content":null,"tool_calls":[{"id":"x"}]},{"role":"tool","content":"a document"}],
        "response":{"choices":[{"finish_reason":"stop","message":{"content":"A piece of a word."}}],
            "usage":{"prompt_tokens":2000,"prompt_tokens_details":{"cached_tokens":1500,"cache_creation_tokens":300,
                "cache_creation_token_details":{"ephemeral_5m_input_tokens":300,"ephemeral_1h_input_tokens":0}},
                "completion_tokens_details":{"reasoning_tokens":12}}},
        "model_parameters":{"max_tokens":512,"temperature":0.5,"tools":[{"type":"function","function":{"name":"search"}}]}}"#;

    #[test]
    fn a_payload_is_read_whole() {
        let (batch, outcome) = read(PAYLOAD);
        assert_eq!(outcome, Ok(Outcome::Kept));
        let Packed { call, prompt, .. } = &batch.calls[0];
        let text = |symbol| batch.strings.text_of(symbol);
        assert_eq!(text(call.provider), Some("aws.bedrock"));
        assert_eq!(text(call.model), Some("us.anthropic.claude-sonnet-5"));
        assert_eq!(text(call.requested_model), Some("large"));
        // The proxy's own tag is none; the first one of a person is the feature.
        assert_eq!(text(call.feature), Some("team:blue"));
        assert_eq!((text(call.user), text(call.account)), (Some("u-9"), Some("ops")));
        assert_eq!((text(call.conversation), text(call.request_id)), (Some("t-1"), Some("c-1")));
        let start = Timestamp::from_micros(1_772_600_767_250_000);
        assert_eq!(call.time.get(), Some(Moment::dated(start)));
        assert_eq!(call.latency_milliseconds.get(), Some(2_000));
        assert_eq!(call.first_token_milliseconds.get(), Some(500));
        assert_eq!(call.logged_cost.get(), Usd::from_decimal("0.0031").ok());
        assert_eq!((call.finish, call.request.has_tools), (Finish::Stop, Some(true)));
        let usage = call.usage.get();
        // 2,000 = 200 uncached + 1,500 read + 300 written.
        assert_eq!(usage.uncached_input(), Some(Tokens::new(200)));
        assert_eq!(usage.cache_written(), Tokens::new(300));
        assert_eq!(usage.reasoning, Some(Tokens::new(12)));
        let prompt = prompt.as_ref().expect("texts were logged");
        let components: Vec<_> =
            prompt.parts.iter().map(|part| (part.component, part.assistant)).collect();
        assert_eq!(
            components,
            [
                (Component::ToolDefinitions, false),
                (Component::SystemPrompt, false),
                (Component::UserInput, false),
                (Component::History, true),
                (Component::RetrievedContext, false),
            ]
        );
        assert_eq!(prompt.unmeasured_parts, 1);
        assert!(prompt.answer.is_some_and(|answer| answer.tokens > 0));
        assert!(batch.notes.is_empty());
    }

    #[test]
    fn a_prompt_below_what_was_cached_of_it_is_set_right() {
        let counts = |model: &str, prompt: u64, cached: u64, written: u64| {
            let line = format!(
                r#"{{"id":"c","model":"{model}","prompt_tokens":{prompt},"completion_tokens":1,"response":{{"usage":
                    {{"cache_read_input_tokens":{cached},"cache_creation_input_tokens":{written}}}}}}}"#
            );
            let (batch, outcome) = read(&line);
            assert_eq!(outcome, Ok(Outcome::Kept), "{line}");
            let usage = batch.calls[0].call.usage.get();
            let input = usage.input.map(Tokens::get);
            (input, usage.cache_written().get(), batch.notes.first().map(|note| note.code))
        };
        let exclusive = Some("EXCLUSIVE_PROMPT");
        assert_eq!(counts("claude-sonnet-5", 1_300, 1_000, 200), (Some(1_300), 200, None));
        // 100 uncached + 1,000 read, without the 2,000 that were written.
        assert_eq!(counts("claude-sonnet-5", 1_100, 1_000, 2_000), (Some(3_100), 2_000, exclusive));
        // 100 uncached, without the 1,000 read and the 200 written.
        assert_eq!(counts("claude-sonnet-5", 100, 1_000, 200), (Some(1_300), 200, exclusive));
        // Read and written at once: of 168 the first 161 were read, 7 are left.
        let exceeds = Some("CACHE_EXCEEDS_PROMPT");
        assert_eq!(counts("gemini-2.5-flash", 168, 161, 161), (Some(168), 7, exceeds));
    }

    #[test]
    fn redacted_texts_are_no_prompt() {
        let line = r#"{"id":"c","model":"m","prompt_tokens":3,"completion_tokens":1,
            "messages":[{"role":"user","content":"redacted-by-litellm"}]}"#;
        let (batch, outcome) = read(line);
        assert_eq!(outcome, Ok(Outcome::Kept));
        assert!(batch.calls[0].prompt.is_none());
    }

    #[test]
    fn a_failed_call_reported_no_counts() {
        let line = r#"{"id":"c","model":"m","status":"failure","prompt_tokens":0,"completion_tokens":0,"response_cost":0}"#;
        let (batch, _) = read(line);
        let call = &batch.calls[0].call;
        assert_eq!(call.status, Status::Error);
        assert!(!call.usage.get().is_reported());
    }

    #[test]
    fn detection_and_rejection() {
        let detects = |text: &str| LitellmPayload.detect(&Sample::Json(&[Json::of_text(text)]));
        assert!(detects(PAYLOAD));
        assert!(detects(r#"{"hidden_params":null,"response_cost":null,"call_type":"completion"}"#));
        assert!(!detects(r#"{"call_type":"completion","spend":1,"request_id":"r"}"#));
        for line in [
            "{}",
            "[]",
            r#"{"id":"c","prompt_tokens":"many"}"#,
            r#"{"id":"c","startTime":"noon"}"#,
            r#"{"id":"c""#,
        ] {
            assert!(read(line).1.is_err(), "{line}");
        }
    }
}

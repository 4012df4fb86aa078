//! Rows of LiteLLM's `LiteLLM_SpendLogs` table, as JSON or as CSV.
//!
//! `prompt_tokens` includes cached tokens; the cache split stands in
//! `metadata.usage_object`, a JSON text. A row that the proxy answered from its
//! own cache has tokens and no cost: `spend` is what was billed.

use super::batch::Batch;
use super::format::{Format, Framing, KeySet, Outcome, Record, Sample};
use super::json::Fault;
use super::litellm::Row;
use super::value::Value;

const CONVENTION: &str = "prompt_tokens includes cached tokens, for every provider; \
     completion_tokens includes reasoning";
const SIGNATURE: [&str; 3] = ["request_id", "spend", "call_type"];

/// Spend rows as JSON lines or as one array.
#[derive(Clone, Copy, Debug)]
pub struct LitellmSpend;

/// Spend rows as a CSV dump.
#[derive(Clone, Copy, Debug)]
pub struct LitellmSpendCsv;

impl Format for LitellmSpend {
    fn id(&self) -> &'static str {
        "litellm-spend"
    }

    fn convention(&self) -> &'static str {
        CONVENTION
    }

    fn keys(&self) -> &'static [KeySet] {
        const { &[&SIGNATURE] }
    }

    fn list_key(&self) -> Option<&'static str> {
        Some("data")
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        sample.any_object(|object| {
            let listed = object.get("data").and_then(|list| list.items().first().copied());
            let row = listed.unwrap_or(object);
            SIGNATURE.iter().all(|key| row.get(key).is_some())
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

impl Format for LitellmSpendCsv {
    fn id(&self) -> &'static str {
        "litellm-spend-csv"
    }

    fn convention(&self) -> &'static str {
        CONVENTION
    }

    fn keys(&self) -> &'static [KeySet] {
        const { &[&SIGNATURE] }
    }

    fn framing(&self) -> Framing {
        Framing::Csv
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        sample.header().is_some_and(|header| header.has(&SIGNATURE))
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let cells = record.row.ok_or(Fault::Other("not a CSV row"))?;
        let mut row = Row::default();
        for (column, cell) in cells.cells() {
            row.offer(column, Value::Cell(cell));
        }
        row.push(record.memo, batch)?;
        Ok(Outcome::Kept)
    }
}

#[cfg(test)]
mod tests {
    use super::{LitellmSpend, LitellmSpendCsv};
    use crate::ingest::batch::Batch;
    use crate::ingest::csv_rows::{Splitter, header};
    use crate::ingest::format::{Format as _, Outcome, Record, Row, Sample};
    use crate::ingest::json::{Fault, Json};
    use crate::ingest::read_one::read_one;
    use crate::measure::memo::Memo;
    use crate::record::call::Operation;
    use crate::units::{Moment, Tokens, Usd};

    fn read(line: &str) -> (Batch, Result<Outcome, Fault>) {
        read_one(&LitellmSpend, line)
    }

    const ROW: &str = r#"{"request_id":"r-1","call_type":"acompletion","api_key":"0f3a","spend":0.0012,
        "startTime":"2026-03-04 05:06:07.250000","endTime":"2026-03-04 05:06:08.250000",
        "completionStartTime":"2026-03-04 05:06:08.250000","model":"gpt-5-mini","custom_llm_provider":"azure",
        "user":"default","end_user":"e-1","team_id":"team-1","session_id":"s-1","cache_hit":"None",
        "prompt_tokens":800,"completion_tokens":20,"total_tokens":820,"request_tags":"[\"faq\", \"env:prod\"]",
        "metadata":"{\"user_api_key_alias\": \"billing\", \"usage_object\": {\"prompt_tokens\": 800, \"prompt_tokens_details\": {\"cached_tokens\": 512, \"audio_tokens\": null}}}",
        "messages":"{}","response":"{}","proxy_server_request":"{}","status":"success"}"#;

    #[test]
    fn a_row_is_read_with_its_json_columns() {
        let (batch, outcome) = read(ROW);
        assert_eq!(outcome, Ok(Outcome::Kept));
        let call = &batch.calls[0].call;
        let text = |symbol| batch.strings.text_of(symbol);
        assert_eq!(text(call.provider), Some("azure.ai.openai"));
        assert_eq!((text(call.user), text(call.account)), (Some("e-1"), Some("team-1")));
        assert_eq!((text(call.feature), text(call.conversation)), (Some("faq"), Some("s-1")));
        // 800 = 288 uncached + 512 read; writes are not in the row.
        let usage = call.usage.get();
        assert_eq!(usage.uncached_input(), Some(Tokens::new(288)));
        assert_eq!(usage.cache_write, None);
        assert_eq!(call.latency_milliseconds.get(), Some(1_000));
        assert_eq!(call.first_token_milliseconds.get(), None);
        let time = call.time.get().and_then(Moment::timestamp).map(|time| time.to_string());
        assert_eq!(time.as_deref(), Some("2026-03-04T05:06:07.25Z"));
        assert_eq!(batch.notes[0].code, "ZONELESS_TIMES");
        assert!(batch.calls[0].prompt.is_none());
    }

    #[test]
    fn a_hit_of_the_proxys_cache_cost_nothing() {
        let line = r#"{"request_id":"r","call_type":"aembedding","spend":0.0,"cache_hit":"True","model":"m","prompt_tokens":9,"completion_tokens":0}"#;
        let (batch, _) = read(line);
        let call = &batch.calls[0].call;
        assert!(call.flags.gateway_cache_hit);
        assert_eq!(call.logged_cost.get(), Some(Usd::from_femto(0)));
        assert_eq!(call.operation, Operation::Embeddings);
        assert_eq!(call.usage.get().cache_read, None);
    }

    #[test]
    fn stored_prompts_are_read_from_the_request() {
        let line = r#"{"request_id":"r","call_type":"acompletion","spend":0,"model":"m","prompt_tokens":9,"completion_tokens":3,
            "messages":"{}","proxy_server_request":"{\"model\":\"m\",\"temperature\":0,\"messages\":[{\"role\":\"user\",\"content\":\"h\\\"i\"}]}",
            "response":"{\"choices\":[{\"message\":{\"content\":\"hello\"},\"finish_reason\":\"length\"}]}"}"#;
        let (batch, outcome) = read(line);
        assert_eq!(outcome, Ok(Outcome::Kept));
        let prompt = batch.calls[0].prompt.as_ref().expect("texts were stored");
        assert_eq!(prompt.parts.len(), 1);
        assert!(prompt.answer.is_some());
        assert_eq!(batch.calls[0].call.request.temperature, Some(0.0));
    }

    #[test]
    fn a_dump_is_read_like_json() {
        let header = header(b"request_id,call_type,spend,startTime,model,prompt_tokens,completion_tokens,cache_hit,metadata,request_tags");
        assert!(LitellmSpendCsv.detect(&Sample::Csv(&header)));
        let mut splitter = Splitter::new(b',');
        let row = br#"r-2,acompletion,0.5,2026-03-04T05:06:07Z,m,100,7,False,"{""usage_object"":{""cache_read_input_tokens"":60}}","[""a:b""]""#;
        let (text, ends) = splitter.split(row).expect("valid row");
        let row = Row { header: &header, text, ends };
        let memo = Memo::default();
        let record = Record { bytes: b"", line: 2, row: Some(&row), path: "-", memo: &memo };
        let mut batch = Batch::default();
        assert_eq!(LitellmSpendCsv.read(&record, &mut batch), Ok(Outcome::Kept));
        let call = &batch.calls[0].call;
        assert_eq!(call.usage.get().uncached_input(), Some(Tokens::new(40)));
        assert_eq!(batch.strings.text_of(call.feature), Some("a:b"));
        assert!(!call.flags.gateway_cache_hit && batch.notes.is_empty());
    }

    #[test]
    fn detection_and_rejection() {
        let detects = |text: &str| LitellmSpend.detect(&Sample::Json(&[Json::of_text(text)]));
        assert!(detects(ROW));
        assert!(!detects(r#"{"request_id":"r","model":"m","prompt_tokens":1}"#));
        for line in [
            "{}",
            "7",
            r#"{"request_id":"r","spend":"free"}"#,
            r#"{"request_id":"r","prompt_tokens":-1}"#,
        ] {
            assert!(read(line).1.is_err(), "{line}");
        }
    }
}

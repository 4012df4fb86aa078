//! OpenAI's organization usage export: pages of time buckets, each with a
//! result per combination of the dimensions it was grouped by.
//!
//! `input_tokens` is all input: uncached, cached and written to the cache. The
//! text, audio and image counts divide the same tokens a second time and are
//! never added. A dimension is null unless the export was grouped by it.

pub(super) mod counted;

use super::batch::Batch;
use super::format::{Format, KeySet, Outcome, Record, Sample};
use super::json::{Fault, Json};
use super::value::Value;

use counted::Counted;

/// Pages of the completions, embeddings and moderations usage endpoints.
#[derive(Clone, Copy, Debug)]
pub struct OpenAiUsage;

impl Format for OpenAiUsage {
    fn id(&self) -> &'static str {
        "openai-usage"
    }

    fn convention(&self) -> &'static str {
        "input includes cached and cache-written tokens; text, audio and image counts repeat them"
    }

    fn keys(&self) -> &'static [KeySet] {
        &[&["start_time", "results", "input_tokens"], &["object", "start_time", "results"]]
    }

    fn list_key(&self) -> Option<&'static str> {
        Some("data")
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        let buckets = sample.listed("data");
        // An empty bucket could be of any export: what others hold tells.
        let is_other = |bucket: &Json<'_>| results(*bucket).iter().any(|result| is_cost(*result));
        buckets.iter().any(|bucket| is_usage_bucket(*bucket)) && !buckets.iter().any(is_other)
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let json = record.json()?;
        let mut kept = 0;
        if let Some(page) = json.get("data") {
            page.each_item(|bucket| {
                kept += read_bucket(bucket, batch)?;
                Ok::<(), Fault>(())
            })?;
        } else {
            kept = read_bucket(json, batch)?;
        }
        Ok(if kept == 0 { Outcome::Ignored("empty bucket") } else { Outcome::KeptMany(kept) })
    }
}

/// A usage bucket; an empty one says so only by being no other thing.
fn is_usage_bucket(bucket: Json<'_>) -> bool {
    let is_bucket = bucket.get("object").and_then(Json::text).as_deref() == Some("bucket");
    is_bucket && results(bucket).iter().all(|result| is_token_usage(*result))
}

/// The list of results; early exports called it `result`.
pub(super) fn results(bucket: Json<'_>) -> Vec<Json<'_>> {
    bucket.get("results").or_else(|| bucket.get("result")).map(Json::items).unwrap_or_default()
}

/// A result of the costs endpoint, which has the same pages.
pub(super) fn is_cost(result: Json<'_>) -> bool {
    result.get("object").and_then(Json::text).as_deref() == Some("organization.costs.result")
        || result.at(&["amount", "value"]).is_some()
}

/// Costs, images, seconds of audio and sessions are other exports.
fn is_token_usage(result: Json<'_>) -> bool {
    result.get("input_tokens").is_some()
}

fn read_bucket(bucket: Json<'_>, batch: &mut Batch) -> Result<u64, Fault> {
    // Walked once for its form: what is broken anywhere is no bucket.
    bucket.each_entry(|_, _| Ok::<(), Fault>(()))?;
    if !bucket.is_object() {
        return Err(Fault::Other("not a bucket"));
    }
    let time = |field| bucket.get(field).map_or(Ok(None), |value| value.time(field));
    let start = time("start_time")?.ok_or(Fault::Missing("start_time"))?;
    let end = time("end_time")?;
    let mut kept = 0;
    for result in results(bucket) {
        if !is_token_usage(result) {
            batch.note(
                "NOT_TOKEN_USAGE",
                "a result of the export does not count tokens and was left out",
            );
            continue;
        }
        let mut counted = Counted::default();
        result.each_entry(|key, value| counted.take(key, Value::Json(value)))?;
        let read = counted.bucket(start, end, batch)?;
        batch.push_bucket(read);
        kept += 1;
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::OpenAiUsage;
    use crate::ingest::batch::Batch;
    use crate::ingest::format::{Format as _, Outcome, Sample};
    use crate::ingest::json::{Fault, Json};
    use crate::ingest::read_one::read_one;
    use crate::record::call::Operation;
    use crate::record::lane::Tier;
    use crate::units::Tokens;

    fn read(line: &str) -> (Batch, Result<Outcome, Fault>) {
        read_one(&OpenAiUsage, line)
    }

    fn bucket(results: &str) -> String {
        format!(
            r#"{{"results":[{results}],"end_time":1772668800,"start_time":1772582400,"object":"bucket"}}"#
        )
    }

    const RESULT: &str = r#"{"object":"organization.usage.completions.result","input_tokens":900,
        "input_cached_tokens":600,"input_cache_write_tokens":50,"input_uncached_tokens":250,
        "output_tokens":70,"input_audio_tokens":30,"input_text_tokens":870,"output_image_tokens":4,
        "num_model_requests":3,"model":"gpt-5-mini","project_id":"proj_a","api_key_id":null,
        "user_id":"u1","batch":true,"service_tier":"default"}"#;

    #[test]
    fn a_result_is_a_bucket() {
        let (batch, outcome) = read(&bucket(RESULT));
        assert_eq!(outcome, Ok(Outcome::KeptMany(1)));
        let read = &batch.buckets[0];
        let text = |symbol| batch.strings.text_of(symbol);
        // 900 = 250 uncached + 600 cached + 50 written; 30 + 4 are not text.
        assert_eq!(read.usage.uncached_input(), Some(Tokens::new(250)));
        assert_eq!(read.usage.cache_written(), Tokens::new(50));
        assert_eq!(read.other_modality, Tokens::new(34));
        assert_eq!((read.calls, read.tier), (Some(3), Tier::Batch));
        assert_eq!((text(read.model), text(read.account)), (Some("gpt-5-mini"), Some("proj_a")));
        assert_eq!((text(read.user), text(read.provider)), (Some("u1"), Some("openai")));
        // 2026-03-04 and 2026-03-05, 0 h UTC (GNU date).
        assert_eq!(
            read.start.map(|time| time.to_string()).as_deref(),
            Some("2026-03-04T00:00:00Z")
        );
        assert_eq!(read.end.map(|time| time.to_string()).as_deref(), Some("2026-03-05T00:00:00Z"));
    }

    #[test]
    fn null_dimensions_stay_unknown() {
        let embeddings = r#"{"object":"organization.usage.embeddings.result","input_tokens":16,"num_model_requests":2,"model":null}"#;
        let (batch, outcome) = read(&bucket(&format!("{embeddings},{embeddings}")));
        assert_eq!(outcome, Ok(Outcome::KeptMany(2)));
        let read = &batch.buckets[1];
        assert_eq!(
            (read.model, read.feature, read.usage.output, read.usage.cache_read),
            (None, None, None, None)
        );
        assert_eq!(read.operation, Operation::Embeddings);
        assert_eq!((batch.notes[0].code, batch.notes[0].records), ("NOT_GROUPED_BY_MODEL", 2));
    }

    #[test]
    fn empty_buckets_and_other_exports_are_no_usage() {
        assert_eq!(read(&bucket("")).1, Ok(Outcome::Ignored("empty bucket")));
        let page = format!(r#"{{"object":"page","data":[{}],"has_more":false}}"#, bucket(RESULT));
        assert_eq!(read(&page).1, Ok(Outcome::KeptMany(1)));
        let detects = |text: &str| OpenAiUsage.detect(&Sample::Json(&[Json::of_text(text)]));
        assert!(detects(&page) && detects(&bucket(RESULT)) && detects(&bucket("")));
        let costs = bucket(
            r#"{"object":"organization.costs.result","amount":{"value":1,"currency":"usd"}}"#,
        );
        assert!(!detects(&costs));
    }

    #[test]
    fn what_does_not_add_up_is_rejected() {
        for line in [
            bucket(r#"{"input_tokens":10,"input_uncached_tokens":5,"input_cached_tokens":6}"#),
            bucket(r#"{"input_tokens":10,"input_cached_tokens":11}"#),
            bucket(r#"{"input_tokens":"ten"}"#),
            r#"{"object":"bucket","results":[{"input_tokens":1}]}"#.to_owned(),
            r#"{"object":"bucket","start_time":1772582400,"results":[{"input_tokens":1]}"#
                .to_owned(),
            "3".to_owned(),
        ] {
            let (_, outcome) = read(&line);
            assert!(outcome.is_err(), "{line} {outcome:?}");
        }
    }
}

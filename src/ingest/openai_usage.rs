//! OpenAI's organization usage export: pages of time buckets, each with a
//! result per combination of the dimensions it was grouped by.
//!
//! `input_tokens` is all input: uncached, cached and written to the cache. The
//! text, audio and image counts divide the same tokens a second time and are
//! never added. A dimension is null unless the export was grouped by it.

use crate::record::bucket::Bucket;
use crate::record::call::Operation;
use crate::record::lane::Tier;
use crate::record::usage::{CacheWrites, Usage};
use crate::units::{Timestamp, Tokens};

use super::batch::Batch;
use super::format::{Format, KeySet, Outcome, Record, Sample};
use super::json::{Fault, Json};

/// Counts of tokens that are not text; the cached ones are among them.
const OTHER_MODALITIES: [&str; 4] =
    ["input_audio_tokens", "output_audio_tokens", "input_image_tokens", "output_image_tokens"];

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
        sample.any_object(|object| {
            let listed = object.get("data").map(Json::items).unwrap_or_default();
            listed.first().map_or_else(|| is_usage_bucket(object), |first| is_usage_bucket(*first))
                || listed.iter().any(|bucket| is_usage_bucket(*bucket))
        })
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
fn results(bucket: Json<'_>) -> Vec<Json<'_>> {
    bucket.get("results").or_else(|| bucket.get("result")).map(Json::items).unwrap_or_default()
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
        let read = Counted::read(result)?.bucket(start, end, batch)?;
        batch.push_bucket(read);
        kept += 1;
    }
    Ok(kept)
}

/// The fields of a result.
#[derive(Default)]
struct Counted<'a> {
    input: Option<u64>,
    uncached: Option<u64>,
    cached: Option<u64>,
    written: Option<u64>,
    output: Option<u64>,
    other_modality: u64,
    calls: Option<u64>,
    object: Option<Json<'a>>,
    model: Option<Json<'a>>,
    project: Option<Json<'a>>,
    api_key: Option<Json<'a>>,
    user: Option<Json<'a>>,
    batch: Option<bool>,
    tier: Option<Json<'a>>,
}

impl<'a> Counted<'a> {
    fn read(result: Json<'a>) -> Result<Self, Fault> {
        let mut counted = Self::default();
        result.each_entry(|key, value| {
            match key {
                "object" => counted.object = Some(value),
                "model" => counted.model = Some(value),
                "project_id" => counted.project = Some(value),
                "api_key_id" => counted.api_key = Some(value),
                "user_id" => counted.user = Some(value),
                "service_tier" => counted.tier = Some(value),
                "batch" => counted.batch = value.truth(),
                _ => counted.count(key, value)?,
            }
            Ok::<(), Fault>(())
        })?;
        Ok(counted)
    }

    fn count(&mut self, key: &str, value: Json<'_>) -> Result<(), Fault> {
        match key {
            "input_tokens" => self.input = value.count("input_tokens")?,
            "input_uncached_tokens" => self.uncached = value.count("input_uncached_tokens")?,
            "input_cached_tokens" => self.cached = value.count("input_cached_tokens")?,
            "input_cache_write_tokens" => self.written = value.count("input_cache_write_tokens")?,
            "output_tokens" => self.output = value.count("output_tokens")?,
            "num_model_requests" => self.calls = value.count("num_model_requests")?,
            _ => {
                if let Some(name) = OTHER_MODALITIES.into_iter().find(|name| *name == key) {
                    let count = value.count(name)?.unwrap_or(0);
                    self.other_modality = self.other_modality.saturating_add(count);
                }
            }
        }
        Ok(())
    }

    fn bucket(
        &self,
        start: Timestamp,
        end: Option<Timestamp>,
        batch: &mut Batch,
    ) -> Result<Bucket, Fault> {
        let mut name =
            |value: Option<Json<'_>>| batch.symbol(value.and_then(Json::name).as_deref());
        let (model, user) = (name(self.model), name(self.user));
        let (project, api_key) = (name(self.project), name(self.api_key));
        let provider = batch.symbol(Some("openai"));
        if model.is_none() {
            batch.note("NOT_GROUPED_BY_MODEL", "usage without a model cannot be priced; export it with group_by=model,batch,service_tier,project_id");
        }
        Ok(Bucket {
            start: Some(start),
            end,
            calls: self.calls,
            provider,
            model,
            feature: api_key.or(project),
            user,
            account: project.or(api_key),
            operation: self.operation(),
            tier: self.tier(batch),
            usage: self.usage()?,
            other_modality: Tokens::new(self.other_modality),
            ..Bucket::default()
        })
    }

    fn operation(&self) -> Operation {
        match self.object.and_then(Json::text).as_deref() {
            Some(kind) if kind.contains("embeddings") => Operation::Embeddings,
            Some(kind) if kind.contains("moderations") => Operation::Other,
            _ => Operation::Chat,
        }
    }

    fn tier(&self, batch: &mut Batch) -> Tier {
        if self.batch == Some(true) {
            return Tier::Batch;
        }
        let Some(word) = self.tier.and_then(Json::text) else { return Tier::Standard };
        Tier::parse(&word).unwrap_or_else(|| {
            batch.note(
                "UNKNOWN_TIER",
                "a service tier that tokopt does not know is taken for the standard one",
            );
            Tier::Standard
        })
    }

    fn usage(&self) -> Result<Usage, Fault> {
        let tokens = |count: Option<u64>| count.map(Tokens::new);
        let parts = tokens(self.uncached).zip(tokens(self.cached));
        let sum = parts
            .map(|(uncached, cached)| uncached + cached + Tokens::new(self.written.unwrap_or(0)));
        if sum.is_some_and(|sum| tokens(self.input) != Some(sum)) {
            return Err(Fault::Contradiction(
                "`input_tokens` is not the sum of uncached, cached and cache-written tokens",
            ));
        }
        let cached = self.cached.unwrap_or(0).saturating_add(self.written.unwrap_or(0));
        if self.input.is_some_and(|input| cached > input) {
            return Err(Fault::Contradiction("cached tokens exceed input tokens"));
        }
        Ok(Usage {
            input: tokens(self.input),
            cache_read: tokens(self.cached),
            cache_write: tokens(self.written).map(CacheWrites::unstated),
            output: tokens(self.output),
            reasoning: None,
            ..Usage::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::OpenAiUsage;
    use crate::ingest::batch::Batch;
    use crate::ingest::format::{Format as _, Outcome, Record, Sample};
    use crate::ingest::json::{Fault, Json};
    use crate::measure::memo::Memo;
    use crate::record::call::Operation;
    use crate::record::lane::Tier;
    use crate::units::Tokens;

    fn read(line: &str) -> (Batch, Result<Outcome, Fault>) {
        let memo = Memo::default();
        let mut batch = Batch::default();
        let record = Record { bytes: line.as_bytes(), line: 1, row: None, path: "-", memo: &memo };
        let outcome = OpenAiUsage.read(&record, &mut batch);
        (batch, outcome)
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

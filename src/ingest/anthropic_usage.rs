//! Anthropic's usage report for the Messages API: pages of time buckets, each
//! with a result per combination of the dimensions it was grouped by.
//!
//! The input counts are disjoint: uncached, read from the cache, written for
//! five minutes, written for one hour. The report does not count calls.

use crate::record::bucket::Bucket;
use crate::record::usage::{CacheWrites, Usage};
use crate::units::{Timestamp, Tokens, Ttl};

use super::anthropic_terms as terms;
use super::batch::Batch;
use super::format::{Format, KeySet, Outcome, Record, Sample};
use super::json::{Fault, Json};

/// Pages of `usage_report/messages`.
#[derive(Clone, Copy, Debug)]
pub struct AnthropicUsage;

impl Format for AnthropicUsage {
    fn id(&self) -> &'static str {
        "anthropic-usage"
    }

    fn convention(&self) -> &'static str {
        "uncached, cache-read and cache-written input are disjoint; calls are not counted"
    }

    fn keys(&self) -> &'static [KeySet] {
        &[
            &["starting_at", "results", "uncached_input_tokens"],
            &["starting_at", "ending_at", "results"],
        ]
    }

    fn list_key(&self) -> Option<&'static str> {
        Some("data")
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        let buckets = sample.listed("data");
        // An empty bucket could be of either report: what others hold tells.
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

pub(super) fn results(bucket: Json<'_>) -> Vec<Json<'_>> {
    bucket.get("results").map(Json::items).unwrap_or_default()
}

/// A result of the cost report, which has the same pages.
pub(super) fn is_cost(result: Json<'_>) -> bool {
    result.get("amount").is_some_and(Json::is_text)
}

/// A usage bucket; the cost report has the same frame around `amount`.
fn is_usage_bucket(bucket: Json<'_>) -> bool {
    let results = bucket.get("results").map(Json::items);
    bucket.get("starting_at").is_some()
        && results.is_some_and(|results| {
            results.iter().all(|result| result.get("uncached_input_tokens").is_some())
        })
}

fn read_bucket(bucket: Json<'_>, batch: &mut Batch) -> Result<u64, Fault> {
    if !bucket.is_object() {
        return Err(Fault::Other("not a bucket"));
    }
    let (mut start, mut end, mut results) = (None, None, None);
    bucket.each_entry(|key, value| {
        match key {
            "starting_at" => start = value.time("starting_at")?,
            "ending_at" => end = value.time("ending_at")?,
            "results" => results = Some(value),
            _ => {}
        }
        Ok::<(), Fault>(())
    })?;
    let start = start.ok_or(Fault::Missing("starting_at"))?;
    let mut kept = 0;
    results.ok_or(Fault::Missing("results"))?.each_item(|result| {
        let read = Counted::read(result)?.bucket(start, end, batch);
        batch.push_bucket(read);
        kept += 1;
        Ok::<(), Fault>(())
    })?;
    Ok(kept)
}

/// The fields of a result.
#[derive(Default)]
struct Counted<'a> {
    uncached: Option<u64>,
    cached: Option<u64>,
    five_minutes: Option<u64>,
    one_hour: Option<u64>,
    output: Option<u64>,
    web_searches: u64,
    model: Option<Json<'a>>,
    workspace: Option<Json<'a>>,
    api_key: Option<Json<'a>>,
    account: Option<Json<'a>>,
    service_account: Option<Json<'a>>,
    tier: Option<Json<'a>>,
    speed: Option<Json<'a>>,
    context_window: Option<Json<'a>>,
    geography: Option<Json<'a>>,
}

impl<'a> Counted<'a> {
    fn read(result: Json<'a>) -> Result<Self, Fault> {
        let mut counted = Self::default();
        result.each_entry(|key, value| {
            match key {
                "uncached_input_tokens" => {
                    counted.uncached = value.count("uncached_input_tokens")?;
                }
                "cache_read_input_tokens" => {
                    counted.cached = value.count("cache_read_input_tokens")?;
                }
                "output_tokens" => counted.output = value.count("output_tokens")?,
                "cache_creation" => {
                    counted.cache_creation(value)?;
                }
                "server_tool_use" => {
                    counted.server_tool_use(value)?;
                }
                "model" => counted.model = Some(value),
                "workspace_id" => counted.workspace = Some(value),
                "api_key_id" => counted.api_key = Some(value),
                "account_id" => counted.account = Some(value),
                "service_account_id" => counted.service_account = Some(value),
                "service_tier" => counted.tier = Some(value),
                "speed" => counted.speed = Some(value),
                "context_window" => counted.context_window = Some(value),
                "inference_geo" => counted.geography = Some(value),
                _ => {}
            }
            Ok::<(), Fault>(())
        })?;
        if counted.uncached.is_none() && counted.output.is_none() {
            return Err(Fault::Missing("uncached_input_tokens"));
        }
        Ok(counted)
    }

    fn cache_creation(&mut self, value: Json<'_>) -> Result<(), Fault> {
        value.each_entry(|key, value| {
            match key {
                "ephemeral_5m_input_tokens" => {
                    self.five_minutes = value.count("ephemeral_5m_input_tokens")?;
                }
                "ephemeral_1h_input_tokens" => {
                    self.one_hour = value.count("ephemeral_1h_input_tokens")?;
                }
                _ => {}
            }
            Ok(())
        })
    }

    fn server_tool_use(&mut self, value: Json<'_>) -> Result<(), Fault> {
        value.each_entry(|key, value| {
            if key == "web_search_requests" {
                self.web_searches = value.count("web_search_requests")?.unwrap_or(0);
            }
            Ok(())
        })
    }

    fn bucket(&self, start: Timestamp, end: Option<Timestamp>, batch: &mut Batch) -> Bucket {
        let mut name =
            |value: Option<Json<'_>>| batch.symbol(value.and_then(Json::name).as_deref());
        let (model, account) = (name(self.model), name(self.account));
        let (workspace, api_key) = (name(self.workspace), name(self.api_key));
        let service_account = name(self.service_account);
        let text = |value: Option<Json<'a>>| value.and_then(Json::text);
        let geography = text(self.geography);
        let region = batch.symbol(geography.as_deref().and_then(terms::geography));
        let provider = batch.symbol(Some("anthropic"));
        if model.is_none() {
            batch.note("NOT_GROUPED_BY_MODEL", "usage without a model cannot be priced; export it with group_by[]=model, service_tier, context_window, workspace_id");
        }
        Bucket {
            start: Some(start),
            end,
            provider,
            model,
            feature: api_key.or(workspace),
            user: account.or(service_account),
            account: workspace.or(api_key),
            region,
            tier: terms::tier(text(self.speed).as_deref(), text(self.tier).as_deref(), batch),
            long_context: text(self.context_window)
                .and_then(|window| terms::long_context(&window, batch)),
            usage: self.usage(),
            tool_requests: self.web_searches,
            ..Bucket::default()
        }
    }

    fn usage(&self) -> Usage {
        let tokens = |count: Option<u64>| count.map(Tokens::new);
        let has_writes = self.five_minutes.is_some() || self.one_hour.is_some();
        let writes = has_writes.then(|| CacheWrites {
            unstated: Tokens::ZERO,
            short: tokens(self.five_minutes).map(|tokens| (Ttl::FIVE_MINUTES, tokens)),
            long: tokens(self.one_hour).map(|tokens| (Ttl::ONE_HOUR, tokens)),
        });
        let cached = tokens(self.cached).unwrap_or_default()
            + writes.map_or(Tokens::ZERO, CacheWrites::total);
        Usage {
            input: tokens(self.uncached).map(|uncached| uncached + cached),
            cache_read: tokens(self.cached),
            cache_write: writes,
            output: tokens(self.output),
            reasoning: None,
            ..Usage::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::AnthropicUsage;
    use crate::ingest::batch::Batch;
    use crate::ingest::format::{Format as _, Outcome, Sample};
    use crate::ingest::json::{Fault, Json};
    use crate::ingest::read_one::read_one;
    use crate::record::lane::Tier;
    use crate::record::usage::CacheWrites;
    use crate::units::Tokens;

    fn read(line: &str) -> (Batch, Result<Outcome, Fault>) {
        read_one(&AnthropicUsage, line)
    }

    fn bucket(results: &str) -> String {
        format!(
            r#"{{"results":[{results}],"ending_at":"2026-03-05T00:00:00Z","starting_at":"2026-03-04T00:00:00Z"}}"#
        )
    }

    const RESULT: &str = r#"{"model":"claude-sonnet-5","uncached_input_tokens":300,"cache_read_input_tokens":4000,
        "cache_creation":{"ephemeral_1h_input_tokens":70,"ephemeral_5m_input_tokens":30},"output_tokens":25,
        "server_tool_use":{"web_search_requests":2},"context_window":"200k-1M","inference_geo":"us",
        "service_tier":"batch","workspace_id":"ws_1","api_key_id":"key_1","account_id":null,"service_account_id":"svc_1"}"#;

    #[test]
    fn disjoint_counts_add_up_to_the_prompt() {
        let (batch, outcome) = read(&bucket(RESULT));
        assert_eq!(outcome, Ok(Outcome::KeptMany(1)));
        let read = &batch.buckets[0];
        // 300 + 4,000 + 30 + 70 = 4,400.
        assert_eq!(read.usage.input, Some(Tokens::new(4_400)));
        assert_eq!(read.usage.uncached_input(), Some(Tokens::new(300)));
        let writes = CacheWrites::five_minutes_and_one_hour(Tokens::new(30), Tokens::new(70));
        assert_eq!(read.usage.cache_write, Some(writes));
        assert_eq!((read.calls, read.tool_requests, read.tier), (None, 2, Tier::Batch));
        assert_eq!(read.long_context, Some(true));
        let text = |symbol| batch.strings.text_of(symbol);
        assert_eq!((text(read.account), text(read.feature)), (Some("ws_1"), Some("key_1")));
        assert_eq!((text(read.user), text(read.region)), (Some("svc_1"), Some("us")));
    }

    #[test]
    fn what_was_not_grouped_by_stays_unknown() {
        let bare = r#"{"uncached_input_tokens":1,"output_tokens":2,"model":null,"inference_geo":"not_available"}"#;
        let (batch, _) = read(&bucket(bare));
        let read = &batch.buckets[0];
        assert_eq!((read.model, read.region, read.long_context), (None, None, None));
        assert_eq!((read.usage.cache_read, read.usage.cache_write), (None, None));
        assert_eq!(batch.notes[0].code, "NOT_GROUPED_BY_MODEL");
    }

    #[test]
    fn pages_empty_buckets_and_cost_reports() {
        let page = format!(r#"{{"has_more":true,"data":[{},{}]}}"#, bucket(RESULT), bucket(""));
        assert_eq!(read(&page).1, Ok(Outcome::KeptMany(1)));
        assert_eq!(read(&bucket("")).1, Ok(Outcome::Ignored("empty bucket")));
        let detects = |text: &str| AnthropicUsage.detect(&Sample::Json(&[Json::of_text(text)]));
        assert!(detects(&page) && detects(&bucket(RESULT)));
        assert!(!detects(&bucket(r#"{"amount":"12.5","currency":"USD"}"#)));
    }

    #[test]
    fn broken_buckets_are_rejected() {
        for line in [
            bucket(r#"{"uncached_input_tokens":-1}"#),
            bucket(r#"{"amount":"1"}"#),
            bucket(r#"{"uncached_input_tokens":1"#),
            r#"{"starting_at":"never","results":[]}"#.to_owned(),
            r#"{"results":[]}"#.to_owned(),
            "[]".to_owned(),
        ] {
            assert!(read(&line).1.is_err(), "{line}");
        }
    }
}

//! The CSV of usage that Anthropic's Console exports: tokens per day, model,
//! key and workspace.
//!
//! The input counts are disjoint, like those of the usage report. Calls are not
//! counted. Older exports have one column of cache writes without a lifetime.

use crate::record::bucket::Bucket;
use crate::record::usage::{CacheWrites, Usage};
use crate::units::{Tokens, Ttl};

use super::anthropic_terms as terms;
use super::batch::Batch;
use super::format::{Format, Framing, Outcome, Record, Row, Sample};
use super::json::Fault;
use super::value::Value;

const UNCACHED: &str = "usage_input_tokens_no_cache";
const WRITTEN: &str = "usage_input_tokens_cache_write";
const FIVE_MINUTES: &str = "usage_input_tokens_cache_write_5m";
const ONE_HOUR: &str = "usage_input_tokens_cache_write_1h";
const READ: &str = "usage_input_tokens_cache_read";
const OUTPUT: &str = "usage_output_tokens";

/// Rows of tokens.
#[derive(Clone, Copy, Debug)]
pub struct AnthropicConsoleUsage;

impl Format for AnthropicConsoleUsage {
    fn id(&self) -> &'static str {
        "anthropic-console-usage"
    }

    fn convention(&self) -> &'static str {
        "uncached, cache-read and cache-written input are disjoint; calls are not counted"
    }

    fn framing(&self) -> Framing {
        Framing::Csv
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        sample.header().is_some_and(|header| header.has(&["usage_date_utc", UNCACHED]))
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let row = record.row.ok_or(Fault::Other("not a CSV row"))?;
        let cell = |column| Value::Cell(row.get(column).unwrap_or_default());
        let written = row.get("usage_date_utc").unwrap_or_default();
        let start = cell("usage_date_utc").time("usage_date_utc")?;
        let start = start.ok_or(Fault::Missing("usage_date_utc"))?;
        let usage = usage(row)?;
        let model = cell("model_version").name();
        if model.is_none() {
            batch.note("NOT_GROUPED_BY_MODEL", "usage without a model cannot be priced; export it with group_by[]=model, service_tier, context_window, workspace_id");
        }
        let mut name = |column| batch.symbol(cell(column).name().as_deref());
        let (api_key, workspace) = (name("api_key"), name("workspace"));
        let searches = cell("web_search_count").count("web_search_count")?;
        let tier =
            terms::tier(row.get("speed"), row.get("usage_type").and_then(terms::lane), batch);
        let bucket = Bucket {
            start: Some(start),
            end: terms::end_of_day(start, written),
            provider: batch.symbol(Some("anthropic")),
            model: batch.symbol(model.as_deref()),
            feature: api_key.or(workspace),
            account: workspace.or(api_key),
            region: batch.symbol(row.get("inference_geo").and_then(terms::geography)),
            tier,
            long_context: row
                .get("context_window")
                .and_then(|window| terms::long_context(window, batch)),
            usage,
            tool_requests: searches.unwrap_or(0),
            ..Bucket::default()
        };
        batch.push_bucket(bucket);
        Ok(Outcome::Kept)
    }
}

fn usage(row: &Row<'_>) -> Result<Usage, Fault> {
    let count = |column: &'static str| -> Result<Option<Tokens>, Fault> {
        let cell = Value::Cell(row.get(column).unwrap_or_default());
        Ok(cell.count(column)?.map(Tokens::new))
    };
    let (uncached, read, output) = (count(UNCACHED)?, count(READ)?, count(OUTPUT)?);
    if uncached.is_none() && output.is_none() {
        return Err(Fault::Missing(UNCACHED));
    }
    let (unstated, short, long) = (count(WRITTEN)?, count(FIVE_MINUTES)?, count(ONE_HOUR)?);
    let writes = unstated.or(short).or(long).map(|_| CacheWrites {
        // Where both spellings stand, the plain one is the sum of the others.
        unstated: unstated.filter(|_| short.or(long).is_none()).unwrap_or_default(),
        short: short.map(|tokens| (Ttl::FIVE_MINUTES, tokens)),
        long: long.map(|tokens| (Ttl::ONE_HOUR, tokens)),
    });
    let cached = read.unwrap_or_default() + writes.map_or(Tokens::ZERO, CacheWrites::total);
    Ok(Usage {
        input: uncached.map(|uncached| uncached + cached),
        cache_read: read,
        cache_write: writes,
        output,
        ..Usage::default()
    })
}

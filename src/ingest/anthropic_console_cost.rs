//! The CSV of costs that Anthropic's Console exports: dollars per day, model,
//! key and kind of token.
//!
//! Every row is rounded to whole cents, so that sums drift from the bill. Models
//! go by the name they are shown under ("Claude Haiku 4.5").

use crate::record::charge::{Charge, Meter};
use crate::record::lane::Tier;

use super::anthropic_terms as terms;
use super::batch::Batch;
use super::format::{Format, Framing, Outcome, Record, Sample};
use super::json::Fault;
use super::value::Value;

/// Rows of dollars.
#[derive(Clone, Copy, Debug)]
pub struct AnthropicConsoleCost;

impl Format for AnthropicConsoleCost {
    fn id(&self) -> &'static str {
        "anthropic-console-cost"
    }

    fn convention(&self) -> &'static str {
        "dollars billed per day, model and kind of token, each row rounded to cents; no tokens"
    }

    fn framing(&self) -> Framing {
        Framing::Csv
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        let columns = ["usage_date_utc", "token_type", "cost_usd"];
        sample.header().is_some_and(|header| header.has(&columns))
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let row = record.row.ok_or(Fault::Other("not a CSV row"))?;
        let cell = |column| Value::Cell(row.get(column).unwrap_or_default());
        let written = row.get("usage_date_utc").unwrap_or_default();
        let start = cell("usage_date_utc").time("usage_date_utc")?;
        let start = start.ok_or(Fault::Missing("usage_date_utc"))?;
        let billed = cell("cost_usd").money("cost_usd")?.ok_or(Fault::Missing("cost_usd"))?;
        let meter = meter(row.get("cost_type"), row.get("token_type"));
        let mut name = |column| batch.symbol(cell(column).name().as_deref());
        let (workspace, api_key) = (name("workspace"), name("api_key_id").or(name("api_key")));
        let model = name("model");
        // What is no token keeps the word of the bill.
        let item = match meter {
            Meter::Unstated => name("token_type"),
            Meter::Tool | Meter::Other => name("cost_type"),
            _ => None,
        };
        let is_fast = row.get("speed") == Some("fast");
        let lane = row.get("usage_type").and_then(terms::lane).and_then(Tier::parse);
        let charge = Charge {
            start: Some(start),
            end: terms::end_of_day(start, written),
            provider: batch.symbol(Some("anthropic")),
            model,
            item,
            account: workspace.or(api_key),
            region: batch.symbol(row.get("inference_geo").and_then(terms::geography)),
            meter,
            tier: if is_fast { Some(Tier::Fast) } else { lane },
            long_context: row
                .get("context_window")
                .and_then(|window| terms::long_context(window, batch)),
            billed,
            list: cell("list_price_usd").money("list_price_usd")?,
            ..Charge::default()
        };
        batch.push_charge(charge);
        Ok(Outcome::Kept)
    }
}

/// What a row is for.
fn meter(cost_type: Option<&str>, token_type: Option<&str>) -> Meter {
    match token_type {
        Some("input_no_cache") => Meter::Input,
        Some("input_cache_read") => Meter::CacheRead,
        Some("output") => Meter::Output,
        Some(kind) if kind.starts_with("input_cache_write") => Meter::CacheWrite,
        _ => match cost_type {
            Some("web_search" | "code_execution") => Meter::Tool,
            Some("session_usage") => Meter::Other,
            _ => Meter::Unstated,
        },
    }
}

//! The two CSV files of DeepSeek's usage export: amounts, a row per key, model
//! and kind of token, and costs, a row per model and wallet.
//!
//! A row of amounts counts one thing: prompt tokens found in the cache, prompt
//! tokens not found, generated tokens, or requests. What it does not count
//! stands in another row, so that each is a bucket and their sums are whole.

use crate::record::bucket::Bucket;
use crate::record::charge::Charge;
use crate::record::usage::Usage;
use crate::units::{Timestamp, Tokens};

use super::batch::Batch;
use super::format::{Format, Framing, Header, Outcome, Record, Row, Sample};
use super::json::Fault;
use super::value::Value;

/// Rows of amounts or of costs.
#[derive(Clone, Copy, Debug)]
pub struct DeepseekExport;

impl Format for DeepseekExport {
    fn id(&self) -> &'static str {
        "deepseek-export"
    }

    fn convention(&self) -> &'static str {
        "cache hits and misses are disjoint and add up to the prompt; a row counts one of them"
    }

    fn framing(&self) -> Framing {
        Framing::Csv
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        sample.header().is_some_and(|header| {
            let dated = header.has(&["start_time_iso"]) || header.has(&["utc_date"]);
            dated && (is_amounts(header) || header.has(&["model", "wallet_type", "cost"]))
        })
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let row = record.row.ok_or(Fault::Other("not a CSV row"))?;
        let cell = |column| Value::Cell(row.get(column).unwrap_or_default());
        let start = match row.get("utc_date") {
            Some(date) => Some(day(date)?),
            None => cell("start_time_iso").time("start_time_iso")?,
        };
        let start = start.ok_or(Fault::Missing("start_time_iso"))?;
        let end = cell("end_time_iso").time("end_time_iso")?;
        if is_amounts(row.header) {
            read_amount(row, start, end, batch)
        } else {
            read_cost(row, start, end, batch)
        }
    }
}

fn is_amounts(header: &Header) -> bool {
    header.has(&["model", "api_key_name", "type", "amount"])
}

/// A date, also without hyphens: `20260725`.
fn day(written: &str) -> Result<Timestamp, Fault> {
    let refused = Fault::BadField { field: "utc_date", wanted: "a date" };
    let is_plain = written.len() == 8 && written.bytes().all(|byte| byte.is_ascii_digit());
    let hyphens = match (written.get(..4), written.get(4..6), written.get(6..)) {
        (Some(year), Some(month), Some(day)) if is_plain => format!("{year}-{month}-{day}"),
        _ => written.to_owned(),
    };
    Timestamp::parse(&hyphens).ok_or(refused)
}

fn read_amount(
    row: &Row<'_>,
    start: Timestamp,
    end: Option<Timestamp>,
    batch: &mut Batch,
) -> Result<Outcome, Fault> {
    let amount = Value::Cell(row.get("amount").unwrap_or_default()).count("amount")?;
    let amount = amount.ok_or(Fault::Missing("amount"))?;
    let tokens = Some(Tokens::new(amount));
    let nothing = Usage {
        input: Some(Tokens::ZERO),
        cache_read: Some(Tokens::ZERO),
        output: Some(Tokens::ZERO),
        ..Usage::default()
    };
    let (calls, usage) = match row.get("type") {
        Some("input_cache_hit_tokens") => {
            (0, Usage { input: tokens, cache_read: tokens, ..nothing })
        }
        Some("input_cache_miss_tokens") => (0, Usage { input: tokens, ..nothing }),
        Some("output_tokens") => (0, Usage { output: tokens, ..nothing }),
        Some("request_count") => (amount, nothing),
        Some(_) => return Ok(Outcome::Ignored("usage that is not counted in tokens")),
        None => return Err(Fault::Missing("type")),
    };
    let mut name = |column| batch.symbol(row.get(column));
    let (api_key, account) = (name("api_key_name"), name("user_id"));
    let bucket = Bucket {
        start: Some(start),
        end,
        calls: Some(calls),
        model: name("model"),
        feature: api_key,
        account: api_key.or(account),
        usage,
        provider: batch.symbol(Some("deepseek")),
        ..Bucket::default()
    };
    batch.push_bucket(bucket);
    Ok(Outcome::Kept)
}

fn read_cost(
    row: &Row<'_>,
    start: Timestamp,
    end: Option<Timestamp>,
    batch: &mut Batch,
) -> Result<Outcome, Fault> {
    let billed = Value::Cell(row.get("cost").unwrap_or_default()).money("cost")?;
    let billed = billed.ok_or(Fault::Missing("cost"))?;
    if row.get("currency").is_none_or(|currency| !currency.eq_ignore_ascii_case("usd")) {
        return Err(Fault::Other("the amount is not in US dollars"));
    }
    let charge = Charge {
        start: Some(start),
        end,
        provider: batch.symbol(Some("deepseek")),
        model: batch.symbol(row.get("model")),
        item: batch.symbol(row.get("wallet_type")),
        account: batch.symbol(row.get("api_key_name").or_else(|| row.get("user_id"))),
        billed,
        ..Charge::default()
    };
    batch.push_charge(charge);
    Ok(Outcome::Kept)
}

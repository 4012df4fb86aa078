//! What OpenAI billed: pages of the organization costs API, and the CSV that
//! the dashboard exports of the same.
//!
//! An amount is dollars for one day and one set of dimensions; it counts no
//! tokens. Grouped by line item it names model and meter in one text, as in
//! `gpt-4o-2024-08-06, cached input`.

use std::borrow::Cow;

use crate::record::charge::{Charge, Meter};
use crate::record::lane::Tier;
use crate::units::Timestamp;

use super::batch::Batch;
use super::exchange::provider;
use super::format::{Format, Framing, KeySet, Outcome, Record, Sample};
use super::json::{Fault, Json};
use super::openai_usage::{is_cost, results};
use super::value::Value;

const CONVENTION: &str = "dollars billed per day and line item; no tokens";

/// Pages of `organization/costs`.
#[derive(Clone, Copy, Debug)]
pub struct OpenAiCosts;

/// The dashboard's CSV of costs.
#[derive(Clone, Copy, Debug)]
pub struct OpenAiCostsCsv;

impl Format for OpenAiCosts {
    fn id(&self) -> &'static str {
        "openai-costs"
    }

    fn convention(&self) -> &'static str {
        CONVENTION
    }

    fn keys(&self) -> &'static [KeySet] {
        &[&["start_time", "results", "amount"]]
    }

    fn list_key(&self) -> Option<&'static str> {
        Some("data")
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        let is_bucket = |bucket: &Json<'_>| {
            bucket.get("object").and_then(Json::text).as_deref() == Some("bucket")
                && results(*bucket).iter().any(|result| is_cost(*result))
        };
        sample.listed("data").iter().any(is_bucket)
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let bucket = record.json()?;
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
            let mut cost = Cost::default();
            result.each_entry(|key, value| cost.take(key, Value::Json(value)))?;
            let charge = cost.charge(start, end, batch)?.ok_or(Fault::Missing("amount.value"))?;
            batch.push_charge(charge);
            kept += 1;
        }
        Ok(if kept == 0 { Outcome::Ignored("empty bucket") } else { Outcome::KeptMany(kept) })
    }
}

impl Format for OpenAiCostsCsv {
    fn id(&self) -> &'static str {
        "openai-costs-csv"
    }

    fn convention(&self) -> &'static str {
        CONVENTION
    }

    fn keys(&self) -> &'static [KeySet] {
        &[&["start_time_iso", "amount_value"]]
    }

    fn framing(&self) -> Framing {
        Framing::Csv
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        sample.header().is_some_and(|header| header.has(&["start_time_iso", "amount_value"]))
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let row = record.row.ok_or(Fault::Other("not a CSV row"))?;
        let (mut cost, mut start, mut end) = (Cost::default(), None, None);
        for (column, cell) in row.cells() {
            let value = Value::Cell(cell);
            match column {
                "start_time_iso" => start = value.time("start_time_iso")?,
                "start_time" => start = start.or(value.time("start_time")?),
                "end_time_iso" => end = value.time("end_time_iso")?,
                "end_time" => end = end.or(value.time("end_time")?),
                _ => cost.take(column, value)?,
            }
        }
        let start = start.ok_or(Fault::Missing("start_time_iso"))?;
        // A day on which nothing was billed has a row with its times alone.
        let Some(charge) = cost.charge(start, end, batch)? else {
            return Ok(Outcome::Ignored("empty bucket"));
        };
        batch.push_charge(charge);
        Ok(Outcome::Kept)
    }
}

/// The fields of a result.
#[derive(Default)]
struct Cost<'a> {
    amount: Option<Value<'a>>,
    currency: Option<Value<'a>>,
    item: Option<Value<'a>>,
    project: Option<Value<'a>>,
    api_key: Option<Value<'a>>,
}

impl<'a> Cost<'a> {
    fn take(&mut self, key: &str, value: Value<'a>) -> Result<(), Fault> {
        let place = match key {
            "amount" => {
                let Value::Json(amount) = value else { return Ok(()) };
                return amount.each_entry(|key, value| match key {
                    "value" => self.take("amount_value", Value::Json(value)),
                    "currency" => self.take("amount_currency", Value::Json(value)),
                    _ => Ok(()),
                });
            }
            "amount_value" => &mut self.amount,
            "amount_currency" => &mut self.currency,
            "line_item" => &mut self.item,
            "project_id" => &mut self.project,
            "api_key_id" => &mut self.api_key,
            _ => return Ok(()),
        };
        *place = Some(value);
        Ok(())
    }

    /// The charge; `None` where no amount is named.
    fn charge(
        &self,
        start: Timestamp,
        end: Option<Timestamp>,
        batch: &mut Batch,
    ) -> Result<Option<Charge>, Fault> {
        let amount = self.amount.map_or(Ok(None), |amount| amount.money("amount.value"))?;
        let Some(billed) = amount else { return Ok(None) };
        let currency = self.currency.and_then(Value::name);
        if currency.is_some_and(|currency| !currency.eq_ignore_ascii_case("usd")) {
            return Err(Fault::Other("the amount is not in US dollars"));
        }
        let item = self.item.and_then(Value::name);
        let line = LineItem::of(item.as_deref().unwrap_or_default());
        if item.is_none() {
            batch.note("NOT_GROUPED_BY_LINE_ITEM", "costs without a line item name no model; export them grouped by line item (OpenAI) or description (Anthropic)");
        }
        let mut name =
            |value: Option<Value<'_>>| batch.symbol(value.and_then(Value::name).as_deref());
        let (project, api_key) = (name(self.project), name(self.api_key));
        Ok(Some(Charge {
            start: Some(start),
            end,
            provider: batch.symbol(Some("openai")),
            model: batch.symbol(line.model),
            item: batch.symbol(line.item.or_else(|| item.as_deref().filter(|_| !line.is_told()))),
            account: project.or(api_key),
            meter: line.meter,
            tier: line.tier,
            billed,
            ..Charge::default()
        }))
    }
}

/// A line item taken apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct LineItem<'a> {
    model: Option<&'a str>,
    meter: Meter,
    tier: Option<Tier>,
    /// The whole text, where model and meter do not say all of it.
    item: Option<&'a str>,
}

impl<'a> LineItem<'a> {
    fn of(text: &'a str) -> Self {
        let whole = Self { item: Some(text).filter(|text| !text.is_empty()), ..Self::default() };
        let Some((model, kind)) = text.split_once(", ") else {
            let is_model = !text.contains(' ') && provider::of_model(text).is_some();
            return if is_model {
                Self { model: Some(text), ..Self::default() }
            } else {
                Self { meter: hosted(text), ..whole }
            };
        };
        // A name of several words is one for people, not a model's id.
        if model.is_empty() || model.contains(' ') {
            return whole;
        }
        let kind = Cow::from(kind.to_ascii_lowercase().replace('_', " "));
        let words: Vec<&str> = kind.split_whitespace().collect();
        let is_plain = |word: &&str| {
            let known = [
                "input", "output", "cached", "cache", "text", "tokens", "token", "write", "writes",
            ];
            known.contains(word) || Tier::parse(word).is_some()
        };
        let has = |word: &str| words.contains(&word);
        let meter = match () {
            () if has("output") => Meter::Output,
            () if has("cache") && (has("write") || has("writes")) => Meter::CacheWrite,
            () if has("cached") && has("input") => Meter::CacheRead,
            () if has("input") => Meter::Input,
            () => Meter::Unstated,
        };
        Self {
            model: Some(model),
            meter,
            tier: words.iter().find_map(|word| Tier::parse(word)),
            // Audio, images and training are billed at rates of their own.
            item: if words.iter().all(is_plain) { None } else { whole.item },
        }
    }

    const fn is_told(&self) -> bool {
        self.model.is_some() || self.item.is_some()
    }
}

/// What a line item without a model is for.
fn hosted(text: &str) -> Meter {
    let text = text.to_ascii_lowercase();
    let is = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if is(&["storage", "vector store"]) {
        Meter::Other
    } else if is(&["tool call", "web search", "file search", "code interpreter", "computer use"]) {
        Meter::Tool
    } else {
        Meter::Unstated
    }
}

#[cfg(test)]
mod tests {
    use super::{LineItem, OpenAiCosts};
    use crate::ingest::batch::Batch;
    use crate::ingest::format::{Format as _, Outcome, Sample};
    use crate::ingest::json::{Fault, Json};
    use crate::ingest::openai_usage::OpenAiUsage;
    use crate::ingest::read_one::read_one;
    use crate::record::charge::Meter;
    use crate::record::lane::Tier;
    use crate::units::Usd;

    fn read(line: &str) -> (Batch, Result<Outcome, Fault>) {
        read_one(&OpenAiCosts, line)
    }

    fn bucket(results: &str) -> String {
        format!(
            r#"{{"results":[{results}],"end_time":1772668800,"start_time":1772582400,"object":"bucket"}}"#
        )
    }

    fn cost(value: &str, item: &str) -> String {
        format!(
            r#"{{"object":"organization.costs.result","amount":{{"value":{value},"currency":"usd"}},"line_item":{item},"project_id":"proj_a"}}"#
        )
    }

    #[test]
    fn amounts_are_exact_whatever_their_notation() {
        let results =
            [cost("1.29e-05", "null"), cost("\"0.0600000000000000\"", "null"), cost("-2", "null")];
        let (batch, outcome) = read(&bucket(&results.join(",")));
        assert_eq!(outcome, Ok(Outcome::KeptMany(3)));
        let billed: Vec<_> = batch.charges.iter().map(|charge| charge.billed).collect();
        // In femto-dollars: 1.29e-5, six cents, a credit of two dollars.
        let femto = [12_900_000_000, 60_000_000_000_000, -2_000_000_000_000_000];
        assert_eq!(billed, femto.map(Usd::from_femto));
        assert_eq!(batch.notes[0].code, "NOT_GROUPED_BY_LINE_ITEM");
    }

    #[test]
    fn line_items_name_model_and_meter() {
        let of = |text| {
            let line = LineItem::of(text);
            (line.model, line.meter, line.tier, line.item)
        };
        let dated = Some("gpt-4o-2024-08-06");
        for (text, expected) in [
            ("gpt-4o-2024-08-06, input", (dated, Meter::Input, None, None)),
            ("gpt-4o-2024-08-06, cached input", (dated, Meter::CacheRead, None, None)),
            ("gpt-4o-2024-08-06, output", (dated, Meter::Output, None, None)),
            ("gpt-4o-2024-08-06, input_tokens", (dated, Meter::Input, None, None)),
            ("gpt-4o-2024-08-06, cache write input", (dated, Meter::CacheWrite, None, None)),
            ("gpt-4o-2024-08-06, batch output", (dated, Meter::Output, Some(Tier::Batch), None)),
            ("gpt-4o", (Some("gpt-4o"), Meter::Unstated, None, None)),
            ("", (None, Meter::Unstated, None, None)),
        ] {
            assert_eq!(of(text), expected, "{text}");
        }
        for (text, model, meter) in [
            ("gpt-image-1, image input", Some("gpt-image-1"), Meter::Input),
            ("whisper-1, audio", Some("whisper-1"), Meter::Unstated),
            ("web search tool calls", None, Meter::Tool),
            ("assistants api | file search", None, Meter::Tool),
            ("vector store storage", None, Meter::Other),
            ("GPT-4o mini, input", None, Meter::Unstated),
            ("Completions", None, Meter::Unstated),
        ] {
            assert_eq!(of(text), (model, meter, None, Some(text)), "{text}");
        }
    }

    #[test]
    fn costs_and_usage_are_told_apart() {
        let usage = r#"{"object":"organization.usage.completions.result","input_tokens":16}"#;
        let (costs, usage) = (bucket(&cost("1", "null")), bucket(usage));
        let quiet = bucket("");
        let page = |buckets: &[&String]| {
            let list: Vec<_> = buckets.iter().map(|bucket| bucket.as_str()).collect();
            format!(r#"{{"object":"page","data":[{}],"has_more":false}}"#, list.join(","))
        };
        let detects = |texts: &[&str]| {
            let objects: Vec<_> = texts.iter().map(|text| Json::of_text(text)).collect();
            let sample = Sample::Json(&objects);
            (OpenAiCosts.detect(&sample), OpenAiUsage.detect(&sample))
        };
        assert_eq!(detects(&[&page(&[&quiet, &costs])]), (true, false));
        assert_eq!(detects(&[&page(&[&quiet]), &page(&[&costs])]), (true, false));
        assert_eq!(detects(&[&quiet, &costs]), (true, false));
        assert_eq!(detects(&[&page(&[&quiet, &usage])]), (false, true));
        assert_eq!(detects(&[&quiet]), (false, true));
        assert_eq!(read(&quiet).1, Ok(Outcome::Ignored("empty bucket")));
    }

    #[test]
    fn what_is_no_dollar_amount_is_rejected() {
        for line in [
            bucket(r#"{"amount":{"value":1,"currency":"eur"}}"#),
            bucket(r#"{"amount":{"value":"dear","currency":"usd"}}"#),
            bucket(r#"{"line_item":"gpt-4o, input"}"#),
            r#"{"object":"bucket","results":[]}"#.to_owned(),
            bucket(r#"{"amount":{"value":1"#),
            "3".to_owned(),
        ] {
            let (_, outcome) = read(&line);
            assert!(outcome.is_err(), "{line} {outcome:?}");
        }
    }
}

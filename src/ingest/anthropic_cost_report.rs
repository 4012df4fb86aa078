//! Anthropic's cost report: pages of days, each with an amount per combination
//! of the dimensions it was grouped by.
//!
//! An amount is a decimal text in **cents**: `"123.45"` is $1.2345. It counts
//! no tokens. What the Priority tier costs is not in the report.

use crate::record::charge::{Charge, Meter};
use crate::record::lane::Tier;
use crate::units::{Timestamp, Usd};

use super::anthropic_terms as terms;
use super::anthropic_usage::{is_cost, results};
use super::batch::Batch;
use super::format::{Format, KeySet, Outcome, Record, Sample};
use super::json::{Fault, Json};

/// Pages of `cost_report`.
#[derive(Clone, Copy, Debug)]
pub struct AnthropicCostReport;

impl Format for AnthropicCostReport {
    fn id(&self) -> &'static str {
        "anthropic-cost-report"
    }

    fn convention(&self) -> &'static str {
        "cents billed per day, model and kind of token; no tokens, no Priority tier"
    }

    fn keys(&self) -> &'static [KeySet] {
        &[&["starting_at", "results", "amount"]]
    }

    fn list_key(&self) -> Option<&'static str> {
        Some("data")
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        sample.listed("data").iter().any(|bucket| {
            bucket.get("starting_at").is_some()
                && results(*bucket).iter().any(|result| is_cost(*result))
        })
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let bucket = record.json()?;
        if !bucket.is_object() {
            return Err(Fault::Other("not a bucket"));
        }
        let (mut start, mut end, mut listed) = (None, None, None);
        bucket.each_entry(|key, value| {
            match key {
                "starting_at" => start = value.time("starting_at")?,
                "ending_at" => end = value.time("ending_at")?,
                "results" => listed = Some(value),
                _ => {}
            }
            Ok::<(), Fault>(())
        })?;
        let start = start.ok_or(Fault::Missing("starting_at"))?;
        let mut kept = 0;
        listed.ok_or(Fault::Missing("results"))?.each_item(|result| {
            let charge = Cost::read(result)?.charge(start, end, batch)?;
            batch.push_charge(charge);
            kept += 1;
            Ok::<(), Fault>(())
        })?;
        Ok(if kept == 0 { Outcome::Ignored("empty bucket") } else { Outcome::KeptMany(kept) })
    }
}

/// The fields of a result.
#[derive(Default)]
struct Cost<'a> {
    amount: Option<Json<'a>>,
    currency: Option<Json<'a>>,
    kind: Option<Json<'a>>,
    token_type: Option<Json<'a>>,
    description: Option<Json<'a>>,
    model: Option<Json<'a>>,
    workspace: Option<Json<'a>>,
    tier: Option<Json<'a>>,
    context_window: Option<Json<'a>>,
    geography: Option<Json<'a>>,
}

impl<'a> Cost<'a> {
    fn read(result: Json<'a>) -> Result<Self, Fault> {
        let mut cost = Self::default();
        result.each_entry(|key, value| {
            let place = match key {
                "amount" => &mut cost.amount,
                "currency" => &mut cost.currency,
                "cost_type" => &mut cost.kind,
                "token_type" => &mut cost.token_type,
                "description" => &mut cost.description,
                "model" => &mut cost.model,
                "workspace_id" => &mut cost.workspace,
                "service_tier" => &mut cost.tier,
                "context_window" => &mut cost.context_window,
                "inference_geo" => &mut cost.geography,
                _ => return Ok(()),
            };
            *place = Some(value);
            Ok::<(), Fault>(())
        })?;
        Ok(cost)
    }

    fn charge(
        &self,
        start: Timestamp,
        end: Option<Timestamp>,
        batch: &mut Batch,
    ) -> Result<Charge, Fault> {
        let text = |value: Option<Json<'a>>| value.and_then(Json::text);
        let amount = self.amount.and_then(Json::name).ok_or(Fault::Missing("amount"))?;
        let billed = Usd::from_decimal_cents(amount.trim())
            .map_err(|_| Fault::BadField { field: "amount", wanted: "an amount in cents" })?;
        if text(self.currency).is_some_and(|currency| !currency.eq_ignore_ascii_case("usd")) {
            return Err(Fault::Other("the amount is not in US dollars"));
        }
        let meter = meter(text(self.kind).as_deref(), text(self.token_type).as_deref());
        let model = text(self.model);
        let description = text(self.description);
        if description.is_none() && model.is_none() {
            batch.note("NOT_GROUPED_BY_LINE_ITEM", "costs without a line item name no model; export them grouped by line item (OpenAI) or description (Anthropic)");
        }
        // The description says model and meter once more, for people.
        let is_told =
            model.is_some() && !matches!(meter, Meter::Unstated | Meter::Tool | Meter::Other);
        let item = description.or_else(|| text(self.kind)).filter(|_| !is_told);
        let window = text(self.context_window);
        let word = text(self.tier);
        Ok(Charge {
            start: Some(start),
            end,
            provider: batch.symbol(Some("anthropic")),
            model: batch.symbol(model.as_deref()),
            item: batch.symbol(item.as_deref()),
            account: batch.symbol(text(self.workspace).as_deref()),
            region: batch.symbol(text(self.geography).as_deref().and_then(terms::geography)),
            meter,
            tier: word.as_deref().and_then(Tier::parse),
            long_context: window.and_then(|window| terms::long_context(&window, batch)),
            billed,
            ..Charge::default()
        })
    }
}

/// What a cost is for.
fn meter(cost_type: Option<&str>, token_type: Option<&str>) -> Meter {
    match (cost_type, token_type) {
        (Some("web_search" | "code_execution"), _) => Meter::Tool,
        (Some("session_usage"), _) => Meter::Other,
        (_, Some("uncached_input_tokens")) => Meter::Input,
        (_, Some("cache_read_input_tokens")) => Meter::CacheRead,
        (_, Some("output_tokens")) => Meter::Output,
        (_, Some(kind)) if kind.starts_with("cache_creation") => Meter::CacheWrite,
        _ => Meter::Unstated,
    }
}

#[cfg(test)]
mod tests {
    use super::AnthropicCostReport;
    use crate::ingest::anthropic_usage::AnthropicUsage;
    use crate::ingest::batch::Batch;
    use crate::ingest::format::{Format as _, Outcome, Sample};
    use crate::ingest::json::{Fault, Json};
    use crate::ingest::read_one::read_one;
    use crate::record::charge::Meter;
    use crate::record::lane::Tier;
    use crate::units::Usd;

    fn read(line: &str) -> (Batch, Result<Outcome, Fault>) {
        read_one(&AnthropicCostReport, line)
    }

    fn bucket(results: &str) -> String {
        format!(
            r#"{{"results":[{results}],"ending_at":"2026-03-05T00:00:00Z","starting_at":"2026-03-04T00:00:00Z"}}"#
        )
    }

    const RESULT: &str = r#"{"amount":"123.4567","currency":"USD","cost_type":"tokens","token_type":"cache_creation.ephemeral_5m_input_tokens",
        "description":"Claude Sonnet 5 Usage - Cache Write","model":"claude-sonnet-5","context_window":"200k-1M","inference_geo":"us",
        "service_tier":"batch","workspace_id":"ws_1"}"#;

    #[test]
    fn cents_become_dollars_exactly() {
        let (batch, outcome) = read(&bucket(RESULT));
        assert_eq!(outcome, Ok(Outcome::KeptMany(1)));
        let charge = &batch.charges[0];
        // 123.4567 cents are $1.234567.
        assert_eq!(charge.billed, Usd::from_decimal("1.234567").unwrap());
        assert_eq!((charge.meter, charge.tier), (Meter::CacheWrite, Some(Tier::Batch)));
        assert_eq!((charge.long_context, charge.list, charge.item), (Some(true), None, None));
        let text = |symbol| batch.strings.text_of(symbol);
        assert_eq!(text(charge.model), Some("claude-sonnet-5"));
        assert_eq!((text(charge.account), text(charge.region)), (Some("ws_1"), Some("us")));
    }

    #[test]
    fn what_is_no_token_keeps_its_words() {
        let results = r#"{"amount":"10","currency":"USD","cost_type":"web_search","description":"Web Search Usage","model":null,"token_type":null},
            {"amount":"4.5","currency":"USD","cost_type":"session_usage","description":null},
            {"amount":"-25.00","currency":"USD"}"#;
        let (batch, outcome) = read(&bucket(results));
        assert_eq!(outcome, Ok(Outcome::KeptMany(3)));
        let told: Vec<_> = batch
            .charges
            .iter()
            .map(|charge| (charge.meter, batch.strings.text_of(charge.item)))
            .collect();
        let expected = [
            (Meter::Tool, Some("Web Search Usage")),
            (Meter::Other, Some("session_usage")),
            (Meter::Unstated, None),
        ];
        assert_eq!(told, expected);
        assert_eq!(batch.charges[2].billed, Usd::from_decimal("-0.25").unwrap());
        assert_eq!((batch.notes[0].code, batch.notes[0].records), ("NOT_GROUPED_BY_LINE_ITEM", 2));
    }

    #[test]
    fn costs_and_usage_are_told_apart() {
        let quiet = bucket("");
        let costs = bucket(RESULT);
        let usage = bucket(r#"{"uncached_input_tokens":1,"output_tokens":2}"#);
        let detects = |texts: &[&str]| {
            let objects: Vec<_> = texts.iter().map(|text| Json::of_text(text)).collect();
            let sample = Sample::Json(&objects);
            (AnthropicCostReport.detect(&sample), AnthropicUsage.detect(&sample))
        };
        let page = format!(r#"{{"data":[{quiet},{costs}],"has_more":false}}"#);
        assert_eq!(detects(&[&page]), (true, false));
        assert_eq!(detects(&[&quiet, &costs]), (true, false));
        assert_eq!(detects(&[&quiet, &usage]), (false, true));
        assert_eq!(read(&quiet).1, Ok(Outcome::Ignored("empty bucket")));
    }

    #[test]
    fn what_is_no_dollar_amount_is_rejected() {
        for line in [
            bucket(r#"{"amount":"1","currency":"EUR"}"#),
            bucket(r#"{"amount":"dear","currency":"USD"}"#),
            bucket(r#"{"currency":"USD"}"#),
            bucket(r#"{"amount":"1""#),
            r#"{"starting_at":"2026-03-04T00:00:00Z"}"#.to_owned(),
            r#"{"results":[]}"#.to_owned(),
            "[]".to_owned(),
        ] {
            assert!(read(&line).1.is_err(), "{line}");
        }
    }
}

//! genai-prices' catalogue: providers with models, dollars per million tokens.
//!
//! Source of the field names: `prices/data.json` of pydantic/genai-prices and
//! its schema. A price is a number, a decimal text, or a base with tiers that
//! reprice the whole request above a prompt length.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::catalogue::{
    Candidate, CatalogueModel, CataloguePrice, CatalogueRates, per_million, provider_name,
    shortest_lifetime,
};

pub(super) fn recognises(providers: &[Value]) -> bool {
    providers.iter().any(|provider| {
        provider.get("id").is_some_and(Value::is_string)
            && provider.get("models").is_some_and(Value::is_array)
    })
}

pub(super) fn read(providers: &[Value]) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    for provider in providers {
        let Some(name) = provider.get("id").and_then(Value::as_str) else { continue };
        for model in list(provider, "models") {
            let Some(id) = model.get("id").and_then(Value::as_str) else { continue };
            candidates
                .push(Candidate { name: format!("{name}/{id}"), model: model_of(name, id, model) });
        }
    }
    candidates
}

fn model_of(provider: &str, id: &str, model: &Value) -> Result<CatalogueModel, String> {
    let lifetime = shortest_lifetime(provider, id);
    let batch = list(model, "price_variants").iter().find_map(batch_of);
    let mut prices = Vec::new();
    match model.get("prices") {
        Some(Value::Array(dated)) => {
            for entry in dated {
                let constraint = entry.get("constraint").filter(|constraint| !constraint.is_null());
                let from = constraint.and_then(|constraint| constraint.get("start_date"));
                if constraint.is_some() && from.is_none() {
                    return Err("prices by the hour of the day are not imported".to_owned());
                }
                let from = from.and_then(Value::as_str).map(str::to_owned);
                prices.push(price_of(lifetime, from, entry.get("prices").unwrap_or(&Value::Null)));
            }
        }
        Some(entry @ Value::Object(_)) => prices.push(price_of(lifetime, None, entry)),
        _ => return Err("no price".to_owned()),
    }
    // Where the catalogue dates a batch price, the day is when it was seen.
    if let Some((newest, batch)) = prices.last_mut().zip(batch) {
        newest.batch = Some(price_of(lifetime, None, batch).rates);
    }
    prices.sort_by(|a, b| a.from.cmp(&b.from));
    let mut aliases = Vec::new();
    collect_equals(model.get("match").unwrap_or(&Value::Null), &mut aliases);
    aliases.retain(|alias| alias != id);
    let embedding = prices.iter().all(|price| price.rates.output.is_none());
    Ok(CatalogueModel {
        provider: provider_name(provider),
        id: id.to_owned(),
        aliases,
        context_window: model.get("context_window").and_then(Value::as_u64),
        embedding,
        prices,
    })
}

fn batch_of(variant: &Value) -> Option<&Value> {
    let lane = variant.get("when")?.get("processing")?.as_str()?;
    if lane == "batch" { variant.get("prices") } else { None }
}

fn price_of(lifetime: &'static str, from: Option<String>, prices: &Value) -> CataloguePrice {
    let mut lengths = BTreeSet::new();
    for key in ["input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok"] {
        for tier in prices.get(key).map_or(&[][..], |price| list(price, "tiers")) {
            if let Some(start) = tier.get("start").and_then(Value::as_u64) {
                lengths.insert(start);
            }
        }
    }
    let long_context =
        lengths.into_iter().map(|above| (above, rates_at(lifetime, prices, Some(above)))).collect();
    CataloguePrice { from, rates: rates_at(lifetime, prices, None), batch: None, long_context }
}

fn rates_at(lifetime: &'static str, prices: &Value, above: Option<u64>) -> CatalogueRates {
    let rate = |key: &str| {
        let price = prices.get(key)?;
        let Some(base) = price.get("base") else { return per_million(price) };
        let at = |tier: &&Value| tier.get("start").and_then(Value::as_u64) == above;
        match list(price, "tiers").iter().find(at).filter(|_| above.is_some()) {
            Some(tier) => tier.get("price").and_then(per_million),
            None => per_million(base),
        }
    };
    let mut cache_write = BTreeMap::new();
    for (sold, key) in [(lifetime, "cache_write_mtok"), ("1h", "cache_write_1h_mtok")] {
        if let Some(rate) = rate(key) {
            cache_write.insert(sold, rate);
        }
    }
    CatalogueRates {
        input: rate("input_mtok"),
        output: rate("output_mtok"),
        cache_read: rate("cache_read_mtok"),
        cache_write,
        audio_input: rate("input_audio_mtok"),
        audio_output: rate("output_audio_mtok"),
    }
}

/// Names the catalogue matches exactly; its prefixes are not ours to take.
fn collect_equals(clause: &Value, names: &mut Vec<String>) {
    if let Some(name) = clause.get("equals").and_then(Value::as_str) {
        names.push(name.to_owned());
    }
    for key in ["or", "or_"] {
        for inner in list(clause, key) {
            collect_equals(inner, names);
        }
    }
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

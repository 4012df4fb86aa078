//! The `litellm` catalogue: one object per key, dollars per token.
//!
//! Source of the field names: `model_prices_and_context_window.json` of
//! BerriAI/litellm. Variants are suffixes: `_batches`, `_above_200k_tokens`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::catalogue::{
    Candidate, CatalogueModel, CataloguePrice, CatalogueRates, per_token, provider_name,
    shortest_lifetime,
};

/// Prompt lengths the catalogue has prices for, with their suffixes.
const LENGTHS: [(u64, &str); 5] = [
    (100_000, "_above_100k_tokens"),
    (128_000, "_above_128k_tokens"),
    (200_000, "_above_200k_tokens"),
    (256_000, "_above_256k_tokens"),
    (272_000, "_above_272k_tokens"),
];

pub(super) fn recognises(entries: &Map<String, Value>) -> bool {
    entries.values().any(|entry| entry.get("litellm_provider").is_some())
}

pub(super) fn read(entries: &Map<String, Value>) -> Vec<Candidate> {
    entries
        .iter()
        .map(|(name, entry)| Candidate { name: name.clone(), model: model_of(name, entry) })
        .collect()
}

fn model_of(name: &str, entry: &Value) -> Result<CatalogueModel, String> {
    if name == "sample_spec" {
        return Err("a description of the format".to_owned());
    }
    let text = |key: &str| entry.get(key).and_then(Value::as_str);
    let provider = text("litellm_provider").ok_or("no provider")?;
    let mode = text("mode").unwrap_or("chat");
    if !["chat", "completion", "responses", "embedding"].contains(&mode) {
        return Err(format!("mode {mode} is not billed by token"));
    }
    let id = name.strip_prefix(provider).and_then(|rest| rest.strip_prefix('/')).unwrap_or(name);
    let lifetime = shortest_lifetime(provider, id);
    let rates = rates_of(entry, lifetime, "", "");
    let long_context: BTreeMap<u64, CatalogueRates> = LENGTHS
        .into_iter()
        .map(|(length, suffix)| (length, rates_of(entry, lifetime, suffix, "")))
        .filter(|(_, rates)| rates.input.is_some())
        .collect();
    let batch =
        Some(rates_of(entry, lifetime, "", "_batches")).filter(|batch| batch.input.is_some());
    Ok(CatalogueModel {
        provider: provider_name(provider),
        id: id.to_owned(),
        aliases: Vec::new(),
        context_window: entry.get("max_input_tokens").and_then(Value::as_u64),
        embedding: mode == "embedding",
        prices: vec![CataloguePrice { from: None, rates, batch, long_context }],
    })
}

fn rates_of(entry: &Value, lifetime: &'static str, length: &str, lane: &str) -> CatalogueRates {
    let rate = |stem: &str| entry.get(format!("{stem}{length}{lane}")).and_then(per_token);
    let mut cache_write = BTreeMap::new();
    for (sold, stem) in [
        (lifetime, "cache_creation_input_token_cost"),
        ("1h", "cache_creation_input_token_cost_above_1hr"),
        ("12h", "cache_creation_input_token_cost_above_12hr"),
    ] {
        // Zero stands for "no charge beyond the input price" in this catalogue.
        if let Some(rate) = rate(stem).filter(|rate| rate.femto_per_token() > 0) {
            cache_write.insert(sold, rate);
        }
    }
    CatalogueRates {
        input: rate("input_cost_per_token"),
        output: rate("output_cost_per_token"),
        cache_read: rate("cache_read_input_token_cost"),
        cache_write,
        audio_input: rate("input_cost_per_audio_token"),
        audio_output: rate("output_cost_per_audio_token"),
    }
}

//! models.dev's catalogue: providers with models, dollars per million tokens.
//!
//! Source of the field names: `api.json` of models.dev.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::catalogue::{
    Candidate, CatalogueModel, CataloguePrice, CatalogueRates, per_million, provider_name,
    shortest_lifetime,
};

pub(super) fn recognises(providers: &Map<String, Value>) -> bool {
    providers
        .values()
        .filter_map(models)
        .any(|models| models.values().any(|model| model.get("cost").is_some()))
}

pub(super) fn read(providers: &Map<String, Value>) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    for (provider, entry) in providers {
        for (id, model) in models(entry).into_iter().flatten() {
            candidates.push(Candidate {
                name: format!("{provider}/{id}"),
                model: model_of(provider, id, model),
            });
        }
    }
    candidates
}

/// A provider's models: under `models`, or the provider's own entries.
fn models(provider: &Value) -> Option<&Map<String, Value>> {
    provider.get("models").unwrap_or(provider).as_object()
}

fn model_of(provider: &str, id: &str, model: &Value) -> Result<CatalogueModel, String> {
    let cost = model.get("cost").ok_or("no price")?;
    let lifetime = shortest_lifetime(provider, id);
    let mut long_context = BTreeMap::new();
    if let Some(long) = cost.get("context_over_200k") {
        long_context.insert(200_000, rates_of(lifetime, long));
    }
    let rates = rates_of(lifetime, cost);
    Ok(CatalogueModel {
        provider: provider_name(provider),
        id: id.to_owned(),
        aliases: Vec::new(),
        context_window: model
            .get("limit")
            .and_then(|limit| limit.get("context"))
            .and_then(Value::as_u64),
        embedding: id.contains("embed"),
        prices: vec![CataloguePrice { from: None, rates, batch: None, long_context }],
    })
}

fn rates_of(lifetime: &'static str, cost: &Value) -> CatalogueRates {
    let rate = |key: &str| cost.get(key).and_then(per_million);
    CatalogueRates {
        input: rate("input"),
        output: rate("output"),
        cache_read: rate("cache_read"),
        cache_write: rate("cache_write").map(|rate| (lifetime, rate)).into_iter().collect(),
        audio_input: rate("input_audio"),
        audio_output: rate("output_audio"),
    }
}

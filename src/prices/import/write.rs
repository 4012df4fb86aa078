//! Writes models of a catalogue as a price file of ours.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt::Write as _;

use super::catalogue::{CatalogueModel, CataloguePrice, CatalogueRates};
use super::{Catalogue, Refused};
use crate::units::{Multiplier, Rate};

/// The file, how many models it has, and which were listed twice.
pub(super) fn price_file(
    catalogue: Catalogue,
    models: &[CatalogueModel],
) -> (String, usize, Vec<Refused>) {
    let mut refused = Vec::new();
    let mut by_name: BTreeMap<(&str, &str), &CatalogueModel> = BTreeMap::new();
    for model in models {
        let key = (model.provider.as_str(), model.id.as_str());
        match by_name.entry(key) {
            Entry::Vacant(place) => {
                place.insert(model);
            }
            Entry::Occupied(_) => refused.push(Refused {
                model: format!("{}/{}", model.provider, model.id),
                reason: "listed twice: the first one was taken".to_owned(),
            }),
        }
    }
    let mut text = format!(
        "# Imported from a {} catalogue: read it before use, and add the day as\n\
         # `checked = \"...\"` above the first model. Dollars per million tokens.\n",
        catalogue.name()
    );
    for model in by_name.values() {
        model_entry(&mut text, model);
    }
    (text, by_name.len(), refused)
}

fn model_entry(text: &mut String, model: &CatalogueModel) {
    line(text, "\n[[model]]");
    line(text, &format!("provider = {}", quoted(&model.provider)));
    line(text, &format!("id = {}", quoted(&model.id)));
    if !model.aliases.is_empty() {
        let names: Vec<String> = model.aliases.iter().map(|alias| quoted(alias)).collect();
        line(text, &format!("aliases = [{}]", names.join(", ")));
    }
    if let Some(window) = model.context_window {
        line(text, &format!("context_window = {window}"));
    }
    let ends = model.prices.iter().skip(1).map(|next| next.from.as_deref()).chain([None]);
    for (price, until) in model.prices.iter().zip(ends) {
        price_entry(text, price, until, model.embedding);
    }
}

fn price_entry(text: &mut String, price: &CataloguePrice, until: Option<&str>, embedding: bool) {
    line(text, "\n[[model.price]]");
    for (name, day) in [("from", price.from.as_deref()), ("until", until)] {
        if let Some(day) = day {
            line(text, &format!("{name} = {}", quoted(day)));
        }
    }
    for field in fields(&price.rates, embedding) {
        line(text, &field);
    }
    if let Some(batch) = &price.batch {
        if is_half(&price.rates, batch) {
            line(text, "batch = { factor = \"0.5\" }");
        } else if price.long_context.is_empty() {
            line(
                text,
                &format!("batch = {{ rates = {{ {} }} }}", fields(batch, embedding).join(", ")),
            );
        }
    }
    if !price.long_context.is_empty() {
        let tiers: Vec<String> = price
            .long_context
            .iter()
            .map(|(above, rates)| {
                let rates = fields(rates, embedding).join(", ");
                format!("{{ above_input_tokens = {above}, rates = {{ {rates} }} }}")
            })
            .collect();
        line(text, &format!("long_context = [{}]", tiers.join(", ")));
    }
}

fn fields(rates: &CatalogueRates, embedding: bool) -> Vec<String> {
    let output = rates.output.filter(|_| !embedding);
    let mut fields: Vec<String> = [
        ("input", rates.input),
        ("output", output),
        ("cache_read", rates.cache_read),
        ("audio_input", rates.audio_input),
        ("audio_output", rates.audio_output),
    ]
    .into_iter()
    .filter_map(|(name, rate)| rate.map(|rate| format!("{name} = \"{rate}\"")))
    .collect();
    // More than two lifetimes are nobody's offer: the shortest two are kept.
    let writes: Vec<String> = rates
        .cache_write
        .iter()
        .take(2)
        .map(|(lifetime, rate)| format!("{lifetime} = \"{rate}\""))
        .collect();
    if !writes.is_empty() {
        fields.push(format!("cache_write = {{ {} }}", writes.join(", ")));
    }
    fields
}

/// Whether a batch costs half of everything; kinds it leaves out follow.
fn is_half(standard: &CatalogueRates, batch: &CatalogueRates) -> bool {
    let Ok(half) = Multiplier::from_decimal("0.5") else { return false };
    let same = |full: Option<Rate>, part: Option<Rate>| match (full, part) {
        (Some(full), Some(part)) => full.scaled(half) == part,
        (None, Some(_)) => false,
        (_, None) => true,
    };
    let same_writes = batch
        .cache_write
        .iter()
        .all(|(lifetime, part)| same(standard.cache_write.get(lifetime).copied(), Some(*part)));
    same_writes
        && batch.cache_read.is_some() == standard.cache_read.is_some()
        && same(standard.input, batch.input)
        && same(standard.output, batch.output)
        && same(standard.cache_read, batch.cache_read)
}

fn line(text: &mut String, content: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{content}");
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

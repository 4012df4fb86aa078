//! Bounds that no real price crosses.

use super::Refused;
use super::catalogue::{Candidate, CatalogueModel, CatalogueRates};
use crate::units::Rate;

/// Dollars per million, in femto-dollars per token.
const DOLLAR: u64 = 1_000_000_000;
/// The dearest model so far asks 150; ten times the unit is a typing error.
const HIGHEST_INPUT: u64 = 1_000 * DOLLAR;
const HIGHEST_OUTPUT: u64 = 5_000 * DOLLAR;
/// Embeddings cost cents: a catalogue once listed one at 100 instead of 0.10.
const HIGHEST_EMBEDDING: u64 = 10 * DOLLAR;

/// Parts what can be used from what cannot.
pub(super) fn sift(candidates: Vec<Candidate>) -> (Vec<CatalogueModel>, Vec<Refused>) {
    let mut models = Vec::new();
    let mut refused = Vec::new();
    for Candidate { name, model } in candidates {
        match model.and_then(|model| check(&model).map(|()| model)) {
            Ok(model) => models.push(model),
            Err(reason) => refused.push(Refused { model: name, reason }),
        }
    }
    (models, refused)
}

fn check(model: &CatalogueModel) -> Result<(), String> {
    for price in &model.prices {
        check_rates(&price.rates, model.embedding)?;
        for rates in price.long_context.values().chain(&price.batch) {
            check_rates(rates, model.embedding)?;
        }
    }
    Ok(())
}

fn check_rates(rates: &CatalogueRates, embedding: bool) -> Result<(), String> {
    let input = rates.input.ok_or("no input price")?;
    let above = |rate: Rate, most: u64| rate.femto_per_token() > most;
    if above(input, HIGHEST_INPUT) {
        return Err(format!("input at {input} dollars per million is no real price"));
    }
    if embedding && above(input, HIGHEST_EMBEDDING) {
        return Err(format!("an embedding at {input} dollars per million is no real price"));
    }
    if let Some(output) = rates.output.filter(|output| above(*output, HIGHEST_OUTPUT)) {
        return Err(format!("output at {output} dollars per million is no real price"));
    }
    if input == Rate::FREE && rates.output.is_none_or(|output| output == Rate::FREE) {
        return Err("listed as free: write it by hand if it really is".to_owned());
    }
    if let Some(read) = rates.cache_read.filter(|read| *read > input) {
        return Err(format!("a cache read at {read} is dearer than input at {input}"));
    }
    let ten_times = Rate::from_femto_per_token(input.femto_per_token().saturating_mul(10));
    if let Some(write) = rates.cache_write.values().find(|write| **write > ten_times) {
        return Err(format!("a cache write at {write} is over ten times the input at {input}"));
    }
    Ok(())
}

//! Rates out of texts, and how a lane, a long prompt or an hour changes them.

use super::error::PriceError;
use super::rates::{Factors, Rates, WriteRates};
use super::resolve::{fault, lifetime, number_fault, rate};
use super::schema::{AdjustEntry, FactorsEntry, LongContextEntry, RateEntry};
use crate::units::{Multiplier, Rate};

/// A change of rates: one of a factor, factors by kind, or other rates.
pub(super) struct Adjust<'a> {
    pub(super) factor: Option<&'a str>,
    pub(super) factors: Option<&'a FactorsEntry>,
    pub(super) rates: Option<&'a RateEntry>,
}

impl<'a> From<&'a AdjustEntry> for Adjust<'a> {
    fn from(entry: &'a AdjustEntry) -> Self {
        Self {
            factor: entry.factor.as_deref(),
            factors: entry.factors.as_ref(),
            rates: entry.rates.as_ref(),
        }
    }
}

impl<'a> From<&'a LongContextEntry> for Adjust<'a> {
    fn from(entry: &'a LongContextEntry) -> Self {
        Self {
            factor: entry.factor.as_deref(),
            factors: entry.factors.as_ref(),
            rates: entry.rates.as_ref(),
        }
    }
}

/// The rates an entry states.
pub(super) fn rates_of(entry: &RateEntry) -> Result<Rates, PriceError> {
    let read =
        |text: &Option<String>, field| text.as_deref().map(|text| rate(text, field)).transpose();
    let input = read(&entry.input, "input")?.ok_or_else(|| {
        fault("input", "an input price is needed").with_hint("write \"0\" if input is free")
    })?;
    Ok(Rates {
        input,
        output: read(&entry.output, "output")?,
        cache_read: read(&entry.cache_read, "cache_read")?.unwrap_or(input),
        cache_write: writes_of(entry, input)?,
        audio_input: read(&entry.audio_input, "audio_input")?,
        audio_output: read(&entry.audio_output, "audio_output")?,
        image_input: read(&entry.image_input, "image_input")?,
        image_output: read(&entry.image_output, "image_output")?,
    })
}

fn writes_of(entry: &RateEntry, input: Rate) -> Result<WriteRates, PriceError> {
    let mut sold = Vec::with_capacity(entry.cache_write.len());
    for (name, text) in &entry.cache_write {
        sold.push((lifetime(name, "cache_write")?, rate(text, "cache_write")?));
    }
    sold.sort_unstable();
    match *sold.as_slice() {
        [] => Ok(WriteRates::as_input(input)),
        // The shortest lifetime is what both vendors write when none is named.
        [short] => Ok(WriteRates { unstated: short.1, short: Some(short), long: None }),
        [short, long] => Ok(WriteRates { unstated: short.1, short: Some(short), long: Some(long) }),
        _ => Err(fault("cache_write", "more than two lifetimes")),
    }
}

/// Rates after a change.
pub(super) fn adjusted(base: &Rates, adjust: &Adjust<'_>) -> Result<Rates, PriceError> {
    match (adjust.factor, adjust.factors, adjust.rates) {
        (Some(text), None, None) => {
            Ok(base.scaled_by_kind(&Factors::all(multiplier(text, "factor")?)))
        }
        (None, Some(factors), None) => Ok(base.scaled_by_kind(&factors_of(factors)?)),
        (None, None, Some(rates)) => rates_of(rates).map_err(|error| error.under("rates")),
        _ => Err(fault("factor", "exactly one of `factor`, `factors` and `rates` is needed")),
    }
}

fn factors_of(entry: &FactorsEntry) -> Result<Factors, PriceError> {
    let read = |text: &Option<String>, field| match text {
        Some(text) => multiplier(text, field),
        None => Ok(Multiplier::ONE),
    };
    Ok(Factors {
        input: read(&entry.input, "factors.input")?,
        output: read(&entry.output, "factors.output")?,
        cache_read: read(&entry.cache_read, "factors.cache_read")?,
        cache_write: read(&entry.cache_write, "factors.cache_write")?,
    })
}

/// Reads a factor.
pub(super) fn multiplier(text: &str, field: &str) -> Result<Multiplier, PriceError> {
    Multiplier::from_decimal(text).map_err(|error| number_fault(field, text, &error))
}

/// The rates of a lane from each prompt length upwards, ascending.
///
/// A long-context rule given as factors holds in every lane; one given as
/// rates holds in the standard lane, and in others only through their factor.
pub(super) fn lane_contexts(
    standard: &Rates,
    lane: Option<&AdjustEntry>,
    general: &[LongContextEntry],
) -> Result<Vec<(u64, Rates)>, PriceError> {
    let own = lane.and_then(|lane| lane.long_context.as_deref());
    let change = lane.map(Adjust::from);
    let base = match &change {
        Some(change) => adjusted(standard, change)?,
        None => *standard,
    };
    let mut contexts = vec![(0, base)];
    for long in own.unwrap_or(general) {
        let rates = match (&change, long.rates.is_some() && own.is_none()) {
            (Some(change), true) if change.rates.is_some() => {
                return Err(fault(
                    "long_context",
                    "the lane states rates but none for long prompts",
                )
                .with_hint("give the lane its own `long_context`"));
            }
            (Some(change), true) => adjusted(&adjusted(standard, &Adjust::from(long))?, change)?,
            _ => {
                adjusted(&base, &Adjust::from(long)).map_err(|error| error.under("long_context"))?
            }
        };
        let from = long.above_input_tokens.saturating_add(u64::from(!long.inclusive));
        if contexts.last().is_some_and(|(last, _)| *last >= from) {
            return Err(fault("long_context", "prompt lengths must ascend"));
        }
        contexts.push((from, rates));
    }
    Ok(contexts)
}

//! The validated table: embedded files, overrides on top, indexed by name.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::Xxh3;

use super::embedded;
use super::error::PriceError;
use super::merge::{Draft, Drafts, Seller};
use super::model::Model;
use super::resolve::{Surroundings, model_of};
use crate::units::{Multiplier, Timestamp};

/// A price file of the user's: its name for messages, and its text.
#[derive(Clone, Copy, Debug)]
pub struct PriceSource<'a> {
    /// How the file is called in error messages.
    pub name: &'a str,
    /// Its TOML text.
    pub text: &'a str,
}

/// Every model the tool can price.
///
/// Built once, read from any number of threads. What is not in it has no
/// price: there is no default rate anywhere.
#[derive(Clone, Debug)]
pub struct PriceTable {
    pub(super) sellers: Vec<Seller>,
    /// By provider in the order of the files, then as written.
    pub(super) models: Vec<(usize, Model)>,
    /// Lower-case ids and aliases, each with the models that bear it.
    pub(super) index: FxHashMap<String, Vec<usize>>,
    /// Lower-case provider names.
    pub(super) names: BTreeMap<String, usize>,
    as_of: Date,
    as_of_instant: Timestamp,
    hash: u64,
}

impl PriceTable {
    /// The table that is compiled into the binary.
    ///
    /// # Errors
    /// When an embedded file is faulty, which a test rules out.
    pub fn embedded() -> Result<Self, PriceError> {
        Self::with_overrides(&[])
    }

    /// The embedded table with price files laid over it, in their order.
    ///
    /// An entry replaces the prices of the model it names and keeps the facts
    /// it does not state; entries of unknown models are added.
    ///
    /// # Errors
    /// When a file is not TOML, has an unknown field, a price that is no
    /// decimal, intervals that overlap, or refers to what is not there.
    pub fn with_overrides(overrides: &[PriceSource<'_>]) -> Result<Self, PriceError> {
        Self::from_files(embedded::FILES, overrides)
    }

    /// A table of the given files alone.
    ///
    /// # Errors
    /// As [`PriceTable::with_overrides`].
    pub fn from_sources(sources: &[PriceSource<'_>]) -> Result<Self, PriceError> {
        Self::from_files(&[], sources)
    }

    fn from_files(
        base: &[(&str, &str)],
        overrides: &[PriceSource<'_>],
    ) -> Result<Self, PriceError> {
        let mut hasher = Xxh3::new();
        let mut drafts = Drafts::default();
        for (name, text) in base {
            hasher.update(text.as_bytes());
            drafts.add(name, text)?;
        }
        // Platforms copy their makers' list prices before any override: what
        // a user negotiated with a maker does not hold at a cloud.
        drafts.resolve_likes()?;
        for source in overrides {
            hasher.update(source.text.as_bytes());
            drafts.add(source.name, source.text)?;
        }
        drafts.resolve_likes()?;
        Self::from_drafts(drafts, hasher.digest())
    }

    fn from_drafts(drafts: Drafts, hash: u64) -> Result<Self, PriceError> {
        let mut as_of = drafts.checked;
        let mut models = Vec::with_capacity(drafts.entries.len());
        for draft in &drafts.entries {
            let seller = drafts.sellers.get(draft.seller);
            let around = Surroundings {
                calendars: &drafts.calendars,
                priority_is_fast: seller.is_some_and(|seller| seller.priority_is_fast),
            };
            let provider = seller.map_or("", |seller| seller.name.as_str());
            let mut model =
                model_of(provider, &draft.entry, &around).map_err(|error| draft.locate(error))?;
            if model.intervals.is_empty() {
                return Err(draft.locate(
                    PriceError::in_file("", "the model has no [[model.price]]")
                        .with_hint("give it a price, or `like = \"provider/id\"`"),
                ));
            }
            apply_discounts(&mut model, draft, &drafts)?;
            as_of = as_of.max(model.checked);
            models.push((draft.seller, model));
        }
        let as_of = as_of.ok_or_else(|| {
            PriceError::in_file("price table", "no file says when it was checked")
                .with_hint("add `checked = \"2026-11-22\"`")
        })?;
        let as_of_instant = Timestamp::from_date(as_of)
            .ok_or_else(|| PriceError::in_file("price table", "the checked day is out of range"))?;
        let index = index_of(&models);
        let names = drafts.names;
        Ok(Self { sellers: drafts.sellers, models, index, names, as_of, as_of_instant, hash })
    }

    /// The latest day on which any entry was compared with its source.
    #[must_use]
    pub const fn as_of(&self) -> Date {
        self.as_of
    }

    /// Midnight UTC of the as-of day: undated calls are priced then.
    #[must_use]
    pub const fn as_of_instant(&self) -> Timestamp {
        self.as_of_instant
    }

    /// A hash of the texts the table was made of, overrides included: equal
    /// on every machine, different after any change.
    #[must_use]
    pub fn content_hash(&self) -> String {
        format!("{:016x}", self.hash)
    }

    /// Every model, by provider in the order of the files.
    pub fn models(&self) -> impl Iterator<Item = &Model> {
        self.models.iter().map(|(_, model)| model)
    }

    /// Whether a provider sells other makers' models; `None`: unknown provider.
    #[must_use]
    pub fn is_platform(&self, provider: &str) -> Option<bool> {
        let seller = *self.names.get(&provider.to_ascii_lowercase())?;
        self.sellers.get(seller).map(|seller| seller.platform)
    }

    /// The OpenTelemetry name of a provider by any of its names.
    #[must_use]
    pub fn provider_name(&self, provider: &str) -> Option<&str> {
        let seller = *self.names.get(&provider.to_ascii_lowercase())?;
        self.sellers.get(seller).map(|seller| seller.name.as_str())
    }
}

fn index_of(models: &[(usize, Model)]) -> FxHashMap<String, Vec<usize>> {
    let mut index: FxHashMap<String, Vec<usize>> = FxHashMap::default();
    for (position, (_, model)) in models.iter().enumerate() {
        for name in std::iter::once(&model.id).chain(&model.aliases) {
            let bearers = index.entry(name.to_ascii_lowercase()).or_default();
            if bearers.last() != Some(&position) {
                bearers.push(position);
            }
        }
    }
    index
}

fn apply_discounts(model: &mut Model, draft: &Draft, drafts: &Drafts) -> Result<(), PriceError> {
    for discount in &drafts.discounts {
        let of_seller = discount.seller.is_none_or(|seller| seller == draft.seller);
        let of_model =
            discount.model.as_ref().is_none_or(|id| *id == model.id || model.aliases.contains(id));
        if of_seller && of_model {
            let factor = super::adjust::multiplier(&discount.factor, "discount.factor")
                .map_err(|error| PriceError { file: discount.file.clone(), ..error })?;
            scale(model, factor);
        }
    }
    Ok(())
}

fn scale(model: &mut Model, factor: Multiplier) {
    for interval in &mut model.intervals {
        interval.cache_storage = interval.cache_storage.map(|rate| rate.scaled(factor));
        for context in interval.lanes.iter_mut().flat_map(|lane| &mut lane.contexts) {
            context.rates = context.rates.scaled(factor);
            for rates in &mut context.by_hours {
                *rates = rates.scaled(factor);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PriceTable;

    #[test]
    fn the_embedded_files_are_sound() {
        let table = PriceTable::embedded().unwrap_or_else(|error| panic!("{error}"));
        assert!(table.models().count() > 200);
    }
}

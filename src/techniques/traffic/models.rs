//! The models that simulated calls are, or may be, served by.

use rustc_hash::FxHashMap;

use crate::prices::{CacheMode, LaneQuery, Match, PriceTable};
use crate::record::lane::Tier;
use crate::units::{Rate, Timestamp, Tokens, Usd};

/// A handle on a model of [`Models`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelIndex(u32);

/// Models of a log and the models of their providers.
#[derive(Debug)]
pub struct Models<'t> {
    matches: Vec<Match<'t>>,
    /// For each model the first handle on it, at the same region's price.
    first: Vec<ModelIndex>,
    by_name: FxHashMap<(String, String), ModelIndex>,
}

impl<'t> Models<'t> {
    /// No model yet.
    #[must_use]
    pub fn new() -> Self {
        Self { matches: Vec::new(), first: Vec::new(), by_name: FxHashMap::default() }
    }

    /// Adds a model as a log names it.
    pub fn add(&mut self, found: Match<'t>) -> ModelIndex {
        let index = ModelIndex(u32::try_from(self.matches.len()).unwrap_or(u32::MAX));
        let is_it = |known: &Match<'_>| {
            std::ptr::eq(known.model(), found.model())
                && known.named_region() == found.named_region()
        };
        let first = self.matches.iter().position(is_it);
        self.first.push(first.map_or(index, |first| self.first[first]));
        self.matches.push(found);
        index
    }

    /// Adds every model that the providers of the models so far sell.
    pub fn add_siblings(&mut self, table: &'t PriceTable) {
        let providers: std::collections::BTreeSet<&str> =
            self.matches.iter().map(|found| found.model().provider()).collect();
        for model in table.models().filter(|model| providers.contains(model.provider())) {
            let Some(found) = table.find(Some(model.provider()), model.id()) else { continue };
            let index = self.add(found);
            self.by_name.insert((model.provider().to_owned(), model.id().to_owned()), index);
        }
    }

    /// The table's entry.
    #[must_use]
    pub fn get(&self, index: ModelIndex) -> &Match<'t> {
        &self.matches[index.0 as usize]
    }

    /// The model that a provider sells under an exact id.
    #[must_use]
    pub fn find(&self, provider: &str, id: &str) -> Option<ModelIndex> {
        self.by_name.get(&(provider.to_owned(), id.to_owned())).copied()
    }

    /// Every model that a provider sells, by id.
    #[must_use]
    pub fn sold_by(&self, provider: &str) -> Vec<ModelIndex> {
        let mut sold: Vec<(&str, ModelIndex)> = self
            .by_name
            .iter()
            .filter(|((seller, _), _)| seller == provider)
            .map(|((_, id), index)| (id.as_str(), *index))
            .collect();
        sold.sort_unstable();
        sold.into_iter().map(|(_, index)| index).collect()
    }

    /// The one handle that stands for a model under all its names.
    #[must_use]
    pub fn first(&self, index: ModelIndex) -> ModelIndex {
        self.first[index.0 as usize]
    }

    /// Whether two handles mean one model of one provider.
    #[must_use]
    pub fn is_same(&self, left: ModelIndex, right: ModelIndex) -> bool {
        self.first(left) == self.first(right)
    }

    /// Whether a request has to ask for caching before anything is cached.
    #[must_use]
    pub fn is_explicit(&self, index: ModelIndex) -> bool {
        self.get(index).model().cache().mode == Some(CacheMode::Explicit)
    }

    /// What a plain call costs: nothing cached, the standard lane.
    #[must_use]
    pub fn cost(
        &self,
        index: ModelIndex,
        at: Option<Timestamp>,
        input: Tokens,
        output: Tokens,
    ) -> Usd {
        let lane = LaneQuery { tier: Tier::Standard, region: None, at };
        let rates = self.get(index).rates(&lane, input).rates;
        rates.input * input + rates.output.unwrap_or(Rate::FREE) * output
    }

    /// The tokens that one model makes of the text that is `tokens` long for
    /// another, rounded to the nearest.
    #[must_use]
    pub fn retokenised(&self, tokens: u64, from: ModelIndex, to: ModelIndex) -> u64 {
        let of = |index| u64::from(self.get(index).model().tokenizer_hundredths());
        let (from, to) = (of(from), of(to));
        if from == to { tokens } else { (tokens * to + from / 2) / from }
    }
}

impl Default for Models<'_> {
    fn default() -> Self {
        Self::new()
    }
}

//! Per-call figures: means, quantiles and shares, for the whole log and by
//! model; and who is heavy.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use crate::prices::ModelTier;
use crate::record::call::{Call, Status};
use crate::record::symbol::Symbol;
use crate::units::{Tokens, Usd};

use super::pricing::State;
use super::{Entry, Ledger};

/// The `percent`-th percentile: the smallest value that so many per cent of all
/// values do not exceed, exact. `None` without values.
#[must_use]
pub fn quantile<T: Copy + Ord>(sorted: &[T], percent: usize) -> Option<T> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

/// Figures over a set of calls.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// Calls of the set.
    pub calls: u64,
    /// Costs of the calls that were priced, sorted.
    pub costs: Vec<Usd>,
    /// Input tokens of the calls that report them, sorted.
    pub inputs: Vec<u64>,
    /// Output tokens of the calls that report them, sorted.
    pub outputs: Vec<u64>,
    /// Input tokens of the calls that report cache reads.
    pub cacheable: Tokens,
    /// Of these, read from the cache.
    pub cache_read: Tokens,
    /// Milliseconds to the end of the answer, sorted.
    pub latencies: Vec<u64>,
    /// Milliseconds to the first token, sorted.
    pub first_tokens: Vec<u64>,
    /// Calls that failed.
    pub errors: u64,
}

impl Figures {
    fn add(&mut self, entry: &Entry, call: &Call) {
        let usage = call.usage.get();
        self.calls += 1;
        self.errors += u64::from(call.status == Status::Error);
        if entry.bill.state == State::Priced
            && let Some(cost) = entry.bill.total()
        {
            self.costs.push(cost);
        }
        self.inputs.extend(usage.input.map(Tokens::get));
        self.outputs.extend(usage.output.map(Tokens::get));
        if let (Some(input), Some(read)) = (usage.input, usage.cache_read) {
            self.cacheable += input;
            self.cache_read += read;
        }
        self.latencies.extend(call.latency_milliseconds.get());
        self.first_tokens.extend(call.first_token_milliseconds.get());
    }

    fn sort(mut self) -> Self {
        self.costs.sort_unstable();
        for values in
            [&mut self.inputs, &mut self.outputs, &mut self.latencies, &mut self.first_tokens]
        {
            values.sort_unstable();
        }
        self
    }

    /// The sum of the costs that are known.
    #[must_use]
    pub fn cost(&self) -> Usd {
        self.costs.iter().copied().sum()
    }
}

/// Figures of one model.
#[derive(Clone, Debug, Default)]
pub struct ModelFigures {
    /// Its name; `None` where calls name none.
    pub model: Option<String>,
    /// Its price class, where the table says.
    pub tier: Option<ModelTier>,
    /// Its figures.
    pub figures: Figures,
}

/// What each user costs.
#[derive(Clone, Debug, Default)]
pub struct UserCosts {
    /// Users with their cost, heaviest first.
    pub costs: Vec<(String, Usd)>,
}

impl UserCosts {
    /// The cost of the heaviest `percent` per cent of users (at least one), and
    /// of all.
    #[must_use]
    pub fn top(&self, percent: usize) -> (Usd, Usd) {
        let heavy = (self.costs.len() * percent).div_ceil(100);
        let sum = |users: &[(String, Usd)]| users.iter().map(|(_, cost)| *cost).sum();
        (sum(&self.costs[..heavy.min(self.costs.len())]), sum(&self.costs))
    }
}

impl Ledger<'_> {
    /// Figures over all calls.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let mut figures = Figures::default();
        for entry in &self.entries {
            figures.add(entry, self.call(entry));
        }
        figures.sort()
    }

    /// Figures by model, the dearest first.
    #[must_use]
    pub fn model_figures(&self) -> Vec<ModelFigures> {
        let mut by_model: FxHashMap<Option<Symbol>, ModelFigures> = FxHashMap::default();
        for entry in &self.entries {
            let call = self.call(entry);
            let found = by_model.entry(entry.model).or_insert_with(|| {
                let model = self.names.text_of(entry.model).map(str::to_owned);
                let provider = self.log.strings.text_of(call.provider);
                let tier = model
                    .as_deref()
                    .and_then(|model| self.table.find(provider, model))
                    .and_then(|found| found.model().tier());
                ModelFigures { model, tier, figures: Figures::default() }
            });
            found.figures.add(entry, call);
        }
        let mut models: Vec<ModelFigures> = by_model
            .into_values()
            .map(|model| ModelFigures { figures: model.figures.sort(), ..model })
            .collect();
        models.sort_by(|left, right| {
            (Reverse(left.figures.cost()), Reverse(left.figures.calls), &left.model).cmp(&(
                Reverse(right.figures.cost()),
                Reverse(right.figures.calls),
                &right.model,
            ))
        });
        models
    }

    /// Calls that send a request again that had failed before, within ten
    /// minutes; `None` where requests were not logged and cannot be compared.
    #[must_use]
    pub fn retries(&self) -> Option<u64> {
        const TEN_MINUTES: i64 = 600_000_000;
        let mut failed: FxHashMap<u128, i64> = FxHashMap::default();
        let mut compared = false;
        let mut retries = 0;
        for entry in &self.entries {
            let call = self.call(entry);
            let request = self.log.prompt(call.prompt).map_or(0, |prompt| prompt.request_hash);
            let Some(time) = entry.time.filter(|_| request != 0) else { continue };
            compared = true;
            let recent =
                failed.get(&request).is_some_and(|before| time.micros - before <= TEN_MINUTES);
            retries += u64::from(recent);
            if call.status == Status::Error {
                failed.insert(request, time.micros);
            } else {
                failed.remove(&request);
            }
        }
        compared.then_some(retries)
    }

    /// What each user costs; `None` where the log names no user.
    #[must_use]
    pub fn user_costs(&self) -> Option<UserCosts> {
        let mut costs: FxHashMap<Symbol, Usd> = FxHashMap::default();
        let calls = self.entries.iter().map(|entry| (self.call(entry).user, entry.bill.total()));
        let buckets =
            self.buckets.iter().map(|entry| (self.bucket(entry).user, entry.bill.total()));
        for (user, cost) in calls.chain(buckets) {
            if let Some(user) = user {
                *costs.entry(user).or_default() += cost.unwrap_or_default();
            }
        }
        let mut costs: Vec<(String, Usd)> = costs
            .into_iter()
            .map(|(user, cost)| (self.log.strings.text(user).to_owned(), cost))
            .collect();
        costs.sort_by(|left, right| (Reverse(left.1), &left.0).cmp(&(Reverse(right.1), &right.0)));
        (!costs.is_empty()).then_some(UserCosts { costs })
    }
}

#[cfg(test)]
mod tests {
    use super::quantile;

    #[test]
    fn a_quantile_is_one_of_the_values() {
        let values: Vec<u64> = (1..=20).collect();
        // ⌈0.95 · 20⌉ = 19th, ⌈0.5 · 20⌉ = 10th smallest.
        assert_eq!(quantile(&values, 95), Some(19));
        assert_eq!(quantile(&values, 50), Some(10));
        assert_eq!(quantile(&[7], 95), Some(7));
        assert_eq!(quantile::<u64>(&[], 95), None);
    }
}

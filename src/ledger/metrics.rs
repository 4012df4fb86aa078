//! Per-call figures: means, quantiles and shares, for the whole log and by
//! model; and who is heavy.

use std::cmp::Reverse;
use std::iter::Sum;

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
    sorted.get(rank(sorted.len(), percent)).copied()
}

fn rank(values: usize, percent: usize) -> usize {
    (values * percent).div_ceil(100).max(1) - 1
}

/// How a value is spread over the calls that have one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spread<T> {
    /// Calls that have a value.
    pub calls: u64,
    /// The sum.
    pub sum: T,
    /// The 50th percentile, see [`quantile`].
    pub median: T,
    /// The 95th percentile.
    pub p95: T,
}

impl<T: Copy + Ord + Sum> Spread<T> {
    /// Reorders `values`; `None` where there is none.
    fn of(values: &mut [T]) -> Option<Self> {
        if values.is_empty() {
            return None;
        }
        let calls = values.len();
        let (below, &mut p95, _) = values.select_nth_unstable(rank(calls, 95));
        let middle = rank(calls, 50);
        let median = if middle < below.len() { *below.select_nth_unstable(middle).1 } else { p95 };
        Some(Self { calls: calls as u64, sum: values.iter().copied().sum(), median, p95 })
    }
}

/// Figures over a set of calls.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// Calls of the set.
    pub calls: u64,
    /// Costs of the calls that were priced.
    pub costs: Option<Spread<Usd>>,
    /// Input tokens of the calls that report them.
    pub inputs: Option<Spread<u64>>,
    /// Output tokens of the calls that report them.
    pub outputs: Option<Spread<u64>>,
    /// Input tokens of the calls that report cache reads.
    pub cacheable: Tokens,
    /// Of these, read from the cache.
    pub cache_read: Tokens,
    /// Calls behind `cacheable`.
    pub cacheable_calls: u64,
    /// Milliseconds to the end of the answer.
    pub latencies: Option<Spread<u64>>,
    /// Milliseconds to the first token.
    pub first_tokens: Option<Spread<u64>>,
    /// Calls that failed.
    pub errors: u64,
}

impl Figures {
    /// The sum of the costs that are known.
    #[must_use]
    pub fn cost(&self) -> Usd {
        self.costs.map_or(Usd::ZERO, |costs| costs.sum)
    }
}

/// The values that [`Figures`] are made of.
#[derive(Debug, Default)]
struct Values {
    calls: u64,
    errors: u64,
    cacheable: Tokens,
    cache_read: Tokens,
    cacheable_calls: u64,
    costs: Vec<Usd>,
    /// Input, output, latency, time to the first token.
    counts: [Vec<u64>; 4],
}

impl Values {
    fn add(&mut self, entry: &Entry, call: &Call) {
        let usage = call.usage.get();
        self.calls += 1;
        self.errors += u64::from(call.status == Status::Error);
        if entry.bill.state == State::Priced {
            self.costs.extend(entry.bill.total());
        }
        if let (Some(input), Some(read)) = (usage.input, usage.cache_read) {
            self.cacheable += input;
            self.cache_read += read;
            self.cacheable_calls += 1;
        }
        let counts = [
            usage.input.map(Tokens::get),
            usage.output.map(Tokens::get),
            call.latency_milliseconds.get(),
            call.first_token_milliseconds.get(),
        ];
        for (values, count) in self.counts.iter_mut().zip(counts) {
            values.extend(count);
        }
    }

    fn append(&mut self, other: Self) {
        self.calls += other.calls;
        self.errors += other.errors;
        self.cacheable += other.cacheable;
        self.cache_read += other.cache_read;
        self.cacheable_calls += other.cacheable_calls;
        self.costs.extend(other.costs);
        for (values, other) in self.counts.iter_mut().zip(other.counts) {
            values.extend(other);
        }
    }

    fn figures(&mut self) -> Figures {
        let [inputs, outputs, latencies, first_tokens] =
            self.counts.each_mut().map(|values| Spread::of(values));
        Figures {
            calls: self.calls,
            costs: Spread::of(&mut self.costs),
            inputs,
            outputs,
            cacheable: self.cacheable,
            cache_read: self.cache_read,
            cacheable_calls: self.cacheable_calls,
            latencies,
            first_tokens,
            errors: self.errors,
        }
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
    /// Figures over all calls, and by model, the dearest first.
    #[must_use]
    pub fn figures(&self) -> (Figures, Vec<ModelFigures>) {
        let mut models: Vec<(ModelFigures, Values)> = Vec::new();
        let mut numbers: FxHashMap<Option<Symbol>, usize> = FxHashMap::default();
        for entry in &self.entries {
            let call = self.call(entry);
            let number = *numbers.entry(entry.model).or_insert_with(|| {
                models.push((self.model(entry), Values::default()));
                models.len() - 1
            });
            models[number].1.add(entry, call);
        }
        let mut all = Values::default();
        let mut found = Vec::new();
        for (mut model, mut values) in models {
            model.figures = values.figures();
            found.push(model);
            all.append(values);
        }
        found.sort_by(|left, right| {
            (Reverse(left.figures.cost()), Reverse(left.figures.calls), &left.model).cmp(&(
                Reverse(right.figures.cost()),
                Reverse(right.figures.calls),
                &right.model,
            ))
        });
        (all.figures(), found)
    }

    /// Figures over some calls, given by their positions.
    #[must_use]
    pub fn figures_of(&self, entries: &[u32]) -> Figures {
        let mut values = Values::default();
        for entry in entries.iter().map(|index| &self.entries[*index as usize]) {
            values.add(entry, self.call(entry));
        }
        values.figures()
    }

    /// An entry's model, without figures.
    fn model(&self, entry: &Entry) -> ModelFigures {
        let model = self.names.text_of(entry.model).map(str::to_owned);
        let provider = self.log.strings.text_of(self.call(entry).provider);
        let tier = model
            .as_deref()
            .and_then(|model| self.table.find(provider, model))
            .and_then(|found| found.model().tier());
        ModelFigures { model, tier, figures: Figures::default() }
    }

    /// Calls that send a request again that had failed before, within ten
    /// minutes; `None` where requests were not logged and cannot be compared.
    #[must_use]
    pub fn retries(&self) -> Option<u64> {
        self.retried().map(|retried| retried.into_iter().filter(|again| *again).count() as u64)
    }

    /// For each entry, whether it is one of [`Ledger::retries`].
    #[must_use]
    pub fn retried(&self) -> Option<Vec<bool>> {
        const TEN_MINUTES: i64 = 600_000_000;
        let mut failed: FxHashMap<u128, i64> = FxHashMap::default();
        let mut compared = false;
        let mut retried = vec![false; self.entries.len()];
        for (entry, again) in self.entries.iter().zip(&mut retried) {
            let call = self.call(entry);
            let request = self.log.prompt(call.prompt).map_or(0, |prompt| prompt.request_hash);
            let Some(time) = entry.time.filter(|_| request != 0) else { continue };
            compared = true;
            *again = failed.get(&request).is_some_and(|before| time.micros - before <= TEN_MINUTES);
            if call.status == Status::Error {
                failed.insert(request, time.micros);
            } else {
                failed.remove(&request);
            }
        }
        compared.then_some(retried)
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
    use super::{Spread, quantile};

    #[test]
    fn a_quantile_is_one_of_the_values() {
        let values: Vec<u64> = (1..=20).collect();
        // ⌈0.95 · 20⌉ = 19th, ⌈0.5 · 20⌉ = 10th smallest.
        assert_eq!(quantile(&values, 95), Some(19));
        assert_eq!(quantile(&values, 50), Some(10));
        assert_eq!(quantile(&[7], 95), Some(7));
        assert_eq!(quantile::<u64>(&[], 95), None);
    }

    #[test]
    fn a_spread_takes_the_same_quantiles_unsorted() {
        let mut values: Vec<u64> = (1..=20).rev().collect();
        let spread = Spread { calls: 20, sum: 210, median: 10, p95: 19 };
        assert_eq!(Spread::of(&mut values), Some(spread));
        // Both quantiles of one value are that value.
        assert_eq!(Spread::of(&mut [7]), Some(Spread { calls: 1, sum: 7, median: 7, p95: 7 }));
        assert_eq!(Spread::<u64>::of(&mut []), None);
    }
}

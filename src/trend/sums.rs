//! Totals of a stretch of time.

use crate::ledger::pricing::{Bill, State};
use crate::record::usage::Usage;
use crate::units::{Evidence, Tokens, Usd};

/// What was used in a stretch of time. Nothing used is a known zero; what no
/// record of it says is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Calls and buckets that were added up.
    pub records: u64,
    /// The buckets among them that do not say how many calls they hold.
    uncounted: u64,
    counted_calls: u64,
    input: Option<Tokens>,
    output: Option<Tokens>,
    cost: Option<Usd>,
    /// Calls that the cost leaves out; an uncounted bucket stands for one.
    pub unpriced_calls: u64,
    /// The worst grade of what was priced.
    pub evidence: Evidence,
    /// What the means are taken over.
    pub means: Means,
    /// Requests, which say whether they failed; buckets do not.
    pub requests: u64,
    /// Of these, how many failed.
    pub errors: u64,
}

/// Sums over the calls that a mean can be taken of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Means {
    /// Cost of calls whose number is known.
    pub cost: Usd,
    /// These calls.
    pub priced_calls: u64,
    /// Input tokens of calls whose number is known.
    pub input: Tokens,
    /// These calls.
    pub input_calls: u64,
    /// Output tokens of calls whose number is known.
    pub output: Tokens,
    /// These calls.
    pub output_calls: u64,
    /// Input of calls that say what was read from a cache.
    pub cacheable: Tokens,
    /// Of it, read from the cache.
    pub cache_read: Tokens,
}

/// A call or a bucket, as it is added.
#[derive(Clone, Copy, Debug)]
pub(super) struct Used<'a> {
    /// How many calls; `None` where a bucket does not say.
    pub calls: Option<u64>,
    /// Its counts.
    pub usage: &'a Usage,
    /// Its price.
    pub bill: &'a Bill,
    /// Whether it failed; `None` for a bucket.
    pub failed: Option<bool>,
}

impl Sums {
    /// Calls; `None` where a bucket does not say how many it holds.
    #[must_use]
    pub fn calls(&self) -> Option<u64> {
        (self.uncounted == 0).then_some(self.counted_calls)
    }

    /// Input tokens, cached ones included.
    #[must_use]
    pub fn input(&self) -> Option<Tokens> {
        self.known(self.input)
    }

    /// Output tokens, reasoning included.
    #[must_use]
    pub fn output(&self) -> Option<Tokens> {
        self.known(self.output)
    }

    /// Cost of what could be priced.
    #[must_use]
    pub fn cost(&self) -> Option<Usd> {
        self.known(self.cost)
    }

    /// Whether nothing was added.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.records == 0
    }

    fn known<T: Default>(&self, sum: Option<T>) -> Option<T> {
        if self.is_empty() { Some(T::default()) } else { sum }
    }

    pub(super) fn add(&mut self, used: Used<'_>) {
        let Used { calls, usage, bill, failed } = used;
        self.records += 1;
        self.uncounted += u64::from(calls.is_none());
        self.counted_calls += calls.unwrap_or(0);
        self.requests += u64::from(failed.is_some());
        self.errors += u64::from(failed == Some(true));
        plus(&mut self.input, usage.input);
        plus(&mut self.output, usage.output);
        match bill.total() {
            Some(cost) => {
                plus(&mut self.cost, Some(cost));
                self.evidence = self.evidence.worst(bill.evidence);
            }
            None => self.unpriced_calls += calls.unwrap_or(1),
        }
        self.means.add(used);
    }
}

impl Means {
    fn add(&mut self, used: Used<'_>) {
        let Used { calls, usage, bill, .. } = used;
        if let (Some(input), Some(read)) = (usage.input, usage.cache_read) {
            self.cacheable += input;
            self.cache_read += read;
        }
        let Some(calls) = calls else { return };
        if bill.state == State::Priced {
            self.cost += bill.total().unwrap_or_default();
            self.priced_calls += calls;
        }
        for (count, sum, counted) in [
            (usage.input, &mut self.input, &mut self.input_calls),
            (usage.output, &mut self.output, &mut self.output_calls),
        ] {
            if let Some(count) = count {
                *sum += count;
                *counted += calls;
            }
        }
    }
}

/// Adds what is known.
fn plus<T: Default + std::ops::Add<Output = T>>(sum: &mut Option<T>, value: Option<T>) {
    if let Some(value) = value {
        *sum = Some(sum.take().unwrap_or_default() + value);
    }
}

//! What an export says of the time that requests cover, beside the requests.
//!
//! The two are compared and never added. Knows no report.

use std::collections::BTreeMap;

use crate::record::usage::Usage;
use crate::units::{Moment, Timestamp, Tokens, Usd};

use super::Ledger;
use super::levels::{Family, Providers, Reason, Subjects};
use super::overlap::period;
use super::pricing::Bill;

/// Usage of one side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Side {
    /// Calls, where they are counted.
    pub calls: Option<u64>,
    /// Input tokens.
    pub input: Option<Tokens>,
    /// Output tokens.
    pub output: Option<Tokens>,
    /// What the table prices them at; `None` where it prices none.
    pub cost: Option<Usd>,
    /// Records that the table could not price.
    pub unpriced: u64,
}

impl Side {
    /// Nothing, as a known number of calls.
    pub const NONE: Self =
        Self { calls: Some(0), input: None, output: None, cost: None, unpriced: 0 };

    /// Adds a record.
    pub fn add(&mut self, calls: Option<u64>, usage: &Usage, bill: &Bill) {
        let plus = |sum: &mut Option<Tokens>, value: Option<Tokens>| {
            if let Some(value) = value {
                *sum = Some(sum.unwrap_or_default() + value);
            }
        };
        self.calls = self.calls.zip(calls).map(|(sum, calls)| sum + calls);
        plus(&mut self.input, usage.input);
        plus(&mut self.output, usage.output);
        match bill.total() {
            Some(cost) => self.cost = Some(self.cost.unwrap_or_default() + cost),
            None => self.unpriced += 1,
        }
    }

    /// Whether it counts anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.input.is_none() && self.output.is_none() && self.cost.is_none() && self.unpriced == 0
    }
}

/// An export and the requests of its time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pair {
    /// What the export adds up.
    pub export: Option<Side>,
    /// What the requests come to.
    pub requests: Option<Side>,
}

/// The comparison for one provider and family of operations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// The provider; `None` where the export does not say.
    pub provider: Option<String>,
    /// What the calls are.
    pub family: Family,
    /// Start of the first period and end of the last one; `None` without dates.
    pub period: Option<(Timestamp, Timestamp)>,
    /// Buckets that requests stand in for.
    pub buckets: u64,
    /// Both sides in all.
    pub whole: Pair,
    /// Both sides by model, in the order of their names; `None` names none.
    pub models: BTreeMap<Option<String>, Pair>,
}

/// Periods of an export's buckets.
#[derive(Debug, Default)]
struct Times {
    dated: Vec<(i64, i64)>,
    has_undated: bool,
}

/// Periods that do not touch, in order.
#[derive(Debug, Default)]
struct Periods(Vec<(i64, i64)>);

impl Periods {
    fn of(mut periods: Vec<(i64, i64)>) -> Self {
        periods.sort_unstable();
        let mut joined: Vec<(i64, i64)> = Vec::new();
        for (start, end) in periods {
            match joined.last_mut() {
                Some(last) if start <= last.1 => last.1 = last.1.max(end),
                _ => joined.push((start, end)),
            }
        }
        Self(joined)
    }

    fn holds(&self, time: Timestamp) -> bool {
        let after = self.0.partition_point(|(start, _)| *start <= time.micros());
        after.checked_sub(1).is_some_and(|at| time.micros() < self.0[at].1)
    }
}

impl Ledger<'_> {
    /// Every export that requests stand in for, beside those requests, by
    /// provider and family.
    #[must_use]
    pub fn coverage(&self) -> Vec<Coverage> {
        let subjects = Subjects {
            providers: Providers { table: self.table, log: self.log },
            names: &self.names,
            pricer: &self.pricer,
        };
        let mut found: BTreeMap<(Option<&str>, Family), Coverage> = BTreeMap::new();
        let mut times: BTreeMap<(Option<&str>, Family), Times> = BTreeMap::new();
        let set_aside = self.levels.set_aside.iter();
        for aside in set_aside.filter(|aside| aside.reason == Reason::Requests) {
            let bucket = self.bucket(&aside.entry);
            let provider = subjects.provider(bucket.provider, aside.entry.model);
            let key = (provider, Family::of(bucket.operation));
            let coverage = found.entry(key).or_insert_with(|| Coverage {
                provider: provider.map(str::to_owned),
                family: key.1,
                ..Coverage::default()
            });
            coverage.buckets += 1;
            let model = subjects.model(bucket.provider, aside.entry.model).map(str::to_owned);
            let model = coverage.models.entry(model).or_default();
            for pair in [&mut coverage.whole, model] {
                let side = pair.export.get_or_insert(Side::NONE);
                side.add(bucket.calls, &bucket.usage, &aside.entry.bill);
            }
            let times = times.entry(key).or_default();
            match period(bucket.start, bucket.end) {
                Some(period) => times.dated.push(period),
                None => times.has_undated = true,
            }
        }
        if found.is_empty() {
            return Vec::new();
        }
        for (key, coverage) in &mut found {
            let times = times.remove(key).unwrap_or_default();
            let periods = Periods::of(times.dated);
            coverage.period = periods.0.first().zip(periods.0.last()).map(|(first, last)| {
                (Timestamp::from_micros(first.0), Timestamp::from_micros(last.1))
            });
            let is_then = |time| times.has_undated || periods.holds(time);
            self.add_requests(&subjects, key.0, &is_then, coverage);
        }
        found.into_values().collect()
    }

    /// Adds the requests of a time, and those that do not say theirs.
    fn add_requests(
        &self,
        subjects: &Subjects<'_, '_>,
        wanted: Option<&str>,
        is_then: &dyn Fn(Timestamp) -> bool,
        coverage: &mut Coverage,
    ) {
        for entry in &self.entries {
            let call = self.call(entry);
            let time = entry.time.and_then(Moment::timestamp);
            if !time.is_none_or(is_then) {
                continue;
            }
            let provider = subjects.provider(call.provider, entry.model);
            if wanted.is_some() && provider.is_some() && provider != wanted {
                continue;
            }
            let model = subjects.model(call.provider, entry.model).map(str::to_owned);
            let is_same = Family::of(call.operation) == coverage.family
                || (model.is_some()
                    && coverage.models.get(&model).is_some_and(|pair| pair.export.is_some()));
            if !is_same {
                continue;
            }
            let model = coverage.models.entry(model).or_default();
            for pair in [&mut coverage.whole, model] {
                let side = pair.requests.get_or_insert(Side::NONE);
                side.add(Some(1), &call.usage.get(), &entry.bill);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Periods;
    use crate::units::Timestamp;

    #[test]
    fn periods_that_touch_are_one() {
        let periods = Periods::of(vec![(20, 30), (0, 10), (10, 15), (12, 13)]);
        assert_eq!(periods.0, [(0, 15), (20, 30)]);
        let holds = |micros| periods.holds(Timestamp::from_micros(micros));
        assert_eq!([0, 14, 15, 20, 29, 30].map(holds), [true, true, false, true, true, false]);
        assert!(!holds(-1));
    }
}

//! Sums over the calls of a finding, and how they are told.

use crate::ledger::Ledger;
use crate::ledger::pricing::Bill;
pub(super) use crate::units::counted;
use crate::units::{Evidence, Tokens, Usd};

/// Calls, and what those of them cost that have a price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Amount {
    /// How many calls; of buckets, those that say how many they add up.
    pub calls: u64,
    /// Buckets that do not say.
    uncounted: u64,
    unpriced: u64,
    sum: Option<Usd>,
    /// The worst grade of its bills.
    pub evidence: Evidence,
}

impl Amount {
    /// Adds a call.
    pub fn add(&mut self, ledger: &Ledger<'_>, entry: usize) {
        self.calls += 1;
        self.add_bill(&ledger.entries[entry].bill, 1);
    }

    /// Adds a bucket of a usage export.
    pub fn add_bucket(&mut self, ledger: &Ledger<'_>, entry: usize) {
        let entry = &ledger.buckets[entry];
        let calls = ledger.bucket(entry).calls;
        match calls {
            // A forged export may claim any number.
            Some(calls) => self.calls = self.calls.saturating_add(calls),
            None => self.uncounted += 1,
        }
        self.add_bill(&entry.bill, calls.unwrap_or(1));
    }

    fn add_bill(&mut self, bill: &Bill, calls: u64) {
        match bill.total() {
            Some(cost) => {
                self.sum = Some(self.sum.unwrap_or_default() + cost);
                self.evidence = self.evidence.worst(bill.evidence);
            }
            None => self.unpriced = self.unpriced.saturating_add(calls),
        }
    }

    /// How many calls; `None` where a bucket does not say.
    pub fn known_calls(&self) -> Option<u64> {
        (self.uncounted == 0).then_some(self.calls)
    }

    /// The sum; `None` where nothing has a price.
    pub fn cost(&self) -> Option<Usd> {
        self.sum
    }

    /// What the sum leaves out, as a clause to end a sentence with.
    pub fn gap(&self) -> String {
        match self.unpriced {
            0 => String::new(),
            _ if self.sum.is_none() => "; without a price".to_owned(),
            unpriced => format!("; {} of them without a price", grouped(unpriced)),
        }
    }
}

impl Ledger<'_> {
    /// The calls at those positions, summed up.
    pub(super) fn amount(&self, entries: impl IntoIterator<Item = usize>) -> Amount {
        let mut amount = Amount::default();
        entries.into_iter().for_each(|entry| amount.add(self, entry));
        amount
    }
}

/// Dollars as people read them.
pub(super) fn dollars(amount: Usd) -> String {
    amount.to_nano().to_display()
}

/// A number with commas.
pub(super) fn grouped(number: u64) -> String {
    Tokens::new(number).to_string()
}

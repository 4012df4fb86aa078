//! Sums over the calls of a finding, and how they are told.

use crate::ledger::Ledger;
use crate::units::{Evidence, Tokens, Usd};

/// Calls, and what those of them cost that have a price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Amount {
    pub calls: u64,
    priced: u64,
    sum: Usd,
    /// The worst grade of its bills.
    pub evidence: Evidence,
}

impl Amount {
    /// Adds a call.
    pub fn add(&mut self, ledger: &Ledger<'_>, entry: usize) {
        let bill = ledger.entries[entry].bill;
        self.calls += 1;
        if let Some(cost) = bill.total() {
            self.priced += 1;
            self.sum += cost;
            self.evidence = self.evidence.worst(bill.evidence);
        }
    }

    /// The sum; `None` where nothing has a price.
    pub fn cost(&self) -> Option<Usd> {
        (self.priced > 0).then_some(self.sum)
    }

    /// What the sum leaves out, as a clause to end a sentence with.
    pub fn gap(&self) -> String {
        match self.calls - self.priced {
            0 => String::new(),
            _ if self.priced == 0 => "; without a price".to_owned(),
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

/// `1 call`, `2 calls`.
pub(super) fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(number))
}

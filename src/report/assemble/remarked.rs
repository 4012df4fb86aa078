//! How many calls each remark of the price table concerns.

use std::collections::BTreeMap;

use crate::ledger::Ledger;
use crate::prices::{Remark, Remarks};

/// Calls and buckets by their set of remarks: few sets occur, so that looking
/// for each remark costs no further pass over the calls.
#[derive(Debug, Default)]
pub(super) struct Remarked {
    calls: BTreeMap<Remarks, u64>,
    buckets: BTreeMap<Remarks, u64>,
}

impl Remarked {
    pub fn of(ledger: &Ledger<'_>) -> Self {
        let mut found = Self::default();
        for entry in &ledger.entries {
            *found.calls.entry(entry.bill.remarks).or_default() += 1;
        }
        for entry in &ledger.buckets {
            *found.buckets.entry(entry.bill.remarks).or_default() += 1;
        }
        found
    }

    /// Calls with a remark.
    pub fn calls(&self, remark: Remark) -> u64 {
        with(&self.calls, remark)
    }

    /// Buckets with a remark.
    pub fn buckets(&self, remark: Remark) -> u64 {
        with(&self.buckets, remark)
    }
}

fn with(sets: &BTreeMap<Remarks, u64>, remark: Remark) -> u64 {
    sets.iter().filter(|(set, _)| set.has(remark)).map(|(_, count)| count).sum()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::with;
    use crate::prices::{Remark, Remarks};

    #[test]
    fn a_remark_is_counted_in_every_set_that_holds_it() {
        let mut undated = Remarks::default();
        undated.note(Remark::Undated);
        let mut both = undated;
        both.note(Remark::TierNotListed);
        let sets = BTreeMap::from([(Remarks::default(), 7), (undated, 3), (both, 2)]);
        assert_eq!(with(&sets, Remark::Undated), 5);
        assert_eq!(with(&sets, Remark::TierNotListed), 2);
        assert_eq!(with(&sets, Remark::NoRates), 0);
    }
}

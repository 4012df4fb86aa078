//! Calls by feature and model, in an order that depends on names alone.

use std::collections::BTreeMap;

use crate::ledger::Ledger;
use crate::record::call::{Operation, Status};

/// A feature and a model by name; `None` where calls carry none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key<'v> {
    feature: Option<&'v str>,
    model: Option<&'v str>,
}

impl std::fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let model = self.model.unwrap_or("an unnamed model");
        match self.feature {
            Some(feature) => write!(f, "{feature} on {model}"),
            None => f.write_str(model),
        }
    }
}

/// Positions of chat calls that succeeded, by feature and model.
pub(super) fn answered<'v>(ledger: &'v Ledger<'_>) -> BTreeMap<Key<'v>, Vec<usize>> {
    let mut groups: BTreeMap<Key<'v>, Vec<usize>> = BTreeMap::new();
    for (index, entry) in ledger.entries.iter().enumerate() {
        let call = ledger.call(entry);
        if call.operation == Operation::Chat && call.status == Status::Success {
            let key = Key {
                feature: ledger.names.text_of(entry.feature),
                model: ledger.names.text_of(entry.model),
            };
            groups.entry(key).or_default().push(index);
        }
    }
    groups
}

/// Positions of all calls, by feature; `None` where they carry none.
pub(super) fn by_feature<'v>(ledger: &'v Ledger<'_>) -> BTreeMap<Option<&'v str>, Vec<usize>> {
    let mut groups: BTreeMap<Option<&'v str>, Vec<usize>> = BTreeMap::new();
    for (index, entry) in ledger.entries.iter().enumerate() {
        groups.entry(ledger.names.text_of(entry.feature)).or_default().push(index);
    }
    groups
}

//! Calls by feature and model, in an order that depends on names alone.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::ledger::Ledger;
use crate::record::call::{Operation, Status};
use crate::record::symbol::Symbol;

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
    let mut groups: FxHashMap<(Option<Symbol>, Option<Symbol>), Vec<usize>> = FxHashMap::default();
    for (index, entry) in ledger.entries.iter().enumerate() {
        let call = ledger.call(entry);
        if call.operation == Operation::Chat && call.status == Status::Success {
            groups.entry((entry.feature, entry.model)).or_default().push(index);
        }
    }
    let name = |symbol| ledger.names.text_of(symbol);
    let named = groups.into_iter().map(|((feature, model), members)| {
        (Key { feature: name(feature), model: name(model) }, members)
    });
    named.collect()
}

/// Positions of all calls, by feature; `None` where they carry none.
pub(super) fn by_feature<'v>(ledger: &'v Ledger<'_>) -> BTreeMap<Option<&'v str>, Vec<usize>> {
    let mut groups: FxHashMap<Option<Symbol>, Vec<usize>> = FxHashMap::default();
    for (index, entry) in ledger.entries.iter().enumerate() {
        groups.entry(entry.feature).or_default().push(index);
    }
    let name = |symbol| ledger.names.text_of(symbol);
    groups.into_iter().map(|(feature, members)| (name(feature), members)).collect()
}

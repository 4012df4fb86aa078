//! The calls and buckets that pass a filter, one group for each key.
//!
//! Knows no figure: a group says which entries it holds.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use super::keys::Numbers;
use super::{BucketEntry, Entry, Ledger, bucket_fields};
use crate::record::dimension::Dimension;
use crate::selection::{CallFields, Filter};

/// Entries that share their keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// A key for each dimension asked for; `None` where the log does not say.
    pub keys: Vec<Option<String>>,
    /// Positions in [`Ledger::entries`], ascending.
    pub entries: Vec<u32>,
    /// Positions in [`Ledger::buckets`], ascending.
    pub buckets: Vec<u32>,
}

impl Ledger<'_> {
    /// Groups what passes the filter, by what is first seen; without dimensions
    /// there is one group, and none where nothing passes.
    #[must_use]
    pub fn partition(&self, filter: &Filter, by: &[Dimension]) -> Vec<Group> {
        let mut numbers = Numbers::default();
        let mut found: FxHashMap<Vec<u32>, usize> = FxHashMap::default();
        let mut groups: Vec<Group> = Vec::new();
        let mut key = Vec::with_capacity(by.len());
        for (index, entry) in self.entries.iter().enumerate() {
            if !self.passes(entry, filter) {
                continue;
            }
            key.clear();
            key.extend(by.iter().map(|dimension| numbers.entry(self, index, *dimension)));
            let names = || by.iter().map(|dimension| self.key(index, *dimension));
            let group = group(&mut found, &mut groups, &key, names);
            group.entries.extend(u32::try_from(index));
        }
        for (index, entry) in self.buckets.iter().enumerate() {
            if !self.bucket_passes(entry, filter) {
                continue;
            }
            key.clear();
            key.extend(by.iter().map(|dimension| numbers.bucket(self, entry, *dimension)));
            let names = || by.iter().map(|dimension| self.bucket_key(entry, *dimension));
            let group = group(&mut found, &mut groups, &key, names);
            group.buckets.extend(u32::try_from(index));
        }
        groups
    }

    fn passes(&self, entry: &Entry, filter: &Filter) -> bool {
        if filter.keeps_everything() {
            return true;
        }
        let feature = self.names.text_of(entry.feature).map(Cow::Borrowed);
        filter.keeps(&CallFields { log: self.log, call: self.call(entry), feature })
    }

    fn bucket_passes(&self, entry: &BucketEntry, filter: &Filter) -> bool {
        filter.keeps_everything() || filter.keeps(&bucket_fields(self.log, self.bucket(entry)))
    }
}

fn group<'g, 'n, N: Iterator<Item = Option<Cow<'n, str>>>>(
    found: &mut FxHashMap<Vec<u32>, usize>,
    groups: &'g mut Vec<Group>,
    key: &[u32],
    names: impl FnOnce() -> N,
) -> &'g mut Group {
    let position = found.get(key).copied().unwrap_or_else(|| {
        let keys = names().map(|name| name.map(Cow::into_owned)).collect();
        groups.push(Group { keys, ..Group::default() });
        found.insert(key.to_vec(), groups.len() - 1);
        groups.len() - 1
    });
    &mut groups[position]
}

//! Which tags a log has: what features and users could be taken from. Names of
//! tags only, never their values.

use std::collections::{BTreeMap, BTreeSet};

use crate::record::log::Log;

/// A tag by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tag {
    pub(super) name: String,
    /// Calls that carry it.
    pub(super) calls: u64,
    /// How many values it has.
    pub(super) values: usize,
}

/// The tags of all calls, those on most calls first.
pub(super) fn seen(log: &Log) -> Vec<Tag> {
    let mut found: BTreeMap<&str, (u64, BTreeSet<&str>)> = BTreeMap::new();
    for call in &log.calls {
        for (name, value) in log.tags(call.tags) {
            let (calls, values) = found.entry(log.strings.text(*name)).or_default();
            *calls += 1;
            values.insert(log.strings.text(*value));
        }
    }
    let tag = |(name, (calls, values)): (&str, (u64, BTreeSet<&str>))| Tag {
        name: name.to_owned(),
        calls,
        values: values.len(),
    };
    let mut tags: Vec<Tag> = found.into_iter().map(tag).collect();
    tags.sort_by(|one, other| other.calls.cmp(&one.calls).then(one.name.cmp(&other.name)));
    tags
}

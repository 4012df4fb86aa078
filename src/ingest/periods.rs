//! Buckets and charges after reading: copies of a page are dropped, the rest is
//! counted and sorted by content.
//!
//! Knows single records only: which of two levels or exports counts is the
//! ledger's to say.

use rustc_hash::FxHashMap;

use crate::record::bucket::Bucket;
use crate::record::call::Source;
use crate::record::charge::Charge;
use crate::record::log::FileAccount;
use crate::record::symbol::Strings;

use super::merge::is_table;

/// Drops buckets and charges that were read before, in another copy of the
/// same page, and counts them as duplicates.
///
/// A bucket is met again where period, dimensions and counters are equal, on
/// another line or in another file: the results of one bucket stand apart by
/// something that is not kept. Rows of a bill are often equal to the cent
/// inside one file, so charges are compared with other files only: as many
/// stay as the file that has most of them holds.
pub(super) fn drop_repeated(
    buckets: &mut Vec<Bucket>,
    charges: &mut Vec<Charge>,
    files: &mut [FileAccount],
) {
    let mut dropped: Vec<u32> = Vec::new();
    let mut firsts: FxHashMap<Bucket, Source> = FxHashMap::default();
    // A table of calls gives the results of one bucket a row each.
    let of_table = |file: u32| files.get(file as usize).is_some_and(is_table);
    buckets.retain(|bucket| {
        let content = Bucket { source: Source::default(), ..bucket.clone() };
        let mut source = bucket.source;
        if of_table(source.file) {
            source.line = 0;
        }
        let stays = *firsts.entry(content).or_insert(source) == source;
        if !stays {
            dropped.push(bucket.source.file);
        }
        stays
    });
    let mut copies: FxHashMap<Charge, Copies> = FxHashMap::default();
    charges.retain(|charge| {
        let content = Charge { source: Source::default(), ..*charge };
        let stays = copies.entry(content).or_default().stays(charge.source.file);
        if !stays {
            dropped.push(charge.source.file);
        }
        stays
    });
    for file in dropped {
        if let Some(file) = files.get_mut(file as usize) {
            file.duplicates += 1;
        }
    }
}

/// How often equal charges were met.
#[derive(Clone, Copy, Debug, Default)]
struct Copies {
    file: u32,
    /// In the file that is being read.
    here: u64,
    /// In the file that holds most of them.
    most: u64,
}

impl Copies {
    /// Whether one more in this file is more than any file had before.
    const fn stays(&mut self, file: u32) -> bool {
        if self.file != file {
            self.file = file;
            self.here = 0;
        }
        self.here += 1;
        let stays = self.here > self.most;
        if stays {
            self.most = self.here;
        }
        stays
    }
}

/// Enters buckets and charges into the files' accounts.
pub(super) fn count(buckets: &[Bucket], charges: &[Charge], files: &mut [FileAccount]) {
    for bucket in buckets {
        if let Some(file) = files.get_mut(bucket.source.file as usize) {
            file.calls += 1;
            file.buckets += 1;
        }
    }
    for charge in charges {
        if let Some(file) = files.get_mut(charge.source.file as usize) {
            file.calls += 1;
            file.charges += 1;
        }
    }
}

/// Sorts buckets by period, dimensions and counters.
pub(super) fn sort_buckets(buckets: &mut [Bucket], strings: &Strings) {
    buckets.sort_by_cached_key(|bucket| {
        let text = |symbol| strings.text_of(symbol).map(str::to_owned);
        (
            (bucket.start.is_none(), bucket.start, bucket.end, bucket.tier),
            (text(bucket.model), text(bucket.account), text(bucket.user), text(bucket.region)),
            (bucket.usage.input, bucket.usage.output, bucket.calls),
            (text(bucket.provider), text(bucket.feature)),
        )
    });
}

/// Sorts charges by period and dimensions.
pub(super) fn sort_charges(charges: &mut [Charge], strings: &Strings) {
    charges.sort_by_cached_key(|charge| {
        let text = |symbol| strings.text_of(symbol).map(str::to_owned);
        (
            (charge.start.is_none(), charge.start, charge.end, charge.meter, charge.tier),
            (text(charge.provider), text(charge.model), text(charge.item)),
            (text(charge.account), text(charge.region)),
            (charge.billed, charge.list, charge.source),
        )
    });
}

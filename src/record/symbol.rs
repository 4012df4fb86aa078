//! Interned strings: each distinct name of a log is stored once.

use std::hash::BuildHasher as _;
use std::num::NonZeroU32;

use rustc_hash::FxBuildHasher;

/// A handle on an interned string; four bytes, also as an `Option`.
///
/// Handles of one [`Strings`] mean nothing in another, and their order is the
/// order of first sight: results must sort by text, never by handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Symbol(NonZeroU32);

impl Symbol {
    /// The position of the string in its table.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0.get() as usize - 1
    }

    fn from_index(index: usize) -> Option<Self> {
        u32::try_from(index + 1).ok().and_then(NonZeroU32::new).map(Self)
    }
}

/// The table of interned strings, one buffer and one offset per string.
#[derive(Clone, Debug, Default)]
pub struct Strings {
    text: String,
    ends: Vec<usize>,
    slots: Slots,
}

impl Strings {
    /// Stores a string once and returns its handle; `None` for an empty string
    /// (an empty name is no name) or when four billion names are exceeded.
    pub fn intern(&mut self, text: &str) -> Option<Symbol> {
        if text.is_empty() {
            return None;
        }
        let hash = FxBuildHasher.hash_one(text);
        let found = self.slots.find(hash, |index| self.at(index) == text);
        if let Some(index) = found {
            return Symbol::from_index(index);
        }
        let symbol = Symbol::from_index(self.ends.len())?;
        self.text.push_str(text);
        self.ends.push(self.text.len());
        self.slots.insert(hash, symbol.index());
        Some(symbol)
    }

    /// Finds the handle of a string that is already stored.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<Symbol> {
        let hash = FxBuildHasher.hash_one(text);
        self.slots.find(hash, |index| self.at(index) == text).and_then(Symbol::from_index)
    }

    /// The text behind a handle; empty for a handle of another table.
    #[must_use]
    pub fn text(&self, symbol: Symbol) -> &str {
        self.at(symbol.index())
    }

    /// The text behind an optional handle.
    #[must_use]
    pub fn text_of(&self, symbol: Option<Symbol>) -> Option<&str> {
        symbol.map(|symbol| self.text(symbol))
    }

    /// How many strings are stored.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether nothing is stored.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Every handle with its text, in order of first sight.
    pub fn iter(&self) -> impl Iterator<Item = (Symbol, &str)> {
        (0..self.len()).filter_map(|index| Some((Symbol::from_index(index)?, self.at(index))))
    }

    fn at(&self, index: usize) -> &str {
        let start = if index == 0 { 0 } else { self.ends.get(index - 1).copied().unwrap_or(0) };
        let end = self.ends.get(index).copied().unwrap_or(start);
        self.text.get(start..end).unwrap_or("")
    }
}

/// Open addressing over string positions; keeps no second copy of the texts.
#[derive(Clone, Debug, Default)]
struct Slots {
    // 0 is free, otherwise position + 1; the upper half of the hash beside it
    // spares most comparisons.
    table: Vec<(u32, u32)>,
    used: usize,
}

impl Slots {
    fn find(&self, hash: u64, is_it: impl Fn(usize) -> bool) -> Option<usize> {
        let mask = self.table.len().checked_sub(1)?;
        let (mut at, tag) = split(hash, mask);
        while let Some(&(entry, entry_tag)) = self.table.get(at) {
            if entry == 0 {
                return None;
            }
            if entry_tag == tag && is_it(entry as usize - 1) {
                return Some(entry as usize - 1);
            }
            at = (at + 1) & mask;
        }
        None
    }

    fn insert(&mut self, hash: u64, index: usize) {
        if (self.used + 1) * 4 > self.table.len() * 3 {
            self.grow();
        }
        let mask = self.table.len() - 1;
        let (at, tag) = split(hash, mask);
        self.place(at, tag, u32::try_from(index + 1).unwrap_or(0));
        self.used += 1;
    }

    fn place(&mut self, mut at: usize, tag: u32, entry: u32) {
        let mask = self.table.len() - 1;
        while self.table[at].0 != 0 {
            at = (at + 1) & mask;
        }
        self.table[at] = (entry, tag);
    }

    fn grow(&mut self) {
        let size = (self.table.len() * 2).max(64);
        let old = std::mem::replace(&mut self.table, vec![(0, 0); size]);
        for (entry, tag) in old.into_iter().filter(|(entry, _)| *entry != 0) {
            self.place(tag as usize & (size - 1), tag, entry);
        }
    }
}

/// Where to look first, and the tag kept in the slot. The tag alone gives the
/// place, so growing needs no text.
fn split(hash: u64, mask: usize) -> (usize, u32) {
    #[expect(clippy::cast_possible_truncation, reason = "folding a hash to half its width")]
    let tag = (hash >> 32) as u32 ^ hash as u32;
    (tag as usize & mask, tag)
}

#[cfg(test)]
mod tests {
    use super::Strings;

    #[test]
    fn a_string_is_stored_once_and_found_again() {
        let mut strings = Strings::default();
        let names: Vec<String> = (0..10_000).map(|number| format!("call-{number}")).collect();
        let first: Vec<_> = names.iter().map(|name| strings.intern(name)).collect();
        let again: Vec<_> = names.iter().map(|name| strings.intern(name)).collect();
        assert_eq!(first, again);
        assert_eq!(strings.len(), 10_000);
        assert_eq!(strings.text_of(first[4_711]), Some("call-4711"));
        assert_eq!(strings.intern(""), None);
        assert_eq!(strings.find("call-10000"), None);
    }
}

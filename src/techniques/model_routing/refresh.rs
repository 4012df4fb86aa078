//! A newer model of the same kind that costs less.
//!
//! No table says which model follows which: two ids of one kind are equal in
//! their words, and the newer one has the higher number.

use std::collections::BTreeSet;

use crate::techniques::technique::View;
use crate::techniques::tiers::{self, Demand};
use crate::techniques::traffic::{GroupIndex, ModelIndex};

use super::candidates;

/// The newer model of the same provider, tier and kind that costs least for a
/// group, if one costs less than the logged model.
pub(super) fn newer(view: &View<'_>, group: GroupIndex, demand: &Demand) -> Option<ModelIndex> {
    let models = &view.traffic.models;
    let from = view.traffic.group(group).model;
    let logged = models.get(from).model();
    let kind = Kind::of(logged.id());
    let found = tiers::cheapest(models, from, demand, |candidate| {
        let other = Kind::of(candidate.id());
        logged.tier().is_some()
            && candidate.tier() == logged.tier()
            && other.words == kind.words
            && !kind.version.is_empty()
            && other.version > kind.version
    })?;
    let is_cheaper = demand.cost(models, from, found) < demand.cost(models, from, from);
    (is_cheaper && candidates::fits(view, group, found).is_ok()).then_some(found)
}

/// A model id taken apart.
#[derive(Debug, PartialEq, Eq)]
struct Kind {
    words: BTreeSet<String>,
    version: Vec<u32>,
}

impl Kind {
    /// Words and version of an id such as `gpt-4o-mini` or `claude-sonnet-4-5`;
    /// dates belong to neither.
    fn of(id: &str) -> Self {
        let id = id.to_ascii_lowercase();
        let name = id.rsplit('/').next().unwrap_or_default();
        let (mut words, mut version) = (BTreeSet::new(), Vec::new());
        for part in name.split(['-', '_', '.', ':', '@', ' ']) {
            let letters = part.len() - part.trim_start_matches(|c: char| !c.is_ascii_digit()).len();
            let (word, rest) = part.split_at(letters);
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (number, after) = rest.split_at(digits);
            if is_date(number) {
                break;
            }
            if after == "b" {
                // A size, such as 70b.
                words.insert(part.to_owned());
                continue;
            }
            version.extend(number.parse::<u32>());
            if !matches!(word, "" | "v" | "latest") {
                words.insert(word.to_owned());
            }
        }
        Self { words, version }
    }
}

/// Whether digits open a date: a year, or year, month and day in one.
fn is_date(digits: &str) -> bool {
    digits.len() >= 6 || digits.len() == 4 && digits.starts_with("20")
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn ids_are_words_and_a_version() {
        for (id, words, version) in [
            ("gpt-4o", "gpt", vec![4]),
            ("gpt-4o-2024-05-13", "gpt", vec![4]),
            ("gpt-4.1-mini", "gpt mini", vec![4, 1]),
            ("claude-3-5-sonnet-20241022", "claude sonnet", vec![3, 5]),
            ("claude-sonnet-4-5", "claude sonnet", vec![4, 5]),
            ("o3-mini", "mini o", vec![3]),
            ("deepseek-v3.2", "deepseek", vec![3, 2]),
            ("meta/llama-3.1-70b-instruct", "70b instruct llama", vec![3, 1]),
            ("gemini-flash-latest", "flash gemini", vec![]),
        ] {
            let kind = Kind::of(id);
            let found: Vec<&str> = kind.words.iter().map(String::as_str).collect();
            assert_eq!((found.join(" ").as_str(), kind.version), (words, version), "{id}");
        }
    }
}

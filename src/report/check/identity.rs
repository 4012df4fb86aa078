//! By what a judgement is known again in the next run, and where it is shown.
//!
//! Knows no format. The measured value takes no part, so that a service that
//! compares two runs sees one problem, not two.

use std::collections::BTreeMap;

use crate::report::document::{Check, Judgement, Place};

/// The settings file where nothing says which one it is.
const SETTINGS_FILE: &str = "tokopt.toml";

/// Names judgements, one after another.
#[derive(Debug, Default)]
pub struct Fingerprints(BTreeMap<String, u32>);

impl Fingerprints {
    /// The judgement's fingerprint: of its code, rule and slice, and of how
    /// often these were seen before.
    pub fn of(&mut self, judgement: &Judgement) -> String {
        let filters = judgement.filters.iter().map(String::as_str);
        let parts = [judgement.code.as_str(), judgement.rule.as_str()].into_iter().chain(filters);
        self.of_parts(parts)
    }

    /// The fingerprint of something that has only a code.
    pub fn of_code(&mut self, code: &str) -> String {
        self.of_parts([code].into_iter())
    }

    fn of_parts<'a>(&mut self, parts: impl Iterator<Item = &'a str>) -> String {
        let mut hasher = blake3::Hasher::new();
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        let first = hex(&hasher);
        let seen = self.0.entry(first.clone()).or_default();
        let number = *seen;
        *seen += 1;
        if number == 0 {
            return first;
        }
        hasher.update(&number.to_le_bytes());
        hex(&hasher)
    }
}

fn hex(hasher: &blake3::Hasher) -> String {
    hasher.finalize().to_hex().chars().take(32).collect()
}

/// Where a judgement is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown<'a> {
    /// The file, with slashes.
    pub path: String,
    /// The place in it; `None` where only the file is known.
    pub place: Option<&'a Place>,
}

/// The place of a judgement; for a rule that stands nowhere the settings file
/// of the others, else the first log.
pub fn shown<'a>(check: &'a Check, place: Option<&'a Place>) -> Shown<'a> {
    if let Some(place) = place {
        return Shown { path: slashed(&place.path), place: Some(place) };
    }
    let settings = check.judgements.iter().find_map(|judgement| judgement.place.as_ref());
    let log = check.subject.paths.iter().find(|path| !path.is_empty() && *path != "-");
    let path = settings.map(|place| &place.path).or(log);
    Shown { path: path.map_or_else(|| SETTINGS_FILE.to_owned(), |path| slashed(path)), place: None }
}

fn slashed(path: &str) -> String {
    let path = path.replace('\\', "/");
    path.strip_prefix("./").map_or_else(|| path.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::{Fingerprints, slashed};

    #[test]
    fn parts_are_told_apart_and_a_repeat_is_another() {
        let mut fingerprints = Fingerprints::default();
        let joined = fingerprints.of_parts(["a", "bc"].into_iter());
        let split = fingerprints.of_parts(["ab", "c"].into_iter());
        let again = fingerprints.of_parts(["a", "bc"].into_iter());
        assert_ne!(joined, split);
        assert_ne!(joined, again);
        assert_eq!(joined, Fingerprints::default().of_parts(["a", "bc"].into_iter()));
        assert_eq!(joined.len(), 32);
    }

    #[test]
    fn paths_have_slashes_and_no_dot_before_them() {
        assert_eq!(slashed("./ci\\tokopt.toml"), "ci/tokopt.toml");
        assert_eq!(slashed("../tokopt.toml"), "../tokopt.toml");
    }
}

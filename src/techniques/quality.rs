//! What answers were worth, where somebody measured it.
//!
//! Knows no file: whoever reads one hands in its rows.

use std::collections::BTreeMap;

/// Scores of models' answers, from 0 (useless) to 1 (right), in millionths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quality {
    calls: BTreeMap<(String, String), i64>,
    features: BTreeMap<(String, String), (i64, i64)>,
}

impl Quality {
    /// Notes how well a model answered a call, by the call's request id.
    pub fn add_call(&mut self, call: &str, model: &str, score: i64) {
        self.calls.insert((call.to_owned(), model.to_owned()), score);
    }

    /// Notes how well a model answered a call of a feature.
    pub fn add_feature(&mut self, feature: &str, model: &str, score: i64) {
        let sum = self.features.entry((feature.to_owned(), model.to_owned())).or_default();
        *sum = (sum.0 + score, sum.1 + 1);
    }

    /// How well a model answered a call.
    #[must_use]
    pub fn of_call(&self, call: &str, model: &str) -> Option<i64> {
        self.calls.get(&(call.to_owned(), model.to_owned())).copied()
    }

    /// The mean score of a model on a feature.
    #[must_use]
    pub fn of_feature(&self, feature: &str, model: &str) -> Option<i64> {
        let (sum, count) = self.features.get(&(feature.to_owned(), model.to_owned()))?;
        Some(sum / count)
    }

    /// Whether nothing was measured.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty() && self.features.is_empty()
    }

    /// Every model with a score, by name.
    #[must_use]
    pub fn models(&self) -> std::collections::BTreeSet<&str> {
        let keys = self.calls.keys().chain(self.features.keys());
        keys.map(|(_, model)| model.as_str()).collect()
    }
}

//! The store, call after call: what it would have answered.
//!
//! A hit is gone and never serves others; age counts from the call that was
//! really answered.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use crate::techniques::parameter::Value;
use crate::techniques::traffic::CallIndex;

use super::asked::{Answered, Calls, Repeatable, Text};
use super::similar::{Index, Life, Rarity, Search};

/// What became of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outcome {
    /// A model answers it.
    #[default]
    Asked,
    /// The answer to an equal request serves it.
    Exact(CallIndex),
    /// The answer to a similar text serves it.
    Near(CallIndex),
}

/// Which repeats are looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules<'r> {
    /// Equal requests at a stated temperature of 0.
    pub(super) stated: bool,
    /// Equal requests without a temperature.
    pub(super) unstated: bool,
    /// How long an answer serves, in microseconds.
    pub(super) lifetime: i64,
    /// The least similarity of similar texts.
    pub(super) threshold: Value,
    /// By group, whether similar texts are looked up.
    pub(super) near: &'r [bool],
}

impl Rules<'_> {
    /// Whether equal requests of a kind are looked up.
    pub(super) const fn looks_up(&self, repeatable: Repeatable) -> bool {
        match repeatable {
            Repeatable::Stated => self.stated,
            Repeatable::Unstated => self.unstated,
        }
    }
}

/// Goes through all calls in order.
pub(super) fn replay(calls: &Calls<'_>, rules: Rules<'_>) -> Vec<Outcome> {
    let mut rarity = Rarity::default();
    if rules.near.contains(&true) {
        let asked = calls.asked.iter().flatten();
        asked.filter_map(|asked| asked.text).for_each(|text| rarity.add(text.words));
    }
    let (exact, near) = (FxHashMap::default(), FxHashMap::default());
    let mut store = Store { calls, rules, rarity, exact, near };
    let count = u32::try_from(calls.asked.len()).unwrap_or(u32::MAX);
    (0..count).map(|index| store.answer(CallIndex(index))).collect()
}

struct Store<'c, 'r> {
    calls: &'c Calls<'c>,
    rules: Rules<'r>,
    rarity: Rarity,
    exact: FxHashMap<u32, VecDeque<CallIndex>>,
    near: FxHashMap<u32, (Vec<CallIndex>, Index<'c>)>,
}

impl Store<'_, '_> {
    fn answer(&mut self, index: CallIndex) -> Outcome {
        let at = index.0 as usize;
        let Ok(asked) = self.calls.asked[at] else { return Outcome::Asked };
        let is_near = |text: &Text<'_>| self.rules.near.get(text.group.0 as usize) == Some(&true);
        let text = asked.text.filter(is_near);
        let looks_up = self.rules.looks_up(asked.repeatable);
        if looks_up && let Some(source) = self.find_equal(asked.request, index) {
            return Outcome::Exact(source);
        }
        if let Some(source) = text.and_then(|text| self.find_similar(&text, index)) {
            return Outcome::Near(source);
        }
        if let Some(answered) = self.calls.answered[at] {
            if looks_up {
                self.exact.entry(asked.request).or_default().push_back(index);
            }
            if let Some(text) = text.filter(|_| answered.is_text) {
                let search = Search { rarity: &self.rarity, threshold: self.rules.threshold };
                let (sources, words) = self.near.entry(text.context).or_default();
                sources.push(index);
                words.add(search, text.words);
            }
        }
        Outcome::Asked
    }

    fn find_equal(&mut self, request: u32, index: CallIndex) -> Option<CallIndex> {
        let (calls, rules) = (self.calls, self.rules);
        let life = |source: &CallIndex| life(calls, rules, *source, index);
        let sources = self.exact.get_mut(&request)?;
        while sources.front().is_some_and(|first| life(first) == Life::Gone) {
            sources.pop_front();
        }
        sources.iter().find(|source| life(source) == Life::Live).copied()
    }

    fn find_similar(&mut self, text: &Text<'_>, index: CallIndex) -> Option<CallIndex> {
        let (calls, rules) = (self.calls, self.rules);
        let (sources, words) = self.near.get_mut(&text.context)?;
        let search = Search { rarity: &self.rarity, threshold: rules.threshold };
        let best = words.best(search, text.words, |at| life(calls, rules, sources[at], index));
        best.map(|at| sources[at])
    }
}

/// Whether the answer to `source` may serve a later call.
fn life(calls: &Calls<'_>, rules: Rules<'_>, source: CallIndex, call: CallIndex) -> Life {
    let Some(Answered { asked, ready, .. }) = calls.answered[source.0 as usize] else {
        return Life::Coming;
    };
    let now = calls.times[call.0 as usize];
    if now.saturating_sub(asked) > rules.lifetime {
        Life::Gone
    } else if asked < now && ready <= now {
        Life::Live
    } else {
        Life::Coming
    }
}

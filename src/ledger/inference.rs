//! What can be said of a prompt's components from its counts alone.
//!
//! The least input of a feature bounds what every call of it carries; what a
//! conversation adds turn by turn is its history. The rest cannot be told
//! apart without texts or tags and stays unattributed.

use rustc_hash::FxHashMap;

use crate::record::call::Count;
use crate::record::component::Component;
use crate::record::log::Log;
use crate::record::symbol::Symbol;
use crate::units::Tokens;

use super::Entry;
use super::conversation::Conversations;

/// Calls a feature needs before its least input means anything.
const FEWEST_CALLS: usize = 5;
/// From here on the first percentile replaces the minimum, against calls that
/// were cut off.
const MANY_CALLS: usize = 300;

/// A feature served by a model.
type Group = (Option<Symbol>, Option<Symbol>);

/// What the counts of a log show.
#[derive(Debug, Default)]
pub(super) struct Inferred {
    /// What every call of a group carries at most.
    fixed: FxHashMap<Group, Tokens>,
    /// For each entry, what its conversation sent before; empty where there is
    /// no conversation of several calls.
    histories: Vec<Count>,
}

impl Inferred {
    /// Looks over the inputs of all entries; `eligible` are those that nothing
    /// better is known of.
    pub(super) fn of(
        log: &Log,
        entries: &[Entry],
        conversations: &Conversations,
        eligible: &dyn Fn(usize) -> bool,
    ) -> Self {
        let input = |index: usize| log.calls[entries[index].call as usize].usage.get().input;
        let mut groups: FxHashMap<Group, Vec<u64>> = FxHashMap::default();
        for (index, entry) in entries.iter().enumerate() {
            if conversations.turn(index) == 1
                && eligible(index)
                && let Some(input) = input(index)
            {
                groups.entry((entry.feature, entry.model)).or_default().push(input.get());
            }
        }
        let fixed = groups.into_iter().filter_map(|(group, inputs)| Some((group, least(inputs)?)));
        Self { fixed: fixed.collect(), histories: histories(entries, conversations, &input) }
    }

    /// The input of an entry as components in prompt order; `None` where the
    /// counts show nothing.
    pub(super) fn parts(
        &self,
        index: usize,
        entry: &Entry,
        total: Tokens,
    ) -> Option<[(Component, Tokens); 3]> {
        let fixed = self.fixed.get(&(entry.feature, entry.model)).copied();
        let history = self.histories.get(index).and_then(|history| history.get()).map(Tokens::new);
        if fixed.is_none() && history.is_none() {
            return None;
        }
        let fixed = fixed.unwrap_or_default().min(total);
        let history = history.unwrap_or_default().min(total.saturating_sub(fixed));
        let rest = total.saturating_sub(fixed + history);
        Some([
            (Component::SystemPrompt, fixed),
            (Component::History, history),
            (Component::Unattributed, rest),
        ])
    }
}

/// The least input of a group that is large enough to have one.
fn least(mut inputs: Vec<u64>) -> Option<Tokens> {
    if inputs.len() < FEWEST_CALLS {
        return None;
    }
    let rank = if inputs.len() >= MANY_CALLS { inputs.len().div_ceil(100) - 1 } else { 0 };
    let (_, least, _) = inputs.select_nth_unstable(rank);
    Some(Tokens::new(*least))
}

/// What each later call of a conversation sends beyond its first one. A fall by
/// more than three tenths is a compaction: counting starts afresh.
fn histories(
    entries: &[Entry],
    conversations: &Conversations,
    input: &dyn Fn(usize) -> Option<Tokens>,
) -> Vec<Count> {
    if conversations.members().len() == entries.len() {
        return Vec::new();
    }
    let mut histories = vec![Count::UNKNOWN; entries.len()];
    for members in conversations.members().rows().filter(|members| members.len() > 1) {
        let (mut first, mut before): (Option<Tokens>, Option<Tokens>) = (None, None);
        for &member in members {
            let index = member as usize;
            let Some(total) = input(index).filter(|_| entries[index].time.is_some()) else {
                continue;
            };
            let fell = before.is_some_and(|before| total.get() * 10 < before.get() * 7);
            if fell || first.is_none() {
                first = Some(total);
            }
            let history = total.saturating_sub(first.unwrap_or(total));
            histories[index] = Count::from_optional(Some(history.get()));
            before = Some(total);
        }
    }
    histories
}

#[cfg(test)]
mod tests {
    use super::{histories, least};
    use crate::units::{Moment, Tokens};

    #[test]
    fn a_fall_by_more_than_three_tenths_starts_a_new_history() {
        let entry = super::super::Entry {
            call: 0,
            feature: None,
            model: None,
            time: Some(Moment::relative(0)),
            bill: super::super::pricing::Bill::default(),
        };
        let inputs = [1_000, 1_500, 2_500, 1_200, 1_400].map(Tokens::new);
        let conversations = super::Conversations::single(5);
        let found = histories(&[entry; 5], &conversations, &|index| Some(inputs[index]));
        let found: Vec<Option<u64>> =
            found.into_iter().map(crate::record::call::Count::get).collect();
        assert_eq!(found, [0, 500, 1_500, 0, 200].map(Some));
    }

    #[test]
    fn cut_off_calls_do_not_set_the_least_input_of_a_busy_group() {
        assert_eq!(least(vec![9, 8, 7, 6]), None);
        assert_eq!(least(vec![9, 8, 7, 6, 5]), Some(Tokens::new(5)));
        // Of 300 the first percentile is the third: ⌈300 / 100⌉.
        assert_eq!(least((1..=300).rev().collect()), Some(Tokens::new(3)));
    }
}

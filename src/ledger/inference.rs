//! What can be said of a prompt's components from its counts alone.
//!
//! The least input of a feature bounds what every call of it carries; what a
//! conversation adds turn by turn is its history. The rest cannot be told
//! apart without texts or tags and stays unattributed.

use rustc_hash::FxHashMap;

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

/// For each eligible entry, its input as components in prompt order.
pub(super) fn of(
    log: &Log,
    entries: &[Entry],
    conversations: &Conversations,
    eligible: &dyn Fn(usize) -> bool,
) -> FxHashMap<usize, Vec<(Component, Tokens)>> {
    let input = |index: usize| log.calls[entries[index].call as usize].usage.get().input;
    let mut groups: FxHashMap<(Option<Symbol>, Option<Symbol>), Vec<u64>> = FxHashMap::default();
    let indices: Vec<usize> =
        (0..entries.len()).filter(|index| eligible(*index) && input(*index).is_some()).collect();
    for &index in &indices {
        if conversations.turn(index) == 1
            && let Some(input) = input(index)
        {
            let entry = &entries[index];
            groups.entry((entry.feature, entry.model)).or_default().push(input.get());
        }
    }
    let fixed: FxHashMap<_, u64> = groups
        .into_iter()
        .filter(|(_, inputs)| inputs.len() >= FEWEST_CALLS)
        .filter_map(|(group, mut inputs)| {
            inputs.sort_unstable();
            let rank = if inputs.len() >= MANY_CALLS { inputs.len().div_ceil(100) - 1 } else { 0 };
            Some((group, *inputs.get(rank)?))
        })
        .collect();
    let history = histories(entries, conversations, &input);
    indices
        .into_iter()
        .filter_map(|index| {
            let entry = &entries[index];
            let total = input(index)?;
            let fixed = fixed.get(&(entry.feature, entry.model)).map(|fixed| Tokens::new(*fixed));
            let history = history.get(&index).copied();
            if fixed.is_none() && history.is_none() {
                return None;
            }
            let fixed = fixed.unwrap_or_default().min(total);
            let history = history.unwrap_or_default().min(total.saturating_sub(fixed));
            let rest = total.saturating_sub(fixed + history);
            Some((
                index,
                vec![
                    (Component::SystemPrompt, fixed),
                    (Component::History, history),
                    (Component::Unattributed, rest),
                ],
            ))
        })
        .collect()
}

/// What each later call of a conversation sends beyond its first one. A fall by
/// more than three tenths is a compaction: counting starts afresh.
fn histories(
    entries: &[Entry],
    conversations: &Conversations,
    input: &dyn Fn(usize) -> Option<Tokens>,
) -> FxHashMap<usize, Tokens> {
    let mut histories = FxHashMap::default();
    for members in conversations.members().iter().filter(|members| members.len() > 1) {
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
            histories.insert(index, total.saturating_sub(first.unwrap_or(total)));
            before = Some(total);
        }
    }
    histories
}

#[cfg(test)]
mod tests {
    use super::histories;
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
        let expected = [0, 500, 1_500, 0, 200].map(Tokens::new);
        for (index, expected) in expected.into_iter().enumerate() {
            assert_eq!(found.get(&index), Some(&expected), "turn {}", index + 1);
        }
    }
}

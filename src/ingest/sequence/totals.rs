//! Counters that only grow, and what lies between two of their readings.

use crate::record::usage::{CacheWrites, Usage};
use crate::units::Tokens;

/// Tokens up to some point of a session, or of one call of it: the input
/// includes cached tokens, the output reasoning. What is not logged is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Totals {
    /// Input.
    pub input: Option<u64>,
    /// Output.
    pub output: Option<u64>,
    /// The part of the input that was read from the cache.
    pub cache_read: Option<u64>,
    /// The part of the input that was written to the cache.
    pub cache_write: Option<u64>,
    /// The part of the output that was reasoning.
    pub reasoning: Option<u64>,
}

impl Totals {
    /// Whether anything was used.
    #[must_use]
    pub fn is_positive(&self) -> bool {
        self.input.unwrap_or(0) > 0 || self.output.unwrap_or(0) > 0
    }

    /// What was used since an earlier reading; `None` where a counter fell, so
    /// that the earlier reading is no part of this one.
    #[must_use]
    pub fn since(&self, before: &Self) -> Option<Self> {
        // A counter that was not logged before says nothing of the step.
        let step = |now: Option<u64>, before: Option<u64>| match (now, before) {
            (Some(now), Some(before)) => now.checked_sub(before).map(Some),
            _ => Some(None),
        };
        Some(Self {
            input: step(self.input, before.input)?,
            output: step(self.output, before.output)?,
            cache_read: step(self.cache_read, before.cache_read)?,
            cache_write: step(self.cache_write, before.cache_write)?,
            reasoning: step(self.reasoning, before.reasoning)?,
        })
    }

    /// The counts as a call's.
    #[must_use]
    pub fn usage(&self) -> Usage {
        let tokens = |count: Option<u64>| count.map(Tokens::new);
        Usage {
            input: tokens(self.input),
            cache_read: tokens(self.cache_read),
            cache_write: tokens(self.cache_write).map(CacheWrites::unstated),
            output: tokens(self.output),
            reasoning: tokens(self.reasoning),
            ..Usage::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Totals;

    #[test]
    fn a_step_is_the_difference_of_two_readings() {
        let at = |input, output, cache_write| Totals {
            input: Some(input),
            output: Some(output),
            cache_write,
            ..Totals::default()
        };
        assert_eq!(at(150, 65, None).since(&at(100, 50, None)), Some(at(50, 15, None)));
        // 120 < 150: the counter was set back.
        assert_eq!(at(120, 70, None).since(&at(150, 65, None)), None);
        // A counter that appears in between says nothing of this step.
        assert_eq!(at(150, 65, Some(9)).since(&at(100, 50, None)), Some(at(50, 15, None)));
    }
}

//! What is added up over the calls of a conversation, and over the
//! conversations of an arm.

use std::ops::AddAssign;

use crate::ledger::Entry;
use crate::record::call::{Call, Status};
use crate::units::{NanoUsd, Usd};

/// Sums over calls. A call counts for a sum only where the log carries it.
///
/// Two conversations with equal sums are the same to every figure, so that
/// the order of sums is the only order that resampling needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sums {
    /// Calls.
    pub calls: u64,
    /// Calls whose cost is known, those not billed included.
    pub priced_calls: u64,
    /// What these cost.
    pub cost: Usd,
    /// Conversations, all of whose calls have a known cost.
    pub priced_conversations: u64,
    /// What these cost.
    pub conversation_cost: Usd,
    /// Calls that report input tokens.
    pub input_calls: u64,
    /// Their input tokens.
    pub input: u64,
    /// Calls that report output tokens.
    pub output_calls: u64,
    /// Their output tokens.
    pub output: u64,
    /// Calls that report input tokens and what was read from the cache.
    pub cache_calls: u64,
    /// Their input tokens.
    pub cacheable: u64,
    /// Of these, read from the cache.
    pub cache_read: u64,
    /// Calls that ended in an error.
    pub errors: u64,
    /// Calls with a score.
    pub scored_calls: u64,
    /// The sum of the scores, in billionths.
    pub score: i64,
}

impl Sums {
    /// The sums of one call, which is not a conversation yet.
    pub(super) fn of_call(entry: &Entry, call: &Call, score: Option<i64>) -> Self {
        let usage = call.usage.get();
        let mut sums = Self { calls: 1, ..Self::default() };
        if let Some(cost) = entry.bill.total() {
            (sums.priced_calls, sums.cost) = (1, cost);
        }
        if let Some(input) = usage.input {
            (sums.input_calls, sums.input) = (1, input.get());
            if let Some(read) = usage.cache_read {
                (sums.cache_calls, sums.cacheable, sums.cache_read) = (1, input.get(), read.get());
            }
        }
        if let Some(output) = usage.output {
            (sums.output_calls, sums.output) = (1, output.get());
        }
        sums.errors = u64::from(call.status == Status::Error);
        if let Some(score) = score {
            (sums.scored_calls, sums.score) = (1, score);
        }
        sums
    }

    /// Closes a conversation: its cost is known if every call's is.
    pub(super) fn close(&mut self) {
        if self.priced_calls == self.calls {
            (self.priced_conversations, self.conversation_cost) = (1, self.cost);
        }
    }

    /// Calls without a known cost.
    #[must_use]
    pub const fn unpriced_calls(&self) -> u64 {
        self.calls - self.priced_calls
    }
}

impl AddAssign<&Self> for Sums {
    fn add_assign(&mut self, other: &Self) {
        self.calls += other.calls;
        self.priced_calls += other.priced_calls;
        self.cost += other.cost;
        self.priced_conversations += other.priced_conversations;
        self.conversation_cost += other.conversation_cost;
        self.input_calls += other.input_calls;
        self.input += other.input;
        self.output_calls += other.output_calls;
        self.output += other.output;
        self.cache_calls += other.cache_calls;
        self.cacheable += other.cacheable;
        self.cache_read += other.cache_read;
        self.errors += other.errors;
        self.scored_calls += other.scored_calls;
        self.score = self.score.saturating_add(other.score);
    }
}

/// A score as a log writes it, in billionths: a number, or whether it was good.
pub(super) fn score(text: &str) -> Option<i64> {
    /// Beyond a million it is an id or a time, not a score.
    const MOST: i64 = 1_000_000_000_000_000;
    match text.trim() {
        "true" => Some(1_000_000_000),
        "false" => Some(0),
        text => {
            // A decimal is read as exactly as an amount.
            let nano = Usd::from_decimal(text).map(Usd::to_nano).map(NanoUsd::nano).ok()?;
            i64::try_from(nano).ok().filter(|nano| nano.abs() <= MOST)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Sums, score};
    use crate::units::Usd;

    #[test]
    fn a_conversation_has_a_cost_if_every_call_has() {
        let priced =
            Sums { calls: 1, priced_calls: 1, cost: Usd::from_femto(5), ..Sums::default() };
        let mut whole = priced;
        whole += &priced;
        whole.close();
        assert_eq!((whole.priced_conversations, whole.conversation_cost.femto()), (1, 10));
        let mut partial = priced;
        partial += &Sums { calls: 1, ..Sums::default() };
        partial.close();
        assert_eq!((partial.priced_conversations, partial.conversation_cost.femto()), (0, 0));
        assert_eq!(partial.unpriced_calls(), 1);
    }

    #[test]
    fn scores_are_numbers_or_yes_and_no() {
        let found = ["0.85", "4", "-1", "true", "false", "1e-3"].map(score);
        let expected = [850_000_000, 4_000_000_000, -1_000_000_000, 1_000_000_000, 0, 1_000_000];
        assert_eq!(found, expected.map(Some));
        assert_eq!(["good", "", "NaN", "1000001"].map(score), [None; 4]);
    }
}

//! What arms are compared in: one list of ratios of sums.

use super::sums::Sums;
use crate::units::divide_half_even;

/// A figure of an arm. Every one is a sum over a sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// Dollars per call whose cost is known.
    CostPerCall,
    /// Dollars per conversation, all of whose calls have a known cost.
    CostPerConversation,
    /// Input tokens per call that reports them, cached ones included.
    InputTokensPerCall,
    /// Output tokens per call that reports them, reasoning included.
    OutputTokensPerCall,
    /// Input tokens read from the cache, of those of calls that report both.
    CacheReadShare,
    /// Calls that ended in an error, of all calls.
    ErrorShare,
    /// The mean score of the calls that have one.
    Score,
}

const BILLION: i128 = 1_000_000_000;
const FEMTO_PER_NANO: i128 = 1_000_000;

impl Metric {
    /// Every metric, in the order of reports.
    pub const ALL: [Self; 7] = [
        Self::CostPerCall,
        Self::CostPerConversation,
        Self::InputTokensPerCall,
        Self::OutputTokensPerCall,
        Self::CacheReadShare,
        Self::ErrorShare,
        Self::Score,
    ];

    /// Whether it is an amount of money.
    #[must_use]
    pub const fn is_cost(self) -> bool {
        matches!(self, Self::CostPerCall | Self::CostPerConversation)
    }

    /// The figure over these sums in billionths of its unit, rounded half to
    /// even; `None` where no call counts for it.
    #[must_use]
    pub fn of(self, sums: &Sums) -> Option<i128> {
        let (part, whole) = match self {
            Self::CostPerCall => {
                (sums.cost.femto(), i128::from(sums.priced_calls) * FEMTO_PER_NANO)
            }
            Self::CostPerConversation => (
                sums.conversation_cost.femto(),
                i128::from(sums.priced_conversations) * FEMTO_PER_NANO,
            ),
            Self::InputTokensPerCall => billionths(sums.input, sums.input_calls),
            Self::OutputTokensPerCall => billionths(sums.output, sums.output_calls),
            Self::CacheReadShare => billionths(sums.cache_read, sums.cacheable),
            Self::ErrorShare => billionths(sums.errors, sums.calls),
            Self::Score => (i128::from(sums.score), i128::from(sums.scored_calls)),
        };
        (whole > 0).then(|| divide_half_even(part, whole))
    }

    /// Calls that count for it.
    #[must_use]
    pub const fn calls(self, sums: &Sums) -> u64 {
        match self {
            Self::CostPerCall => sums.priced_calls,
            // Only whole conversations count; their calls are not told apart.
            Self::CostPerConversation if sums.priced_conversations == 0 => 0,
            Self::CostPerConversation | Self::ErrorShare => sums.calls,
            Self::InputTokensPerCall => sums.input_calls,
            Self::OutputTokensPerCall => sums.output_calls,
            Self::CacheReadShare => sums.cache_calls,
            Self::Score => sums.scored_calls,
        }
    }
}

fn billionths(part: u64, whole: u64) -> (i128, i128) {
    (i128::from(part) * BILLION, i128::from(whole))
}

#[cfg(test)]
mod tests {
    use super::{Metric, Sums};
    use crate::units::Usd;

    #[test]
    fn figures_worked_out_by_hand() {
        let sums = Sums {
            calls: 8,
            priced_calls: 4,
            // 0.001 dollars over 4 calls and over 3 conversations.
            cost: Usd::from_femto(1_000_000_000_000),
            priced_conversations: 3,
            conversation_cost: Usd::from_femto(1_000_000_000_000),
            input_calls: 8,
            input: 10_000,
            output_calls: 3,
            output: 7,
            cache_calls: 4,
            cacheable: 6_000,
            cache_read: 4_500,
            errors: 1,
            scored_calls: 2,
            score: 1_500_000_000,
        };
        let found = Metric::ALL.map(|metric| metric.of(&sums));
        let expected = [
            250_000,
            333_333,
            // 10,000 / 8 = 1,250; 7 / 3 = 2.333333333.
            1_250_000_000_000,
            2_333_333_333,
            // 4,500 / 6,000; 1 / 8; (0.5 + 1) / 2.
            750_000_000,
            125_000_000,
            750_000_000,
        ];
        assert_eq!(found, expected.map(Some));
        assert_eq!(Metric::ALL.map(|metric| metric.of(&Sums::default())), [None; 7]);
    }
}

//! The limit of a feature's answers, and what it would cut off.

use crate::techniques::parameter::Value;
use crate::techniques::profile::GroupProfile;

/// A limit on the output tokens of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Tokens, reasoning included.
    pub tokens: u64,
    /// The answers it was derived from.
    pub answers: u64,
    /// How many of these are longer.
    pub above: u64,
    /// Whether the log says which answers ended by themselves.
    pub has_finishes: bool,
}

impl Limit {
    /// ⌈factor · quantile⌉ of the answers that ended by themselves, of all
    /// answers where the log does not say why they ended. `None` where there
    /// are fewer than `fewest`.
    pub(super) fn of(
        group: &GroupProfile,
        quantile: Value,
        factor: Value,
        fewest: u64,
    ) -> Option<Self> {
        let has_finishes = group.finishes > 0;
        let outputs = if has_finishes { &group.finished_outputs } else { &group.outputs };
        if outputs.len() < fewest.max(1) {
            return None;
        }
        let value = u128::from(outputs.quantile(quantile.millionths())?);
        let factor = u128::try_from(factor.millionths()).unwrap_or(0);
        let tokens = (value * factor).div_ceil(Value::MILLION.unsigned_abs().into());
        let tokens = u64::try_from(tokens).unwrap_or(u64::MAX);
        let above = outputs.iter().filter(|(output, _)| *output > tokens);
        let above = above.map(|(_, count)| count).sum();
        Some(Self { tokens, answers: outputs.len(), above, has_finishes })
    }
}

#[cfg(test)]
mod tests {
    use super::Limit;
    use crate::techniques::parameter::Value;
    use crate::techniques::profile::GroupProfile;

    #[test]
    fn a_limit_is_rounded_up_and_counts_what_is_longer() {
        let mut group = GroupProfile { finishes: 10, ..GroupProfile::default() };
        for output in 1..=10 {
            group.finished_outputs.add(output * 10);
        }
        // Runaways that did not end by themselves do not count.
        group.outputs.add(9_999);
        let share = Value::hundredths(90);
        // The ninth of ten is 90; 1.05 times that is 94.5.
        let limit = Limit::of(&group, share, Value::hundredths(105), 10).unwrap();
        assert_eq!((limit.tokens, limit.answers, limit.above), (95, 10, 1));
        assert_eq!(Limit::of(&group, share, Value::ONE, 11), None);
        group.finishes = 0;
        let all = Limit::of(&group, share, Value::ONE, 1).unwrap();
        assert_eq!((all.tokens, all.answers, all.has_finishes), (9_999, 1, false));
    }
}

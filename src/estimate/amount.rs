//! What one average call costs: finer than a femto-dollar, so that averages and
//! shares stay exact until a month's bill is rounded.
//!
//! Average tokens and shares have six decimals each. An amount is kept in
//! 1e-27 dollars: tokens times a rate is exact there, and so is every mean over
//! shares with two decimals, six deep. Longer ones are rounded half to even at
//! that place, far below what a bill can show. Knows no model and no technique.

use std::iter::Sum;
use std::ops::{Add, AddAssign};

use crate::techniques::parameter::Value;
use crate::units::{Rate, Usd, divide_half_even};

/// Of these make a femto-dollar.
const PER_FEMTO: i128 = 1_000_000_000_000;
const MILLION: i128 = Value::MILLION as i128;

/// An amount of money in 1e-27 dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PerCall(i128);

impl PerCall {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// What an average of so many tokens costs, exactly.
    #[must_use]
    pub fn of(rate: Rate, tokens: Value) -> Self {
        let product = i128::from(rate.femto_per_token()) * i128::from(tokens.millionths());
        Self(product.saturating_mul(PER_FEMTO / MILLION))
    }

    /// The mean over whole states with shares as their weights.
    #[must_use]
    pub fn mean(states: &[(Self, Value)]) -> Self {
        let weighted = states
            .iter()
            .map(|(amount, share)| amount.0.saturating_mul(i128::from(share.millionths())));
        Self(divide_half_even(weighted.fold(0, i128::saturating_add), MILLION))
    }

    /// The mean of two states, of which the first has this share.
    #[must_use]
    pub fn mix(self, other: Self, share: Value) -> Self {
        Self::mean(&[(self, share), (other, rest(share))])
    }

    /// The amount so many times, such as a share of it.
    #[must_use]
    pub fn scaled(self, factor: Value) -> Self {
        Self::mean(&[(self, factor)])
    }

    /// An equal part of an amount that is paid once for so many calls.
    #[must_use]
    pub fn shared_by(self, calls: u64) -> Self {
        Self(divide_half_even(self.0, i128::from(calls.max(1))))
    }

    /// What so many calls cost, rounded half to even to a femto-dollar.
    #[must_use]
    pub fn times(self, calls: u64) -> Usd {
        Usd::from_femto(divide_half_even(self.0.saturating_mul(calls.into()), PER_FEMTO))
    }
}

impl Add for PerCall {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for PerCall {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for PerCall {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Add::add)
    }
}

/// What a share leaves over.
#[must_use]
pub(super) const fn rest(share: Value) -> Value {
    Value::from_millionths(Value::MILLION - share.millionths())
}

/// One value times another, rounded half to even to six decimals.
#[must_use]
pub(super) fn product(one: Value, other: Value) -> Value {
    let product = i128::from(one.millionths()) * i128::from(other.millionths());
    let rounded = divide_half_even(product, MILLION);
    Value::from_millionths(i64::try_from(rounded).unwrap_or(i64::MAX))
}

/// The sum of values; it stays below what has no bound.
#[must_use]
pub(super) fn sum(values: &[Value]) -> Value {
    let sum = values.iter().fold(0_i64, |sum, value| sum.saturating_add(value.millionths()));
    Value::from_millionths(sum.min(i64::MAX - 1))
}

/// The difference, or nothing where the other is larger.
#[must_use]
pub(super) fn less(one: Value, other: Value) -> Value {
    Value::from_millionths(one.millionths().saturating_sub(other.millionths()).max(0))
}

#[cfg(test)]
mod tests {
    use super::PerCall;
    use crate::techniques::parameter::Value;
    use crate::units::{Rate, Usd};

    #[test]
    fn a_third_of_a_token_is_not_lost_on_a_million_calls() {
        // By hand: 1,333.333333 tokens at $3 per million, a million times.
        let rate = Rate::from_usd_per_million("3").unwrap();
        let tokens = Value::parse("1333.333333").unwrap();
        let bill = PerCall::of(rate, tokens).times(1_000_000);
        assert_eq!(bill, Usd::from_decimal("3999.999999").unwrap());
    }

    #[test]
    fn means_of_means_stay_exact_for_shares_of_two_decimals() {
        let rate = Rate::from_usd_per_million("1").unwrap();
        let mut amount = PerCall::of(rate, Value::ONE);
        for _ in 0..4 {
            amount = amount.mix(PerCall::ZERO, Value::hundredths(37));
        }
        // 0.37^4 = 0.01874161 of a millionth of a dollar, a million times.
        assert_eq!(amount.times(1_000_000), Usd::from_decimal("0.01874161").unwrap());
    }
}

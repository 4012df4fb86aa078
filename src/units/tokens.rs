//! Counts of tokens.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};

use serde::{Deserialize, Serialize};

/// A number of tokens, as counted or billed by a provider.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Tokens(u64);

impl Tokens {
    /// No tokens at all: a counted zero, never a stand-in for "unknown".
    pub const ZERO: Self = Self(0);

    /// A count of `count` tokens.
    #[must_use]
    pub const fn new(count: u64) -> Self {
        Self(count)
    }

    /// The count as a plain integer.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The difference, or `None` where `other` is larger.
    #[must_use]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(rest) => Some(Self(rest)),
            None => None,
        }
    }

    /// The difference, or zero where `other` is larger.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Whether the count is zero.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

// A log cannot hold 2^64 tokens, but a forged line can claim it: sums saturate
// instead of wrapping or aborting.
impl Add for Tokens {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Tokens {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Tokens {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Add::add)
    }
}

impl From<u64> for Tokens {
    fn from(count: u64) -> Self {
        Self(count)
    }
}

impl fmt::Display for Tokens {
    /// Writes the count with a comma between groups of three digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&group_thousands(&self.0.to_string()))
    }
}

/// Puts a comma between groups of three digits of a run of decimal digits.
#[must_use]
pub fn group_thousands(digits: &str) -> String {
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number of things with its noun: `1 call`, `2,190 calls`.
#[must_use]
pub fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", group_thousands(&number.to_string()))
}

/// A part of a number of things: `1 of 1 call`, `3 of 2,190 calls`.
#[must_use]
pub fn counted_of(part: u64, number: u64, noun: &str) -> String {
    format!("{} of {}", group_thousands(&part.to_string()), counted(number, noun))
}

#[cfg(test)]
mod tests {
    use super::{Tokens, counted, counted_of};

    #[test]
    fn digits_are_grouped_by_thousands() {
        for (count, shown) in [(0, "0"), (999, "999"), (1000, "1,000"), (83_821_195, "83,821,195")]
        {
            assert_eq!(Tokens::new(count).to_string(), shown);
        }
    }

    #[test]
    fn one_thing_is_not_many() {
        assert_eq!(counted(1, "call"), "1 call");
        assert_eq!(counted(2_190, "call"), "2,190 calls");
        assert_eq!(counted_of(1, 1, "call"), "1 of 1 call");
        assert_eq!(counted_of(0, 8_819, "call"), "0 of 8,819 calls");
    }

    #[test]
    fn sums_saturate() {
        assert_eq!(Tokens::new(u64::MAX) + Tokens::new(1), Tokens::new(u64::MAX));
    }
}

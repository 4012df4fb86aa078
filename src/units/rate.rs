//! Prices per token and the factors that scale them.

use std::fmt;
use std::ops::Mul;

use super::money::{MoneyError, parse_scaled};
use super::{Tokens, Usd, divide_half_even};

/// A price in femto-dollars per token.
///
/// One dollar per million tokens is 1e9 femto-dollars a token, so every price
/// with up to nine decimals per million is a whole number here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(u64);

/// Decimals a price per million tokens may have and still be exact.
const PER_MILLION_DECIMALS: usize = 9;
/// A million dollars per million tokens: anything above is a typing error.
const HIGHEST: i128 = 1_000_000_000_000_000;

impl Rate {
    /// Free of charge: an explicit price of zero.
    pub const FREE: Self = Self(0);

    /// Reads a decimal number of dollars per million tokens.
    ///
    /// # Errors
    /// When the text is no number, is negative, has more than nine decimals or
    /// exceeds a dollar a token.
    pub fn from_usd_per_million(text: &str) -> Result<Self, MoneyError> {
        let femto = parse_scaled(text, PER_MILLION_DECIMALS, false)?;
        if !(0..=HIGHEST).contains(&femto) {
            return Err(MoneyError::OutOfRange);
        }
        u64::try_from(femto).map(Self).map_err(|_| MoneyError::OutOfRange)
    }

    /// A rate of `femto` femto-dollars per token.
    #[must_use]
    pub const fn from_femto_per_token(femto: u64) -> Self {
        Self(femto)
    }

    /// The rate in femto-dollars per token.
    #[must_use]
    pub const fn femto_per_token(self) -> u64 {
        self.0
    }

    /// The rate times a factor, rounded half to even to a femto-dollar.
    #[must_use]
    pub fn scaled(self, factor: Multiplier) -> Self {
        let scaled =
            divide_half_even(i128::from(self.0) * i128::from(factor.0), Multiplier::UNIT.into());
        Self(u64::try_from(scaled).unwrap_or(u64::MAX))
    }
}

impl Mul<Tokens> for Rate {
    type Output = Usd;

    fn mul(self, tokens: Tokens) -> Usd {
        // Exact below 2^127: a u64 times a u64 can reach 2^128, so saturate.
        let product = u128::from(self.0) * u128::from(tokens.get());
        Usd::from_femto(i128::try_from(product).unwrap_or(i128::MAX))
    }
}

impl fmt::Display for Rate {
    /// Writes dollars per million tokens, trailing zeros dropped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&super::NanoUsd::from_nano(self.0.into()).to_string())
    }
}

/// A factor on a price, such as a regional uplift of 1.1, in millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Multiplier(u64);

impl Multiplier {
    const UNIT: u64 = 1_000_000;
    const DECIMALS: usize = 6;
    /// The factor that changes nothing.
    pub const ONE: Self = Self(Self::UNIT);

    /// Reads a decimal factor with up to six decimals.
    ///
    /// # Errors
    /// When the text is no number, is negative, is too precise or exceeds 1000.
    pub fn from_decimal(text: &str) -> Result<Self, MoneyError> {
        let millionths = parse_scaled(text, Self::DECIMALS, false)?;
        match u64::try_from(millionths) {
            Ok(millionths) if millionths <= 1000 * Self::UNIT => Ok(Self(millionths)),
            _ => Err(MoneyError::OutOfRange),
        }
    }

    /// The product of two factors, rounded half to even.
    #[must_use]
    pub fn times(self, other: Self) -> Self {
        let product = divide_half_even(i128::from(self.0) * i128::from(other.0), Self::UNIT.into());
        Self(u64::try_from(product).unwrap_or(u64::MAX))
    }
}

impl fmt::Display for Multiplier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&super::NanoUsd::from_nano(i128::from(self.0) * 1_000).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::{Multiplier, Rate};
    use crate::units::{Tokens, Usd};

    #[test]
    fn a_published_bill_is_reproduced_to_the_femto_dollar() {
        // By hand: 1,841,739 misses at 0.28 + 81,979,456 hits at 0.028 +
        // 791,023 answered at 0.42 dollars per million.
        let rate = |text| Rate::from_usd_per_million(text).unwrap_or_default();
        let total = rate("0.28") * Tokens::new(1_841_739)
            + rate("0.028") * Tokens::new(81_979_456)
            + rate("0.42") * Tokens::new(791_023);
        assert_eq!(Ok(total), Usd::from_decimal("3.143341348"));
    }

    #[test]
    fn halves_of_small_prices_stay_exact() {
        let read = Rate::from_usd_per_million("0.0005").unwrap_or_default();
        assert_eq!(read.femto_per_token(), 500_000);
        assert_eq!(
            Multiplier::from_decimal("0.5").map(|half| read.scaled(half).to_string()),
            Ok("0.00025".to_owned())
        );
    }

    #[test]
    fn impossible_prices_are_refused() {
        for text in ["-1", "abc", "0.0000000001", "1e15"] {
            assert!(Rate::from_usd_per_million(text).is_err(), "{text}");
        }
    }
}

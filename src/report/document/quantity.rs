//! A number with its unit: what a rule measures and what it allows.
//!
//! Knows no rule. Numbers are exact: dollars to the nano-dollar, everything else
//! to the millionth.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Decimal, Quotient};
use crate::units::NanoUsd;

/// What a [`Quantity`] counts.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// US dollars.
    Usd,
    /// Tokens, or a mean of tokens.
    Tokens,
    /// Calls, or a mean of calls.
    Calls,
    /// A part of a whole: 0.2 is 20 %.
    Share,
    /// Milliseconds.
    Milliseconds,
}

/// A number with its unit. The number is in billionths, so that dollars lose no
/// nano-dollar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Quantity {
    /// The number, a plain decimal with at most nine decimals.
    #[serde(rename = "value")]
    number: Decimal,
    /// What it counts.
    pub unit: Unit,
}

impl Quantity {
    /// So many billionths of a unit.
    #[must_use]
    pub const fn from_billionths(billionths: i128, unit: Unit) -> Self {
        Self { number: Decimal::from_billionths(billionths), unit }
    }

    /// An amount of dollars.
    #[must_use]
    pub const fn usd(amount: NanoUsd) -> Self {
        Self::from_billionths(amount.nano(), Unit::Usd)
    }

    /// A whole number of a unit.
    #[must_use]
    pub const fn whole(number: u64, unit: Unit) -> Self {
        Self::from_billionths(number as i128 * 1_000_000_000, unit)
    }

    /// A mean or a ratio of a unit.
    #[must_use]
    pub fn mean(quotient: Quotient, unit: Unit) -> Self {
        Self::from_billionths(quotient.millionths() * 1_000, unit)
    }

    /// The number in billionths of the unit.
    #[must_use]
    pub const fn billionths(self) -> i128 {
        self.number.billionths()
    }

    /// The number with its unit as people read it: `$4,812.37`, `20.3 %`,
    /// `3,910 tokens`.
    #[must_use]
    pub fn to_display(self) -> String {
        match self.unit {
            Unit::Usd => NanoUsd::from_nano(self.billionths()).to_display(),
            Unit::Share => format!("{} %", self.decimal(1, 100)),
            Unit::Tokens => format!("{} tokens", self.short()),
            Unit::Calls => format!("{} calls", self.short()),
            Unit::Milliseconds => format!("{} ms", self.short()),
        }
    }

    /// Whole where it is whole, else with one decimal.
    fn short(self) -> String {
        let is_whole = self.billionths() % 1_000_000_000 == 0;
        self.decimal(u32::from(!is_whole), 1)
    }

    /// The number times `factor` with `decimals` decimals, rounded half up in
    /// size.
    fn decimal(self, decimals: u32, factor: i128) -> String {
        let sign = if self.billionths() < 0 { "-" } else { "" };
        let number = Decimal::from_billionths(self.billionths().saturating_mul(factor));
        format!("{sign}{}", number.to_display(decimals))
    }
}

#[cfg(test)]
mod tests {
    use super::{Quantity, Unit};
    use crate::report::document::Quotient;
    use crate::units::NanoUsd;

    #[test]
    fn people_read_a_number_with_its_unit() {
        let shown = |quantity: Quantity| quantity.to_display();
        assert_eq!(shown(Quantity::usd(NanoUsd::from_nano(4_812_370_000_000))), "$4,812.37");
        assert_eq!(shown(Quantity::from_billionths(203_400_000, Unit::Share)), "20.3 %");
        assert_eq!(shown(Quantity::from_billionths(-50_000_000, Unit::Share)), "-5.0 %");
        assert_eq!(shown(Quantity::whole(3_910, Unit::Tokens)), "3,910 tokens");
        let mean = Quotient::of_counts(7, 3).map(|mean| Quantity::mean(mean, Unit::Tokens));
        assert_eq!(mean.map(shown).as_deref(), Some("2.3 tokens"));
    }
}

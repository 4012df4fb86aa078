//! Means and ratios, in millionths.
//!
//! Knows no unit: the field that holds a quotient says what it counts.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::units::{Share, Tokens, group_thousands};

/// One integer over another: a mean, a ratio, a number of days.
///
/// Serialised as a decimal with at most six decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quotient(Share);

impl Quotient {
    /// `dividend` over `divisor`; `None` where the divisor is zero.
    #[must_use]
    pub fn of_counts(dividend: u64, divisor: u64) -> Option<Self> {
        Share::of_counts(dividend, divisor).map(Self)
    }

    /// The mean of `sum` tokens over `count` calls; `None` without calls.
    #[must_use]
    pub fn mean_tokens(sum: Tokens, count: u64) -> Option<Self> {
        Self::of_counts(sum.get(), count)
    }

    /// A value of so many millionths.
    #[must_use]
    pub const fn from_millionths(millionths: u64) -> Self {
        Self(Share::from_millionths(millionths))
    }

    /// The value in millionths, rounded half to even.
    #[must_use]
    pub const fn millionths(self) -> i128 {
        self.0.millionths()
    }

    /// The value as people read it, with `decimals` decimals (at most six),
    /// rounded half up, commas between thousands.
    #[must_use]
    pub fn to_display(self, decimals: u32) -> String {
        let decimals = decimals.min(6);
        let scale = 10_u128.pow(6 - decimals);
        let rounded = (self.millionths().unsigned_abs() + scale / 2) / scale;
        let unit = 10_u128.pow(decimals);
        let whole = group_thousands(&(rounded / unit).to_string());
        if decimals == 0 {
            return whole;
        }
        let fraction = rounded % unit;
        format!("{whole}.{fraction:0width$}", width = decimals as usize)
    }
}

impl Default for Quotient {
    /// Nothing, as a known number.
    fn default() -> Self {
        Self::from_millionths(0)
    }
}

impl Serialize for Quotient {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Quotient {
    /// Reads what [`Serialize`] wrote, as [`Share`] does.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Share::deserialize(deserializer).map(Self)
    }
}

impl JsonSchema for Quotient {
    fn schema_name() -> Cow<'static, str> {
        "Quotient".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "type": "number",
            "minimum": 0,
            "description": "a mean or a ratio, a plain decimal with at most six decimals"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Quotient;

    #[test]
    fn millionths_are_kept_digit_for_digit() {
        let json = |millionths| serde_json::to_string(&Quotient::from_millionths(millionths)).ok();
        assert_eq!(json(350_000).as_deref(), Some("0.35"));
        assert_eq!(json(3_600_000_000).as_deref(), Some("3600"));
        assert_eq!(Quotient::default().millionths(), 0);
    }

    #[test]
    fn people_choose_the_decimals() {
        // 7 / 3 = 2.333333, 10,000 / 8 = 1,250, 1 / 8 = 0.125.
        let shown = |dividend, divisor, decimals| {
            Quotient::of_counts(dividend, divisor).map(|quotient| quotient.to_display(decimals))
        };
        assert_eq!(shown(7, 3, 1).as_deref(), Some("2.3"));
        assert_eq!(shown(10_000, 8, 0).as_deref(), Some("1,250"));
        assert_eq!(shown(1, 8, 2).as_deref(), Some("0.13"));
        assert_eq!(shown(1, 0, 2), None);
    }
}

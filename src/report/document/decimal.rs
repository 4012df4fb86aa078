//! A number with a sign and at most nine decimals.
//!
//! Knows no unit: the field that holds it says what it counts.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::units::{NanoUsd, Usd, group_thousands};

/// A number in billionths, exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decimal(i128);

impl Decimal {
    /// A number of so many billionths.
    #[must_use]
    pub const fn from_billionths(billionths: i128) -> Self {
        Self(billionths)
    }

    /// The number in billionths.
    #[must_use]
    pub const fn billionths(self) -> i128 {
        self.0
    }

    /// The number as people read it, with `decimals` decimals (at most nine),
    /// rounded half up, commas between thousands, without its sign.
    #[must_use]
    pub fn to_display(self, decimals: u32) -> String {
        let decimals = decimals.min(9);
        let scale = 10_u128.pow(9 - decimals);
        let rounded = (self.0.unsigned_abs() + scale / 2) / scale;
        let unit = 10_u128.pow(decimals);
        let whole = group_thousands(&(rounded / unit).to_string());
        if decimals == 0 {
            return whole;
        }
        format!("{whole}.{:0width$}", rounded % unit, width = decimals as usize)
    }
}

impl std::fmt::Display for Decimal {
    /// Writes the plain decimal of the JSON contract.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        NanoUsd::from_nano(self.0).fmt(f)
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        NanoUsd::from_nano(self.0).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A raw value keeps every digit; a float would not.
        let text = Box::<RawValue>::deserialize(deserializer)?;
        let number = Usd::from_decimal(text.get()).map_err(serde::de::Error::custom)?;
        Ok(Self(number.to_nano().nano()))
    }
}

impl JsonSchema for Decimal {
    fn schema_name() -> Cow<'static, str> {
        "Decimal".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "type": "number",
            "description": "a plain decimal with at most nine decimals"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Decimal;

    #[test]
    fn every_digit_comes_back() {
        for (billionths, text) in [(0, "0"), (-1_500_000_001, "-1.500000001"), (70, "0.00000007")] {
            let number = Decimal::from_billionths(billionths);
            assert_eq!(serde_json::to_string(&number).ok().as_deref(), Some(text));
            assert_eq!(serde_json::from_str(text).ok(), Some(number));
        }
        assert!(serde_json::from_str::<Decimal>("\"1\"").is_err());
    }

    #[test]
    fn people_choose_the_decimals() {
        let shown =
            |billionths, decimals| Decimal::from_billionths(billionths).to_display(decimals);
        assert_eq!(shown(1_234_567_890_000, 1), "1,234.6");
        assert_eq!(shown(-850_000_000, 3), "0.850");
        assert_eq!(shown(999_999_999, 0), "1");
    }
}

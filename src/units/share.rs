//! A part of a whole, in millionths: what documents carry.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{NanoUsd, Tokens, Usd, divide_half_even};

/// A share in millionths, rounded once, half to even.
///
/// Serialised as a decimal with at most six decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share(i128);

const MILLION: i128 = 1_000_000;

impl Share {
    /// A share of so many millionths of one.
    #[must_use]
    pub const fn from_millionths(millionths: u64) -> Self {
        Self(millionths as i128)
    }

    /// A share of counts; `None` where there is no whole to take a share of.
    #[must_use]
    pub fn of_counts(part: u64, whole: u64) -> Option<Self> {
        Self::of(part.into(), whole.into())
    }

    /// A share of token counts.
    #[must_use]
    pub fn of_tokens(part: Tokens, whole: Tokens) -> Option<Self> {
        Self::of_counts(part.get(), whole.get())
    }

    /// A share of amounts; `None` where the whole is not positive.
    #[must_use]
    pub fn of_usd(part: Usd, whole: Usd) -> Option<Self> {
        // Nano-dollars leave room for the scaling below in 128 bits.
        Self::of_nano(part.to_nano(), whole.to_nano())
    }

    /// A share of rounded amounts; `None` where the whole is not positive.
    #[must_use]
    pub fn of_nano(part: NanoUsd, whole: NanoUsd) -> Option<Self> {
        Self::of(part.nano(), whole.nano())
    }

    fn of(part: i128, whole: i128) -> Option<Self> {
        if whole <= 0 {
            return None;
        }
        Some(Self(match part.checked_mul(MILLION) {
            Some(scaled) => divide_half_even(scaled, whole),
            None => part / (whole / MILLION).max(1),
        }))
    }

    /// The share in millionths.
    #[must_use]
    pub const fn millionths(self) -> i128 {
        self.0
    }

    /// The share as a percentage with one decimal, such as `97.8 %`.
    #[must_use]
    pub fn to_percent(self) -> String {
        let tenths = divide_half_even(self.0, 1_000);
        let sign = if tenths < 0 { "-" } else { "" };
        let tenths = tenths.unsigned_abs();
        let whole = super::group_thousands(&(tenths / 10).to_string());
        format!("{sign}{whole}.{} %", tenths % 10)
    }
}

impl Serialize for Share {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        NanoUsd::from_nano(self.0.saturating_mul(1_000)).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Share {
    /// Reads what [`Serialize`] wrote, as [`NanoUsd`] does.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let decimal = NanoUsd::deserialize(deserializer)?;
        Ok(Self(divide_half_even(decimal.nano(), 1_000)))
    }
}

impl schemars::JsonSchema for Share {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Share".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "number",
            "description": "a part of a whole, a decimal with at most six decimals"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Share;

    #[test]
    fn equal_shares_of_different_wholes_are_equal() {
        assert_eq!(Share::of_counts(7, 7), Some(Share::from_millionths(1_000_000)));
        assert_eq!(Share::of_counts(1, 3), serde_json::from_str("0.333333").ok());
    }

    #[test]
    fn shares_are_rounded_once() {
        let third = Share::of_counts(1, 3);
        assert_eq!(third.map(Share::to_percent).as_deref(), Some("33.3 %"));
        assert_eq!(
            third.and_then(|share| serde_json::to_string(&share).ok()).as_deref(),
            Some("0.333333")
        );
        assert!(Share::of_counts(0, 0).is_none());
    }
}

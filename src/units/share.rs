//! A part of a whole, kept as two integers until it is shown.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{NanoUsd, Tokens, Usd, divide_half_even};

/// A share: `part` of `whole`, both exact. The whole is never zero.
///
/// Serialised as a decimal with at most six decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    part: i128,
    whole: i128,
}

const MILLION: i128 = 1_000_000;

impl Share {
    /// A share of so many millionths of one.
    #[must_use]
    pub const fn from_millionths(millionths: u64) -> Self {
        Self { part: millionths as i128, whole: MILLION }
    }

    /// A share of counts; `None` where there is no whole to take a share of.
    #[must_use]
    pub const fn of_counts(part: u64, whole: u64) -> Option<Self> {
        if whole == 0 {
            return None;
        }
        Some(Self { part: part as i128, whole: whole as i128 })
    }

    /// A share of token counts.
    #[must_use]
    pub const fn of_tokens(part: Tokens, whole: Tokens) -> Option<Self> {
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
    pub const fn of_nano(part: NanoUsd, whole: NanoUsd) -> Option<Self> {
        if whole.nano() <= 0 {
            return None;
        }
        Some(Self { part: part.nano(), whole: whole.nano() })
    }

    /// The share in millionths, rounded half to even.
    #[must_use]
    pub fn millionths(self) -> i128 {
        match self.part.checked_mul(MILLION) {
            Some(scaled) => divide_half_even(scaled, self.whole),
            None => self.part / (self.whole / MILLION).max(1),
        }
    }

    /// The share as a percentage with one decimal, such as `97.8 %`.
    #[must_use]
    pub fn to_percent(self) -> String {
        let tenths = divide_half_even(self.millionths(), 1_000);
        let sign = if tenths < 0 { "-" } else { "" };
        let tenths = tenths.unsigned_abs();
        format!("{sign}{}.{} %", tenths / 10, tenths % 10)
    }
}

impl Serialize for Share {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        NanoUsd::from_nano(self.millionths() * 1_000).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Share {
    /// Reads millionths: the part and the whole behind them are not written.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let decimal = NanoUsd::deserialize(deserializer)?;
        Ok(Self { part: divide_half_even(decimal.nano(), 1_000), whole: MILLION })
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

//! Dollars, exact to the femto-dollar.
//!
//! Today's prices, halved for batch, are not whole nano-dollars a token, so
//! amounts are kept in femto-dollars (1e-15) and rounded once, half to even,
//! to nano-dollars where they enter a document.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub};

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{divide_half_even, wide};

const FEMTO_PER_USD: i128 = 1_000_000_000_000_000;
const FEMTO_PER_NANO: i128 = 1_000_000;
const NANO_PER_USD: i128 = 1_000_000_000;
const FEMTO_DIGITS: usize = 15;
const NANO_DIGITS: usize = 9;

/// An exact amount of US dollars, in femto-dollars (1e-15).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Usd(i128);

/// Why a text is not an amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The text is not a plain or scientific decimal number.
    #[error("not a decimal number")]
    NotDecimal,
    /// The number is too large to be an amount or a rate.
    #[error("number out of range")]
    OutOfRange,
    /// The number has more decimals than the quantity can hold exactly.
    #[error("more than {0} decimals")]
    TooPrecise(usize),
}

impl Usd {
    /// Nothing: a known zero, never a stand-in for "unknown".
    pub const ZERO: Self = Self(0);

    /// An amount of `femto` femto-dollars.
    #[must_use]
    pub const fn from_femto(femto: i128) -> Self {
        Self(femto)
    }

    /// The amount in femto-dollars.
    #[must_use]
    pub const fn femto(self) -> i128 {
        self.0
    }

    /// Reads a decimal such as `0.00022500000000000002`, `1e-7` or `-3`.
    ///
    /// Digits beyond the fifteenth decimal are rounded half to even: logged
    /// costs are printed floats and carry noise there.
    ///
    /// # Errors
    /// When the text is not a number or exceeds a hundred billion dollars.
    pub fn from_decimal(text: &str) -> Result<Self, MoneyError> {
        parse_scaled(text, FEMTO_DIGITS, true).map(Self)
    }

    /// Reads a decimal number of cents.
    ///
    /// # Errors
    /// As [`Usd::from_decimal`].
    pub fn from_decimal_cents(text: &str) -> Result<Self, MoneyError> {
        parse_scaled(text, FEMTO_DIGITS - 2, true).map(Self)
    }

    /// Rounds to whole nano-dollars, half to even.
    #[must_use]
    pub fn to_nano(self) -> NanoUsd {
        NanoUsd(divide_half_even(self.0, FEMTO_PER_NANO))
    }

    /// The amount as a plain decimal number, exact, without trailing zeros.
    #[must_use]
    pub fn to_decimal(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let digits = format!("{:016}", self.0.unsigned_abs());
        let (whole, fraction) = digits.split_at(digits.len() - FEMTO_DIGITS);
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() { "" } else { "." };
        format!("{sign}{whole}{point}{fraction}")
    }

    /// The amount times a ratio, exact in 256 bits and rounded once to a
    /// femto-dollar, half to even. Without a positive denominator there is no
    /// ratio: the amount as it is.
    #[must_use]
    pub fn times(self, numerator: i128, denominator: i128) -> Self {
        if numerator == denominator || denominator <= 0 {
            return self;
        }
        let size = wide::ratio(
            self.0.unsigned_abs(),
            numerator.unsigned_abs(),
            denominator.unsigned_abs(),
        );
        let size = i128::try_from(size).unwrap_or(i128::MAX);
        Self(if (self.0 < 0) == (numerator < 0) { size } else { -size })
    }

    /// Divides by a positive count, half to even: a mean.
    #[must_use]
    pub fn mean_over(self, count: u64) -> Option<Self> {
        (count > 0).then(|| Self(divide_half_even(self.0, i128::from(count))))
    }
}

impl Add for Usd {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Usd {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Usd {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Neg for Usd {
    type Output = Self;

    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Add::add)
    }
}

/// An amount rounded to whole nano-dollars (1e-9): what documents carry.
///
/// Serialised as a plain JSON number with at most nine decimals, trailing
/// zeros dropped, no exponent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NanoUsd(i128);

impl NanoUsd {
    /// A known zero.
    pub const ZERO: Self = Self(0);

    /// An amount of `nano` nano-dollars.
    #[must_use]
    pub const fn from_nano(nano: i128) -> Self {
        Self(nano)
    }

    /// The amount in nano-dollars.
    #[must_use]
    pub const fn nano(self) -> i128 {
        self.0
    }

    /// The amount as an exact [`Usd`].
    #[must_use]
    pub const fn to_usd(self) -> Usd {
        Usd(self.0 * FEMTO_PER_NANO)
    }

    /// The amount as people read it: cents from a dollar up, four significant
    /// digits below, `$0` for exactly nothing.
    #[must_use]
    pub fn to_display(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let nano = self.0.unsigned_abs();
        if nano == 0 {
            return "$0".to_owned();
        }
        let decimals = if nano >= 1_000_000_000 {
            2
        } else {
            // One leading digit at 10^k nano-dollars sits at decimal 9 - k.
            let leading = NANO_DIGITS - nano.ilog10() as usize;
            (leading + 3).clamp(4, NANO_DIGITS)
        };
        let scale = 10_i128.pow((NANO_DIGITS - decimals).try_into().unwrap_or(0));
        let rounded = divide_half_even(nano.cast_signed(), scale).unsigned_abs();
        let unit = 10_u128.pow(decimals.try_into().unwrap_or(0));
        let whole = super::group_thousands(&(rounded / unit).to_string());
        let fraction = format!("{:0decimals$}", rounded % unit);
        format!("{sign}${whole}.{fraction}")
    }
}

impl Add for NanoUsd {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for NanoUsd {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Sum for NanoUsd {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for NanoUsd {
    /// Writes the plain decimal of the JSON contract, without a currency sign.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let digits = format!("{:010}", self.0.unsigned_abs());
        let (whole, fraction) = digits.split_at(digits.len() - NANO_DIGITS);
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() { "" } else { "." };
        f.pad(&format!("{sign}{whole}{point}{fraction}"))
    }
}

impl Serialize for NanoUsd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // A raw value keeps every digit; a float would not.
        serde_json::value::RawValue::from_string(self.to_string())
            .map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for NanoUsd {
    /// Reads what [`Serialize`] wrote.
    ///
    /// The reader of JSON hands decimals over as floats. Rounded to nine
    /// decimals they are the amount that was written, digit for digit, up to
    /// 2^23 = 8,388,608 dollars to either side, and whole dollars beyond; from
    /// there on the last decimals may differ.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Decimal)
    }
}

/// Takes a number, however it is handed over.
struct Decimal;

impl Visitor<'_> for Decimal {
    type Value = NanoUsd;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of US dollars or a share")
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<NanoUsd, E> {
        // A float is printed in full, without an exponent.
        let amount = parse_scaled(&number.to_string(), NANO_DIGITS, true);
        amount.map(NanoUsd).map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<NanoUsd, E> {
        Ok(NanoUsd(i128::from(number) * NANO_PER_USD))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<NanoUsd, E> {
        Ok(NanoUsd(i128::from(number) * NANO_PER_USD))
    }
}

impl schemars::JsonSchema for NanoUsd {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Usd".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "number",
            "description": "US dollars, a plain decimal with at most nine decimals"
        })
    }
}

/// Reads a decimal (plain or scientific) as an integer of `10^-decimals` units.
///
/// With `round`, digits beyond the last decimal are rounded half to even;
/// without it they must be zeros.
pub(super) fn parse_scaled(text: &str, decimals: usize, round: bool) -> Result<i128, MoneyError> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => {
            (mantissa, exponent.parse::<i32>().map_err(|_| MoneyError::NotDecimal)?)
        }
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: String = [whole, fraction].concat();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(MoneyError::NotDecimal);
    }
    let digits = digits.trim_start_matches('0');
    let decimals = i32::try_from(decimals).map_err(|_| MoneyError::OutOfRange)?;
    let fraction_digits = i32::try_from(fraction.len()).map_err(|_| MoneyError::OutOfRange)?;
    // value = digits * 10^shift, in units of 10^-decimals.
    let shift = exponent
        .checked_add(decimals)
        .and_then(|shift| shift.checked_sub(fraction_digits))
        .ok_or(MoneyError::OutOfRange)?;
    let magnitude = shift_digits(digits, shift, round)
        .map_err(|kind| kind.unwrap_or(MoneyError::TooPrecise(decimals.unsigned_abs() as usize)))?;
    Ok(if negative { -magnitude } else { magnitude })
}

/// `digits * 10^shift`; the error is `None` where precision would be lost.
fn shift_digits(digits: &str, shift: i32, round: bool) -> Result<i128, Option<MoneyError>> {
    // A hundred billion dollars in femto-dollars has 27 digits.
    const MOST_DIGITS: i64 = 27;
    if digits.is_empty() {
        return Ok(0);
    }
    let whole = i64::try_from(digits.len()).unwrap_or(i64::MAX);
    if whole.saturating_add(i64::from(shift)) > MOST_DIGITS {
        return Err(Some(MoneyError::OutOfRange));
    }
    if shift >= 0 {
        let value: i128 = digits.parse().map_err(|_| Some(MoneyError::OutOfRange))?;
        return Ok(value * 10_i128.pow(shift.unsigned_abs()));
    }
    let dropped = shift.unsigned_abs() as usize;
    let kept = digits.len().saturating_sub(dropped);
    let (head, tail) = digits.split_at(kept);
    let value: i128 =
        if head.is_empty() { 0 } else { head.parse().map_err(|_| Some(MoneyError::OutOfRange))? };
    if tail.bytes().all(|byte| byte == b'0') {
        return Ok(value);
    }
    if !round {
        return Err(None);
    }
    let half_position = dropped == tail.len();
    let first = tail.as_bytes().first().copied().unwrap_or(b'0');
    let beyond_half = tail.bytes().skip(1).any(|byte| byte != b'0');
    let up = half_position && (first > b'5' || (first == b'5' && (beyond_half || value % 2 != 0)));
    Ok(value + i128::from(up))
}

impl Usd {
    /// Whole dollars, for constants in tests and documentation.
    #[must_use]
    pub const fn from_dollars(dollars: i64) -> Self {
        Self(dollars as i128 * FEMTO_PER_USD)
    }
}

#[cfg(test)]
mod tests {
    use super::{MoneyError, NanoUsd, Usd};

    #[test]
    fn decimals_are_read_exactly() {
        let cases: [(&str, i128); 7] = [
            ("3", 3_000_000_000_000_000),
            ("0.000225", 225_000_000_000),
            ("0.00022500000000000002", 225_000_000_000),
            ("1e-7", 100_000_000),
            ("-2.5E-15", -2),
            ("3.5e-15", 4),
            ("0.0000000000000004", 0),
        ];
        for (text, femto) in cases {
            assert_eq!(Usd::from_decimal(text), Ok(Usd::from_femto(femto)), "{text}");
        }
        assert_eq!(Usd::from_decimal_cents("123.45"), Usd::from_decimal("1.2345"));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["", ".", "1,5", "0x1", "NaN", "1e", "--1", "$3"] {
            assert_eq!(Usd::from_decimal(text), Err(MoneyError::NotDecimal), "{text:?}");
        }
        assert_eq!(Usd::from_decimal("1e40"), Err(MoneyError::OutOfRange));
        assert_eq!(Usd::from_decimal("1e-2000000000"), Ok(Usd::ZERO));
    }

    #[test]
    fn documents_carry_plain_decimals() {
        let cases =
            [(0, "0"), (1, "0.000000001"), (-1_500_000_000, "-1.5"), (3_143_341_000, "3.143341")];
        for (nano, text) in cases {
            assert_eq!(NanoUsd::from_nano(nano).to_string(), text);
            assert_eq!(
                serde_json::to_string(&NanoUsd::from_nano(nano)).ok().as_deref(),
                Some(text)
            );
        }
    }

    #[test]
    fn people_read_cents_or_four_digits() {
        let cases = [
            (0, "$0"),
            (1, "$0.000000001"),
            (225_000, "$0.0002250"),
            (1_234_567, "$0.001235"),
            (123_456_789, "$0.1235"),
            (3_143_341_000, "$3.14"),
            (4_812_370_000_000, "$4,812.37"),
            (-999_999_999, "-$1.0000"),
        ];
        for (nano, text) in cases {
            assert_eq!(NanoUsd::from_nano(nano).to_display(), text, "{nano}");
        }
    }
}

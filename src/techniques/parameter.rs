//! Named assumptions: every number a technique uses that no log can show.
//!
//! Values are decimals of six places held as integers, so that an expectation
//! is the same on every machine. Knows no technique's method.

use super::id::TechniqueId;

/// A decimal number in millionths; [`Value::INFINITE`] where `inf` is allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Value(i64);

impl Value {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// One, or all of something.
    pub const ONE: Self = Self(Self::MILLION);
    /// Without bound.
    pub const INFINITE: Self = Self(i64::MAX);
    /// Millionths in one.
    pub const MILLION: i64 = 1_000_000;

    /// A value of so many millionths.
    #[must_use]
    pub const fn from_millionths(millionths: i64) -> Self {
        Self(millionths)
    }

    /// A whole number.
    #[must_use]
    pub const fn whole(number: i64) -> Self {
        Self(number * Self::MILLION)
    }

    /// So many hundredths.
    #[must_use]
    pub const fn hundredths(number: i64) -> Self {
        Self(number * (Self::MILLION / 100))
    }

    /// The value in millionths.
    #[must_use]
    pub const fn millionths(self) -> i64 {
        self.0
    }

    /// The value rounded down to a whole number; 0 where it is negative.
    #[must_use]
    pub const fn floor(self) -> u64 {
        if self.0 < 0 { 0 } else { self.0.unsigned_abs() / Self::MILLION.unsigned_abs() }
    }

    /// Whether the value has no bound.
    #[must_use]
    pub const fn is_infinite(self) -> bool {
        self.0 == i64::MAX
    }

    /// Reads a plain decimal such as `0.35` or `3600`, or `inf`.
    ///
    /// `None` for anything else: a sign other than `-`, an exponent, more than
    /// six decimals, or a number beyond nine trillion.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == "inf" {
            return Some(Self::INFINITE);
        }
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
        let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !plain(whole) || !plain(decimals) || decimals.len() > 6 {
            return None;
        }
        let whole: i64 = whole.parse().ok()?;
        let decimals: i64 = format!("{decimals:0<6}").parse().ok()?;
        let value = whole.checked_mul(Self::MILLION)?.checked_add(decimals)?;
        (value != i64::MAX).then_some(Self(if negative { -value } else { value }))
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.is_infinite() {
            return f.write_str("inf");
        }
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, rest) = (self.0.abs() / Self::MILLION, self.0.abs() % Self::MILLION);
        write!(f, "{sign}{whole}")?;
        if rest != 0 {
            write!(f, ".{}", format!("{rest:06}").trim_end_matches('0'))?;
        }
        Ok(())
    }
}

/// What a parameter counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A part of a whole, 0 to 1.
    Share,
    /// A plain factor, 0 or more.
    Factor,
    /// Tokens, a whole number.
    Tokens,
    /// A count, a whole number.
    Count,
    /// Seconds; may be `inf`.
    Seconds,
    /// US dollars.
    Dollars,
    /// Dollars per million tokens.
    DollarsPerMillionTokens,
    /// A switch: 0 is off, 1 is on.
    Switch,
    /// Hours of work.
    Hours,
    /// Months.
    Months,
}

impl Unit {
    /// Whether a value can be meant in this unit.
    #[must_use]
    pub const fn allows(self, value: Value) -> bool {
        let whole = value.0 % Value::MILLION == 0;
        match self {
            _ if value.is_infinite() => matches!(self, Self::Seconds),
            _ if value.0 < 0 => false,
            Self::Share => value.0 <= Value::MILLION,
            Self::Switch => value.0 == 0 || value.0 == Value::MILLION,
            Self::Tokens | Self::Count => whole,
            _ => true,
        }
    }

    /// What a value of this unit must be, as a fragment for an error.
    #[must_use]
    pub const fn expects(self) -> &'static str {
        match self {
            Self::Share => "a share from 0 to 1",
            Self::Factor => "a number from 0 up",
            Self::Tokens => "a whole number of tokens",
            Self::Count => "a whole number",
            Self::Seconds => "seconds, or inf",
            Self::Dollars => "US dollars",
            Self::DollarsPerMillionTokens => "US dollars per million tokens",
            Self::Switch => "0 (off) or 1 (on)",
            Self::Hours => "hours",
            Self::Months => "months",
        }
    }
}

/// What a parameter stands for in the evidence of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nobody can read it off the log: a figure that uses it is assumed.
    Assumption,
    /// A cost of the technique itself, kept at its low value in the floor.
    Cost,
    /// A rule of classification or a choice of method: inferred at best.
    Rule,
    /// Something that would be set up, such as a lifetime or a switch: part of
    /// what is projected, so it says nothing about how well that is known.
    Choice,
    /// A published fact of the provider that a user may override.
    Fact,
}

/// One of the three readings of every parameter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Band {
    /// The technique saves least.
    Low,
    /// What the typical total uses.
    #[default]
    Typical,
    /// The technique saves most.
    High,
}

/// A value for each band, in the sense of savings: a low `escalation` is the
/// largest share of escalated calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread {
    /// The value at which the technique saves least.
    pub low: Value,
    /// The value of the typical total.
    pub typical: Value,
    /// The value at which the technique saves most.
    pub high: Value,
}

impl Spread {
    /// Off in every band.
    pub const OFF: Self = Self::whole(0, 0, 0);
    /// On in every band.
    pub const ON: Self = Self::whole(1, 1, 1);

    /// Whole numbers.
    #[must_use]
    pub const fn whole(low: i64, typical: i64, high: i64) -> Self {
        Self { low: Value::whole(low), typical: Value::whole(typical), high: Value::whole(high) }
    }

    /// Hundredths.
    #[must_use]
    pub const fn hundredths(low: i64, typical: i64, high: i64) -> Self {
        Self {
            low: Value::hundredths(low),
            typical: Value::hundredths(typical),
            high: Value::hundredths(high),
        }
    }

    /// One value in every band.
    #[must_use]
    pub const fn same(value: Value) -> Self {
        Self { low: value, typical: value, high: value }
    }

    /// The value of a band.
    #[must_use]
    pub const fn at(self, band: Band) -> Value {
        match band {
            Band::Low => self.low,
            Band::Typical => self.typical,
            Band::High => self.high,
        }
    }
}

/// A named number that a user may set.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// The technique it belongs to.
    pub technique: TechniqueId,
    /// Its name, in `snake_case`, unique inside the technique.
    pub name: &'static str,
    /// What it counts.
    pub unit: Unit,
    /// What it stands for.
    pub kind: Kind,
    /// Its values unless set; `None` where each model has its own in the price
    /// table.
    pub spread: Option<Spread>,
    /// What it means, in one sentence.
    pub meaning: &'static str,
    /// Where the values come from: a paper, a page, a choice of ours.
    pub source: &'static str,
}

#[cfg(test)]
mod tests {
    use super::{Unit, Value};

    #[test]
    fn decimals_read_and_print_as_they_are() {
        for text in ["0", "0.35", "3600", "-1.5", "inf", "0.000001"] {
            assert_eq!(Value::parse(text).map(|value| value.to_string()).as_deref(), Some(text));
        }
        for text in ["", ".5", "1e3", "+1", "0.1234567", "NaN", "99999999999999", "1.2.3"] {
            assert_eq!(Value::parse(text), None, "{text}");
        }
    }

    #[test]
    fn units_refuse_what_they_cannot_mean() {
        let value = |text| Value::parse(text).unwrap_or_default();
        assert!(Unit::Share.allows(value("1")) && !Unit::Share.allows(value("1.01")));
        assert!(Unit::Seconds.allows(Value::INFINITE) && !Unit::Tokens.allows(Value::INFINITE));
        assert!(!Unit::Tokens.allows(value("0.5")) && !Unit::Switch.allows(value("2")));
    }
}

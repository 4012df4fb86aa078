//! Numbers with units as people write them: `USD 4000`, `$0.02`, `35k tokens`,
//! `5%`, `2s`.
//!
//! Knows which unit a measure counts in, and nothing else of it.

use super::settings::Amount;
use crate::report::document::{Quantity, Unit};
use crate::units::Usd;

/// A number, or a part of something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// A number of the measure's unit.
    Whole(Quantity),
    /// A percentage of what it is held against; the quantity is a share.
    Part(Quantity),
}

/// A number of a unit.
///
/// # Errors
/// When the text is no number of that unit; the message says what is.
pub fn quantity(amount: &Amount, unit: Unit) -> Result<Quantity, String> {
    let text = text(amount);
    let refused = || format!("`{text}` is not {}", wanted(unit));
    let lower = text.trim().to_ascii_lowercase();
    let (number, factor) = match unit {
        Unit::Usd => scaled(without(&lower, &["usd", "$", "dollars"])),
        Unit::Tokens => scaled(without(&lower, &["tokens", "token"])),
        Unit::Calls => scaled(without(&lower, &["calls", "call"])),
        Unit::Share => match lower.strip_suffix('%') {
            Some(percent) => (percent.trim_end(), Factor::Hundredth),
            None => (lower.as_str(), Factor::By(1)),
        },
        Unit::Milliseconds => match (lower.strip_suffix("ms"), lower.strip_suffix('s')) {
            (Some(number), _) => (number.trim_end(), Factor::By(1)),
            (None, Some(number)) => (number.trim_end(), Factor::By(1_000)),
            (None, None) => (lower.as_str(), Factor::By(1)),
        },
    };
    let billionths = Usd::from_decimal(number).map_err(|_| refused())?.to_nano().nano();
    let billionths = match factor {
        Factor::By(factor) => billionths.checked_mul(factor).ok_or_else(refused)?,
        Factor::Hundredth => billionths / 100,
    };
    let is_a_part = unit != Unit::Share || billionths <= 1_000_000_000;
    if billionths < 0 || !is_a_part {
        return Err(refused());
    }
    Ok(Quantity::from_billionths(billionths, unit))
}

/// An allowed change: a percentage of the baseline, or a number of the unit.
///
/// # Errors
/// As [`quantity`].
pub fn change(amount: &Amount, unit: Unit) -> Result<Size, String> {
    let text = text(amount);
    let Some(percent) = text.trim().strip_suffix('%') else {
        return quantity(amount, unit)
            .map(Size::Whole)
            .map_err(|message| format!("{message}, nor a percentage of the baseline"));
    };
    let percent = Usd::from_decimal(percent.trim())
        .ok()
        .map(|percent| percent.to_nano().nano() / 100)
        .filter(|percent| *percent >= 0)
        .ok_or_else(|| format!("`{text}` is no percentage"))?;
    Ok(Size::Part(Quantity::from_billionths(percent, Unit::Share)))
}

fn text(amount: &Amount) -> String {
    match amount {
        Amount::Text(text) => text.clone(),
        Amount::Whole(whole) => whole.to_string(),
        // The shortest decimal of a float is the one in the file.
        Amount::Decimal(decimal) => decimal.to_string(),
    }
}

const fn wanted(unit: Unit) -> &'static str {
    match unit {
        Unit::Usd => "an amount of dollars, such as 4000, \"USD 4000\" or \"$0.02\"",
        Unit::Tokens => "a number of tokens, such as 3000, \"35k tokens\" or \"1.5M\"",
        Unit::Calls => "a number of calls, such as 0, \"35k\" or \"1.5M\"",
        Unit::Share => "a share, such as \"60%\" or 0.6",
        Unit::Milliseconds => "a time, such as 2500, \"2500 ms\" or \"2.5 s\"",
    }
}

enum Factor {
    By(i128),
    Hundredth,
}

/// The text without a word before or after it.
fn without<'t>(text: &'t str, words: &[&str]) -> &'t str {
    let bare =
        words.iter().find_map(|word| text.strip_prefix(word).or_else(|| text.strip_suffix(word)));
    bare.unwrap_or(text).trim()
}

/// A number with a letter for thousands or millions; commas group digits.
fn scaled(text: &str) -> (&str, Factor) {
    match (text.strip_suffix('k'), text.strip_suffix('m')) {
        (Some(number), _) => (number.trim_end(), Factor::By(1_000)),
        (None, Some(number)) => (number.trim_end(), Factor::By(1_000_000)),
        (None, None) => (text, Factor::By(1)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Size, change, quantity};
    use crate::budget::settings::Amount;
    use crate::report::document::{Quantity, Unit};

    fn of_text(text: &str, unit: Unit) -> Result<i128, String> {
        quantity(&Amount::Text(text.to_owned()), unit).map(Quantity::billionths)
    }

    #[test]
    fn people_write_a_number_in_several_ways() {
        for (text, unit, billionths) in [
            ("USD 4000", Unit::Usd, 4_000_000_000_000),
            ("4000 usd", Unit::Usd, 4_000_000_000_000),
            ("$0.02", Unit::Usd, 20_000_000),
            ("$4k", Unit::Usd, 4_000_000_000_000),
            ("35k tokens", Unit::Tokens, 35_000_000_000_000),
            ("1.5M", Unit::Tokens, 1_500_000_000_000_000),
            ("5%", Unit::Share, 50_000_000),
            ("12.5 %", Unit::Share, 125_000_000),
            ("0.6", Unit::Share, 600_000_000),
            ("2.5 s", Unit::Milliseconds, 2_500_000_000_000),
            ("250ms", Unit::Milliseconds, 250_000_000_000),
            ("0", Unit::Calls, 0),
        ] {
            assert_eq!(of_text(text, unit), Ok(billionths), "{text}");
        }
        let number = quantity(&Amount::Decimal(0.012), Unit::Usd);
        assert_eq!(number, Ok(Quantity::from_billionths(12_000_000, Unit::Usd)));
    }

    #[test]
    fn a_wrong_unit_is_refused_with_what_is_right() {
        for (text, unit) in [
            ("5%", Unit::Usd),
            ("USD 5", Unit::Tokens),
            ("3000 tokens", Unit::Usd),
            ("60", Unit::Share),
            ("-1", Unit::Usd),
            ("", Unit::Calls),
            ("lots", Unit::Milliseconds),
        ] {
            let message = of_text(text, unit).expect_err(text);
            assert!(message.starts_with(&format!("`{text}` is not a")), "{message}");
        }
    }

    #[test]
    fn a_change_is_a_percentage_or_a_number() {
        let of = |text: &str, unit| change(&Amount::Text(text.to_owned()), unit);
        let part = Size::Part(Quantity::from_billionths(200_000_000, Unit::Share));
        assert_eq!(of("20%", Unit::Usd), Ok(part));
        assert_eq!(of("20 %", Unit::Share), Ok(part));
        let points = Size::Whole(Quantity::from_billionths(50_000_000, Unit::Share));
        assert_eq!(of("0.05", Unit::Share), Ok(points));
        // More than everything is a change too.
        let doubled = Size::Part(Quantity::from_billionths(1_500_000_000, Unit::Share));
        assert_eq!(of("150%", Unit::Usd), Ok(doubled));
        assert!(of("-5%", Unit::Usd).is_err() && of("x%", Unit::Usd).is_err());
    }
}

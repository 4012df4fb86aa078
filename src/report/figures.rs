//! How figures are written for people, the same in every report.
//!
//! An unknown figure is a dash. Knows no layout.

use super::document::Quotient;
use crate::units::{NanoUsd, Share, Tokens, group_thousands};

/// What stands where a figure is not known.
pub const UNKNOWN_MARK: &str = "—";

const MILLION: u64 = 1_000_000;

/// A dollar amount, or the dash.
pub fn dollars(amount: Option<NanoUsd>) -> String {
    amount.map_or_else(dash, NanoUsd::to_display)
}

/// A share in percent, or the dash.
pub fn percent(share: Option<Share>) -> String {
    share.map_or_else(dash, Share::to_percent)
}

/// A number of things, or the dash.
pub fn count(number: Option<u64>) -> String {
    number.map_or_else(dash, whole)
}

/// A number of things with commas between thousands.
pub fn whole(number: u64) -> String {
    group_thousands(&number.to_string())
}

/// An exact count of tokens, or the dash.
pub fn tokens(amount: Option<Tokens>) -> String {
    amount.map_or_else(dash, |amount| amount.to_string())
}

/// A count of tokens for a narrow column: exact below a million, then `83.8 M`.
pub fn tokens_short(amount: Option<Tokens>) -> String {
    let Some(amount) = amount else { return dash() };
    let (unit, sign) = match amount.get() {
        0..MILLION => return amount.to_string(),
        MILLION..1_000_000_000 => (MILLION, 'M'),
        1_000_000_000..1_000_000_000_000 => (1_000_000_000, 'G'),
        _ => (1_000_000_000_000, 'T'),
    };
    let tenths =
        Quotient::of_counts(amount.get(), unit).map_or_else(dash, |value| value.to_display(1));
    format!("{tenths} {sign}")
}

/// A mean or ratio with `decimals` decimals, or the dash.
pub fn quotient(value: Option<Quotient>, decimals: u32) -> String {
    value.map_or_else(dash, |value| value.to_display(decimals))
}

/// A number without the decimals it does not need: `4`, `0.35`, `3,600`.
pub fn trimmed(value: Quotient) -> String {
    let shown = value.to_display(6);
    shown.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Hours of work: `4 h`.
pub fn hours(number: Quotient) -> String {
    format!("{} h", trimmed(number))
}

/// A duration: `840 ms`, `12.3 s`, `5.2 min`.
pub fn milliseconds(duration: Option<u64>) -> String {
    let Some(duration) = duration else { return dash() };
    let (unit, name) = match duration {
        0..1_000 => return format!("{duration} ms"),
        1_000..100_000 => (1_000, "s"),
        100_000..6_000_000 => (60_000, "min"),
        _ => (3_600_000, "h"),
    };
    let shown = Quotient::of_counts(duration, unit).map_or_else(dash, |value| value.to_display(1));
    format!("{shown} {name}")
}

/// A size in bytes: `512 B`, `8.1 kB`, `327.4 MB`.
pub fn bytes(size: u64) -> String {
    let (unit, name) = match size {
        0..1_000 => return format!("{size} B"),
        1_000..1_000_000 => (1_000, "kB"),
        1_000_000..1_000_000_000 => (1_000_000, "MB"),
        _ => (1_000_000_000, "GB"),
    };
    let shown = Quotient::of_counts(size, unit).map_or_else(dash, |value| value.to_display(1));
    format!("{shown} {name}")
}

/// A number of things with its noun: `1 call`, `2,190 calls`.
pub fn counted(number: u64, singular: &str, plural: &str) -> String {
    let noun = if number == 1 { singular } else { plural };
    format!("{} {noun}", whole(number))
}

fn dash() -> String {
    UNKNOWN_MARK.to_owned()
}

#[cfg(test)]
mod tests {
    use super::{bytes, milliseconds, tokens_short, trimmed};
    use crate::report::document::Quotient;
    use crate::units::Tokens;

    #[test]
    fn large_counts_fit_narrow_columns() {
        for (count, shown) in [
            (999_999, "999,999"),
            (83_821_195, "83.8 M"),
            (1_240_000_000, "1.2 G"),
            (u64::MAX, "18,446,744.1 T"),
        ] {
            assert_eq!(tokens_short(Some(Tokens::new(count))), shown);
        }
        assert_eq!(tokens_short(None), "—");
    }

    #[test]
    fn decimals_that_say_nothing_are_left_out() {
        for (millionths, shown) in [
            (0, "0"),
            (4_000_000, "4"),
            (350_000, "0.35"),
            (3_600_000_000, "3,600"),
            (1, "0.000001"),
        ] {
            assert_eq!(trimmed(Quotient::from_millionths(millionths)), shown);
        }
    }

    #[test]
    fn durations_and_sizes_carry_their_unit() {
        assert_eq!(milliseconds(Some(840)), "840 ms");
        assert_eq!(milliseconds(Some(12_340)), "12.3 s");
        assert_eq!(milliseconds(Some(150_000)), "2.5 min");
        assert_eq!(bytes(327_431_000), "327.4 MB");
    }
}

//! Exact quantities: tokens, dollars, rates, shares, lifetimes, times.
//!
//! Every number that reaches a report passes through one of these types, so a
//! token can never be added to a dollar and no sum depends on the order or the
//! number of threads that made it: all of them are integers. Rounding happens
//! here and nowhere else. This module knows no model, no provider, no file.

mod evidence;
mod generator;
mod money;
mod rate;
mod rounding;
mod share;
mod time;
mod tokens;
mod wide;

pub use evidence::Evidence;
pub use generator::Generator;
pub use money::{MoneyError, NanoUsd, Usd};
pub use rate::{Multiplier, Rate};
pub use rounding::{round_to, round_together};
pub use share::Share;
pub use time::{Clock, Moment, Timestamp, Ttl};
pub use tokens::{Tokens, counted, counted_of, group_thousands};
pub(crate) use wide::{product, quotient};

/// Divides, rounding halves to the even neighbour (banker's rounding).
///
/// `divisor` must be positive; the sign of the result follows `dividend`.
#[must_use]
pub(crate) fn divide_half_even(dividend: i128, divisor: i128) -> i128 {
    let quotient = dividend.div_euclid(divisor);
    let remainder = dividend.rem_euclid(divisor);
    let rounds_up = match (remainder * 2).cmp(&divisor) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => quotient % 2 != 0,
        std::cmp::Ordering::Greater => true,
    };
    quotient + i128::from(rounds_up)
}

#[cfg(test)]
mod tests {
    use super::divide_half_even;

    #[test]
    fn halves_go_to_the_even_neighbour_on_both_sides_of_zero() {
        // Worked out by hand: 2.5 -> 2, 3.5 -> 4, -2.5 -> -2, -3.5 -> -4.
        let halves = [(5, 2), (7, 4), (-5, -2), (-7, -4)];
        for (dividend, expected) in halves {
            assert_eq!(divide_half_even(dividend, 2), expected);
        }
        assert_eq!(divide_half_even(8, 3), 3);
        assert_eq!(divide_half_even(-8, 3), -3);
    }
}

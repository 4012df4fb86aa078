//! Products of 256 bits, for amounts that are multiplied before they are
//! divided.

/// `amount * numerator / denominator`, exact in 256 bits and rounded half to
/// even; the denominator is above 0.
pub(super) fn ratio(amount: u128, numerator: u128, denominator: u128) -> u128 {
    let (high, low) = product(amount, numerator);
    let (quotient, remainder) = quotient(high, low, denominator);
    let rest = denominator - remainder;
    let rounds_up = remainder > rest || (remainder == rest && quotient % 2 == 1);
    quotient.saturating_add(u128::from(rounds_up))
}

/// The 256 bits of a product.
pub(crate) fn product(left: u128, right: u128) -> (u128, u128) {
    const HALF: u32 = 64;
    let split = |value: u128| (value >> HALF, value & u128::from(u64::MAX));
    let ((a, b), (c, d)) = (split(left), split(right));
    let low = b * d;
    let (first, second) = (a * d, b * c);
    let middle = (low >> HALF) + (first & u128::from(u64::MAX)) + (second & u128::from(u64::MAX));
    let high = a * c + (first >> HALF) + (second >> HALF) + (middle >> HALF);
    (high, (middle << HALF) | (low & u128::from(u64::MAX)))
}

/// 256 bits divided by a divisor above the upper half; saturates otherwise.
pub(crate) fn quotient(high: u128, low: u128, divisor: u128) -> (u128, u128) {
    if high >= divisor {
        return (u128::MAX, 0);
    }
    let (mut remainder, mut quotient) = (high, 0_u128);
    for bit in (0..u128::BITS).rev() {
        let carry = remainder >> (u128::BITS - 1);
        remainder = remainder << 1 | (low >> bit & 1);
        quotient <<= 1;
        if carry == 1 || remainder >= divisor {
            remainder = remainder.wrapping_sub(divisor);
            quotient |= 1;
        }
    }
    (quotient, remainder)
}

#[cfg(test)]
mod tests {
    use super::ratio;

    #[test]
    fn a_product_beyond_128_bits_is_divided_exactly() {
        // 2^120 * 2^100 / 2^110 = 2^110.
        assert_eq!(ratio(1 << 120, 1 << 100, 1 << 110), 1 << 110);
        // 7 * 3 / 2 = 10.5 and 5 * 3 / 2 = 7.5: to the even neighbour.
        assert_eq!((ratio(7, 3, 2), ratio(5, 3, 2)), (10, 8));
        assert_eq!((ratio(7, 1, 3), ratio(8, 1, 3)), (2, 3));
    }
}

//! Rounding of amounts that have to add up.

use super::{NanoUsd, Usd};

/// Rounds amounts to nano-dollars so that they add up to their rounded sum.
#[must_use]
pub fn round_together(amounts: &[Option<Usd>]) -> Vec<Option<NanoUsd>> {
    let exact: Usd = amounts.iter().flatten().copied().sum();
    round_to(exact.to_nano(), amounts)
}

/// Rounds amounts to nano-dollars so that they add up to `total`, their sum
/// rounded one way or the other: down each, then up by one where most was cut
/// off.
#[must_use]
pub fn round_to(total: NanoUsd, amounts: &[Option<Usd>]) -> Vec<Option<NanoUsd>> {
    const FEMTO_PER_NANO: i128 = 1_000_000;
    let mut rounded: Vec<Option<i128>> = amounts
        .iter()
        .map(|amount| amount.map(|amount| amount.femto().div_euclid(FEMTO_PER_NANO)))
        .collect();
    let given: i128 = rounded.iter().flatten().sum();
    let missing = usize::try_from(total.nano() - given).unwrap_or(0);
    let mut order: Vec<usize> = (0..amounts.len()).filter(|at| amounts[*at].is_some()).collect();
    order.sort_by_key(|at| {
        let cut = amounts[*at].map(|amount| amount.femto().rem_euclid(FEMTO_PER_NANO));
        (std::cmp::Reverse(cut), *at)
    });
    for at in order.into_iter().take(missing) {
        rounded[at] = rounded[at].map(|nano| nano + 1);
    }
    rounded.into_iter().map(|nano| nano.map(NanoUsd::from_nano)).collect()
}

#[cfg(test)]
mod tests {
    use super::round_together;
    use crate::units::{NanoUsd, Usd};

    #[test]
    fn rows_add_up_to_the_rounded_total() {
        // 1.6 + 1.6 + 1.6 = 4.8 nano-dollars: 5 in all, so two of three go up.
        let amounts = [Some(Usd::from_femto(1_600_000)); 3];
        let rounded = round_together(&[amounts[0], None, amounts[1], amounts[2]]);
        let nano = |nano| Some(NanoUsd::from_nano(nano));
        assert_eq!(rounded, [nano(2), None, nano(2), nano(1)]);
    }
}

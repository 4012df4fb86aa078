//! Expectations over a unit's possible states, exact until they are rounded
//! once.
//!
//! Knows no call: weights and amounts come in, an amount goes out.

use crate::techniques::id::{Set, TechniqueId};
use crate::techniques::parameter::Value;
use crate::techniques::technique::{Coin, World};
use crate::units::{Usd, product, quotient};

/// Possible states with whole-numbered weights.
#[derive(Clone, Debug)]
pub(crate) struct Worlds {
    /// The states that can be, with their weights.
    pub(crate) weighted: Vec<(World, i128)>,
    /// What the weights add up to.
    pub(crate) whole: i128,
}

impl Worlds {
    /// The states of a set of techniques, by the chances of their coins.
    ///
    /// Whether a call is easy enough for the cheaper model or for the tuned one
    /// is one question of how easy it is; all other coins fall by themselves.
    pub(crate) fn of(used: Set, coins: &[(Coin, Value)]) -> Self {
        let chance = |coin: Coin| {
            let found = coins.iter().find(|(found, _)| *found == coin);
            found.map_or(0, |(_, value)| i128::from(value.millionths().clamp(0, Value::MILLION)))
        };
        let million = i128::from(Value::MILLION);
        let (tuned, routed) = (chance(Coin::Tuned), chance(Coin::Routed));
        let bare = World::of(used);
        let mut weighted = vec![
            (bare.with(Coin::Tuned).with(Coin::Routed), tuned.min(routed)),
            (bare.with(Coin::Tuned), (tuned - routed).max(0)),
            (bare.with(Coin::Routed), (routed - tuned).max(0)),
            (bare, million - tuned.max(routed)),
        ];
        let mut whole = million;
        for coin in [Coin::CascadeEscalated, Coin::RetrievalEscalated, Coin::NearRepeat] {
            let chance = chance(coin);
            if chance == 0 {
                continue;
            }
            whole *= million;
            weighted = weighted
                .into_iter()
                .flat_map(|(world, weight)| {
                    [(world.with(coin), weight * chance), (world, weight * (million - chance))]
                })
                .collect();
        }
        weighted.retain(|(_, weight)| *weight > 0);
        let divisor = weighted.iter().fold(whole, |divisor, (_, weight)| gcd(divisor, *weight));
        for (_, weight) in &mut weighted {
            *weight /= divisor;
        }
        Self { weighted, whole: whole / divisor }
    }

    /// The mean of one amount per state, in their order, rounded half to even;
    /// amounts are at least 0.
    pub(crate) fn mean(&self, amounts: impl Iterator<Item = Usd>) -> Usd {
        // Each product is divided in 256 bits; only the remainders are rounded,
        // all together.
        let (mut quotients, mut remainders) = (0_u128, 0_u128);
        let whole = unsigned(self.whole);
        for ((_, weight), amount) in self.weighted.iter().zip(amounts) {
            let (high, low) = product(unsigned(*weight), unsigned(amount.femto()));
            let (quotient, remainder) = quotient(high, low, whole);
            quotients = quotients.saturating_add(quotient);
            remainders += remainder;
        }
        let rest = divide_half_even(signed(remainders), self.whole, quotients % 2 == 1);
        Usd::from_femto(signed(quotients).saturating_add(rest))
    }
}

/// Which techniques' coins count.
pub(crate) fn coin_owner(coin: Coin) -> TechniqueId {
    match coin {
        Coin::Tuned => TechniqueId::FineTuning,
        Coin::Routed | Coin::CascadeEscalated => TechniqueId::ModelRouting,
        Coin::RetrievalEscalated => TechniqueId::EmbeddingRetrieval,
        Coin::NearRepeat => TechniqueId::SemanticDedup,
    }
}

/// `amount * numerator / denominator`, exact in 256 bits and rounded half to
/// even. All three are at least 0, the denominator above.
pub(crate) fn scaled(amount: Usd, numerator: Usd, denominator: Usd) -> Usd {
    if numerator == denominator || denominator <= Usd::ZERO {
        return amount;
    }
    amount.times(numerator.femto(), denominator.femto())
}

fn unsigned(value: i128) -> u128 {
    u128::try_from(value).unwrap_or(0)
}

fn signed(value: u128) -> i128 {
    i128::try_from(value).unwrap_or(i128::MAX)
}

fn gcd(left: i128, right: i128) -> i128 {
    if right == 0 { left } else { gcd(right, left % right) }
}

/// What remainders add to a quotient, half to even; `odd` says whether the
/// quotient they are added to is odd.
const fn divide_half_even(dividend: i128, divisor: i128, odd: bool) -> i128 {
    let quotient = dividend / divisor;
    let remainder = dividend % divisor;
    let rest = divisor - remainder;
    let odd = odd != (quotient % 2 == 1);
    if remainder > rest || (remainder == rest && odd) { quotient + 1 } else { quotient }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Worlds, scaled};
    use crate::techniques::id::Set;
    use crate::techniques::parameter::Value;
    use crate::techniques::technique::Coin;
    use crate::units::Usd;

    fn usd(femto: i128) -> Usd {
        Usd::from_femto(femto)
    }

    #[test]
    fn the_tuned_and_the_routed_share_one_ease() {
        let coins = [(Coin::Tuned, Value::hundredths(80)), (Coin::Routed, Value::hundredths(50))];
        let worlds = Worlds::of(Set::ALL, &coins);
        // Below 0.5 both hold, up to 0.8 only the tuned model, above neither:
        // weights 5, 3 and 2 of ten.
        assert_eq!(worlds.whole, 10);
        assert_eq!(
            worlds.weighted.iter().map(|(_, weight)| *weight).collect::<Vec<_>>(),
            [5, 3, 2]
        );
        let mean = worlds.mean([usd(100), usd(200), usd(305)].into_iter());
        // 50 + 60 + 61.
        assert_eq!(mean, usd(171));
    }

    #[test]
    fn half_a_femto_goes_to_the_even_neighbour() {
        let worlds = Worlds::of(Set::NONE, &[(Coin::NearRepeat, Value::hundredths(50))]);
        assert_eq!(worlds.mean([usd(1), usd(2)].into_iter()), usd(2));
        assert_eq!(worlds.mean([usd(2), usd(3)].into_iter()), usd(2));
        // 5 * 3 / 2 = 7.5 and 7 * 3 / 2 = 10.5.
        assert_eq!(scaled(usd(5), usd(3), usd(2)), usd(8));
        assert_eq!(scaled(usd(7), usd(3), usd(2)), usd(10));
    }

    proptest! {
        #[test]
        fn a_ratio_of_large_bills_is_exact(
            amount in 0_i128..1 << 96, bill in 1_i128..1 << 96, factor in 1_i128..1 << 20,
        ) {
            // amount * (bill * factor) / bill is amount * factor without rounding.
            let found = scaled(usd(amount), usd(bill * factor), usd(bill));
            prop_assert_eq!(found, usd(amount * factor));
        }
    }
}

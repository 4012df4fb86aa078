//! What techniques pay beside requests: embeddings by the token, stores by the
//! month.
//!
//! Knows no technique.

use crate::units::{Usd, divide_half_even};

use super::parameter::Value;
use super::traffic::{CallIndex, Traffic, Unit};

/// A millionth of a dollar for a million tokens, in femto-dollars a token.
const FEMTO_PER_TOKEN: i128 = 1_000;
const FEMTO_PER_MILLIONTH: i128 = 1_000_000_000;
const DAY: i64 = 86_400_000_000;
const MONTH: i128 = 30 * DAY as i128;

/// Tokens at a price in dollars per million.
#[must_use]
pub fn by_tokens(dollars_per_million: Value, tokens: u64) -> Usd {
    let rate = i128::from(dollars_per_million.millionths()) * FEMTO_PER_TOKEN;
    Usd::from_femto(rate.saturating_mul(i128::from(tokens)))
}

/// The part of a monthly bill that falls into the log's window, which is a day
/// at least.
#[must_use]
pub fn by_month(traffic: &Traffic<'_>, dollars: Value) -> Usd {
    let span = window(traffic);
    let month = i128::from(dollars.millionths()) * FEMTO_PER_MILLIONTH;
    Usd::from_femto(divide_half_even(month.saturating_mul(i128::from(span)), MONTH))
}

/// The part of a one-off cost that falls into the log's window, spread over
/// twelve months or over those until a model that it is for is shut down.
#[must_use]
pub fn once(traffic: &Traffic<'_>, cost: Usd, months: i64) -> Usd {
    let span = i128::from(window(traffic));
    let whole = MONTH * i128::from(months.max(1));
    Usd::from_femto(divide_half_even(cost.femto().saturating_mul(span), whole))
}

/// The longest time over which a one-off cost is spread, in months.
pub const LONGEST_MONTHS: i64 = 12;

fn window(traffic: &Traffic<'_>) -> i64 {
    traffic.span.map_or(0, |(first, last)| last.saturating_sub(first)).max(DAY)
}

/// A part of a bill that several share.
#[must_use]
pub fn share(bill: Usd, part: u64, whole: u64) -> Usd {
    if whole == 0 {
        return Usd::ZERO;
    }
    let shared = bill.femto().saturating_mul(i128::from(part));
    Usd::from_femto(divide_half_even(shared, i128::from(whole)))
}

/// A unit's part of a store that costs so many dollars a month: by its calls
/// that use the store, of `all` that do.
#[must_use]
pub fn of_store(
    traffic: &Traffic<'_>,
    unit: &Unit,
    dollars: Value,
    all: u64,
    uses: impl Fn(CallIndex) -> bool,
) -> Usd {
    let families = unit.families.iter();
    let calls = families.flat_map(|family| &traffic.families[family.0 as usize]);
    let part = calls.filter(|call| uses(**call)).count() as u64;
    share(by_month(traffic, dollars), part, all)
}

#[cfg(test)]
mod tests {
    use super::{by_tokens, share};
    use crate::techniques::parameter::Value;
    use crate::units::Usd;

    #[test]
    fn embeddings_cost_what_the_price_list_says() {
        let usd = |text| Usd::from_decimal(text).unwrap();
        assert_eq!(by_tokens(Value::hundredths(2), 1_500_000), usd("0.03"));
        assert_eq!(by_tokens(Value::hundredths(13), 1), usd("0.00000013"));
        assert_eq!(share(usd("9"), 1, 3), usd("3"));
        assert_eq!(share(usd("9"), 1, 0), Usd::ZERO);
    }
}

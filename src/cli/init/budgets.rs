//! `[budget]` of a new file: what is measured now, and a quarter more.

use std::fmt::Write as _;

use crate::cli::config::quoted;
use crate::report::document::{Document, ONE_DAY, Row, UNKNOWN_KEY};
use crate::units::{NanoUsd, Share};

/// Means and shares of fewer calls are held against nothing.
const FEWEST_CALLS: u64 = 30;

/// How many features get a budget of their own.
const FEATURES: usize = 5;

/// What stands over the rules.
const HEAD: &str = "\
# Each limit is what is measured now and a quarter more (a share: ten points less), in dollars
# unless it says otherwise. `tokopt check` ends with 1 where one is exceeded; level = \"warn\" beside
# a limit only warns. Sums are judged always; means, shares and percentiles from 30 calls on
# (minimum_calls): what has fewer here is commented out.
[budget]
";

/// The section, ending in a newline.
pub(super) fn section(document: &Document) -> String {
    let mut text = HEAD.to_owned();
    of_cost(document, &mut text);
    of_call(document, &mut text);
    of_cache(document, &mut text);
    of_prices(document, &mut text);
    of_features(document, &mut text);
    text
}

fn of_cost(document: &Document, text: &mut String) {
    let Some(cost) = document.totals.cost_usd.filter(|cost| *cost > NanoUsd::ZERO) else {
        text.push_str(
            "# No call could be priced: there is no cost to hold anything against. Where the log names no\n\
             # model, `tokopt init` cannot know one; `tokopt check --model MODEL` prices its calls as one.\n",
        );
        return;
    };
    let from = format!("from {}", calls(document.totals.calls));
    let at_least = if document.cost_is_partial() { "at least " } else { "" };
    let month =
        document.window.days.filter(|days| days.millionths() > ONE_DAY.millionths()).and_then(
            |days| {
                let nano = cost.nano().checked_mul(30_000_000)?.checked_div(days.millionths())?;
                Some((days, NanoUsd::from_nano(nano)))
            },
        );
    let _ = match month {
        Some((days, month)) => write!(
            text,
            "# Measured: {at_least}{} in {} days, which is {} in 30 days, {from}.\nmonthly_cost = {{ max = {} }}\n",
            cost.to_display(),
            days.to_display(1),
            month.to_display(),
            a_quarter_more(month)
        ),
        None => write!(
            text,
            "# Measured: {at_least}{}, {from}. A month is projected from more than a day of log.\ncost = {{ max = {} }}\n",
            cost.to_display(),
            a_quarter_more(cost)
        ),
    };
}

fn of_call(document: &Document, text: &mut String) {
    let Some(found) = document.metrics.cost_per_call else { return };
    let priced = priced(document.totals.calls, document.totals.unpriced_calls);
    let Some(priced) = priced.filter(|_| found.mean_usd > NanoUsd::ZERO) else { return };
    if priced < FEWEST_CALLS {
        let _ = write!(
            text,
            "# Too few to judge, {}: {} a call.\n# cost_per_call = {{ max = {} }}\n",
            calls(Some(priced)),
            found.mean_usd.to_display(),
            a_quarter_more(found.mean_usd)
        );
        return;
    }
    let _ = write!(
        text,
        "# Measured: {} a call, from {}.\ncost_per_call = {{ max = {} }}\n",
        found.mean_usd.to_display(),
        calls(Some(priced)),
        a_quarter_more(found.mean_usd)
    );
}

fn of_cache(document: &Document, text: &mut String) {
    let whole = document.comparison.as_ref().and_then(|comparison| comparison.slices.first());
    let Some((share, whole)) = document.metrics.cache_read_share.zip(whole) else { return };
    let Some(least) = ten_points_less(share) else { return };
    let percent = share.to_percent();
    let calls = calls(Some(whole.cacheable_calls));
    // The share is judged by the calls that say what they read.
    let _ = if whole.cacheable_calls < FEWEST_CALLS {
        write!(
            text,
            "# Too few to judge, {calls} that say so: {percent} of the prompt tokens are read from a cache.\n# cache_read_share = {{ min = \"{least}%\" }}\n"
        )
    } else {
        write!(
            text,
            "# Measured: {percent} of the prompt tokens are read from a cache, in {calls}.\ncache_read_share = {{ min = \"{least}%\" }}\n"
        )
    };
}

fn of_prices(document: &Document, text: &mut String) {
    let unpriced = document.totals.unpriced_calls;
    let _ = match unpriced {
        0 => write!(
            text,
            "# Measured: every call has a price. A new model must not pass as free.\nunpriced_calls = {{ max = 0 }}\n"
        ),
        _ => write!(
            text,
            "# Measured: {} without a price. Give their models one under [prices], then:\n# unpriced_calls = {{ max = 0 }}\n",
            calls(Some(unpriced))
        ),
    };
}

fn of_features(document: &Document, text: &mut String) {
    let rows = document.attribution.feature.iter().filter(|row| row.key != UNKNOWN_KEY);
    let held = rows.filter_map(|row| {
        let figures = &row.figures;
        let priced = priced(figures.calls, figures.unpriced_calls)?;
        let mean = figures.cost_usd?.nano().checked_div(i128::from(priced))?;
        (priced >= FEWEST_CALLS && mean > 0).then(|| (row, priced, NanoUsd::from_nano(mean)))
    });
    let held: Vec<_> = held.collect();
    let named = document.attribution.feature.iter().filter(|row| row.key != UNKNOWN_KEY).count();
    let without = (named as u64).saturating_sub(held.len() as u64);
    if without > 0 {
        let _ = write!(
            text,
            "\n# Not judged one by one: {} with fewer than {FEWEST_CALLS} priced calls.\n",
            crate::units::counted(without, "feature")
        );
    }
    for (row, priced, mean) in held.into_iter().take(FEATURES) {
        let _ = write!(
            text,
            "\n# Measured: {} a call, from {}.\n[[budget.feature]]\nmatch = {}\ncost_per_call = {{ max = {} }}\n",
            mean.to_display(),
            calls(Some(priced)),
            quoted(&pattern(row)),
            a_quarter_more(mean)
        );
    }
}

/// A pattern that means this feature and no other.
fn pattern(row: &Row) -> String {
    let mut pattern = String::new();
    for letter in row.key.chars() {
        if matches!(letter, '*' | '?' | ',' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern
}

fn priced(calls: Option<u64>, unpriced: u64) -> Option<u64> {
    calls?.checked_sub(unpriced).filter(|priced| *priced > 0)
}

fn calls(calls: Option<u64>) -> String {
    match calls {
        Some(calls) => crate::units::counted(calls, "call"),
        None => "an export that does not count calls".to_owned(),
    }
}

/// A quarter more, rounded up to two significant digits.
fn a_quarter_more(amount: NanoUsd) -> NanoUsd {
    let more = (amount.nano() * 5 + 3) / 4;
    let mut step = 1;
    while more / step >= 100 {
        step *= 10;
    }
    NanoUsd::from_nano((more + step - 1) / step * step)
}

/// Ten percentage points less, as a whole percentage; `None` where nothing
/// would be left.
fn ten_points_less(share: Share) -> Option<i128> {
    let percent = share.millionths() / 10_000 - 10;
    (percent > 0).then_some(percent)
}

#[cfg(test)]
mod tests {
    use super::{a_quarter_more, ten_points_less};
    use crate::units::{NanoUsd, Share};

    #[test]
    fn a_quarter_more_has_two_digits_and_is_never_less() {
        let more = |nano: i128| a_quarter_more(NanoUsd::from_nano(nano)).nano();
        // 115.67 x 1.25 = 144.5875
        assert_eq!(more(115_670_000_000), 150_000_000_000);
        // 0.012345 x 1.25 = 0.01543125
        assert_eq!(more(12_345_000), 16_000_000);
        // 8 x 1.25 = 10, exactly
        assert_eq!(more(8_000_000_000), 10_000_000_000);
        // 7.99 x 1.25 = 9.9875
        assert_eq!(more(7_990_000_000), 10_000_000_000);
        assert_eq!(more(1), 2);
    }

    #[test]
    fn a_floor_needs_something_below_it() {
        let share = |part, whole| Share::of_counts(part, whole).expect("a share");
        assert_eq!(ten_points_less(share(456, 1_000)), Some(35));
        assert_eq!(ten_points_less(share(109, 1_000)), None);
        assert_eq!(ten_points_less(share(0, 1_000)), None);
    }
}

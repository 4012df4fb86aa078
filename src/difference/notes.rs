//! What a reader should know before trusting a difference.

use crate::report::document::{Cell, Difference, DifferenceSide, Effect, Per, Quotient, Warning};
use crate::units::{NanoUsd, Timestamp, counted};

use super::pairs::{Class, Pairs};

/// Lengths that differ by no more than this, in percent, are called equal.
const SAME_LENGTH_PERCENT: i128 = 20;

/// Every note that applies, the weightiest first.
pub(super) fn warnings(found: &Difference, pairs: &Pairs) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let mut say = |code: &str, message: Option<String>| {
        if let Some(message) = message {
            warnings.push(Warning { code: code.to_owned(), message });
        }
    };
    say("NO_PRICE", no_price(found));
    say("OTHER_LENGTH", other_length(found));
    say("OVERLAP", overlap(&found.before, &found.after));
    say("UNPRICED", unpriced(found));
    say("PRICED_ON_ONE_SIDE", pairs.has(Class::Coverage).then(coverage));
    say("CALLS_UNKNOWN", pairs.has(Class::Uncounted).then(uncounted));
    say("OTHER_PRICES", other_prices(found));
    say("PRICE_STEP", price_step(found));
    say("COMPONENTS_ON_ONE_SIDE", components(pairs));
    say("OTHER_VERSION", other_version(found));
    warnings
}

fn sides(found: &Difference) -> [(&'static str, &DifferenceSide); 2] {
    [("before", &found.before), ("after", &found.after)]
}

fn no_price(found: &Difference) -> Option<String> {
    let unpriced: Vec<&str> = sides(found)
        .into_iter()
        .filter(|(_, side)| side.cost_usd.is_none())
        .map(|(name, _)| name)
        .collect();
    (!unpriced.is_empty()).then(|| {
        format!(
            "No call of {} has a price: the difference in cost is unknown; --prices FILE adds a \
             model",
            unpriced.join(" and of ")
        )
    })
}

fn other_length(found: &Difference) -> Option<String> {
    if found.per == Per::Month {
        return None;
    }
    let (before, after) = (found.before.window.days, found.after.window.days);
    let (Some(before), Some(after)) = (before, after) else {
        return Some(
            "The length of a log is not known: part of the difference can be that one covers \
             more time"
                .to_owned(),
        );
    };
    let (shorter, longer) = if before.millionths() < after.millionths() {
        (before.millionths(), after.millionths())
    } else {
        (after.millionths(), before.millionths())
    };
    let differ = longer.saturating_mul(100) > shorter.saturating_mul(100 + SAME_LENGTH_PERCENT);
    differ.then(|| {
        // A side of less than a day has no thirty days to compare.
        let months = found.before.cost_per_month_usd.zip(found.after.cost_per_month_usd);
        let remedy =
            if months.is_some() { "; --per month compares thirty days of each" } else { "" };
        format!(
            "Before covers {} and after {}: the totals are of different lengths of time{remedy}",
            in_days(before),
            in_days(after)
        )
    })
}

fn in_days(days: Quotient) -> String {
    let shown = days.to_display(1);
    let shown = shown.strip_suffix(".0").unwrap_or(&shown);
    format!("{shown} {}", if shown == "1" { "day" } else { "days" })
}

fn overlap(before: &DifferenceSide, after: &DifferenceSide) -> Option<String> {
    let time = |text: &Option<String>| text.as_deref().and_then(Timestamp::parse);
    let (start, end) = (time(&before.window.start)?, time(&before.window.end)?);
    let (next, last) = (time(&after.window.start)?, time(&after.window.end)?);
    let (from, to) = (start.micros().max(next.micros()), end.micros().min(last.micros()));
    if last.micros() < start.micros() {
        return Some("Before is the later one of the two".to_owned());
    }
    (from < to && before.window != after.window)
        .then(|| "The two cover some of the same time: calls of it may be on both sides".to_owned())
}

fn unpriced(found: &Difference) -> Option<String> {
    let told: Vec<String> = sides(found)
        .into_iter()
        .filter(|(_, side)| side.unpriced_calls > 0)
        .map(|(name, side)| format!("{} {name}", counted(side.unpriced_calls, "call")))
        .collect();
    (!told.is_empty()).then(|| format!("Without a price, in no amount here: {}", told.join(", ")))
}

fn coverage() -> String {
    "Some calls have a price on one side only: what they cost there is a step of its own, no \
     change of the bill"
        .to_owned()
}

fn uncounted() -> String {
    "Of some features the export does not count the calls: their volume, mix and tokens per call \
     are one step, measured by tokens"
        .to_owned()
}

fn other_prices(found: &Difference) -> Option<String> {
    if found.same_table() != Some(false) {
        return None;
    }
    let as_of = |side: &DifferenceSide| {
        side.prices_as_of.clone().unwrap_or_else(|| "an unknown day".to_owned())
    };
    Some(format!(
        "The sides are priced by different tables, as of {} and of {}: the price step is also the \
         change of the table",
        as_of(&found.before),
        as_of(&found.after)
    ))
}

fn price_step(found: &Difference) -> Option<String> {
    let moved = found
        .steps
        .iter()
        .any(|step| step.effect == Effect::Price && step.change_usd != NanoUsd::ZERO);
    (moved && found.same_table() == Some(true)).then(|| {
        "Both sides are priced by the same table: the price step is dated prices in it, long \
         context, regions, or lifetimes of cache writes"
            .to_owned()
    })
}

fn components(pairs: &Pairs) -> Option<String> {
    let one_sided = pairs.all.iter().filter(|pair| pair.class == Class::Counted).any(|pair| {
        let known = |cell: &Option<Cell>| cell.as_ref().map(|cell| !cell.components.is_empty());
        known(&pair.before).zip(known(&pair.after)).is_some_and(|(before, after)| before != after)
    });
    one_sided.then(|| {
        "Some calls know their components on one side only: their tokens per call are told apart \
         as input and output"
            .to_owned()
    })
}

fn other_version(found: &Difference) -> Option<String> {
    let (before, after) = (&found.before.tool_version, &found.after.tool_version);
    (before != after)
        .then(|| format!("The sides were analysed by different versions: {before} and {after}"))
}

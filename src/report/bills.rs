//! The sentences about levels that are never added and about bills, the same in
//! every report for people.
//!
//! Plain text without a paragraph's width or markup; names from a log stand as
//! the document has them.

use super::document::{
    Billed, ExportCoverage, GapCause, Levels, Reconciliation, SetAsideReason, UNKNOWN_KEY,
};
use super::figures::{counted, dollars, tokens_short};
use crate::units::{NanoUsd, Share};

/// Causes that are shown one by one.
pub const CAUSES_SHOWN: usize = 12;
/// Names of models that are shown one by one.
const MODELS_SHOWN: usize = 5;

/// What was set aside, a sentence for each reason and provider.
pub fn set_aside(levels: &Levels) -> Vec<String> {
    let sentences = levels.set_aside.iter().map(|row| {
        let buckets = counted(row.buckets, "bucket", "buckets");
        let of = if row.provider == UNKNOWN_KEY {
            String::new()
        } else {
            format!(" of {}", row.provider)
        };
        let why = match row.reason {
            SetAsideReason::Requests => "the log has the requests of that time",
            SetAsideReason::FinerExport => "another export tells that time finer",
        };
        let cost = row
            .cost_usd
            .map_or_else(String::new, |cost| format!(", priced at {}", cost.to_display()));
        format!("{buckets}{of} not added{cost}: {why}")
    });
    sentences.collect()
}

/// How much more or less an export counts than the requests of its time.
pub fn covered(coverage: &ExportCoverage) -> String {
    let (provider, operation) = (&coverage.provider, &coverage.operation);
    let of = if provider == UNKNOWN_KEY {
        "the export".to_owned()
    } else {
        format!("the export of {provider}")
    };
    let kind = if operation == "embeddings" { " for embeddings" } else { "" };
    match (coverage.difference_share, coverage.difference_tokens_share) {
        (Some(share), _) => {
            format!("{of} bills {}{kind}", than(share, "the requests seen"))
        }
        (None, Some(share)) => {
            format!("{of} counts {}{kind}", than_tokens(share))
        }
        (None, None) => format!("{of} has usage{kind} of which no request was seen"),
    }
}

/// Both sides of an export, in tokens and dollars.
pub fn covered_sides(coverage: &ExportCoverage) -> String {
    let side = |side: &super::document::LevelSide| {
        let calls = side
            .calls
            .map_or_else(String::new, |calls| format!("{}, ", counted(calls, "call", "calls")));
        format!(
            "{calls}{} input and {} output tokens, {}",
            tokens_short(side.input_tokens),
            tokens_short(side.output_tokens),
            dollars(side.cost_usd)
        )
    };
    let day = |time: &Option<String>| {
        time.as_deref().map_or_else(String::new, |time| time.chars().take(10).collect())
    };
    format!(
        "{} to {}: export {}; requests {}",
        day(&coverage.start),
        day(&coverage.end),
        side(&coverage.export),
        side(&coverage.requests)
    )
}

fn than(share: Share, what: &str) -> String {
    let (size, word) = compared(share);
    match size {
        None => format!("as much as {what}"),
        Some(size) => format!("{size} {word} than {what}"),
    }
}

fn than_tokens(share: Share) -> String {
    let (size, word) = compared(share);
    match size {
        None => "as many tokens as the requests seen".to_owned(),
        Some(size) => format!("{size} {word} tokens than the requests seen"),
    }
}

/// The size of a difference and its direction; no size where it rounds to none.
fn compared(share: Share) -> (Option<String>, &'static str) {
    let text = share.to_percent();
    let word = if share.millionths() < 0 { "less" } else { "more" };
    let size = text.trim_start_matches('-').to_owned();
    ((size != "0.0 %").then_some(size), word)
}

/// What the cost exports among the files bill, in one line.
pub fn billed(billed: &Billed) -> String {
    let lines = counted(billed.charges, "line", "lines");
    let day = |time: &Option<String>| {
        time.as_deref().map(|time| time.chars().take(10).collect::<String>())
    };
    let window = match (day(&billed.start), day(&billed.end)) {
        (Some(start), Some(end)) => format!(", {start} to {end}"),
        _ => String::new(),
    };
    format!("{} billed in {lines}{window}", billed.billed_usd.to_display())
}

/// What belongs to the sum that was billed, a sentence each.
pub fn billed_notes(billed: &Billed) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(list) = billed.list_usd.filter(|list| *list != billed.billed_usd) {
        notes.push(format!("{} at list prices", list.to_display()));
    }
    notes.extend(repeated(billed.repeated_charges));
    notes
}

fn repeated(charges: u64) -> Option<String> {
    (charges > 0).then(|| {
        let lines = counted(charges, "line is", "lines are");
        format!("{lines} left out: another export of the bill states them too")
    })
}

/// Both sides of a bill, in one line.
pub fn gap(found: &Reconciliation) -> String {
    let billed = found.billed_usd.unwrap_or_default();
    let Some(priced) = found.priced_usd else {
        return format!("{} billed; nothing of its time could be priced", billed.to_display());
    };
    let sides = format!("{} billed, {} priced", billed.to_display(), priced.to_display());
    if found.gap_usd == NanoUsd::ZERO {
        return format!("{sides}: no gap");
    }
    let word = if found.gap_usd < NanoUsd::ZERO { "less" } else { "more" };
    let share = found.gap_share.map_or_else(String::new, |share| {
        format!(" ({})", share.to_percent().trim_start_matches('-'))
    });
    format!("{sides}: {}{share} {word} than priced", size(found.gap_usd).to_display())
}

fn size(amount: NanoUsd) -> NanoUsd {
    NanoUsd::from_nano(amount.nano().abs())
}

/// An amount with its sign, also where it is positive.
pub fn signed(amount: NanoUsd) -> String {
    let plus = if amount > NanoUsd::ZERO { "+" } else { "" };
    format!("{plus}{}", amount.to_display())
}

/// A cause in one line.
pub fn cause(cause: &GapCause) -> String {
    let model = cause.model.as_ref().map_or_else(String::new, |model| format!("{model}: "));
    format!("{model}{}", cause.shown_by)
}

/// The amount of a cause, or that it is not known.
pub fn cause_amount(cause: &GapCause) -> String {
    cause.amount_usd.map_or_else(|| dollars(None), signed)
}

/// What is left of a gap, as a row among its causes; `None` where nothing is.
pub fn unexplained(found: &Reconciliation) -> Option<String> {
    (found.unexplained_usd != NanoUsd::ZERO).then(|| signed(found.unexplained_usd))
}

/// What belongs to a bill besides its rows, a sentence each.
pub fn gap_notes(found: &Reconciliation) -> Vec<String> {
    let mut notes = Vec::new();
    if found.unpriced > 0 {
        let calls = counted(found.unpriced, "call or bucket has", "calls or buckets have");
        notes.push(format!("{calls} no price and stand on the bill's side only"));
    }
    for (records, cost, what) in [
        (found.other_times, found.other_times_usd, "of a time that the bill does not cover"),
        (found.other_providers, found.other_providers_usd, "of providers whose bill it is not"),
    ] {
        if records > 0 {
            let calls = counted(records, "call or bucket", "calls or buckets");
            notes.push(format!("Not compared: {calls} {what}, priced at {}", cost.to_display()));
        }
    }
    if !found.unmatched_models.is_empty() {
        let shown: Vec<&str> =
            found.unmatched_models.iter().take(MODELS_SHOWN).map(String::as_str).collect();
        let more = found.unmatched_models.len().saturating_sub(MODELS_SHOWN);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        notes.push(format!("On the bill and not in the price table: {}{more}", shown.join(", ")));
    }
    notes.extend(repeated(found.repeated_charges));
    notes
}

#[cfg(test)]
mod tests {
    use super::{gap, than};
    use crate::report::document::Reconciliation;
    use crate::units::{NanoUsd, Share};

    #[test]
    fn a_difference_names_its_direction() {
        let share = |part, whole| {
            Share::of_nano(NanoUsd::from_nano(part), NanoUsd::from_nano(whole))
                .map(|share| than(share, "seen"))
        };
        assert_eq!(share(41, 1_000).as_deref(), Some("4.1 % more than seen"));
        assert_eq!(share(-250, 1_000).as_deref(), Some("25.0 % less than seen"));
        assert_eq!(share(0, 1_000).as_deref(), Some("as much as seen"));
    }

    #[test]
    fn a_gap_is_told_from_the_bill() {
        let dollars = |dollars: i128| NanoUsd::from_nano(dollars * 1_000_000_000);
        let found = Reconciliation {
            priced_usd: Some(dollars(80)),
            billed_usd: Some(dollars(60)),
            gap_usd: dollars(-20),
            gap_share: Share::of_nano(dollars(-20), dollars(80)),
            ..Reconciliation::default()
        };
        assert_eq!(gap(&found), "$60.00 billed, $80.00 priced: $20.00 (25.0 %) less than priced");
    }
}

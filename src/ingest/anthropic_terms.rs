//! Words of Anthropic's reports and Console exports, which both spell in ways
//! of their own.

use crate::record::lane::Tier;
use crate::units::Timestamp;

use super::batch::Batch;

/// Microseconds of the day that a row of the Console stands for.
const DAY: i64 = 86_400_000_000;

/// The lane of a word of the tier and of the speed; standard where both are
/// missing, as reports leave out what they were not grouped by.
pub(super) fn tier(speed: Option<&str>, word: Option<&str>, batch: &mut Batch) -> Tier {
    if speed == Some("fast") {
        return Tier::Fast;
    }
    let Some(word) = word else { return Tier::Standard };
    Tier::parse(word).unwrap_or_else(|| {
        batch.note(
            "UNKNOWN_TIER",
            "a service tier that tokopt does not know is taken for the standard one",
        );
        Tier::Standard
    })
}

/// The lane that the Console's `usage_type` names; `message` names none.
pub(super) fn lane(usage_type: &str) -> Option<&str> {
    match usage_type {
        "message" | "messages" | "not_available" => None,
        word if word.to_ascii_lowercase().contains("batch") => Some("batch"),
        word => Some(word),
    }
}

/// Whether prompts were above 200,000 tokens, where reports cut.
pub(super) fn long_context(window: &str, batch: &mut Batch) -> Option<bool> {
    let plain: String = window.to_ascii_lowercase().split_whitespace().collect();
    match plain.as_str() {
        "0-200k" | "\u{2264}200k" | "<=200k" => Some(false),
        "200k-1m" | ">200k" => Some(true),
        // The Console's word for rows that are no use of a model.
        "" | "not_available" | "n/a" => None,
        _ => {
            batch.note(
                "UNKNOWN_CONTEXT_WINDOW",
                "a context window that tokopt does not know; long-context rates are not applied",
            );
            None
        }
    }
}

/// A geography; `None` for models that cannot be tied to one.
pub(super) fn geography(word: &str) -> Option<&str> {
    Some(word).filter(|word| *word != "not_available")
}

/// The end of a period that is named by its day; a time of the day names none.
pub(super) fn end_of_day(start: Timestamp, written: &str) -> Option<Timestamp> {
    const BARE_DATE: usize = 10;
    (written.trim().len() <= BARE_DATE).then(|| Timestamp::from_micros(start.micros() + DAY))
}

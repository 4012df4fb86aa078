//! What a reader should know before trusting a figure.

use crate::ledger::Ledger;
use crate::prices::Remark;
use crate::record::component::Component;
use crate::units::{Clock, Evidence, Usd, counted};

use super::super::document::{Document, Warning};
use super::Remarked;

/// Days after which a price table is called old, by the log's last call.
const OLD_DAYS: i64 = 45;
/// Millionths between which billed over counted tokens is nothing unusual
/// (a tokenizer of another family, message overhead).
const USUAL_SCALE: std::ops::RangeInclusive<i128> = 800_000..=1_350_000;

/// Every warning, in a fixed order.
pub(super) fn warnings(
    ledger: &Ledger<'_>,
    remarks: &Remarked,
    document: &Document,
) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let mut warn = |code: &str, message: String| {
        warnings.push(Warning { code: code.to_owned(), message });
    };
    if ledger.left_out > 0 {
        warn(
            "FILTERED",
            format!("{} records were left out by --where, --since or --until", ledger.left_out),
        );
    }
    for note in ledger.log.accounting.remarks() {
        let noun = match note.code.as_str() {
            "OTHER_FILES" | "OTHER_FORMAT" => "file",
            _ => "record",
        };
        warn(&note.code, format!("{} ({})", note.message, counted(note.records, noun)));
    }
    for (remark, code, message) in [
        (
            Remark::OutsideInterval,
            "OUTSIDE_PRICE_DATES",
            "priced at the nearest known price: they lie outside the dates the table knows",
        ),
        (
            Remark::TierNotListed,
            "TIER_NOT_LISTED",
            "priced at the standard tier: the table has no price for theirs",
        ),
        (
            Remark::LifetimeNotListed,
            "LIFETIME_NOT_LISTED",
            "with cache writes under a lifetime the table has no price for: the default one was used",
        ),
        (
            Remark::NotBilledByToken,
            "PROVISIONED",
            "on provisioned capacity cost nothing here: it is not billed by the token",
        ),
    ] {
        let calls = remarks.calls(remark);
        if calls > 0 {
            warn(code, format!("{} {message}", counted(calls, "call")));
        }
    }
    clocks(ledger, &mut warn);
    components(ledger, document, &mut warn);
    if ledger.feature_evidence == Evidence::Inferred
        && ledger.settings.features.is_empty()
        && !document.attribution.feature.is_empty()
    {
        warn(
            "CALL_SITES",
            "the log tags no feature: calls are grouped by their tools and system prompt"
                .to_owned(),
        );
    }
    warnings.extend(super::bills::warnings(ledger));
    let mut warn = |code: &str, message: String| {
        warnings.push(Warning { code: code.to_owned(), message });
    };
    if let Some(message) = price_difference(ledger) {
        warn("PRICE_DIFFERENCE", message);
    }
    warnings
}

fn clocks(ledger: &Ledger<'_>, warn: &mut dyn FnMut(&str, String)) {
    let times = || ledger.entries.iter().map(|entry| entry.time);
    let untimed = times().filter(Option::is_none).count() as u64;
    if untimed > 0 {
        warn(
            "NO_TIMES",
            format!(
                "{} without a time are left out of days, order and conversations",
                counted(untimed, "call")
            ),
        );
    }
    let has = |clock| times().flatten().any(|time| time.clock == clock);
    if has(Clock::Relative) {
        let other = if has(Clock::Dated) { "; the log mixes them with dated calls" } else { "" };
        warn(
            "RELATIVE_TIMES",
            format!(
                "times count from an unnamed start: give it a date with --epoch to price by date{other}"
            ),
        );
    }
    let last = times().flatten().filter_map(crate::units::Moment::timestamp).max();
    let as_of = ledger.table.as_of_instant();
    if let Some(last) = last {
        let days = (last.micros() - as_of.micros()) / 86_400_000_000;
        if days > OLD_DAYS {
            warn(
                "OLD_PRICES",
                format!("the price table was last checked {days} days before the log's last call"),
            );
        }
    }
}

fn components(ledger: &Ledger<'_>, document: &Document, warn: &mut dyn FnMut(&str, String)) {
    if ledger.components.by_text > 0 && ledger.log.calls.iter().any(|call| call.flags.hidden_head) {
        warn("HIDDEN_HEAD", "the system prompt and tool definitions are billed but not in this kind of log: system_prompt is what the visible texts leave of the bill, tools included".to_owned());
    }
    let is_unattributed = |key: &str| key == Component::Unattributed.key();
    if ledger.components.by_text > 0
        && document.attribution.component.iter().any(|row| is_unattributed(&row.key))
    {
        warn("UNATTRIBUTED", "unattributed input is what no other component covers: the newest answer where it first goes back to the model, and billed tokens that no logged text explains".to_owned());
    }
    let median = document.components_note.as_ref().and_then(|note| note.scale_median);
    if let Some(median) = median
        && !USUAL_SCALE.contains(&median.millionths())
    {
        warn(
            "SCALE",
            format!(
                "the bill counts {} tokens for each one counted in the logged texts: hidden tokens or another tokenizer",
                median.to_display(2)
            ),
        );
    }
    let bounded = document
        .attribution
        .component
        .iter()
        .any(|row| row.key == Component::SystemPrompt.key() && row.figures.at_most);
    if bounded {
        warn("COUNTS_ONLY", "only counts were logged: the system prompt is bounded by the least input of each feature; log the messages to split the rest".to_owned());
    }
}

/// Where log and table disagree by more than a hundredth on the calls that both
/// price.
fn price_difference(ledger: &Ledger<'_>) -> Option<String> {
    let both = ledger
        .entries
        .iter()
        .filter_map(|entry| Some((ledger.call(entry).logged_cost.get()?, entry.bill.total()?)));
    let (mut logged, mut priced, mut calls) = (Usd::ZERO, Usd::ZERO, 0_u64);
    for (one, other) in both {
        logged += one;
        priced += other;
        calls += 1;
    }
    let gap = (priced - logged).femto().unsigned_abs();
    (gap > logged.femto().unsigned_abs() / 100).then(|| {
        format!(
            "the log says {} for {} that the table prices at {}",
            logged.to_nano().to_display(),
            counted(calls, "call"),
            priced.to_nano().to_display()
        )
    })
}

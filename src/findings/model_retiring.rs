//! Models that the price table says will soon answer no more, or no longer do.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::record::symbol::Symbol;
use crate::units::Timestamp;

use super::Finding;
use super::amount::{Amount, counted};
use super::finder::Finder;
use super::view::View;

const DAY: i64 = 86_400_000_000;

/// Reports one finding per model.
#[derive(Debug)]
pub struct ModelRetiring;

impl Finder for ModelRetiring {
    fn codes(&self) -> &'static [&'static str] {
        &["MODEL_RETIRING"]
    }

    fn find(&self, view: &View<'_>) -> Vec<Finding> {
        let Some(end) = view.last_date() else { return Vec::new() };
        let ledger = view.ledger;
        let mut leaving: BTreeMap<(Date, &str), Amount> = BTreeMap::new();
        for (index, entry) in ledger.entries.iter().enumerate() {
            if let Some((day, id)) = leaves(view, ledger.call(entry).provider, entry.model, end) {
                leaving.entry((day, id)).or_default().add(ledger, index);
            }
        }
        for (index, entry) in ledger.buckets.iter().enumerate() {
            if let Some((day, id)) = leaves(view, ledger.bucket(entry).provider, entry.model, end) {
                leaving.entry((day, id)).or_default().add_bucket(ledger, index);
            }
        }
        leaving.into_iter().map(|((day, name), amount)| finding(day, name, end, &amount)).collect()
    }
}

/// The day on which a model is shut down and its id, where that is soon.
fn leaves<'v>(
    view: &View<'v>,
    provider: Option<Symbol>,
    model: Option<Symbol>,
    end: Timestamp,
) -> Option<(Date, &'v str)> {
    let model = view.ledger.pricer.find(provider, model)?.model();
    let day = model.shutdown()?;
    (days_left(day, end)? <= view.settings.retiring_days).then(|| (day, model.id()))
}

/// Whole days from the last call to the day of the shutdown; none or fewer
/// where it has come.
fn days_left(day: Date, end: Timestamp) -> Option<i64> {
    let shutdown = Timestamp::from_date(day)?;
    Some(shutdown.micros().saturating_sub(end.micros()).div_euclid(DAY))
}

fn finding(day: Date, name: &str, end: Timestamp, amount: &Amount) -> Finding {
    let when = match days_left(day, end).unwrap_or_default() {
        days @ 1.. => format!("answers no more from {day}, {days} days after the last call"),
        0 => format!("answers no more from {day}, the day after the last call"),
        _ => format!("was to be shut down on {day}, before the last call"),
    };
    let calls = match amount.known_calls() {
        Some(calls) => counted(calls, "call"),
        None => "calls that the export does not count".to_owned(),
    };
    Finding {
        code: "MODEL_RETIRING",
        message: format!("{name} {when}: {calls}{}", amount.gap()),
        calls: amount.known_calls(),
        cost: amount.cost(),
        wasted: None,
        evidence: amount.evidence,
    }
}

//! Models whose price has fallen since the calls were made.
//!
//! The same calls are priced a second time, at the same hour and weekday in the
//! week that begins when the price table was last checked. It is a matter of the
//! next bill, not of the ladder: the log was billed at its own dates.

use std::collections::BTreeMap;

use crate::ledger::Ledger;
use crate::ledger::pricing::State;
use crate::units::{Moment, Timestamp, Usd};

use super::Finding;
use super::amount::{Amount, counted, dollars};
use super::finder::Finder;
use super::view::View;

const WEEK: i64 = 7 * 86_400_000_000;

/// Reports one finding per model.
#[derive(Debug)]
pub struct PriceChanged;

impl Finder for PriceChanged {
    fn codes(&self) -> &'static [&'static str] {
        &["PRICE_CHANGED"]
    }

    fn find(&self, view: &View<'_>) -> Vec<Finding> {
        let ledger = view.ledger;
        let mut changed: BTreeMap<&str, (Amount, Usd)> = BTreeMap::new();
        for index in 0..ledger.entries.len() {
            if let Some((name, fall)) = fall(ledger, index) {
                let (amount, sum) = changed.entry(name).or_default();
                amount.add(ledger, index);
                *sum += fall;
            }
        }
        let as_of = ledger.table.as_of();
        let fallen = changed.into_iter().filter(|(_, (_, fall))| *fall > Usd::ZERO);
        fallen
            .map(|(name, (amount, fall))| Finding {
                code: "PRICE_CHANGED",
                message: format!(
                    "{name} is cheaper since: {} would cost {} less at the prices of {as_of}",
                    counted(amount.calls, "call"),
                    dollars(fall),
                ),
                calls: Some(amount.calls),
                cost: amount.cost(),
                wasted: None,
                evidence: amount.evidence,
            })
            .collect()
    }
}

/// The model of a call and what it would cost less by the latest prices; `None`
/// where they are the same or not known.
fn fall<'v>(ledger: &'v Ledger<'_>, index: usize) -> Option<(&'v str, Usd)> {
    let entry = &ledger.entries[index];
    if entry.bill.state != State::Priced || entry.bill.remarks.partly_unpriced() {
        return None;
    }
    let at = entry.time.and_then(Moment::timestamp)?;
    let today = ledger.table.as_of_instant().micros();
    let since = at.micros().saturating_sub(today).rem_euclid(WEEK);
    let later = Timestamp::from_micros(today.saturating_add(since));
    let call = ledger.call(entry);
    let model = ledger.pricer.find(call.provider, entry.model)?;
    let (then, now) = (model.interval(Some(at))?, model.interval(Some(later))?);
    if later <= at || then.0 == now.0 {
        return None;
    }
    let priced = ledger.pricer.priced_as(call, model, Some(later));
    let fall = entry.bill.total()? - priced.total();
    (!priced.remarks.partly_unpriced() && fall != Usd::ZERO).then(|| (model.model().id(), fall))
}

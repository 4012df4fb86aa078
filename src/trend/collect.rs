//! Adds calls and buckets up by day and by period, in one pass.

use rustc_hash::FxHashMap;

use crate::ledger::Ledger;
use crate::record::call::{Finish, Status};
use crate::record::symbol::Symbol;
use crate::units::Usd;

use super::calendar::{Calendar, Period, holding};
use super::sums::{Sums, Used};

/// What was used on a day, and who and what caused it.
#[derive(Clone, Debug, Default)]
pub struct Day {
    pub sums: Sums,
    pub features: FxHashMap<Option<Symbol>, Usd>,
    pub models: FxHashMap<Option<Symbol>, Usd>,
}

/// Everything, each record in exactly one of the periods, in what is not
/// placed, or in what is undated.
#[derive(Debug, Default)]
pub(super) struct Collected {
    pub periods: Vec<Sums>,
    pub not_placed: Sums,
    pub undated: Sums,
    pub total: Sums,
    pub days: Vec<Day>,
    /// Buckets with a time that reach over the end of a day.
    pub not_in_days: Sums,
    pub shows_errors: bool,
}

pub(super) fn collect(ledger: &Ledger<'_>, calendar: &Calendar, periods: &[Period]) -> Collected {
    let days: Vec<Period> = calendar.days().cloned().collect();
    let mut found = Collected {
        periods: vec![Sums::default(); periods.len()],
        days: vec![Day::default(); days.len()],
        ..Collected::default()
    };
    let of_day: Vec<Option<usize>> = days.iter().map(|day| holding(periods, &day.span)).collect();
    for entry in &ledger.entries {
        let call = ledger.call(entry);
        let usage = call.usage.get();
        // A log that never states a status cannot show errors.
        found.shows_errors |= call.status != Status::Success || call.finish != Finish::Unknown;
        let failed = Some(call.status == Status::Error);
        let used = Used { calls: Some(1), usage: &usage, bill: &entry.bill, failed };
        found.total.add(used);
        let day = calendar.place(entry.time).and_then(|at| holding(&days, &(at..at + 1)));
        let Some(day) = day else {
            found.undated.add(used);
            continue;
        };
        match of_day[day] {
            Some(period) => found.periods[period].add(used),
            None => found.not_placed.add(used),
        }
        found.days[day].add(used, entry.feature, entry.model);
    }
    for entry in &ledger.buckets {
        let bucket = ledger.bucket(entry);
        let used =
            Used { calls: bucket.calls, usage: &bucket.usage, bill: &entry.bill, failed: None };
        found.total.add(used);
        let Some(span) = calendar.place_bucket(bucket) else {
            found.undated.add(used);
            continue;
        };
        match holding(periods, &span) {
            Some(period) => found.periods[period].add(used),
            None => found.not_placed.add(used),
        }
        match holding(&days, &span) {
            Some(day) => found.days[day].add(used, entry.feature, entry.model),
            None => found.not_in_days.add(used),
        }
    }
    found
}

impl Day {
    fn add(&mut self, used: Used<'_>, feature: Option<Symbol>, model: Option<Symbol>) {
        self.sums.add(used);
        let cost = used.bill.total().unwrap_or_default();
        if cost != Usd::ZERO {
            *self.features.entry(feature).or_default() += cost;
            *self.models.entry(model).or_default() += cost;
        }
    }
}

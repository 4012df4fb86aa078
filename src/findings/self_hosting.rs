//! What the traffic would cost on machines of one's own.
//!
//! Only with the user's own figures for a machine: no capacity is ever assumed.
//! A minute's load is the share of a machine that its prompt tokens take plus
//! the share that its generated ones take; the 99th percentile of the minutes
//! that have traffic decides how many machines there must be. A month has 720
//! hours. For information: the API's cost is what was billed, before any
//! technique.

use std::collections::BTreeMap;

use crate::ledger::metrics::quantile;
use crate::units::{Evidence, Tokens, Usd};

use super::amount::{counted, dollars};
use super::finder::Finder;
use super::view::View;
use super::{Finding, SelfHosting};

const MINUTE: i64 = 60_000_000;
const DAY: i64 = 86_400_000_000;
const HOURS_A_MONTH: i128 = 720;

/// Reports one finding for the log, where a machine is given.
#[derive(Debug)]
pub struct SelfHostingBreakEven;

impl Finder for SelfHostingBreakEven {
    fn codes(&self) -> &'static [&'static str] {
        &["SELF_HOSTING"]
    }

    fn find(&self, view: &View<'_>) -> Vec<Finding> {
        let machine = view.settings.self_hosting.as_ref();
        machine.and_then(|machine| finding(view, machine)).into_iter().collect()
    }
}

fn finding(view: &View<'_>, machine: &SelfHosting) -> Option<Finding> {
    let (first, last) = view.span()?;
    let load = Load::of(view, machine)?;
    let machines = load.machines();
    let monthly = Usd::from_femto(
        machine
            .usd_per_hour
            .femto()
            .saturating_mul(i128::from(machines))
            .saturating_mul(HOURS_A_MONTH),
    ) + machine.operations_usd_per_month;
    let amount = view.ledger.amount(0..view.ledger.entries.len());
    let window = i128::from(last.saturating_sub(first).max(DAY));
    let billed = amount.cost()?;
    // Dollars a window to dollars a month; in nano-dollars there is room.
    let api = billed.to_nano().nano().saturating_mul(30 * i128::from(DAY)) / window;
    let api = crate::units::NanoUsd::from_nano(api).to_usd();
    let verdict = if monthly < api { "cheaper than" } else { "not cheaper than" };
    let message = format!(
        "{} of your own would carry the 99th percentile of this traffic's minutes and cost {} a \
         month, {verdict} the API's {}; they would be busy {} % of the time{}",
        counted(machines, "machine"),
        dollars(monthly),
        dollars(api),
        load.busy_percent(machines, window),
        amount.gap(),
    );
    Some(Finding {
        code: "SELF_HOSTING",
        message,
        calls: Some(amount.calls),
        cost: Some(billed),
        wasted: None,
        evidence: Evidence::Assumed,
    })
}

/// The load of the minutes that have any, in `whole` parts of a machine.
struct Load {
    sorted: Vec<u128>,
    whole: u128,
}

impl Load {
    fn of(view: &View<'_>, machine: &SelfHosting) -> Option<Self> {
        let (reads, writes) = (
            u128::from(machine.input_tokens_per_second),
            u128::from(machine.output_tokens_per_second),
        );
        let mut minutes: BTreeMap<i64, u128> = BTreeMap::new();
        for entry in &view.ledger.entries {
            let Some(time) = entry.time else { continue };
            let usage = view.ledger.call(entry).usage.get();
            let count = |tokens: Option<Tokens>| u128::from(tokens.unwrap_or_default().get());
            // in / reads + out / writes, over a common denominator.
            let load = count(usage.input) * writes + count(usage.output) * reads;
            *minutes.entry(time.micros.div_euclid(MINUTE)).or_default() += load;
        }
        let mut sorted: Vec<u128> = minutes.into_values().collect();
        sorted.sort_unstable();
        let whole = reads.saturating_mul(writes).saturating_mul(60);
        (whole > 0 && !sorted.is_empty()).then_some(Self { sorted, whole })
    }

    fn machines(&self) -> u64 {
        let peak = quantile(&self.sorted, 99).unwrap_or(0);
        u64::try_from(peak.div_ceil(self.whole)).unwrap_or(u64::MAX).max(1)
    }

    fn busy_percent(&self, machines: u64, window: i128) -> u128 {
        let minutes = u128::try_from(window / i128::from(MINUTE)).unwrap_or(1).max(1);
        let sum: u128 = self.sorted.iter().sum();
        sum.saturating_mul(100) / self.whole.saturating_mul(u128::from(machines) * minutes).max(1)
    }
}

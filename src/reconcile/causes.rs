//! What explains a gap: each cause with what shows it.
//!
//! Lines and usage are taken out one cause at a time, so no dollar is
//! explained twice; what is left is compared model by model.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::ledger::Ledger;
use crate::ledger::pricing::State;
use crate::record::charge::Meter;
use crate::units::{Evidence, Usd, counted};

use super::bill::{Bill, Line, Name};
use super::groups::{Use, Uses};
use super::periods::Grain;
use super::{Cause, Code, compared};

/// Whose bill, and for which model: what lines and usage have in common.
pub(super) type Key = (Option<Name>, Option<Name>);

/// The lines and the usage of one key.
#[derive(Debug, Default)]
pub(super) struct Group<'a> {
    pub lines: Vec<&'a Line>,
    pub rows: Vec<&'a Use>,
}

impl Group<'_> {
    pub fn billed(&self) -> Usd {
        self.lines.iter().map(|line| line.billed).sum()
    }
}

/// The periods that one side has, by provider.
type Periods = BTreeMap<Option<Name>, BTreeSet<Option<Name>>>;

/// What usage costs for the comparison: without hosted tools where the bill has
/// lines of its own for them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pricing {
    tools_apart: bool,
}

impl Pricing {
    pub fn of(self, row: &Use) -> Usd {
        let cost = row.cost.unwrap_or_default();
        if self.tools_apart && row.cost.is_some() { cost - row.fees } else { cost }
    }

    pub fn sum(self, rows: &[&Use]) -> Usd {
        rows.iter().map(|row| self.of(row)).sum()
    }
}

/// Every cause with evidence, largest amounts first, those without last.
pub(super) fn find(ledger: &Ledger<'_>, bill: &Bill, uses: &Uses, gap: Usd) -> Vec<Cause> {
    let mut causes = Vec::new();
    let pricing = meters(bill, uses, &mut causes);
    let mut groups = grouped(bill, uses);
    missing_periods(bill, uses, pricing, &mut groups, &mut causes);
    one_sided(pricing, &mut groups, &mut causes);
    groups.retain(|key, group| !unpriced(key, group, pricing, &mut causes));
    compared::find(ledger, &groups, pricing, &mut causes);
    let explained: Usd = causes.iter().filter_map(|cause| cause.amount).sum();
    unseen_requests(ledger, bill, gap - explained, &mut causes);
    let explained: Usd = causes.iter().filter_map(|cause| cause.amount).sum();
    part_of_period(bill, uses, gap - explained, &mut causes);
    causes.retain(|cause| cause.amount != Some(Usd::ZERO));
    causes.sort_by_key(|cause| {
        let size = cause.amount.map(|amount| amount.femto().unsigned_abs());
        (Reverse(size), cause.code, cause.model.clone())
    });
    causes
}

/// Lines that are no use of a model's tokens.
fn meters(bill: &Bill, uses: &Uses, causes: &mut Vec<Cause>) -> Pricing {
    let sum = |meter| {
        let lines = bill.lines.iter().filter(move |line| line.meter == meter);
        (lines.clone().count() as u64, lines.map(|line| line.billed).sum::<Usd>())
    };
    let (others, amount) = sum(Meter::Other);
    if others > 0 {
        causes.push(Cause {
            code: Code::OtherMeters,
            amount: Some(amount),
            model: None,
            shown_by: format!("{} of the bill for no use of a model", counted(others, "line")),
            evidence: Evidence::Measured,
        });
    }
    let (tools, amount) = sum(Meter::Tool);
    if tools > 0 {
        let fees: Usd = uses.rows.iter().map(|row| row.fees).sum();
        causes.push(Cause {
            code: Code::Tools,
            amount: Some(amount - fees),
            model: None,
            shown_by: format!(
                "{} of the bill for tools, which the log prices at {}",
                counted(tools, "line"),
                fees.to_nano().to_display()
            ),
            evidence: Evidence::Measured,
        });
    }
    Pricing { tools_apart: tools > 0 }
}

/// Brings lines and usage together. Usage of a model that the bill does not
/// name belongs to the lines that name no model, where there are such.
fn grouped<'a>(bill: &'a Bill, uses: &'a Uses) -> BTreeMap<Key, Group<'a>> {
    let mut groups: BTreeMap<Key, Group<'a>> = BTreeMap::new();
    for line in bill.lines.iter().filter(|line| line.is_usage()) {
        let key = (line.provider.clone(), line.model.clone());
        groups.entry(key).or_default().lines.push(line);
    }
    let providers: BTreeSet<Option<Name>> = groups.keys().map(|key| key.0.clone()).collect();
    let billed: BTreeSet<Key> = groups.keys().cloned().collect();
    for row in &uses.rows {
        let provider = match &row.provider {
            Some(name) if providers.contains(&Some(name.clone())) => Some(name.clone()),
            Some(name) if !providers.contains(&None) => Some(name.clone()),
            None if providers.len() == 1 => providers.first().cloned().flatten(),
            _ => None,
        };
        let mut key = (provider, row.model.clone());
        if !billed.contains(&key) && billed.contains(&(key.0.clone(), None)) {
            key.1 = None;
        }
        groups.entry(key).or_default().rows.push(row);
    }
    groups
}

/// Days or months that only one side knows. Usage without a date may be of any
/// of them: then none is named.
fn missing_periods(
    bill: &Bill,
    uses: &Uses,
    pricing: Pricing,
    groups: &mut BTreeMap<Key, Group<'_>>,
    causes: &mut Vec<Cause>,
) {
    if bill.grain == Grain::Whole || uses.rows.iter().any(|row| !row.dated) {
        return;
    }
    let (mut used, mut billed) = (Periods::new(), Periods::new());
    for ((provider, _), group) in &*groups {
        let used = used.entry(provider.clone()).or_default();
        used.extend(group.rows.iter().map(|row| row.period.clone()));
        let billed = billed.entry(provider.clone()).or_default();
        billed.extend(group.lines.iter().map(|line| line.period.clone()));
    }
    let (mut missing, mut missing_names) = (Usd::ZERO, BTreeSet::new());
    let (mut unbilled, mut unbilled_names) = (Usd::ZERO, BTreeSet::new());
    for ((provider, _), group) in groups.iter_mut() {
        // What only one side names is told by its model.
        if group.lines.is_empty() || group.rows.is_empty() {
            continue;
        }
        let (used, billed) = (used.get(provider), billed.get(provider));
        group.lines.retain(|line| {
            let stays = used.is_some_and(|used| used.contains(&line.period));
            if !stays {
                missing += line.billed;
                missing_names.insert(line.period.clone());
            }
            stays
        });
        group.rows.retain(|row| {
            let stays = billed.is_some_and(|billed| billed.contains(&row.period));
            if !stays {
                unbilled += Usd::ZERO - pricing.of(row);
                unbilled_names.insert(row.period.clone());
            }
            stays
        });
    }
    let noun = bill.grain.noun();
    for (code, amount, names, what) in [
        (Code::MissingDays, missing, missing_names, "billed and without any request"),
        (Code::DaysNotBilled, unbilled, unbilled_names, "with requests and without a bill"),
    ] {
        if !names.is_empty() {
            causes.push(Cause {
                code,
                amount: Some(amount),
                model: None,
                shown_by: format!(
                    "{} {what}: {}",
                    counted(names.len() as u64, noun),
                    first_names(&names)
                ),
                evidence: Evidence::Measured,
            });
        }
    }
}

/// The first few of some names.
fn first_names(names: &BTreeSet<Option<Name>>) -> String {
    const MOST: usize = 3;
    let shown: Vec<&str> = names.iter().flatten().map(|name| &**name).take(MOST).collect();
    match names.len().saturating_sub(shown.len()) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Models that only one side names; their groups are settled.
fn one_sided(pricing: Pricing, groups: &mut BTreeMap<Key, Group<'_>>, causes: &mut Vec<Cause>) {
    let used: BTreeSet<Option<Name>> = groups
        .iter()
        .filter(|(_, group)| !group.rows.is_empty())
        .map(|(key, _)| key.0.clone())
        .collect();
    groups.retain(|(provider, model), group| {
        let nothing_used = !used.contains(provider) && provider.is_some();
        let (code, amount, shown_by) = match (group.lines.is_empty(), group.rows.is_empty()) {
            (false, true) if model.is_some() => {
                (Code::OnlyOnBill, group.billed(), "billed, and not in the log".to_owned())
            }
            (false, true) if nothing_used => {
                let name = provider.as_deref().unwrap_or_default();
                let shown = format!("billed by {name}, of which the log has nothing");
                (Code::OnlyOnBill, group.billed(), shown)
            }
            (true, false) => {
                let priced = pricing.sum(&group.rows);
                let calls = counted(group.rows.len() as u64, "record");
                (
                    Code::OnlyInLog,
                    Usd::ZERO - priced,
                    format!("{calls} that the bill does not name"),
                )
            }
            _ => return true,
        };
        causes.push(Cause {
            code,
            amount: Some(amount),
            model: model.as_ref().map(ToString::to_string),
            shown_by,
            evidence: Evidence::Measured,
        });
        false
    });
}

/// Usage without a price. Where none of a billed model has one, all that was
/// billed for it is explained and the group settled; elsewhere the amount is
/// not known.
fn unpriced(key: &Key, group: &Group<'_>, pricing: Pricing, causes: &mut Vec<Cause>) -> bool {
    let unknown = |row: &&&Use| row.state == State::UnknownModel;
    let whole = key.1.is_some() && group.rows.iter().all(|row| row.state == State::UnknownModel);
    if whole && !group.rows.is_empty() {
        causes.push(Cause {
            code: Code::UnpricedModel,
            amount: Some(group.billed()),
            model: key.1.as_ref().map(ToString::to_string),
            shown_by: format!(
                "{} that the table cannot price",
                counted(group.rows.len() as u64, "record")
            ),
            evidence: Evidence::Measured,
        });
        return true;
    }
    if group.billed() <= pricing.sum(&group.rows) {
        return false;
    }
    let mut models: BTreeMap<Option<&Name>, u64> = BTreeMap::new();
    for row in group.rows.iter().filter(unknown) {
        *models.entry(row.model.as_ref()).or_default() += 1;
    }
    for (model, records) in models {
        causes.push(Cause {
            code: Code::UnpricedModel,
            amount: None,
            model: model.map(ToString::to_string),
            shown_by: format!(
                "{} {}",
                counted(records, "record"),
                if model.is_some() { "that the table cannot price" } else { "without a model" }
            ),
            evidence: Evidence::Inferred,
        });
    }
    let untold = group.rows.iter().filter(|row| !unknown(row) && is_unpriced(row)).count() as u64;
    if untold > 0 {
        causes.push(Cause {
            code: Code::UnpricedCalls,
            amount: None,
            model: key.1.as_ref().map(ToString::to_string),
            shown_by: format!(
                "{} whose tokens or rates are not all known",
                counted(untold, "record")
            ),
            evidence: Evidence::Inferred,
        });
    }
    false
}

/// Whether a row's price leaves something out.
pub(super) const fn is_unpriced(row: &Use) -> bool {
    row.cost.is_none() || row.partly_unpriced
}

/// A usage export that counts more than the requests of its time.
fn unseen_requests(ledger: &Ledger<'_>, bill: &Bill, left: Usd, causes: &mut Vec<Cause>) {
    if left <= Usd::ZERO {
        return;
    }
    let is_billed = |provider: Option<&str>| {
        bill.lines
            .iter()
            .any(|line| line.provider.is_none() || line.provider.as_deref() == provider)
    };
    let mut unseen = Usd::ZERO;
    for coverage in ledger.coverage() {
        let (Some(export), requests) = (coverage.whole.export, coverage.whole.requests) else {
            continue;
        };
        let requests = requests.unwrap_or_default();
        if export.unpriced == 0 && requests.unpriced == 0 && is_billed(coverage.provider.as_deref())
        {
            unseen += export.cost.unwrap_or_default() - requests.cost.unwrap_or_default();
        }
    }
    if unseen > Usd::ZERO {
        causes.push(Cause {
            code: Code::RequestsMissing,
            amount: Some(unseen.min(left)),
            model: None,
            shown_by: format!(
                "the usage export counts {} more than the requests of its time",
                unseen.to_nano().to_display()
            ),
            evidence: Evidence::Inferred,
        });
    }
}

/// A log that begins or ends inside the time that was billed, where the bill
/// does not tell the days.
fn part_of_period(bill: &Bill, uses: &Uses, left: Usd, causes: &mut Vec<Cause>) {
    if left <= Usd::ZERO || bill.grain == Grain::Days || uses.rows.iter().any(|row| !row.dated) {
        return;
    }
    let Some((first, last)) = uses.window else { return };
    if let Some((before, after)) = bill.days_outside(first, last) {
        causes.push(Cause {
            code: Code::PartOfPeriod,
            amount: None,
            model: None,
            shown_by: format!(
                "of the billed time, the log has no request in the first {} and the last {}",
                counted(before, "day"),
                counted(after, "day")
            ),
            evidence: Evidence::Inferred,
        });
    }
}

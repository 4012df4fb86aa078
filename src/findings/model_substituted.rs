//! Calls that another model answered than the one asked for, and names that
//! changed the model behind them.
//!
//! A dated snapshot or another spelling of the same entry of the price table is
//! the same model. What the model asked for would have cost is reckoned with the
//! tokens that were billed, whoever counted them: inferred. A name that the
//! table does not know is somebody's alias; it is only reported when the model
//! behind it changed once and for all.

use std::collections::BTreeMap;

use crate::ledger::Ledger;
use crate::ledger::pricing::State;
use crate::prices::Match;
use crate::units::{Evidence, Moment, Usd};

use super::Finding;
use super::amount::{counted, dollars};
use super::finder::Finder;
use super::view::View;

/// Reports one finding per pair of models.
#[derive(Debug)]
pub struct ModelSubstituted;

impl Finder for ModelSubstituted {
    fn codes(&self) -> &'static [&'static str] {
        &["MODEL_SUBSTITUTED", "ALIAS_MOVED"]
    }

    fn find(&self, view: &View<'_>) -> Vec<Finding> {
        let ledger = view.ledger;
        let mut found = Vec::new();
        for (asked, by_served) in asked(ledger) {
            let mut alias: Vec<(&str, Vec<usize>)> = Vec::new();
            for (served, members) in by_served {
                // Where no answer names a model, the one asked for stands in.
                if served == asked {
                    continue;
                }
                match other_model(ledger, asked, &members) {
                    Some(wanted) => {
                        found.push(substituted(ledger, asked, served, &wanted, &members));
                    }
                    None => alias.push((served, members)),
                }
            }
            found.extend(moves(ledger, asked, alias));
        }
        found
    }
}

/// Positions of calls by the model asked for and the one that served.
fn asked<'v>(ledger: &'v Ledger<'_>) -> BTreeMap<&'v str, BTreeMap<&'v str, Vec<usize>>> {
    let mut pairs: BTreeMap<&str, BTreeMap<&str, Vec<usize>>> = BTreeMap::new();
    for (index, entry) in ledger.entries.iter().enumerate() {
        let asked = ledger.log.strings.text_of(ledger.call(entry).requested_model);
        if let (Some(asked), Some(served)) = (asked, ledger.names.text_of(entry.model)) {
            pairs.entry(asked).or_default().entry(served).or_default().push(index);
        }
    }
    pairs
}

/// The model asked for, where the table knows both and they are not the same.
fn other_model<'v>(ledger: &'v Ledger<'_>, asked: &str, members: &[usize]) -> Option<Match<'v>> {
    let entry = &ledger.entries[*members.first()?];
    let provider = ledger.call(entry).provider;
    let served = ledger.pricer.find(provider, entry.model)?;
    let wanted = ledger.table.find(ledger.log.strings.text_of(provider), asked)?;
    (wanted.model().id() != served.model().id()).then_some(wanted)
}

fn substituted(
    ledger: &Ledger<'_>,
    asked: &str,
    served: &str,
    wanted: &Match<'_>,
    members: &[usize],
) -> Finding {
    let amount = ledger.amount(members.iter().copied());
    let surplus = members.iter().filter_map(|index| surplus(ledger, *index, wanted)).sum();
    let difference = match surplus {
        Usd::ZERO => "at the same cost".to_owned(),
        surplus if surplus > Usd::ZERO => format!("{} dearer than asked for", dollars(surplus)),
        surplus => format!("{} cheaper than asked for", dollars(-surplus)),
    };
    Finding {
        code: "MODEL_SUBSTITUTED",
        message: format!(
            "{} asked for {asked} and got {served}, {difference}{}",
            counted(amount.calls, "call"),
            amount.gap(),
        ),
        calls: Some(amount.calls),
        cost: amount.cost(),
        wasted: amount.cost().map(|_| surplus.max(Usd::ZERO)),
        evidence: amount.evidence.worst(Evidence::Inferred),
    }
}

/// What a call cost more than the model asked for would have.
fn surplus(ledger: &Ledger<'_>, index: usize, wanted: &Match<'_>) -> Option<Usd> {
    let entry = &ledger.entries[index];
    let bill = &entry.bill;
    if bill.state != State::Priced || bill.remarks.partly_unpriced() {
        return None;
    }
    let at = entry.time.and_then(Moment::timestamp);
    let other = ledger.pricer.priced_as(ledger.call(entry), wanted, at);
    (!other.remarks.partly_unpriced())
        .then(|| entry.bill.total().map(|cost| cost - other.total()))?
}

/// Changes of the model behind one name: all calls on the old one come before
/// all on the new one. Names that are served by several models at a time are
/// shared out, not moved.
fn moves(ledger: &Ledger<'_>, asked: &str, served: Vec<(&str, Vec<usize>)>) -> Vec<Finding> {
    let span = |members: &[usize]| {
        let times = members.iter().filter_map(|index| ledger.entries[*index].time);
        Some((times.clone().min()?, times.max()?))
    };
    let mut spans: Vec<(Moment, Moment, &str, Vec<usize>)> = served
        .into_iter()
        .filter_map(|(served, members)| {
            let (first, last) = span(&members)?;
            Some((first, last, served, members))
        })
        .collect();
    spans.sort_unstable_by_key(|(first, last, served, _)| (*first, *last, *served));
    let in_turn = spans.windows(2).all(|pair| pair[0].1 < pair[1].0);
    if !in_turn {
        return Vec::new();
    }
    let moved = spans.windows(2).map(|pair| (pair[0].2, &pair[0].3, pair[1].2, &pair[1].3));
    moved
        .map(|(before, earlier, after, later)| {
            let amount = ledger.amount(later.iter().copied());
            let old = ledger.entries[earlier[0]];
            let old = ledger.pricer.find(ledger.call(&old).provider, old.model);
            let surplus: Option<Usd> = old.and_then(|old| {
                later.iter().map(|index| surplus(ledger, *index, old)).sum::<Option<Usd>>()
            });
            let difference = match surplus {
                None => String::new(),
                Some(Usd::ZERO) => ", at the same cost".to_owned(),
                Some(surplus) if surplus > Usd::ZERO => {
                    format!(", {} dearer than before", dollars(surplus))
                }
                Some(surplus) => format!(", {} cheaper than before", dollars(-surplus)),
            };
            Finding {
                code: "ALIAS_MOVED",
                message: format!(
                    "{asked} moved from {before} to {after}: {} since{difference}{}",
                    counted(amount.calls, "call"),
                    amount.gap(),
                ),
                calls: Some(amount.calls),
                cost: amount.cost(),
                wasted: surplus.map(|surplus| surplus.max(Usd::ZERO)),
                evidence: amount.evidence.worst(Evidence::Inferred),
            }
        })
        .collect()
}

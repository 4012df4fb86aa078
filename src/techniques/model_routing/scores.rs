//! What somebody measured of the answers: which calls a cheaper model gets
//! wrong, and how a perfect router would do.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use rustc_hash::FxHashMap;

use crate::techniques::quality::Quality;
use crate::techniques::technique::{Reason, View, Warning};
use crate::techniques::tiers::{self, Demand};
use crate::techniques::traffic::{CallIndex, GroupIndex, ModelIndex};
use crate::units::{Share, Usd, counted};

use super::Method;

/// From this score on an answer is right.
const RIGHT: i64 = 500_000;

/// Measured calls.
#[derive(Debug, Default)]
pub(super) struct Scores {
    wrong: FxHashMap<CallIndex, bool>,
    warnings: BTreeSet<Warning>,
}

/// Measured calls of one group under one cheaper model.
#[derive(Debug, Default)]
struct Tally {
    /// Whether the cheaper model is wrong, by call.
    wrong: Vec<(CallIndex, bool)>,
    /// Calls that are scored for both models, and right answers of them.
    both: u64,
    cheap_right: u64,
    logged_right: u64,
    one_right: u64,
}

impl Tally {
    fn escalated(&self) -> u64 {
        self.wrong.iter().filter(|(_, wrong)| *wrong).count() as u64
    }

    /// What a cascade saves on mean calls, judge and caches left aside.
    fn saving(&self, cheap: Usd, logged: Usd) -> i128 {
        let times = |cost: Usd, count: u64| cost.femto().saturating_mul(i128::from(count));
        let kept = self.wrong.len() as u64 - self.escalated();
        times(logged, kept).saturating_sub(times(cheap, self.wrong.len() as u64))
    }
}

impl Scores {
    /// Whether the cheaper model's answer to a call is wrong; `None` where
    /// nobody looked.
    pub(super) fn is_wrong(&self, call: CallIndex) -> Option<bool> {
        self.wrong.get(&call).copied()
    }

    /// What was measured, in words.
    pub(super) fn warnings(&self) -> impl Iterator<Item = Warning> {
        self.warnings.iter().cloned()
    }

    /// Where measurements send a group's calls; `None` where there are none.
    pub(super) fn judge(
        &mut self,
        view: &View<'_>,
        group: GroupIndex,
        demand: &Demand,
    ) -> Option<Result<(Method, ModelIndex), Reason>> {
        let quality = view.quality.filter(|quality| !quality.is_empty())?;
        let models = &view.traffic.models;
        let from = view.traffic.group(group).model;
        let names = names(view, quality, from);
        let own: Vec<&str> = names.of(view, from);
        let logged = demand.cost(models, from, from);
        let cheaper: Vec<(ModelIndex, Vec<&str>)> = tiers::successors(models, from, demand)
            .into_iter()
            .filter(|index| demand.cost(models, from, *index) < logged)
            .map(|index| (index, names.of(view, index)))
            .filter(|(_, names)| !names.is_empty())
            .collect();
        let tallies = cheaper.iter().map(|(index, names)| {
            let tally = tally(view, quality, group, names, &own);
            (tally.saving(demand.cost(models, from, *index), logged), *index, tally)
        });
        let measured = tallies.filter(|(_, _, tally)| !tally.wrong.is_empty());
        // Of equal savings the id that sorts first counts.
        let best = measured.reduce(|best, next| if next.0 > best.0 { next } else { best });
        if let Some((_, index, tally)) = best {
            self.note(view, group, index, &tally);
            self.wrong.extend(tally.wrong);
            return Some(Ok((Method::Scored, index)));
        }
        by_feature(view, quality, (group, demand), &cheaper, &own)
    }

    fn note(&mut self, view: &View<'_>, group: GroupIndex, cheap: ModelIndex, tally: &Tally) {
        let models = &view.traffic.models;
        let percent = |part: u64, whole: u64| {
            let share = Share::of_counts(part, whole).map_or(0, Share::millionths);
            format!("{}.{:02} %", (share + 50) / 10_000, (share + 50) / 100 % 100)
        };
        let calls = tally.wrong.len() as u64;
        let mut message = format!(
            "{} on {}: of {} with a score, {} gets {} wrong ({}); a cascade pays for \
             those twice, with a judge that sees all of them",
            view.traffic.feature_name(group).unwrap_or("calls without a feature"),
            models.get(view.traffic.group(group).model).model().id(),
            counted(calls, "call"),
            models.get(cheap).model().id(),
            tally.escalated(),
            percent(tally.escalated(), calls),
        );
        if tally.both > 0 {
            // Writing to a text cannot fail.
            let _ = write!(
                message,
                ". On the {} scored for both, {} are right with the cheaper model, {} with the \
                 logged one, and {} if the router were perfect",
                tally.both,
                percent(tally.cheap_right, tally.both),
                percent(tally.logged_right, tally.both),
                percent(tally.one_right, tally.both),
            );
        }
        self.warnings.insert(Warning { code: "MEASURED_QUALITY", message });
    }
}

/// The names under which each model has scores.
struct Names<'q>(BTreeMap<String, Vec<&'q str>>);

fn names<'q>(view: &View<'_>, quality: &'q Quality, from: ModelIndex) -> Names<'q> {
    let provider = view.traffic.models.get(from).model().provider();
    let mut names: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for name in quality.models() {
        let found = view.traffic.ledger.table.find(Some(provider), name);
        if let Some(found) = found.filter(|found| found.model().provider() == provider) {
            names.entry(found.model().id().to_owned()).or_default().push(name);
        }
    }
    Names(names)
}

impl<'q> Names<'q> {
    fn of(&self, view: &View<'_>, model: ModelIndex) -> Vec<&'q str> {
        let id = view.traffic.models.get(model).model().id();
        self.0.get(id).cloned().unwrap_or_default()
    }
}

fn tally(
    view: &View<'_>,
    quality: &Quality,
    group: GroupIndex,
    cheap: &[&str],
    logged: &[&str],
) -> Tally {
    let traffic = view.traffic;
    let mut tally = Tally::default();
    for (index, _) in traffic.indexed().filter(|(_, call)| call.group == group) {
        let id = traffic.ledger.log.strings.text_of(traffic.record(index).request_id);
        let Some(id) = id else { continue };
        let score = |names: &[&str]| names.iter().find_map(|name| quality.of_call(id, name));
        let Some(cheap) = score(cheap).map(|score| score >= RIGHT) else { continue };
        tally.wrong.push((index, !cheap));
        if let Some(logged) = score(logged).map(|score| score >= RIGHT) {
            tally.both += 1;
            tally.cheap_right += u64::from(cheap);
            tally.logged_right += u64::from(logged);
            tally.one_right += u64::from(cheap || logged);
        }
    }
    tally
}

/// A feature that a cheaper model answers as well moves as a whole.
fn by_feature(
    view: &View<'_>,
    quality: &Quality,
    (group, demand): (GroupIndex, &Demand),
    cheaper: &[(ModelIndex, Vec<&str>)],
    own: &[&str],
) -> Option<Result<(Method, ModelIndex), Reason>> {
    let feature = view.traffic.feature_name(group)?;
    let score = |names: &[&str]| names.iter().find_map(|name| quality.of_feature(feature, name));
    let scored: Vec<(ModelIndex, i64)> =
        cheaper.iter().filter_map(|(index, names)| Some((*index, score(names)?))).collect();
    let best = scored.iter().map(|(_, score)| *score).max()?;
    let Some(logged) = score(own) else {
        return Some(Err(Reason::unknown(
            "NOT_CANDIDATE",
            "the feature has scores of a cheaper model and none of the logged one; these would \
             settle it",
        )));
    };
    let models = &view.traffic.models;
    let good = scored.into_iter().filter(|(_, score)| *score >= logged).map(|(index, _)| index);
    let from = view.traffic.group(group).model;
    let cheapest = good.min_by_key(|index| demand.cost(models, from, *index));
    Some(cheapest.map(|index| (Method::Whole, index)).ok_or_else(|| {
        let show = crate::techniques::parameter::Value::from_millionths;
        Reason::skipped(
            "NOT_CANDIDATE",
            format!(
                "measured: the best cheaper model scores {} on the feature, the logged one {}",
                show(best),
                show(logged)
            ),
        )
    }))
}

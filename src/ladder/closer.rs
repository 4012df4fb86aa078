//! A second run with everything in use: what each place pays then, which calls
//! change, and which policies were chosen.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::techniques::id::{Set, TechniqueId};
use crate::techniques::traffic::PlaceIndex;
use crate::units::{Evidence, NanoUsd, Usd};

use super::climb::Climber;
use super::engine::StreamChoice;
use super::reasons;
use super::simulate::look;
use super::steps::{Group, StreamPolicy};
use super::totals::share_out;

/// Streams and groups that a report lists.
const MOST_ROWS: usize = 20;

/// What a second run with everything in use shows.
#[derive(Default)]
pub(super) struct Closer {
    pub(super) after: BTreeMap<PlaceIndex, NanoUsd>,
    pub(super) changed: [u64; TechniqueId::COUNT],
    pub(super) policies: Vec<StreamPolicy>,
}

impl Climber<'_, '_> {
    /// Every unit with what it uses, taken apart by place.
    pub(super) fn closer_look(&self) -> Closer {
        let mut closer = Closer::default();
        let looks: Vec<_> = self
            .costs
            .par_iter()
            .map(|cost| {
                let used = cost.vector.best().used(Set::ALL);
                // Without prompt caching its choice is still worth a look.
                let with_policies = if cost.vector.eligible().has(TechniqueId::PromptCaching) {
                    look(self.engine, cost.unit, TechniqueId::PromptCaching.set()).1
                } else {
                    Vec::new()
                };
                let (worlds, details) = look(self.engine, cost.unit, used);
                (used, worlds, details, with_policies)
            })
            .collect();
        let mut streams: Vec<StreamChoice> = Vec::new();
        for (cost, (used, worlds, details, policies)) in self.costs.iter().zip(looks) {
            streams.extend(policies.into_iter().flat_map(|detail| detail.streams));
            for technique in used.iter() {
                let changed = details.iter().map(|detail| detail.changed[technique.index()]).max();
                closer.changed[technique.index()] += if technique == TechniqueId::PromptCaching {
                    self.ground.traffic.units[cost.unit].calls
                } else {
                    changed.unwrap_or(0)
                };
            }
            let places = &self.ground.traffic.units[cost.unit].places;
            let of = |place: &PlaceIndex| {
                let amounts = details
                    .iter()
                    .map(|detail| detail.places.get(place).copied().unwrap_or_default());
                worlds.mean(amounts).to_nano()
            };
            let weights: Vec<NanoUsd> = places.iter().map(of).collect();
            let whole = cost.vector.raw(used).to_nano();
            for (place, after) in places.iter().zip(share_out(whole, &weights)) {
                closer.after.insert(*place, after);
            }
        }
        streams.sort_by_key(|stream| (std::cmp::Reverse(stream.current_cost), stream.group));
        closer.policies = streams
            .into_iter()
            .filter(|stream| stream.chosen != stream.current || stream.cost != stream.current_cost)
            .take(MOST_ROWS)
            .map(|stream| self.policy(&stream))
            .collect();
        closer
    }

    fn policy(&self, stream: &StreamChoice) -> StreamPolicy {
        let traffic = self.ground.traffic;
        StreamPolicy {
            feature: traffic.feature_name(stream.group).map(str::to_owned),
            model: traffic.models.get(stream.model).model().id().to_owned(),
            current: stream.current.label(),
            chosen: stream.chosen.label(),
            cost: stream.cost.to_nano(),
            current_cost: stream.current_cost.to_nano(),
            held_out: stream.held_out.to_nano(),
            held_out_current: stream.held_out_current.to_nano(),
        }
    }

    /// Every place with what its unit uses, dearest first.
    pub(super) fn groups(&self, closer: &Closer) -> Vec<Group> {
        let traffic = self.ground.traffic;
        let mut bills: BTreeMap<PlaceIndex, (u64, Usd)> = BTreeMap::new();
        for call in &traffic.calls {
            let row = bills.entry(call.place).or_default();
            *row = (row.0 + 1, row.1 + call.bill);
        }
        let mut groups = Vec::new();
        for cost in self.costs {
            let used = cost.vector.best().used(Set::ALL);
            let unit = &traffic.units[cost.unit];
            let of = |place: &PlaceIndex| bills.get(place).copied().unwrap_or_default();
            // Where a bill hides what was read from the cache, a place has its
            // part of what the unit is taken to cost.
            let weights: Vec<NanoUsd> =
                unit.places.iter().map(|place| of(place).1.to_nano()).collect();
            let baselines = share_out(cost.baseline().to_nano(), &weights);
            for (place, baseline) in unit.places.iter().zip(baselines) {
                let (calls, _) = of(place);
                let group = traffic.places[place.0 as usize].group;
                let skipped =
                    TechniqueId::ALL.into_iter().filter(|technique| !used.has(*technique));
                let skipped = skipped.map(|technique| {
                    (technique, reasons::of_place(self.engine, cost, group, technique))
                });
                let evidence = used.iter().filter_map(|technique| {
                    let rewriter = self.engine.rewriter(technique)?;
                    rewriter.verdict(group).is_ok().then(|| rewriter.evidence(group))
                });
                groups.push(Group {
                    place: *place,
                    calls,
                    baseline,
                    after: closer.after.get(place).copied().unwrap_or_default(),
                    applied: used,
                    skipped: skipped.collect(),
                    calibration: cost.calibration(),
                    evidence: evidence.fold(cost.evidence(), Evidence::worst),
                });
            }
        }
        groups.sort_by_key(|group| (std::cmp::Reverse(group.baseline), group.place));
        groups
    }
}

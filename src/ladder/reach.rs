//! How far a log carries each technique: where it may act and how that is
//! known, where the log rules it out, and where the log cannot tell.
//!
//! The same looks over the traffic as the ladder's own, and its reasons; no
//! draw, no band and no order.

use crate::techniques::id::{Set, TechniqueId};
use crate::techniques::technique::{Levers, Technique};
use crate::techniques::technique_of;
use crate::techniques::traffic::{CallIndex, StretchId, Traffic};
use crate::units::Evidence;

use super::caching::Caching;
use super::climb::{Settings, profile};
use super::engine::{Engine, Idle};
use super::reasons::{self, Skip};
use super::scenario::{Ground, Scenario};
use super::simulate::{Sets, UnitCost, simulate};

/// How far a log carries a technique.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The technique.
    pub technique: TechniqueId,
    /// Its levers that can act on some call, graded where the ladder uses the
    /// technique; where it does not, wherever it may act.
    pub levers: Vec<LeverReach>,
    /// Calls that it may rewrite.
    pub acting: u64,
    /// Calls that it has nothing to do with, as the log shows.
    pub ruled_out: u64,
    /// Calls of which the log does not say.
    pub untold: u64,
    /// Whether the cache policy was deduced where it is graded, so that nothing
    /// there is measured.
    pub is_deduced: bool,
    /// Why the ladder does not use it; `None` where it does.
    pub skip: Option<Skip>,
}

/// What a lever can do on a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeverReach {
    /// Its name.
    pub name: &'static str,
    /// How its figures are known.
    pub evidence: Evidence,
}

impl Reach {
    /// How the best of its levers is known; `None` where none can act.
    #[must_use]
    pub fn evidence(&self) -> Option<Evidence> {
        self.levers.iter().map(|lever| lever.evidence).min()
    }
}

/// How far the calls of a log carry every technique, in playbook order.
#[must_use]
pub fn reach(traffic: &Traffic<'_>, settings: &Settings) -> Vec<Reach> {
    let profile = profile(traffic);
    let caching = Caching::of(traffic, &settings.assumptions);
    let idle = Idle::over(traffic);
    let ground = Ground {
        traffic,
        profile: &profile,
        caching: &caching,
        idle: &idle,
        features: &settings.features,
        quality: settings.quality.as_ref(),
    };
    let scenario = Scenario::of(settings.assumptions.clone());
    let engine = scenario.prepare(ground, Set::ALL);
    let units: Vec<usize> = (0..traffic.units.len()).collect();
    let simulated = simulate(&engine, &units, Sets::All);
    let accepted = simulated.totals().accepted();
    let looked = Looked { ground, settings, engine: &engine, costs: simulated.costs(), accepted };
    let of = |technique: TechniqueId| {
        let skip = (!accepted.has(technique))
            .then(|| reasons::of_technique(&engine, simulated.costs(), technique));
        looked.reach(technique, skip)
    };
    TechniqueId::ALL.into_iter().map(of).collect()
}

/// Traffic that was looked over and simulated.
struct Looked<'c, 't> {
    ground: Ground<'t>,
    settings: &'c Settings,
    engine: &'c Engine<'t>,
    costs: &'c [UnitCost],
    /// The techniques that some unit uses.
    accepted: Set,
}

impl Looked<'_, '_> {
    fn reach(&self, technique: TechniqueId, skip: Option<Skip>) -> Reach {
        let is_unknown = skip.as_ref().is_some_and(|skip| skip.unknown);
        let traffic = self.ground.traffic;
        let mut reach = Reach {
            technique,
            levers: Vec::new(),
            acting: 0,
            ruled_out: 0,
            untold: 0,
            is_deduced: false,
            skip,
        };
        let Some(rewriter) = self.engine.rewriter(technique) else { return reach };
        for cost in self.costs {
            for index in calls_of(traffic, cost) {
                let count = if acts(self.engine, cost, technique, index) {
                    reach.is_deduced |= cost.is_deduced && self.is_graded(cost, technique);
                    &mut reach.acting
                } else {
                    let unknown = match rewriter.verdict(traffic.call(index).group) {
                        Err(reason) => reason.unknown,
                        // It would act, if the log showed what prompts open with.
                        Ok(()) => is_unknown,
                    };
                    if unknown { &mut reach.untold } else { &mut reach.ruled_out }
                };
                *count += 1;
            }
        }
        if reach.acting > 0 {
            reach.levers = self.levers(technique);
        }
        reach
    }

    /// Whether a unit counts for a technique's grade: it uses it, or none does.
    fn is_graded(&self, cost: &UnitCost, technique: TechniqueId) -> bool {
        !self.accepted.has(technique) || cost.vector.best().used(Set::ALL).has(technique)
    }

    /// The levers of a technique that can act on some call, each on its own.
    fn levers(&self, technique: TechniqueId) -> Vec<LeverReach> {
        let levers = technique_of(technique).map(Technique::levers).unwrap_or_default();
        let found = levers.iter().enumerate().filter_map(|(position, lever)| {
            let mut scenario = Scenario::of(self.settings.assumptions.clone());
            scenario.levers[technique.index()] = Levers(1 << position);
            let engine = scenario.prepare(self.ground, technique.set());
            Some(LeverReach { name: lever.name, evidence: self.evidence(&engine, technique)? })
        });
        found.collect()
    }

    /// How what a technique does is known where it acts: by its own rules, and
    /// by how well the replay meets the bill there.
    fn evidence(&self, engine: &Engine<'_>, technique: TechniqueId) -> Option<Evidence> {
        let rewriter = engine.rewriter(technique)?;
        let mut worst: Option<Evidence> = None;
        for cost in self.costs.iter().filter(|cost| self.is_graded(cost, technique)) {
            let calls = calls_of(self.ground.traffic, cost);
            for index in calls.filter(|index| acts(engine, cost, technique, *index)) {
                let group = self.ground.traffic.call(index).group;
                let found = rewriter.evidence(group).worst(cost.evidence());
                worst = Some(worst.map_or(found, |worst| worst.worst(found)));
            }
        }
        worst
    }
}

fn calls_of<'t>(traffic: &'t Traffic<'t>, cost: &UnitCost) -> impl Iterator<Item = CallIndex> + 't {
    let families = traffic.units[cost.unit].families.iter();
    families.flat_map(|family| &traffic.families[family.0 as usize]).copied()
}

/// Whether a technique can act on a call. A cache acts on what is known of a
/// prompt's opening.
fn acts(engine: &Engine<'_>, cost: &UnitCost, technique: TechniqueId, index: CallIndex) -> bool {
    let is_shown = technique != TechniqueId::PromptCaching
        || engine.traffic.call(index).end != StretchId::ROOT;
    is_shown
        && cost.vector.eligible().has(technique)
        && engine.rewriter(technique).is_some_and(|rewriter| rewriter.touches(index))
}

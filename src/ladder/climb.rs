//! Climbs the ladder: profiles the traffic, simulates every reading of the
//! assumptions that is reported, and says what follows.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::techniques::id::{Set, TechniqueId};
use crate::techniques::parameter::Band;
use crate::techniques::parameters::{self, Assumptions};
use crate::techniques::profile::Profile;
use crate::techniques::quality::Quality;
use crate::techniques::technique::{FeatureTags, Rewriter, Technique, Warning};
use crate::techniques::technique_of;
use crate::techniques::traffic::{CallIndex, Traffic};
use crate::units::{Evidence, NanoUsd, Usd};

use super::caching::Caching;
use super::closer::Closer;
use super::curves::Curves;
use super::draws;
use super::engine::{Engine, Idle};
use super::order::{Order, Weight, arranged};
use super::reasons;
use super::scenario::{Ground, Scenario};
use super::simulate::{Sets, UnitCost, simulate};
use super::split;
use super::steps::{Ladder, LeverSaving, Step};
use super::totals::{Totals, share_out};

/// What the user chose.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The named numbers.
    pub assumptions: Assumptions,
    /// What the user knows of features.
    pub features: FeatureTags,
    /// What answers were worth.
    pub quality: Option<Quality>,
    /// How the steps are arranged.
    pub order: Order,
}

/// Climbs the ladder of some traffic.
#[must_use]
pub fn climb(traffic: &Traffic<'_>, settings: &Settings) -> Ladder {
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
    let climber = Climber {
        ground,
        settings,
        engine: &engine,
        units: &units,
        costs: simulated.costs(),
        totals: &simulated.totals(),
    };
    climber.ladder()
}

/// Profiles the traffic on all threads; the parts merge to the same whole.
pub(super) fn profile(traffic: &Traffic<'_>) -> Profile {
    const CHUNK: u32 = 1 << 16;
    let count = u32::try_from(traffic.calls.len()).unwrap_or(u32::MAX);
    let starts: Vec<u32> = (0..count).step_by(CHUNK as usize).collect();
    let parts: Vec<Profile> = starts
        .into_par_iter()
        .map(|start| {
            let calls = start..start.saturating_add(CHUNK).min(count);
            Profile::of(traffic, calls.map(CallIndex))
        })
        .collect();
    let nothing = Profile::of(traffic, std::iter::empty());
    parts.iter().fold(nothing, Profile::merge)
}

/// What a climb stands on: the typical reading, simulated.
pub(super) struct Climber<'c, 't> {
    pub(super) ground: Ground<'t>,
    settings: &'c Settings,
    pub(super) engine: &'c Engine<'t>,
    units: &'c [usize],
    pub(super) costs: &'c [UnitCost],
    totals: &'c Totals,
}

impl Climber<'_, '_> {
    fn ladder(&self) -> Ladder {
        let closer = self.closer_look();
        let evidence: Vec<Evidence> =
            TechniqueId::ALL.iter().map(|technique| self.evidence(*technique)).collect();
        let weight = |technique: TechniqueId| Weight {
            evidence: evidence[technique.index()],
            effort: effort(&self.settings.assumptions, technique),
        };
        let order = arranged(self.totals, self.settings.order, weight);
        let marginals = self.totals.marginals(&order);
        let shapley = self.totals.shapley();
        let mut steps = Vec::with_capacity(TechniqueId::COUNT);
        let mut offered = Set::NONE;
        for (technique, marginal) in order.iter().zip(marginals) {
            offered = offered.with(*technique);
            let step = self.step(*technique, marginal, offered, &closer);
            steps.push(Step { shapley: shapley[technique.index()], ..step });
        }
        let accepted = self.totals.accepted();
        for technique in TechniqueId::ALL.into_iter().filter(|technique| !accepted.has(*technique))
        {
            steps.push(self.step(technique, NanoUsd::ZERO, accepted, &closer));
        }
        // The skipped ones first, then those the log cannot tell.
        steps[order.len()..]
            .sort_by_key(|step| step.skip.as_ref().is_some_and(|skip| skip.unknown));
        let floor = self.bill(&Scenario::of(self.settings.assumptions.at(Band::Low)).grounded());
        let high = self.bill(&Scenario::of(self.settings.assumptions.at(Band::High)));
        let typical = self.totals.cost(Set::ALL);
        let bands: Vec<draws::Band> = steps
            .iter()
            .filter(|step| step.skip.is_none())
            .map(|step| draws::Band {
                technique: step.technique,
                low: step.low,
                typical: step.standalone,
                high: step.high,
                on_top: self.on_top(step.technique),
            })
            .collect();
        let days = self.day_bills();
        Ladder {
            order: self.settings.order,
            totals: self.totals.clone(),
            groups: self.groups(&closer),
            not_simulated: self.ground.traffic.not_simulated.to_nano(),
            floor: floor.max(typical),
            high: high.min(typical),
            percentiles: draws::percentiles(typical, &bands),
            bootstrap: draws::bootstrap(&days),
            days: days.len() as u64,
            curves: Curves::of(self.ground, &Scenario::of(self.settings.assumptions.clone())),
            warnings: reasons::warnings(self.engine, self.costs),
            steps,
        }
    }

    fn step(
        &self,
        technique: TechniqueId,
        marginal: NanoUsd,
        offered: Set,
        closer: &Closer,
    ) -> Step {
        let used = self.totals.accepted().has(technique);
        let standalone = self.totals.standalone(technique);
        let band = |band| self.alone_at(technique, band);
        let bands = [band(Band::Low), standalone, band(Band::High)];
        let rewriter = self.engine.rewriter(technique);
        let alone = Set::NONE.with(technique);
        let added: Usd =
            self.costs.iter().map(|cost| cost.fees.raw(cost.vector.best().used(alone))).sum();
        Step {
            technique,
            skip: (!used).then(|| reasons::of_technique(self.engine, self.costs, technique)),
            standalone,
            marginal,
            last_in: self.totals.last_in(technique),
            shapley: NanoUsd::ZERO,
            cost_after: self.totals.cost(offered),
            low: bands.into_iter().min().unwrap_or(standalone),
            high: bands.into_iter().max().unwrap_or(standalone),
            added_cost: added.to_nano(),
            eligible_calls: closer.changed[technique.index()],
            levers: if used { self.levers(technique, marginal) } else { Vec::new() },
            break_even_calls: rewriter.and_then(Rewriter::break_even_calls),
            policies: if technique == TechniqueId::PromptCaching {
                closer.policies.clone()
            } else {
                Vec::new()
            },
            evidence: self.evidence_of_bands(technique, bands),
            warnings: self.step_warnings(technique),
        }
    }

    fn step_warnings(&self, technique: TechniqueId) -> Vec<Warning> {
        let rewriter = self.engine.rewriter(technique);
        let mut warnings = rewriter.map(Rewriter::warnings).unwrap_or_default();
        if technique == TechniqueId::ModelRouting {
            warnings.extend(split::warning(self.engine, self.costs));
        }
        warnings
    }

    /// What a technique saves alone with its parameters at a band.
    fn alone_at(&self, technique: TechniqueId, band: Band) -> NanoUsd {
        let moves = parameters::of(technique)
            .iter()
            .any(|parameter| parameter.spread.is_some_and(|spread| spread.low != spread.high));
        if !moves {
            return self.totals.standalone(technique);
        }
        let assumptions = self.settings.assumptions.with_band(technique, band);
        self.alone(&Scenario::of(assumptions), technique)
    }

    fn alone(&self, scenario: &Scenario, technique: TechniqueId) -> NanoUsd {
        let engine = scenario.prepare(self.ground, technique.set());
        simulate(&engine, self.units, Sets::Alone(technique)).totals().standalone(technique)
    }

    /// The least bill of a reading of the assumptions.
    fn bill(&self, scenario: &Scenario) -> NanoUsd {
        let engine = scenario.prepare(self.ground, Set::ALL);
        simulate(&engine, self.units, Sets::All).totals().cost(Set::ALL)
    }

    /// The marginal saving of a step by its levers: in proportion to what each
    /// adds when the technique stands alone.
    fn levers(&self, technique: TechniqueId, marginal: NanoUsd) -> Vec<LeverSaving> {
        let Some(levers) = technique_of(technique).map(Technique::levers) else {
            return Vec::new();
        };
        let floor = self.evidence_floor(technique);
        let mut before = NanoUsd::ZERO;
        let weights: Vec<NanoUsd> = (1..=levers.len())
            .map(|count| {
                let upto = if count == levers.len() {
                    self.totals.standalone(technique)
                } else {
                    let scenario = Scenario::of(self.settings.assumptions.clone());
                    self.alone(&scenario.with_first(technique, count), technique)
                };
                let more = upto - before;
                before = upto;
                more
            })
            .collect();
        let savings = share_out(marginal, &weights);
        let rows = levers.iter().zip(savings).map(|(lever, saving)| LeverSaving {
            name: lever.name,
            saving,
            evidence: lever.evidence.worst(floor),
        });
        rows.filter(|row| row.saving != NanoUsd::ZERO).collect()
    }

    /// The best grade that any lever of a technique can have on this traffic:
    /// what every one of them uses; the technique's own where there is but one.
    fn evidence_floor(&self, technique: TechniqueId) -> Evidence {
        if technique_of(technique).is_some_and(|technique| technique.levers().len() == 1) {
            return self.evidence(technique);
        }
        let astray = self
            .costs
            .iter()
            .filter(|cost| cost.vector.best().used(Set::ALL).has(technique))
            .any(|cost| cost.evidence() != Evidence::Measured);
        if astray { Evidence::Inferred } else { Evidence::Measured }
    }

    /// The grade of a step with such savings at its bands: where they differ
    /// and nothing measured moves, an assumption made a call eligible.
    fn evidence_of_bands(&self, technique: TechniqueId, bands: [NanoUsd; 3]) -> Evidence {
        let found = self.evidence(technique);
        if found != Evidence::Measured || bands[0] == bands[1] && bands[1] == bands[2] {
            return found;
        }
        let levers = technique_of(technique).map(Technique::levers).unwrap_or_default();
        levers.iter().map(|lever| lever.evidence).fold(found, Evidence::worst)
    }

    /// The worst grade of a technique where it is used; where it is not, of all
    /// it might act on.
    fn evidence(&self, technique: TechniqueId) -> Evidence {
        let Some(rewriter) = self.engine.rewriter(technique) else { return Evidence::Measured };
        let uses = |cost: &&UnitCost| cost.vector.best().used(Set::ALL).has(technique);
        let acts = |cost: &&UnitCost| cost.vector.eligible().has(technique);
        let accepted = self.totals.accepted().has(technique);
        let units = self.costs.iter().filter(|cost| if accepted { uses(cost) } else { acts(cost) });
        let mut worst = Evidence::Measured;
        for cost in units {
            worst = worst.worst(cost.evidence());
            for place in &self.ground.traffic.units[cost.unit].places {
                let group = self.ground.traffic.places[place.0 as usize].group;
                if rewriter.verdict(group).is_ok() {
                    worst = worst.worst(rewriter.evidence(group));
                }
            }
        }
        worst
    }

    /// What is lost if the units that use a technique leave it out.
    fn on_top(&self, technique: TechniqueId) -> NanoUsd {
        let lost = self.costs.iter().map(|cost| {
            let used = cost.vector.best().used(Set::ALL);
            cost.vector.raw(used.without(technique)) - cost.vector.raw(used)
        });
        lost.sum::<Usd>().to_nano()
    }

    /// What the calls of each day were billed; nothing on days without calls.
    fn day_bills(&self) -> Vec<NanoUsd> {
        const DAY: i64 = 86_400_000_000;
        let mut days: BTreeMap<i64, Usd> = BTreeMap::new();
        for call in &self.ground.traffic.calls {
            *days.entry(call.time.div_euclid(DAY)).or_default() += call.bill;
        }
        let (Some(first), Some(last)) = (days.keys().next(), days.keys().next_back()) else {
            return Vec::new();
        };
        let bill = |day: i64| days.get(&day).copied().unwrap_or_default().to_nano();
        (*first..=*last).take(MOST_DAYS).map(bill).collect()
    }
}

/// Ten years: a clock that went astray must not fill the memory.
const MOST_DAYS: usize = 3_653;
/// Hours of work of a technique, in millionths.
#[must_use]
pub fn effort(assumptions: &Assumptions, technique: TechniqueId) -> i64 {
    let handle = match technique {
        TechniqueId::PromptCaching => parameters::prompt_caching::EFFORT_HOURS,
        TechniqueId::ModelRouting => parameters::model_routing::EFFORT_HOURS,
        TechniqueId::EmbeddingRetrieval => parameters::embedding_retrieval::EFFORT_HOURS,
        TechniqueId::ContextCompression => parameters::context_compression::EFFORT_HOURS,
        TechniqueId::BatchApi => parameters::batch_api::EFFORT_HOURS,
        TechniqueId::OutputCapping => parameters::output_capping::EFFORT_HOURS,
        TechniqueId::SemanticDedup => parameters::semantic_dedup::EFFORT_HOURS,
        TechniqueId::FineTuning => parameters::fine_tuning::EFFORT_HOURS,
    };
    assumptions.value(handle).millionths()
}

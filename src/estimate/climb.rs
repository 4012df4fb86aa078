//! Climbs the ladder of an estimate: every set of techniques on every class,
//! and what follows.
//!
//! A class is a unit: C(S) is the sum over classes of the least raw(A). Nothing
//! here is measured, so every figure is assumed and the floor is the bill as it
//! is.

use crate::ladder::climb::effort;
use crate::ladder::curves::Curves;
use crate::ladder::draws;
use crate::ladder::order::{Order, Weight, arranged};
use crate::ladder::reasons::{Skip, by_amount};
use crate::ladder::steps::{Ladder, LeverSaving, Step, StreamPolicy};
use crate::ladder::totals::{Totals, Vector, share_out};
use crate::prices::PriceTable;
use crate::record::lane::Tier;
use crate::techniques::id::{Set, TechniqueId};
use crate::techniques::parameter::{Band, Value};
use crate::techniques::parameters::{self, Assumptions, fine_tuning};
use crate::techniques::technique::Warning;
use crate::units::{Evidence, NanoUsd, Share, Usd, divide_half_even};

use super::amount::sum;
use super::class::Class;
use super::cost::Month;
use super::error::EstimateError;
use super::prepared::{Prepared, Scenario, plain};
use super::seller::Hits;

/// What is estimated: classes of calls, and the named numbers.
#[derive(Clone, Debug, Default)]
pub struct Workload {
    /// Classes of calls that are alike.
    pub classes: Vec<Class>,
    /// The named numbers.
    pub assumptions: Assumptions,
}

/// A month of the estimate holds thirty days with calls.
const DAYS: u64 = 30;
/// Ten billion dollars: above, sums of averages are not exact any more.
const MOST_USD: i128 = 10_000_000_000;

/// Climbs the ladder of traffic that nobody has logged.
///
/// # Errors
/// When the table knows no model of a name, or the bill is too large.
pub fn estimate(
    workload: &Workload,
    table: &PriceTable,
    order: Order,
) -> Result<Ladder, EstimateError> {
    if workload.classes.is_empty() {
        return Err(EstimateError::Empty);
    }
    let scenario = Scenario::of(workload.assumptions.clone());
    let prepared = prepare(&workload.classes, &scenario, table)?;
    let (units, totals) = climbed(&prepared, Set::ALL);
    if totals.cost(Set::NONE).nano() > MOST_USD * 1_000_000_000 {
        return Err(EstimateError::TooLarge);
    }
    let climber = Climber { workload, table, order, prepared: &prepared, units, totals };
    climber.ladder()
}

fn prepare<'t>(
    classes: &'t [Class],
    scenario: &'t Scenario,
    table: &'t PriceTable,
) -> Result<Vec<Prepared<'t>>, EstimateError> {
    classes.iter().map(|class| Prepared::of(class, scenario, table)).collect()
}

/// What a class costs for every set, and what of that techniques charge.
struct Unit {
    vector: Vector,
    fees: Vector,
}

fn climbed(prepared: &[Prepared<'_>], offered: Set) -> (Vec<Unit>, Totals) {
    let mut totals = Totals::default();
    let units = prepared.iter().map(|prepared| {
        let able = |technique: &TechniqueId| prepared.verdicts[technique.index()].is_ok();
        let eligible = offered.iter().filter(able).fold(Set::NONE, Set::with);
        let months: Vec<Month> = Set::every()
            .map(|set| if set.is_within(eligible) { prepared.month(set) } else { Month::default() })
            .collect();
        Unit {
            vector: Vector::of(eligible, |set| months[set.index()].total),
            fees: Vector::of(eligible, |set| months[set.index()].fees),
        }
    });
    let units: Vec<Unit> = units.collect();
    for unit in &units {
        totals.add(&unit.vector);
    }
    (units, totals)
}

struct Climber<'c> {
    workload: &'c Workload,
    table: &'c PriceTable,
    order: Order,
    prepared: &'c [Prepared<'c>],
    units: Vec<Unit>,
    totals: Totals,
}

impl Climber<'_> {
    fn ladder(&self) -> Result<Ladder, EstimateError> {
        let assumptions = &self.workload.assumptions;
        let weight = |technique| Weight {
            evidence: Evidence::Assumed,
            effort: effort(assumptions, technique),
        };
        let order = arranged(&self.totals, self.order, weight);
        let shapley = self.totals.shapley();
        let accepted = self.totals.accepted();
        let mut steps = Vec::with_capacity(TechniqueId::COUNT);
        let mut offered = Set::NONE;
        for (technique, marginal) in order.iter().zip(self.totals.marginals(&order)) {
            offered = offered.with(*technique);
            let step = self.step(*technique, marginal, offered)?;
            steps.push(Step { shapley: shapley[technique.index()], ..step });
        }
        for technique in TechniqueId::ALL.into_iter().filter(|id| !accepted.has(*id)) {
            steps.push(self.step(technique, NanoUsd::ZERO, accepted)?);
        }
        steps[order.len()..]
            .sort_by_key(|step| step.skip.as_ref().is_some_and(|skip| skip.unknown));
        let typical = self.totals.cost(Set::ALL);
        let high = self.totals_of(&Scenario::of(assumptions.at(Band::High)), Set::ALL)?;
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
        Ok(Ladder {
            order: self.order,
            totals: self.totals.clone(),
            steps,
            groups: Vec::new(),
            not_simulated: NanoUsd::ZERO,
            floor: self.totals.cost(Set::NONE),
            high: high.cost(Set::ALL).min(typical),
            percentiles: draws::percentiles(typical, &bands),
            bootstrap: None,
            days: DAYS,
            curves: Curves::default(),
            warnings: self.warnings(),
        })
    }

    fn step(
        &self,
        technique: TechniqueId,
        marginal: NanoUsd,
        offered: Set,
    ) -> Result<Step, EstimateError> {
        let used = self.totals.accepted().has(technique);
        let standalone = self.totals.standalone(technique);
        let (low, high) =
            (self.alone_at(technique, Band::Low)?, self.alone_at(technique, Band::High)?);
        let alone = technique.set();
        let added = self.units.iter().map(|unit| unit.fees.raw(unit.vector.best().used(alone)));
        Ok(Step {
            technique,
            skip: (!used).then(|| self.skip(technique)),
            standalone,
            marginal,
            last_in: self.totals.last_in(technique),
            shapley: NanoUsd::ZERO,
            cost_after: self.totals.cost(offered),
            low: low.min(standalone).min(high),
            high: high.max(standalone).max(low),
            added_cost: added.sum::<Usd>().to_nano(),
            eligible_calls: self.eligible_calls(technique),
            levers: if used { self.levers(technique, marginal)? } else { Vec::new() },
            break_even_calls: self.break_even(technique),
            policies: if technique == TechniqueId::PromptCaching {
                self.policies()
            } else {
                Vec::new()
            },
            evidence: Evidence::Assumed,
            warnings: if used && technique == TechniqueId::ModelRouting {
                self.targets()
            } else {
                Vec::new()
            },
        })
    }

    /// What a technique saves alone with its parameters at a band.
    fn alone_at(&self, technique: TechniqueId, band: Band) -> Result<NanoUsd, EstimateError> {
        let assumptions = self.workload.assumptions.with_band(technique, band);
        self.alone(&Scenario::of(assumptions), technique)
    }

    fn alone(&self, scenario: &Scenario, technique: TechniqueId) -> Result<NanoUsd, EstimateError> {
        Ok(self.totals_of(scenario, technique.set())?.standalone(technique))
    }

    fn totals_of(&self, scenario: &Scenario, offered: Set) -> Result<Totals, EstimateError> {
        let prepared = prepare(&self.workload.classes, scenario, self.table)?;
        Ok(climbed(&prepared, offered).1)
    }

    /// What is lost if the classes that use a technique leave it out.
    fn on_top(&self, technique: TechniqueId) -> NanoUsd {
        let lost = self.units.iter().map(|unit| {
            let used = unit.vector.best().used(Set::ALL);
            unit.vector.raw(used.without(technique)) - unit.vector.raw(used)
        });
        lost.sum::<Usd>().to_nano()
    }

    /// The marginal saving of a step by its levers, in proportion to what each
    /// adds when the technique stands alone.
    fn levers(
        &self,
        technique: TechniqueId,
        marginal: NanoUsd,
    ) -> Result<Vec<LeverSaving>, EstimateError> {
        let names = levers_of(technique);
        let mut before = NanoUsd::ZERO;
        let mut weights = Vec::with_capacity(names.len());
        for count in 1..=names.len() {
            let scenario = Scenario::of(self.workload.assumptions.clone());
            let upto = self.alone(&scenario.with_first(technique, count), technique)?;
            weights.push(upto - before);
            before = upto;
        }
        let rows = names
            .iter()
            .zip(share_out(marginal, &weights))
            .map(|(name, saving)| LeverSaving { name, saving, evidence: Evidence::Assumed });
        Ok(rows.filter(|row| row.saving != NanoUsd::ZERO).collect())
    }

    /// Why nothing uses a technique.
    fn skip(&self, technique: TechniqueId) -> Skip {
        let able: Vec<&Unit> =
            self.units.iter().filter(|unit| unit.vector.eligible().has(technique)).collect();
        if !able.is_empty() {
            let alone = able
                .iter()
                .map(|unit| unit.vector.raw(Set::NONE) - unit.vector.raw(technique.set()));
            let more = able.iter().map(|unit| {
                let used = unit.vector.best().used(Set::ALL);
                unit.vector.raw(used.with(technique)) - unit.vector.raw(used)
            });
            let skip = by_amount(technique, alone.sum(), more.sum());
            // Nothing was replayed, so nothing was held out either.
            if skip.code == "HELD_OUT_LOSS" {
                let message = "at this hit rate it writes more than it reads".to_owned();
                return Skip { code: "RAISES_COST", message, ..skip };
            }
            return skip;
        }
        // The reason that holds for the dearest class stands for all; what was
        // not stated counts only where nothing else is known.
        let reasons = self.prepared.iter().zip(&self.units).filter_map(|(prepared, unit)| {
            let reason = prepared.verdicts[technique.index()].as_ref().err()?;
            Some((!reason.unknown, unit.vector.raw(Set::NONE), reason))
        });
        let reason = reasons.max_by_key(|(known, bill, _)| (*known, *bill));
        let (code, message, unknown) = reason
            .map_or(("NO_FURTHER_SAVING", String::new(), false), |(_, _, reason)| {
                (reason.code, reason.message.clone(), reason.unknown)
            });
        Skip { code, message, amount: None, alone: None, unknown }
    }

    /// Calls that a technique rewrites or removes, on average.
    fn eligible_calls(&self, technique: TechniqueId) -> u64 {
        let calls = self.prepared.iter().zip(&self.units).map(|(prepared, unit)| {
            if !unit.vector.best().used(Set::ALL).has(technique) {
                return 0;
            }
            let share = match technique {
                TechniqueId::ModelRouting => {
                    let shares: Vec<Value> =
                        prepared.routes.iter().map(|(_, share)| *share).collect();
                    sum(&shares)
                }
                TechniqueId::BatchApi => prepared.class.batchable_share.unwrap_or_default(),
                TechniqueId::SemanticDedup => prepared.repeats(),
                TechniqueId::FineTuning => self.workload.assumptions.value(fine_tuning::SHARE),
                _ => Value::ONE,
            };
            let calls = i128::from(prepared.class.requests) * i128::from(share.millionths());
            u64::try_from(divide_half_even(calls, Value::MILLION.into())).unwrap_or(u64::MAX)
        });
        calls.sum()
    }

    /// Requests a month from which tuning pays, over the classes that can.
    fn break_even(&self, technique: TechniqueId) -> Option<u64> {
        if technique != TechniqueId::FineTuning {
            return None;
        }
        let able = self.prepared.iter().zip(&self.units);
        let least = able.filter_map(|(prepared, unit)| {
            unit.vector.eligible().has(technique).then_some(())?;
            let fixed = prepared.tuning();
            let with = unit.vector.raw(technique.set()) - fixed;
            let saved = unit.vector.raw(Set::NONE) - with;
            if saved <= Usd::ZERO {
                return None;
            }
            let calls = fixed.femto().checked_mul(prepared.class.requests.into())?;
            u64::try_from((calls + saved.femto() - 1) / saved.femto()).ok()
        });
        least.min()
    }

    /// Which models stand in whose place.
    fn targets(&self) -> Vec<Warning> {
        let routed =
            self.prepared.iter().zip(&self.units).filter(|(_, unit)| {
                unit.vector.best().used(Set::ALL).has(TechniqueId::ModelRouting)
            });
        let warnings = routed.map(|(prepared, _)| {
            let targets = prepared.routes.iter().map(|(seller, share)| {
                let share = Share::from_millionths(share.millionths().try_into().unwrap_or(0));
                format!("{} for {} of the calls", seller.found().model().id(), share.to_percent())
            });
            let targets: Vec<String> = targets.collect();
            let from = prepared.logged.found().model().id();
            let message = format!("{} on {from}: {}", prepared.class.name, targets.join(", "));
            Warning { code: "TARGET_MODEL", message }
        });
        warnings.collect()
    }

    /// What each class that may be cached asks for, dearest first.
    fn policies(&self) -> Vec<StreamPolicy> {
        let technique = TechniqueId::PromptCaching;
        let able = self.prepared.iter().zip(&self.units);
        let able = able.filter(|(_, unit)| unit.vector.eligible().has(technique));
        let mut rows: Vec<StreamPolicy> = able
            .filter_map(|(prepared, unit)| {
                let hits = Hits { share: prepared.hit_rate(), marked: true };
                let (name, _) =
                    prepared.logged.policy(&plain(prepared.class), hits, Tier::Standard)?;
                let lifetime = prepared.logged.lifetime();
                let chosen = lifetime
                    .map_or_else(|| name.to_owned(), |lifetime| format!("{name} {lifetime}"));
                Some(StreamPolicy {
                    feature: Some(prepared.class.name.clone()),
                    model: prepared.logged.found().model().id().to_owned(),
                    current: "none".to_owned(),
                    chosen,
                    cost: unit.vector.raw(technique.set()).to_nano(),
                    current_cost: unit.vector.raw(Set::NONE).to_nano(),
                    held_out: NanoUsd::ZERO,
                    held_out_current: NanoUsd::ZERO,
                })
            })
            .collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.current_cost));
        rows
    }

    /// What everyone who reads the ladder should know.
    fn warnings(&self) -> Vec<Warning> {
        let mut warnings = vec![Warning {
            code: "ESTIMATE",
            message: "no log was read: traffic and savings are what was stated and assumed, and \
                      nothing here is measured"
                .to_owned(),
        }];
        let mut leaving: Vec<String> = Vec::new();
        for prepared in self.prepared {
            let model = prepared.logged.found().model();
            let soon = parameters::model_routing::TARGET_DAYS;
            let days = self.workload.assumptions.value(soon).floor();
            let as_of = Some(self.table.as_of_instant());
            let horizon =
                crate::techniques::tiers::horizon(as_of, i64::try_from(days).unwrap_or(0));
            if let Some((shutdown, horizon)) = model.shutdown().zip(horizon)
                && shutdown <= horizon
            {
                leaving.push(format!("{} on {shutdown}", model.id()));
            }
        }
        leaving.sort();
        leaving.dedup();
        if !leaving.is_empty() {
            warnings.push(Warning {
                code: "MODEL_RETIRING",
                message: format!("shut down within the quarter: {}", leaving.join(", ")),
            });
        }
        warnings
    }
}

/// The levers of a technique, in the order in which their savings are told
/// apart.
const fn levers_of(technique: TechniqueId) -> &'static [&'static str] {
    match technique {
        TechniqueId::PromptCaching => &["prefix_cache"],
        TechniqueId::ModelRouting => &["router"],
        TechniqueId::EmbeddingRetrieval => &["passages"],
        TechniqueId::ContextCompression => &["trimmed", "compaction", "rewriting"],
        TechniqueId::BatchApi => &["batch_lane"],
        TechniqueId::OutputCapping => &["limit", "brevity"],
        TechniqueId::SemanticDedup => &["exact", "near"],
        TechniqueId::FineTuning => &["tuned_model"],
    }
}

/// What a month of a workload costs when exactly these techniques are used by
/// every class that they can act on, whether they pay or not.
///
/// The ladder never shows such a bill, because no class uses what costs it more;
/// it is what published examples show.
///
/// # Errors
/// When the table knows no model of a name.
pub fn forced(
    workload: &Workload,
    table: &PriceTable,
    used: Set,
) -> Result<NanoUsd, EstimateError> {
    let scenario = Scenario::of(workload.assumptions.clone());
    let prepared = prepare(&workload.classes, &scenario, table)?;
    let months = prepared.iter().map(|prepared| {
        let able = |technique: &TechniqueId| prepared.verdicts[technique.index()].is_ok();
        prepared.month(used.iter().filter(able).fold(Set::NONE, Set::with)).total
    });
    Ok(months.sum::<Usd>().to_nano())
}

/// What all classes send and receive in a month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Volume {
    /// Requests.
    pub requests: u64,
    /// Prompt tokens, rounded to whole ones a class.
    pub input_tokens: u64,
    /// Output tokens, likewise.
    pub output_tokens: u64,
}

/// The month's requests and tokens as they are.
#[must_use]
pub fn volume(workload: &Workload) -> Volume {
    let count = |requests: u64, tokens: Value| {
        let exact = i128::from(requests) * i128::from(tokens.millionths());
        u64::try_from(divide_half_even(exact, Value::MILLION.into())).unwrap_or(u64::MAX)
    };
    workload.classes.iter().fold(Volume::default(), |sum, class| {
        let call = plain(class);
        let (input, output) =
            (count(class.requests, call.input()), count(class.requests, call.output));
        Volume {
            requests: sum.requests.saturating_add(class.requests),
            input_tokens: sum.input_tokens.saturating_add(input),
            output_tokens: sum.output_tokens.saturating_add(output),
        }
    })
}

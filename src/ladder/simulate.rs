//! The second phase: every unit's cost for the sets that matter to it.
//!
//! Families are replayed apart, each distinct state once; their costs add up to
//! units. Units may be simulated in any grouping: the results are theirs alone.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::techniques::id::{Set, TechniqueId};
use crate::techniques::parameter::Value;
use crate::techniques::profile::Profile;
use crate::techniques::technique::{Coin, Rewriter, World};
use crate::techniques::traffic::{FamilyIndex, Traffic, Unit};
use crate::units::{Evidence, Share, Usd};

use super::caching::Caching;
use super::climb::Settings;
use super::engine::{Detail, Engine, Idle, Outcome};
use super::expectation::{Worlds, coin_owner, scaled};
use super::scenario::{Ground, Scenario};
use super::totals::{Totals, Vector};

/// Assumed levers mean nothing for a single call.
const FEWEST_CALLS: u64 = 2;
/// Above this the replay of a unit as it is strays too far from its bill, in
/// millionths.
const CALIBRATED: i128 = 50_000;

/// What a unit costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UnitCost {
    /// Its position among the traffic's units.
    pub(crate) unit: usize,
    /// By the sets that can act on it.
    pub(crate) vector: Vector,
    /// What its replay as it is comes to.
    pub(crate) replayed: Usd,
    /// What techniques charge beside requests, by set; as `vector`.
    pub(crate) fees: Vector,
    /// Whether its policy was deduced, or its baseline replayed.
    pub(crate) is_deduced: bool,
}

impl UnitCost {
    /// What the unit costs as it is.
    pub(crate) fn baseline(&self) -> Usd {
        self.vector.raw(Set::NONE)
    }

    /// How far the replay stays from the bill.
    pub(crate) fn calibration(&self) -> Option<Share> {
        let bill = self.baseline();
        let error = Usd::from_femto((self.replayed - bill).femto().abs());
        Share::of_usd(error, bill)
    }

    /// How the replay of the unit as it is is known.
    pub(crate) fn evidence(&self) -> Evidence {
        if self.is_deduced || self.is_astray() { Evidence::Inferred } else { Evidence::Measured }
    }

    /// Whether the replay strays too far to be called measured.
    pub(crate) fn is_astray(&self) -> bool {
        self.calibration().is_some_and(|error| error.millionths() > CALIBRATED)
    }
}

/// Units that have been simulated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Simulated {
    /// By position among the traffic's units, ascending.
    costs: Vec<UnitCost>,
}

impl Simulated {
    /// Adds other units of the same traffic, simulated with the same profile
    /// and settings. Parts merge in any order to the same whole.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.costs.extend(other.costs);
        self.costs.sort_by_key(|cost| cost.unit);
        self
    }

    /// What the units cost together.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for cost in &self.costs {
            totals.add(&cost.vector);
        }
        totals
    }

    /// Every unit's position with what it costs, in the order of the traffic.
    pub fn vectors(&self) -> impl Iterator<Item = (usize, &Vector)> {
        self.costs.iter().map(|cost| (cost.unit, &cost.vector))
    }

    /// The units.
    pub(crate) fn costs(&self) -> &[UnitCost] {
        &self.costs
    }
}

/// Simulates a shard: some units of the traffic, by position, each at most
/// once. `profile` is of all calls, whichever unit they belong to.
#[must_use]
pub fn simulate_units(
    traffic: &Traffic<'_>,
    profile: &Profile,
    settings: &Settings,
    units: &[usize],
) -> Simulated {
    let caching = Caching::of(traffic, &settings.assumptions);
    let idle = Idle::over(traffic);
    let ground = Ground {
        traffic,
        profile,
        caching: &caching,
        idle: &idle,
        features: &settings.features,
        quality: settings.quality.as_ref(),
    };
    let scenario = Scenario::of(settings.assumptions.clone());
    simulate(&scenario.prepare(ground, Set::ALL), units, Sets::All)
}

/// Which sets are looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sets {
    /// All of them.
    All,
    /// Nothing, and one technique alone.
    Alone(TechniqueId),
}

impl Sets {
    const fn within(self) -> Set {
        match self {
            Self::All => Set::ALL,
            Self::Alone(technique) => technique.set(),
        }
    }
}

/// A unit's families with the techniques that can act on each.
struct Plan<'t> {
    position: usize,
    unit: &'t Unit,
    families: Vec<(FamilyIndex, Set)>,
    eligible: Set,
}

/// Simulates some units of the traffic, by position.
pub(crate) fn simulate(engine: &Engine<'_>, units: &[usize], sets: Sets) -> Simulated {
    let plans: Vec<Plan<'_>> =
        units.par_iter().map(|position| plan(engine, *position, sets)).collect();
    let coins = coins(engine);
    let states: Vec<(FamilyIndex, World)> = plans
        .iter()
        .filter(|plan| !plan.eligible.is_empty() || engine.is_unreported(plan.unit))
        .flat_map(|plan| &plan.families)
        .flat_map(|(family, eligible)| states(*family, *eligible, &coins))
        .collect();
    let outcomes: Vec<[Outcome; 2]> =
        states.par_iter().map(|(family, world)| engine.family(*family, *world)).collect();
    let outcomes: BTreeMap<(FamilyIndex, World), [Outcome; 2]> =
        states.into_iter().zip(outcomes).collect();
    let costs = plans.iter().map(|plan| unit_cost(engine, plan, &coins, &outcomes)).collect();
    Simulated::default().merge(Simulated { costs })
}

/// A closer look at a unit that uses a set: one detail per state, with weights.
pub(crate) fn look(engine: &Engine<'_>, position: usize, used: Set) -> (Worlds, Vec<Detail>) {
    let plan = plan(engine, position, Sets::All);
    let coins = coins(engine);
    let worlds = Worlds::of(used, &coins_of(&coins, used));
    let details = worlds.weighted.iter().map(|(world, _)| {
        let mut sum = Detail::default();
        for (family, eligible) in &plan.families {
            let state = narrowed(*world, *eligible);
            if let Some(detail) = engine.look(*family, state).detail {
                sum.merge(*detail);
            }
        }
        sum
    });
    let details = details.collect();
    (worlds, details)
}

fn plan<'t>(engine: &Engine<'t>, position: usize, sets: Sets) -> Plan<'t> {
    let unit = &engine.traffic.units[position];
    let mut allowed = sets.within();
    if unit.calls < FEWEST_CALLS {
        allowed = allowed
            .iter()
            .filter(|technique| !is_assumed(engine, unit, *technique))
            .fold(Set::NONE, Set::with);
    }
    let families: Vec<(FamilyIndex, Set)> = unit
        .families
        .iter()
        .map(|family| (*family, engine.eligible(*family).and(allowed)))
        .collect();
    let eligible = families.iter().fold(Set::NONE, |sum, (_, eligible)| sum.or(*eligible));
    Plan { position, unit, families, eligible }
}

/// Whether a technique rests on assumptions in all that a unit holds.
fn is_assumed(engine: &Engine<'_>, unit: &Unit, technique: TechniqueId) -> bool {
    let Some(rewriter) = engine.rewriter(technique) else { return true };
    let groups = unit.places.iter().map(|place| engine.traffic.places[place.0 as usize].group);
    groups.map(|group| rewriter.evidence(group)).all(|evidence| evidence == Evidence::Assumed)
}

fn coins(engine: &Engine<'_>) -> Vec<(Coin, Value)> {
    TechniqueId::ALL
        .into_iter()
        .filter_map(|technique| engine.rewriter(technique))
        .flat_map(Rewriter::coins)
        .collect()
}

fn coins_of(coins: &[(Coin, Value)], used: Set) -> Vec<(Coin, Value)> {
    coins.iter().copied().filter(|(coin, _)| used.has(coin_owner(*coin))).collect()
}

/// What a family costs in a world, with or without prompt caching.
fn outcome_in(
    outcomes: &BTreeMap<(FamilyIndex, World), [Outcome; 2]>,
    family: FamilyIndex,
    world: World,
) -> Option<&Outcome> {
    let cached = usize::from(world.used.has(TechniqueId::PromptCaching));
    Some(&outcomes.get(&(family, uncached(world)))?[cached])
}

/// A world without prompt caching, which rewrites no call.
fn uncached(world: World) -> World {
    let used = world.used.without(TechniqueId::PromptCaching);
    let coins = Coin::ALL.into_iter().filter(|coin| world.has(*coin));
    coins.fold(World::of(used), World::with)
}

/// Every state of a family that some set needs, prompt caching aside.
fn states(
    family: FamilyIndex,
    eligible: Set,
    coins: &[(Coin, Value)],
) -> impl Iterator<Item = (FamilyIndex, World)> {
    let rewriting = eligible.without(TechniqueId::PromptCaching);
    let sets = Set::every().filter(move |used| used.is_within(rewriting));
    sets.flat_map(move |used| {
        let worlds = Worlds::of(used, &coins_of(coins, used)).weighted;
        worlds.into_iter().map(move |(world, _)| (family, world))
    })
}

/// A unit's world as one of its families sees it: what cannot act there does
/// not count.
fn narrowed(world: World, eligible: Set) -> World {
    let used = world.used.and(eligible);
    let coins =
        Coin::ALL.into_iter().filter(|coin| world.has(*coin) && used.has(coin_owner(*coin)));
    coins.fold(World::of(used), World::with)
}

fn unit_cost(
    engine: &Engine<'_>,
    plan: &Plan<'_>,
    coins: &[(Coin, Value)],
    outcomes: &BTreeMap<(FamilyIndex, World), [Outcome; 2]>,
) -> UnitCost {
    let at = |world: World| -> (Usd, Usd) {
        let of = |(family, eligible): &(FamilyIndex, Set)| {
            let outcome = outcome_in(outcomes, *family, narrowed(world, *eligible));
            outcome.map_or((Usd::ZERO, Usd::ZERO), |outcome| (outcome.replayed, outcome.fees))
        };
        plan.families
            .iter()
            .map(of)
            .fold((Usd::ZERO, Usd::ZERO), |sum, more| (sum.0 + more.0, sum.1 + more.1))
    };
    let simulated = !plan.eligible.is_empty() || engine.is_unreported(plan.unit);
    let replayed = if simulated { at(World::of(Set::NONE)).0 } else { plan.unit.bill };
    let baseline = engine.baseline(plan.unit, |family| {
        outcome_in(outcomes, family, World::of(Set::NONE)).map(|outcome| outcome.replayed)
    });
    let fees = |used: Set| {
        let worlds = Worlds::of(used, &coins_of(coins, used));
        let fees = worlds.mean(worlds.weighted.iter().map(|(world, _)| at(*world).1));
        let fixed = used.iter().filter_map(|technique| engine.rewriter(technique));
        fees + fixed.map(|rewriter| rewriter.fixed_cost(plan.unit)).sum()
    };
    let cost = |used: Set| {
        if used.is_empty() {
            return baseline;
        }
        let worlds = Worlds::of(used, &coins_of(coins, used));
        let mean = worlds.mean(worlds.weighted.iter().map(|(world, _)| at(*world).0));
        scaled(mean, baseline, replayed) + fees(used)
    };
    UnitCost {
        unit: plan.position,
        vector: Vector::of(plan.eligible, cost),
        replayed,
        fees: Vector::of(plan.eligible, fees),
        is_deduced: plan.unit.families.iter().any(|family| {
            engine.caching.is_deduced(*family) || engine.caching.is_unreported(*family)
        }),
    }
}

impl Detail {
    fn merge(&mut self, other: Self) {
        for (place, cost) in other.places {
            *self.places.entry(place).or_default() += cost;
        }
        for (sum, more) in self.changed.iter_mut().zip(other.changed) {
            *sum += more;
        }
        self.streams.extend(other.streams);
    }
}

impl Engine<'_> {
    /// Whether a unit holds calls that a provider caches by itself and whose
    /// log does not say how much.
    fn is_unreported(&self, unit: &Unit) -> bool {
        unit.families.iter().any(|family| self.caching.is_unreported(*family))
    }

    /// What a unit costs as it is: its bill, but the replay for families whose
    /// log hides what was read from the cache.
    fn baseline(&self, unit: &Unit, replayed: impl Fn(FamilyIndex) -> Option<Usd>) -> Usd {
        let of = |family: &FamilyIndex| {
            let bill = family_bill(self.traffic, *family);
            if self.caching.is_unreported(*family) {
                replayed(*family).unwrap_or(bill)
            } else {
                bill
            }
        };
        unit.families.iter().map(of).sum()
    }
}

fn family_bill(traffic: &Traffic<'_>, family: FamilyIndex) -> Usd {
    traffic.families[family.0 as usize].iter().map(|index| traffic.call(*index).bill).sum()
}

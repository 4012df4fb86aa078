//! What partial routing costs because it splits the caches: an expectation over
//! whole-unit states lets either model see all of the traffic, and really each
//! sees a part.

use rayon::prelude::*;

use crate::techniques::id::{Set, TechniqueId};
use crate::techniques::parameter::Value;
use crate::techniques::technique::{Coin, Warning, World};
use crate::techniques::traffic::{FamilyIndex, SimulatedCall, mix};
use crate::units::Usd;

use super::engine::Engine;
use super::replay::policy::Policy;
use super::simulate::UnitCost;

/// The warning, with its amount; `None` where no cache is split.
pub(super) fn warning(engine: &Engine<'_>, costs: &[UnitCost]) -> Option<Warning> {
    let coins = engine.rewriter(TechniqueId::ModelRouting)?.coins();
    let share = coins.iter().find(|(coin, _)| *coin == Coin::Routed)?.1;
    let families: Vec<(FamilyIndex, Set)> = costs
        .iter()
        .map(|cost| (cost, cost.vector.best().used(Set::ALL)))
        .filter(|(_, used)| used.has(TechniqueId::ModelRouting))
        .flat_map(|(cost, used)| {
            let families = engine.traffic.units[cost.unit].families.iter();
            families.map(move |family| (*family, used))
        })
        .filter(|(family, used)| is_cached(engine, *family, *used))
        .collect();
    let more: Usd =
        families.par_iter().map(|(family, used)| loss(engine, *family, *used, share)).sum();
    (more.to_nano() > crate::units::NanoUsd::ZERO).then(|| Warning {
        code: "SPLIT_CACHE",
        message: format!(
            "models do not share their caches: with a part of the traffic at each, prompts are \
             written twice, which costs about {} more than the figures say",
            more.to_nano().to_display()
        ),
    })
}

fn is_cached(engine: &Engine<'_>, family: FamilyIndex, used: Set) -> bool {
    let routed = engine.rewriter(TechniqueId::ModelRouting);
    let calls = &engine.traffic.families[family.0 as usize];
    let touched = |call| routed.is_some_and(|rewriter| rewriter.touches(call));
    let Some(first) = calls.iter().find(|call| touched(**call)) else { return false };
    let current = engine.caching.current(family, engine.traffic.call(*first).model);
    used.has(TechniqueId::PromptCaching) || current != Policy::None
}

/// What a family costs beyond the expectation if conversations are routed one by
/// one. Two opposite choices of conversations are averaged, so that it is not
/// their kind but only the split that counts.
fn loss(engine: &Engine<'_>, family: FamilyIndex, used: Set, share: Value) -> Usd {
    let choosing = used.has(TechniqueId::PromptCaching);
    let logged = World::of(used.without(TechniqueId::PromptCaching));
    let routed = logged.with(Coin::Routed);
    let share = share.millionths().clamp(0, Value::MILLION).unsigned_abs();
    let million = Value::MILLION.unsigned_abs();
    let place = |call: &SimulatedCall| mix(u64::from(call.conversation), SPLIT) % million;
    let cost = |is_routed: &dyn Fn(u64) -> bool| {
        let world = |call: &SimulatedCall| if is_routed(place(call)) { routed } else { logged };
        engine.mixed(family, choosing, world).femto()
    };
    let split = cost(&|place| place < share) + cost(&|place| place >= million - share);
    let (all, none) = (cost(&|_| true), cost(&|_| false));
    let (share, rest) = (i128::from(share), i128::from(million - share));
    // Twice the expectation against the sum of the two splits.
    let expected = (2 * share * all + 2 * rest * none) / i128::from(million);
    Usd::from_femto((split - expected) / 2)
}

const SPLIT: u64 = 0x7370_6c69_7400;

//! Why a technique is not used: read off the units' own vectors.

use crate::techniques::id::{Set, TechniqueId};
use crate::techniques::technique::Warning;
use crate::techniques::traffic::{FamilyIndex, GroupIndex};
use crate::units::{NanoUsd, Usd, counted};

use super::engine::Engine;
use super::idle_cache;
use super::simulate::UnitCost;

/// Why a technique is not used somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skip {
    /// A stable code.
    pub code: &'static str,
    /// One sentence for people.
    pub message: String,
    /// What using it would cost more; `None` where the reason is no amount.
    pub amount: Option<NanoUsd>,
    /// What it would save as the only technique; `None` where it cannot act.
    pub alone: Option<NanoUsd>,
    /// Whether the log does not carry what it takes to tell.
    pub unknown: bool,
}

/// Why nothing uses a technique.
pub(crate) fn of_technique(
    engine: &Engine<'_>,
    costs: &[UnitCost],
    technique: TechniqueId,
) -> Skip {
    let able: Vec<&UnitCost> =
        costs.iter().filter(|cost| cost.vector.eligible().has(technique)).collect();
    if !able.is_empty() {
        let alone: Usd = able.iter().map(|cost| alone(cost, technique)).sum();
        let more: Usd = able.iter().map(|cost| combined(cost, technique)).sum();
        if technique == TechniqueId::PromptCaching
            && alone <= Usd::ZERO
            && let Some(dearest) = dearest_seen(engine, &able)
            && let Some(skip) = idle_cache(engine, dearest)
        {
            return skip;
        }
        return by_amount(technique, alone, more);
    }
    // The reason that holds for the dearest traffic stands for all.
    let mut reasons: Vec<(Usd, Skip)> = Vec::new();
    for cost in costs {
        for place in &engine.traffic.units[cost.unit].places {
            let group = engine.traffic.places[place.0 as usize].group;
            let skip = verdict(engine, group, technique);
            match reasons.iter_mut().find(|(_, known)| known.code == skip.code) {
                Some((bill, _)) => *bill += group_bill(engine, group),
                None => reasons.push((group_bill(engine, group), skip)),
            }
        }
    }
    // What a log cannot tell counts only where nothing else is known.
    let best = reasons
        .into_iter()
        .max_by_key(|(bill, skip)| (!skip.unknown, *bill, std::cmp::Reverse(skip.code)));
    best.map_or_else(|| nothing(engine), |(_, skip)| skip)
}

/// Why a unit does not use a technique on a place of its.
pub(crate) fn of_place(
    engine: &Engine<'_>,
    cost: &UnitCost,
    group: GroupIndex,
    technique: TechniqueId,
) -> Skip {
    let skip = verdict(engine, group, technique);
    let is_able =
        engine.rewriter(technique).is_some_and(|rewriter| rewriter.verdict(group).is_ok());
    if !is_able || !cost.vector.eligible().has(technique) {
        return skip;
    }
    let alone = alone(cost, technique);
    if technique == TechniqueId::PromptCaching
        && alone <= Usd::ZERO
        && let Some(skip) = idle_cache(engine, cost)
    {
        return skip;
    }
    by_amount(technique, alone, combined(cost, technique))
}

/// The dearest unit of which the log shows what prompts open with; the dearest
/// of all where it shows that of none.
fn dearest_seen<'c>(engine: &Engine<'_>, able: &[&'c UnitCost]) -> Option<&'c UnitCost> {
    let is_seen =
        |cost: &UnitCost| idle_cache::is_seen(engine.traffic, &engine.traffic.units[cost.unit]);
    able.iter().copied().max_by_key(|cost| (is_seen(cost), cost.baseline(), cost.unit))
}

fn idle_cache(engine: &Engine<'_>, cost: &UnitCost) -> Option<Skip> {
    idle_cache::reason(engine, &engine.traffic.units[cost.unit])
}

/// What everyone who reads the ladder should know.
pub(crate) fn warnings(engine: &Engine<'_>, costs: &[UnitCost]) -> Vec<Warning> {
    let mut found = Vec::new();
    let astray = costs.iter().filter(|cost| !cost.vector.eligible().is_empty() && cost.is_astray());
    let (mut bill, mut worst) = (Usd::ZERO, 0);
    for cost in astray {
        bill += cost.baseline();
        worst = worst.max(cost.calibration().map_or(0, crate::units::Share::millionths));
    }
    if bill > Usd::ZERO {
        found.push(Warning {
            code: "CALIBRATION",
            message: format!(
                "for {} of the bill the replay of the log as it is stays up to {}.{} % from what \
                 was billed; savings there are scaled to the bill and inferred",
                bill.to_nano().to_display(),
                worst / 10_000,
                worst / 1_000 % 10,
            ),
        });
    }
    let calls_of = |holds: &dyn Fn(FamilyIndex) -> bool| -> u64 {
        let families = engine.traffic.units.iter().flat_map(|unit| &unit.families);
        let found = families.filter(|family| holds(**family));
        found.map(|family| engine.traffic.families[family.0 as usize].len() as u64).sum()
    };
    let hidden = calls_of(&|family| engine.caching.is_unreported(family));
    if hidden > 0 {
        found.push(Warning {
            code: "CACHE_READS_NOT_LOGGED",
            message: format!(
                "{} went to providers that cache by themselves, and the log does not say how \
                 much was read: the baseline replays that cache",
                counted(hidden, "call")
            ),
        });
    }
    let unmarked = calls_of(&|family| engine.caching.may_be_marked(family));
    if unmarked > 0 {
        found.push(Warning {
            code: "CACHE_USE_NOT_LOGGED",
            message: format!(
                "{} went to models that cache what requests ask for, and the log does not say \
                 whether they did: they are priced without a cache, and if there was one, what \
                 prompt-caching saves is saved already",
                counted(unmarked, "call")
            ),
        });
    }
    found
}

fn verdict(engine: &Engine<'_>, group: GroupIndex, technique: TechniqueId) -> Skip {
    let reason = engine.rewriter(technique).map(|rewriter| rewriter.verdict(group));
    match reason {
        Some(Err(reason)) => Skip {
            code: reason.code,
            message: reason.message,
            amount: None,
            alone: None,
            unknown: reason.unknown,
        },
        _ => Skip {
            code: "NO_FURTHER_SAVING",
            message: "its calls cost the same with and without it".to_owned(),
            amount: None,
            alone: None,
            unknown: false,
        },
    }
}

/// What a technique would save as the unit's only one.
fn alone(cost: &UnitCost, technique: TechniqueId) -> Usd {
    if !cost.vector.eligible().has(technique) {
        return Usd::ZERO;
    }
    cost.vector.raw(Set::NONE) - cost.vector.raw(technique.set())
}

/// What a technique would cost more on top of what the unit uses.
fn combined(cost: &UnitCost, technique: TechniqueId) -> Usd {
    let used = cost.vector.best().used(Set::ALL);
    cost.vector.raw(used.with(technique)) - cost.vector.raw(used)
}

/// The reason that two amounts give: what a technique would save alone, and what
/// it would cost more on top of what is used.
pub(crate) fn by_amount(technique: TechniqueId, alone: Usd, more: Usd) -> Skip {
    let (alone, more) = (alone.to_nano(), more.to_nano());
    let (code, message) = if more == NanoUsd::ZERO && alone <= NanoUsd::ZERO {
        ("NO_FURTHER_SAVING", "its calls cost the same with and without it")
    } else if more == NanoUsd::ZERO {
        ("NO_FURTHER_SAVING", "what is used leaves it nothing to save")
    } else if alone > NanoUsd::ZERO {
        (
            "COUNTERPRODUCTIVE_IN_COMBINATION",
            "it would save alone, but costs more on top of what is used",
        )
    } else if technique == TechniqueId::PromptCaching {
        ("HELD_OUT_LOSS", "the policy that was cheapest at first is not so over the whole log")
    } else {
        ("RAISES_COST", "its own cost is more than it saves")
    };
    let message = message.to_owned();
    Skip { code, message, amount: Some(more), alone: Some(alone), unknown: false }
}

fn group_bill(engine: &Engine<'_>, group: GroupIndex) -> Usd {
    let calls = engine.traffic.calls.iter().filter(|call| call.group == group);
    calls.map(|call| call.bill).sum()
}

fn nothing(engine: &Engine<'_>) -> Skip {
    let (code, message) = if engine.traffic.left_out.untimed > 0 {
        ("NEEDS_TIMESTAMPS", "no call carries a time, and nothing can be replayed without an order")
    } else {
        ("NO_SIMULATED_CALLS", "no call carries both a time and a price")
    };
    Skip { code, message: message.to_owned(), amount: None, alone: None, unknown: true }
}

//! Which features look easy, and where their calls could go.

use crate::techniques::parameter::Value;
use crate::techniques::parameters::model_routing as parameters;
use crate::techniques::profile::GroupProfile;
use crate::techniques::technique::{Reason, View};
use crate::techniques::tiers::{self, Demand};
use crate::techniques::traffic::{GroupIndex, ModelIndex};
use crate::units::counted_of;

/// Whether the calls of a group may have another model at all.
pub(super) fn may_move(view: &View<'_>, group: GroupIndex) -> Result<(), Reason> {
    let feature = view.traffic.feature_name(group);
    if feature.is_some_and(|name| view.features.pinned.contains(name)) {
        return Err(not_easy("the settings pin the feature to its model"));
    }
    if view.profile.group(group).embeddings > 0 {
        return Err(not_easy("embeddings of another model are no substitute"));
    }
    Ok(())
}

/// The model one tier down, for a feature that looks easy.
pub(super) fn target(
    view: &View<'_>,
    group: GroupIndex,
    newer: Option<ModelIndex>,
    demand: &Demand,
) -> Result<ModelIndex, Reason> {
    let models = &view.traffic.models;
    let from = view.traffic.group(group).model;
    let model = models.get(from).model();
    if model.tier().is_none() {
        return Err(Reason::unknown(
            "NO_CHEAPER_TIER",
            format!(
                "the price table puts {} in no tier; a price file with `tier` would settle it",
                model.id()
            ),
        ));
    }
    let Some(target) = tiers::below(models, from, demand) else {
        return Err(Reason::skipped(
            "NO_CHEAPER_TIER",
            format!(
                "{} sells no model below {} that stays on sale {} days",
                model.provider(),
                model.id(),
                demand.days
            ),
        ));
    };
    let stays = newer.unwrap_or(from);
    if demand.cost(models, from, target) >= demand.cost(models, from, stays) {
        return Err(Reason::skipped(
            "NO_CHEAPER_TIER",
            format!(
                "a mean call costs no less on {} than on {}",
                models.get(target).model().id(),
                models.get(stays).model().id()
            ),
        ));
    }
    is_easy(view, view.profile.group(group))?;
    fits(view, group, target)?;
    Ok(target)
}

/// Whether the longest call of a group fits into a model's context window.
pub(super) fn fits(view: &View<'_>, group: GroupIndex, target: ModelIndex) -> Result<(), Reason> {
    let models = &view.traffic.models;
    let profile = view.profile.group(group);
    let from = view.traffic.group(group).model;
    let Some(window) = models.get(target).model().context_window() else { return Ok(()) };
    let answer = profile.outputs.quantile(Value::MILLION).unwrap_or(0);
    let longest = models.retokenised(profile.longest_input + answer, from, target);
    if longest <= window.get() {
        return Ok(());
    }
    Err(Reason::skipped(
        "CONTEXT_LIMIT",
        format!(
            "prompt and answer take up to {longest} tokens on {}, which takes {}",
            models.get(target).model().id(),
            window.get()
        ),
    ))
}

/// Whether outputs are short and calls are plain and go well.
fn is_easy(view: &View<'_>, profile: &GroupProfile) -> Result<(), Reason> {
    let value = |handle| view.assumptions.value(handle);
    let limit = value(parameters::OUTPUT_P95_LIMIT).floor();
    let Some(p95) = profile.outputs.quantile(950_000) else {
        return Err(Reason::unknown(
            "NOT_CANDIDATE",
            "no output tokens were logged; they would show whether answers are short",
        ));
    };
    if p95 > limit {
        return Err(not_easy(&format!(
            "95 % of the outputs have up to {p95} tokens, over {limit}"
        )));
    }
    for (count, what) in
        [(profile.with_tools, "with tools"), (profile.with_reasoning, "with reasoning")]
    {
        if count > 0 {
            let calls = counted_of(count, profile.calls, "call");
            return Err(not_easy(&format!("{what}: {calls}")));
        }
    }
    for (count, what, limit) in [
        (profile.errors, "failed", value(parameters::ERROR_LIMIT)),
        (profile.length_stops, "cut off", value(parameters::LENGTH_STOP_LIMIT)),
    ] {
        let most = u128::try_from(limit.millionths()).unwrap_or(0) * u128::from(profile.calls);
        if u128::from(count) * u128::from(Value::MILLION.unsigned_abs()) > most {
            let calls = counted_of(count, profile.calls, "call");
            return Err(not_easy(&format!("{what}: {calls}, over {limit}")));
        }
    }
    Ok(())
}

fn not_easy(why: &str) -> Reason {
    Reason::skipped("NOT_CANDIDATE", why)
}

//! Which model each feature goes to, in words.

use std::collections::BTreeSet;

use crate::techniques::technique::{Reason, View, Warning};
use crate::techniques::traffic::{GroupIndex, ModelIndex};

use super::{Method, Plan};

/// A remark on every feature that moves, by text.
pub(super) fn told(view: &View<'_>, plans: &[Result<Plan, Reason>]) -> BTreeSet<Warning> {
    let traffic = view.traffic;
    let groups = (0..).map(GroupIndex).zip(plans);
    let warnings = groups.filter_map(|(group, plan)| {
        let plan = plan.as_ref().ok()?;
        let id = |model: ModelIndex| traffic.models.get(model).model().id();
        let from = id(traffic.group(group).model);
        let name = traffic.feature_name(group).unwrap_or("calls without a feature");
        let newer = plan.newer.map(|model| format!("{} in its place", id(model)));
        let moved = plan.moved.map(|(method, model)| {
            let how = match method {
                Method::Router => "for what a router finds easy",
                Method::Cascade | Method::Scored => "first, and again where it is wrong",
                Method::Whole => "for all of it",
            };
            format!("{} {how}", id(model))
        });
        let what: Vec<String> = newer.into_iter().chain(moved).collect();
        let message = format!("{name} on {from}: {}", what.join("; "));
        Some(Warning { code: "TARGET_MODEL", message })
    });
    warnings.collect()
}

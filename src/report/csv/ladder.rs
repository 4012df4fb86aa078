//! The ladder as CSV: steps, levers, choices, parameters, groups, totals, sets.
//!
//! As in the other tables, a file is there even where it has no row.

use std::io;

use super::super::document::{Group, Ladder, Quotient, Step};
use super::super::escape::csv_cell;
use super::tables::{CsvFile, file, quotient};
use super::{cell, grade, named, share_cell, text};
use crate::units::NanoUsd;

/// Every table of the ladder.
pub fn tables(ladder: Option<&Ladder>) -> io::Result<Vec<CsvFile>> {
    let steps = ladder.map_or(&[][..], |ladder| &ladder.steps);
    let groups = ladder.map_or(&[][..], |ladder| &ladder.groups);
    Ok(vec![
        file("ladder.csv", &STEP_COLUMNS, steps.iter().map(step).collect())?,
        file("levers.csv", &LEVER_COLUMNS, levers(steps))?,
        file("policies.csv", &POLICY_COLUMNS, stream_policies(steps))?,
        file("parameters.csv", &PARAMETER_COLUMNS, parameters(steps))?,
        file("groups.csv", &GROUP_COLUMNS, groups.iter().map(group).collect())?,
        file("group_skips.csv", &SKIP_COLUMNS, skips(groups))?,
        file("ladder_totals.csv", &["name", "value"], totals(ladder))?,
        file("subset_costs.csv", &["set", "cost_usd"], subsets(ladder))?,
    ])
}

const STEP_COLUMNS: [&str; 20] = [
    "rank",
    "technique",
    "status",
    "reason_code",
    "reason",
    "reason_amount_usd",
    "settled_by",
    "standalone_saving_usd",
    "marginal_saving_usd",
    "last_in_saving_usd",
    "shapley_saving_usd",
    "cost_after_usd",
    "low_saving_usd",
    "high_saving_usd",
    "added_cost_usd",
    "eligible_calls",
    "break_even_calls_per_month",
    "evidence",
    "effort_hours",
    "why",
];
const LEVER_COLUMNS: [&str; 4] = ["technique", "lever", "saving_usd", "evidence"];
const POLICY_COLUMNS: [&str; 9] = [
    "technique",
    "feature",
    "model",
    "current",
    "chosen",
    "cost_usd",
    "current_cost_usd",
    "held_out_cost_usd",
    "held_out_current_cost_usd",
];
const PARAMETER_COLUMNS: [&str; 8] =
    ["technique", "name", "value", "low", "high", "unit", "meaning", "source"];
const GROUP_COLUMNS: [&str; 9] = [
    "feature",
    "model",
    "workspace",
    "calls",
    "baseline_usd",
    "final_usd",
    "applied",
    "calibration_error",
    "evidence",
];
const SKIP_COLUMNS: [&str; 7] =
    ["feature", "model", "workspace", "technique", "code", "amount_usd", "alone_usd"];

fn step(step: &Step) -> Vec<String> {
    let reason = step.reason.as_ref();
    vec![
        step.rank.to_string(),
        csv_cell(&step.technique),
        step.status.name().to_owned(),
        text(reason.map(|reason| reason.code.as_str())),
        text(reason.map(|reason| reason.message.as_str())),
        cell(reason.and_then(|reason| reason.amount_usd)),
        text(reason.and_then(|reason| reason.settled_by.as_deref())),
        cell(step.standalone_saving_usd),
        cell(step.marginal_saving_usd),
        cell(step.last_in_saving_usd),
        cell(step.shapley_saving_usd),
        cell(step.cost_after_usd),
        cell(step.low_saving_usd),
        cell(step.high_saving_usd),
        cell(step.added_cost_usd),
        cell(step.eligible_calls),
        cell(step.break_even_calls_per_month),
        grade(step.evidence),
        quotient(Some(step.effort_hours)),
        text(step.why.as_deref()),
    ]
}

fn levers(steps: &[Step]) -> Vec<Vec<String>> {
    let rows = steps.iter().flat_map(|step| {
        step.levers.iter().map(|lever| {
            vec![
                csv_cell(&step.technique),
                csv_cell(&lever.lever),
                lever.saving_usd.to_string(),
                lever.evidence.name().to_owned(),
            ]
        })
    });
    rows.collect()
}

fn stream_policies(steps: &[Step]) -> Vec<Vec<String>> {
    let rows = steps.iter().flat_map(|step| {
        step.policies.iter().map(|policy| {
            vec![
                csv_cell(&step.technique),
                csv_cell(&policy.feature),
                csv_cell(&policy.model),
                csv_cell(&policy.current),
                csv_cell(&policy.chosen),
                policy.cost_usd.to_string(),
                policy.current_cost_usd.to_string(),
                cell(policy.held_out_cost_usd),
                cell(policy.held_out_current_cost_usd),
            ]
        })
    });
    rows.collect()
}

fn parameters(steps: &[Step]) -> Vec<Vec<String>> {
    // An empty cell would read as unknown.
    let bound = |value: Option<Quotient>| match value {
        Some(_) => quotient(value),
        None => "inf".to_owned(),
    };
    let rows = steps.iter().flat_map(|step| {
        step.assumptions.iter().map(move |parameter| {
            vec![
                csv_cell(&step.technique),
                csv_cell(&parameter.name),
                bound(parameter.value),
                bound(parameter.low),
                bound(parameter.high),
                csv_cell(&parameter.unit),
                csv_cell(&parameter.meaning),
                csv_cell(&parameter.source),
            ]
        })
    });
    rows.collect()
}

fn group(group: &Group) -> Vec<String> {
    vec![
        csv_cell(&group.feature),
        csv_cell(&group.model),
        text(group.workspace.as_deref()),
        group.calls.to_string(),
        group.baseline_usd.to_string(),
        group.final_usd.to_string(),
        csv_cell(&group.applied.join(" ")),
        share_cell(group.calibration_error),
        group.evidence.name().to_owned(),
    ]
}

fn skips(groups: &[Group]) -> Vec<Vec<String>> {
    let rows = groups.iter().flat_map(|group| {
        group.skipped.iter().map(|skip| {
            vec![
                csv_cell(&group.feature),
                csv_cell(&group.model),
                text(group.workspace.as_deref()),
                csv_cell(&skip.technique),
                csv_cell(&skip.code),
                cell(skip.amount_usd),
                cell(skip.alone_usd),
            ]
        })
    });
    rows.collect()
}

fn totals(ladder: Option<&Ladder>) -> Vec<Vec<String>> {
    let Some(ladder) = ladder else { return Vec::new() };
    named([
        ("order", csv_cell(&ladder.order)),
        ("baseline_usd", ladder.baseline_usd.to_string()),
        ("final_usd", ladder.final_usd.to_string()),
        ("overlap_usd", ladder.overlap_usd.to_string()),
        ("not_simulated_usd", cell(ladder.not_simulated_usd)),
        ("not_simulated_calls", ladder.not_simulated_calls.to_string()),
        ("measured_usd", ladder.by_evidence.measured_usd.to_string()),
        ("inferred_usd", ladder.by_evidence.inferred_usd.to_string()),
        ("assumed_usd", ladder.by_evidence.assumed_usd.to_string()),
    ])
}

fn subsets(ladder: Option<&Ladder>) -> Vec<Vec<String>> {
    let costs = ladder.map_or(&[][..], |ladder| &ladder.subset_cost_usd);
    let row = |(set, cost): (usize, &NanoUsd)| vec![set.to_string(), cost.to_string()];
    costs.iter().enumerate().map(row).collect()
}

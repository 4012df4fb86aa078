//! The ladder, the plan, the monthly bills, the cache and the findings, one
//! CSV file each.
//!
//! As in the other tables, a file is there even where it has no row.

use std::io;

use super::super::document::{
    CacheBreak, CachePolicy, Document, Group, Ladder, PlanStep, Quotient, Step, Warning, Worth,
};
use super::super::escape::csv_cell;
use super::tables::{CsvFile, file, quotient};
use super::{cell, share_cell};
use crate::units::{Evidence, Tokens};

/// Every such table of the document.
pub fn tables(document: &Document) -> io::Result<Vec<CsvFile>> {
    let steps = document.ladder.as_ref().map_or(&[][..], |ladder| &ladder.steps);
    let groups = document.ladder.as_ref().map_or(&[][..], |ladder| &ladder.groups);
    let plan = document.plan.as_deref().unwrap_or_default();
    let policies = document.cache.as_ref().map_or(&[][..], |cache| &cache.policies);
    let breaks = document.cache.as_ref().map_or(&[][..], |cache| &cache.breaks);
    Ok(vec![
        file("ladder.csv", &STEP_COLUMNS, steps.iter().map(step).collect())?,
        file("levers.csv", &LEVER_COLUMNS, levers(steps))?,
        file("policies.csv", &POLICY_COLUMNS, stream_policies(steps))?,
        file("parameters.csv", &PARAMETER_COLUMNS, parameters(steps))?,
        file("groups.csv", &GROUP_COLUMNS, groups.iter().map(group).collect())?,
        file("group_skips.csv", &SKIP_COLUMNS, skips(groups))?,
        file("ladder_totals.csv", &["name", "value"], totals(document.ladder.as_ref()))?,
        file("subset_costs.csv", &["set", "cost_usd"], subsets(document.ladder.as_ref()))?,
        file("plan.csv", &PLAN_COLUMNS, plan.iter().map(piece_of_work).collect())?,
        file("monthly.csv", &["name", "value"], monthly(document))?,
        file("findings.csv", &FINDING_COLUMNS, findings(document))?,
        file("warnings.csv", &["technique", "code", "message"], warnings(document, steps))?,
        file("cache.csv", &["name", "value"], cache(document))?,
        file("cache_policies.csv", &CACHE_COLUMNS, policies.iter().map(policy).collect())?,
        file("cache_breaks.csv", &BREAK_COLUMNS, breaks.iter().map(place).collect())?,
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
const PLAN_COLUMNS: [&str; 12] = [
    "technique",
    "phase",
    "effort_hours",
    "effort_usd",
    "net_monthly_usd",
    "payback_months",
    "worth_doing",
    "verdict",
    "evidence",
    "action",
    "check",
    "evaluation",
];
const FINDING_COLUMNS: [&str; 5] = ["code", "message", "calls", "cost_usd", "evidence"];
const CACHE_COLUMNS: [&str; 5] =
    ["policy", "ttl_seconds", "read_share", "input_cost_ratio", "saving_usd"];
const BREAK_COLUMNS: [&str; 8] = [
    "feature",
    "component",
    "kind",
    "calls",
    "share",
    "cost_usd",
    "position_tokens",
    "example_calls",
];

/// A text that may come from a log, or the empty cell of an unknown one.
fn text(value: Option<&str>) -> String {
    value.map_or_else(String::new, csv_cell)
}

fn grade(evidence: Option<Evidence>) -> String {
    evidence.map_or_else(String::new, |evidence| evidence.name().to_owned())
}

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

/// Rows of a table that names its values.
fn named<const ROWS: usize>(values: [(&str, String); ROWS]) -> Vec<Vec<String>> {
    values.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect()
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
    let row =
        |(set, cost): (usize, &crate::units::NanoUsd)| vec![set.to_string(), cost.to_string()];
    costs.iter().enumerate().map(row).collect()
}

fn piece_of_work(step: &PlanStep) -> Vec<String> {
    let Worth { effort_hours, effort_usd, net_monthly_usd, payback_months, worth_doing, verdict } =
        &step.worth;
    vec![
        csv_cell(&step.technique),
        step.phase.name().replace(' ', "_"),
        quotient(Some(*effort_hours)),
        effort_usd.to_string(),
        cell(*net_monthly_usd),
        quotient(*payback_months),
        cell(*worth_doing),
        csv_cell(verdict),
        grade(step.evidence),
        csv_cell(&step.action),
        csv_cell(&step.check),
        text(step.evaluation.as_deref()),
    ]
}

fn monthly(document: &Document) -> Vec<Vec<String>> {
    let Some(monthly) = &document.monthly else { return Vec::new() };
    let bootstrap = monthly.bootstrap;
    named([
        ("factor", quotient(Some(monthly.factor))),
        ("baseline_usd", monthly.baseline_usd.to_string()),
        ("floor_usd", monthly.floor_usd.to_string()),
        ("typical_usd", monthly.typical_usd.to_string()),
        ("high_usd", monthly.high_usd.to_string()),
        ("p10_usd", cell(monthly.p10_usd)),
        ("p50_usd", cell(monthly.p50_usd)),
        ("p90_usd", cell(monthly.p90_usd)),
        ("draws", monthly.draws.to_string()),
        ("seed", monthly.seed.to_string()),
        ("bootstrap_low_usd", cell(bootstrap.map(|bootstrap| bootstrap.low_usd))),
        ("bootstrap_high_usd", cell(bootstrap.map(|bootstrap| bootstrap.high_usd))),
        ("bootstrap_blocks", cell(bootstrap.map(|bootstrap| bootstrap.blocks))),
        ("note", text(monthly.note.as_deref())),
    ])
}

fn findings(document: &Document) -> Vec<Vec<String>> {
    let rows = document.findings.iter().map(|finding| {
        vec![
            csv_cell(&finding.code),
            csv_cell(&finding.message),
            cell(finding.calls),
            cell(finding.cost_usd),
            finding.evidence.name().to_owned(),
        ]
    });
    rows.collect()
}

fn warnings(document: &Document, steps: &[Step]) -> Vec<Vec<String>> {
    let row = |technique: &str, warning: &Warning| {
        vec![csv_cell(technique), csv_cell(&warning.code), csv_cell(&warning.message)]
    };
    let of_steps = steps
        .iter()
        .flat_map(|step| step.warnings.iter().map(move |warning| row(&step.technique, warning)));
    document.warnings.iter().map(|warning| row("", warning)).chain(of_steps).collect()
}

fn cache(document: &Document) -> Vec<Vec<String>> {
    let Some(cache) = &document.cache else { return Vec::new() };
    let calibration = cache.calibration;
    named([
        ("logged_read_share", share_cell(cache.logged_read_share)),
        ("replayed_read_share", share_cell(cache.replayed_read_share)),
        ("infinite_read_share", share_cell(cache.infinite_read_share)),
        ("evidence", cache.evidence.name().to_owned()),
        (
            "calibration_billed_read_share",
            share_cell(calibration.and_then(|calibration| calibration.billed_read_share)),
        ),
        (
            "calibration_replayed_read_share",
            share_cell(calibration.and_then(|calibration| calibration.replayed_read_share)),
        ),
        ("calibration_exact_calls", cell(calibration.map(|calibration| calibration.exact_calls))),
        ("calibration_calls", cell(calibration.map(|calibration| calibration.calls))),
    ])
}

fn policy(policy: &CachePolicy) -> Vec<String> {
    vec![
        csv_cell(&policy.policy),
        cell(policy.ttl_seconds),
        share_cell(policy.read_share),
        quotient(policy.input_cost_ratio),
        cell(policy.saving_usd),
    ]
}

fn place(place: &CacheBreak) -> Vec<String> {
    vec![
        text(place.feature.as_deref()),
        csv_cell(&place.component),
        csv_cell(&place.kind),
        place.calls.to_string(),
        share_cell(place.share),
        cell(place.cost_usd),
        cell(place.position_tokens.map(Tokens::get)),
        csv_cell(&place.example_calls.join(" ")),
    ]
}

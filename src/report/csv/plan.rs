//! The plan, the monthly bills, findings and warnings as CSV.
//!
//! As in the other tables, a file is there even where it has no row.

use std::io;

use super::super::document::{Document, PlanStep, Warning, WhatIf, Worth};
use super::super::escape::csv_cell;
use super::tables::{CsvFile, file, quotient};
use super::{cell, grade, named, text};

/// Every such table.
pub fn tables(document: &Document) -> io::Result<Vec<CsvFile>> {
    let plan = document.plan.as_deref().unwrap_or_default();
    Ok(vec![
        file("plan.csv", &PLAN_COLUMNS, plan.iter().map(piece_of_work).collect())?,
        file("monthly.csv", &["name", "value"], monthly(document))?,
        file("what_if.csv", &WHAT_IF_COLUMNS, document.what_if.iter().map(what_if).collect())?,
        file("findings.csv", &FINDING_COLUMNS, findings(document))?,
        file("warnings.csv", &["technique", "code", "message"], warnings(document))?,
    ])
}

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
const WHAT_IF_COLUMNS: [&str; 8] = [
    "from",
    "to",
    "calls",
    "cost_usd",
    "new_cost_usd",
    "difference_usd",
    "too_long_calls",
    "evidence",
];
const FINDING_COLUMNS: [&str; 6] =
    ["code", "message", "calls", "cost_usd", "wasted_usd", "evidence"];

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

fn what_if(row: &WhatIf) -> Vec<String> {
    vec![
        csv_cell(&row.from),
        csv_cell(&row.to),
        row.calls.to_string(),
        row.cost_usd.to_string(),
        row.new_cost_usd.to_string(),
        row.difference_usd.to_string(),
        row.too_long_calls.to_string(),
        grade(Some(row.evidence)),
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
            cell(finding.wasted_usd),
            finding.evidence.name().to_owned(),
        ]
    });
    rows.collect()
}

/// Those of the document, then those of its ladder's steps.
fn warnings(document: &Document) -> Vec<Vec<String>> {
    let row = |technique: &str, warning: &Warning| {
        vec![csv_cell(technique), csv_cell(&warning.code), csv_cell(&warning.message)]
    };
    let steps = document.ladder.iter().flat_map(|ladder| &ladder.steps);
    let of_steps = steps
        .flat_map(|step| step.warnings.iter().map(move |warning| row(&step.technique, warning)));
    let of_models = document.what_if.iter().flat_map(|found| &found.warnings);
    let of_models = of_models.map(|warning| row("what-if", warning));
    let of_log = document.warnings.iter().map(|warning| row("", warning));
    of_log.chain(of_steps).chain(of_models).collect()
}

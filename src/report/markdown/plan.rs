//! The monthly bills, the plan of work and the findings on a page.
//!
//! Knows no step of the ladder.

use super::super::document::{Document, Finding, Ladder, Monthly, PlanStep};
use super::super::escape::markdown as escape;
use super::super::figures::{count, dollars, hours};
use super::super::work;
use super::name;
use super::page::{Align, Page};
use crate::units::NanoUsd;

/// Adds the bills per 30 days.
pub fn per_month(document: &Document, monthly: &Monthly, page: &mut Page) {
    page.heading("Per 30 days");
    let columns = [("", Align::Left), ("bill", Align::Right), ("saves", Align::Right)];
    let rows = work::bills(monthly).map(|(label, bill, saving)| {
        let saving = saving.map_or_else(String::new, NanoUsd::to_display);
        vec![label.to_owned(), bill.to_display(), saving]
    });
    page.table(&columns, rows.into_iter());
    page.list(work::monthly_notes(document, monthly).iter().map(|note| escape(note)));
}

/// Adds the plan; nothing where there is nothing to do.
pub fn plan(steps: &[PlanStep], ladder: Option<&Ladder>, page: &mut Page) {
    if steps.is_empty() {
        return;
    }
    page.heading("What to do first");
    let columns = [
        ("technique", Align::Left),
        ("when", Align::Left),
        ("work", Align::Right),
        ("net a month", Align::Right),
        ("paid back in", Align::Right),
        ("known how", Align::Left),
        ("what to do", Align::Left),
        ("check", Align::Left),
        ("evaluate", Align::Left),
    ];
    page.table(&columns, steps.iter().map(cells));
    if let Some(together) = ladder.and_then(work::all_in_all) {
        page.paragraph(&escape(&together));
    }
}

fn cells(step: &PlanStep) -> Vec<String> {
    let [check, evaluation] = work::checks(step).map(|text| text.map_or_else(String::new, escape));
    vec![
        name(&step.technique),
        work::phase(step).to_owned(),
        hours(step.worth.effort_hours),
        dollars(step.worth.net_monthly_usd),
        escape(&work::payback(&step.worth)),
        step.evidence.map_or_else(String::new, |grade| grade.name().to_owned()),
        escape(work::action(step)),
        check,
        evaluation,
    ]
}

/// Adds the findings; nothing where there are none.
pub fn findings(findings: &[Finding], page: &mut Page) {
    if findings.is_empty() {
        return;
    }
    page.heading("Findings");
    let columns = [
        ("finding", Align::Left),
        ("code", Align::Left),
        ("calls", Align::Right),
        ("cost", Align::Right),
        ("wasted", Align::Right),
        ("known how", Align::Left),
    ];
    let rows = findings.iter().map(|finding| {
        vec![
            escape(&finding.message),
            name(&finding.code),
            count(finding.calls),
            dollars(finding.cost_usd),
            dollars(finding.wasted_usd),
            finding.evidence.name().to_owned(),
        ]
    });
    page.table(&columns, rows);
}

//! The ladder on a page: its steps, what is not used, what each part of the
//! traffic uses, and every parameter.
//!
//! Knows no plan and no month.

use super::super::document::{Ladder, Step, StepStatus};
use super::super::escape::markdown as escape;
use super::super::figures::{dollars, hours, percent, whole};
use super::super::savings;
use super::name;
use super::page::{Align, Page};
use crate::units::NanoUsd;

/// Adds the section.
pub fn savings_ladder(ladder: &Ladder, page: &mut Page) {
    page.heading("What would save");
    page.paragraph(&format!("**{}**", escape(&savings::outcome(ladder))));
    page.list(savings::outcome_notes(ladder).iter().map(|note| escape(note)));
    applied(ladder, page);
    warnings(ladder, page);
    unused(ladder, page);
    levers(ladder, page);
    groups(ladder, page);
    policies(ladder, page);
    assumptions(ladder, page);
}

fn applied(ladder: &Ladder, page: &mut Page) {
    let mut rows: Vec<Vec<String>> =
        savings::steps(ladder, StepStatus::Applied).map(step).collect();
    if rows.is_empty() {
        return;
    }
    let bill = |label: &str, alone: String, on_top: String, left: String| {
        let mut cells = vec![String::new(), label.to_owned(), alone, on_top, left];
        cells.resize(9, String::new());
        cells
    };
    let none = String::new;
    rows.insert(0, bill("the bill as it is", none(), none(), ladder.baseline_usd.to_display()));
    if rows.len() > 2 {
        let overlap = (NanoUsd::ZERO - ladder.overlap_usd).to_display();
        let meaning = savings::overlap_meaning(ladder.overlap_usd);
        rows.push(bill(&format!("overlap: {meaning}"), overlap, none(), none()));
        let saved = savings::saved(ladder).to_display();
        rows.push(bill("together", saved.clone(), saved, ladder.final_usd.to_display()));
    }
    let columns = [
        ("#", Align::Right),
        ("technique", Align::Left),
        ("saves alone", Align::Right),
        ("saves on top", Align::Right),
        ("what is left", Align::Right),
        ("known how", Align::Left),
        ("alone, low to high", Align::Right),
        ("work", Align::Right),
        ("why", Align::Left),
    ];
    page.table(&columns, rows.into_iter());
}

fn step(step: &Step) -> Vec<String> {
    vec![
        step.rank.to_string(),
        name(&step.technique),
        dollars(step.standalone_saving_usd),
        dollars(step.marginal_saving_usd),
        dollars(step.cost_after_usd),
        savings::grade(step).to_owned(),
        savings::band(step).unwrap_or_default(),
        hours(step.effort_hours),
        step.why.as_deref().map_or_else(String::new, escape),
    ]
}

fn unused(ladder: &Ladder, page: &mut Page) {
    let columns = [
        ("technique", Align::Left),
        ("status", Align::Left),
        ("why", Align::Left),
        ("what would settle it", Align::Left),
    ];
    let rows = [StepStatus::Skipped, StepStatus::Unknown]
        .into_iter()
        .flat_map(|status| savings::unused(ladder, status))
        .map(|row| {
            vec![
                name(&row.techniques),
                row.status.name().to_owned(),
                escape(&row.reason),
                row.settled_by.map_or_else(String::new, escape),
            ]
        });
    page.titled_table("Not used", &columns, rows);
}

fn levers(ladder: &Ladder, page: &mut Page) {
    let columns = [
        ("technique", Align::Left),
        ("lever", Align::Left),
        ("saves on top", Align::Right),
        ("known how", Align::Left),
    ];
    let rows = ladder.steps.iter().flat_map(|step| {
        step.levers.iter().map(|lever| {
            vec![
                name(&step.technique),
                name(&lever.lever),
                lever.saving_usd.to_display(),
                lever.evidence.name().to_owned(),
            ]
        })
    });
    page.titled_table("Levers", &columns, rows);
}

fn warnings(ladder: &Ladder, page: &mut Page) {
    page.list(ladder.steps.iter().flat_map(|step| {
        step.warnings.iter().map(|warning| {
            format!(
                "{}: {} ({})",
                name(&step.technique),
                escape(&warning.message),
                name(&warning.code)
            )
        })
    }));
}

fn groups(ladder: &Ladder, page: &mut Page) {
    let columns = [
        ("feature", Align::Left),
        ("model", Align::Left),
        ("workspace", Align::Left),
        ("calls", Align::Right),
        ("cost", Align::Right),
        ("would be", Align::Right),
        ("with", Align::Left),
        ("without", Align::Left),
        ("replay off the bill by", Align::Right),
        ("known how", Align::Left),
    ];
    let rows = ladder.groups.iter().map(|group| {
        vec![
            name(&group.feature),
            name(&group.model),
            group.workspace.as_deref().map_or_else(String::new, name),
            whole(group.calls),
            group.baseline_usd.to_display(),
            group.final_usd.to_display(),
            escape(&group.applied.join(", ")),
            escape(&savings::group_skips(group)),
            group.calibration_error.map_or_else(String::new, |error| percent(Some(error))),
            group.evidence.name().to_owned(),
        ]
    });
    page.titled_table("By part of the traffic", &columns, rows);
}

fn policies(ladder: &Ladder, page: &mut Page) {
    let columns = [
        ("technique", Align::Left),
        ("feature", Align::Left),
        ("model", Align::Left),
        ("now", Align::Left),
        ("better", Align::Left),
        ("cost now", Align::Right),
        ("cost then", Align::Right),
        ("held out now", Align::Right),
        ("held out then", Align::Right),
    ];
    let rows = ladder.steps.iter().flat_map(|step| {
        step.policies.iter().map(|policy| {
            vec![
                name(&step.technique),
                name(&policy.feature),
                name(&policy.model),
                name(&policy.current),
                name(&policy.chosen),
                policy.current_cost_usd.to_display(),
                policy.cost_usd.to_display(),
                dollars(policy.held_out_current_cost_usd),
                dollars(policy.held_out_cost_usd),
            ]
        })
    });
    page.titled_table("Choices", &columns, rows);
}

fn assumptions(ladder: &Ladder, page: &mut Page) {
    let columns = [
        ("technique", Align::Left),
        ("parameter", Align::Left),
        ("value", Align::Right),
        ("low", Align::Right),
        ("high", Align::Right),
        ("counts", Align::Left),
        ("meaning", Align::Left),
        ("source", Align::Left),
    ];
    let rows = savings::assumptions(ladder).map(|(step, assumption)| {
        vec![
            name(&step.technique),
            name(&assumption.name),
            savings::value(assumption.value),
            savings::value(assumption.low),
            savings::value(assumption.high),
            name(&assumption.unit),
            escape(&assumption.meaning),
            escape(&assumption.source),
        ]
    });
    page.titled_table("Parameters", &columns, rows);
}

//! The monthly bills and the plan of work.
//!
//! Knows no step of the ladder.

use super::super::document::{Document, Ladder, Monthly, PlanStep};
use super::super::escape::plain;
use super::super::figures::{dollars, hours};
use super::super::work;
use super::Column;
use super::grid;
use super::screen::Screen;
use super::tables::indented;

const INDENT: usize = 2;
/// Where what belongs to a piece of work starts.
const NOTE_INDENT: usize = 4;

/// Adds the bills per 30 days.
pub fn per_month(document: &Document, monthly: &Monthly, screen: &mut Screen) {
    screen.heading("Per 30 days");
    let mut rows = vec![["", "bill", "saves"].map(str::to_owned).to_vec()];
    rows.extend(work::bills(monthly).map(|(name, bill, saving)| {
        vec![
            name.to_owned(),
            bill.to_display(),
            saving.map_or_else(String::new, crate::units::NanoUsd::to_display),
        ]
    }));
    indented(&[Column::Text, Column::Figures, Column::Figures], rows, screen);
    for note in work::monthly_notes(document, monthly) {
        screen.faint(&plain(&note, screen.width() * 2), INDENT);
    }
}

/// Adds the plan; nothing where there is nothing to do.
pub fn plan(steps: &[PlanStep], ladder: Option<&Ladder>, screen: &mut Screen) {
    if steps.is_empty() {
        return;
    }
    screen.heading("What to do first");
    let mut rows =
        vec![["", "work", "net a month", "paid back in", ""].map(str::to_owned).to_vec()];
    rows.extend(steps.iter().map(cells));
    let columns = [Column::Text, Column::Figures, Column::Figures, Column::Figures, Column::Word];
    let lines = grid(&columns, rows, screen.width() - INDENT);
    for (position, line) in lines.iter().enumerate() {
        let line = format!("{:INDENT$}{line}", "");
        let Some(step) = position.checked_sub(1).and_then(|position| steps.get(position)) else {
            screen.column_names(&line);
            continue;
        };
        screen.row(&line);
        let longest = screen.width() * 4;
        // What several in a row are not worth doing for is said once, behind the
        // last of them.
        let next = steps.get(position).map(work::action);
        if next != Some(work::action(step)) {
            screen.paragraph(&plain(work::action(step), longest), NOTE_INDENT);
        }
        for (label, text) in ["check", "evaluate"].into_iter().zip(work::checks(step)) {
            if let Some(text) = text {
                screen.paragraph(&format!("{label}: {}", plain(text, longest)), NOTE_INDENT);
            }
        }
    }
    if let Some(together) = ladder.and_then(work::all_in_all) {
        screen.paragraph(&plain(&together, screen.width() * 4), INDENT);
    }
}

fn cells(step: &PlanStep) -> Vec<String> {
    vec![
        plain(&step.technique, 40),
        hours(step.worth.effort_hours),
        dollars(step.worth.net_monthly_usd),
        work::payback(&step.worth),
        work::phase(step).to_owned(),
    ]
}

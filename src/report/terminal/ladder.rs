//! The ladder as a waterfall: every step takes its part off the bill that the
//! steps above leave.
//!
//! Knows no plan and no month.

use super::super::document::{Ladder, Step, StepStatus};
use super::super::escape::{display_width, plain};
use super::super::figures::{dollars, hours};
use super::super::savings;
use super::bars::bar;
use super::screen::Screen;
use super::{Column, GAP, grid, needed_widths};
use crate::units::NanoUsd;

const INDENT: usize = 2;
/// Where a technique that is not used starts.
const NAME_INDENT: usize = 4;
/// Where a step's own lines start: under its name.
const NOTE_INDENT: usize = INDENT + 3;
/// Columns from which on a row has room for how a saving is known.
const WIDE_SCREEN: usize = 120;
/// A technique's name is cut to this before the columns are fitted.
const LONGEST_NAME: usize = 40;
/// The longest bar is no longer than this.
const LONGEST_BAR: usize = 40;
/// A bar that would be shorter than this says nothing.
const SHORTEST_BAR: usize = 4;
/// A warning beyond these is only counted.
const WARNINGS_SHOWN: usize = 2;

/// Adds the section.
pub fn savings_ladder(ladder: &Ladder, screen: &mut Screen) {
    screen.heading("What would save");
    screen.paragraph(&savings::outcome(ladder), INDENT);
    for note in savings::outcome_notes(ladder) {
        screen.faint(&note, INDENT);
    }
    waterfall(ladder, screen);
    unused(ladder, StepStatus::Skipped, "skipped", screen);
    unused(ladder, StepStatus::Unknown, "unknown", screen);
}

/// A row of the waterfall before its bar is drawn.
#[derive(Default)]
struct Row<'ladder> {
    cells: Vec<String>,
    /// The bill before the row and after it; `None` for a row without a bar.
    bills: Option<(NanoUsd, NanoUsd)>,
    step: Option<&'ladder Step>,
    meaning: Option<&'static str>,
}

fn waterfall(ladder: &Ladder, screen: &mut Screen) {
    let rows = rows(ladder);
    if rows.iter().all(|row| row.step.is_none()) {
        return;
    }
    screen.blank();
    let is_wide = screen.width() >= WIDE_SCREEN;
    let mut columns = vec![Column::Figures, Column::Text];
    columns.extend([Column::Figures; 3]);
    if is_wide {
        columns.extend([Column::Word, Column::Figures, Column::Figures]);
    }
    columns.push(Column::Word);
    let cells = with_bars(&rows, ladder.baseline_usd, &columns, screen.width() - INDENT);
    let lines = grid(&columns, cells, screen.width() - INDENT);
    for (position, (line, row)) in lines.iter().zip(&rows).enumerate() {
        let line = format!("{:INDENT$}{line}", "");
        if position == 0 {
            screen.column_names(&line);
        } else {
            screen.row(&line);
        }
        if let Some(step) = row.step {
            notes(step, is_wide, screen);
        }
        if let Some(meaning) = row.meaning {
            screen.faint(meaning, NOTE_INDENT);
        }
    }
}

fn rows(ladder: &Ladder) -> Vec<Row<'_>> {
    let baseline = ladder.baseline_usd;
    let mut rows = vec![
        Row { cells: NAMES.map(str::to_owned).to_vec(), ..Row::default() },
        Row {
            bills: Some((baseline, baseline)),
            ..Row::of_sums("the bill as it is", ["", "", &baseline.to_display()])
        },
    ];
    let mut before = baseline;
    for step in savings::steps(ladder, StepStatus::Applied) {
        rows.push(Row::of_step(step, before));
        before = step.cost_after_usd.unwrap_or(before);
    }
    // One step overlaps with nothing.
    if rows.len() > 3 {
        let overlap = (NanoUsd::ZERO - ladder.overlap_usd).to_display();
        rows.push(Row {
            meaning: Some(savings::overlap_meaning(ladder.overlap_usd)),
            ..Row::of_sums("overlap", [&overlap, "", ""])
        });
        let saved = savings::saved(ladder).to_display();
        rows.push(Row::of_sums("together", [&saved, &saved, &ladder.final_usd.to_display()]));
    }
    rows
}

/// The columns before the bar.
const NAMES: [&str; 8] =
    ["", "technique", "alone", "on top", "what is left", "known how", "effort", "band alone"];

impl<'ladder> Row<'ladder> {
    fn of_sums(name: &str, [alone, on_top, left]: [&str; 3]) -> Self {
        let cells = ["", name, alone, on_top, left, "", "", ""];
        Self { cells: cells.map(str::to_owned).to_vec(), ..Self::default() }
    }

    fn of_step(step: &'ladder Step, before: NanoUsd) -> Self {
        let cells = vec![
            step.rank.to_string(),
            plain(&step.technique, LONGEST_NAME),
            dollars(step.standalone_saving_usd),
            dollars(step.marginal_saving_usd),
            dollars(step.cost_after_usd),
            savings::grade(step).to_owned(),
            hours(step.effort_hours),
            savings::band(step).unwrap_or_default(),
        ];
        let bills = step.cost_after_usd.map(|after| (before, after));
        Self { cells, bills, step: Some(step), meaning: None }
    }
}

/// The cells of every row, its bar drawn in the columns that the rest leaves.
fn with_bars(
    rows: &[Row<'_>],
    baseline: NanoUsd,
    columns: &[Column],
    width: usize,
) -> Vec<Vec<String>> {
    let mut cells: Vec<Vec<String>> = rows.iter().map(|row| row.cells.clone()).collect();
    for row in &mut cells {
        row.truncate(columns.len() - 1);
        row.push(String::new());
    }
    let others: usize = needed_widths(columns, &cells).iter().sum();
    let length = width.saturating_sub(others + GAP * (columns.len() - 1)).min(LONGEST_BAR);
    if length < SHORTEST_BAR {
        return cells;
    }
    for (row, cells) in rows.iter().zip(&mut cells) {
        if let (Some((before, after)), Some(cell)) = (row.bills, cells.last_mut()) {
            *cell = falling(before, after, baseline, length);
        }
    }
    cells
}

/// What is left as a bar, and behind it, shaded, what the step takes off.
fn falling(before: NanoUsd, after: NanoUsd, baseline: NanoUsd, length: usize) -> String {
    let left = bar(after.nano(), baseline.nano(), length);
    let end = display_width(&bar(before.nano(), baseline.nano(), length));
    let taken = end.saturating_sub(display_width(&left));
    format!("{left}{}", "░".repeat(taken))
}

/// What a step does, how that is known, its levers and its warnings.
fn notes(step: &Step, is_wide: bool, screen: &mut Screen) {
    let longest = screen.width() * 4;
    let why = step.why.as_deref().map(|why| plain(why, longest));
    let known = if is_wide { None } else { Some(known(step)) };
    let line: Vec<String> = known.into_iter().chain(why).collect();
    if !line.is_empty() {
        screen.paragraph(&line.join(". "), NOTE_INDENT);
    }
    if let Some(levers) = savings::levers(step) {
        screen.faint(&plain(&levers, longest), NOTE_INDENT);
    }
    for warning in step.warnings.iter().take(WARNINGS_SHOWN) {
        screen.warning(&plain(&warning.message, longest), NOTE_INDENT);
    }
    if let Some(more) = step.warnings.len().checked_sub(WARNINGS_SHOWN).filter(|more| *more > 0) {
        screen.faint(&format!("{more} more in -o report.md"), NOTE_INDENT);
    }
}

/// How a step's savings are known, their band and the effort, for a screen
/// without columns for them.
fn known(step: &Step) -> String {
    let band = savings::band(step).map_or_else(String::new, |band| format!(", alone {band}"));
    format!("{}, {}{band}", savings::grade(step), hours(step.effort_hours))
}

fn unused(ladder: &Ladder, status: StepStatus, name: &str, screen: &mut Screen) {
    let mut rows = savings::unused(ladder, status).into_iter().peekable();
    if rows.peek().is_none() {
        return;
    }
    screen.blank();
    screen.faint(name, INDENT);
    while let Some(row) = rows.next() {
        let text = format!("{}: {}", row.techniques, row.reason);
        screen.paragraph(&plain(&text, screen.width() * 4), NAME_INDENT);
        // What settles several in a row is said once, behind the last of them.
        let next = rows.peek().and_then(|row| row.settled_by);
        if let Some(settled_by) = row.settled_by.filter(|_| next != row.settled_by) {
            screen.faint(&format!("→ {}", plain(settled_by, screen.width() * 2)), NAME_INDENT + 2);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::falling;
    use crate::units::NanoUsd;

    #[test]
    fn what_a_step_takes_off_stands_behind_what_is_left() {
        // Of 8 dollars on 8 columns: 5 are left, this step took 2, those above 1.
        let bar = |before, after| {
            let [before, after, baseline] = [before, after, 8].map(NanoUsd::from_nano);
            falling(before, after, baseline, 8)
        };
        assert_eq!(bar(7, 5), "█████░░");
        assert_eq!(bar(8, 8), "████████");
        assert_eq!(bar(2, 0), "░░");
    }
}

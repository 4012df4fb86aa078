//! This traffic on other models.
//!
//! Knows no ladder.

use super::super::document::WhatIf;
use super::super::escape::plain;
use super::super::figures::whole;
use super::super::savings;
use super::Column;
use super::screen::Screen;
use super::tables::indented;

const INDENT: usize = 2;
/// A model's name is cut to this before the columns are fitted.
const LONGEST_NAME: usize = 40;

/// Adds the section; nothing where nobody asked.
pub fn what_if(rows: &[WhatIf], screen: &mut Screen) {
    if rows.is_empty() {
        return;
    }
    screen.heading("What if another model answered");
    let names = ["", "calls", "now", "then", "difference", ""];
    let mut cells = vec![names.map(str::to_owned).to_vec()];
    cells.extend(rows.iter().map(|row| {
        vec![
            plain(&savings::what_if_name(row), LONGEST_NAME * 2),
            whole(row.calls),
            row.cost_usd.to_display(),
            row.new_cost_usd.to_display(),
            savings::what_if_difference(row),
            row.evidence.name().to_owned(),
        ]
    }));
    let mut columns = vec![Column::Text];
    columns.extend([Column::Figures; 4]);
    columns.push(Column::Word);
    indented(&columns, cells, screen);
    for warning in rows.iter().flat_map(|row| &row.warnings) {
        screen.warning(&plain(&warning.message, screen.width() * 4), INDENT);
    }
    screen.faint(savings::WHAT_IF_NOTE, INDENT);
}

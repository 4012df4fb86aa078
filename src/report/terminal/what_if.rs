//! This traffic on other models.
//!
//! Knows no ladder.

use super::super::document::WhatIf;
use super::super::escape::plain;
use super::super::savings;
use super::screen::Screen;

const INDENT: usize = 2;
/// Where what belongs to a pair of models starts.
const NOTE_INDENT: usize = 4;

/// Adds the section; nothing where nobody asked.
pub fn what_if(rows: &[WhatIf], screen: &mut Screen) {
    if rows.is_empty() {
        return;
    }
    screen.heading("What if another model answered");
    for row in rows {
        let longest = screen.width() * 4;
        screen.paragraph(&plain(&savings::what_if_name(row), longest), INDENT);
        screen.paragraph(&savings::what_if_figures(row), NOTE_INDENT);
        for warning in &row.warnings {
            screen.warning(&plain(&warning.message, longest), NOTE_INDENT);
        }
    }
    screen.faint(savings::WHAT_IF_NOTE, INDENT);
}

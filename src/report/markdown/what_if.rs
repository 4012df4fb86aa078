//! This traffic on other models, on a page.
//!
//! Knows no ladder.

use super::super::document::WhatIf;
use super::super::escape::markdown as escape;
use super::super::figures::whole;
use super::super::savings;
use super::name;
use super::page::{Align, Page};

/// Adds the section; nothing where nobody asked.
pub fn what_if(rows: &[WhatIf], page: &mut Page) {
    if rows.is_empty() {
        return;
    }
    page.heading("What if another model answered");
    let columns = [
        ("from", Align::Left),
        ("to", Align::Left),
        ("calls", Align::Right),
        ("now", Align::Right),
        ("then", Align::Right),
        ("difference", Align::Right),
        ("too long", Align::Right),
        ("known how", Align::Left),
    ];
    let cells = rows.iter().map(|row| {
        vec![
            name(&row.from),
            name(&row.to),
            whole(row.calls),
            row.cost_usd.to_display(),
            row.new_cost_usd.to_display(),
            savings::what_if_difference(row),
            whole(row.too_long_calls),
            row.evidence.name().to_owned(),
        ]
    });
    page.table(&columns, cells);
    let warnings = rows.iter().flat_map(|row| {
        row.warnings.iter().map(|warning| {
            format!("{}: {}", escape(&savings::what_if_name(row)), escape(&warning.message))
        })
    });
    page.list(warnings);
    page.paragraph(&escape(savings::WHAT_IF_NOTE));
}

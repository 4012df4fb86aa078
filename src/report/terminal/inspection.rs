//! An inspection as a screen of text.

use std::io::{self, Write};

use super::super::document::{InspectedFile, Inspection, TechniqueReach};
use super::super::escape::{plain, plain_end};
use super::super::inspected::{self, Kind};
use super::super::renderer::RenderOptions;
use super::screen::Screen;
use super::{NARROWEST, WIDEST};

/// Files that are shown one by one; more are shown by format.
const MOST_FILES: usize = 3;
/// Columns of a technique's name and of its verdict.
const TECHNIQUE: usize = 21;
const VERDICT: usize = 15;
/// Columns of what calls carry.
const CARRIED: usize = 15;

/// Writes what files are, what their calls carry, and how far that goes.
///
/// # Errors
/// When `out` cannot be written to.
pub fn inspection(
    document: &Inspection,
    options: &RenderOptions,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut screen = Screen::new(options.width.clamp(NARROWEST, WIDEST), options.color);
    screen.title(&inspected::headline(document));
    let kinds = inspected::kinds(document, MOST_FILES);
    for kind in &kinds {
        of_kind(kind, &mut screen);
    }
    let notes = inspected::notes(document);
    if !notes.is_empty() {
        screen.blank();
    }
    for note in notes {
        screen.warning(&note, 0);
    }
    techniques(document, &mut screen);
    sums(document, &mut screen);
    screen.write(out)
}

fn of_kind(kind: &Kind<'_>, screen: &mut Screen) {
    let width = screen.width();
    screen.heading(&plain_end(&inspected::title(kind), width));
    let file = &kind.sum;
    for line in inspected::recognition(kind) {
        screen.paragraph(&plain(&line, width * 4), 2);
    }
    if let Some(convention) = &file.convention {
        screen.faint(&plain(convention, width * 4), 2);
    }
    if let Some(accounting) = inspected::accounting(file) {
        screen.paragraph(&accounting, 2);
    }
    for reason in inspected::reasons(kind) {
        screen.paragraph(&plain(&reason, width * 4), 4);
    }
    if let Some(span) = inspected::span(file) {
        screen.paragraph(&span, 2);
    }
    fields(file, screen);
}

fn fields(file: &InspectedFile, screen: &mut Screen) {
    let carried = inspected::carried(file);
    for (name, list) in
        [("in every call", carried.every), ("in some", carried.some), ("in none", carried.none)]
    {
        if !list.is_empty() {
            screen.columns(name, CARRIED, &list.join(", "), 2);
        }
    }
}

fn techniques(document: &Inspection, screen: &mut Screen) {
    if document.techniques.is_empty() {
        return;
    }
    screen.heading("What this log can say of the eight techniques");
    for line in inspected::not_replayed(document) {
        screen.warning(&line, 2);
    }
    for technique in &document.techniques {
        of_technique(document, technique, screen);
    }
    let first = inspected::first_to_log(document);
    if !first.is_empty() {
        screen.heading("What would raise most");
        for line in first {
            screen.paragraph(&line, 2);
        }
    }
}

fn of_technique(document: &Inspection, technique: &TechniqueReach, screen: &mut Screen) {
    let verdict = inspected::verdict(technique.verdict);
    let head = format!("{:TECHNIQUE$}{verdict:VERDICT$}", technique.technique);
    let facts = inspected::facts(document, technique);
    screen.columns(&head, TECHNIQUE + VERDICT, &plain(&facts, screen.width() * 4), 2);
    for raise in &technique.raised_by {
        screen.faint(&format!("→ {}", inspected::raise(raise)), 4);
    }
}

fn sums(document: &Inspection, screen: &mut Screen) {
    let Some(sums) = &document.sums else { return };
    screen.heading("What sums and billed amounts are good for");
    for line in &sums.can {
        screen.columns("yes", 5, line, 2);
    }
    for line in &sums.cannot {
        screen.columns("no", 5, line, 2);
    }
    screen.faint(&format!("→ {}", sums.raised_by), 4);
}

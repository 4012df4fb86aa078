//! A check as a compiler tells it: what is wrong, at which line of the settings,
//! what was measured, what moved it and what helps; then what could not be
//! judged, what passed, and the answer as the last line.

use std::io::{self, Write};

use super::screen::{Screen, Tone};
use super::{Column, NARROWEST, WIDEST, grid};
use crate::report::check::{
    CheckOptions, Severity, judged, known_how, limit, moved_by, moved_by_name, not_judged,
    severity, slice, verdict, way_on,
};
use crate::report::document::{Check, Judgement, Limit, Outcome, Place, Quantity, Status};
use crate::report::escape::{ELLIPSIS, cut, display_width, in_place, plain, plain_end};
use crate::report::figures::UNKNOWN_MARK;

/// Columns kept before the marked part of a line that is too long to be shown.
const LEAD: usize = 8;

/// Writes the check.
///
/// # Errors
/// When `out` cannot be written to.
pub fn check(check: &Check, options: &CheckOptions, out: &mut dyn Write) -> io::Result<()> {
    let mut screen = Screen::new(options.width.clamp(NARROWEST, WIDEST), options.color);
    for judgement in &check.judgements {
        if let Some(severity) = severity(judgement) {
            diagnostic(severity, judgement, &mut screen);
        }
    }
    unjudged(check, &mut screen);
    ignored(check, &mut screen);
    passed(check, &mut screen);
    questions(check, &mut screen);
    warnings(check, &mut screen);
    summary(check, &mut screen);
    for refusal in &check.refusals {
        screen.part();
        let label = format!("error[{}]", plain(&refusal.code, 20));
        screen.labelled(&label, Tone::Bad, &sentence(&refusal.message, &screen));
    }
    let tone = match check.outcome {
        Outcome::Within if check.counts.warnings == 0 => Tone::Good,
        Outcome::Within => Tone::Doubtful,
        Outcome::Over | Outcome::NotJudged => Tone::Bad,
    };
    screen.answer(&verdict(check), tone);
    screen.write(out)
}

fn sentence(text: &str, screen: &Screen) -> String {
    plain(text, screen.width() * 4)
}

fn diagnostic(severity: Severity, judgement: &Judgement, screen: &mut Screen) {
    let tone = match severity {
        Severity::Error => Tone::Bad,
        Severity::Warning => Tone::Doubtful,
    };
    let label = format!("{}[{}]", severity.name(), plain(&judgement.code, 20));
    screen.labelled(&label, tone, &sentence(&judgement.message, screen));
    let gutter = judgement.place.as_ref().map_or(1, |place| place.line.to_string().len());
    let held = held(judgement);
    match &judgement.place {
        Some(place) => excerpt(place, gutter, &held, tone, screen),
        None => note("rule", &format!("{}: {held}", judgement.rule), gutter, screen),
    }
    let notes = [
        ("evidence", known_how(judgement)),
        ("baseline", judgement.baseline.map(Quantity::to_display)),
        (moved_by_name(judgement), moved_by(judgement)),
        ("help", judgement.help.clone()),
    ];
    for (name, text) in notes {
        if let Some(text) = text {
            note(name, &text, gutter, screen);
        }
    }
    screen.blank();
}

/// What was measured against what is allowed.
fn held(judgement: &Judgement) -> String {
    let measured = judgement.measured.map_or_else(|| UNKNOWN_MARK.to_owned(), Quantity::to_display);
    let limit = judgement.limit.as_ref().map(limit);
    limit.map_or_else(
        || format!("measured {measured}"),
        |limit| format!("measured {measured}, limit {limit}"),
    )
}

fn note(name: &str, text: &str, gutter: usize, screen: &mut Screen) {
    let head = format!("= {name}: ");
    let width = display_width(&head);
    screen.columns(&head, width, &sentence(text, screen), gutter + 1);
}

/// The rule's line with the rule marked and, under it, what was measured.
fn excerpt(place: &Place, gutter: usize, held: &str, tone: Tone, screen: &mut Screen) {
    let at = format!(":{}:{}", place.line, place.column);
    let room = screen.width().saturating_sub(gutter + 4 + at.len());
    let path = plain_end(&place.path, room);
    screen.faint(&format!("{:gutter$}--> {path}{at}", ""), 0);
    let room = screen.width().saturating_sub(gutter + 3);
    let marked = Marked::new(place, room);
    screen.faint(&format!("{:gutter$} |", ""), 0);
    screen.code(&format!("{} | ", place.line), &marked.line);
    let head = format!("{:gutter$} | {:start$}", "", "", start = marked.start);
    let carets = "^".repeat(marked.length);
    // What does not fit behind the mark stands on a line of its own.
    if display_width(&head) + marked.length + 1 + display_width(held) <= screen.width() {
        screen.marked(&head, &format!("{carets} {held}"), tone);
    } else {
        screen.marked(&head, &carets, tone);
        note("measured", held.trim_start_matches("measured "), gutter, screen);
    }
}

/// A line of the settings, cut to a width, with the columns of its rule.
#[derive(Debug, PartialEq, Eq)]
struct Marked {
    line: String,
    start: usize,
    length: usize,
}

impl Marked {
    fn new(place: &Place, width: usize) -> Self {
        let text: Vec<char> = in_place(&place.text).chars().collect();
        let columns = |from: usize, to: usize| -> usize {
            let part = text.get(from.min(text.len())..to.min(text.len())).unwrap_or_default();
            display_width(&part.iter().collect::<String>())
        };
        let index = |position: u64| usize::try_from(position).unwrap_or(usize::MAX);
        let from = index(place.column.saturating_sub(1)).min(text.len());
        let to = from.saturating_add(index(place.length)).clamp(from, text.len());
        // A rule that lies too far to the right pulls the line to the left.
        let skipped = if columns(0, to) > width { from.saturating_sub(LEAD) } else { 0 };
        let shown: String = text.iter().skip(skipped).collect();
        let lead = if skipped > 0 { ELLIPSIS.to_string() } else { String::new() };
        let line = cut(&format!("{lead}{}", shown.trim_end()), width);
        let start = display_width(&lead) + columns(skipped, from);
        let room = display_width(&line).saturating_sub(start);
        Self { line, start, length: columns(from, to).min(room).max(1) }
    }
}

fn unjudged(check: &Check, screen: &mut Screen) {
    let groups = not_judged(check);
    if groups.is_empty() {
        return;
    }
    screen.section("Not judged");
    for (reason, judgements) in groups {
        screen.paragraph(&sentence(reason, screen), 2);
        if let Some(help) = judgements.iter().find_map(|judgement| judgement.help.as_ref()) {
            screen.faint(&format!("help: {}", sentence(help, screen)), 2);
        }
        for judgement in judgements {
            screen.faint(&plain(&named(judgement), screen.width() * 2), 4);
        }
    }
}

/// What is measured of which calls.
fn named(judgement: &Judgement) -> String {
    if judgement.filters.is_empty() {
        judgement.measure.clone()
    } else {
        format!("{}, {}", judgement.measure, slice(judgement))
    }
}

fn ignored(check: &Check, screen: &mut Screen) {
    let ignored: Vec<&Judgement> = with(check, Status::Ignored);
    if ignored.is_empty() {
        return;
    }
    screen.section("Ignored");
    for judgement in ignored {
        screen.paragraph(&sentence(&judgement.message, screen), 2);
        let reason = judgement.reason.as_deref().unwrap_or(UNKNOWN_MARK);
        screen.faint(&format!("ignored: {}", sentence(reason, screen)), 4);
    }
}

fn with(check: &Check, status: Status) -> Vec<&Judgement> {
    check.judgements.iter().filter(|judgement| judgement.status == status).collect()
}

fn passed(check: &Check, screen: &mut Screen) {
    let passed = with(check, Status::Within);
    if passed.is_empty() {
        return;
    }
    screen.section("Passed");
    let rows = |with_change: bool| -> Vec<Vec<String>> {
        let row = |judgement: &&Judgement| {
            let measured =
                judgement.measured.map_or_else(|| UNKNOWN_MARK.to_owned(), Quantity::to_display);
            let allowed = judgement.limit.map(|allowed| Limit {
                change_share: allowed.change_share.filter(|_| with_change),
                change: allowed.change.filter(|_| with_change),
                ..allowed
            });
            let allowed = allowed.as_ref().map_or_else(|| UNKNOWN_MARK.to_owned(), limit);
            vec![plain(&named(judgement), screen.width()), measured, allowed]
        };
        passed.iter().map(row).collect()
    };
    let columns = [Column::Text, Column::Figures, Column::Text];
    let room = screen.width() - 2;
    // Where the limit came from is left out before any of it is cut.
    let cut = |lines: &[String]| lines.iter().any(|line| line.ends_with(ELLIPSIS));
    let mut lines = grid(&columns, rows(true), room);
    if cut(&lines) {
        lines = grid(&columns, rows(false), room);
    }
    for (line, judgement) in lines.iter().zip(passed) {
        screen.row(&format!("  {line}"));
        if let Some(note) = &judgement.note {
            screen.faint(&sentence(note, screen), 4);
        }
    }
}

fn questions(check: &Check, screen: &mut Screen) {
    if check.questions.is_empty() {
        return;
    }
    screen.section("Questions of the month");
    for question in &check.questions {
        screen.paragraph(&sentence(&question.question, screen), 2);
        let evidence = question.evidence.map(|evidence| format!(" ({})", evidence.name()));
        let answer = format!("{}{}", question.answer, evidence.unwrap_or_default());
        screen.faint(&format!("→ {}", sentence(&answer, screen)), 4);
    }
}

/// What all of this is about, and how to go on.
fn summary(check: &Check, screen: &mut Screen) {
    screen.part();
    let judged = judged(&check.subject);
    for text in [Some(judged).filter(|text| !text.is_empty()), way_on(check)].into_iter().flatten()
    {
        screen.faint(&sentence(&text, screen), 0);
    }
}

fn warnings(check: &Check, screen: &mut Screen) {
    if check.warnings.is_empty() {
        return;
    }
    screen.section("Warnings");
    for warning in &check.warnings {
        screen.warning(&sentence(&warning.message, screen), 2);
    }
}

#[cfg(test)]
mod tests {
    use super::{Marked, Place};

    fn marked(text: &str, column: u64, length: u64, width: usize) -> (String, usize, usize) {
        let place = Place { path: String::new(), line: 1, column, text: text.to_owned(), length };
        let Marked { line, start, length } = Marked::new(&place, width);
        (line, start, length)
    }

    #[test]
    fn the_rule_stays_in_sight() {
        let line = "cost = { max = 4000 }";
        assert_eq!(marked(line, 1, 4, 40), (line.to_owned(), 0, 4));
        assert_eq!(marked(line, 1, 90, 40), (line.to_owned(), 0, 21));
        assert_eq!(marked(line, 90, 3, 40), (line.to_owned(), 21, 1));
        // Ten columns: the rule at column 16 pulls the line, eight stay before it.
        assert_eq!(marked(line, 16, 4, 12), ("…{ max = 40…".to_owned(), 9, 3));
        // Wide characters take two columns, and so do their marks.
        assert_eq!(marked("日本 = 1", 1, 2, 40), ("日本 = 1".to_owned(), 0, 4));
    }
}

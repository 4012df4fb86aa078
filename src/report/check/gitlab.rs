//! GitLab's code quality report: an array of problems, each with a fingerprint
//! by which two pipelines are compared.
//!
//! GitLab shows the description alone, so it opens with the code. Knows no
//! environment: paths are as the settings file was named.

use std::io::{self, Write};

use serde::Serialize;

use super::facts::{Severity, complaints, moved_by, moved_by_name};
use super::identity::{Fingerprints, shown};
use super::kind::CheckKind;
use super::renderer::{CheckOptions, CheckRenderer};
use crate::report::document::{Check, Place};
use crate::report::escape::clean;

/// Writes the check as a code quality report.
#[derive(Clone, Copy, Debug)]
pub struct Gitlab;

impl CheckRenderer for Gitlab {
    fn id(&self) -> CheckKind {
        CheckKind::Gitlab
    }

    fn render(&self, check: &Check, _: &CheckOptions, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, &problems(check))?;
        out.write_all(b"\n")
    }
}

/// One problem.
#[derive(Debug, Serialize)]
struct Problem {
    description: String,
    check_name: String,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Debug, Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Debug, Serialize)]
struct Lines {
    begin: u64,
}

fn problems(check: &Check) -> Vec<Problem> {
    let mut fingerprints = Fingerprints::default();
    let refusals = check.refusals.iter().map(|refusal| Problem {
        description: format!("{}: {}", clean(&refusal.code), clean(&refusal.message)),
        check_name: clean(&refusal.code),
        fingerprint: fingerprints.of_code(&refusal.code),
        severity: "critical",
        location: location(check, None),
    });
    let mut problems: Vec<Problem> = refusals.collect();
    problems.extend(complaints(check).into_iter().map(|(severity, judgement)| {
        let moved = moved_by(judgement).map_or_else(String::new, |movers| {
            format!(" ({}: {})", moved_by_name(judgement), clean(&movers))
        });
        Problem {
            description: format!(
                "{}: {}{moved}",
                clean(&judgement.code),
                clean(&judgement.message)
            ),
            check_name: clean(&judgement.code),
            fingerprint: fingerprints.of(judgement),
            severity: match severity {
                Severity::Error => "critical",
                Severity::Warning => "minor",
            },
            location: location(check, judgement.place.as_ref()),
        }
    }));
    problems
}

fn location(check: &Check, place: Option<&Place>) -> Location {
    let shown = shown(check, place);
    let begin = shown.place.map_or(1, |place| place.line.max(1));
    Location { path: clean(&shown.path), lines: Lines { begin } }
}

//! JUnit XML: one test case for every judgement, for CI's list of tests.
//!
//! Written so that both schemas in use take it: that of Ant, which knows no
//! properties and no output of a single case, and that of Jenkins. What is known
//! of a case stands in the properties of its suite; a suite is a slice.
//!
//! A rule that is over at level `error` is a failure; one that is over at level
//! `warn`, or near its limit, passes and is told in the suite's output; what was
//! not judged, or is ignored, is skipped with its reason. A check that judged
//! nothing or cannot be trusted is an error of a case of its own.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::facts::{Severity, properties, severity, slice};
use super::kind::CheckKind;
use super::renderer::{CheckOptions, CheckRenderer};
use crate::report::document::{Check, Judgement, Outcome, Status};
use crate::report::escape::xml as escape;

/// The time of a suite whose log has no times: the schema of Ant asks for one.
const NO_TIME: &str = "1970-01-01T00:00:00";
/// Columns of the date and the time in RFC 3339, without fractions and zone.
const DATE_AND_TIME: usize = 19;

/// Writes the check as JUnit XML.
#[derive(Clone, Copy, Debug)]
pub struct Junit;

impl CheckRenderer for Junit {
    fn id(&self) -> CheckKind {
        CheckKind::Junit
    }

    fn render(&self, check: &Check, _: &CheckOptions, out: &mut dyn Write) -> io::Result<()> {
        let timestamp = timestamp(check);
        let mut suites = suites(check);
        if check.outcome == Outcome::NotJudged || !check.refusals.is_empty() {
            suites.push(trust(check));
        }
        writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>")?;
        for (id, suite) in suites.iter().enumerate() {
            suite.write(id, &timestamp, out)?;
        }
        writeln!(out, "</testsuites>")
    }
}

/// The time of the last call: a check has no other that two runs agree on.
fn timestamp(check: &Check) -> String {
    let end = check.subject.window.end.as_deref();
    let time = end.and_then(|end| end.get(..DATE_AND_TIME)).filter(|time| {
        let digits = time.bytes().filter(u8::is_ascii_digit).count();
        digits == 14 && time.as_bytes().get(10) == Some(&b'T')
    });
    time.unwrap_or(NO_TIME).to_owned()
}

/// The cases of one slice.
#[derive(Debug, Default)]
struct Suite {
    name: String,
    properties: String,
    cases: String,
    output: String,
    tests: u64,
    failures: u64,
    errors: u64,
    skipped: u64,
}

/// One suite for every slice, in the order in which slices are first seen.
fn suites(check: &Check) -> Vec<Suite> {
    let mut suites: Vec<Suite> = Vec::new();
    for judgement in &check.judgements {
        let name = class(judgement);
        let known = suites.iter().position(|suite| suite.name == name);
        let at = known.unwrap_or_else(|| {
            suites.push(Suite { name, ..Suite::default() });
            suites.len() - 1
        });
        if let Some(suite) = suites.get_mut(at) {
            suite.add(judgement);
        }
    }
    suites
}

fn class(judgement: &Judgement) -> String {
    let slice = if judgement.filters.is_empty() { "all".to_owned() } else { slice(judgement) };
    format!("tokopt.budget.{}", named(&slice))
}

/// The escaped text, never empty.
fn named(text: &str) -> String {
    let escaped = escape(text);
    if escaped.is_empty() { "unnamed".to_owned() } else { escaped }
}

/// The case that fails where the check as a whole could not be trusted.
fn trust(check: &Check) -> Suite {
    let mut suite =
        Suite { name: "tokopt.check".to_owned(), tests: 1, errors: 1, ..Suite::default() };
    let reasons: Vec<String> = check
        .refusals
        .iter()
        .map(|refusal| format!("{}: {}", escape(&refusal.code), escape(&refusal.message)))
        .collect();
    let message =
        if reasons.is_empty() { "no rule could judge".to_owned() } else { reasons.join("; ") };
    suite.cases = format!(
        "    <testcase name=\"the log can be judged\" classname=\"tokopt.check\" time=\"0\">\n      \
         <error message=\"{message}\" type=\"not_judged\">{message}</error>\n    </testcase>\n"
    );
    suite
}

impl Suite {
    fn add(&mut self, judgement: &Judgement) {
        let rule = named(&judgement.rule);
        self.tests += 1;
        for (name, value) in properties(judgement) {
            // Writing to a string never fails.
            let _ = writeln!(
                self.properties,
                "      <property name=\"{rule}: {name}\" value=\"{}\"/>",
                escape(&value)
            );
        }
        let code = escape(&judgement.code);
        let message = escape(&judgement.message);
        let result = match (judgement.status, severity(judgement)) {
            (Status::NotJudged | Status::Ignored, _) => {
                self.skipped += 1;
                let reason = judgement.reason.as_deref().map_or_else(|| message.clone(), escape);
                format!("<skipped message=\"{reason}\"/>")
            }
            (_, Some(Severity::Error)) => {
                self.failures += 1;
                let text = failure_text(judgement);
                format!("<failure message=\"{message}\" type=\"{code}\">{text}</failure>")
            }
            (_, Some(Severity::Warning)) => {
                let _ = writeln!(self.output, "warning[{code}]: {message}");
                String::new()
            }
            (_, None) => String::new(),
        };
        let case = format!("    <testcase name=\"{rule}\" classname=\"{}\" time=\"0\"", self.name);
        let _ = if result.is_empty() {
            writeln!(self.cases, "{case}/>")
        } else {
            writeln!(self.cases, "{case}>\n      {result}\n    </testcase>")
        };
    }

    fn write(&self, id: usize, timestamp: &str, out: &mut dyn Write) -> io::Result<()> {
        let Self { name, tests, failures, errors, skipped, .. } = self;
        writeln!(
            out,
            "  <testsuite name=\"{name}\" package=\"tokopt\" id=\"{id}\" timestamp=\"{timestamp}\" \
             hostname=\"localhost\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" \
             skipped=\"{skipped}\" time=\"0\">"
        )?;
        writeln!(out, "    <properties>\n{}    </properties>", self.properties)?;
        write!(out, "{}", self.cases)?;
        writeln!(out, "    <system-out>{}</system-out>", self.output)?;
        writeln!(out, "    <system-err></system-err>\n  </testsuite>")
    }
}

/// The message with everything that is known, a line each.
fn failure_text(judgement: &Judgement) -> String {
    let mut text = escape(&judgement.message);
    for (name, value) in properties(judgement) {
        let _ = write!(text, "\n{name}: {}", escape(&value));
    }
    if let Some(place) = &judgement.place {
        let _ = write!(text, "\nrule at: {}:{}", escape(&place.path), place.line);
    }
    text
}

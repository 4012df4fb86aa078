//! SARIF 2.1.0: results for code scanning.
//!
//! A result is a rule that is over or near its limit, at the rule's line in the
//! settings; an ignored one is a suppressed result. What was not judged is no
//! result, for code scanning would show it as a problem: it is a notification of
//! the run. The fields are those of the standard, in its order and spelling.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;

use super::facts::{Severity, complaints, of, properties, severity, slice};
use super::identity::{Fingerprints, shown};
use super::kind::CheckKind;
use super::renderer::{CheckOptions, CheckRenderer};
use crate::report::document::{Check, Judgement, Level, Outcome, Place, Status, Warning};
use crate::report::escape::clean;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// The name under which code scanning keeps our fingerprints.
const FINGERPRINT: &str = "tokoptRule/v1";

/// Writes the check as SARIF.
#[derive(Clone, Copy, Debug)]
pub struct Sarif;

impl CheckRenderer for Sarif {
    fn id(&self) -> CheckKind {
        CheckKind::Sarif
    }

    fn render(&self, check: &Check, _: &CheckOptions, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, &log(check))?;
        out.write_all(b"\n")
    }
}

#[derive(Debug, Serialize)]
struct Log {
    version: &'static str,
    #[serde(rename = "$schema")]
    schema: &'static str,
    runs: [Run; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    invocations: [Invocation; 1],
    column_kind: &'static str,
    results: Vec<Finding>,
}

#[derive(Debug, Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Debug, Serialize)]
struct Driver {
    name: &'static str,
    version: String,
    rules: Vec<Rule>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: String,
    short_description: Text,
    help: Text,
}

#[derive(Debug, Serialize)]
struct Text {
    text: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Notification {
    #[serde(skip_serializing_if = "Option::is_none")]
    descriptor: Option<Named>,
    #[serde(skip_serializing_if = "Option::is_none")]
    associated_rule: Option<Named>,
    level: &'static str,
    message: Text,
}

#[derive(Debug, Serialize)]
struct Named {
    id: String,
}

/// What the standard calls a result.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding {
    rule_id: String,
    rule_index: usize,
    level: &'static str,
    message: Text,
    locations: [Location; 1],
    partial_fingerprints: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<Suppression>,
    properties: BTreeMap<String, String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: PhysicalLocation,
    logical_locations: [LogicalLocation; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation {
    fully_qualified_name: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactLocation {
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri_base_id: Option<&'static str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_column: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_column: Option<u64>,
}

#[derive(Debug, Serialize)]
struct Suppression {
    kind: &'static str,
    status: &'static str,
    justification: String,
}

fn log(check: &Check) -> Log {
    let ignored = of(check, Status::Ignored);
    let found: Vec<&Judgement> =
        complaints(check).into_iter().map(|(_, judgement)| judgement).chain(ignored).collect();
    let rules = rules(&found);
    let mut fingerprints = Fingerprints::default();
    let results = found
        .iter()
        .map(|judgement| result(check, judgement, &rules, fingerprints.of(judgement)))
        .collect();
    let driver = Driver { name: "tokopt", version: clean(&check.tool_version), rules };
    let invocation = Invocation {
        execution_successful: check.outcome != Outcome::NotJudged,
        tool_execution_notifications: notifications(check),
    };
    let run = Run {
        tool: Tool { driver },
        invocations: [invocation],
        column_kind: "unicodeCodePoints",
        results,
    };
    Log { version: "2.1.0", schema: SCHEMA, runs: [run] }
}

/// One rule for every code, sorted.
fn rules(found: &[&Judgement]) -> Vec<Rule> {
    let mut measures: BTreeMap<&str, &str> = BTreeMap::new();
    for judgement in found {
        measures.entry(&judgement.code).or_insert(&judgement.measure);
    }
    let rule = |(code, measure): (&str, &str)| Rule {
        id: clean(code),
        short_description: Text { text: format!("Budget of {}", message(measure)) },
        help: Text { text: format!("tokopt explain {} says more", message(code)) },
    };
    measures.into_iter().map(rule).collect()
}

fn result(check: &Check, judgement: &Judgement, rules: &[Rule], fingerprint: String) -> Finding {
    let rule_id = clean(&judgement.code);
    // An ignored rule keeps the level that it would have had.
    let is_warning = match severity(judgement) {
        Some(severity) => severity == Severity::Warning,
        None => judgement.level == Level::Warn,
    };
    let named = properties(judgement).into_iter();
    let mut bag: BTreeMap<String, String> =
        named.map(|(name, text)| (name.replace(' ', "_"), clean(&text))).collect();
    bag.insert("slice".to_owned(), clean(&slice(judgement)));
    Finding {
        rule_index: rules.iter().position(|rule| rule.id == rule_id).unwrap_or_default(),
        rule_id,
        level: if is_warning { "warning" } else { "error" },
        message: Text { text: message(&judgement.message) },
        locations: [location(check, judgement)],
        partial_fingerprints: BTreeMap::from([(FINGERPRINT, fingerprint)]),
        suppressions: suppressions(judgement),
        properties: bag,
    }
}

fn suppressions(judgement: &Judgement) -> Vec<Suppression> {
    if judgement.status != Status::Ignored {
        return Vec::new();
    }
    let justification = clean(judgement.reason.as_deref().unwrap_or_default());
    vec![Suppression { kind: "external", status: "accepted", justification }]
}

fn location(check: &Check, judgement: &Judgement) -> Location {
    let shown = shown(check, judgement.place.as_ref());
    let is_absolute = shown.path.starts_with('/') || shown.path.get(1..3) == Some(":/");
    let uri = percent_encoded(&shown.path);
    let artifact_location = if is_absolute {
        let root = if uri.starts_with('/') { "file://" } else { "file:///" };
        ArtifactLocation { uri: format!("{root}{uri}"), uri_base_id: None }
    } else {
        ArtifactLocation { uri, uri_base_id: Some("%SRCROOT%") }
    };
    Location {
        physical_location: PhysicalLocation { artifact_location, region: region(shown.place) },
        logical_locations: [LogicalLocation { fully_qualified_name: clean(&judgement.rule) }],
    }
}

/// The rule's characters; the first line where only the file is known, for code
/// scanning shows no result without a line.
fn region(place: Option<&Place>) -> Region {
    let Some(place) = place else {
        return Region { start_line: 1, start_column: None, end_column: None };
    };
    let column = place.column.max(1);
    Region {
        start_line: place.line.max(1),
        start_column: Some(column),
        end_column: Some(column + place.length.max(1)),
    }
}

/// What stands against the check, what was not judged and why, and what to know.
fn notifications(check: &Check) -> Vec<Notification> {
    let told = |level: &'static str| {
        move |warning: &Warning| Notification {
            descriptor: Some(Named { id: clean(&warning.code) }),
            associated_rule: None,
            level,
            message: Text { text: message(&warning.message) },
        }
    };
    let refusals = check.refusals.iter().map(told("error"));
    let not_judged = of(check, Status::NotJudged).into_iter().map(|judgement| {
        let reason = judgement.reason.as_deref().unwrap_or(&judgement.message);
        let text = format!("{} ({}) was not judged: {reason}", judgement.rule, slice(judgement));
        Notification {
            descriptor: None,
            associated_rule: Some(Named { id: clean(&judgement.code) }),
            level: "note",
            message: Text { text: message(&text) },
        }
    });
    let warnings = check.warnings.iter().map(told("note"));
    refusals.chain(not_judged).chain(warnings).collect()
}

/// A text as a message: brackets would open a link, braces a placeholder.
fn message(text: &str) -> String {
    let mut escaped = String::new();
    for character in clean(text).chars() {
        match character {
            '[' | ']' => escaped.extend(['\\', character]),
            '{' | '}' => escaped.extend([character, character]),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// A path as a relative reference: everything but unreserved characters,
/// slashes and the colon of a drive is written as bytes.
fn percent_encoded(path: &str) -> String {
    let mut encoded = String::new();
    for (position, byte) in path.bytes().enumerate() {
        let is_plain = byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
        if is_plain || (byte == b':' && position == 1) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string never fails.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::{message, percent_encoded};

    #[test]
    fn a_message_holds_no_link_and_no_placeholder() {
        assert_eq!(message("[x](http://y) {0}"), "\\[x\\](http://y) {{0}}");
    }

    #[test]
    fn a_path_is_a_reference() {
        assert_eq!(percent_encoded("ci/my budget#1.toml"), "ci/my%20budget%231.toml");
        assert_eq!(percent_encoded("é"), "%C3%A9");
        assert_eq!(percent_encoded("a:b:c"), "a:b%3Ac");
    }
}

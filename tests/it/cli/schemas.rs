//! What the commands print fits the schemas that `tokopt schema` prints.

use serde_json::Value;
use tokopt::report::SCHEMAS;

use super::{QUICKSTART, printed, run, tokopt};

const ARMS: &str = "fixtures/arms/longer-answers/log.jsonl";
const MAY: &str = "fixtures/difference/may.jsonl";
const JUNE: &str = "fixtures/difference/june.jsonl";

/// Commands that print a document, by the topic of its schema. Between them
/// they fill its blocks.
const DOCUMENTS: [(&str, &[&str]); 10] = [
    ("analysis", &["analyze", QUICKSTART, "--what-if", "claude-sonnet-4-5=gpt-5"]),
    ("analysis", &["analyze", MAY, "--no-ladder"]),
    ("check", &["check", QUICKSTART, "--preset", "playbook", "--preset", "dashboard"]),
    ("check", &["check", JUNE, "--baseline", MAY, "--preset", "playbook", "--minimum-calls", "1"]),
    ("difference", &["diff", MAY, JUNE]),
    ("difference", &["diff", "--split", "half", QUICKSTART, "--per", "month"]),
    ("arms", &["diff", "--arms", "variant", ARMS]),
    ("arms", &["diff", "--arms", "model", QUICKSTART]),
    ("trend", &["trend", QUICKSTART]),
    ("trend", &["trend", JUNE, "--by", "week"]),
];

fn schema(topic: &str) -> Value {
    serde_json::from_str(&printed(&["schema", topic])).expect("JSON")
}

#[test]
fn every_document_fits_its_published_schema() {
    for published in SCHEMAS {
        let topic = published.topic;
        let validator = jsonschema::validator_for(&schema(topic)).expect("a schema");
        let of_topic: Vec<_> = DOCUMENTS.iter().filter(|(of, _)| *of == topic).collect();
        assert!(!of_topic.is_empty(), "no command prints {topic}");
        for (_, arguments) in of_topic {
            let ran = run(&mut tokopt(&[*arguments, &["--format", "json"]].concat()));
            let document: Value = serde_json::from_str(&ran.out)
                .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {}", ran.err));
            let faults: Vec<String> =
                validator.iter_errors(&document).map(|fault| fault.to_string()).collect();
            assert!(faults.is_empty(), "{arguments:?}: {faults:?}");
        }
    }
}

#[test]
fn a_schema_refuses_another_document() {
    let trend: Value =
        serde_json::from_str(&printed(&["trend", QUICKSTART, "--format", "json"])).expect("JSON");
    for topic in SCHEMAS.map(|published| published.topic).into_iter().filter(|of| *of != "trend") {
        let validator = jsonschema::validator_for(&schema(topic)).expect("a schema");
        assert!(!validator.is_valid(&trend), "{topic}");
    }
}

#[test]
fn the_analysis_is_described_unless_asked_otherwise() {
    assert_eq!(printed(&["schema"]), printed(&["schema", "analysis"]));
    assert!(schema("config")["properties"].get("budget").is_some());
}

//! What SARIF 2.1.0 and GitLab's code quality report ask of what we write.
//!
//! Schemas of our own, written from the standard's text and GitLab's
//! documentation, of the parts that are used and of no other: a field that is
//! not named here is an error. The published schemas are asked by
//! `tests/published_schemas.py`.

use serde_json::{Value, json};

fn assert_fits(schema: &Value, text: &str) -> Value {
    let value: Value = serde_json::from_str(text).expect("the report is JSON");
    let validator = jsonschema::validator_for(schema).expect("the schema is a schema");
    let errors: Vec<String> = validator
        .iter_errors(&value)
        .map(|error| format!("{error} at {}", error.instance_path()))
        .collect();
    assert_eq!(errors, Vec::<String>::new(), "{text}");
    value
}

/// An object with exactly these fields, of which some must be there.
fn object(required: &[&str], properties: Value) -> Value {
    let mut schema = json!({ "type": "object", "additionalProperties": false });
    schema["required"] = json!(required);
    schema["properties"] = properties;
    schema
}

fn list(items: &Value) -> Value {
    json!({ "type": "array", "items": items })
}

fn text() -> Value {
    json!({ "type": "string", "minLength": 1 })
}

fn message() -> Value {
    object(&["text"], json!({ "text": text() }))
}

/// A relative reference or a URI: nothing but the characters of RFC 3986.
fn reference() -> Value {
    json!({ "type": "string", "pattern": "^([A-Za-z0-9._~/:-]|%[0-9A-F]{2})+$" })
}

fn result() -> Value {
    let count = json!({ "type": "integer", "minimum": 1 });
    let region = object(
        &["startLine"],
        json!({ "startLine": count, "startColumn": count, "endColumn": count }),
    );
    let artifact =
        object(&["uri"], json!({ "uri": reference(), "uriBaseId": { "const": "%SRCROOT%" } }));
    let physical = object(
        &["artifactLocation", "region"],
        json!({ "artifactLocation": artifact, "region": region }),
    );
    let logical =
        object(&["fullyQualifiedName"], json!({ "fullyQualifiedName": { "type": "string" } }));
    let location = object(
        &["physicalLocation"],
        json!({ "physicalLocation": physical, "logicalLocations": list(&logical) }),
    );
    let suppression = object(
        &["kind"],
        json!({
            "kind": { "enum": ["inSource", "external"] },
            "status": { "enum": ["accepted", "underReview", "rejected"] },
            "justification": { "type": "string" },
        }),
    );
    object(
        &["ruleId", "message", "locations", "partialFingerprints"],
        json!({
            "ruleId": { "type": "string" },
            "ruleIndex": { "type": "integer", "minimum": 0 },
            "level": { "enum": ["none", "note", "warning", "error"] },
            "message": message(),
            "locations": list(&location),
            "partialFingerprints": { "type": "object", "additionalProperties": text() },
            "suppressions": list(&suppression),
            "properties": { "type": "object" },
        }),
    )
}

fn sarif() -> Value {
    let named = object(&["id"], json!({ "id": { "type": "string" } }));
    let notification = object(
        &["message"],
        json!({
            "descriptor": named,
            "associatedRule": named,
            "level": { "enum": ["none", "note", "warning", "error"] },
            "message": message(),
        }),
    );
    let rule = object(
        &["id"],
        json!({ "id": { "type": "string" }, "shortDescription": message(), "help": message() }),
    );
    let driver =
        object(&["name"], json!({ "name": text(), "version": text(), "rules": list(&rule) }));
    let invocation = object(
        &["executionSuccessful"],
        json!({
            "executionSuccessful": { "type": "boolean" },
            "toolExecutionNotifications": list(&notification),
        }),
    );
    let run = object(
        &["tool", "results"],
        json!({
            "tool": object(&["driver"], json!({ "driver": driver })),
            "invocations": list(&invocation),
            "columnKind": { "enum": ["utf16CodeUnits", "unicodeCodePoints"] },
            "results": list(&result()),
        }),
    );
    object(
        &["version", "runs"],
        json!({
            "version": { "const": "2.1.0" },
            "$schema": { "type": "string", "pattern": "^https://" },
            "runs": list(&run),
        }),
    )
}

/// Fails unless the text is such a SARIF log, with distinct rules that results
/// refer to.
pub fn assert_is_sarif(text: &str) {
    let log = assert_fits(&sarif(), text);
    let run = &log["runs"][0];
    let ids = |list: &Value| -> Vec<String> {
        let rules = list.as_array().into_iter().flatten();
        rules.map(|rule| rule["id"].to_string()).collect()
    };
    let rules = ids(&run["tool"]["driver"]["rules"]);
    for result in run["results"].as_array().into_iter().flatten() {
        let index = result["ruleIndex"].as_u64().and_then(|index| usize::try_from(index).ok());
        let rule = index.and_then(|index| rules.get(index));
        assert_eq!(rule, Some(&result["ruleId"].to_string()), "{text}");
    }
}

/// Fails unless the text is a code quality report whose fingerprints differ.
pub fn assert_is_code_quality(text: &str) {
    let begin = object(&["begin"], json!({ "begin": { "type": "integer", "minimum": 1 } }));
    let location = object(
        &["path", "lines"],
        json!({
            "path": { "type": "string", "minLength": 1, "not": { "pattern": "^\\./" } },
            "lines": begin,
        }),
    );
    let problem = object(
        &["description", "check_name", "fingerprint", "severity", "location"],
        json!({
            "description": { "type": "string", "minLength": 1 },
            "check_name": { "type": "string" },
            "fingerprint": { "type": "string", "pattern": "^[0-9a-f]{32}$" },
            "severity": { "enum": ["info", "minor", "major", "critical", "blocker"] },
            "location": location,
        }),
    );
    let report = assert_fits(&list(&problem), text);
    let problems = report.as_array().into_iter().flatten();
    let mut fingerprints: Vec<String> =
        problems.map(|problem| problem["fingerprint"].to_string()).collect();
    let all = fingerprints.len();
    fingerprints.sort();
    fingerprints.dedup();
    assert_eq!(fingerprints.len(), all, "{text}");
}

#[test]
fn the_schemas_refuse_what_they_should() {
    let fits = |schema: &Value, value: &Value| jsonschema::is_valid(schema, value);
    assert!(fits(&sarif(), &json!({ "version": "2.1.0", "runs": [] })));
    assert!(!fits(&sarif(), &json!({ "version": "2.0.0", "runs": [] })));
    assert!(!fits(&sarif(), &json!({ "version": "2.1.0", "runs": [], "other": 1 })));
    assert!(!fits(&sarif(), &json!({ "version": "2.1.0", "runs": [{ "results": [] }] })));
    assert!(!fits(&reference(), &json!("a b")));
}

//! A small parser of XML, and the structure that both JUnit schemas ask for.
//!
//! The rules are written from the published schemas, that of Ant's reports and
//! that of the Jenkins plug-in xUnit: where the two differ, the stricter counts.
//! The schemas themselves are asked by `tests/published_schemas.py`.

/// An element: its attributes in their order, its children, its text.
#[derive(Debug, Default)]
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    children: Vec<Element>,
    text: String,
}

impl Element {
    fn attribute(&self, name: &str) -> &str {
        let found = self.attributes.iter().find(|(key, _)| key == name);
        found.map_or_else(|| panic!("{} has no {name}", self.name), |(_, value)| value)
    }

    fn names(&self) -> Vec<&str> {
        self.children.iter().map(|child| child.name.as_str()).collect()
    }
}

/// Reads a document: one declaration, then one element. Comments, CDATA and
/// document types are refused, for we write none.
fn parse(text: &str) -> Element {
    let legal = |character: char| matches!(character, '\n' | '\t' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    assert!(text.chars().all(legal), "characters that XML 1.0 does not know: {text:?}");
    let body = text.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n").expect("a head");
    let mut open: Vec<Element> = vec![Element::default()];
    let mut rest = body;
    while let Some(at) = rest.find('<') {
        let (text, tag) = rest.split_at(at);
        let (tag, after) = tag[1..].split_once('>').expect("a tag ends");
        open.last_mut().expect("a root").text.push_str(&unescaped(text));
        rest = after;
        assert!(!tag.starts_with(['!', '?']), "{tag}");
        if let Some(name) = tag.strip_prefix('/') {
            let element = open.pop().expect("an element is open");
            assert_eq!(element.name, name);
            open.last_mut().expect("a root").children.push(element);
            continue;
        }
        let (tag, is_empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        let element = Element {
            name: name.to_owned(),
            attributes: read_attributes(attributes),
            ..Element::default()
        };
        if is_empty {
            open.last_mut().expect("a root").children.push(element);
        } else {
            open.push(element);
        }
    }
    assert_eq!(rest.trim(), "");
    let mut root = open.pop().expect("a root");
    assert!(open.is_empty(), "every element is closed");
    assert_eq!(root.children.len(), 1);
    root.children.remove(0)
}

fn read_attributes(text: &str) -> Vec<(String, String)> {
    let mut attributes = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (name, after) = rest.split_once("=\"").expect("a name");
        let (value, after) = after.split_once('"').expect("a value ends");
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase()), "{name}");
        assert!(attributes.iter().all(|(known, _)| known != name), "{name} is there twice");
        attributes.push((name.to_owned(), unescaped(value)));
        rest = after.strip_prefix(' ').unwrap_or(after);
    }
    attributes
}

fn unescaped(text: &str) -> String {
    assert!(!text.contains('<') && !text.contains("]]>"), "{text}");
    let mut parts = text.split('&');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |kept, part| {
        let (entity, rest) = part.split_once(';').expect("an entity ends");
        let character = match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            other => panic!("&{other};"),
        };
        format!("{kept}{character}{rest}")
    })
}

/// Fails unless the text is a report that both schemas take and whose counts
/// are those of its cases.
pub fn assert_is_junit(text: &str) {
    let root = parse(text);
    assert_eq!((root.name.as_str(), root.attributes.len()), ("testsuites", 0));
    for (id, suite) in root.children.iter().enumerate() {
        let names: Vec<&str> = suite.attributes.iter().map(|(name, _)| name.as_str()).collect();
        let expected = [
            "name",
            "package",
            "id",
            "timestamp",
            "hostname",
            "tests",
            "failures",
            "errors",
            "skipped",
            "time",
        ];
        assert_eq!((suite.name.as_str(), names.as_slice()), ("testsuite", expected.as_slice()));
        assert_eq!(suite.attribute("id"), id.to_string());
        assert!(!suite.attribute("name").trim().is_empty());
        assert_is_time(suite.attribute("timestamp"));
        let children = suite.names();
        let ["properties", cases @ .., "system-out", "system-err"] = children.as_slice() else {
            panic!("{children:?}");
        };
        assert!(cases.iter().all(|name| *name == "testcase"), "{cases:?}");
        for property in &suite.children[0].children {
            assert_eq!(property.name, "property");
            assert!(!property.attribute("name").trim().is_empty());
            let _ = property.attribute("value");
        }
        let count = |result: &str| {
            let cases = suite.children.iter().filter(|case| case.name == "testcase");
            cases.filter(|case| case.names() == [result]).count().to_string()
        };
        assert_eq!(suite.attribute("tests"), cases.len().to_string());
        assert_eq!(suite.attribute("failures"), count("failure"));
        assert_eq!(suite.attribute("errors"), count("error"));
        assert_eq!(suite.attribute("skipped"), count("skipped"));
        for case in suite.children.iter().filter(|child| child.name == "testcase") {
            assert_is_case(case);
        }
    }
}

fn assert_is_case(case: &Element) {
    assert!(!case.attribute("name").is_empty() && !case.attribute("classname").is_empty());
    assert_eq!(case.attribute("time"), "0");
    assert!(case.children.len() <= 1, "one result or none: {case:?}");
    for result in &case.children {
        let _ = result.attribute("message");
        match result.name.as_str() {
            "failure" | "error" => {
                let _ = result.attribute("type");
                assert!(!result.text.is_empty());
            }
            "skipped" => assert!(result.children.is_empty()),
            other => panic!("{other} in a case"),
        }
    }
}

/// A date and a time, without fractions and zone.
fn assert_is_time(text: &str) {
    let shape: String = text
        .chars()
        .map(|character| if character.is_ascii_digit() { '0' } else { character })
        .collect();
    assert_eq!(shape, "0000-00-00T00:00:00", "{text}");
}

#[test]
#[should_panic(expected = "[\"properties\", \"testcase\"]")]
fn a_suite_without_its_output_is_refused() {
    assert_is_junit(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites><testsuite name=\"a\" \
         package=\"b\" id=\"0\" timestamp=\"2026-01-01T00:00:00\" hostname=\"localhost\" \
         tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"0\" time=\"0\"><properties/>\
         <testcase name=\"a\" classname=\"b\" time=\"0\"/></testsuite></testsuites>",
    );
}

//! The analysis as OpenMetrics text, read back by a small parser of its grammar.

use std::collections::{BTreeMap, BTreeSet};

use tokopt::record::component::Component;
use tokopt::report::Kind;
use tokopt::report::document::{
    Cell, CellComponent, CellKind, Comparison, Document, DurationQuantiles, Evidence, Monthly,
    Slice, TokenKind,
};
use tokopt::units::{NanoUsd, Tokens};

use super::documents::{documents, normal};
use super::ladders::ladder;
use super::{render, wide};

fn usd(micros: i128) -> NanoUsd {
    NanoUsd::from_nano(micros * 1_000)
}

fn kind(kind: TokenKind, tokens: u64, micros: i128) -> CellKind {
    CellKind { kind, tokens: Tokens::new(tokens), cost_usd: usd(micros) }
}

fn component(component: Component, micros: i128) -> CellComponent {
    CellComponent { component, tokens: Tokens::new(1), cost_usd: Some(usd(micros)) }
}

fn cell(feature: &str, model: &str, micros: i128) -> Cell {
    Cell {
        feature: feature.to_owned(),
        model: model.to_owned(),
        provider: "openai".to_owned(),
        tier: "standard".to_owned(),
        calls: Some(10),
        cost_usd: Some(usd(micros)),
        ..Cell::default()
    }
}

/// Two features on one model, one on another whose bucket does not say how many
/// calls it holds, and one on a model without a price.
pub fn compared() -> Document {
    let mut document = normal();
    let split = Cell {
        kinds: vec![
            kind(TokenKind::UncachedInput, 1_000, 2_000),
            kind(TokenKind::CacheRead, 4_000, 1_000),
            kind(TokenKind::Output, 500, 4_000),
        ],
        components: vec![
            component(Component::History, 2_500),
            component(Component::OutputText, 4_000),
        ],
        ..cell("chat", "gpt-5", 7_000)
    };
    let more = Cell {
        kinds: vec![kind(TokenKind::Output, 250, 2_000), kind(TokenKind::Fees, 0, 1_000)],
        components: vec![component(Component::OutputText, 3_000)],
        ..cell("search", "gpt-5", 3_000)
    };
    let bucket = Cell {
        calls: None,
        kinds: vec![kind(TokenKind::Output, 9, 900)],
        ..cell("chat", "mini\"\\\n", 900)
    };
    let unpriced = Cell { cost_usd: None, unpriced_calls: 10, ..cell("chat", "in-house", 0) };
    let latency = Some(DurationQuantiles { p50: 840, p95: 12_340, calls: 10 });
    let of_model = Slice {
        model: Some("gpt-5".to_owned()),
        latency_milliseconds: latency,
        ..Slice::default()
    };
    let of_both = Slice { feature: Some("chat".to_owned()), ..of_model.clone() };
    document.comparison = Some(Comparison {
        cells: vec![split, more, bucket, unpriced],
        slices: vec![Slice::default(), of_model, of_both],
    });
    document.monthly = Some(Monthly {
        baseline_usd: usd(44_904_871),
        floor_usd: usd(30_000_000),
        typical_usd: usd(20_000_000),
        high_usd: usd(10_500_000),
        ..Monthly::default()
    });
    document.ladder = ladder().ladder;
    document
}

/// A family: its type, and its samples by their labels.
#[derive(Debug, Default)]
struct Family {
    kind: String,
    samples: BTreeMap<String, String>,
}

/// Reads OpenMetrics text by its grammar; anything else fails.
fn parse(text: &str) -> BTreeMap<String, Family> {
    let body = text.strip_suffix("# EOF\n").expect("the text says where it ends");
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut current = String::new();
    let mut said: BTreeSet<String> = BTreeSet::new();
    for line in body.split_terminator('\n') {
        if let Some(metadata) = line.strip_prefix("# ") {
            let mut words = metadata.splitn(3, ' ');
            let mut next = || words.next().expect("three words");
            let (what, name, value) = (next(), next(), next());
            assert!(is_name(name), "{line}");
            if what == "TYPE" {
                assert!(matches!(value, "gauge" | "summary"), "{line}");
                let family = Family { kind: value.to_owned(), ..Family::default() };
                assert!(families.insert(name.to_owned(), family).is_none(), "{name} comes twice");
                name.clone_into(&mut current);
                said.clear();
            }
            assert_eq!(name, current, "{line}: metadata stand with their family");
            assert!(families[name].samples.is_empty(), "{line}: metadata stand before samples");
            assert!(said.insert(what.to_owned()), "{line}: said twice");
            match what {
                "UNIT" => assert!(name.ends_with(&format!("_{value}")), "{line}"),
                "HELP" => assert!(!value.contains(['\\', '"']), "{line}: nothing to escape"),
                other => assert_eq!(other, "TYPE"),
            }
            continue;
        }
        let (name, labels, value) = sample(line);
        let family = families.get_mut(&current).expect("a family is open");
        let suffix = name.strip_prefix(current.as_str()).expect("a sample of the open family");
        match family.kind.as_str() {
            "gauge" => assert_eq!(suffix, "", "{line}"),
            _ if labels.contains_key("quantile") => assert_eq!(suffix, "", "{line}"),
            _ => assert_eq!(suffix, "_count", "{line}"),
        }
        let is_number = value
            .split('.')
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
        assert!(is_number, "{line}");
        let labels: Vec<String> =
            labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let key = format!("{suffix}{{{}}}", labels.join(","));
        assert!(family.samples.insert(key, value).is_none(), "{line}: comes twice");
    }
    families
}

/// The name, the labels and the value of a sample.
fn sample(line: &str) -> (String, BTreeMap<String, String>, String) {
    let end = line.find(['{', ' ']).expect("a name ends");
    let (name, mut rest) = line.split_at(end);
    assert!(is_name(name), "{line}");
    let mut labels = BTreeMap::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        loop {
            let (label, after) = rest.split_once("=\"").expect("a label has a value");
            assert!(is_name(label) && !label.contains(':'), "{line}");
            let (value, after) = quoted(after);
            assert!(labels.insert(label.to_owned(), value).is_none(), "{line}");
            match after.strip_prefix(',') {
                Some(more) => rest = more,
                None => {
                    rest = after.strip_prefix('}').expect("labels end");
                    break;
                }
            }
        }
    }
    let value = rest.strip_prefix(' ').expect("a space before the value");
    (name.to_owned(), labels, value.to_owned())
}

/// The text up to its closing quote, and what follows.
fn quoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &text[at + 1..]),
            '\\' => match characters.next().map(|(_, escaped)| escaped) {
                Some('n') => value.push('\n'),
                Some(escaped @ ('\\' | '"')) => value.push(escaped),
                other => panic!("\\{other:?} in {text}"),
            },
            '\n' => panic!("a line ends inside {text}"),
            _ => value.push(character),
        }
    }
    panic!("no quote closes {text}")
}

fn is_name(name: &str) -> bool {
    let first = name.chars().next();
    first.is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[test]
fn metrics_of_a_whole_document() {
    let text = render(Kind::Metrics, &compared(), &wide(80));
    insta::assert_snapshot!("metrics_compared", text);
}

#[test]
fn every_document_is_sound_metrics() {
    let all = documents().into_iter().chain([("compared", compared())]);
    for (name, document) in all {
        let families = parse(&render(Kind::Metrics, &document, &wide(80)));
        assert!(families.contains_key("tokopt_build_info"), "{name}");
        for (family, found) in &families {
            assert!(!found.samples.is_empty(), "{name}: {family} says nothing");
        }
    }
}

#[test]
fn costs_by_component_add_up_and_name_what_was_not_split() {
    let families = parse(&render(Kind::Metrics, &compared(), &wide(80)));
    let samples = |name: &str| -> Vec<(String, String)> {
        families[name].samples.clone().into_iter().collect()
    };
    let pair = |labels: &str, value: &str| (labels.to_owned(), value.to_owned());
    // chat splits 6,500 of its 7,000 micro-dollars, search all of its 3,000, the
    // bucket nothing of its 900; the model without a price has no sample.
    assert_eq!(
        samples("tokopt_cost_usd"),
        [
            pair("{component=history,model=gpt-5}", "0.0025"),
            pair("{component=output_text,model=gpt-5}", "0.007"),
            pair("{component=unknown,model=gpt-5}", "0.0005"),
            pair("{component=unknown,model=mini\"\\}", "0.0009"),
        ]
    );
    assert_eq!(
        samples("tokopt_tokens"),
        [
            pair("{kind=cache_read,model=gpt-5}", "4000"),
            pair("{kind=output,model=gpt-5}", "750"),
            pair("{kind=output,model=mini\"\\}", "9"),
            pair("{kind=uncached_input,model=gpt-5}", "1000"),
        ]
    );
    // The bucket does not say its calls: no sample, not zero.
    assert_eq!(
        samples("tokopt_calls"),
        [pair("{model=gpt-5}", "20"), pair("{model=in-house}", "10")]
    );
    assert_eq!(
        samples("tokopt_model_latency_seconds"),
        [
            pair("_count{model=gpt-5}", "10"),
            pair("{model=gpt-5,quantile=0.5}", "0.84"),
            pair("{model=gpt-5,quantile=0.95}", "12.34"),
        ]
    );
}

#[test]
fn what_is_unknown_has_no_sample() {
    let text = render(Kind::Metrics, &Document::new("0.1.0"), &wide(80));
    let families = parse(&text);
    for absent in ["tokopt_total_cost_usd", "tokopt_error_ratio", "tokopt_latency_seconds"] {
        assert!(!families.contains_key(absent), "{absent}: {text}");
    }
    let evidence: Vec<&str> = [Evidence::Measured, Evidence::Inferred, Evidence::Assumed]
        .into_iter()
        .map(Evidence::name)
        .collect();
    let savings = parse(&render(Kind::Metrics, &compared(), &wide(80)));
    for labels in savings["tokopt_saving_usd"].samples.keys() {
        assert!(evidence.iter().any(|grade| labels.contains(&format!("evidence={grade}"))));
    }
}

#[test]
fn a_hostile_model_adds_no_sample() {
    for attack in ["a\"} 1\ntokopt_cost_usd 9", "\x1b[31m\\", "x\u{202e}y", "# EOF\n", "a\\n"] {
        let mut document = compared();
        let comparison = document.comparison.as_mut().expect("it is compared");
        comparison.cells[2].model = attack.to_owned();
        let families = parse(&render(Kind::Metrics, &document, &wide(80)));
        assert_eq!(families["tokopt_cost_usd"].samples.len(), 4, "{attack:?}");
    }
}

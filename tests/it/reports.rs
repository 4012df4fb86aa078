//! Reports, whole, for documents built by hand.

mod documents;

use tokopt::report::document::{Dimension, Document};
use tokopt::report::{Kind, RenderOptions, csv, json_schema, renderer};
use tokopt::units::NanoUsd;

use documents::{documents, hostile, normal};

fn render(kind: Kind, document: &Document, options: &RenderOptions) -> String {
    let mut bytes = Vec::new();
    renderer(kind).render(document, options, &mut bytes).expect("memory can be written to");
    String::from_utf8(bytes).expect("reports are UTF-8")
}

fn wide(width: usize) -> RenderOptions {
    RenderOptions { width, ..RenderOptions::default() }
}

fn by(dimensions: &[&[Dimension]]) -> RenderOptions {
    RenderOptions { by: dimensions.iter().map(|cross| cross.to_vec()).collect(), ..wide(80) }
}

#[test]
fn every_document_on_a_terminal() {
    for (name, document) in documents() {
        for width in [80, 120] {
            let text = render(Kind::Table, &document, &wide(width));
            insta::assert_snapshot!(format!("terminal_{name}_{width}"), text);
        }
    }
}

#[test]
fn every_document_as_a_page() {
    for (name, document) in documents() {
        insta::assert_snapshot!(
            format!("markdown_{name}"),
            render(Kind::Markdown, &document, &wide(80))
        );
    }
}

#[test]
fn every_document_as_csv() {
    for (name, document) in documents() {
        let text = render(Kind::Csv, &document, &wide(80));
        assert_eq!(
            text.matches('\n').count(),
            text.matches("\r\n").count(),
            "{name}: RFC 4180 line ends"
        );
        insta::assert_snapshot!(format!("csv_{name}"), text);
    }
}

#[test]
fn every_document_as_json() {
    for (name, document) in documents() {
        insta::assert_snapshot!(format!("json_{name}"), render(Kind::Json, &document, &wide(80)));
    }
}

#[test]
fn tables_that_were_asked_for() {
    let options =
        by(&[&[Dimension::Feature], &[Dimension::Model, Dimension::Component], &[Dimension::Hour]]);
    let options = RenderOptions { top: 4, ..options };
    insta::assert_snapshot!("terminal_by", render(Kind::Table, &normal(), &options));
    insta::assert_snapshot!("markdown_by", render(Kind::Markdown, &normal(), &options));
    insta::assert_snapshot!("csv_by", render(Kind::Csv, &normal(), &options));
    insta::assert_snapshot!("terminal_by_hostile", render(Kind::Table, &hostile(), &options));
}

#[test]
fn a_folder_of_tables() {
    let files = csv::tables(&normal()).expect("memory can be written to");
    let text: Vec<String> = files
        .iter()
        .map(|file| format!("--- {}\n{}", file.name, String::from_utf8_lossy(&file.bytes)))
        .collect();
    insta::assert_snapshot!("csv_tables", text.concat());
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for (name, document) in documents() {
        for width in [60, 72, 80, 100, 120, 140] {
            for options in [
                wide(width),
                RenderOptions { width, ..by(&[&[Dimension::Model, Dimension::Component]]) },
            ] {
                let text = render(Kind::Table, &document, &options);
                for line in text.lines() {
                    assert!(columns(line) <= width, "{name} at {width}: {line}");
                }
            }
        }
    }
}

/// Columns of a line of these documents: Japanese is the only wide script.
fn columns(line: &str) -> usize {
    line.chars()
        .map(|character| if ('\u{2e80}'..='\u{9fff}').contains(&character) { 2 } else { 1 })
        .sum()
}

#[test]
fn colour_is_only_where_it_was_allowed_and_changes_no_text() {
    let colored = RenderOptions { color: true, ..wide(80) };
    for (name, document) in documents() {
        let plain = render(Kind::Table, &document, &wide(80));
        assert!(!plain.contains('\x1b'), "{name}");
        let painted = render(Kind::Table, &document, &colored);
        assert!(painted.contains('\x1b'), "{name}");
        assert_eq!(without_color(&painted), plain, "{name}");
    }
}

fn without_color(text: &str) -> String {
    let mut parts = text.split('\x1b');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |kept, part| kept + part.split_once('m').map_or("", |(_, rest)| rest))
}

#[test]
fn names_from_a_log_stay_text() {
    let document = hostile();
    for kind in [Kind::Table, Kind::Markdown, Kind::Csv] {
        let text = render(kind, &document, &wide(80));
        for forbidden in ["\x1b", "\u{202e}", "\u{2066}", "\x07"] {
            assert!(!text.contains(forbidden), "{kind:?} {forbidden:?}");
        }
    }
    let page = render(Kind::Markdown, &document, &wide(80));
    for forbidden in ["<script", "<b>", "<img", "](http:", "http://"] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    let mut rows = ::csv::ReaderBuilder::new().from_reader(std::io::Cursor::new(render(
        Kind::Csv,
        &document,
        &wide(80),
    )));
    for record in rows.records() {
        for cell in &record.expect("the file is well formed") {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell}");
        }
    }
}

#[test]
fn every_document_fits_its_schema() {
    let schema: serde_json::Value =
        serde_json::from_str(&json_schema()).expect("the schema is JSON");
    insta::assert_snapshot!("json_schema", json_schema());
    let validator = jsonschema::validator_for(&schema).expect("the schema is a schema");
    for (name, document) in documents() {
        let text = render(Kind::Json, &document, &wide(80));
        let value: serde_json::Value = serde_json::from_str(&text).expect("the report is JSON");
        let errors: Vec<String> =
            validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new(), "{name}");
        let mut spoiled = value.clone();
        spoiled["totals"]["calls"] = "many".into();
        assert!(!validator.is_valid(&spoiled), "{name}");
    }
}

#[test]
fn numbers_are_plain_decimals() {
    let mut document = normal();
    document.totals.cost_usd = Some(NanoUsd::from_nano(1));
    document.totals.logged_cost_usd = Some(NanoUsd::from_nano(123_456_789_012_345_678_901));
    let text = render(Kind::Json, &document, &wide(80));
    assert!(text.contains("\"cost_usd\": 0.000000001,"), "{text}");
    assert!(text.contains("\"logged_cost_usd\": 123456789012.345678901,"), "{text}");
    for line in text.lines() {
        let Some((_, value)) = line.split_once("\": ") else { continue };
        if value.starts_with(|first: char| first.is_ascii_digit() || first == '-') {
            let plain = |character: char| character.is_ascii_digit() || ".-,".contains(character);
            assert!(value.chars().all(plain), "{line}");
        }
    }
}

#[test]
fn a_report_is_the_same_twice() {
    for kind in Kind::ALL {
        let first = render(kind, &normal(), &wide(80));
        assert_eq!(first, render(kind, &normal(), &wide(80)), "{kind:?}");
        assert!(first.ends_with('\n'), "{kind:?}");
    }
}

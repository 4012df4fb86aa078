//! Reports, whole, for documents built by hand.

mod attacks;
mod documents;
mod ladders;
mod metrics;
mod plans;

use tokopt::report::document::{Dimension, Document};
use tokopt::report::{Kind, RenderOptions, SCHEMAS, csv, renderer, saved};
use tokopt::units::{NanoUsd, Usd};

use attacks::attacked;
use documents::{documents, hostile, normal};
use ladders::{flat, ladder};

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
fn every_document_reads_back_as_it_was_written() {
    let attacked = ("attacked", attacked("=cmd|' /C calc'!A0 \u{202e} <b> \"quoted\" \\ \u{1}"));
    for (name, document) in documents().into_iter().chain([attacked, ("flat", flat())]) {
        let written = render(Kind::Json, &document, &wide(80));
        let again = saved::read(written.as_bytes()).expect(name);
        assert_same_reports(name, &document, &again);
    }
}

fn assert_same_reports(name: &str, document: &Document, again: &Document) {
    let crosses = by(&[&[Dimension::Feature], &[Dimension::Model, Dimension::Component]]);
    for options in [wide(80), wide(140), RenderOptions { top: 2, ..crosses }] {
        for kind in Kind::ALL {
            let (before, after) = (render(kind, document, &options), render(kind, again, &options));
            assert_eq!(before, after, "{name} as {kind:?}");
        }
    }
    let files = |document| csv::tables(document).expect("memory can be written to");
    for (before, after) in files(document).iter().zip(files(again)) {
        assert!(
            before.name == after.name && before.bytes == after.bytes,
            "{name}: {}",
            before.name
        );
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
fn a_ladder_in_every_shape() {
    insta::assert_snapshot!("terminal_ladder_140", render(Kind::Table, &ladder(), &wide(140)));
    insta::assert_snapshot!("terminal_flat_ladder_80", render(Kind::Table, &flat(), &wide(80)));
    insta::assert_snapshot!("markdown_flat_ladder", render(Kind::Markdown, &flat(), &wide(80)));
    let files = csv::tables(&ladder()).expect("memory can be written to");
    // The tables of the log itself stand in another snapshot.
    let new = files.iter().skip_while(|file| file.name != "ladder.csv");
    let text: Vec<String> = new
        .filter(|file| file.name != "subset_costs.csv")
        .map(|file| format!("--- {}\n{}", file.name, String::from_utf8_lossy(&file.bytes)))
        .collect();
    insta::assert_snapshot!("csv_tables_ladder", text.concat());
}

/// The rows of one file of a folder of tables, its header left out.
fn table(document: &Document, name: &str) -> Vec<::csv::StringRecord> {
    let files = csv::tables(document).expect("memory can be written to");
    let file = files.iter().find(|file| file.name == name).expect("the table is there");
    let rows = ::csv::Reader::from_reader(file.bytes.as_slice()).into_records();
    rows.collect::<Result<_, _>>().expect("the file is well formed")
}

#[test]
fn the_rows_of_a_ladder_add_up_in_its_tables() {
    let document = ladder();
    let amount = |text: &str| Usd::from_decimal(text).expect("an amount");
    let totals = table(&document, "ladder_totals.csv");
    let total = |name: &str| {
        let row = totals.iter().find(|row| &row[0] == name).expect("the total is there");
        amount(&row[1])
    };
    let steps = table(&document, "ladder.csv");
    let applied: Vec<_> = steps.iter().filter(|row| &row[2] == "applied").collect();
    assert_eq!(applied.len(), 4);
    let column =
        |position: usize| -> Usd { applied.iter().map(|row| amount(&row[position])).sum() };
    let saved = total("baseline_usd") - total("final_usd");
    assert_eq!(column(7) - total("overlap_usd"), saved, "alone, less what is counted twice");
    assert_eq!(column(8), saved, "on top of the ones above");
    assert_eq!(column(10), saved, "the mean over all orders");
    let grades = ["measured_usd", "inferred_usd", "assumed_usd"];
    assert_eq!(grades.into_iter().map(total).sum::<Usd>(), saved, "by grade");
    let sets = table(&document, "subset_costs.csv");
    assert_eq!(sets.len(), 256);
    assert_eq!(amount(&sets[0][1]) - amount(&sets[255][1]), saved, "of the first and the last set");
}

#[test]
fn no_text_of_a_ladder_steers_its_reader() {
    for attack in [
        "=cmd|' /C calc'!A0",
        "+1|2",
        "\x1b[31mred\x1b[0m\x1b]0;title\x07",
        "two\r\n| lines | and more |",
        "<script>alert(1)</script> [x](http://y) | `z`",
        "right\u{202e}to left\u{2066}",
        &"\u{65e5}\u{672c}|".repeat(200),
    ] {
        let document = attacked(attack);
        for width in [60, 80, 140] {
            let text = render(Kind::Table, &document, &wide(width));
            assert!(!text.contains(['\x1b', '\x07', '\r', '\u{202e}', '\u{2066}']), "{text}");
            let wider = text.lines().find(|line| columns(line) > width);
            assert_eq!(wider, None, "{attack:?} at {width}");
        }
        let page = render(Kind::Markdown, &document, &wide(80));
        assert!(!page.contains(['\x1b', '\x07', '\r', '\u{202e}', '\u{2066}']), "{page}");
        for forbidden in ["<script", "](http:", "http://"] {
            assert!(!page.contains(forbidden), "{forbidden}: {page}");
        }
        assert_tables_are_whole(&page);
        for file in csv::tables(&document).expect("memory can be written to") {
            for row in table(&document, &file.name) {
                // A loss is a number below zero, not a formula.
                let is_number = |cell: &str| Usd::from_decimal(cell).is_ok();
                let is_safe = |cell: &str| {
                    is_number(cell) || !cell.starts_with(['=', '+', '-', '@', '\t', '\r'])
                };
                assert!(row.iter().all(is_safe), "{}: {row:?}", file.name);
                assert!(!row.iter().any(|cell| cell.contains(['\x1b', '\n'])), "{row:?}");
            }
        }
    }
}

/// Every row of a table has as many cells as its header.
fn assert_tables_are_whole(page: &str) {
    let mut cells_of_header = None;
    for line in page.lines() {
        if !line.starts_with('|') {
            cells_of_header = None;
            continue;
        }
        let cells = line.replace("\\|", "").matches('|').count();
        assert_eq!(*cells_of_header.get_or_insert(cells), cells, "{line}");
    }
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

#[test]
fn a_ladder_of_millions_keeps_its_figures_and_gives_up_its_bars() {
    let mut document = ladder();
    let ladder = document.ladder.as_mut().expect("the ladder is there");
    let millions = NanoUsd::from_nano(4_812_370_000_000_000);
    ladder.baseline_usd = millions;
    for step in &mut ladder.steps {
        step.standalone_saving_usd = Some(millions);
        step.marginal_saving_usd = Some(millions);
        step.cost_after_usd = Some(millions);
    }
    let text = render(Kind::Table, &document, &wide(60));
    assert_eq!(text.lines().find(|line| columns(line) > 60), None);
    let rows: Vec<&str> = text.lines().filter(|line| line.contains("$4,812,370.00")).collect();
    assert!(rows.iter().all(|row| !row.contains('█')), "{rows:#?}");
    let whole = rows.iter().filter(|row| row.matches("$4,812,370.00").count() == 3);
    assert_eq!(whole.count(), 4, "one row per applied step: {rows:#?}");
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
    let text = SCHEMAS[0].json();
    let schema: serde_json::Value = serde_json::from_str(&text).expect("the schema is JSON");
    insta::assert_snapshot!("json_schema", text);
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

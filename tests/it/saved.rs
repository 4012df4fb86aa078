//! Saved analyses: what was written is read back, number by number and report
//! by report, and an older layout stays readable.

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use tokopt::ingest::{ReadOptions, read};
use tokopt::ladder::cache::cache;
use tokopt::ladder::climb::{Settings as LadderSettings, climb};
use tokopt::ledger::{Ledger, Settings};
use tokopt::prices::PriceTable;
use tokopt::record::dimension::Dimension;
use tokopt::report::assemble::{self, Analysis, Naming};
use tokopt::report::document::{Document, Quotient, SCHEMA_VERSION};
use tokopt::report::{Kind, RenderOptions, csv, renderer, saved};
use tokopt::techniques::traffic::Traffic;
use tokopt::units::{NanoUsd, Share, Usd};

/// An analysis as the first version of the layout was written: of
/// `fixtures/quickstart/usage.jsonl` with `--by model,component --what-if
/// gpt-5-mini=gpt-5-nano --invoice fixtures/saved/bill.csv`. Never made again.
const FIRST_VERSION: &str = include_str!("../../fixtures/saved/analysis-1.0.json");

/// The largest amount that is read back digit for digit, in nano-dollars.
const LARGEST_EXACT: i64 = (1 << 23) * 1_000_000_000;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Row {
    key: String,
    #[serde(flatten)]
    figures: Figures,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Figures {
    cost_usd: NanoUsd,
    saving_usd: Option<NanoUsd>,
    share: Option<Share>,
    mean: Quotient,
}

fn reread<T: Serialize + for<'de> Deserialize<'de>>(value: &T) -> T {
    let text = serde_json::to_string(value).expect("JSON");
    serde_json::from_str(&text).expect("what was written")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn amounts_read_back_digit_for_digit(
        nano in -LARGEST_EXACT..=LARGEST_EXACT, small in -2_000_000_000_i64..2_000_000_000,
    ) {
        for amount in [nano, small].map(|nano| NanoUsd::from_nano(nano.into())) {
            prop_assert_eq!(reread(&amount), amount);
        }
    }

    #[test]
    fn whole_dollars_read_back_whatever_their_size(dollars in any::<i64>()) {
        let amount = Usd::from_dollars(dollars).to_nano();
        prop_assert_eq!(reread(&amount), amount);
    }

    #[test]
    fn larger_amounts_read_back_to_the_fifteenth_digit(
        nano in i128::from(LARGEST_EXACT)..10_i128.pow(26),
    ) {
        let found = reread(&NanoUsd::from_nano(nano)).nano();
        prop_assert!((found - nano).abs() <= nano / 10_i128.pow(15), "{} {}", found, nano);
        // What was read once stays.
        let once = NanoUsd::from_nano(found);
        prop_assert!((reread(&once).nano() - found).abs() <= found / 10_i128.pow(15));
    }

    #[test]
    fn flattened_figures_read_back(
        cost in -LARGEST_EXACT..=LARGEST_EXACT,
        saving in proptest::option::of(-LARGEST_EXACT..=LARGEST_EXACT),
        part in -2_000_000_000_000_i64..2_000_000_000_000, whole in 1_i64..1_000_000_000_000,
        millionths in 0_u64..1_000_000_000_000,
    ) {
        let nano = |nano: i64| NanoUsd::from_nano(nano.into());
        let figures = Figures {
            cost_usd: nano(cost),
            saving_usd: saving.map(nano),
            share: Share::of_nano(nano(part), nano(whole)),
            mean: Quotient::from_millionths(millionths),
        };
        let row = Row { key: "a".to_owned(), figures };
        prop_assert_eq!(reread(&row), row);
    }
}

#[test]
fn numbers_are_read_however_they_are_written() {
    // In nano-dollars, by hand.
    for (text, nano) in [
        ("0", 0),
        ("-0.0", 0),
        ("3", 3_000_000_000),
        ("-3", -3_000_000_000),
        ("3.0", 3_000_000_000),
        ("1e-9", 1),
        ("-0.000000001", -1),
        ("1234567.123456789", 1_234_567_123_456_789),
        ("8388607.999999999", 8_388_607_999_999_999),
        ("18446744073709551615", 18_446_744_073_709_551_615_000_000_000),
    ] {
        let found: NanoUsd = serde_json::from_str(text).expect(text);
        assert_eq!(found, NanoUsd::from_nano(nano), "{text}");
    }
    for text in ["\"3\"", "null", "true", "[]", "1e300"] {
        assert!(serde_json::from_str::<NanoUsd>(text).is_err(), "{text}");
    }
}

/// A document of fixtures, with the ladder and with tables beyond the usual.
fn document_of(path: &str, table: &PriceTable) -> Document {
    let path = format!("{}/fixtures/{path}", env!("CARGO_MANIFEST_DIR"));
    let log = read(&[path], ReadOptions::default(), &()).expect("the fixtures are shipped");
    let crosses = vec![vec![Dimension::Model, Dimension::Component], vec![Dimension::Hour]];
    let settings = Settings { crosses, ..Settings::default() };
    let ledger = Ledger::new(&log, table, &settings);
    let traffic = Traffic::of(&ledger);
    let ladder_settings = LadderSettings::default();
    let caches = cache(&traffic, &ladder_settings.assumptions);
    let analysis = Analysis {
        traffic: &traffic,
        ladder: &climb(&traffic, &ladder_settings),
        assumptions: &ladder_settings.assumptions,
        cache: caches.as_ref(),
        hourly_rate: Usd::from_dollars(100),
    };
    assemble::document(&log, &ledger, &Naming::PublishedKey, Some(&analysis))
}

fn rendered(document: &Document, kind: Kind, options: &RenderOptions) -> String {
    let mut bytes = Vec::new();
    renderer(kind).render(document, options, &mut bytes).expect("memory can be written to");
    String::from_utf8(bytes).expect("reports are UTF-8")
}

#[test]
fn real_documents_give_the_same_reports_when_they_are_read_back() {
    let table = PriceTable::embedded().expect("the table is sound");
    let mut compared = 0;
    for path in ["quickstart", "ingest", "findings", "techniques/mixed", "ingest/openai-usage"] {
        let document = document_of(path, &table);
        let options = RenderOptions { top: 7, ..RenderOptions::default() };
        let written = rendered(&document, Kind::Json, &options);
        let again = saved::read(written.as_bytes()).expect("what was written");
        for kind in Kind::ALL {
            let after = rendered(&again, kind, &options);
            assert_eq!(rendered(&document, kind, &options), after, "{path} as {kind:?}");
            compared += after.len();
        }
        let files = |document| csv::tables(document).expect("memory can be written to");
        for (before, after) in files(&document).iter().zip(files(&again)) {
            assert!(before.bytes == after.bytes, "{path}: {}", before.name);
        }
    }
    assert!(compared > 100_000, "there is something to compare: {compared} bytes");
}

#[test]
fn the_first_version_is_read_and_written_as_the_present_one() {
    let document = saved::read(FIRST_VERSION.as_bytes()).expect("an old analysis");
    assert_eq!(document.schema_version, SCHEMA_VERSION);
    let written = rendered(&document, Kind::Json, &RenderOptions::default());
    let value = |text: &str| -> serde_json::Value { serde_json::from_str(text).expect("JSON") };
    let mut old = value(FIRST_VERSION);
    assert_eq!(old["schema_version"], "1.0");
    old["schema_version"] = SCHEMA_VERSION.into();
    let new = value(&written);
    // What came later is null or empty; what there was is unchanged.
    let (old, new) = (old.as_object().expect("an object"), new.as_object().expect("an object"));
    for (key, field) in new {
        let is_new = !old.contains_key(key);
        assert!(!is_new || field.is_null() || field == &serde_json::json!([]), "{key}: {field}");
        assert!(is_new || old[key] == *field, "{key}");
    }
    assert!(old.keys().all(|key| new.contains_key(key)));
}

#[test]
fn an_amount_survives_in_every_place_of_a_document() {
    // $1,234,567.123456789, by hand, over and under a flattened block.
    let amount = "1234567.123456789";
    let text = FIRST_VERSION.replace("\"cost_usd\": 1.821918", &format!("\"cost_usd\": {amount}"));
    let text = text.replace("\"cost_usd\": 0.306", &format!("\"cost_usd\": -{amount}"));
    assert!(text.matches(amount).count() > 2);
    let document = saved::read(text.as_bytes()).expect("an analysis");
    let written = rendered(&document, Kind::Json, &RenderOptions::default());
    assert_eq!(written.matches(amount).count(), text.matches(amount).count());
}

//! The same calls in any order are the same trend, and its parts are its whole.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokopt::ingest::{self, ReadOptions};
use tokopt::ledger::{Ledger, Settings};
use tokopt::prices::PriceTable;
use tokopt::report::assemble::{self, Naming};
use tokopt::report::document::TrendFigures;
use tokopt::trend::{Step, trend};

/// A request at a minute of a few weeks, with or without a date.
fn line() -> impl Strategy<Value = String> {
    let models = prop::sample::select(vec!["gpt-5", "claude-sonnet-4-5", "in-house"]);
    let features = prop::sample::select(vec!["chat", "search", "nightly"]);
    let minute = prop::option::weighted(0.9, 0_i64..40_000);
    (minute, models, features, 0_u64..50_000, 0_u64..5_000, any::<u32>()).prop_map(
        |(minute, model, feature, input, output, id)| {
            let time = minute.map_or_else(String::new, |minute| {
                format!("\"timestamp\": {}, ", 1_780_000_000 + minute * 60)
            });
            format!(
                "{{{time}\"request_id\": \"r{id}\", \"model\": \"{model}\", \
                 \"feature\": \"{feature}\", \"input_tokens\": {input}, \
                 \"output_tokens\": {output}}}"
            )
        },
    )
}

/// The trend of some files, as JSON without their names, and whether its parts
/// add up.
fn document(files: &[Vec<String>], step: Option<Step>) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    for (number, lines) in files.iter().enumerate() {
        let path = folder.path().join(format!("{number}.jsonl"));
        std::fs::write(path, lines.join("\n")).expect("the folder is writable");
    }
    let path = folder.path().to_str().expect("UTF-8").to_owned();
    let log = ingest::read(&[path], ReadOptions::default(), &()).expect("a log");
    let table = PriceTable::embedded().expect("a table");
    let settings = Settings::default();
    let ledger = Ledger::new(&log, &table, &settings);
    let found = trend(&ledger, step).expect("times");
    let mut document = assemble::trend(&ledger, found.as_ref());
    let analysis = assemble::document(&log, &ledger, &Naming::PublishedKey, None);
    assert_eq!(document.totals, analysis.totals);

    let strays = [&document.not_placed, &document.undated];
    let rows: Vec<&TrendFigures> =
        document.periods.iter().map(|period| &period.figures).chain(strays).collect();
    let calls: u64 = rows.iter().filter_map(|row| row.calls).sum();
    assert_eq!(Some(calls), analysis.totals.calls);
    let costs = rows.iter().filter_map(|row| row.cost_usd);
    assert_eq!(costs.sum::<tokopt::units::NanoUsd>(), analysis.totals.cost_usd.unwrap_or_default());
    let unpriced: u64 = rows.iter().map(|row| row.unpriced_calls).sum();
    assert_eq!(unpriced, analysis.totals.unpriced_calls);
    for file in &mut document.input.files {
        file.path.clear();
        file.bytes = 0;
    }
    document.input.files.truncate(0);
    serde_json::to_string(&document).expect("JSON")
}

#[test]
fn no_order_changes_a_byte_and_the_rows_add_up() {
    let steps = prop::sample::select(vec![None, Some(Step::Week), Some(Step::Month)]);
    // At least one call has a time.
    let lines = prop::collection::vec(line(), 1..60);
    let cases = (lines, steps, 1_usize..4).prop_flat_map(|(mut lines, step, files)| {
        lines.push(
            "{\"timestamp\": 1780000000, \"request_id\": \"first\", \"model\": \"gpt-5\", \
             \"input_tokens\": 1, \"output_tokens\": 1}"
                .to_owned(),
        );
        (Just(lines.clone()), Just(lines).prop_shuffle(), Just(step), Just(files))
    });
    let mut runner = TestRunner::new(Config { cases: 24, ..Config::default() });
    let outcome = runner.run(&cases, |(lines, shuffled, step, files)| {
        let parts: Vec<Vec<String>> =
            shuffled.chunks(shuffled.len().div_ceil(files)).map(<[String]>::to_vec).collect();
        prop_assert_eq!(document(&[lines], step), document(&parts, step));
        Ok(())
    });
    outcome.expect("every order gives the same bytes");
}

//! What later runs compare with: figures of slices that do not add up.

use tokopt::ingest::{ReadOptions, read};
use tokopt::ledger::{Ledger, Settings};
use tokopt::prices::PriceTable;
use tokopt::record::dimension::Dimension;
use tokopt::report::assemble::{self, Naming, Slicer};
use tokopt::report::document::Slice;
use tokopt::selection::Filter;

/// gpt-4o at $2.50 and $10, gpt-4o-mini at $0.15 and $0.60 for a million
/// tokens; "in-house" has no price.
const LOG: &str = r#"{"timestamp":"2026-06-01T00:00:00Z","request_id":"1","model":"gpt-4o","provider":"openai","feature":"chat","user":"a","conversation_id":"x","input_tokens":1000,"cache_read_input_tokens":0,"output_tokens":100,"status":"success","finish_reason":"stop","latency_ms":500}
{"timestamp":"2026-06-01T01:00:00Z","request_id":"2","model":"gpt-4o","provider":"openai","feature":"chat","user":"b","conversation_id":"x","input_tokens":3000,"cache_read_input_tokens":0,"output_tokens":300,"status":"success","finish_reason":"stop","latency_ms":700}
{"timestamp":"2026-06-01T02:00:00Z","request_id":"3","model":"gpt-4o-mini","provider":"openai","feature":"digest","user":"a","conversation_id":"y","input_tokens":10000,"output_tokens":1000,"status":"success","finish_reason":"stop"}
{"timestamp":"2026-06-01T03:00:00Z","request_id":"4","model":"in-house","feature":"digest","user":"a","conversation_id":"y","input_tokens":50,"output_tokens":5,"status":"error"}
"#;

fn with_ledger(look: impl FnOnce(&Ledger<'_>)) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("log.jsonl");
    std::fs::write(&path, LOG).expect("a log");
    let paths = [path.to_string_lossy().into_owned()];
    let log = read(&paths, ReadOptions::default(), &()).expect("a log");
    let table = PriceTable::embedded().expect("prices");
    let settings = Settings::default();
    look(&Ledger::new(&log, &table, &settings));
}

fn nano(slice: &Slice) -> Option<i128> {
    slice.cost_usd.map(tokopt::units::NanoUsd::nano)
}

#[test]
fn a_document_carries_the_whole_features_models_and_both() {
    with_ledger(|ledger| {
        let document = assemble::document(ledger.log, ledger, &Naming::PublishedKey, None);
        let slices = document.comparison.expect("a comparison").slices;
        let names: Vec<(Option<&str>, Option<&str>)> =
            slices.iter().map(|slice| (slice.feature.as_deref(), slice.model.as_deref())).collect();
        let expected = [
            (None, None),
            (Some("chat"), None),
            (Some("digest"), None),
            (None, Some("gpt-4o")),
            (None, Some("gpt-4o-mini")),
            (None, Some("in-house")),
            (Some("chat"), Some("gpt-4o")),
            (Some("digest"), Some("gpt-4o-mini")),
            (Some("digest"), Some("in-house")),
        ];
        assert_eq!(names, expected);
        // $0.0035 + $0.0105 on gpt-4o, $0.0015 + $0.0006 on gpt-4o-mini.
        let costs: Vec<Option<i128>> = slices.iter().map(nano).collect();
        let (chat, mini) = (Some(14_000_000), Some(2_100_000));
        let all = Some(16_100_000);
        assert_eq!(costs, [all, chat, mini, chat, mini, None, chat, mini, None]);
    });
}

#[test]
fn every_figure_of_the_whole_is_worked_out() {
    with_ledger(|ledger| {
        let slicer = Slicer::new(ledger);
        let mut found = slicer.keyed(&Filter::default(), None, &Naming::Shown);
        let (key, whole) = found.remove(0);
        assert_eq!((key, found.len()), (None, 0));
        assert_eq!((whole.calls, whole.priced_calls, whole.unpriced_calls), (Some(4), 3, 1));
        let tokens = |count: Option<tokopt::units::Tokens>| count.map(tokopt::units::Tokens::get);
        assert_eq!((tokens(whole.input_tokens), whole.input_calls), (Some(14_050), 4));
        assert_eq!((tokens(whole.output_tokens), whole.output_calls), (Some(1_405), 4));
        assert_eq!((whole.cacheable_tokens.get(), whole.cacheable_calls), (4_000, 2));
        assert_eq!((whole.status_calls, whole.error_calls), (4, 1));
        // a: 3.5 + 2.1 thousandths and a call without a price; b: 10.5.
        let usd = |amount: Option<tokopt::units::NanoUsd>| amount.map(tokopt::units::NanoUsd::nano);
        assert_eq!(whole.users, Some(2));
        assert_eq!(usd(whole.user_cost_usd), Some(16_100_000));
        assert_eq!(usd(whole.user_cost_max_usd), Some(10_500_000));
        assert_eq!(whole.conversations, Some(2));
        assert_eq!(usd(whole.conversation_cost_max_usd), Some(14_000_000));
        let latency = whole.latency_milliseconds.expect("two calls log it");
        assert_eq!((latency.p50, latency.p95, latency.calls), (500, 700, 2));
        assert_eq!(whole.cost_share.map(tokopt::units::Share::millionths), Some(1_000_000));
    });
}

#[test]
fn any_filter_makes_a_slice_and_users_stay_hidden() {
    with_ledger(|ledger| {
        let slicer = Slicer::new(ledger);
        let filter = Filter::parse(&["user=a", "model=gpt-*"]).expect("a filter");
        let found = slicer.keyed(&filter, None, &Naming::Shown);
        assert_eq!(found[0].1.calls, Some(2));
        assert_eq!(nano(&found[0].1), Some(5_600_000));
        let by_user =
            slicer.keyed(&Filter::default(), Some(Dimension::User), &Naming::PublishedKey);
        let calls: Vec<Option<u64>> = by_user.iter().map(|(_, slice)| slice.calls).collect();
        assert_eq!(calls, [Some(1), Some(3)], "the most expensive first");
        assert!(
            by_user.iter().all(|(key, _)| key.as_deref().is_some_and(|k| k.starts_with("user-")))
        );
        let nobody = Filter::parse(&["user=nobody"]).expect("a filter");
        assert!(slicer.keyed(&nobody, None, &Naming::Shown).is_empty());
    });
}

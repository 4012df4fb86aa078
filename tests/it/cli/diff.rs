//! `tokopt diff A B`: whole outputs, every kind of input, real traces in two
//! parts, what is refused.

use tokopt::report::document::{Difference, Effect, Presence, PromiseVerdict};
use tokopt::units::NanoUsd;

use super::{Folder, QUICKSTART, printed, refused, run, tokopt};
use crate::reference;

const MAY: &str = "fixtures/difference/may.jsonl";
const JUNE: &str = "fixtures/difference/june.jsonl";

fn document(arguments: &[&str]) -> Difference {
    let text = printed(&[&["diff", "--format", "json"], arguments].concat());
    serde_json::from_str(&text).expect("the contract")
}

fn codes(found: &Difference) -> Vec<&str> {
    found.warnings.iter().map(|warning| warning.code.as_str()).collect()
}

/// Fails unless steps, features and models add up to the difference.
fn expect_sums(found: &Difference) {
    let change = found.change_usd.expect("a difference");
    let (before, after) = (found.before.compared_usd, found.after.compared_usd);
    assert_eq!(after.unwrap_or_default() - before.unwrap_or_default(), change);
    assert_eq!(found.steps.iter().map(|step| step.change_usd).sum::<NanoUsd>(), change);
    for rows in [&found.features, &found.models] {
        assert_eq!(rows.iter().filter_map(|row| row.change_usd).sum::<NanoUsd>(), change);
        for row in rows {
            let effects: NanoUsd = row.effects.iter().map(|effect| effect.change_usd).sum();
            assert_eq!(row.change_usd.unwrap_or_default(), effects, "{}", row.key);
        }
    }
}

#[test]
fn a_screen() {
    insta::assert_snapshot!(printed(&["diff", MAY, JUNE]));
}

#[test]
fn a_comment() {
    insta::assert_snapshot!(printed(&["diff", MAY, JUNE, "--per", "month", "--format", "md"]));
}

#[test]
fn a_flat_table() {
    insta::assert_snapshot!(printed(&["diff", MAY, JUNE, "--format", "csv"]));
}

#[test]
fn the_document() {
    let text = printed(&["diff", MAY, JUNE, "--format", "json"]);
    let found: Difference = serde_json::from_str(&text).expect("the contract");
    expect_sums(&found);
    // The price table has a date and a fingerprint of its own.
    let text = [&found.before.table_hash, &found.before.prices_as_of]
        .into_iter()
        .flatten()
        .fold(text, |text, own| text.replace(own.as_str(), "..."));
    insta::assert_snapshot!(text);
}

#[test]
fn files_of_every_kind_are_written_once_and_equal_what_is_printed() {
    let folder = Folder::new();
    let (page, tables) = (folder.path("diff.md"), format!("{}/", folder.path("tables")));
    printed(&["diff", MAY, JUNE, "-o", &page, "-o", &tables]);
    let written = std::fs::read_to_string(&page).expect("a page");
    assert_eq!(written, printed(&["diff", MAY, JUNE, "--format", "md"]));
    assert!(written.starts_with("<!-- tokopt:comment:v1 tag=diff -->\n"), "{written}");
    let steps = std::fs::read_to_string(folder.path("tables/steps.csv")).expect("a table");
    assert!(steps.starts_with("effect,subject,change_usd,cost_after_usd,evidence\r\n"));
    let over = refused(&["diff", MAY, JUNE, "-o", &format!("json={JUNE}")]);
    assert!(over.contains("would replace the file it is made from"), "{over}");
}

#[test]
fn a_saved_analysis_is_as_good_as_its_log() {
    let folder = Folder::new();
    let saved = folder.path("may.json");
    printed(&["analyze", MAY, "--no-ladder", "--quiet", "-o", &saved]);
    let (by_log, by_file) = (document(&[MAY, JUNE]), document(&[&saved, JUNE]));
    assert!(by_file.before.is_saved && !by_file.after.is_saved);
    assert_eq!(by_file.steps, by_log.steps);
    assert_eq!((by_file.features, by_file.models), (by_log.features, by_log.models));
    // On standard input too, and a log likewise.
    let bytes = |path: &str| std::fs::read(path).expect("a file");
    for input in [bytes(&saved), bytes(MAY)] {
        let ran = run(tokopt(&["diff", "-", JUNE, "--format", "json"]).write_stdin(input));
        let found: Difference = serde_json::from_str(&ran.out).expect("the contract");
        assert_eq!((found.before.source.as_str(), found.steps), ("-", by_log.steps.clone()));
    }
    let selected = refused(&["diff", &saved, JUNE, "--where", "feature=support"]);
    assert!(selected.contains("its calls cannot be selected any more"), "{selected}");
    let split = refused(&["diff", "--split", "half", &saved]);
    assert!(split.contains("it cannot be split any more"), "{split}");
}

#[test]
fn an_analysis_whose_keys_were_sorted_is_still_one() {
    let folder = Folder::new();
    let saved = folder.path("may.json");
    printed(&["analyze", MAY, "--no-ladder", "--quiet", "-o", &saved]);
    let text = std::fs::read_to_string(&saved).expect("an analysis");
    let sorted: std::collections::BTreeMap<String, Box<serde_json::value::RawValue>> =
        serde_json::from_str(&text).expect("an object");
    std::fs::write(&saved, serde_json::to_string(&sorted).expect("text")).expect("a file");
    assert!(document(&[&saved, JUNE]).before.is_saved);
}

#[test]
fn nothing_changed() {
    let text = printed(&["diff", MAY, MAY]);
    assert!(text.starts_with("No change: $"), "{text}");
    let found = document(&[MAY, MAY]);
    assert!(found.steps.iter().all(|step| step.change_usd == NanoUsd::ZERO));
}

#[test]
fn features_come_and_go() {
    let found = document(&[MAY, JUNE]);
    let presence =
        |key: &str| found.features.iter().find(|row| row.key == key).map(|row| row.presence);
    assert_eq!(presence("export"), Some(Presence::Gone));
    assert_eq!(presence("tags"), Some(Presence::New));
    assert_eq!(presence("support"), Some(Presence::Both));
}

#[test]
fn another_price_table_is_said() {
    let folder = Folder::new();
    let (saved, prices) = (folder.path("may.json"), folder.path("prices.toml"));
    printed(&["analyze", MAY, "--no-ladder", "--quiet", "-o", &saved]);
    // Twice the list price, for the second side alone.
    let dearer = r#"
[defaults]
tokenizer = "o200k_base"

[[model]]
id = "gpt-4o"
provider = "openai"
tier = "standard"
cache = { mode = "automatic", minimum_tokens = 1024 }

[[model.price]]
input = "5"
output = "20"
cache_read = "2.5"
"#;
    std::fs::write(&prices, dearer).expect("a file");
    let ran = run(&mut tokopt(&["diff", &saved, MAY, "--prices", &prices, "--format", "json"]));
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    let found: Difference = serde_json::from_str(&ran.out).expect("the contract");
    expect_sums(&found);
    assert!(codes(&found).contains(&"OTHER_PRICES"));
    let moved: Vec<Effect> = found
        .steps
        .iter()
        .filter(|step| step.change_usd != NanoUsd::ZERO)
        .map(|step| step.effect)
        .collect();
    assert_eq!(moved, [Effect::Price]);
}

#[test]
fn the_order_of_lines_and_threads_never_show() {
    let folder = Folder::new();
    let text = std::fs::read_to_string(JUNE).expect("a log");
    let reversed: Vec<&str> = text.lines().rev().collect();
    let path = folder.path("june.jsonl");
    std::fs::write(&path, format!("{}\n", reversed.join("\n"))).expect("a log");
    let mut turned = document(&[MAY, &path]);
    let straight = document(&[MAY, JUNE, "--threads", "1"]);
    turned.after.source.clone_from(&straight.after.source);
    assert_eq!(turned, straight);
}

#[test]
fn a_log_in_two_parts_adds_up_to_the_log() {
    let found = document(&["--split", "2026-06-02", QUICKSTART]);
    expect_sums(&found);
    let half = document(&["--split", "half", QUICKSTART]);
    expect_sums(&half);
    for found in [&found, &half] {
        assert_eq!(
            found.before.calls.zip(found.after.calls).map(|(left, right)| left + right),
            Some(37)
        );
    }
}

#[test]
fn what_cannot_be_compared_is_refused_with_a_way_out() {
    for (arguments, said) in [
        (&["diff", MAY][..], "2 paths to compare are needed, and 1 was given"),
        (&["diff", MAY, JUNE, QUICKSTART], "2 paths to compare are needed, and 3 were given"),
        (&["diff", "-", "-"], "standard input can be one of the two"),
        (&["diff", "--split", "half", MAY, JUNE], "1 path to compare is needed, and 2 were given"),
        (&["diff", "--split", "soon", MAY], "`soon` is no time"),
        (&["diff", "--expect", MAY, JUNE], "it is a log"),
        (&["diff", MAY, "no-such-file.jsonl"], "no-such-file.jsonl"),
    ] {
        let error = refused(arguments);
        assert!(error.contains(said), "{arguments:?}: {error}");
    }
}

#[test]
fn a_plan_is_held_against_what_came_of_it() {
    let folder = Folder::new();
    let plan = folder.path("plan.json");
    printed(&["analyze", MAY, "--quiet", "-o", &plan]);
    let found = document(&["--expect", &plan, JUNE]);
    expect_sums(&found);
    let held = found.expectation.as_ref().expect("a plan");
    assert_eq!(held.unchanged_usd - held.actual_usd, held.realised_usd);
    let told: NanoUsd = held.techniques.iter().filter_map(|row| row.realised_usd).sum();
    assert_eq!(told + held.other_usd, held.realised_usd);
    assert!(!held.techniques.is_empty());
    for row in &held.techniques {
        let effects: NanoUsd = row.effects.iter().map(|effect| effect.saved_usd).sum();
        assert_eq!(row.realised_usd.unwrap_or_default(), effects, "{}", row.technique);
        if row.technique == "semantic-dedup" {
            assert_eq!(row.verdict, PromiseVerdict::CannotTell);
        }
    }
    insta::assert_snapshot!(
        printed(&["diff", "--expect", &plan, JUNE]).replace(plan.as_str(), "plan.json")
    );
}

#[test]
fn two_parts_of_real_traces_add_up_exactly() {
    for (trace, arguments) in [
        ("traces/mooncake-conversation", &["--model", "gpt-4o"][..]),
        ("traces/tracelab-sample", &[]),
        ("traces/azure-llm-2023-code", &["--model", "gpt-4o"]),
    ] {
        let Some(path) = reference::path(trace) else { continue };
        let path = path.to_string_lossy();
        let split = ["--split", "half", "--epoch", "2026-03-02", &*path];
        let found = document(&[&split[..], arguments].concat());
        expect_sums(&found);
        assert_ne!(found.change_usd, Some(NanoUsd::ZERO), "{trace}");
    }
}

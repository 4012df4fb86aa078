//! Planted worlds, and an independent program that says what every set of
//! techniques costs on them.
//!
//! `tests/oracle/README.md` says how the logs and the expected figures are
//! made. Nothing here is worked out by the product itself.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokopt::techniques::id::{Set, TechniqueId};

const WORLDS: &str = "fixtures/techniques";

/// What the independent program wrote.
#[derive(Deserialize)]
struct Expected {
    calls: u64,
    input_tokens_by_component: BTreeMap<String, u64>,
    subset_cost_usd: Vec<String>,
    standalone_saving_usd: BTreeMap<String, String>,
}

/// What the product printed; numbers as they stand, digit for digit.
#[derive(Deserialize)]
struct Document {
    totals: Totals,
    attribution: Attribution,
    #[serde(default)]
    ladder: Option<Ladder>,
}

#[derive(Deserialize)]
struct Totals {
    calls: u64,
    cost_usd: Box<RawValue>,
}

#[derive(Deserialize)]
struct Attribution {
    component: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    key: Option<String>,
    input_tokens: Option<u64>,
}

#[derive(Deserialize)]
struct Ladder {
    subset_cost_usd: Vec<Box<RawValue>>,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    technique: String,
    standalone_saving_usd: Box<RawValue>,
}

/// Every folder with a planted log, by its path below the worlds' folder.
fn worlds() -> Vec<(String, PathBuf)> {
    fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder of fixtures") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                collect(&path, into);
            } else if path.ends_with("log.jsonl") {
                into.push(folder.to_owned());
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(WORLDS);
    let mut folders = Vec::new();
    collect(&root, &mut folders);
    folders.sort();
    let name = |folder: &Path| {
        folder.strip_prefix(&root).expect("below the root").to_string_lossy().replace('\\', "/")
    };
    folders.iter().map(|folder| (name(folder), folder.clone())).collect()
}

fn expected(folder: &Path) -> Expected {
    let text = std::fs::read_to_string(folder.join("expected.json")).expect("expected.json");
    serde_json::from_str(&text).expect("what ladder.py writes")
}

fn analyzed(folder: &Path) -> Document {
    let output = Command::new(env!("CARGO_BIN_EXE_tokopt"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("TOKOPT_CONFIG", "")
        .args(["analyze", "--format", "json", "--prices"])
        .arg(format!("{WORLDS}/prices.toml"))
        .arg(folder.join("log.jsonl"))
        .output()
        .expect("the program starts");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {error}", folder.display());
    serde_json::from_slice(&output.stdout).expect("a document")
}

/// The techniques of a set, as people name them.
fn named(set: Set) -> String {
    let names: Vec<&str> = set.iter().map(TechniqueId::name).collect();
    if names.is_empty() { "(none)".to_owned() } else { names.join(" + ") }
}

/// The sets whose costs differ, with both numbers; the first few of them.
fn differences(world: &str, expected: &[String], found: &[Box<RawValue>]) -> String {
    const SHOWN: usize = 12;
    let mut text = String::new();
    let differing: Vec<Set> =
        Set::every().filter(|set| expected[set.index()] != found[set.index()].get()).collect();
    for set in differing.iter().take(SHOWN) {
        let (expected, found) = (&expected[set.index()], found[set.index()].get());
        let _ = writeln!(text, "  {found:>14} should be {expected:>14}  {}", named(*set));
    }
    if differing.is_empty() {
        return text;
    }
    format!("{world}: {} of {} sets differ\n{text}", differing.len(), Set::COUNT)
}

#[test]
fn planted_logs_are_read_as_they_were_planted() {
    let worlds = worlds();
    assert!(worlds.len() >= 17, "two for each technique and a mixed one: {}", worlds.len());
    for (world, folder) in worlds {
        let (expected, found) = (expected(&folder), analyzed(&folder));
        assert_eq!(found.totals.calls, expected.calls, "{world}");
        assert_eq!(found.totals.cost_usd.get(), expected.subset_cost_usd[0], "{world}");
        let components: BTreeMap<String, u64> = found
            .attribution
            .component
            .into_iter()
            .filter_map(|row| Some((row.key?, row.input_tokens.filter(|tokens| *tokens > 0)?)))
            .collect();
        assert_eq!(components, expected.input_tokens_by_component, "{world}");
    }
}

#[test]
fn what_was_planted_saves_and_without_it_nothing_does() {
    for technique in TechniqueId::ALL.map(TechniqueId::name) {
        for (world, saves) in [("saves", true), ("saves_nothing", false)] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(WORLDS);
            let folder = folder.join(technique).join(world);
            let ladder = analyzed(&folder).ladder.expect("a ladder");
            let step = ladder.steps.iter().find(|step| step.technique == technique);
            let found = step.expect("every technique has a row").standalone_saving_usd.get();
            assert_eq!(found, expected(&folder).standalone_saving_usd[technique], "{technique}");
            assert_eq!(found != "0", saves, "{technique}/{world}: {found}");
        }
    }
}

#[test]
fn every_set_costs_what_an_independent_program_says() {
    let mut wrong = String::new();
    for (world, folder) in worlds() {
        let expected = expected(&folder);
        let ladder = analyzed(&folder).ladder.expect("a ladder");
        assert_eq!(expected.subset_cost_usd.len(), Set::COUNT, "{world}");
        assert_eq!(ladder.subset_cost_usd.len(), Set::COUNT, "{world}");
        wrong += &differences(&world, &expected.subset_cost_usd, &ladder.subset_cost_usd);
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

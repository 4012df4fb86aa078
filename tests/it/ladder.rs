//! What must hold for the ladder of every log: sums, bounds, and what must not
//! matter.
//!
//! Logs are small generated ones, the planted worlds and, where they are at
//! hand, real traces. Numbers in comments name the invariants of the method's
//! list; most compare the product with itself under a change whose effect is
//! known, the others with a closed form worked out beside the test.

use std::path::{Path, PathBuf};

use tokopt::ingest::{ReadOptions, read};
use tokopt::ladder::climb::{Settings, climb};
use tokopt::ladder::simulate::{Simulated, simulate_units};
use tokopt::ladder::steps::Ladder;
use tokopt::ladder::totals::Totals;
use tokopt::ledger::{self, Ledger};
use tokopt::prices::{PriceSource, PriceTable};
use tokopt::record::log::Log;
use tokopt::techniques::id::{Set, TechniqueId};
use tokopt::techniques::profile::Profile;
use tokopt::techniques::traffic::Traffic;
use tokopt::units::Usd;

mod caching;
mod edges;
mod grades;
mod logs;
mod money;
mod real;
mod sameness;
mod shards;
mod tokens;
mod trimming;

/// A log with the prices it is looked at with.
struct Bench {
    log: Log,
    table: PriceTable,
    ledger: ledger::Settings,
}

impl Bench {
    /// Files of lines, priced by this price file alone.
    fn of(prices: &str, files: &[Vec<String>]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let paths: Vec<PathBuf> = (0..files.len())
            .map(|number| folder.path().join(format!("log-{number}.jsonl")))
            .collect();
        for (path, lines) in paths.iter().zip(files) {
            std::fs::write(path, lines.join("\n")).expect("writable");
        }
        let paths: Vec<&Path> = paths
            .iter()
            .zip(files)
            .filter(|(_, lines)| !lines.is_empty())
            .map(|(path, _)| path.as_path())
            .collect();
        let bench = Self::at_paths(prices, &paths);
        let read: usize = files.iter().map(Vec::len).sum();
        assert_eq!(bench.log.calls.len(), read, "every line is a call");
        bench
    }

    /// Files as they lie, priced by this price file alone.
    fn at_paths(prices: &str, paths: &[&Path]) -> Self {
        let text = &format!("checked = \"2026-03-01\"\n{prices}");
        let table = PriceTable::from_sources(&[PriceSource { name: "prices.toml", text }])
            .unwrap_or_else(|error| panic!("{error}"));
        let paths: Vec<String> =
            paths.iter().map(|path| path.to_string_lossy().into_owned()).collect();
        let log =
            read(&paths, ReadOptions::default(), &()).unwrap_or_else(|error| panic!("{error}"));
        Self { log, table, ledger: ledger::Settings::default() }
    }

    /// A planted world.
    fn planted(world: &str) -> Self {
        let log = worlds_folder().join(world).join("log.jsonl");
        Self::at_paths(&planted_prices(), &[&log])
    }

    /// The traffic of the log.
    fn at<R>(&self, look: impl FnOnce(&Traffic<'_>) -> R) -> R {
        let ledger = Ledger::new(&self.log, &self.table, &self.ledger);
        look(&Traffic::of(&ledger))
    }

    fn climbed(&self, settings: &Settings) -> Ladder {
        self.at(|traffic| climb(traffic, settings))
    }

    fn ladder(&self) -> Ladder {
        self.climbed(&Settings::default())
    }

    /// Every unit for every set.
    fn simulated(&self, settings: &Settings) -> Simulated {
        self.at(|traffic| {
            let profile = Profile::of(traffic, traffic.indexed().map(|(index, _)| index));
            let units: Vec<usize> = (0..traffic.units.len()).collect();
            simulate_units(traffic, &profile, settings, &units)
        })
    }

    fn totals(&self, settings: &[(&str, &str)]) -> Totals {
        self.simulated(&told(settings)).totals()
    }
}

/// The typical assumptions with some set.
fn told(settings: &[(&str, &str)]) -> Settings {
    let mut told = Settings::default();
    for (path, value) in settings {
        told.assumptions.set(path, value).unwrap_or_else(|error| panic!("{error}"));
    }
    told
}

/// What a set of exactly these techniques costs in all units together.
fn raw(simulated: &Simulated, used: Set) -> Usd {
    simulated.vectors().map(|(_, vector)| vector.raw(used)).sum()
}

/// The step of a technique.
fn step(ladder: &Ladder, technique: TechniqueId) -> &tokopt::ladder::steps::Step {
    let step = ladder.steps.iter().find(|step| step.technique == technique);
    step.expect("every technique has a step")
}

/// The code of why a technique is not used; `used` where it is.
fn code(ladder: &Ladder, technique: TechniqueId) -> &'static str {
    step(ladder, technique).skip.as_ref().map_or("used", |skip| skip.code)
}

fn worlds_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/techniques")
}

/// The price file of the planted worlds.
fn planted_prices() -> String {
    std::fs::read_to_string(worlds_folder().join("prices.toml")).expect("shipped")
}

/// Every planted world, by its path.
fn worlds() -> Vec<String> {
    let mut found = vec!["mixed".to_owned(), "prompt-caching/edges".to_owned()];
    for technique in TechniqueId::ALL.map(TechniqueId::name) {
        found.extend(["saves", "saves_nothing"].map(|world| format!("{technique}/{world}")));
    }
    found
}

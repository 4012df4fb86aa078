//! Estimates without a log: the two worked examples, the sums of published
//! playbooks, and how the closed forms behave.

mod arithmetic;
mod behaviour;
mod command;
mod examples;
mod table;

use tokopt::estimate::{EstimateError, Workload, WorkloadFile, estimate};
use tokopt::ladder::order::Order;
use tokopt::ladder::steps::{Ladder, Step};
use tokopt::prices::PriceTable;
use tokopt::techniques::id::TechniqueId;
use tokopt::techniques::parameters::Assumptions;

fn prices() -> PriceTable {
    PriceTable::embedded().expect("the embedded table is sound")
}

/// A workload from its text, with parameters set over it.
fn workload(text: &str, set: &[(&str, &str)]) -> Result<Workload, EstimateError> {
    let mut found = WorkloadFile::parse(text)?.workload(Assumptions::typical())?;
    for (path, value) in set {
        found.assumptions.set(path, value)?;
    }
    Ok(found)
}

fn ladder(text: &str, set: &[(&str, &str)]) -> Ladder {
    let workload = workload(text, set).expect("a workload");
    estimate(&workload, &prices(), Order::Playbook).expect("a ladder")
}

fn step(ladder: &Ladder, technique: TechniqueId) -> &Step {
    let found = ladder.steps.iter().find(|step| step.technique == technique);
    found.expect("every technique has a step")
}

/// The code of the reason why a technique is not used; empty where it is.
fn code(ladder: &Ladder, technique: TechniqueId) -> &'static str {
    step(ladder, technique).skip.as_ref().map_or("", |skip| skip.code)
}

//! The two worked examples that ship as fixtures.

use tokopt::ladder::climb::Ladder;
use tokopt::techniques::id::{Set, TechniqueId};
use tokopt::units::{Evidence, NanoUsd};

use super::{code, ladder, step};

const ASSISTANT: &str =
    include_str!("../../../fixtures/estimate/documentation-assistant-19500.toml");
const APP: &str = include_str!("../../../fixtures/estimate/user-facing-app-5000.toml");

fn print(ladder: &Ladder) {
    for step in &ladder.steps {
        println!(
            "{:22} {:>14} {:>14} {:>14} {}",
            step.technique.name(),
            step.standalone.to_string(),
            step.marginal.to_string(),
            step.cost_after.to_string(),
            step.skip
                .as_ref()
                .map_or(String::new(), |skip| format!("{} {}", skip.code, skip.message)),
        );
    }
}

#[test]
fn look() {
    print(&ladder(ASSISTANT, &[]));
    print(&ladder(APP, &[]));
}

//! Invariant 21: no figure that rests on an assumption is called measured.

use proptest::prelude::*;
use tokopt::ladder::climb::Settings;
use tokopt::ladder::steps::Ladder;
use tokopt::techniques::id::TechniqueId;
use tokopt::techniques::parameter::{Kind, Parameter};
use tokopt::techniques::parameters::{all, of};
use tokopt::techniques::technique_of;
use tokopt::units::Evidence;

use super::logs::{Rendering, calls, files};
use super::{Bench, planted_prices, step, told, worlds};

/// What a ladder says of itself.
pub fn grades_hold(ladder: &Ladder) {
    for step in &ladder.steps {
        let name = step.technique.name();
        let declared = technique_of(step.technique).expect("built").levers();
        for row in &step.levers {
            let lever = declared.iter().find(|lever| lever.name == row.name);
            let lever = lever.expect("a lever of the technique");
            assert!(row.evidence >= lever.evidence, "{name}: {} is better graded", row.name);
            assert!(step.evidence >= row.evidence, "{name} hides how {} is known", row.name);
        }
        if step.low != step.high {
            assert_ne!(step.evidence, Evidence::Measured, "{name} has a band");
        }
    }
}

/// Every assumption that has a band, of every technique.
fn assumptions() -> impl Iterator<Item = (&'static Parameter, [String; 2])> {
    all().filter(|parameter| parameter.kind == Kind::Assumption).filter_map(|parameter| {
        let spread = parameter.spread.filter(|spread| spread.low != spread.high)?;
        Some((parameter, [spread.low.to_string(), spread.high.to_string()]))
    })
}

/// Whoever's saving moves with an assumption is graded so.
fn what_moves_is_assumed(bench: &Bench, technique: TechniqueId) -> usize {
    // Off unless somebody asks for it; what is rewritten is asked about often.
    const REWRITING: [(&str, &str); 2] =
        [("context-compression.rewriting", "1"), ("context-compression.rewriting_uses", "50")];
    let ladder = bench.climbed(&told(&REWRITING));
    let saving = |settings: &Settings| bench.simulated(settings).totals().standalone(technique);
    let mut moved = 0;
    for (parameter, values) in assumptions().filter(|(one, _)| one.technique == technique) {
        let path = format!("{}.{}", technique.name(), parameter.name);
        let savings =
            values.map(|value| saving(&told(&[&REWRITING[..], &[(&path, &value)]].concat())));
        if savings[0] != savings[1] {
            assert_eq!(step(&ladder, technique).evidence, Evidence::Assumed, "{path}");
            moved += 1;
        }
    }
    moved
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_assumption_is_called_measured(calls in calls(40)) {
        grades_hold(&Bench::of(&planted_prices(), &files(&calls, Rendering::default())).ladder());
    }
}

#[test]
fn no_assumption_is_called_measured_on_planted_worlds() {
    for world in worlds() {
        println!("{world}");
        grades_hold(&Bench::planted(&world).ladder());
    }
}

#[test]
fn a_saving_that_moves_with_an_assumption_is_assumed() {
    for technique in TechniqueId::ALL {
        let name = technique.name();
        let own = format!("{name}/saves");
        let benches = [own.as_str(), "mixed", "embedding-retrieval/saves"].map(Bench::planted);
        let moved: usize =
            benches.iter().map(|bench| what_moves_is_assumed(bench, technique)).sum();
        let has_any = of(technique).iter().any(|one| {
            one.kind == Kind::Assumption && one.spread.is_some_and(|band| band.low != band.high)
        });
        println!("{name}: {moved} assumptions move it");
        // The share that a cache hits is for estimates without a log, that of a
        // batch for batches whose openings are kept.
        let elsewhere = [TechniqueId::PromptCaching, TechniqueId::BatchApi];
        assert!(moved > 0 || !has_any || elsewhere.contains(&technique), "{name}");
    }
}

/// What is read from the cache inside a batch no log shows yet.
#[test]
fn hits_inside_a_batch_are_assumed() {
    let bench = Bench::planted("batch-api/saves");
    for (share, evidence) in [("0", Evidence::Inferred), ("0.5", Evidence::Assumed)] {
        let ladder = bench.climbed(&told(&[("batch-api.hit_share", share)]));
        let found = step(&ladder, TechniqueId::BatchApi);
        assert_eq!((found.skip.is_none(), found.evidence), (true, evidence), "{share}");
        assert!(found.levers.iter().all(|lever| lever.evidence == evidence));
    }
}

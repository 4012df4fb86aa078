//! Tokens: none appears, none is lost, and a technique changes only what it is
//! there to change.

use proptest::prelude::*;
use tokopt::record::component::Component;
use tokopt::techniques::id::TechniqueId;
use tokopt::techniques::technique::{CallState, Coin, World};
use tokopt::techniques::technique_of;
use tokopt::techniques::traffic::{Segment, prompt};

use super::logs::{Rendering, calls, files};
use super::{Bench, planted_prices};
use crate::rewriting::{Looked, Told, look_at};

/// Invariant 2: the pieces of a prompt are its billed input.
fn prompts_are_billed_input(looked: &Looked<'_>) {
    for (index, _) in looked.traffic.indexed() {
        let state = looked.logged(index);
        let pieces = prompt::tokens_of(&state.requests[0].prompt);
        assert_eq!(pieces, looked.traffic.input(index));
    }
}

fn of_user(prompt: &[Segment]) -> Vec<Segment> {
    let is_users = |segment: &&Segment| segment.component == Component::UserInput;
    prompt.iter().filter(is_users).copied().collect()
}

/// What a technique may do to one call.
fn keeps_to_its_trade(technique: TechniqueId, before: &CallState, after: &CallState) {
    assert!(after.changed_by.is_within(technique.set()));
    let logged = &before.requests[0];
    let same_prompt =
        |after: &CallState| after.requests.iter().all(|request| request.prompt == logged.prompt);
    let same_answer =
        |after: &CallState| after.requests.iter().all(|request| request.output == logged.output);
    let same_model =
        |after: &CallState| after.requests.iter().all(|request| request.model == logged.model);
    let same_lane =
        |after: &CallState| after.requests.iter().all(|request| request.lane == logged.lane);
    if after.changed_by.is_empty() {
        assert_eq!(after.requests.len(), 1);
        assert!(same_prompt(after) && same_answer(after) && same_model(after) && same_lane(after));
        return;
    }
    let most = prompt::tokens_of(&logged.prompt);
    match technique {
        TechniqueId::PromptCaching => panic!("rewrites nothing"),
        TechniqueId::SemanticDedup => assert!(after.requests.is_empty()),
        TechniqueId::BatchApi => {
            assert!(same_prompt(after) && same_answer(after) && same_model(after));
        }
        TechniqueId::ModelRouting => assert!(same_prompt(after) && same_lane(after)),
        TechniqueId::FineTuning => assert!(same_lane(after) && !same_model(after)),
        TechniqueId::OutputCapping => {
            assert!(same_model(after) && same_lane(after));
            let request = &after.requests[0];
            assert!(request.output <= logged.output);
            assert_eq!(of_user(&request.prompt), of_user(&logged.prompt));
        }
        TechniqueId::ContextCompression | TechniqueId::EmbeddingRetrieval => {
            assert!(same_model(after) && same_lane(after) && same_answer(after));
            assert!(after.requests.iter().all(|one| prompt::tokens_of(&one.prompt) <= most));
        }
    }
}

fn check_one(technique: TechniqueId, looked: &Looked<'_>) {
    prompts_are_billed_input(looked);
    let alone = World::of(technique.set());
    for world in [alone, Coin::ALL.into_iter().fold(alone, World::with)] {
        let states = looked.rewritten(world);
        for (after, (index, _)) in states.iter().zip(looked.traffic.indexed()) {
            keeps_to_its_trade(technique, &looked.logged(index), after);
        }
    }
}

fn check(bench: &Bench) {
    for technique in TechniqueId::ALL {
        let rewriter = technique_of(technique).expect("built");
        bench.at(|traffic| {
            let told = Told::default();
            told.view(traffic, |view| {
                look_at(rewriter, view, |looked| check_one(technique, looked));
            });
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn techniques_keep_to_their_trade(calls in calls(40)) {
        check(&Bench::of(&planted_prices(), &files(&calls, Rendering::default())));
    }
}

#[test]
fn techniques_keep_to_their_trade_on_planted_worlds() {
    for world in super::worlds() {
        println!("{world}");
        check(&Bench::planted(&world));
    }
}

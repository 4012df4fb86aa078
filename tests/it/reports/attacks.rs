//! The ladder document with hostile texts in every new block.

use tokopt::report::document::{Document, Step};

use super::ladders::ladder;

/// The ladder document with `attack` in place of every text of its new blocks.
pub fn attacked(attack: &str) -> Document {
    let mut document = ladder();
    let mut texts: Vec<&mut String> = Vec::new();
    if let Some(ladder) = &mut document.ladder {
        texts.push(&mut ladder.order);
        ladder.steps.iter_mut().for_each(|step| texts_of_step(step, &mut texts));
        for group in &mut ladder.groups {
            texts.extend([&mut group.feature, &mut group.model]);
            texts.extend(&mut group.workspace);
            texts.extend(&mut group.applied);
            for skip in &mut group.skipped {
                texts.extend([&mut skip.technique, &mut skip.code]);
            }
        }
        texts.extend(ladder.worth.iter_mut().map(|worth| &mut worth.verdict));
    }
    for step in document.plan.iter_mut().flatten() {
        texts.extend([&mut step.technique, &mut step.action, &mut step.check]);
        texts.push(&mut step.worth.verdict);
        texts.extend(&mut step.evaluation);
    }
    texts.extend(document.monthly.iter_mut().flat_map(|monthly| &mut monthly.note));
    for finding in &mut document.findings {
        texts.extend([&mut finding.code, &mut finding.message]);
    }
    if let Some(cache) = &mut document.cache {
        texts.extend(cache.policies.iter_mut().map(|policy| &mut policy.policy));
        for place in &mut cache.breaks {
            texts.extend([&mut place.component, &mut place.kind]);
            texts.extend(&mut place.feature);
            texts.extend(&mut place.example_calls);
        }
    }
    for text in texts {
        attack.clone_into(text);
    }
    document
}

fn texts_of_step<'document>(step: &'document mut Step, texts: &mut Vec<&'document mut String>) {
    texts.push(&mut step.technique);
    texts.extend(&mut step.why);
    if let Some(reason) = &mut step.reason {
        texts.extend([&mut reason.code, &mut reason.message]);
        texts.extend(&mut reason.settled_by);
    }
    texts.extend(step.levers.iter_mut().map(|lever| &mut lever.lever));
    for policy in &mut step.policies {
        texts.extend([&mut policy.feature, &mut policy.model]);
        texts.extend([&mut policy.current, &mut policy.chosen]);
    }
    for assumption in &mut step.assumptions {
        texts.extend([&mut assumption.name, &mut assumption.unit]);
        texts.extend([&mut assumption.meaning, &mut assumption.source]);
    }
    for warning in &mut step.warnings {
        texts.extend([&mut warning.code, &mut warning.message]);
    }
}

//! Last month's plan held against a later log: what each technique was to save,
//! and what the steps that it acts on saved.
//!
//! What was saved is measured; that a technique saved it is inferred from where
//! techniques act. Fewer calls are no technique's: they cannot be told from
//! fewer users.

use crate::report::document::{
    Difference, Document, Effect, Expectation, Promise, PromiseEffect, PromiseVerdict, Step,
    StepStatus,
};
use crate::units::{NanoUsd, Share};

use super::{DifferenceError, Subject};

/// Holds the ladder of `plan` against `later`; `found` is their difference per
/// month.
///
/// # Errors
/// When the plan has no ladder.
pub fn expect(
    plan: Subject<'_>,
    later: Subject<'_>,
    found: &Difference,
) -> Result<Expectation, DifferenceError> {
    let no_plan = || DifferenceError::NoPlan(plan.source.to_owned());
    let ladder = plan.document.ladder.as_ref().ok_or_else(no_plan)?;
    let before = found.before.compared_usd.unwrap_or_default();
    let actual = found.after.compared_usd.unwrap_or_default();
    // What comes before the models is not what a technique changes.
    let unchanged = found.steps.iter().rfind(|step| step.effect <= Effect::FeatureMix);
    let unchanged = unchanged.map_or(before, |step| step.cost_after_usd);
    let mut claims = Claims { moved: movements(found, later.document), taken: Vec::new() };
    let mut techniques = Vec::new();
    for step in ladder.steps.iter().filter(|step| step.status == StepStatus::Applied) {
        let Some(promised) = step.marginal_saving_usd else { continue };
        let promised = a_month(promised, plan.document);
        let now = if before > NanoUsd::ZERO {
            promised.to_usd().times(unchanged.nano(), before.nano()).to_nano()
        } else {
            promised
        };
        let (effects, acts, first) = claims.take(&step.technique);
        let realised = acts.then(|| effects.iter().map(|effect| effect.saved_usd).sum());
        let verdict = verdict(now, realised);
        techniques.push(Promise {
            technique: step.technique.clone(),
            standalone_usd: step.standalone_saving_usd.map(|saved| a_month(saved, plan.document)),
            promised_usd: promised,
            promised_now_usd: now,
            realised_usd: realised,
            verdict,
            reason: reason(verdict, now, realised, first.as_deref()),
            effects,
            open_usd: open(&step.technique, later.document),
        });
    }
    let realised = unchanged - actual;
    let claimed: NanoUsd = techniques.iter().filter_map(|promise| promise.realised_usd).sum();
    Ok(Expectation {
        promised_usd: techniques.iter().map(|promise| promise.promised_usd).sum(),
        unchanged_usd: unchanged,
        actual_usd: actual,
        realised_usd: realised,
        techniques,
        other_usd: realised - claimed,
    })
}

/// What an amount of a whole log comes to in thirty days.
fn a_month(amount: NanoUsd, document: &Document) -> NanoUsd {
    document.window.month_of(amount).unwrap_or(amount)
}

/// What the later log's own ladder says a technique would still save.
fn open(technique: &str, later: &Document) -> Option<NanoUsd> {
    let steps = &later.ladder.as_ref()?.steps;
    let step: &Step = steps.iter().find(|step| step.technique == technique)?;
    match step.status {
        StepStatus::Applied => Some(a_month(step.marginal_saving_usd?, later)),
        StepStatus::Skipped => Some(NanoUsd::ZERO),
        StepStatus::Unknown => None,
    }
}

/// An effect that a technique may have had.
struct Movement {
    effect: PromiseEffect,
    /// Whether it is of features that a tuned model answers.
    tuned: bool,
}

/// What changed after the mix of features, the mix of models apart by whether a
/// feature is on a tuned model.
fn movements(found: &Difference, later: &Document) -> Vec<Movement> {
    let cells = later.comparison.iter().flat_map(|comparison| &comparison.cells);
    let tuned: Vec<&str> =
        cells.filter(|cell| is_tuned(&cell.model)).map(|cell| cell.feature.as_str()).collect();
    let mut moved = Vec::new();
    for step in found.steps.iter().filter(|step| step.effect > Effect::FeatureMix) {
        let of_tuned: NanoUsd = if step.effect == Effect::ModelMix {
            let rows = found.features.iter().filter(|row| tuned.contains(&row.key.as_str()));
            let effects = rows.flat_map(|row| &row.effects);
            effects
                .filter(|effect| effect.effect == Effect::ModelMix)
                .map(|effect| effect.change_usd)
                .sum()
        } else {
            NanoUsd::ZERO
        };
        for (tuned, change) in [(true, of_tuned), (false, step.change_usd - of_tuned)] {
            if !tuned || change != NanoUsd::ZERO {
                let effect = PromiseEffect {
                    effect: step.effect,
                    subject: step.subject.clone(),
                    saved_usd: NanoUsd::ZERO - change,
                };
                moved.push(Movement { effect, tuned });
            }
        }
    }
    moved
}

/// Whether a model's name is that of a tuned one, as its provider writes them.
fn is_tuned(model: &str) -> bool {
    model.starts_with("ft:") || model.contains(":ft-")
}

/// Whether a technique acts on an effect.
fn acts_on(technique: &str, movement: &Movement) -> bool {
    let PromiseEffect { effect, subject, .. } = &movement.effect;
    let part = subject.as_deref().unwrap_or_default();
    match technique {
        "prompt-caching" => *effect == Effect::CacheShare,
        "model-routing" => *effect == Effect::ModelMix && !movement.tuned,
        "fine-tuning" => *effect == Effect::ModelMix && movement.tuned,
        "batch-api" => *effect == Effect::TierMix,
        "output-capping" => matches!(part, "output" | "output_text" | "output_reasoning"),
        "context-compression" => {
            matches!(part, "input" | "tool_definitions" | "system_prompt" | "few_shot" | "history")
        }
        "embedding-retrieval" => matches!(part, "input" | "retrieved_context"),
        _ => false,
    }
}

/// Effects, each of which goes to the first technique of the plan that acts on
/// it.
struct Claims {
    moved: Vec<Movement>,
    taken: Vec<(Effect, Option<String>, String)>,
}

impl Claims {
    /// The effects of a technique, whether it acts on any, and which technique
    /// stands before it on all of its own.
    fn take(&mut self, technique: &str) -> (Vec<PromiseEffect>, bool, Option<String>) {
        let (own, rest) = std::mem::take(&mut self.moved)
            .into_iter()
            .partition::<Vec<_>, _>(|movement| acts_on(technique, movement));
        let first = self.taken.iter().find(|(effect, subject, _)| {
            let effect = PromiseEffect {
                effect: *effect,
                subject: subject.clone(),
                saved_usd: NanoUsd::ZERO,
            };
            acts_on(technique, &Movement { effect, tuned: false })
        });
        let first = first.map(|(_, _, technique)| technique.clone());
        self.moved = rest;
        let effects: Vec<PromiseEffect> = own.into_iter().map(|movement| movement.effect).collect();
        let taken = effects.iter();
        let taken = taken.map(|own| (own.effect, own.subject.clone(), technique.to_owned()));
        self.taken.extend(taken.collect::<Vec<_>>());
        // Where nothing of the kind moved, nothing was saved; what never shows
        // in a step, or was taken, cannot be told.
        let shows = technique != "semantic-dedup" && (first.is_none() || !effects.is_empty());
        let effects = effects.into_iter().filter(|own| own.saved_usd != NanoUsd::ZERO).collect();
        (effects, shows, first)
    }
}

/// Below a twentieth of a promise nothing is seen of it.
fn verdict(promised: NanoUsd, realised: Option<NanoUsd>) -> PromiseVerdict {
    let Some(realised) = realised else { return PromiseVerdict::CannotTell };
    let (promised, realised) = (promised.nano(), realised.nano());
    if realised.saturating_mul(20) < -promised {
        PromiseVerdict::Opposite
    } else if realised.saturating_mul(20) <= promised {
        PromiseVerdict::NotSeen
    } else if realised.saturating_mul(10) < promised.saturating_mul(9) {
        PromiseVerdict::PartlyKept
    } else {
        PromiseVerdict::Kept
    }
}

fn reason(
    verdict: PromiseVerdict,
    promised: NanoUsd,
    realised: Option<NanoUsd>,
    first: Option<&str>,
) -> String {
    let share = realised.and_then(|realised| Share::of_nano(realised, promised));
    let share = share.map_or_else(|| "part".to_owned(), Share::to_percent);
    match (verdict, first) {
        (PromiseVerdict::Kept, _) => {
            format!("the steps that it acts on saved {share} of what was promised at this volume")
        }
        (PromiseVerdict::PartlyKept, _) => {
            format!(
                "the steps that it acts on saved only {share} of what was promised at this volume"
            )
        }
        (PromiseVerdict::NotSeen, _) => {
            "the steps that it acts on did not move: it is not in use, or something undid it"
                .to_owned()
        }
        (PromiseVerdict::Opposite, _) => {
            "the steps that it acts on cost more than before".to_owned()
        }
        (PromiseVerdict::CannotTell, Some(first)) => {
            format!("it acts on the same steps as {first}, which stands before it in the plan")
        }
        (PromiseVerdict::CannotTell, None) => {
            "calls that are not made leave no trace: they cannot be told from fewer users"
                .to_owned()
        }
    }
}

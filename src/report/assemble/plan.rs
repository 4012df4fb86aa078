//! The plan of work: one piece of work per applied step, in the ladder's order.

use crate::ladder::climb::effort;
use crate::ladder::steps::Step;
use crate::techniques::id::{Set, TechniqueId};
use crate::units::{Evidence, NanoUsd};

use super::super::document::{Document, PlanStep};
use super::check::check;
use super::why::places;
use super::worth::{Rates, phase};
use super::{Analysis, action};

/// One piece of work with what is needed to speak about it.
pub(super) struct Work<'a> {
    pub(super) analysis: &'a Analysis<'a>,
    /// The totals, metrics and cache block are filled.
    pub(super) document: &'a Document,
    pub(super) rates: Rates,
    pub(super) step: &'a Step,
    /// The bill before the step.
    pub(super) before: NanoUsd,
}

impl Work<'_> {
    /// Where the step acts.
    pub(super) fn place(&self) -> String {
        places(self.analysis, self.step.technique)
    }

    /// Whether a lever of the step saves anything.
    pub(super) fn has(&self, lever: &str) -> bool {
        self.step.levers.iter().any(|found| found.name == lever)
    }

    /// What to evaluate, where answers may change.
    fn evaluation(&self) -> Option<String> {
        let assumed = self.step.levers.iter().any(|lever| lever.evidence == Evidence::Assumed);
        let compared = match self.step.technique {
            TechniqueId::ModelRouting => "the answers of both models",
            TechniqueId::EmbeddingRetrieval => {
                "answers from passages with answers from whole documents"
            }
            TechniqueId::FineTuning => "the tuned model's answers with those of today's model",
            TechniqueId::ContextCompression if assumed => {
                "answers to shortened prompts with answers to whole ones"
            }
            TechniqueId::OutputCapping if assumed => "short answers with those of today",
            TechniqueId::SemanticDedup if assumed => {
                "stored answers to near repeats with fresh ones"
            }
            // No answer changes.
            TechniqueId::PromptCaching
            | TechniqueId::BatchApi
            | TechniqueId::ContextCompression
            | TechniqueId::OutputCapping
            | TechniqueId::SemanticDedup => return None,
        };
        Some(format!(
            "50 to 200 logged requests of {}, before and after: compare {compared}, judged blind; \
             go on if as many are right",
            self.place()
        ))
    }
}

/// The plan of an analysis; `document` has everything but plan and month.
pub(super) fn plan(analysis: &Analysis<'_>, document: &Document, rates: Rates) -> Vec<PlanStep> {
    let mut before = analysis.ladder.totals.cost(Set::NONE);
    let mut steps = Vec::new();
    for step in analysis.applied() {
        let hours = effort(analysis.assumptions, step.technique);
        let work = Work { analysis, document, rates, step, before };
        steps.push(PlanStep {
            technique: step.technique.name().to_owned(),
            phase: phase(hours),
            action: action::action(&work),
            worth: rates.worth(hours, step.marginal),
            check: check(&work),
            evaluation: work.evaluation(),
            evidence: Some(step.evidence),
        });
        before = step.cost_after;
    }
    steps
}

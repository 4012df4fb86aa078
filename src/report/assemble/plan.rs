//! The plan of work: one piece of work per applied step, in the ladder's order.

use crate::ladder::climb::{Step, effort};
use crate::record::lane::Tier;
use crate::techniques::id::{Set, TechniqueId};
use crate::techniques::parameters::{fine_tuning, model_routing, semantic_dedup};
use crate::units::{Evidence, NanoUsd, Share};

use super::super::document::{Document, PlanStep};
use super::Analysis;
use super::why::{calls, places};
use super::worth::{Rates, phase};

/// The plan of an analysis; `document` has the totals and metrics already.
pub(super) fn plan(analysis: &Analysis<'_>, document: &Document, rates: Rates) -> Vec<PlanStep> {
    let mut before = analysis.ladder.totals.cost(Set::NONE);
    let mut steps = Vec::new();
    for step in analysis.applied() {
        let hours = effort(analysis.assumptions, step.technique);
        let words = Words { analysis, document, rates, step, before };
        steps.push(PlanStep {
            technique: step.technique.name().to_owned(),
            phase: phase(hours),
            action: words.action(),
            worth: rates.worth(hours, step.marginal),
            check: words.check(),
            evaluation: words.evaluation(),
            evidence: Some(step.evidence),
        });
        before = step.cost_after;
    }
    steps
}

/// What is said about one piece of work.
struct Words<'a> {
    analysis: &'a Analysis<'a>,
    document: &'a Document,
    rates: Rates,
    step: &'a Step,
    /// The bill before the step.
    before: NanoUsd,
}

impl Words<'_> {
    fn has(&self, lever: &str) -> bool {
        self.step.levers.iter().any(|found| found.name == lever)
    }

    fn has_assumed_lever(&self) -> bool {
        self.step.levers.iter().any(|lever| lever.evidence == Evidence::Assumed)
    }

    /// What to do.
    fn action(&self) -> String {
        let place = places(self.analysis, self.step.technique);
        match self.step.technique {
            TechniqueId::PromptCaching => self.cache_action(&place),
            TechniqueId::ModelRouting => {
                let mut parts = Vec::new();
                if self.has("same_tier_refresh") || self.has("refresh") {
                    parts.push("move to the newer model of the same tier that costs less");
                }
                if parts.is_empty() || self.step.levers.len() > 1 {
                    parts.push(
                        "put a router before the model that sends easy conversations to the \
                         next cheaper one and keeps each conversation where it began",
                    );
                }
                format!("In {place}: {}", parts.join("; "))
            }
            TechniqueId::EmbeddingRetrieval => format!(
                "In {place}: index the documents, send the passages that fit the question, and \
                 ask again with the whole document where they are not enough"
            ),
            TechniqueId::ContextCompression => {
                format!("In {place}: {}", self.levers_in_words("shorten what is sent"))
            }
            TechniqueId::BatchApi => {
                format!("Send {place} through the provider's batch API instead of one by one")
            }
            TechniqueId::OutputCapping => {
                format!("In {place}: {}", self.levers_in_words("ask for shorter answers"))
            }
            TechniqueId::SemanticDedup => {
                let lifetime = self.analysis.assumptions.value(semantic_dedup::LIFETIME_SECONDS);
                format!(
                    "Before {place}: keep finished answers for {lifetime} s, keyed by the whole \
                     request and its workspace, and answer repeats from there"
                )
            }
            TechniqueId::FineTuning => {
                let examples = self.analysis.assumptions.value(fine_tuning::EXAMPLES);
                format!(
                    "Train a small model for {place} on {examples} logged answers that were checked"
                )
            }
        }
    }

    fn cache_action(&self, place: &str) -> String {
        let Some(first) = self.step.policies.first() else {
            return format!("Ask for the cache policy of each stream in {place}");
        };
        let how = match first.chosen.split(' ').next() {
            Some("head") if first.chosen.contains("rest") => {
                "set a long-lived breakpoint after tools, system prompt and examples, and short \
                 ones at the end of the documents and of the last message"
            }
            Some("head") => "set one cache breakpoint after tools, system prompt and examples",
            Some("full") => {
                "set cache breakpoints after the stable opening, the documents and the last message"
            }
            Some("automatic") => "ask for the longer cache lifetime",
            _ => "leave the cache off",
        };
        let lifetime = first.chosen.split_once(' ').map_or("", |(_, lifetime)| lifetime);
        let lifetime = if lifetime.is_empty() { String::new() } else { format!(" ({lifetime})") };
        let others = if self.step.policies.len() > 1 {
            "; the table of policies has the other streams"
        } else {
            ""
        };
        let feature = first.feature.as_deref().unwrap_or(&first.model);
        format!("In {feature}: {how}{lifetime}{others}")
    }

    /// The levers of a step as they are called, dearest first.
    fn levers_in_words(&self, what: &str) -> String {
        let mut levers = self.step.levers.clone();
        levers.sort_by_key(|lever| std::cmp::Reverse(lever.saving));
        let names: Vec<String> = levers.iter().map(|lever| lever.name.replace('_', " ")).collect();
        if names.is_empty() { what.to_owned() } else { format!("{what} by {}", names.join(", ")) }
    }

    /// Which figure moves, and by how much.
    fn check(&self) -> String {
        let bill = self.cost_of_a_call();
        let step = self.step;
        match step.technique {
            TechniqueId::PromptCaching => {
                let totals = &self.document.totals;
                let read = totals.cache_read_input_tokens.zip(totals.input_tokens);
                match read.and_then(|(read, input)| Share::of_tokens(read, input)) {
                    Some(share) => format!(
                        "the share of input read from the cache rises from {}, and {bill}",
                        share.to_percent()
                    ),
                    None => format!("the log counts input read from the cache, and {bill}"),
                }
            }
            TechniqueId::ModelRouting => {
                // An estimate counts the calls that move, a log the candidates.
                let moved = if self.analysis.is_estimate() {
                    step.eligible_calls
                } else {
                    let share = self.analysis.assumptions.value(model_routing::SHARE);
                    scaled(step.eligible_calls, share.millionths())
                };
                format!(
                    "the table of models shows about {} fewer on the models of today, and {bill}",
                    calls(moved)
                )
            }
            TechniqueId::EmbeddingRetrieval | TechniqueId::ContextCompression => {
                match self.document.metrics.input_tokens_per_call {
                    Some(input) => format!(
                        "the mean input of a call falls from {} tokens, and {bill}",
                        input.mean.to_display(0)
                    ),
                    None => bill,
                }
            }
            TechniqueId::BatchApi => {
                let batched = self.calls_in(Tier::Batch);
                format!(
                    "the table of tiers shows about {} in batch instead of {}, and {bill}",
                    calls(batched + step.eligible_calls),
                    calls(batched)
                )
            }
            TechniqueId::OutputCapping => match self.document.metrics.output_tokens_per_call {
                Some(output) => format!(
                    "the 95th percentile of output falls from {} tokens a call or its mean from \
                     {}, and {bill}",
                    output.p95,
                    output.mean.to_display(0)
                ),
                None => bill,
            },
            TechniqueId::SemanticDedup => self.fewer_calls(),
            TechniqueId::FineTuning => format!(
                "the table of models shows the tuned model on up to {}, and {bill}",
                calls(step.eligible_calls)
            ),
        }
    }

    /// The mean cost of a call before and after the step.
    fn cost_of_a_call(&self) -> String {
        let count = self.count();
        let mean = |bill: NanoUsd| {
            let mean = bill.to_usd().mean_over(count).unwrap_or_default();
            mean.to_nano().to_display()
        };
        let share = Share::of_nano(self.step.marginal, self.before)
            .map_or_else(String::new, |share| format!(" ({} less)", share.to_percent()));
        format!(
            "the mean cost of a call falls from {} to about {}{share}",
            mean(self.before),
            mean(self.step.cost_after)
        )
    }

    fn fewer_calls(&self) -> String {
        let Some(length) = self.rates.length else { return self.cost_of_a_call() };
        let all = self.count();
        let a_day = |count| length.a_day(count).to_display(1);
        format!(
            "calls that reach the provider fall from {} to about {} a day",
            a_day(all),
            a_day(all.saturating_sub(self.step.eligible_calls))
        )
    }

    /// The calls that the ladder was climbed on.
    fn count(&self) -> u64 {
        if self.analysis.is_estimate() {
            return self.document.totals.calls.unwrap_or(0);
        }
        self.analysis.traffic.calls.len() as u64
    }

    fn calls_in(&self, tier: Tier) -> u64 {
        let traffic = self.analysis.traffic;
        let calls = traffic.indexed();
        calls.filter(|(index, _)| traffic.record(*index).tier == tier).count() as u64
    }

    /// What to evaluate, where answers may change.
    fn evaluation(&self) -> Option<String> {
        let place = places(self.analysis, self.step.technique);
        let compared = match self.step.technique {
            TechniqueId::PromptCaching | TechniqueId::BatchApi => return None,
            TechniqueId::ModelRouting => "the answers of both models",
            TechniqueId::EmbeddingRetrieval => {
                "answers from passages with answers from whole documents"
            }
            TechniqueId::ContextCompression if self.has_assumed_lever() => {
                "answers to shortened prompts with answers to whole ones"
            }
            TechniqueId::OutputCapping if self.has_assumed_lever() => {
                "short answers with those of today"
            }
            TechniqueId::SemanticDedup if self.has_assumed_lever() => {
                "stored answers with fresh ones to near repeats"
            }
            TechniqueId::FineTuning => "the tuned model's answers with those of today's model",
            TechniqueId::ContextCompression
            | TechniqueId::OutputCapping
            | TechniqueId::SemanticDedup => return None,
        };
        Some(format!(
            "50 to 200 logged requests of {place}, before and after: compare {compared}, judged \
             blind; go on if as many are right"
        ))
    }
}

/// A part, in millionths, of a count, rounded down.
fn scaled(count: u64, millionths: i64) -> u64 {
    let part = u128::try_from(millionths).unwrap_or(0) * u128::from(count) / 1_000_000;
    u64::try_from(part).unwrap_or(u64::MAX)
}

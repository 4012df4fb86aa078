//! How to tell from next month's report that a step worked: which figure moves,
//! and by how much.

use crate::record::lane::Tier;
use crate::techniques::id::TechniqueId;
use crate::techniques::parameters::model_routing;
use crate::units::{NanoUsd, Share, Ttl};

use super::plan::Work;
use super::why::calls;

/// The check of a piece of work.
pub(super) fn check(work: &Work<'_>) -> String {
    let bill = cost_of_a_call(work);
    let metrics = &work.document.metrics;
    let eligible = work.step.eligible_calls;
    let figure = match work.step.technique {
        TechniqueId::PromptCaching => reads(work),
        TechniqueId::ModelRouting => {
            format!("{} fewer are answered by the models of today", moved(work))
        }
        TechniqueId::EmbeddingRetrieval | TechniqueId::ContextCompression => {
            metrics.input_tokens_per_call.map_or_else(String::new, |input| {
                format!("the mean input of a call falls from {} tokens", input.mean.to_display(0))
            })
        }
        TechniqueId::BatchApi => {
            let batched = calls_in(work, Tier::Batch);
            let all = work.analysis.calls(work.document);
            let percent =
                |part| Share::of_counts(part, all).map_or_else(String::new, Share::to_percent);
            format!(
                "the batch tier's share of the calls rises from {} to about {}",
                percent(batched),
                percent(batched + eligible)
            )
        }
        TechniqueId::OutputCapping => {
            metrics.output_tokens_per_call.map_or_else(String::new, |output| {
                format!(
                    "the mean output of a call falls from {} tokens or its 95th percentile from {}",
                    output.mean.to_display(0),
                    output.p95
                )
            })
        }
        TechniqueId::SemanticDedup => return fewer_calls(work),
        TechniqueId::FineTuning => {
            format!("the tuned model answers up to {}", calls(eligible))
        }
    };
    if figure.is_empty() { bill } else { format!("{figure}, and {bill}") }
}

/// The mean cost of a simulated call before and after the step.
fn cost_of_a_call(work: &Work<'_>) -> String {
    let count = work.analysis.calls(work.document);
    let mean =
        |bill: NanoUsd| bill.to_usd().mean_over(count).unwrap_or_default().to_nano().to_display();
    let share = Share::of_nano(work.step.marginal, work.before)
        .map_or_else(String::new, |share| format!(" ({} less)", share.to_percent()));
    format!(
        "the mean cost of a call falls from {} to about {}{share}",
        mean(work.before),
        mean(work.step.cost_after)
    )
}

/// The share of input that is read from the cache, now and under the policy of
/// the dearest stream.
fn reads(work: &Work<'_>) -> String {
    let read = work.document.metrics.cache_read_share;
    let now = read.map_or_else(String::new, |share| format!(" from {}", share.to_percent()));
    let chosen = work.step.policies.first().map(|policy| policy.chosen.as_str());
    let policies = work.document.cache.iter().flat_map(|cache| &cache.policies);
    let then = policies
        .filter(|policy| {
            let seconds = policy.ttl_seconds.and_then(|seconds| u32::try_from(seconds).ok());
            let label =
                seconds.map(|seconds| format!("{} {}", policy.policy, Ttl::from_seconds(seconds)));
            label.is_some() && label.as_deref() == chosen
        })
        .find_map(|policy| policy.read_share)
        .map_or_else(String::new, |share| format!(" to about {}", share.to_percent()));
    format!("the share of input read from the cache rises{now}{then}")
}

/// Calls that change their model.
fn moved(work: &Work<'_>) -> String {
    let eligible = work.step.eligible_calls;
    if work.analysis.is_estimate() {
        return format!("about {}", calls(eligible));
    }
    if work.has("router") && !work.has("refresh") && !work.has("measured") {
        let share = work.analysis.assumptions.value(model_routing::SHARE);
        return format!("about {}", calls(scaled(eligible, share.millionths())));
    }
    format!("up to {}", calls(eligible))
}

fn fewer_calls(work: &Work<'_>) -> String {
    let Some(length) = work.rates.length else { return cost_of_a_call(work) };
    let all = work.analysis.calls(work.document);
    let a_day = |count| length.a_day(count).to_display(1);
    format!(
        "calls that reach the provider fall from {} to about {} a day",
        a_day(all),
        a_day(all.saturating_sub(work.step.eligible_calls))
    )
}

fn calls_in(work: &Work<'_>, tier: Tier) -> u64 {
    let traffic = work.analysis.traffic;
    traffic.indexed().filter(|(index, _)| traffic.record(*index).tier == tier).count() as u64
}

/// A part, in millionths, of a count, rounded down.
fn scaled(count: u64, millionths: i64) -> u64 {
    let part = u128::try_from(millionths).unwrap_or(0) * u128::from(count) / 1_000_000;
    u64::try_from(part).unwrap_or(u64::MAX)
}

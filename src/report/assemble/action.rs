//! What to do about a step, in one sentence: what the ladder chose and nothing
//! else.

use crate::techniques::id::TechniqueId;
use crate::techniques::parameter::Value;
use crate::techniques::parameters::{fine_tuning, output_capping, semantic_dedup};

use super::plan::Work;

/// Models in whose place others stand, named one by one.
const MOST_TARGETS: usize = 2;

/// What to do.
pub(super) fn action(work: &Work<'_>) -> String {
    let place = work.place();
    let assumptions = work.analysis.assumptions;
    match work.step.technique {
        TechniqueId::PromptCaching => caching(work),
        TechniqueId::ModelRouting => routing(work),
        TechniqueId::EmbeddingRetrieval => format!(
            "For {place}: index the documents, send the passages that fit the question, and ask \
             again with the whole document where they are not enough"
        ),
        TechniqueId::ContextCompression => format!("For {place}: {}", compression(work)),
        TechniqueId::BatchApi => {
            format!("Send {place} through the provider's batch API instead of one by one")
        }
        TechniqueId::OutputCapping => format!("For {place}: {}", output(work)),
        TechniqueId::SemanticDedup => {
            let lifetime = assumptions.value(semantic_dedup::LIFETIME_SECONDS);
            let near =
                if work.has("near") { ", and look for near repeats by their words" } else { "" };
            format!(
                "For {place}: keep finished answers for {lifetime} s under the whole request and \
                 its workspace, and answer repeats from there{near}"
            )
        }
        TechniqueId::FineTuning => {
            let examples = assumptions.value(fine_tuning::EXAMPLES);
            format!(
                "For {place}: train a small model on {examples} logged answers that were checked"
            )
        }
    }
}

fn caching(work: &Work<'_>) -> String {
    let policies = &work.step.policies;
    let Some(first) = policies.first() else {
        return format!("For {}: ask for the cache policy of each stream", work.place());
    };
    let (name, lifetime) = first.chosen.split_once(' ').unwrap_or((&first.chosen, ""));
    let how = match name {
        "head" if lifetime.contains("rest") => {
            "set a long-lived cache breakpoint after tools, system prompt and examples, and \
             short-lived ones after the documents and the last message"
        }
        "head" => "set one cache breakpoint after tools, system prompt and examples",
        "full" => {
            "set cache breakpoints after tools and system prompt, after the documents and after \
             the last message"
        }
        "automatic" => "ask for the longer cache lifetime",
        _ => "leave the cache off",
    };
    let lifetime = if lifetime.is_empty() { String::new() } else { format!(" ({lifetime})") };
    let others = match policies.len() {
        1 => String::new(),
        2 => "; 1 more stream in the table of policies".to_owned(),
        count => format!("; {} more streams in the table of policies", count - 1),
    };
    let on = format!("calls to {}", first.model);
    let feature = first.feature.as_deref().unwrap_or(&on);
    format!("For {feature}: {how}{lifetime}{others}")
}

fn routing(work: &Work<'_>) -> String {
    let ways = [
        ("refresh", "move to the newer model of the same kind"),
        ("router", "let a short classification send easy conversations to the cheaper model"),
        (
            "cascade",
            "ask the cheaper model first and the other one where a judge rejects the answer",
        ),
        ("measured", "serve by the cheaper model what the scores show it answers as well"),
    ];
    let words = chosen(work, &ways, "serve easy calls by a cheaper model");
    let mut targets = work.step.warnings.iter().filter(|warning| warning.code == "TARGET_MODEL");
    let named: Vec<&str> =
        targets.by_ref().take(MOST_TARGETS).map(|warning| warning.message.as_str()).collect();
    let more = targets.count();
    let more = if more > 0 { format!("; {more} more in the step's notes") } else { String::new() };
    if named.is_empty() {
        return format!("For {}: {words}", work.place());
    }
    format!("For {}: {words} ({}{more})", work.place(), named.join("; "))
}

fn compression(work: &Work<'_>) -> String {
    let ways = [
        ("lossless", "strip blank space, comment lines and repeated passages before sending"),
        ("compaction", "sum up old turns in blocks, never turn by turn"),
        ("rewriting", "let a small model shorten long passages"),
    ];
    chosen(work, &ways, "send fewer tokens that say the same")
}

fn output(work: &Work<'_>) -> String {
    let assumptions = work.analysis.assumptions;
    let quantile = assumptions.value(output_capping::QUANTILE).millionths();
    let cap = format!(
        "set max_tokens to {} times what {} % of finished answers need",
        assumptions.value(output_capping::FACTOR),
        Value::from_millionths(quantile.saturating_mul(100))
    );
    let ways = [
        ("cap", cap.as_str()),
        ("json_minified", "ask for JSON without blank space"),
        ("brevity", "ask for short answers at the end of the system prompt"),
        ("formats", "ask for a table of rows instead of repeated keys"),
        ("reasoning_budget", "set a reasoning budget"),
    ];
    chosen(work, &ways, "ask for fewer tokens")
}

/// The words of the levers that save, in the order in which they are tried.
fn chosen(work: &Work<'_>, ways: &[(&str, &str)], otherwise: &str) -> String {
    let words: Vec<&str> =
        ways.iter().filter(|(lever, _)| work.has(lever)).map(|(_, words)| *words).collect();
    if words.is_empty() { otherwise.to_owned() } else { words.join("; ") }
}

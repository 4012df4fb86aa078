//! Where a step acts, in words: what the ladder knows of it and nothing else.

use crate::ladder::steps::Step;
use crate::techniques::id::TechniqueId;

use super::Analysis;
use crate::units::counted;

/// Features or models that are named one by one.
const MOST_NAMED: usize = 2;

/// One line: what a step does on this traffic, and to how much of it.
pub(super) fn why(analysis: &Analysis<'_>, step: &Step) -> String {
    let calls = calls(step.eligible_calls);
    let place = places(analysis, step.technique);
    let place = place.strip_prefix("calls ").map_or_else(|| format!("of {place}"), str::to_owned);
    let one = step.eligible_calls == 1;
    let (says, hold) = if one { ("s", "holds") } else { ("", "hold") };
    match step.technique {
        TechniqueId::PromptCaching => {
            caching(step).unwrap_or_else(|| format!("the cache policy changes for {calls} {place}"))
        }
        TechniqueId::ModelRouting => {
            format!("{calls} {place} can go to another model of the same provider")
        }
        TechniqueId::EmbeddingRetrieval => {
            format!("{calls} {place} send{says} documents of which passages would do")
        }
        TechniqueId::ContextCompression => {
            format!("{calls} {place} {hold} tokens that can go")
        }
        TechniqueId::BatchApi => format!("{calls} {place} can wait for a batch"),
        TechniqueId::OutputCapping => {
            format!("{calls} {place} can be answered with fewer tokens, or carry such answers")
        }
        TechniqueId::SemanticDedup => {
            format!("{calls} {place} repeat{says} one that was answered")
        }
        TechniqueId::FineTuning => {
            format!("{calls} {place} do one narrow task that a small model can be trained for")
        }
    }
}

/// What the stream with the largest change does.
fn caching(step: &Step) -> Option<String> {
    let first = step.policies.first()?;
    let more = match step.policies.len() - 1 {
        0 => String::new(),
        1 => "; 1 more stream changes".to_owned(),
        more => format!("; {more} more streams change"),
    };
    let feature = first.feature.as_deref().map_or_else(String::new, |name| format!("{name} on "));
    Some(format!(
        "{feature}{}: cache {} instead of {}, {} instead of {}{more}",
        first.model,
        first.chosen,
        first.current,
        first.cost.to_display(),
        first.current_cost.to_display(),
    ))
}

/// The features that use a technique, dearest first; the models where the log
/// names no feature.
pub(super) fn places(analysis: &Analysis<'_>, technique: TechniqueId) -> String {
    let traffic = analysis.traffic;
    let mut names: Vec<String> = Vec::new();
    for group in analysis.ladder.groups.iter().filter(|group| group.applied.has(technique)) {
        let place = traffic.places[group.place.0 as usize].group;
        let name = match (traffic.feature_name(place), traffic.model_name(place)) {
            (Some(feature), _) => feature.to_owned(),
            (None, Some(model)) => format!("calls to {model}"),
            (None, None) => "calls without a name".to_owned(),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let more = names.len().saturating_sub(MOST_NAMED);
    names.truncate(MOST_NAMED);
    match (names.as_slice(), more) {
        ([], _) if analysis.is_estimate() => "the traffic".to_owned(),
        ([], _) => "the log".to_owned(),
        ([one], 0) => one.clone(),
        (names, 0) => names.join(" and "),
        (names, more) => format!("{} and {more} more", names.join(", ")),
    }
}

/// A number of calls.
pub(super) fn calls(count: u64) -> String {
    counted(count, "call")
}

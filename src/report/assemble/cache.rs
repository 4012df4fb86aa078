//! The cache block: what prompt caches do on the logged traffic.

use crate::ladder::breaks::Break;
use crate::ladder::cache::{self, Calibration, PolicyFigures};
use crate::ladder::replay::policy::Lifetime;
use crate::techniques::traffic::Traffic;
use crate::units::{Tokens, divide_half_even};

use super::super::document::{Cache, CacheBreak, CacheCalibration, CachePolicy, Quotient};

/// The replay as the document has it; `None` where nothing shows what is
/// cached: no prompt, no block, no cached count, no repetition.
pub(super) fn block(traffic: &Traffic<'_>, replayed: &cache::Cache) -> Option<Cache> {
    let shows_prompts = traffic.indexed().any(|(index, _)| traffic.has_text(index));
    let repeats = replayed.infinite_read_share.is_some_and(|share| share.millionths() > 0);
    if !shows_prompts && !repeats && replayed.logged_read_share.is_none() {
        return None;
    }
    Some(Cache {
        logged_read_share: replayed.logged_read_share,
        replayed_read_share: replayed.replayed_read_share,
        infinite_read_share: replayed.infinite_read_share,
        policies: replayed.policies.iter().map(policy).collect(),
        breaks: replayed.breaks.iter().map(place).collect(),
        calibration: replayed.calibration.as_ref().map(calibration),
        evidence: replayed.evidence,
    })
}

fn policy(figures: &PolicyFigures) -> CachePolicy {
    // Six decimals of the nine that are known.
    let ratio = |billionths: i128| {
        u64::try_from(divide_half_even(billionths, 1_000)).ok().map(Quotient::from_millionths)
    };
    CachePolicy {
        policy: figures.policy.to_owned(),
        ttl_seconds: match figures.lifetime {
            Some(Lifetime::Seconds(seconds)) => Some(u64::from(seconds)),
            Some(Lifetime::Infinite) | None => None,
        },
        read_share: figures.read_share,
        input_cost_ratio: figures.input_cost_ratio.and_then(ratio),
        saving_usd: figures.saving,
    }
}

fn place(found: &Break) -> CacheBreak {
    CacheBreak {
        feature: found.feature.clone(),
        component: found.component.key().to_owned(),
        kind: found.kind.name().to_owned(),
        calls: found.calls,
        share: found.share,
        cost_usd: Some(found.cost),
        position_tokens: Some(Tokens::new(found.position)),
        example_calls: found.examples.clone(),
    }
}

fn calibration(found: &Calibration) -> CacheCalibration {
    CacheCalibration {
        billed_read_share: found.billed_share(),
        replayed_read_share: found.replayed_share(),
        exact_calls: found.exact,
        calls: found.calls,
    }
}

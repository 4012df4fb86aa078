//! Output limits so far above what a feature ever writes that they stop
//! nothing.

use crate::ledger::metrics::quantile;
use crate::record::call::Finish;
use crate::units::Evidence;

use super::Finding;
use super::amount::{counted, grouped};
use super::finder::Finder;
use super::groups::Key;
use super::view::View;

/// Reports one finding per feature and model.
#[derive(Debug)]
pub struct LooseCaps;

impl Finder for LooseCaps {
    fn codes(&self) -> &'static [&'static str] {
        &["LOOSE_CAPS"]
    }

    fn find(&self, view: &View<'_>) -> Vec<Finding> {
        view.answered.iter().filter_map(|(key, members)| group(view, *key, members)).collect()
    }
}

fn group(view: &View<'_>, key: Key<'_>, members: &[usize]) -> Option<Finding> {
    let calls = || members.iter().map(|index| view.ledger.call(&view.ledger.entries[*index]));
    let has_reasons = calls().any(|call| call.finish != Finish::Unknown);
    // Without finish reasons every answer counts as ended normally.
    let ended = |finish| matches!(finish, Finish::Stop | Finish::ToolCalls) || !has_reasons;
    let normal = calls().filter(|call| ended(call.finish));
    let mut outputs: Vec<u64> =
        normal.filter_map(|call| Some(call.usage.get().output?.get())).collect();
    outputs.sort_unstable();
    if outputs.len() < view.settings.capped_answers {
        return None;
    }
    let p99 = quantile(&outputs, 99)?;
    let limit = p99.saturating_mul(view.settings.loose_cap_factor);
    let caps: Vec<u64> = calls().filter_map(|call| call.request.max_tokens.get()).collect();
    let loose = caps.iter().filter(|cap| **cap > limit).count() as u64;
    let (least, most) =
        (caps.iter().copied().filter(|cap| *cap > limit).min()?, caps.iter().copied().max()?);
    let caps = if least == most {
        grouped(least)
    } else {
        format!("{} to {}", grouped(least), grouped(most))
    };
    Some(Finding {
        code: "LOOSE_CAPS",
        message: format!(
            "{key}: {} with an output limit of {caps} tokens, but 99 % of {} stay within {}",
            counted(loose, "call"),
            counted(outputs.len() as u64, "answer"),
            grouped(p99),
        ),
        calls: Some(loose),
        cost: None,
        wasted: None,
        evidence: if has_reasons { Evidence::Measured } else { Evidence::Inferred },
    })
}

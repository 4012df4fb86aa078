//! Answers that were cut off at their output limit: paid for, and often paid
//! for again.

use crate::record::call::Finish;
use crate::units::Share;

use super::Finding;
use super::amount::counted;
use super::finder::Finder;
use super::groups::Key;
use super::view::View;

/// Reports one finding per feature and model.
#[derive(Debug)]
pub struct TruncatingCaps;

impl Finder for TruncatingCaps {
    fn codes(&self) -> &'static [&'static str] {
        &["TRUNCATING_CAPS"]
    }

    fn find(&self, view: &View<'_>) -> Vec<Finding> {
        view.answered.iter().filter_map(|(key, members)| group(view, *key, members)).collect()
    }
}

fn group(view: &View<'_>, key: Key<'_>, members: &[usize]) -> Option<Finding> {
    let finish = |index: usize| view.ledger.call(&view.ledger.entries[index]).finish;
    let ended = members.iter().filter(|index| finish(**index) != Finish::Unknown).count() as u64;
    let cut: Vec<usize> =
        members.iter().copied().filter(|index| finish(*index) == Finish::Length).collect();
    let share = Share::of_counts(cut.len() as u64, ended)?;
    let amount = view.ledger.amount(cut);
    if amount.calls * 100 <= ended.saturating_mul(view.settings.truncated_percent) {
        return None;
    }
    Some(Finding {
        code: "TRUNCATING_CAPS",
        message: format!(
            "{key}: {} of {} ended at the output limit ({}){}",
            super::amount::grouped(amount.calls),
            counted(ended, "answer"),
            share.to_percent(),
            amount.gap(),
        ),
        calls: Some(amount.calls),
        cost: amount.cost(),
        wasted: None,
        evidence: amount.evidence,
    })
}

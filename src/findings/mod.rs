//! Things in a log that are worth a look, beside the ladder and never inside it.
//!
//! A finding names calls and what they cost; it projects nothing, its dollars
//! do not add up with another finding's, and no total of the ladder knows of
//! it. This module sees priced calls and the price table; it must not know
//! techniques, documents, files or texts.

mod amount;
mod combinable_calls;
mod finder;
mod groups;
mod loops;
mod loose_caps;
mod model_retiring;
mod model_substituted;
mod output_errors;
mod price_changed;
mod rules_tier;
mod self_hosting;
mod served;
mod session;
mod settings;
mod truncating_caps;
mod uncapped_calls;
mod view;

use std::cmp::Reverse;

use rayon::prelude::*;

use crate::ledger::Ledger;
use crate::units::{Evidence, Usd};

use finder::Finder;
use view::View;

pub use settings::{SelfHosting, Settings};

/// Every finder. A new one is a file beside this one and a line here.
pub const FINDERS: &[&dyn Finder] = &[
    &loops::Loops,
    &rules_tier::RulesTier,
    &combinable_calls::CombinableCalls,
    &self_hosting::SelfHostingBreakEven,
    &model_substituted::ModelSubstituted,
    &uncapped_calls::UncappedCalls,
    &loose_caps::LooseCaps,
    &truncating_caps::TruncatingCaps,
    &model_retiring::ModelRetiring,
    &price_changed::PriceChanged,
    &output_errors::OutputErrors,
];

/// Something worth a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Stable code in `UPPER_SNAKE`.
    pub code: &'static str,
    /// What was found, in one sentence of English with its figures. It names
    /// features and models, never a user, a conversation or a text.
    pub message: String,
    /// How many calls it is about.
    pub calls: Option<u64>,
    /// What these calls cost; `None` where no price is known, or where the
    /// finding is about no amount.
    pub cost: Option<Usd>,
    /// What bought nothing, or would not be paid again: the code's page says
    /// which. A part of `cost`, but for what later calls pay to read on.
    pub wasted: Option<Usd>,
    /// How the figures are known.
    pub evidence: Evidence,
}

/// Looks a priced log over; dearest first, then by code, then by message.
#[must_use]
pub fn find(ledger: &Ledger<'_>, settings: &Settings) -> Vec<Finding> {
    let view = View::new(ledger, settings);
    let mut found: Vec<Finding> =
        FINDERS.par_iter().flat_map_iter(|finder| finder.find(&view)).collect();
    found.sort_by(|left, right| {
        let key = |finding: &Finding| (Reverse(finding.cost), finding.code);
        key(left).cmp(&key(right)).then_with(|| left.message.cmp(&right.message))
    });
    found
}

/// Every code that can be found, in the order of [`FINDERS`].
pub fn codes() -> impl Iterator<Item = &'static str> {
    FINDERS.iter().flat_map(|finder| finder.codes()).copied()
}

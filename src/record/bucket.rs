//! A period's usage as a provider's export adds it up.

use crate::units::{Timestamp, Tokens, Usd};

use super::call::{Operation, Source};
use super::lane::Tier;
use super::symbol::Symbol;
use super::usage::Usage;

/// Usage of one period and one set of dimensions.
///
/// A bucket can be attributed and priced, never replayed: it says nothing of
/// the calls inside it. Its counters are 64 bits wide.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Bucket {
    /// The file and line it came from.
    pub source: Source,
    /// Start of the period, inclusive.
    pub start: Option<Timestamp>,
    /// End of the period, exclusive.
    pub end: Option<Timestamp>,
    /// How many calls it adds up, where the export says.
    pub calls: Option<u64>,
    /// The provider whose export it is.
    pub provider: Option<Symbol>,
    /// The model, unless the export was not grouped by it.
    pub model: Option<Symbol>,
    /// The feature, where a dimension stands for it.
    pub feature: Option<Symbol>,
    /// The user, where the export was grouped by it.
    pub user: Option<Symbol>,
    /// The account, project, workspace or API key that pays.
    pub account: Option<Symbol>,
    /// The region or geography.
    pub region: Option<Symbol>,
    /// What was asked for.
    pub operation: Operation,
    /// The lane, standard where the export was not grouped by it.
    pub tier: Tier,
    /// Whether the prompts were above the long-context limit, where stated.
    pub long_context: Option<bool>,
    /// Token counters of the whole period.
    pub usage: Usage,
    /// Per-request tool fees, such as web searches.
    pub tool_requests: u64,
    /// Audio and image tokens among the counters.
    pub other_modality: Tokens,
    /// What the export says it cost.
    pub logged_cost: Option<Usd>,
}

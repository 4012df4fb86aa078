//! An amount that a provider's own bill or cost export names.

use crate::units::{Timestamp, Usd};

use super::call::Source;
use super::lane::Tier;
use super::symbol::Symbol;

/// What was billed for one period and one set of dimensions.
///
/// A charge counts no tokens: it is no usage and is never added to any. It is
/// what priced usage is held against. Amounts can be negative (credits).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Charge {
    /// The file and line it came from.
    pub source: Source,
    /// Start of the period, inclusive.
    pub start: Option<Timestamp>,
    /// End of the period, exclusive.
    pub end: Option<Timestamp>,
    /// The provider whose bill it is.
    pub provider: Option<Symbol>,
    /// The model as the bill names it, which may be a display name.
    pub model: Option<Symbol>,
    /// The line of the bill, where it is not told by the other fields.
    pub item: Option<Symbol>,
    /// The account, project, workspace or API key that pays.
    pub account: Option<Symbol>,
    /// The region or geography.
    pub region: Option<Symbol>,
    /// What was billed.
    pub meter: Meter,
    /// The lane, where the bill names it.
    pub tier: Option<Tier>,
    /// Whether the prompts were above the long-context limit, where stated.
    pub long_context: Option<bool>,
    /// The amount after discounts.
    pub billed: Usd,
    /// The amount at list prices, where the bill names it.
    pub list: Option<Usd>,
}

/// What a charge was made for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Meter {
    /// The bill does not say, or names all of them at once.
    #[default]
    Unstated,
    /// Prompt tokens neither read from nor written to a cache.
    Input,
    /// Prompt tokens read from a cache.
    CacheRead,
    /// Prompt tokens written to a cache.
    CacheWrite,
    /// Generated tokens.
    Output,
    /// Hosted tools, such as web searches or code execution.
    Tool,
    /// Anything that is no use of a model: storage, seats, sessions.
    Other,
}

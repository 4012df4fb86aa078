//! By what rows of cost and usage are told apart, and in which order they
//! stand.

use crate::ledger::Ledger;
use crate::record::call::TagsId;
use crate::record::component::Component;
use crate::record::lane::Tier;
use crate::record::symbol::Symbol;
use crate::units::Timestamp;

use super::Names;

/// Where and for whom tokens were used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
    pub(super) provider: Option<Symbol>,
    /// A handle of the ledger's names, as is the feature.
    pub(super) model: Option<Symbol>,
    pub(super) feature: Option<Symbol>,
    pub(super) user: Option<Symbol>,
    pub(super) account: Option<Symbol>,
    pub(super) region: Option<Symbol>,
    pub(super) tags: Option<TagsId>,
    pub(super) tier: Tier,
}

/// What is metered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Meter {
    Input,
    CacheRead,
    CacheWrite,
    Output,
    Tools,
}

impl Meter {
    /// As part of an id.
    pub(super) const fn id(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::CacheRead => "cache_read",
            Self::CacheWrite => "cache_write",
            Self::Output => "output",
            Self::Tools => "tool_requests",
        }
    }

    /// As a meter's name.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Input => "Input Tokens",
            Self::CacheRead => "Cache Read Input Tokens",
            Self::CacheWrite => "Cache Write Input Tokens",
            Self::Output => "Output Tokens",
            Self::Tools => "Tool Requests",
        }
    }

    /// Whether tokens are counted.
    pub(super) fn is_tokens(self) -> bool {
        self != Self::Tools
    }
}

/// A row of cost and usage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) place: Place,
    pub(super) meter: Meter,
    pub(super) component: Option<Component>,
    /// Seconds that cache writes were bought for.
    pub(super) lifetime: Option<u32>,
    /// Femto-dollars of each; `None` where prices are mixed or unknown.
    pub(super) femto_each: Option<i128>,
    pub(super) is_priced: bool,
}

impl Key {
    /// What decides the order of rows: content, never a handle.
    pub(super) fn order(&self, ledger: &Ledger<'_>, names: &Names<'_>) -> impl Ord + use<> {
        let place = &self.place;
        let logged = |symbol| ledger.log.strings.text_of(symbol).map(str::to_owned);
        let named = |symbol| ledger.names.text_of(symbol).map(str::to_owned);
        (
            (place.start, place.end, logged(place.provider), named(place.model), place.tier),
            (self.meter, self.component, named(place.feature)),
            (
                names.account(place.account).map(str::to_owned),
                names.user(place.user).map(str::to_owned),
                logged(place.region),
                names.tags(ledger.log.tags(place.tags)),
            ),
            (self.lifetime, self.femto_each, self.is_priced),
        )
    }
}

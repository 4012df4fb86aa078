//! From a name in a log to a model of the table.
//!
//! Exact names and declared aliases only. A prefix of a name is another name:
//! `claude-opus-5` says nothing about `claude-opus-5-5`.

use super::model::Model;
use super::names::{Bare, strip_date, strip_layer, strip_serving, tuned_base};
use super::table::PriceTable;
use crate::units::{Multiplier, Timestamp};

/// Which rule found the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MatchRule {
    /// The name is a model's id.
    Id,
    /// The name is a declared alias.
    Alias,
    /// The name without its date is an id or alias that accepts a date.
    DateStripped,
    /// The name is a fine-tuned model whose base is declared.
    TunedBase,
}

impl MatchRule {
    /// The name used in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Alias => "alias",
            Self::DateStripped => "date stripped",
            Self::TunedBase => "tuned base",
        }
    }
}

/// Whose price it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PriceBasis {
    /// The price of the provider that the log names.
    Listed,
    /// The log names no provider; only one sells a model of this name.
    OnlySeller,
    /// The log names another provider, which has no such row: the maker's
    /// first-party price, an inference.
    MakersPrice,
}

impl PriceBasis {
    /// The name used in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Listed => "listed",
            Self::OnlySeller => "only seller",
            Self::MakersPrice => "maker's price",
        }
    }
}

/// A model of the table and how the name led to it.
#[derive(Clone, Copy, Debug)]
pub struct Match<'t> {
    pub(super) model: &'t Model,
    pub(super) as_of: Timestamp,
    pub(super) region: Option<Multiplier>,
    rule: MatchRule,
    unwrapped: bool,
    basis: PriceBasis,
}

impl<'t> Match<'t> {
    /// The model that was found.
    #[must_use]
    pub const fn model(&self) -> &'t Model {
        self.model
    }

    /// The rule that found it.
    #[must_use]
    pub const fn rule(&self) -> MatchRule {
        self.rule
    }

    /// Whether a gateway, cloud or region was taken off the name first.
    #[must_use]
    pub const fn unwrapped(&self) -> bool {
        self.unwrapped
    }

    /// Whose price it is.
    #[must_use]
    pub const fn basis(&self) -> PriceBasis {
        self.basis
    }

    /// The factor of the region that the name itself carries (`us.`, `eu.`).
    #[must_use]
    pub const fn named_region(&self) -> Option<Multiplier> {
        self.region
    }
}

/// Where to look for a name.
#[derive(Clone, Copy)]
enum Scope {
    Seller(usize),
    Makers,
    Platforms,
}

impl PriceTable {
    /// Finds the model a log names; `None` leaves its calls unpriced.
    ///
    /// `provider` is the OpenTelemetry name (`openai`, `aws.bedrock`, ...) or
    /// one of its declared synonyms; letter case does not matter.
    #[must_use]
    pub fn find(&self, provider: Option<&str>, model: &str) -> Option<Match<'_>> {
        let asked = Asked {
            named: provider.is_some(),
            seller: provider
                .and_then(|name| self.names.get(&name.trim().to_ascii_lowercase()).copied()),
        };
        let lower = model.trim().to_ascii_lowercase();
        let knows = |word: &str| self.names.contains_key(word);
        let mut bare = Bare { name: strip_serving(&lower), provider: None, region: None };
        loop {
            if let Some(mut found) = self.find_bare(asked, bare) {
                found.unwrapped = bare.name.len() != lower.len();
                found.region = bare.region.and_then(|region| found.model.region_factor(region));
                return Some(found);
            }
            bare = strip_layer(bare, &knows)?;
        }
    }

    fn find_bare(&self, asked: Asked, bare: Bare<'_>) -> Option<Match<'_>> {
        let hinted = bare.provider.and_then(|name| self.names.get(name).copied());
        let listed = |seller| match asked.seller {
            Some(asked) if asked != seller => PriceBasis::MakersPrice,
            None if asked.named => PriceBasis::MakersPrice,
            _ => PriceBasis::Listed,
        };
        for seller in [asked.seller, hinted].into_iter().flatten() {
            if let Some(found) = self.find_in(Scope::Seller(seller), bare.name, listed(seller)) {
                return Some(found);
            }
        }
        let basis = if asked.named { PriceBasis::MakersPrice } else { PriceBasis::OnlySeller };
        self.find_in(Scope::Makers, bare.name, basis)
            .or_else(|| self.find_in(Scope::Platforms, bare.name, basis))
    }

    fn find_in(&self, scope: Scope, name: &str, basis: PriceBasis) -> Option<Match<'_>> {
        let found = |model, rule| Match {
            model,
            as_of: self.as_of_instant(),
            region: None,
            rule,
            unwrapped: false,
            basis,
        };
        if let Some(model) = self.bearer(scope, name) {
            let is_id = model.id.eq_ignore_ascii_case(name);
            return Some(found(model, if is_id { MatchRule::Id } else { MatchRule::Alias }));
        }
        if let Some(base) = tuned_base(name) {
            return self.bearer(scope, base).map(|model| found(model, MatchRule::TunedBase));
        }
        let undated = strip_date(name)?;
        let model = self.bearer(scope, undated)?;
        model.accepts_date.then(|| found(model, MatchRule::DateStripped))
    }

    /// The one model in scope that bears a name; an id goes before an alias.
    fn bearer(&self, scope: Scope, name: &str) -> Option<&Model> {
        let in_scope = |seller: usize| match scope {
            Scope::Seller(wanted) => seller == wanted,
            Scope::Makers => self.sellers.get(seller).is_some_and(|seller| !seller.platform),
            Scope::Platforms => self.sellers.get(seller).is_some_and(|seller| seller.platform),
        };
        let mut best: Option<&Model> = None;
        let mut tied = false;
        for position in self.index.get(name)? {
            let Some((seller, model)) = self.models.get(*position) else { continue };
            if !in_scope(*seller) {
                continue;
            }
            let is_id = |model: &Model| model.id.eq_ignore_ascii_case(name);
            match best {
                Some(other) if is_id(other) == is_id(model) => tied = true,
                Some(other) if is_id(other) => {}
                _ => {
                    best = Some(model);
                    tied = false;
                }
            }
        }
        best.filter(|_| !tied)
    }
}

/// What the log says about the provider.
#[derive(Clone, Copy)]
struct Asked {
    named: bool,
    seller: Option<usize>,
}

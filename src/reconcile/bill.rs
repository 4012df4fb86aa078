//! A bill line by line, its models under the table's names.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::ledger::levels::Charges;
use crate::prices::PriceTable;
use crate::record::charge::{Charge, Meter};
use crate::record::lane::Tier;
use crate::record::log::Log;
use crate::units::{Timestamp, Usd};

use super::periods::{Grain, Hull};

/// A name that many rows share.
pub(super) type Name = Rc<str>;

/// A line of the bill.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub provider: Option<Name>,
    /// The model's id in the table, else its name on the bill.
    pub model: Option<Name>,
    pub period: Option<Name>,
    pub meter: Meter,
    pub tier: Option<Tier>,
    pub billed: Usd,
    pub list: Option<Usd>,
}

impl Line {
    /// Whether it is for the use of a model.
    pub const fn is_usage(&self) -> bool {
        !matches!(self.meter, Meter::Tool | Meter::Other)
    }
}

/// All of it.
#[derive(Debug)]
pub(super) struct Bill {
    pub lines: Vec<Line>,
    pub grain: Grain,
    /// Models that the table does not know, as the bill names them.
    pub unmatched: BTreeSet<String>,
    /// The time that is billed, by provider.
    hulls: BTreeMap<Option<Name>, Hull>,
    whole: Hull,
}

/// Whether usage belongs to the bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Belongs {
    Yes,
    OtherProvider,
    OtherTime,
}

impl Bill {
    pub fn of(log: &Log, charges: &Charges, table: &PriceTable) -> Self {
        let kept = || charges.kept.iter().filter_map(|at| log.charges.get(*at as usize));
        let grain = Grain::of(kept());
        let mut unmatched = BTreeSet::new();
        let mut by_provider: BTreeMap<Option<Name>, Vec<&Charge>> = BTreeMap::new();
        let lines = kept()
            .map(|charge| {
                let provider = log.strings.text_of(charge.provider);
                let provider: Option<Name> =
                    provider.map(|name| table.provider_name(name).unwrap_or(name).into());
                by_provider.entry(provider.clone()).or_default().push(charge);
                let named = Named::of(log, charge, provider.as_deref(), table);
                if let (Some(name), false) = (&named.model, named.is_known) {
                    unmatched.insert(name.to_string());
                }
                Line {
                    provider,
                    model: named.model,
                    period: grain.period(charge.start).map(Name::from),
                    meter: named.meter,
                    tier: charge.tier,
                    billed: charge.billed,
                    list: charge.list,
                }
            })
            .collect();
        let hulls = by_provider
            .into_iter()
            .map(|(provider, charges)| (provider, Hull::of(charges.into_iter())))
            .collect();
        Self { lines, grain, unmatched, hulls, whole: Hull::of(kept()) }
    }

    /// Whole days at the beginning and at the end of the billed time that lie
    /// outside a window; `None` where there is none, or the bill has no dates.
    pub fn days_outside(&self, first: Timestamp, last: Timestamp) -> Option<(u64, u64)> {
        let (before, after) = self.whole.days_outside(first, last)?;
        (before + after > 0).then_some((before, after))
    }

    /// Whether usage of a provider at a time belongs to the bill. What does not
    /// say its provider may be anyone's, and so may a bill's line.
    pub fn belongs(&self, provider: Option<&str>, at: Option<Timestamp>) -> Belongs {
        let own = provider.map(|name| self.hulls.get(&Some(name.into())));
        let anyones = self.hulls.get(&None).copied();
        let hulls = match own {
            None => [Some(self.whole), None],
            Some(own) => [own.copied(), anyones],
        };
        let mut hulls = hulls.into_iter().flatten().peekable();
        if hulls.peek().is_none() {
            return Belongs::OtherProvider;
        }
        match at {
            Some(at) if !hulls.any(|hull| hull.holds(at)) => Belongs::OtherTime,
            _ => Belongs::Yes,
        }
    }
}

/// The model of a charge, and what it was made for.
struct Named {
    model: Option<Name>,
    is_known: bool,
    meter: Meter,
}

impl Named {
    fn of(log: &Log, charge: &Charge, provider: Option<&str>, table: &PriceTable) -> Self {
        let id = |name: &str| {
            let found = table.find(provider, name)?;
            Some(Name::from(found.model().id()))
        };
        if let Some(name) = log.strings.text_of(charge.model) {
            let found = id(name);
            let is_known = found.is_some();
            let model = Some(found.unwrap_or_else(|| name.into()));
            return Self { model, is_known, meter: charge.meter };
        }
        let item = log.strings.text_of(charge.item).unwrap_or_default();
        // `gpt-5-mini, cached input`, `Claude Sonnet 4.5 Usage - Output Tokens`
        let parts = item.split_once(", ").or_else(|| item.split_once(" Usage - "));
        let (name, rest) = parts.unwrap_or((item, ""));
        match id(name.trim()) {
            Some(model) => Self {
                model: Some(model),
                is_known: true,
                meter: if charge.meter == Meter::Unstated { meter(rest) } else { charge.meter },
            },
            None => Self { model: None, is_known: true, meter: charge.meter },
        }
    }
}

/// What the rest of an item's name says it is for.
fn meter(rest: &str) -> Meter {
    let rest = rest.to_ascii_lowercase();
    let cached = rest.contains("cache");
    match rest {
        _ if cached && rest.contains("writ") => Meter::CacheWrite,
        _ if cached => Meter::CacheRead,
        _ if rest.contains("input") => Meter::Input,
        _ if rest.contains("output") => Meter::Output,
        _ => Meter::Unstated,
    }
}

#[cfg(test)]
mod tests {
    use super::meter;
    use crate::record::charge::Meter;

    #[test]
    fn an_item_says_what_it_is_for() {
        for (rest, expected) in [
            ("cached input", Meter::CacheRead),
            ("Input Tokens, Cache Write", Meter::CacheWrite),
            ("input", Meter::Input),
            ("Output Tokens", Meter::Output),
            ("", Meter::Unstated),
        ] {
            assert_eq!(meter(rest), expected, "{rest}");
        }
    }
}

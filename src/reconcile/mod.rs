//! Priced usage held against a bill: the gap, by period and by model, and what
//! explains it.
//!
//! A bill is charges, from a provider's cost export or a plain table. What is
//! priced is the ledger, which already counts nothing twice. A cause is named
//! only where the two sides themselves show it; what is left is unexplained.
//! Knows no file and no report.

mod bill;
mod causes;
mod compared;
mod groups;
mod periods;

use std::collections::BTreeMap;

use crate::ledger::Ledger;
use crate::ledger::levels::Charges;
use crate::record::log::Log;
use crate::units::{Evidence, Usd};

use bill::{Bill, Name};
use periods::Grain;

/// A bill and the usage of its time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reconciliation {
    /// Both sides in all.
    pub whole: Sides,
    /// Both sides by month or, where the bill tells days, by day.
    pub periods: BTreeMap<Option<String>, Sides>,
    /// Whether the periods are days.
    pub daily: bool,
    /// Both sides by model; empty where the bill names no model.
    pub models: BTreeMap<Option<String>, Sides>,
    /// What explains the gap, the largest amounts first.
    pub causes: Vec<Cause>,
    /// What of the gap no cause explains.
    pub unexplained: Usd,
    /// Models on the bill that the price table does not know, by name.
    pub unmatched: Vec<String>,
    /// Charges of the bill.
    pub charges: u64,
    /// Charges that another export of the bill states too.
    pub repeated_charges: u64,
    /// What usage of other providers or of another time was left out.
    pub outside: Outside,
}

/// Usage that the bill does not speak of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outside {
    /// Calls and buckets of a time that the bill does not cover.
    pub other_times: u64,
    /// What they are priced at.
    pub other_times_cost: Usd,
    /// Calls and buckets of a provider whose bill it is not.
    pub other_providers: u64,
    /// What they are priced at.
    pub other_providers_cost: Usd,
}

/// What usage is priced at, and what was billed for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sides {
    /// Calls and buckets in the log.
    pub records: u64,
    /// Of these, how many have no price.
    pub unpriced: u64,
    /// What the table prices the log at; `None` where it prices nothing of it.
    pub priced: Option<Usd>,
    /// What was billed; `None` where the bill has no line for it.
    pub billed: Option<Usd>,
}

impl Sides {
    /// Billed less priced; what a side does not have is nothing.
    #[must_use]
    pub fn gap(&self) -> Usd {
        self.billed.unwrap_or_default() - self.priced.unwrap_or_default()
    }

    fn bill(&mut self, amount: Usd) {
        self.billed = Some(self.billed.unwrap_or_default() + amount);
    }

    fn price(&mut self, amount: Option<Usd>) {
        self.records += 1;
        match amount {
            Some(amount) => self.priced = Some(self.priced.unwrap_or_default() + amount),
            None => self.unpriced += 1,
        }
    }
}

/// Something that explains a part of the gap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Which one.
    pub code: Code,
    /// How much of the gap it explains, in its sign; `None` where the evidence
    /// names no amount.
    pub amount: Option<Usd>,
    /// The model it is about; `None` for all of them.
    pub model: Option<String>,
    /// What shows it, as a lower-case fragment.
    pub shown_by: String,
    /// How it is known.
    pub evidence: Evidence,
}

/// Why a bill and a log differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// The log has a model that the table does not price.
    UnpricedModel,
    /// Calls of a priced model do not say how many tokens they took.
    UnpricedCalls,
    /// The bill names a model that the log does not have.
    OnlyOnBill,
    /// The log has a model that the bill does not name.
    OnlyInLog,
    /// Billed days or months from which there is no request.
    MissingDays,
    /// Days or months with requests for which nothing was billed.
    DaysNotBilled,
    /// The log begins or ends inside a billed period.
    PartOfPeriod,
    /// Tools are billed otherwise than they are priced.
    Tools,
    /// The bill has lines that are no use of a model.
    OtherMeters,
    /// The bill is at the price of a tier that the log does not name.
    Tier,
    /// Less was billed by one constant ratio, or as the bill's list prices say.
    Discount,
    /// More was billed by one constant ratio.
    Markup,
    /// Cached input was priced as uncached, because the log does not tell it.
    CacheUnseen,
    /// A usage export shows usage of which there are no requests.
    RequestsMissing,
    /// No more than rounding of the bill's lines.
    Rounding,
}

impl Code {
    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnpricedModel => "UNPRICED_MODEL",
            Self::UnpricedCalls => "UNPRICED_CALLS",
            Self::OnlyOnBill => "ONLY_ON_BILL",
            Self::OnlyInLog => "ONLY_IN_LOG",
            Self::MissingDays => "MISSING_DAYS",
            Self::DaysNotBilled => "DAYS_NOT_BILLED",
            Self::PartOfPeriod => "PART_OF_PERIOD",
            Self::Tools => "TOOLS",
            Self::OtherMeters => "OTHER_METERS",
            Self::Tier => "TIER",
            Self::Discount => "DISCOUNT",
            Self::Markup => "MARKUP",
            Self::CacheUnseen => "CACHE_UNSEEN",
            Self::RequestsMissing => "REQUESTS_MISSING",
            Self::Rounding => "ROUNDING",
        }
    }
}

/// Holds a ledger against the charges of a bill, which may be its own log's;
/// `None` where the bill is empty.
#[must_use]
pub fn reconcile(ledger: &Ledger<'_>, bill_log: &Log, charges: &Charges) -> Option<Reconciliation> {
    if charges.kept.is_empty() {
        return None;
    }
    let bill = Bill::of(bill_log, charges, ledger.table);
    let uses = groups::uses(ledger, &bill);
    let mut found = Reconciliation {
        daily: bill.grain == Grain::Days,
        charges: charges.kept.len() as u64,
        repeated_charges: charges.set_aside.len() as u64,
        outside: uses.outside,
        unmatched: bill.unmatched.iter().cloned().collect(),
        ..Reconciliation::default()
    };
    let names_models = bill.lines.iter().any(|line| line.model.is_some());
    for line in &bill.lines {
        found.whole.bill(line.billed);
        found.periods.entry(text(line.period.as_ref())).or_default().bill(line.billed);
        if names_models {
            found.models.entry(text(line.model.as_ref())).or_default().bill(line.billed);
        }
    }
    for used in &uses.rows {
        found.whole.price(used.cost);
        found.periods.entry(text(used.period.as_ref())).or_default().price(used.cost);
        if names_models {
            found.models.entry(text(used.model.as_ref())).or_default().price(used.cost);
        }
    }
    found.causes = causes::find(ledger, &bill, &uses, found.whole.gap());
    let explained: Usd = found.causes.iter().filter_map(|cause| cause.amount).sum();
    found.unexplained = found.whole.gap() - explained;
    Some(found)
}

fn text(name: Option<&Name>) -> Option<String> {
    name.map(ToString::to_string)
}

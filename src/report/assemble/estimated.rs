//! The document of an estimate: a month of traffic that was described, with the
//! ladder of it and no log.

use crate::ladder::steps::Ladder;
use crate::ledger::{Ledger, Settings};
use crate::prices::PriceTable;
use crate::record::log::Log;
use crate::techniques::id::Set;
use crate::techniques::parameters::Assumptions;
use crate::techniques::traffic::Traffic;
use crate::units::{Evidence, Tokens, Usd};

use super::super::document::{Document, Prices, Totals};
use super::month::Length;
use super::{Analysis, Naming};

/// A month of traffic as it was described, and its ladder.
#[derive(Clone, Copy, Debug)]
pub struct Described<'a> {
    /// Requests.
    pub requests: u64,
    /// Prompt tokens of all of them.
    pub input: Tokens,
    /// Output tokens of all of them.
    pub output: Tokens,
    /// The ladder.
    pub ladder: &'a Ladder,
    /// The named numbers it was climbed with.
    pub assumptions: &'a Assumptions,
    /// What an hour of work costs.
    pub hourly_rate: Usd,
    /// What it was priced by.
    pub table: &'a PriceTable,
}

/// Days of the month that is described.
const DAYS: u64 = 30;

/// Makes the document of an estimate.
#[must_use]
pub fn estimated(month: &Described<'_>) -> Document {
    let (log, settings) = (Log::default(), Settings::default());
    let ledger = Ledger::new(&log, month.table, &settings);
    let traffic = Traffic::of(&ledger);
    let length = Some(Length::of_days(DAYS));
    let mut document = Document::new(env!("CARGO_PKG_VERSION"));
    document.window = Length::window(length);
    document.prices = Prices {
        as_of: Some(month.table.as_of().to_string()),
        table_hash: Some(month.table.content_hash()),
        ..Prices::default()
    };
    document.totals = Totals {
        calls: Some(month.requests),
        input_tokens: Some(month.input),
        output_tokens: Some(month.output),
        cost_usd: Some(month.ladder.totals.cost(Set::NONE)),
        cost_evidence: Some(Evidence::Assumed),
        ..Totals::default()
    };
    let analysis = Analysis {
        traffic: &traffic,
        ladder: month.ladder,
        cache: None,
        assumptions: month.assumptions,
        hourly_rate: month.hourly_rate,
    };
    analysis.add(&mut document, &Naming::PublishedKey, length);
    document
}

//! How old the table is, what it holds, and what is about to change.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::model::Model;
use super::table::PriceTable;
use crate::units::Timestamp;

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// A summary of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceStatus {
    /// The latest day on which any entry was compared with its source.
    pub as_of: Date,
    /// See [`PriceTable::content_hash`].
    pub content_hash: String,
    /// Counts by provider, in the order of the files.
    pub providers: Vec<ProviderStatus>,
}

/// What the table holds of one provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderStatus {
    /// The OpenTelemetry name.
    pub provider: String,
    /// Models with a price.
    pub models: usize,
    /// Dated intervals over all of them.
    pub intervals: usize,
    /// The latest day any of them was checked.
    pub checked: Option<Date>,
}

/// A price or a service that changes at a known instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScheduledChange {
    /// Another price starts.
    NewPrice {
        /// When.
        at: Timestamp,
        /// The provider's OpenTelemetry name.
        provider: String,
        /// The model's id.
        model: String,
    },
    /// The model answers no more.
    Shutdown {
        /// When.
        at: Timestamp,
        /// The provider's OpenTelemetry name.
        provider: String,
        /// The model's id.
        model: String,
    },
}

impl ScheduledChange {
    /// When the change happens.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        match self {
            Self::NewPrice { at, .. } | Self::Shutdown { at, .. } => *at,
        }
    }

    /// The provider and the model's id.
    #[must_use]
    pub fn model(&self) -> (&str, &str) {
        match self {
            Self::NewPrice { provider, model, .. } | Self::Shutdown { provider, model, .. } => {
                (provider, model)
            }
        }
    }
}

impl PriceTable {
    /// Summarises the table.
    #[must_use]
    pub fn status(&self) -> PriceStatus {
        let mut by_seller: BTreeMap<usize, ProviderStatus> = BTreeMap::new();
        for (seller, model) in &self.models {
            let entry = by_seller.entry(*seller).or_insert_with(|| ProviderStatus {
                provider: model.provider.clone(),
                models: 0,
                intervals: 0,
                checked: None,
            });
            entry.models += 1;
            entry.intervals += model.intervals.len();
            entry.checked = entry.checked.max(model.checked);
        }
        PriceStatus {
            as_of: self.as_of(),
            content_hash: self.content_hash(),
            providers: by_seller.into_values().collect(),
        }
    }

    /// What changes after an instant and at most so many days later, by time,
    /// then provider, then model.
    #[must_use]
    pub fn scheduled_changes(&self, after: Timestamp, days: u32) -> Vec<ScheduledChange> {
        let end = after.micros().saturating_add(i64::from(days).saturating_mul(MICROS_PER_DAY));
        let soon = |at: &Timestamp| *at > after && at.micros() <= end;
        let mut changes: Vec<ScheduledChange> =
            self.models().flat_map(changes_of).filter(|change| soon(&change.at())).collect();
        changes.sort_by(|a, b| (a.at(), a.model()).cmp(&(b.at(), b.model())));
        changes
    }
}

fn changes_of(model: &Model) -> Vec<ScheduledChange> {
    let provider = || model.provider.clone();
    let id = || model.id.clone();
    let prices = model.intervals.iter().filter_map(|interval| interval.from);
    let mut changes: Vec<ScheduledChange> = prices
        .map(|at| ScheduledChange::NewPrice { at, provider: provider(), model: id() })
        .collect();
    let shutdown = model.shutdown.and_then(Timestamp::from_date);
    changes.extend(shutdown.map(|at| ScheduledChange::Shutdown {
        at,
        provider: provider(),
        model: id(),
    }));
    changes
}

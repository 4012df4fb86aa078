//! Levels that are never added: requests, periods of a usage export, bills.
//!
//! Knows no bill's layout.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Evidence;
use crate::units::{NanoUsd, Share, Tokens};

/// Periods of usage exports that count nowhere, because requests or a finer
/// export speak of the same usage.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Levels {
    /// Buckets that were set aside: no part of any total.
    pub set_aside_buckets: u64,
    /// The same by what counts in their place and by provider.
    pub set_aside: Vec<SetAside>,
    /// What the exports say of the time that requests cover, beside the
    /// requests.
    pub coverage: Vec<ExportCoverage>,
}

/// Why buckets were set aside.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum SetAsideReason {
    /// Requests of the same provider and time count in their place.
    Requests,
    /// A finer export of the same provider and time counts in their place.
    FinerExport,
}

impl SetAsideReason {
    /// The name used in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::FinerExport => "finer_export",
        }
    }
}

/// Buckets of one provider that were set aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SetAside {
    /// What counts in their place.
    pub reason: SetAsideReason,
    /// The provider.
    pub provider: String,
    /// How many buckets.
    pub buckets: u64,
    /// Their input tokens.
    #[schemars(with = "Option<u64>")]
    pub input_tokens: Option<Tokens>,
    /// Their output tokens.
    #[schemars(with = "Option<u64>")]
    pub output_tokens: Option<Tokens>,
    /// What the table prices them at.
    pub cost_usd: Option<NanoUsd>,
}

/// An export and the requests of its time, for one provider and kind of
/// operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExportCoverage {
    /// The provider.
    pub provider: String,
    /// `generation` or `embeddings`.
    pub operation: String,
    /// Start of the first period that is compared.
    pub start: Option<String>,
    /// End of the last one.
    pub end: Option<String>,
    /// Buckets that are compared.
    pub buckets: u64,
    /// What the export adds up.
    pub export: LevelSide,
    /// What the requests of the same periods come to.
    pub requests: LevelSide,
    /// The export less the requests, in US dollars; null where either is not
    /// priced whole.
    pub difference_usd: Option<NanoUsd>,
    /// The same as a part of the requests: 0.041 where the export bills 4.1 %
    /// more.
    pub difference_share: Option<Share>,
    /// The export's tokens less the requests', as a part of the requests'.
    pub difference_tokens_share: Option<Share>,
    /// The same by model.
    pub models: Vec<ModelCoverage>,
}

/// An export and the requests of its time, for one model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ModelCoverage {
    /// The model.
    pub model: String,
    /// What the export adds up; null where it does not name the model.
    pub export: Option<LevelSide>,
    /// What the requests come to; null where there is none.
    pub requests: Option<LevelSide>,
}

/// Usage as one level counts it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LevelSide {
    /// Calls; null where they are not counted.
    pub calls: Option<u64>,
    /// Input tokens.
    #[schemars(with = "Option<u64>")]
    pub input_tokens: Option<Tokens>,
    /// Output tokens.
    #[schemars(with = "Option<u64>")]
    pub output_tokens: Option<Tokens>,
    /// What the table prices it at.
    pub cost_usd: Option<NanoUsd>,
    /// Calls or buckets that the table cannot price.
    pub unpriced: u64,
}

/// Billed amounts of cost exports among the files: no calls, no tokens, and no
/// part of `totals.cost_usd`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Billed {
    /// The sum, in US dollars.
    pub billed_usd: NanoUsd,
    /// The same at list prices; null where not every line names one.
    pub list_usd: Option<NanoUsd>,
    /// Lines of the bill.
    pub charges: u64,
    /// Lines that another export of the bill states too: no part of the sum.
    pub repeated_charges: u64,
    /// Start of the first line's period.
    pub start: Option<String>,
    /// End of the last line's period.
    pub end: Option<String>,
    /// By provider.
    pub provider: Vec<BilledRow>,
    /// By model, as the bill names it.
    pub model: Vec<BilledRow>,
    /// By what was billed: `input`, `cache_read`, `cache_write`, `output`,
    /// `tool`, `other`.
    pub meter: Vec<BilledRow>,
    /// By line item, where the bill names lines otherwise.
    pub item: Vec<BilledRow>,
    /// By account, a pseudonym unless names are shown.
    pub account: Vec<BilledRow>,
    /// By month, in UTC.
    pub month: Vec<BilledRow>,
    /// By day, in UTC; lines for longer periods stand under `unknown`.
    pub day: Vec<BilledRow>,
}

/// A part of what was billed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BilledRow {
    /// What the lines have in common; `unknown` where the bill does not say.
    pub key: String,
    /// Lines.
    pub charges: u64,
    /// Their sum, in US dollars.
    pub billed_usd: NanoUsd,
    /// Their part of all that was billed.
    pub share: Option<Share>,
}

/// Priced usage held against a bill.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reconciliation {
    /// The files of the bill, where it was given apart from the log.
    pub files: Vec<InvoiceFile>,
    /// Lines of the bill that are compared.
    pub charges: u64,
    /// Lines that another export of the bill states too: not compared.
    pub repeated_charges: u64,
    /// What the table prices the log's usage at; null where it prices none.
    pub priced_usd: Option<NanoUsd>,
    /// What was billed.
    pub billed_usd: Option<NanoUsd>,
    /// Billed less priced.
    pub gap_usd: NanoUsd,
    /// The same as a part of what is priced: 0.041 where 4.1 % more was billed.
    pub gap_share: Option<Share>,
    /// Calls and buckets of the log that belong to the bill.
    pub records: u64,
    /// Of these, how many have no price.
    pub unpriced: u64,
    /// By month, in UTC.
    pub month: Vec<ReconciledRow>,
    /// By day, in UTC; empty where the bill does not tell days.
    pub day: Vec<ReconciledRow>,
    /// By model; empty where the bill names none.
    pub model: Vec<ReconciledRow>,
    /// What explains the gap, the largest amounts first.
    pub causes: Vec<GapCause>,
    /// What of the gap no cause explains: the amounts of the causes and this
    /// add up to `gap_usd`.
    pub unexplained_usd: NanoUsd,
    /// Models on the bill that the price table does not know.
    pub unmatched_models: Vec<String>,
    /// Calls and buckets of a time that the bill does not cover: not compared.
    pub other_times: u64,
    /// What they are priced at.
    pub other_times_usd: NanoUsd,
    /// Calls and buckets of providers whose bill it is not: not compared.
    pub other_providers: u64,
    /// What they are priced at.
    pub other_providers_usd: NanoUsd,
}

/// A file of a bill.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InvoiceFile {
    /// Its path as given or found.
    pub path: String,
    /// The id of its format.
    pub format: Option<String>,
    /// Lines that were read.
    pub charges: u64,
    /// Lines that could not be read.
    pub rejected: u64,
}

/// Both sides of one month, day or model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReconciledRow {
    /// The month, day or model; `unknown` where one side does not say.
    pub key: String,
    /// Calls and buckets in the log.
    pub records: u64,
    /// What they are priced at; null where the log has none or none has a
    /// price.
    pub priced_usd: Option<NanoUsd>,
    /// What was billed; null where the bill has no line.
    pub billed_usd: Option<NanoUsd>,
    /// Billed less priced.
    pub gap_usd: NanoUsd,
    /// The same as a part of what is priced.
    pub gap_share: Option<Share>,
    /// Codes of the causes that are about this model alone.
    pub causes: Vec<String>,
}

/// Something that explains a part of a gap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GapCause {
    /// Stable code in `UPPER_SNAKE`.
    pub code: String,
    /// What shows it, as a lower-case fragment.
    pub shown_by: String,
    /// The model it is about; null for all of them.
    pub model: Option<String>,
    /// How much of the gap it explains, in its sign; null where the evidence
    /// names no amount.
    pub amount_usd: Option<NanoUsd>,
    /// How it is known.
    pub evidence: Evidence,
}

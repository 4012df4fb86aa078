//! What is different between two analyses in what they cost, and why: steps
//! that add up to the difference.
//!
//! Knows no log: what was compared arrives as two sides.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Expectation, Quotient, Warning, Window};
use crate::units::{Evidence, NanoUsd, Share};

/// The version of the layout of [`Difference`].
pub const DIFFERENCE_SCHEMA_VERSION: &str = "1.0";

/// Two analyses held against each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "tokopt difference")]
pub struct Difference {
    /// The version of this layout, `1.0`.
    pub schema_version: String,
    /// The version of the program that made the document.
    pub tool_version: String,
    /// What the amounts of `steps`, `features` and `models` are of.
    pub per: Per,
    /// The first analysis.
    pub before: DifferenceSide,
    /// The second analysis.
    pub after: DifferenceSide,
    /// What the second costs more than the first, in US dollars; null where one
    /// of them has no price.
    pub change_usd: Option<NanoUsd>,
    /// The change over what the first costs; null where that is nothing.
    pub change_share: Option<Share>,
    /// Why, in the order in which effects are told apart. Their changes add up
    /// to `change_usd` digit for digit.
    pub steps: Vec<DifferenceStep>,
    /// The same by feature, largest change first. Changes and effects add up to
    /// those of `steps` digit for digit.
    pub features: Vec<DifferenceRow>,
    /// The same by model, largest change first.
    pub models: Vec<DifferenceRow>,
    /// Last month's plan held against this log; null where none was given.
    pub expectation: Option<Expectation>,
    /// How both costs are known; null where one has no price.
    pub evidence: Option<Evidence>,
    /// What a reader should know before trusting a figure.
    pub warnings: Vec<Warning>,
}

/// What amounts are of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// Of the logs as they are.
    #[default]
    Total,
    /// Of thirty days like those of the log.
    Month,
}

/// One of two analyses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DifferenceSide {
    /// What was typed for it.
    pub source: String,
    /// Whether it was a saved analysis; else it was a log.
    pub is_saved: bool,
    /// The version of the program that made the analysis.
    pub tool_version: String,
    /// The stretch of time that the calls cover.
    pub window: Window,
    /// Calls; null where a bucket does not say how many it adds up.
    pub calls: Option<u64>,
    /// Calls that the cost leaves out.
    pub unpriced_calls: u64,
    /// What the priced calls cost, in US dollars; null where none was priced.
    pub cost_usd: Option<NanoUsd>,
    /// The amount that is compared: the cost, or what it comes to in thirty
    /// days.
    pub compared_usd: Option<NanoUsd>,
    /// The cost over the priced calls.
    pub cost_per_call_usd: Option<NanoUsd>,
    /// The cost times thirty over the days of the window.
    pub cost_per_month_usd: Option<NanoUsd>,
    /// The day the price table was last checked.
    pub prices_as_of: Option<String>,
    /// A fingerprint of the price table, overrides included.
    pub table_hash: Option<String>,
    /// Tokens per priced call, where calls are counted.
    pub tokens_per_call: Option<Quotient>,
}

/// Why an amount changed.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// A feature has no calls any more.
    GoneFeature,
    /// A feature had no calls before.
    NewFeature,
    /// Calls that have a price on one side only.
    Coverage,
    /// Tokens of features whose calls are not counted: volume, mix and tokens
    /// per call in one.
    Usage,
    /// The number of calls.
    Volume,
    /// Which features the calls are of.
    FeatureMix,
    /// Which models answer the calls of a feature.
    ModelMix,
    /// Which providers and service tiers a feature's calls on a model go to.
    TierMix,
    /// Tokens per call, of a component or of all input or output.
    TokensPerCall,
    /// How input splits into what is read from a cache, written to it, and
    /// neither.
    CacheShare,
    /// What a token of each kind costs.
    Price,
    /// Fees of hosted tools, per call.
    Fees,
}

/// An effect on the total.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DifferenceStep {
    /// The effect.
    pub effect: Effect,
    /// The feature that is gone or new; the component whose tokens per call
    /// changed, or `input` or `output` where components are not known.
    pub subject: Option<String>,
    /// What the effect adds, in US dollars; negative where it saves.
    pub change_usd: NanoUsd,
    /// The total after it, in US dollars.
    pub cost_after_usd: NanoUsd,
    /// How the split of the difference up to here is known.
    pub evidence: Evidence,
}

/// One feature or model on both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DifferenceRow {
    /// The feature or the model, or `unknown`.
    pub key: String,
    /// On which sides it has calls.
    pub presence: Presence,
    /// Calls on the first side; null where a bucket does not say.
    pub before_calls: Option<u64>,
    /// Calls on the second side; null where a bucket does not say.
    pub after_calls: Option<u64>,
    /// What it costs on the first side, in US dollars; null where it has no
    /// price there.
    pub before_usd: Option<NanoUsd>,
    /// What it costs on the second side, in US dollars; null where it has no
    /// price there.
    pub after_usd: Option<NanoUsd>,
    /// The change, in US dollars; null where neither side has a price.
    pub change_usd: Option<NanoUsd>,
    /// What the change is made of, in the order of the steps; they add up to it
    /// digit for digit. What is nothing is left out.
    pub effects: Vec<RowEffect>,
}

/// On which sides something has calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// On both.
    Both,
    /// On the first only.
    Gone,
    /// On the second only.
    New,
}

/// What an effect adds to a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RowEffect {
    /// The effect.
    pub effect: Effect,
    /// The component, or `input` or `output`; null for other effects.
    pub subject: Option<String>,
    /// What it adds, in US dollars.
    pub change_usd: NanoUsd,
}

impl Effect {
    /// The word used in documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::GoneFeature => "gone_feature",
            Self::NewFeature => "new_feature",
            Self::Coverage => "coverage",
            Self::Usage => "usage",
            Self::Volume => "volume",
            Self::FeatureMix => "feature_mix",
            Self::ModelMix => "model_mix",
            Self::TierMix => "tier_mix",
            Self::TokensPerCall => "tokens_per_call",
            Self::CacheShare => "cache_share",
            Self::Price => "price",
            Self::Fees => "fees",
        }
    }
}

impl Difference {
    /// Whether both sides were priced by the same table; `None` where one does
    /// not say by which.
    #[must_use]
    pub fn same_table(&self) -> Option<bool> {
        let (before, after) = (self.before.table_hash.as_ref(), self.after.table_hash.as_ref());
        before.zip(after).map(|(before, after)| before == after)
    }
}

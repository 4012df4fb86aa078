//! The savings ladder: what each technique saves on this traffic, alone and on
//! top of the others, and why the rest saves nothing.
//!
//! Savings are differences of two priced totals and never negative: where a
//! technique would cost more it is not used, and the amount stands in its
//! reason. Knows no method: every figure arrives computed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Curves, Evidence, Quotient, Warning, Worth};
use crate::units::{NanoUsd, Share};

/// The ladder. The savings of the applied steps add up to `baseline_usd` less
/// `final_usd`, digit for digit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ladder {
    /// How the applied steps are arranged: `greedy`, `playbook`, `effort` or
    /// `savings`. No arrangement changes a total.
    pub order: String,
    /// What the simulated calls cost as they are, in US dollars.
    pub baseline_usd: NanoUsd,
    /// What they cost with every technique where it pays, in US dollars.
    pub final_usd: NanoUsd,
    /// What the applied steps would save one by one, over and above what they
    /// save together, in US dollars: what adding them up counts twice.
    pub overlap_usd: NanoUsd,
    /// One step per technique: the applied ones by rank, then the skipped ones,
    /// then those the log cannot tell.
    pub steps: Vec<Step>,
    /// The parts of the traffic that decide for themselves, dearest first, the
    /// twenty largest.
    pub groups: Vec<Group>,
    /// What calls cost that no step was tried on, in US dollars: buckets,
    /// calls without a time and calls without a price. Null where none of that
    /// is priced.
    pub not_simulated_usd: Option<NanoUsd>,
    /// Such calls, a bucket counting as what it says or as one.
    pub not_simulated_calls: u64,
    /// The total saving by how it is known.
    pub by_evidence: SavingByEvidence,
    /// Whether the applied steps are worth doing at all, taken together; null
    /// where nothing is applied.
    pub worth: Option<Worth>,
    /// What an hour of work is taken to cost, in US dollars: a choice of the
    /// reader's.
    pub hourly_rate_usd: NanoUsd,
    /// What the calls cost for each of the 256 sets of techniques on offer, in
    /// US dollars. The index is the set: bit 0 is the first technique of the
    /// playbook order.
    pub subset_cost_usd: Vec<NanoUsd>,
    /// What other thresholds and numbers of passages would find.
    pub curves: Curves,
}

/// One technique on the ladder. Null where the log does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// Its place in the list, counted from 1.
    pub rank: u32,
    /// Its id, such as `prompt-caching`.
    pub technique: String,
    /// Whether it is used anywhere.
    pub status: StepStatus,
    /// Why it is not used, or not known; null where it is applied.
    pub reason: Option<Reason>,
    /// One line: what it does on this traffic, and to how much of it.
    pub why: Option<String>,
    /// What it saves as the only technique, in US dollars.
    pub standalone_saving_usd: Option<NanoUsd>,
    /// What it saves on top of the steps above, in US dollars.
    pub marginal_saving_usd: Option<NanoUsd>,
    /// What is lost if it alone is left out, in US dollars.
    pub last_in_saving_usd: Option<NanoUsd>,
    /// Its mean saving over every order of the applied steps, in US dollars.
    pub shapley_saving_usd: Option<NanoUsd>,
    /// The bill after this step, in US dollars.
    pub cost_after_usd: Option<NanoUsd>,
    /// `standalone_saving_usd` with this technique's assumptions at their low
    /// values.
    pub low_saving_usd: Option<NanoUsd>,
    /// `standalone_saving_usd` with this technique's assumptions at their high
    /// values.
    pub high_saving_usd: Option<NanoUsd>,
    /// Fees it causes as the only technique, in US dollars; the savings have
    /// them deducted.
    pub added_cost_usd: Option<NanoUsd>,
    /// Calls it rewrites or removes.
    pub eligible_calls: Option<u64>,
    /// The parts of `marginal_saving_usd`, in the order they are tried.
    pub levers: Vec<Lever>,
    /// Calls a month from which on it saves; null where it has no fixed cost.
    pub break_even_calls_per_month: Option<u64>,
    /// What it chose per stream of calls, the twenty largest.
    pub policies: Vec<StreamPolicy>,
    /// How the savings are known.
    pub evidence: Option<Evidence>,
    /// Hours of work it takes.
    pub effort_hours: Quotient,
    /// The parameters it rests on.
    pub assumptions: Vec<Assumption>,
    /// What a reader should know before trusting it.
    pub warnings: Vec<Warning>,
}

/// What became of a technique.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum StepStatus {
    /// Some part of the traffic costs least with it.
    Applied,
    /// No part of the traffic does.
    Skipped,
    /// The log does not carry what it takes to tell.
    #[default]
    Unknown,
}

impl StepStatus {
    /// The word used in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Skipped => "skipped",
            Self::Unknown => "unknown",
        }
    }
}

/// Why a technique is not used.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub struct Reason {
    /// A stable upper-case code.
    pub code: String,
    /// One sentence for people.
    pub message: String,
    /// What using it would cost more, in US dollars; null where the reason is
    /// not an amount.
    pub amount_usd: Option<NanoUsd>,
    /// What would settle it, as a fragment: a field of the log, a flag, a
    /// setting. Null where nothing would.
    pub settled_by: Option<String>,
}

/// A part of a step that can be switched on by itself.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub struct Lever {
    /// Its name, in `snake_case`.
    pub lever: String,
    /// What it saves on top of the levers above, in US dollars.
    pub saving_usd: NanoUsd,
    /// How that is known.
    pub evidence: Evidence,
}

/// What a step chose for one stream of calls, and what the choice costs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StreamPolicy {
    /// What the calls were for, or `unknown`.
    pub feature: String,
    /// The model that answers them.
    pub model: String,
    /// The policy in the log.
    pub current: String,
    /// The policy chosen on the first part of the stream's time.
    pub chosen: String,
    /// What the stream costs under the chosen policy, in US dollars.
    pub cost_usd: NanoUsd,
    /// What it costs under the current one, in US dollars.
    pub current_cost_usd: NanoUsd,
    /// The chosen policy on the part that did not choose, in US dollars; null
    /// where that part is empty.
    pub held_out_cost_usd: Option<NanoUsd>,
    /// The current policy on that part, in US dollars.
    pub held_out_current_cost_usd: Option<NanoUsd>,
}

/// A named parameter with its band in the sense of savings: `low` saves least.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Assumption {
    /// Its name, as `--set` takes it after the technique's id.
    pub name: String,
    /// The value used; null: without bound (`inf`).
    pub value: Option<Quotient>,
    /// The value at which the technique saves least; null: without bound.
    pub low: Option<Quotient>,
    /// The value at which it saves most; null: without bound.
    pub high: Option<Quotient>,
    /// What it counts, as a fragment: `a share from 0 to 1`, `seconds`.
    pub unit: String,
    /// What it means, in one sentence.
    pub meaning: String,
    /// Where the band comes from.
    pub source: String,
}

/// A part of the traffic that uses the techniques that cost it least.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Group {
    /// What its calls were for, or `unknown`.
    pub feature: String,
    /// The model in the log, or `unknown`.
    pub model: String,
    /// The workspace or account; null where the log names none.
    pub workspace: Option<String>,
    /// Its calls.
    pub calls: u64,
    /// What they cost as they are, in US dollars.
    pub baseline_usd: NanoUsd,
    /// What they cost with the techniques they use, in US dollars.
    pub final_usd: NanoUsd,
    /// The techniques they use, in playbook order.
    pub applied: Vec<String>,
    /// The techniques they do not use.
    pub skipped: Vec<GroupSkip>,
    /// How far the replay of the log as it is stays from the group's bill, as
    /// a part of the bill; null where nothing was replayed.
    pub calibration_error: Option<Share>,
    /// How the figures are known.
    pub evidence: Evidence,
}

/// A technique that a group does not use.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub struct GroupSkip {
    /// Its id.
    pub technique: String,
    /// Why, as a stable upper-case code.
    pub code: String,
    /// What adding it to the group's techniques would cost more, in US dollars.
    pub amount_usd: Option<NanoUsd>,
    /// What it would save as the group's only technique, in US dollars;
    /// negative where it would cost more.
    pub alone_usd: Option<NanoUsd>,
}

/// The total saving, by the grade of the levers it comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SavingByEvidence {
    /// From counts, times and hashes of the log, in US dollars.
    pub measured_usd: NanoUsd,
    /// From rules that can be wrong, in US dollars.
    pub inferred_usd: NanoUsd,
    /// From parameters, in US dollars.
    pub assumed_usd: NanoUsd,
}

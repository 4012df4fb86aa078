//! The ladder as a result: steps, groups, bands. Plain data; how it was found
//! stands in `climb`.

use crate::techniques::id::{Set, TechniqueId};
use crate::techniques::technique::Warning;
use crate::techniques::traffic::PlaceIndex;
use crate::units::{Evidence, NanoUsd, Share};

use super::curves::Curves;
use super::draws;
use super::order::Order;
use super::reasons::Skip;
use super::totals::Totals;

/// The ladder of a log.
#[derive(Clone, Debug)]
pub struct Ladder {
    /// How the steps are arranged.
    pub order: Order,
    /// The cost of every set on offer.
    pub totals: Totals,
    /// One step per technique: the accepted ones in order, then the others.
    pub steps: Vec<Step>,
    /// What each place pays and uses, dearest first.
    pub groups: Vec<Group>,
    /// What calls cost that are not simulated.
    pub not_simulated: NanoUsd,
    /// The bill with measured and inferred levers only.
    pub floor: NanoUsd,
    /// The bill with every parameter at its high band.
    pub high: NanoUsd,
    /// The bill over draws of the assumptions.
    pub percentiles: Option<draws::Percentiles>,
    /// A month's bill as it is, over months made of the log's days.
    pub bootstrap: Option<(NanoUsd, NanoUsd)>,
    /// Calendar days (UTC) from the first call to the last.
    pub days: u64,
    /// What other thresholds and numbers of passages would find.
    pub curves: Curves,
    /// What a reader should know.
    pub warnings: Vec<Warning>,
}

/// One technique on the ladder.
#[derive(Clone, Debug)]
pub struct Step {
    /// The technique.
    pub technique: TechniqueId,
    /// Why it is not used; `None` where it is.
    pub skip: Option<Skip>,
    /// What it saves alone.
    pub standalone: NanoUsd,
    /// What it saves on top of the steps above.
    pub marginal: NanoUsd,
    /// What is lost if it alone is left out.
    pub last_in: NanoUsd,
    /// Its mean saving over all orders.
    pub shapley: NanoUsd,
    /// The bill after it.
    pub cost_after: NanoUsd,
    /// Its saving alone at the low band.
    pub low: NanoUsd,
    /// Its saving alone at the high band.
    pub high: NanoUsd,
    /// What it charges when it is used alone.
    pub added_cost: NanoUsd,
    /// Calls it rewrites or removes.
    pub eligible_calls: u64,
    /// The parts of its marginal saving.
    pub levers: Vec<LeverSaving>,
    /// Calls a month from which it pays.
    pub break_even_calls: Option<u64>,
    /// The policies of its largest streams.
    pub policies: Vec<StreamPolicy>,
    /// The grade of its figures.
    pub evidence: Evidence,
    /// What a reader should know before doing it.
    pub warnings: Vec<Warning>,
}

/// What one lever saves.
#[derive(Clone, Copy, Debug)]
pub struct LeverSaving {
    /// Its name.
    pub name: &'static str,
    /// Its part of the step's marginal saving.
    pub saving: NanoUsd,
    /// How it is known.
    pub evidence: Evidence,
}

/// What was chosen for one stream.
#[derive(Clone, Debug)]
pub struct StreamPolicy {
    /// The feature; `None` where the log names none.
    pub feature: Option<String>,
    /// The model that serves the stream.
    pub model: String,
    /// The policy in the log.
    pub current: String,
    /// The policy chosen on the first seven tenths of the stream's time.
    pub chosen: String,
    /// What the stream costs under it.
    pub cost: NanoUsd,
    /// What it costs under the current one.
    pub current_cost: NanoUsd,
    /// The same on the last three tenths.
    pub held_out: NanoUsd,
    /// The same under the current one.
    pub held_out_current: NanoUsd,
}

/// A feature and model of a workspace, with what it uses.
#[derive(Clone, Debug)]
pub struct Group {
    /// The place.
    pub place: PlaceIndex,
    /// Its calls.
    pub calls: u64,
    /// What they cost as they are.
    pub baseline: NanoUsd,
    /// What they cost with what their unit uses.
    pub after: NanoUsd,
    /// What their unit uses.
    pub applied: Set,
    /// What it does not use, and why.
    pub skipped: Vec<(TechniqueId, Skip)>,
    /// How far the replay stays from the bill.
    pub calibration: Option<Share>,
    /// How the figures are known.
    pub evidence: Evidence,
}

//! Which model a provider sells below another one.
//!
//! The table says what tier a model is of; among the models of the next tier
//! down the cheapest for the traffic at hand counts, if it stays on sale.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan as _};

use crate::prices::{Model, ModelTier};
use crate::units::{Timestamp, Tokens};

use super::traffic::{ModelIndex, Models};

/// What is asked of a model that takes over calls.
#[derive(Clone, Copy, Debug)]
pub struct Demand {
    /// Prompt tokens of all calls.
    pub input: Tokens,
    /// Output tokens of all calls.
    pub output: Tokens,
    /// When the log ends; `None`: prices of the table's date.
    pub end: Option<Timestamp>,
    /// Days after that for which the model must still be sold.
    pub days: i64,
}

/// The cheapest model of the next tier down that the same provider sells, for
/// this demand; ties go to the id that sorts first.
#[must_use]
pub fn below(models: &Models<'_>, from: ModelIndex, demand: &Demand) -> Option<ModelIndex> {
    let model = models.get(from).model();
    let lower = match model.tier()? {
        ModelTier::Premium => [ModelTier::Standard, ModelTier::Economy].as_slice(),
        ModelTier::Standard => &[ModelTier::Economy],
        ModelTier::Economy => &[],
    };
    lower.iter().find_map(|tier| {
        cheapest(models, from, demand, |candidate| candidate.tier() == Some(*tier))
    })
}

/// The cheapest model of the same provider, for this demand, among those that
/// fit; the model itself is not among them.
#[must_use]
pub fn cheapest(
    models: &Models<'_>,
    from: ModelIndex,
    demand: &Demand,
    fits: impl Fn(&Model) -> bool,
) -> Option<ModelIndex> {
    let sold = models.sold_by(models.get(from).model().provider());
    let candidates = sold.into_iter().filter(|index| {
        let candidate = models.get(*index).model();
        !models.is_same(*index, from)
            && fits(candidate)
            && stays(candidate, demand)
            && generates(models, *index, demand.end)
    });
    candidates.min_by_key(|index| {
        let input = Tokens::new(models.retokenised(demand.input.get(), from, *index));
        let output = Tokens::new(models.retokenised(demand.output.get(), from, *index));
        models.cost(*index, demand.end, input, output)
    })
}

/// Whether a model is still sold so many days after the end of the log.
fn stays(model: &Model, demand: &Demand) -> bool {
    let Some(shutdown) = model.shutdown() else { return true };
    horizon(demand.end, demand.days).is_none_or(|horizon| shutdown > horizon)
}

/// The day so many days after an instant, in UTC.
#[must_use]
pub fn horizon(end: Option<Timestamp>, days: i64) -> Option<Date> {
    let span: Span = days.days();
    end?.date_in(&TimeZone::UTC)?.checked_add(span).ok()
}

/// Embedding models have tiers too; they answer nothing.
fn generates(models: &Models<'_>, index: ModelIndex, at: Option<Timestamp>) -> bool {
    let one = Tokens::new(1);
    models.cost(index, at, Tokens::ZERO, one) != crate::units::Usd::ZERO
        || models.cost(index, at, one, Tokens::ZERO) == crate::units::Usd::ZERO
}

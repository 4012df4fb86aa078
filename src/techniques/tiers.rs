//! Which model a provider sells below another one.
//!
//! The table says what tier a model is of; among the models of the next tier
//! down the cheapest for the traffic at hand counts, if it stays on sale.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan as _};

use crate::prices::{Model, ModelTier};
use crate::units::{Timestamp, Tokens, Usd};

use super::profile::GroupProfile;
use super::traffic::{ModelIndex, Models, Traffic};

/// What is asked of a model that takes over calls.
#[derive(Clone, Copy, Debug)]
pub struct Demand {
    /// Prompt tokens, in those of the model that is replaced. A typical call's:
    /// long prompts may have a price of their own.
    pub input: Tokens,
    /// Output tokens of such a call.
    pub output: Tokens,
    /// When the log ends; `None`: prices of the table's date.
    pub end: Option<Timestamp>,
    /// Days after that for which the model must still be sold.
    pub days: i64,
}

impl Demand {
    /// A mean call of a group, rounded up to whole tokens. Without dates in the
    /// log, models are judged at the date of the price table.
    #[must_use]
    pub fn of(traffic: &Traffic<'_>, profile: &GroupProfile, days: i64) -> Self {
        let mean = |sum: u64| Tokens::new(sum.div_ceil(profile.calls.max(1)));
        let end = traffic.end.unwrap_or_else(|| traffic.ledger.table.as_of_instant());
        Self { input: mean(profile.input), output: mean(profile.output), end: Some(end), days }
    }

    /// What it costs at a model, in that model's tokens, at the log's end.
    #[must_use]
    pub fn cost(&self, models: &Models<'_>, from: ModelIndex, at: ModelIndex) -> Usd {
        let input = Tokens::new(models.retokenised(self.input.get(), from, at));
        let output = Tokens::new(models.retokenised(self.output.get(), from, at));
        models.cost(at, self.end, input, output)
    }
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
    let candidates = successors(models, from, demand).into_iter();
    candidates
        .filter(|index| fits(models.get(*index).model()))
        .min_by_key(|index| demand.cost(models, from, *index))
}

/// The models that the same provider still sells when the demand ends and that
/// answer in text, by id; the model itself is not among them.
#[must_use]
pub fn successors(models: &Models<'_>, from: ModelIndex, demand: &Demand) -> Vec<ModelIndex> {
    let sold = models.sold_by(models.get(from).model().provider());
    let stays = |index: &ModelIndex| {
        !models.is_same(*index, from)
            && stays(models.get(*index).model(), demand)
            && generates(models, *index, demand.end)
    };
    sold.into_iter().filter(stays).collect()
}

/// Whether a model is still sold so many days after the end of the log.
#[must_use]
pub fn stays(model: &Model, demand: &Demand) -> bool {
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
    models.cost(index, at, Tokens::ZERO, one) != Usd::ZERO
        || models.cost(index, at, one, Tokens::ZERO) == Usd::ZERO
}

//! Which model can be trained for a task, and how long it lasts.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::prices::{Model, Tuning};
use crate::techniques::parameters::fine_tuning as parameters;
use crate::techniques::profile::GroupProfile;
use crate::techniques::technique::{Reason, View};
use crate::techniques::tiers::{self, Demand};
use crate::techniques::traffic::{GroupIndex, ModelIndex};
use crate::units::{Rate, Timestamp};

/// A model that can be trained.
pub(super) struct Target {
    /// The model that training starts from.
    pub(super) base: String,
    /// What answers once it is trained.
    pub(super) tuned: ModelIndex,
    /// Dollars per training token.
    pub(super) training: Rate,
    /// What a call asks for.
    pub(super) demand: Demand,
    last_day: Option<Date>,
    shutdown: Option<Date>,
}

impl Target {
    /// Until when it can be had, as a fragment.
    pub(super) fn dates(&self) -> String {
        dates(&self.base, self.last_day, self.shutdown)
    }
}

const DAYS_A_MONTH: i64 = 30;

/// The provider's model that is cheapest once tuned, among those that take jobs
/// at the log's end and stay until a training is written off.
pub(super) fn of(
    view: &View<'_>,
    group: GroupIndex,
    profile: &GroupProfile,
) -> Result<Target, Reason> {
    let traffic = view.traffic;
    let models = &traffic.models;
    let Some(end) = traffic.end else {
        return Err(Reason::unknown(
            "NEEDS_TIMESTAMPS",
            "without dates nobody can say whether a model can still be trained; --epoch would \
             settle it",
        ));
    };
    let months = view.assumptions.value(parameters::RETRAIN_MONTHS).floor();
    let days = i64::try_from(months).unwrap_or(i64::MAX).saturating_mul(DAYS_A_MONTH);
    let demand = Demand::of(traffic, profile, days);
    let from = traffic.group(group).model;
    let provider = models.get(from).model().provider();
    let sold = models.sold_by(provider).into_iter();
    let trainable: Vec<(ModelIndex, &Model, &Tuning)> = sold
        .filter_map(|index| {
            let model = models.get(index).model();
            Some((index, model, model.tuning()?))
        })
        .collect();
    let found = trainable.iter().filter_map(|(_, model, tuning)| {
        let tuned = models.find(provider, tuning.tuned_id.as_deref()?)?;
        let lasts = takes_jobs(tuning, end)
            && tiers::stays(model, &demand)
            && tiers::stays(models.get(tuned).model(), &demand);
        let shutdown = [model.shutdown(), models.get(tuned).model().shutdown()];
        lasts.then_some(Target {
            base: model.id().to_owned(),
            tuned,
            training: tuning.training?,
            demand,
            last_day: tuning.last_day,
            shutdown: shutdown.into_iter().flatten().min(),
        })
    });
    found.min_by_key(|target| demand.cost(models, from, target.tuned)).ok_or_else(|| {
        let why = if trainable.is_empty() {
            format!(
                "the price table knows no model of {provider} that can be trained; a price file \
                 with `tuning` would settle it"
            )
        } else {
            let known: Vec<String> = trainable
                .iter()
                .map(|(_, model, tuning)| dates(model.id(), tuning.last_day, model.shutdown()))
                .collect();
            format!(
                "no model of {provider} takes jobs at the log's end and stays the {months} months \
                 over which a training is written off: {}",
                known.join("; ")
            )
        };
        Reason::skipped("NOT_TUNABLE_OR_RETIRING", why)
    })
}

fn takes_jobs(tuning: &Tuning, end: Timestamp) -> bool {
    let Some(last_day) = tuning.last_day else { return true };
    end.date_in(&TimeZone::UTC).is_some_and(|day| day <= last_day)
}

fn dates(id: &str, last_day: Option<Date>, shutdown: Option<Date>) -> String {
    let until = |date: Option<Date>| {
        date.map_or_else(|| "without a stated end".to_owned(), |day| format!("until {day}"))
    };
    format!("{id} takes jobs {} and answers {}", until(last_day), until(shutdown))
}

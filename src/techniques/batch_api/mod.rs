//! Batch: the provider's asynchronous lane, where nobody waits for answers.
//!
//! It moves requests to another lane and says how many have to be sent again.
//! What the lane costs, and what its cache does, others know.

mod arrivals;

use crate::record::lane::Tier;
use crate::units::{Evidence, Timestamp, counted_of};

use super::id::TechniqueId;
use super::parameter::Value;
use super::parameters::batch_api as parameters;
use super::profile::GroupProfile;
use super::technique::{
    CallState, Conversation, Lever, Reason, Rewriter, Technique, View, Warning, World,
};
use super::traffic::{CallIndex, GroupIndex, ModelIndex, Models};

/// See the module.
#[derive(Clone, Copy, Debug)]
pub struct BatchApi;

const LANE: usize = 0;

impl Technique for BatchApi {
    fn id(&self) -> TechniqueId {
        TechniqueId::BatchApi
    }

    fn levers(&self) -> &'static [Lever] {
        const { &[Lever { name: "batch_lane", evidence: Evidence::Inferred }] }
    }

    fn prepare<'t>(&self, view: View<'t>) -> Box<dyn Rewriter + 't> {
        let verdicts = view.profile.groups().map(|(group, profile)| judge(&view, group, profile));
        let resubmission = view.assumptions.value(parameters::RESUBMISSION);
        let hits = view.assumptions.value(parameters::HIT_SHARE);
        // No log shows how often a batch hits the cache, or fails.
        let evidence = if (hits, resubmission) == (Value::ZERO, Value::ZERO) {
            Evidence::Inferred
        } else {
            Evidence::Assumed
        };
        Box::new(Prepared { verdicts: verdicts.collect(), resubmission, evidence, view })
    }
}

struct Prepared<'t> {
    view: View<'t>,
    verdicts: Vec<Result<(), Reason>>,
    resubmission: Value,
    evidence: Evidence,
}

/// Whether nobody waits for the answers of a group, and its lane is for sale.
fn judge(view: &View<'_>, group: GroupIndex, profile: &GroupProfile) -> Result<(), Reason> {
    if !view.levers.has(LANE) {
        return Err(Reason::skipped("NOT_CANDIDATE", "the batch lane is switched off"));
    }
    if profile.calls == profile.batched {
        return Err(Reason::skipped("ALREADY_ON", "all calls are in the batch lane already"));
    }
    let traffic = view.traffic;
    let model = traffic.group(group).model;
    if !is_sold(&traffic.models, model, traffic.end) {
        return Err(Reason::skipped(
            "NO_BATCH_LANE",
            format!(
                "the price table has no batch price of {}; a price file with `batch` would \
                 settle it",
                traffic.models.get(model).model().id()
            ),
        ));
    }
    let tag = traffic.feature_name(group).and_then(|name| view.features.asynchronous.get(name));
    match tag {
        Some(true) => return Ok(()),
        Some(false) => {
            return Err(Reason::skipped("NOT_ASYNC", "the settings say that somebody waits"));
        }
        None => {}
    }
    if profile.streamed > 0 {
        return Err(Reason::skipped(
            "NOT_ASYNC",
            format!(
                "streamed, so that somebody reads along: {}",
                counted_of(profile.streamed, profile.calls, "call")
            ),
        ));
    }
    if profile.multi_turn > 0 {
        return Err(Reason::skipped(
            "MULTI_TURN",
            format!(
                "in a conversation that waits for the answer: {}",
                counted_of(profile.multi_turn, profile.calls, "call")
            ),
        ));
    }
    if arrivals::is_scheduled(view, profile) || arrivals::is_in_bursts(view, group, profile) {
        return Ok(());
    }
    Err(Reason::skipped(
        "NOT_ASYNC",
        "calls come neither at one time of the day nor in bursts; `asynchronous = true` for the \
         feature would settle it",
    ))
}

/// Whether a model has a batch price at an instant.
fn is_sold(models: &Models<'_>, model: ModelIndex, at: Option<Timestamp>) -> bool {
    let interval = models.get(model).interval(at);
    interval.is_some_and(|(interval, _)| interval.tiers().any(|tier| tier == Tier::Batch))
}

impl Prepared<'_> {
    /// Whether calls may be moved of which nobody said that they can wait.
    fn has_untagged(&self) -> bool {
        let tags = &self.view.features.asynchronous;
        let traffic = self.view.traffic;
        let mut eligible = (0..).map(GroupIndex).zip(&self.verdicts).filter(|(_, ok)| ok.is_ok());
        eligible.any(|(group, _)| {
            traffic.feature_name(group).is_none_or(|name| !tags.contains_key(name))
        })
    }
}

impl Rewriter for Prepared<'_> {
    fn verdict(&self, group: GroupIndex) -> Result<(), Reason> {
        self.verdicts[group.0 as usize].clone()
    }

    fn touches(&self, call: CallIndex) -> bool {
        let traffic = self.view.traffic;
        self.verdicts[traffic.call(call).group.0 as usize].is_ok()
            && traffic.record(call).tier != Tier::Batch
    }

    fn rewrite(&self, _: World, state: &mut CallState, _: &mut Conversation) {
        let traffic = self.view.traffic;
        let at = traffic.date(state.index);
        for request in &mut state.requests {
            if request.lane == Tier::Batch || !is_sold(&traffic.models, request.model, at) {
                continue;
            }
            request.lane = Tier::Batch;
            let again = request.repeats.millionths() + self.resubmission.millionths();
            request.repeats = Value::from_millionths(again);
            state.changed_by = state.changed_by.with(TechniqueId::BatchApi);
        }
    }

    fn evidence(&self, _: GroupIndex) -> Evidence {
        self.evidence
    }

    fn warnings(&self) -> Vec<Warning> {
        if self.verdicts.iter().all(Result::is_err) {
            return Vec::new();
        }
        let mut warnings = vec![Warning {
            code: "BATCH_WINDOW",
            message: "providers promise a batch within a day, some within a week; that most are \
                      done in an hour is no promise"
                .to_owned(),
        }];
        if self.has_untagged() {
            warnings.push(Warning {
                code: "ARRIVALS_ONLY",
                message: "that nobody waits is only read off when calls arrive; `asynchronous = \
                          false` under [features.tags.NAME] says otherwise"
                    .to_owned(),
            });
        }
        warnings
    }
}

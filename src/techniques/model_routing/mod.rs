//! Routing: easy traffic is served by a cheaper model.
//!
//! It hands requests to other models and charges for the choice: a router's
//! reading, a judge's, and the answers that were given twice. Whether an answer
//! is good enough it takes from measurements, else from named shares.

mod candidates;
mod refresh;
mod scores;
mod targets;

use crate::record::component::Component;
use crate::units::{Evidence, Tokens, Usd};

use super::handover::hand_over;
use super::id::TechniqueId;
use super::parameter::Value;
use super::parameters::model_routing as parameters;
use super::technique::{
    CallState, Coin, Conversation, Lever, Reason, Request, Rewriter, Technique, View, Warning,
    World,
};
use super::tiers::Demand;
use super::traffic::{CallIndex, GroupIndex, ModelIndex, Segment};
use scores::Scores;

/// See the module.
#[derive(Clone, Copy, Debug)]
pub struct ModelRouting;

const REFRESH: usize = 0;
const ROUTER: usize = 1;
const CASCADE: usize = 2;
const MEASURED: usize = 3;

impl Technique for ModelRouting {
    fn id(&self) -> TechniqueId {
        TechniqueId::ModelRouting
    }

    fn levers(&self) -> &'static [Lever] {
        const {
            &[
                Lever { name: "refresh", evidence: Evidence::Assumed },
                Lever { name: "router", evidence: Evidence::Assumed },
                Lever { name: "cascade", evidence: Evidence::Assumed },
                Lever { name: "measured", evidence: Evidence::Inferred },
            ]
        }
    }

    fn prepare<'t>(&self, view: View<'t>) -> Box<dyn Rewriter + 't> {
        let mut scores = Scores::default();
        let groups = view.profile.groups().map(|(group, _)| group);
        let plans = groups.map(|group| plan(&view, group, &mut scores)).collect();
        Box::new(Prepared { view, plans, scores })
    }
}

/// How calls come to the cheaper model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    /// A short classification before a conversation's first call.
    Router,
    /// The cheaper model first; escalation is assumed.
    Cascade,
    /// The cheaper model first; which of its answers are wrong is known.
    Scored,
    /// The whole feature moves: it is known to be answered as well.
    Whole,
}

/// What is done with the calls of a group.
#[derive(Clone, Copy, Debug)]
struct Plan {
    /// The newer model that calls stay on; `None`: the logged one.
    newer: Option<ModelIndex>,
    /// Where calls move, and how.
    moved: Option<(Method, ModelIndex)>,
}

struct Prepared<'t> {
    view: View<'t>,
    plans: Vec<Result<Plan, Reason>>,
    scores: Scores,
}

fn plan(view: &View<'_>, group: GroupIndex, scores: &mut Scores) -> Result<Plan, Reason> {
    candidates::may_move(view, group)?;
    let (traffic, profile) = (view.traffic, view.profile.group(group));
    let days = view.assumptions.value(parameters::TARGET_DAYS).floor();
    let demand = Demand::of(traffic, profile, i64::try_from(days).unwrap_or(i64::MAX));
    let on = |lever, switch| view.levers.has(lever) && view.assumptions.is_on(switch);
    // Switched off by hand, measurements are not acted on either.
    let is_refused = view.assumptions.is_given(parameters::CASCADE)
        && !view.assumptions.is_on(parameters::CASCADE);
    if view.levers.has(MEASURED)
        && !is_refused
        && let Some(found) = scores.judge(view, group, &demand)
    {
        let moved = found?;
        candidates::fits(view, group, moved.1)?;
        return Ok(Plan { newer: None, moved: Some(moved) });
    }
    let newer =
        on(REFRESH, parameters::REFRESH).then(|| refresh::newer(view, group, &demand)).flatten();
    let method = if on(CASCADE, parameters::CASCADE) {
        Some(Method::Cascade)
    } else {
        on(ROUTER, parameters::ROUTER).then_some(Method::Router)
    };
    let target = match method {
        Some(method) => candidates::target(view, group, newer, &demand)
            .map(|target| Plan { newer, moved: Some((method, target)) }),
        None if view.levers.has(REFRESH) => Err(Reason::skipped(
            "NO_CHEAPER_TIER",
            "the provider sells no newer model of the same kind for less",
        )),
        None => Err(Reason::skipped("NOT_CANDIDATE", "every way of routing is switched off")),
    };
    match newer {
        Some(_) => target.or(Ok(Plan { newer, moved: None })),
        None => target,
    }
}

impl Prepared<'_> {
    fn plan_of(&self, call: CallIndex) -> Option<Plan> {
        let group = self.view.traffic.call(call).group;
        self.plans[group.0 as usize].as_ref().ok().copied()
    }

    /// Output tokens of another model for one of the logged model's. Beside
    /// measured answers their length is taken to be the same, unless it is set.
    fn verbosity(&self, method: Option<Method>) -> Value {
        let is_measured = matches!(method, Some(Method::Scored | Method::Whole));
        if is_measured && !self.view.assumptions.is_given(parameters::VERBOSITY) {
            return Value::ONE;
        }
        self.view.assumptions.value(parameters::VERBOSITY)
    }

    /// What the short reading of a text costs at a model.
    fn decision(&self, call: CallIndex, model: ModelIndex, read: u64) -> Usd {
        let written = self.view.assumptions.value(parameters::ROUTER_OUTPUT_TOKENS).floor();
        let traffic = self.view.traffic;
        let at = traffic.date(call);
        traffic.models.cost(model, at, Tokens::new(read), Tokens::new(written))
    }

    /// Tokens, at a model, of the text that a decision is made on: the first one
    /// of the user that is new in a request. A logged text is known without what
    /// surrounds a message in a prompt.
    fn question(&self, request: &Request, at: ModelIndex) -> u64 {
        const LOCAL: u64 = 100;
        let traffic = self.view.traffic;
        let mut segments = request.prompt.iter();
        let first = segments.find(|segment| segment.component == Component::UserInput);
        let block = first.and_then(|segment| traffic.tree.stretch(segment.stretch?).block);
        match traffic.ledger.log.block(block) {
            Some(block) => {
                let hundredths = traffic.models.get(at).model().tokenizer_hundredths();
                (u64::from(block.tokens) * u64::from(hundredths) + LOCAL / 2) / LOCAL
            }
            None => traffic.models.retokenised(user_tokens(&request.prompt), request.model, at),
        }
    }

    /// A router reads the newest text before the first call of a conversation
    /// that it may move.
    fn ask_router(&self, state: &mut CallState, conversation: &mut Conversation, to: ModelIndex) {
        if conversation.router_asked {
            return;
        }
        let Some(request) = state.requests.first() else { return };
        let text = self.question(request, to);
        let instructions = self.view.assumptions.value(parameters::ROUTER_PROMPT_TOKENS).floor();
        conversation.router_asked = true;
        conversation.choice_fee = self.decision(state.index, to, instructions + text);
        state.fees += conversation.choice_fee;
    }

    /// The call goes to another model.
    fn move_to(&self, state: &mut CallState, to: ModelIndex, verbosity: Value) {
        if let Some(request) = state.requests.first_mut() {
            hand_over(request, &self.view.traffic.models, to, verbosity);
            state.changed_by = state.changed_by.with(TechniqueId::ModelRouting);
        }
    }

    /// The cheaper model answers first and a judge reads question and answer;
    /// what is rejected is asked again where the call would have stayed.
    fn try_first(
        &self,
        (state, conversation): (&mut CallState, &mut Conversation),
        to: ModelIndex,
        again: Option<Request>,
        verbosity: Value,
    ) {
        let Some(logged) = state.requests.first() else { return };
        let text = self.question(logged, to);
        self.move_to(state, to, verbosity);
        let answer = state.requests.first().map_or(0, |cheap| cheap.output - cheap.reasoning);
        if self.view.assumptions.is_on(parameters::JUDGE) {
            conversation.choice_fee = self.decision(state.index, to, text + answer);
            state.fees += conversation.choice_fee;
        }
        state.requests.extend(again);
    }
}

/// Tokens of a prompt that the user wrote; of what nothing says otherwise
/// about, where that is not known.
fn user_tokens(prompt: &[Segment]) -> u64 {
    let of = |component| {
        let segments = prompt.iter().filter(move |segment| segment.component == component);
        segments.map(|segment| u64::from(segment.tokens)).sum::<u64>()
    };
    match of(Component::UserInput) {
        0 => of(Component::Unattributed),
        tokens => tokens,
    }
}

impl Rewriter for Prepared<'_> {
    fn verdict(&self, group: GroupIndex) -> Result<(), Reason> {
        self.plans[group.0 as usize].as_ref().map(|_| ()).map_err(Clone::clone)
    }

    fn touches(&self, call: CallIndex) -> bool {
        self.plan_of(call).is_some_and(|plan| match plan.moved {
            Some((Method::Scored, _)) => self.scores.is_wrong(call).is_some(),
            _ => true,
        })
    }

    fn coins(&self) -> Vec<(Coin, Value)> {
        let plans = self.plans.iter().filter_map(|plan| plan.as_ref().ok());
        let methods: Vec<Method> = plans.filter_map(|plan| Some(plan.moved?.0)).collect();
        let coins = [
            (Method::Router, Coin::Routed, parameters::SHARE),
            (Method::Cascade, Coin::CascadeEscalated, parameters::ESCALATION),
        ];
        let used = coins.into_iter().filter(|(method, _, _)| methods.contains(method));
        used.map(|(_, coin, share)| (coin, self.view.assumptions.value(share))).collect()
    }

    fn rewrite(&self, world: World, state: &mut CallState, conversation: &mut Conversation) {
        conversation.choice_fee = Usd::ZERO;
        let Some(plan) = self.plan_of(state.index) else { return };
        let verbosity = self.verbosity(plan.moved.map(|(method, _)| method));
        let stays = |state: &mut CallState| {
            if let Some(newer) = plan.newer {
                self.move_to(state, newer, verbosity);
            }
        };
        let again = |state: &CallState| {
            let mut kept = state.clone();
            stays(&mut kept);
            kept.requests.into_iter().next()
        };
        match plan.moved {
            None => stays(state),
            Some((Method::Whole, to)) => self.move_to(state, to, verbosity),
            Some((Method::Router, to)) => {
                self.ask_router(state, conversation, to);
                if world.has(Coin::Routed) {
                    self.move_to(state, to, verbosity);
                } else {
                    stays(state);
                }
            }
            Some((method @ (Method::Cascade | Method::Scored), to)) => {
                let is_rejected = match method {
                    Method::Scored => self.scores.is_wrong(state.index).unwrap_or_default(),
                    _ => world.has(Coin::CascadeEscalated),
                };
                let again = is_rejected.then(|| again(state)).flatten();
                self.try_first((state, conversation), to, again, verbosity);
            }
        }
    }

    fn evidence(&self, group: GroupIndex) -> Evidence {
        let plan = self.plans[group.0 as usize].as_ref().ok();
        let is_set = self.view.assumptions.is_given(parameters::VERBOSITY);
        match plan.and_then(|plan| plan.moved) {
            Some((Method::Scored | Method::Whole, _)) if !is_set => Evidence::Inferred,
            _ => Evidence::Assumed,
        }
    }

    fn warnings(&self) -> Vec<Warning> {
        let mut warnings: Vec<Warning> =
            targets::told(&self.view, &self.plans).into_iter().collect();
        warnings.extend(self.scores.warnings());
        let is_unknown = |group| self.evidence(group) == Evidence::Assumed;
        let mut used = (0..).map(GroupIndex).zip(&self.plans).filter(|(_, plan)| plan.is_ok());
        if used.any(|(group, _)| is_unknown(group)) {
            warnings.push(Warning {
                code: "NEEDS_EVALUATION",
                message: "no log shows how well another model answers: compare 50 to 200 answers \
                          of each feature before and after"
                    .to_owned(),
            });
        }
        warnings
    }
}

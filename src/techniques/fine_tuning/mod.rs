//! Fine-tuning: a small model is trained for a narrow task and needs less of
//! the prompt.
//!
//! It rewrites the calls of a task for the tuned model, whatever model was
//! chosen for them before, and says what training and hosting cost.

mod economy;
mod target;

use std::collections::BTreeSet;

use crate::units::{Evidence, Tokens, Usd, counted, counted_of};

use super::handover::retokenise;
use super::id::TechniqueId;
use super::parameter::Value;
use super::parameters::fine_tuning as parameters;
use super::parameters::model_routing;
use super::profile::GroupProfile;
use super::technique::{
    CallState, Coin, Conversation, Lever, Reason, Request, Rewriter, Technique, View, Warning,
    World,
};
use super::traffic::{CallIndex, GroupIndex, Prompt, Segment, Unit, mix};
use crate::record::component::Component;
use economy::Economy;
use target::Target;

/// See the module.
#[derive(Clone, Copy, Debug)]
pub struct FineTuning;

const TUNED: usize = 0;

impl Technique for FineTuning {
    fn id(&self) -> TechniqueId {
        TechniqueId::FineTuning
    }

    fn levers(&self) -> &'static [Lever] {
        const { &[Lever { name: "tuned_model", evidence: Evidence::Assumed }] }
    }

    fn prepare<'t>(&self, view: View<'t>) -> Box<dyn Rewriter + 't> {
        let tasks = view.profile.groups().map(|(group, profile)| task(&view, group, profile));
        let share = view.assumptions.value(parameters::SHARE);
        let replaces_router = share >= view.assumptions.value(model_routing::SHARE);
        Box::new(Prepared { tasks: tasks.collect(), share, replaces_router, view })
    }
}

/// A task that a tuned model can take over.
struct Task {
    target: Target,
    economy: Economy,
}

struct Prepared<'t> {
    view: View<'t>,
    tasks: Vec<Result<Task, Reason>>,
    share: Value,
    /// Whether all that a router would move is easy enough for the tuned model:
    /// then no router looks at a task's calls.
    replaces_router: bool,
}

/// The task that a group is, if it is one.
fn task(view: &View<'_>, group: GroupIndex, profile: &GroupProfile) -> Result<Task, Reason> {
    if !view.levers.has(TUNED) {
        return Err(Reason::skipped("NOT_CANDIDATE", "the tuned model is switched off"));
    }
    let feature = view.traffic.feature_name(group);
    if feature.is_some_and(|name| view.features.pinned.contains(name)) {
        return Err(Reason::skipped("NOT_CANDIDATE", "the settings pin the feature to its model"));
    }
    is_narrow(view, profile)?;
    let target = target::of(view, group, profile)?;
    let economy = Economy::of(view, group, profile, &target);
    Ok(Task { target, economy })
}

/// Whether a group gives few, short answers to one kind of prompt.
fn is_narrow(view: &View<'_>, profile: &GroupProfile) -> Result<(), Reason> {
    let value = |handle| view.assumptions.value(handle);
    let least = value(parameters::MINIMUM_CALLS).floor();
    let narrow = |holds: bool, why: String| {
        if holds { Ok(()) } else { Err(Reason::skipped("NOT_NARROW", why)) }
    };
    narrow(profile.embeddings == 0, "embeddings are no answers".to_owned())?;
    narrow(
        profile.with_tools == 0,
        format!("tools are offered in {}", counted(profile.with_tools, "call")),
    )?;
    let longest = value(parameters::OUTPUT_P95_LIMIT).floor();
    let p95 = profile.outputs.quantile(950_000);
    narrow(
        p95.is_some_and(|tokens| tokens <= longest),
        p95.map_or_else(
            || "no output tokens were logged".to_owned(),
            |tokens| {
                let tokens = Tokens::new(tokens);
                format!("95 % of the outputs have up to {tokens} tokens, over {longest}")
            },
        ),
    )?;
    if profile.calls < least {
        return Err(Reason::skipped(
            "LOW_VOLUME",
            format!("{}; a closed set of answers needs {least}", counted(profile.calls, "call")),
        ));
    }
    if profile.logged_answers() < least || profile.heads.is_empty() {
        return Err(Reason::unknown(
            "NEEDS_TEXT",
            format!(
                "logged with their answer: {}; requests and answers in the log would show \
                 whether the task is narrow",
                counted_of(profile.logged_answers(), profile.calls, "call")
            ),
        ));
    }
    let most = value(parameters::DISTINCT_ANSWERS).floor();
    let distinct = profile.distinct_answers();
    narrow(distinct <= most, format!("{}, over {most}", counted(distinct, "distinct answer")))?;
    let share = value(parameters::ONE_HEAD_SHARE);
    let commonest = profile.heads.values().copied().max().unwrap_or(0);
    narrow(
        is_share(commonest, profile.calls, share),
        format!(
            "the same tools and system prompt open {}, below {share}",
            counted_of(commonest, profile.calls, "call")
        ),
    )
}

fn is_share(part: u64, whole: u64, share: Value) -> bool {
    let share = u128::try_from(share.millionths()).unwrap_or(0);
    u128::from(part) * u128::from(Value::MILLION.unsigned_abs()) >= share * u128::from(whole)
}

impl Prepared<'_> {
    fn task(&self, group: GroupIndex) -> Option<&Task> {
        self.tasks[group.0 as usize].as_ref().ok()
    }

    /// The request for the tuned model: all of the log's prompt but its head.
    fn tuned(&self, call: CallIndex, task: &Task, before: &Request) -> Request {
        let traffic = self.view.traffic;
        let (from, to) = (traffic.call(call).model, task.target.tuned);
        let usage = traffic.usage(call);
        let count = |tokens| traffic.models.retokenised(tokens, from, to);
        let mut prompt = Prompt::new();
        traffic.prompt(call, &mut prompt);
        retokenise(&mut prompt, count);
        let output = count(usage.output.unwrap_or_default().get());
        let reasoning = count(usage.reasoning.unwrap_or_default().get());
        Request {
            model: to,
            lane: before.lane,
            prompt: self.without_head(traffic.call(call).group, prompt),
            output,
            reasoning: reasoning.min(output),
            repeats: before.repeats,
        }
    }

    /// What is left of the head is one piece, the same for every call of a task.
    fn without_head(&self, group: GroupIndex, mut prompt: Prompt) -> Prompt {
        let head = head_tokens(&prompt);
        if head == 0 {
            return prompt;
        }
        let share = self.view.assumptions.value(parameters::HEAD_SHARE);
        prompt.retain(|segment| !segment.is_head());
        let left = Segment {
            identity: mix(TUNED_HEAD, u64::from(group.0)),
            tokens: u32::try_from(head_left(head, share)).unwrap_or(u32::MAX),
            component: Component::SystemPrompt,
            assistant: false,
            ends_block: true,
            stretch: None,
        };
        prompt.insert(0, left);
        prompt
    }
}

const TUNED_HEAD: u64 = 0x74_756e_6564;

/// Tokens of tools, system prompt and examples.
fn head_tokens(prompt: &[Segment]) -> u64 {
    let head = prompt.iter().filter(|segment| segment.is_head());
    head.map(|segment| u64::from(segment.tokens)).sum()
}

/// What is left of a head, rounded up.
fn head_left(head: u64, share: Value) -> u64 {
    let million = u128::from(Value::MILLION.unsigned_abs());
    let share = u128::try_from(share.millionths()).unwrap_or(0);
    u64::try_from((u128::from(head) * share).div_ceil(million)).unwrap_or(u64::MAX)
}

impl Rewriter for Prepared<'_> {
    fn verdict(&self, group: GroupIndex) -> Result<(), Reason> {
        self.tasks[group.0 as usize].as_ref().map(|_| ()).map_err(Clone::clone)
    }

    fn touches(&self, call: CallIndex) -> bool {
        self.task(self.view.traffic.call(call).group).is_some()
    }

    fn coins(&self) -> Vec<(Coin, Value)> {
        let is_used = self.tasks.iter().any(Result::is_ok);
        is_used.then_some((Coin::Tuned, self.share)).into_iter().collect()
    }

    fn rewrite(&self, world: World, state: &mut CallState, conversation: &mut Conversation) {
        let Some(task) = self.task(self.view.traffic.call(state.index).group) else { return };
        let is_tuned = world.has(Coin::Tuned);
        if is_tuned || self.replaces_router {
            state.fees = state.fees - std::mem::take(&mut conversation.choice_fee);
        }
        let (true, Some(first)) = (is_tuned, state.requests.first()) else { return };
        state.requests = vec![self.tuned(state.index, task, first)];
        let changed_by = state.changed_by.without(TechniqueId::ModelRouting);
        state.changed_by = changed_by.with(TechniqueId::FineTuning);
    }

    fn fixed_cost(&self, unit: &Unit) -> Usd {
        let places = unit.places.iter().map(|place| self.view.traffic.places[place.0 as usize]);
        let groups: BTreeSet<GroupIndex> = places.map(|place| place.group).collect();
        let tasks = groups.into_iter().filter_map(|group| self.task(group));
        tasks.map(|task| task.economy.in_window).sum()
    }

    fn evidence(&self, _: GroupIndex) -> Evidence {
        Evidence::Assumed
    }

    fn break_even_calls(&self) -> Option<u64> {
        let tasks = self.tasks.iter().filter_map(|task| task.as_ref().ok());
        tasks.filter_map(|task| task.economy.break_even(self.share)).min()
    }

    fn warnings(&self) -> Vec<Warning> {
        let tasks = self.view.profile.groups().filter_map(|(group, _)| {
            let task = self.task(group)?;
            let name = self.view.traffic.feature_name(group).unwrap_or("calls without a feature");
            Some(Warning {
                code: "TUNING_PAYBACK",
                message: format!(
                    "{name}: {}; {}",
                    task.target.dates(),
                    task.economy.payback(self.share)
                ),
            })
        });
        // By text: groups are numbered in the order of the log.
        let mut warnings: Vec<Warning> = tasks.collect::<BTreeSet<_>>().into_iter().collect();
        if !warnings.is_empty() {
            warnings.push(Warning {
                code: "NEEDS_EVALUATION",
                message: "no log shows how well a tuned model answers: compare 50 to 200 answers \
                          before it takes over, and again after each training"
                    .to_owned(),
            });
        }
        warnings
    }
}

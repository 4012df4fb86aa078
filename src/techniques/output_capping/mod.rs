//! Generates fewer tokens: a limit above what nearly every answer needs, leaner
//! JSON, an instruction to be brief.
//!
//! A shorter answer also shrinks every later prompt that sends it again. What
//! an answer is cut to depends on the logged call alone, so equal answers stay
//! equal wherever they stand. Knows no price.

mod limit;
mod plan;

use rustc_hash::FxHashMap;

use crate::record::component::Component;
use crate::units::{Evidence, counted_of};

use super::id::TechniqueId;
use super::parameters::output_capping as parameters;
use super::technique::{
    CallState, Conversation, Lever, Reason, Rewriter, Technique, View, Warning, World,
};
use super::traffic::{CallIndex, GroupIndex, Prompt, Segment, StretchId, Traffic, mix};

pub use limit::Limit;
use plan::{Answer, Plan};

/// The technique.
#[derive(Clone, Copy, Debug)]
pub struct OutputCapping;

const CAP: usize = 0;
const JSON_MINIFIED: usize = 1;
const BREVITY: usize = 2;
const FORMATS: usize = 3;
const REASONING_BUDGET: usize = 4;

const LEVERS: &[Lever] = &[
    Lever { name: "cap", evidence: Evidence::Measured },
    Lever { name: "json_minified", evidence: Evidence::Measured },
    Lever { name: "brevity", evidence: Evidence::Assumed },
    Lever { name: "formats", evidence: Evidence::Assumed },
    Lever { name: "reasoning_budget", evidence: Evidence::Assumed },
];

impl Technique for OutputCapping {
    fn id(&self) -> TechniqueId {
        TechniqueId::OutputCapping
    }

    fn levers(&self) -> &'static [Lever] {
        LEVERS
    }

    fn prepare<'t>(&self, view: View<'t>) -> Box<dyn Rewriter + 't> {
        Box::new(Plans::of(view))
    }
}

/// What is done to the answers of every group.
#[derive(Debug)]
pub struct Plans<'t> {
    traffic: &'t Traffic<'t>,
    groups: Vec<Plan>,
    /// Why a group is left alone; `None` where it is not.
    reasons: Vec<Option<Reason>>,
    touched: Vec<bool>,
    /// By group, whether its prompts carry answers that were shortened.
    carries: Vec<bool>,
    /// Stretches of answers that came back, with what they are cut to.
    answers: FxHashMap<StretchId, (u64, u64)>,
    instruction: u32,
}

impl<'t> Plans<'t> {
    /// Looks over the answers of a log.
    #[must_use]
    pub fn of(view: View<'t>) -> Self {
        let traffic = view.traffic;
        let instruction = view.assumptions.value(parameters::BREVITY_PROMPT_TOKENS).floor();
        let mut plans = Self {
            traffic,
            groups: view.profile.groups().map(|(_, group)| Plan::of(&view, group)).collect(),
            reasons: Vec::new(),
            touched: Vec::new(),
            carries: vec![false; traffic.groups.len()],
            answers: FxHashMap::default(),
            instruction: u32::try_from(instruction).unwrap_or(u32::MAX),
        };
        plans.find_answers();
        plans.find_touched();
        let mut used = vec![false; plans.groups.len()];
        for (index, call) in traffic.indexed() {
            used[call.group.0 as usize] |= plans.touched[index.0 as usize];
        }
        let reasons = view.profile.groups().zip(&plans.groups).zip(used);
        plans.reasons = reasons
            .map(|(((_, group), plan), used)| (!used).then(|| plan.reason(&view, group)))
            .collect();
        plans
    }

    /// The limit that a group's answers would get.
    #[must_use]
    pub fn limit(&self, group: GroupIndex) -> Option<Limit> {
        self.groups[group.0 as usize].limit
    }

    /// Output and reasoning tokens of an answer to a call, were they `output`
    /// and `reasoning` before.
    #[must_use]
    pub fn shortened(&self, index: CallIndex, output: u64, reasoning: u64) -> (u64, u64) {
        let plan = &self.groups[self.traffic.call(index).group.0 as usize];
        plan.shortened(&Answer::of(self.traffic, index), output, reasoning)
    }

    /// Notes where shortened answers stand in later prompts.
    fn find_answers(&mut self) {
        for (index, call) in self.traffic.indexed() {
            let Some(end) = call.answer_end else { continue };
            let (output, reasoning) = logged_output(self.traffic, index);
            let visible = output.saturating_sub(reasoning);
            let (less_output, less_reasoning) = self.shortened(index, output, reasoning);
            let less = less_output.saturating_sub(less_reasoning);
            if less < visible {
                let stretches = self.traffic.tree.upwards(end).take_while(|id| *id != call.end);
                for stretch in stretches {
                    self.answers.entry(stretch).or_insert((less, visible));
                }
            }
        }
    }

    fn find_touched(&mut self) {
        // Parents stand before their children.
        let tree = &self.traffic.tree;
        let mut carries = vec![false; tree.len()];
        for at in 1..tree.len() {
            let id = StretchId(u32::try_from(at).unwrap_or(u32::MAX));
            carries[at] = carries[tree.stretch(id).parent.0 as usize];
            carries[at] |= self.answers.contains_key(&id);
        }
        for (index, call) in self.traffic.indexed() {
            let group = call.group.0 as usize;
            let (output, reasoning) = logged_output(self.traffic, index);
            let carries = carries[call.end.0 as usize];
            self.carries[group] |= carries;
            self.touched.push(
                carries
                    || self.groups[group].brevity.is_some()
                    || self.shortened(index, output, reasoning) != (output, reasoning),
            );
        }
    }

    fn shrink_answers(&self, prompt: &mut Prompt) -> bool {
        let mut changed = false;
        for segment in prompt {
            let Some((less, visible)) = segment.stretch.and_then(|id| self.answers.get(&id)) else {
                continue;
            };
            let tokens = (u64::from(segment.tokens) * less).div_ceil(*visible);
            let tokens = u32::try_from(tokens).unwrap_or(segment.tokens).min(segment.tokens);
            changed |= tokens != segment.tokens;
            segment.tokens = tokens;
        }
        changed
    }

    /// Puts the instruction behind the system prompt.
    fn instruct(&self, prompt: &mut Prompt) {
        let opens = |segment: &Segment| {
            matches!(segment.component, Component::ToolDefinitions | Component::SystemPrompt)
        };
        let at = prompt.iter().take_while(|segment| opens(segment)).count();
        // The words stand in the system prompt's last block, so what ended there,
        // a cache mark among it, ends behind them.
        let before = at.checked_sub(1).map(|last| &mut prompt[last]);
        let stretch = before.and_then(|last| {
            last.ends_block = false;
            last.stretch.take()
        });
        let instruction = Segment {
            identity: mix(INSTRUCTION, u64::from(self.instruction)),
            tokens: self.instruction,
            component: Component::SystemPrompt,
            assistant: false,
            ends_block: true,
            stretch,
        };
        prompt.insert(at, instruction);
    }
}

const INSTRUCTION: u64 = 0x62_7269_6566;

fn logged_output(traffic: &Traffic<'_>, index: CallIndex) -> (u64, u64) {
    let usage = traffic.usage(index);
    let output = usage.output.unwrap_or_default().get();
    (output, usage.reasoning.unwrap_or_default().get().min(output))
}

impl Rewriter for Plans<'_> {
    fn verdict(&self, group: GroupIndex) -> Result<(), Reason> {
        self.reasons[group.0 as usize].clone().map_or(Ok(()), Err)
    }

    fn touches(&self, call: CallIndex) -> bool {
        self.touched[call.0 as usize]
    }

    fn rewrite(&self, _world: World, state: &mut CallState, _conversation: &mut Conversation) {
        let plan = &self.groups[self.traffic.call(state.index).group.0 as usize];
        let answer = Answer::of(self.traffic, state.index);
        let mut changed = false;
        for request in &mut state.requests {
            changed |= self.shrink_answers(&mut request.prompt);
            if plan.brevity.is_some() {
                self.instruct(&mut request.prompt);
                changed = true;
            }
            let before = (request.output, request.reasoning);
            let after = plan.shortened(&answer, before.0, before.1);
            (request.output, request.reasoning) = after;
            changed |= after != before;
        }
        if changed {
            state.changed_by = state.changed_by.with(TechniqueId::OutputCapping);
        }
    }

    fn evidence(&self, group: GroupIndex) -> Evidence {
        let own = self.groups[group.0 as usize].evidence();
        // Answers in its prompts may be of another model.
        let carries = self.carries[group.0 as usize];
        let others = self.groups.iter().filter_map(Plan::evidence).filter(|_| carries).max();
        own.max(others).unwrap_or_default()
    }

    fn warnings(&self) -> Vec<Warning> {
        let limits = || self.groups.iter().filter_map(|plan| plan.limit);
        let (cut, answers) =
            limits().fold((0, 0), |sum, limit| (sum.0 + limit.above, sum.1 + limit.answers));
        let mut warnings = Vec::new();
        if cut > 0 {
            let share = crate::units::Share::of_counts(cut, answers);
            let share = share.map(crate::units::Share::to_percent).unwrap_or_default();
            let message = format!(
                "the limits cut off {} that ended by themselves ({share}); each may be asked \
                 again",
                counted_of(cut, answers, "answer")
            );
            warnings.push(Warning { code: "TRUNCATION", message });
        }
        if self.groups.iter().any(|plan| plan.limit.is_some() && plan.reasons) {
            let message = "reasoning counts against a limit: an answer cut off while the model \
                reasons is empty";
            let message = message.to_owned();
            warnings.push(Warning { code: "REASONING_COUNTS", message });
        }
        warnings
    }
}

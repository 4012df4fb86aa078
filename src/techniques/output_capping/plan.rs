//! What is done to the answers of one feature and model.

use crate::record::call::Finish;
use crate::techniques::parameter::Value;
use crate::techniques::parameters::output_capping as parameters;
use crate::techniques::profile::GroupProfile;
use crate::techniques::technique::{Reason, View};
use crate::techniques::traffic::{CallIndex, Traffic};
use crate::units::Evidence;

use super::limit::Limit;
use super::{BREVITY, CAP, FORMATS, JSON_MINIFIED, REASONING_BUDGET};

/// The levers that hold for a group, each with its figure.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Plan {
    pub(super) limit: Option<Limit>,
    /// Whether JSON is asked for without blank space.
    pub(super) minifies: bool,
    /// The share of prose that goes.
    pub(super) brevity: Option<Value>,
    /// The share of JSON that a leaner format takes away.
    pub(super) formats: Option<Value>,
    /// The share of reasoning that a budget takes away.
    pub(super) reasoning: Option<Value>,
    /// Whether the group's model reasons.
    pub(super) reasons: bool,
}

/// What a call's answer is, as far as shortening it goes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Answer {
    /// Tokens of its JSON and tokens without blank space.
    json: Option<(u32, u32)>,
    /// Whether it is text for people, as far as the log shows.
    is_prose: bool,
    /// The limit that was asked for.
    most: Option<u64>,
}

impl Answer {
    pub(super) fn of(traffic: &Traffic<'_>, index: CallIndex) -> Self {
        let record = traffic.record(index);
        let logged = traffic.recorded(index).and_then(|prompt| prompt.answer);
        let json = logged.filter(|answer| answer.is_json && answer.tokens > 0);
        Self {
            json: json.map(|answer| (answer.tokens, answer.minified_tokens)),
            is_prose: json.is_none() && record.finish != Finish::ToolCalls,
            most: record.request.max_tokens.get(),
        }
    }
}

impl Plan {
    pub(super) fn of(view: &View<'_>, group: &GroupProfile) -> Self {
        let values = view.assumptions;
        let is_on = |lever, switch| view.levers.has(lever) && values.is_on(switch);
        let fewest = values.value(parameters::MINIMUM_CALLS).floor();
        let limit = || {
            let quantile = values.value(parameters::QUANTILE);
            Limit::of(group, quantile, values.value(parameters::FACTOR), fewest)
        };
        let reasons = group.with_reasoning > 0;
        let brevity = values.value(parameters::BREVITY);
        let is_brief = view.levers.has(BREVITY) && brevity > Value::ZERO;
        Self {
            limit: if is_on(CAP, parameters::CAP) { limit() } else { None },
            minifies: view.levers.has(JSON_MINIFIED),
            brevity: (is_brief && is_open_text(view, group)).then_some(brevity),
            formats: is_on(FORMATS, parameters::FORMATS)
                .then(|| values.value(parameters::FORMATS_CUT)),
            reasoning: (reasons && is_on(REASONING_BUDGET, parameters::REASONING_BUDGET))
                .then(|| values.value(parameters::REASONING_CUT)),
            reasons,
        }
    }

    /// Output and reasoning tokens of an answer: first what is generated, then
    /// the limit.
    pub(super) fn shortened(&self, answer: &Answer, output: u64, reasoning: u64) -> (u64, u64) {
        let mut visible = output.saturating_sub(reasoning);
        let mut reasoning = reasoning.min(output);
        if let Some(cut) = self.reasoning {
            reasoning = without(reasoning, cut);
        }
        if let Some((tokens, minified)) = answer.json {
            if self.minifies && minified < tokens {
                visible = (visible * u64::from(minified)).div_ceil(u64::from(tokens));
            }
            if let Some(cut) = self.formats {
                visible = without(visible, cut);
            }
        } else if let (Some(cut), true) = (self.brevity, answer.is_prose) {
            visible = without(visible, cut);
        }
        // Where a limit was asked for that is no higher, there is one already.
        let limit = self.limit.filter(|limit| answer.most.is_none_or(|most| most > limit.tokens));
        let output = limit.map_or(u64::MAX, |limit| limit.tokens).min(reasoning + visible);
        (output, reasoning.min(output))
    }

    /// The worst grade of what changes answers; `None` where nothing does.
    pub(super) fn evidence(&self) -> Option<Evidence> {
        let is_assumed =
            self.brevity.is_some() || self.formats.is_some() || self.reasoning.is_some();
        let limit = self
            .limit
            .map(|limit| if limit.has_finishes { Evidence::Measured } else { Evidence::Inferred });
        let minified = self.minifies.then_some(Evidence::Measured);
        is_assumed.then_some(Evidence::Assumed).or(limit).or(minified)
    }

    /// Why nothing is done to a group.
    pub(super) fn reason(&self, view: &View<'_>, group: &GroupProfile) -> Reason {
        let levers = [CAP, JSON_MINIFIED, BREVITY, FORMATS, REASONING_BUDGET];
        if !levers.into_iter().any(|lever| view.levers.has(lever)) {
            return Reason::skipped("SWITCHED_OFF", "no lever of output-capping is on");
        }
        let texts = if group.logged_answers() == 0 && group.output > 0 {
            "; with the texts of answers logged, brevity and JSON could be judged too"
        } else {
            ""
        };
        match self.limit {
            Some(limit) => Reason::skipped(
                "NOTHING_TO_REWRITE",
                format!("no answer is longer than the limit of {} tokens{texts}", limit.tokens),
            ),
            None if view.levers.has(CAP) && view.assumptions.is_on(parameters::CAP) => {
                let fewest = view.assumptions.value(parameters::MINIMUM_CALLS).floor();
                let message =
                    format!("fewer than {fewest} finished answers to derive a limit from{texts}");
                Reason::skipped("LOW_VOLUME", message)
            }
            None => Reason::skipped("NOTHING_TO_REWRITE", format!("no answer to shorten{texts}")),
        }
    }
}

/// Whether answers are prose of some length, not labels and not JSON.
fn is_open_text(view: &View<'_>, group: &GroupProfile) -> bool {
    let values = view.assumptions;
    let (distinct, answers) = (group.distinct_answers(), group.logged_answers());
    let share = values.value(parameters::BREVITY_DISTINCT_SHARE).millionths().unsigned_abs();
    let is_varied = distinct > values.value(parameters::BREVITY_DISTINCT).floor()
        || u128::from(distinct) * 1_000_000 > u128::from(answers) * u128::from(share);
    let median = group.outputs.quantile(Value::hundredths(50).millionths()).unwrap_or(0);
    answers > 0
        && is_varied
        && median >= values.value(parameters::BREVITY_MEDIAN_TOKENS).floor()
        && group.json_answers * 2 <= answers
}

/// What is left of some tokens after a share of them went, rounded up.
fn without(tokens: u64, share: Value) -> u64 {
    let left = Value::MILLION - share.millionths().clamp(0, Value::MILLION);
    let left = u128::from(tokens) * u128::from(left.unsigned_abs());
    u64::try_from(left.div_ceil(Value::MILLION.unsigned_abs().into())).unwrap_or(tokens)
}

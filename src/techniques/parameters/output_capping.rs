//! The assumptions of generating fewer tokens.

use super::effort;
use super::handle::Handle;
use crate::techniques::id::TechniqueId;
use crate::techniques::parameter::{Kind, Parameter, Spread, Unit, Value};

const TECHNIQUE: TechniqueId = TechniqueId::OutputCapping;

pub(super) const PARAMETERS: &[Parameter] = &[
    Parameter {
        technique: TECHNIQUE,
        name: "cap",
        unit: Unit::Switch,
        kind: Kind::Choice,
        spread: Some(Spread::ON),
        meaning: "Set a token limit above what nearly every answer needs.",
        source: "choice of method: an insurance against runaway answers",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "quantile",
        unit: Unit::Share,
        kind: Kind::Choice,
        spread: Some(Spread::hundredths(99, 99, 99)),
        meaning: "The quantile of finished answers that the limit is derived from.",
        source: "choice of method",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "factor",
        unit: Unit::Factor,
        kind: Kind::Choice,
        spread: Some(Spread::hundredths(110, 110, 110)),
        meaning: "How far above that quantile the limit lies.",
        source: "choice of method: room for a month unlike the last",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "minimum_calls",
        unit: Unit::Count,
        kind: Kind::Rule,
        spread: Some(Spread::whole(100, 100, 100)),
        meaning: "How many finished answers a feature and model need before a limit is derived.",
        source: "choice of method: a 99th percentile of fewer is their largest value",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "brevity",
        unit: Unit::Share,
        kind: Kind::Assumption,
        spread: Some(Spread::hundredths(10, 20, 30)),
        meaning: "The share of visible prose that an instruction to be brief takes away.",
        source: "Token Cost Optimization Playbook: 10 to 30 %",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "brevity_prompt_tokens",
        unit: Unit::Tokens,
        kind: Kind::Cost,
        spread: Some(Spread::whole(20, 20, 20)),
        meaning: "Tokens of that instruction, at the end of the system prompt.",
        source: "our count of one such sentence",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "brevity_distinct",
        unit: Unit::Count,
        kind: Kind::Rule,
        spread: Some(Spread::whole(50, 50, 50)),
        meaning: "Above how many distinct answers a feature counts as open text.",
        source: "choice of method",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "brevity_distinct_share",
        unit: Unit::Share,
        kind: Kind::Rule,
        spread: Some(Spread::hundredths(50, 50, 50)),
        meaning: "Above which share of distinct answers a feature counts as open text, however \
            few there are.",
        source: "choice of method",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "brevity_median_tokens",
        unit: Unit::Tokens,
        kind: Kind::Rule,
        spread: Some(Spread::whole(50, 50, 50)),
        meaning: "The least median of answers that can be made briefer.",
        source: "choice of method",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "formats",
        unit: Unit::Switch,
        kind: Kind::Choice,
        spread: Some(Spread::OFF),
        meaning: "Ask for a leaner answer format than the logged one.",
        source: "choice of method: off until it is measured on your texts",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "formats_cut",
        unit: Unit::Share,
        kind: Kind::Assumption,
        spread: Some(Spread::hundredths(30, 40, 50)),
        meaning: "The share of the output that a leaner format takes away.",
        source: "Token Cost Optimization Playbook: 30 to 50 %; another playbook's 60 to 70 % is \
            measured against indented JSON",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "reasoning_budget",
        unit: Unit::Switch,
        kind: Kind::Choice,
        spread: Some(Spread::OFF),
        meaning: "Give reasoning models a budget of thinking tokens.",
        source: "choice of method: off until quality has been measured",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "reasoning_cut",
        unit: Unit::Share,
        kind: Kind::Assumption,
        spread: Some(Spread {
            low: Value::ZERO,
            typical: Value::from_millionths(335_000),
            high: Value::hundredths(67),
        }),
        meaning: "The share of reasoning tokens that a budget takes away.",
        source: "TALE (arXiv 2412.18547) reports 67 % fewer output tokens at a small loss; low is \
            no effect, typical half of it",
    },
    effort(TECHNIQUE, 4),
];

/// Set a token limit above what nearly every answer needs.
pub const CAP: Handle = Handle::of(PARAMETERS, "cap");
/// The quantile of finished answers that the limit is derived from.
pub const QUANTILE: Handle = Handle::of(PARAMETERS, "quantile");
/// How far above that quantile the limit lies.
pub const FACTOR: Handle = Handle::of(PARAMETERS, "factor");
/// How many finished answers a feature and model need before a limit is
/// derived.
pub const MINIMUM_CALLS: Handle = Handle::of(PARAMETERS, "minimum_calls");
/// The share of visible prose that an instruction to be brief takes away.
pub const BREVITY: Handle = Handle::of(PARAMETERS, "brevity");
/// Tokens of that instruction, at the end of the system prompt.
pub const BREVITY_PROMPT_TOKENS: Handle = Handle::of(PARAMETERS, "brevity_prompt_tokens");
/// Above how many distinct answers a feature counts as open text.
pub const BREVITY_DISTINCT: Handle = Handle::of(PARAMETERS, "brevity_distinct");
/// Above which share of distinct answers a feature counts as open text,
/// however few there are.
pub const BREVITY_DISTINCT_SHARE: Handle = Handle::of(PARAMETERS, "brevity_distinct_share");
/// The least median of answers that can be made briefer.
pub const BREVITY_MEDIAN_TOKENS: Handle = Handle::of(PARAMETERS, "brevity_median_tokens");
/// Ask for a leaner answer format than the logged one.
pub const FORMATS: Handle = Handle::of(PARAMETERS, "formats");
/// The share of the output that a leaner format takes away.
pub const FORMATS_CUT: Handle = Handle::of(PARAMETERS, "formats_cut");
/// Give reasoning models a budget of thinking tokens.
pub const REASONING_BUDGET: Handle = Handle::of(PARAMETERS, "reasoning_budget");
/// The share of reasoning tokens that a budget takes away.
pub const REASONING_CUT: Handle = Handle::of(PARAMETERS, "reasoning_cut");
/// Hours of work until the technique is in production.
pub const EFFORT_HOURS: Handle = Handle::of(PARAMETERS, "effort_hours");

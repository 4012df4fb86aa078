//! The assumptions of serving easy traffic by a cheaper model.

use super::effort;
use super::handle::Handle;
use crate::techniques::id::TechniqueId;
use crate::techniques::parameter::{Kind, Parameter, Spread, Unit};

const TECHNIQUE: TechniqueId = TechniqueId::ModelRouting;

pub(super) const PARAMETERS: &[Parameter] = &[
    Parameter {
        technique: TECHNIQUE,
        name: "router",
        unit: Unit::Switch,
        kind: Kind::Choice,
        spread: Some(Spread::ON),
        meaning: "Route conversations by a short classification before their first call.",
        source: "choice of method: the decision is paid once per conversation",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "cascade",
        unit: Unit::Switch,
        kind: Kind::Choice,
        spread: Some(Spread::OFF),
        meaning: "Ask the cheap model first and the logged one again where a judge rejects the \
            answer.",
        source: "choice of method: off until an escalation rate has been measured",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "judge",
        unit: Unit::Switch,
        kind: Kind::Choice,
        spread: Some(Spread::ON),
        meaning: "Pay for a judge of every cascade answer: the cheap model reads question and \
            answer.",
        source: "choice of method: off where rejected answers show by themselves",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "refresh",
        unit: Unit::Switch,
        kind: Kind::Choice,
        spread: Some(Spread::ON),
        meaning: "Move calls to a newer model of the same tier that costs less.",
        source: "choice of method",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "share",
        unit: Unit::Share,
        kind: Kind::Assumption,
        spread: Some(Spread::hundredths(35, 50, 70)),
        meaning: "The share of candidate traffic for which the cheaper model is good enough.",
        source: "RouteLLM (35 to 85 % saved at 95 % of quality, by benchmark), FrugalGPT (59 to \
            98 %), Hybrid LLM (40 % fewer large calls)",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "escalation",
        unit: Unit::Share,
        kind: Kind::Assumption,
        spread: Some(Spread::hundredths(40, 25, 15)),
        meaning: "The share of cascade answers that the logged model has to give again.",
        source: "no production figure is published; the band is ours",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "verbosity",
        unit: Unit::Factor,
        kind: Kind::Assumption,
        spread: Some(Spread::hundredths(130, 100, 80)),
        meaning: "Output tokens of the cheaper model for one of the logged model's.",
        source: "no general figure is published; the band is ours",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "router_prompt_tokens",
        unit: Unit::Tokens,
        kind: Kind::Cost,
        spread: Some(Spread::whole(69, 69, 69)),
        meaning: "Tokens of the router's own instructions, read before every routed conversation.",
        source: "our count of a routing prompt printed in a published cost playbook",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "router_output_tokens",
        unit: Unit::Tokens,
        kind: Kind::Cost,
        spread: Some(Spread::whole(5, 5, 5)),
        meaning: "Tokens that the router or a judge writes for each decision.",
        source: "one word of verdict",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "output_p95_limit",
        unit: Unit::Tokens,
        kind: Kind::Rule,
        spread: Some(Spread::whole(200, 200, 200)),
        meaning: "The longest 95th percentile of outputs that a candidate feature may have.",
        source: "choice of method: short answers stand for easy work",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "error_limit",
        unit: Unit::Share,
        kind: Kind::Rule,
        spread: Some(Spread::hundredths(5, 5, 5)),
        meaning: "The largest share of failed calls that a candidate feature may have.",
        source: "choice of method: retries are a sign of hard work",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "length_stop_limit",
        unit: Unit::Share,
        kind: Kind::Rule,
        spread: Some(Spread::hundredths(5, 5, 5)),
        meaning: "The largest share of answers cut off by their token limit that a candidate \
            feature may have.",
        source: "choice of method: cut answers hide their real length",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "target_days",
        unit: Unit::Count,
        kind: Kind::Rule,
        spread: Some(Spread::whole(90, 90, 90)),
        meaning: "For how many days after the log's end a target model must still be on sale.",
        source: "choice of method: a quarter is the least that repays the work",
    },
    effort(TECHNIQUE, 24),
];

/// Route conversations by a short classification before their first call.
pub const ROUTER: Handle = Handle::of(PARAMETERS, "router");
/// Ask the cheap model first and the logged one again where a judge rejects
/// the answer.
pub const CASCADE: Handle = Handle::of(PARAMETERS, "cascade");
/// Pay for a judge of every cascade answer.
pub const JUDGE: Handle = Handle::of(PARAMETERS, "judge");
/// Move calls to a newer model of the same tier that costs less.
pub const REFRESH: Handle = Handle::of(PARAMETERS, "refresh");
/// The share of candidate traffic for which the cheaper model is good enough.
pub const SHARE: Handle = Handle::of(PARAMETERS, "share");
/// The share of cascade answers that the logged model has to give again.
pub const ESCALATION: Handle = Handle::of(PARAMETERS, "escalation");
/// Output tokens of the cheaper model for one of the logged model's.
pub const VERBOSITY: Handle = Handle::of(PARAMETERS, "verbosity");
/// Tokens of the router's own instructions, read before every routed
/// conversation.
pub const ROUTER_PROMPT_TOKENS: Handle = Handle::of(PARAMETERS, "router_prompt_tokens");
/// Tokens that the router or a judge writes for each decision.
pub const ROUTER_OUTPUT_TOKENS: Handle = Handle::of(PARAMETERS, "router_output_tokens");
/// The longest 95th percentile of outputs that a candidate feature may have.
pub const OUTPUT_P95_LIMIT: Handle = Handle::of(PARAMETERS, "output_p95_limit");
/// The largest share of failed calls that a candidate feature may have.
pub const ERROR_LIMIT: Handle = Handle::of(PARAMETERS, "error_limit");
/// The largest share of answers cut off by their token limit that a
/// candidate feature may have.
pub const LENGTH_STOP_LIMIT: Handle = Handle::of(PARAMETERS, "length_stop_limit");
/// For how many days after the log's end a target model must still be on sale.
pub const TARGET_DAYS: Handle = Handle::of(PARAMETERS, "target_days");
/// Hours of work until the technique is in production.
pub const EFFORT_HOURS: Handle = Handle::of(PARAMETERS, "effort_hours");

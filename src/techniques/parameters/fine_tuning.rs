//! The assumptions of a small model trained for a narrow task.

use super::effort;
use super::handle::Handle;
use crate::techniques::id::TechniqueId;
use crate::techniques::parameter::{Kind, Parameter, Spread, Unit};

const TECHNIQUE: TechniqueId = TechniqueId::FineTuning;

pub(super) const PARAMETERS: &[Parameter] = &[
    Parameter {
        technique: TECHNIQUE,
        name: "share",
        unit: Unit::Share,
        kind: Kind::Assumption,
        spread: Some(Spread::hundredths(60, 80, 95)),
        meaning: "The share of a narrow feature's calls that the tuned model serves as well.",
        source: "no production figure is published; the band is ours",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "head_share",
        unit: Unit::Share,
        kind: Kind::Assumption,
        spread: Some(Spread::hundredths(13, 13, 13)),
        meaning: "What is left of the opening of the prompt once its instructions and examples \
            are trained in.",
        source: "Token Economy Optimization: 1,500 tokens become 200",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "examples",
        unit: Unit::Count,
        kind: Kind::Cost,
        spread: Some(Spread::whole(5000, 5000, 5000)),
        meaning: "Examples that the model is trained on.",
        source: "Token Cost Optimization Playbook: 5,000 to 10,000",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "epochs",
        unit: Unit::Count,
        kind: Kind::Cost,
        spread: Some(Spread::whole(3, 3, 3)),
        meaning: "How often training reads every example.",
        source: "choice of method: three passes over the examples",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "retrain_months",
        unit: Unit::Months,
        kind: Kind::Cost,
        spread: Some(Spread::whole(3, 3, 3)),
        meaning: "After how many months the model is trained again.",
        source: "choice of method: a task drifts within a quarter",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "hosting_monthly_usd",
        unit: Unit::Dollars,
        kind: Kind::Cost,
        spread: Some(Spread::whole(0, 0, 0)),
        meaning: "The monthly fee of keeping the tuned model deployed.",
        source: "unknown until set: some providers charge by the hour, others nothing",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "label_usd",
        unit: Unit::Dollars,
        kind: Kind::Cost,
        spread: Some(Spread::whole(0, 0, 0)),
        meaning: "What one training example costs to label.",
        source: "unknown until set: logged answers serve as labels",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "evaluation_usd",
        unit: Unit::Dollars,
        kind: Kind::Cost,
        spread: Some(Spread::whole(0, 0, 0)),
        meaning: "What one evaluation of a trained model costs.",
        source: "unknown until set",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "distinct_answers",
        unit: Unit::Count,
        kind: Kind::Rule,
        spread: Some(Spread::whole(50, 50, 50)),
        meaning: "The most distinct answers that a narrow feature gives.",
        source: "choice of method: a closed set can be learnt from examples",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "minimum_calls",
        unit: Unit::Count,
        kind: Kind::Rule,
        spread: Some(Spread::whole(10, 10, 10)),
        meaning: "How many calls a feature needs before its answers count as a closed set.",
        source: "choice of method",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "output_p95_limit",
        unit: Unit::Tokens,
        kind: Kind::Rule,
        spread: Some(Spread::whole(300, 300, 300)),
        meaning: "The longest 95th percentile of outputs that a narrow feature may have.",
        source: "choice of method",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "one_head_share",
        unit: Unit::Share,
        kind: Kind::Rule,
        spread: Some(Spread::hundredths(80, 80, 80)),
        meaning: "The share of a feature's calls that must open with the same tools, system \
            prompt and examples.",
        source: "choice of method: several prompts are several tasks",
    },
    effort(TECHNIQUE, 120),
];

/// The share of a narrow feature's calls that the tuned model serves as well.
pub const SHARE: Handle = Handle::of(PARAMETERS, "share");
/// What is left of the opening of the prompt once its instructions and
/// examples are trained in.
pub const HEAD_SHARE: Handle = Handle::of(PARAMETERS, "head_share");
/// Examples that the model is trained on.
pub const EXAMPLES: Handle = Handle::of(PARAMETERS, "examples");
/// How often training reads every example.
pub const EPOCHS: Handle = Handle::of(PARAMETERS, "epochs");
/// After how many months the model is trained again.
pub const RETRAIN_MONTHS: Handle = Handle::of(PARAMETERS, "retrain_months");
/// The monthly fee of keeping the tuned model deployed.
pub const HOSTING_MONTHLY_USD: Handle = Handle::of(PARAMETERS, "hosting_monthly_usd");
/// What one training example costs to label.
pub const LABEL_USD: Handle = Handle::of(PARAMETERS, "label_usd");
/// What one evaluation of a trained model costs.
pub const EVALUATION_USD: Handle = Handle::of(PARAMETERS, "evaluation_usd");
/// The most distinct answers that a narrow feature gives.
pub const DISTINCT_ANSWERS: Handle = Handle::of(PARAMETERS, "distinct_answers");
/// How many calls a feature needs before its answers count as a closed set.
pub const MINIMUM_CALLS: Handle = Handle::of(PARAMETERS, "minimum_calls");
/// The longest 95th percentile of outputs that a narrow feature may have.
pub const OUTPUT_P95_LIMIT: Handle = Handle::of(PARAMETERS, "output_p95_limit");
/// The share of a feature's calls that must open with the same tools,
/// system prompt and examples.
pub const ONE_HEAD_SHARE: Handle = Handle::of(PARAMETERS, "one_head_share");
/// Hours of work until the technique is in production.
pub const EFFORT_HOURS: Handle = Handle::of(PARAMETERS, "effort_hours");

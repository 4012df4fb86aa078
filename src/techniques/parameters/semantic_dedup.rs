//! The assumptions of answering repeated requests from a store.

use super::effort;
use super::handle::Handle;
use crate::techniques::id::TechniqueId;
use crate::techniques::parameter::{Kind, Parameter, Spread, Unit};

const TECHNIQUE: TechniqueId = TechniqueId::SemanticDedup;

pub(super) const PARAMETERS: &[Parameter] = &[
    Parameter {
        technique: TECHNIQUE,
        name: "exact",
        unit: Unit::Switch,
        kind: Kind::Choice,
        spread: Some(Spread::ON),
        meaning: "Answer requests that are equal to the last character from a store.",
        source: "choice of method",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "unstated_temperature",
        unit: Unit::Switch,
        kind: Kind::Choice,
        spread: Some(Spread::ON),
        meaning: "Count equal requests that name no temperature as repeatable, as a lever of its \
            own.",
        source: "choice of method: whoever sends none has not asked for variety, but may expect it",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "near",
        unit: Unit::Switch,
        kind: Kind::Choice,
        spread: Some(Spread::ON),
        meaning: "Answer requests that say nearly the same from a store, where the log has texts.",
        source: "choice of method",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "lifetime_seconds",
        unit: Unit::Seconds,
        kind: Kind::Choice,
        spread: Some(Spread::whole(3600, 3600, 3600)),
        meaning: "How long a stored answer may serve, counted from the call that was really \
            answered.",
        source: "choice of method: an hour, as in published cost playbooks",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "threshold",
        unit: Unit::Share,
        kind: Kind::Rule,
        spread: Some(Spread::hundredths(95, 90, 85)),
        meaning: "The least similarity of two last user turns, as the Jaccard index of their \
            words.",
        source: "choice of method; vCache (arXiv 2502.03771): no fixed threshold bounds the error",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "precision",
        unit: Unit::Share,
        kind: Kind::Assumption,
        spread: Some(Spread::hundredths(80, 95, 99)),
        meaning: "The share of near repeats for which the stored answer is right.",
        source: "GPT Semantic Cache (arXiv 2411.05276): above 97 %; a bank's report: from 1 % to \
            96 % after redesign",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "near_hit_share",
        unit: Unit::Share,
        kind: Kind::Assumption,
        spread: Some(Spread::hundredths(5, 10, 15)),
        meaning: "The share of calls that nearly repeat an earlier one, used only by estimates \
            without a log.",
        source: "Token Cost Optimization Playbook: 5 to 25 %; of Arena's prompts at most 25 % \
            resemble an earlier day's",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "embedding_usd_per_million_tokens",
        unit: Unit::DollarsPerMillionTokens,
        kind: Kind::Cost,
        spread: Some(Spread::hundredths(13, 2, 2)),
        meaning: "The price of embedding the last user turn of every call that is looked up.",
        source: "price table: text-embedding-3-small, the cheapest there, and \
            text-embedding-3-large",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "store_monthly_usd",
        unit: Unit::Dollars,
        kind: Kind::Cost,
        spread: Some(Spread::whole(0, 0, 0)),
        meaning: "The monthly bill of the store.",
        source: "unknown until set: a store you already run costs nothing more",
    },
    effort(TECHNIQUE, 24),
];

/// Answer requests that are equal to the last character from a store.
pub const EXACT: Handle = Handle::of(PARAMETERS, "exact");
/// Count equal requests that name no temperature as repeatable, as a lever
/// of its own.
pub const UNSTATED_TEMPERATURE: Handle = Handle::of(PARAMETERS, "unstated_temperature");
/// Answer requests that say nearly the same from a store, where the log has
/// texts.
pub const NEAR: Handle = Handle::of(PARAMETERS, "near");
/// How long a stored answer may serve, counted from the call that was
/// really answered.
pub const LIFETIME_SECONDS: Handle = Handle::of(PARAMETERS, "lifetime_seconds");
/// The least similarity of two last user turns, as the Jaccard index of
/// their words.
pub const THRESHOLD: Handle = Handle::of(PARAMETERS, "threshold");
/// The share of near repeats for which the stored answer is right.
pub const PRECISION: Handle = Handle::of(PARAMETERS, "precision");
/// The share of calls that nearly repeat an earlier one, used only by
/// estimates without a log.
pub const NEAR_HIT_SHARE: Handle = Handle::of(PARAMETERS, "near_hit_share");
/// The price of embedding the last user turn of every call that is looked up.
pub const EMBEDDING_USD_PER_MILLION_TOKENS: Handle =
    Handle::of(PARAMETERS, "embedding_usd_per_million_tokens");
/// The monthly bill of the store.
pub const STORE_MONTHLY_USD: Handle = Handle::of(PARAMETERS, "store_monthly_usd");
/// Hours of work until the technique is in production.
pub const EFFORT_HOURS: Handle = Handle::of(PARAMETERS, "effort_hours");

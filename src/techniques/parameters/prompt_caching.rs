//! The assumptions of caching stable openings of prompts.

use super::effort;
use super::handle::{Handle, TableHandle};
use crate::techniques::id::TechniqueId;
use crate::techniques::parameter::{Kind, Parameter, Spread, Unit};

const TECHNIQUE: TechniqueId = TechniqueId::PromptCaching;

pub(super) const PARAMETERS: &[Parameter] = &[
    Parameter {
        technique: TECHNIQUE,
        name: "min_prefix_tokens",
        unit: Unit::Tokens,
        kind: Kind::Fact,
        spread: None,
        meaning: "The shortest opening that the provider caches, for every model.",
        source: "each model's own minimum in the price table; settable where a contract or a \
            newer page says otherwise",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "ttl_seconds",
        unit: Unit::Seconds,
        kind: Kind::Choice,
        spread: None,
        meaning: "The lifetime that every written entry is given, instead of the best of those on \
            sale.",
        source: "the lifetimes that each model's provider sells, in the price table",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "first_token_delay_seconds",
        unit: Unit::Seconds,
        kind: Kind::Rule,
        spread: Some(Spread::whole(1, 1, 1)),
        meaning: "How long after its call began an entry can be read, where the log has no time \
            to the first token.",
        source: "Anthropic's prompt caching page: an entry exists once the first answer has \
            begun; one second stands for that moment",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "lookback_blocks",
        unit: Unit::Count,
        kind: Kind::Fact,
        spread: Some(Spread::whole(20, 20, 20)),
        meaning: "How many content blocks before a breakpoint a look-up still finds an earlier \
            entry.",
        source: "Anthropic's prompt caching page",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "breakpoints",
        unit: Unit::Count,
        kind: Kind::Fact,
        spread: Some(Spread::whole(4, 4, 4)),
        meaning: "How many breakpoints one request may set, where the price table does not say.",
        source: "Anthropic's prompt caching page",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "hit_share",
        unit: Unit::Share,
        kind: Kind::Assumption,
        spread: Some(Spread::hundredths(50, 70, 85)),
        meaning: "The share of prefix tokens that are read from the cache, used only by estimates \
            without a log.",
        source: "published cost playbooks promise 70 to 90 % and call 70 % realistic; half is our \
            floor",
    },
    effort(TECHNIQUE, 4),
];

/// The shortest opening that the provider caches, for every model.
pub const MIN_PREFIX_TOKENS: TableHandle = TableHandle::of(PARAMETERS, "min_prefix_tokens");
/// The lifetime that every written entry is given, instead of the best of
/// those on sale.
pub const TTL_SECONDS: TableHandle = TableHandle::of(PARAMETERS, "ttl_seconds");
/// How long after its call began an entry can be read, where the log has no
/// time to the first token.
pub const FIRST_TOKEN_DELAY_SECONDS: Handle = Handle::of(PARAMETERS, "first_token_delay_seconds");
/// How many content blocks before a breakpoint a look-up still finds an
/// earlier entry.
pub const LOOKBACK_BLOCKS: Handle = Handle::of(PARAMETERS, "lookback_blocks");
/// How many breakpoints one request may set, where the price table does not
/// say.
pub const BREAKPOINTS: Handle = Handle::of(PARAMETERS, "breakpoints");
/// The share of prefix tokens that are read from the cache, used only by
/// estimates without a log.
pub const HIT_SHARE: Handle = Handle::of(PARAMETERS, "hit_share");
/// Hours of work until the technique is in production.
pub const EFFORT_HOURS: Handle = Handle::of(PARAMETERS, "effort_hours");

//! The assumptions of saying the same in fewer prompt tokens.

use super::effort;
use super::handle::Handle;
use crate::techniques::id::TechniqueId;
use crate::techniques::parameter::{Kind, Parameter, Spread, Unit};

const TECHNIQUE: TechniqueId = TechniqueId::ContextCompression;

pub(super) const PARAMETERS: &[Parameter] = &[
    Parameter {
        technique: TECHNIQUE,
        name: "lossless",
        unit: Unit::Switch,
        kind: Kind::Choice,
        spread: Some(Spread::ON),
        meaning: "Minify JSON, drop comment-only lines of code and repeated passages, and \
            collapse blank space.",
        source: "choice of method: counted on the logged texts",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "compaction",
        unit: Unit::Switch,
        kind: Kind::Choice,
        spread: Some(Spread::ON),
        meaning: "Replace old turns of a conversation by a summary, in blocks.",
        source: "choice of method",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "rewriting",
        unit: Unit::Switch,
        kind: Kind::Choice,
        spread: Some(Spread::OFF),
        meaning: "Have a model rewrite long pieces of context shorter before each call.",
        source: "choice of method: a rewriting used once usually costs more than it saves",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "cut",
        unit: Unit::Share,
        kind: Kind::Assumption,
        spread: Some(Spread::hundredths(20, 30, 40)),
        meaning: "The share of a piece's tokens that rewriting takes away.",
        source: "Token Cost Optimization Playbook: 20 to 40 %; LLMLingua-2 reports 2 to 5 times \
            fewer tokens with small loss on its own sets",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "rewriting_uses",
        unit: Unit::Count,
        kind: Kind::Assumption,
        spread: Some(Spread::whole(1, 1, 1)),
        meaning: "How many calls use a rewritten piece before it is rewritten again.",
        source: "one use, unless you keep the rewritten text",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "compaction_turns",
        unit: Unit::Count,
        kind: Kind::Rule,
        spread: Some(Spread::whole(10, 10, 10)),
        meaning: "How many turns are summarised at a time.",
        source: "choice of method: in blocks, because a window that slides every turn breaks the \
            cache every turn",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "compaction_tokens",
        unit: Unit::Tokens,
        kind: Kind::Assumption,
        spread: Some(Spread::whole(300, 300, 300)),
        meaning: "Tokens of the summary that stands for the turns before it.",
        source: "choice of method: a summary of some 200 words",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "minimum_segment_tokens",
        unit: Unit::Tokens,
        kind: Kind::Rule,
        spread: Some(Spread::whole(500, 500, 500)),
        meaning: "The shortest piece of context worth rewriting.",
        source: "choice of method",
    },
    effort(TECHNIQUE, 24),
];

/// Minify JSON, collapse blank space and drop repeated passages inside a
/// prompt.
pub const LOSSLESS: Handle = Handle::of(PARAMETERS, "lossless");
/// Replace old turns of a conversation by a summary, in blocks.
pub const COMPACTION: Handle = Handle::of(PARAMETERS, "compaction");
/// Have a model rewrite long pieces of context shorter before each call.
pub const REWRITING: Handle = Handle::of(PARAMETERS, "rewriting");
/// The share of a piece's tokens that rewriting takes away.
pub const CUT: Handle = Handle::of(PARAMETERS, "cut");
/// How many calls use a rewritten piece before it is rewritten again.
pub const REWRITING_USES: Handle = Handle::of(PARAMETERS, "rewriting_uses");
/// How many turns are summarised at a time.
pub const COMPACTION_TURNS: Handle = Handle::of(PARAMETERS, "compaction_turns");
/// Tokens of the summary that stands for the turns before it.
pub const COMPACTION_TOKENS: Handle = Handle::of(PARAMETERS, "compaction_tokens");
/// The shortest piece of context worth rewriting.
pub const MINIMUM_SEGMENT_TOKENS: Handle = Handle::of(PARAMETERS, "minimum_segment_tokens");
/// Hours of work until the technique is in production.
pub const EFFORT_HOURS: Handle = Handle::of(PARAMETERS, "effort_hours");

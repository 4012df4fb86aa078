//! The assumptions of sending the passages that matter instead of whole documents.

use super::effort;
use super::handle::Handle;
use crate::techniques::id::TechniqueId;
use crate::techniques::parameter::{Kind, Parameter, Spread, Unit};

const TECHNIQUE: TechniqueId = TechniqueId::EmbeddingRetrieval;

pub(super) const PARAMETERS: &[Parameter] = &[
    Parameter {
        technique: TECHNIQUE,
        name: "chunks",
        unit: Unit::Count,
        kind: Kind::Assumption,
        spread: Some(Spread::whole(10, 5, 3)),
        meaning: "Passages that are sent in place of the documents.",
        source: "Token Cost Optimization Playbook: 3 to 10, five as its example",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "chunk_tokens",
        unit: Unit::Tokens,
        kind: Kind::Assumption,
        spread: Some(Spread::whole(500, 500, 300)),
        meaning: "Tokens of one passage.",
        source: "Token Cost Optimization Playbook: 500; another published playbook trims to 200 \
            to 300",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "escalation",
        unit: Unit::Share,
        kind: Kind::Assumption,
        spread: Some(Spread::hundredths(40, 30, 15)),
        meaning: "The share of calls that are repeated with the whole documents because the \
            passages did not answer.",
        source: "Self-Route (arXiv 2407.16833): passages suffice for more than 60 % of questions",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "document_factor",
        unit: Unit::Factor,
        kind: Kind::Rule,
        spread: Some(Spread::whole(2, 2, 2)),
        meaning: "How many times the passages' tokens the documents must have before passages are \
            sent instead.",
        source: "choice of method: below twice the size retrieval only trims",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "question_ratio",
        unit: Unit::Factor,
        kind: Kind::Rule,
        spread: Some(Spread::whole(10, 10, 10)),
        meaning: "How many times the output's tokens the documents must have for a call to count \
            as a question about them.",
        source: "choice of method: summaries and rewritings need the whole text",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "embedding_usd_per_million_tokens",
        unit: Unit::DollarsPerMillionTokens,
        kind: Kind::Cost,
        spread: Some(Spread::hundredths(13, 2, 2)),
        meaning: "The price of embedding the corpus once and every question.",
        source: "price table: text-embedding-3-small, the cheapest there, and \
            text-embedding-3-large",
    },
    Parameter {
        technique: TECHNIQUE,
        name: "store_monthly_usd",
        unit: Unit::Dollars,
        kind: Kind::Cost,
        spread: Some(Spread::whole(0, 0, 0)),
        meaning: "The monthly bill of the vector store.",
        source: "unknown until set: a store you already run costs nothing more",
    },
    effort(TECHNIQUE, 120),
];

/// Passages that are sent in place of the documents.
pub const CHUNKS: Handle = Handle::of(PARAMETERS, "chunks");
/// Tokens of one passage.
pub const CHUNK_TOKENS: Handle = Handle::of(PARAMETERS, "chunk_tokens");
/// The share of calls that are repeated with the whole documents because
/// the passages did not answer.
pub const ESCALATION: Handle = Handle::of(PARAMETERS, "escalation");
/// How many times the passages' tokens the documents must have before
/// passages are sent instead.
pub const DOCUMENT_FACTOR: Handle = Handle::of(PARAMETERS, "document_factor");
/// How many times the output's tokens the documents must have for a call to
/// count as a question about them.
pub const QUESTION_RATIO: Handle = Handle::of(PARAMETERS, "question_ratio");
/// The price of embedding the corpus once and every question.
pub const EMBEDDING_USD_PER_MILLION_TOKENS: Handle =
    Handle::of(PARAMETERS, "embedding_usd_per_million_tokens");
/// The monthly bill of the vector store.
pub const STORE_MONTHLY_USD: Handle = Handle::of(PARAMETERS, "store_monthly_usd");
/// Hours of work until the technique is in production.
pub const EFFORT_HOURS: Handle = Handle::of(PARAMETERS, "effort_hours");

//! The eight techniques: how each rewrites a log's calls, and on which named
//! assumptions.
//!
//! A technique never prices and never says what it saves: it rewrites states of
//! calls and adds fees, and `ladder` prices what comes out. Techniques do not
//! see each other.

pub mod batch_api;
pub mod context_compression;
pub mod embedding_retrieval;
pub mod fees;
pub mod fine_tuning;
pub mod handover;
pub mod id;
pub mod model_routing;
pub mod output_capping;
pub mod parameter;
pub mod parameters;
pub mod profile;
pub mod prompt_caching;
pub mod quality;
pub mod semantic_dedup;
pub mod technique;
pub mod tiers;
pub mod traffic;

use id::TechniqueId;
use technique::Technique;

/// Every technique, in playbook order.
pub const TECHNIQUES: [&dyn Technique; TechniqueId::COUNT] = [
    &prompt_caching::PromptCaching,
    &model_routing::ModelRouting,
    &embedding_retrieval::EmbeddingRetrieval,
    &context_compression::ContextCompression,
    &batch_api::BatchApi,
    &output_capping::OutputCapping,
    &semantic_dedup::SemanticDedup,
    &fine_tuning::FineTuning,
];

/// The technique of an id.
#[must_use]
pub fn technique_of(id: TechniqueId) -> Option<&'static dyn Technique> {
    TECHNIQUES.into_iter().find(|technique| technique.id() == id)
}

//! The eight techniques: how each rewrites a log's calls, and on which named
//! assumptions.
//!
//! A technique never prices and never says what it saves: it rewrites states of
//! calls and adds fees, and `ladder` prices what comes out. Techniques do not
//! see each other.

pub mod context_compression;
pub mod embedding_retrieval;
pub mod fees;
pub mod id;
pub mod output_capping;
pub mod parameter;
pub mod parameters;
pub mod profile;
pub mod quality;
pub mod semantic_dedup;
pub mod technique;
pub mod tiers;
pub mod traffic;

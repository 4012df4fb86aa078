//! What a log says about its calls: plain data, no files, no prices.
//!
//! Names follow OpenTelemetry GenAI and FOCUS where they have a term. Texts
//! never live here: a prompt is a path in the prefix tree, an answer is a hash.

pub mod bucket;
pub mod call;
pub mod charge;
pub mod component;
pub mod dimension;
pub mod lane;
pub mod log;
pub mod prompt;
pub mod symbol;
pub mod usage;

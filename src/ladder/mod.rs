//! The savings ladder: what the log costs for every set of techniques, and
//! what follows from that.
//!
//! Only this module prices what techniques rewrite. Knows no file, no format
//! and no report.

mod caching;
mod engine;
mod expectation;
mod logged;
mod replay;
mod simulate;
pub mod totals;

//! The savings ladder: what the log costs for every set of techniques, and
//! what follows from that.
//!
//! Only this module prices what techniques rewrite. Knows no file, no format
//! and no report.

pub mod backtest;
pub mod breaks;
pub mod cache;
mod caching;
pub mod climb;
mod closer;
pub mod curves;
pub mod draws;
mod engine;
mod expectation;
mod idle_cache;
mod logged;
pub mod order;
pub mod reach;
pub mod reasons;
pub mod replay;
mod scenario;
pub mod simulate;
mod split;
pub mod steps;
pub mod totals;
pub mod what_if;

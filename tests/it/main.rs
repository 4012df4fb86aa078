//! Tests through the library and of the command line, in one binary.
//!
//! One binary links once; a module per subject keeps it readable. A new file
//! is declared here (`tests/architecture.rs` finds the forgotten ones).

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a helper of a test may stop and print as the test itself may"
)]

mod agent_sessions;
mod backtest;
mod batch;
mod batch_files;
mod broken_files;
mod check;
mod check_oracle;
mod check_refusals;
mod checks;
mod ci;
mod claude_code;
mod cli;
mod cli_reference;
mod cloud_bodies;
mod cloud_logs;
mod components;
mod compression;
mod convert;
mod dedup;
mod detection;
mod dialects;
mod estimate;
mod exchange;
mod explain;
mod findings;
mod flat_formats;
mod gateways;
mod invariants;
mod invoice;
mod ladder;
mod ladder_cli;
mod levels;
mod openinference;
mod oracle;
mod output;
mod prices;
mod proofs;
mod reference;
mod reports;
mod retrieval;
mod rewriting;
mod routing;
mod samples;
mod saved;
mod serving_traces;
mod slices;
mod small_logs;
mod tracers;
mod trend;
mod tuning;
mod two_systems;
mod vendor_exports;

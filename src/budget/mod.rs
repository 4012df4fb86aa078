//! Budgets: what a log may cost, how dear a call may be, how much may change, and
//! whether a log keeps to it.
//!
//! Judges plain figures. It knows no file, no ledger, no exit code and no clock,
//! and it never takes what a log does not say for being within.

pub mod measure;
pub mod settings;

pub use measure::Measure;
pub use settings::{BudgetSettings, IgnoreSettings};

//! Budgets: what a log may cost, how dear a call may be, how much may change, and
//! whether a log keeps to it.
//!
//! Judges plain figures. It knows no file, no ledger, no exit code and no clock,
//! and it never takes what a log does not say for being within.

pub mod amount;
pub mod check;
pub mod figures;
pub mod measure;
pub mod place;
pub mod preset;
pub mod reading;
pub mod resolve;
pub mod rule;
pub mod settings;

mod judge;
mod movers;
mod questions;

pub use check::{Allowances, check};
pub use figures::{Figures, Part, stored};
pub use measure::Measure;
pub use reading::Missing;
pub use resolve::{Settings, resolve};
pub use rule::{Budget, SettingsError};
pub use settings::{BudgetSettings, IgnoreSettings, Per};

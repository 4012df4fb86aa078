//! A ladder for people without logs: traffic as averages, savings in closed
//! form.
//!
//! A workload is one or more classes of calls that are alike. Each is a unit
//! whose cost for every set of techniques follows from its averages, the price
//! table and the named assumptions; the totals, the orders and the draws are
//! those of [`crate::ladder`]. Nothing is replayed and nothing is measured: what
//! a log would show is stated by the owner or assumed, and every figure says so.
//!
//! Must not know files, the command line or reports.

mod amount;
mod class;
mod climb;
mod cost;
mod error;
mod file;
mod prepared;
mod seller;
mod shape;
mod verdict;

pub use amount::PerCall;
pub use class::{Answers, Class, Components, Route};
pub use climb::{Volume, Workload, estimate, forced, volume};
pub use error::EstimateError;
pub use file::{ClassFile, Number, RouteFile, Setting, WorkloadFile};
pub use seller::{Hits, Request, Seller};

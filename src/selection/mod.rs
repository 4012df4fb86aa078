//! Which calls an analysis is about, and what each of them is for.
//!
//! One small grammar, `FIELD=PATTERN`, serves the command line and the rules of
//! `tokopt.toml` alike. This module compares texts and times; it must not know
//! files, prices or how a report looks.

pub mod features;
pub mod fields;
pub mod filter;
pub mod nearest;
pub mod pattern;
pub mod period;
pub mod users;

mod error;

pub use error::SelectionError;
pub use features::FeatureRules;
pub use fields::{BucketFields, CallFields, ChargeFields, Field, Fields};
pub use filter::Filter;
pub use period::Period;
pub use users::UserRules;

//! What every token costs: a dated table of prices and the way into it.
//!
//! A [`PriceTable`] is made of the TOML files under `prices/`, compiled in,
//! with a user's files laid over them. [`PriceTable::find`] leads from a name
//! in a log to a model by exact names and declared aliases;
//! [`Match::price`] multiplies a request's counters by the rates of its date,
//! lane, region, hour and prompt length, exactly.
//!
//! This module must not know files, the clock, the environment or how a log
//! looks: texts come in, values go out. A rate that nobody publishes is
//! absent here and its tokens are reported as unpriced; none is ever guessed.

mod adjust;
mod embedded;
mod error;
pub mod import;
mod lookup;
mod merge;
mod model;
mod names;
mod pricing;
mod rates;
mod remarks;
mod resolve;
mod schedule;
mod schema;
mod status;
mod suggest;
mod table;

pub use error::PriceError;
pub use lookup::{Match, MatchRule, PriceBasis};
pub use model::{CacheFacts, CacheMode, Interval, Model, ModelTier, Tool, Tuning};
pub use pricing::{EffectiveRates, LaneQuery, MediaTokens, PriceQuery, Priced};
pub use rates::{Rates, WriteRates};
pub use remarks::{Remark, Remarks};
pub use status::{PriceStatus, ProviderStatus, ScheduledChange};
pub use table::{PriceSource, PriceTable};

//! Tables that leave tokopt: columns, cells, and how a table is written down.
//!
//! Knows no file, no price and no report. What the table of calls consists of
//! stands in [`calls`], so that whoever writes it and whoever reads it back
//! mean the same; a row is made elsewhere.

pub mod calls;
pub mod column;
#[cfg(feature = "parquet")]
pub mod parquet;
pub mod text;
pub mod words;

pub use column::{Cell, Column, Kind, Table};

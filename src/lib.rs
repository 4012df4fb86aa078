//! Reads LLM usage logs, says where every token and dollar goes.
//!
//! The program is a thin layer over this library: a log is read, priced and
//! attributed, and made into a document that any report is rendered from.
//!
//! ```
//! use tokopt::ingest::{self, ReadOptions};
//! use tokopt::ledger::{Ledger, Settings};
//! use tokopt::prices::PriceTable;
//! use tokopt::report::assemble::{self, Naming};
//!
//! let paths = ["fixtures/quickstart".to_owned()];
//! let log = ingest::read(&paths, ReadOptions::default(), &())?;
//! let table = PriceTable::embedded()?;
//! let settings = Settings::default();
//! let ledger = Ledger::new(&log, &table, &settings);
//! let document = assemble::document(&log, &ledger, &Naming::PublishedKey, None);
//!
//! // 39 lines: 37 calls, one of them told twice, one line broken.
//! assert_eq!((document.input.lines, document.input.calls), (39, 37));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod arms;
pub mod budget;
pub mod cli;
pub mod convert;
pub mod difference;
pub mod estimate;
pub mod findings;
pub mod ingest;
pub mod ladder;
pub mod ledger;
pub mod measure;
pub mod prices;
pub mod reconcile;
pub mod record;
pub mod report;
pub mod selection;
pub mod table;
pub mod techniques;
pub mod trend;
pub mod units;

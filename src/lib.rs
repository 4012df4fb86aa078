//! Reads LLM usage logs, says where every token and dollar goes.

pub mod cli;
pub mod ingest;
pub mod ledger;
pub mod measure;
pub mod prices;
pub mod record;
pub mod report;
pub mod selection;
pub mod units;

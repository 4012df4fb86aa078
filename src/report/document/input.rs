//! What was read: files, and what became of every log record.
//!
//! Knows counts and places only; no text of a log record ever enters here.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What was read. `lines` = `calls` + `duplicates` + `ignored` + `rejected`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Input {
    /// The files, in the order of their paths.
    pub files: Vec<InputFile>,
    /// Log records read: lines of JSONL, rows of CSV, elements of an array.
    pub lines: u64,
    /// Records kept as a call, a bucket or a charge.
    pub calls: u64,
    /// Records merged into another record of the same call.
    pub duplicates: u64,
    /// Records recognised as something that is not a call.
    pub ignored: u64,
    /// Records that could not be read.
    pub rejected: u64,
    /// Records kept that count many calls each (usage exports).
    pub buckets: u64,
    /// Records kept that name a billed amount (cost exports).
    #[serde(default)]
    pub charges: u64,
    /// Calls that a second system logged too, a gateway and a tracer say, and
    /// that are kept once; counted in `duplicates`.
    #[serde(default)]
    pub restated: u64,
    /// Request halves that found their answer; counted in `ignored`.
    pub joined: u64,
    /// Calls split off a kept record, over and above `calls`.
    pub child_calls: u64,
    /// The first hundred rejected records.
    pub rejections: Vec<Rejection>,
}

/// One file that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InputFile {
    /// The path as it was given or found, `-` for standard input.
    pub path: String,
    /// The id of the log format; null where none was recognised.
    pub format: Option<String>,
    /// Bytes of the file as it is stored, compressed or not.
    pub bytes: u64,
    /// Log records in the file.
    pub lines: u64,
    /// Records kept as a call, a bucket or a charge.
    pub calls: u64,
    /// Records merged into another record of the same call.
    pub duplicates: u64,
    /// Records recognised as something that is not a call.
    pub ignored: u64,
    /// Records that could not be read.
    pub rejected: u64,
    /// Why records were ignored; sums to `ignored`.
    pub ignored_reasons: Vec<IgnoredReason>,
}

/// Why some records of a file are no calls.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct IgnoredReason {
    /// What the records are, as a lower-case fragment.
    pub reason: String,
    /// Records ignored for it.
    pub lines: u64,
}

/// A log record that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Rejection {
    /// The file it stands in.
    pub path: String,
    /// The line on which the record starts, counted from 1.
    pub line: u64,
    /// Why, as a lower-case fragment without any of the record's text.
    pub reason: String,
}

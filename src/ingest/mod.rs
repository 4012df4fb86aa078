//! Reads logs: from files to calls, whatever system wrote them.
//!
//! A format is one file behind the [`format::Format`] trait and one line in
//! [`FORMATS`]. This module knows no price and no time zone; what a log does
//! not say stays unknown here.

pub mod batch;
pub mod csv_rows;
pub mod event_lines;
pub mod format;
pub mod framing;
pub mod json;
pub mod mapping;
pub mod prompt;
pub mod source;
pub mod transcript;

pub mod messages_usage;

mod anthropic_usage;
mod azure_trace;
mod block_trace;
mod canonical;
mod claude_code;
mod collect;
mod detect;
pub mod exchange;
mod litellm;
mod litellm_payload;
mod litellm_spend;
mod merge;
mod openai_usage;
mod openinference_spans;
mod parquet;
mod pipeline;
mod tokopt_table;
mod value;
mod walk;

use format::Format;

pub use pipeline::{Progress, ReadOptions, read};

/// Every known format, in the order in which detection asks them: a shape that
/// another one contains comes first.
pub const FORMATS: &[&dyn Format] = &[
    &openai_usage::OpenAiUsage,
    &anthropic_usage::AnthropicUsage,
    &litellm_spend::LitellmSpend,
    &litellm_payload::LitellmPayload,
    &openinference_spans::OpeninferenceSpans,
    &claude_code::ClaudeCode,
    &exchange::stored_completions::StoredCompletions,
    &exchange::Exchange,
    &exchange::event_stream::EventStream,
    &block_trace::BlockTrace,
    &azure_trace::AzureTrace,
    &litellm_spend::LitellmSpendCsv,
    &tokopt_table::TokoptTable,
    &tokopt_table::TokoptTableCsv,
    &canonical::Canonical,
    &canonical::CanonicalCsv,
];

/// The format of that id.
#[must_use]
pub fn format_by_id(id: &str) -> Option<&'static dyn Format> {
    FORMATS.iter().copied().find(|format| format.id() == id)
}

/// Why nothing could be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IngestError {
    /// A path or pattern leads to no file.
    #[error("no file at `{path}`")]
    NotFound {
        /// The path as given.
        path: String,
    },
    /// A glob pattern is malformed.
    #[error("`{pattern}` is no valid pattern: {reason}")]
    BadPattern {
        /// The pattern as given.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file or folder cannot be read.
    #[error("cannot read `{path}`: {reason}")]
    Unreadable {
        /// The path.
        path: String,
        /// What the system says.
        reason: String,
    },
    /// No format recognises a file that the user named.
    #[error("`{path}` is in no known log format{nearest}")]
    UnknownFormat {
        /// The path.
        path: String,
        /// What comes nearest, as a phrase that begins with a colon.
        nearest: String,
    },
    /// A format id that does not exist.
    #[error("there is no input format `{id}`")]
    NoSuchFormat {
        /// The id as given.
        id: String,
    },
}

impl IngestError {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotFound { .. } | Self::BadPattern { .. } => {
                Some("give a file, a folder, a quoted pattern such as 'logs/**/*.jsonl', or - for standard input".to_owned())
            }
            Self::UnknownFormat { .. } | Self::NoSuchFormat { .. } => {
                let known: Vec<_> = FORMATS.iter().map(|format| format.id()).collect();
                Some(format!(
                    "name it with --input-format ({}), or describe it under [formats.NAME] in tokopt.toml",
                    known.join(", ")
                ))
            }
            Self::Unreadable { .. } => None,
        }
    }
}

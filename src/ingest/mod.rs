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
pub mod join;
pub mod json;
pub mod mapping;
pub mod prompt;
pub mod sequence;
pub mod source;
pub mod span_tree;
pub mod transcript;

pub mod messages_usage;

mod anthropic_batch;
mod anthropic_console_cost;
mod anthropic_console_usage;
mod anthropic_cost_report;
mod anthropic_terms;
mod anthropic_usage;
mod azure_api_gateway;
mod azure_columns;
mod azure_diagnostics;
mod azure_trace;
mod bedrock_batch;
mod bedrock_invocation_log;
mod block_trace;
mod burstgpt;
mod canonical;
mod chat_texts;
mod claude_code;
mod claude_code_analytics;
mod cloudflare_ai_gateway;
mod codex;
mod codex_exec;
mod collect;
mod counted_exchange;
mod deepseek_export;
mod detect;
pub mod exchange;
mod fill;
mod gemini_cli;
mod helicone;
mod invoice_csv;
mod langfuse;
mod langsmith;
mod litellm;
mod litellm_payload;
mod litellm_spend;
mod merge;
mod openai_batch;
mod openai_costs;
mod openai_dashboard_csv;
mod openai_usage;
mod opencode;
mod openinference_spans;
mod openrouter;
mod openrouter_activity;
mod openrouter_generation;
mod otlp;
mod parquet;
mod periods;
mod pi;
mod pipeline;
mod portkey;
#[cfg(test)]
mod read_one;
mod sources;
mod span;
mod tokopt_table;
mod tracelab_rounds;
mod value;
mod vertex_request_log;
mod walk;

use format::Format;

pub use pipeline::{Progress, ReadOptions, read};

/// Every known format, in the order in which detection asks them: a shape that
/// another one contains comes first.
pub const FORMATS: &[&dyn Format] = &[
    &openai_usage::OpenAiUsage,
    &openai_costs::OpenAiCosts,
    &anthropic_usage::AnthropicUsage,
    &anthropic_cost_report::AnthropicCostReport,
    &claude_code_analytics::ClaudeCodeAnalytics,
    &openai_batch::OpenAiBatch,
    &anthropic_batch::AnthropicBatch,
    &litellm_spend::LitellmSpend,
    &litellm_payload::LitellmPayload,
    &helicone::Helicone,
    &otlp::Otlp,
    &langfuse::Langfuse,
    &langsmith::Langsmith,
    &openinference_spans::OpeninferenceSpans,
    &openrouter_generation::OpenrouterGeneration,
    &portkey::Portkey,
    &cloudflare_ai_gateway::CloudflareAiGateway,
    &claude_code::ClaudeCode,
    &codex::Codex,
    &codex_exec::CodexExec,
    &gemini_cli::GeminiCli,
    &opencode::Opencode,
    &pi::Pi,
    &bedrock_invocation_log::BedrockInvocationLog,
    &bedrock_batch::BedrockBatch,
    &vertex_request_log::VertexRequestLog,
    &azure_diagnostics::AzureDiagnostics,
    &azure_api_gateway::AzureApiGateway,
    &exchange::stored_completions::StoredCompletions,
    &exchange::Exchange,
    &exchange::event_stream::EventStream,
    &block_trace::BlockTrace,
    &tracelab_rounds::TracelabRounds,
    &azure_trace::AzureTrace,
    &helicone::HeliconeCsv,
    &openrouter_activity::OpenrouterActivity,
    &burstgpt::Burstgpt,
    &litellm_spend::LitellmSpendCsv,
    &tokopt_table::TokoptTable,
    &tokopt_table::TokoptTableCsv,
    &invoice_csv::InvoiceCsv,
    &openai_costs::OpenAiCostsCsv,
    &openai_dashboard_csv::OpenAiDashboardCsv,
    &deepseek_export::DeepseekExport,
    &anthropic_console_usage::AnthropicConsoleUsage,
    &anthropic_console_cost::AnthropicConsoleCost,
    &vertex_request_log::VertexRequestLogCsv,
    &azure_diagnostics::AzureDiagnosticsCsv,
    &azure_api_gateway::AzureApiGatewayCsv,
    &langfuse::LangfuseCsv,
    &langsmith::LangsmithCsv,
    &canonical::Canonical,
    &canonical::CanonicalCsv,
];

/// The format of that id.
#[must_use]
pub fn format_by_id(id: &str) -> Option<&'static dyn Format> {
    FORMATS.iter().copied().find(|format| format.id() == id)
}

/// The ids of all formats that claim a file with this opening, in the order of
/// asking: none where it is empty or unknown, and one where all is well. `whole`
/// says that the opening is all of the file.
#[must_use]
pub fn claims(opening: &[u8], whole: bool) -> Vec<&'static str> {
    let head = detect::Head { bytes: opening, whole };
    detect::claimants(head, FORMATS).into_iter().map(Format::id).collect()
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

/// The names of all formats, as a list in a sentence.
#[must_use]
pub fn format_names() -> String {
    let names: Vec<&str> = FORMATS.iter().map(|format| format.id()).collect();
    names.join(", ")
}

impl IngestError {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotFound { .. } | Self::BadPattern { .. } => {
                Some("give a file, a folder, a quoted pattern such as 'logs/**/*.jsonl', or - for standard input".to_owned())
            }
            Self::UnknownFormat { .. } => Some(
                "name it with --input-format NAME (--help lists them), or describe it under [formats.NAME] in tokopt.toml"
                    .to_owned(),
            ),
            Self::NoSuchFormat { .. } => Some(format!(
                "name one of {}, or describe your own under [formats.NAME] in tokopt.toml",
                format_names()
            )),
            Self::Unreadable { reason, .. } if reason == PERMISSION_DENIED => {
                Some("make it readable, or give only files that are".to_owned())
            }
            Self::Unreadable { .. } => None,
        }
    }
}

/// What an error of the system says where reading is not allowed.
pub(in crate::ingest) const PERMISSION_DENIED: &str = "permission denied";

//! Anthropic's analytics of Claude Code: a record per person and day.
//!
//! It counts sessions, lines and commits, and estimates what the tokens would
//! cost. That is no bill, and most of it is paid by subscription: every record
//! is recognised and left out, so that nobody adds it to one.

use super::batch::Batch;
use super::format::{Format, Outcome, Record, Sample};
use super::json::{Fault, Json};

/// Pages of `usage_report/claude_code`.
#[derive(Clone, Copy, Debug)]
pub struct ClaudeCodeAnalytics;

impl Format for ClaudeCodeAnalytics {
    fn id(&self) -> &'static str {
        "claude-code-analytics"
    }

    fn convention(&self) -> &'static str {
        "productivity per person and day; its costs are estimates and are not read"
    }

    fn list_key(&self) -> Option<&'static str> {
        Some("data")
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        sample.listed("data").iter().any(|record| is_day(*record))
    }

    fn read(&self, record: &Record<'_>, _: &mut Batch) -> Result<Outcome, Fault> {
        let json = record.json()?;
        // Walked for its form: what is broken is said to be so.
        json.each_entry(|_, _| Ok::<(), Fault>(()))?;
        if is_day(json) {
            Ok(Outcome::Ignored("productivity of Claude Code, no billing"))
        } else {
            Err(Fault::Missing("actor"))
        }
    }
}

/// A person's day.
fn is_day(record: Json<'_>) -> bool {
    record.get("actor").is_some_and(Json::is_object)
        && (record.get("core_metrics").is_some() || record.get("model_breakdown").is_some())
}

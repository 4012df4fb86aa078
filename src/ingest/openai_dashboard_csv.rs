//! CSV files of OpenAI's usage dashboard: the export of today, which has the
//! usage API's fields as columns, and the activity export of before.
//!
//! The input includes cached tokens in both. Columns are known by their names;
//! an export of a quiet period has only times. Each row is a bucket.

use crate::record::bucket::Bucket;
use crate::record::call::Operation;
use crate::record::lane::Tier;
use crate::record::usage::Usage;
use crate::units::Tokens;

use super::batch::Batch;
use super::format::{Format, Framing, Header, Outcome, Record, Row, Sample};
use super::json::Fault;
use super::openai_usage::counted::Counted;
use super::value::Value;

/// Column that only the activity export has.
const ACTIVITY: &str = "n_context_tokens_total";

/// Exports of usage, a period and a set of dimensions per row.
#[derive(Clone, Copy, Debug)]
pub struct OpenAiDashboardCsv;

impl Format for OpenAiDashboardCsv {
    fn id(&self) -> &'static str {
        "openai-dashboard-csv"
    }

    fn convention(&self) -> &'static str {
        "input includes cached and cache-written tokens; a row is a period, not a call"
    }

    fn framing(&self) -> Framing {
        Framing::Csv
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        sample.header().is_some_and(|header| header.has(&[ACTIVITY]) || is_current(header))
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let row = record.row.ok_or(Fault::Other("not a CSV row"))?;
        if row.header.has(&[ACTIVITY]) {
            return read_activity(row, batch);
        }
        let (mut counted, mut start, mut end) = (Counted::default(), None, None);
        let mut has_dimensions = false;
        for (column, cell) in row.cells() {
            let value = Value::Cell(cell);
            match column {
                "start_time_iso" => start = value.time("start_time_iso")?,
                "start_time" => start = start.or(value.time("start_time")?),
                "end_time_iso" => end = value.time("end_time_iso")?,
                "end_time" => end = end.or(value.time("end_time")?),
                _ => {
                    has_dimensions |= column == "num_model_requests";
                    counted.take(column, value)?;
                }
            }
        }
        let start = start.ok_or(Fault::Missing("start_time_iso"))?;
        if !counted.is_token_usage() {
            return Ok(Outcome::Ignored(if has_dimensions {
                "usage that is not counted in tokens"
            } else {
                "empty bucket"
            }));
        }
        let bucket = counted.bucket(start, end, batch)?;
        batch.push_bucket(bucket);
        Ok(Outcome::Kept)
    }
}

/// The export of today: its own times, and none of the columns by which the
/// exports of costs, and of other sellers, are told.
fn is_current(header: &Header) -> bool {
    const OTHERS: [&str; 4] = ["amount_value", "amount", "type", "api_key_name"];
    header.has(&["start_time_iso", "end_time_iso"])
        && !OTHERS.iter().any(|column| header.position(column).is_some())
}

/// A row of the activity export.
fn read_activity(row: &Row<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
    let cell = |column| Value::Cell(row.get(column).unwrap_or_default());
    let first = |columns: &[&'static str]| {
        columns.iter().map(|column| cell(column)).find(|value| !value.is_missing())
    };
    let count = |column| cell(column).count(column);
    let input = count("n_context_tokens_total")?;
    let output = count("n_generated_tokens_total")?;
    if input.is_none() && output.is_none() {
        return Ok(Outcome::Ignored("usage that is not counted in tokens"));
    }
    let time = first(&["timestamp", "aggregation_timestamp", "start_time", "date", "usage_date"]);
    let start = time.map_or(Ok(None), |time| time.time("timestamp"))?;
    let calls = first(&["n_requests", "num_requests", "requests"]);
    let cached = count("n_cached_context_tokens_total")?;
    if cached.unwrap_or(0) > input.unwrap_or(0) {
        return Err(Fault::Contradiction("cached tokens exceed input tokens"));
    }
    let audio = count("n_context_audio_tokens_total")?.unwrap_or(0);
    let audio = audio.saturating_add(count("n_generated_audio_tokens_total")?.unwrap_or(0));
    let mut name =
        |columns: &[&'static str]| batch.symbol(first(columns).and_then(Value::name).as_deref());
    let (project, api_key) =
        (name(&["project_id", "project_name"]), name(&["api_key_id", "api_key_name"]));
    let bucket = Bucket {
        start: Some(start.ok_or(Fault::Missing("timestamp"))?),
        calls: calls.map_or(Ok(None), |calls| calls.count("n_requests"))?,
        model: name(&["snapshot_id", "model"]),
        feature: api_key.or(project),
        user: name(&["user_id", "user", "email"]),
        account: project.or(api_key),
        operation: operation(row),
        tier: if is_batch(row) { Tier::Batch } else { Tier::Standard },
        usage: Usage {
            input: input.map(Tokens::new),
            cache_read: cached.map(Tokens::new),
            output: output.map(Tokens::new),
            ..Usage::default()
        },
        other_modality: Tokens::new(audio),
        provider: batch.symbol(Some("openai")),
        ..Bucket::default()
    };
    if bucket.model.is_none() {
        batch.note("NOT_GROUPED_BY_MODEL", "usage without a model cannot be priced; export it with group_by=model,batch,service_tier,project_id");
    }
    batch.push_bucket(bucket);
    Ok(Outcome::Kept)
}

fn operation(row: &Row<'_>) -> Operation {
    match row.get("operation").map(str::to_ascii_lowercase) {
        Some(word) if word.contains("embedding") => Operation::Embeddings,
        Some(word) if word.contains("moderation") => Operation::Other,
        _ => Operation::Chat,
    }
}

fn is_batch(row: &Row<'_>) -> bool {
    let says = |column| row.get(column).is_some_and(|word| word.eq_ignore_ascii_case("batch"));
    says("request_type")
        || says("usage_type")
        || row.get("batch").map(Value::Cell).and_then(Value::truth) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::OpenAiDashboardCsv;
    use crate::ingest::csv_rows::header;
    use crate::ingest::format::{Format as _, Sample};

    #[test]
    fn neighbours_with_the_same_times_are_left_alone() {
        let detects =
            |columns: &str| OpenAiDashboardCsv.detect(&Sample::Csv(&header(columns.as_bytes())));
        for columns in [
            "start_time,end_time,start_time_iso,end_time_iso",
            "end_time_iso,start_time_iso,input_tokens,num_model_requests,unheard_of",
            "date,model,n_requests,n_context_tokens_total",
        ] {
            assert!(detects(columns), "{columns}");
        }
        for columns in [
            "user_id,start_time_iso,end_time_iso,model,api_key_name,api_key,type,price,amount",
            "start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency",
            "start_time,end_time,input_tokens",
        ] {
            assert!(!detects(columns), "{columns}");
        }
    }
}

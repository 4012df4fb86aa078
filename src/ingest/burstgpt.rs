//! `BurstGPT`, a public trace of requests to a university's models as CSV.
//!
//! `Request tokens` is the whole prompt and `Response tokens` everything
//! generated; none generated means that the request failed. `Timestamp` counts
//! seconds from the start of the trace. Newer files name sessions. There is no
//! id and no cache count; two equal rows are two requests.

use std::borrow::Cow;

use crate::record::call::Status;
use crate::record::usage::Usage;
use crate::units::{Moment, Tokens};

use super::batch::{Batch, Draft};
use super::format::{Format, Framing, Outcome, Record, Sample};
use super::json::Fault;
use super::value::Value;

const TIME: &str = "timestamp";
const INPUT: &str = "request tokens";
const OUTPUT: &str = "response tokens";
const TOTAL: &str = "total tokens";
const KIND: &str = "log type";
/// Seconds above which a number is no time since a start: three years.
const LONGEST: f64 = 1e8;

/// A trace of counts.
#[derive(Clone, Copy, Debug)]
pub struct Burstgpt;

impl Format for Burstgpt {
    fn id(&self) -> &'static str {
        "burstgpt"
    }

    fn convention(&self) -> &'static str {
        "Request tokens is the whole prompt, Response tokens everything generated; no cache counts"
    }

    fn framing(&self) -> Framing {
        Framing::Csv
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        sample.header().is_some_and(|header| header.has(&[TIME, INPUT, OUTPUT, KIND]))
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let row = record.row.ok_or(Fault::Other("not a CSV row"))?;
        let cell = |column| Value::Cell(row.get(column).unwrap_or_default());
        let name = |column| cell(column).name();
        let input = cell(INPUT).count("Request tokens")?;
        let output = cell(OUTPUT).count("Response tokens")?;
        if input.is_none() && output.is_none() {
            return Err(Fault::Missing("Request tokens"));
        }
        if let (Some(input), Some(output), Some(total)) =
            (input, output, cell(TOTAL).count("Total tokens")?)
            && input.checked_add(output) != Some(total)
        {
            return Err(Fault::Contradiction("request and response tokens are not the total"));
        }
        batch.push(Draft {
            time: moment(cell(TIME))?,
            latency_milliseconds: cell("elapsed time").number().map(|seconds| seconds * 1e3),
            model: name("model"),
            feature: name(KIND),
            conversation: name("session id").map(|id| Cow::Owned(format!("session-{id}"))),
            status: if output == Some(0) { Status::Error } else { Status::Success },
            usage: Usage {
                input: input.map(Tokens::new),
                output: output.map(Tokens::new),
                ..Usage::default()
            },
            ..Draft::default()
        })?;
        Ok(Outcome::Kept)
    }
}

/// Seconds from the start of the trace.
fn moment(time: Value<'_>) -> Result<Option<Moment>, Fault> {
    if time.is_missing() {
        return Ok(None);
    }
    let seconds = time
        .number()
        .filter(|seconds| (0.0..LONGEST).contains(seconds))
        .ok_or(Fault::BadField { field: "Timestamp", wanted: "seconds from the trace's start" })?;
    #[expect(clippy::cast_possible_truncation, reason = "below 1e14")]
    Ok(Some(Moment::relative((seconds * 1e6).round() as i64)))
}

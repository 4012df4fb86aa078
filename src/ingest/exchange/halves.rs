//! Requests and answers that are records of their own, as batches log them.
//!
//! Each half is read like one of a whole exchange; what ties them together is
//! handed on with it, and [`crate::ingest::join`] settles the rest.

use xxhash_rust::xxh3::xxh3_128;

use crate::ingest::batch::{Batch, Draft};
use crate::ingest::format::Outcome;
use crate::ingest::join::{Asked, Said, Tie};
use crate::ingest::json::{Fault, Json};
use crate::ingest::prompt::Recorder;
use crate::measure::memo::Memo;
use crate::measure::words;
use crate::record::lane::Tier;

use super::body::Reading;
use super::exchanged::{Exchanged, Logged};

/// Reads the request of a batch; its answer is another record.
///
/// # Errors
/// When the request is not valid JSON or a field holds what it cannot.
pub fn push_request<'a>(
    request: &Exchanged<'a>,
    tie: Tie,
    memo: &'a Memo,
    batch: &mut Batch,
) -> Result<Outcome, Fault> {
    let Some(body) = request.request else { return Err(Fault::Other("the request has no body")) };
    let mut reading = Reading::new(Draft::default(), memo);
    request.read(&mut reading)?;
    let mut asked = Asked { tie, cache_lifetime: reading.cache_lifetime, ..Asked::default() };
    if let Some(recorder) = &reading.recorder {
        asked.passages = recorder.passages().collect();
    }
    request.settle(&mut reading, batch);
    asked.fingerprint = match &reading.draft.prompt {
        Some(prompt) => prompt.request_hash,
        None => fingerprint(body)?,
    };
    batch.push_request(reading.draft, asked)?;
    Ok(Outcome::Kept)
}

/// Reads the answer of a batch: a call, with or without its request.
///
/// # Errors
/// When its body is of no known family, or holds what it cannot.
pub fn push_answer<'a>(
    answer: Exchanged<'a>,
    draft: Draft<'a>,
    tie: Tie,
    memo: &'a Memo,
    batch: &mut Batch,
) -> Result<Outcome, Fault> {
    let mut reading = Reading::new(draft, memo);
    // Generated text is only taken up where there is a prompt to go with it.
    reading.recorder = Some(Recorder::new(memo));
    if answer.failed && matches!(answer.answer, Logged::Nothing) {
        reading.failed();
    } else {
        match answer.read(&mut reading)? {
            Outcome::Kept => {}
            outcome => return Ok(outcome),
        }
    }
    // Bodies name the tier of the model, if any: all of a batch is billed as such.
    reading.draft.tier = Tier::Batch;
    let said = Said { tie, words: words::in_order(&reading.answer), ..Said::default() };
    let call = batch.calls.len();
    answer.push(reading, batch)?;
    batch.expect_request(call, said);
    Ok(Outcome::Kept)
}

/// A hash of a request without texts, whatever the order of its entries.
fn fingerprint(body: Json<'_>) -> Result<u128, Fault> {
    let mut sum = 0_u128;
    body.each_entry(|key, value| {
        let minified = value.raw().bytes().filter(|byte| !byte.is_ascii_whitespace());
        let entry: Vec<u8> = key.bytes().chain([b'=']).chain(minified).collect();
        sum = sum.wrapping_add(xxh3_128(&entry));
        Ok::<(), Fault>(())
    })?;
    Ok(sum)
}

//! Serving traces whose prompts are lists of block ids, as Mooncake publishes
//! them: the one log without texts on which a prefix cache can be replayed.
//!
//! `input_length` is the whole prompt and `output_length` everything
//! generated. An id stands for a block of `block_size` tokens at its place in
//! the prompt, the last block being what is left over. Times count from the
//! start of the trace.

use std::borrow::Cow;

use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use crate::measure::memo::Memo;
use crate::record::component::Component;
use crate::record::prompt::{Block, BlockId};
use crate::record::usage::Usage;
use crate::units::{Moment, Timestamp, Tokens};

use super::batch::{Batch, Draft, Identity};
use super::format::{Format, KeySet, Outcome, Record, Sample};
use super::json::{Fault, Json};
use super::prompt::{Part, PromptDraft};

/// Tokens of a block where a line does not say (kvcache-ai/Mooncake, README of
/// its traces).
const BLOCK_SIZE: u64 = 512;
/// Keeps block ids apart from texts in the memo.
const SALT: u8 = 8;
/// Milliseconds above which a number is a date and no time since a start: as
/// milliseconds since 1970 it is the year 1973, as an age it is three years.
const FIRST_DATE: f64 = 1e11;

/// A trace of block ids.
#[derive(Clone, Copy, Debug)]
pub struct BlockTrace;

impl Format for BlockTrace {
    fn id(&self) -> &'static str {
        "block-trace"
    }

    fn convention(&self) -> &'static str {
        "input_length is the whole prompt, output_length everything generated; no cache counts"
    }

    fn keys(&self) -> &'static [KeySet] {
        &[&["input_length", "output_length"]]
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        sample.any_object(|object| {
            object.get("input_length").is_some() && object.get("output_length").is_some()
        })
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let line = Line::read(record.json()?)?;
        let input = line.input.ok_or(Fault::Missing("input_length"))?;
        let prompt = line.prompt(input, record.bytes, record.memo)?;
        let request_id = line.request_id.and_then(Json::name);
        batch.push(Draft {
            identity: Identity::of(request_id.as_deref()),
            request_id,
            time: line.time.map(moment).transpose()?.flatten(),
            model: line.model.and_then(Json::name),
            feature: line.feature.and_then(Json::name),
            user: line.user.and_then(Json::name),
            conversation: line.conversation.and_then(Json::name),
            usage: Usage {
                input: Some(Tokens::new(input)),
                output: line.output.map(Tokens::new),
                ..Usage::default()
            },
            prompt,
            ..Draft::default()
        })?;
        Ok(Outcome::Kept)
    }
}

/// The fields of a line, where they lie in it.
#[derive(Default)]
struct Line<'a> {
    time: Option<Json<'a>>,
    input: Option<u64>,
    output: Option<u64>,
    hash_ids: Option<Json<'a>>,
    block_size: Option<u64>,
    model: Option<Json<'a>>,
    conversation: Option<Json<'a>>,
    request_id: Option<Json<'a>>,
    feature: Option<Json<'a>>,
    user: Option<Json<'a>>,
}

impl<'a> Line<'a> {
    fn read(json: Json<'a>) -> Result<Self, Fault> {
        if !json.is_object() {
            return Err(Fault::Other("not a JSON object"));
        }
        let mut line = Self::default();
        json.each_entry(|key, value| {
            match key {
                "timestamp" => line.time = Some(value),
                "input_length" => line.input = value.count("input_length")?,
                "output_length" => line.output = value.count("output_length")?,
                "hash_ids" => line.hash_ids = Some(value),
                "block_size" => line.block_size = value.count("block_size")?,
                "model" => line.model = Some(value),
                "conversation_id" => line.conversation = Some(value),
                "request_id" => line.request_id = Some(value),
                "feature" => line.feature = Some(value),
                "user" => line.user = Some(value),
                _ => {}
            }
            Ok::<(), Fault>(())
        })?;
        Ok(line)
    }

    /// The prompt as a path of blocks; `None` where the line has no ids.
    fn prompt(&self, input: u64, record: &[u8], memo: &Memo) -> Result<Option<PromptDraft>, Fault> {
        let Some(list) = self.hash_ids.filter(|list| !list.is_null()) else { return Ok(None) };
        if !list.is_array() {
            return Err(Fault::BadField { field: "hash_ids", wanted: "a list" });
        }
        let mut ids = Vec::new();
        list.each_item(|id| {
            if id.is_object() || id.is_array() || id.is_null() {
                return Err(Fault::BadField { field: "hash_ids", wanted: "a list of ids" });
            }
            ids.push(id.raw());
            Ok(())
        })?;
        if ids.is_empty() {
            return Ok(None);
        }
        let size = self.block_size.unwrap_or(BLOCK_SIZE);
        let (last, tail) = cover(input, size, ids.len())?;
        let mut blocks = self.measured(&ids, last, memo)?;
        if tail > 0 {
            // Nothing says what it is, so it is shared with no other prompt.
            let identity = xxh3_64(&[list.raw().as_bytes(), record].concat());
            blocks.parts.push(part(measured_block(memo, &identity.to_le_bytes(), tail)?));
        }
        if let Some(last) = blocks.parts.last_mut() {
            last.ends_message = true;
        }
        Ok(Some(blocks))
    }

    /// One part per id. Ids mean something only inside their conversation where
    /// the line names one, and a block cut short is another block.
    fn measured(&self, ids: &[&str], last: u64, memo: &Memo) -> Result<PromptDraft, Fault> {
        let scope = self.conversation.and_then(Json::name).unwrap_or(Cow::Borrowed(""));
        let size = self.block_size.unwrap_or(BLOCK_SIZE);
        let mut key: Vec<u8> = scope.bytes().chain([0]).collect();
        let start = key.len();
        let mut whole = Vec::with_capacity(ids.len() * 8);
        let mut draft =
            PromptDraft { parts: Vec::with_capacity(ids.len()), ..PromptDraft::default() };
        for (position, id) in ids.iter().enumerate() {
            let tokens = if position + 1 == ids.len() { last } else { size };
            key.truncate(start);
            key.extend_from_slice(&tokens.to_le_bytes());
            key.extend_from_slice(id.as_bytes());
            whole.extend_from_slice(&xxh3_64(&key).to_le_bytes());
            let block = measured_block(memo, &key, tokens)?;
            draft.parts.push(part(block));
        }
        draft.request_hash = xxh3_128(&whole);
        Ok(draft)
    }
}

const fn part(block: BlockId) -> Part {
    Part {
        block,
        component: Component::Unattributed,
        assistant: false,
        ends_message: false,
        overhead: 0,
        cache_mark: None,
    }
}

/// A block of a trace: all that is known of it is its key and its size.
fn measured_block(memo: &Memo, key: &[u8], tokens: u64) -> Result<BlockId, Fault> {
    let tokens = block_tokens(tokens)?;
    let identity = xxh3_64(key);
    Ok(memo.block(key, SALT, || Block {
        identity,
        tokens,
        pieces: Box::new([(identity, tokens)]),
        ..Block::default()
    }))
}

/// Tokens of the last block that has an id, and tokens behind it that have
/// none. Some traces give the last, partial block an id; others only whole ones.
fn cover(input: u64, size: u64, ids: usize) -> Result<(u64, u64), Fault> {
    if size == 0 {
        return Err(Fault::BadField { field: "block_size", wanted: "a block's size" });
    }
    let before = u64::try_from(ids.saturating_sub(1)).ok().and_then(|full| full.checked_mul(size));
    let left = before.and_then(|before| input.checked_sub(before)).filter(|left| *left > 0);
    left.map(|left| (left.min(size), left.saturating_sub(size))).ok_or(Fault::Contradiction(
        "`hash_ids` covers more than `input_length` in blocks of `block_size`",
    ))
}

fn block_tokens(tokens: u64) -> Result<u32, Fault> {
    u32::try_from(tokens)
        .map_err(|_| Fault::BadField { field: "block_size", wanted: "a block's size" })
}

/// Milliseconds from the start of the trace; a date is one nevertheless.
fn moment(time: Json<'_>) -> Result<Option<Moment>, Fault> {
    let refused = Fault::BadField { field: "timestamp", wanted: "a time" };
    match time.number() {
        Some(number) if (0.0..FIRST_DATE).contains(&number) =>
        {
            #[expect(clippy::cast_possible_truncation, reason = "below 1e14")]
            Ok(Some(Moment::relative((number * 1e3).round() as i64)))
        }
        Some(number) => Timestamp::from_epoch_number(number)
            .map(|time| Some(Moment::dated(time)))
            .ok_or(refused),
        None => Ok(time.time("timestamp")?.map(Moment::dated)),
    }
}

#[cfg(test)]
mod tests {
    use super::BlockTrace;
    use crate::ingest::batch::Batch;
    use crate::ingest::format::{Format as _, Outcome, Record};
    use crate::ingest::json::Fault;
    use crate::measure::memo::Memo;
    use crate::units::{Moment, Tokens};

    fn read(lines: &[&str], memo: &Memo) -> (Batch, Vec<Result<Outcome, Fault>>) {
        let mut batch = Batch::default();
        let outcomes = lines.iter().map(|line| {
            let record = Record { bytes: line.as_bytes(), line: 1, row: None, path: "-", memo };
            BlockTrace.read(&record, &mut batch)
        });
        let outcomes = outcomes.collect();
        (batch, outcomes)
    }

    fn tokens(batch: &Batch, call: usize, memo: &Memo) -> Vec<u32> {
        let prompt = batch.calls[call].prompt.as_ref().expect("a prompt");
        let tokens = prompt.parts.iter().map(|part| memo.with(part.block, |block| block.tokens));
        tokens.map(|tokens| tokens.expect("measured")).collect()
    }

    #[test]
    fn the_last_block_is_what_is_left() {
        let memo = Memo::default();
        let (batch, outcomes) = read(
            &[
                r#"{"hash_ids":[7, 8,9],"timestamp":2500,"output_length":11,"input_length":1030}"#,
                r#"{"timestamp":3000.5,"input_length":128,"output_length":1,"hash_ids":[7,8],"block_size":64}"#,
            ],
            &memo,
        );
        assert_eq!(outcomes, [Ok(Outcome::Kept), Ok(Outcome::Kept)]);
        // 1,030 = 512 + 512 + 6; 128 = 64 + 64.
        assert_eq!(tokens(&batch, 0, &memo), [512, 512, 6]);
        assert_eq!(tokens(&batch, 1, &memo), [64, 64]);
        let calls: Vec<_> = batch.calls.iter().map(|packed| &packed.call).collect();
        assert_eq!(calls[0].time.get(), Some(Moment::relative(2_500_000)));
        assert_eq!(calls[1].time.get(), Some(Moment::relative(3_000_500)));
        assert_eq!(calls[0].usage.get().output, Some(Tokens::new(11)));
        assert_eq!(calls[0].usage.get().cache_read, None);
        let ends = |call: usize| {
            let prompt = batch.calls[call].prompt.as_ref().expect("a prompt");
            prompt.parts.iter().map(|part| part.ends_message).collect::<Vec<_>>()
        };
        assert_eq!(ends(0), [false, false, true]);
    }

    #[test]
    fn tokens_behind_the_last_id_are_nobody_elses() {
        let memo = Memo::default();
        // 200 = 64 + 64 + 64 + 8, and only whole blocks have ids.
        let first = r#"{"timestamp":0,"input_length":200,"output_length":1,"hash_ids":[1,2,3],"block_size":64}"#;
        let second = first.replace("\"timestamp\":0", "\"timestamp\":9");
        let (batch, outcomes) = read(&[first, &second], &memo);
        assert_eq!(outcomes, [Ok(Outcome::Kept), Ok(Outcome::Kept)]);
        assert_eq!(tokens(&batch, 0, &memo), [64, 64, 64, 8]);
        let parts = |call: usize| &batch.calls[call].prompt.as_ref().expect("a prompt").parts;
        assert_eq!(parts(0)[..3], parts(1)[..3]);
        assert_ne!(parts(0)[3].block, parts(1)[3].block);
        assert!(parts(0)[3].ends_message);
    }

    #[test]
    fn ids_are_global_unless_a_conversation_scopes_them() {
        let memo = Memo::default();
        let line = |scope: &str| {
            format!(
                r#"{{"timestamp":0,"input_length":600,"output_length":1,"hash_ids":[1,2]{scope}}}"#
            )
        };
        let lines = [
            line(""),
            line(""),
            line(r#","conversation_id":"a""#),
            line(r#","conversation_id":"b""#),
        ];
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let (batch, _) = read(&lines, &memo);
        let prompt = |call: usize| batch.calls[call].prompt.as_ref().expect("a prompt");
        assert_eq!(prompt(0).parts, prompt(1).parts);
        assert_eq!(prompt(0).request_hash, prompt(1).request_hash);
        assert_ne!(prompt(0).parts, prompt(2).parts);
        assert_ne!(prompt(2).parts, prompt(3).parts);
    }

    #[test]
    fn a_line_without_ids_has_no_prompt() {
        let memo = Memo::default();
        let lines = [
            r#"{"timestamp":0,"input_length":9,"output_length":1,"hash_ids":[]}"#,
            r#"{"timestamp":1772600767000,"input_length":9,"output_length":null}"#,
        ];
        let (batch, outcomes) = read(&lines, &memo);
        assert_eq!(outcomes, [Ok(Outcome::Kept), Ok(Outcome::Kept)]);
        assert!(batch.calls.iter().all(|packed| packed.prompt.is_none()));
        assert!(batch.calls[1].call.time.get().is_some_and(|time| time.timestamp().is_some()));
        assert_eq!(batch.calls[1].call.usage.get().output, None);
    }

    #[test]
    fn what_does_not_add_up_is_rejected() {
        for line in [
            r#"{"timestamp":0,"input_length":512,"output_length":1,"hash_ids":[1,2]}"#,
            r#"{"timestamp":0,"input_length":5,"output_length":1,"hash_ids":[1],"block_size":0}"#,
            r#"{"timestamp":0,"input_length":5,"output_length":1,"hash_ids":[[1]]}"#,
            r#"{"timestamp":0,"input_length":5,"output_length":1,"hash_ids":{"1":2}}"#,
            r#"{"timestamp":-5,"input_length":5,"output_length":1}"#,
            r#"{"timestamp":0,"output_length":1}"#,
            r#"{"timestamp":0,"input_length":4294967299,"output_length":1,"hash_ids":[1],"block_size":4294967299}"#,
            "[]",
        ] {
            let (batch, outcomes) = read(&[line], &Memo::default());
            assert!(outcomes[0].is_err() && batch.calls.is_empty(), "{line}");
        }
    }
}

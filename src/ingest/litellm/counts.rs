//! The cache split of a LiteLLM call, from whichever usage object has it.

use crate::ingest::counted_exchange::Remark;
use crate::ingest::json::{Fault, Json};
use crate::record::call::Flags;
use crate::record::usage::{CacheWrites, Usage};
use crate::units::{Tokens, Ttl};

use super::Inside;

const EXCLUSIVE: Remark = (
    "EXCLUSIVE_PROMPT",
    "prompts are smaller than what was cached of them: the count leaves cached tokens out, and \
     they are added",
);
const EXCEEDS: Remark = (
    "CACHE_EXCEEDS_PROMPT",
    "tokens read from and written to the cache exceed the prompt; the written part is cut",
);

/// The counts, what they say of themselves, and a word on what was set right.
pub(super) type Read = (Usage, Flags, Option<Remark>);

/// Reads the split of a prompt and an answer of that many tokens.
///
/// # Errors
/// When a count is none.
pub(super) fn read(
    (input, output): (Option<u64>, Option<u64>),
    is_claude: bool,
    inside: &Inside<'_>,
) -> Result<Read, Fault> {
    let mut split = Split::default();
    let metadata = |key: &str| inside.metadata.and_then(|metadata| metadata.get(key));
    let response = inside.response.and_then(|response| response.get("usage"));
    for counts in [metadata("usage_object"), metadata("additional_usage_values"), response]
        .into_iter()
        .flatten()
    {
        split.read(counts)?;
    }
    let (input, remark) = split.settle(input, is_claude);
    let tokens = |count: Option<u64>| count.map(Tokens::new);
    let usage = Usage {
        input: tokens(input),
        cache_read: tokens(split.read),
        cache_write: split.writes(),
        output: tokens(output),
        reasoning: tokens(split.reasoning),
        ..Usage::default()
    };
    let flags = Flags {
        other_modality: split.has_other_modality,
        inconsistent_counts: remark.is_some_and(|(code, _)| code == EXCEEDS.0),
        ..Flags::default()
    };
    Ok((usage, flags, remark))
}

/// Counts found so far; the first object that has one is believed.
#[derive(Default)]
struct Split {
    read: Option<u64>,
    written: Option<u64>,
    five_minutes: Option<u64>,
    one_hour: Option<u64>,
    reasoning: Option<u64>,
    has_other_modality: bool,
}

impl Split {
    fn read(&mut self, counts: Json<'_>) -> Result<(), Fault> {
        counts.each_entry(|key, value| match key {
            "prompt_tokens_details"
            | "completion_tokens_details"
            | "input_tokens_details"
            | "output_tokens_details" => value.each_entry(|key, value| match key {
                "cache_creation_token_details" => {
                    value.each_entry(|key, value| self.count(key, value))
                }
                _ => self.count(key, value),
            }),
            _ => self.count(key, value),
        })
    }

    fn count(&mut self, key: &str, value: Json<'_>) -> Result<(), Fault> {
        let (slot, field) = match key {
            "cached_tokens" | "cache_read_input_tokens" => (&mut self.read, "cached_tokens"),
            "cache_creation_tokens" | "cache_creation_input_tokens" | "cache_write_tokens" => {
                (&mut self.written, "cache_creation_tokens")
            }
            "ephemeral_5m_input_tokens" => (&mut self.five_minutes, "ephemeral_5m_input_tokens"),
            "ephemeral_1h_input_tokens" => (&mut self.one_hour, "ephemeral_1h_input_tokens"),
            "reasoning_tokens" => (&mut self.reasoning, "reasoning_tokens"),
            "audio_tokens" | "image_tokens" => {
                self.has_other_modality |=
                    value.count("audio_tokens")?.is_some_and(|count| count > 0);
                return Ok(());
            }
            _ => return Ok(()),
        };
        if slot.is_none() {
            *slot = value.count(field)?;
        }
        Ok(())
    }

    /// The whole prompt, where fewer tokens are counted than were cached of it.
    /// Versions before `prompt_tokens` included Claude's writes left those out,
    /// still older ones what was read as well; of others a part is counted twice.
    fn settle(&mut self, input: Option<u64>, is_claude: bool) -> (Option<u64>, Option<Remark>) {
        let named = self.five_minutes.unwrap_or(0).saturating_add(self.one_hour.unwrap_or(0));
        let (read, written) = (self.read.unwrap_or(0), self.written.unwrap_or(0).max(named));
        let Some(prompt) = input.filter(|input| read.saturating_add(written) > *input) else {
            return (input, None);
        };
        if is_claude {
            let left_out = if read > prompt { read.saturating_add(written) } else { written };
            return (Some(prompt.saturating_add(left_out)), Some(EXCLUSIVE));
        }
        let read = read.min(prompt);
        self.read = self.read.map(|_| read);
        // What exceeds the prompt is of no lifetime any more.
        self.written = (written > 0).then(|| prompt.saturating_sub(read));
        (self.five_minutes, self.one_hour) = (None, None);
        (input, Some(EXCEEDS))
    }

    fn writes(&self) -> Option<CacheWrites> {
        if self.written.is_none() && self.five_minutes.is_none() && self.one_hour.is_none() {
            return None;
        }
        let named = self.five_minutes.unwrap_or(0).saturating_add(self.one_hour.unwrap_or(0));
        let part = |ttl, count: Option<u64>| count.map(|count| (ttl, Tokens::new(count)));
        Some(CacheWrites {
            unstated: Tokens::new(self.written.unwrap_or(0).saturating_sub(named)),
            short: part(Ttl::FIVE_MINUTES, self.five_minutes),
            long: part(Ttl::ONE_HOUR, self.one_hour),
        })
    }
}

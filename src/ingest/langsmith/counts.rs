//! The counts of a run: `usage_metadata` where a model gave it, else the run's
//! own columns, else what the provider's answer says.

use crate::ingest::exchange::body::Reading;
use crate::ingest::json::{Fault, Json};
use crate::ingest::value::Value;
use crate::record::usage::{CacheWrites, Usage};
use crate::units::{Tokens, Ttl};

/// Counts found so far; the first source that has one is believed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    input: Option<u64>,
    output: Option<u64>,
    read: Option<u64>,
    written: Option<u64>,
    five_minutes: Option<u64>,
    one_hour: Option<u64>,
    reasoning: Option<u64>,
    audio_input: Option<u64>,
    audio_output: Option<u64>,
}

impl Counts {
    /// Takes in an object of counts: `LangChain`'s, or a provider's in its words.
    ///
    /// # Errors
    /// When a count is none.
    pub(super) fn read(&mut self, counts: Json<'_>) -> Result<(), Fault> {
        counts.each_entry(|key, value| match key {
            "input_token_details"
            | "prompt_token_details"
            | "prompt_tokens_details"
            | "output_token_details"
            | "completion_token_details"
            | "completion_tokens_details" => self.details(key, value),
            _ => self.take(key, Value::Json(value)),
        })
    }

    /// Takes in the parts of one side.
    ///
    /// # Errors
    /// When a count is none.
    pub(super) fn details(&mut self, side: &str, details: Json<'_>) -> Result<(), Fault> {
        let is_input = side.starts_with("input") || side.starts_with("prompt");
        details.each_entry(|key, value| {
            let key = match key {
                "audio" | "audio_tokens" if is_input => "audio_input",
                "audio" | "audio_tokens" => "audio_output",
                key => key,
            };
            self.take(key, Value::Json(value))
        })
    }

    /// Takes in one count by its name; other names mean nothing here.
    ///
    /// # Errors
    /// When it is no count.
    pub(super) fn take(&mut self, key: &str, value: Value<'_>) -> Result<(), Fault> {
        let (place, field) = match key {
            "input_tokens" | "prompt_tokens" => (&mut self.input, "prompt_tokens"),
            "output_tokens" | "completion_tokens" => (&mut self.output, "completion_tokens"),
            "cache_read" | "cached_tokens" => (&mut self.read, "cache_read"),
            "cache_creation" | "cache_write_tokens" => (&mut self.written, "cache_creation"),
            "ephemeral_5m_input_tokens" => (&mut self.five_minutes, "ephemeral_5m_input_tokens"),
            "ephemeral_1h_input_tokens" | "ephemeral_1hr_input_tokens" => {
                (&mut self.one_hour, "ephemeral_1h_input_tokens")
            }
            "reasoning" | "reasoning_tokens" => (&mut self.reasoning, "reasoning"),
            "audio_input" => (&mut self.audio_input, "audio"),
            "audio_output" => (&mut self.audio_output, "audio"),
            _ => return Ok(()),
        };
        if place.is_none() {
            *place = value.count(field)?;
        }
        Ok(())
    }

    /// Whether anything was counted for input or output.
    pub(super) const fn is_reported(&self) -> bool {
        self.input.is_some() || self.output.is_some()
    }

    /// Whether any token was.
    pub(super) fn is_positive(&self) -> bool {
        self.input.unwrap_or(0) > 0 || self.output.unwrap_or(0) > 0
    }

    /// The counters, none inside another.
    pub(super) fn usage(&self, reading: &mut Reading<'_>) -> Usage {
        let tokens = |count: Option<u64>| count.map(Tokens::new);
        let named = self.five_minutes.unwrap_or(0).saturating_add(self.one_hour.unwrap_or(0));
        // Where the parts are told, LangChain writes zero for their sum.
        let written = self.written.unwrap_or(0).max(named);
        let cached = self.read.unwrap_or(0).saturating_add(written);
        let input = match self.input {
            // Only a count that leaves the cached part out can be below it.
            Some(input) if cached > input => {
                reading.notes.push((
                    "EXCLUSIVE_PROMPT",
                    "prompts are smaller than what was cached of them: the count leaves cached \
                     tokens out, and they are added",
                ));
                Some(input.saturating_add(cached))
            }
            input => input,
        };
        let writes = self.written.or(self.five_minutes).or(self.one_hour).map(|_| CacheWrites {
            unstated: Tokens::new(written.saturating_sub(named)),
            short: tokens(self.five_minutes).map(|tokens| (Ttl::FIVE_MINUTES, tokens)),
            long: tokens(self.one_hour).map(|tokens| (Ttl::ONE_HOUR, tokens)),
        });
        Usage {
            input: tokens(input),
            cache_read: tokens(self.read),
            cache_write: writes,
            output: tokens(self.output),
            reasoning: tokens(self.reasoning),
            audio_input: tokens(self.audio_input),
            audio_output: tokens(self.audio_output),
        }
    }
}

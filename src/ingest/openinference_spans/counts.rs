//! Token counts of a span.

use crate::ingest::exchange::body::Reading;
use crate::ingest::json::{Fault, Json};
use crate::record::usage::{CacheWrites, Usage};
use crate::units::Tokens;

/// The attributes below `llm.token_count`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    prompt: Option<u64>,
    completion: Option<u64>,
    total: Option<u64>,
    read: Option<u64>,
    written: Option<u64>,
    reasoning: Option<u64>,
    audio_input: Option<u64>,
    audio_output: Option<u64>,
}

impl Counts {
    /// Takes in a count by its name; unknown ones mean nothing here.
    ///
    /// # Errors
    /// When it is no count.
    pub(super) fn take(&mut self, name: &str, value: Json<'_>) -> Result<(), Fault> {
        let (place, field) = match name {
            "prompt" => (&mut self.prompt, "llm.token_count.prompt"),
            "completion" => (&mut self.completion, "llm.token_count.completion"),
            "total" => (&mut self.total, "llm.token_count.total"),
            "prompt_details.cache_read" => (&mut self.read, "prompt_details.cache_read"),
            "prompt_details.cache_write" => (&mut self.written, "prompt_details.cache_write"),
            "prompt_details.audio" => (&mut self.audio_input, "prompt_details.audio"),
            "completion_details.reasoning" => (&mut self.reasoning, "completion_details.reasoning"),
            "completion_details.audio" => (&mut self.audio_output, "completion_details.audio"),
            _ => return Ok(()),
        };
        *place = value.count(field)?;
        Ok(())
    }

    /// Whether the span says how long its prompt or its answer was.
    pub(super) const fn is_reported(&self) -> bool {
        self.prompt.is_some() || self.completion.is_some() || self.total.is_some()
    }

    /// Whether any token was counted.
    pub(super) fn is_positive(&self) -> bool {
        self.prompt.unwrap_or(0) > 0 || self.completion.unwrap_or(0) > 0
    }

    /// The counters, none inside another; says what it had to set right.
    pub(super) fn usage(&self, reading: &mut Reading<'_>) -> Usage {
        let cached = self.read.unwrap_or(0).saturating_add(self.written.unwrap_or(0));
        let input = match self.prompt {
            // Only a count that leaves the cached part out can be below it.
            Some(prompt) if cached > prompt => {
                reading.notes.push((
                    "EXCLUSIVE_PROMPT",
                    "prompts are smaller than what was cached of them: the count leaves cached \
                     tokens out, and they are added",
                ));
                Some(prompt.saturating_add(cached))
            }
            prompt => prompt,
        };
        let tokens = |count: Option<u64>| count.map(Tokens::new);
        Usage {
            input: tokens(input),
            cache_read: tokens(self.read),
            cache_write: tokens(self.written).map(CacheWrites::unstated),
            output: tokens(self.output()),
            reasoning: tokens(self.reasoning),
            audio_input: tokens(self.audio_input),
            audio_output: tokens(self.audio_output),
        }
    }

    /// The completion; with reasoning added where the total says that it stands
    /// beside the completion, as Gemini counts.
    fn output(&self) -> Option<u64> {
        let reasoning = self.reasoning.unwrap_or(0);
        let apart = self.completion?.saturating_add(reasoning);
        let adds_up = |output: u64| {
            self.prompt.is_some_and(|prompt| Some(prompt.saturating_add(output)) == self.total)
        };
        if reasoning > 0 && adds_up(apart) { Some(apart) } else { self.completion }
    }
}

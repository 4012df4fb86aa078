//! Token counts of a span, in the names of four generations of conventions.
//!
//! All of them mean the prompt with its cached part. Must not know where the
//! attributes stood.

use crate::ingest::exchange::body::Reading;
use crate::ingest::json::{Fault, Json};
use crate::record::usage::{CacheWrites, Usage};
use crate::units::Tokens;

/// What a name counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Prompt,
    Completion,
    Total,
    Read,
    Written,
    Reasoning,
    AudioInput,
    AudioOutput,
}

use What::{AudioInput, AudioOutput, Completion, Prompt, Read, Reasoning, Total, Written};

/// Every name of a count. Where a span has several of one count, the first in
/// this list is believed: `OpenInference` first, because its counts are made to
/// include what is cached, then OpenTelemetry's from new to old, `OpenLLMetry`'s,
/// and last the names that one framework alone writes (Semantic Kernel, Pydantic
/// AI, Strands, `OpenLIT`, Vercel's AI SDK).
const NAMES: [(&str, What); 53] = [
    ("llm.token_count.prompt", Prompt),
    ("gen_ai.usage.input_tokens", Prompt),
    ("gen_ai.usage.prompt_tokens", Prompt),
    ("llm.usage.prompt_tokens", Prompt),
    ("llm.token_count.completion", Completion),
    ("gen_ai.usage.output_tokens", Completion),
    ("gen_ai.usage.completion_tokens", Completion),
    ("llm.usage.completion_tokens", Completion),
    ("llm.token_count.total", Total),
    ("gen_ai.usage.total_tokens", Total),
    ("llm.usage.total_tokens", Total),
    ("llm.token_count.prompt_details.cache_read", Read),
    ("gen_ai.usage.cache_read.input_tokens", Read),
    ("gen_ai.usage.cache_read_input_tokens", Read),
    ("gen_ai.usage.input_tokens.cached", Read),
    ("gen_ai.usage.details.cache_read_tokens", Read),
    ("gen_ai.usage.details.cache_read_input_tokens", Read),
    ("llm.usage.cache_read_input_tokens", Read),
    ("llm.token_count.prompt_details.cache_write", Written),
    ("gen_ai.usage.cache_write.input_tokens", Written),
    ("gen_ai.usage.cache_creation.input_tokens", Written),
    ("gen_ai.usage.cache_creation_input_tokens", Written),
    ("gen_ai.usage.input_tokens.cache_write", Written),
    ("gen_ai.usage.details.cache_write_tokens", Written),
    ("gen_ai.usage.details.cache_creation_input_tokens", Written),
    ("llm.usage.cache_creation_input_tokens", Written),
    ("llm.token_count.completion_details.reasoning", Reasoning),
    ("gen_ai.usage.reasoning.output_tokens", Reasoning),
    ("gen_ai.usage.reasoning_tokens", Reasoning),
    ("gen_ai.usage.output_tokens.reasoning", Reasoning),
    ("gen_ai.usage.details.reasoning_tokens", Reasoning),
    ("llm.usage.reasoning_tokens", Reasoning),
    ("llm.token_count.prompt_details.audio", AudioInput),
    ("llm.token_count.completion_details.audio", AudioOutput),
    ("gen_ai.usage.details.input_audio_tokens", AudioInput),
    ("gen_ai.response.prompt_tokens", Prompt),
    ("gen_ai.response.completion_tokens", Completion),
    ("gen_ai.usage.details.cached_tokens", Read),
    ("gen_ai.usage.cache_write_input_tokens", Written),
    ("gen_ai.usage.prompt_tokens_details.cache_read", Read),
    ("gen_ai.usage.prompt_tokens_details.cache_write", Written),
    ("gen_ai.usage.completion_tokens_details.reasoning", Reasoning),
    ("ai.usage.inputTokens", Prompt),
    ("ai.usage.promptTokens", Prompt),
    ("ai.usage.tokens", Prompt),
    ("ai.usage.outputTokens", Completion),
    ("ai.usage.completionTokens", Completion),
    ("ai.usage.totalTokens", Total),
    ("ai.usage.inputTokenDetails.cacheReadTokens", Read),
    ("ai.usage.cachedInputTokens", Read),
    ("ai.usage.inputTokenDetails.cacheWriteTokens", Written),
    ("ai.usage.outputTokenDetails.reasoningTokens", Reasoning),
    ("ai.usage.reasoningTokens", Reasoning),
];

/// A count, with the place of its name in [`NAMES`].
type Found = Option<(u8, u64)>;

/// Who says what a prompt's count includes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Convention {
    /// An instrumentation that is known to add cached tokens, or a provider that
    /// counts them in.
    Inclusive,
    /// One that may pass on the count of a provider who leaves them out.
    Doubtful,
}

/// The counts of a span.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    prompt: Found,
    completion: Found,
    total: Found,
    read: Found,
    written: Found,
    reasoning: Found,
    audio_input: Found,
    audio_output: Found,
}

impl Counts {
    /// Takes in a count by its name; whether it is one.
    ///
    /// # Errors
    /// When it holds no count.
    pub(super) fn take(&mut self, name: &str, value: Json<'_>) -> Result<bool, Fault> {
        let Some((rank, (field, what))) = (0..).zip(&NAMES).find(|(_, (known, _))| *known == name)
        else {
            return Ok(false);
        };
        let place = match what {
            Prompt => &mut self.prompt,
            Completion => &mut self.completion,
            Total => &mut self.total,
            Read => &mut self.read,
            Written => &mut self.written,
            Reasoning => &mut self.reasoning,
            AudioInput => &mut self.audio_input,
            AudioOutput => &mut self.audio_output,
        };
        if let Some(count) = value.count(field)?
            && place.is_none_or(|(known, _)| rank < known)
        {
            *place = Some((rank, count));
        }
        Ok(true)
    }

    /// Whether the span says how long its prompt or its answer was.
    pub(super) const fn is_reported(&self) -> bool {
        self.prompt.is_some() || self.completion.is_some() || self.total.is_some()
    }

    /// Whether any token was counted.
    pub(super) fn is_positive(&self) -> bool {
        of(self.prompt).unwrap_or(0) > 0 || of(self.completion).unwrap_or(0) > 0
    }

    /// Whether the prompt's count is made to include what is cached.
    pub(super) fn is_normalised(&self) -> bool {
        self.prompt.is_some_and(|(rank, _)| rank == 0)
    }

    /// The counters, none inside another; says what it had to set right and
    /// what nothing settles.
    pub(super) fn usage(&self, convention: Convention, reading: &mut Reading<'_>) -> Usage {
        let tokens = |count: Option<u64>| count.map(Tokens::new);
        Usage {
            input: tokens(self.input(convention, reading)),
            cache_read: tokens(of(self.read)),
            cache_write: tokens(of(self.written)).map(CacheWrites::unstated),
            output: tokens(self.output()),
            reasoning: tokens(of(self.reasoning)),
            audio_input: tokens(of(self.audio_input)),
            audio_output: tokens(of(self.audio_output)),
        }
    }

    /// The whole prompt.
    fn input(&self, convention: Convention, reading: &mut Reading<'_>) -> Option<u64> {
        let prompt = of(self.prompt)?;
        let cached = of(self.read).unwrap_or(0).saturating_add(of(self.written).unwrap_or(0));
        let apart = prompt.saturating_add(cached);
        // Only a count that leaves the cached part out can be below it.
        if cached > prompt || (cached > 0 && self.adds_up_to(apart)) {
            reading.notes.push((
                "EXCLUSIVE_PROMPT",
                "prompts are smaller than what was cached of them: the count leaves cached \
                 tokens out, and they are added",
            ));
            return Some(apart);
        }
        if cached > 0 && convention == Convention::Doubtful && !self.is_normalised() {
            reading.notes.push((
                "PROMPT_CONVENTION_ASSUMED",
                "prompts with cached tokens are taken to include them, as OpenTelemetry asks; an \
                 instrumentation that passes on the provider's own count leaves them out, and \
                 then prompts were longer",
            ));
        }
        Some(prompt)
    }

    /// Whether the total is that prompt with the completion.
    fn adds_up_to(&self, prompt: u64) -> bool {
        let sum = of(self.completion).map(|completion| prompt.saturating_add(completion));
        sum.is_some() && sum == of(self.total)
    }

    /// The completion; with reasoning added where the total says that it stands
    /// beside the completion, as Gemini counts.
    fn output(&self) -> Option<u64> {
        let completion = of(self.completion)?;
        let reasoning = of(self.reasoning).unwrap_or(0);
        let apart = completion.saturating_add(reasoning);
        let adds_up = of(self.prompt).is_some_and(|prompt| {
            reasoning > 0 && Some(prompt.saturating_add(apart)) == of(self.total)
        });
        Some(if adds_up { apart } else { completion })
    }
}

fn of(found: Found) -> Option<u64> {
    found.map(|(_, count)| count)
}

//! Token counts as OpenAI reports them, and everyone who speaks its API.
//!
//! Both spellings (`prompt_tokens`, `input_tokens`) count alike: cached and
//! cache-written tokens are inside the input, reasoning is inside the output.

use crate::ingest::json::{Fault, Json};
use crate::record::usage::{CacheWrites, Usage};
use crate::units::{Tokens, Usd};

use super::body::Reading;

/// xAI counts money in ticks of 1e-10 dollars.
const FEMTO_PER_TICK: i128 = 100_000;

#[derive(Default)]
struct Counts {
    input: Option<u64>,
    output: Option<u64>,
    total: Option<u64>,
    cached: Option<u64>,
    written: Option<u64>,
    reasoning: Option<u64>,
    audio_input: Option<u64>,
    audio_output: Option<u64>,
    other_modality: bool,
    cost: Option<Usd>,
    upstream_cost: Option<Usd>,
    own_key: bool,
}

/// Reads a `usage` object into the call.
///
/// # Errors
/// When a count is none.
pub fn read<'a>(usage: Json<'a>, reading: &mut Reading<'a>) -> Result<(), Fault> {
    let mut counts = Counts::default();
    usage.each_entry(|key, value| counts.entry(key, value, reading))?;
    counts.settle(reading);
    Ok(())
}

impl Counts {
    fn entry<'a>(
        &mut self,
        key: &str,
        value: Json<'a>,
        reading: &mut Reading<'a>,
    ) -> Result<(), Fault> {
        match key {
            "prompt_tokens" | "input_tokens" => self.input = value.count("prompt_tokens")?,
            "completion_tokens" | "output_tokens" => {
                self.output = value.count("completion_tokens")?;
            }
            "total_tokens" => self.total = value.count("total_tokens")?,
            "prompt_tokens_details" | "input_tokens_details" => {
                value.each_entry(|key, value| self.input_detail(key, value))?;
            }
            "completion_tokens_details" | "output_tokens_details" => {
                value.each_entry(|key, value| self.output_detail(key, value))?;
            }
            "prompt_cache_hit_tokens" => {
                reading.provider_hint = reading.provider_hint.or(Some("deepseek"));
                self.cached = self.cached.or(value.count("prompt_cache_hit_tokens")?);
            }
            // Mistral, Moonshot, and Anthropic's names as gateways pass them on.
            "num_cached_tokens" | "cached_tokens" | "cache_read_input_tokens" => {
                self.cached = self.cached.or(value.count("cached_tokens")?);
            }
            "cache_creation_input_tokens" => {
                self.written = self.written.or(value.count("cache_creation_input_tokens")?);
            }
            "queue_time" => reading.provider_hint = reading.provider_hint.or(Some("groq")),
            // Perplexity itemises its cost.
            "cost" if value.is_object() => {
                let total = value.get("total_cost");
                self.cost = total.map_or(Ok(None), |total| total.money("cost"))?;
                reading.provider_hint = reading.provider_hint.or(Some("perplexity"));
            }
            "cost" => {
                self.cost = value.money("cost")?;
                reading.provider_hint = Some("openrouter");
            }
            "is_byok" => self.own_key = value.truth() == Some(true),
            "cost_details" => {
                let upstream = value.get("upstream_inference_cost");
                self.upstream_cost = upstream.map_or(Ok(None), |cost| cost.money("cost"))?;
            }
            "cost_in_usd_ticks" => {
                let ticks = value.count("cost_in_usd_ticks")?;
                self.cost = ticks.map(|ticks| Usd::from_femto(i128::from(ticks) * FEMTO_PER_TICK));
                reading.provider_hint = reading.provider_hint.or(Some("x_ai"));
            }
            "server_tool_use_details" | "server_tool_use" => {
                if let Some(searches) = value.get("web_search_requests") {
                    let searches = searches.count("web_search_requests")?;
                    reading.draft.tool_requests = searches.unwrap_or_default();
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn input_detail(&mut self, key: &str, value: Json<'_>) -> Result<(), Fault> {
        match key {
            "cached_tokens" => self.cached = value.count("cached_tokens")?.or(self.cached),
            "cache_write_tokens" | "cache_creation_tokens" => {
                self.written = value.count("cache_write_tokens")?.or(self.written);
            }
            "audio_tokens" => self.audio_input = value.count("audio_tokens")?,
            // Images of a prompt cost what text costs.
            "video_tokens" => self.modality(value)?,
            _ => {}
        }
        Ok(())
    }

    fn output_detail(&mut self, key: &str, value: Json<'_>) -> Result<(), Fault> {
        match key {
            "reasoning_tokens" => self.reasoning = value.count("reasoning_tokens")?,
            "audio_tokens" => self.audio_output = value.count("audio_tokens")?,
            "image_tokens" | "video_tokens" => self.modality(value)?,
            _ => {}
        }
        Ok(())
    }

    fn modality(&mut self, value: Json<'_>) -> Result<(), Fault> {
        self.other_modality |= value.count("image_tokens")?.is_some_and(|tokens| tokens > 0);
        Ok(())
    }

    fn settle(mut self, reading: &mut Reading<'_>) {
        self.add_reasoning_apart();
        if !self.adds_up() {
            reading.inconsistent(
                "TOTAL_MISMATCH",
                "total tokens are not the sum of prompt and completion; the parts are used",
            );
        }
        if let (Some(reasoning), Some(output)) = (self.reasoning, self.output)
            && reasoning > output
        {
            // Seen on interrupted OpenRouter streams.
            self.reasoning = Some(output);
            reading.inconsistent(
                "REASONING_EXCEEDS_OUTPUT",
                "more reasoning than output tokens are logged; reasoning is cut to the output",
            );
        }
        let cached = self.cached.unwrap_or_default();
        if let (Some(input), Some(written)) = (self.input, self.written)
            && cached.saturating_add(written) > input
        {
            // OpenRouter counts a Gemini prompt as read and as written at once.
            self.written = Some(input.saturating_sub(cached));
            reading.inconsistent(
                "CACHE_EXCEEDS_PROMPT",
                "tokens read from and written to the cache exceed the prompt; the written part is cut",
            );
        }
        reading.draft.flags.other_modality |= self.other_modality;
        if let Some(cost) = self.cost() {
            reading.draft.logged_cost = Some(cost);
        }
        let lifetime = reading.cache_lifetime;
        let writes = |tokens| match lifetime {
            Some(lifetime) => CacheWrites::with_lifetime(lifetime, Tokens::new(tokens)),
            None => CacheWrites::unstated(Tokens::new(tokens)),
        };
        reading.draft.usage = Usage {
            input: self.input.map(Tokens::new),
            cache_read: self.cached.map(Tokens::new),
            cache_write: self.written.map(writes),
            output: self.output.map(Tokens::new),
            reasoning: self.reasoning.map(Tokens::new),
            audio_input: self.audio_input.map(Tokens::new),
            audio_output: self.audio_output.map(Tokens::new),
        };
    }

    /// xAI leaves reasoning out of the completion and bills it: its total is
    /// prompt + completion + reasoning.
    fn add_reasoning_apart(&mut self) {
        if let (Some(input), Some(output), Some(total), Some(reasoning)) =
            (self.input, self.output, self.total, self.reasoning)
            && reasoning > 0
        {
            let apart = output.saturating_add(reasoning);
            if input.saturating_add(apart) == total {
                self.output = Some(apart);
            }
        }
    }

    fn adds_up(&self) -> bool {
        match (self.input, self.total) {
            (Some(input), Some(total)) => {
                self.output.is_none_or(|output| input.saturating_add(output) == total)
            }
            _ => true,
        }
    }

    /// What the seller took: with a key of one's own OpenRouter's `cost` is its
    /// fee alone and the model is billed elsewhere.
    fn cost(&self) -> Option<Usd> {
        match (self.own_key, self.upstream_cost) {
            (false, _) => self.cost,
            (true, Some(upstream)) => self.cost.map(|fee| fee + upstream),
            (true, None) => None,
        }
    }
}

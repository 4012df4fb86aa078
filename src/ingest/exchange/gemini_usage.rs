//! Token counts as Gemini reports them.
//!
//! Cached tokens are inside the prompt; what server-side tools put into it comes
//! on top (`toolUsePromptTokenCount`), and so do thoughts on top of candidates:
//! the total is the sum of all four. A count of zero is left out, so that where
//! the other three are there the total gives the one that is missing.

use std::borrow::Cow;

use crate::ingest::json::{Fault, Json};
use crate::record::call::Operation;
use crate::record::usage::Usage;
use crate::units::Tokens;

use super::body::Reading;
use super::request::read_tier;

#[derive(Default)]
struct Counts {
    prompt: Option<u64>,
    tool_prompt: Option<u64>,
    cached: Option<u64>,
    candidates: Option<u64>,
    thoughts: Option<u64>,
    total: Option<u64>,
    prompt_modes: Option<Modes>,
    cached_modes: Option<Modes>,
    output_modes: Option<Modes>,
}

/// Tokens by modality, as far as they have a price of their own.
#[derive(Clone, Copy, Default)]
struct Modes {
    audio: u64,
    pictures: u64,
}

/// Reads a `usageMetadata` object into the call.
///
/// # Errors
/// When a count is none.
pub fn read<'a>(usage: Json<'a>, reading: &mut Reading<'a>) -> Result<(), Fault> {
    let mut counts = Counts::default();
    usage.each_entry(|key, value| match camel_case(key).as_ref() {
        "trafficType" | "serviceTier" => {
            read_tier(value, reading);
            Ok(())
        }
        key => counts.entry(key, value),
    })?;
    counts.settle(reading);
    Ok(())
}

/// The API's spelling of a key that Google's Python SDK wrote.
fn camel_case(key: &str) -> Cow<'_, str> {
    if !key.contains('_') {
        return Cow::Borrowed(key);
    }
    let mut camel = String::with_capacity(key.len());
    for (position, word) in key.split('_').enumerate() {
        let mut letters = word.chars();
        match letters.next() {
            Some(first) if position > 0 => camel.push(first.to_ascii_uppercase()),
            Some(first) => camel.push(first),
            None => {}
        }
        camel.push_str(letters.as_str());
    }
    Cow::Owned(camel)
}

impl Counts {
    fn entry(&mut self, key: &str, value: Json<'_>) -> Result<(), Fault> {
        match key {
            "promptTokenCount" => self.prompt = value.count("promptTokenCount")?,
            "toolUsePromptTokenCount" => {
                self.tool_prompt = value.count("toolUsePromptTokenCount")?;
            }
            "cachedContentTokenCount" => self.cached = value.count("cachedContentTokenCount")?,
            // Live sessions call the candidates a response.
            "candidatesTokenCount" | "responseTokenCount" => {
                self.candidates = value.count("candidatesTokenCount")?;
            }
            "thoughtsTokenCount" => self.thoughts = value.count("thoughtsTokenCount")?,
            "totalTokenCount" => self.total = value.count("totalTokenCount")?,
            "promptTokensDetails" => self.prompt_modes = modes(value)?,
            "cacheTokensDetails" => self.cached_modes = modes(value)?,
            "candidatesTokensDetails" | "responseTokensDetails" => {
                self.output_modes = modes(value)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn settle(mut self, reading: &mut Reading<'_>) {
        let tool_prompt = self.tool_prompt.unwrap_or_default();
        let input = self.prompt.map(|prompt| prompt.saturating_add(tool_prompt));
        self.complete(input);
        if let (Some(input), Some(cached)) = (input, self.cached)
            && cached > input
        {
            self.cached = Some(input);
            reading.inconsistent(
                "CACHE_EXCEEDS_PROMPT",
                "more tokens are logged as cached than the prompt has; they are cut to the prompt",
            );
        }
        let output = match (self.candidates, self.thoughts) {
            (None, None) => None,
            (candidates, thoughts) => {
                Some(candidates.unwrap_or_default().saturating_add(thoughts.unwrap_or_default()))
            }
        };
        if let (Some(input), Some(output), Some(total)) = (input, output, self.total)
            && input.saturating_add(output) != total
        {
            reading.inconsistent(
                "TOTAL_MISMATCH",
                "total tokens are not the sum of prompt and completion; the parts are used",
            );
        }
        let cached_audio = self.cached_modes.unwrap_or_default().audio;
        let is_embedding = reading.draft.operation == Operation::Embeddings;
        let pictures = |modes: Option<Modes>| modes.is_some_and(|modes| modes.pictures > 0);
        // Pictures and films of a prompt cost what text costs, but not where
        // they are embedded (Gemini API, "Pricing").
        reading.draft.flags.other_modality |=
            pictures(self.output_modes) || (is_embedding && pictures(self.prompt_modes));
        reading.draft.usage = Usage {
            input: input.map(Tokens::new),
            cache_read: self.cached.map(Tokens::new),
            cache_write: None,
            output: output.map(Tokens::new),
            reasoning: self.thoughts.map(Tokens::new),
            audio_input: self
                .prompt_modes
                .map(|modes| Tokens::new(modes.audio.saturating_sub(cached_audio))),
            audio_output: self.output_modes.map(|modes| Tokens::new(modes.audio)),
        };
    }

    /// Fills in the one count of four that the total gives.
    fn complete(&mut self, input: Option<u64>) {
        let (Some(input), Some(total)) = (input, self.total) else { return };
        let Some(output) = total.checked_sub(input) else { return };
        match (self.candidates, self.thoughts) {
            (Some(candidates), None) if candidates == output => self.thoughts = Some(0),
            (None, Some(thoughts)) => self.candidates = output.checked_sub(thoughts),
            (None, None) if output == 0 => {
                self.candidates = Some(0);
                self.thoughts = Some(0);
            }
            _ => {}
        }
    }
}

fn modes(details: Json<'_>) -> Result<Option<Modes>, Fault> {
    if !details.is_array() {
        return Ok(None);
    }
    let mut modes = Modes::default();
    details.each_item(|detail| {
        let tokens = detail.get("tokenCount").or_else(|| detail.get("token_count"));
        let tokens = tokens.map_or(Ok(None), |count| count.count("tokenCount"))?;
        let tokens = tokens.unwrap_or_default();
        match detail.get("modality").and_then(Json::text).as_deref() {
            Some("AUDIO") => modes.audio = modes.audio.saturating_add(tokens),
            Some("IMAGE" | "VIDEO") => modes.pictures = modes.pictures.saturating_add(tokens),
            _ => {}
        }
        Ok::<(), Fault>(())
    })?;
    Ok(Some(modes))
}

#[cfg(test)]
mod tests {
    use super::{camel_case, read};
    use crate::ingest::batch::Draft;
    use crate::ingest::exchange::body::Reading;
    use crate::ingest::json::{Fault, Json};
    use crate::measure::memo::Memo;
    use crate::record::lane::Tier;

    fn counts(usage: &'static str) -> Result<(Vec<Option<u64>>, Tier, usize), Fault> {
        let memo = Memo::default();
        let mut reading = Reading::new(Draft::default(), &memo);
        read(Json::of_text(usage), &mut reading)?;
        let found = &reading.draft.usage;
        let all = [found.input, found.cache_read, found.output, found.reasoning, found.audio_input];
        let all = all.iter().map(|count| count.map(crate::units::Tokens::get)).collect();
        Ok((all, reading.draft.tier, reading.notes.len()))
    }

    #[test]
    fn the_four_parts_add_up() -> Result<(), Fault> {
        // 100 prompt + 20 of tools, 30 + 50 generated; 40 of the prompt cached.
        let usage = r#"{"promptTokenCount":100,"toolUsePromptTokenCount":20,"candidatesTokenCount":30,
            "thoughtsTokenCount":50,"totalTokenCount":200,"cachedContentTokenCount":40,
            "promptTokensDetails":[{"modality":"AUDIO","tokenCount":60},{"modality":"TEXT","tokenCount":40}],
            "cacheTokensDetails":[{"modality":"AUDIO","tokenCount":25}],"trafficType":"ON_DEMAND_FLEX"}"#;
        let expected = vec![Some(120), Some(40), Some(80), Some(50), Some(35)];
        assert_eq!(counts(usage)?, (expected, Tier::Flex, 0));
        Ok(())
    }

    #[test]
    fn the_total_gives_what_is_left_out() -> Result<(), Fault> {
        // Nothing but thinking: 10 + 90.
        let thinking = r#"{"promptTokenCount":10,"thoughtsTokenCount":90,"totalTokenCount":100}"#;
        assert_eq!(counts(thinking)?.0[1..4], [None, Some(90), Some(90)]);
        // Without a total an absent count stays unknown.
        let partial = r#"{"prompt_token_count":10,"candidates_token_count":5}"#;
        assert_eq!(counts(partial)?.0, [Some(10), None, Some(5), None, None]);
        // A blocked prompt.
        assert_eq!(counts(r#"{"promptTokenCount":7,"totalTokenCount":7}"#)?.0[2], Some(0));
        assert_eq!(
            counts(r#"{"promptTokenCount":7,"totalTokenCount":9,"candidatesTokenCount":1}"#)?.2,
            1
        );
        Ok(())
    }

    #[test]
    fn the_sdks_spelling_is_the_apis() {
        assert_eq!(camel_case("tool_use_prompt_token_count"), "toolUsePromptTokenCount");
    }
}

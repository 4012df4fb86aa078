//! Token counts as Bedrock states them: in Converse's `usage`, in its log, in
//! the metrics behind a stream, in response headers.
//!
//! The input leaves out what was read from or written to the cache, as
//! Anthropic counts (Amazon Bedrock, "Prompt caching", on `CacheReadInputTokens`):
//! the prompt is the sum of the three.

use crate::ingest::json::{Fault, Json};
use crate::record::usage::{CacheWrites, Usage};
use crate::units::{Tokens, Ttl};

use super::body::Reading;

/// What was stated, under whichever name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BedrockCounts {
    /// The prompt without what the cache had or got.
    pub input: Option<u64>,
    /// Everything generated.
    pub output: Option<u64>,
    /// Tokens read from the cache.
    pub read: Option<u64>,
    /// Tokens written to the cache.
    pub written: Option<u64>,
    total: Option<u64>,
    five_minutes: Option<u64>,
    one_hour: Option<u64>,
}

impl BedrockCounts {
    /// Takes in one entry, whichever of Bedrock's spellings names it.
    ///
    /// # Errors
    /// When a count is none.
    pub fn take(&mut self, key: &str, value: Json<'_>) -> Result<(), Fault> {
        match key {
            "inputTokens" | "inputTokenCount" => self.input = value.count("inputTokens")?,
            "outputTokens" | "outputTokenCount" => self.output = value.count("outputTokens")?,
            "totalTokens" => self.total = value.count("totalTokens")?,
            // Answers write both spellings side by side.
            "cacheReadInputTokens" | "cacheReadInputTokenCount" => {
                self.read = value.count("cacheReadInputTokens")?.or(self.read);
            }
            "cacheWriteInputTokens" | "cacheWriteInputTokenCount" => {
                self.written = value.count("cacheWriteInputTokens")?.or(self.written);
            }
            "cacheDetails" => value.each_item(|detail| self.detail(detail))?,
            _ => {}
        }
        Ok(())
    }

    fn detail(&mut self, detail: Json<'_>) -> Result<(), Fault> {
        let tokens = detail.get("inputTokens").map_or(Ok(None), |count| count.count("inputTokens"));
        let tokens = tokens?.unwrap_or_default();
        let lifetime = detail.get("ttl").and_then(Json::text);
        let place = match lifetime.and_then(|text| Ttl::parse(&text)) {
            Some(Ttl::FIVE_MINUTES) => &mut self.five_minutes,
            Some(Ttl::ONE_HOUR) => &mut self.one_hour,
            _ => return Ok(()),
        };
        *place = Some(place.unwrap_or_default().saturating_add(tokens));
        Ok(())
    }

    /// Takes in the headers of an answer; others mean nothing here.
    pub fn header(&mut self, name: &str, value: Json<'_>) {
        let place = match name {
            "x-amzn-bedrock-input-token-count" => &mut self.input,
            "x-amzn-bedrock-output-token-count" => &mut self.output,
            "x-amzn-bedrock-cache-read-input-token-count" => &mut self.read,
            "x-amzn-bedrock-cache-write-input-token-count" => &mut self.written,
            _ => return,
        };
        *place = value.count("header").ok().flatten().or(*place);
    }

    /// Whether anything was stated.
    #[must_use]
    pub const fn is_reported(&self) -> bool {
        self.input.is_some() || self.output.is_some()
    }

    /// Fills the call.
    pub fn settle(&self, reading: &mut Reading<'_>) {
        if !self.is_reported() {
            return;
        }
        if !self.adds_up() {
            reading.inconsistent(
                "TOTAL_MISMATCH",
                "total tokens are not the sum of prompt and completion; the parts are used",
            );
        }
        let split = self.split();
        if split.zip(self.written).is_some_and(|(split, written)| split > written) {
            reading.inconsistent(
                "CACHE_LIFETIMES_MISMATCH",
                "cache writes by lifetime do not add up to the cache writes; the larger is used",
            );
        }
        let written = self.written.max(split);
        // What no lifetime is stated for was written for as long as the request
        // asked, else for five minutes, the default of a cache point.
        let rest = written.unwrap_or_default().saturating_sub(split.unwrap_or_default());
        let asked = reading.cache_lifetime;
        reading.draft.flags.assumed_write_lifetime |= rest > 0 && asked.is_none();
        let (minutes, hours) = if asked == Some(Ttl::ONE_HOUR) { (0, rest) } else { (rest, 0) };
        let sum =
            |stated: Option<u64>, more| Tokens::new(stated.unwrap_or_default()) + Tokens::new(more);
        let writes = written.map(|_| {
            CacheWrites::five_minutes_and_one_hour(
                sum(self.five_minutes, minutes),
                sum(self.one_hour, hours),
            )
        });
        let cached = sum(self.read, written.unwrap_or_default());
        reading.draft.usage = Usage {
            input: self.input.map(|input| Tokens::new(input) + cached),
            cache_read: self.read.map(Tokens::new),
            cache_write: writes,
            output: self.output.map(Tokens::new),
            ..Usage::default()
        };
    }

    fn split(&self) -> Option<u64> {
        self.five_minutes.or(self.one_hour)?;
        let (minutes, hours) = (self.five_minutes, self.one_hour);
        Some(minutes.unwrap_or_default().saturating_add(hours.unwrap_or_default()))
    }

    fn adds_up(&self) -> bool {
        let (Some(input), Some(output), Some(total)) = (self.input, self.output, self.total) else {
            return true;
        };
        let cached = [self.read, self.written]
            .iter()
            .flatten()
            .fold(0, |sum: u64, part| sum.saturating_add(*part));
        input.saturating_add(output).saturating_add(cached) == total
    }
}

#[cfg(test)]
mod tests {
    use super::BedrockCounts;
    use crate::ingest::batch::Draft;
    use crate::ingest::exchange::body::Reading;
    use crate::ingest::json::{Fault, Json};
    use crate::measure::memo::Memo;
    use crate::units::{Tokens, Ttl};

    #[test]
    fn the_prompt_is_the_sum_of_its_three_parts() -> Result<(), Fault> {
        // 3 uncached + 1,000 read + 200 written, of these 150 for an hour.
        let usage = r#"{"inputTokens":3,"outputTokens":7,"totalTokens":1210,"cacheReadInputTokens":1000,
            "cacheReadInputTokenCount":1000,"cacheWriteInputTokens":200,
            "cacheDetails":[{"ttl":"1h","inputTokens":150}]}"#;
        let memo = Memo::default();
        let mut reading = Reading::new(Draft::default(), &memo);
        let mut counts = BedrockCounts::default();
        Json::of_text(usage).each_entry(|key, value| counts.take(key, value))?;
        counts.settle(&mut reading);
        let usage = &reading.draft.usage;
        assert_eq!(usage.input, Some(Tokens::new(1_203)));
        let parts: Vec<_> =
            usage.cache_write.map(|writes| writes.parts().collect()).unwrap_or_default();
        assert_eq!(
            parts,
            [(Some(Ttl::FIVE_MINUTES), Tokens::new(50)), (Some(Ttl::ONE_HOUR), Tokens::new(150))]
        );
        assert!(reading.notes.is_empty() && reading.draft.flags.assumed_write_lifetime);
        Ok(())
    }
}

//! The usage object of Anthropic's Messages API, wherever it is logged.
//!
//! `input_tokens` leaves out what was read from or written to the cache; the
//! whole prompt is the sum of three counts (Anthropic, "Prompt caching",
//! section on tracking cache performance).

use std::borrow::Cow;

use crate::record::lane::Tier;
use crate::record::usage::{CacheWrites, Usage};
use crate::units::Tokens;

use super::json::{Fault, Json};

/// A Messages usage, normalised.
#[derive(Clone, Debug, Default)]
pub struct MessagesUsage<'a> {
    /// Disjoint counters.
    pub usage: Usage,
    /// The lane: service tier, or fast where `speed` says so.
    pub tier: Tier,
    /// The inference geography, where it is one.
    pub region: Option<Cow<'a, str>>,
    /// Web searches and fetches, billed per request.
    pub tool_requests: u64,
    /// Whether the lifetime of the cache writes is not stated.
    pub assumed_write_lifetime: bool,
    /// Usage of other models inside this answer, not in the counts above.
    pub children: Vec<Child<'a>>,
}

/// Usage of another model inside an answer.
#[derive(Clone, Debug, Default)]
pub struct Child<'a> {
    /// Its place among the answer's iterations.
    pub position: usize,
    /// The other model.
    pub model: Option<Cow<'a, str>>,
    /// Disjoint counters.
    pub usage: Usage,
}

impl<'a> MessagesUsage<'a> {
    /// Reads a usage object.
    ///
    /// # Errors
    /// When a count is no count.
    pub fn read(json: Json<'a>) -> Result<Self, Fault> {
        let mut counts = Counts::default();
        let mut found = Self::default();
        json.each_entry(|key, value| {
            match key {
                "service_tier" => found.set_tier(value),
                "speed" if value.text().as_deref() == Some("fast") => found.tier = Tier::Fast,
                "inference_geo" => {
                    // `not_available` and `global` are no geography of their own.
                    found.region = value
                        .text()
                        .filter(|geo| !matches!(geo.as_ref(), "not_available" | "global"));
                }
                "server_tool_use" => found.tool_requests = tool_requests(value)?,
                "iterations" => found.children = children(value)?,
                _ => counts.entry(key, value)?,
            }
            Ok::<(), Fault>(())
        })?;
        found.assumed_write_lifetime = counts.by_lifetime.is_none()
            && counts.cache_creation.is_some_and(|written| written > 0);
        found.usage = counts.normalised();
        Ok(found)
    }

    fn set_tier(&mut self, value: Json<'_>) {
        if self.tier != Tier::Fast
            && let Some(tier) = value.text().as_deref().and_then(Tier::parse)
        {
            self.tier = tier;
        }
    }
}

/// The counts as Anthropic names them.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    input: Option<u64>,
    cache_read: Option<u64>,
    cache_creation: Option<u64>,
    by_lifetime: Option<(u64, u64)>,
    output: Option<u64>,
    thinking: Option<u64>,
}

impl Counts {
    fn entry(&mut self, key: &str, value: Json<'_>) -> Result<(), Fault> {
        match key {
            "input_tokens" => self.input = value.count("input_tokens")?,
            "cache_read_input_tokens" => {
                self.cache_read = value.count("cache_read_input_tokens")?;
            }
            "cache_creation_input_tokens" => {
                self.cache_creation = value.count("cache_creation_input_tokens")?;
            }
            "cache_creation" if value.is_object() => {
                let count = |key: &'static str| match value.get(key) {
                    Some(value) => value.count(key),
                    None => Ok(None),
                };
                let short = count("ephemeral_5m_input_tokens")?;
                let long = count("ephemeral_1h_input_tokens")?;
                if short.is_some() || long.is_some() {
                    self.by_lifetime = Some((short.unwrap_or(0), long.unwrap_or(0)));
                }
            }
            "output_tokens" => self.output = value.count("output_tokens")?,
            "output_tokens_details" => {
                if let Some(thinking) = value.get("thinking_tokens") {
                    self.thinking = thinking.count("thinking_tokens")?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn normalised(self) -> Usage {
        let cache_write = match (self.by_lifetime, self.cache_creation) {
            (Some((short, long)), _) => {
                Some(CacheWrites::five_minutes_and_one_hour(Tokens::new(short), Tokens::new(long)))
            }
            (None, Some(written)) => Some(CacheWrites::unstated(Tokens::new(written))),
            (None, None) => None,
        };
        let written = cache_write.map_or(Tokens::ZERO, CacheWrites::total);
        let read = self.cache_read.map(Tokens::new);
        Usage {
            input: self.input.map(|input| Tokens::new(input) + read.unwrap_or_default() + written),
            cache_read: read,
            cache_write,
            output: self.output.map(Tokens::new),
            reasoning: self.thinking.map(Tokens::new),
        }
    }
}

fn tool_requests(value: Json<'_>) -> Result<u64, Fault> {
    let mut requests = 0_u64;
    value.each_entry(|key, value| {
        // Fetches cost tokens only; searches cost a fee.
        if key == "web_search_requests" {
            requests = requests.saturating_add(value.count("web_search_requests")?.unwrap_or(0));
        }
        Ok::<(), Fault>(())
    })?;
    Ok(requests)
}

/// Iterations that name a model of their own; the others are inside the sums.
fn children(iterations: Json<'_>) -> Result<Vec<Child<'_>>, Fault> {
    let mut children = Vec::new();
    for (position, iteration) in iterations.items().into_iter().enumerate() {
        let mut counts = Counts::default();
        let (mut model, mut kind) = (None, None);
        iteration.each_entry(|key, value| {
            match key {
                "model" => model = value.text(),
                "type" => kind = value.text(),
                _ => counts.entry(key, value)?,
            }
            Ok::<(), Fault>(())
        })?;
        if model.is_some() && kind.as_deref() != Some("message") {
            children.push(Child { position, model, usage: counts.normalised() });
        }
    }
    Ok(children)
}

/// The cloud that served a Claude model, by the prefix of the message id.
#[must_use]
pub fn cloud_of(message_id: Option<&str>) -> &'static str {
    match message_id {
        Some(id) if id.starts_with("msg_bdrk_") => "aws.bedrock",
        Some(id) if id.starts_with("msg_vrtx_") => "gcp.vertex_ai",
        _ => "anthropic",
    }
}

//! The usage object of Anthropic's Messages API, wherever it is logged.
//!
//! `input_tokens` leaves out what was read from or written to the cache: the
//! prompt is the sum of the three (Anthropic, "Prompt caching", on tracking
//! cache performance). `output_tokens` has thinking inside.

use std::borrow::Cow;

use crate::record::lane::Tier;
use crate::record::usage::{CacheWrites, Usage};
use crate::units::{Tokens, Ttl};

use super::json::{Fault, Json};

/// Usage of another model, or of a step billed apart, inside an answer.
#[derive(Debug)]
pub struct Child<'a> {
    /// The model that was used.
    pub model: Option<Cow<'a, str>>,
    /// What it consumed.
    pub usage: Usage,
    /// Whether the lifetime of its cache writes was assumed.
    pub assumed_write_lifetime: bool,
}

/// A `usage` object, or several of one stream laid over each other.
#[derive(Clone, Debug, Default)]
pub struct MessagesUsage<'a> {
    input: Option<u64>,
    output: Option<u64>,
    read: Option<u64>,
    written: Option<u64>,
    five_minutes: Option<u64>,
    one_hour: Option<u64>,
    thinking: Option<u64>,
    tool_requests: Option<u64>,
    tier: Option<Cow<'a, str>>,
    speed: Option<Cow<'a, str>>,
    geography: Option<Cow<'a, str>>,
    iterations: Option<Json<'a>>,
    model: Option<Cow<'a, str>>,
    kind: Option<Cow<'a, str>>,
}

impl<'a> MessagesUsage<'a> {
    /// Lays a `usage` object over the counts: in a stream each is cumulative,
    /// so the last value seen of each count is the one that is billed.
    ///
    /// # Errors
    /// When a count is none.
    pub fn overlay(&mut self, usage: Json<'a>) -> Result<(), Fault> {
        usage.each_entry(|key, value| {
            if value.is_null() {
                return Ok(());
            }
            match key {
                "input_tokens" => self.input = value.count("input_tokens")?,
                "output_tokens" => self.output = value.count("output_tokens")?,
                "cache_read_input_tokens" => self.read = value.count("cache_read_input_tokens")?,
                "cache_creation_input_tokens" => {
                    self.written = value.count("cache_creation_input_tokens")?;
                }
                "cache_creation" => {
                    self.five_minutes = lifetime(value, "ephemeral_5m_input_tokens")?;
                    self.one_hour = lifetime(value, "ephemeral_1h_input_tokens")?;
                }
                "output_tokens_details" => {
                    let thinking = value.get("thinking_tokens");
                    self.thinking =
                        thinking.map_or(Ok(None), |count| count.count("thinking_tokens"))?;
                }
                "server_tool_use" => {
                    // Of the server tools only searches have a fee of their own.
                    let searches = value.get("web_search_requests");
                    self.tool_requests =
                        searches.map_or(Ok(None), |count| count.count("web_search_requests"))?;
                }
                "service_tier" => self.tier = value.text(),
                "speed" => self.speed = value.text(),
                "inference_geo" => self.geography = value.text(),
                "iterations" => self.iterations = Some(value),
                "model" => self.model = value.text(),
                "type" => self.kind = value.text(),
                _ => {}
            }
            Ok(())
        })
    }

    /// Forgets the output: what a stream says of it at its start is no count.
    pub fn forget_output(&mut self) {
        self.output = None;
        self.thinking = None;
    }

    /// The lane: the service tier, or the speed where that has a price of its own.
    #[must_use]
    pub fn tier(&self) -> Option<Tier> {
        let parse = |word: &Option<Cow<'a, str>>| word.as_deref().and_then(Tier::parse);
        // Fast mode has a price of its own, batches keep theirs.
        parse(&self.speed).filter(|speed| *speed != Tier::Standard).or_else(|| parse(&self.tier))
    }

    /// The geography, where it is one: `global` is the list price,
    /// `not_available` is a model without a choice.
    #[must_use]
    pub fn region(&self) -> Option<Cow<'a, str>> {
        self.geography.clone().filter(|geo| !matches!(geo.as_ref(), "global" | "not_available"))
    }

    /// Requests to hosted tools that have a fee of their own.
    #[must_use]
    pub fn tool_requests(&self) -> u64 {
        self.tool_requests.unwrap_or_default()
    }

    fn by_lifetime(&self) -> Option<u64> {
        let (five_minutes, one_hour) = (self.five_minutes, self.one_hour);
        five_minutes.or(one_hour)?;
        Some(five_minutes.unwrap_or_default().saturating_add(one_hour.unwrap_or_default()))
    }

    /// Whether the writes by lifetime exceed the writes in all.
    #[must_use]
    pub fn contradicts_itself(&self) -> bool {
        self.by_lifetime().zip(self.written).is_some_and(|(split, written)| split > written)
    }

    /// The counts as disjoint ones, and whether a lifetime had to be assumed.
    #[must_use]
    pub fn usage(&self) -> (Usage, bool) {
        let split = self.by_lifetime();
        let written = self.written.max(split);
        // What a lifetime is not stated for was written for five minutes, the
        // default of `cache_control`; after a start that only wrote for an
        // hour it is more of the same.
        let rest = written.unwrap_or_default().saturating_sub(split.unwrap_or_default());
        let hours_only =
            self.five_minutes.unwrap_or_default() == 0 && self.one_hour.unwrap_or_default() > 0;
        let (more_minutes, more_hours) = if hours_only { (0, rest) } else { (rest, 0) };
        let writes = written.map(|_| CacheWrites {
            unstated: Tokens::ZERO,
            short: Some((
                Ttl::FIVE_MINUTES,
                Tokens::new(self.five_minutes.unwrap_or_default()) + Tokens::new(more_minutes),
            )),
            long: Some((
                Ttl::ONE_HOUR,
                Tokens::new(self.one_hour.unwrap_or_default()) + Tokens::new(more_hours),
            )),
        });
        let cached =
            Tokens::new(self.read.unwrap_or_default()) + Tokens::new(written.unwrap_or_default());
        let usage = Usage {
            input: self.input.map(|input| Tokens::new(input) + cached),
            cache_read: self.read.map(Tokens::new),
            cache_write: writes,
            output: self.output.map(Tokens::new),
            reasoning: self.thinking.map(Tokens::new),
            ..Usage::default()
        };
        (usage, rest > 0)
    }

    /// The model that answered after a fallback, and the usage that the top
    /// level leaves out.
    ///
    /// The top level is the sum of the answer's own messages. What an advisor or
    /// a model before a fallback consumed names that model and comes on top, as
    /// does a compaction by the model itself.
    ///
    /// # Errors
    /// When an iteration's counts are none.
    pub fn iterations(
        &self,
        asked: Option<&str>,
    ) -> Result<(Option<Cow<'a, str>>, Vec<Child<'a>>), Fault> {
        let mut steps = Vec::new();
        if let Some(iterations) = self.iterations {
            iterations.each_item(|iteration| {
                let mut counts = Self::default();
                counts.overlay(iteration)?;
                steps.push(counts);
                Ok::<(), Fault>(())
            })?;
        }
        // A stream opens with the model that was asked; after a fallback the top
        // level is what the other one answered.
        let fallback = steps
            .iter()
            .rfind(|step| step.kind.as_deref() == Some("fallback_message"))
            .and_then(|step| step.model.clone());
        let own = fallback.as_deref().or(asked);
        let children = steps.iter().filter_map(|step| step.child(own)).collect();
        Ok((fallback, children))
    }

    /// The step as a call of its own, unless the top level has it.
    fn child(&self, own: Option<&str>) -> Option<Child<'a>> {
        let is_own_model = self.model.is_none() || self.model.as_deref() == own;
        let is_message =
            matches!(self.kind.as_deref(), None | Some("message" | "fallback_message"));
        if is_own_model && is_message {
            return None;
        }
        let names_its_model = self.kind.as_deref() == Some("advisor_message");
        let own = || own.filter(|_| !names_its_model).map(|own| Cow::Owned(own.to_owned()));
        let (usage, assumed_write_lifetime) = self.usage();
        Some(Child { model: self.model.clone().or_else(own), usage, assumed_write_lifetime })
    }
}

fn lifetime(split: Json<'_>, field: &'static str) -> Result<Option<u64>, Fault> {
    split.get(field).map_or(Ok(None), |count| count.count(field))
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

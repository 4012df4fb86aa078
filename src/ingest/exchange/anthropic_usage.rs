//! Token counts as Anthropic reports them.
//!
//! `input_tokens` leaves out what was read from or written to the cache: the
//! prompt is the sum of the three. `output_tokens` has thinking inside.

use std::borrow::Cow;

use crate::ingest::json::{Fault, Json};
use crate::record::lane::Tier;
use crate::record::usage::{CacheWrites, Usage};
use crate::units::{Tokens, Ttl};

use super::body::{Child, Reading};

/// A `usage` object, or several of one stream laid over each other.
#[derive(Clone, Debug, Default)]
pub struct Counts<'a> {
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

impl<'a> Counts<'a> {
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

    /// Fills the call.
    ///
    /// # Errors
    /// When an iteration's counts are none.
    pub fn settle(self, reading: &mut Reading<'a>) -> Result<(), Fault> {
        if let Some(iterations) = self.iterations {
            read_iterations(iterations, reading)?;
        }
        reading.draft.tool_requests = self.tool_requests.unwrap_or_default();
        if let Some(tier) = self.tier.as_deref().and_then(Tier::parse) {
            reading.draft.tier = tier;
        }
        // Fast mode has a price of its own, batches keep theirs.
        if let Some(speed) = self.speed.as_deref().and_then(Tier::parse)
            && speed != Tier::Standard
        {
            reading.draft.tier = speed;
        }
        // `global` is the list price; `not_available` is a model without a choice.
        let geography = self.geography.as_ref();
        if let Some(region) =
            geography.filter(|geo| !matches!(geo.as_ref(), "global" | "not_available"))
        {
            reading.draft.region = Some(region.clone());
        }
        if self.contradicts_itself() {
            reading.inconsistent(
                "CACHE_LIFETIMES_MISMATCH",
                "cache writes by lifetime do not add up to the cache writes; the larger is used",
            );
        }
        let (usage, assumed) = self.usage();
        reading.draft.flags.assumed_write_lifetime |= assumed;
        reading.draft.usage = usage;
        Ok(())
    }

    fn by_lifetime(&self) -> Option<u64> {
        let (five_minutes, one_hour) = (self.five_minutes, self.one_hour);
        five_minutes.or(one_hour)?;
        Some(five_minutes.unwrap_or_default().saturating_add(one_hour.unwrap_or_default()))
    }

    fn contradicts_itself(&self) -> bool {
        self.by_lifetime().zip(self.written).is_some_and(|(split, written)| split > written)
    }

    /// The counts as disjoint ones, and whether a lifetime had to be assumed.
    fn usage(&self) -> (Usage, bool) {
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
        };
        (usage, rest > 0)
    }
}

fn lifetime(split: Json<'_>, field: &'static str) -> Result<Option<u64>, Fault> {
    split.get(field).map_or(Ok(None), |count| count.count(field))
}

/// Turns iterations that the top level leaves out into calls of their own.
///
/// The top level is the sum of the answer's own messages. What an advisor or a
/// model before a fallback consumed names that model and comes on top, as does
/// a compaction by the model itself.
fn read_iterations<'a>(iterations: Json<'a>, reading: &mut Reading<'a>) -> Result<(), Fault> {
    iterations.each_item(|iteration| {
        let mut counts = Counts::default();
        counts.overlay(iteration)?;
        let own = reading.draft.model.as_deref();
        let is_own_model = counts.model.is_none() || counts.model.as_deref() == own;
        let is_message =
            matches!(counts.kind.as_deref(), None | Some("message" | "fallback_message"));
        if is_own_model && is_message {
            return Ok(());
        }
        let names_its_model = counts.kind.as_deref() == Some("advisor_message");
        let model = counts
            .model
            .clone()
            .or_else(|| if names_its_model { None } else { reading.draft.model.clone() });
        let (usage, assumed_write_lifetime) = counts.usage();
        reading.children.push(Child { model, usage, assumed_write_lifetime });
        Ok(())
    })
}

//! One model call, in a fixed number of bytes.

use crate::units::{Clock, Moment, Tokens, Ttl, Usd};

use super::lane::Tier;
use super::symbol::Symbol;
use super::usage::{CacheWrites, Usage};

/// A call as the log tells it. About 150 bytes, whatever the log said.
///
/// Names behind [`Symbol`]s live in the log's string table.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The file and line the call came from.
    pub source: Source,
    /// The provider's id of the response, or the log's id of the request.
    pub request_id: Option<Symbol>,
    /// What was asked for.
    pub operation: Operation,
    /// When the call was made.
    pub time: PackedTime,
    /// The provider that billed it, by its OpenTelemetry name.
    pub provider: Option<Symbol>,
    /// The model that served it; the requested one where the log has no other.
    pub model: Option<Symbol>,
    /// The model that was asked for, where the log tells it apart from the one
    /// that served.
    pub requested_model: Option<Symbol>,
    /// The feature it belongs to, where the log carries a tag for it.
    pub feature: Option<Symbol>,
    /// The end user.
    pub user: Option<Symbol>,
    /// The account, project, team or API key that pays.
    pub account: Option<Symbol>,
    /// The workspace whose caches it shares, where logged apart from `account`.
    pub workspace: Option<Symbol>,
    /// The conversation or session.
    pub conversation: Option<Symbol>,
    /// The region or geography it was served in, where that changes the price.
    pub region: Option<Symbol>,
    /// Every other tag of the record, see [`super::log::Log::tags`].
    pub tags: Option<TagsId>,
    /// The lane it was billed in.
    pub tier: Tier,
    /// Whether it succeeded.
    pub status: Status,
    /// Why the answer ended.
    pub finish: Finish,
    /// Facts about the request's parameters.
    pub request: RequestFacts,
    /// Milliseconds from request to the end of the answer.
    pub latency_milliseconds: Count,
    /// Milliseconds from request to the first token.
    pub first_token_milliseconds: Count,
    /// Per-request tool fees, such as web searches.
    pub tool_requests: u16,
    /// Token counters.
    pub usage: PackedUsage,
    /// What the log says the call cost.
    pub logged_cost: LoggedCost,
    /// The texts' measurements, where the log had texts.
    pub prompt: Option<PromptId>,
    /// Facts that change how the call is counted.
    pub flags: Flags,
}

impl Default for Call {
    fn default() -> Self {
        Self {
            source: Source::default(),
            request_id: None,
            operation: Operation::default(),
            time: PackedTime::UNKNOWN,
            provider: None,
            model: None,
            requested_model: None,
            feature: None,
            user: None,
            account: None,
            workspace: None,
            conversation: None,
            region: None,
            tags: None,
            tier: Tier::default(),
            status: Status::default(),
            finish: Finish::default(),
            request: RequestFacts::default(),
            latency_milliseconds: Count::UNKNOWN,
            first_token_milliseconds: Count::UNKNOWN,
            tool_requests: 0,
            usage: PackedUsage::default(),
            logged_cost: LoggedCost::UNKNOWN,
            prompt: None,
            flags: Flags::default(),
        }
    }
}

/// Where a record starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    /// Index of the file in the log's accounting.
    pub file: u32,
    /// Line of the record's start, from 1.
    pub line: u32,
}

/// A handle on a set of tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TagsId(pub u32);

/// A handle on the measurements of a call's texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PromptId(pub u32);

/// What was asked for, as OpenTelemetry names it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// Chat or text generation.
    #[default]
    Chat,
    /// Embeddings.
    Embeddings,
    /// Anything else that was billed by tokens.
    Other,
}

/// Whether a call succeeded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// An answer came back, or the log says nothing to the contrary.
    #[default]
    Success,
    /// An error came back.
    Error,
    /// The caller broke it off.
    Aborted,
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Finish {
    /// The log does not say.
    #[default]
    Unknown,
    /// By itself, or at a stop sequence.
    Stop,
    /// At the output limit.
    Length,
    /// To call tools.
    ToolCalls,
    /// At a content filter or refusal.
    ContentFilter,
    /// With an error.
    Error,
}

impl Finish {
    /// Reads any provider's word for it.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text.to_ascii_lowercase().as_str() {
            "stop" | "end_turn" | "stop_sequence" | "completed" | "complete" | "eos"
            | "stop_token" | "finish" | "finished" => Self::Stop,
            "length"
            | "max_tokens"
            | "max_output_tokens"
            | "model_context_window_exceeded"
            | "model_length" => Self::Length,
            "tool_calls" | "tool_use" | "function_call" | "tool_call" | "pause_turn" => {
                Self::ToolCalls
            }
            "content_filter"
            | "refusal"
            | "safety"
            | "guardrail_intervened"
            | "content_filtered"
            | "recitation"
            | "blocklist"
            | "prohibited_content"
            | "spii"
            | "image_safety"
            | "error_toxic" => Self::ContentFilter,
            "error"
            | "failed"
            | "malformed_function_call"
            | "unexpected_tool_call"
            | "malformed_model_output"
            | "malformed_tool_use" => Self::Error,
            _ => Self::Unknown,
        }
    }
}

/// Parameters of the request that later decisions need.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RequestFacts {
    /// The output limit that was asked for.
    pub max_tokens: Count,
    /// Sampling temperature.
    pub temperature: Option<f32>,
    /// Whether the answer was streamed.
    pub stream: Option<bool>,
    /// Whether tools were offered.
    pub has_tools: Option<bool>,
}

/// Facts that change how a call is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// The call belongs to a sub-agent of its session.
    pub sidechain: bool,
    /// The call was split off a record that names another model's usage.
    pub child: bool,
    /// The gateway answered from its own cache; the provider billed nothing.
    pub gateway_cache_hit: bool,
    /// The lifetime of cache writes is not in the log and was assumed.
    pub assumed_write_lifetime: bool,
    /// The prompt's head (system prompt, tools) is billed but not logged.
    pub hidden_head: bool,
    /// Earlier turns are billed but kept by the provider, not in the record.
    pub hidden_history: bool,
    /// The provider was deduced from the body's shape or the model's name.
    pub inferred_provider: bool,
    /// The counts contradict each other; see the file's warnings.
    pub inconsistent_counts: bool,
    /// Image or video tokens (or audio, in formats that do not count it apart)
    /// are among the counts and priced as text.
    pub other_modality: bool,
    /// The components that the record states were measured in texts that are
    /// not at hand any more: a table of calls was made of a log with texts.
    pub inferred_components: bool,
}

/// A count that may be unknown, in four bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Count(u32);

impl Count {
    /// The log does not say.
    pub const UNKNOWN: Self = Self(u32::MAX);
    /// The largest count of a single call that is believed.
    pub const MOST: u64 = u32::MAX as u64 - 1;

    /// Packs a count; `None` where it is too large to be one call's.
    #[must_use]
    pub fn new(count: u64) -> Option<Self> {
        u32::try_from(count).ok().filter(|packed| *packed != u32::MAX).map(Self)
    }

    /// Packs an optional count; what is too large for one call is unknown.
    #[must_use]
    pub fn from_optional(count: Option<u64>) -> Self {
        count.and_then(Self::new).unwrap_or(Self::UNKNOWN)
    }

    /// The count, where known.
    #[must_use]
    pub const fn get(self) -> Option<u64> {
        if self.0 == u32::MAX { None } else { Some(self.0 as u64) }
    }
}

impl Default for Count {
    fn default() -> Self {
        Self::UNKNOWN
    }
}

impl std::fmt::Debug for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.get().fmt(f)
    }
}

/// A moment that may be unknown, in sixteen bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PackedTime {
    micros: i64,
    clock: Option<Clock>,
}

impl PackedTime {
    /// The log does not say when.
    pub const UNKNOWN: Self = Self { micros: 0, clock: None };

    /// The moment, where known.
    #[must_use]
    pub fn get(self) -> Option<Moment> {
        self.clock.map(|clock| Moment { clock, micros: self.micros })
    }
}

impl Default for PackedTime {
    fn default() -> Self {
        Self::UNKNOWN
    }
}

impl From<Option<Moment>> for PackedTime {
    fn from(moment: Option<Moment>) -> Self {
        moment.map_or(Self::UNKNOWN, |moment| Self {
            micros: moment.micros,
            clock: Some(moment.clock),
        })
    }
}

/// What a log says a call cost, in pico-dollars; eight bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoggedCost(i64);

impl LoggedCost {
    /// The log does not say.
    pub const UNKNOWN: Self = Self(i64::MIN);
    const FEMTO_PER_PICO: i128 = 1_000;

    /// Packs an amount; beyond nine million dollars a call it is unknown.
    #[must_use]
    pub fn new(cost: Option<Usd>) -> Self {
        let pico = cost
            .map(|cost| crate::units::divide_half_even(cost.femto(), Self::FEMTO_PER_PICO))
            .and_then(|pico| i64::try_from(pico).ok());
        Self(pico.unwrap_or(i64::MIN))
    }

    /// The amount, where logged.
    #[must_use]
    pub fn get(self) -> Option<Usd> {
        (self.0 != i64::MIN).then(|| Usd::from_femto(i128::from(self.0) * Self::FEMTO_PER_PICO))
    }
}

/// [`Usage`] in 44 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PackedUsage {
    input: Count,
    cache_read: Count,
    write_unstated: Count,
    write_short: Count,
    write_long: Count,
    output: Count,
    reasoning: Count,
    audio_input: Count,
    audio_output: Count,
    ttl_short: u32,
    ttl_long: u32,
}

impl PackedUsage {
    /// Packs counters; `None` where one is too large to be a single call's.
    #[must_use]
    pub fn new(usage: &Usage) -> Option<Self> {
        let pack = |tokens: Option<Tokens>| match tokens {
            Some(tokens) => Count::new(tokens.get()),
            None => Some(Count::UNKNOWN),
        };
        let named = |entry: Option<(Ttl, Tokens)>| {
            let (ttl, tokens) = entry.unzip();
            Some((ttl.map_or(0, Ttl::seconds), pack(tokens)?))
        };
        let writes = usage.cache_write;
        let (ttl_short, write_short) = named(writes.and_then(|writes| writes.short))?;
        let (ttl_long, write_long) = named(writes.and_then(|writes| writes.long))?;
        Some(Self {
            input: pack(usage.input)?,
            cache_read: pack(usage.cache_read)?,
            write_unstated: pack(writes.map(|writes| writes.unstated))?,
            write_short,
            write_long,
            output: pack(usage.output)?,
            reasoning: pack(usage.reasoning)?,
            audio_input: pack(usage.audio_input)?,
            audio_output: pack(usage.audio_output)?,
            ttl_short,
            ttl_long,
        })
    }

    /// The counters, unpacked.
    #[must_use]
    pub fn get(&self) -> Usage {
        let tokens = |count: Count| count.get().map(Tokens::new);
        let named = |seconds: u32, count: Count| Some((Ttl::from_seconds(seconds), tokens(count)?));
        let cache_write = tokens(self.write_unstated).map(|unstated| CacheWrites {
            unstated,
            short: named(self.ttl_short, self.write_short),
            long: named(self.ttl_long, self.write_long),
        });
        Usage {
            input: tokens(self.input),
            cache_read: tokens(self.cache_read),
            cache_write,
            output: tokens(self.output),
            reasoning: tokens(self.reasoning),
            audio_input: tokens(self.audio_input),
            audio_output: tokens(self.audio_output),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Call, Count, LoggedCost, PackedUsage};
    use crate::record::usage::{CacheWrites, Usage};
    use crate::units::{Tokens, Usd};

    #[test]
    fn packing_loses_nothing() {
        let usages = [
            Usage::default(),
            Usage {
                input: Some(Tokens::new(32_272)),
                cache_read: Some(Tokens::ZERO),
                cache_write: Some(CacheWrites::five_minutes_and_one_hour(
                    Tokens::new(2_163),
                    Tokens::new(7),
                )),
                output: Some(Tokens::new(9)),
                reasoning: None,
                audio_input: Some(Tokens::new(3)),
                audio_output: None,
            },
        ];
        for usage in usages {
            assert_eq!(PackedUsage::new(&usage).map(|packed| packed.get()), Some(usage));
        }
    }

    #[test]
    fn a_count_beyond_any_call_is_refused() {
        assert_eq!(Count::new(u64::from(u32::MAX)), None);
        let usage = Usage { input: Some(Tokens::new(1 << 40)), ..Usage::default() };
        assert_eq!(PackedUsage::new(&usage), None);
    }

    #[test]
    fn logged_costs_keep_pico_dollars() {
        let cost = Usd::from_decimal("0.000225000001").ok();
        assert_eq!(LoggedCost::new(cost).get(), cost);
        assert_eq!(LoggedCost::UNKNOWN.get(), None);
    }

    #[test]
    fn a_call_is_as_small_as_documented() {
        assert!(size_of::<Call>() <= 184, "{} bytes", size_of::<Call>());
    }
}

//! What the table knows about one model: facts, intervals, lanes, rates.

use jiff::civil::Date;

use super::names::geography;
use super::rates::Rates;
use super::schedule::Hours;
use crate::record::lane::Tier;
use crate::units::{Multiplier, Rate, Timestamp, Tokens, Ttl, Usd};

/// How dear a model is within its maker's range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ModelTier {
    /// The small, cheap models.
    Economy,
    /// The middle of the range.
    Standard,
    /// The largest models.
    Premium,
}

impl ModelTier {
    /// Every tier, cheapest first.
    pub const ALL: [Self; 3] = [Self::Economy, Self::Standard, Self::Premium];

    /// The name used in reports and price files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Economy => "economy",
            Self::Standard => "standard",
            Self::Premium => "premium",
        }
    }
}

/// Who asks for caching.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CacheMode {
    /// Only what a request marks is cached; without a mark nothing is.
    Explicit,
    /// The provider caches by itself; a request has no say.
    Automatic,
    /// The provider caches by itself and a request may mark more.
    Both,
}

impl CacheMode {
    /// Every mode.
    pub const ALL: [Self; 3] = [Self::Explicit, Self::Automatic, Self::Both];

    /// The name used in reports and price files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Explicit => "explicit",
            Self::Automatic => "automatic",
            Self::Both => "both",
        }
    }
}

/// A hosted tool that is billed by the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tool {
    /// Search of the web (Google: grounding with search).
    WebSearch,
    /// Fetching of a page.
    WebFetch,
    /// Search in uploaded files.
    FileSearch,
    /// Running code in a sandbox.
    CodeExecution,
    /// Grounding with maps.
    MapsGrounding,
}

impl Tool {
    /// Every tool.
    pub const ALL: [Self; 5] = [
        Self::WebSearch,
        Self::WebFetch,
        Self::FileSearch,
        Self::CodeExecution,
        Self::MapsGrounding,
    ];

    /// The name used in reports and price files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::WebSearch => "web_search",
            Self::WebFetch => "web_fetch",
            Self::FileSearch => "file_search",
            Self::CodeExecution => "code_execution",
            Self::MapsGrounding => "maps_grounding",
        }
    }
}

/// How a provider's prompt cache treats a model; `None` is not published.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CacheFacts {
    /// Who asks for caching; `None` where the model has no prompt cache that
    /// the table knows of.
    pub mode: Option<CacheMode>,
    /// The shortest prefix that is cached.
    pub minimum_tokens: Option<Tokens>,
    /// Cached lengths are multiples of this many tokens.
    pub step_tokens: Option<u64>,
    /// Whether an entry covers the answer as well as the prompt.
    pub caches_answer: bool,
    /// Breakpoints a request may set.
    pub breakpoints: Option<u32>,
    /// Lifetimes that can be had, shortest first.
    pub lifetimes: Vec<Ttl>,
    /// The lifetime of an entry when the request asks for none.
    pub default_lifetime: Option<Ttl>,
}

/// Fine-tuning of a model, as far as the provider publishes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tuning {
    /// Dollars per training token.
    pub training: Option<Rate>,
    /// The id under which the tuned model is priced.
    pub tuned_id: Option<String>,
    /// The last day on which a job can be started.
    pub last_day: Option<Date>,
}

/// One model as one provider sells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    pub(super) provider: String,
    pub(super) id: String,
    pub(super) aliases: Vec<String>,
    pub(super) accepts_date: bool,
    pub(super) tier: Option<ModelTier>,
    pub(super) tokenizer: Option<String>,
    pub(super) context_window: Option<Tokens>,
    pub(super) shutdown: Option<Date>,
    pub(super) tuning: Option<Tuning>,
    pub(super) cache: CacheFacts,
    pub(super) regions: Vec<(String, Multiplier)>,
    pub(super) tool_fees: Vec<(Tool, Usd)>,
    pub(super) source: Option<String>,
    pub(super) checked: Option<Date>,
    pub(super) intervals: Vec<Interval>,
}

/// The prices of a model from one instant to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interval {
    pub(super) from: Option<Timestamp>,
    pub(super) until: Option<Timestamp>,
    pub(super) source: Option<String>,
    pub(super) cache_storage: Option<Rate>,
    pub(super) lanes: Vec<Lane>,
    pub(super) hours: Vec<Hours>,
}

/// One lane of an interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lane {
    pub(super) tier: Tier,
    /// By ascending prompt length; the first holds from the first token.
    pub(super) contexts: Vec<ContextRates>,
}

/// The rates from one prompt length upwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ContextRates {
    /// The fewest prompt tokens these rates apply to.
    pub(super) from_tokens: u64,
    pub(super) rates: Rates,
    /// One for each of the interval's hour rules, in their order.
    pub(super) by_hours: Vec<Rates>,
}

impl Model {
    /// The provider's OpenTelemetry name.
    #[must_use]
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// The provider's exact id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Other exact ids of the same model at the same price.
    #[must_use]
    pub fn aliases(&self) -> &[String] {
        &self.aliases
    }

    /// How dear the model is within its maker's range; `None`: unclassified.
    #[must_use]
    pub const fn tier(&self) -> Option<ModelTier> {
        self.tier
    }

    /// The tokenizer family, such as `o200k_base`; `None`: unknown.
    #[must_use]
    pub fn tokenizer(&self) -> Option<&str> {
        self.tokenizer.as_deref()
    }

    /// Tokens that the model's own tokenizer makes of a text of one o200k token,
    /// in hundredths: Claude up to 4.6 counts about 1.19 and from 4.7 on about
    /// 1.5 times as many (our measurement, docs/adr/0006-tokenizer.md).
    #[must_use]
    pub fn tokenizer_hundredths(&self) -> u32 {
        match self.tokenizer() {
            Some("claude-v3") => 119,
            Some("claude-v4.7") => 150,
            _ => 100,
        }
    }

    /// The largest prompt and answer together.
    #[must_use]
    pub const fn context_window(&self) -> Option<Tokens> {
        self.context_window
    }

    /// The day from which the model answers no more.
    #[must_use]
    pub const fn shutdown(&self) -> Option<Date> {
        self.shutdown
    }

    /// Fine-tuning; `None` where the table knows of none.
    #[must_use]
    pub const fn tuning(&self) -> Option<&Tuning> {
        self.tuning.as_ref()
    }

    /// How the prompt cache treats the model.
    #[must_use]
    pub const fn cache(&self) -> &CacheFacts {
        &self.cache
    }

    /// The page that states the prices.
    #[must_use]
    pub fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// The day the entry was last compared with its source.
    #[must_use]
    pub const fn checked(&self) -> Option<Date> {
        self.checked
    }

    /// The dated prices, oldest first.
    #[must_use]
    pub fn intervals(&self) -> &[Interval] {
        &self.intervals
    }

    /// The fee of one request to a hosted tool; `None`: not published.
    #[must_use]
    pub fn tool_fee(&self, tool: Tool) -> Option<Usd> {
        self.tool_fees.iter().find(|(listed, _)| *listed == tool).map(|(_, fee)| *fee)
    }

    /// The factor of a region, or of the geography that a region of Google Cloud
    /// lies in; `None` where the table lists neither.
    #[must_use]
    pub fn region_factor(&self, region: &str) -> Option<Multiplier> {
        let listed = |wanted: &str| {
            let mut regions = self.regions.iter();
            regions.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, factor)| *factor)
        };
        listed(region).or_else(|| listed(geography(region)?))
    }

    /// The regions with a factor of their own, by name.
    pub fn regions(&self) -> impl Iterator<Item = (&str, Multiplier)> {
        self.regions.iter().map(|(name, factor)| (name.as_str(), *factor))
    }

    /// The interval an instant lies in, else the nearest one and `true`.
    pub(super) fn interval_at(&self, at: Timestamp) -> Option<(&Interval, bool)> {
        // Today's price is asked for most: look from the newest backwards.
        if let Some(interval) = self.intervals.iter().rev().find(|interval| interval.contains(at)) {
            return Some((interval, false));
        }
        let nearest = self.intervals.iter().min_by_key(|interval| interval.distance(at))?;
        Some((nearest, true))
    }
}

impl Interval {
    /// The first instant; `None`: open.
    #[must_use]
    pub const fn from(&self) -> Option<Timestamp> {
        self.from
    }

    /// The first instant after the interval; `None`: open.
    #[must_use]
    pub const fn until(&self) -> Option<Timestamp> {
        self.until
    }

    /// The page that states this interval's prices, where it is not the model's.
    #[must_use]
    pub fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// Dollars per cached token and hour of storage; `None`: none is charged
    /// as far as the table knows.
    #[must_use]
    pub const fn cache_storage(&self) -> Option<Rate> {
        self.cache_storage
    }

    /// The lanes that are sold, in the order of [`Tier::ALL`].
    pub fn tiers(&self) -> impl Iterator<Item = Tier> {
        self.lanes.iter().map(|lane| lane.tier)
    }

    /// The rates of a lane from each prompt length upwards: the fewest prompt
    /// tokens and the rates outside any hour rule. Empty where it is not sold.
    pub fn context_rates(&self, tier: Tier) -> impl Iterator<Item = (Tokens, Rates)> {
        let contexts = self.lane(tier).map_or(&[][..], |lane| &lane.contexts);
        contexts.iter().map(|context| (Tokens::new(context.from_tokens), context.rates))
    }

    /// Whether the price depends on the hour at which a request completes.
    #[must_use]
    pub fn depends_on_the_hour(&self) -> bool {
        !self.hours.is_empty()
    }

    pub(super) fn lane(&self, tier: Tier) -> Option<&Lane> {
        self.lanes.iter().find(|lane| lane.tier == tier)
    }

    fn contains(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }

    fn distance(&self, at: Timestamp) -> u64 {
        let to = |edge: Option<Timestamp>| {
            edge.map_or(u64::MAX, |edge| edge.micros().abs_diff(at.micros()))
        };
        to(self.from).min(to(self.until))
    }
}

impl Lane {
    /// The rates for a prompt of so many tokens.
    pub(super) fn context(&self, prompt: Tokens) -> Option<&ContextRates> {
        self.contexts.iter().rev().find(|context| prompt.get() >= context.from_tokens)
    }
}

//! The shape of a price file, exactly as it is written in TOML.
//!
//! Everything is optional text here: the reader of a file only maps, `resolve`
//! judges. A field that is not listed is an error, because a misspelt price
//! would otherwise be a silent zero. `docs/prices.md` explains every field.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A whole price file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct PriceFile {
    /// The provider's OpenTelemetry name; entries without their own have this.
    pub(super) provider: Option<String>,
    /// Other names logs use for the provider.
    pub(super) names: Vec<String>,
    /// Whether the provider sells other makers' models.
    pub(super) platform: bool,
    /// Whether `priority` and `fast` are two names of one lane.
    pub(super) priority_is_fast: bool,
    /// The day (ISO) the prices were last compared with their sources.
    pub(super) checked: Option<String>,
    /// Pages that state the prices of this file.
    pub(super) sources: Vec<String>,
    /// What holds for every model of the file that does not say otherwise.
    pub(super) defaults: DefaultsEntry,
    /// Lists of holidays that hour rules refer to by name.
    pub(super) calendar: BTreeMap<String, CalendarEntry>,
    /// The models.
    pub(super) model: Vec<ModelEntry>,
    /// Negotiated discounts.
    pub(super) discount: Vec<DiscountEntry>,
}

/// Facts that hold for all models of a file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct DefaultsEntry {
    /// The tokenizer family.
    pub(super) tokenizer: Option<String>,
    /// How the prompt cache behaves.
    pub(super) cache: CacheEntry,
    /// Factors by region.
    pub(super) regions: Option<BTreeMap<String, String>>,
    /// Dollars per 1,000 requests to a hosted tool.
    pub(super) tool_fees: Option<BTreeMap<String, String>>,
    /// The page that states the prices.
    pub(super) source: Option<String>,
}

/// One model as one provider sells it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ModelEntry {
    /// The provider's exact id.
    pub(super) id: String,
    /// The provider, where it is not the file's.
    pub(super) provider: Option<String>,
    /// Other exact ids of the same model at the same price.
    pub(super) aliases: Vec<String>,
    /// Whether any id may carry a date (`-20260401`, `-2026-04-01`, `@...`).
    pub(super) accepts_date: Option<bool>,
    /// `provider/id` of the entry whose facts and prices this one shares.
    pub(super) like: Option<String>,
    /// The lanes taken over from `like` besides standard; all where absent.
    pub(super) lanes: Option<Vec<String>>,
    /// `economy`, `standard` or `premium`.
    pub(super) tier: Option<String>,
    /// The tokenizer family.
    pub(super) tokenizer: Option<String>,
    /// The largest prompt and answer together, in tokens.
    pub(super) context_window: Option<u64>,
    /// The day (ISO) from which the model answers no more.
    pub(super) shutdown: Option<String>,
    /// Whether and how the model can be fine-tuned.
    pub(super) tuning: Option<TuningEntry>,
    /// How the prompt cache behaves.
    pub(super) cache: CacheEntry,
    /// Factors by region.
    pub(super) regions: Option<BTreeMap<String, String>>,
    /// Dollars per 1,000 requests to a hosted tool.
    pub(super) tool_fees: Option<BTreeMap<String, String>>,
    /// The page that states the prices.
    pub(super) source: Option<String>,
    /// The day (ISO) the entry was last compared with its source.
    pub(super) checked: Option<String>,
    /// Remarks for readers of the file.
    pub(super) note: Option<String>,
    /// Prices by date.
    pub(super) price: Vec<PriceEntry>,
}

/// How a provider's prompt cache treats a model.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct CacheEntry {
    /// `explicit`, `automatic` or `both`.
    pub(super) mode: Option<String>,
    /// The shortest prefix that is cached, in tokens.
    pub(super) minimum_tokens: Option<u64>,
    /// Cached lengths are multiples of this many tokens.
    pub(super) step_tokens: Option<u64>,
    /// Whether an entry covers the answer as well as the prompt.
    pub(super) caches_answer: Option<bool>,
    /// Breakpoints a request may set.
    pub(super) breakpoints: Option<u32>,
    /// Lifetimes that can be had, shortest first (`5m`, `1h`).
    pub(super) lifetimes: Option<Vec<String>>,
    /// The lifetime of an entry when the request asks for none.
    pub(super) default_lifetime: Option<String>,
}

/// Fine-tuning of a model.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TuningEntry {
    /// Dollars per million training tokens.
    pub(super) training: Option<String>,
    /// The id under which the tuned model is priced in the same file.
    pub(super) tuned_id: Option<String>,
    /// The last day (ISO) on which a job can be started.
    pub(super) last_day: Option<String>,
}

/// Prices over one interval of time.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct PriceEntry {
    /// First instant (ISO, UTC; a bare date is midnight); open where absent.
    pub(super) from: Option<String>,
    /// First instant after the interval; open where absent.
    pub(super) until: Option<String>,
    /// The page that states this interval's prices.
    pub(super) source: Option<String>,
    /// See [`RateEntry::input`].
    pub(super) input: Option<String>,
    /// See [`RateEntry::output`].
    pub(super) output: Option<String>,
    /// See [`RateEntry::cache_read`].
    pub(super) cache_read: Option<String>,
    /// See [`RateEntry::cache_write`].
    pub(super) cache_write: BTreeMap<String, String>,
    /// See [`RateEntry::audio_input`].
    pub(super) audio_input: Option<String>,
    /// See [`RateEntry::audio_output`].
    pub(super) audio_output: Option<String>,
    /// See [`RateEntry::image_input`].
    pub(super) image_input: Option<String>,
    /// See [`RateEntry::image_output`].
    pub(super) image_output: Option<String>,
    /// Dollars per million cached tokens and hour of storage.
    pub(super) cache_storage: Option<String>,
    /// Asynchronous batches.
    pub(super) batch: Option<AdjustEntry>,
    /// Synchronous, cheaper, may be refused.
    pub(super) flex: Option<AdjustEntry>,
    /// Paid precedence.
    pub(super) priority: Option<AdjustEntry>,
    /// Faster serving.
    pub(super) fast: Option<AdjustEntry>,
    /// The fastest lane.
    pub(super) ultrafast: Option<AdjustEntry>,
    /// Prices of requests with long prompts, ascending.
    pub(super) long_context: Vec<LongContextEntry>,
    /// Prices at certain hours; the first rule that holds applies.
    pub(super) hours: Vec<HoursEntry>,
}

/// Rates, each in dollars per million tokens.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RateEntry {
    /// Uncached prompt tokens.
    pub(super) input: Option<String>,
    /// Answer tokens, reasoning included; absent where nothing is generated.
    pub(super) output: Option<String>,
    /// Prompt tokens read from the cache; absent: the input price.
    pub(super) cache_read: Option<String>,
    /// Prompt tokens written to the cache by lifetime; absent: the input price.
    pub(super) cache_write: BTreeMap<String, String>,
    /// Audio tokens of the prompt.
    pub(super) audio_input: Option<String>,
    /// Audio tokens of the answer.
    pub(super) audio_output: Option<String>,
    /// Image tokens of the prompt; absent: the input price.
    pub(super) image_input: Option<String>,
    /// Image tokens of the answer.
    pub(super) image_output: Option<String>,
}

/// How a lane differs from the standard price.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct AdjustEntry {
    /// A factor on every rate.
    pub(super) factor: Option<String>,
    /// Factors by kind; a kind that is not named keeps its rate.
    pub(super) factors: Option<FactorsEntry>,
    /// Rates that replace all of the standard ones.
    pub(super) rates: Option<RateEntry>,
    /// Long prompts in this lane, where the general rule does not hold.
    pub(super) long_context: Option<Vec<LongContextEntry>>,
}

/// Factors by kind of token.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct FactorsEntry {
    /// On prompt tokens: text, audio, image.
    pub(super) input: Option<String>,
    /// On answer tokens: text, audio, image.
    pub(super) output: Option<String>,
    /// On cache reads.
    pub(super) cache_read: Option<String>,
    /// On cache writes of every lifetime.
    pub(super) cache_write: Option<String>,
}

/// The price of requests whose whole prompt is long.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LongContextEntry {
    /// The whole request is repriced when its prompt has more tokens.
    pub(super) above_input_tokens: u64,
    /// Whether a prompt of exactly that length is repriced as well.
    pub(super) inclusive: bool,
    /// See [`AdjustEntry::factor`].
    pub(super) factor: Option<String>,
    /// See [`AdjustEntry::factors`].
    pub(super) factors: Option<FactorsEntry>,
    /// See [`AdjustEntry::rates`].
    pub(super) rates: Option<RateEntry>,
}

/// A price at certain hours of the day.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct HoursEntry {
    /// Half-open spans `HH:MM-HH:MM`, UTC; a span may pass midnight.
    pub(super) utc: Vec<String>,
    /// Whether Saturdays and Sundays (UTC) are left out.
    pub(super) weekdays_only: bool,
    /// The calendar whose days are left out.
    pub(super) except: Option<String>,
    /// See [`AdjustEntry::factor`].
    pub(super) factor: Option<String>,
    /// See [`AdjustEntry::factors`].
    pub(super) factors: Option<FactorsEntry>,
    /// See [`AdjustEntry::rates`].
    pub(super) rates: Option<RateEntry>,
}

/// A named list of days.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct CalendarEntry {
    /// The days (ISO).
    pub(super) days: Vec<String>,
    /// The page that lists them.
    pub(super) source: Option<String>,
}

/// A negotiated discount.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct DiscountEntry {
    /// The provider; every provider where absent.
    pub(super) provider: Option<String>,
    /// The model's id; every model where absent.
    pub(super) model: Option<String>,
    /// What is paid, as a part of the list price.
    pub(super) factor: String,
}

impl PriceEntry {
    /// The standard rates of the interval.
    pub(super) fn rates(&self) -> RateEntry {
        RateEntry {
            input: self.input.clone(),
            output: self.output.clone(),
            cache_read: self.cache_read.clone(),
            cache_write: self.cache_write.clone(),
            audio_input: self.audio_input.clone(),
            audio_output: self.audio_output.clone(),
            image_input: self.image_input.clone(),
            image_output: self.image_output.clone(),
        }
    }
}

impl CacheEntry {
    /// Fills what this entry leaves open from another.
    pub(super) fn or(self, other: &Self) -> Self {
        Self {
            mode: self.mode.or_else(|| other.mode.clone()),
            minimum_tokens: self.minimum_tokens.or(other.minimum_tokens),
            step_tokens: self.step_tokens.or(other.step_tokens),
            caches_answer: self.caches_answer.or(other.caches_answer),
            breakpoints: self.breakpoints.or(other.breakpoints),
            lifetimes: self.lifetimes.or_else(|| other.lifetimes.clone()),
            default_lifetime: self.default_lifetime.or_else(|| other.default_lifetime.clone()),
        }
    }
}

impl ModelEntry {
    /// Fills what this entry leaves open from the one it replaces or is like.
    ///
    /// Prices are taken as a whole: half an interval of somebody else's is
    /// nobody's price.
    pub(super) fn or(mut self, other: &Self) -> Self {
        self.accepts_date = self.accepts_date.or(other.accepts_date);
        self.tier = self.tier.or_else(|| other.tier.clone());
        self.tokenizer = self.tokenizer.or_else(|| other.tokenizer.clone());
        self.context_window = self.context_window.or(other.context_window);
        self.cache = self.cache.or(&other.cache);
        self.tool_fees = self.tool_fees.or_else(|| other.tool_fees.clone());
        self.source = self.source.or_else(|| other.source.clone());
        self.checked = self.checked.or_else(|| other.checked.clone());
        if self.price.is_empty() {
            self.price.clone_from(&other.price);
        }
        self
    }

    /// Fills what only the same provider's entry can lend: dates and regions.
    pub(super) fn or_own(mut self, other: &Self) -> Self {
        self.like = self.like.or_else(|| other.like.clone());
        self.lanes = self.lanes.or_else(|| other.lanes.clone());
        self.shutdown = self.shutdown.or_else(|| other.shutdown.clone());
        self.regions = self.regions.or_else(|| other.regions.clone());
        self.tuning = self.tuning.or_else(|| other.tuning.clone());
        for alias in &other.aliases {
            if !self.aliases.contains(alias) {
                self.aliases.push(alias.clone());
            }
        }
        self.or(other)
    }
}

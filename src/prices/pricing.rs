//! Prices one request: picks a row of the table and multiplies.

use super::lookup::Match;
use super::model::{ContextRates, Interval, Tool};
use super::rates::Rates;
use super::remarks::{Remark, Remarks};
use crate::record::lane::Tier;
use crate::record::usage::Usage;
use crate::units::{Multiplier, Timestamp, Tokens, Usd};

/// What is to be priced.
#[derive(Clone, Copy, Debug)]
pub struct PriceQuery<'q> {
    /// The counters of the request.
    pub usage: &'q Usage,
    /// Where and when it was served.
    pub lane: LaneQuery<'q>,
    /// Tokens of `usage` that are not text.
    pub media: MediaTokens,
    /// Requests to hosted tools.
    pub tools: &'q [(Tool, u64)],
}

/// What decides the rates besides the length of the prompt.
#[derive(Clone, Copy, Debug, Default)]
pub struct LaneQuery<'q> {
    /// The service tier.
    pub tier: Tier,
    /// The region the provider reports, in its spelling; a region in the
    /// model's own name goes before it.
    pub region: Option<&'q str>,
    /// When the request completed, else when it started; `None`: undated,
    /// priced at the table's as-of date outside any hour rule.
    pub at: Option<Timestamp>,
}

/// Tokens that are counted in the usage but may have rates of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MediaTokens {
    /// Audio in the uncached part of the prompt.
    pub audio_input: Tokens,
    /// Audio in the answer.
    pub audio_output: Tokens,
    /// Images in the uncached part of the prompt.
    pub image_input: Tokens,
    /// Images in the answer.
    pub image_output: Tokens,
}

/// The price of a request, by position; amounts are exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Priced {
    /// Prompt tokens neither read from nor written to the cache.
    pub input: Usd,
    /// Prompt tokens read from the cache.
    pub cache_read: Usd,
    /// Prompt tokens written to the cache.
    pub cache_write: Usd,
    /// Everything generated, reasoning included.
    pub output: Usd,
    /// Hosted tools.
    pub fees: Usd,
    /// The rates that were applied, region included.
    pub rates: Rates,
    /// What is not in the amounts, and what was assumed for them.
    pub remarks: Remarks,
}

impl Priced {
    /// The sum of everything that could be priced.
    #[must_use]
    pub fn total(&self) -> Usd {
        self.input + self.cache_read + self.cache_write + self.output + self.fees
    }
}

/// The rates that hold for a request, and what had to be assumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EffectiveRates {
    /// The rates, region included.
    pub rates: Rates,
    /// What had to be assumed.
    pub remarks: Remarks,
}

impl<'t> Match<'t> {
    /// Prices a request.
    #[must_use]
    pub fn price(&self, query: &PriceQuery<'_>) -> Priced {
        self.price_at_length(query, query.usage.input.unwrap_or_default())
    }

    /// Prices the sum of many requests: the length of each is unknown, so
    /// whether they are at the long-context price must be told.
    #[must_use]
    pub fn price_aggregate(&self, query: &PriceQuery<'_>, long_context: bool) -> Priced {
        let prompt = if long_context { Tokens::new(u64::MAX) } else { Tokens::ZERO };
        self.price_at_length(query, prompt)
    }

    fn price_at_length(&self, query: &PriceQuery<'_>, prompt: Tokens) -> Priced {
        let EffectiveRates { rates, mut remarks } = self.rates(&query.lane, prompt);
        if query.lane.tier == Tier::Provisioned {
            let nothing = Usd::ZERO;
            let fees = self.fees(query.tools, &mut remarks);
            return Priced {
                input: nothing,
                cache_read: nothing,
                cache_write: nothing,
                output: nothing,
                fees,
                rates,
                remarks,
            };
        }
        Priced {
            input: input_cost(query, &rates, &mut remarks),
            cache_read: rates.cache_read * query.usage.cache_read.unwrap_or_default(),
            cache_write: write_cost(query, &rates, &mut remarks),
            output: output_cost(query, &rates, &mut remarks),
            fees: self.fees(query.tools, &mut remarks),
            rates,
            remarks,
        }
    }

    /// The rates for a prompt of so many tokens (uncached, read and written).
    #[must_use]
    pub fn rates(&self, lane: &LaneQuery<'_>, prompt: Tokens) -> EffectiveRates {
        let mut remarks = Remarks::default();
        if lane.tier == Tier::Provisioned {
            remarks.note(Remark::NotBilledByToken);
        }
        if lane.at.is_none() {
            remarks.note(Remark::Undated);
        }
        let rates = self.listed_rates(lane, prompt, &mut remarks);
        EffectiveRates { rates: rates.scaled(self.region_of(lane)), remarks }
    }

    /// The dated prices at an instant and whether it lies outside all of them;
    /// `None` means the table's as-of date.
    #[must_use]
    pub fn interval(&self, at: Option<Timestamp>) -> Option<(&'t Interval, bool)> {
        self.model.interval_at(at.unwrap_or(self.as_of))
    }

    fn listed_rates(&self, lane: &LaneQuery<'_>, prompt: Tokens, remarks: &mut Remarks) -> Rates {
        // A model has at least one interval and an interval its standard lane:
        // the table refuses anything else. Free rates would be a lie, so what
        // cannot be is remarked on like any other gap.
        let Some((interval, outside)) = self.interval(lane.at) else {
            remarks.note(Remark::NoRates);
            return Rates::FREE;
        };
        if outside {
            remarks.note(Remark::OutsideInterval);
        }
        let tier = if lane.tier == Tier::Provisioned { Tier::Standard } else { lane.tier };
        let sold = interval.lane(tier).or_else(|| {
            remarks.note(Remark::TierNotListed);
            interval.lane(Tier::Standard)
        });
        let Some(context) = sold.and_then(|lane| lane.context(prompt)) else {
            remarks.note(Remark::NoRates);
            return Rates::FREE;
        };
        at_hour(interval, context, lane.at)
    }

    fn region_of(&self, lane: &LaneQuery<'_>) -> Multiplier {
        let reported = || lane.region.and_then(|region| self.model.region_factor(region));
        self.region.or_else(reported).unwrap_or(Multiplier::ONE)
    }

    fn fees(&self, tools: &[(Tool, u64)], remarks: &mut Remarks) -> Usd {
        let mut sum = Usd::ZERO;
        for &(tool, requests) in tools.iter().filter(|(_, requests)| *requests > 0) {
            match self.model.tool_fee(tool) {
                Some(fee) => {
                    sum += Usd::from_femto(fee.femto().saturating_mul(i128::from(requests)));
                }
                None => remarks.note(Remark::ToolFee),
            }
        }
        sum
    }
}

fn at_hour(interval: &Interval, context: &ContextRates, at: Option<Timestamp>) -> Rates {
    let Some(at) = at else { return context.rates };
    let mut rules = interval.hours.iter().zip(&context.by_hours);
    rules.find(|(hours, _)| hours.hold_at(at)).map_or(context.rates, |(_, rates)| *rates)
}

fn input_cost(query: &PriceQuery<'_>, rates: &Rates, remarks: &mut Remarks) -> Usd {
    let uncached = query.usage.uncached_input().unwrap_or_default();
    // Counts of a forged line may exceed the whole: text gets what is left.
    let audio = query.media.audio_input.min(uncached);
    let image = query.media.image_input.min(uncached.saturating_sub(audio));
    let text = uncached.saturating_sub(audio + image);
    let audio_cost = match rates.audio_input {
        Some(rate) => rate * audio,
        None if audio.is_zero() => Usd::ZERO,
        None => {
            remarks.note(Remark::AudioInput);
            Usd::ZERO
        }
    };
    rates.input * text + audio_cost + rates.image_input.unwrap_or(rates.input) * image
}

fn write_cost(query: &PriceQuery<'_>, rates: &Rates, remarks: &mut Remarks) -> Usd {
    let Some(writes) = query.usage.cache_write else { return Usd::ZERO };
    let mut sum = Usd::ZERO;
    for (ttl, tokens) in writes.parts() {
        let rate = rates.cache_write.at(ttl).unwrap_or_else(|| {
            remarks.note(Remark::LifetimeNotListed);
            rates.cache_write.unstated
        });
        sum += rate * tokens;
    }
    sum
}

fn output_cost(query: &PriceQuery<'_>, rates: &Rates, remarks: &mut Remarks) -> Usd {
    let output = query.usage.output.unwrap_or_default();
    let audio = query.media.audio_output.min(output);
    let image = query.media.image_output.min(output.saturating_sub(audio));
    let text = output.saturating_sub(audio + image);
    let mut sum = Usd::ZERO;
    for (rate, tokens, missing) in [
        (rates.output, text, Remark::Output),
        (rates.audio_output, audio, Remark::AudioOutput),
        (rates.image_output, image, Remark::ImageOutput),
    ] {
        match rate {
            Some(rate) => sum += rate * tokens,
            None if tokens.is_zero() => {}
            None => remarks.note(missing),
        }
    }
    sum
}

//! Judges one model's entry and turns its texts into rates.
//!
//! All arithmetic that depends only on the table happens here, once, so that
//! pricing a call picks a row and multiplies.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::adjust::{lane_contexts, rates_of};
use super::error::PriceError;
use super::model::{
    CacheFacts, CacheMode, ContextRates, Interval, Lane, Model, ModelTier, Tool, Tuning,
};
use super::schedule::{Hours, day_number, parse_span};
use super::schema::{CacheEntry, CalendarEntry, HoursEntry, ModelEntry, PriceEntry, TuningEntry};
use crate::record::lane::Tier;
use crate::units::{MoneyError, Multiplier, Rate, Timestamp, Tokens, Ttl, Usd};

/// What one file says about all of its models.
pub(super) struct Surroundings<'a> {
    pub(super) calendars: &'a BTreeMap<String, CalendarEntry>,
    pub(super) priority_is_fast: bool,
}

/// A fault inside an entry; the caller adds file and model.
pub(super) fn fault(field: &str, problem: impl Into<String>) -> PriceError {
    PriceError::in_file("", problem).under(field)
}

/// Turns an entry, already completed from defaults and `like`, into a model.
pub(super) fn model_of(
    provider: &str,
    entry: &ModelEntry,
    around: &Surroundings<'_>,
) -> Result<Model, PriceError> {
    if entry.id.is_empty() {
        return Err(fault("id", "a model needs an id"));
    }
    let mut intervals = Vec::with_capacity(entry.price.len());
    for price in &entry.price {
        intervals.push(interval_of(price, around).map_err(|error| error.under("price"))?);
    }
    intervals.sort_by_key(|interval| interval.from);
    check_order(&intervals)?;
    Ok(Model {
        provider: provider.to_owned(),
        id: entry.id.clone(),
        aliases: entry.aliases.clone(),
        accepts_date: entry.accepts_date.unwrap_or(false),
        tier: entry
            .tier
            .as_deref()
            .map(|text| named(text, ModelTier::ALL, ModelTier::name, "tier"))
            .transpose()?,
        tokenizer: entry.tokenizer.clone(),
        context_window: entry.context_window.map(Tokens::new),
        shutdown: date(entry.shutdown.as_deref(), "shutdown")?,
        tuning: entry.tuning.as_ref().map(tuning_of).transpose()?,
        cache: cache_of(&entry.cache).map_err(|error| error.under("cache"))?,
        regions: regions_of(entry)?,
        tool_fees: tool_fees_of(entry)?,
        source: entry.source.clone(),
        checked: date(entry.checked.as_deref(), "checked")?,
        intervals,
    })
}

fn interval_of(entry: &PriceEntry, around: &Surroundings<'_>) -> Result<Interval, PriceError> {
    let (from, until) =
        (instant(entry.from.as_deref(), "from")?, instant(entry.until.as_deref(), "until")?);
    if let (Some(from), Some(until)) = (from, until)
        && from >= until
    {
        return Err(fault("until", "the interval ends before it starts"));
    }
    let standard = rates_of(&entry.rates())?;
    let (hours, rules) =
        hours_of(&entry.hours, around.calendars).map_err(|error| error.under("hours"))?;
    let mut lanes = vec![(Tier::Standard, None)];
    for (tier, adjust) in [
        (Tier::Batch, &entry.batch),
        (Tier::Flex, &entry.flex),
        (Tier::Priority, &entry.priority),
        (Tier::Fast, &entry.fast),
        (Tier::Ultrafast, &entry.ultrafast),
    ] {
        if let Some(adjust) = adjust {
            lanes.push((tier, Some(adjust)));
        }
    }
    let mut resolved = Vec::with_capacity(lanes.len() + 1);
    for (tier, adjust) in lanes {
        let contexts = lane_contexts(&standard, adjust, &entry.long_context)
            .map_err(|error| error.under(tier.name()))?;
        let mut rows = Vec::with_capacity(contexts.len());
        for (from_tokens, rates) in contexts {
            let by_hours = rules
                .iter()
                .map(|rule| super::adjust::adjusted(&rates, rule))
                .collect::<Result<Vec<_>, _>>()
                .map_err(|error| error.under("hours"))?;
            rows.push(ContextRates { from_tokens, rates, by_hours });
        }
        resolved.push(Lane { tier, contexts: rows });
    }
    if around.priority_is_fast {
        name_both(&mut resolved);
    }
    let cache_storage =
        entry.cache_storage.as_deref().map(|text| rate(text, "cache_storage")).transpose()?;
    Ok(Interval {
        from,
        until,
        source: entry.source.clone(),
        cache_storage,
        lanes: resolved,
        hours,
    })
}

/// Sells one lane under both names where a provider renamed it.
fn name_both(lanes: &mut Vec<Lane>) {
    for (have, lack) in [(Tier::Fast, Tier::Priority), (Tier::Priority, Tier::Fast)] {
        if lanes.iter().any(|lane| lane.tier == lack) {
            continue;
        }
        if let Some(lane) = lanes.iter().find(|lane| lane.tier == have).cloned() {
            lanes.push(Lane { tier: lack, ..lane });
        }
    }
    lanes.sort_by_key(|lane| lane.tier);
}

fn check_order(intervals: &[Interval]) -> Result<(), PriceError> {
    for (earlier, later) in intervals.iter().zip(intervals.iter().skip(1)) {
        let overlaps = match (earlier.until, later.from) {
            (Some(until), Some(from)) => until > from,
            _ => true,
        };
        if overlaps {
            return Err(fault("price", "two intervals overlap")
                .with_hint("give the earlier one an `until` and the later one a `from`"));
        }
    }
    Ok(())
}

/// The hour rules and, beside them, how each changes the rates.
fn hours_of<'a>(
    entries: &'a [HoursEntry],
    calendars: &BTreeMap<String, CalendarEntry>,
) -> Result<(Vec<Hours>, Vec<super::adjust::Adjust<'a>>), PriceError> {
    let mut hours = Vec::with_capacity(entries.len());
    let mut rules = Vec::with_capacity(entries.len());
    for entry in entries {
        let mut spans = Vec::with_capacity(entry.utc.len());
        for text in &entry.utc {
            spans.push(parse_span(text).ok_or_else(|| {
                fault("utc", format!("{text:?} is no span"))
                    .with_hint("write it as \"16:30-00:30\"")
            })?);
        }
        if spans.is_empty() {
            return Err(fault("utc", "no span is given"));
        }
        let except =
            entry.except.as_deref().map(|name| calendar_days(name, calendars)).transpose()?;
        hours.push(Hours {
            spans,
            weekdays_only: entry.weekdays_only,
            except: except.unwrap_or_default(),
        });
        rules.push(super::adjust::Adjust {
            factor: entry.factor.as_deref(),
            factors: entry.factors.as_ref(),
            rates: entry.rates.as_ref(),
        });
    }
    Ok((hours, rules))
}

fn calendar_days(
    name: &str,
    calendars: &BTreeMap<String, CalendarEntry>,
) -> Result<Vec<i64>, PriceError> {
    let calendar = calendars
        .get(name)
        .ok_or_else(|| fault("except", format!("no calendar is called {name:?}")))?;
    let mut days = Vec::with_capacity(calendar.days.len());
    for text in &calendar.days {
        let day = date(Some(text), "days")?.and_then(day_number);
        days.extend(day);
    }
    days.sort_unstable();
    Ok(days)
}

fn cache_of(entry: &CacheEntry) -> Result<CacheFacts, PriceError> {
    let mut lifetimes = Vec::new();
    for text in entry.lifetimes.iter().flatten() {
        lifetimes.push(lifetime(text, "lifetimes")?);
    }
    lifetimes.sort_unstable();
    if entry.step_tokens == Some(0) {
        return Err(fault("step_tokens", "a step has at least one token"));
    }
    Ok(CacheFacts {
        mode: entry
            .mode
            .as_deref()
            .map(|text| named(text, CacheMode::ALL, CacheMode::name, "mode"))
            .transpose()?,
        minimum_tokens: entry.minimum_tokens.map(Tokens::new),
        step_tokens: entry.step_tokens,
        caches_answer: entry.caches_answer.unwrap_or(false),
        breakpoints: entry.breakpoints,
        lifetimes,
        default_lifetime: entry
            .default_lifetime
            .as_deref()
            .map(|text| lifetime(text, "default_lifetime"))
            .transpose()?,
    })
}

fn tuning_of(entry: &TuningEntry) -> Result<Tuning, PriceError> {
    let training =
        entry.training.as_deref().map(|text| rate(text, "tuning.training")).transpose()?;
    Ok(Tuning {
        training,
        tuned_id: entry.tuned_id.clone(),
        last_day: date(entry.last_day.as_deref(), "tuning.last_day")?,
    })
}

fn regions_of(entry: &ModelEntry) -> Result<Vec<(String, Multiplier)>, PriceError> {
    let mut regions = Vec::new();
    for (name, text) in entry.regions.iter().flatten() {
        let factor = Multiplier::from_decimal(text)
            .map_err(|error| number_fault("regions", text, &error))?;
        regions.push((name.clone(), factor));
    }
    Ok(regions)
}

fn tool_fees_of(entry: &ModelEntry) -> Result<Vec<(Tool, Usd)>, PriceError> {
    const PER: i128 = 1_000;
    let mut fees = Vec::new();
    for (name, text) in entry.tool_fees.iter().flatten() {
        let tool = named(name, Tool::ALL, Tool::name, "tool_fees")?;
        let thousand =
            Usd::from_decimal(text).map_err(|error| number_fault("tool_fees", text, &error))?;
        if thousand < Usd::ZERO {
            return Err(fault("tool_fees", format!("{text:?} is negative")));
        }
        fees.push((tool, Usd::from_femto(thousand.femto() / PER)));
    }
    Ok(fees)
}

/// Reads dollars per million tokens.
pub(super) fn rate(text: &str, field: &str) -> Result<Rate, PriceError> {
    Rate::from_usd_per_million(text).map_err(|error| number_fault(field, text, &error))
}

/// Reads a lifetime such as `5m`.
pub(super) fn lifetime(text: &str, field: &str) -> Result<Ttl, PriceError> {
    Ttl::parse(text).ok_or_else(|| {
        fault(field, format!("{text:?} is no lifetime"))
            .with_hint("write it as \"5m\", \"1h\" or seconds")
    })
}

pub(super) fn number_fault(field: &str, text: &str, error: &MoneyError) -> PriceError {
    fault(field, format!("{text:?}: {error}"))
        .with_hint("prices are decimal strings in dollars per million tokens, such as \"2.50\"")
}

/// Reads a day; absent stays absent.
pub(super) fn date(text: Option<&str>, field: &str) -> Result<Option<Date>, PriceError> {
    let Some(text) = text else { return Ok(None) };
    let parsed = text.parse::<Date>();
    parsed.map(Some).map_err(|_| {
        fault(field, format!("{text:?} is no day")).with_hint("write it as \"2026-11-22\"")
    })
}

fn instant(text: Option<&str>, field: &str) -> Result<Option<Timestamp>, PriceError> {
    let Some(text) = text else { return Ok(None) };
    Timestamp::parse(text).map(Some).ok_or_else(|| {
        fault(field, format!("{text:?} is no date")).with_hint("write it as \"2026-11-22\"")
    })
}

fn named<T: Copy, const N: usize>(
    text: &str,
    all: [T; N],
    name: fn(T) -> &'static str,
    field: &str,
) -> Result<T, PriceError> {
    all.into_iter().find(|value| name(*value) == text).ok_or_else(|| {
        let known = all.map(name).join(", ");
        fault(field, format!("{text:?} is not one of {known}"))
    })
}

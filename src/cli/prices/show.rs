//! `tokopt prices show`: everything that is known about one model.

use std::fmt::Write as _;

use jiff::tz::TimeZone;

use super::{day, dollars, known_provider};
use crate::cli::columns::{Side, lay_out};
use crate::cli::error::CliError;
use crate::prices::{Interval, Match, Model, PriceTable, Rates, Tool};
use crate::selection::period::parse_instant;
use crate::units::{Timestamp, Tokens};

pub(super) fn text(
    table: &PriceTable,
    name: &str,
    provider: Option<&str>,
    at: Option<&str>,
) -> Result<String, CliError> {
    let provider = provider.map(|provider| known_provider(table, provider)).transpose()?;
    let at = at.map(|text| parse_instant(text, &TimeZone::UTC)).transpose();
    let at = at.map_err(CliError::selection("--at"))?.unwrap_or(table.as_of_instant());
    let found = table.find(provider, name).ok_or_else(|| CliError::UnknownModel {
        model: name.to_owned(),
        suggestions: table.suggestions(name),
    })?;
    let mut text = facts(&found);
    if let Some((interval, is_outside)) = found.interval(Some(at)) {
        text.push_str(&prices(found.model(), interval, at, is_outside));
    }
    text.push_str(&dated(found.model()));
    Ok(text)
}

/// What holds whenever the model is called.
fn facts(found: &Match<'_>) -> String {
    let model = found.model();
    let tokens = |tokens: Option<Tokens>| tokens.map(|tokens| format!("{tokens} tokens"));
    let cache = model.cache();
    let lifetimes: Vec<String> = cache.lifetimes.iter().map(ToString::to_string).collect();
    let regions: Vec<String> =
        model.regions().map(|(region, factor)| format!("{region} x{factor}")).collect();
    let fees = Tool::ALL.into_iter().filter_map(|tool| {
        let fee = model.tool_fee(tool)?;
        Some(format!("{} ${} a request", tool.name(), fee.to_nano()))
    });
    let fees: Vec<String> = fees.collect();
    let matched = format!("{}, {}", found.rule().name(), found.basis().name());
    let rows = [
        ("found by", Some(matched)),
        ("tier", model.tier().map(|tier| tier.name().to_owned())),
        ("aliases", listed(model.aliases())),
        ("tokenizer", model.tokenizer().map(str::to_owned)),
        ("context window", tokens(model.context_window())),
        ("cache", cache.mode.map(|mode| mode.name().to_owned())),
        ("shortest cached prefix", tokens(cache.minimum_tokens)),
        ("cache lifetimes", listed(&lifetimes)),
        ("regions", listed(&regions)),
        ("fees", listed(&fees)),
        ("shut down on", model.shutdown().map(|shutdown| shutdown.to_string())),
        ("source", model.source().map(str::to_owned)),
        ("checked on", model.checked().map(|checked| checked.to_string())),
    ];
    let known =
        rows.into_iter().filter_map(|(name, value)| Some(vec![format!("  {name}"), value?]));
    let known: Vec<Vec<String>> = known.collect();
    format!("{} {}\n{}", model.provider(), model.id(), lay_out(&[Side::Left, Side::Left], &known))
}

fn listed(words: &[String]) -> Option<String> {
    (!words.is_empty()).then(|| words.join(", "))
}

const HEADING: [&str; 6] =
    ["  LANE", "PROMPT FROM", "INPUT", "CACHE READ", "CACHE WRITE", "OUTPUT"];
const SIDES: [Side; 6] =
    [Side::Left, Side::Right, Side::Right, Side::Right, Side::Right, Side::Right];

/// The rates of every lane and prompt length at an instant.
fn prices(model: &Model, interval: &Interval, at: Timestamp, is_outside: bool) -> String {
    let mut rows = vec![HEADING.map(str::to_owned).to_vec()];
    for tier in interval.tiers() {
        for (from, rates) in interval.context_rates(tier) {
            rows.push(row(tier.name(), from, &rates));
        }
    }
    let mut text =
        format!("\nDollars per million tokens on {}\n{}", day(at), lay_out(&SIDES, &rows));
    let mut remark = |remark: &str| {
        // Writing to a string never fails.
        let _ = writeln!(text, "  {remark}");
    };
    if is_outside {
        remark("no price is known for that time: this is the nearest one");
    }
    if interval.depends_on_the_hour() {
        remark("other rates hold at some hours of the day");
    }
    if let Some(storage) = interval.cache_storage() {
        remark(&format!("keeping a million cached tokens for an hour costs ${storage}"));
    }
    if let Some(source) = interval.source().filter(|source| Some(*source) != model.source()) {
        remark(&format!("source: {source}"));
    }
    text
}

fn row(tier: &str, from: Tokens, rates: &Rates) -> Vec<String> {
    vec![
        format!("  {tier}"),
        from.to_string(),
        rates.input.to_string(),
        rates.cache_read.to_string(),
        writes(rates),
        dollars(rates.output),
    ]
}

/// What a cache write costs, by lifetime where that makes a difference.
fn writes(rates: &Rates) -> String {
    let by_lifetime: Vec<String> = rates
        .cache_write
        .lifetimes()
        .map(|(lifetime, rate)| format!("{lifetime} {rate}"))
        .collect();
    listed(&by_lifetime).unwrap_or_else(|| rates.cache_write.unstated.to_string())
}

/// When the model had other prices, where it had.
fn dated(model: &Model) -> String {
    let intervals = model.intervals();
    if intervals.len() < 2 {
        return String::new();
    }
    let mut text = "\nOther prices held or will hold; ask with --at\n".to_owned();
    for interval in intervals {
        let from = interval.from().map_or_else(|| "the beginning".to_owned(), day);
        let until = interval.until().map_or_else(|| "now on".to_owned(), day);
        // Writing to a string never fails.
        let _ = writeln!(text, "  from {from} until {until}");
    }
    text
}

//! A trend in words and figures for people, the same in every report.
//!
//! Plain text without markup; names are as the document has them, so that each
//! report escapes them in its own way. Knows no layout.

use super::bills::signed;
use super::document::{
    Forecast, OddDay, Quotient, Responsible, StepReason, Trend, TrendFigures, TrendPeriod,
    TrendStep, UnitCosts,
};
use super::escape::plain;
use super::figures::{UNKNOWN_MARK, count, counted, dollars, percent, quotient, tokens, whole};
use super::summary;
use crate::units::{NanoUsd, Share, Tokens};

/// So many periods in a row without a call are told in one line.
const FEWEST_OF_A_GAP: usize = 3;

/// A line of the table of periods.
pub enum Line<'a> {
    /// A period.
    Period(&'a TrendPeriod),
    /// A run of periods without a call: the first, the last, how many.
    Gap(&'a TrendPeriod, &'a TrendPeriod, u64),
}

/// The cost, the calls and the time they cover, in one line.
pub fn headline(trend: &Trend) -> String {
    let window = summary::window(&trend.window);
    let over = match trend.totals.calls {
        Some(0) => return format!("No calls found{window}"),
        Some(number) => counted(number, "call", "calls"),
        None => "an unknown number of calls".to_owned(),
    };
    let Some(cost) = trend.totals.cost_usd else {
        return format!("Cost unknown over {over}{window}");
    };
    let at_least = if is_partial(trend) { "At least " } else { "" };
    format!("{at_least}{} over {over}{window}", cost.to_display())
}

/// What belongs to the headline, a sentence each.
pub fn headline_notes(trend: &Trend) -> Vec<String> {
    let mut notes = Vec::new();
    let totals = &trend.totals;
    if totals.calls == Some(0) {
        return notes;
    }
    let (input, output) = (tokens(totals.input_tokens), tokens(totals.output_tokens));
    notes.push(format!("{input} input tokens, {output} output tokens"));
    let of_call = per_call(&trend.unit_costs);
    if !of_call.is_empty() {
        notes.push(format!("A call: {}", of_call.join(", ")));
    }
    if totals.unpriced_calls > 0 {
        let calls = counted(totals.unpriced_calls, "call", "calls");
        notes.push(format!("Not in the cost: {calls}"));
    }
    notes
}

fn per_call(unit: &UnitCosts) -> Vec<String> {
    let shown = |value: Option<Quotient>, noun: &str| {
        value.map(|value| format!("{} {noun} tokens", value.to_display(0)))
    };
    let parts = [
        unit.cost_per_call_usd.map(NanoUsd::to_display),
        shown(unit.input_tokens_per_call, "input"),
        shown(unit.output_tokens_per_call, "output"),
        unit.cache_read_share.map(|share| format!("{} read from cache", share.to_percent())),
        unit.error_share.map(|share| format!("{} failed", share.to_percent())),
    ];
    parts.into_iter().flatten().collect()
}

/// The name of a period's length.
pub const fn step(trend: &Trend) -> &'static str {
    match trend.by {
        TrendStep::Day => "day",
        TrendStep::Week => "week",
        TrendStep::Month => "month",
    }
}

/// What has to be known to read the table of periods, a sentence each.
pub fn table_notes(trend: &Trend) -> Vec<String> {
    let days = counted(trend.days, "day", "days");
    let why = match trend.by_reason {
        StepReason::Asked => None,
        StepReason::Length => Some(format!("for a log of {days}")),
        StepReason::Export => Some("as long as the periods of the export".to_owned()),
    };
    let zone = trend.time_zone.as_deref();
    let unit = match (trend.by, zone) {
        (TrendStep::Day, Some(zone)) => format!("days of {zone}"),
        (TrendStep::Week, Some(zone)) => format!("weeks from Monday, days of {zone}"),
        (TrendStep::Month, Some(zone)) => format!("months, days of {zone}"),
        (TrendStep::Day, None) => "days of 24 hours from the first call".to_owned(),
        (TrendStep::Week, None) => "weeks from the first call".to_owned(),
        (TrendStep::Month, None) => "months of 30 days from the first call".to_owned(),
    };
    let why = why.map_or_else(String::new, |why| {
        format!("; by {} {why}, --by chooses another", step(trend))
    });
    let mut notes = vec![format!("{}{why}", capital(&unit))];
    if trend.periods.iter().any(|period| !period.complete) {
        notes.push(format!(
            "A {} of which the log covers only a part says how much: it has no change, and is \
             in no median and no mean",
            step(trend)
        ));
    }
    notes
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(characters).collect()
}

/// The lines of the table of periods: runs of nothing in one line each.
pub fn lines(trend: &Trend) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    let is_empty = |period: &TrendPeriod| period.figures.calls == Some(0) && period.complete;
    for run in trend.periods.chunk_by(|left, right| is_empty(left) && is_empty(right)) {
        match run {
            [first, .., last] if run.len() >= FEWEST_OF_A_GAP => {
                lines.push(Line::Gap(first, last, run.len() as u64));
            }
            _ => lines.extend(run.iter().map(Line::Period)),
        }
    }
    lines
}

/// What a run of periods without a call is called.
pub fn gap(trend: &Trend, first: &TrendPeriod, last: &TrendPeriod, periods: u64) -> String {
    let step = step(trend);
    let periods = counted(periods, step, &format!("{step}s"));
    format!("{} to {}: {periods} without a call", first.period, last.period)
}

/// What is in no period, with its name; only what there is.
pub fn strays(trend: &Trend) -> impl Iterator<Item = (&'static str, &TrendFigures)> {
    let all = [("not placed", &trend.not_placed), ("undated", &trend.undated)];
    all.into_iter().filter(|(_, figures)| **figures != nothing())
}

fn nothing() -> TrendFigures {
    TrendFigures {
        calls: Some(0),
        input_tokens: Some(Tokens::ZERO),
        output_tokens: Some(Tokens::ZERO),
        cost_usd: Some(NanoUsd::ZERO),
        ..TrendFigures::default()
    }
}

/// A cost, marked where it is a lower bound.
pub fn cost(figures: &TrendFigures) -> String {
    let cost = dollars(figures.cost_usd);
    if figures.unpriced_calls > 0 && figures.cost_usd.is_some() {
        return format!("≥ {cost}");
    }
    cost
}

/// The change of the cost, or how much of the period the log covers.
pub fn change(period: &TrendPeriod) -> String {
    if !period.complete {
        return format!("part: {}", percent(period.covered));
    }
    period.cost_change.map_or_else(String::new, signed_percent)
}

fn signed_percent(share: Share) -> String {
    let sign = if share.millionths() > 0 { "+" } else { "" };
    format!("{sign}{}", share.to_percent())
}

/// What the sparkline draws, of every period: the cost, or the calls where
/// nothing has a price.
pub fn heights(trend: &Trend) -> (&'static str, Vec<Option<i128>>) {
    let priced = trend.totals.cost_usd.is_some_and(|cost| cost > NanoUsd::ZERO);
    let height = |period: &TrendPeriod| {
        let figures = &period.figures;
        if priced { figures.cost_usd.map(NanoUsd::nano) } else { figures.calls.map(i128::from) }
    };
    (if priced { "cost" } else { "calls" }, trend.periods.iter().map(height).collect())
}

/// What stands beside a sparkline.
pub fn sparkline_note(trend: &Trend, a_sign: usize) -> String {
    let (what, heights) = heights(trend);
    let known = || heights.iter().flatten().copied();
    let shown = |height: Option<i128>| match (height, what) {
        (Some(height), "cost") => NanoUsd::from_nano(height).to_display(),
        (Some(height), _) => whole(u64::try_from(height).unwrap_or(0)),
        (None, _) => UNKNOWN_MARK.to_owned(),
    };
    let (low, high) = (shown(known().min()), shown(known().max()));
    let step = step(trend);
    let sign = if a_sign > 1 { format!("; a sign is {a_sign} {step}s") } else { String::new() };
    format!("{what} a {step}, {low} to {high}{sign}")
}

/// What a day that stands out cost, in one line.
pub fn odd_day(day: &OddDay) -> String {
    let (cost, usual) = (day.cost_usd.to_display(), day.usual_cost_usd.to_display());
    let difference = signed(day.difference_usd);
    let score = day.score.to_display(1);
    format!("{}: {cost}, usually {usual} ({difference}, score {score})", day.day)
}

/// Whether a day that stands out had other calls, or more of them; a line
/// each, then who is responsible, names cut to `longest` columns.
pub fn odd_day_reasons(day: &OddDay, longest: usize) -> Vec<String> {
    let mut reasons = Vec::new();
    if let (Some(by_calls), Some(by_cost)) = (day.by_calls_usd, day.by_cost_per_call_usd) {
        let (calls, usual) = (count(day.calls), quotient(day.usual_calls, 0));
        reasons.push(format!(
            "{} by the number of calls ({calls}, usually {usual}), {} by the cost per call",
            signed(by_calls),
            signed(by_cost)
        ));
    }
    let named = [("feature", &day.feature), ("model", &day.model)];
    for (what, responsible) in named {
        reasons
            .extend(responsible.as_ref().map(|found| format!("{what} {}", moved(found, longest))));
    }
    reasons
}

fn moved(found: &Responsible, longest: usize) -> String {
    let Responsible { key, cost_usd, usual_cost_usd, difference_usd } = found;
    let key = plain(key, longest);
    let (cost, usual) = (cost_usd.to_display(), usual_cost_usd.to_display());
    format!("{key}: {} ({cost}, usually {usual})", signed(*difference_usd))
}

/// How many days stand out.
pub fn odd_days(trend: &Trend) -> String {
    match trend.standing_out.days.len() as u64 {
        0 => "No day stands out".to_owned(),
        days => format!("{} out", counted(days, "day stands", "days stand")),
    }
}

/// The rule by which days stand out, as a sentence.
pub fn rule(trend: &Trend) -> String {
    capital(&trend.standing_out.rule)
}

/// What the month is coming to, in one line.
pub fn forecast(forecast: &Forecast, is_partial: bool) -> String {
    let at_least = if is_partial { "at least " } else { "" };
    let expected = forecast.expected_usd.to_display();
    let range = match (forecast.p10_usd, forecast.p90_usd) {
        (Some(low), Some(high)) => {
            format!(" (eight in ten between {} and {})", low.to_display(), high.to_display())
        }
        _ => String::new(),
    };
    let Some(month) = &forecast.month else {
        return format!("30 days at this rate: {at_least}{expected}{range}, {}", grade(forecast));
    };
    let logged = forecast.logged_usd.to_display();
    if forecast.remaining_days.millionths() == 0 {
        return format!("{month}: {at_least}{logged} in the log");
    }
    let remaining = forecast.remaining_days.to_display(1);
    format!(
        "{month}: {at_least}{expected}{range}, {}: {logged} logged, {remaining} days to come",
        grade(forecast)
    )
}

fn grade(forecast: &Forecast) -> &'static str {
    forecast.evidence.name()
}

/// What a forecast leaves out, a sentence each.
pub fn forecast_notes(trend: &Trend) -> Vec<String> {
    let mut notes = vec![capital(&trend.forecast_note)];
    let before = trend.forecast.as_ref().map_or(0, |forecast| forecast.days_before_log);
    if before > 0 {
        let days = counted(before, "day", "days");
        notes.push(format!("The log begins {days} into the month: these days are not in it"));
    }
    notes
}

/// Whether some of the cost is missing from the totals.
pub fn is_partial(trend: &Trend) -> bool {
    trend.totals.unpriced_calls > 0 || !trend.prices.partly_unpriced.is_empty()
}

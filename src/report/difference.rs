//! How a difference is told, the same in every report for people.
//!
//! Knows no layout.

use std::cmp::Reverse;

use super::bills::signed;
use super::document::{
    Difference, DifferenceRow, DifferenceSide, DifferenceStep, Effect, Expectation, Per, Presence,
    Promise,
};
use super::figures::{count, counted, dollars, percent};
use crate::units::{NanoUsd, Share};

/// Features that are gone or new that are told one by one.
const FEATURES_SHOWN: usize = 5;

/// The difference in one line.
pub fn headline(found: &Difference) -> String {
    let per = per(found.per);
    let (before, after) = (found.before.compared_usd, found.after.compared_usd);
    let Some((change, (before, after))) = found.change_usd.zip(before.zip(after)) else {
        let (before, after) = (dollars(before), dollars(after));
        return format!("{before} before, {after} after: the difference is unknown");
    };
    if change == NanoUsd::ZERO {
        let moved = found.steps.iter().any(|step| step.change_usd != NanoUsd::ZERO);
        let rest = if moved { ", of effects that cancel out" } else { "" };
        return format!("No change{rest}: {}{per}", after.to_display());
    }
    let size = if change < NanoUsd::ZERO { NanoUsd::ZERO - change } else { change };
    let direction = if change < NanoUsd::ZERO { "less" } else { "more" };
    let share = share(found.change_share);
    format!(
        "{} → {}{per}: {} {direction}{share}",
        before.to_display(),
        after.to_display(),
        size.to_display()
    )
}

fn share(share: Option<Share>) -> String {
    share.map_or_else(String::new, |share| format!(" ({})", signed_percent(share)))
}

/// A share with its sign.
pub fn signed_percent(share: Share) -> String {
    let plus = if share.millionths() > 0 { "+" } else { "" };
    format!("{plus}{}", share.to_percent())
}

fn per(per: Per) -> &'static str {
    match per {
        Per::Total => "",
        Per::Month => " per 30 days",
    }
}

/// Columns of the table of both sides.
pub const SIDE_COLUMNS: [&str; 7] =
    ["", "calls", "cost", "per call", "tokens/call", "days", "per 30 days"];

/// A side as a row.
pub fn side(name: &str, side: &DifferenceSide) -> [String; 7] {
    [
        name.to_owned(),
        count(side.calls),
        dollars(side.cost_usd),
        dollars(side.cost_per_call_usd),
        super::figures::quotient(side.tokens_per_call, 0),
        super::figures::quotient(side.window.days, 1),
        dollars(side.cost_per_month_usd),
    ]
}

/// What a side is of, with its price table where that is not the other's.
pub fn side_of(name: &str, side: &DifferenceSide, same_table: Option<bool>) -> String {
    let kind = if side.is_saved { "saved analysis " } else { "" };
    let day =
        |time: &Option<String>| time.as_deref().and_then(|time| time.get(..10)).map(str::to_owned);
    let when = match (day(&side.window.start), day(&side.window.end)) {
        (Some(start), Some(end)) if start == end => format!(", {start}"),
        (Some(start), Some(end)) => format!(", {start} to {end}"),
        _ => String::new(),
    };
    let table = match side.prices_as_of.as_deref() {
        Some(day) if same_table == Some(false) => format!(", priced by the table of {day}"),
        _ => String::new(),
    };
    format!("{name}: {kind}{}{when}{table}", side.source)
}

/// A line of the way from one total to the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What is substituted.
    pub label: String,
    /// What it adds.
    pub change: NanoUsd,
    /// The total after it.
    pub total: NanoUsd,
}

/// The steps that change something, features that are gone or new beyond the
/// first few in one.
pub fn lines(found: &Difference) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let same_table = found.same_table();
    for (effect, rest) in
        [(Effect::GoneFeature, "gone features"), (Effect::NewFeature, "new features")]
    {
        let steps: Vec<&DifferenceStep> =
            found.steps.iter().filter(|step| step.effect == effect).collect();
        // Steps of features come largest first.
        lines.extend(steps.iter().take(FEATURES_SHOWN).map(|step| line(step, same_table)));
        let more = steps.get(FEATURES_SHOWN..).unwrap_or_default();
        if let Some(last) = more.last() {
            lines.push(Line {
                label: format!("{} more {rest}", more.len()),
                change: more.iter().map(|step| step.change_usd).sum(),
                total: last.cost_after_usd,
            });
        }
    }
    let others = found.steps.iter().filter(|step| {
        !matches!(step.effect, Effect::GoneFeature | Effect::NewFeature)
            && step.change_usd != NanoUsd::ZERO
    });
    lines.extend(others.map(|step| line(step, same_table)));
    lines
}

fn line(step: &DifferenceStep, same_table: Option<bool>) -> Line {
    Line {
        label: label(step.effect, step.subject.as_deref(), same_table),
        change: step.change_usd,
        total: step.cost_after_usd,
    }
}

/// The effects that change nothing, as one sentence.
pub fn unchanged(found: &Difference) -> Option<String> {
    let same_table = found.same_table();
    let names: Vec<String> = found
        .steps
        .iter()
        .filter(|step| step.change_usd == NanoUsd::ZERO && step.subject.is_none())
        .map(|step| label(step.effect, None, same_table))
        .collect();
    (!names.is_empty()).then(|| format!("Without effect: {}", names.join(", ")))
}

/// An effect as people read it.
pub fn label(effect: Effect, subject: Option<&str>, same_table: Option<bool>) -> String {
    let named = |text: &str| match subject {
        Some(subject) => format!("{text}: {subject}"),
        None => text.to_owned(),
    };
    match effect {
        Effect::GoneFeature => named("gone"),
        Effect::NewFeature => named("new"),
        Effect::Coverage => "priced on one side only".to_owned(),
        Effect::Usage => "usage, calls not counted".to_owned(),
        Effect::Volume => "number of calls".to_owned(),
        Effect::FeatureMix => "mix of features".to_owned(),
        Effect::ModelMix => "mix of models".to_owned(),
        Effect::TierMix => "mix of providers and tiers".to_owned(),
        Effect::TokensPerCall => match subject {
            Some(part) => format!("{} per call", part_name(part)),
            None => "tokens per call".to_owned(),
        },
        Effect::CacheShare => "share read from caches".to_owned(),
        Effect::Price if same_table == Some(true) => "price per token (same table)".to_owned(),
        Effect::Price if same_table == Some(false) => "price per token (other table)".to_owned(),
        Effect::Price => "price per token".to_owned(),
        Effect::Fees => "tool fees per call".to_owned(),
    }
}

fn part_name(part: &str) -> String {
    match part {
        "unattributed" => "other input".to_owned(),
        part => part.replace('_', " "),
    }
}

/// What became of a row: conventions of plans of infrastructure.
pub const fn sign(row: &DifferenceRow) -> &'static str {
    match row.presence {
        Presence::Both => "~",
        Presence::Gone => "-",
        Presence::New => "+",
    }
}

/// The change of a row over what it was.
pub fn row_share(row: &DifferenceRow) -> String {
    match row.presence {
        Presence::New => "new".to_owned(),
        Presence::Gone => "gone".to_owned(),
        Presence::Both => {
            let share = row.change_usd.zip(row.before_usd);
            let share = share.and_then(|(change, before)| Share::of_nano(change, before));
            share.map_or_else(|| percent(None), signed_percent)
        }
    }
}

/// What moved a row most, and by how much; nothing for one that came or went.
pub fn driver(row: &DifferenceRow, same_table: Option<bool>) -> (String, Option<NanoUsd>) {
    let own = row
        .effects
        .iter()
        .filter(|effect| !matches!(effect.effect, Effect::GoneFeature | Effect::NewFeature));
    // Of equal ones the first.
    let most = own.enumerate().max_by_key(|(position, effect)| {
        (effect.change_usd.nano().unsigned_abs(), Reverse(*position))
    });
    most.map_or_else(Default::default, |(_, effect)| {
        (label(effect.effect, effect.subject.as_deref(), same_table), Some(effect.change_usd))
    })
}

/// The rows that changed, at most `top`, and what is left out in one sentence.
pub fn bounded(rows: &[DifferenceRow], top: usize) -> (Vec<&DifferenceRow>, Option<String>) {
    let changed = |row: &&DifferenceRow| row.change_usd != Some(NanoUsd::ZERO);
    let moved: Vec<&DifferenceRow> = rows.iter().filter(changed).collect();
    let rest = moved.get(top..).unwrap_or_default();
    let still = rows.len() - moved.len();
    let mut told = Vec::new();
    if !rest.is_empty() {
        let sum: NanoUsd = rest.iter().filter_map(|row| row.change_usd).sum();
        told.push(format!("{} more: {}", rest.len(), signed(sum)));
    }
    if still > 0 {
        told.push(format!("{} without a change", counted(still as u64, "other", "others")));
    }
    let note = (!told.is_empty()).then(|| told.join("; "));
    (moved.into_iter().take(top).collect(), note)
}

/// Columns of the table of promises.
pub const PROMISE_COLUMNS: [&str; 5] = ["technique", "promised", "at this volume", "realised", ""];

/// A promise as a row.
pub fn promise(row: &Promise) -> [String; 5] {
    [
        row.technique.clone(),
        row.promised_usd.to_display(),
        row.promised_now_usd.to_display(),
        dollars(row.realised_usd),
        row.verdict.words().to_owned(),
    ]
}

/// What belongs to the promises, a sentence each.
pub fn plan_notes(held: &Expectation) -> Vec<String> {
    let told = |row: &Promise| {
        let open = row.open_usd.map_or_else(String::new, |open| {
            format!("; by this log's own ladder {} are still open", open.to_display())
        });
        format!("{}: {}{open}", row.technique, row.reason)
    };
    let mut notes: Vec<String> = held.techniques.iter().map(told).collect();
    if held.techniques.is_empty() {
        notes.push("The plan promised nothing: none of its techniques was applied".to_owned());
    }
    notes.push(format!(
        "{} promised in all; as before, this log's calls would cost {}, they cost {}: {} saved, {} \
         of it where no technique of the plan acts",
        held.promised_usd.to_display(),
        held.unchanged_usd.to_display(),
        held.actual_usd.to_display(),
        held.realised_usd.to_display(),
        held.other_usd.to_display(),
    ));
    notes.push(
        "What was saved is measured; that a technique saved it is inferred from where it acts"
            .to_owned(),
    );
    notes
}

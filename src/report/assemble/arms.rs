//! The document of the arms of an A/B test.

use crate::arms::{
    self, Arm, Comparison, FEWEST_CALLS, FEWEST_CONVERSATIONS, Interval, Metric, Unjudged, Verdict,
};
use crate::ledger::Ledger;
use crate::record::log::FileAccount;
use crate::selection::Field;
use crate::units::{Evidence, Share, counted};

use super::super::document::{
    ARMS_SCHEMA_VERSION, ArmDifference, ArmFigures, ArmMetric, ArmVerdict, Arms, ArmsInput,
    Decimal, Warning,
};

/// Features told as a doubt one by one, for each arm.
const MIXES_SHOWN: usize = 3;

/// Makes the document of a comparison; every figure arrives rounded.
#[must_use]
pub fn arms(
    found: &Comparison,
    ledger: &Ledger<'_>,
    field: &Field,
    control_was_named: bool,
) -> Arms {
    let has_conversations = found.conversations.is_some();
    Arms {
        schema_version: ARMS_SCHEMA_VERSION.to_owned(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        input: input(ledger),
        field: field.to_string(),
        control: found.control().value.clone(),
        control_was_named,
        conversations: found.conversations,
        resamples: arms::RESAMPLES as u64,
        seed: arms::SEED,
        calls_in_no_arm: found.calls_in_no_arm,
        split_conversations: found.split_conversations,
        arms: found.arms.iter().map(|arm| figures(arm, has_conversations)).collect(),
        differences: found.differences.iter().map(|one| difference(found, one)).collect(),
        warnings: warnings(found, ledger, field),
    }
}

fn input(ledger: &Ledger<'_>) -> ArmsInput {
    let files = &ledger.log.accounting.files;
    let sum = |pick: fn(&FileAccount) -> u64| files.iter().map(pick).sum();
    ArmsInput {
        files: files.iter().map(|file| file.path.clone()).collect(),
        lines: sum(|file| file.lines),
        calls: sum(|file| file.calls),
        duplicates: sum(|file| file.duplicates),
        ignored: sum(FileAccount::ignored_total),
        rejected: sum(|file| file.rejected),
        left_out: ledger.left_out,
    }
}

fn figures(arm: &Arm, has_conversations: bool) -> ArmFigures {
    let figure = |metric: Metric| metric.of(&arm.sums).map(Decimal::from_billionths);
    let sums = &arm.sums;
    let time = |time: Option<&crate::units::Timestamp>| time.map(ToString::to_string);
    ArmFigures {
        arm: arm.value.clone(),
        calls: sums.calls,
        conversations: has_conversations.then_some(arm.conversations.len() as u64),
        unpriced_calls: sums.unpriced_calls(),
        scored_calls: sums.scored_calls,
        cost_usd: (sums.priced_calls > 0)
            .then(|| Decimal::from_billionths(sums.cost.to_nano().nano())),
        cost_per_call_usd: figure(Metric::CostPerCall),
        cost_per_conversation_usd: figure(Metric::CostPerConversation)
            .filter(|_| has_conversations),
        input_tokens_per_call: figure(Metric::InputTokensPerCall),
        output_tokens_per_call: figure(Metric::OutputTokensPerCall),
        cache_read_share: figure(Metric::CacheReadShare),
        error_share: figure(Metric::ErrorShare),
        score: figure(Metric::Score),
        first_call: time(arm.times.first()),
        last_call: time(arm.times.last()),
    }
}

fn difference(found: &Comparison, one: &arms::Difference) -> ArmDifference {
    let number = |billionths: Option<i128>| billionths.map(Decimal::from_billionths);
    let part = |interval: Option<Interval>, pick: fn(&Interval) -> Option<i128>| {
        number(interval.as_ref().and_then(pick))
    };
    let (absolute, relative) = (one.interval, one.relative);
    let (verdict, reason) = verdict(found, one);
    ArmDifference {
        arm: found.arms[one.arm].value.clone(),
        metric: metric(one.metric),
        control_value: number(one.control),
        arm_value: number(one.value),
        difference: part(absolute, |interval| Some(interval.seen)),
        low: part(absolute, |interval| Some(interval.low)),
        high: part(absolute, |interval| Some(interval.high)),
        smallest_shown: part(absolute, Interval::half_width),
        relative_difference: part(relative, |interval| Some(interval.seen)),
        relative_low: part(relative, |interval| Some(interval.low)),
        relative_high: part(relative, |interval| Some(interval.high)),
        smallest_relative_shown: part(relative, Interval::half_width),
        verdict,
        reason,
        evidence: one.evidence,
    }
}

const fn metric(metric: Metric) -> ArmMetric {
    match metric {
        Metric::CostPerCall => ArmMetric::CostPerCall,
        Metric::CostPerConversation => ArmMetric::CostPerConversation,
        Metric::InputTokensPerCall => ArmMetric::InputTokensPerCall,
        Metric::OutputTokensPerCall => ArmMetric::OutputTokensPerCall,
        Metric::CacheReadShare => ArmMetric::CacheReadShare,
        Metric::ErrorShare => ArmMetric::ErrorShare,
        Metric::Score => ArmMetric::Score,
    }
}

/// The verdict, and why it is none.
fn verdict(found: &Comparison, one: &arms::Difference) -> (ArmVerdict, Option<String>) {
    match one.verdict {
        Verdict::Higher => (ArmVerdict::Higher, None),
        Verdict::Lower => (ArmVerdict::Lower, None),
        Verdict::NoDifferenceSeen => (ArmVerdict::NoDifferenceSeen, None),
        Verdict::TooSmall { calls, conversations } => {
            let unit = if found.conversations.is_some() { "conversation" } else { "call" };
            let mut lacks = Vec::new();
            if calls > 0 {
                lacks.push(format!("{} more (of {FEWEST_CALLS})", counted(calls, "call")));
            }
            if conversations > 0 && (found.conversations.is_some() || calls == 0) {
                let number = counted(conversations, unit);
                lacks.push(format!("{number} more (of {FEWEST_CONVERSATIONS})"));
            }
            let reason = format!("the smaller arm needs {}", lacks.join(" and "));
            (ArmVerdict::TooSmallToTell, Some(reason))
        }
        Verdict::NotJudged(why) => {
            let reason = match why {
                Unjudged::NotLogged => "the log does not carry it in both arms",
                Unjudged::Unpriced => "more than 5 % of an arm's calls have no price",
                Unjudged::TooSparse => "too few calls carry it: some resamples have none",
            };
            (ArmVerdict::NotJudged, Some(reason.to_owned()))
        }
    }
}

/// What a reader should know, in the order in which it matters.
fn warnings(found: &Comparison, ledger: &Ledger<'_>, field: &Field) -> Vec<Warning> {
    let mut list = Vec::new();
    let mut warn =
        |code: &str, message: String| list.push(Warning { code: code.to_owned(), message });
    times(found, &mut warn);
    mixes(found, &mut warn);
    if found.calls_in_no_arm > 0 {
        let calls = counted(found.calls_in_no_arm, "call");
        warn("IN_NO_ARM", format!("{calls} without a value of {field}: in no arm, left out"));
    }
    conversations(found, &mut warn);
    for arm in found.arms.iter().filter(|arm| arm.sums.unpriced_calls() > 0) {
        let calls = counted(arm.sums.unpriced_calls(), "call");
        let message =
            format!("{calls} of `{}` without a price: its costs leave them out", arm.value);
        warn("UNPRICED_CALLS", message);
    }
    if found.unreadable_scores > 0 {
        let calls = counted(found.unreadable_scores, "call");
        warn("SCORE_UNREADABLE", format!("{calls} with a score that is no number: left out"));
    }
    let rejected: u64 = ledger.log.accounting.files.iter().map(|file| file.rejected).sum();
    if rejected > 0 {
        let records = counted(rejected, "record");
        warn("REJECTED", format!("{records} could not be read; `tokopt inspect` says why"));
    }
    if !ledger.buckets.is_empty() {
        let periods = counted(ledger.buckets.len() as u64, "period");
        warn("NO_CALLS", format!("{periods} of usage exports: sums are in no arm, left out"));
    }
    if found.intervals() > 1 {
        let message = format!(
            "{} at 95 %: about 5 % of such intervals miss the true difference by chance, and \
             nothing is corrected for their number",
            counted(found.intervals(), "interval")
        );
        warn("MANY_INTERVALS", message);
    }
    list
}

fn times(found: &Comparison, warn: &mut impl FnMut(&str, String)) {
    let control = &found.control().value;
    for overlap in &found.overlaps {
        let arm = &found.arms[overlap.arm].value;
        if overlap.calls == 0 {
            let message = format!(
                "`{arm}` and `{control}` did not run at the same time: this is a comparison of \
                 before and after, not an A/B test, and anything else that changed is in it"
            );
            warn("NOT_AT_ONE_TIME", message);
        } else if overlap.calls * 2 < overlap.dated_calls {
            let share = Share::of_counts(overlap.calls, overlap.dated_calls);
            let share = share.map_or_else(String::new, Share::to_percent);
            let message = format!(
                "only {share} of the calls of `{arm}` and `{control}` were made while both ran: \
                 most of this is a comparison of before and after"
            );
            warn("PARTLY_AT_ONE_TIME", message);
        }
    }
}

fn mixes(found: &Comparison, warn: &mut impl FnMut(&str, String)) {
    let control = found.control();
    for (position, arm) in found.arms.iter().enumerate() {
        let mixes = found.mixes.iter().filter(|mix| mix.arm == position);
        let share =
            |part, whole| Share::of_counts(part, whole).map_or_else(String::new, Share::to_percent);
        let mut told: Vec<String> = mixes
            .map(|mix| {
                let feature = mix.feature.as_deref().map_or_else(
                    || "calls without a feature".to_owned(),
                    |feature| format!("`{feature}`"),
                );
                let (before, after) = (
                    share(mix.control_calls, control.sums.calls),
                    share(mix.calls, arm.sums.calls),
                );
                format!("{feature} {after} against {before}")
            })
            .collect();
        let more = told.len().saturating_sub(MIXES_SHOWN);
        told.truncate(MIXES_SHOWN);
        if more > 0 {
            told.push(format!("{more} more"));
        }
        if !told.is_empty() {
            let message = format!(
                "`{}` had other traffic than `{}`: {}; a difference may be the traffic's",
                arm.value,
                control.value,
                told.join(", ")
            );
            warn("TRAFFIC_MIX", message);
        }
    }
}

fn conversations(found: &Comparison, warn: &mut impl FnMut(&str, String)) {
    if found.split_conversations > 0 {
        let split = counted(found.split_conversations, "conversation");
        let message = format!(
            "{split} in more than one arm: calls were assigned, not conversations. Each part \
             counts as a conversation of its own, and what one arm did may show in another"
        );
        warn("SPLIT_CONVERSATIONS", message);
    }
    let message = match found.conversations {
        Some(Evidence::Measured) => return,
        Some(_) => {
            "some conversations are deduced from prompts or missing: intervals are too narrow \
             where calls that belong together are not seen to"
        }
        None => {
            "the log names no conversation and shows none: every call is resampled by itself, \
             and intervals are too narrow if calls belong together"
        }
    };
    warn("CONVERSATIONS_NOT_LOGGED", message.to_owned());
}

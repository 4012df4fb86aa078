//! The words of the ladder, the cache and the findings, the same in every
//! report.
//!
//! Plain text without markup. What a log or a file named in it stands as the
//! document has it, so that each report escapes it in its own way.

use super::document::{
    Assumption, Cache, CachePolicy, Finding, Group, Ladder, Quotient, Step, StepStatus, WhatIf,
};
use super::figures::{UNKNOWN_MARK, count, counted, percent, trimmed, whole};
use crate::units::{NanoUsd, Share};

/// What all applied steps save together.
pub fn saved(ladder: &Ladder) -> NanoUsd {
    ladder.baseline_usd - ladder.final_usd
}

/// The bill before and after, and the difference, in one line.
pub fn outcome(ladder: &Ladder) -> String {
    let saving = saved(ladder);
    let share = Share::of_nano(saving, ladder.baseline_usd)
        .map_or_else(String::new, |share| format!(" ({})", share.to_percent()));
    let is_untried = ladder.steps.iter().all(|step| step.status == StepStatus::Unknown);
    if is_untried && !ladder.steps.is_empty() {
        return "No technique could be tried on these calls".to_owned();
    }
    if saving == NanoUsd::ZERO {
        return format!(
            "No technique saves anything on these calls, which cost {}",
            ladder.baseline_usd.to_display()
        );
    }
    format!(
        "{} would be {}: {} less{share}",
        ladder.baseline_usd.to_display(),
        ladder.final_usd.to_display(),
        saving.to_display()
    )
}

/// What the saving rests on and leaves out, a sentence each.
pub fn outcome_notes(ladder: &Ladder) -> Vec<String> {
    let mut notes = Vec::new();
    if saved(ladder) != NanoUsd::ZERO {
        let grades = ladder.by_evidence;
        let parts: Vec<String> = [
            (grades.measured_usd, "measured"),
            (grades.inferred_usd, "inferred"),
            (grades.assumed_usd, "assumed"),
        ]
        .into_iter()
        .filter(|(amount, _)| *amount != NanoUsd::ZERO)
        .map(|(amount, grade)| format!("{} {grade}", amount.to_display()))
        .collect();
        if !parts.is_empty() {
            notes.push(format!("Of the saving: {}", parts.join(", ")));
        }
    }
    if ladder.not_simulated_calls > 0 {
        let cost = ladder
            .not_simulated_usd
            .map_or_else(|| "at an unknown cost".to_owned(), NanoUsd::to_display);
        let calls = counted(ladder.not_simulated_calls, "call or bucket", "calls or buckets");
        notes.push(format!("Not simulated: {calls}, {cost}"));
    }
    notes
}

/// What adding up the savings alone gets wrong, as a fragment.
pub fn overlap_meaning(overlap: NanoUsd) -> &'static str {
    if overlap < NanoUsd::ZERO {
        "what the steps gain only together"
    } else {
        "what the savings alone count twice"
    }
}

/// The steps of one status, in the document's order.
pub fn steps(ladder: &Ladder, status: StepStatus) -> impl Iterator<Item = &Step> {
    ladder.steps.iter().filter(move |step| step.status == status)
}

/// The saving alone at the low and high ends of the assumptions; `None` where
/// they change nothing.
pub fn band(step: &Step) -> Option<String> {
    let (low, high) = step.low_saving_usd.zip(step.high_saving_usd)?;
    (low != high).then(|| format!("{} to {}", low.to_display(), high.to_display()))
}

/// How a step's figures are known, or the dash.
pub fn grade(step: &Step) -> &'static str {
    step.evidence.map_or(UNKNOWN_MARK, super::document::Evidence::name)
}

/// The levers of a step in one line; `None` for a step of one lever.
pub fn levers(step: &Step) -> Option<String> {
    let parts: Vec<String> = step
        .levers
        .iter()
        .map(|lever| {
            let name = lever.lever.replace('_', " ");
            format!("{name} {} {}", lever.saving_usd.to_display(), lever.evidence.name())
        })
        .collect();
    (parts.len() > 1).then(|| parts.join(", "))
}

/// Why a step is not used, with its code and its amount.
pub fn reason(step: &Step) -> String {
    let mut parts = vec![match (&step.reason, step.status) {
        (Some(reason), _) => format!("{} ({})", reason.message, reason.code),
        (None, StepStatus::Unknown) => "the log does not say enough".to_owned(),
        (None, _) => "no part of the traffic costs less with it".to_owned(),
    }];
    let shown = |amount: &NanoUsd| *amount != NanoUsd::ZERO;
    let loss = step.reason.as_ref().and_then(|reason| reason.amount_usd).filter(shown);
    parts.extend(loss.map(|loss| format!("using it would cost {} more", loss.to_display())));
    let alone = step.standalone_saving_usd.filter(shown);
    parts.extend(
        alone.map(|alone| format!("as the only technique it would save {}", alone.to_display())),
    );
    parts.join("; ")
}

/// Steps that are not used, or not known, for the same reason.
#[derive(Debug, PartialEq, Eq)]
pub struct Unused<'ladder> {
    /// Their names.
    pub techniques: String,
    /// Of all of them.
    pub status: StepStatus,
    /// Why, with the code.
    pub reason: String,
    /// What would settle it.
    pub settled_by: Option<&'ladder str>,
}

/// The steps of one status by their reason, so that each reason is said once,
/// in the order of the first step of each.
pub fn unused(ladder: &Ladder, status: StepStatus) -> Vec<Unused<'_>> {
    let mut found: Vec<(Vec<&str>, Unused<'_>)> = Vec::new();
    for step in steps(ladder, status) {
        let reason = reason(step);
        let settled_by = step.reason.as_ref().and_then(|reason| reason.settled_by.as_deref());
        let is_same =
            |unused: &Unused<'_>| unused.reason == reason && unused.settled_by == settled_by;
        if let Some((names, _)) = found.iter_mut().find(|(_, unused)| is_same(unused)) {
            names.push(&step.technique);
        } else {
            let unused = Unused { techniques: String::new(), status, reason, settled_by };
            found.push((vec![&step.technique], unused));
        }
    }
    let named = found.into_iter().map(|(names, unused)| {
        let is_all = names.len() > 1 && names.len() == ladder.steps.len();
        let techniques = if is_all { "every technique".to_owned() } else { names.join(", ") };
        Unused { techniques, ..unused }
    });
    named.collect()
}

/// A value or a bound of a parameter; `inf` where it has no end.
pub fn value(value: Option<Quotient>) -> String {
    value.map_or_else(|| "inf".to_owned(), trimmed)
}

/// The steps with their parameters, those without any left out.
pub fn assumptions(ladder: &Ladder) -> impl Iterator<Item = (&Step, &Assumption)> {
    let used = ladder.steps.iter().filter(|step| step.status != StepStatus::Unknown);
    used.flat_map(|step| step.assumptions.iter().map(move |assumption| (step, assumption)))
}

/// What a group does not use, with the codes, in one line.
pub fn group_skips(group: &Group) -> String {
    let skips = group.skipped.iter().map(|skip| format!("{} {}", skip.technique, skip.code));
    skips.collect::<Vec<_>>().join(", ")
}

/// What the figures of another model leave open.
pub const WHAT_IF_NOTE: &str = "Beside the ladder, in none of its totals: the same texts, the \
    answers as long as they are, at the other model's prices and cache rules. Whether its answers \
    are as good, nothing here says";

/// Both models of a question.
pub fn what_if_name(row: &WhatIf) -> String {
    format!("{} → {}", row.from, row.to)
}

/// What the calls cost now and then, in one line.
pub fn what_if_figures(row: &WhatIf) -> String {
    format!(
        "{}: {} now, {} then, {}; {}",
        counted(row.calls, "call", "calls"),
        row.cost_usd.to_display(),
        row.new_cost_usd.to_display(),
        what_if_difference(row),
        row.evidence.name()
    )
}

/// The difference with its sign, and its part of what is paid now.
pub fn what_if_difference(row: &WhatIf) -> String {
    let sign = if row.difference_usd > NanoUsd::ZERO { "+" } else { "" };
    let share = Share::of_nano(row.difference_usd, row.cost_usd)
        .map_or_else(String::new, |share| format!(" ({sign}{})", share.to_percent()));
    format!("{sign}{}{share}", row.difference_usd.to_display())
}

/// The facts of a finding: its code, calls, cost and grade.
pub fn finding_facts(finding: &Finding) -> String {
    let mut facts = vec![finding.code.clone()];
    facts.extend(finding.calls.map(|calls| counted(calls, "call", "calls")));
    facts.extend(finding.cost_usd.map(NanoUsd::to_display));
    let wasted = finding.wasted_usd.filter(|wasted| *wasted != NanoUsd::ZERO);
    facts.extend(wasted.map(|wasted| format!("{} of it wasted", wasted.to_display())));
    facts.push(finding.evidence.name().to_owned());
    facts.join(", ")
}

/// What is read from the cache, in one line.
pub fn cache_shares(cache: &Cache) -> String {
    format!(
        "Input read from the cache: {} by the log, {} replayed ({}), {} if nothing expired",
        percent(cache.logged_read_share),
        percent(cache.replayed_read_share),
        cache.evidence.name(),
        percent(cache.infinite_read_share)
    )
}

/// How well the replay meets the bill, in one line.
pub fn calibration(cache: &Cache) -> Option<String> {
    let calibration = cache.calibration?;
    Some(format!(
        "The replay meets the billed count in {} of {}: {} billed, {} replayed",
        whole(calibration.exact_calls),
        counted(calibration.calls, "call", "calls"),
        percent(calibration.billed_read_share),
        percent(calibration.replayed_read_share)
    ))
}

/// The lifetime of a policy's entries: `300 s`; empty where nothing is kept.
pub fn lifetime(policy: &CachePolicy) -> String {
    match policy.ttl_seconds {
        Some(_) => format!("{} s", count(policy.ttl_seconds)),
        None if policy.policy == "none" => String::new(),
        None => "inf".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{band, outcome, reason, unused};
    use crate::report::document::{Ladder, Reason, Step, StepStatus};
    use crate::units::NanoUsd;

    fn dollars(amount: i128) -> NanoUsd {
        NanoUsd::from_nano(amount * 1_000_000_000)
    }

    #[test]
    fn a_ladder_without_a_saving_says_so() {
        let flat = Ladder { baseline_usd: dollars(3), final_usd: dollars(3), ..Ladder::default() };
        assert_eq!(outcome(&flat), "No technique saves anything on these calls, which cost $3.00");
        // 3 - 1 = 2, two thirds.
        let steep = Ladder { final_usd: dollars(1), ..flat };
        assert_eq!(outcome(&steep), "$3.00 would be $1.00: $2.00 less (66.7 %)");
    }

    #[test]
    fn a_skip_names_its_code_its_loss_and_what_it_would_save_alone() {
        let step = Step {
            status: StepStatus::Skipped,
            reason: Some(Reason {
                code: "RAISES_COST".to_owned(),
                message: "its fee is more than it saves".to_owned(),
                amount_usd: Some(dollars(2)),
                settled_by: None,
            }),
            standalone_saving_usd: Some(dollars(1)),
            ..Step::default()
        };
        assert_eq!(
            reason(&step),
            "its fee is more than it saves (RAISES_COST); using it would cost $2.00 more; \
             as the only technique it would save $1.00"
        );
        let without = Step { reason: None, standalone_saving_usd: None, ..step };
        assert_eq!(reason(&without), "no part of the traffic costs less with it");
    }

    #[test]
    fn a_reason_that_several_steps_share_is_said_once() {
        let step = |technique: &str, message: &str| Step {
            technique: technique.to_owned(),
            status: StepStatus::Unknown,
            reason: Some(Reason {
                code: "NEEDS_TEXT".to_owned(),
                message: message.to_owned(),
                amount_usd: None,
                settled_by: Some("texts".to_owned()),
            }),
            ..Step::default()
        };
        let said = |steps: Vec<Step>| -> Vec<(String, String)> {
            let ladder = Ladder { steps, ..Ladder::default() };
            let unused = unused(&ladder, StepStatus::Unknown).into_iter();
            unused.map(|unused| (unused.techniques, unused.reason)).collect()
        };
        let pair = |techniques: &str, reason: &str| (techniques.to_owned(), reason.to_owned());
        assert_eq!(
            said(vec![step("a", "no text"), step("b", "no answer"), step("c", "no text")]),
            [pair("a, c", "no text (NEEDS_TEXT)"), pair("b", "no answer (NEEDS_TEXT)")]
        );
        assert_eq!(
            said(vec![step("a", "no text"), step("b", "no text")]),
            [pair("every technique", "no text (NEEDS_TEXT)")]
        );
    }

    #[test]
    fn a_band_is_shown_where_there_is_one() {
        let mut step = Step {
            low_saving_usd: Some(dollars(1)),
            high_saving_usd: Some(dollars(1)),
            ..Step::default()
        };
        assert_eq!(band(&step), None);
        step.high_saving_usd = Some(dollars(4));
        assert_eq!(band(&step).as_deref(), Some("$1.00 to $4.00"));
        step.low_saving_usd = None;
        assert_eq!(band(&step), None);
    }
}

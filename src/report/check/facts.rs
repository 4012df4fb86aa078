//! What every report of a check says in the same words.
//!
//! Knows no layout. Names from the log arrive in these texts as they are: each
//! report escapes them in its own way.

use crate::report::document::{
    Check, Judgement, Level, Limit, Outcome, Quantity, Side, Status, Subject, Unit,
};
use crate::report::figures::{counted, whole};
use crate::units::Share;

/// How much a judgement asks of its reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It fails the check.
    Error,
    /// It is said.
    Warning,
}

impl Severity {
    /// The word used in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// How much the judgement asks of its reader; `None` where nothing is wrong, or
/// nothing could be told.
#[must_use]
pub const fn severity(judgement: &Judgement) -> Option<Severity> {
    match (judgement.status, judgement.level) {
        (Status::Over, Level::Error) => Some(Severity::Error),
        (Status::Over, Level::Warn) | (Status::Near, Level::Error | Level::Warn) => {
            Some(Severity::Warning)
        }
        _ => None,
    }
}

/// The answer in one line: `check failed: 1 error, 6 passed, 2 not judged`.
#[must_use]
pub fn verdict(check: &Check) -> String {
    let answer = match check.outcome {
        Outcome::Within => "check passed",
        Outcome::Over => "check failed",
        Outcome::NotJudged => "check could not judge",
    };
    let counts = &check.counts;
    let plural = |count: u64, noun: &str| {
        (count > 0).then(|| format!("{} {noun}{}", whole(count), if count == 1 { "" } else { "s" }))
    };
    let plain = |count: u64, word: &str| (count > 0).then(|| format!("{} {word}", whole(count)));
    let parts: Vec<String> = [
        plural(counts.errors, "error"),
        plural(counts.warnings, "warning"),
        plain(counts.passed, "passed"),
        plain(counts.not_judged, "not judged"),
        plain(counts.ignored, "ignored"),
    ]
    .into_iter()
    .flatten()
    .collect();
    if parts.is_empty() {
        format!("{answer}: no rule")
    } else {
        format!("{answer}: {}", parts.join(", "))
    }
}

/// The time that the log covers, in words: `2.6 days of log (2026-06-01 to 2026-06-03)`.
pub(super) fn window(subject: &Subject) -> Option<String> {
    let window = &subject.window;
    let days = window.days.map(|days| days.to_display(1))?;
    let day =
        |time: &Option<String>| time.as_deref().and_then(|time| time.get(..10)).map(str::to_owned);
    let noun = if days == "1.0" { "day" } else { "days" };
    Some(match (day(&window.start), day(&window.end)) {
        (Some(start), Some(end)) => format!("{days} {noun} of log ({start} to {end})"),
        _ => format!("{days} {noun} of log"),
    })
}

/// How much of the log is priced. Anything short of all is never shown as all.
pub(super) fn priced(subject: &Subject) -> Option<String> {
    if subject.unpriced_calls == 0 {
        return subject
            .cost_usd
            .filter(|_| subject.calls != Some(0))
            .map(|_| "all calls priced".to_owned());
    }
    let missing = counted(subject.unpriced_calls, "call", "calls");
    let calls = subject.calls.filter(|calls| *calls >= subject.unpriced_calls);
    let share = calls.and_then(|calls| Share::of_counts(calls - subject.unpriced_calls, calls));
    Some(share.map_or_else(
        || format!("{missing} without a price"),
        |share| format!("{} of calls priced, {missing} without a price", share.to_percent()),
    ))
}

/// What the log cost: `at least $1.82 in the log` where a call has no price.
pub(super) fn cost_in_log(subject: &Subject) -> Option<String> {
    let bound = if subject.unpriced_calls > 0 { "at least " } else { "" };
    subject.cost_usd.map(|cost| format!("{bound}{} in the log", cost.to_display()))
}

/// What was judged, in one line: how many calls of which time, what they cost,
/// and how much of it is priced.
#[must_use]
pub fn judged(subject: &Subject) -> String {
    let parts = [
        subject.calls.map(|calls| counted(calls, "call", "calls")),
        window(subject),
        cost_in_log(subject),
        priced(subject),
        (subject.rejected > 0)
            .then(|| format!("{} rejected", counted(subject.rejected, "record", "records"))),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// How to go on where something is over: with the codes that can be explained.
#[must_use]
pub fn way_on(check: &Check) -> Option<String> {
    let (_, worst) = complaints(check).into_iter().next()?;
    Some(format!(
        "`tokopt explain {}` says how to raise the limit, only warn, or ignore it",
        worst.code
    ))
}

/// The slice in words: its filters, or `all calls`.
#[must_use]
pub fn slice(judgement: &Judgement) -> String {
    if judgement.filters.is_empty() { "all calls".to_owned() } else { judgement.filters.join(", ") }
}

/// What is allowed: `at most $4,000.00`, and the change behind it.
#[must_use]
pub fn limit(limit: &Limit) -> String {
    let side = match limit.side {
        Side::AtMost => "at most",
        Side::AtLeast => "at least",
    };
    let changes = [limit.change_share, limit.change].into_iter().flatten();
    let changes: Vec<String> = changes.map(change_of_baseline).collect();
    let bound = limit.bound.to_display();
    if changes.is_empty() {
        format!("{side} {bound}")
    } else {
        format!("{side} {bound} ({})", changes.join(" and "))
    }
}

/// An allowed change in words: `baseline - 20.0 %`.
fn change_of_baseline(change: Quantity) -> String {
    let shown = change.to_display();
    match shown.strip_prefix('-') {
        Some(amount) => format!("baseline - {amount}"),
        None => format!("baseline + {shown}"),
    }
}

/// How the measured value is known, and from how many calls.
#[must_use]
pub fn known_how(judgement: &Judgement) -> Option<String> {
    let evidence = judgement.evidence.map(|evidence| evidence.name().to_owned());
    let calls = judgement.calls.map(|calls| match calls {
        1 => "1 call".to_owned(),
        calls => format!("{} calls", whole(calls)),
    });
    let parts: Vec<String> = [evidence, calls].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// What moved the measured value, or causes most of it.
#[must_use]
pub fn moved_by(judgement: &Judgement) -> Option<String> {
    // Without a baseline a mover is a part of the value, not a change of it.
    let amount = |amount: Quantity| {
        if moves(judgement) { signed(amount) } else { amount.to_display() }
    };
    let movers = judgement.moved_by.iter();
    let movers: Vec<String> = movers
        .map(|mover| {
            let part = part_of(mover.amount, judgement).unwrap_or_default();
            format!("{} {}{part}", mover.what, amount(mover.amount))
        })
        .collect();
    (!movers.is_empty()).then(|| movers.join(", "))
}

/// Which part of the measured value an amount is: ` (86.6 %)`. Without it, a
/// part of a mean reads like a mean of its own.
fn part_of(amount: Quantity, judgement: &Judgement) -> Option<String> {
    let whole = judgement.measured.filter(|_| !moves(judgement))?.billionths();
    let part = amount.billionths().checked_mul(1_000_000_000)?.checked_div(whole)?;
    Some(format!(" ({})", Quantity::from_billionths(part, Unit::Share).to_display()))
}

/// The name of what [`moved_by`] says.
#[must_use]
pub fn moved_by_name(judgement: &Judgement) -> &'static str {
    if moves(judgement) { "moved by" } else { "largest parts" }
}

/// Whether movers are changes and not parts: of a comparison, or of a share,
/// whose only movers are shifts.
fn moves(judgement: &Judgement) -> bool {
    judgement.baseline.is_some() || judgement.unit() == Some(Unit::Share)
}

/// A number with its sign, also where it is positive.
fn signed(quantity: Quantity) -> String {
    let sign = if quantity.billionths() > 0 { "+" } else { "" };
    format!("{sign}{}", quantity.to_display())
}

/// What is known of a judgement, as named texts: for reports that list
/// properties.
pub(super) fn properties(judgement: &Judgement) -> Vec<(&'static str, String)> {
    let shown = |quantity: Option<Quantity>| quantity.map(Quantity::to_display);
    let all = [
        ("measured", shown(judgement.measured)),
        ("limit", judgement.limit.as_ref().map(limit)),
        ("baseline", shown(judgement.baseline)),
        ("evidence", judgement.evidence.map(|evidence| evidence.name().to_owned())),
        ("calls", judgement.calls.map(|calls| calls.to_string())),
        (moved_by_name(judgement), moved_by(judgement)),
        ("help", judgement.help.clone()),
    ];
    all.into_iter().filter_map(|(name, text)| text.map(|text| (name, text))).collect()
}

/// The judgements of a status, in the order of the document.
pub(super) fn of(check: &Check, status: Status) -> Vec<&Judgement> {
    check.judgements.iter().filter(|judgement| judgement.status == status).collect()
}

/// What asks something of the reader: errors, then warnings, in each the
/// furthest past its limit first.
pub(super) fn complaints(check: &Check) -> Vec<(Severity, &Judgement)> {
    let mut found: Vec<(Severity, &Judgement)> = check
        .judgements
        .iter()
        .filter_map(|judgement| severity(judgement).map(|severity| (severity, judgement)))
        .collect();
    found.sort_by_key(|(severity, judgement)| (*severity, std::cmp::Reverse(excess(judgement))));
    found
}

/// How far past its limit, in millionths of the limit.
fn excess(judgement: &Judgement) -> i128 {
    let (Some(limit), Some(measured)) = (judgement.limit, judgement.measured) else { return 0 };
    let (bound, measured) = (limit.bound.billionths(), measured.billionths());
    let past = match limit.side {
        Side::AtMost => measured.saturating_sub(bound),
        Side::AtLeast => bound.saturating_sub(measured),
    };
    past.saturating_mul(1_000_000).checked_div(bound.saturating_abs()).unwrap_or(i128::MAX)
}

/// What was not judged, by its reason, in the order of the document.
#[must_use]
pub fn not_judged(check: &Check) -> Vec<(&str, Vec<&Judgement>)> {
    let mut groups: Vec<(&str, Vec<&Judgement>)> = Vec::new();
    for judgement in of(check, Status::NotJudged) {
        let reason = judgement.reason.as_deref().unwrap_or(&judgement.message);
        match groups.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, judgements)) => judgements.push(judgement),
            None => groups.push((reason, vec![judgement])),
        }
    }
    groups
}

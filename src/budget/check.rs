//! A whole check: every rule on every slice, the answer in all, the questions.

use super::figures::{Figures, Side};
use super::judge::{Bench, Judged};
use super::measure;
use super::questions::questions;
use super::rule::{Budget, Ignore, Rule};
use crate::report::document::{
    CHECK_SCHEMA_VERSION, Check, Counts, Judgement, Level, Outcome, Quotient, Status, Subject,
    Warning,
};
use crate::selection::{Field, Fields};
use crate::units::{Share, counted};

/// No call was read.
pub const EMPTY: &str = "TK001";
/// Too many records were rejected.
pub const REJECTED: &str = "TK002";
/// No rule could judge.
pub const NOTHING_JUDGED: &str = "TK003";
/// An ignore has expired.
pub const EXPIRED: &str = "TK009";
/// The two sides are priced by different tables.
pub const OTHER_PRICES: &str = "TK301";
/// The two sides cover lengths of time that differ much.
pub const OTHER_LENGTH: &str = "TK302";
/// Only the log is restricted, not its baseline.
pub const OTHER_CALLS: &str = "TK303";

/// Codes that a check can give besides those of measures.
pub const CODES: [&str; 7] =
    [EMPTY, REJECTED, NOTHING_JUDGED, EXPIRED, OTHER_PRICES, OTHER_LENGTH, OTHER_CALLS];

/// What is let pass for this once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allowances {
    /// A log without a call.
    pub empty: bool,
    /// A log of which too much was rejected.
    pub rejected: bool,
    /// Whether a warning fails the check.
    pub error_on_warning: bool,
}

/// Checks a log, against a baseline where there is one.
#[must_use]
pub fn check(
    budget: &Budget,
    log: &dyn Figures,
    baseline: Option<&dyn Figures>,
    allowances: Allowances,
) -> Check {
    let bench = Bench {
        log: Side::new(log),
        baseline: baseline.map(Side::new),
        unpriced_share: budget.unpriced_share,
    };
    let mut warnings = sides(budget, log, baseline);
    let mut judgements: Vec<Judgement> = Vec::new();
    for judged in budget.rules.iter().flat_map(|rule| bench.judge(rule)) {
        judgements.push(ignored(judged, budget, log.subject(), &mut warnings));
    }
    judgements.sort_by_key(|judgement| judgement.status);
    let counts = count(&judgements);
    let mut refusals = refusals(budget, log, baseline, allowances);
    let is_empty_and_fine = is_empty(log.subject()) && (allowances.empty || budget.allow_empty);
    warnings.extend(incomplete(log, &refusals));
    let none_judged = judgements.iter().all(|judgement| judgement.status == Status::NotJudged);
    if none_judged && refusals.is_empty() && !is_empty_and_fine {
        let rules = counted(judgements.len() as u64, "rule");
        refusals.push(warning(NOTHING_JUDGED, format!("none of {rules} could be judged")));
    }
    let fails = counts.errors > 0 || (allowances.error_on_warning && counts.warnings > 0);
    let outcome = match (refusals.is_empty(), fails) {
        (false, _) => Outcome::NotJudged,
        (true, true) => Outcome::Over,
        (true, false) => Outcome::Within,
    };
    Check {
        schema_version: CHECK_SCHEMA_VERSION.to_owned(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        outcome,
        refusals,
        counts,
        subject: log.subject().clone(),
        baseline: baseline.map(|baseline| baseline.subject().clone()),
        questions: questions(&bench.log, bench.baseline.as_ref()),
        judgements,
        warnings,
    }
}

fn warning(code: &str, message: String) -> Warning {
    Warning { code: code.to_owned(), message }
}

fn is_empty(subject: &Subject) -> bool {
    subject.calls == Some(0)
}

/// Why nothing is concluded from the log, or from its baseline where a rule
/// compares with it.
fn refusals(
    budget: &Budget,
    log: &dyn Figures,
    baseline: Option<&dyn Figures>,
    allowances: Allowances,
) -> Vec<Warning> {
    let compares = |rule: &Rule| rule.limit.compares() || *rule.measure == measure::MODEL_MIX_SHIFT;
    let compared = baseline.filter(|_| budget.rules.iter().any(compares));
    let sides = [(Some(log), ""), (compared, " of the baseline")];
    let mut refusals = Vec::new();
    for (figures, of) in sides {
        let Some(subject) = figures.map(Figures::subject) else { continue };
        if is_empty(subject) && !(allowances.empty || budget.allow_empty) {
            let records = counted(subject.lines, "record");
            refusals.push(warning(
                EMPTY,
                format!("no call was found in {records}{of}; --allow-empty lets that pass"),
            ));
        }
        if !allowances.rejected
            && let Some((rejected, told)) = rejected(subject, of)
            && rejected.millionths() * 1_000 >= budget.rejected_share
        {
            refusals.push(warning(
                REJECTED,
                format!(
                    "{told}: what is left is no log to judge by; --allow-rejected lets that pass"
                ),
            ));
        }
    }
    refusals
}

/// The part of the records that could not be read, in words too; `None` where
/// all could. A record that is no call, such as a line of a chat's prompts, says
/// nothing of how much of the calls is left.
fn rejected(subject: &Subject, of: &str) -> Option<(Share, String)> {
    let records = subject.lines.saturating_sub(subject.ignored);
    let share = Share::of_counts(subject.rejected, records).filter(|_| subject.rejected > 0)?;
    let told = format!(
        "{} of {records} records{of} were rejected ({})",
        subject.rejected,
        share.to_percent()
    );
    Some((share, told))
}

/// What is missing from the log without keeping it from being judged.
fn incomplete(log: &dyn Figures, refusals: &[Warning]) -> Option<Warning> {
    let (_, told) = rejected(log.subject(), "")?;
    let is_refused = refusals.iter().any(|refusal| refusal.code == REJECTED);
    (!is_refused).then(|| {
        let help = "no figure holds them; `tokopt analyze` shows the first with their reasons";
        warning(REJECTED, format!("{told}: {help}"))
    })
}

/// What stands between the two sides.
fn sides(budget: &Budget, log: &dyn Figures, baseline: Option<&dyn Figures>) -> Vec<Warning> {
    let Some(baseline) = baseline else { return Vec::new() };
    let mut warnings = Vec::new();
    let shown = |subject: &Subject| {
        subject.prices_as_of.clone().unwrap_or_else(|| "an unknown day".to_owned())
    };
    if log.price_table() != baseline.price_table() {
        let (now, then) = (shown(log.subject()), shown(baseline.subject()));
        warnings.push(warning(
            OTHER_PRICES,
            format!(
                "the baseline was priced by another table (of {then}) than this log (of {now}): \
                 part of a change in dollars may be the prices'"
            ),
        ));
    }
    let days = |figures: &dyn Figures| figures.subject().window.days.map(Quotient::millionths);
    let compares_sums = budget.rules.iter().any(|rule| {
        rule.limit.compares() && matches!(rule.measure.key, "cost" | "calls" | "unpriced_calls")
    });
    if let (true, Some(now), Some(then)) = (compares_sums, days(log), days(baseline))
        && (now > then * 2 || then > now * 2)
    {
        warnings.push(warning(
            OTHER_LENGTH,
            "the log and its baseline cover lengths of time that differ by more than a factor of \
             two: sums are compared as logged, monthly_cost compares rates"
                .to_owned(),
        ));
    }
    warnings
}

fn count(judgements: &[Judgement]) -> Counts {
    let mut counts = Counts::default();
    for judgement in judgements {
        let count = match (judgement.status, judgement.level) {
            (Status::Over, Level::Error) => &mut counts.errors,
            (Status::Over | Status::Near, _) => &mut counts.warnings,
            (Status::NotJudged, _) => &mut counts.not_judged,
            (Status::Ignored, _) => &mut counts.ignored,
            (Status::Within, _) => &mut counts.passed,
        };
        *count += 1;
    }
    counts
}

/// The judgement, ignored where a reason for that is stated and holds still.
fn ignored(
    judged: Judged,
    budget: &Budget,
    subject: &Subject,
    warnings: &mut Vec<Warning>,
) -> Judgement {
    let mut judgement = judged.judgement;
    if judgement.status != Status::Over {
        return judgement;
    }
    let feature = judged.feature.as_deref();
    let holds = budget.ignores.iter().filter(|ignore| ignore.is_about(&judgement, feature));
    for ignore in holds {
        let last = subject.window.end.as_deref().and_then(|end| end.get(..10));
        let expired = ignore.expires.as_deref().zip(last).filter(|(expires, last)| last > expires);
        let place = ignore.place.as_ref();
        let place =
            place.map_or_else(String::new, |place| format!(" at {}:{}", place.path, place.line));
        if let Some((expires, last)) = expired {
            let message = format!(
                "the [[ignore]]{place} of {} held until {expires}, and the log's last call is of \
                 {last}: it ignores nothing any more",
                judgement.rule
            );
            push_once(warnings, warning(EXPIRED, message));
            continue;
        }
        if let (Some(expires), None) = (&ignore.expires, last) {
            let message = format!(
                "the [[ignore]]{place} of {} holds until {expires}, and the log has no dates to \
                 tell whether that is over",
                judgement.rule
            );
            push_once(warnings, warning(EXPIRED, message));
        }
        judgement.status = Status::Ignored;
        judgement.reason = Some(ignore.reason.clone());
        break;
    }
    judgement
}

fn push_once(warnings: &mut Vec<Warning>, warning: Warning) {
    if !warnings.contains(&warning) {
        warnings.push(warning);
    }
}

/// The feature of a slice.
struct OfFeature<'a>(Option<&'a str>);

impl Fields for OfFeature<'_> {
    fn value(&self, _: &Field) -> Option<std::borrow::Cow<'_, str>> {
        self.0.map(std::borrow::Cow::Borrowed)
    }
}

impl Ignore {
    fn is_about(&self, judgement: &Judgement, feature: Option<&str>) -> bool {
        let fits = |wanted: &Option<String>, found: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == found)
        };
        let of_feature = self
            .feature
            .as_ref()
            .is_none_or(|filter| feature.is_some() && filter.keeps(&OfFeature(feature)));
        fits(&self.code, &judgement.code)
            && fits(&self.rule, &judgement.rule)
            && of_feature
            && self.filters.as_ref().is_none_or(|filters| *filters == judgement.filters)
    }
}

//! The words and figures of an A/B test, the same on the screen and on a page.
//!
//! Texts of the log are as the document has them: each report escapes them.

use super::document::{ArmDifference, ArmFigures, ArmMetric, ArmVerdict, Arms, Decimal, Evidence};
use super::figures::{UNKNOWN_MARK, counted, whole};
use crate::units::{NanoUsd, Share};

/// A figure's name.
pub const fn label(metric: ArmMetric) -> &'static str {
    match metric {
        ArmMetric::CostPerCall => "cost per call",
        ArmMetric::CostPerConversation => "cost per conversation",
        ArmMetric::InputTokensPerCall => "input tokens per call",
        ArmMetric::OutputTokensPerCall => "output tokens per call",
        ArmMetric::CacheReadShare => "cache read share",
        ArmMetric::ErrorShare => "error share",
        ArmMetric::Score => "score",
    }
}

/// What may be said, in words.
pub const fn words(verdict: ArmVerdict) -> &'static str {
    match verdict {
        ArmVerdict::Higher => "higher",
        ArmVerdict::Lower => "lower",
        ArmVerdict::NoDifferenceSeen => "no difference seen",
        ArmVerdict::TooSmallToTell => "too small to tell",
        ArmVerdict::NotJudged => "not judged",
    }
}

/// What is compared.
pub fn title(document: &Arms) -> String {
    let calls = document.arms.iter().map(|arm| arm.calls).sum();
    let arms = document.arms.len() as u64;
    format!(
        "{} of {} by {}",
        counted(calls, "call", "calls"),
        counted(arms, "arm", "arms"),
        document.field
    )
}

/// Which arm is the control and why, and how intervals are made.
pub fn method(document: &Arms) -> String {
    let why = if document.control_was_named { "as asked for" } else { "the arm with most calls" };
    let unit = if document.conversations.is_some() { "conversations" } else { "calls" };
    format!(
        "Control: {} ({why}). Intervals hold 95 % of {} resamples of whole {unit}.",
        document.control,
        whole(document.resamples)
    )
}

/// One arm in a sentence: what is higher, lower, and what was not seen.
pub fn sentence(document: &Arms, arm: &ArmFigures) -> String {
    let rows: Vec<&ArmDifference> =
        document.differences.iter().filter(|row| row.arm == arm.arm).collect();
    let mut parts: Vec<String> = rows
        .iter()
        .filter(|row| matches!(row.verdict, ArmVerdict::Higher | ArmVerdict::Lower))
        .map(|row| format!("{} {} ({})", label(row.metric), words(row.verdict), change(row)))
        .collect();
    for verdict in [ArmVerdict::NoDifferenceSeen, ArmVerdict::TooSmallToTell, ArmVerdict::NotJudged]
    {
        let names: Vec<&str> =
            rows.iter().filter(|row| row.verdict == verdict).map(|row| label(row.metric)).collect();
        if names.len() == rows.len() {
            parts.push(format!("{} in any figure", words(verdict)));
        } else if !names.is_empty() {
            parts.push(format!("{} in {}", words(verdict), names.join(", ")));
        }
    }
    parts.join("; ")
}

/// The figures of arms, a row each: the names first, then the arms' figures.
/// Rows that no arm of the document has are left out.
pub fn figures(document: &Arms, arms: &[ArmFigures]) -> Vec<(&'static str, Vec<String>)> {
    let row = |name, cell: &dyn Fn(&ArmFigures) -> String| (name, arms.iter().map(cell).collect());
    let mut rows = vec![row("calls", &|arm| whole(arm.calls))];
    if document.conversations.is_some() {
        rows.push(row("conversations", &|arm| arm.conversations.map_or_else(dash, whole)));
    }
    if document.arms.iter().any(|arm| arm.unpriced_calls > 0) {
        rows.push(row("calls without a price", &|arm| whole(arm.unpriced_calls)));
    }
    rows.push(row("cost", &|arm| arm.cost_usd.map_or_else(dash, dollars)));
    for metric in ArmMetric::ALL {
        if document.arms.iter().any(|arm| arm.figure(metric).is_some()) {
            rows.push(row(label(metric), &|arm| value(metric, arm.figure(metric))));
        }
    }
    if document.arms.iter().any(|arm| arm.scored_calls > 0) {
        rows.push(row("calls with a score", &|arm| whole(arm.scored_calls)));
    }
    let day = |time: &Option<String>| {
        time.as_deref().map_or_else(dash, |time| time.get(..10).unwrap_or(time).to_owned())
    };
    if document.arms.iter().any(|arm| arm.first_call.is_some()) {
        rows.push(row("first call", &|arm| day(&arm.first_call)));
        rows.push(row("last call", &|arm| day(&arm.last_call)));
    }
    rows
}

/// A figure in its unit, or the dash.
pub fn value(metric: ArmMetric, figure: Option<Decimal>) -> String {
    let Some(figure) = figure else { return dash() };
    match metric {
        ArmMetric::CostPerCall | ArmMetric::CostPerConversation => dollars(figure),
        ArmMetric::InputTokensPerCall | ArmMetric::OutputTokensPerCall => figure.to_display(1),
        ArmMetric::CacheReadShare | ArmMetric::ErrorShare => {
            let millionths = u64::try_from(figure.billionths() / 1_000).unwrap_or(0);
            Share::from_millionths(millionths).to_percent()
        }
        ArmMetric::Score if figure.billionths() < 0 => format!("-{}", figure.to_display(3)),
        ArmMetric::Score => figure.to_display(3),
    }
}

/// How a difference of a metric is told: as a part of the control's figure,
/// but for shares and scores, which have a scale of their own.
fn is_relative(metric: ArmMetric) -> bool {
    !matches!(metric, ArmMetric::CacheReadShare | ArmMetric::ErrorShare | ArmMetric::Score)
}

/// The difference: `+20.1 %`, `-3.0 points` of a share, or the dash.
pub fn change(row: &ArmDifference) -> String {
    let seen = if is_relative(row.metric) { row.relative_difference } else { row.difference };
    seen.map_or_else(dash, |seen| format!("{}{}", signed(row.metric, seen), unit(row.metric)))
}

/// The interval of the difference: `+15.2 to +25.3 %`, or the dash.
pub fn interval(row: &ArmDifference) -> String {
    let (low, high) = if is_relative(row.metric) {
        (row.relative_low, row.relative_high)
    } else {
        (row.low, row.high)
    };
    let number = |end| signed(row.metric, end);
    low.zip(high).map_or_else(dash, |(low, high)| {
        format!("{} to {}{}", number(low), number(high), unit(row.metric))
    })
}

/// About the smallest difference that the sample can show, or the dash.
pub fn smallest(row: &ArmDifference) -> String {
    let half =
        if is_relative(row.metric) { row.smallest_relative_shown } else { row.smallest_shown };
    half.map_or_else(dash, |half| format!("{}{}", number(row.metric, half), unit(row.metric)))
}

/// What stands below the differences of an arm: why rows are not judged, and
/// what a sample without a difference could have shown.
pub fn remarks(rows: &[&ArmDifference]) -> Vec<String> {
    let mut remarks: Vec<(String, Vec<&str>)> = Vec::new();
    for row in rows {
        let Some(reason) = &row.reason else { continue };
        let text = format!("{}: {reason}", words(row.verdict));
        match remarks.iter_mut().find(|(known, _)| *known == text) {
            Some((_, metrics)) => metrics.push(label(row.metric)),
            None => remarks.push((text, vec![label(row.metric)])),
        }
    }
    let mut lines: Vec<String> = remarks
        .into_iter()
        .map(|(text, metrics)| format!("{} {text}", metrics.join(", ")))
        .collect();
    let unseen: Vec<&&ArmDifference> =
        rows.iter().filter(|row| row.verdict == ArmVerdict::NoDifferenceSeen).collect();
    let shown: Vec<String> = unseen
        .iter()
        .filter(|row| smallest(row) != UNKNOWN_MARK)
        .map(|row| format!("{} {}", label(row.metric), smallest(row)))
        .collect();
    if !shown.is_empty() {
        lines.push(format!(
            "not seen is not equal: less than about this could not have shown: {}",
            shown.join(", ")
        ));
    }
    let flat: Vec<&str> = unseen
        .iter()
        .filter(|row| smallest(row) == UNKNOWN_MARK)
        .map(|row| label(row.metric))
        .collect();
    if !flat.is_empty() {
        lines.push(format!(
            "the same in every resample, which says nothing of rare events: {}",
            flat.join(", ")
        ));
    }
    lines
}

/// How the differences are known, where that is not by counting alone.
pub fn grade(rows: &[&ArmDifference]) -> Option<String> {
    let worst = rows.iter().map(|row| row.evidence).max()?;
    (worst != Evidence::Measured).then(|| format!("known by: {}", worst.name()))
}

fn signed(metric: ArmMetric, figure: Decimal) -> String {
    let shown = number(metric, figure);
    let is_nothing = !shown.contains(|digit: char| ('1'..='9').contains(&digit));
    match figure.billionths() {
        _ if is_nothing => shown,
        ..0 => format!("-{shown}"),
        _ => format!("+{shown}"),
    }
}

fn number(metric: ArmMetric, figure: Decimal) -> String {
    match metric {
        ArmMetric::Score => figure.to_display(3),
        // Per cent, or points.
        _ => Decimal::from_billionths(figure.billionths().saturating_mul(100)).to_display(1),
    }
}

const fn unit(metric: ArmMetric) -> &'static str {
    match metric {
        ArmMetric::Score => "",
        ArmMetric::CacheReadShare | ArmMetric::ErrorShare => " points",
        _ => " %",
    }
}

fn dollars(figure: Decimal) -> String {
    NanoUsd::from_nano(figure.billionths()).to_display()
}

fn dash() -> String {
    UNKNOWN_MARK.to_owned()
}

#[cfg(test)]
mod tests {
    use super::{signed, value};
    use crate::report::document::{ArmMetric, Decimal};

    #[test]
    fn a_difference_has_a_sign_unless_it_is_nothing() {
        let shown =
            |billionths| signed(ArmMetric::CostPerCall, Decimal::from_billionths(billionths));
        assert_eq!(shown(201_000_000), "+20.1");
        assert_eq!(shown(-30_000_000), "-3.0");
        assert_eq!(shown(-400_000), "0.0");
        let score = signed(ArmMetric::Score, Decimal::from_billionths(-1_250_000_000));
        assert_eq!(score, "-1.250");
    }

    #[test]
    fn figures_are_in_their_unit() {
        let shown = |metric, billionths| value(metric, Some(Decimal::from_billionths(billionths)));
        assert_eq!(shown(ArmMetric::CostPerCall, 250_000), "$0.0002500");
        assert_eq!(shown(ArmMetric::InputTokensPerCall, 1_250_000_000_000), "1,250.0");
        assert_eq!(shown(ArmMetric::ErrorShare, 125_000_000), "12.5 %");
        assert_eq!(value(ArmMetric::Score, None), "—");
    }
}

//! The words of the plan and the monthly bills, the same in every report.
//!
//! Plain text without markup. What a log or a file named in it stands as the
//! document has it, so that each report escapes it in its own way.

use super::document::{Document, Ladder, Monthly, ONE_DAY, PlanStep, Worth};
use super::figures::{UNKNOWN_MARK, dollars, hours, quotient, whole};
use crate::units::NanoUsd;

/// The time until work is paid back, or why it is not worth doing.
pub fn payback(worth: &Worth) -> String {
    if worth.worth_doing == Some(false) {
        return "not worth doing".to_owned();
    }
    match worth.payback_months {
        None => UNKNOWN_MARK.to_owned(),
        Some(months) if months.millionths() < 100_000 => "< 0.1 months".to_owned(),
        Some(months) => format!("{} months", months.to_display(1)),
    }
}

/// Whether the applied steps are worth doing, taken together; `None` where there
/// are none.
pub fn all_in_all(ladder: &Ladder) -> Option<String> {
    let worth = ladder.worth.as_ref()?;
    let net = worth.net_monthly_usd.map_or_else(
        || "an unknown saving".to_owned(),
        |net| format!("{} a month after fees", net.to_display()),
    );
    let (hours, cost) = (hours(worth.effort_hours), worth.effort_usd.to_display());
    let rate = ladder.hourly_rate_usd.to_display();
    Some(format!(
        "All in all: {hours} of work ({cost} at {rate} an hour, --hourly-rate) for {net}. {}",
        worth.verdict
    ))
}

/// How soon a step is worth doing; empty for one that is not.
pub fn phase(step: &PlanStep) -> &'static str {
    if step.worth.worth_doing == Some(false) { "" } else { step.phase.name() }
}

/// What to do about a step of the plan, or why it is not worth doing.
pub fn action(step: &PlanStep) -> &str {
    if step.worth.worth_doing == Some(false) { &step.worth.verdict } else { &step.action }
}

/// How to tell that a step worth doing worked: the check, and the evaluation
/// where it rests on quality.
pub fn checks(step: &PlanStep) -> [Option<&str>; 2] {
    if step.worth.worth_doing == Some(false) {
        return [None, None];
    }
    [Some(step.check.as_str()), step.evaluation.as_deref()]
}

/// The monthly bills: what each is, the bill, and what it saves.
pub fn bills(monthly: &Monthly) -> [(&'static str, NanoUsd, Option<NanoUsd>); 4] {
    let saving = |bill| Some(monthly.baseline_usd - bill);
    [
        ("as it is", monthly.baseline_usd, None),
        ("floor: measured and inferred only", monthly.floor_usd, saving(monthly.floor_usd)),
        ("typical", monthly.typical_usd, saving(monthly.typical_usd)),
        ("high: assumptions at their best", monthly.high_usd, saving(monthly.high_usd)),
    ]
}

/// How the window becomes a month, and how far the bills may stray, a sentence
/// each.
pub fn monthly_notes(document: &Document, monthly: &Monthly) -> Vec<String> {
    let mut notes = vec![if document.is_described() {
        "A month as it was described".to_owned()
    } else {
        let length = match document.window.days {
            Some(ONE_DAY) => "The log, counted as one whole day,".to_owned(),
            days => format!("The {} days of the log", quotient(days, 1)),
        };
        let factor = quotient(Some(monthly.factor), 4);
        format!("{length} times {factor}, if the traffic stays as it is")
    }];
    if let Some((low, high)) = monthly.p10_usd.zip(monthly.p90_usd) {
        notes.push(format!(
            "The assumptions drawn {} times: 8 in 10 bills lie from {} to {}, half below {}",
            whole(monthly.draws),
            low.to_display(),
            high.to_display(),
            dollars(monthly.p50_usd)
        ));
    }
    if let Some(bootstrap) = monthly.bootstrap {
        notes.push(format!(
            "Months made of these {} days: 8 in 10 cost {} to {} as they are",
            whole(bootstrap.blocks),
            bootstrap.low_usd.to_display(),
            bootstrap.high_usd.to_display()
        ));
    }
    notes.extend(monthly.note.clone());
    notes
}

#[cfg(test)]
mod tests {
    use super::payback;
    use crate::report::document::{Quotient, Worth};

    #[test]
    fn a_payback_is_never_nothing() {
        let worth = |millionths, worth_doing| Worth {
            payback_months: Some(Quotient::from_millionths(millionths)),
            worth_doing,
            ..Worth::default()
        };
        assert_eq!(payback(&worth(20_000, Some(true))), "< 0.1 months");
        assert_eq!(payback(&worth(1_540_000, Some(true))), "1.5 months");
        assert_eq!(payback(&worth(14_000_000, Some(false))), "not worth doing");
        assert_eq!(payback(&Worth::default()), "—");
    }
}

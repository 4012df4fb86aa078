//! Five questions to ask of a log every month, answered from it.
//!
//! They judge nothing: an answer says its figures, or what is missing.

use super::figures::Side;
use super::reading::{self, Missing, Read, Value};
use crate::report::document::{Evidence, Quantity, Question, Slice, Step, StepStatus, Unit};
use crate::selection::Filter;
use crate::units::{Share, counted};

/// An answer, and how it is known.
type Answer = Result<(String, Evidence), Missing>;

/// The questions with their answers.
pub(super) fn questions(log: &Side<'_>, baseline: Option<&Side<'_>>) -> Vec<Question> {
    let now = whole(log);
    let then = baseline.map(whole);
    [
        (
            "premium_share",
            "Which part of the calls goes to premium models?",
            premium(now.as_ref(), then.as_ref().map(Result::as_ref)),
        ),
        (
            "tokens_per_call",
            "Are tokens per call going up or down?",
            tokens(now.as_ref(), then.as_ref().map(Result::as_ref)),
        ),
        ("prompt_caching", "Is prompt caching used wherever it pays?", caching(log, now.as_ref())),
        ("fine_tuning", "Could a task with many calls be tuned?", tuning(log)),
        (
            "history_growth",
            "Is conversation history kept in check?",
            history(now.as_ref(), then.as_ref().map(Result::as_ref)),
        ),
    ]
    .map(|(id, question, answer)| {
        let (answer, evidence) = match answer {
            Ok((answer, evidence)) => (answer, Some(evidence)),
            Err(missing) => (unanswered(&missing), None),
        };
        Question { id: id.to_owned(), question: question.to_owned(), answer, evidence }
    })
    .to_vec()
}

fn unanswered(missing: &Missing) -> String {
    let help = missing.help.as_ref().map_or_else(String::new, |help| format!("; {help}"));
    format!("not known: {}{help}", missing.reason)
}

fn whole(side: &Side<'_>) -> Result<Slice, Missing> {
    let answer = side.slices(&Filter::default(), None);
    let parts = answer.as_ref().as_ref().map_err(Clone::clone)?;
    let part = parts.first();
    part.map(|part| part.slice.clone())
        .ok_or_else(|| Missing { reason: "there is no call".to_owned(), help: None })
}

type Whole<'a> = Result<&'a Slice, &'a Missing>;
type Earlier<'a> = Option<Whole<'a>>;

fn read(slice: Whole<'_>, measure: fn(&Slice) -> Read) -> Read {
    measure(slice.map_err(Clone::clone)?)
}

/// The change since the baseline, in words; nothing without one.
fn since(value: &Value, then: Earlier<'_>, measure: fn(&Slice) -> Read) -> String {
    let Some(Ok(before)) = then.map(|then| read(then, measure)) else { return String::new() };
    let before = before.quantity;
    let now = value.quantity.billionths();
    let word = match now.cmp(&before.billionths()) {
        std::cmp::Ordering::Less => "down",
        std::cmp::Ordering::Equal => return ", as in the baseline".to_owned(),
        std::cmp::Ordering::Greater => "up",
    };
    format!(", {word} from {} in the baseline", before.to_display())
}

fn premium(now: Whole<'_>, then: Earlier<'_>) -> Answer {
    let value = read(now, reading::premium_share)?;
    let since = since(&value, then, reading::premium_share);
    let calls =
        value.calls.map_or_else(String::new, |calls| format!(" of {}", counted(calls, "call")));
    Ok((format!("{}{calls}{since}", value.quantity.to_display()), value.evidence))
}

fn tokens(now: Whole<'_>, then: Earlier<'_>) -> Answer {
    let value = read(now, reading::tokens_per_call)?;
    let change = match then {
        None => "; a --baseline tells whether that is up or down".to_owned(),
        Some(_) => since(&value, then, reading::tokens_per_call),
    };
    Ok((format!("{} per call{change}", value.quantity.to_display()), value.evidence))
}

fn caching(log: &Side<'_>, now: Whole<'_>) -> Answer {
    let reads = read(now, reading::cache_read_share).ok();
    let reads = reads.map_or_else(String::new, |reads| {
        format!("{} of the input is read from a cache; ", reads.quantity.to_display())
    });
    let (found, evidence) = step(log, "prompt-caching")?;
    Ok((format!("{reads}{found}"), evidence))
}

fn tuning(log: &Side<'_>) -> Answer {
    step(log, "fine-tuning")
}

/// What the ladder says of a technique.
fn step(log: &Side<'_>, technique: &str) -> Answer {
    let ladder = log.figures.ladder()?;
    let step = ladder.steps.iter().find(|step| step.technique == technique);
    let step = step
        .ok_or_else(|| Missing { reason: format!("the ladder has no {technique}"), help: None })?;
    match step.status {
        StepStatus::Applied => {
            Ok((saved(step, ladder.baseline_usd), step.evidence.unwrap_or_default()))
        }
        StepStatus::Skipped => {
            let reason = step.reason.as_ref().map_or("", |reason| reason.message.as_str());
            Ok((
                format!("{technique} would save nothing more: {reason}"),
                step.evidence.unwrap_or(Evidence::Inferred),
            ))
        }
        StepStatus::Unknown => {
            let reason = step.reason.clone().unwrap_or_default();
            Err(Missing { reason: reason.message, help: reason.settled_by })
        }
    }
}

fn saved(step: &Step, baseline: crate::units::NanoUsd) -> String {
    let saving = step.standalone_saving_usd.unwrap_or_default();
    let part = Share::of_nano(saving, baseline).map(reading::share);
    let part = part.map_or_else(String::new, |part| format!(" ({})", part.to_display()));
    let calls = step
        .eligible_calls
        .map_or_else(String::new, |calls| format!(" on {}", counted(calls, "call")));
    format!("{} alone would save {}{part}{calls}", step.technique, saving.to_display())
}

fn history(now: Whole<'_>, then: Earlier<'_>) -> Answer {
    let value = read(now, reading::history_share)?;
    let since = since(&value, then, reading::history_share);
    let per_call = now.ok().and_then(|slice| {
        let tokens = i128::from(slice.history_tokens?.get()) * 1_000_000_000;
        let calls = i128::from(slice.component_calls).max(1);
        Some(Quantity::from_billionths(tokens / calls, Unit::Tokens))
    });
    let per_call =
        per_call.map_or_else(String::new, |tokens| format!(" ({} per call)", tokens.to_display()));
    Ok((
        format!("{} of the input is history{per_call}{since}", value.quantity.to_display()),
        value.evidence,
    ))
}

//! R6: a prompt that only grows, ten steps or more, to over five times its
//! start, while the answers stay small and nobody speaks.
//!
//! Whether a user spoke is seen in the texts. Without texts, calls that follow
//! each other within ten seconds are taken to have nobody in between. Useful
//! agents grow like that too: what counts as wasted is only what later steps paid
//! to read beyond five times the start, which starting afresh from a summary
//! would have spared.

use crate::findings::session::{Session, Step};
use crate::findings::view::View;
use crate::ledger::metrics::quantile;
use crate::units::Evidence;

use super::rule::{Mark, Rule, Waste};

/// How far a context has grown when it is worth a look.
const FACTOR: u64 = 5;

/// The rule.
#[derive(Debug)]
pub struct GrowingContext;

impl Rule for GrowingContext {
    fn code(&self) -> &'static str {
        "GROWING_CONTEXT"
    }

    fn what(&self) -> &'static str {
        "steps whose prompt kept growing to over five times its start for small answers"
    }

    fn which(&self) -> &'static str {
        "paid to read what lies beyond that"
    }

    fn marks(&self, view: &View<'_>) -> Vec<Mark> {
        view.sessions.iter().flat_map(|session| session_marks(view, session)).collect()
    }
}

fn session_marks(view: &View<'_>, session: &Session) -> Vec<Mark> {
    let unattended = i64::try_from(view.settings.unattended_seconds).unwrap_or(i64::MAX);
    let unattended = unattended.saturating_mul(1_000_000);
    let steps = &session.steps;
    let grows = |at: usize| {
        let alone = steps[at].user_spoke.map_or_else(
            || steps[at].start.saturating_sub(steps[at - 1].end) <= unattended,
            |spoke| !spoke,
        );
        alone && steps[at].input.is_some() && steps[at].input > steps[at - 1].input
    };
    let mut marks = Vec::new();
    let mut start = 0;
    while start < steps.len() {
        let more = (start + 1..steps.len()).take_while(|at| grows(*at)).count();
        let run = &steps[start..=start + more];
        if let Some(first) = first_excess(view, run) {
            let limit = run[0].input.unwrap_or(0).saturating_mul(FACTOR);
            marks.extend(run.iter().enumerate().skip(first).map(|(at, step)| Mark {
                entry: step.entry,
                waste: if at > first { Waste::Beyond(limit) } else { Waste::Nothing },
                evidence: Evidence::Inferred,
            }));
        }
        start += more + 1;
    }
    marks
}

/// The first step of a run at which it is worth a look.
fn first_excess(view: &View<'_>, run: &[Step]) -> Option<usize> {
    let fewest = view.settings.growing_steps.max(2);
    let first = run.first()?.input.filter(|first| *first > 0)?;
    let mut outputs: Vec<u64> = Vec::new();
    for (at, step) in run.iter().enumerate() {
        if let Some(output) = step.output {
            let place = outputs.partition_point(|known| *known <= output);
            outputs.insert(place, output);
        }
        let small =
            quantile(&outputs, 50).is_some_and(|median| median < view.settings.small_answer_tokens);
        let large = step.input.is_some_and(|input| input > first.saturating_mul(FACTOR));
        if at + 1 >= fewest && large && small {
            return Some(at);
        }
    }
    None
}

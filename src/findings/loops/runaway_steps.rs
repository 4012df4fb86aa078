//! R5: sessions of more than 25 steps that are also more than three times the
//! 95th percentile of their feature.

use crate::findings::view::View;
use crate::ledger::metrics::quantile;

use super::rule::{Mark, Rule, Waste};

/// How far beyond its feature's 95th percentile a session runs away.
const FACTOR: usize = 3;

/// The rule.
#[derive(Debug)]
pub struct RunawaySteps;

impl Rule for RunawaySteps {
    fn code(&self) -> &'static str {
        "RUNAWAY_SESSIONS"
    }

    fn what(&self) -> &'static str {
        "steps of sessions that run far beyond the others of their feature"
    }

    fn which(&self) -> &'static str {
        "beyond the limit"
    }

    fn marks(&self, view: &View<'_>) -> Vec<Mark> {
        let lengths = view.by_feature(|session| session.steps.len());
        let mut marks = Vec::new();
        for session in &view.sessions {
            let evidence = view.evidence(session);
            let usual = lengths.get(&view.feature(session)).and_then(|all| quantile(all, 95));
            let limit = view.settings.runaway_steps.max(usual.unwrap_or(0).saturating_mul(FACTOR));
            let beyond = session.steps.iter().skip(limit);
            marks.extend(beyond.map(|step| Mark {
                entry: step.entry,
                waste: Waste::Whole,
                evidence,
            }));
        }
        marks
    }
}

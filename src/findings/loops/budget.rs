//! R8: sessions that cost more than a dollar and more than ten times the 95th
//! percentile of their feature.
//!
//! The call that breaks the budget was needed to know; what follows is wasted.

use crate::findings::view::View;
use crate::ledger::metrics::quantile;
use crate::units::Usd;

use super::rule::{Mark, Rule, Waste};

/// How far beyond its feature's 95th percentile a session is over budget.
const FACTOR: i128 = 10;

/// The rule.
#[derive(Debug)]
pub struct Budget;

impl Rule for Budget {
    fn code(&self) -> &'static str {
        "SESSIONS_OVER_BUDGET"
    }

    fn what(&self) -> &'static str {
        "calls of sessions that cost far more than the others of their feature"
    }

    fn which(&self) -> &'static str {
        "after the budget was spent"
    }

    fn marks(&self, view: &View<'_>) -> Vec<Mark> {
        let costs = view.by_feature(super::Session::cost);
        let mut marks = Vec::new();
        for session in &view.sessions {
            let evidence = view.evidence(session);
            let usual = costs.get(&view.feature(session)).and_then(|all| quantile(all, 95));
            let usual = usual.unwrap_or_default().femto().saturating_mul(FACTOR);
            let limit = view.settings.session_budget.max(Usd::from_femto(usual));
            let mut spent = Usd::ZERO;
            for step in &session.steps {
                let waste = if spent > limit { Waste::Whole } else { Waste::Nothing };
                spent += step.cost.unwrap_or_default();
                if spent > limit {
                    marks.push(Mark { entry: step.entry, waste, evidence });
                }
            }
        }
        marks
    }
}

//! Agent loops and retries: eight rules, one cause per call.
//!
//! Every rule marks calls; a call counts for the first rule, in the order of
//! [`RULES`], that marks it. Of what a rule marks, the calls after the second
//! attempt are wasted, and so is what later useful calls of the session paid to
//! read what the wasted ones left in the prompt, at the rate it was served at.

mod budget;
mod growing_context;
mod ping_pong;
mod repeated_tool_call;
mod rule;
mod runaway_steps;
mod stall;
mod transport_retry;
mod validation_retry;

use crate::units::{Evidence, Usd};

use super::Finding;
use super::amount::{Amount, counted, dollars, grouped};
use super::finder::Finder;
use super::served::Served;
use super::session::Session;
use super::view::View;
use rule::{Mark, Rule, Waste};

/// The rules, the first one that marks a call owns it.
pub const RULES: &[&dyn Rule] = &[
    &transport_retry::TransportRetry,
    &validation_retry::ValidationRetry,
    &repeated_tool_call::RepeatedToolCall,
    &ping_pong::PingPong,
    &stall::Stall,
    &runaway_steps::RunawaySteps,
    &growing_context::GrowingContext,
    &budget::Budget,
];

/// Reports one finding per rule.
#[derive(Debug)]
pub struct Loops;

impl Finder for Loops {
    fn codes(&self) -> &'static [&'static str] {
        &[
            "TRANSPORT_RETRIES",
            "VALIDATION_RETRIES",
            "REPEATED_TOOL_CALLS",
            "PING_PONG",
            "STALLED_SESSIONS",
            "RUNAWAY_SESSIONS",
            "GROWING_CONTEXT",
            "SESSIONS_OVER_BUDGET",
        ]
    }

    fn find(&self, view: &View<'_>) -> Vec<Finding> {
        let mut tallies = vec![Tally::default(); RULES.len()];
        let owners = owners(view, &mut tallies);
        for session in &view.sessions {
            carry(view, session, &owners, &mut tallies);
        }
        let rules = RULES.iter().zip(tallies).filter(|(_, tally)| tally.named.calls > 0);
        rules.map(|(rule, tally)| tally.finding(*rule)).collect()
    }
}

/// The rule that owns each entry, and what of the entry is wasted.
type Owners = Vec<Option<(usize, Waste)>>;

fn owners(view: &View<'_>, tallies: &mut [Tally]) -> Owners {
    let mut owners: Owners = vec![None; view.ledger.entries.len()];
    for (number, (rule, tally)) in RULES.iter().zip(tallies).enumerate() {
        let mut marks = rule.marks(view);
        // The same call may be marked twice by one rule: the worst counts.
        marks.sort_unstable_by_key(|mark| (mark.entry, mark.waste, mark.evidence));
        for mark in marks {
            if owners[mark.entry].is_none() {
                owners[mark.entry] = Some((number, mark.waste));
                tally.add(view, mark);
            }
        }
    }
    owners
}

/// Adds what the useful steps of a session paid to read what wasted ones left.
fn carry(view: &View<'_>, session: &Session, owners: &Owners, tallies: &mut [Tally]) {
    let wasted_by = |step: usize| match owners[session.steps[step].entry] {
        Some((rule, Waste::Whole)) => Some(rule),
        _ => None,
    };
    if (0..session.steps.len()).all(|step| wasted_by(step).is_none()) {
        return;
    }
    for (number, step) in session.steps.iter().enumerate() {
        // What is wasted anyway is counted once.
        let useful = match owners[step.entry] {
            Some((_, Waste::Whole)) => continue,
            Some((_, Waste::Beyond(tokens))) => tokens,
            _ => u64::MAX,
        };
        let Some(served) = Served::of(view.ledger, step.entry) else { continue };
        let mut at = number;
        while let Some(parent) = session.steps[at].parent {
            if let Some(rule) = wasted_by(parent) {
                let left = served.billed(&session.steps[at].grown);
                tallies[rule].carried += served.price(&(left.start..left.end.min(useful)));
            }
            at = parent;
        }
    }
}

/// What a rule owns.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    named: Amount,
    wasted_calls: u64,
    /// What is wasted of those whose price is known.
    wasted: Option<Usd>,
    carried: Usd,
    evidence: Evidence,
}

impl Tally {
    fn add(&mut self, view: &View<'_>, mark: Mark) {
        self.named.add(view.ledger, mark.entry);
        self.evidence = self.evidence.worst(mark.evidence);
        let wasted = match mark.waste {
            Waste::Whole => view.ledger.entries[mark.entry].bill.total(),
            Waste::Beyond(tokens) => {
                Served::of(view.ledger, mark.entry).map(|served| served.price_beyond(tokens))
            }
            Waste::Nothing => return,
        };
        self.wasted_calls += 1;
        self.wasted =
            wasted.map_or(self.wasted, |wasted| Some(self.wasted.unwrap_or_default() + wasted));
    }

    fn finding(self, rule: &dyn Rule) -> Finding {
        let mut evidence = self.evidence.worst(self.named.evidence);
        let mut message = format!("{}: {}", rule.what(), counted(self.named.calls, "call"));
        if self.wasted_calls > 0 {
            let wasted = format!(", {} of them {}", grouped(self.wasted_calls), rule.which());
            message.push_str(&wasted);
        }
        if self.carried > Usd::ZERO {
            let carried = format!("; reading on what they left cost {}", dollars(self.carried));
            message.push_str(&carried);
            // Places in a prompt are counted locally and scaled to the bill.
            evidence = evidence.worst(Evidence::Inferred);
        }
        message.push_str(&self.named.gap());
        let wasted = if self.wasted_calls == 0 { Some(Usd::ZERO) } else { self.wasted };
        Finding {
            code: rule.code(),
            message,
            calls: Some(self.named.calls),
            cost: self.named.cost(),
            wasted: wasted.map(|wasted| wasted + self.carried),
            evidence,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Finder as _, Loops, RULES};

    #[test]
    fn every_rule_has_its_code() {
        let codes: Vec<&str> = RULES.iter().map(|rule| rule.code()).collect();
        assert_eq!(codes, Loops.codes());
    }
}

//! R3: the same tool called with the same arguments three times or more in a
//! session, with the same result each time.
//!
//! A call whose result differs is another attempt, not a loop: tests run again
//! after a change, the next page. A call made again at once until its result
//! changes is polling. In a session in which no call is ever seen twice they may
//! not be recognisable (see `session`): there the same result of some length
//! stands for the same call, which is inferred. Agents that write their commands
//! into the text are seen that way.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use crate::findings::session::{Reply, Session};
use crate::findings::view::View;
use crate::units::Evidence;

use super::rule::{Mark, Rule, Waste};

/// The rule.
#[derive(Debug)]
pub struct RepeatedToolCall;

impl Rule for RepeatedToolCall {
    fn code(&self) -> &'static str {
        "REPEATED_TOOL_CALLS"
    }

    fn what(&self) -> &'static str {
        "the same tool call with the same result again in one session"
    }

    fn marks(&self, view: &View<'_>) -> Vec<Mark> {
        view.sessions.iter().flat_map(|session| session_marks(view, session)).collect()
    }
}

/// What is repeated: a tool call, or only what came back.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Repeated {
    Call { action: u64, result: u64 },
    Result(u64),
}

fn session_marks(view: &View<'_>, session: &Session) -> Vec<Mark> {
    let mut places: BTreeMap<Repeated, Vec<usize>> = BTreeMap::new();
    let by_result = !any_call_seen_twice(session);
    for (number, step) in session.steps.iter().enumerate() {
        let Some(reply) = &step.reply else { continue };
        let result = reply.result;
        let mut actions = reply.actions.clone();
        actions.sort_unstable();
        actions.dedup();
        for action in actions {
            if !is_polling(session, number, action) {
                places.entry(Repeated::Call { action, result }).or_default().push(number);
            }
        }
        if by_result && reply.result_tokens >= view.settings.repeated_result_tokens {
            places.entry(Repeated::Result(result)).or_default().push(number);
        }
    }
    let often = |numbers: &Vec<usize>| numbers.len() >= view.settings.repeated_tool_calls.max(2);
    let mut marks = Vec::new();
    for (repeated, numbers) in places.iter().filter(|(_, numbers)| often(numbers)) {
        let evidence = match repeated {
            Repeated::Call { .. } => session.evidence,
            Repeated::Result(_) => Evidence::Inferred,
        };
        marks.extend(numbers.iter().enumerate().skip(1).map(|(times, number)| Mark {
            entry: session.steps[*number].entry,
            waste: Waste::of_attempt(times + 1),
            evidence,
        }));
    }
    marks
}

fn any_call_seen_twice(session: &Session) -> bool {
    let mut seen: FxHashSet<u64> = FxHashSet::default();
    session.steps.iter().filter_map(|step| step.reply.as_ref()).any(|reply| {
        // A step's own block and answer may have the same hash.
        let again = reply.actions.iter().any(|action| seen.contains(action));
        seen.extend(&reply.actions);
        again
    })
}

/// Whether a call is made again at once until its result changes.
fn is_polling(session: &Session, number: usize, action: u64) -> bool {
    let called = |reply: &Reply| reply.actions.contains(&action);
    let replies = session.steps[number..].iter().map_while(|step| step.reply.as_ref());
    let mut results = replies.take_while(|reply| called(reply)).map(|reply| reply.result);
    let Some(first) = results.next() else { return false };
    results.any(|result| result != first)
}

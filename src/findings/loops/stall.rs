//! R7: five answers or more in a row, word for word the same.
//!
//! Only exact repeats can be seen: of an answer a hash is kept, not its words.
//! Answers that call tools are the business of the rules on tool calls.

use crate::findings::session::Session;
use crate::findings::view::View;

use super::rule::{Mark, Rule, Waste};

/// The rule.
#[derive(Debug)]
pub struct Stall;

impl Rule for Stall {
    fn code(&self) -> &'static str {
        "STALLED_SESSIONS"
    }

    fn what(&self) -> &'static str {
        "the same answer word for word, five times or more in a row"
    }

    fn marks(&self, view: &View<'_>) -> Vec<Mark> {
        view.sessions.iter().flat_map(|session| session_marks(view, session)).collect()
    }
}

fn session_marks(view: &View<'_>, session: &Session) -> Vec<Mark> {
    let steps = &session.steps;
    let goes_on = |at: usize| {
        steps[at].parent == Some(at - 1)
            && steps[at].text_answer.is_some()
            && steps[at].text_answer == steps[at - 1].text_answer
            && steps[at - 1].reply.as_ref().is_none_or(|reply| reply.actions.is_empty())
    };
    let mut marks = Vec::new();
    let mut start = 0;
    while start < steps.len() {
        let more = (start + 1..steps.len()).take_while(|at| goes_on(*at)).count();
        if more + 1 >= view.settings.stalled_answers {
            marks.extend((1..=more).map(|times| Mark {
                entry: steps[start + times].entry,
                waste: Waste::of_attempt(times + 1),
                evidence: session.evidence,
            }));
        }
        start += more + 1;
    }
    marks
}

//! R4: a cycle of two to four tool calls that goes round three times or more,
//! whatever comes back.

use crate::findings::session::Session;
use crate::findings::view::View;

use super::rule::{Mark, Rule, Waste};

/// The rule.
#[derive(Debug)]
pub struct PingPong;

impl Rule for PingPong {
    fn code(&self) -> &'static str {
        "PING_PONG"
    }

    fn what(&self) -> &'static str {
        "tool calls that go round in a cycle"
    }

    fn marks(&self, view: &View<'_>) -> Vec<Mark> {
        view.sessions.iter().flat_map(|session| session_marks(view, session)).collect()
    }
}

fn session_marks(view: &View<'_>, session: &Session) -> Vec<Mark> {
    // The first block tells a step's calls apart from another step's; the hash
    // of an answer that some formats have comes last.
    let actions: Vec<&[u64]> = session
        .steps
        .iter()
        .map(|step| step.reply.as_ref().map_or(&[][..], |reply| &reply.actions))
        .collect();
    let periods = view.settings.ping_pong_periods.max(2);
    let mut marks = Vec::new();
    for (start, length, period) in cycles(&actions, periods) {
        marks.extend((period..length).map(|at| Mark {
            entry: session.steps[start + at].entry,
            waste: Waste::of_attempt(at / period + 1),
            evidence: session.evidence,
        }));
    }
    marks
}

/// The stretches that repeat with a period of two to four at least so many
/// times: start, length, period. A step without an action ends a cycle.
fn cycles(actions: &[&[u64]], periods: usize) -> Vec<(usize, usize, usize)> {
    let mut found = Vec::new();
    for period in 2..=4 {
        let mut start = 0;
        while start + period < actions.len() {
            let again = (start..actions.len() - period)
                .take_while(|at| !actions[*at].is_empty() && actions[*at] == actions[at + period])
                .count();
            let length = again + period;
            let cycle = &actions[start..start + period];
            // One call over and over is no cycle: the rule on repeats has it.
            let changes = cycle.iter().any(|action| action != &cycle[0]);
            if length >= period * periods && changes {
                found.push((start, length, period));
            }
            start += again.max(1);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::cycles;

    fn of(letters: &str) -> Vec<(usize, usize, usize)> {
        let actions: Vec<Vec<u64>> = letters
            .bytes()
            .map(|letter| if letter == b'-' { vec![] } else { vec![u64::from(letter)] })
            .collect();
        let actions: Vec<&[u64]> = actions.iter().map(Vec::as_slice).collect();
        cycles(&actions, 3)
    }

    #[test]
    fn three_rounds_are_a_cycle_and_two_are_none() {
        assert_eq!(of("xabababy"), [(1, 6, 2)]);
        assert_eq!(of("xababy"), []);
        assert_eq!(of("abcabcabc"), [(0, 9, 3)]);
        assert_eq!(of("abcdeabcdeabcde"), []);
        assert_eq!(of("aaaaaaaaa"), []);
        assert_eq!(of("ab-ab-ab"), []);
    }

    #[test]
    fn a_cycle_is_found_once_by_its_own_period() {
        // Four rounds of two are two rounds of four.
        assert_eq!(of("abababab"), [(0, 8, 2)]);
    }
}

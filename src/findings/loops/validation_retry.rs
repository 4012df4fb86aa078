//! R2: nearly the same prompt again, soon after an answer that does not parse.
//!
//! Nothing in a log says that an answer was meant to be JSON. A feature and
//! model is taken to expect it where at least nine of ten of its answers are,
//! so the rule is inferred. Nearly the same: at least 95 % of the earlier
//! prompt opens the later one, which is at most 15 % longer.

use std::collections::BTreeSet;

use crate::findings::view::View;
use crate::ledger::Ledger;
use crate::record::call::{Finish, Status};
use crate::record::prompt::{NodeId, Prompt};
use crate::units::Evidence;

use super::rule::{Mark, Rule, Waste};

/// Answers from which a feature is known to expect JSON.
const FEWEST_ANSWERS: usize = 10;
/// Unparsed answers of one chain that may wait for their retry at once.
const MOST_WAITING: usize = 16;

/// The rule.
#[derive(Debug)]
pub struct ValidationRetry;

impl Rule for ValidationRetry {
    fn code(&self) -> &'static str {
        "VALIDATION_RETRIES"
    }

    fn what(&self) -> &'static str {
        "prompts sent again after an answer that was no valid JSON"
    }

    fn marks(&self, view: &View<'_>) -> Vec<Mark> {
        let broken = broken_answers(view);
        if broken.is_empty() {
            return Vec::new();
        }
        view.chains.iter().flat_map(|chain| chain_marks(view, chain, &broken)).collect()
    }
}

/// An answer that did not parse.
struct Waiting<'a> {
    attempt: usize,
    end: i64,
    prompt: &'a Prompt,
}

fn chain_marks(view: &View<'_>, chain: &[u32], broken: &BTreeSet<usize>) -> Vec<Mark> {
    let ledger = view.ledger;
    let within = view.settings.retry_seconds.saturating_mul(1_000_000);
    let mut waiting: Vec<Waiting<'_>> = Vec::new();
    let mut marks = Vec::new();
    for &index in chain {
        let index = index as usize;
        let entry = &ledger.entries[index];
        let call = ledger.call(entry);
        let (Some(time), Some(prompt)) = (entry.time, ledger.log.prompt(call.prompt)) else {
            continue;
        };
        waiting.retain(|failure| {
            u64::try_from(time.micros.saturating_sub(failure.end)).unwrap_or(0) <= within
        });
        let found = waiting.iter().rposition(|failure| nearly_same(ledger, failure.prompt, prompt));
        let attempt = found.map_or(1, |at| waiting.remove(at).attempt + 1);
        if attempt > 1 {
            let waste = Waste::of_attempt(attempt);
            marks.push(Mark { entry: index, waste, evidence: Evidence::Inferred });
        }
        if broken.contains(&index) {
            let lasted = i64::try_from(call.latency_milliseconds.get().unwrap_or(0)).unwrap_or(0);
            let end = time.micros.saturating_add(lasted.saturating_mul(1_000));
            if waiting.len() == MOST_WAITING {
                waiting.remove(0);
            }
            waiting.push(Waiting { attempt, end, prompt });
        }
    }
    marks
}

/// Answers that are no JSON, of features that answer in JSON.
fn broken_answers(view: &View<'_>) -> BTreeSet<usize> {
    let mut broken = BTreeSet::new();
    let ledger = view.ledger;
    for members in view.answered.values() {
        let answers: Vec<(usize, bool)> = members
            .iter()
            .filter_map(|&index| {
                let call = ledger.call(&ledger.entries[index]);
                let answer = ledger.log.prompt(call.prompt)?.answer?;
                let is_text = call.finish != Finish::ToolCalls && call.status == Status::Success;
                is_text.then_some((index, answer.is_json))
            })
            .collect();
        let valid = answers.iter().filter(|(_, is_json)| *is_json).count();
        if answers.len() >= FEWEST_ANSWERS && valid * 10 >= answers.len() * 9 {
            broken.extend(answers.iter().filter(|(_, is_json)| !is_json).map(|(index, _)| *index));
        }
    }
    broken
}

fn nearly_same(ledger: &Ledger<'_>, earlier: &Prompt, later: &Prompt) -> bool {
    let (before, after) = (u64::from(earlier.counted_tokens), u64::from(later.counted_tokens));
    before > 0
        && after * 100 <= before * 115
        && shared_tokens(ledger, earlier.end, later.end) * 100 >= before * 95
}

/// Tokens of the opening that two prompts share.
fn shared_tokens(ledger: &Ledger<'_>, left: NodeId, right: NodeId) -> u64 {
    let tree = &ledger.log.tree;
    let pairs = tree.path(left).into_iter().zip(tree.path(right));
    let shared = pairs.take_while(|(left, right)| left == right);
    shared.map(|(node, _)| u64::from(tree.node(node).tokens)).sum()
}

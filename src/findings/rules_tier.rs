//! Features that a table of rules might answer: few distinct answers, and the
//! same input always got the same one.
//!
//! An upper bound: nobody knows how many of the inputs a rule would recognise.
//! An input is the words of the last user turn, casefolded and without order,
//! with the prompt's head and documents; only first turns are looked at.

use std::collections::BTreeMap;

use crate::ledger::Ledger;
use crate::record::call::{Finish, Operation, Status};
use crate::units::Evidence;

use super::Finding;
use super::amount::counted;
use super::finder::Finder;
use super::groups;
use super::view::{View, request};

/// Reports one finding per feature.
#[derive(Debug)]
pub struct RulesTier;

impl Finder for RulesTier {
    fn codes(&self) -> &'static [&'static str] {
        &["RULES_TIER"]
    }

    fn find(&self, view: &View<'_>) -> Vec<Finding> {
        let features = groups::by_feature(view.ledger);
        features.iter().filter_map(|(name, members)| feature(view, *name, members)).collect()
    }
}

fn feature(view: &View<'_>, name: Option<&str>, members: &[usize]) -> Option<Finding> {
    let mut answers: BTreeMap<u64, u64> = BTreeMap::new();
    let mut inputs: BTreeMap<Input<'_>, u64> = BTreeMap::new();
    let mut asked: Vec<usize> = Vec::new();
    for &index in members {
        let Some((input, answer)) = question(view.ledger, index) else { continue };
        if *inputs.entry(input).or_insert(answer) != answer {
            return None;
        }
        *answers.entry(answer).or_default() += 1;
        asked.push(index);
    }
    let repeated = (asked.len() - inputs.len()) as u64;
    // Answers that are all different are few only because calls are.
    let few = answers.len() <= view.settings.distinct_answers && answers.len() * 2 <= asked.len();
    let mostly_seen = asked.len() * 2 > members.len();
    if !few || !mostly_seen || repeated < view.settings.repeated_inputs.max(1) {
        return None;
    }
    let amount = view.ledger.amount(asked);
    let message = format!(
        "{} has only {} over {}, and each of {} got the answer of the first: at most these \
         could be left to rules{}",
        name.unwrap_or("the log without a feature"),
        counted(answers.len() as u64, "distinct answer"),
        counted(amount.calls, "call"),
        counted(repeated, "repeated input"),
        amount.gap(),
    );
    Some(Finding {
        code: "RULES_TIER",
        message,
        calls: Some(amount.calls),
        cost: amount.cost(),
        wasted: None,
        evidence: amount.evidence.worst(Evidence::Inferred),
    })
}

/// What decides an answer: head, documents, words, words with digits.
type Input<'l> = (u64, u64, &'l [u32], u64);

/// The input and the answer of a call that stands alone.
fn question<'l>(ledger: &'l Ledger<'_>, index: usize) -> Option<(Input<'l>, u64)> {
    let call = ledger.call(&ledger.entries[index]);
    let prompt = request(ledger, call)?;
    let stands_alone = ledger.conversations.turn(index) == 1
        && call.operation == Operation::Chat
        && call.status == Status::Success
        && !matches!(call.finish, Finish::ToolCalls | Finish::Length);
    let words = ledger.log.block(prompt.last_user)?.words.as_deref()?;
    let input = (prompt.head_hash, prompt.retrieved_hash, &*words.distinct, words.with_digits);
    (stands_alone && !words.too_long).then_some((input, prompt.answer?.hash))
}

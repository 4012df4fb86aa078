//! Calls that could be one: soon after each other in one session, with much the
//! same text outside their common opening, other instructions, and none of them
//! built on another's answer.
//!
//! What would be spared is the shared text of all calls but the first, at the
//! rate it was served at; the answers stay. Whether an answer was used in part
//! cannot be seen, only whether it was sent whole, so the finding is inferred.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::ledger::Ledger;
use crate::record::call::{Operation, Status};
use crate::record::component::Component;
use crate::units::{Evidence, Usd};

use super::Finding;
use super::amount::{Amount, counted, dollars};
use super::finder::Finder;
use super::served::Served;
use super::session::{Session, Step};
use super::view::View;

/// Calls behind a first one that are compared with it.
const MOST_LOOKED_AT: usize = 16;

/// Reports one finding for the log.
#[derive(Debug)]
pub struct CombinableCalls;

impl Finder for CombinableCalls {
    fn codes(&self) -> &'static [&'static str] {
        &["COMBINABLE_CALLS"]
    }

    fn find(&self, view: &View<'_>) -> Vec<Finding> {
        let mut tally = Tally::default();
        for session in &view.sessions {
            tally.take_in(view, session);
        }
        tally.finding().into_iter().collect()
    }
}

#[derive(Default)]
struct Tally {
    groups: u64,
    calls: Amount,
    spared: Usd,
    tokens: u64,
}

impl Tally {
    fn take_in(&mut self, view: &View<'_>, session: &Session) {
        let steps = &session.steps;
        let within = i64::try_from(view.settings.combine_seconds).unwrap_or(i64::MAX);
        let within = within.saturating_mul(1_000_000);
        let mut taken = vec![false; steps.len()];
        // The texts of the steps that are looked at, the others dropped.
        let mut texts: BTreeMap<usize, Option<Texts>> = BTreeMap::new();
        for first in 0..steps.len() {
            let soon = |step: &&Step| step.start.saturating_sub(steps[first].start) <= within;
            let near = steps[first + 1..].iter().take(MOST_LOOKED_AT).take_while(soon).count();
            if near == 0 {
                texts.remove(&first);
                continue;
            }
            for (number, step) in steps.iter().enumerate().skip(first).take(near + 1) {
                texts.entry(number).or_insert_with(|| Texts::of(view.ledger, step.entry));
            }
            if let Some(opening) = texts.remove(&first).flatten().filter(|_| !taken[first]) {
                let later = texts.iter().filter(|(number, _)| !taken[**number]);
                let members: Vec<usize> = later
                    .filter_map(|(number, later)| {
                        let shared = opening.shared_by(later.as_ref()?)?;
                        self.share(view, steps[*number].entry, &shared).then_some(*number)
                    })
                    .collect();
                if !members.is_empty() {
                    self.groups += 1;
                    for number in members.into_iter().chain([first]) {
                        taken[number] = true;
                        self.calls.add(view.ledger, steps[number].entry);
                    }
                }
            }
        }
    }

    /// Adds what a call would spare, if that is enough to be worth it.
    fn share(&mut self, view: &View<'_>, entry: usize, shared: &[Range<u64>]) -> bool {
        let tokens: u64 = shared.iter().map(|stretch| stretch.end - stretch.start).sum();
        let Some(served) = Served::of(view.ledger, entry) else { return false };
        if tokens < view.settings.shared_tokens {
            return false;
        }
        for stretch in shared {
            let billed = served.billed(stretch);
            self.tokens += billed.end - billed.start;
            self.spared += served.price(&billed);
        }
        true
    }

    fn finding(self) -> Option<Finding> {
        let message = format!(
            "{} in {} sent the same text again for another instruction: as one call each group \
             would spare {} input tokens, {}{}",
            counted(self.calls.calls, "call"),
            counted(self.groups, "group"),
            super::amount::grouped(self.tokens),
            dollars(self.spared),
            self.calls.gap(),
        );
        (self.groups > 0).then(|| Finding {
            code: "COMBINABLE_CALLS",
            message,
            calls: Some(self.calls.calls),
            cost: self.calls.cost(),
            wasted: Some(self.spared),
            evidence: self.calls.evidence.worst(Evidence::Inferred),
        })
    }
}

/// A content block of a prompt.
#[derive(Clone, Copy)]
struct Piece {
    identity: u64,
    start: u64,
    end: u64,
    /// The node it ends at, by which a common opening is told.
    node: u32,
    instructs: bool,
}

/// The blocks of a prompt that stands alone, and what it asks.
struct Texts {
    pieces: Vec<Piece>,
    answers: usize,
    answer: Option<u64>,
}

impl Texts {
    fn of(ledger: &Ledger<'_>, entry: usize) -> Option<Self> {
        let call = ledger.call(&ledger.entries[entry]);
        let prompt = ledger.log.prompt(call.prompt)?;
        if call.operation != Operation::Chat || call.status != Status::Success {
            return None;
        }
        // A block trace says nothing of what a block is.
        if ledger.log.tree.node(prompt.end).component == Component::Unattributed {
            return None;
        }
        let (mut pieces, mut answers, mut start, mut at) = (Vec::new(), 0, 0, 0);
        for id in ledger.log.tree.path(prompt.end) {
            let node = ledger.log.tree.node(id);
            at += u64::from(node.tokens);
            if !node.ends_block {
                continue;
            }
            answers += usize::from(node.assistant);
            pieces.push(Piece {
                identity: ledger.log.block(node.block).map_or(node.hash, |block| block.identity),
                start,
                end: at,
                node: id.0,
                instructs: matches!(node.component, Component::SystemPrompt | Component::UserInput),
            });
            start = at;
        }
        Some(Self { pieces, answers, answer: prompt.answer.map(|answer| answer.hash) })
    }

    /// The stretches of a later prompt that this one holds too, outside their
    /// common opening; `None` where the later one asks nothing new or is built
    /// on this one's answer.
    fn shared_by(&self, later: &Self) -> Option<Vec<Range<u64>>> {
        let holds = |texts: &Self, hash| texts.pieces.iter().any(|piece| piece.identity == hash);
        let passed_on = || self.answer.is_some_and(|answer| holds(later, answer));
        if later.answers != self.answers || passed_on() {
            return None;
        }
        let opening = self.pieces.iter().zip(&later.pieces);
        let opening = opening.take_while(|(left, right)| left.node == right.node).count();
        let mut left: BTreeMap<u64, u64> = BTreeMap::new();
        for piece in &self.pieces[opening..] {
            *left.entry(piece.identity).or_default() += 1;
        }
        let mut shared = Vec::new();
        let mut asks_something_else = false;
        for piece in &later.pieces[opening..] {
            match left.get_mut(&piece.identity).filter(|count| **count > 0) {
                Some(count) => {
                    *count -= 1;
                    shared.push(piece.start..piece.end);
                }
                None => asks_something_else |= piece.instructs,
            }
        }
        asks_something_else.then_some(shared)
    }
}

//! One conversation, step by step: what each call added to the prompt of the
//! next one, as far as fingerprints tell.
//!
//! The record keeps no tool names and no arguments. A tool call is recognised
//! as a block of an answer that tool results follow, and told from others by
//! the hash of its content; where the answer itself was logged, also by the
//! hash of text and arguments. Some providers' calls carry an id of their own
//! inside the block, which makes every block another one: there only the answer
//! or the results tell that a call was repeated.

use std::ops::Range;

use rustc_hash::{FxHashMap, FxHasher};
use std::hash::Hasher as _;

use crate::ledger::Ledger;
use crate::record::call::{Call, Finish};
use crate::record::component::Component;
use crate::record::log::Log;
use crate::record::prompt::NodeId;
use crate::record::symbol::Symbol;
use crate::units::{Evidence, Tokens, Usd};

/// A conversation in order of time; calls without a time are not in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Session {
    pub feature: Option<Symbol>,
    /// Whether the log names it, or it was deduced.
    pub evidence: Evidence,
    pub steps: Vec<Step>,
}

/// A call of a session.
#[derive(Clone, Debug, Default)]
pub(super) struct Step {
    /// Its position among the ledger's entries.
    pub entry: usize,
    /// Microseconds of its start.
    pub start: i64,
    /// Microseconds of its end; its start where no duration is known.
    pub end: i64,
    pub cost: Option<Usd>,
    pub input: Option<u64>,
    pub output: Option<u64>,
    /// The hash of an answer that calls no tool.
    pub text_answer: Option<u64>,
    /// The step whose prompt this one's goes on from.
    pub parent: Option<usize>,
    /// What stands between the parent's prompt and this one's, in tokens by the
    /// local count from the start.
    pub grown: Range<u64>,
    /// Whether a user spoke between the parent and this step; `None` where that
    /// cannot be seen.
    pub user_spoke: Option<bool>,
    /// What followed the call, seen in the next prompt that goes on from it.
    pub reply: Option<Reply>,
}

/// An answer and what came back on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reply {
    /// Hashes that tell its tool calls; empty where it made none.
    pub actions: Vec<u64>,
    /// Hash of everything that came back.
    pub result: u64,
    /// Tokens of everything that came back.
    pub result_tokens: u64,
}

impl Session {
    /// The conversation of those entries; `None` for a single call that names
    /// no conversation.
    pub fn of(ledger: &Ledger<'_>, members: &[u32]) -> Option<Self> {
        let first = ledger.entries.get(*members.first()? as usize)?;
        let evidence = match ledger.call(first).conversation {
            Some(_) => Evidence::Measured,
            None if members.len() == 1 => return None,
            None => Evidence::Inferred,
        };
        let mut session = Self { feature: first.feature, evidence, steps: Vec::new() };
        let mut by_end: FxHashMap<NodeId, usize> = FxHashMap::default();
        for &member in members {
            let entry = &ledger.entries[member as usize];
            let Some(time) = entry.time else { continue };
            let call = ledger.call(entry);
            let mut step = Step { cost: entry.bill.total(), ..step_of(call, time.micros) };
            step.entry = member as usize;
            // Blocks of a block trace do not say what they are.
            let is_text = |end| ledger.log.tree.node(end).component != Component::Unattributed;
            let prompt = ledger.log.prompt(call.prompt).filter(|prompt| is_text(prompt.end));
            if let Some(prompt) = prompt {
                step.text_answer =
                    prompt.answer.filter(|_| call.finish != Finish::ToolCalls).map(|a| a.hash);
                if let Some((parent, delta)) = delta(ledger.log, prompt.end, &by_end) {
                    let before = session.steps[parent].grown.end;
                    step.parent = Some(parent);
                    step.grown = before..u64::from(prompt.counted_tokens);
                    step.user_spoke =
                        Some(delta.iter().any(|block| block.component == Component::UserInput));
                    let asked = ledger.call(&ledger.entries[session.steps[parent].entry]);
                    let reply = reply(ledger.log, asked, &delta);
                    session.steps[parent].reply.get_or_insert(reply);
                } else {
                    step.grown = 0..u64::from(prompt.counted_tokens);
                }
                by_end.insert(prompt.end, session.steps.len());
            }
            session.steps.push(step);
        }
        (!session.steps.is_empty()).then_some(session)
    }

    /// What its priced steps cost.
    pub fn cost(&self) -> Usd {
        self.steps.iter().filter_map(|step| step.cost).sum()
    }
}

fn step_of(call: &Call, start: i64) -> Step {
    let usage = call.usage.get();
    let lasted = i64::try_from(call.latency_milliseconds.get().unwrap_or(0)).unwrap_or(0);
    Step {
        start,
        end: start.saturating_add(lasted.saturating_mul(1_000)),
        input: usage.input.map(Tokens::get),
        output: usage.output.map(Tokens::get),
        ..Step::default()
    }
}

/// A content block of a prompt.
struct Piece {
    identity: u64,
    tokens: u64,
    component: Component,
    assistant: bool,
}

/// The latest earlier step that a prompt goes on from, and the blocks between.
fn delta(log: &Log, end: NodeId, by_end: &FxHashMap<NodeId, usize>) -> Option<(usize, Vec<Piece>)> {
    let mut blocks: Vec<Piece> = Vec::new();
    let mut at = end;
    while at != NodeId::ROOT {
        if at != end
            && let Some(&parent) = by_end.get(&at)
        {
            blocks.reverse();
            return Some((parent, blocks));
        }
        let node = log.tree.node(at);
        let tokens = u64::from(node.tokens);
        match blocks.last_mut() {
            Some(block) if !node.ends_block => block.tokens += tokens,
            _ => blocks.push(Piece {
                identity: log.block(node.block).map_or(node.hash, |block| block.identity),
                tokens,
                component: node.component,
                assistant: node.assistant,
            }),
        }
        at = node.parent;
    }
    None
}

/// What a call said and what came back, up to the next answer.
fn reply(log: &Log, asked: &Call, delta: &[Piece]) -> Reply {
    let said = delta.iter().take_while(|block| block.assistant).count();
    let back: Vec<&Piece> = delta[said..].iter().take_while(|block| !block.assistant).collect();
    let results =
        back.iter().filter(|block| block.component == Component::RetrievedContext).count();
    // Calls end an answer, and each brings a result or more.
    let calls = &delta[said - results.min(said)..said];
    let mut actions: Vec<u64> = calls.iter().map(|block| block.identity).collect();
    let answer = log.prompt(asked.prompt).and_then(|prompt| prompt.answer);
    if asked.finish == Finish::ToolCalls {
        actions.extend(answer.map(|answer| answer.hash));
    }
    let mut hasher = FxHasher::default();
    for block in &back {
        hasher.write_u64(block.identity);
    }
    let result_tokens = back.iter().map(|block| block.tokens).sum();
    Reply { actions, result: hasher.finish(), result_tokens }
}

//! Sums up old turns of a conversation, so many at a time.
//!
//! Between two summaries the prompt only grows, so its opening stays cached; a
//! window that slides with every turn would move it every turn.

use crate::record::component::Component;
use crate::techniques::parameters::Assumptions;
use crate::techniques::parameters::context_compression as parameters;
use crate::techniques::traffic::prompt::{head_length, tokens_of};
use crate::techniques::traffic::{Prompt, Segment, StretchId, Tree, mix};

/// How histories are summed up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Compaction {
    /// Turns summed up at a time.
    pub(super) turns: u32,
    /// Tokens of a summary.
    tokens: u32,
}

/// A summary that stands for a prompt's old turns.
#[derive(Clone, Debug)]
pub(super) struct Summary {
    /// The turns it stands for.
    pub(super) turns: u32,
    /// Its tokens.
    pub(super) tokens: u64,
    /// Turns summed up at a time.
    step: u32,
    /// Tokens of each of these blocks of turns.
    blocks: Vec<u64>,
}

impl Summary {
    /// What is read to write the summaries that were not paid before: a block
    /// of turns, and the summary of what stood before it.
    pub(super) fn unpaid(&self, paid_turns: u32) -> impl Iterator<Item = u64> {
        let paid = (paid_turns / self.step) as usize;
        let blocks = self.blocks.iter().enumerate().skip(paid);
        blocks.map(|(number, tokens)| tokens + if number > 0 { self.tokens } else { 0 })
    }
}

const SUMMARY: u64 = 0x73_756d_6d61_7279;

impl Compaction {
    /// `None` where no number of turns is given.
    pub(super) fn of(values: &Assumptions) -> Option<Self> {
        let small = |handle| u32::try_from(values.value(handle).floor()).unwrap_or(u32::MAX);
        let turns = small(parameters::COMPACTION_TURNS);
        (turns > 0).then(|| Self { turns, tokens: small(parameters::COMPACTION_TOKENS) })
    }

    /// Replaces whole blocks of old turns by one summary, if there are any and
    /// they are longer than it.
    pub(super) fn apply(self, tree: &Tree, has_text: bool, prompt: &mut Prompt) -> Option<Summary> {
        let head = head_length(prompt);
        let ends = turn_ends(tree, has_text, prompt, head);
        let step = self.turns as usize;
        let cuts: Vec<usize> =
            ends.chunks_exact(step).filter_map(<[usize]>::last).copied().collect();
        let cut = *cuts.last()?;
        // By the local count, which later calls share.
        let counted = prompt[head..cut].iter().map(|segment| counted(tree, segment));
        if counted.sum::<u64>() <= u64::from(self.tokens) {
            return None;
        }
        let starts = std::iter::once(head).chain(cuts.iter().copied());
        let blocks = starts.zip(&cuts).map(|(start, end)| tokens_of(&prompt[start..*end]));
        let blocks: Vec<u64> = blocks.collect();
        let old = prompt[head..cut].iter();
        let summary = Segment {
            identity: old.fold(SUMMARY, |hash, segment| mix(hash, segment.identity)),
            tokens: self.tokens,
            component: Component::History,
            assistant: false,
            ends_block: true,
            stretch: None,
        };
        prompt.splice(head..cut, [summary]);
        Some(Summary {
            turns: u32::try_from(cuts.len() * step).unwrap_or(u32::MAX),
            tokens: u64::from(self.tokens),
            step: self.turns,
            blocks,
        })
    }
}

fn counted(tree: &Tree, segment: &Segment) -> u64 {
    u64::from(segment.stretch.map_or(segment.tokens, |id| tree.stretch(id).counted))
}

/// Where turns end behind the head: each answered question, with what its
/// tools said, up to the next question.
fn turn_ends(tree: &Tree, has_text: bool, prompt: &[Segment], head: usize) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut is_answered = false;
    for (at, segment) in prompt.iter().enumerate().skip(head) {
        let Some(stretch) = segment.stretch.map(|id| tree.stretch(id)) else { continue };
        if !has_text {
            // What one call added is a turn.
            if segment.component == Component::History {
                ends.push(at + 1);
            }
        } else if segment.assistant {
            is_answered = true;
        } else if is_answered && stretch.component == Component::UserInput {
            ends.push(at);
            is_answered = false;
        }
    }
    ends
}

/// How many turns stand in the prompt up to every stretch; examples count as
/// turns here.
pub(super) struct Turns(Vec<Passed>);

#[derive(Clone, Copy, Debug, Default)]
struct Passed {
    turns: u32,
    is_answered: bool,
    calls: u32,
}

impl Turns {
    pub(super) fn of(tree: &Tree) -> Self {
        let mut passed = vec![Passed::default(); tree.len()];
        // Parents stand before their children.
        for at in 1..tree.len() {
            let stretch = tree.stretch(StretchId(u32::try_from(at).unwrap_or(u32::MAX)));
            let mut here = passed[stretch.parent.0 as usize];
            if stretch.assistant {
                here.is_answered = true;
            } else if stretch.component == Component::UserInput {
                here.turns += u32::from(std::mem::take(&mut here.is_answered));
                here.calls += 1;
            }
            passed[at] = here;
        }
        Self(passed)
    }

    /// Answered turns before the newest question.
    pub(super) fn by_text(&self, end: usize) -> u32 {
        self.0[end].turns
    }

    /// Calls before the newest one.
    pub(super) fn by_calls(&self, end: usize) -> u32 {
        self.0[end].calls.saturating_sub(1)
    }
}

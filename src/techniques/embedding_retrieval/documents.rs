//! The documents of a call's prompt, and the question beside them.

use crate::record::component::Component;
use crate::techniques::traffic::{CallIndex, Prompt, StretchId, Traffic, mix};
use crate::units::Evidence;

use super::Question;

/// The documents that first stand in a call's prompt.
#[derive(Clone, Debug, Default)]
pub(super) struct Documents {
    /// Their tokens, by the bill.
    pub(super) tokens: u64,
    /// Where they stand in the tree.
    pub(super) stretches: Vec<StretchId>,
    /// Each text with its tokens, by its identity.
    pub(super) texts: Vec<(u64, u32)>,
    pub(super) question: Question,
}

impl Documents {
    /// The documents of a call, `None` where it has none; `prompt` is a buffer.
    pub(super) fn of(traffic: &Traffic<'_>, index: CallIndex, prompt: &mut Prompt) -> Option<Self> {
        if tokens_of(traffic, index) == 0 {
            return None;
        }
        traffic.prompt(index, prompt);
        let mut found = Self { question: question(traffic, index, prompt), ..Self::default() };
        for segment in prompt.iter() {
            if segment.component != Component::RetrievedContext {
                continue;
            }
            found.tokens += u64::from(segment.tokens);
            found.stretches.extend(segment.stretch);
            let stretch = segment.stretch.map(|id| traffic.tree.stretch(id));
            let block = traffic.ledger.log.block(stretch.and_then(|stretch| stretch.block));
            // Without a text nothing says that two documents are the same one.
            let text = block
                .map_or((segment.identity, segment.tokens), |block| (block.identity, block.tokens));
            found.texts.push(text);
        }
        Some(found)
    }
}

/// What a call asks: its last user turn.
fn question(traffic: &Traffic<'_>, index: CallIndex, prompt: &Prompt) -> Question {
    let last_user = traffic.recorded(index).and_then(|recorded| recorded.last_user);
    if let Some(block) = traffic.ledger.log.block(last_user) {
        return Question { identity: block.identity, tokens: u64::from(block.tokens) };
    }
    let asked = prompt.iter().filter(|segment| segment.component == Component::UserInput);
    let tokens = asked.map(|segment| u64::from(segment.tokens)).sum();
    Question { identity: mix(UNREAD, u64::from(index.0)), tokens }
}

impl Default for Question {
    fn default() -> Self {
        Self { identity: UNREAD, tokens: 0 }
    }
}

const UNREAD: u64 = 0x756e_7265_6164;

/// The document tokens of a call, as they are attributed.
pub(super) fn tokens_of(traffic: &Traffic<'_>, index: CallIndex) -> u64 {
    let parts = traffic.ledger.components.parts(traffic.call(index).entry as usize);
    let documents = parts.iter().filter(|part| part.component == Component::RetrievedContext);
    documents.map(|part| part.billed().total().get()).sum()
}

/// Whether the log says which part of a call's prompt is documents.
pub(super) fn is_known(traffic: &Traffic<'_>, index: CallIndex) -> bool {
    let parts = traffic.ledger.components.parts(traffic.call(index).entry as usize);
    let is_stated = !parts.is_empty()
        && parts.iter().all(|part| {
            part.evidence == Evidence::Measured && part.component != Component::Unattributed
        });
    let has_blocks = traffic.recorded(index).is_some_and(|prompt| prompt.last_user.is_some());
    is_stated || has_blocks || tokens_of(traffic, index) > 0
}

/// A part of some tokens in the ratio of two others, rounded down.
pub(super) fn scaled(tokens: u64, part: u64, whole: u64) -> u64 {
    let scaled = u128::from(tokens) * u128::from(part) / u128::from(whole.max(1));
    u64::try_from(scaled).unwrap_or(tokens)
}

/// A document as a question leaves it.
pub(super) const fn asked_about(document: u64, question: u64) -> u64 {
    mix(document, question)
}

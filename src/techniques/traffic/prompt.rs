//! A call's prompt as the simulation sees it: stretches with billed tokens.
//!
//! Local counts are laid over the bill. Where an earlier call's whole prompt
//! opens this one, what that call was billed says where it ends, so no
//! tokenizer is needed there; between two such places the local counts decide.
//! Knows no price.

use crate::record::component::Component;
use crate::units::Tokens;

use super::tree::{StretchId, mix};
use super::{CallIndex, Traffic};

/// One stretch of a prompt as a technique may rewrite it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Hash of its content: equal content, equal identity.
    pub identity: u64,
    /// Its tokens, in those of the model that serves the call.
    pub tokens: u32,
    /// What it is in this call.
    pub component: Component,
    /// Whether it belongs to a message of the assistant.
    pub assistant: bool,
    /// Whether it ends a content block.
    pub ends_block: bool,
    /// Where it stands in the log's tree; `None` for what is not in it.
    pub stretch: Option<StretchId>,
}

impl Segment {
    /// Whether it belongs to what opens every call: tools, system prompt,
    /// examples.
    #[must_use]
    pub const fn is_head(&self) -> bool {
        matches!(
            self.component,
            Component::ToolDefinitions | Component::SystemPrompt | Component::FewShot
        )
    }
}

/// A prompt, first segment first.
pub type Prompt = Vec<Segment>;

/// How many segments open a prompt and are its head.
#[must_use]
pub fn head_length(prompt: &[Segment]) -> usize {
    prompt.iter().take_while(|segment| segment.is_head()).count()
}

/// The tokens of some segments.
#[must_use]
pub fn tokens_of(segments: &[Segment]) -> u64 {
    segments.iter().map(|segment| u64::from(segment.tokens)).sum()
}

impl Traffic<'_> {
    /// Fills `prompt` with the prompt of a call as it was logged. Its tokens add
    /// up to the billed input.
    pub fn prompt(&self, index: CallIndex, prompt: &mut Prompt) {
        prompt.clear();
        let call = self.call(index);
        let total = self.input(index);
        prompt.extend(self.tree.upwards(call.end).map(|id| self.tree.segment(id)));
        prompt.reverse();
        if self.has_text(index) {
            self.name_components(index, prompt);
        } else {
            name_deduced(prompt);
        }
        let hidden = self.hidden_head(index, prompt).min(total);
        self.lay_over_bill(index, prompt, hidden, total);
        if hidden > 0 {
            prompt.insert(
                0,
                Segment {
                    identity: mix(HIDDEN_HEAD, u64::from(call.family.0)),
                    tokens: small(hidden),
                    component: Component::SystemPrompt,
                    assistant: false,
                    ends_block: true,
                    stretch: None,
                },
            );
        }
        self.add_tail(index, prompt, total);
    }

    /// Components by the runs that the ledger found.
    fn name_components(&self, index: CallIndex, prompt: &mut [Segment]) {
        let runs = self.ledger.components.runs.row(self.call(index).entry as usize);
        let mut runs = runs.iter();
        let mut until = 0;
        let mut at = 0;
        let mut component = Component::Unattributed;
        for segment in prompt {
            // A segment belongs to the run its first token stands in.
            while at >= until {
                let Some(run) = runs.next() else { break };
                until += run.counted;
                component = run.component;
            }
            segment.component = component;
            at += u64::from(segment.tokens);
        }
    }

    /// Tokens of a system prompt that is billed and not logged.
    fn hidden_head(&self, index: CallIndex, prompt: &[Segment]) -> u64 {
        let call = self.call(index);
        if !self.ledger.log.calls[self.record_of(index)].flags.hidden_head
            || prompt.iter().any(|segment| segment.component == Component::SystemPrompt)
        {
            return 0;
        }
        let parts = self.ledger.components.parts(call.entry as usize);
        let part = parts.iter().find(|part| part.component == Component::SystemPrompt);
        part.map_or(0, |part| part.billed().total().get())
    }

    /// Turns local counts into billed tokens.
    fn lay_over_bill(&self, index: CallIndex, prompt: &mut [Segment], from: u64, total: u64) {
        let model = self.call(index).model;
        let ends_here = self.has_text(index);
        let last = prompt.len().saturating_sub(1);
        let (mut first, mut start) = (0, from.min(total));
        for at in 0..prompt.len() {
            let end = if at == last && ends_here {
                Some(total)
            } else {
                prompt[at]
                    .stretch
                    .and_then(|stretch| self.anchor(stretch, model))
                    .filter(|billed| *billed > start && *billed < total || *billed == total)
            };
            let end = match end {
                Some(end) => end,
                // Nothing more is known further down: counts as they are.
                None if at == last => {
                    let counted = tokens_of(&prompt[first..]);
                    start.saturating_add(counted).min(total)
                }
                None => continue,
            };
            spread(&mut prompt[first..=at], end.saturating_sub(start));
            (first, start) = (at + 1, end.max(start));
        }
    }

    /// What the bill holds beyond the stretches: the new part of a call whose
    /// texts were not logged, nobody else's.
    fn add_tail(&self, index: CallIndex, prompt: &mut Prompt, total: u64) {
        let known = tokens_of(prompt);
        let mut rest = total.saturating_sub(known);
        let mut push = |component, tokens: u64| {
            if tokens > 0 {
                let part = mix(u64::from(index.0), component as u64);
                prompt.push(Segment {
                    identity: mix(TAIL, part),
                    tokens: small(tokens),
                    component,
                    assistant: false,
                    ends_block: true,
                    stretch: None,
                });
            }
        };
        if rest == 0 {
            return;
        }
        if self.has_text(index) {
            return push(Component::Unattributed, rest);
        }
        // Stated parts stand in prompt order; what the stretches cover is taken
        // from the front.
        let mut covered = known;
        for part in self.ledger.components.parts(self.call(index).entry as usize) {
            let tokens = part.billed().total().get();
            let taken = tokens.min(covered);
            covered -= taken;
            let tokens = (tokens - taken).min(rest);
            push(part.component, tokens);
            rest -= tokens;
        }
        push(Component::Unattributed, rest);
    }
}

/// Of a prompt without texts all but the head and the newest part is history.
fn name_deduced(prompt: &mut [Segment]) {
    let last = prompt.len().saturating_sub(1);
    for segment in &mut prompt[..last] {
        if !segment.is_head() {
            segment.component = Component::History;
        }
    }
}

const HIDDEN_HEAD: u64 = 0x6869_6464_656e;
const TAIL: u64 = 0x7461_696c;

/// Shares billed tokens over segments by their counts; they add up exactly.
fn spread(segments: &mut [Segment], billed: u64) {
    let counted = tokens_of(segments);
    if counted == 0 {
        if let Some(last) = segments.last_mut() {
            last.tokens = small(billed);
        }
        return;
    }
    let (mut running, mut given) = (0_u64, 0_u64);
    for segment in segments {
        running += u64::from(segment.tokens);
        let upto = u128::from(running) * u128::from(billed) / u128::from(counted);
        let upto = u64::try_from(upto).unwrap_or(u64::MAX);
        segment.tokens = small(upto - given);
        given = upto;
    }
}

fn small(tokens: u64) -> u32 {
    u32::try_from(tokens).unwrap_or(u32::MAX)
}

/// The tokens of a prompt as a quantity.
#[must_use]
pub fn length(prompt: &[Segment]) -> Tokens {
    Tokens::new(tokens_of(prompt))
}

#[cfg(test)]
mod tests {
    use super::{Segment, spread};
    use crate::record::component::Component;

    #[test]
    fn billed_tokens_are_shared_by_counts_and_add_up() {
        let segment = |tokens| Segment {
            identity: 0,
            tokens,
            component: Component::UserInput,
            assistant: false,
            ends_block: true,
            stretch: None,
        };
        let mut segments = [1, 1, 1].map(segment);
        spread(&mut segments, 10);
        // Running thirds of ten, rounded down: 3, 6, 10.
        assert_eq!(segments.map(|segment| segment.tokens), [3, 3, 4]);
    }
}

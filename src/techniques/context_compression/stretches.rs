//! What single stretches of a prompt shrink to: without loss, or rewritten.

use crate::record::component::Component;
use crate::techniques::parameter::Value;
use crate::techniques::parameters::Assumptions;
use crate::techniques::parameters::context_compression as parameters;
use crate::techniques::traffic::{Segment, StretchId, Traffic, mix};

use super::without;

/// How stretches are shrunk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shrinking {
    lossless: bool,
    /// The share that rewriting takes away, and the shortest text it is for.
    rewriting: Option<(Value, u64)>,
    /// How many calls use a rewritten text.
    pub(super) uses: u64,
}

/// What can be shrunk in a prompt.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Found {
    lossless: bool,
    pub(super) rewritten: bool,
}

/// What was shrunk in a prompt, and the tokens that a model read and wrote to
/// rewrite what is new in it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shrunk {
    pub(super) changed: bool,
    pub(super) read: u64,
    pub(super) written: u64,
}

const LOSSLESS: u64 = 0x6c6f_7373_6c65_7373;
const REWRITTEN: u64 = 0x7265_7772_6974_7465;

impl Found {
    pub(super) const fn any(self) -> bool {
        self.lossless || self.rewritten
    }
}

impl Shrinking {
    pub(super) fn of(values: &Assumptions, lossless: bool, rewriting: bool) -> Self {
        let least = values.value(parameters::MINIMUM_SEGMENT_TOKENS).floor();
        Self {
            lossless,
            rewriting: rewriting.then(|| (values.value(parameters::CUT), least)),
            uses: values.value(parameters::REWRITING_USES).floor().max(1),
        }
    }

    pub(super) const fn is_off(&self) -> bool {
        !self.lossless && self.rewriting.is_none()
    }

    /// By stretch, what can be shrunk in the prompt up to there.
    pub(super) fn along(&self, traffic: &Traffic<'_>) -> Vec<Found> {
        let tree = &traffic.tree;
        let mut along = vec![Found::default(); tree.len()];
        // Parents stand before their children.
        for at in 1..tree.len() {
            let id = StretchId(u32::try_from(at).unwrap_or(u32::MAX));
            let before = along[tree.stretch(id).parent.0 as usize];
            along[at] = Found {
                lossless: before.lossless || self.removable(traffic, id).is_some(),
                rewritten: before.rewritten || self.cut(traffic, id).is_some(),
            };
        }
        along
    }

    /// Shrinks the stretches of a prompt, each by itself.
    pub(super) fn apply(&self, traffic: &Traffic<'_>, prompt: &mut [Segment]) -> Shrunk {
        let mut shrunk = Shrunk::default();
        for segment in prompt {
            let Some(id) = segment.stretch else { continue };
            if let Some((removable, of)) = self.removable(traffic, id) {
                let removed = u64::from(segment.tokens) * removable / of;
                segment.tokens -= u32::try_from(removed).unwrap_or(0).min(segment.tokens);
                segment.identity = mix(segment.identity, LOSSLESS);
                shrunk.changed = true;
            }
            if let Some(share) = self.cut(traffic, id) {
                let before = segment.tokens;
                segment.tokens = without(before, share);
                segment.identity = mix(segment.identity, REWRITTEN);
                shrunk.changed = true;
                // Later calls send again what was rewritten here.
                if segment.component == Component::RetrievedContext {
                    shrunk.read += u64::from(before);
                    shrunk.written += u64::from(segment.tokens);
                }
            }
        }
        shrunk
    }

    /// Tokens of a stretch's block that go without loss, of how many; a stretch
    /// that is a part of its block gives its share.
    fn removable(&self, traffic: &Traffic<'_>, id: StretchId) -> Option<(u64, u64)> {
        let stretch = traffic.tree.stretch(id);
        let block = traffic.ledger.log.block(stretch.block).filter(|_| self.lossless)?;
        let parts = block.removable;
        let parts = [parts.json, parts.whitespace, parts.comments, parts.duplicates];
        let removable: u64 = parts.into_iter().map(u64::from).sum();
        // The whole block carries what the provider adds around a message.
        let of = u64::from(block.tokens.max(stretch.counted));
        (removable > 0 && of > 0).then_some((removable.min(of), of))
    }

    /// The share of a stretch that rewriting takes away.
    fn cut(&self, traffic: &Traffic<'_>, id: StretchId) -> Option<Value> {
        let (cut, least) = self.rewriting?;
        let stretch = traffic.tree.stretch(id);
        let block = traffic.ledger.log.block(stretch.block)?;
        let is_long = u64::from(block.tokens) >= least;
        (is_long && stretch.component == Component::RetrievedContext).then_some(cut)
    }
}

//! The prefix tree of a log with everything taken together that always travels
//! together.
//!
//! Between two places where a prompt ends, branches off or closes a content
//! block, the pieces of a prompt are sent by the same calls: for a cache they
//! are one stretch. Knows no price and no time.

use rustc_hash::FxHashMap;

use crate::record::component::Component;
use crate::record::log::Log;
use crate::record::prompt::{BlockId, NodeId};

use super::prompt::Segment;

/// A handle on a stretch; the root is the empty prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StretchId(pub u32);

impl StretchId {
    /// The empty prompt.
    pub const ROOT: Self = Self(0);
}

/// Pieces of prompts that always stand one behind the other.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    /// The stretch before.
    pub parent: StretchId,
    /// Fixed hash of its content.
    pub identity: u64,
    /// Its tokens by the local count.
    pub counted: u32,
    /// What it is in itself.
    pub component: Component,
    /// Whether it belongs to a message of the assistant.
    pub assistant: bool,
    /// Whether it ends a content block.
    pub ends_block: bool,
    /// The block it belongs to, where texts were logged.
    pub block: Option<BlockId>,
}

/// All stretches of a log, each behind its parent.
#[derive(Debug)]
pub struct Tree {
    stretches: Vec<Stretch>,
    made: FxHashMap<(StretchId, u64), StretchId>,
}

impl Tree {
    /// Takes the prefix tree of a log together; also says which stretch ends at
    /// each of `ends`.
    #[must_use]
    pub fn of(log: &Log, ends: &[NodeId]) -> (Self, Vec<StretchId>) {
        let count = log.tree.len() + 1;
        let mut children = vec![0_u8; count];
        for id in nodes(count) {
            let parent = log.tree.node(id).parent;
            children[position(parent)] = children[position(parent)].saturating_add(1);
        }
        let mut kept = vec![false; count];
        for end in ends {
            kept[position(*end)] = true;
        }
        let root = Stretch {
            parent: StretchId::ROOT,
            identity: 0,
            counted: 0,
            component: Component::Unattributed,
            assistant: false,
            ends_block: true,
            block: None,
        };
        let mut tree = Self { stretches: vec![root], made: FxHashMap::default() };
        // The stretch that each node's prompt has reached, and what has been
        // gathered since. Parents stand before their children.
        let mut reached = vec![StretchId::ROOT; count];
        let mut open = vec![(0_u64, 0_u32); count];
        for id in nodes(count) {
            let node = log.tree.node(id);
            let at = position(id);
            let (hash, counted) = open[position(node.parent)];
            let role = (node.component.index() as u64) << 1 | u64::from(node.assistant);
            let hash = mix(hash ^ node.hash, role);
            let counted = counted.saturating_add(node.tokens);
            let parent = reached[position(node.parent)];
            let closes = node.block.is_some() && node.ends_block;
            if kept[at] || children[at] != 1 || closes {
                reached[at] = tree.push(Stretch {
                    parent,
                    identity: hash,
                    counted,
                    component: node.component,
                    assistant: node.assistant,
                    ends_block: node.block.is_none() || node.ends_block,
                    block: node.block,
                });
            } else {
                reached[at] = parent;
                open[at] = (hash, counted);
            }
        }
        let ends = ends.iter().map(|end| reached[position(*end)]).collect();
        (tree, ends)
    }

    /// A stretch that no text shows, made once per place and identity.
    pub fn deduced(&mut self, stretch: Stretch) -> StretchId {
        let key = (stretch.parent, stretch.identity);
        if let Some(found) = self.made.get(&key) {
            return *found;
        }
        let id = self.push(stretch);
        self.made.insert(key, id);
        id
    }

    /// The stretch behind a handle; the root for a handle of another tree.
    #[must_use]
    pub fn stretch(&self, id: StretchId) -> &Stretch {
        self.stretches.get(id.0 as usize).unwrap_or(&self.stretches[0])
    }

    /// The stretches of a prompt from its last one to its first.
    pub fn upwards(&self, end: StretchId) -> impl Iterator<Item = StretchId> {
        let parent = |id: &StretchId| Some(self.stretch(*id).parent);
        std::iter::successors(Some(end), parent).take_while(|id| *id != StretchId::ROOT)
    }

    /// A stretch as a segment of a prompt, in local tokens.
    #[must_use]
    pub fn segment(&self, id: StretchId) -> Segment {
        let stretch = self.stretch(id);
        Segment {
            identity: stretch.identity,
            tokens: stretch.counted,
            component: stretch.component,
            assistant: stretch.assistant,
            ends_block: stretch.ends_block,
            stretch: Some(id),
        }
    }

    /// How many stretches there are, the root included.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.stretches.len()
    }

    /// Whether there is no prompt at all.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.stretches.len() <= 1
    }

    fn push(&mut self, stretch: Stretch) -> StretchId {
        let id = StretchId(u32::try_from(self.stretches.len()).unwrap_or(u32::MAX));
        self.stretches.push(stretch);
        id
    }
}

/// Folds a value into a fixed hash.
#[must_use]
pub const fn mix(hash: u64, value: u64) -> u64 {
    let mixed = (hash ^ value).wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

const fn position(id: NodeId) -> usize {
    id.0 as usize
}

/// Every node but the root.
fn nodes(count: usize) -> impl Iterator<Item = NodeId> {
    (1..u32::try_from(count).unwrap_or(u32::MAX)).map(NodeId)
}

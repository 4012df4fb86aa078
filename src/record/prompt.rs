//! Prompts as paths in one prefix tree, answers as fingerprints.
//!
//! Nothing here is text. A distinct content block is measured once and becomes
//! a [`Block`]; a distinct piece of a prompt becomes a [`Node`] under the piece
//! before it, so two prompts that open alike share nodes as far as they do.

use rustc_hash::FxHashMap;

use super::component::Component;
use super::symbol::Symbol;
use crate::units::Ttl;

/// A handle on a measured content block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BlockId(pub u32);

/// A handle on a node of the prefix tree; the root is the empty prompt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct NodeId(pub u32);

impl NodeId {
    /// The empty prompt.
    pub const ROOT: Self = Self(0);
}

/// One distinct piece of content, measured before its text was dropped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// Fixed hash of the content as a provider would see it.
    pub identity: u64,
    /// Tokens by the local tokenizer.
    pub tokens: u32,
    /// Characters of the text.
    pub characters: u32,
    /// Hash and tokens of each of its pieces of about 64 tokens, the last one
    /// shorter; the tokens add up to `tokens`.
    pub pieces: Box<[(u64, u32)]>,
    /// What lossless rewriting would remove.
    pub removable: Removable,
    /// Its words, for text a user wrote.
    pub words: Option<Box<Words>>,
    /// What kinds of changing values it holds (bits of [`Volatile`]).
    pub volatile: u8,
    /// Of a system prompt, the hash of its opening with digits levelled: what
    /// stays the same when a template is filled in differently; 0 for others.
    pub opening: u64,
}

/// Tokens that rewriting without loss would remove from a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removable {
    /// By minifying JSON.
    pub json: u32,
    /// By collapsing runs of white space.
    pub whitespace: u32,
    /// By dropping lines of code that are only a comment.
    pub comments: u32,
    /// By dropping passages that stand twice in the block.
    pub duplicates: u32,
}

/// The words of a user's text, casefolded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// Sorted hashes of its distinct words; empty beyond [`Words::MOST`].
    pub distinct: Box<[u32]>,
    /// Hash of the sorted multiset of its words that hold a digit.
    pub with_digits: u64,
    /// Whether it had more distinct words than are kept.
    pub too_long: bool,
}

impl Words {
    /// Longer texts keep no words: near repeats are looked for among short ones.
    pub const MOST: usize = 2_048;
}

/// Kinds of values that commonly break a shared prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Volatile {
    /// A date or a time of day.
    Time = 1,
    /// A UUID or another long random id.
    Identifier = 2,
}

/// One piece of a prompt, below the piece before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// The piece before.
    pub parent: NodeId,
    /// Hash of the piece.
    pub hash: u64,
    /// Tokens of the piece by the local tokenizer, message overhead included.
    pub tokens: u32,
    /// The block the piece belongs to; `None` in a block trace.
    pub block: Option<BlockId>,
    /// What the piece is in itself; history is a matter of the call.
    pub component: Component,
    /// Whether it ends a content block.
    pub ends_block: bool,
    /// Whether it ends a message.
    pub ends_message: bool,
    /// Whether it belongs to a message of the assistant.
    pub assistant: bool,
}

/// The tree of all prompts of a log.
#[derive(Clone, Debug)]
pub struct PromptTree {
    nodes: Vec<Node>,
    children: FxHashMap<(NodeId, u64), NodeId>,
}

impl Default for PromptTree {
    fn default() -> Self {
        let root = Node {
            parent: NodeId::ROOT,
            hash: 0,
            tokens: 0,
            block: None,
            component: Component::Unattributed,
            ends_block: true,
            ends_message: true,
            assistant: false,
        };
        Self { nodes: vec![root], children: FxHashMap::default() }
    }
}

impl PromptTree {
    /// The node of a piece below `node.parent`, made if it is new.
    pub fn child(&mut self, node: Node) -> NodeId {
        // The same words in another role are another piece.
        let role = (node.component.index() as u64) << 1 | u64::from(node.assistant);
        let key = (node.parent, node.hash ^ role.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        if let Some(&found) = self.children.get(&key) {
            return found;
        }
        let id = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push(node);
        self.children.insert(key, id);
        id
    }

    /// The node behind a handle; the root for a handle of another tree.
    #[must_use]
    pub fn node(&self, id: NodeId) -> &Node {
        self.nodes.get(id.0 as usize).unwrap_or(&self.nodes[0])
    }

    /// The path from the first piece of a prompt to `end`.
    #[must_use]
    pub fn path(&self, end: NodeId) -> Vec<NodeId> {
        let mut path = Vec::new();
        let mut at = end;
        while at != NodeId::ROOT {
            path.push(at);
            at = self.node(at).parent;
        }
        path.reverse();
        path
    }

    /// How many distinct pieces the log holds, the root not counted.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.nodes.len() - 1
    }

    /// Whether the log held no prompt at all.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What is kept of one call's texts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prompt {
    /// The last piece of the prompt.
    pub end: NodeId,
    /// Tokens of the prompt by the local tokenizer.
    pub counted_tokens: u32,
    /// Pieces whose size only the provider knows: images, audio, files.
    pub unmeasured_parts: u16,
    /// Hash of the request without user, metadata and stream.
    pub request_hash: u128,
    /// Hash of the request's parameters alone: model, temperature, formats.
    pub parameters_hash: u64,
    /// Hash of tool definitions and system prompt.
    pub head_hash: u64,
    /// Hash of the retrieved pieces of this turn.
    pub retrieved_hash: u64,
    /// The block of the last user turn.
    pub last_user: Option<BlockId>,
    /// A readable name of the call site, where one could be made.
    pub call_site: Option<Symbol>,
    /// Cache marks: the node each one stands behind, with its lifetime.
    pub cache_marks: Vec<(NodeId, Option<Ttl>)>,
    /// The answer.
    pub answer: Option<Answer>,
}

/// What is kept of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Fixed hash of its text.
    pub hash: u64,
    /// Tokens of its text by the local tokenizer.
    pub tokens: u32,
    /// Tokens if its JSON were minified; as `tokens` where it is no JSON.
    pub minified_tokens: u32,
    /// Whether it is a JSON document.
    pub is_json: bool,
    /// Whether it reappears in a later prompt of the log.
    pub reappears: bool,
    /// Tokens of this turn's retrieved text that it repeats.
    pub repeated_tokens: u32,
}

#[cfg(test)]
mod tests {
    use super::{Component, Node, NodeId, PromptTree};

    fn piece(parent: NodeId, hash: u64) -> Node {
        Node {
            parent,
            hash,
            tokens: 64,
            block: None,
            component: Component::UserInput,
            ends_block: true,
            ends_message: true,
            assistant: false,
        }
    }

    #[test]
    fn prompts_that_open_alike_share_nodes() {
        let mut tree = PromptTree::default();
        let first = tree.child(piece(NodeId::ROOT, 7));
        let left = tree.child(piece(first, 8));
        let right = tree.child(piece(first, 9));
        assert_eq!(tree.child(piece(NodeId::ROOT, 7)), first);
        assert_eq!(tree.len(), 3);
        assert_eq!(tree.path(left), [first, left]);
        assert_eq!(tree.path(right), [first, right]);
    }
}

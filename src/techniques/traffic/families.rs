//! Which calls can share a cached prefix, and which must be decided on
//! together.

use rustc_hash::FxHashMap;

use crate::record::component::Component;
use crate::record::log::Log;
use crate::record::prompt::NodeId;
use crate::record::symbol::Symbol;
use crate::units::Clock;

use super::{CallIndex, mix};
use super::{FamilyIndex, PlaceIndex, SimulatedCall, Unit};

/// From this size on a head is known by its first piece.
const LONG_HEAD: u32 = 64;

/// What the prompts of a family open with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Root {
    /// A piece of a prompt.
    Piece(u64),
    /// A short head, whole.
    Head(u64),
    /// Only counts were logged: the feature stands for what it opens with.
    Feature(Option<Symbol>),
}

/// What tells families apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) provider: Option<Symbol>,
    pub(super) workspace: Option<Symbol>,
    pub(super) clock: Clock,
    pub(super) root: Root,
}

/// The opening of every prompt of a log.
pub(super) struct Openings {
    first: Vec<NodeId>,
    head_tokens: Vec<u32>,
    head_hash: Vec<u64>,
    all_head: Vec<bool>,
}

impl Openings {
    pub(super) fn of(log: &Log) -> Self {
        let count = log.tree.len() + 1;
        let mut found = Self {
            first: vec![NodeId::ROOT; count],
            head_tokens: vec![0; count],
            head_hash: vec![0; count],
            all_head: vec![true; count],
        };
        for id in (1..u32::try_from(count).unwrap_or(u32::MAX)).map(NodeId) {
            let node = log.tree.node(id);
            let (at, parent) = (id.0 as usize, node.parent.0 as usize);
            found.first[at] = if node.parent == NodeId::ROOT { id } else { found.first[parent] };
            let is_head =
                matches!(node.component, Component::ToolDefinitions | Component::SystemPrompt);
            found.all_head[at] = found.all_head[parent] && is_head;
            found.head_tokens[at] = found.head_tokens[parent];
            found.head_hash[at] = found.head_hash[parent];
            if found.all_head[at] {
                found.head_tokens[at] = found.head_tokens[at].saturating_add(node.tokens);
                found.head_hash[at] = mix(found.head_hash[at], node.hash);
            }
        }
        found
    }

    /// What a prompt that ends at a node opens with.
    pub(super) fn root(&self, log: &Log, end: NodeId) -> Root {
        let at = end.0 as usize;
        let first = log.tree.node(self.first[at]);
        if first.block.is_none() || self.head_tokens[at] >= LONG_HEAD {
            Root::Piece(first.hash)
        } else {
            Root::Head(self.head_hash[at])
        }
    }
}

/// Joins families that share a workspace, feature and model.
pub(super) fn units(
    calls: &[SimulatedCall],
    families: &[Vec<CallIndex>],
    places: usize,
) -> Vec<Unit> {
    let mut links = Links::new(families.len() + places);
    for call in calls {
        links.join(call.family.0 as usize, families.len() + call.place.0 as usize);
    }
    let mut units: Vec<Unit> = Vec::new();
    let mut of_root: FxHashMap<usize, usize> = FxHashMap::default();
    for (family, members) in (0..).zip(families) {
        let root = links.root(family as usize);
        let unit = *of_root.entry(root).or_insert_with(|| {
            units.push(Unit::default());
            units.len() - 1
        });
        let unit = &mut units[unit];
        unit.families.push(FamilyIndex(family));
        unit.calls += members.len() as u64;
        unit.bill += members.iter().map(|index| calls[index.0 as usize].bill).sum();
    }
    for place in 0..places {
        if let Some(unit) = of_root.get(&links.root(families.len() + place)) {
            let place = PlaceIndex(u32::try_from(place).unwrap_or(u32::MAX));
            units[*unit].places.push(place);
        }
    }
    units
}

/// Disjoint sets of numbers; the smallest of a set stands for it.
struct Links(Vec<usize>);

impl Links {
    fn new(count: usize) -> Self {
        Self((0..count).collect())
    }

    fn root(&mut self, mut at: usize) -> usize {
        while self.0[at] != at {
            self.0[at] = self.0[self.0[at]];
            at = self.0[at];
        }
        at
    }

    fn join(&mut self, left: usize, right: usize) {
        let (left, right) = (self.root(left), self.root(right));
        self.0[left.max(right)] = left.min(right);
    }
}

#[cfg(test)]
mod tests {
    use super::Links;

    #[test]
    fn links_join_chains_into_one_set() {
        let mut links = Links::new(6);
        links.join(4, 5);
        links.join(1, 4);
        links.join(0, 2);
        let roots: Vec<usize> = (0..6).map(|at| links.root(at)).collect();
        assert_eq!(roots, [0, 1, 0, 3, 1, 1]);
    }
}

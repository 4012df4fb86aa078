//! The names of the eight techniques and sets of them.
//!
//! Knows nothing of what a technique does.

/// A technique, in the order of published playbooks: its bit in a [`Set`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum TechniqueId {
    /// Cache stable openings of prompts at the provider.
    PromptCaching,
    /// Serve easy traffic by a cheaper model.
    ModelRouting,
    /// Send the passages that matter instead of whole documents.
    EmbeddingRetrieval,
    /// Say the same in fewer prompt tokens.
    ContextCompression,
    /// Use the provider's asynchronous lane where nobody waits.
    BatchApi,
    /// Generate fewer tokens.
    OutputCapping,
    /// Answer repeated requests from a store.
    SemanticDedup,
    /// Train a small model for a narrow task.
    FineTuning,
}

impl TechniqueId {
    /// Every technique, in playbook order.
    pub const ALL: [Self; 8] = [
        Self::PromptCaching,
        Self::ModelRouting,
        Self::EmbeddingRetrieval,
        Self::ContextCompression,
        Self::BatchApi,
        Self::OutputCapping,
        Self::SemanticDedup,
        Self::FineTuning,
    ];

    /// How many techniques there are.
    pub const COUNT: usize = Self::ALL.len();

    /// The id used on the command line, in settings and in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PromptCaching => "prompt-caching",
            Self::ModelRouting => "model-routing",
            Self::EmbeddingRetrieval => "embedding-retrieval",
            Self::ContextCompression => "context-compression",
            Self::BatchApi => "batch-api",
            Self::OutputCapping => "output-capping",
            Self::SemanticDedup => "semantic-dedup",
            Self::FineTuning => "fine-tuning",
        }
    }

    /// The technique of that id; `None` where the word names none.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|technique| technique.name() == name)
    }

    /// The position in playbook order.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The set of this technique alone.
    #[must_use]
    pub const fn set(self) -> Set {
        Set(1 << self as u8)
    }
}

/// A set of techniques; bit `i` is [`TechniqueId::ALL`]`[i]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Set(pub u8);

impl Set {
    /// No technique.
    pub const NONE: Self = Self(0);
    /// All eight.
    pub const ALL: Self = Self(u8::MAX);
    /// How many sets there are.
    pub const COUNT: usize = 1 << TechniqueId::COUNT;

    /// Every set, by ascending bits.
    pub fn every() -> impl Iterator<Item = Self> {
        (0..=u8::MAX).map(Self)
    }

    /// Whether a technique is in the set.
    #[must_use]
    pub const fn has(self, technique: TechniqueId) -> bool {
        self.0 & technique.set().0 != 0
    }

    /// The set with a technique added.
    #[must_use]
    pub const fn with(self, technique: TechniqueId) -> Self {
        Self(self.0 | technique.set().0)
    }

    /// The set with a technique taken away.
    #[must_use]
    pub const fn without(self, technique: TechniqueId) -> Self {
        Self(self.0 & !technique.set().0)
    }

    /// What is in both sets.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is in either set.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether every technique of this set is in the other.
    #[must_use]
    pub const fn is_within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// How many techniques are in the set.
    #[must_use]
    pub const fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// Whether the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The position in a table of all sets.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// Its techniques, in playbook order.
    pub fn iter(self) -> impl Iterator<Item = TechniqueId> {
        TechniqueId::ALL.into_iter().filter(move |technique| self.has(*technique))
    }
}

#[cfg(test)]
mod tests {
    use super::{Set, TechniqueId};

    #[test]
    fn ids_and_bits_follow_playbook_order() {
        for (position, technique) in TechniqueId::ALL.into_iter().enumerate() {
            assert_eq!(technique.index(), position);
            assert_eq!(TechniqueId::parse(technique.name()), Some(technique));
            assert_eq!(technique.set().index(), 1 << position);
        }
        let set = TechniqueId::ModelRouting.set().with(TechniqueId::FineTuning);
        assert_eq!(
            set.iter().map(TechniqueId::name).collect::<Vec<_>>(),
            ["model-routing", "fine-tuning"]
        );
        assert!(set.is_within(Set::ALL) && !Set::ALL.is_within(set));
        assert_eq!(TechniqueId::parse("caching"), None);
    }
}

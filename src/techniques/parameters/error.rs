//! What can be wrong with a value that a user sets.

use super::{all, of};
use crate::techniques::id::TechniqueId;
use crate::techniques::parameter::Unit;

/// A setting of a parameter that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// There is no dot between a technique and a name.
    #[error("`{path}` is no parameter: write TECHNIQUE.NAME")]
    NoDot {
        /// The path as given.
        path: String,
    },
    /// What stands before the dot names no technique.
    #[error("there is no technique `{technique}`")]
    UnknownTechnique {
        /// The word as given.
        technique: String,
    },
    /// The technique has no parameter of that name.
    #[error("{} has no parameter `{name}`", technique.name())]
    UnknownName {
        /// The technique.
        technique: TechniqueId,
        /// The word as given.
        name: String,
    },
    /// The value cannot be meant in the parameter's unit.
    #[error("`{value}` is no value of {path}: it takes {}", unit.expects())]
    BadValue {
        /// The parameter, as technique and name.
        path: String,
        /// The value as given.
        value: String,
        /// What the parameter counts.
        unit: Unit,
    },
}

impl ParameterError {
    /// The word that names nothing, and all words that would have named
    /// something; `None` where the value is at fault. Which of them was meant
    /// is for the command line to guess.
    #[must_use]
    pub fn misspelt(&self) -> Option<(&str, Vec<&'static str>)> {
        match self {
            Self::NoDot { path } => Some((path, all().map(|parameter| parameter.name).collect())),
            Self::UnknownTechnique { technique } => {
                Some((technique, TechniqueId::ALL.map(TechniqueId::name).to_vec()))
            }
            Self::UnknownName { technique, name } => {
                Some((name, of(*technique).iter().map(|parameter| parameter.name).collect()))
            }
            Self::BadValue { .. } => None,
        }
    }
}

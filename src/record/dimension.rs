//! What a total can be broken down by.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A question that a table answers: by what are calls told apart.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// The part of the prompt or the answer.
    Component,
    /// What the call was for.
    Feature,
    /// The model that answered.
    Model,
    /// On whose behalf, a pseudonym.
    User,
    /// Whose key or workspace paid, a pseudonym.
    Account,
    /// The conversation the call belongs to, by its id in the log.
    Conversation,
    /// Who served the call.
    Provider,
    /// The service tier the call was billed at.
    Tier,
    /// The calendar day.
    Day,
    /// The hour of the day.
    Hour,
}

impl Dimension {
    /// Every dimension, in the order of the document.
    pub const ALL: [Self; 10] = [
        Self::Component,
        Self::Feature,
        Self::Model,
        Self::User,
        Self::Account,
        Self::Conversation,
        Self::Provider,
        Self::Tier,
        Self::Day,
        Self::Hour,
    ];

    /// The name used on the command line and in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Component => "component",
            Self::Feature => "feature",
            Self::Model => "model",
            Self::User => "user",
            Self::Account => "account",
            Self::Conversation => "conversation",
            Self::Provider => "provider",
            Self::Tier => "tier",
            Self::Day => "day",
            Self::Hour => "hour",
        }
    }

    /// The dimension of that name; `None` where the word names none.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dimension| dimension.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::Dimension;

    #[test]
    fn every_dimension_is_found_by_its_name() {
        for dimension in Dimension::ALL {
            assert_eq!(Dimension::parse(dimension.name()), Some(dimension));
            let text = serde_json::to_string(&dimension).unwrap_or_default();
            assert_eq!(text, format!("\"{}\"", dimension.name()));
        }
        assert_eq!(Dimension::parse("colour"), None);
    }
}

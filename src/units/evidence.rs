//! How a figure is known.

use serde::{Deserialize, Serialize};

/// How a figure is known; a figure has the worst grade of what it used.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// Counted or billed in the log, priced by the table.
    #[default]
    Measured,
    /// Deduced by a rule that can be wrong.
    Inferred,
    /// A parameter.
    Assumed,
}

impl Evidence {
    /// The worse of two grades.
    #[must_use]
    pub fn worst(self, other: Self) -> Self {
        self.max(other)
    }

    /// The word used in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Inferred => "inferred",
            Self::Assumed => "assumed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Evidence;

    #[test]
    fn the_worst_grade_wins() {
        assert_eq!(Evidence::Measured.worst(Evidence::Inferred), Evidence::Inferred);
        assert_eq!(Evidence::Assumed.worst(Evidence::Inferred), Evidence::Assumed);
    }
}

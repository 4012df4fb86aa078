//! What can be wrong with a filter, a rule or a period.

use super::fields::Field;

/// A selection that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// The text before the `=` names no field.
    #[error("there is no field `{name}` to select by")]
    UnknownField {
        /// The name as given.
        name: String,
        /// The field that is spelt most like it.
        nearest: Option<&'static str>,
    },
    /// There is no `=` in a filter.
    #[error("`{text}` is no filter: it has no `=`")]
    NoOperator {
        /// The filter as given.
        text: String,
    },
    /// The operator is written twice, as programming languages do.
    #[error("`{text}` has one `=` too many")]
    DoubledOperator {
        /// The filter as given.
        text: String,
    },
    /// A backslash ends a pattern and escapes nothing.
    #[error("`{text}` ends in a backslash that escapes nothing")]
    LooseEscape {
        /// The filter as given.
        text: String,
    },
    /// A feature rule has no name to give.
    #[error("a feature rule has an empty name")]
    NamelessRule,
    /// A text is neither a date nor a date-time.
    #[error("`{text}` is no time")]
    BadTime {
        /// The time as given.
        text: String,
    },
    /// A period ends before it begins.
    #[error("the period is empty: it ends before it begins")]
    EmptyPeriod,
}

impl SelectionError {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownField { nearest: Some(nearest), .. } => {
                Some(format!("did you mean `{nearest}`? a tag is written tag.NAME"))
            }
            Self::UnknownField { nearest: None, .. } => {
                Some(format!("the fields are {} and tag.NAME", Field::NAMES.join(", ")))
            }
            Self::NoOperator { .. } | Self::DoubledOperator { .. } => {
                Some("write FIELD=PATTERN or FIELD!=PATTERN, such as model=gpt-*".to_owned())
            }
            Self::LooseEscape { .. } => Some("write \\\\ for a backslash".to_owned()),
            Self::BadTime { .. } => Some(
                "write a day (2026-06-01) or a time with its offset (2026-06-01T12:00:00Z)"
                    .to_owned(),
            ),
            Self::NamelessRule | Self::EmptyPeriod => None,
        }
    }
}

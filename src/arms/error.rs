//! Why a log cannot be compared by its arms.

use crate::units::counted;

/// What keeps the arms from being compared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArmsError {
    /// The log has no calls to put into arms.
    #[error("there is no call to compare")]
    NoCalls,
    /// No call has the field.
    #[error("no call has a value of `{field}`")]
    NoArm {
        /// The field.
        field: String,
        /// The tags that calls have.
        tags: Vec<String>,
    },
    /// All calls are in one arm.
    #[error("every call with `{field}` has the same value, `{arm}`: there is nothing to compare")]
    OneArm {
        /// The field.
        field: String,
        /// The only arm.
        arm: String,
        /// Calls outside of it.
        others: u64,
    },
    /// The field has more values than a test has arms.
    #[error("`{field}` has {count} values, more than the {most} arms that are compared")]
    ManyArms {
        /// The field.
        field: String,
        /// Its values.
        count: usize,
        /// How many arms are compared.
        most: usize,
        /// Some of the values.
        first: Vec<String>,
    },
    /// The field says who calls, not what was tried.
    #[error("`{field}` says whose calls they are, not what was tried on them")]
    NoTreatment {
        /// The field.
        field: String,
    },
    /// The control is no arm.
    #[error("there is no arm `{name}`")]
    NoSuchControl {
        /// What was asked for.
        name: String,
        /// The arms there are.
        arms: Vec<String>,
    },
}

impl ArmsError {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoCalls => Some(
                "arms are told apart call by call; sums of a usage export cannot be".to_owned(),
            ),
            Self::NoArm { tags, .. } if tags.is_empty() => Some(
                "no call has any tag; `tokopt inspect` says what the calls of a log carry"
                    .to_owned(),
            ),
            Self::NoArm { tags, .. } => Some(format!("the calls have the tags {}", list(tags))),
            Self::OneArm { others, .. } if *others > 0 => Some(format!(
                "{} without a value; tag the calls of every arm, the control's too",
                counted(*others, "other call")
            )),
            Self::OneArm { .. } => Some("two arms at least make a test".to_owned()),
            Self::ManyArms { first, .. } => {
                Some(format!("keep some with --where; the first are {}", list(first)))
            }
            Self::NoTreatment { .. } => {
                Some("tag each call with the arm it is in: --arms variant".to_owned())
            }
            Self::NoSuchControl { arms, .. } => Some(format!("the arms are {}", list(arms))),
        }
    }
}

fn list(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

//! What can be wrong with a description of traffic.

/// Why nothing can be estimated. Messages are lower-case fragments.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EstimateError {
    /// The file is no TOML of the expected shape.
    #[error("line {line}: {message}")]
    File {
        /// The line, counted from 1.
        line: usize,
        /// What is wrong there.
        message: String,
    },
    /// There is no class.
    #[error("no traffic is described")]
    Empty,
    /// A value is missing, out of its range or contradicts another.
    #[error("class `{class}`: {message}")]
    Class {
        /// The class.
        class: String,
        /// What is wrong with it.
        message: String,
    },
    /// The price table knows no such model.
    #[error("class `{class}`: no price is known for the model `{model}`")]
    UnknownModel {
        /// The class.
        class: String,
        /// The model as given.
        model: String,
        /// Names that are spelt like it.
        suggestions: Vec<String>,
    },
    /// A parameter was set wrongly.
    #[error("[assumptions]: {0}")]
    Parameter(#[from] crate::techniques::parameters::ParameterError),
    /// The bill is larger than any that is exact.
    #[error("the traffic would cost more than ten billion dollars a month")]
    TooLarge,
}

impl EstimateError {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Empty => Some(
                "give a TOML file with a [[class]], or --requests, --model, --input-tokens and \
                 --output-tokens"
                    .to_owned(),
            ),
            Self::UnknownModel { suggestions, .. } if suggestions.is_empty() => {
                Some("`tokopt prices list` shows every model; --prices FILE adds one".to_owned())
            }
            Self::UnknownModel { suggestions, .. } => {
                Some(format!("did you mean {}?", suggestions.join(", ")))
            }
            Self::File { .. } | Self::Class { .. } | Self::Parameter(_) | Self::TooLarge => None,
        }
    }
}

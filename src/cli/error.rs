//! Everything that can keep a command from its work, with what the user can
//! do about it. Messages are lower-case fragments.

use super::assumptions;
use crate::estimate::EstimateError;
use crate::ingest::IngestError;
use crate::ingest::mapping::MappingError;
use crate::prices::PriceError;
use crate::prices::import::ImportError;
use crate::report::KindError;
use crate::report::saved::SavedError;
use crate::selection::SelectionError;
use crate::trend::TrendError;

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    #[error(transparent)]
    Ingest(#[from] IngestError),
    #[error("[formats]: {0}")]
    Mapping(#[from] MappingError),
    #[error("{}", without_hint(.0))]
    Price(#[from] PriceError),
    #[error("{setting}: {source}")]
    Selection { setting: String, source: SelectionError },
    #[error(transparent)]
    Kind(#[from] KindError),
    #[error("{}{source}", place.as_ref().map_or_else(String::new, |place| format!("{place}: ")))]
    Estimate { place: Option<String>, source: EstimateError },
    #[error("{path}: {source}")]
    Import { path: String, source: ImportError },
    #[error("{place}: {message}")]
    Config { place: String, message: String, hint: Option<String> },
    #[error("{setting}: {message}")]
    Setting { setting: String, message: String, hint: Option<String> },
    #[error("--invoice: no billed amount was found in `{path}`{reason}")]
    NoBill { path: String, reason: String },
    #[error("cannot read `{path}`: {reason}")]
    Unreadable { path: String, reason: String },
    #[error("cannot read the analysis `{path}`: {source}")]
    Saved { path: String, source: SavedError },
    #[error("`{path}` is a saved analysis, not a log")]
    IsAnalysis { path: String },
    #[error("cannot write `{path}`: {reason}")]
    Unwritable { path: String, reason: String },
    #[error("two outputs go to `{path}`")]
    SameOutput { path: String },
    #[error("writing `{path}` would replace the file it is made from")]
    ReplacesInput { path: String },
    #[error("cannot write `{path}`: read back, {reason}")]
    WrittenWrongly { path: String, reason: String },
    #[error("`{path}` is a saved analysis, which does not keep every day: a trend needs the logs")]
    NeedsLogs { path: String },
    #[error(transparent)]
    Trend(#[from] TrendError),
    #[error("nothing to read: no path was given and standard input is a terminal")]
    NoInput,
    #[error("there is no budget to hold the log to")]
    NoBudget,
    #[error("no price is known for the model `{model}`")]
    UnknownModel { model: String, suggestions: Vec<String> },
    #[error("--strict: {reasons}")]
    Strict { reasons: String },
    #[error("{0}")]
    Threads(String),
    /// Standard output was closed by its reader: not shown, not a failure.
    #[error("standard output is closed")]
    BrokenPipe,
}

impl CliError {
    /// A setting whose value cannot be used.
    pub(super) fn setting(setting: &str, message: impl Into<String>) -> Self {
        Self::Setting { setting: setting.to_owned(), message: message.into(), hint: None }
    }

    /// Names the setting that a selection stands in.
    pub(super) fn selection(setting: &str) -> impl Fn(SelectionError) -> Self {
        move |source| Self::Selection { setting: setting.to_owned(), source }
    }

    /// What the user can do about it.
    pub(super) fn hint(&self) -> Option<String> {
        match self {
            Self::Ingest(error) => error.hint(),
            Self::Price(error) => error.hint.map(str::to_owned),
            Self::Selection { source, .. } => source.hint(),
            Self::Config { hint, .. } | Self::Setting { hint, .. } => hint.clone(),
            Self::Estimate { source: EstimateError::Parameter(error), .. } => {
                Some(assumptions::hint(error))
            }
            Self::Estimate { source, .. } => source.hint(),
            Self::NoBill { .. } => Some(
                "give a provider's cost export, or CSV with the columns month and amount"
                    .to_owned(),
            ),
            Self::IsAnalysis { path } => Some(format!("show it: tokopt report {path}")),
            Self::Saved { path, source } => Some(source.hint(path)),
            Self::NeedsLogs { .. } => {
                Some("give the files that the analysis was made from".to_owned())
            }
            Self::Trend(TrendError::NoTime { .. }) => Some(
                "log the time of each request; `tokopt inspect` shows what the records carry"
                    .to_owned(),
            ),
            Self::Trend(TrendError::TooLong { .. }) => {
                Some("a time may be wrong: leave it out with --since or --until".to_owned())
            }
            Self::NoInput => {
                Some("give a file, a folder or a pattern: tokopt analyze usage.jsonl".to_owned())
            }
            Self::NoBudget => Some(
                "set one under [budget] in tokopt.toml (`tokopt init LOG` measures them, where the \
                 log can be priced), or add --preset dashboard"
                    .to_owned(),
            ),
            Self::UnknownModel { suggestions, .. } if suggestions.is_empty() => {
                Some("`tokopt prices list` shows every model; --prices FILE adds one".to_owned())
            }
            Self::UnknownModel { suggestions, .. } => {
                Some(format!("did you mean {}?", suggestions.join(", ")))
            }
            Self::SameOutput { .. } => Some("give every -o a path of its own".to_owned()),
            Self::ReplacesInput { .. } => Some("give -o another path".to_owned()),
            Self::Strict { .. } => {
                Some("the outputs were written; without --strict this is a warning".to_owned())
            }
            Self::Mapping(_)
            | Self::Kind(_)
            | Self::Import { .. }
            | Self::Unreadable { .. }
            | Self::Unwritable { .. }
            | Self::WrittenWrongly { .. }
            | Self::Threads(_)
            | Self::BrokenPipe => None,
        }
    }
}

/// The message of a price error; its hint is shown on a line of its own.
fn without_hint(error: &PriceError) -> PriceError {
    PriceError { hint: None, ..error.clone() }
}

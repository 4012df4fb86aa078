//! What paths hold: logs, or one saved analysis. Told by the content, on the
//! disk or on standard input, compressed or not.

use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

use super::analyze::{read, read_from};
use super::args::SelectionArguments;
use super::error::CliError;
use super::file;
use super::plan::Plan;
use crate::ingest::source::STANDARD_INPUT;
use crate::ingest::{self, IngestError};
use crate::record::log::Log;
use crate::report::document::Document;
use crate::report::saved::{self, SavedError};

/// Bytes that show what a file is.
const OPENING: usize = 1 << 16;

/// What was found at the paths of a plan, as it was read.
#[derive(Debug)]
pub(super) enum Content {
    /// Logs.
    Logs(Box<Log>),
    /// What an earlier run saved.
    Analysis(Box<Document>),
}

impl Content {
    /// Reads the plan's paths: one saved analysis, or logs. From a saved
    /// analysis nothing can be `selected` any more.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(super) fn read(plan: &Plan, selected: &SelectionArguments) -> Result<Self, CliError> {
        let [path] = plan.paths.as_slice() else { return Ok(Self::Logs(Box::new(read(plan)?))) };
        // Standard input can be read once only, and must be looked at first.
        let copy = (path == STANDARD_INPUT).then(copy_of_standard_input).transpose()?;
        let place = copy.as_ref().map(NamedTempFile::path);
        if is_analysis(place.unwrap_or(Path::new(path))) {
            refuse_selection(selected, path)?;
            let document = analysis_at(place.unwrap_or(Path::new(path)), path)?;
            return Ok(Self::Analysis(Box::new(document)));
        }
        Ok(Self::Logs(Box::new(read_from(plan, place)?)))
    }

    /// The logs, unless it is a saved analysis.
    pub(super) const fn log(&self) -> Option<&Log> {
        match self {
            Self::Logs(log) => Some(log),
            Self::Analysis(_) => None,
        }
    }

    /// Whether it is a saved analysis.
    pub(super) const fn is_analysis(&self) -> bool {
        matches!(self, Self::Analysis(_))
    }
}

/// Reads a saved analysis; `-` is standard input.
///
/// # Errors
/// When it cannot be read, is something else, or is of another layout.
pub(super) fn analysis(path: &str) -> Result<Document, CliError> {
    understood(&file::read_unpacked(path)?, path)
}

/// The same of a file that the user calls otherwise.
fn analysis_at(place: &Path, shown: &str) -> Result<Document, CliError> {
    understood(&file::read_unpacked(&file::shown(place))?, shown)
}

fn understood(bytes: &[u8], shown: &str) -> Result<Document, CliError> {
    let refused = |source| CliError::Saved { path: shown.to_owned(), source };
    saved::read(bytes).map_err(|error| refused(or_log(error, bytes)))
}

/// Names the log that was given for an analysis.
fn or_log(error: SavedError, bytes: &[u8]) -> SavedError {
    if !matches!(error, SavedError::Other(_)) {
        return error;
    }
    let opening = bytes.get(..OPENING).unwrap_or(bytes);
    let formats = ingest::claims(opening, opening.len() == bytes.len());
    formats.first().map_or(error, |format| SavedError::Log { format })
}

/// Why a log cannot be read, if it is not an analysis that was given for one.
pub(super) fn or_unreadable(error: IngestError) -> CliError {
    match &error {
        IngestError::UnknownFormat { path, .. } if is_analysis(Path::new(path)) => {
            CliError::IsAnalysis { path: path.clone() }
        }
        _ => error.into(),
    }
}

/// Whether a file holds a saved analysis. What cannot be read or unpacked is for
/// the reader of logs to complain of.
pub(super) fn is_analysis(path: &Path) -> bool {
    let shown = file::shown(path);
    if !path.is_file() {
        return false;
    }
    let Ok(opening) = file::read_opening(&shown, OPENING as u64) else { return false };
    if saved::looks_like_analysis(&opening) {
        return true;
    }
    // An analysis whose keys somebody sorted shows itself only as a whole.
    let may_be = shown.contains(".json") && !shown.contains(".jsonl") && opening.starts_with(b"{");
    may_be && file::read_unpacked(&shown).is_ok_and(|bytes| saved::looks_like_analysis(&bytes))
}

/// Refuses two things to read from standard input.
///
/// # Errors
/// When both are.
pub(super) fn refuse_twice(one: &[String], other: &[String]) -> Result<(), CliError> {
    let is_standard = |paths: &[String]| paths.iter().any(|path| path == STANDARD_INPUT);
    if is_standard(one) && is_standard(other) {
        return Err(CliError::setting("-", "standard input can be one of the two"));
    }
    Ok(())
}

/// A saved analysis is what it is: nothing can be selected from it any more.
///
/// # Errors
/// When something is to be selected.
pub(super) fn refuse_selection(selected: &SelectionArguments, path: &str) -> Result<(), CliError> {
    let typed = [
        ("--where", !selected.filters.is_empty()),
        ("--since", selected.since.is_some()),
        ("--until", selected.until.is_some()),
    ];
    let Some((flag, _)) = typed.into_iter().find(|(_, typed)| *typed) else { return Ok(()) };
    Err(CliError::Setting {
        setting: flag.to_owned(),
        message: format!("`{path}` is a saved analysis: its calls cannot be selected any more"),
        hint: Some(format!(
            "give the logs, or save it with the selection: tokopt analyze LOG {flag} ... -o a.json"
        )),
    })
}

/// Standard input as it came, in a file that goes when it is dropped.
fn copy_of_standard_input() -> Result<NamedTempFile, CliError> {
    let copied = || -> io::Result<NamedTempFile> {
        let mut copy = NamedTempFile::new()?;
        io::copy(&mut io::stdin().lock(), &mut copy)?;
        Ok(copy)
    };
    copied().map_err(|error| CliError::Unreadable {
        path: STANDARD_INPUT.to_owned(),
        reason: error.to_string(),
    })
}

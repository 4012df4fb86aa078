//! Saved analyses on the disk or on standard input, compressed or not, and how
//! they are told from logs.

use super::error::CliError;
use super::file;
use crate::ingest::source::STANDARD_INPUT;
use crate::ingest::{self, IngestError};
use crate::report::document::Document;
use crate::report::saved::{self, SavedError};

/// Bytes that show what a file is.
const OPENING: usize = 1 << 16;

/// Reads a saved analysis; `-` is standard input.
///
/// # Errors
/// When it cannot be read, is something else, or is of another layout.
pub(super) fn read(path: &str) -> Result<Document, CliError> {
    let bytes = file::read_unpacked(path)?;
    let refused = |source| CliError::Saved { path: path.to_owned(), source };
    saved::read(&bytes).map_err(|error| refused(or_log(error, &bytes)))
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
        IngestError::UnknownFormat { path, .. } if is_analysis(path) => {
            CliError::IsAnalysis { path: path.clone() }
        }
        _ => error.into(),
    }
}

/// Whether a file opens like a saved analysis; standard input is gone by now.
pub(super) fn is_analysis(path: &str) -> bool {
    let opening = (path != STANDARD_INPUT).then(|| file::read_opening(path, OPENING as u64));
    opening.is_some_and(|read| read.is_ok_and(|bytes| saved::looks_like_analysis(&bytes)))
}

//! Saved analyses on the disk or on standard input, compressed or not.

use super::error::CliError;
use super::file;
use crate::report::document::Document;
use crate::report::saved;

/// Reads a saved analysis; `-` is standard input.
///
/// # Errors
/// When it cannot be read, is something else, or is of another layout.
pub(super) fn read(path: &str) -> Result<Document, CliError> {
    let bytes = file::read_unpacked(path)?;
    saved::read(&bytes).map_err(|source| CliError::Saved { path: path.to_owned(), source })
}

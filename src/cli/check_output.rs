//! Where the reports of a check go.

use std::io;
use std::path::{Path, PathBuf};

use super::error::CliError;
use super::file::{self, Staged};
use super::output::place;
use crate::report::check::{CheckKind, CheckOptions, check_renderer};
use crate::report::document::Check;

/// A file to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CheckOutput {
    kind: CheckKind,
    path: PathBuf,
}

impl CheckOutput {
    /// Reads every `[KIND=]PATH`; a kind's name before the first `=` is one,
    /// anything else belongs to the path.
    ///
    /// # Errors
    /// When a kind cannot be told, or two go to the same place.
    pub(super) fn parse_all(texts: &[String]) -> Result<Vec<Self>, CliError> {
        let outputs: Vec<Self> =
            texts.iter().map(|text| Self::parse(text)).collect::<Result<_, _>>()?;
        for (position, output) in outputs.iter().enumerate() {
            let same = outputs.iter().take(position);
            if same.into_iter().any(|other| place(&other.path) == place(&output.path)) {
                return Err(CliError::SameOutput { path: file::shown(&output.path) });
            }
        }
        Ok(outputs)
    }

    fn parse(text: &str) -> Result<Self, CliError> {
        let named = text.split_once('=').and_then(|(name, path)| {
            Some((CheckKind::from_name(name).ok()?, path)).filter(|(_, path)| !path.is_empty())
        });
        let (kind, path) = named.map_or((None, text), |(kind, path)| (Some(kind), path));
        let path = PathBuf::from(path);
        let kind = kind.map_or_else(|| CheckKind::from_path(&path), Ok);
        let kind = kind.map_err(|error| CliError::setting("-o", error.to_string()))?;
        Ok(Self { kind, path })
    }
}

/// A report of the check.
///
/// # Errors
/// When it cannot be rendered.
pub(super) fn render(
    check: &Check,
    kind: CheckKind,
    options: &CheckOptions,
) -> Result<Vec<u8>, CliError> {
    let mut bytes = Vec::new();
    check_renderer(kind).render(check, options, &mut bytes).map_err(|error| faulty(&error))?;
    Ok(bytes)
}

/// A report that could not be made.
pub(super) fn faulty(error: &io::Error) -> CliError {
    CliError::Unwritable { path: "the report".to_owned(), reason: error.to_string() }
}

/// Writes every output, or none.
///
/// # Errors
/// When one cannot be written or would replace what was read.
pub(super) fn write_all<'i>(
    check: &Check,
    outputs: &[CheckOutput],
    options: &CheckOptions,
    inputs: impl Iterator<Item = &'i str>,
) -> Result<(), CliError> {
    let inputs: Vec<PathBuf> = inputs.map(|path| place(Path::new(path))).collect();
    // A file is the same wherever and by whomever it is made.
    let options =
        CheckOptions { comment_tag: options.comment_tag.clone(), ..CheckOptions::default() };
    let mut staged = Vec::new();
    for output in outputs {
        if inputs.contains(&place(&output.path)) {
            return Err(CliError::ReplacesInput { path: file::shown(&output.path) });
        }
        staged.push(Staged::new(&output.path, render(check, output.kind, &options)?)?);
    }
    staged.into_iter().try_for_each(Staged::place)
}

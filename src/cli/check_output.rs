//! Where the reports of a check go.

use std::io;
use std::path::{Path, PathBuf};

use super::error::CliError;
use super::file::{self, Staged};
use super::output::{self, place};
use crate::report::check::{CheckKind, CheckOptions, check_renderer};
use crate::report::document::{Check, Document};
use crate::report::{Kind, RenderOptions};

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

/// Reports of a check and the analysis it was made of, rendered.
///
/// # Errors
/// When one cannot be rendered.
pub(super) fn rendered(
    check: &Check,
    outputs: &[CheckOutput],
    options: &CheckOptions,
    save: Option<(&Path, &Document)>,
) -> Result<Vec<(PathBuf, Vec<u8>)>, CliError> {
    // A file is the same wherever and by whomever it is made.
    let options =
        CheckOptions { comment_tag: options.comment_tag.clone(), ..CheckOptions::default() };
    let mut files = Vec::new();
    for output in outputs {
        files.push((output.path.clone(), render(check, output.kind, &options)?));
    }
    if let Some((path, document)) = save {
        let bytes = output::render(document, Kind::Json, &RenderOptions::default())?;
        files.push((path.to_owned(), bytes));
    }
    Ok(files)
}

/// Writes every file, or none.
///
/// # Errors
/// When one cannot be written, two go to the same place, or one would replace
/// what was read.
pub(super) fn write_all<'i>(
    files: Vec<(PathBuf, Vec<u8>)>,
    inputs: impl Iterator<Item = &'i Path>,
) -> Result<(), CliError> {
    let mut taken: Vec<PathBuf> = Vec::new();
    let inputs: Vec<PathBuf> = inputs.map(place).collect();
    let mut staged = Vec::new();
    for (path, bytes) in files {
        if inputs.contains(&place(&path)) {
            return Err(CliError::ReplacesInput { path: file::shown(&path) });
        }
        if taken.contains(&place(&path)) {
            return Err(CliError::SameOutput { path: file::shown(&path) });
        }
        taken.push(place(&path));
        staged.push(Staged::new(&path, bytes)?);
    }
    staged.into_iter().try_for_each(Staged::place)
}

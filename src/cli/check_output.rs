//! The files that a check writes: its reports, and the analysis it was made of.

use std::path::{Path, PathBuf};

use super::error::CliError;
use super::output::{self, faulty, kind_and_path, refuse_same};
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
        refuse_same(outputs.iter().map(|output| output.path.as_path()))?;
        Ok(outputs)
    }

    fn parse(text: &str) -> Result<Self, CliError> {
        let (kind, path) = kind_and_path(text, CheckKind::from_name);
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

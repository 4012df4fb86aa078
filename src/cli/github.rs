//! What GitHub Actions show of a step that checks: annotations, and a summary.
//!
//! Judges nothing: the check arrives done.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::check_output::render;
use super::error::CliError;
use super::file::shown;
use super::output::faulty;
use super::standard;
use super::surroundings::Surroundings;
use super::terminal::visible;
use crate::report::check::{CheckKind, CheckOptions, annotated};
use crate::report::document::Check;

/// GitHub drops the summary of a step that is larger.
const LARGEST_SUMMARY: u64 = 1 << 20;

/// A step of GitHub Actions that wants to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// The file whose Markdown is shown with the step.
    summary: Option<PathBuf>,
}

impl Step {
    /// The step that surrounds the program; `None` elsewhere, and where
    /// `--no-annotations` refuses it.
    pub(super) fn around(surroundings: &Surroundings, is_refused: bool) -> Option<Self> {
        let summary = surroundings.step_summary.clone();
        (surroundings.is_github && !is_refused).then_some(Self { summary })
    }

    /// Appends the check to the step's summary. That it cannot be written is
    /// only a note: it must not turn a check.
    ///
    /// # Errors
    /// When the page cannot be rendered.
    pub(super) fn summarise(&self, check: &Check, options: &CheckOptions) -> Result<(), CliError> {
        let Some(path) = &self.summary else { return Ok(()) };
        let page = render(check, CheckKind::Markdown, options)?;
        if let Err(error) = append(path, &page) {
            let path = visible(&shown(path));
            standard::note(&format!("note: no step summary in `{path}`: {error}"));
        }
        Ok(())
    }

    /// What is printed, with the annotations. They stand behind a report for
    /// people and alone where nothing else is printed; a report for machines is
    /// left as it is.
    ///
    /// # Errors
    /// When a report cannot be rendered.
    pub(super) fn printed(
        check: &Check,
        kind: Option<CheckKind>,
        options: &CheckOptions,
    ) -> Result<Vec<u8>, CliError> {
        match kind {
            Some(CheckKind::Table) => {
                let screen = render(check, CheckKind::Table, options)?;
                annotated(&screen, check).map_err(|error| faulty(&error))
            }
            Some(kind) => render(check, kind, options),
            None => render(check, CheckKind::Github, options),
        }
    }
}

/// Appends a page to a summary that other commands of the step write to as well.
fn append(path: &Path, page: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    let length = file.metadata()?.len();
    if length + page.len() as u64 + 1 > LARGEST_SUMMARY {
        return Err(io::Error::other("it would be larger than 1 MiB"));
    }
    if length > 0 {
        file.write_all(b"\n")?;
    }
    file.write_all(page)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{LARGEST_SUMMARY, Step, append};
    use crate::cli::surroundings::Surroundings;

    #[test]
    fn a_step_is_told_unless_that_was_refused() {
        let summary = Some(PathBuf::from("summary.md"));
        let github = Surroundings {
            is_github: true,
            step_summary: summary.clone(),
            ..Surroundings::default()
        };
        assert_eq!(Step::around(&github, false), Some(Step { summary }));
        assert_eq!(Step::around(&github, true), None);
        let elsewhere = Surroundings { is_github: false, ..github };
        assert_eq!(Step::around(&elsewhere, false), None);
    }

    #[test]
    fn a_summary_grows_to_its_limit_and_no_further() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("summary.md");
        append(&path, b"one\n").expect("the first");
        append(&path, b"two\n").expect("the second");
        assert_eq!(std::fs::read_to_string(&path).expect("written"), "one\n\ntwo\n");
        let rest = usize::try_from(LARGEST_SUMMARY).expect("small") - 10;
        assert!(append(&path, &vec![b'x'; rest + 1]).is_err());
        append(&path, &vec![b'x'; rest]).expect("as much as fits");
        assert_eq!(std::fs::metadata(&path).expect("written").len(), LARGEST_SUMMARY);
    }
}

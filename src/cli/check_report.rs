//! Where the reports of a check go: standard output, files, and what GitHub
//! shows of a step.
//!
//! Judges nothing: the check arrives done, and its answer is the caller's to
//! turn into an exit code.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser as _};

use super::error::CliError;
use super::file::{Staged, shown};
use super::output::place;
use super::standard;
use super::surroundings::Surroundings;
use super::terminal::visible;
use crate::report::check::{CheckKind, CheckOptions, CommentTag, annotated, check_renderer};
use crate::report::document::Check;

/// GitHub drops the summary of a step that is larger.
const LARGEST_SUMMARY: u64 = 1 << 20;

/// What to write of a check, and where.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Output")]
pub(super) struct CheckReportArguments {
    /// What to print
    #[arg(long, value_name = "KIND", value_parser = kind())]
    pub(super) format: Option<CheckKind>,

    /// Write a file too: .txt, .json, .md, .xml (JUnit) or .sarif, or name its kind; repeatable
    ///
    /// `gitlab=FILE` writes GitLab's code quality report, `junit=FILE` JUnit XML under any name.
    #[arg(short, long = "output", value_name = "[KIND=]PATH")]
    pub(super) outputs: Vec<String>,

    /// The name by which the next run finds the Markdown comment again
    #[arg(long, value_name = "NAME")]
    pub(super) comment_tag: Option<String>,

    /// Print no annotations and write no step summary where GitHub Actions run the check
    #[arg(long)]
    pub(super) no_annotations: bool,
}

/// Accepts the names of the kinds of report.
fn kind() -> impl clap::builder::TypedValueParser<Value = CheckKind> {
    let names = CheckKind::ALL.map(|kind| match kind {
        CheckKind::Markdown => PossibleValue::new(kind.name()).alias("markdown"),
        CheckKind::Table => PossibleValue::new(kind.name()).alias("text"),
        CheckKind::Json
        | CheckKind::Junit
        | CheckKind::Sarif
        | CheckKind::Gitlab
        | CheckKind::Github => PossibleValue::new(kind.name()),
    });
    PossibleValuesParser::new(names).try_map(|name| CheckKind::from_name(&name))
}

/// The reports of one check.
#[derive(Clone, Debug)]
pub(super) struct CheckReports {
    /// What standard output gets, if anything.
    print: Option<CheckKind>,
    files: Vec<(CheckKind, PathBuf)>,
    options: CheckOptions,
    /// Whether this is a step of GitHub Actions that wants to be told.
    annotates: bool,
    step_summary: Option<PathBuf>,
}

impl CheckReports {
    /// Reads what was asked for; `options` say how the terminal looks, `quiet`
    /// that nothing is printed unless a format is named.
    ///
    /// # Errors
    /// When a kind cannot be told, two files go to one place, or the tag is none.
    pub(super) fn resolve(
        arguments: &CheckReportArguments,
        mut options: CheckOptions,
        quiet: bool,
        surroundings: &Surroundings,
    ) -> Result<Self, CliError> {
        let outputs = arguments.outputs.iter();
        let files = outputs.map(|text| file(text)).collect::<Result<Vec<_>, _>>()?;
        let mut places = BTreeSet::new();
        if let Some((_, path)) = files.iter().find(|(_, path)| !places.insert(place(path))) {
            return Err(CliError::SameOutput { path: shown(path) });
        }
        if let Some(name) = &arguments.comment_tag {
            options.comment_tag = CommentTag::parse(name)
                .map_err(|error| CliError::setting("--comment-tag", error.to_string()))?;
        }
        let annotates = surroundings.is_github && !arguments.no_annotations;
        Ok(Self {
            print: arguments.format.or((!quiet).then_some(CheckKind::Table)),
            files,
            options,
            annotates,
            step_summary: surroundings.step_summary.clone().filter(|_| annotates),
        })
    }

    /// Writes every file or none, then what GitHub shows, then prints.
    ///
    /// # Errors
    /// When a file cannot be written or would replace what was read, or when
    /// standard output cannot be written to. A step's summary that cannot be
    /// written is only a note: it must not turn a check.
    pub(super) fn publish(&self, check: &Check) -> Result<(), CliError> {
        self.write_files(check)?;
        if let Some(path) = &self.step_summary {
            let page = rendered(CheckKind::Markdown, check, &self.options)?;
            if let Err(error) = append(path, &page) {
                let path = visible(&shown(path));
                standard::note(&format!("note: no step summary in `{path}`: {error}"));
            }
        }
        let bytes = self.printed(check)?;
        if bytes.is_empty() { Ok(()) } else { standard::print(&bytes) }
    }

    fn write_files(&self, check: &Check) -> Result<(), CliError> {
        // A file is the same wherever and by whomever it is made.
        let comment_tag = self.options.comment_tag.clone();
        let options = CheckOptions { comment_tag, ..CheckOptions::default() };
        let subjects = std::iter::once(&check.subject).chain(&check.baseline);
        let inputs: BTreeSet<PathBuf> = subjects
            .flat_map(|subject| &subject.paths)
            .map(|path| place(Path::new(path)))
            .collect();
        let mut staged = Vec::new();
        for (kind, path) in &self.files {
            if inputs.contains(&place(path)) {
                return Err(CliError::ReplacesInput { path: shown(path) });
            }
            staged.push(Staged::new(path, rendered(*kind, check, &options)?)?);
        }
        staged.into_iter().try_for_each(Staged::place)
    }

    /// What standard output gets. Annotations stand behind a report for people;
    /// one for machines is left alone.
    fn printed(&self, check: &Check) -> Result<Vec<u8>, CliError> {
        let report = |kind| rendered(kind, check, &self.options);
        match self.print {
            Some(CheckKind::Table) if self.annotates => {
                annotated(&report(CheckKind::Table)?, check).map_err(|error| faulty(&error))
            }
            Some(kind) => report(kind),
            None if self.annotates => report(CheckKind::Github),
            None => Ok(Vec::new()),
        }
    }
}

/// Reads `[KIND=]PATH`: a kind's name before the first `=` is one, anything
/// else belongs to the path.
fn file(text: &str) -> Result<(CheckKind, PathBuf), CliError> {
    let named = text.split_once('=').and_then(|(name, path)| {
        Some((CheckKind::from_name(name).ok()?, path)).filter(|(_, path)| !path.is_empty())
    });
    if let Some((kind, path)) = named {
        return Ok((kind, PathBuf::from(path)));
    }
    let path = PathBuf::from(text);
    let kind =
        CheckKind::from_path(&path).map_err(|error| CliError::setting("-o", error.to_string()))?;
    Ok((kind, path))
}

fn rendered(kind: CheckKind, check: &Check, options: &CheckOptions) -> Result<Vec<u8>, CliError> {
    let mut bytes = Vec::new();
    let written = check_renderer(kind).render(check, options, &mut bytes);
    written.map(|()| bytes).map_err(|error| faulty(&error))
}

fn faulty(error: &io::Error) -> CliError {
    CliError::Unwritable { path: "the report".to_owned(), reason: error.to_string() }
}

/// Appends a page to a summary that other commands of the step write to as well.
fn append(path: &Path, page: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    let length = file.metadata()?.len();
    let added = page.len() as u64 + 1;
    if length + added > LARGEST_SUMMARY {
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

    use super::{CheckKind, CheckReportArguments, CheckReports, LARGEST_SUMMARY, append};
    use crate::cli::error::CliError;
    use crate::cli::surroundings::Surroundings;
    use crate::report::check::CheckOptions;

    fn resolve(
        arguments: &CheckReportArguments,
        surroundings: &Surroundings,
    ) -> Result<CheckReports, CliError> {
        CheckReports::resolve(arguments, CheckOptions::default(), false, surroundings)
    }

    fn outputs(texts: &[&str]) -> CheckReportArguments {
        let outputs = texts.iter().map(ToString::to_string).collect();
        CheckReportArguments { outputs, ..CheckReportArguments::default() }
    }

    #[test]
    fn a_kind_comes_from_its_name_or_that_of_the_file() {
        let texts = ["junit=out/report", "check.sarif", "gitlab=quality.json", "a=b.md"];
        let reports = resolve(&outputs(&texts), &Surroundings::default()).expect("they are sound");
        let files = [
            (CheckKind::Junit, PathBuf::from("out/report")),
            (CheckKind::Sarif, PathBuf::from("check.sarif")),
            (CheckKind::Gitlab, PathBuf::from("quality.json")),
            (CheckKind::Markdown, PathBuf::from("a=b.md")),
        ];
        assert_eq!(reports.files, files);
        assert_eq!(reports.print, Some(CheckKind::Table));
    }

    #[test]
    fn what_cannot_be_written_is_refused_before_anything_is_read() {
        let message = |arguments: &CheckReportArguments| {
            resolve(arguments, &Surroundings::default()).expect_err("refused").to_string()
        };
        assert_eq!(message(&outputs(&["a.md", "./a.md"])), "two outputs go to `./a.md`");
        assert!(message(&outputs(&["a.html"])).starts_with("-o: \"a.html\" names no report"));
        let tag = Some("a-->b".to_owned());
        let arguments =
            CheckReportArguments { comment_tag: tag, ..CheckReportArguments::default() };
        assert!(message(&arguments).starts_with("--comment-tag: \"a-->b\" cannot be"));
    }

    #[test]
    fn github_is_told_unless_that_was_refused() {
        let github = Surroundings {
            is_github: true,
            step_summary: Some(PathBuf::from("summary.md")),
            ..Surroundings::default()
        };
        let told = |arguments: &CheckReportArguments, surroundings: &Surroundings| {
            let reports = resolve(arguments, surroundings).expect("they are sound");
            (reports.annotates, reports.step_summary.is_some())
        };
        let refused =
            CheckReportArguments { no_annotations: true, ..CheckReportArguments::default() };
        assert_eq!(told(&outputs(&[]), &github), (true, true));
        assert_eq!(told(&refused, &github), (false, false));
        let elsewhere = Surroundings { is_github: false, ..github };
        assert_eq!(told(&outputs(&[]), &elsewhere), (false, false));
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

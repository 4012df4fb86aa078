//! Where reports go: standard output, files, folders of tables.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use super::error::CliError;
use super::file::{self, Staged, shown};
use crate::report::csv::{self, CsvFile};
use crate::report::document::Document;
use crate::report::{Kind, RenderOptions, renderer};

/// What reports of every kind can be made of.
pub(super) trait Reported {
    /// Writes the report of a kind.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    fn render(
        &self,
        kind: Kind,
        options: &RenderOptions,
        out: &mut dyn io::Write,
    ) -> io::Result<()>;

    /// Its tables, one file each.
    ///
    /// # Errors
    /// When a table cannot be made.
    fn tables(&self) -> io::Result<Vec<CsvFile>>;

    /// The files it was made of, which no report may replace.
    fn inputs(&self) -> Vec<&str>;
}

impl Reported for Document {
    fn render(
        &self,
        kind: Kind,
        options: &RenderOptions,
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        renderer(kind).render(self, options, out)
    }

    fn tables(&self) -> io::Result<Vec<CsvFile>> {
        csv::tables(self)
    }

    fn inputs(&self) -> Vec<&str> {
        let logs = self.input.files.iter().map(|file| file.path.as_str());
        let bills = self.reconciliation.iter().flat_map(|bill| &bill.files);
        logs.chain(bills.map(|file| file.path.as_str())).collect()
    }
}

/// A file or a folder to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Output {
    /// One report.
    File { kind: Kind, path: PathBuf },
    /// One CSV per table.
    Tables { folder: PathBuf },
}

impl Output {
    /// Reads every `[KIND=]PATH`; a kind's name before the first `=` is one,
    /// anything else belongs to the path.
    ///
    /// # Errors
    /// When a kind cannot be told, or two go to the same place.
    pub(super) fn parse_all(texts: &[String]) -> Result<Vec<Self>, CliError> {
        let outputs = texts.iter().map(|text| Self::parse(text)).collect::<Result<Vec<_>, _>>()?;
        refuse_same(outputs.iter().map(Self::path))?;
        Ok(outputs)
    }

    fn parse(text: &str) -> Result<Self, CliError> {
        let (kind, path) = kind_and_path(text, Kind::from_name);
        if path.ends_with(['/', std::path::MAIN_SEPARATOR]) {
            return match kind {
                None | Some(Kind::Csv) => Ok(Self::Tables { folder: PathBuf::from(path) }),
                Some(kind) => Err(CliError::setting(
                    "-o",
                    format!("`{path}` is a folder, which holds csv, not {}", kind.name()),
                )),
            };
        }
        let path = PathBuf::from(path);
        let kind = kind.map_or_else(|| Kind::from_path(&path), Ok)?;
        Ok(Self::File { kind, path })
    }

    fn path(&self) -> &Path {
        match self {
            Self::File { path, .. } => path,
            Self::Tables { folder } => folder,
        }
    }
}

/// Takes `[KIND=]PATH` apart: a kind's name before the first `=` is one, anything
/// else belongs to the path.
pub(super) fn kind_and_path<K, E>(
    text: &str,
    kind: impl Fn(&str) -> Result<K, E>,
) -> (Option<K>, &str) {
    let named = text.split_once('=').filter(|(_, path)| !path.is_empty());
    let named = named.and_then(|(name, path)| Some((kind(name).ok()?, path)));
    named.map_or((None, text), |(kind, path)| (Some(kind), path))
}

/// Refuses two outputs that go to one place.
///
/// # Errors
/// When there are two.
pub(super) fn refuse_same<'p>(paths: impl Iterator<Item = &'p Path>) -> Result<(), CliError> {
    let mut places = BTreeSet::new();
    for path in paths {
        if !places.insert(place(path)) {
            return Err(CliError::SameOutput { path: shown(path) });
        }
    }
    Ok(())
}

/// Refuses metrics where what is reported is no analysis.
///
/// # Errors
/// When they are asked for.
pub(super) fn refuse_metrics(print: Option<Kind>, outputs: &[Output]) -> Result<(), CliError> {
    let is_metrics = |output: &Output| matches!(output, Output::File { kind: Kind::Metrics, .. });
    if print != Some(Kind::Metrics) && !outputs.iter().any(is_metrics) {
        return Ok(());
    }
    Err(CliError::Setting {
        setting: "metrics".to_owned(),
        message: "they are made of an analysis alone".to_owned(),
        hint: Some("tokopt analyze LOG -o metrics=FILE".to_owned()),
    })
}

/// A report as the terminal or a pipe gets it.
///
/// # Errors
/// When it cannot be rendered.
pub(super) fn render(
    document: &dyn Reported,
    kind: Kind,
    options: &RenderOptions,
) -> Result<Vec<u8>, CliError> {
    let mut bytes = Vec::new();
    document.render(kind, options, &mut bytes).map_err(|error| faulty(&error))?;
    Ok(bytes)
}

/// Writes every output, or none: all are rendered and on the disk before the
/// first takes its place.
///
/// # Errors
/// When one cannot be written or would replace a log that was read.
pub(super) fn write_all(
    document: &dyn Reported,
    outputs: &[Output],
    options: &RenderOptions,
    kept: &[PathBuf],
) -> Result<(), CliError> {
    // A file is the same wherever and by whomever it is made.
    let options =
        RenderOptions { by: options.by.clone(), top: options.top, ..RenderOptions::default() };
    let mut files: Vec<(PathBuf, Vec<u8>)> = Vec::new();
    for output in outputs {
        match output {
            Output::File { kind, path } => {
                files.push((path.clone(), render(document, *kind, &options)?));
            }
            Output::Tables { folder } => {
                let tables = document.tables().map_err(|error| faulty(&error))?;
                files
                    .extend(tables.into_iter().map(|table| (folder.join(table.name), table.bytes)));
            }
        }
    }
    let folders = outputs.iter().filter_map(|output| match output {
        Output::Tables { folder } => Some(folder.as_path()),
        Output::File { .. } => None,
    });
    let inputs = document.inputs();
    let kept = kept.iter().map(PathBuf::as_path);
    place_all(files, folders, inputs.iter().map(Path::new).chain(kept))
}

/// Puts every file in its place, or none, the folders that they need before.
///
/// # Errors
/// When one cannot be written, two go to one place, or one would replace what
/// was read.
pub(super) fn place_all<'p>(
    files: Vec<(PathBuf, Vec<u8>)>,
    mut folders: impl Iterator<Item = &'p Path>,
    inputs: impl Iterator<Item = &'p Path>,
) -> Result<(), CliError> {
    let inputs: BTreeSet<PathBuf> = inputs.map(place).collect();
    if let Some((path, _)) = files.iter().find(|(path, _)| inputs.contains(&place(path))) {
        return Err(CliError::ReplacesInput { path: shown(path) });
    }
    refuse_same(files.iter().map(|(path, _)| path.as_path()))?;
    folders.try_for_each(file::make_folder)?;
    let staged = files.into_iter().map(|(path, bytes)| Staged::new(&path, bytes));
    let staged: Vec<Staged> = staged.collect::<Result<_, _>>()?;
    staged.into_iter().try_for_each(Staged::place)
}

/// A path by which two names of one file are equal, whether it exists or not.
pub(super) fn place(path: &Path) -> PathBuf {
    if let Ok(found) = path.canonicalize() {
        return found;
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    match (folder.canonicalize(), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path.components().collect(),
    }
}

/// A report that could not be rendered.
pub(super) fn faulty(error: &io::Error) -> CliError {
    CliError::Unwritable { path: "the report".to_owned(), reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{Kind, Output};
    use crate::cli::error::CliError;

    fn parse(texts: &[&str]) -> Result<Vec<Output>, CliError> {
        Output::parse_all(&texts.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn a_kind_comes_from_its_name_or_the_extension() {
        let file = |kind, path: &str| Output::File { kind, path: PathBuf::from(path) };
        let tables = |folder: &str| Output::Tables { folder: PathBuf::from(folder) };
        for (text, output) in [
            ("week.md", file(Kind::Markdown, "week.md")),
            ("json=week", file(Kind::Json, "week")),
            ("a=b.csv", file(Kind::Csv, "a=b.csv")),
            ("tables/", tables("tables/")),
            ("csv=tables/", tables("tables/")),
        ] {
            assert_eq!(parse(&[text]).expect(text), [output]);
        }
    }

    #[test]
    fn what_cannot_be_written_is_refused_before_anything_is_read() {
        let message = |texts: &[&str]| parse(texts).expect_err("refused").to_string();
        assert_eq!(message(&["a.md", "./a.md"]), "two outputs go to `./a.md`");
        assert_eq!(message(&["json=t/"]), "-o: `t/` is a folder, which holds csv, not json");
        assert!(message(&["a.html"]).starts_with("no report is written as .html yet"));
        assert!(message(&["a.pdf"]).starts_with("no report has the extension .pdf"));
        assert!(message(&["json="]).contains("has none"));
    }
}

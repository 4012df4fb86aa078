//! The kinds of report of a check, found by name or by a file's name.
//!
//! Knows no renderer and opens no file.

use std::path::Path;

/// A kind of report of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CheckKind {
    /// Diagnostics on a terminal.
    Table,
    /// The document of the check.
    Json,
    /// A comment for a pull request, or a step summary.
    Markdown,
    /// JUnit XML, for test reports.
    Junit,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// GitLab's code quality report.
    Gitlab,
    /// GitHub's workflow commands.
    Github,
}

/// Why no kind of report was found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckKindError {
    /// The file's name belongs to no report of a check.
    #[error(
        "{0:?} names no report of a check: use .txt, .json, .md, .xml (JUnit) or .sarif, or KIND=PATH"
    )]
    UnknownName(String),
    /// The word names no kind.
    #[error(
        "no report of a check is called {0:?}: use table, json, md, junit, sarif, gitlab or github"
    )]
    UnknownKind(String),
}

impl CheckKind {
    /// Every kind, in the order of the list of renderers.
    pub const ALL: [Self; 7] = [
        Self::Table,
        Self::Json,
        Self::Markdown,
        Self::Junit,
        Self::Sarif,
        Self::Gitlab,
        Self::Github,
    ];

    /// The name used on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Json => "json",
            Self::Markdown => "md",
            Self::Junit => "junit",
            Self::Sarif => "sarif",
            Self::Gitlab => "gitlab",
            Self::Github => "github",
        }
    }

    /// How the names of its files end, the usual ending first; none where only
    /// the kind's name tells.
    #[must_use]
    pub const fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Table => &[".txt"],
            Self::Json => &[".json"],
            Self::Markdown => &[".md", ".markdown"],
            Self::Junit => &[".xml"],
            Self::Sarif => &[".sarif", ".sarif.json"],
            Self::Gitlab => &["gl-code-quality-report.json"],
            Self::Github => &[],
        }
    }

    /// The kind of that name; `markdown` and `text` are understood too.
    ///
    /// # Errors
    /// When the word names no kind.
    pub fn from_name(name: &str) -> Result<Self, CheckKindError> {
        let lower = name.to_ascii_lowercase();
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == lower)
            .or(match lower.as_str() {
                "markdown" => Some(Self::Markdown),
                "text" | "terminal" => Some(Self::Table),
                _ => None,
            })
            .ok_or_else(|| CheckKindError::UnknownKind(name.to_owned()))
    }

    /// The kind that a file of this name holds, whatever its case: the one with
    /// the longest ending that fits.
    ///
    /// # Errors
    /// When the name belongs to no report of a check.
    pub fn from_path(path: &Path) -> Result<Self, CheckKindError> {
        let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase());
        let name = name.unwrap_or_default();
        let fits = |kind: &Self| {
            let fitting = kind.endings().iter().filter(|ending| name.ends_with(**ending));
            fitting.map(|ending| ending.len()).max()
        };
        Self::ALL
            .into_iter()
            .filter_map(|kind| fits(&kind).map(|length| (length, kind)))
            .max_by_key(|(length, _)| *length)
            .map(|(_, kind)| kind)
            .ok_or_else(|| CheckKindError::UnknownName(path.display().to_string()))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::CheckKind;

    #[test]
    fn a_kind_is_found_by_name_and_by_a_files_name() {
        for kind in CheckKind::ALL {
            assert_eq!(CheckKind::from_name(kind.name()), Ok(kind));
        }
        for (path, kind) in [
            ("out/budget.txt", CheckKind::Table),
            ("check.JSON", CheckKind::Json),
            ("check.sarif", CheckKind::Sarif),
            ("check.sarif.json", CheckKind::Sarif),
            ("out/gl-code-quality-report.json", CheckKind::Gitlab),
            ("junit.xml", CheckKind::Junit),
            ("comment.md", CheckKind::Markdown),
        ] {
            assert_eq!(CheckKind::from_path(Path::new(path)), Ok(kind), "{path}");
        }
    }

    #[test]
    fn what_names_no_report_is_a_clear_error() {
        let by_path = |path| CheckKind::from_path(Path::new(path)).map_err(|e| e.to_string());
        assert_eq!(
            by_path("check.csv"),
            Err("\"check.csv\" names no report of a check: use .txt, .json, .md, .xml (JUnit) \
                 or .sarif, or KIND=PATH"
                .to_owned())
        );
        assert!(by_path("check").is_err());
        assert!(CheckKind::from_name("html").is_err());
    }
}

//! The kinds of report, found by name or by a file's extension.
//!
//! Knows no renderer and opens no file.

use std::path::Path;

/// A kind of report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A screen of text.
    Table,
    /// The analysis document.
    Json,
    /// One flat attribution table.
    Csv,
    /// A page for a wiki.
    Markdown,
    /// OpenMetrics text.
    Metrics,
}

/// Why no kind of report was found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KindError {
    /// The extension belongs to a report that is planned.
    #[error("no report is written as .{0} yet: use {known}", known = known_extensions())]
    Coming(String),
    /// The extension belongs to no report.
    #[error("no report has the extension .{0}: use {known}", known = known_extensions())]
    UnknownExtension(String),
    /// The path has no extension.
    #[error(
        "a report's kind is read from its extension, and {0:?} has none: use {known}, or KIND=PATH",
        known = known_extensions()
    )]
    NoExtension(String),
    /// The word names no kind.
    #[error("no kind of report is called {0:?}: use table, json, csv, md or metrics")]
    UnknownName(String),
}

impl Kind {
    /// Every kind, in the order of the list of renderers.
    pub const ALL: [Self; 5] = [Self::Table, Self::Json, Self::Csv, Self::Markdown, Self::Metrics];

    /// The name used on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Markdown => "md",
            Self::Metrics => "metrics",
        }
    }

    /// The extensions of its files, without the dot; the first is usual.
    #[must_use]
    pub const fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Table => &["txt"],
            Self::Json => &["json"],
            Self::Csv => &["csv"],
            Self::Markdown => &["md", "markdown"],
            Self::Metrics => &["prom", "openmetrics"],
        }
    }

    /// The kind of that name; `markdown` and `text` are understood too.
    ///
    /// # Errors
    /// When the word names no kind.
    pub fn from_name(name: &str) -> Result<Self, KindError> {
        let lower = name.to_ascii_lowercase();
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == lower)
            .or(match lower.as_str() {
                "markdown" => Some(Self::Markdown),
                "text" | "terminal" => Some(Self::Table),
                "openmetrics" | "prometheus" => Some(Self::Metrics),
                _ => None,
            })
            .ok_or_else(|| KindError::UnknownName(name.to_owned()))
    }

    /// The kind that a file of this name holds, whatever its case.
    ///
    /// # Errors
    /// When the path has no extension or one that no report has.
    pub fn from_path(path: &Path) -> Result<Self, KindError> {
        let Some(extension) = path.extension() else {
            return Err(KindError::NoExtension(path.display().to_string()));
        };
        let extension = extension.to_string_lossy().to_ascii_lowercase();
        let found = Self::ALL.into_iter().find(|kind| kind.extensions().contains(&&*extension));
        match (found, extension.as_str()) {
            (Some(kind), _) => Ok(kind),
            (None, "html" | "htm") => Err(KindError::Coming(extension)),
            (None, _) => Err(KindError::UnknownExtension(extension)),
        }
    }
}

/// The usual extension of every kind, as a list for an error message.
fn known_extensions() -> String {
    let known: Vec<String> = Kind::ALL
        .iter()
        .filter_map(|kind| kind.extensions().first())
        .map(|usual| format!(".{usual}"))
        .collect();
    match known.split_last() {
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Kind;

    #[test]
    fn a_kind_is_found_by_name_and_by_extension() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_name(kind.name()), Ok(kind));
            for extension in kind.extensions() {
                let path = format!("out/week 1.{}", extension.to_ascii_uppercase());
                assert_eq!(Kind::from_path(Path::new(&path)), Ok(kind), "{path}");
            }
        }
    }

    #[test]
    fn an_extension_without_a_renderer_is_a_clear_error() {
        let message = |path| Kind::from_path(Path::new(path)).map_err(|error| error.to_string());
        assert_eq!(
            message("report.html"),
            Err("no report is written as .html yet: use .txt, .json, .csv, .md or .prom".to_owned())
        );
        assert_eq!(
            message("report.pdf"),
            Err("no report has the extension .pdf: use .txt, .json, .csv, .md or .prom".to_owned())
        );
        assert_eq!(
            message("report"),
            Err("a report's kind is read from its extension, and \"report\" has none: use .txt, .json, .csv, .md or .prom, or KIND=PATH".to_owned())
        );
        assert_eq!(
            Kind::from_name("xml").map_err(|error| error.to_string()),
            Err("no kind of report is called \"xml\": use table, json, csv, md or metrics"
                .to_owned())
        );
    }
}

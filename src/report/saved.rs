//! A saved analysis, read back: `tokopt analyze -o analysis.json` wrote it.
//!
//! Knows the layout's versions and what a file that is no analysis looks like.
//! Must not know where the bytes come from, nor what is done with the document.

use std::fmt;

use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::document::{Document, SCHEMA_VERSION, Warning};

/// Why bytes are no analysis that can be read, as a fragment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SavedError {
    /// There is nothing.
    #[error("it is empty")]
    Empty,
    /// Another JSON document of tokopt's.
    #[error("it is an inspection, not an analysis")]
    Inspection,
    /// Something else, such as a log.
    #[error("it is {0}, not a saved analysis")]
    Other(&'static str),
    /// The document stops before its end.
    #[error("it ends in the middle, on line {line}")]
    Truncated {
        /// The last line, counted from 1.
        line: usize,
    },
    /// A version that no tokopt has written.
    #[error("its schema_version is no version such as {SCHEMA_VERSION}")]
    NoVersion,
    /// A layout that this program does not know.
    #[error("its layout has version {0}, and this tokopt reads {SCHEMA_VERSION}")]
    OtherMajor(Version),
    /// A field is missing or holds what it cannot.
    #[error("line {line}, column {column}: {reason}")]
    Damaged {
        /// The line, counted from 1.
        line: usize,
        /// The column, counted from 1.
        column: usize,
        /// What is wrong, as a fragment.
        reason: String,
    },
}

impl SavedError {
    /// What the user can do about it; `path` is what was read.
    #[must_use]
    pub fn hint(&self, path: &str) -> String {
        let again = format!("tokopt analyze {path} -o analysis.json");
        match self {
            Self::Empty | Self::Truncated { .. } | Self::NoVersion | Self::Damaged { .. } => {
                "make it again: tokopt analyze LOG -o analysis.json".to_owned()
            }
            Self::Inspection => "make an analysis: tokopt analyze LOG -o analysis.json".to_owned(),
            Self::Other(_) => format!("if it is a log, make an analysis of it: {again}"),
            Self::OtherMajor(_) => "read it with the tokopt that made it, or make it again: \
                 tokopt analyze LOG -o analysis.json"
                .to_owned(),
        }
    }
}

/// The version of a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    major: u32,
    minor: u32,
}

impl Version {
    fn parse(text: &str) -> Option<Self> {
        let (major, minor) = text.split_once('.')?;
        let number = |digits: &str| {
            digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
        };
        Some(Self { major: number(major)?, minor: number(minor)? })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// Whether these bytes open like a saved analysis rather than a log: an object
/// with the keys of one. The opening of what tokopt wrote is enough; of a file
/// whose keys somebody sorted all is needed.
#[must_use]
pub fn looks_like_analysis(bytes: &[u8]) -> bool {
    Marks::of(without_mark(bytes)).are_of_an_analysis()
}

/// Reads a saved analysis of this layout's major version.
///
/// What an older minor version did not have is unknown, and null. Of a newer
/// one, what this program does not know is left out, and a warning in the
/// document says so. The document is of this layout then, whatever was read.
///
/// # Errors
/// When the bytes are something else, damaged, or of another major version.
pub fn read(bytes: &[u8]) -> Result<Document, SavedError> {
    let bytes = without_mark(bytes);
    let marks = Marks::of(bytes);
    if !marks.are_of_an_analysis() {
        return Err(marks.otherwise(bytes));
    }
    let version = marks.schema_version.as_ref().and_then(Value::as_str).and_then(Version::parse);
    let found = version.ok_or(SavedError::NoVersion)?;
    let known = Version::parse(SCHEMA_VERSION).ok_or(SavedError::NoVersion)?;
    if found.major != known.major {
        return Err(SavedError::OtherMajor(found));
    }
    let mut document: Document = serde_json::from_slice(bytes).map_err(|error| damage(&error))?;
    SCHEMA_VERSION.clone_into(&mut document.schema_version);
    if found > known {
        document.warnings.push(Warning {
            code: "NEWER_ANALYSIS".to_owned(),
            message: format!(
                "The analysis was saved with layout {found}, and this tokopt knows {known}: what \
                 is new in it is left out"
            ),
        });
    }
    Ok(document)
}

/// What some programs put before UTF-8.
fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes)
}

fn damage(error: &serde_json::Error) -> SavedError {
    if error.is_eof() {
        return SavedError::Truncated { line: error.line() };
    }
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let reason = text.strip_suffix(&place).unwrap_or(&text).to_owned();
    SavedError::Damaged { line: error.line(), column: error.column(), reason }
}

/// What the keys of the outermost object say about a file.
#[derive(Debug, Default)]
struct Marks {
    schema_version: Option<Value>,
    has_tool_version: bool,
    has_totals: bool,
    has_techniques: bool,
    /// Whether the bytes end before the object does.
    is_cut: bool,
}

impl Marks {
    fn of(bytes: &[u8]) -> Self {
        let mut marks = Self::default();
        let mut json = serde_json::Deserializer::from_slice(bytes);
        let ended = marks.deserialize(&mut json);
        marks.is_cut = ended.is_err_and(|error| error.is_eof());
        marks
    }

    const fn are_all(&self) -> bool {
        self.schema_version.is_some() && self.has_tool_version && self.has_totals
    }

    const fn are_of_an_analysis(&self) -> bool {
        let may_be = self.schema_version.is_some() && self.has_tool_version;
        self.are_all() || (self.is_cut && may_be && !self.has_techniques)
    }

    /// What bytes are that are no analysis.
    fn otherwise(&self, bytes: &[u8]) -> SavedError {
        if self.schema_version.is_some() && self.has_tool_version && self.has_techniques {
            return SavedError::Inspection;
        }
        let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<IgnoredAny>();
        let first = values.next();
        match (bytes.trim_ascii_start().first(), first) {
            (None, _) => SavedError::Empty,
            (Some(b'['), _) => SavedError::Other("a JSON array"),
            (Some(b'{'), Some(Ok(_))) if values.next().is_some() => SavedError::Other("JSON lines"),
            (Some(b'{'), Some(Ok(_))) => SavedError::Other("another JSON object"),
            (Some(b'{'), _) => SavedError::Other("broken JSON"),
            _ => SavedError::Other("no JSON object"),
        }
    }
}

impl<'de> DeserializeSeed<'de> for &mut Marks {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &mut Marks {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a saved analysis")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if key == "schema_version" {
                self.schema_version = Some(map.next_value()?);
                continue;
            }
            match key.as_str() {
                "tool_version" => self.has_tool_version = true,
                "totals" => self.has_totals = true,
                "techniques" => self.has_techniques = true,
                _ => {}
            }
            if self.are_all() {
                // Enough is known: the rest need not be read.
                return Err(A::Error::custom("an analysis"));
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Document, SavedError, Version, looks_like_analysis, read};

    fn saved(version: &str) -> String {
        let document = serde_json::to_string(&Document::new("0.1.0")).unwrap_or_default();
        document.replacen(super::SCHEMA_VERSION, version, 1)
    }

    #[test]
    fn an_analysis_is_told_from_a_log_by_its_keys() {
        let whole = saved("1.1");
        assert!(looks_like_analysis(whole.as_bytes()));
        assert!(looks_like_analysis(format!("\u{feff} {whole}").as_bytes()));
        // The opening alone, as where only the head of a file was read.
        assert!(looks_like_analysis(&whole.as_bytes()[..80]));
        // In any order of keys.
        assert!(looks_like_analysis(br#"{"totals":{},"tool_version":"9","schema_version":"9.9"}"#));
        for log in [
            "",
            "{}",
            "[]",
            "model,input_tokens\n",
            r#"{"schema_version":"1.0","tool_version":"1"}"#,
            r#"{"schema_version":"1.0","tool_version":"1","techniques":["#,
            r#"{"model":"m"}{"schema_version":1,"tool_version":1,"totals":1}"#,
        ] {
            assert!(!looks_like_analysis(log.as_bytes()), "{log}");
        }
    }

    #[test]
    fn versions_are_two_numbers() {
        let version = Version::parse("1.10");
        assert!(version > Version::parse("1.9"));
        assert_eq!(version.map(|version| version.to_string()).as_deref(), Some("1.10"));
        for text in ["1", "1.", ".1", "1.x", "1.+1", "1.-1", "1.1.1", " 1.1", "1.99999999999"] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_newer_minor_version_is_read_with_a_warning_and_a_major_one_is_not() {
        let warned = |version: &str| {
            let document = read(saved(version).as_bytes())?;
            assert_eq!(document.schema_version, super::SCHEMA_VERSION);
            Ok(document.warnings.into_iter().map(|warning| warning.code).collect::<Vec<_>>())
        };
        assert_eq!(warned("1.0"), Ok(vec![]));
        assert_eq!(warned(super::SCHEMA_VERSION), Ok(vec![]));
        assert_eq!(warned("1.99"), Ok(vec!["NEWER_ANALYSIS".to_owned()]));
        for (version, reason) in [
            ("2.0", "its layout has version 2.0, and this tokopt reads 1.1"),
            ("0.9", "its layout has version 0.9, and this tokopt reads 1.1"),
            ("one", "its schema_version is no version such as 1.1"),
        ] {
            assert_eq!(
                warned(version).map_err(|error: SavedError| error.to_string()),
                Err(reason.to_owned())
            );
        }
    }

    #[test]
    fn a_field_that_is_new_is_passed_over() {
        let text = saved("1.2").replacen('{', r#"{"forecast":{"usd":[1,2]},"#, 1);
        assert!(read(text.as_bytes()).is_ok());
    }

    #[test]
    fn every_cut_of_an_analysis_is_refused_and_none_is_a_panic() {
        let whole = saved("1.1");
        for end in 0..whole.len() {
            assert!(read(&whole.as_bytes()[..end]).is_err(), "{end}");
        }
        let cut = read(&whole.as_bytes()[..whole.len() - 1]).map(drop);
        assert_eq!(cut, Err(SavedError::Truncated { line: 1 }));
    }
}

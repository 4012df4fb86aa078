//! Checks a mapping as it stands in `tokopt.toml`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::ingest::canonical::{Field, NAMES};
use crate::ingest::format::Framing;

use super::path::Path;
use super::{Mapping, Source, TimeUnit};

/// A `[formats.NAME]` table as it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MappingSettings {
    /// Field of the flat record, or `tags.NAME`, to a path in the record
    /// (`meta.usage.0.in`), a column's name, or `=text` for a fixed value.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    /// Paths that a record must have to be of this format; by default the
    /// mapped model and one mapped count of input.
    #[serde(default)]
    pub detect: Vec<String>,
    /// `json` (the default) or `csv`.
    pub framing: Option<String>,
    /// What a logged time counts: `seconds`, `milliseconds` or `microseconds`
    /// since 1970, or `relative_seconds` and so on from an unnamed start. By
    /// default date-times and numbers since 1970 of any unit.
    pub time_unit: Option<String>,
    /// Whether the input count includes cached tokens: `inclusive` or
    /// `exclusive`.
    pub input_convention: Option<String>,
}

/// What is wrong with a mapping.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    /// A field that the flat record does not have.
    #[error("format `{format}` maps `{field}`, which is no field{}", did_you_mean(.suggestion.as_deref()))]
    UnknownField {
        /// The mapping's name.
        format: String,
        /// The field as written.
        field: String,
        /// The nearest field.
        suggestion: Option<String>,
    },
    /// A path that leads nowhere whatever the record.
    #[error("format `{format}` has a malformed path for `{field}`")]
    BadPath {
        /// The mapping's name.
        format: String,
        /// The field whose path it is.
        field: String,
    },
    /// A setting with a value it cannot have.
    #[error("format `{format}` sets `{setting}` to something other than {wanted}")]
    BadSetting {
        /// The mapping's name.
        format: String,
        /// The setting.
        setting: &'static str,
        /// What it can be.
        wanted: &'static str,
    },
    /// A mapping from which no call could come.
    #[error("format `{format}` maps neither a model nor a token count")]
    Useless {
        /// The mapping's name.
        format: String,
    },
}

fn did_you_mean(suggestion: Option<&str>) -> String {
    suggestion.map(|name| format!(" (did you mean `{name}`?)")).unwrap_or_default()
}

impl Mapping {
    /// Checks a mapping and makes it a format.
    ///
    /// # Errors
    /// When a field, a path or a setting is not what it can be.
    pub fn new(name: &str, settings: &MappingSettings) -> Result<Self, MappingError> {
        let format = || name.to_owned();
        let mut mapping = Self {
            name: name.to_owned(),
            fields: Vec::new(),
            tags: Vec::new(),
            detect: Vec::new(),
            unit: time_unit(name, settings.time_unit.as_deref())?,
            exclusive: convention(name, settings.input_convention.as_deref())?,
            framing: framing(name, settings.framing.as_deref())?,
        };
        for (field, place) in &settings.fields {
            let bad_path = || MappingError::BadPath { format: format(), field: field.clone() };
            if let Some(tag) = field.strip_prefix("tags.").filter(|tag| !tag.is_empty()) {
                mapping.tags.push((tag.to_owned(), Path::parse(place).ok_or_else(bad_path)?));
                continue;
            }
            let named = Field::of_name(field).ok_or_else(|| unknown(name, field))?;
            let source = match place.strip_prefix('=') {
                Some(fixed) => Source::Fixed(fixed.trim().to_owned()),
                None => Source::At(Path::parse(place).ok_or_else(bad_path)?),
            };
            mapping.fields.push((named, source));
        }
        for place in &settings.detect {
            let bad_path = MappingError::BadPath { format: format(), field: "detect".to_owned() };
            mapping.detect.push(Path::parse(place).ok_or(bad_path)?);
        }
        mapping.declare_convention();
        if mapping.fields.iter().any(|(named, _)| says_something(named.field)) {
            Ok(mapping)
        } else {
            Err(MappingError::Useless { format: format() })
        }
    }

    /// The mapping's convention is a fixed value of the record's own field.
    fn declare_convention(&mut self) {
        let Some(exclusive) = self.exclusive else { return };
        let word = if exclusive { "exclusive" } else { "inclusive" };
        if let Some(named) = Field::of_name("input_convention") {
            self.fields.retain(|(known, _)| known.field != Field::Convention);
            self.fields.push((named, Source::Fixed(word.to_owned())));
        }
    }
}

const fn says_something(field: Field) -> bool {
    field.is_usage() || matches!(field, Field::Model | Field::RequestedModel | Field::Usage)
}

fn unknown(format: &str, field: &str) -> MappingError {
    let distance = |name: &str| edits(name.as_bytes(), field.as_bytes());
    let nearest = NAMES.iter().map(|(name, _)| (distance(name), *name)).min();
    let suggestion = nearest.filter(|(edits, _)| *edits <= field.len().div_ceil(3));
    MappingError::UnknownField {
        format: format.to_owned(),
        field: field.to_owned(),
        suggestion: suggestion.map(|(_, name)| name.to_owned()),
    }
}

/// Levenshtein's distance.
fn edits(from: &[u8], to: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, byte) in from.iter().enumerate() {
        let mut diagonal = index;
        let mut left = index + 1;
        for (cell, other) in row.iter_mut().skip(1).zip(to) {
            let replaced = diagonal + usize::from(byte != other);
            diagonal = *cell;
            left = replaced.min(left + 1).min(*cell + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = index + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

fn framing(format: &str, word: Option<&str>) -> Result<Framing, MappingError> {
    match word {
        None | Some("json" | "jsonl") => Ok(Framing::Json),
        Some("csv") => Ok(Framing::Csv),
        Some(_) => Err(bad(format, "framing", "`json` or `csv`")),
    }
}

fn convention(format: &str, word: Option<&str>) -> Result<Option<bool>, MappingError> {
    match word {
        None => Ok(None),
        Some("inclusive") => Ok(Some(false)),
        Some("exclusive") => Ok(Some(true)),
        Some(_) => Err(bad(format, "input_convention", "`inclusive` or `exclusive`")),
    }
}

fn time_unit(format: &str, word: Option<&str>) -> Result<TimeUnit, MappingError> {
    let Some(word) = word else { return Ok(TimeUnit::Dated) };
    let (relative, unit) =
        word.strip_prefix("relative_").map_or((false, word), |unit| (true, unit));
    let micros = match unit {
        "seconds" => 1_000_000,
        "milliseconds" => 1_000,
        "microseconds" => 1,
        _ => {
            let wanted = "`seconds`, `milliseconds` or `microseconds`, with or without `relative_`";
            return Err(bad(format, "time_unit", wanted));
        }
    };
    Ok(if relative { TimeUnit::SinceStart(micros) } else { TimeUnit::Since1970(micros) })
}

fn bad(format: &str, setting: &'static str, wanted: &'static str) -> MappingError {
    MappingError::BadSetting { format: format.to_owned(), setting, wanted }
}

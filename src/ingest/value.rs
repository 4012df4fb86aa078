//! One value of a flat record: a JSON value, or a cell of a CSV row.
//!
//! Formats that exist as JSON and as CSV, and columns that users name
//! themselves, are read through this, so that both say the same thing.

use std::borrow::Cow;

use crate::units::{Timestamp, Usd};

use super::json::{Fault, Json, parse_count, parse_time};

/// A value as it stands in the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// A JSON value.
    Json(Json<'a>),
    /// The unquoted text of a CSV cell.
    Cell(&'a str),
}

/// How data frames and databases write "no value" into a cell.
const NO_VALUE: [&str; 6] = ["null", "none", "nan", "n/a", "undefined", "\\n"];

impl<'a> Value<'a> {
    /// Whether it says nothing: null, an empty string, an empty cell.
    #[must_use]
    pub fn is_missing(self) -> bool {
        match self {
            Self::Json(json) => json.is_null() || json.raw() == "\"\"",
            Self::Cell(cell) => {
                cell.is_empty()
                    || (cell.len() <= 9
                        && NO_VALUE.iter().any(|word| cell.eq_ignore_ascii_case(word)))
            }
        }
    }

    /// A name or an id, also written as a number.
    #[must_use]
    pub fn name(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Json(json) => json.name(),
            Self::Cell(_) if self.is_missing() => None,
            Self::Cell(cell) => Some(Cow::Borrowed(cell)),
        }
    }

    /// A token count.
    ///
    /// # Errors
    /// When the value is neither a count nor missing.
    pub fn count(self, field: &'static str) -> Result<Option<u64>, Fault> {
        match self {
            Self::Json(json) => json.count(field),
            Self::Cell(_) if self.is_missing() => Ok(None),
            Self::Cell(cell) if is_ambiguous(cell) => {
                Err(Fault::BadField { field, wanted: "a count without a separator of thousands" })
            }
            Self::Cell(cell) => {
                parse_count(cell).map(Some).ok_or(Fault::BadField { field, wanted: "a count" })
            }
        }
    }

    /// A number, also written as a string.
    #[must_use]
    pub fn number(self) -> Option<f64> {
        match self {
            Self::Json(json) => json.number(),
            Self::Cell(cell) => cell.parse().ok().filter(|number: &f64| number.is_finite()),
        }
    }

    /// A truth value, also as a database writes it.
    #[must_use]
    pub fn truth(self) -> Option<bool> {
        match self {
            Self::Json(json) => json.truth(),
            Self::Cell("t") => Some(true),
            Self::Cell("f") => Some(false),
            Self::Cell(cell) => Json::of_text(cell).truth(),
        }
    }

    /// An instant.
    ///
    /// # Errors
    /// When the value is neither a time nor missing.
    pub fn time(self, field: &'static str) -> Result<Option<Timestamp>, Fault> {
        match self {
            Self::Json(json) => json.time(field),
            Self::Cell(_) if self.is_missing() => Ok(None),
            Self::Cell(cell) => {
                parse_time(cell).map(Some).ok_or(Fault::BadField { field, wanted: "a time" })
            }
        }
    }

    /// Whether it is a date-time that names no zone.
    #[must_use]
    pub fn is_zoneless(self) -> bool {
        let text = match self {
            Self::Json(json) => json.text(),
            Self::Cell(cell) => Some(Cow::Borrowed(cell)),
        };
        let clock = text.as_deref().and_then(|text| text.trim().get(10..));
        clock.is_some_and(|clock| {
            clock.contains(':') && !clock.contains(['Z', 'z', '+', '-']) && !clock.ends_with("UTC")
        })
    }

    /// An amount in dollars.
    ///
    /// # Errors
    /// When the value is neither an amount nor missing.
    pub fn money(self, field: &'static str) -> Result<Option<Usd>, Fault> {
        match self {
            Self::Json(json) => json.money(field),
            Self::Cell(_) if self.is_missing() => Ok(None),
            Self::Cell(cell) => Usd::from_decimal(cell)
                .map(Some)
                .map_err(|_| Fault::BadField { field, wanted: "an amount" }),
        }
    }

    /// The text of an object or array, also where it stands inside a string, as
    /// databases write their JSON columns.
    #[must_use]
    pub fn structure(self) -> Option<Cow<'a, str>> {
        let text = match self {
            Self::Json(json) if json.is_text() => json.text()?,
            Self::Json(json) => Cow::Borrowed(json.raw()),
            Self::Cell(cell) => Cow::Borrowed(cell),
        };
        text.trim_start().starts_with(['{', '[']).then_some(text)
    }
}

/// Whether a cell such as `1.000` can be a thousand as well as one: spreadsheets
/// of half the world write it so.
fn is_ambiguous(cell: &str) -> bool {
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let Some((whole, groups)) = cell.split_once('.') else { return false };
    (1..=3).contains(&whole.len())
        && whole != "0"
        && digits(whole)
        && groups.split('.').all(|group| group.len() == 3 && digits(group))
}

#[cfg(test)]
mod tests {
    use super::{Json, Value};

    #[test]
    fn cells_and_json_say_the_same() {
        let json = Value::Json(Json::of_text("\"12\""));
        for value in [json, Value::Cell("12"), Value::Cell("12.0")] {
            assert_eq!(value.count("n"), Ok(Some(12)));
        }
        for missing in [Value::Cell(""), Value::Cell("NaN"), Value::Cell("None")] {
            assert_eq!(missing.count("n"), Ok(None));
            assert_eq!(missing.name(), None);
        }
        assert!(Value::Cell("many").count("n").is_err());
        // A thousand in German, one in English: neither is guessed.
        assert!(Value::Cell("1.000").count("n").is_err());
        assert!(Value::Cell("1.234.567").count("n").is_err());
        assert_eq!(Value::Cell("1000.000").count("n"), Ok(Some(1_000)));
        assert_eq!(Value::Cell("0.000").count("n"), Ok(Some(0)));
    }

    #[test]
    fn a_time_without_a_zone_is_told() {
        for (cell, zoneless) in [
            ("2026-03-04 05:06:07.5", true),
            ("2026-03-04T05:06:07", true),
            ("2026-03-04T05:06:07Z", false),
            ("2026-03-04 05:06:07-03", false),
            ("1772600767.5", false),
        ] {
            assert_eq!(Value::Cell(cell).is_zoneless(), zoneless, "{cell}");
        }
    }
}

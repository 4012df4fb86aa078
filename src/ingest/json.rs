//! One JSON value of a record, looked at where it lies.
//!
//! Nothing is parsed into a tree: an object is walked entry by entry and a text
//! is unescaped only when someone asks for it. Key order, spacing and unknown
//! keys never matter.

use std::borrow::Cow;

use crate::units::{Timestamp, Usd};

use super::walk;

/// What is wrong with a record, as a lower-case fragment without its content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The record is not JSON at all, or not all of it.
    #[error("not valid JSON")]
    NotJson,
    /// The record is not UTF-8.
    #[error("not valid UTF-8")]
    NotUtf8,
    /// A field holds something it cannot.
    #[error("`{field}` is not {wanted}")]
    BadField {
        /// The field's name in the format.
        field: &'static str,
        /// What it should hold.
        wanted: &'static str,
    },
    /// Counts that contradict the format's own arithmetic.
    #[error("{0}")]
    Contradiction(&'static str),
    /// A field without which the record means nothing.
    #[error("no `{0}`")]
    Missing(&'static str),
    /// Anything else a reader refuses, with its own words.
    #[error("{0}")]
    Other(&'static str),
}

/// A JSON value as it stands in the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Json<'a> {
    raw: &'a str,
}

impl<'a> Json<'a> {
    /// Takes a record's bytes for a JSON value; its inside is checked when it is
    /// walked.
    ///
    /// # Errors
    /// When the bytes are not UTF-8.
    pub fn of_record(bytes: &'a [u8]) -> Result<Self, Fault> {
        let text = std::str::from_utf8(bytes).map_err(|_| Fault::NotUtf8)?;
        Ok(Self { raw: text.trim_ascii() })
    }

    /// Takes a text for a JSON value.
    #[must_use]
    pub fn of_text(text: &'a str) -> Self {
        Self { raw: text.trim_ascii() }
    }

    /// The value as it stands, escapes and all.
    #[must_use]
    pub const fn raw(self) -> &'a str {
        self.raw
    }

    fn first(self) -> u8 {
        self.raw.as_bytes().first().copied().unwrap_or(b'n')
    }

    /// Whether the value is an object.
    #[must_use]
    pub fn is_object(self) -> bool {
        self.first() == b'{'
    }

    /// Whether the value is an array.
    #[must_use]
    pub fn is_array(self) -> bool {
        self.first() == b'['
    }

    /// Whether the value is a string.
    #[must_use]
    pub fn is_text(self) -> bool {
        self.first() == b'"'
    }

    /// Whether the value is null.
    #[must_use]
    pub fn is_null(self) -> bool {
        self.first() == b'n'
    }

    /// Visits every entry of an object, in order; nothing for other values.
    ///
    /// # Errors
    /// When the object is not valid JSON, or something follows it.
    pub fn each_entry<E: From<Fault>>(
        self,
        visit: impl FnMut(&str, Self) -> Result<(), E>,
    ) -> Result<(), E> {
        if !self.is_object() {
            return Ok(());
        }
        walk::each_entry(self.raw, visit)
    }

    /// Visits every element of an array, in order; nothing for other values.
    ///
    /// # Errors
    /// When the array is not valid JSON, or something follows it.
    pub fn each_item<E: From<Fault>>(
        self,
        visit: impl FnMut(Self) -> Result<(), E>,
    ) -> Result<(), E> {
        if !self.is_array() {
            return Ok(());
        }
        walk::each_item(self.raw, visit)
    }

    /// The elements of an array; empty for other values and broken arrays.
    #[must_use]
    pub fn items(self) -> Vec<Self> {
        let mut items = Vec::new();
        let whole = self.each_item(|item| {
            items.push(item);
            Ok::<(), Fault>(())
        });
        whole.map_or_else(|_| Vec::new(), |()| items)
    }

    /// The value of the first entry of that name.
    #[must_use]
    pub fn get(self, key: &str) -> Option<Self> {
        let mut found = None;
        // Stops at the first entry of that name: what follows is not looked at.
        let _ = self.each_entry(|name, value| {
            if name == key {
                found = Some(value);
                return Err(Found);
            }
            Ok(())
        });
        found.filter(|value| !value.is_null())
    }

    /// Whether an object has an entry of that name, null or not.
    #[must_use]
    pub fn has_key(self, key: &str) -> bool {
        let mut found = false;
        let _ = self.each_entry(|name, _| {
            found |= name == key;
            if found { Err(Found) } else { Ok(()) }
        });
        found
    }

    /// The value at a path of names.
    #[must_use]
    pub fn at(self, path: &[&str]) -> Option<Self> {
        path.iter().try_fold(self, |value, key| value.get(key))
    }

    /// The text of a string that is not empty.
    #[must_use]
    pub fn text(self) -> Option<Cow<'a, str>> {
        self.any_text().filter(|text| !text.is_empty())
    }

    /// The text of a string, or the digits of a number, that is not empty: ids
    /// are logged as either.
    #[must_use]
    pub fn name(self) -> Option<Cow<'a, str>> {
        match self.first() {
            b'-' | b'0'..=b'9' => Some(Cow::Borrowed(self.raw)),
            _ => self.text(),
        }
    }

    /// The text of a string, empty ones too.
    #[must_use]
    pub fn any_text(self) -> Option<Cow<'a, str>> {
        let inner = self.raw.strip_prefix('"')?.strip_suffix('"')?;
        if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
            return Some(Cow::Borrowed(inner));
        }
        match serde_json::from_str::<String>(self.raw) {
            Ok(text) => Some(Cow::Owned(text)),
            Err(_) => lossy_text(self.raw).map(Cow::Owned),
        }
    }

    /// A token count: a whole number, also written as a string or a float.
    /// Null is no count.
    ///
    /// # Errors
    /// When the value is anything else.
    pub fn count(self, field: &'static str) -> Result<Option<u64>, Fault> {
        let refused = Fault::BadField { field, wanted: "a count" };
        match self.first() {
            b'n' => Ok(None),
            b'0'..=b'9' => parse_count(self.raw).map(Some).ok_or(refused),
            b'"' => match self.text() {
                None => Ok(None),
                Some(text) => parse_count(text.trim()).map(Some).ok_or(refused),
            },
            _ => Err(refused),
        }
    }

    /// A number, also written as a string.
    #[must_use]
    pub fn number(self) -> Option<f64> {
        let number = match self.first() {
            b'"' => self.text()?.trim().parse().ok()?,
            _ => self.raw.parse::<f64>().ok()?,
        };
        number.is_finite().then_some(number)
    }

    /// A truth value, also written as a string or as 0 and 1.
    #[must_use]
    pub fn truth(self) -> Option<bool> {
        match self.raw.trim_matches('"') {
            "true" | "True" | "TRUE" | "1" => Some(true),
            "false" | "False" | "FALSE" | "0" => Some(false),
            _ => None,
        }
    }

    /// An instant: ISO 8601, SQL date-time, or a number of seconds,
    /// milliseconds, microseconds or nanoseconds since 1970.
    ///
    /// # Errors
    /// When the value is neither that nor null nor empty.
    pub fn time(self, field: &'static str) -> Result<Option<Timestamp>, Fault> {
        let refused = Fault::BadField { field, wanted: "a time" };
        match self.first() {
            b'n' => Ok(None),
            b'"' => match self.text() {
                None => Ok(None),
                Some(text) => parse_time(&text).map(Some).ok_or(refused),
            },
            _ => self.number().and_then(Timestamp::from_epoch_number).map(Some).ok_or(refused),
        }
    }

    /// An amount in dollars.
    ///
    /// # Errors
    /// When the value is neither a decimal number nor null nor empty.
    pub fn money(self, field: &'static str) -> Result<Option<Usd>, Fault> {
        let refused = Fault::BadField { field, wanted: "an amount" };
        let text = match self.first() {
            b'n' => return Ok(None),
            b'"' => match self.text() {
                None => return Ok(None),
                Some(text) => text,
            },
            _ => Cow::Borrowed(self.raw),
        };
        Usd::from_decimal(text.trim()).map(Some).map_err(|_| refused)
    }
}

/// Ends a walk early.
struct Found;

impl From<Fault> for Found {
    fn from(_: Fault) -> Self {
        Self
    }
}

/// A time as a text field carries it: a date-time, or epoch digits.
#[must_use]
pub fn parse_time(text: &str) -> Option<Timestamp> {
    Timestamp::parse(text)
        .or_else(|| text.trim().parse().ok().and_then(Timestamp::from_epoch_number))
}

/// A count as a text field carries it: digits, or a float without a fraction.
#[must_use]
pub fn parse_count(text: &str) -> Option<u64> {
    if let Ok(count) = text.parse() {
        return Some(count);
    }
    let number: f64 = text.parse().ok()?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole, not negative and below 2^53"
    )]
    (number.fract() == 0.0 && (0.0..9e15).contains(&number)).then_some(number as u64)
}

/// Text with lone surrogates, which `JavaScript` logs hold when a text was cut
/// in the middle of a character.
fn lossy_text(raw: &str) -> Option<String> {
    struct Bytes;
    impl serde::de::Visitor<'_> for Bytes {
        type Value = String;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a string")
        }

        fn visit_bytes<E>(self, bytes: &[u8]) -> Result<String, E> {
            Ok(String::from_utf8_lossy(bytes).into_owned())
        }
    }
    use serde::Deserializer as _;
    serde_json::Deserializer::from_str(raw).deserialize_bytes(Bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::{Fault, Json};

    fn keys(text: &str) -> Result<Vec<String>, Fault> {
        let mut keys = Vec::new();
        Json::of_text(text).each_entry(|key, value| {
            keys.push(format!("{key}={}", value.raw()));
            Ok::<(), Fault>(())
        })?;
        Ok(keys)
    }

    #[test]
    fn spacing_never_matters() {
        let expected = Ok(vec!["a=1".to_owned(), "b=[2, 3]".to_owned()]);
        assert_eq!(keys(" { \"a\" : 1 ,\t\"b\":[2, 3] } "), expected);
        assert_eq!(keys("{}"), Ok(vec![]));
    }

    #[test]
    fn nothing_may_follow_or_be_missing() {
        for broken in [
            "{\"a\":1} {\"b\":2}",
            "{\"a\":1",
            "{\"a\":1}}",
            "{\"a\" 1}",
            "{} x",
            "{\"a\":tru}",
            "{\"a\":[1}",
        ] {
            assert_eq!(keys(broken), Err(Fault::NotJson), "{broken}");
        }
    }

    #[test]
    fn counts_come_as_numbers_strings_and_floats() {
        for (raw, count) in [
            ("12", Some(12)),
            ("\"12\"", Some(12)),
            ("12.0", Some(12)),
            ("null", None),
            ("\"\"", None),
        ] {
            assert_eq!(Json::of_text(raw).count("n"), Ok(count), "{raw}");
        }
        for raw in ["-1", "1.5", "true", "{}", "\"many\""] {
            assert!(Json::of_text(raw).count("n").is_err(), "{raw}");
        }
    }

    #[test]
    fn escapes_are_read_and_lone_surrogates_survive() {
        assert_eq!(Json::of_text(r#""a\nb""#).text().as_deref(), Some("a\nb"));
        assert!(
            Json::of_text(r#""cut \ud83d""#).text().is_some_and(|text| text.starts_with("cut "))
        );
    }

    #[test]
    fn deep_nesting_is_refused_or_read_but_never_fatal() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(200_000), "]".repeat(200_000));
        let _ = keys(&deep);
        let _ = keys(&"[{\"a\":".repeat(100_000));
    }
}

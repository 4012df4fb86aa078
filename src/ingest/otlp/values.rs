//! OTLP's typed values as plain JSON: `{"stringValue": "a"}` is `"a"`.

use std::borrow::Cow;

use crate::ingest::json::{Fault, Json};
use crate::ingest::span::Attributes;
use crate::units::Timestamp;

/// Lists in maps in lists; what is deeper is left out.
const DEEPEST: usize = 32;

/// A list of attributes as plain JSON, each under its key.
#[derive(Debug, Default)]
pub(super) struct Flat<'a> {
    entries: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl<'a> Flat<'a> {
    /// Takes in a list of `{key, value}`.
    ///
    /// # Errors
    /// When it is not valid JSON.
    pub(super) fn add(&mut self, list: Json<'a>) -> Result<(), Fault> {
        list.each_item(|entry| {
            let (mut key, mut value) = (None, None);
            entry.each_entry(|name, found| {
                match name {
                    "key" => key = found.text(),
                    "value" => value = plain(found, 0)?,
                    _ => {}
                }
                Ok::<(), Fault>(())
            })?;
            self.entries.extend(key.zip(value));
            Ok(())
        })
    }

    /// Takes in a value that is a map, as bodies of log records are; nothing of
    /// another one.
    ///
    /// # Errors
    /// When it is not valid JSON.
    pub(super) fn add_map(&mut self, value: Json<'a>) -> Result<(), Fault> {
        value.at(&["kvlistValue", "values"]).map_or(Ok(()), |list| self.add(list))
    }

    /// The plain value under a key.
    pub(super) fn get(&self, key: &str) -> Option<Json<'_>> {
        let (_, value) = self.entries.iter().find(|(known, _)| known == key)?;
        Some(Json::of_text(value))
    }

    /// The text under a key.
    pub(super) fn text(&self, key: &str) -> Option<Cow<'a, str>> {
        let (_, value) = self.entries.iter().find(|(known, _)| known == key)?;
        match value {
            Cow::Borrowed(value) => Json::of_text(value).text(),
            Cow::Owned(value) => Json::of_text(value).text().map(|text| text.into_owned().into()),
        }
    }

    /// Hands every attribute on.
    ///
    /// # Errors
    /// When one holds what it cannot.
    pub(super) fn take_into<'b>(&'b self, found: &mut Attributes<'b>) -> Result<(), Fault> {
        self.entries.iter().try_for_each(|(key, value)| found.take(key, Json::of_text(value)))
    }
}

/// A typed value as plain JSON: borrowed where it stands there as such.
fn plain(value: Json<'_>, depth: usize) -> Result<Option<Cow<'_, str>>, Fault> {
    if !value.is_object() {
        // Some exporters leave the type out.
        return Ok((!value.is_null()).then_some(Cow::Borrowed(value.raw())));
    }
    let mut found = None;
    value.each_entry(|kind, inner| {
        match kind {
            "stringValue" | "string_value" | "boolValue" | "bool_value" | "intValue"
            | "int_value" | "doubleValue" | "double_value" => {
                found = Some(Cow::Borrowed(inner.raw()));
            }
            "arrayValue" | "array_value" if depth < DEEPEST => {
                found = Some(Cow::Owned(list(inner, depth)?));
            }
            "kvlistValue" | "kvlist_value" if depth < DEEPEST => {
                found = Some(Cow::Owned(map(inner, depth)?));
            }
            // Bytes are no text, no count and no name.
            _ => {}
        }
        Ok::<(), Fault>(())
    })?;
    Ok(found)
}

fn list(array: Json<'_>, depth: usize) -> Result<String, Fault> {
    let mut items = Vec::new();
    if let Some(values) = array.get("values") {
        values.each_item(|value| {
            items.push(plain(value, depth + 1)?.unwrap_or(Cow::Borrowed("null")));
            Ok::<(), Fault>(())
        })?;
    }
    Ok(format!("[{}]", items.join(",")))
}

fn map(entries: Json<'_>, depth: usize) -> Result<String, Fault> {
    let mut items = Vec::new();
    if let Some(values) = entries.get("values") {
        values.each_item(|entry| {
            if let Some(key) = entry.get("key")
                && let Some(value) = entry.get("value")
                && let Some(value) = plain(value, depth + 1)?
            {
                items.push(format!("{}:{value}", key.raw()));
            }
            Ok::<(), Fault>(())
        })?;
    }
    Ok(format!("{{{}}}", items.join(",")))
}

/// Nanoseconds since 1970, as a text or a number; zero is no time.
///
/// # Errors
/// When it is neither.
pub(super) fn time(value: Json<'_>, field: &'static str) -> Result<Option<Timestamp>, Fault> {
    let nanoseconds =
        value.count(field).map_err(|_| Fault::BadField { field, wanted: "a time" })?;
    let micros = nanoseconds.filter(|nanoseconds| *nanoseconds > 0).map(|number| number / 1_000);
    Ok(micros.and_then(|micros| i64::try_from(micros).ok()).map(Timestamp::from_micros))
}

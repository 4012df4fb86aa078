//! The columns of a row of Azure's resource logs, whichever way it was exported.
//!
//! Storage accounts and event hubs get JSON with the facts under `properties`,
//! an object or a text; Log Analytics spreads them over columns, in its older
//! table with a suffix for the type (`backendUrl_s`, `responseCode_d`).

use std::borrow::Cow;

use crate::units::Timestamp;

use super::batch::Batch;
use super::format::{Header, Record};
use super::json::{Fault, Json};
use super::value::Value;

/// Column names in lower case and without suffix, each with its value.
#[derive(Debug, Default)]
pub(super) struct Columns<'a> {
    found: Vec<(String, Value<'a>)>,
}

impl<'a> Columns<'a> {
    /// The columns of a record, without those below `properties`.
    ///
    /// # Errors
    /// When the record is no JSON object.
    pub(super) fn of(record: &Record<'a>) -> Result<Self, Fault> {
        let mut columns = Self::default();
        if let Some(row) = record.row {
            for (name, cell) in row.cells() {
                columns.add(name, Value::Cell(cell));
            }
            return Ok(columns);
        }
        let json = record.json()?;
        if !json.is_object() {
            return Err(Fault::Other("not a JSON object"));
        }
        columns.add_object(json)?;
        Ok(columns)
    }

    /// The text of `properties`, which the caller keeps alive for
    /// [`Columns::add_object`].
    pub(super) fn properties(&self) -> Option<Cow<'a, str>> {
        self.get("properties")?.structure()
    }

    /// Adds the entries of an object.
    ///
    /// # Errors
    /// When it is not valid JSON.
    pub(super) fn add_object(&mut self, object: Json<'a>) -> Result<(), Fault> {
        object.each_entry(|key, value| {
            self.add(key, Value::Json(value));
            Ok(())
        })
    }

    fn add(&mut self, name: &str, value: Value<'a>) {
        if !value.is_missing() {
            self.found.push((column(name), value));
        }
    }

    /// The value of a column; the first that was added counts.
    pub(super) fn get(&self, name: &str) -> Option<Value<'a>> {
        self.found.iter().find(|(found, _)| found == name).map(|(_, value)| *value)
    }

    /// A name or an id under any of these columns.
    pub(super) fn name(&self, names: &[&str]) -> Option<Cow<'a, str>> {
        names.iter().find_map(|name| self.get(name)?.name())
    }

    /// A count under any of these columns.
    ///
    /// # Errors
    /// When it is none.
    pub(super) fn count(&self, names: &[&str], field: &'static str) -> Result<Option<u64>, Fault> {
        names.iter().find_map(|name| self.get(name)).map_or(Ok(None), |value| value.count(field))
    }

    /// When the row was made.
    ///
    /// # Errors
    /// When its time is none.
    pub(super) fn time(&self) -> Result<Option<Timestamp>, Fault> {
        let time = ["time", "timegenerated", "timestamp", "timegenerated [utc]"];
        let time = time.iter().find_map(|name| self.get(name));
        time.map_or(Ok(None), |time| {
            time.time("time").or_else(|fault| portal_time(time).map(Some).ok_or(fault))
        })
    }

    /// The first of these durations that is one; Azure also logs negative ones.
    pub(super) fn milliseconds(&self, names: &[&str], batch: &mut Batch) -> Option<f64> {
        let number = names.iter().find_map(|name| self.get(name)?.number())?;
        if number < 0.0 {
            batch.note("NEGATIVE_DURATION", "negative durations are taken for unknown");
        }
        Some(number).filter(|number| *number >= 0.0)
    }
}

/// A column's name in lower case, without the suffix for its type.
fn column(name: &str) -> String {
    let lower = name.trim().to_ascii_lowercase();
    let plain = ["_s", "_d", "_b", "_g", "_t"].iter().find_map(|suffix| lower.strip_suffix(suffix));
    plain.map_or_else(|| lower.clone(), str::to_owned)
}

/// Whether a CSV file has all of these columns, suffixes aside.
pub(super) fn has_columns(header: &Header, names: &[&str]) -> bool {
    names.iter().all(|name| header.columns.iter().any(|found| column(found) == *name))
}

/// An object's entry under either spelling of Azure's keys.
pub(super) fn entry<'a>(object: Json<'a>, name: &str) -> Option<Json<'a>> {
    let mut found = None;
    let _ = object.each_entry(|key, value| {
        if found.is_none() && column(key) == name && !value.is_null() {
            found = Some(value);
        }
        Ok::<(), Fault>(())
    });
    found
}

/// A time as the portal exports it, in UTC: `6/1/2026, 8:00:00.250 AM`. The half
/// of the day says that it is the American order.
fn portal_time(time: Value<'_>) -> Option<Timestamp> {
    let text = match time {
        Value::Cell(cell) => Cow::Borrowed(cell),
        Value::Json(json) => json.text()?,
    };
    let (date, clock) = text.trim().split_once(", ")?;
    let mut date = date.split('/').map(str::parse::<u32>);
    let (month, day, year) = (date.next()?.ok()?, date.next()?.ok()?, date.next()?.ok()?);
    // Newer browsers put a narrow space there.
    let (clock, half) = clock.rsplit_once([' ', '\u{202f}'])?;
    let afternoon = match half {
        "AM" => 0,
        "PM" => 12,
        _ => return None,
    };
    let (hour, rest) = clock.split_once(':')?;
    let hour = hour.parse::<u32>().ok().filter(|hour| (1..=12).contains(hour))? % 12 + afternoon;
    Timestamp::parse(&format!("{year:04}-{month:02}-{day:02}T{hour:02}:{rest}Z"))
}

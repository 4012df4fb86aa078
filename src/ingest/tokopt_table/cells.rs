//! The cells of one row, each read as what its column holds.

use std::borrow::Cow;

use crate::ingest::json::{Fault, Json};
use crate::table::calls::{COLUMNS, Name};
use crate::table::words::{self, Words};
use crate::units::{Timestamp, Tokens, Usd};

/// A cell as it stands in the file.
#[derive(Clone, Copy, Debug)]
pub(super) enum Raw<'a> {
    /// A JSON value.
    Json(Json<'a>),
    /// A CSV cell, where an odd text is a JSON string.
    Quoted(&'a str),
    /// The text of a typed column.
    Exact(&'a str),
}

/// The cells of a row.
#[derive(Debug)]
pub(super) struct Cells<'a>([Option<Raw<'a>>; COLUMNS.len()]);

impl Default for Cells<'_> {
    fn default() -> Self {
        Self([None; COLUMNS.len()])
    }
}

impl<'a> Cells<'a> {
    /// Takes in a cell that holds something.
    pub(super) fn place(&mut self, position: usize, cell: Raw<'a>) {
        if let Some(slot) = self.0.get_mut(position) {
            *slot = Some(cell);
        }
    }

    /// What is wrong with a cell.
    #[expect(clippy::unused_self, reason = "reads as the other questions do")]
    pub(super) fn fault(&self, name: Name, wanted: &'static str) -> Fault {
        Fault::BadField { field: name.text(), wanted }
    }

    fn raw(&self, name: Name) -> Option<Raw<'a>> {
        self.0.get(name as usize).copied().flatten()
    }

    /// A text.
    pub(super) fn text(&self, name: Name) -> Result<Option<Cow<'a, str>>, Fault> {
        let text = match self.raw(name) {
            None => return Ok(None),
            Some(Raw::Json(json)) => json.any_text(),
            Some(Raw::Quoted(cell)) if cell.starts_with('"') => Json::of_text(cell).any_text(),
            Some(Raw::Quoted(cell) | Raw::Exact(cell)) => Some(Cow::Borrowed(cell)),
        };
        text.map(Some).ok_or_else(|| self.fault(name, "a text"))
    }

    /// The digits or the word of a cell that holds no free text.
    fn scalar(&self, name: Name) -> Option<&'a str> {
        match self.raw(name)? {
            Raw::Json(json) => Some(json.raw().trim_matches('"')),
            Raw::Quoted(cell) | Raw::Exact(cell) => Some(cell),
        }
    }

    fn parsed<T>(
        &self,
        name: Name,
        wanted: &'static str,
        parse: impl FnOnce(&'a str) -> Option<T>,
    ) -> Result<Option<T>, Fault> {
        let Some(text) = self.scalar(name) else { return Ok(None) };
        parse(text).map(Some).ok_or_else(|| self.fault(name, wanted))
    }

    /// A count.
    pub(super) fn count(&self, name: Name) -> Result<Option<u64>, Fault> {
        self.parsed(name, "a count", |text| text.parse().ok())
    }

    /// A count of tokens.
    pub(super) fn tokens(&self, name: Name) -> Result<Option<Tokens>, Fault> {
        Ok(self.count(name)?.map(Tokens::new))
    }

    /// A whole number.
    pub(super) fn integer(&self, name: Name) -> Result<Option<i64>, Fault> {
        self.parsed(name, "a whole number", |text| text.parse().ok())
    }

    /// A number.
    pub(super) fn number(&self, name: Name) -> Result<Option<f32>, Fault> {
        self.parsed(name, "a number", |text| {
            text.parse().ok().filter(|number: &f32| number.is_finite())
        })
    }

    /// Yes or no.
    pub(super) fn truth(&self, name: Name) -> Result<Option<bool>, Fault> {
        self.parsed(name, "true or false", |text| text.parse().ok())
    }

    /// An instant.
    pub(super) fn time(&self, name: Name) -> Result<Option<Timestamp>, Fault> {
        self.parsed(name, "a time", Timestamp::parse)
    }

    /// An amount.
    pub(super) fn money(&self, name: Name) -> Result<Option<Usd>, Fault> {
        self.parsed(name, "an amount", |text| Usd::from_decimal(text).ok())
    }

    /// The value of a word.
    pub(super) fn value<T: Copy>(&self, name: Name, words: Words<T>) -> Result<Option<T>, Fault> {
        let Some(word) = self.text(name)? else { return Ok(None) };
        let value = words::value(words, &word);
        value.map(Some).ok_or_else(|| self.fault(name, "a known word"))
    }

    /// Visits the entries of a JSON object.
    pub(super) fn each_entry(
        &self,
        name: Name,
        visit: impl FnMut(&str, Json<'a>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let object = match self.raw(name) {
            None => return Ok(()),
            Some(Raw::Json(json)) => json,
            Some(Raw::Quoted(cell) | Raw::Exact(cell)) => Json::of_text(cell),
        };
        if !object.is_object() {
            return Err(self.fault(name, "a JSON object"));
        }
        object.each_entry(visit)
    }
}

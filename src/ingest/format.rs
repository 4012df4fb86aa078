//! What every format reader is: one file behind this trait.

use crate::measure::memo::Memo;

use super::batch::Batch;
use super::framing::newlines;
use super::json::{Fault, Json};

/// A log format.
///
/// A reader maps fields; it does not judge. It knows no price, no time zone and
/// no other record: what needs several records (duplicates, conversations) is
/// said in the drafts it pushes and settled after reading.
pub trait Format: Sync {
    /// Stable id, as `--input-format` takes it and reports show it.
    fn id(&self) -> &'static str;

    /// One line on which counts include which, for `inspect` and the docs.
    fn convention(&self) -> &'static str;

    /// Names by which such a file is known to people: keys, with dots between
    /// the steps of a path, or columns. Each set is one shape of the format, the
    /// plainest first. `inspect` prints the set that a file has whole, and the
    /// error of an unknown file what it misses of the nearest. Detection does
    /// not look here: it may want values too.
    fn keys(&self) -> &'static [KeySet] {
        &[]
    }

    /// How the file is cut into records.
    fn framing(&self) -> Framing {
        Framing::Json
    }

    /// The key of the list whose elements are the records, where a document of
    /// this format is a page around a list (`data`, `results`, `records`).
    fn list_key(&self) -> Option<&'static str> {
        None
    }

    /// Whether the opening of a file is of this format. Must look at parsed
    /// keys only, never at their order or spacing.
    fn detect(&self, sample: &Sample<'_>) -> bool;

    /// Whether it claims only what no other format claims, because it takes
    /// fields by many names. No two formats that are no fallback may claim the
    /// same file.
    fn is_fallback(&self) -> bool {
        false
    }

    /// Reads one record and pushes what it finds.
    ///
    /// # Errors
    /// With the reason when the record cannot be read; nothing of it is kept.
    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault>;
}

/// Names of fields that a record of some shape has.
pub type KeySet = &'static [&'static str];

/// How a file is cut into records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// JSON lines, or JSON documents of any layout: the elements of a root
    /// array or of a page's list are records of their own.
    Json,
    /// One header row, then a record per row.
    Csv,
    /// Server-sent events; a whole stream is one record.
    EventStream,
}

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is a call (or a bucket), pushed to the batch.
    Kept,
    /// It is no call, for this reason.
    Ignored(&'static str),
    /// It held this many records of its own, each of them kept: a bucket that
    /// lists a result per model.
    KeptMany(u64),
    /// It held records of its own, and each was accounted for by itself
    /// ([`Batch::account_for`]).
    AccountedFor,
}

/// One record of a file.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// The record's bytes, without the line's end.
    pub bytes: &'a [u8],
    /// The line it starts on, from 1.
    pub line: u64,
    /// The cells, for a CSV file.
    pub row: Option<&'a Row<'a>>,
    /// The path of its file.
    pub path: &'a str,
    /// Where texts are measured once.
    pub memo: &'a Memo,
}

impl<'a> Record<'a> {
    /// The record as a JSON value.
    ///
    /// # Errors
    /// When it is not UTF-8.
    pub fn json(&self) -> Result<Json<'a>, Fault> {
        Json::of_record(self.bytes)
    }

    /// Values of the record, in their order, each with the line it starts on.
    #[must_use]
    pub fn lines_of(&self, values: Vec<Json<'a>>) -> Vec<(Json<'a>, u64)> {
        let mut lines = PartLines::of(self);
        values.into_iter().map(|value| (value, lines.line(self, value))).collect()
    }
}

/// The lines on which the parts of a record start, asked for in their order.
#[derive(Clone, Copy, Debug)]
pub struct PartLines {
    start: usize,
    at: usize,
    line: u64,
}

impl PartLines {
    /// From the start of a record.
    #[must_use]
    pub fn of(record: &Record<'_>) -> Self {
        Self { start: record.bytes.as_ptr() as usize, at: 0, line: record.line }
    }

    /// The line on which a part of that record starts.
    pub fn line(&mut self, record: &Record<'_>, part: Json<'_>) -> u64 {
        let offset = (part.raw().as_ptr() as usize).saturating_sub(self.start);
        let between = record.bytes.get(self.at..offset).unwrap_or_default();
        self.line += newlines(between);
        self.at = self.at.max(offset);
        self.line
    }
}

/// One row of a CSV file.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// The names of the columns.
    pub header: &'a Header,
    /// The unquoted cells, one after the other.
    pub text: &'a str,
    /// Where each cell ends in `text`.
    pub ends: &'a [usize],
}

impl<'a> Row<'a> {
    /// The trimmed cell of a column; `None` where it is missing or empty.
    #[must_use]
    pub fn get(&self, column: &str) -> Option<&'a str> {
        self.cell(self.header.position(column)?)
    }

    /// The trimmed cell at a position; `None` where it is missing or empty.
    #[must_use]
    pub fn cell(&self, position: usize) -> Option<&'a str> {
        self.exact(position).map(str::trim).filter(|cell| !cell.is_empty())
    }

    /// The cell at a position as it stands; `None` where it is missing.
    #[must_use]
    pub fn exact(&self, position: usize) -> Option<&'a str> {
        let end = *self.ends.get(position)?;
        let start =
            position.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied())?;
        self.text.get(start..end)
    }

    /// Every column's name with its cell.
    pub fn cells(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let row = *self;
        row.header
            .columns
            .iter()
            .enumerate()
            .filter_map(move |(position, name)| Some((name.as_str(), row.cell(position)?)))
    }
}

/// The names of a CSV file's columns.
#[derive(Clone, Debug, Default)]
pub struct Header {
    /// Column names, trimmed and in lower case.
    pub columns: Vec<String>,
    /// The byte between cells.
    pub delimiter: u8,
    /// Whether the cells come from a file with typed columns: they stand as
    /// they are, without any quoting of ours.
    pub is_typed: bool,
}

impl Header {
    /// The position of a column.
    #[must_use]
    pub fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|name| name == column)
    }

    /// Whether all of these columns are there.
    #[must_use]
    pub fn has(&self, columns: &[&str]) -> bool {
        columns.iter().all(|column| self.position(column).is_some())
    }
}

/// The opening of a file, as far as detection looks.
#[derive(Debug)]
pub enum Sample<'a> {
    /// The first records of a JSON file, at most twenty.
    Json(&'a [Json<'a>]),
    /// The header of a CSV file.
    Csv(&'a Header),
    /// The first event payloads of an event stream.
    Events(&'a [Json<'a>]),
}

impl<'a> Sample<'a> {
    /// Whether a JSON sample has an object for which `test` holds.
    #[must_use]
    pub fn any_object(&self, test: impl Fn(Json<'a>) -> bool) -> bool {
        match self {
            Self::Json(objects) => objects.iter().any(|object| test(*object)),
            Self::Csv(_) | Self::Events(_) => false,
        }
    }

    /// The objects of a JSON sample, a page's list in place of the page.
    #[must_use]
    pub fn listed(&self, list_key: &str) -> Vec<Json<'a>> {
        let Self::Json(objects) = self else { return Vec::new() };
        let listed = |object: &Json<'a>| match object.get(list_key) {
            Some(list) if list.is_array() => list.items(),
            _ => vec![*object],
        };
        objects.iter().flat_map(listed).collect()
    }

    /// The header of a CSV sample.
    #[must_use]
    pub fn header(&self) -> Option<&'a Header> {
        match self {
            Self::Csv(header) => Some(header),
            Self::Json(_) | Self::Events(_) => None,
        }
    }
}

//! tokopt's own table of calls, as `tokopt convert` writes it: JSON lines, CSV
//! rows, or the columns of a Parquet file.
//!
//! Strict: what a column holds is told by the table's version and by nothing
//! else, and reading gives the log that the table was made from. What other
//! columns tell (uncached tokens, list costs) is left aside. The table has no
//! texts and no fingerprints.

mod cells;
mod rows;

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use crate::table::calls::{COLUMNS, Name, VERSION, kind};

use super::batch::Batch;
use super::format::{Format, Framing, Outcome, Record, Sample};
use super::json::{Fault, Json};

use cells::{Cells, Raw};

const CONVENTION: &str = "input includes cached tokens, output includes reasoning; \
     the counters of the log that the table was made from";

/// The column by which a table of calls is known.
pub(super) const MARK: &str = Name::TokoptTable.text();

/// How the ids of the table's formats begin.
pub(super) const ID: &str = "tokopt-table";

/// The table as JSON lines.
#[derive(Clone, Copy, Debug)]
pub struct TokoptTable;

/// The table as CSV rows.
#[derive(Clone, Copy, Debug)]
pub struct TokoptTableCsv;

/// The position of every column by its name.
static POSITIONS: LazyLock<FxHashMap<&'static str, usize>> = LazyLock::new(|| {
    COLUMNS.iter().enumerate().map(|(position, column)| (column.name, position)).collect()
});

impl Format for TokoptTable {
    fn id(&self) -> &'static str {
        ID
    }

    fn convention(&self) -> &'static str {
        CONVENTION
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        sample.any_object(|object| object.get(MARK).is_some())
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let json = record.json()?;
        if !json.is_object() {
            return Err(Fault::Other("not a JSON object"));
        }
        let mut cells = Cells::default();
        json.each_entry(|name, value: Json<'_>| {
            if let Some(&position) = POSITIONS.get(name)
                && !value.is_null()
            {
                cells.place(position, Raw::Json(value));
            }
            Ok::<(), Fault>(())
        })?;
        read(&cells, batch)
    }
}

impl Format for TokoptTableCsv {
    fn id(&self) -> &'static str {
        "tokopt-table-csv"
    }

    fn convention(&self) -> &'static str {
        CONVENTION
    }

    fn framing(&self) -> Framing {
        Framing::Csv
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        sample.header().is_some_and(|header| header.has(&[MARK]))
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let row = record.row.ok_or(Fault::Other("not a CSV row"))?;
        let is_typed = row.header.is_typed;
        let mut cells = Cells::default();
        for (at, column) in row.header.columns.iter().enumerate() {
            if let Some(&position) = POSITIONS.get(column.as_str())
                && let Some(cell) = row.exact(at).filter(|cell| !cell.is_empty())
            {
                cells.place(position, if is_typed { Raw::Exact(cell) } else { Raw::Quoted(cell) });
            }
        }
        read(&cells, batch)
    }
}

fn read(cells: &Cells<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
    match cells.text(Name::TokoptTable)?.as_deref() {
        Some(VERSION) => {}
        Some(_) => return Err(Fault::Other("a table of another version of tokopt")),
        None => return Err(Fault::Missing(MARK)),
    }
    match cells.text(Name::RecordKind)?.as_deref() {
        Some(kind::REQUEST) => rows::request(cells, batch),
        Some(kind::BUCKET) => rows::bucket(cells, batch),
        Some(kind::CHARGE) => rows::charge(cells, batch),
        Some(kind::NOTE) => rows::note(cells, batch),
        Some(_) => Err(cells.fault(Name::RecordKind, "a kind of record")),
        None => Err(Fault::Missing(Name::RecordKind.text())),
    }
}

#[cfg(test)]
mod tests;

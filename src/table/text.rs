//! Writes a table as CSV or as JSON lines.
//!
//! The same table gives the same bytes. A text in CSV that a spreadsheet could
//! take for a formula, or that a reader would trim, is written as a JSON string
//! in its cell, so that it is harmless and comes back as it was.

use std::io::{self, Write};

use rayon::prelude::*;

use super::column::{Cell, Column, Table};

/// Rows that one thread lays out in one go.
const CHUNK: usize = 4_096;

/// Writes a table as CSV: a header, commas, a line feed after each row.
///
/// # Errors
/// When it cannot be written.
pub fn csv(table: &dyn Table, out: &mut dyn Write) -> io::Result<()> {
    let names: Vec<&str> = table.columns().iter().map(|column| column.name).collect();
    writeln!(out, "{}", names.join(","))?;
    in_chunks(table, out, |row, text| {
        for (position, cell) in row.iter().enumerate() {
            if position > 0 {
                text.push(',');
            }
            push_cell(text, cell);
        }
        text.push('\n');
    })
}

/// Writes a table as JSON lines; what is missing has no key.
///
/// # Errors
/// When it cannot be written.
pub fn jsonl(table: &dyn Table, out: &mut dyn Write) -> io::Result<()> {
    let columns = table.columns();
    in_chunks(table, out, |row, text| {
        text.push('{');
        let mut first = true;
        for (column, cell) in columns.iter().zip(row) {
            if *cell != Cell::Missing {
                if !first {
                    text.push(',');
                }
                first = false;
                push_entry(text, column, cell);
            }
        }
        text.push_str("}\n");
    })
}

fn in_chunks(
    table: &dyn Table,
    out: &mut dyn Write,
    lay_out: impl Fn(&[Cell<'_>], &mut String) + Sync,
) -> io::Result<()> {
    let chunks = table.rows().div_ceil(CHUNK);
    // A few chunks at a time: a table may be larger than the memory.
    let wave = 2 * rayon::current_num_threads();
    for start in (0..chunks).step_by(wave) {
        let texts: Vec<String> = (start..chunks.min(start + wave))
            .into_par_iter()
            .map(|chunk| {
                let mut text = String::new();
                for row in chunk * CHUNK..table.rows().min((chunk + 1) * CHUNK) {
                    lay_out(&table.row(row), &mut text);
                }
                text
            })
            .collect();
        for text in texts {
            out.write_all(text.as_bytes())?;
        }
    }
    Ok(())
}

/// A cell as plain text; empty where nothing is known.
#[must_use]
pub fn plain(cell: &Cell<'_>) -> String {
    match cell {
        Cell::Missing => String::new(),
        Cell::Text(text) => text.clone().into_owned(),
        Cell::Count(count) => count.to_string(),
        Cell::Integer(number) => number.to_string(),
        Cell::Number(number) => number.to_string(),
        Cell::Truth(truth) => truth.to_string(),
        Cell::Time(time) => time.to_string(),
        Cell::Money(amount) => amount.to_decimal(),
    }
}

fn push_cell(text: &mut String, cell: &Cell<'_>) {
    let plain = match cell {
        Cell::Text(name) if needs_json(name) => json_string(name),
        other => plain(other),
    };
    if plain.contains([',', '"', '\n', '\r']) {
        text.push('"');
        text.push_str(&plain.replace('"', "\"\""));
        text.push('"');
    } else {
        text.push_str(&plain);
    }
}

/// Whether a text could be taken for a formula or would not come back as it is.
fn needs_json(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '"', '\'', '|', '%'])
        || text.trim() != text
        || text.contains(char::is_control)
}

fn push_entry(text: &mut String, column: &Column, cell: &Cell<'_>) {
    text.push('"');
    text.push_str(column.name);
    text.push_str("\":");
    match (column.kind, cell) {
        // A JSON column stands as the object it is.
        (super::Kind::Json, Cell::Text(object)) => text.push_str(object),
        (_, Cell::Text(name)) => text.push_str(&json_string(name)),
        (_, Cell::Time(time)) => text.push_str(&json_string(&time.to_string())),
        (_, other) => text.push_str(&plain(other)),
    }
}

/// A text as a JSON string, quotes included.
#[must_use]
pub fn json_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::{Cell, Column, Table, csv, jsonl};
    use crate::table::Kind;
    use crate::units::{Timestamp, Usd};

    const COLUMNS: &[Column] = &[
        Column { name: "name", kind: Kind::Text, meaning: "" },
        Column { name: "at", kind: Kind::Time, meaning: "" },
        Column { name: "cost", kind: Kind::Money, meaning: "" },
        Column { name: "tags", kind: Kind::Json, meaning: "" },
    ];

    struct Names(Vec<&'static str>);

    impl Table for Names {
        fn columns(&self) -> &'static [Column] {
            COLUMNS
        }

        fn rows(&self) -> usize {
            self.0.len()
        }

        fn row(&self, row: usize) -> Vec<Cell<'_>> {
            vec![
                Cell::text(Some(self.0[row])),
                Cell::Time(Timestamp::from_micros(1_000)),
                // Half a pico-dollar.
                Cell::Money(Usd::from_femto(500)),
                Cell::Text(Cow::Borrowed("{\"a\":1}")),
            ]
        }
    }

    #[test]
    fn texts_are_harmless_and_come_back() {
        let table = Names(vec!["plain", "a,b", "=1+1", " x"]);
        let mut bytes = Vec::new();
        csv(&table, &mut bytes).expect("written");
        let rest = "1970-01-01T00:00:00.001Z,0.0000000000005,\"{\"\"a\"\":1}\"";
        assert_eq!(
            String::from_utf8(bytes).expect("text"),
            format!(
                "name,at,cost,tags\nplain,{rest}\n\"a,b\",{rest}\n\"\"\"=1+1\"\"\",{rest}\n\"\"\" x\"\"\",{rest}\n"
            )
        );
    }

    #[test]
    fn a_line_is_an_object_of_what_is_known() {
        let mut bytes = Vec::new();
        jsonl(&Names(vec!["say \"hi\""]), &mut bytes).expect("written");
        assert_eq!(
            String::from_utf8(bytes).expect("text"),
            "{\"name\":\"say \\\"hi\\\"\",\"at\":\"1970-01-01T00:00:00.001Z\",\"cost\":0.0000000000005,\"tags\":{\"a\":1}}\n"
        );
    }
}

//! Attribution as CSV: one flat table, or one file per table.
//!
//! RFC 4180: a header always, CRLF line ends, empty cells for what is not
//! known. Nothing in a cell is a formula to a spreadsheet. Knows no folder:
//! whoever asks for the tables writes them.

mod arms;
mod bills;
mod cache;
mod difference;
mod ladder;
mod plan;
mod tables;
mod trend;

use std::io::{self, Write};

use super::document::{Dimension, Document, Evidence, Figures};
use super::escape::csv_cell;
use super::kind::Kind;
use super::renderer::{RenderOptions, Renderer};
use super::rows;

pub use arms::{arms, arms_tables};
pub use difference::{difference, difference_tables};
pub use tables::{CsvFile, tables};
pub use trend::{tables as trend_tables, trend};

/// Writes every attribution row as one flat table.
#[derive(Clone, Copy, Debug)]
pub struct Csv;

impl Renderer for Csv {
    fn id(&self) -> Kind {
        Kind::Csv
    }

    fn render(
        &self,
        document: &Document,
        options: &RenderOptions,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let mut table = Table::new(out);
        table.heading(&["dimension", "key"], &FIGURE_COLUMNS)?;
        for dimensions in asked_for(document, options) {
            let name = names(&dimensions).join(",");
            for (keys, figures) in rows::all(document, &dimensions) {
                let key: Vec<String> = keys.iter().map(|key| csv_cell(key)).collect();
                table
                    .row([name.clone(), key.join(",")].into_iter().chain(figure_cells(figures)))?;
            }
        }
        table.finish()
    }
}

/// The columns of every attribution table, after its keys.
const FIGURE_COLUMNS: [&str; 7] =
    ["calls", "input_tokens", "output_tokens", "cost_usd", "share", "evidence", "at_most"];

fn figure_cells(figures: &Figures) -> [String; 7] {
    [
        cell(figures.calls),
        cell(figures.input_tokens.map(crate::units::Tokens::get)),
        cell(figures.output_tokens.map(crate::units::Tokens::get)),
        cell(figures.cost_usd),
        share_cell(figures.share),
        figures.evidence.name().to_owned(),
        figures.at_most.to_string(),
    ]
}

/// A number of ours, or the empty cell of an unknown one.
fn cell(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn share_cell(share: Option<crate::units::Share>) -> String {
    cell(share.map(|share| decimal(share.millionths())))
}

/// A text that may come from a log, or the empty cell of an unknown one.
fn text(value: Option<&str>) -> String {
    value.map_or_else(String::new, csv_cell)
}

fn grade(evidence: Option<Evidence>) -> String {
    evidence.map_or_else(String::new, |evidence| evidence.name().to_owned())
}

/// Rows of a table that names its values.
fn named<const ROWS: usize>(values: [(&str, String); ROWS]) -> Vec<Vec<String>> {
    values.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect()
}

/// Millionths as a plain decimal.
fn decimal(millionths: i128) -> crate::units::NanoUsd {
    crate::units::NanoUsd::from_nano(millionths.saturating_mul(1_000))
}

fn names(dimensions: &[Dimension]) -> Vec<&'static str> {
    dimensions.iter().map(|dimension| dimension.name()).collect()
}

/// The tables to write: those asked for, or all there are.
fn asked_for(document: &Document, options: &RenderOptions) -> Vec<Vec<Dimension>> {
    if !options.by.is_empty() {
        return options.by.clone();
    }
    let single = Dimension::ALL
        .into_iter()
        .filter(|dimension| document.attribution.rows(*dimension).is_some());
    let crosses = document.attribution.crosses.iter().map(|cross| cross.dimensions.clone());
    single.map(|dimension| vec![dimension]).chain(crosses).collect()
}

/// A CSV file in the making.
struct Table<'out>(::csv::Writer<&'out mut dyn Write>);

impl<'out> Table<'out> {
    fn new(out: &'out mut dyn Write) -> Self {
        let terminator = ::csv::Terminator::CRLF;
        Self(::csv::WriterBuilder::new().terminator(terminator).from_writer(out))
    }

    fn heading(&mut self, first: &[&str], rest: &[&str]) -> io::Result<()> {
        Ok(self.0.write_record(first.iter().chain(rest))?)
    }

    fn row(&mut self, cells: impl IntoIterator<Item = String>) -> io::Result<()> {
        Ok(self.0.write_record(cells)?)
    }

    fn finish(mut self) -> io::Result<()> {
        self.0.flush()
    }
}

//! Reports: the analysis document and what can be made of it.
//!
//! A renderer is one file behind [`Renderer`] and one line in [`RENDERERS`].
//! Renderers see only the [`document::Document`] and write only to what they
//! are handed: no file, no terminal, no clock, no environment.

mod arms;
pub mod assemble;
mod bills;
pub mod check;
pub mod csv;
mod difference;
pub mod document;
mod escape;
mod figures;
mod inspected;
mod json;
mod kind;
mod markdown;
mod metrics;
mod renderer;
mod rows;
pub mod saved;
mod savings;
mod schema;
mod summary;
mod terminal;
mod trended;
mod unknowns;
mod work;

use std::io;

pub use json::write as write_json;
pub use kind::{Kind, KindError};
pub use markdown::inspection as write_inspection_page;
pub use renderer::{RenderOptions, Renderer};
pub use schema::{PublishedSchema, SCHEMAS};
pub use terminal::backtest as write_backtest;
pub use terminal::inspection as write_inspection;

/// Writes the arms of an A/B test as a report of a kind.
///
/// # Errors
/// When `out` cannot be written to.
pub fn write_arms(
    document: &document::Arms,
    kind: Kind,
    options: &RenderOptions,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    match kind {
        Kind::Table => terminal::arms(document, options, out),
        Kind::Json => json::write(document, out),
        Kind::Csv => csv::arms(document, out),
        Kind::Markdown => markdown::arms(document, out),
        Kind::Metrics => Err(no_metrics()),
    }
}

/// Writes a trend as a report of a kind.
///
/// # Errors
/// When `out` cannot be written to.
pub fn write_trend(
    document: &document::Trend,
    kind: Kind,
    options: &RenderOptions,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    match kind {
        Kind::Table => terminal::trend(document, options, out),
        Kind::Json => json::write(document, out),
        Kind::Csv => csv::trend(document, out),
        Kind::Markdown => markdown::trend(document, options, out),
        Kind::Metrics => Err(no_metrics()),
    }
}

/// Writes a difference as a report of a kind.
///
/// # Errors
/// When `out` cannot be written to.
pub fn write_difference(
    document: &document::Difference,
    kind: Kind,
    options: &RenderOptions,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    match kind {
        Kind::Table => terminal::difference(document, options, out),
        Kind::Json => json::write(document, out),
        Kind::Csv => csv::difference(document, out),
        Kind::Markdown => markdown::difference(document, options, out),
        Kind::Metrics => Err(no_metrics()),
    }
}

/// Metrics are of an analysis alone.
fn no_metrics() -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, "metrics are made of an analysis alone")
}

/// Every renderer, one per [`Kind`].
pub const RENDERERS: [&dyn Renderer; 5] =
    [&terminal::Terminal, &json::Json, &csv::Csv, &markdown::Markdown, &metrics::Metrics];

/// The renderer of a kind.
#[must_use]
pub fn renderer(kind: Kind) -> &'static dyn Renderer {
    match kind {
        Kind::Table => &terminal::Terminal,
        Kind::Json => &json::Json,
        Kind::Csv => &csv::Csv,
        Kind::Markdown => &markdown::Markdown,
        Kind::Metrics => &metrics::Metrics,
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, RENDERERS, renderer};

    #[test]
    fn the_list_holds_every_kind_once() {
        assert_eq!(RENDERERS.map(super::Renderer::id), Kind::ALL);
        for kind in Kind::ALL {
            assert_eq!(renderer(kind).id(), kind);
        }
    }
}

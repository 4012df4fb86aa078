//! What every report has in common.
//!
//! Knows no report in particular.

use std::io::{self, Write};

use super::document::{Dimension, Document};
use super::kind::Kind;

/// Makes one kind of report of a document.
pub trait Renderer: Sync {
    /// The kind it makes.
    fn id(&self) -> Kind;

    /// Writes the whole report to `out`.
    ///
    /// The same document and options give the same bytes. An implementor must
    /// not print, look at a terminal, a clock or the environment, nor compute
    /// a figure that another report would show differently.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    fn render(
        &self,
        document: &Document,
        options: &RenderOptions,
        out: &mut dyn Write,
    ) -> io::Result<()>;
}

/// How a report is to look. JSON ignores all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderOptions {
    /// Columns of the terminal. Below 60 counts as 60.
    pub width: usize,
    /// Whether colour codes may be written.
    pub color: bool,
    /// The tables asked for, each by one dimension or by a cross of several;
    /// empty for the usual ones.
    pub by: Vec<Vec<Dimension>>,
    /// The most rows of a table for people; the rest is summed in one row.
    pub top: usize,
}

impl Default for RenderOptions {
    fn default() -> Self {
        Self { width: 80, color: false, by: Vec::new(), top: 10 }
    }
}

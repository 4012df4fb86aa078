//! The analysis document as JSON, indented, fields in their declared order.
//!
//! Knows nothing beyond that: the document itself is the contract.

use std::io::{self, Write};

use super::document::Document;
use super::kind::Kind;
use super::renderer::{RenderOptions, Renderer};

/// Writes the document as JSON.
#[derive(Clone, Copy, Debug)]
pub struct Json;

impl Renderer for Json {
    fn id(&self) -> Kind {
        Kind::Json
    }

    fn render(
        &self,
        document: &Document,
        _: &RenderOptions,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        write(document, out)
    }
}

/// Writes any document as JSON.
///
/// # Errors
/// When `out` cannot be written to.
pub fn write(document: &impl serde::Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, document)?;
    out.write_all(b"\n")
}

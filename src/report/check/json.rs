//! The document of a check as JSON, indented, fields in their declared order.
//!
//! Knows nothing beyond that: the document itself is the contract.

use std::io::{self, Write};

use super::kind::CheckKind;
use super::renderer::{CheckOptions, CheckRenderer};
use crate::report::document::Check;

/// Writes the check as JSON.
#[derive(Clone, Copy, Debug)]
pub struct Json;

impl CheckRenderer for Json {
    fn id(&self) -> CheckKind {
        CheckKind::Json
    }

    fn render(&self, check: &Check, _: &CheckOptions, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, check)?;
        out.write_all(b"\n")
    }
}

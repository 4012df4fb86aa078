//! The check on a terminal.
//!
//! Only says that there is such a report: how it looks is the terminal's part.

use std::io::{self, Write};

use super::kind::CheckKind;
use super::renderer::{CheckOptions, CheckRenderer};
use crate::report::document::Check;
use crate::report::terminal;

/// Writes the check as diagnostics.
#[derive(Clone, Copy, Debug)]
pub struct Terminal;

impl CheckRenderer for Terminal {
    fn id(&self) -> CheckKind {
        CheckKind::Table
    }

    fn render(&self, check: &Check, options: &CheckOptions, out: &mut dyn Write) -> io::Result<()> {
        terminal::check(check, options, out)
    }
}

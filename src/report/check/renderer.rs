//! What every report of a check has in common.
//!
//! Knows no report in particular.

use std::io::{self, Write};

use super::comment::CommentTag;
use super::kind::CheckKind;
use crate::report::document::Check;

/// Makes one kind of report of a check.
pub trait CheckRenderer: Sync {
    /// The kind it makes.
    fn id(&self) -> CheckKind;

    /// Writes the whole report to `out`.
    ///
    /// The same check and options give the same bytes. An implementor must not
    /// print, look at a terminal, a clock or the environment, nor judge anything
    /// anew.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    fn render(&self, check: &Check, options: &CheckOptions, out: &mut dyn Write) -> io::Result<()>;
}

/// How a report of a check is to look. Formats for machines ignore all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckOptions {
    /// Columns of the terminal. Below 60 counts as 60.
    pub width: usize,
    /// Whether colour codes may be written.
    pub color: bool,
    /// The name by which a later run finds the Markdown comment again.
    pub comment_tag: CommentTag,
}

impl Default for CheckOptions {
    fn default() -> Self {
        Self { width: 80, color: false, comment_tag: CommentTag::default() }
    }
}

//! What every finder is.

use super::Finding;
use super::view::View;

/// Looks for one kind of thing.
pub trait Finder: Sync {
    /// The codes it can report.
    fn codes(&self) -> &'static [&'static str];

    /// What it finds, in any order; nothing where the log does not carry what
    /// it needs to see.
    fn find(&self, view: &View<'_>) -> Vec<Finding>;
}

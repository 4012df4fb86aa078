//! What other logs can be held against this one by: cells that add up, and
//! slices that do not.
//!
//! Knows nothing of what they are compared with.

mod cells;
mod slices;

use crate::ledger::Ledger;
use crate::ledger::cells::CellSums;
use crate::report::document::Comparison;

pub use slices::Slicer;

/// The cells and slices of a whole ledger.
pub(super) fn comparison(ledger: &Ledger<'_>, cells: Vec<CellSums>) -> Comparison {
    Comparison { cells: cells::cells(ledger, cells), slices: slices::slices(ledger) }
}

//! What every rule is.

use crate::findings::view::View;
use crate::units::Evidence;

/// A way in which calls go round in circles.
pub trait Rule: Sync {
    /// The code of its finding.
    fn code(&self) -> &'static str;

    /// What the marked calls are, to open a sentence with.
    fn what(&self) -> &'static str;

    /// Which of the marked calls are wasted.
    fn which(&self) -> &'static str {
        "after the second attempt"
    }

    /// The calls it recognises, in any order.
    fn marks(&self, view: &View<'_>) -> Vec<Mark>;
}

/// What of a call bought nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Waste {
    /// All of it.
    Whole,
    /// Reading its prompt beyond so many billed tokens.
    Beyond(u64),
    /// Nothing: a first retry, or the call that shows what is wrong.
    Nothing,
}

impl Waste {
    /// The whole call from the third attempt on; the first two are legitimate.
    pub fn of_attempt(attempt: usize) -> Self {
        if attempt > 2 { Self::Whole } else { Self::Nothing }
    }
}

/// A call that a rule recognises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Its position among the ledger's entries.
    pub entry: usize,
    /// What of it is beyond what is legitimate.
    pub waste: Waste,
    /// How the rule knows.
    pub evidence: Evidence,
}

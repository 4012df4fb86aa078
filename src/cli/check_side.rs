//! One side of a check: a log that was read, or a saved analysis.

use super::analyze::assembled;
use super::content::Content;
use super::error::CliError;
use super::plan::Plan;
use crate::budget::{Figures, Missing, Part, Per, stored};
use crate::ledger::Ledger;
use crate::record::dimension::Dimension;
use crate::report::assemble::{Naming, Slicer};
use crate::report::document::{Document, Ladder, Subject};
use crate::selection::Filter;
use crate::techniques::parameters::Assumptions;

/// One side, ready to be asked.
pub(super) struct Side<'a> {
    /// The analysis.
    pub(super) document: Document,
    subject: Subject,
    slicer: Option<Slicer<'a>>,
    naming: &'a Naming,
}

impl<'a> Side<'a> {
    /// Makes the analysis, or takes the saved one.
    ///
    /// # Errors
    /// When the analysis cannot be made.
    pub(super) fn new(
        content: &'a Content,
        ledger: Option<&'a Ledger<'a>>,
        plan: &'a Plan,
        assumptions: &Assumptions,
    ) -> Result<Self, CliError> {
        let (document, slicer) = match (content, ledger) {
            (Content::Logs(log), Some(ledger)) => {
                (assembled(log, ledger, plan, assumptions)?, Some(Slicer::new(ledger)))
            }
            (Content::Analysis(document), _) => (document.as_ref().clone(), None),
            (Content::Logs(_), None) => return Err(CliError::NoInput),
        };
        let subject = subject(&document, &plan.paths);
        Ok(Self { document, subject, slicer, naming: &plan.naming })
    }
}

impl Figures for Side<'_> {
    fn subject(&self) -> &Subject {
        &self.subject
    }

    fn covers_a_day(&self) -> bool {
        self.subject.window.covers_a_day()
    }

    fn price_table(&self) -> Option<&str> {
        self.document.prices.table_hash.as_deref()
    }

    fn slices(&self, filter: &Filter, per: Option<Per>) -> Result<Vec<Part>, Missing> {
        let kept = stored(self.document.comparison.as_ref(), filter, per);
        let (Err(_), Some(slicer)) = (&kept, &self.slicer) else { return kept };
        let dimension = per.map(|per| match per {
            Per::Feature => Dimension::Feature,
            Per::Model => Dimension::Model,
            Per::User => Dimension::User,
            Per::Conversation => Dimension::Conversation,
        });
        let slices = slicer.keyed(filter, dimension, self.naming);
        Ok(slices.into_iter().map(|(key, slice)| Part { key, slice }).collect())
    }

    fn ladder(&self) -> Result<&Ladder, Missing> {
        self.document.ladder.as_ref().ok_or_else(|| {
            Missing::new(
                "there is no ladder of savings",
                "give the logs, without --no-ladder; only requests can be simulated",
            )
        })
    }
}

fn subject(document: &Document, paths: &[String]) -> Subject {
    let totals = &document.totals;
    let cost = totals.cost_usd.filter(|_| document.window.covers_a_day());
    let month = cost.and_then(|cost| document.window.month_of(cost));
    Subject {
        paths: paths.to_vec(),
        lines: document.input.lines,
        ignored: document.input.ignored,
        rejected: document.input.rejected,
        calls: totals.calls,
        unpriced_calls: totals.unpriced_calls,
        cost_usd: totals.cost_usd,
        month_usd: month,
        window: document.window.clone(),
        prices_as_of: document.prices.as_of.clone(),
    }
}

//! One side of a check: a log that was read, or a saved analysis.

use super::analyze::{assembled, read};
use super::error::CliError;
use super::plan::Plan;
use super::saved;
use crate::budget::{Figures, Missing, Part, Per, stored};
use crate::ledger::Ledger;
use crate::record::dimension::Dimension;
use crate::record::log::Log;
use crate::report::assemble::{Naming, Slicer};
use crate::report::document::{Document, Ladder, ONE_DAY, Subject, Window};
use crate::selection::Filter;
use crate::techniques::parameters::Assumptions;
use crate::units::{NanoUsd, Timestamp};

/// What was given for one side, as it was read.
pub(super) enum Given {
    /// Logs.
    Log(Box<Log>),
    /// What an earlier run saved.
    Saved(Box<Document>),
}

impl Given {
    /// Reads the plan's paths: one saved analysis, or logs.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(super) fn read(plan: &Plan) -> Result<Self, CliError> {
        match plan.paths.as_slice() {
            [path] if saved::is_analysis(path) => Ok(Self::Saved(Box::new(saved::read(path)?))),
            _ => Ok(Self::Log(Box::new(read(plan)?))),
        }
    }

    /// The log, unless it is a saved analysis.
    pub(super) const fn log(&self) -> Option<&Log> {
        match self {
            Self::Log(log) => Some(log),
            Self::Saved(_) => None,
        }
    }
}

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
        given: &'a Given,
        ledger: Option<&'a Ledger<'a>>,
        plan: &'a Plan,
        assumptions: &Assumptions,
    ) -> Result<Self, CliError> {
        let (document, slicer) = match (given, ledger) {
            (Given::Log(log), Some(ledger)) => {
                (assembled(log, ledger, plan, assumptions)?, Some(Slicer::new(ledger)))
            }
            (Given::Saved(document), _) => (document.as_ref().clone(), None),
            (Given::Log(_), None) => return Err(CliError::NoInput),
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
        covers_a_day(&self.subject.window)
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
    let days = document.window.days.filter(|days| days.millionths() > 0);
    let days = days.filter(|_| covers_a_day(&document.window));
    let month = totals.cost_usd.zip(days).map(|(cost, days)| {
        let scaled = cost.nano().saturating_mul(30_000_000);
        let days = days.millionths();
        NanoUsd::from_nano((scaled + days / 2).div_euclid(days))
    });
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

/// Whether the calls are a day or more apart. A shorter log is called a day
/// long, so its dates decide where it has any.
fn covers_a_day(window: &Window) -> bool {
    const DAY: i64 = 86_400_000_000;
    let time = |text: &Option<String>| text.as_deref().and_then(Timestamp::parse);
    match (time(&window.start), time(&window.end)) {
        (Some(start), Some(end)) => end.micros() - start.micros() >= DAY,
        _ => window.days.is_some_and(|days| days.millionths() > ONE_DAY.millionths()),
    }
}

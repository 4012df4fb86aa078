//! `--invoice FILE`: a bill that what is priced is held against.

use super::error::CliError;
use super::plan::Plan;
use crate::ingest::{self, ReadOptions};
use crate::ledger::levels::Charges;
use crate::ledger::{Ledger, Settings};
use crate::reconcile;
use crate::record::log::{FileAccount, Log};
use crate::report::assemble;
use crate::report::document::{Document, Warning};
use crate::selection::Filter;
use crate::units::counted;

/// Adds both sides of the bill: of the files that were given for it, else of
/// the cost exports among the log's own files where they bill its time.
///
/// # Errors
/// When a file cannot be read or holds no billed amount.
pub(super) fn reconcile(
    document: &mut Document,
    ledger: &Ledger<'_>,
    plan: &Plan,
    files: &[String],
) -> Result<(), CliError> {
    if files.is_empty() {
        let found = reconcile::reconcile(ledger, ledger.log, &ledger.charges);
        let found = found.filter(|found| found.whole.records > 0);
        document.reconciliation = found.map(|found| assemble::reconciliation(&found, None));
        return Ok(());
    }
    let log = read(files, plan)?;
    // A bill has no features or users: a filter of calls would empty it.
    let settings = Settings { filter: Filter::default(), ..plan.settings.clone() };
    let charges = Charges::of(&log, ledger.table, &settings);
    let found = reconcile::reconcile(ledger, &log, &charges);
    document.reconciliation = found.map(|found| assemble::reconciliation(&found, Some(&log)));
    warn(document, &log, &charges, plan);
    Ok(())
}

fn read(files: &[String], plan: &Plan) -> Result<Log, CliError> {
    let options = ReadOptions { mappings: &plan.mappings, ..ReadOptions::default() };
    let log = ingest::read(files, options, &())?;
    let is_bill = |file: &FileAccount| file.charges > 0 || file.duplicates > 0;
    if let Some(file) = log.accounting.files.iter().find(|file| !is_bill(file)) {
        let reason = file
            .rejections
            .first()
            .map_or_else(String::new, |first| format!(": line {}: {}", first.line, first.reason));
        return Err(CliError::NoBill { path: file.path.clone(), reason });
    }
    if log.charges.is_empty() {
        return Err(CliError::NoBill { path: files.join("`, `"), reason: String::new() });
    }
    Ok(log)
}

/// What a reader should know of the bill.
fn warn(document: &mut Document, log: &Log, charges: &Charges, plan: &Plan) {
    let mut warn = |code: &str, message: String| {
        document.warnings.push(Warning { code: code.to_owned(), message });
    };
    let rejected: u64 = log.accounting.files.iter().map(|file| file.rejected).sum();
    if rejected > 0 {
        let rejections = log.accounting.files.iter().find_map(|file| {
            let first = file.rejections.first()?;
            Some(format!(", the first at {}:{}: {}", file.path, first.line, first.reason))
        });
        let lines = counted(rejected, "line");
        let first = rejections.unwrap_or_default();
        warn("INVOICE_REJECTED", format!("{lines} of the bill could not be read{first}"));
    }
    if charges.left_out > 0 {
        let lines = counted(charges.left_out, "line");
        warn(
            "INVOICE_FILTERED",
            format!("{lines} of the bill begin outside --since and --until and were left out"),
        );
    }
    if !plan.settings.filter.keeps_everything() {
        warn(
            "INVOICE_FILTERED",
            "the bill is whole, and --where leaves calls out: the gap holds their cost".to_owned(),
        );
    }
    let others = log.calls.len() + log.buckets.len();
    if others > 0 {
        warn(
            "INVOICE_USAGE",
            format!(
                "{} of usage in the files of the bill were not read: give these files as paths",
                counted(others as u64, "record")
            ),
        );
    }
}

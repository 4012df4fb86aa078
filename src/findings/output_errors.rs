//! Calls that failed and were billed all the same.
//!
//! A failure without any count costs nothing: it is told, not priced.

use crate::record::call::{Finish, Status};
use crate::units::Usd;

use super::Finding;
use super::amount::{Amount, counted, grouped};
use super::finder::Finder;
use super::view::View;

/// Reports one finding for the log.
#[derive(Debug)]
pub struct OutputErrors;

impl Finder for OutputErrors {
    fn codes(&self) -> &'static [&'static str] {
        &["OUTPUT_ERRORS"]
    }

    fn find(&self, view: &View<'_>) -> Vec<Finding> {
        let mut billed = Amount::default();
        let mut free = 0;
        for (index, entry) in view.ledger.entries.iter().enumerate() {
            let call = view.ledger.call(entry);
            if call.status != Status::Error && call.finish != Finish::Error {
                continue;
            }
            if entry.bill.total().is_some_and(|cost| cost > Usd::ZERO) {
                billed.add(view.ledger, index);
            } else {
                free += 1;
            }
        }
        if billed.calls == 0 {
            return Vec::new();
        }
        let unbilled = match free {
            0 => String::new(),
            _ => format!("; {} more failed without a bill", grouped(free)),
        };
        let message = format!("{} failed and were billed{unbilled}", counted(billed.calls, "call"));
        vec![Finding {
            code: "OUTPUT_ERRORS",
            message,
            calls: Some(billed.calls),
            cost: billed.cost(),
            wasted: billed.cost(),
            evidence: billed.evidence,
        }]
    }
}

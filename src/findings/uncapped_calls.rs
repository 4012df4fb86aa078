//! Calls that set no limit on their output.
//!
//! Only calls whose request was logged can tell. A flat log that carries a
//! limit or a temperature is taken to carry the request's parameters, so a
//! missing limit there is inferred.

use crate::ledger::Ledger;
use crate::record::call::{Call, Operation};
use crate::units::{Evidence, Share};

use super::Finding;
use super::amount::{counted, grouped};
use super::finder::Finder;
use super::view::{View, request};

/// Reports one finding for the log.
#[derive(Debug)]
pub struct UncappedCalls;

impl Finder for UncappedCalls {
    fn codes(&self) -> &'static [&'static str] {
        &["UNCAPPED_CALLS"]
    }

    fn find(&self, view: &View<'_>) -> Vec<Finding> {
        let (mut seen, mut uncapped) = (0, 0);
        let mut evidence = Evidence::Measured;
        for entry in &view.ledger.entries {
            let call = view.ledger.call(entry);
            let Some(known) = request_evidence(view.ledger, call) else { continue };
            seen += 1;
            if call.request.max_tokens.get().is_none() {
                uncapped += 1;
                evidence = evidence.worst(known);
            }
        }
        let Some(share) = Share::of_counts(uncapped, seen).filter(|_| uncapped > 0) else {
            return Vec::new();
        };
        let message = format!(
            "{} of {} whose request was logged set no output limit ({})",
            grouped(uncapped),
            counted(seen, "call"),
            share.to_percent(),
        );
        vec![Finding {
            code: "UNCAPPED_CALLS",
            message,
            calls: Some(uncapped),
            cost: None,
            wasted: None,
            evidence,
        }]
    }
}

/// How it is known what the request asked for; `None` where it is not.
fn request_evidence(ledger: &Ledger<'_>, call: &Call) -> Option<Evidence> {
    let facts = &call.request;
    // Session logs offer tools in every call and log no request.
    let from_messages = call.prompt.is_some() && request(ledger, call).is_none();
    if call.operation != Operation::Chat || from_messages {
        None
    } else if facts.has_tools.is_some() {
        Some(Evidence::Measured)
    } else if facts.max_tokens.get().is_some() || facts.temperature.is_some() {
        Some(Evidence::Inferred)
    } else {
        None
    }
}

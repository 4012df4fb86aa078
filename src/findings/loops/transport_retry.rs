//! R1: the same request again, soon after it failed or ran into its limit.
//!
//! Measured where requests were logged and their hashes are equal; inferred
//! where only counts tell: same caller, feature and model, and as many input
//! tokens within two per cent. Calls without a user or a conversation are
//! matched by hash alone: many callers would look like one.

use rustc_hash::FxHashMap;

use crate::findings::view::{View, request};
use crate::record::call::{Call, Finish, Status};
use crate::units::Evidence;

use super::rule::{Mark, Rule, Waste};

/// The rule.
#[derive(Debug)]
pub struct TransportRetry;

impl Rule for TransportRetry {
    fn code(&self) -> &'static str {
        "TRANSPORT_RETRIES"
    }

    fn what(&self) -> &'static str {
        "requests sent again after an error, a time-out or an answer cut off at its limit"
    }

    fn marks(&self, view: &View<'_>) -> Vec<Mark> {
        view.chains.iter().flat_map(|chain| chain_marks(view, chain)).collect()
    }
}

/// A call that failed, waiting for its retry.
#[derive(Clone, Copy)]
struct Failure {
    attempt: usize,
    end: i64,
    input: Option<u64>,
    hashed: bool,
}

fn chain_marks(view: &View<'_>, chain: &[u32]) -> Vec<Mark> {
    let ledger = view.ledger;
    let within = i64::try_from(view.settings.retry_seconds).unwrap_or(i64::MAX / 1_000_000);
    let within = within.saturating_mul(1_000_000);
    let mut by_hash: FxHashMap<u128, Failure> = FxHashMap::default();
    let mut latest: Option<Failure> = None;
    let mut marks = Vec::new();
    for &index in chain {
        let entry = &ledger.entries[index as usize];
        let call = ledger.call(entry);
        let Some(time) = entry.time else { continue };
        let soon = |failure: &Failure| time.micros.saturating_sub(failure.end) <= within;
        let hash = request(ledger, call).map(|prompt| prompt.request_hash);
        let input = call.usage.get().input.map(crate::units::Tokens::get);
        let known = call.conversation.is_some() || call.user.is_some();
        let same = hash.and_then(|hash| by_hash.remove(&hash)).filter(soon);
        let alike = latest.filter(|failure| {
            known
                && !(hash.is_some() && failure.hashed)
                && soon(failure)
                && near(failure.input, input)
        });
        let (before, evidence) = match same {
            Some(failure) => (Some(failure), Evidence::Measured),
            None => (alike, Evidence::Inferred),
        };
        let attempt = before.map_or(1, |failure| failure.attempt + 1);
        if attempt > 1 {
            let waste = Waste::of_attempt(attempt);
            marks.push(Mark { entry: index as usize, waste, evidence });
            latest = None;
        }
        if failed(call) {
            let lasted = i64::try_from(call.latency_milliseconds.get().unwrap_or(0)).unwrap_or(0);
            let end = time.micros.saturating_add(lasted.saturating_mul(1_000));
            let failure = Failure { attempt, end, input, hashed: hash.is_some() };
            latest = Some(failure);
            if let Some(hash) = hash {
                by_hash.insert(hash, failure);
            }
        }
    }
    marks
}

/// Whether a call calls for being made again as it was.
fn failed(call: &Call) -> bool {
    call.status != Status::Success || matches!(call.finish, Finish::Length | Finish::Error)
}

/// Within two per cent of each other.
fn near(left: Option<u64>, right: Option<u64>) -> bool {
    let (Some(left), Some(right)) = (left, right) else { return false };
    left > 0 && left.abs_diff(right).saturating_mul(50) <= left.max(right)
}

#[cfg(test)]
mod tests {
    use super::near;

    #[test]
    fn two_per_cent_is_near() {
        // 2 % of 1,000 is 20; 980 is 20 away, 979 is 21.
        assert!(near(Some(1_000), Some(980)));
        assert!(!near(Some(1_000), Some(979)));
        assert!(!near(Some(0), Some(0)));
        assert!(!near(None, Some(1)));
    }
}

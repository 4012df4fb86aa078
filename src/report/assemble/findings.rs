//! The findings block: things in the log worth a look.

use crate::findings;
use crate::units::Usd;

use super::super::document::Finding;

/// Findings as the document has them, in the order in which they are given.
#[must_use]
pub fn findings(found: &[findings::Finding]) -> Vec<Finding> {
    let rows = found.iter().map(|finding| Finding {
        code: finding.code.to_owned(),
        message: finding.message.clone(),
        calls: finding.calls,
        cost_usd: finding.cost.map(Usd::to_nano),
        wasted_usd: finding.wasted.map(Usd::to_nano),
        evidence: finding.evidence,
    });
    rows.collect()
}

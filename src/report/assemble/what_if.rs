//! The what-if block: traffic on other models.

use crate::ladder::what_if;

use super::super::document::WhatIf;
use super::ladder::warning;

/// Other models as the document has them, in the order in which they were asked
/// for.
#[must_use]
pub fn what_ifs(found: &[what_if::WhatIf]) -> Vec<WhatIf> {
    let rows = found.iter().map(|found| {
        let (cost, new_cost) = (found.cost.to_nano(), found.new_cost.to_nano());
        WhatIf {
            from: found.from.clone(),
            to: found.to.clone(),
            calls: found.calls,
            cost_usd: cost,
            new_cost_usd: new_cost,
            difference_usd: new_cost - cost,
            too_long_calls: found.too_long,
            warnings: found.warnings.iter().map(warning).collect(),
            evidence: found.evidence,
        }
    });
    rows.collect()
}

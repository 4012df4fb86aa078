//! Enters a Messages usage into the call that is being read.

use crate::ingest::json::Fault;
use crate::ingest::messages_usage::MessagesUsage;

use super::body::Reading;

/// Fills the call.
///
/// # Errors
/// When an iteration's counts are none.
pub(super) fn settle<'a>(
    counts: &MessagesUsage<'a>,
    reading: &mut Reading<'a>,
) -> Result<(), Fault> {
    let (fallback, children) = counts.iterations(reading.draft.model.as_deref())?;
    reading.children.extend(children);
    if let Some(model) = fallback {
        reading.draft.model = Some(model);
    }
    reading.draft.tool_requests = counts.tool_requests();
    if let Some(tier) = counts.tier() {
        reading.draft.tier = tier;
    }
    if let Some(region) = counts.region() {
        reading.draft.region = Some(region);
    }
    if counts.contradicts_itself() {
        reading.inconsistent(
            "CACHE_LIFETIMES_MISMATCH",
            "cache writes by lifetime do not add up to the cache writes; the larger is used",
        );
    }
    let (usage, assumed) = counts.usage();
    reading.draft.flags.assumed_write_lifetime |= assumed;
    reading.draft.usage = usage;
    Ok(())
}

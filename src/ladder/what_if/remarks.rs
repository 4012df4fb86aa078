//! What a reader should know of calls on another model.

use super::Part;
use crate::prices::Model;
use crate::techniques::technique::Warning;
use crate::units::counted;

/// Every remark, in a fixed order.
pub(super) fn remarks(from: &str, to: &Model, whole: &Part) -> Vec<Warning> {
    let calls = |count: u64| counted(count, "call");
    let mut found = Vec::new();
    let mut warn = |code, message| found.push(Warning { code, message });
    if whole.calls == 0 {
        warn("NO_SUCH_CALLS", format!("no priced call of the log is on {from}"));
    }
    if let (Some(limit), 1..) = (to.context_window(), whole.too_long) {
        warn(
            "CONTEXT_LIMIT",
            format!(
                "over the {} tokens that {} takes, and kept at their bill: {}",
                limit,
                to.id(),
                calls(whole.too_long)
            ),
        );
    }
    if whole.carried > 0 {
        warn(
            "CACHE_CARRIED_OVER",
            format!(
                "the prompts of {} were not logged: what was cached is taken to stay \
                 cached",
                calls(whole.carried)
            ),
        );
    }
    if whole.given > 0 {
        warn(
            "CACHE_MUST_BE_ASKED_FOR",
            format!(
                "{} caches only what requests mark: in {} breakpoints are taken to be set \
                 after tools, documents and the last message",
                to.id(),
                calls(whole.given)
            ),
        );
    }
    if whole.uncached > 0 {
        warn(
            "NO_CACHE_RULES",
            format!(
                "the price table knows no prompt cache of {}: what was cached is lost in {}",
                to.id(),
                calls(whole.uncached)
            ),
        );
    }
    if let Some(date) = to.shutdown() {
        warn("TARGET_RETIRING", format!("{} is shut down on {date}", to.id()));
    }
    found
}

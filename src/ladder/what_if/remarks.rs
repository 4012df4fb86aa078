//! What a reader should know of calls on another model.

use super::Part;
use crate::prices::Model;
use crate::techniques::technique::Warning;
use crate::units::group_thousands;

/// Every remark, in a fixed order.
pub(super) fn remarks(from: &str, to: &Model, whole: &Part) -> Vec<Warning> {
    let calls = |count: u64| group_thousands(&count.to_string());
    let mut found = Vec::new();
    let mut warn = |code, message| found.push(Warning { code, message });
    if whole.calls == 0 {
        warn("NO_SUCH_CALLS", format!("no priced call of the log is on {from}"));
    }
    if let (Some(limit), 1..) = (to.context_window(), whole.too_long) {
        warn(
            "CONTEXT_LIMIT",
            format!(
                "{} calls are longer than the {limit} tokens of {} and keep their bill",
                calls(whole.too_long),
                to.id()
            ),
        );
    }
    if whole.carried > 0 {
        warn(
            "CACHE_CARRIED_OVER",
            format!(
                "the prompts of {} calls were not logged: what was cached is taken to stay \
                 cached",
                calls(whole.carried)
            ),
        );
    }
    if whole.given > 0 {
        warn(
            "CACHE_MUST_BE_ASKED_FOR",
            format!(
                "{} caches only what requests mark: {} calls are taken to set breakpoints \
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
                "the price table knows no prompt cache of {}: {} calls lose theirs",
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

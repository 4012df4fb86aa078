//! The prompt cache: what is read, what each policy would do, and where
//! prompts stop repeating.
//!
//! Knows no ladder.

use super::super::document::{Cache, CacheBreak, CachePolicy};
use super::super::escape::plain;
use super::super::figures::{dollars, percent, quotient, tokens, whole};
use super::super::savings;
use super::Column;
use super::screen::Screen;
use super::tables::indented;

const INDENT: usize = 2;
/// Breaks shown, at most.
const BREAKS_SHOWN: usize = 5;
/// Columns from which on there is room for where in the prompt a break is.
const WIDE_SCREEN: usize = 100;

/// Adds the section.
pub fn prompt_cache(cache: &Cache, screen: &mut Screen) {
    screen.heading("Prompt cache");
    screen.paragraph(&savings::cache_shares(cache), INDENT);
    if let Some(calibration) = savings::calibration(cache) {
        screen.paragraph(&calibration, INDENT);
    }
    if !cache.policies.is_empty() {
        screen.blank();
        let names = ["cached", "lifetime", "read", "input cost", "saves"];
        let mut rows = vec![names.map(str::to_owned).to_vec()];
        rows.extend(cache.policies.iter().map(policy));
        let mut columns = vec![Column::Text];
        columns.extend([Column::Figures; 4]);
        indented(&columns, rows, screen);
    }
    breaks(&cache.breaks, screen);
}

fn policy(policy: &CachePolicy) -> Vec<String> {
    vec![
        plain(&policy.policy, 20),
        savings::lifetime(policy),
        percent(policy.read_share),
        quotient(policy.input_cost_ratio, 3),
        dollars(policy.saving_usd),
    ]
}

fn breaks(breaks: &[CacheBreak], screen: &mut Screen) {
    if breaks.is_empty() {
        return;
    }
    screen.blank();
    let names = ["prompts stop repeating in", "what changes", "of calls", "costs", "after tokens"];
    let mut rows = vec![names.map(str::to_owned).to_vec()];
    rows.extend(breaks.iter().take(BREAKS_SHOWN).map(|place| {
        let feature = place.feature.as_deref();
        let feature = feature.map_or_else(String::new, |name| format!(" of {}", plain(name, 40)));
        vec![
            format!("{}{feature}", plain(&place.component, 40)),
            plain(&place.kind.replace('_', " "), 30),
            percent(place.share),
            dollars(place.cost_usd),
            tokens(place.position_tokens),
        ]
    }));
    let mut columns = vec![Column::Text, Column::Text];
    columns.extend([Column::Figures; 3]);
    if screen.width() < WIDE_SCREEN {
        columns.pop();
    }
    for row in &mut rows {
        row.truncate(columns.len());
    }
    indented(&columns, rows, screen);
    if let Some(more) = breaks.len().checked_sub(BREAKS_SHOWN).filter(|more| *more > 0) {
        screen.faint(&format!("{} more in -o report.md", whole(more as u64)), INDENT);
    }
}

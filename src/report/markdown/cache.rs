//! The prompt cache on a page.
//!
//! Knows no ladder.

use super::super::document::{Cache, CacheBreak, CachePolicy};
use super::super::escape::{markdown as escape, plain};
use super::super::figures::{dollars, percent, quotient, tokens, whole};
use super::super::savings;
use super::page::{Align, Page};
use super::{LONGEST_NAME, name};

/// Adds the section.
pub fn prompt_cache(cache: &Cache, page: &mut Page) {
    page.heading("Prompt cache");
    let sentences = [Some(savings::cache_shares(cache)), savings::calibration(cache)];
    page.list(sentences.into_iter().flatten().map(|sentence| escape(&sentence)));
    let columns = [
        ("cached", Align::Left),
        ("lifetime", Align::Right),
        ("read", Align::Right),
        ("input cost", Align::Right),
        ("saves", Align::Right),
    ];
    page.table(&columns, cache.policies.iter().map(policy));
    let columns = [
        ("prompts stop repeating in", Align::Left),
        ("feature", Align::Left),
        ("what changes", Align::Left),
        ("calls", Align::Right),
        ("of calls", Align::Right),
        ("costs", Align::Right),
        ("after tokens", Align::Right),
        ("for example", Align::Left),
    ];
    page.titled_table("Breaks", &columns, cache.breaks.iter().map(place));
}

fn policy(policy: &CachePolicy) -> Vec<String> {
    vec![
        name(&policy.policy),
        savings::lifetime(policy),
        percent(policy.read_share),
        quotient(policy.input_cost_ratio, 3),
        dollars(policy.saving_usd),
    ]
}

fn place(place: &CacheBreak) -> Vec<String> {
    vec![
        name(&place.component),
        place.feature.as_deref().map_or_else(String::new, name),
        name(&place.kind.replace('_', " ")),
        whole(place.calls),
        percent(place.share),
        dollars(place.cost_usd),
        tokens(place.position_tokens),
        escape(&plain(&place.example_calls.join(", "), LONGEST_NAME)),
    ]
}

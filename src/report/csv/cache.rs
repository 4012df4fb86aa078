//! The cache replay as CSV.
//!
//! As in the other tables, a file is there even where it has no row.

use std::io;

use super::super::document::{Cache, CacheBreak, CachePolicy};
use super::super::escape::csv_cell;
use super::tables::{CsvFile, file, quotient};
use super::{cell, named, share_cell, text};
use crate::units::Tokens;

/// Every table of the replay.
pub fn tables(cache: Option<&Cache>) -> io::Result<Vec<CsvFile>> {
    let policies = cache.map_or(&[][..], |cache| &cache.policies);
    let breaks = cache.map_or(&[][..], |cache| &cache.breaks);
    Ok(vec![
        file("cache.csv", &["name", "value"], shares(cache))?,
        file("cache_policies.csv", &CACHE_COLUMNS, policies.iter().map(policy).collect())?,
        file("cache_breaks.csv", &BREAK_COLUMNS, breaks.iter().map(place).collect())?,
    ])
}

const CACHE_COLUMNS: [&str; 5] =
    ["policy", "ttl_seconds", "read_share", "input_cost_ratio", "saving_usd"];
const BREAK_COLUMNS: [&str; 8] = [
    "feature",
    "component",
    "kind",
    "calls",
    "share",
    "cost_usd",
    "position_tokens",
    "example_calls",
];

fn shares(cache: Option<&Cache>) -> Vec<Vec<String>> {
    let Some(cache) = cache else { return Vec::new() };
    let calibration = cache.calibration;
    named([
        ("logged_read_share", share_cell(cache.logged_read_share)),
        ("replayed_read_share", share_cell(cache.replayed_read_share)),
        ("infinite_read_share", share_cell(cache.infinite_read_share)),
        ("evidence", cache.evidence.name().to_owned()),
        (
            "calibration_billed_read_share",
            share_cell(calibration.and_then(|calibration| calibration.billed_read_share)),
        ),
        (
            "calibration_replayed_read_share",
            share_cell(calibration.and_then(|calibration| calibration.replayed_read_share)),
        ),
        ("calibration_exact_calls", cell(calibration.map(|calibration| calibration.exact_calls))),
        ("calibration_calls", cell(calibration.map(|calibration| calibration.calls))),
    ])
}

fn policy(policy: &CachePolicy) -> Vec<String> {
    vec![
        csv_cell(&policy.policy),
        cell(policy.ttl_seconds),
        share_cell(policy.read_share),
        quotient(policy.input_cost_ratio),
        cell(policy.saving_usd),
    ]
}

fn place(place: &CacheBreak) -> Vec<String> {
    vec![
        text(place.feature.as_deref()),
        csv_cell(&place.component),
        csv_cell(&place.kind),
        place.calls.to_string(),
        share_cell(place.share),
        cell(place.cost_usd),
        cell(place.position_tokens.map(Tokens::get)),
        csv_cell(&place.example_calls.join(" ")),
    ]
}

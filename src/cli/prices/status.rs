//! `tokopt prices status`: how old the table is, what is about to change.

use super::day;
use crate::cli::columns::{Side, lay_out};
use crate::prices::{PriceTable, ScheduledChange};

/// How far ahead changes are shown.
const DAYS: u32 = 180;

pub(super) fn text(table: &PriceTable) -> String {
    let status = table.status();
    let heading = ["PROVIDER", "MODELS", "PRICES", "CHECKED"].map(str::to_owned).to_vec();
    let rows = status.providers.iter().map(|provider| {
        vec![
            provider.provider.clone(),
            provider.models.to_string(),
            provider.intervals.to_string(),
            provider.checked.map_or_else(|| "-".to_owned(), |checked| checked.to_string()),
        ]
    });
    let rows: Vec<Vec<String>> = std::iter::once(heading).chain(rows).collect();
    let sides = [Side::Left, Side::Right, Side::Right, Side::Left];
    format!(
        "Prices as of {}, table {}\n\n{}\n{}",
        status.as_of,
        status.content_hash,
        lay_out(&sides, &rows),
        changes(table)
    )
}

fn changes(table: &PriceTable) -> String {
    let changes = table.scheduled_changes(table.as_of_instant(), DAYS);
    if changes.is_empty() {
        return format!("Nothing is known to change in the {DAYS} days after that.\n");
    }
    let rows: Vec<Vec<String>> = changes
        .iter()
        .map(|change| {
            let (provider, model) = change.model();
            let what = match change {
                ScheduledChange::NewPrice { .. } => "new price",
                ScheduledChange::Shutdown { .. } => "shut down",
            };
            vec![format!("  {}", day(change.at())), what.to_owned(), format!("{provider} {model}")]
        })
        .collect();
    let table = lay_out(&[Side::Left, Side::Left, Side::Left], &rows);
    format!("In the {DAYS} days after that:\n{table}")
}

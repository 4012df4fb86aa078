//! `tokopt prices list`: a line per model at the table's as-of date.

use super::{dollars, known_provider};
use crate::cli::columns::{Side, lay_out};
use crate::cli::error::CliError;
use crate::prices::{LaneQuery, Model, PriceTable};
use crate::units::Tokens;

const HEADING: [&str; 7] =
    ["PROVIDER", "MODEL", "TIER", "INPUT", "CACHE READ", "CACHE WRITE", "OUTPUT"];
const SIDES: [Side; 7] =
    [Side::Left, Side::Left, Side::Left, Side::Right, Side::Right, Side::Right, Side::Right];

pub(super) fn text(table: &PriceTable, provider: Option<&str>) -> Result<String, CliError> {
    let provider = provider.map(|name| known_provider(table, name)).transpose()?;
    let mut rows = vec![HEADING.map(str::to_owned).to_vec()];
    let models =
        table.models().filter(|model| provider.is_none_or(|name| name == model.provider()));
    rows.extend(models.map(|model| row(table, model)));
    let models = rows.len() - 1;
    let as_of = table.as_of();
    Ok(format!(
        "{}\n{models} models on {as_of}, dollars per million tokens; a cache write is for the \
         default lifetime\n",
        lay_out(&SIDES, &rows)
    ))
}

fn row(table: &PriceTable, model: &Model) -> Vec<String> {
    let found = table.find(Some(model.provider()), model.id());
    let lane = LaneQuery { at: Some(table.as_of_instant()), ..LaneQuery::default() };
    let rates = found.map(|found| found.rates(&lane, Tokens::ZERO).rates);
    vec![
        model.provider().to_owned(),
        model.id().to_owned(),
        model.tier().map_or_else(|| "-".to_owned(), |tier| tier.name().to_owned()),
        dollars(rates.map(|rates| rates.input)),
        dollars(rates.map(|rates| rates.cache_read)),
        dollars(rates.map(|rates| rates.cache_write.unstated)),
        dollars(rates.and_then(|rates| rates.output)),
    ]
}

//! Attribution tables of the document.

use crate::ledger::Ledger;
use crate::ledger::cells::CellSums;
use crate::ledger::groups::{Sums, Table, TableRow};
use crate::record::dimension::Dimension;
use crate::units::{NanoUsd, Share, Usd, round_together};

use super::super::document::{Attribution, Cross, CrossRow, Figures, Row, UNKNOWN_KEY};
use super::{Naming, worst};

/// Every standard table and the crosses that were asked for, and the cells that
/// the same pass makes.
pub(super) fn attribution(
    ledger: &Ledger<'_>,
    naming: &Naming,
    total: Option<NanoUsd>,
) -> (Attribution, Vec<CellSums>) {
    const STANDARD: [Dimension; 8] = [
        Dimension::Component,
        Dimension::Feature,
        Dimension::Model,
        Dimension::User,
        Dimension::Account,
        Dimension::Provider,
        Dimension::Tier,
        Dimension::Day,
    ];
    let mut wanted: Vec<Vec<Dimension>> = STANDARD.map(|dimension| vec![dimension]).to_vec();
    wanted.extend(ledger.settings.crosses.iter().cloned());
    let (mut tables, cells) = ledger.tables(&wanted);
    for table in &mut tables {
        settle_ties(table, naming);
    }
    let crosses = tables.split_off(STANDARD.len());
    let rows = |dimension| {
        let table = tables.iter().find(|table| table.dimensions == [dimension]);
        table.map_or_else(Vec::new, |table| rows(ledger, naming, table, total))
    };
    let attribution = Attribution {
        component: rows(Dimension::Component),
        feature: rows(Dimension::Feature),
        model: rows(Dimension::Model),
        user: rows(Dimension::User),
        account: rows(Dimension::Account),
        provider: rows(Dimension::Provider),
        tier: rows(Dimension::Tier),
        day: rows(Dimension::Day),
        crosses: crosses.into_iter().map(|table| cross(ledger, naming, table, total)).collect(),
    };
    (attribution, cells)
}

/// Rows that are equal in all that orders them stand by the names that are
/// shown: an order by hidden names would tell something of them.
fn settle_ties(table: &mut Table, naming: &Naming) {
    let dimensions = &table.dimensions;
    let is_hidden = |dimension| matches!(dimension, &Dimension::User | &Dimension::Account);
    if !dimensions.iter().any(is_hidden) {
        return;
    }
    let timely = matches!(dimensions.first(), Some(Dimension::Day | Dimension::Hour));
    let tied = |row: &TableRow| {
        let sums = &row.sums;
        let tokens = sums.input.unwrap_or_default() + sums.output.unwrap_or_default();
        (sums.cost, tokens, timely.then(|| row.keys.first().cloned()))
    };
    for rows in table.rows.chunk_by_mut(|left, right| tied(left) == tied(right)) {
        rows.sort_by_cached_key(|row| shown_keys(row, dimensions, naming));
    }
}

fn rows(ledger: &Ledger<'_>, naming: &Naming, table: &Table, total: Option<NanoUsd>) -> Vec<Row> {
    // A table of one unknown key says nothing.
    if table.rows.iter().all(|row| row.keys.iter().all(Option::is_none)) {
        return Vec::new();
    }
    let figures = figures(ledger, table, total);
    let keys = table.rows.iter().flat_map(|row| shown_keys(row, &table.dimensions, naming));
    keys.zip(figures).map(|(key, figures)| Row { key, figures }).collect()
}

fn cross(ledger: &Ledger<'_>, naming: &Naming, table: Table, total: Option<NanoUsd>) -> Cross {
    let figures = figures(ledger, &table, total);
    let rows = table
        .rows
        .iter()
        .zip(figures)
        .map(|(row, figures)| CrossRow {
            keys: shown_keys(row, &table.dimensions, naming),
            figures,
        })
        .collect();
    Cross { dimensions: table.dimensions, rows }
}

fn shown_keys(row: &TableRow, dimensions: &[Dimension], naming: &Naming) -> Vec<String> {
    row.keys
        .iter()
        .zip(dimensions)
        .map(|(key, dimension)| shown(key.as_deref(), *dimension, naming))
        .collect()
}

pub(super) fn shown(key: Option<&str>, dimension: Dimension, naming: &Naming) -> String {
    match (key, dimension) {
        (None, _) => UNKNOWN_KEY.to_owned(),
        (Some(name), Dimension::User) => naming.user(name),
        (Some(name), Dimension::Account) => naming.account(name),
        (Some(name), _) => name.to_owned(),
    }
}

fn figures(ledger: &Ledger<'_>, table: &Table, total: Option<NanoUsd>) -> Vec<Figures> {
    let costs: Vec<Option<Usd>> = table.rows.iter().map(|row| row.sums.cost).collect();
    let by_feature =
        table.dimensions.contains(&Dimension::Feature).then_some(ledger.feature_evidence);
    let by_conversation = table
        .dimensions
        .contains(&Dimension::Conversation)
        .then_some(ledger.conversations.evidence);
    table
        .rows
        .iter()
        .zip(round_together(&costs))
        .map(|(row, cost)| {
            let Sums { calls, input, output, unpriced_calls, evidence, at_most, .. } = row.sums;
            Figures {
                calls,
                input_tokens: input,
                output_tokens: output,
                cost_usd: cost,
                share: cost.zip(total).and_then(|(cost, total)| Share::of_nano(cost, total)),
                evidence: worst(worst(evidence, by_feature), by_conversation),
                at_most,
                unpriced_calls,
            }
        })
        .collect()
}

//! Sums by feature, model, provider and tier.

use std::cmp::Reverse;

use crate::ledger::Ledger;
use crate::ledger::cells::{Billed, CellSums, Kinds};
use crate::record::component::Component;
use crate::report::document::{Cell, CellComponent, CellKind, TokenKind, UNKNOWN_KEY};
use crate::units::{NanoUsd, Tokens, Usd, round_to, round_together};

/// The cells of a ledger, most expensive first.
pub(super) fn cells(ledger: &Ledger<'_>, mut sums: Vec<CellSums>) -> Vec<Cell> {
    // Before rounding, so that ties are broken by names alone.
    sums.sort_by(|left, right| {
        let by_cost = Reverse(left.sums.cost).cmp(&Reverse(right.sums.cost));
        by_cost.then_with(|| left.keys.cmp(&right.keys))
    });
    let costs: Vec<Option<Usd>> = sums.iter().map(|cell| cell.sums.cost).collect();
    let rounded = round_together(&costs);
    sums.into_iter().zip(rounded).map(|(sums, cost)| cell(ledger, sums, cost)).collect()
}

fn cell(ledger: &Ledger<'_>, cell: CellSums, cost: Option<NanoUsd>) -> Cell {
    let CellSums { keys, sums, kinds, components } = cell;
    let mut keys = keys.into_iter().map(|key| key.unwrap_or_else(|| UNKNOWN_KEY.to_owned()));
    let mut next = || keys.next().unwrap_or_default();
    Cell {
        feature: next(),
        model: next(),
        provider: next(),
        tier: next(),
        calls: sums.calls,
        unpriced_calls: sums.unpriced_calls,
        cost_usd: cost,
        input_tokens: sums.input,
        output_tokens: sums.output,
        kinds: cost.map_or_else(Vec::new, |cost| by_kind(&kinds, cost)),
        components: by_component(&components, cost.is_some()),
        evidence: sums.evidence.worst(ledger.feature_evidence),
    }
}

/// The kinds that occur; their costs add up to the cell's.
fn by_kind(kinds: &Kinds, cost: NanoUsd) -> Vec<CellKind> {
    let Kinds { uncached, read, written, output, fees } = *kinds;
    let fees = Billed { tokens: Tokens::ZERO, cost: fees };
    let occurring: Vec<(TokenKind, Billed)> = TokenKind::ALL
        .into_iter()
        .zip([uncached, read, written, output, fees])
        .filter(|(_, billed)| *billed != Billed::default())
        .collect();
    let costs: Vec<Option<Usd>> = occurring.iter().map(|(_, billed)| Some(billed.cost)).collect();
    occurring
        .iter()
        .zip(round_to(cost, &costs))
        .map(|((kind, billed), cost)| CellKind {
            kind: *kind,
            tokens: billed.tokens,
            cost_usd: cost.unwrap_or_default(),
        })
        .collect()
}

/// The components that occur, where any tells more than that there is a prompt
/// and an answer.
fn by_component(components: &[Billed; Component::COUNT], is_priced: bool) -> Vec<CellComponent> {
    let occurring: Vec<(Component, &Billed)> = Component::ALL
        .into_iter()
        .zip(components)
        .filter(|(_, billed)| !billed.tokens.is_zero())
        .collect();
    let tells_nothing =
        |component| matches!(component, Component::Unattributed | Component::OutputText);
    if occurring.iter().all(|(component, _)| tells_nothing(*component)) {
        return Vec::new();
    }
    let costs: Vec<Option<Usd>> =
        occurring.iter().map(|(_, billed)| is_priced.then_some(billed.cost)).collect();
    occurring
        .iter()
        .zip(round_together(&costs))
        .map(|((component, billed), cost)| CellComponent {
            component: *component,
            tokens: billed.tokens,
            cost_usd: cost,
        })
        .collect()
}

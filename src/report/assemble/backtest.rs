//! The document of a backtest.

use crate::ladder::backtest::{self, Prediction};
use crate::techniques::traffic::Traffic;
use crate::units::{Share, Tokens};

use super::super::document::{Backtest, BacktestCall, Coverage};

/// Makes the document of a backtest of this traffic; every amount is rounded
/// here, once.
#[must_use]
pub fn backtest(found: &backtest::Backtest, traffic: &Traffic<'_>) -> Backtest {
    let tally = found.tally();
    let has_calls = !found.calls.is_empty();
    let share = |pick: fn(&Prediction) -> u64| {
        let part = found.calls.iter().map(pick).fold(0, u64::saturating_add);
        Share::of_counts(part, found.input)
    };
    Backtest {
        calls: found.calls.iter().map(call).collect(),
        billed_read_share: share(|call| call.billed),
        predicted_read_share: share(|call| call.predicted),
        billed_input_cost_usd: has_calls.then(|| found.billed_cost.to_nano()),
        predicted_input_cost_usd: has_calls.then(|| found.predicted_cost.to_nano()),
        exact_calls: tally.exact,
        over_calls: tally.over,
        under_calls: tally.under,
        cold_start_calls: tally.cold_starts,
        coverage: coverage(found, traffic),
    }
}

fn coverage(found: &backtest::Backtest, traffic: &Traffic<'_>) -> Coverage {
    let (selected, replayed) = (traffic.ledger.entries.len(), traffic.calls.len());
    let counts_only = traffic.indexed().filter(|(index, _)| {
        traffic.usage(*index).cache_read.is_some() && !traffic.has_text(*index)
    });
    Coverage {
        without_counts: replayed.saturating_sub(found.calls.len()) as u64,
        not_replayed: selected.saturating_sub(replayed) as u64,
        counts_only: counts_only.count() as u64,
    }
}

fn call(call: &Prediction) -> BacktestCall {
    BacktestCall {
        id: call.id.clone(),
        conversation_id: call.conversation.clone(),
        billed_read_tokens: Tokens::new(call.billed),
        predicted_read_tokens: Tokens::new(call.predicted),
        cold_start: call.cold_start,
    }
}

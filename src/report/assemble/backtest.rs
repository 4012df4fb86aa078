//! The document of a backtest.

use crate::ladder::backtest::{self, Prediction};
use crate::units::{Share, Tokens};

use super::super::document::{Backtest, BacktestCall, LeftOut};

/// Makes the document; every amount is rounded here, once.
#[must_use]
pub fn backtest(found: &backtest::Backtest, left_out: LeftOut) -> Backtest {
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
        left_out,
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

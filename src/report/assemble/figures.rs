//! Per-call figures and the note on components.

use crate::ledger::Ledger;
use crate::ledger::metrics::{Figures, ModelFigures, Spread, quantile};
use crate::record::call::{Finish, Status};
use crate::units::{Evidence, NanoUsd, Share, Tokens, Usd};

use super::super::document::{
    ComponentsNote, CostPerCall, DurationQuantiles, Metrics, ModelMetrics, ModelTier, Quotient,
    TierShare, TokensPerCall, UNKNOWN_KEY,
};

/// The metrics block.
pub(super) fn metrics(ledger: &Ledger<'_>, total: Option<NanoUsd>) -> Metrics {
    let (figures, models) = ledger.figures();
    // A log that never states a status cannot show errors, nor what repeats one.
    let shows_errors = says_status(ledger);
    let share_of_calls =
        |calls: Option<u64>| calls.and_then(|calls| Share::of_counts(calls, figures.calls));
    Metrics {
        cost_per_call: figures.costs.and_then(cost_per_call),
        input_tokens_per_call: figures.inputs.and_then(tokens_per_call),
        output_tokens_per_call: figures.outputs.and_then(tokens_per_call),
        cache_read_share: Share::of_tokens(figures.cache_read, figures.cacheable),
        error_share: share_of_calls(shows_errors.then_some(figures.errors)),
        retry_share: share_of_calls(ledger.retries().filter(|_| shows_errors)),
        latency_milliseconds: figures.latencies.map(durations),
        time_to_first_token_milliseconds: figures.first_tokens.map(durations),
        tiers: tiers(&models, &figures, total),
        models: models.iter().map(model_metrics).collect(),
    }
}

/// Whether any call failed or says why it ended: such logs show errors.
pub(super) fn says_status(ledger: &Ledger<'_>) -> bool {
    ledger
        .entries
        .iter()
        .map(|entry| ledger.call(entry))
        .any(|call| call.status != Status::Success || call.finish != Finish::Unknown)
}

pub(super) fn cost_per_call(costs: Spread<Usd>) -> Option<CostPerCall> {
    let mean = costs.sum.mean_over(costs.calls)?;
    Some(CostPerCall { mean_usd: mean.to_nano(), p95_usd: costs.p95.to_nano() })
}

pub(super) fn tokens_per_call(tokens: Spread<u64>) -> Option<TokensPerCall> {
    Some(TokensPerCall {
        mean: mean(tokens)?,
        p50: Tokens::new(tokens.median),
        p95: Tokens::new(tokens.p95),
    })
}

fn mean(tokens: Spread<u64>) -> Option<Quotient> {
    Quotient::of_counts(tokens.sum, tokens.calls)
}

pub(super) fn durations(durations: Spread<u64>) -> DurationQuantiles {
    DurationQuantiles { p50: durations.median, p95: durations.p95, calls: durations.calls }
}

fn model_metrics(model: &ModelFigures) -> ModelMetrics {
    let figures = &model.figures;
    let cost = figures.costs.and_then(cost_per_call);
    ModelMetrics {
        model: model.model.clone().unwrap_or_else(|| UNKNOWN_KEY.to_owned()),
        tier: tier(model),
        calls: Some(figures.calls),
        cost_usd: figures.costs.map(|costs| costs.sum.to_nano()),
        cost_per_call_mean_usd: cost.map(|cost| cost.mean_usd),
        cost_per_call_p95_usd: cost.map(|cost| cost.p95_usd),
        input_tokens_per_call_mean: figures.inputs.and_then(mean),
        output_tokens_per_call_mean: figures.outputs.and_then(mean),
        cache_read_share: Share::of_tokens(figures.cache_read, figures.cacheable),
    }
}

fn tier(model: &ModelFigures) -> ModelTier {
    match model.tier {
        Some(crate::prices::ModelTier::Economy) => ModelTier::Economy,
        Some(crate::prices::ModelTier::Standard) => ModelTier::Standard,
        Some(crate::prices::ModelTier::Premium) => ModelTier::Premium,
        None => ModelTier::Unknown,
    }
}

fn tiers(models: &[ModelFigures], all: &Figures, total: Option<NanoUsd>) -> Vec<TierShare> {
    [ModelTier::Premium, ModelTier::Standard, ModelTier::Economy, ModelTier::Unknown]
        .into_iter()
        .filter_map(|wanted| {
            let mine = || models.iter().filter(move |model| tier(model) == wanted);
            let calls: u64 = mine().map(|model| model.figures.calls).sum();
            let priced = mine().any(|model| model.figures.costs.is_some());
            let cost =
                priced.then(|| mine().map(|model| model.figures.cost()).sum::<Usd>().to_nano());
            (calls > 0).then(|| TierShare {
                tier: wanted,
                calls: Some(calls),
                calls_share: Share::of_counts(calls, all.calls),
                cost_usd: cost,
                cost_share: cost.zip(total).and_then(|(cost, total)| Share::of_nano(cost, total)),
            })
        })
        .collect()
}

/// What the component shares rest on; `None` where no component is known.
pub(super) fn components_note(ledger: &Ledger<'_>) -> Option<ComponentsNote> {
    let components = &ledger.components;
    if components.by_text + components.stated + components.by_counts == 0 {
        return None;
    }
    let scale = |percent: usize| {
        let (billed, counted) = quantile(&components.scales, percent)?;
        Quotient::of_counts(billed, counted)
    };
    let inferred = components.by_text + components.by_counts > 0;
    Some(ComponentsNote {
        evidence: if inferred { Evidence::Inferred } else { Evidence::Measured },
        scale_low: scale(10),
        scale_median: scale(50),
        scale_high: scale(90),
        hidden_tokens: (!components.hidden.is_zero()).then_some(components.hidden),
    })
}

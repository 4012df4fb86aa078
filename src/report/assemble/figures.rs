//! Per-call figures and the note on components.

use crate::ledger::Ledger;
use crate::ledger::metrics::{Figures, ModelFigures, quantile};
use crate::record::call::Status;
use crate::units::{Evidence, NanoUsd, Share, Tokens, Usd};

use super::super::document::{
    ComponentsNote, CostPerCall, DurationQuantiles, Metrics, ModelMetrics, ModelTier, Quotient,
    TierShare, TokensPerCall, UNKNOWN_KEY,
};

/// The metrics block.
pub(super) fn metrics(ledger: &Ledger<'_>, total: Option<NanoUsd>) -> Metrics {
    let figures = ledger.figures();
    let models = ledger.model_figures();
    let has_status =
        ledger.entries.iter().any(|entry| ledger.call(entry).status != Status::Success);
    Metrics {
        cost_per_call: cost_per_call(&figures.costs),
        input_tokens_per_call: tokens_per_call(&figures.inputs),
        output_tokens_per_call: tokens_per_call(&figures.outputs),
        cache_read_share: Share::of_tokens(figures.cache_read, figures.cacheable),
        // A log that never states a status cannot show errors.
        error_share: if has_status || says_status(ledger) {
            Share::of_counts(figures.errors, figures.calls)
        } else {
            None
        },
        retry_share: ledger.retries().and_then(|retries| Share::of_counts(retries, figures.calls)),
        latency_milliseconds: durations(&figures.latencies),
        time_to_first_token_milliseconds: durations(&figures.first_tokens),
        tiers: tiers(&models, &figures, total),
        models: models.iter().map(model_metrics).collect(),
    }
}

/// Whether any call says why it ended: such logs would show errors too.
fn says_status(ledger: &Ledger<'_>) -> bool {
    ledger
        .entries
        .iter()
        .any(|entry| ledger.call(entry).finish != crate::record::call::Finish::Unknown)
}

fn cost_per_call(costs: &[Usd]) -> Option<CostPerCall> {
    let sum: Usd = costs.iter().copied().sum();
    Some(CostPerCall {
        mean_usd: sum.mean_over(costs.len() as u64)?.to_nano(),
        p95_usd: quantile(costs, 95)?.to_nano(),
    })
}

fn tokens_per_call(sorted: &[u64]) -> Option<TokensPerCall> {
    let sum = sorted.iter().fold(0_u64, |sum, count| sum.saturating_add(*count));
    Some(TokensPerCall {
        mean: Quotient::of_counts(sum, sorted.len() as u64)?,
        p50: Tokens::new(quantile(sorted, 50)?),
        p95: Tokens::new(quantile(sorted, 95)?),
    })
}

fn durations(sorted: &[u64]) -> Option<DurationQuantiles> {
    Some(DurationQuantiles {
        p50: quantile(sorted, 50)?,
        p95: quantile(sorted, 95)?,
        calls: sorted.len() as u64,
    })
}

fn model_metrics(model: &ModelFigures) -> ModelMetrics {
    let figures = &model.figures;
    let cost = cost_per_call(&figures.costs);
    ModelMetrics {
        model: model.model.clone().unwrap_or_else(|| UNKNOWN_KEY.to_owned()),
        tier: tier(model),
        calls: Some(figures.calls),
        cost_usd: (!figures.costs.is_empty()).then(|| figures.cost().to_nano()),
        cost_per_call_mean_usd: cost.map(|cost| cost.mean_usd),
        cost_per_call_p95_usd: cost.map(|cost| cost.p95_usd),
        input_tokens_per_call_mean: tokens_per_call(&figures.inputs).map(|tokens| tokens.mean),
        output_tokens_per_call_mean: tokens_per_call(&figures.outputs).map(|tokens| tokens.mean),
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
            let priced = mine().any(|model| !model.figures.costs.is_empty());
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

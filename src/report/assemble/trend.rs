//! The document of a trend.

mod sentences;

use jiff::civil::Date;

use crate::ledger::Ledger;
use crate::trend::calendar::Period;
use crate::trend::forecast::Forecast as Expected;
use crate::trend::standing_out::{Cause, OddDay as Odd, StandingOut as Standing};
use crate::trend::sums::Sums;
use crate::trend::{Chosen, Row, Step, Trend as Found};
use crate::units::{Clock, Evidence, NanoUsd, Share, Usd, round_together};

use super::super::document::{
    Document, Forecast, OddDay, Quotient, Responsible, StandingOut, StepReason,
    TREND_SCHEMA_VERSION, Trend, TrendFigures, TrendPeriod, TrendStep, UNKNOWN_KEY, UnitCosts,
    Warning,
};
use super::month::Length;
use super::remarked::Remarked;
use super::{input, notes, prices, totals};

/// Remarks of the analysis that speak of what a trend does not show, or that
/// it makes in words of its own.
const NOT_OURS: [&str; 3] = ["HIDDEN_HEAD", "NO_TIMES", "RELATIVE_TIMES"];

/// Makes the document of a trend; of `None`, that of a log without a call.
#[must_use]
pub fn trend(ledger: &Ledger<'_>, found: Option<&Found>) -> Trend {
    let mut analysis = Document::new(env!("CARGO_PKG_VERSION"));
    analysis.input = input(ledger.log);
    analysis.totals = totals(ledger);
    let remarks = Remarked::of(ledger);
    analysis.prices = prices(ledger, &remarks);
    let mut warnings = notes::warnings(ledger, &remarks, &analysis);
    warnings.retain(|warning| !NOT_OURS.contains(&warning.code.as_str()));
    let mut trend = Trend {
        schema_version: TREND_SCHEMA_VERSION,
        tool_version: analysis.tool_version,
        input: analysis.input,
        window: Length::window(Length::of(ledger)),
        prices: analysis.prices,
        totals: analysis.totals,
        unit_costs: UnitCosts::default(),
        by: TrendStep::Day,
        by_reason: StepReason::Length,
        time_zone: None,
        days: 0,
        complete_days: 0,
        periods: Vec::new(),
        not_placed: TrendFigures::default(),
        undated: TrendFigures::default(),
        standing_out: StandingOut::default(),
        forecast: None,
        forecast_note: sentences::NOTHING.to_owned(),
        warnings,
    };
    match found {
        Some(found) => fill(&mut trend, ledger, found),
        None => sentences::NOTHING.clone_into(&mut trend.standing_out.rule),
    }
    trend
}

fn fill(trend: &mut Trend, ledger: &Ledger<'_>, found: &Found) {
    trend.by = match found.step {
        Step::Day => TrendStep::Day,
        Step::Week => TrendStep::Week,
        Step::Month => TrendStep::Month,
    };
    trend.by_reason = match found.chosen {
        Chosen::Asked => StepReason::Asked,
        Chosen::ByLength => StepReason::Length,
        Chosen::ByExport => StepReason::Export,
    };
    let zone = &ledger.settings.time_zone;
    let named = zone.iana_name().unwrap_or("UTC").to_owned();
    trend.time_zone = (found.clock == Clock::Dated).then_some(named);
    trend.days = found.days;
    trend.complete_days = found.complete_days;
    trend.unit_costs = unit_costs(&found.total, found.shows_errors);
    let others = [&found.not_placed, &found.undated];
    let sums: Vec<&Sums> = found.periods.iter().map(|row| &row.sums).chain(others).collect();
    let costs: Vec<Option<Usd>> = sums.iter().map(|sums| sums.cost()).collect();
    let mut figures: Vec<TrendFigures> =
        sums.iter().zip(round_together(&costs)).map(|(sums, cost)| figures(sums, cost)).collect();
    trend.undated = figures.pop().unwrap_or_default();
    trend.not_placed = figures.pop().unwrap_or_default();
    trend.periods = periods(found, figures);
    trend.standing_out = standing_out(&found.standing_out);
    trend.forecast = found.forecast.as_ref().ok().map(|expected| forecast(expected, found));
    trend.forecast_note = sentences::forecast(&found.forecast, found.complete_days);
    trend.warnings.extend(sentences::warnings(trend, found));
}

fn figures(sums: &Sums, cost: Option<NanoUsd>) -> TrendFigures {
    TrendFigures {
        calls: sums.calls(),
        input_tokens: sums.input(),
        output_tokens: sums.output(),
        cost_usd: cost,
        unpriced_calls: sums.unpriced_calls,
        evidence: sums.evidence,
    }
}

fn unit_costs(sums: &Sums, shows_errors: bool) -> UnitCosts {
    let means = &sums.means;
    let errors = Share::of_counts(sums.errors, sums.requests);
    UnitCosts {
        cost_per_call_usd: means.cost.mean_over(means.priced_calls).map(Usd::to_nano),
        input_tokens_per_call: Quotient::mean_tokens(means.input, means.input_calls),
        output_tokens_per_call: Quotient::mean_tokens(means.output, means.output_calls),
        cache_read_share: Share::of_tokens(means.cache_read, means.cacheable),
        error_share: errors.filter(|_| shows_errors),
    }
}

fn periods(found: &Found, figures: Vec<TrendFigures>) -> Vec<TrendPeriod> {
    let before = std::iter::once(None).chain(found.periods.iter().map(Some));
    let rows = found.periods.iter().zip(before).zip(figures);
    let text = |date: Option<Date>| date.map(|date| date.to_string());
    rows.map(|((row, before), figures)| {
        let Period { name, first, next, .. } = &row.period;
        TrendPeriod {
            period: name.clone(),
            first_day: text(*first),
            last_day: text(next.and_then(|next| next.yesterday().ok())),
            covered: Share::of_counts(
                row.period.covered.unsigned_abs(),
                row.period.length().unsigned_abs(),
            ),
            complete: row.period.is_complete(),
            figures,
            unit_costs: unit_costs(&row.sums, found.shows_errors),
            cost_change: before.and_then(|before| change(before, row)),
        }
    })
    .collect()
}

/// The cost beyond that of the period before.
fn change(before: &Row, row: &Row) -> Option<Share> {
    // Neither a part of a period nor a lower bound can be compared.
    let compares = |row: &Row| row.period.is_complete() && row.sums.unpriced_calls == 0;
    if !compares(before) || !compares(row) {
        return None;
    }
    let (usual, cost) = before.sums.cost().zip(row.sums.cost())?;
    Share::of_usd(cost - usual, usual)
}

fn standing_out(found: &Standing) -> StandingOut {
    let rule = sentences::rule(found);
    let Standing::Judged { days, found, .. } = found else {
        return StandingOut { rule, ..StandingOut::default() };
    };
    StandingOut { rule, days_compared: *days, days: found.iter().map(odd_day).collect() }
}

fn odd_day(odd: &Odd) -> OddDay {
    let moves = odd.moves;
    let halves = |twice: u64| Quotient::of_counts(twice, 2).unwrap_or_default();
    OddDay {
        day: odd.name.clone(),
        cost_usd: odd.cost,
        usual_cost_usd: odd.usual,
        difference_usd: odd.difference(),
        score: Quotient::from_millionths(u64::try_from(odd.score).unwrap_or(u64::MAX)),
        calls: moves.map(|moves| moves.calls),
        usual_calls: moves.map(|moves| halves(moves.twice_usual_calls)),
        by_calls_usd: moves.map(|moves| moves.by_calls),
        by_cost_per_call_usd: moves.map(|moves| moves.by_cost_per_call),
        feature: odd.feature.as_ref().map(responsible),
        model: odd.model.as_ref().map(responsible),
    }
}

fn responsible(cause: &Cause) -> Responsible {
    Responsible {
        key: cause.name.clone().unwrap_or_else(|| UNKNOWN_KEY.to_owned()),
        cost_usd: cause.cost,
        usual_cost_usd: cause.usual,
        difference_usd: cause.cost - cause.usual,
    }
}

fn forecast(expected: &Expected, found: &Found) -> Forecast {
    Forecast {
        month: expected.month.clone(),
        days_before_log: expected.days_before,
        logged_usd: expected.logged,
        remaining_days: Quotient::from_millionths(expected.remaining_days),
        expected_usd: expected.expected,
        p10_usd: expected.range.map(|(low, _)| low),
        p90_usd: expected.range.map(|(_, high)| high),
        days_used: expected.days,
        by_weekday: expected.by_weekday,
        evidence: Evidence::Inferred.worst(found.total.evidence),
    }
}

/// A remark of the trend's own.
fn warning(code: &str, message: String) -> Warning {
    Warning { code: code.to_owned(), message }
}

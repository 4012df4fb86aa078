//! The analysis as OpenMetrics 1.0 text, for a collector of text files or a
//! gateway.
//!
//! A log covers a stretch of time that is over, and the next run covers another:
//! nothing here only ever grows, so everything is a gauge, but for durations,
//! which are summaries. What is not known has no sample. Samples carry no time:
//! the collector's own is the one that counts.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use super::document::{
    Cell, Comparison, Document, DurationQuantiles, Evidence, StepStatus, TokenKind,
};
use super::escape::clean;
use super::kind::Kind;
use super::renderer::{RenderOptions, Renderer};
use crate::units::{NanoUsd, Share, Tokens};

/// The component of what no component was told of.
const UNTOLD: &str = "unknown";

/// Writes the document as OpenMetrics text.
#[derive(Clone, Copy, Debug)]
pub struct Metrics;

impl Renderer for Metrics {
    fn id(&self) -> Kind {
        Kind::Metrics
    }

    fn render(
        &self,
        document: &Document,
        _: &RenderOptions,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let mut text = Text::default();
        about(document, &mut text);
        totals(document, &mut text);
        if let Some(comparison) = &document.comparison {
            by_model(comparison, &mut text);
        }
        rates(document, &mut text);
        durations(document, &mut text);
        projections(document, &mut text);
        writeln!(out, "{}# EOF", text.0)
    }
}

/// Families of samples in the making.
#[derive(Debug, Default)]
struct Text(String);

/// The name of a label and its value.
type Label<'a> = (&'a str, &'a str);

/// A sample: its labels, and its value as a decimal.
type Sample<'a> = (Vec<Label<'a>>, String);

impl Text {
    /// A family of gauges; nothing for no samples.
    fn gauges<'a>(
        &mut self,
        name: &str,
        unit: Option<&str>,
        help: &str,
        samples: impl Iterator<Item = Sample<'a>>,
    ) {
        let mut samples = samples.peekable();
        if samples.peek().is_some() {
            self.family(name, "gauge", unit, help);
        }
        for (labels, value) in samples {
            self.sample(name, &labels, &value);
        }
    }

    /// A gauge of one sample; nothing where it is not known.
    fn gauge(&mut self, name: &str, unit: Option<&str>, help: &str, value: Option<String>) {
        self.gauges(name, unit, help, value.map(|value| (Vec::new(), value)).into_iter());
    }

    fn family(&mut self, name: &str, kind: &str, unit: Option<&str>, help: &str) {
        // Writing to a string never fails.
        let _ = writeln!(self.0, "# TYPE {name} {kind}");
        if let Some(unit) = unit {
            let _ = writeln!(self.0, "# UNIT {name} {unit}");
        }
        let _ = writeln!(self.0, "# HELP {name} {help}");
    }

    fn sample(&mut self, name: &str, labels: &[Label<'_>], value: &str) {
        let labels: Vec<String> =
            labels.iter().map(|(label, value)| format!("{label}=\"{}\"", quoted(value))).collect();
        let labels =
            if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }
}

/// The value of a label between its quotes.
fn quoted(text: &str) -> String {
    clean(text).replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn about(document: &Document, text: &mut Text) {
    let window = &document.window;
    let known = [
        ("version", Some(document.tool_version.as_str())),
        ("prices_as_of", document.prices.as_of.as_deref()),
        ("window_start", window.start.as_deref()),
        ("window_end", window.end.as_deref()),
    ];
    let labels = known.into_iter().filter_map(|(name, value)| value.map(|value| (name, value)));
    let sample = (labels.collect(), "1".to_owned());
    let help = "What made these figures, and the log's first and last call.";
    text.gauges("tokopt_build_info", None, help, std::iter::once(sample));
    let help = "Days from the first call to the last, at least one.";
    let days = window.days.map(|days| millionths(days.millionths()));
    text.gauge("tokopt_window_days", Some("days"), help, days);
    if document.is_described() {
        return;
    }
    let input = &document.input;
    for (name, help, records) in [
        ("tokopt_log_records", "Log records that were read.", input.lines),
        ("tokopt_rejected_log_records", "Log records that could not be used.", input.rejected),
    ] {
        text.gauge(name, Some("records"), help, Some(records.to_string()));
    }
}

fn totals(document: &Document, text: &mut Text) {
    let totals = &document.totals;
    let help = "What the priced calls cost by the price table.";
    text.gauge("tokopt_total_cost_usd", Some("usd"), help, totals.cost_usd.map(decimal));
    let help = "What the log itself says was billed.";
    text.gauge("tokopt_logged_cost_usd", Some("usd"), help, totals.logged_cost_usd.map(decimal));
    let help = "Generated tokens that were reasoning, as far as the log reports them.";
    let reasoning = totals.reasoning_output_tokens.map(count);
    text.gauge("tokopt_reasoning_output_tokens", Some("tokens"), help, reasoning);
}

/// Sums by model, in the order of their names.
fn by_model(comparison: &Comparison, text: &mut Text) {
    let mut models: BTreeMap<&str, Vec<&Cell>> = BTreeMap::new();
    for cell in &comparison.cells {
        models.entry(&cell.model).or_default().push(cell);
    }
    let samples = models.iter().flat_map(|(model, cells)| {
        let costs = component_costs(cells);
        costs.into_iter().map(|(component, cost)| {
            (vec![("model", *model), ("component", component)], decimal(cost))
        })
    });
    let help = "What the priced calls cost, by model and part of the prompt or the answer; \
                unknown is what the log does not split.";
    text.gauges("tokopt_cost_usd", Some("usd"), help, samples);
    let samples = models.iter().flat_map(|(model, cells)| {
        TokenKind::ALL.into_iter().filter(|kind| *kind != TokenKind::Fees).filter_map(|kind| {
            let kinds = cells.iter().flat_map(|cell| &cell.kinds);
            let mut tokens =
                kinds.filter(|found| found.kind == kind).map(|found| found.tokens.get());
            let first = tokens.next()?;
            let sum = tokens.fold(first, u64::saturating_add);
            Some((vec![("model", *model), ("kind", kind.name())], sum.to_string()))
        })
    });
    let help = "Tokens of the priced calls, by model and by what they are billed as.";
    text.gauges("tokopt_tokens", Some("tokens"), help, samples);
    let samples = models.iter().flat_map(|(model, cells)| {
        TokenKind::ALL.into_iter().filter_map(|kind| {
            let kinds = cells.iter().flat_map(|cell| &cell.kinds);
            let mut costs = kinds.filter(|found| found.kind == kind).map(|found| found.cost_usd);
            let first = costs.next()?;
            let sum = costs.fold(first, |sum, cost| sum + cost);
            Some((vec![("model", *model), ("kind", kind.name())], decimal(sum)))
        })
    });
    let help = "What the priced calls cost, by model and by what is billed.";
    text.gauges("tokopt_kind_cost_usd", Some("usd"), help, samples);
    let samples = models.iter().filter_map(|(model, cells)| {
        let calls: Option<u64> = cells.iter().map(|cell| cell.calls).sum();
        Some((vec![("model", *model)], calls?.to_string()))
    });
    text.gauges("tokopt_calls", Some("calls"), "Calls by model.", samples);
    let samples = models.iter().map(|(model, cells)| {
        let unpriced: u64 = cells.iter().map(|cell| cell.unpriced_calls).sum();
        (vec![("model", *model)], unpriced.to_string())
    });
    let help = "Calls without a price, which every cost leaves out.";
    text.gauges("tokopt_unpriced_calls", Some("calls"), help, samples);
}

/// What each component costs in these cells, by its key; what is left of their
/// cost has no component.
fn component_costs<'a>(cells: &[&'a Cell]) -> BTreeMap<&'a str, NanoUsd> {
    let mut costs: BTreeMap<&str, NanoUsd> = BTreeMap::new();
    for cell in cells {
        let Some(mut left) = cell.cost_usd else { continue };
        for component in &cell.components {
            let Some(cost) = component.cost_usd else { continue };
            let sum = costs.entry(component.component.key()).or_default();
            *sum = *sum + cost;
            left = left - cost;
        }
        if cell.components.is_empty() || left != NanoUsd::ZERO {
            let sum = costs.entry(UNTOLD).or_default();
            *sum = *sum + left;
        }
    }
    costs
}

fn rates(document: &Document, text: &mut Text) {
    let metrics = &document.metrics;
    let ratio = |share: Share| millionths(share.millionths());
    let models = metrics.models.iter().filter_map(|model| {
        Some((vec![("model", model.model.as_str())], ratio(model.cache_read_share?)))
    });
    let help = "Input tokens read from the cache, of all input tokens, by model.";
    text.gauges("tokopt_model_cache_read_ratio", Some("ratio"), help, models);
    for (name, help, share) in [
        (
            "tokopt_cache_read_ratio",
            "Input tokens read from the cache, of all input tokens.",
            metrics.cache_read_share,
        ),
        ("tokopt_error_ratio", "Calls that ended in an error, of all calls.", metrics.error_share),
        (
            "tokopt_retry_ratio",
            "Calls that repeat a failed call, of all calls.",
            metrics.retry_share,
        ),
    ] {
        text.gauge(name, Some("ratio"), help, share.map(ratio));
    }
}

fn durations(document: &Document, text: &mut Text) {
    let metrics = &document.metrics;
    for (name, help, quantiles) in [
        (
            "tokopt_latency_seconds",
            "Time until the answer was complete.",
            metrics.latency_milliseconds,
        ),
        (
            "tokopt_time_to_first_token_seconds",
            "Time until the first token of the answer.",
            metrics.time_to_first_token_milliseconds,
        ),
    ] {
        if let Some(quantiles) = quantiles {
            text.family(name, "summary", Some("seconds"), help);
            summary(name, &[], quantiles, text);
        }
    }
    let slices = document.comparison.iter().flat_map(|comparison| &comparison.slices);
    let models: BTreeMap<&str, DurationQuantiles> = slices
        .filter(|slice| slice.feature.is_none())
        .filter_map(|slice| Some((slice.model.as_deref()?, slice.latency_milliseconds?)))
        .collect();
    let name = "tokopt_model_latency_seconds";
    if !models.is_empty() {
        let help = "Time until the answer was complete, by model.";
        text.family(name, "summary", Some("seconds"), help);
    }
    for (model, quantiles) in models {
        summary(name, &[("model", model)], quantiles, text);
    }
}

fn summary(name: &str, labels: &[Label<'_>], quantiles: DurationQuantiles, text: &mut Text) {
    for (quantile, milliseconds) in [("0.5", quantiles.p50), ("0.95", quantiles.p95)] {
        let labels: Vec<Label<'_>> =
            labels.iter().copied().chain(std::iter::once(("quantile", quantile))).collect();
        text.sample(name, &labels, &millionths(i128::from(milliseconds) * 1_000));
    }
    text.sample(&format!("{name}_count"), labels, &quantiles.calls.to_string());
}

fn projections(document: &Document, text: &mut Text) {
    let bills = document.monthly.iter().flat_map(|monthly| {
        [
            ("baseline", monthly.baseline_usd),
            ("floor", monthly.floor_usd),
            ("typical", monthly.typical_usd),
            ("high", monthly.high_usd),
        ]
    });
    let bills = bills.map(|(scenario, bill)| (vec![("scenario", scenario)], decimal(bill)));
    let help = "The bill of 30 days of this traffic: as it is, and with the savings that are \
                measured or inferred, typical, or high.";
    text.gauges("tokopt_month_cost_usd", Some("usd"), help, bills);
    let steps = document.ladder.iter().flat_map(|ladder| &ladder.steps);
    let applied: Vec<_> = steps.filter(|step| step.status == StepStatus::Applied).collect();
    let samples = applied.iter().flat_map(|step| {
        let evidence = step.evidence.map(Evidence::name);
        let amounts = [("alone", step.standalone_saving_usd), ("added", step.marginal_saving_usd)];
        amounts.into_iter().filter_map(move |(counted, amount)| {
            let labels = [
                Some(("technique", step.technique.as_str())),
                Some(("counted", counted)),
                evidence.map(|evidence| ("evidence", evidence)),
            ];
            Some((labels.into_iter().flatten().collect(), decimal(amount?)))
        })
    });
    let help = "What each technique would have saved on this log: as the only one, and on top of \
                the ones before it. Only the latter add up.";
    text.gauges("tokopt_saving_usd", Some("usd"), help, samples);
}

fn decimal(amount: NanoUsd) -> String {
    amount.to_string()
}

fn count(tokens: Tokens) -> String {
    tokens.get().to_string()
}

/// A number of millionths as a decimal.
fn millionths(number: i128) -> String {
    NanoUsd::from_nano(number.saturating_mul(1_000)).to_string()
}

#[cfg(test)]
mod tests {
    use super::{millionths, quoted};

    #[test]
    fn no_label_ends_before_its_quote() {
        assert_eq!(quoted("a\\b\"c\nd\x1b[31m"), "a\\\\b\\\"c d");
    }

    #[test]
    fn numbers_are_plain_decimals() {
        assert_eq!(millionths(1_840_000), "1.84");
        assert_eq!(millionths(50_000), "0.05");
        assert_eq!(millionths(3_000_000), "3");
    }
}

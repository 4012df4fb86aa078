//! A trend as a page of Markdown.

use std::io::{self, Write};

use super::super::document::{Trend, TrendFigures, TrendPeriod, UnitCosts};
use super::super::escape::markdown as escape;
use super::super::figures::{UNKNOWN_MARK, count, dollars, percent, quotient, tokens};
use super::super::renderer::RenderOptions;
use super::super::trended::{self, Line};
use super::page::{Align, Page};
use super::{LONGEST_NAME, footer, warnings, what_was_read};

/// Writes the periods, the days that stand out and the forecast.
///
/// # Errors
/// When `out` cannot be written to.
pub fn trend(document: &Trend, options: &RenderOptions, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new("LLM usage trend");
    page.paragraph(&format!("**{}**", escape(&trended::headline(document))));
    page.list(trended::headline_notes(document).iter().map(|note| escape(note)));
    if !document.periods.is_empty() {
        page.heading(&format!("By {}", trended::step(document)));
        periods(document, &mut page);
        page.list(trended::table_notes(document).iter().map(|note| escape(note)));
        standing_out(document, options.top, &mut page);
        forecast(document, &mut page);
    }
    what_was_read(&document.input, &mut page);
    warnings(&document.warnings, &mut page);
    page.paragraph(&footer(&document.prices, &document.tool_version));
    page.write(out)
}

fn periods(document: &Trend, page: &mut Page) {
    let columns = [
        (trended::step(document), Align::Left),
        ("calls", Align::Right),
        ("input", Align::Right),
        ("output", Align::Right),
        ("cost", Align::Right),
        ("a call", Align::Right),
        ("input a call", Align::Right),
        ("output a call", Align::Right),
        ("cached", Align::Right),
        ("failed", Align::Right),
        ("change", Align::Right),
    ];
    let lines = trended::lines(document);
    let rows = lines.iter().map(|line| match line {
        Line::Period(period) => {
            let name = escape(&period.period);
            cells(name, &period.figures, Some(&period.unit_costs), Some(period))
        }
        Line::Gap(first, last, periods) => {
            let name = trended::gap(document, first, last, *periods);
            cells(escape(&name), &first.figures, None, None)
        }
    });
    let strays = trended::strays(document);
    let strays = strays.map(|(name, figures)| cells(name.to_owned(), figures, None, None));
    page.table(&columns, rows.chain(strays));
}

fn cells(
    name: String,
    figures: &TrendFigures,
    unit: Option<&UnitCosts>,
    period: Option<&TrendPeriod>,
) -> Vec<String> {
    let unit = unit.filter(|_| figures.calls != Some(0));
    let of_unit =
        |figure: fn(&UnitCosts) -> String| unit.map_or_else(|| UNKNOWN_MARK.to_owned(), figure);
    vec![
        name,
        count(figures.calls),
        tokens(figures.input_tokens),
        tokens(figures.output_tokens),
        trended::cost(figures),
        of_unit(|unit| dollars(unit.cost_per_call_usd)),
        of_unit(|unit| quotient(unit.input_tokens_per_call, 0)),
        of_unit(|unit| quotient(unit.output_tokens_per_call, 0)),
        of_unit(|unit| percent(unit.cache_read_share)),
        of_unit(|unit| percent(unit.error_share)),
        period.map_or_else(String::new, trended::change),
    ]
}

fn standing_out(document: &Trend, top: usize, page: &mut Page) {
    page.heading(&trended::odd_days(document));
    let days = &document.standing_out.days;
    let lines = days.iter().take(top).map(|day| {
        let reasons = trended::odd_day_reasons(day, LONGEST_NAME);
        let reasons: Vec<String> = reasons.iter().map(|reason| escape(reason)).collect();
        format!("{}: {}", escape(&trended::odd_day(day)), reasons.join("; "))
    });
    page.list(lines);
    if let Some(more) = days.len().checked_sub(top).filter(|more| *more > 0) {
        page.paragraph(&format!("{more} more: --top {} shows them all", days.len()));
    }
    page.paragraph(&escape(&trended::rule(document)));
}

fn forecast(document: &Trend, page: &mut Page) {
    page.heading("What the month is coming to");
    if let Some(forecast) = &document.forecast {
        let partial = trended::is_partial(document);
        page.paragraph(&format!("**{}**", escape(&trended::forecast(forecast, partial))));
    }
    page.list(trended::forecast_notes(document).iter().map(|note| escape(note)));
}

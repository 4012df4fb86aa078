//! A trend as a screen of text.

use std::io::{self, Write};

use super::super::document::{Trend, TrendFigures, TrendPeriod, UnitCosts};
use super::super::escape::{display_width, plain};
use super::super::figures::{count, dollars, percent, quotient, tokens_short};
use super::super::renderer::RenderOptions;
use super::super::trended::{self, Line};
use super::screen::Screen;
use super::sparkline::sparkline;
use super::tables::indented;
use super::{Column, GAP, NARROWEST, WIDEST, accounting, warnings};

const INDENT: usize = 2;
/// Where what belongs to a day that stands out starts.
const REASON_INDENT: usize = 4;
/// Columns of a name before it is cut.
const LONGEST_NAME: usize = 40;

/// Writes the periods, the days that stand out and the forecast.
///
/// # Errors
/// When `out` cannot be written to.
pub fn trend(document: &Trend, options: &RenderOptions, out: &mut dyn Write) -> io::Result<()> {
    let mut screen = Screen::new(options.width.clamp(NARROWEST, WIDEST), options.color);
    screen.title(&trended::headline(document));
    for note in trended::headline_notes(document) {
        screen.paragraph(&note, 0);
    }
    if !document.periods.is_empty() {
        periods(document, &mut screen);
        standing_out(document, options.top, &mut screen);
        forecast(document, &mut screen);
    }
    accounting(&document.input, &mut screen);
    warnings(&document.warnings, &mut screen);
    screen.write(out)
}

fn periods(document: &Trend, screen: &mut Screen) {
    screen.heading(&format!("By {}", trended::step(document)));
    let (_, heights) = trended::heights(document);
    if heights.len() > 1 {
        let (line, a_sign) = sparkline(&heights, screen.width() - INDENT);
        screen.row(&format!("{:INDENT$}{line}", ""));
        screen.faint(&trended::sparkline_note(document, a_sign), INDENT);
        screen.blank();
    }
    let (columns, rows) = fitting(document, screen.width() - INDENT);
    indented(&columns, rows, screen);
    for note in trended::table_notes(document) {
        screen.faint(&plain(&note, screen.width() * 4), INDENT);
    }
}

/// A column of the table: its name, what stands in a row of figures, and when
/// it is left out of a narrow screen, the lowest first.
struct Shown {
    name: &'static str,
    kind: Column,
    rank: u8,
    cell: fn(&Cells<'_>) -> String,
}

/// What a row of the table is made of.
struct Cells<'a> {
    name: String,
    figures: &'a TrendFigures,
    unit: Option<&'a UnitCosts>,
    period: Option<&'a TrendPeriod>,
}

/// Columns that are never left out.
const ALWAYS: u8 = u8::MAX;

const COLUMNS: [Shown; 10] = [
    Shown { name: "", kind: Column::Text, rank: ALWAYS, cell: |row| row.name.clone() },
    Shown {
        name: "calls",
        kind: Column::Figures,
        rank: ALWAYS,
        cell: |row| count(row.figures.calls),
    },
    Shown {
        name: "input",
        kind: Column::Figures,
        rank: 5,
        cell: |row| tokens_short(row.figures.input_tokens),
    },
    Shown {
        name: "output",
        kind: Column::Figures,
        rank: 4,
        cell: |row| tokens_short(row.figures.output_tokens),
    },
    Shown {
        name: "cost",
        kind: Column::Figures,
        rank: ALWAYS,
        cell: |row| trended::cost(row.figures),
    },
    Shown {
        name: "a call",
        kind: Column::Figures,
        rank: ALWAYS,
        cell: |row| of_unit(row, |unit| dollars(unit.cost_per_call_usd)),
    },
    Shown {
        name: "tokens a call",
        kind: Column::Figures,
        rank: 1,
        cell: |row| {
            of_unit(row, |unit| {
                let input = quotient(unit.input_tokens_per_call, 0);
                format!("{input} + {}", quotient(unit.output_tokens_per_call, 0))
            })
        },
    },
    Shown {
        name: "cached",
        kind: Column::Figures,
        rank: 3,
        cell: |row| of_unit(row, |unit| percent(unit.cache_read_share)),
    },
    Shown {
        name: "failed",
        kind: Column::Figures,
        rank: 2,
        cell: |row| of_unit(row, |unit| percent(unit.error_share)),
    },
    Shown {
        name: "change",
        kind: Column::Figures,
        rank: ALWAYS,
        cell: |row| row.period.map_or_else(String::new, trended::change),
    },
];

/// A figure per call; nothing where there was no call.
fn of_unit(row: &Cells<'_>, figure: impl Fn(&UnitCosts) -> String) -> String {
    match row.unit {
        Some(unit) if row.figures.calls != Some(0) => figure(unit),
        _ => String::new(),
    }
}

/// The columns that fit, and their cells, the first row naming them.
fn fitting(document: &Trend, width: usize) -> (Vec<Column>, Vec<Vec<String>>) {
    let rows = rows(document);
    let all = &document.unit_costs;
    let mut shown: Vec<(&Shown, Vec<String>)> = COLUMNS
        .iter()
        .filter(|column| match column.name {
            "cached" => all.cache_read_share.is_some(),
            "failed" => all.error_share.is_some_and(|share| share.millionths() > 0),
            _ => true,
        })
        .map(|column| (column, rows.iter().map(column.cell).collect()))
        .collect();
    let needed = |(column, cells): &(&Shown, Vec<String>)| {
        let widest = cells.iter().map(|cell| display_width(cell)).max().unwrap_or(0);
        widest.max(display_width(column.name)) + GAP
    };
    while shown.iter().map(needed).sum::<usize>() > width + GAP {
        let Some(lowest) = shown.iter().map(|(column, _)| column.rank).min() else { break };
        if lowest == ALWAYS {
            break;
        }
        shown.retain(|(column, _)| column.rank != lowest);
    }
    let columns = shown.iter().map(|(column, _)| column.kind).collect();
    let names = shown.iter().map(|(column, _)| column.name.to_owned()).collect();
    let cells = (0..rows.len())
        .map(|row| shown.iter().map(|(_, cells)| cells[row].clone()).collect::<Vec<_>>());
    (columns, std::iter::once(names).chain(cells).collect())
}

fn rows(document: &Trend) -> Vec<Cells<'_>> {
    let mut rows = Vec::new();
    for line in trended::lines(document) {
        rows.push(match line {
            Line::Period(period) => Cells {
                name: period.period.clone(),
                figures: &period.figures,
                unit: Some(&period.unit_costs),
                period: Some(period),
            },
            Line::Gap(first, last, _) => Cells {
                name: format!("{} to {}", first.period, last.period),
                figures: &first.figures,
                unit: None,
                period: None,
            },
        });
    }
    rows.extend(trended::strays(document).map(|(name, figures)| Cells {
        name: name.to_owned(),
        figures,
        unit: None,
        period: None,
    }));
    rows
}

fn standing_out(document: &Trend, top: usize, screen: &mut Screen) {
    screen.heading(&trended::odd_days(document));
    let days = &document.standing_out.days;
    for day in days.iter().take(top) {
        screen.paragraph(&plain(&trended::odd_day(day), screen.width() * 2), INDENT);
        for reason in trended::odd_day_reasons(day, LONGEST_NAME) {
            screen.paragraph(&plain(&reason, screen.width() * 2), REASON_INDENT);
        }
    }
    if let Some(more) = days.len().checked_sub(top).filter(|more| *more > 0) {
        screen.faint(&format!("{more} more: --top {} shows them all", days.len()), INDENT);
    }
    screen.faint(&trended::rule(document), INDENT);
}

fn forecast(document: &Trend, screen: &mut Screen) {
    screen.heading("What the month is coming to");
    if let Some(forecast) = &document.forecast {
        let partial = trended::is_partial(document);
        screen.paragraph(&trended::forecast(forecast, partial), INDENT);
    }
    for note in trended::forecast_notes(document) {
        screen.faint(&note, INDENT);
    }
}

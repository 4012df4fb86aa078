//! Attribution tables with all their figures: what `--by` asks for.
//!
//! Knows no bar and no metric.

use super::super::document::{Document, Evidence};
use super::super::escape::plain;
use super::super::figures::{count, dollars, percent, tokens_short};
use super::super::renderer::RenderOptions;
use super::super::rows::{Shown, bounded, shown};
use super::screen::Screen;
use super::{Column, GAP, grid, needed_widths};

/// A key is cut to this before the columns are fitted.
const LONGEST_KEY: usize = 60;
/// A key is not cut to less than this while there is a column to drop.
const SHORTEST_KEY: usize = 12;
const INDENT: usize = 2;

/// Adds the tables that were asked for.
pub fn asked_for(document: &Document, options: &RenderOptions, screen: &mut Screen) {
    for dimensions in &options.by {
        let names: Vec<&str> = dimensions.iter().map(|dimension| dimension.name()).collect();
        screen.heading(&format!("By {}", names.join(" and ")));
        let rows: Vec<_> = shown(document, dimensions, options.top).iter().map(cells).collect();
        if rows.is_empty() {
            screen.paragraph("unknown: the log does not say", INDENT);
        } else {
            draw(&names, rows, screen);
        }
    }
}

fn cells(row: &Shown) -> Vec<String> {
    let figures = &row.figures;
    let mut cells: Vec<String> = row.keys.iter().map(|key| plain(key, LONGEST_KEY)).collect();
    cells.extend([
        count(figures.calls),
        tokens_short(figures.input_tokens),
        tokens_short(figures.output_tokens),
        bounded(figures, dollars(figures.cost_usd)),
        bounded(figures, percent(figures.share)),
        if figures.evidence == Evidence::Measured {
            String::new()
        } else {
            figures.evidence.name().to_owned()
        },
    ]);
    cells
}

fn draw(names: &[&str], mut rows: Vec<Vec<String>>, screen: &mut Screen) {
    let mut heading: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    heading.extend(["calls", "input", "output", "cost", "share", ""].map(str::to_owned));
    let mut columns = vec![Column::Text; names.len()];
    columns.extend([Column::Figures; 5]);
    columns.push(Column::Word);
    let all_measured = rows.iter().all(|row| row.last().is_some_and(String::is_empty));
    rows.insert(0, heading);
    if all_measured {
        drop_column(columns.len() - 1, &mut columns, &mut rows);
    }
    // Where keys would be cut beyond recognition, first the calls go, then
    // the output, then the input: cost and share answer the question.
    let calls = names.len();
    for position in [calls, calls + 1, calls] {
        if narrowest(&columns, &rows) > screen.width() - INDENT {
            drop_column(position, &mut columns, &mut rows);
        }
    }
    indented(&columns, rows, screen);
}

fn drop_column(position: usize, columns: &mut Vec<Column>, rows: &mut [Vec<String>]) {
    columns.remove(position);
    for row in rows {
        row.remove(position);
    }
}

/// Columns of the screen that a table needs when its keys are cut short.
fn narrowest(columns: &[Column], rows: &[Vec<String>]) -> usize {
    let needed = needed_widths(columns, rows);
    let widths = columns.iter().zip(needed).map(|(column, needed)| match column {
        Column::Text => needed.min(SHORTEST_KEY),
        Column::Figures | Column::Word => needed,
    });
    widths.sum::<usize>() + GAP * columns.len().saturating_sub(1)
}

/// Adds a table whose first row names its columns.
pub fn indented(columns: &[Column], rows: Vec<Vec<String>>, screen: &mut Screen) {
    let lines = grid(columns, rows, screen.width() - INDENT);
    for (position, line) in lines.iter().enumerate() {
        let line = format!("{:INDENT$}{line}", "");
        if position == 0 { screen.column_names(&line) } else { screen.row(&line) }
    }
}

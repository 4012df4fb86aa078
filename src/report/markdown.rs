//! A page that a platform team pastes into a wiki: GitHub's Markdown.
//!
//! Everything that a log wrote is escaped to its literal text.

mod arms;
mod bills;
mod cache;
mod curves;
mod difference;
mod inspection;
mod ladder;
mod metrics;
mod page;
mod plan;
mod trend;
mod what_if;

use std::io::{self, Write};

use super::document::{Dimension, Document, Figures, Input, Prices, Warning};
use super::escape::{markdown as escape, plain, plain_end};
use super::figures::{bytes, count, counted, dollars, percent, tokens, whole};
use super::kind::Kind;
use super::renderer::{RenderOptions, Renderer};
use super::rows::{self, Shown, bounded, says_nothing};
use super::summary;
use super::unknowns::unknowns;
use page::{Align, Page};

pub use arms::arms;
pub use difference::difference;
pub use inspection::inspection;
pub use trend::trend;

/// Columns that a name from the log may take.
const LONGEST_NAME: usize = 100;
/// Files listed one by one.
const FILES_SHOWN: usize = 30;
/// Rejected records listed one by one.
const REJECTIONS_SHOWN: usize = 20;
/// The tables that are shown where none was asked for, after the crosses.
const USUAL: [Dimension; 8] = [
    Dimension::Component,
    Dimension::Feature,
    Dimension::Model,
    Dimension::User,
    Dimension::Account,
    Dimension::Provider,
    Dimension::Tier,
    Dimension::Day,
];

/// Writes the document as a page of Markdown.
#[derive(Clone, Copy, Debug)]
pub struct Markdown;

impl Renderer for Markdown {
    fn id(&self) -> Kind {
        Kind::Markdown
    }

    fn render(
        &self,
        document: &Document,
        options: &RenderOptions,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let mut page = Page::new("LLM cost report");
        page.paragraph(&format!("**{}**", escape(&summary::headline(document))));
        page.list(summary::headline_notes(document).iter().map(|note| escape(note)));
        if document.totals.calls != Some(0) {
            where_it_goes(document, options, &mut page);
        }
        bills::bills(document, &mut page);
        if document.totals.calls != Some(0) {
            what_would_save(document, &mut page);
        }
        plan::findings(&document.findings, &mut page);
        if document.totals.calls != Some(0) {
            if let Some(cache) = &document.cache {
                cache::prompt_cache(cache, &mut page);
            }
            metrics::key_metrics(document, &mut page);
        }
        if !document.is_described() {
            what_was_read(&document.input, &mut page);
            gaps(document, &mut page);
        }
        warnings(&document.warnings, &mut page);
        page.paragraph(&footer(&document.prices, &document.tool_version));
        page.write(out)
    }
}

fn where_it_goes(document: &Document, options: &RenderOptions, page: &mut Page) {
    page.heading("Where it goes");
    let tables = if options.by.is_empty() {
        let telling = USUAL.into_iter().filter(|dimension| !says_nothing(document, *dimension));
        let crosses = document.attribution.crosses.iter().map(|cross| cross.dimensions.clone());
        telling.map(|dimension| vec![dimension]).chain(crosses).collect()
    } else {
        options.by.clone()
    };
    for dimensions in &tables {
        let names: Vec<&str> = dimensions.iter().map(|dimension| dimension.name()).collect();
        page.subheading(&format!("By {}", names.join(" and ")));
        let rows = rows::shown(document, dimensions, options.top);
        if rows.is_empty() {
            page.paragraph("Unknown: the log does not say");
        } else {
            attribution(&names, &rows, page);
        }
    }
    if tables.is_empty() {
        page.paragraph("Unknown: the log tells nothing apart");
    }
}

/// The ladder, what it comes to in a month, and what to do about it.
fn what_would_save(document: &Document, page: &mut Page) {
    if let Some(ladder) = &document.ladder {
        ladder::savings_ladder(ladder, page);
        curves::beside_the_ladder(&ladder.curves, page);
    }
    if let Some(monthly) = &document.monthly {
        plan::per_month(document, monthly, page);
    }
    if let Some(steps) = &document.plan {
        plan::plan(steps, document.ladder.as_ref(), page);
    }
    what_if::what_if(&document.what_if, page);
}

fn attribution(names: &[&str], rows: &[Shown], page: &mut Page) {
    let mut columns: Vec<(&str, Align)> = names.iter().map(|name| (*name, Align::Left)).collect();
    let figures = ["calls", "input tokens", "output tokens", "cost", "share"];
    columns.extend(figures.map(|name| (name, Align::Right)));
    columns.push(("known how", Align::Left));
    let cells = rows.iter().map(|row| {
        let keys = row.keys.iter().map(|key| name(key));
        keys.chain(figure_cells(&row.figures)).collect()
    });
    page.table(&columns, cells);
}

/// A name from the log as literal text, no longer than a line.
fn name(text: &str) -> String {
    escape(&plain(text, LONGEST_NAME))
}

fn figure_cells(figures: &Figures) -> [String; 6] {
    [
        count(figures.calls),
        tokens(figures.input_tokens),
        tokens(figures.output_tokens),
        bounded(figures, dollars(figures.cost_usd)),
        bounded(figures, percent(figures.share)),
        figures.evidence.name().to_owned(),
    ]
}

fn what_was_read(input: &Input, page: &mut Page) {
    page.heading("What was read");
    page.paragraph(&summary::accounting(input));
    page.list(summary::accounting_notes(input).into_iter());
    let columns = [
        ("file", Align::Left),
        ("format", Align::Left),
        ("size", Align::Right),
        ("lines", Align::Right),
        ("calls", Align::Right),
        ("duplicates", Align::Right),
        ("ignored", Align::Right),
        ("rejected", Align::Right),
    ];
    let files = input.files.iter().take(FILES_SHOWN).map(|file| {
        let format = file.format.as_deref().map_or_else(|| "unknown".to_owned(), escape);
        let counts = [file.lines, file.calls, file.duplicates, file.ignored, file.rejected];
        let path = escape(&plain_end(&file.path, LONGEST_NAME));
        let names = [path, format, bytes(file.bytes)];
        names.into_iter().chain(counts.map(whole)).collect()
    });
    page.table(&columns, files);
    if let Some(more) = input.files.len().checked_sub(FILES_SHOWN).filter(|more| *more > 0) {
        page.paragraph(&counted(more as u64, "more file was read", "more files were read"));
    }
    let reasons = summary::ignored_reasons(input);
    let ignored = reasons
        .iter()
        .map(|(reason, lines)| format!("ignored {}: {}", whole(*lines), escape(reason)));
    page.list(ignored.chain(rejections(input)));
}

fn rejections(input: &Input) -> Vec<String> {
    let listed = input.rejections.iter().take(REJECTIONS_SHOWN);
    let mut lines: Vec<String> = listed
        .map(|rejection| {
            let reason = escape(&rejection.reason);
            let path = escape(&plain_end(&rejection.path, LONGEST_NAME));
            format!("rejected {path}:{}: {reason}", rejection.line)
        })
        .collect();
    let more = input.rejected.saturating_sub(lines.len() as u64);
    if more > 0 {
        lines.push(format!("rejected {} more", whole(more)));
    }
    lines
}

fn gaps(document: &Document, page: &mut Page) {
    let gaps = unknowns(document);
    if gaps.is_empty() {
        return;
    }
    page.heading("What is unknown");
    let columns = [("unknown", Align::Left), ("what would settle it", Align::Left)];
    page.table(&columns, gaps.iter().map(|gap| vec![escape(&gap.what), escape(&gap.settled_by)]));
}

fn warnings(warnings: &[Warning], page: &mut Page) {
    if !warnings.is_empty() {
        page.heading("Warnings");
        page.list(warnings.iter().map(|warning| escape(&warning.message)));
    }
}

fn footer(prices: &Prices, tool_version: &str) -> String {
    let prices = prices.as_of.as_deref();
    let prices = prices.map_or_else(String::new, |day| format!(", prices as of {}", escape(day)));
    format!("Made by tokopt {}{prices}", escape(tool_version))
}

//! A backtest as a screen of text.

use std::io::{self, Write};

use super::super::document::{Backtest, Coverage};
use super::super::escape::display_width;
use super::super::figures::{UNKNOWN_MARK, counted, dollars, percent, whole};
use super::super::renderer::RenderOptions;
use super::screen::Screen;
use super::{NARROWEST, WIDEST};
use crate::units::{NanoUsd, Share};

/// Columns of the names of the figures.
const NAMES: usize = 18;
/// Columns of a figure.
const FIGURE: usize = 13;
/// A gap of less than one percent of the bill means nothing; in millionths.
const CHEAPER: i128 = -10_000;
const DEARER: i128 = 10_000;

/// Writes what was compared, how it came out and what that means.
///
/// # Errors
/// When `out` cannot be written to.
pub fn backtest(
    document: &Backtest,
    options: &RenderOptions,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut screen = Screen::new(options.width.clamp(NARROWEST, WIDEST), options.color);
    let coverage = &document.coverage;
    if document.calls.is_empty() {
        nothing(coverage, &mut screen);
        return screen.write(out);
    }
    let calls = document.calls.len() as u64;
    screen.title(&format!(
        "Cache reads of {}, predicted from the log alone, beside the billed ones",
        counted(calls, "call", "calls")
    ));
    let left_out = left_out(coverage);
    if !left_out.is_empty() {
        screen.faint(&format!("Not compared: {}.", left_out.join("; ")), 0);
    }
    if coverage.counts_only > 0 {
        let calls = counted(coverage.counts_only, "call shows", "calls show");
        screen.warning(
            &format!(
                "{calls} neither texts nor blocks: each prompt is taken to open with the one \
                 before it in its conversation, which no count can show."
            ),
            0,
        );
    }
    predictions(document, calls.saturating_sub(document.cold_start_calls), &mut screen);
    bills(document, &mut screen);
    screen.write(out)
}

/// Says why there is nothing to compare, and what would settle it.
fn nothing(coverage: &Coverage, screen: &mut Screen) {
    screen.title("Nothing to compare: no call reports cache counts that could be predicted");
    for reason in left_out(coverage) {
        screen.paragraph(&reason, 2);
    }
    screen.paragraph(
        "A backtest needs calls with a time, a model of the price table and the provider's own \
         count of cached tokens, such as cached_tokens or cache_read_input_tokens.",
        0,
    );
}

fn left_out(coverage: &Coverage) -> Vec<String> {
    [(coverage.without_counts, "no cache counts"), (coverage.not_replayed, "no time or no price")]
        .into_iter()
        .filter(|(calls, _)| *calls > 0)
        .map(|(calls, lack)| format!("{} with {lack}", counted(calls, "call", "calls")))
        .collect()
}

fn predictions(document: &Backtest, later: u64, screen: &mut Screen) {
    screen.heading("Calls");
    let of_later = |calls| percent(Share::of_counts(calls, later));
    let (exact, over, under) = (document.exact_calls, document.over_calls, document.under_calls);
    for (name, calls, share, remark) in [
        ("predicted exactly", exact, of_later(exact), ""),
        ("more predicted", over, of_later(over), "the provider no longer had it"),
        ("less predicted", under, of_later(under), "it had more than the log shows"),
        ("cold starts", document.cold_start_calls, String::new(), "first calls, counted apart"),
    ] {
        let figures = format!("  {name:<NAMES$}{:>FIGURE$}{share:>9}", whole(calls));
        let line = format!("{figures}  {remark}");
        let fits = display_width(&line) <= screen.width();
        screen.row(if fits { &line } else { &figures }.trim_end());
    }
}

fn bills(document: &Backtest, screen: &mut Screen) {
    screen.heading("All of them, cold starts included");
    screen.column_names(&format!("  {:NAMES$}{:>FIGURE$}{:>FIGURE$}", "", "billed", "predicted"));
    let mut row = |name: &str, billed: String, predicted: String, gap: &str| {
        let line = format!("  {name:<NAMES$}{billed:>FIGURE$}{predicted:>FIGURE$}  {gap}");
        screen.row(line.trim_end());
    };
    let (billed, predicted) = (document.billed_input_cost_usd, document.predicted_input_cost_usd);
    row(
        "read of the input",
        percent(document.billed_read_share),
        percent(document.predicted_read_share),
        "",
    );
    let gap = gap(billed, predicted);
    let shown = gap.map_or_else(|| UNKNOWN_MARK.to_owned(), signed);
    row("cost of the input", dollars(billed), dollars(predicted), &shown);
    screen.blank();
    screen.paragraph(&meaning(gap, is_from_cold_starts(document)), 0);
}

/// The predicted input bill over the billed one, less one.
fn gap(billed: Option<NanoUsd>, predicted: Option<NanoUsd>) -> Option<Share> {
    let (billed, predicted) = (billed?, predicted?);
    Share::of_nano(NanoUsd::from_nano(predicted.nano() - billed.nano()), billed)
}

fn signed(gap: Share) -> String {
    let sign = if gap.millionths() > 0 { "+" } else { "" };
    format!("{sign}{}", gap.to_percent())
}

/// Whether predicted and billed reads lie further apart in cold starts than in
/// all other calls.
fn is_from_cold_starts(document: &Backtest) -> bool {
    let apart = |cold: bool| -> i128 {
        let calls = document.calls.iter().filter(|call| call.cold_start == cold);
        let reads = calls.map(|call| {
            i128::from(call.predicted_read_tokens.get()) - i128::from(call.billed_read_tokens.get())
        });
        reads.sum::<i128>().abs()
    };
    apart(true) > apart(false)
}

/// What the gap between the two bills says of everything replayed.
fn meaning(gap: Option<Share>, from_cold_starts: bool) -> String {
    let Some(gap) = gap else {
        return "No input of these calls was billed: the replay cannot be calibrated.".to_owned();
    };
    let size = signed(gap);
    match gap.millionths() {
        ..=CHEAPER | DEARER.. if from_cold_starts => format!(
            "Calibration {size}, most of it from cold starts: the log does not show what the \
             caches held before them, and a longer one would tell more."
        ),
        ..=CHEAPER => format!(
            "Calibration {size}: a replay by the published rules reads more than this provider \
             did, so what it says caching costs on this traffic is low by about that much."
        ),
        DEARER.. => format!(
            "Calibration {size}: this provider read more than the log explains, so what a replay \
             says caching costs on this traffic is high by about that much."
        ),
        _ => format!(
            "Calibration {size}: the replay meets the bill, so what it says of caching on this \
             traffic rests on reads that were really billed."
        ),
    }
}

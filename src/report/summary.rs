//! The sentences that open every report for people: what it cost, what was
//! read, and what became of every log record.
//!
//! Plain text without a paragraph's width or markup; a path in it is as the
//! document has it, so that each report escapes it in its own way.

use std::collections::{BTreeMap, BTreeSet};

use super::document::{Document, Evidence, Input, ONE_DAY, Quotient, Window};
use super::figures::{bytes, counted, dollars, percent, tokens, tokens_short, whole};
use crate::units::Tokens;

/// The cost, the calls and the time they cover, in one line.
pub fn headline(document: &Document) -> String {
    let totals = &document.totals;
    let calls = totals.calls;
    let window = if document.is_described() {
        ", a month as described".to_owned()
    } else {
        window(&document.window)
    };
    let over = match calls {
        Some(0) => {
            return document
                .billed
                .as_ref()
                .map_or_else(|| "No calls found".to_owned(), super::bills::billed);
        }
        Some(number) => counted(number, "call", "calls"),
        None => "an unknown number of calls".to_owned(),
    };
    let Some(cost) = totals.cost_usd else {
        return format!("Cost unknown over {over}{window}");
    };
    let at_least = if document.cost_is_partial() { "At least " } else { "" };
    format!("{at_least}{} over {over}{window}", cost.to_display())
}

/// What the headline's cost rests on and leaves out, a sentence each.
pub fn headline_notes(document: &Document) -> Vec<String> {
    let totals = &document.totals;
    let mut notes = Vec::new();
    if totals.input_tokens.is_some() || totals.output_tokens.is_some() {
        let read = document.metrics.cache_read_share;
        let cached = read
            .map_or_else(String::new, |share| format!(" ({} read from cache)", share.to_percent()));
        notes.push(format!(
            "{} input tokens{cached}, {} output tokens",
            tokens(totals.input_tokens),
            tokens(totals.output_tokens)
        ));
    }
    notes.extend(unpriced(document));
    match (totals.logged_cost_usd, totals.cost_usd) {
        (Some(logged), Some(cost)) if logged == cost => {
            notes.push("The log itself states the same cost".to_owned());
        }
        (Some(logged), _) => notes.push(format!("The log itself states {}", dollars(Some(logged)))),
        (None, _) => {}
    }
    if totals.calls == Some(0) {
        // Nothing was priced.
        return notes;
    }
    let grade = totals.cost_evidence.unwrap_or_default();
    match (&document.prices.as_of, totals.cost_usd) {
        (Some(day), Some(_)) if grade == Evidence::Measured => {
            notes.push(format!("Prices as of {day}"));
        }
        (Some(day), Some(_)) => {
            notes.push(format!("Prices as of {day}; the cost is {}", grade.name()));
        }
        _ => {}
    }
    notes
}

/// What a folder without any log is told.
pub const NO_FILE: &str = "No file there has a log's ending, such as .jsonl, .json or .csv: check the path, or name the files";

/// What a cost that is a lower bound leaves out.
fn unpriced(document: &Document) -> Option<String> {
    let missing = document.totals.unpriced_calls;
    if missing == 0 || document.totals.cost_usd.is_none() {
        return None;
    }
    let models = &document.prices.unpriced_models;
    let input: Tokens = models.iter().filter_map(|model| model.input_tokens).sum();
    let output: Tokens = models.iter().filter_map(|model| model.output_tokens).sum();
    let tokens = if input.is_zero() && output.is_zero() {
        String::new()
    } else {
        let (input, output) = (tokens_short(Some(input)), tokens_short(Some(output)));
        format!(" ({input} input and {output} output tokens)")
    };
    // An export that does not count its calls counts as one where it is unpriced.
    let missing = if document.input.buckets > 0 {
        counted(missing, "call or bucket", "calls or buckets")
    } else {
        counted(missing, "call", "calls")
    };
    Some(format!("Not in the cost: {missing}{tokens}"))
}

/// The time that the calls cover, as the end of a sentence; empty without any.
pub fn window(window: &Window) -> String {
    let length = window.days.map(duration);
    let day = |time: &Option<String>| {
        time.as_deref().map(|time| time.chars().take(10).collect::<String>())
    };
    match (day(&window.start), day(&window.end), length) {
        (Some(start), Some(end), Some(length)) if start == end => format!(", {start} ({length})"),
        (Some(start), Some(end), Some(length)) => format!(", {start} to {end} ({length})"),
        (Some(start), Some(end), None) => format!(", {start} to {end}"),
        (_, _, Some(length)) => format!(", {length} without dates"),
        _ => String::new(),
    }
}

/// A number of days in the unit that suits it.
fn duration(days: Quotient) -> String {
    const DAY: i128 = 1_000_000;
    let (per_day, name) = match days.millionths() {
        0 => return "one instant".to_owned(),
        // A shorter log counts as a day, so more is not known here.
        _ if days == ONE_DAY => return "up to a day".to_owned(),
        DAY.. => (1, "days"),
        41_667..DAY => (24, "hours"),
        695..41_667 => (1_440, "minutes"),
        _ => (86_400, "seconds"),
    };
    let scaled = u64::try_from(days.millionths() * per_day).unwrap_or(u64::MAX);
    let shown = Quotient::of_counts(scaled, 1_000_000)
        .map_or_else(String::new, |value| value.to_display(1));
    format!("{shown} {name}")
}

/// What became of the log records: the promise that nothing disappears.
pub fn accounting(input: &Input) -> String {
    format!(
        "{} = {} + {} + {} ignored + {} rejected",
        counted(input.lines, "line", "lines"),
        counted(input.calls, "call", "calls"),
        counted(input.duplicates, "duplicate", "duplicates"),
        whole(input.ignored),
        whole(input.rejected)
    )
}

/// The files, their size and their formats, in one line.
pub fn files(input: &Input) -> String {
    let size = input.files.iter().fold(0_u64, |sum, file| sum.saturating_add(file.bytes));
    let formats: BTreeSet<&str> =
        input.files.iter().filter_map(|file| file.format.as_deref()).collect();
    let formats: Vec<&str> = formats.into_iter().collect();
    let colon = if formats.is_empty() { "" } else { ": " };
    let files = counted(input.files.len() as u64, "file", "files");
    format!("in {files}, {}{colon}{}", bytes(size), formats.join(", "))
}

/// What the accounting counts in a way that needs a word.
pub fn accounting_notes(input: &Input) -> Vec<String> {
    let mut notes = Vec::new();
    if input.child_calls > 0 {
        let children = counted(input.child_calls, "more call was", "more calls were");
        notes.push(format!("{children} split off these records"));
    }
    if input.buckets > 0 {
        let buckets =
            counted(input.buckets, "of the records is a bucket", "of the records are buckets");
        notes.push(format!("{buckets} of a usage export, counting many calls each"));
    }
    if input.restated > 0 {
        let calls = counted(input.restated, "duplicate is a call", "duplicates are calls");
        notes.push(format!("{calls} that another system logged too"));
    }
    if input.charges > 0 {
        let charges =
            counted(input.charges, "of the records is a line", "of the records are lines");
        notes.push(format!("{charges} of a bill: no call, and no part of the cost"));
    }
    if input.joined > 0 {
        let halves =
            counted(input.joined, "ignored record is a request", "ignored records are requests");
        notes.push(format!("{halves} whose answer was found elsewhere"));
    }
    notes
}

/// Why records were ignored, over all files, most lines first.
pub fn ignored_reasons(input: &Input) -> Vec<(&str, u64)> {
    let mut lines_by_reason: BTreeMap<&str, u64> = BTreeMap::new();
    for ignored in input.files.iter().flat_map(|file| &file.ignored_reasons) {
        *lines_by_reason.entry(&ignored.reason).or_default() += ignored.lines;
    }
    let mut reasons: Vec<_> = lines_by_reason.into_iter().collect();
    // Stable: reasons of equal weight stay in alphabetical order.
    reasons.sort_by_key(|(_, lines)| std::cmp::Reverse(*lines));
    reasons
}

/// Who is heavy, a sentence each.
pub fn users(document: &Document) -> Vec<String> {
    let Some(users) = &document.users else { return Vec::new() };
    let mut notes = Vec::new();
    if let Some(tenth) = users.top_10_percent_cost_share {
        let top = users.top_1_percent_cost_share;
        let of = counted(users.count, "user", "users");
        match users.count {
            0 | 1 => {}
            // One user is more than a tenth, or just that.
            2..=10 => {
                notes.push(format!("Of {of}, the heaviest causes {} of the cost", percent(top)));
            }
            _ => notes.push(format!(
                "Of {of}, the heaviest 1 % cause {} of the cost, the heaviest 10 % {}",
                percent(top),
                tenth.to_percent()
            )),
        }
    }
    if !users.above_plan.is_empty() {
        let number = users.above_plan.len() as u64;
        notes.push(format!(
            "{} more than their plan pays",
            counted(number, "user costs", "users cost")
        ));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::{ONE_DAY, Quotient, duration, window};
    use crate::report::document::Window;

    #[test]
    fn a_stretch_of_time_has_the_unit_that_suits_it() {
        // In minutes: 3,024 = 2.1 days; 192 = 3.2 hours; 12; 0.5 = 30 s.
        for (minutes_times_10, shown) in
            [(30_240, "2.1 days"), (1_920, "3.2 hours"), (120, "12.0 minutes"), (5, "30.0 seconds")]
        {
            let days = Quotient::of_counts(minutes_times_10, 14_400);
            assert_eq!(days.map(duration).as_deref(), Some(shown));
        }
        assert_eq!(duration(ONE_DAY), "up to a day");
    }

    #[test]
    fn a_window_without_dates_says_so() {
        let undated = Window { days: Quotient::of_counts(1, 24), ..Window::default() };
        assert_eq!(window(&undated), ", 1.0 hours without dates");
        assert_eq!(window(&Window::default()), "");
    }
}

//! A comment for a pull request, and the same for a step's summary.
//!
//! Opens with a hidden mark, so that the next run can replace it, and holds
//! nothing that two runs over the same log would write differently. Services cut
//! or refuse long comments, so rows of details are left out, and counted, before
//! that happens. Everything that a log wrote is escaped to its literal text.

use std::io::{self, Write};

use super::facts::{
    Severity, complaints, cost_in_log, known_how, limit, moved_by, moved_by_name, not_judged, of,
    priced, severity, slice, verdict, window,
};
use super::kind::CheckKind;
use super::renderer::{CheckOptions, CheckRenderer};
use crate::report::document::{Check, Counts, Judgement, Outcome, Quantity, Status};
use crate::report::escape::{markdown_comment as escape, plain};
use crate::report::figures::{UNKNOWN_MARK, counted, whole};
use crate::units::{NanoUsd, Share};

/// Bytes of the longest comment: GitHub takes 65,536 characters.
const LONGEST_COMMENT: usize = 60_000;
/// Columns that a name from the log may take.
const LONGEST_NAME: usize = 100;
/// Columns that a sentence may take.
const LONGEST_SENTENCE: usize = 400;

/// Writes the check as a comment.
#[derive(Clone, Copy, Debug)]
pub struct Markdown;

impl CheckRenderer for Markdown {
    fn id(&self) -> CheckKind {
        CheckKind::Markdown
    }

    fn render(&self, check: &Check, options: &CheckOptions, out: &mut dyn Write) -> io::Result<()> {
        let mut comment = Comment {
            head: format!("{}\n### {}", options.comment_tag.mark(), escape(&headline(check))),
            sections: sections(check),
            foot: footer(check),
        };
        comment.shorten();
        comment.write(out)
    }
}

/// What can be cut stands in sections, what cannot in head and foot.
#[derive(Debug)]
struct Comment {
    head: String,
    sections: Vec<Section>,
    foot: String,
}

/// Lines under a line that names them.
#[derive(Debug, Default)]
struct Section {
    /// The line that opens and closes the section, where it has one.
    summary: Option<String>,
    /// The lines before the rows: names of columns.
    header: String,
    rows: Vec<String>,
    left_out: usize,
    /// The lower, the earlier its rows are left out.
    worth: u8,
}

impl Comment {
    fn shorten(&mut self) {
        // Room for what is said of the rows left out, once in every section.
        let notes = self.sections.len() * 80;
        let length = self.head.len() + self.foot.len() + notes + 16;
        let length = length + self.sections.iter().map(Section::length).sum::<usize>();
        let mut excess = length.saturating_sub(LONGEST_COMMENT);
        let mut order: Vec<&mut Section> = self.sections.iter_mut().collect();
        order.sort_by_key(|section| section.worth);
        for section in order {
            while excess > 0 {
                let Some(row) = section.rows.pop() else { break };
                section.left_out += 1;
                excess = excess.saturating_sub(row.len() + 1);
            }
        }
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}", self.head)?;
        for section in &self.sections {
            section.write(out)?;
        }
        writeln!(out, "\n{}", self.foot)
    }
}

impl Section {
    fn length(&self) -> usize {
        let frame = self.summary.as_ref().map_or(0, |summary| summary.len() + 64);
        frame + self.header.len() + 4 + self.rows.iter().map(|row| row.len() + 1).sum::<usize>()
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.rows.is_empty() && self.left_out == 0 {
            return Ok(());
        }
        writeln!(out)?;
        if let Some(summary) = &self.summary {
            writeln!(out, "<details><summary>{summary}</summary>\n")?;
        }
        if !self.rows.is_empty() {
            writeln!(out, "{}{}", self.header, self.rows.join("\n"))?;
        }
        if self.left_out > 0 {
            let count = counted(self.left_out as u64, "row", "rows");
            writeln!(out, "\n*{count} left out to keep this comment short*")?;
        }
        if self.summary.is_some() {
            writeln!(out, "\n</details>")?;
        }
        Ok(())
    }
}

/// What it costs, how that changed, and the answer.
fn headline(check: &Check) -> String {
    let answer = match check.outcome {
        Outcome::Over => over(&check.counts),
        Outcome::NotJudged => "could not be judged".to_owned(),
        Outcome::Within if check.counts.warnings > 0 => "within budget, with warnings".to_owned(),
        Outcome::Within => "within budget".to_owned(),
    };
    format!("LLM cost{} - {answer}", cost(check))
}

/// How many rules are over: the cost beside it need not be one of them.
fn over(counts: &Counts) -> String {
    let over = if counts.errors > 0 { counts.errors } else { counts.warnings };
    let judged = counts.errors + counts.warnings + counts.passed + counts.ignored;
    format!("over budget ({} of {})", whole(over), counted(judged, "rule", "rules"))
}

fn cost(check: &Check) -> String {
    let now = &check.subject;
    let bound = if now.unpriced_calls > 0 { "at least " } else { "" };
    let Some(month) = now.month_usd else {
        let cost = now.cost_usd.map(|cost| format!(": {bound}{} in the log", cost.to_display()));
        return cost.unwrap_or_default();
    };
    let before = check.baseline.as_ref().and_then(|baseline| baseline.month_usd);
    let change = before.map_or_else(String::new, |before| change(month, before));
    format!(": {bound}{}/month{change}", month.to_display())
}

/// How an amount changed: ` (+$241.00, +5.3 %)`.
fn change(now: NanoUsd, before: NanoUsd) -> String {
    let difference = now - before;
    if difference == NanoUsd::ZERO {
        return " (unchanged)".to_owned();
    }
    let sign = if difference > NanoUsd::ZERO { "+" } else { "" };
    let percent = Share::of_nano(difference, before);
    let percent =
        percent.map_or_else(String::new, |share| format!(", {sign}{}", share.to_percent()));
    format!(" ({sign}{}{percent})", difference.to_display())
}

fn sections(check: &Check) -> Vec<Section> {
    let mut sections = vec![refusals(check), budgets(check), complaints_told(check)];
    sections.extend([unjudged(check), ignored(check), passed(check), questions(check)]);
    sections.push(warnings(check));
    sections
}

fn refusals(check: &Check) -> Section {
    let told = check
        .refusals
        .iter()
        .map(|refusal| format!("- **{}** {}", escape(&refusal.code), sentence(&refusal.message)));
    Section { rows: told.collect(), worth: 7, ..Section::default() }
}

/// The rules that are over or near; where none is, a line that says so.
fn budgets(check: &Check) -> Section {
    let rows: Vec<String> =
        complaints(check).into_iter().map(|(_, judgement)| row(judgement)).collect();
    if rows.is_empty() {
        let line = if check.counts.passed > 0 {
            "Every budget that could be judged is within its limit."
        } else {
            "No budget could be judged."
        };
        return Section { rows: vec![line.to_owned()], worth: 7, ..Section::default() };
    }
    Section { header: table_header(), rows, worth: 6, ..Section::default() }
}

fn table_header() -> String {
    "| Budget | Limit | Now | Baseline | |\n|---|---:|---:|---:|---|\n".to_owned()
}

fn row(judgement: &Judgement) -> String {
    let shown = |value: Option<Quantity>| {
        value.map_or_else(|| UNKNOWN_MARK.to_owned(), Quantity::to_display)
    };
    let limit = judgement.limit.as_ref().map_or_else(|| UNKNOWN_MARK.to_owned(), limit);
    let status = match (judgement.status, severity(judgement)) {
        (Status::Over, Some(Severity::Error)) => "**over**",
        (Status::Over, _) => "over (warning)",
        (Status::Near, _) => "near",
        (Status::NotJudged, _) => "not judged",
        (Status::Ignored, _) => "ignored",
        (Status::Within, _) => "within",
    };
    let note = judgement.note.as_deref().map(|note| format!(": {}", sentence(note)));
    let note = note.filter(|_| judgement.status == Status::Within).unwrap_or_default();
    format!(
        "| {} | {} | {} | {} | {status}{note} |",
        budget(judgement),
        escape(&limit),
        escape(&shown(judgement.measured)),
        escape(&shown(judgement.baseline)),
    )
}

/// What is measured, and of which calls.
fn budget(judgement: &Judgement) -> String {
    let measure = escape(&plain(&judgement.measure, LONGEST_NAME));
    if judgement.filters.is_empty() {
        return measure;
    }
    format!("{measure}, {}", escape(&plain(&slice(judgement), LONGEST_NAME)))
}

fn sentence(text: &str) -> String {
    escape(&plain(text, LONGEST_SENTENCE))
}

/// A sentence with commands in backticks shown as code. What could be anything
/// but a command is escaped with its backticks.
fn with_code(text: &str) -> String {
    let is_command = |text: &str| {
        text.starts_with("tokopt ")
            && text.chars().all(|letter| letter.is_ascii_alphanumeric() || " -_.".contains(letter))
    };
    let text = plain(text, LONGEST_SENTENCE);
    let pieces: Vec<&str> = text.split('`').collect();
    if !pieces.iter().skip(1).step_by(2).all(|piece| is_command(piece)) {
        return escape(&text);
    }
    // Escaping trims: the blank beside a command stays.
    let blank = |is_there: bool| if is_there { " " } else { "" };
    let words = |words: &str| {
        let (before, after) = (words.starts_with(' '), words.len() > 1 && words.ends_with(' '));
        format!("{}{}{}", blank(before), escape(words), blank(after))
    };
    let shown = pieces.iter().enumerate().map(|(index, piece)| match index % 2 {
        0 => words(piece),
        _ => format!("`{piece}`"),
    });
    shown.collect()
}

/// Each complaint in a sentence, with what moved it and what helps.
fn complaints_told(check: &Check) -> Section {
    let told = complaints(check).into_iter().map(|(severity, judgement)| {
        let known = known_how(judgement).map(|known| format!(" ({})", escape(&known)));
        let mut parts =
            vec![format!("{}{}", sentence(&judgement.message), known.unwrap_or_default())];
        let moved = moved_by(judgement)
            .map(|movers| format!("{}: {}", moved_by_name(judgement), sentence(&movers)));
        parts.extend(moved);
        parts.extend(judgement.help.as_deref().map(|help| format!("help: {}", with_code(help))));
        let code = escape(&judgement.code);
        format!("- {} **{code}**: {}", severity.name(), parts.join("; "))
    });
    Section { rows: told.collect(), worth: 5, ..Section::default() }
}

fn unjudged(check: &Check) -> Section {
    let groups = not_judged(check);
    let rows = groups.iter().flat_map(|(reason, judgements)| {
        let reason = sentence(reason);
        judgements.iter().map(move |judgement| format!("| {} | {reason} |", budget(judgement)))
    });
    Section {
        summary: Some(format!("{} not judged", whole(check.counts.not_judged))),
        header: "| Budget | Why not |\n|---|---|\n".to_owned(),
        rows: rows.collect(),
        worth: 4,
        ..Section::default()
    }
}

fn ignored(check: &Check) -> Section {
    let rows = of(check, Status::Ignored).into_iter().map(|judgement| {
        let reason = judgement.reason.as_deref().unwrap_or(UNKNOWN_MARK);
        let message = sentence(&judgement.message);
        format!("| {} | {message} | {} |", budget(judgement), sentence(reason))
    });
    Section {
        summary: Some(format!("{} ignored", whole(check.counts.ignored))),
        header: "| Budget | Found | Ignored because |\n|---|---|---|\n".to_owned(),
        rows: rows.collect(),
        worth: 3,
        ..Section::default()
    }
}

fn passed(check: &Check) -> Section {
    Section {
        summary: Some(format!("{} passed", whole(check.counts.passed))),
        header: table_header(),
        rows: of(check, Status::Within).into_iter().map(row).collect(),
        worth: 1,
        ..Section::default()
    }
}

fn questions(check: &Check) -> Section {
    let rows = check.questions.iter().map(|question| {
        let evidence = question.evidence.map(|evidence| format!(" ({})", evidence.name()));
        format!(
            "- {} **{}**{}",
            sentence(&question.question),
            sentence(&question.answer),
            evidence.unwrap_or_default()
        )
    });
    Section {
        summary: Some("Questions of the month".to_owned()),
        rows: rows.collect(),
        worth: 2,
        ..Section::default()
    }
}

fn warnings(check: &Check) -> Section {
    let rows = check.warnings.iter().map(|warning| format!("- {}", sentence(&warning.message)));
    Section {
        summary: Some("Before trusting a figure".to_owned()),
        rows: rows.collect(),
        worth: 0,
        ..Section::default()
    }
}

/// The answer in counts, the log's time, what is priced, prices and version.
fn footer(check: &Check) -> String {
    let subject = &check.subject;
    let mut parts = vec![verdict(check)];
    parts.extend(window(subject));
    parts.extend(priced(subject));
    parts.extend(cost_in_log(subject));
    parts.extend(subject.prices_as_of.as_deref().map(|day| format!("prices as of {day}")));
    parts.push(format!("tokopt {}", check.tool_version));
    let text: Vec<String> = parts.iter().map(|part| sentence(part)).collect();
    text.join(" · ")
}

#[cfg(test)]
mod tests {
    use super::with_code;

    #[test]
    fn only_commands_are_code() {
        for (text, shown) in [
            ("`tokopt explain TK103` says more", "`tokopt explain TK103` says more"),
            (
                "it saves: `tokopt explain model-routing`",
                "it saves: `tokopt explain model-routing`",
            ),
            ("`<b>` is no command", "\\`&lt;b&gt;\\` is no command"),
            ("`tokopt <b>`", "\\`tokopt &lt;b&gt;\\`"),
            ("a feature called a`b", "a feature called a\\`b"),
        ] {
            assert_eq!(with_code(text), shown);
        }
    }
}

//! What an inspection says, in words: the same for every kind of report.
//!
//! Knows no layout. Names from a log stand as the document has them.

use super::document::{
    ClockKind, Field, IgnoredReason, InspectedFile, Inspection, Raise, RejectedReason,
    TechniqueReach, Verdict,
};
use super::escape::plain_end;
use super::figures::{counted, percent, whole};
use super::summary::NO_FILE;
use crate::units::Share;

/// Reasons of a kind that are told one by one.
const MOST_REASONS: usize = 4;
/// Files in no known format that are named one by one.
const MOST_UNKNOWN: usize = 10;
/// Columns of a path inside a sentence.
const LONGEST_PATH: usize = 40;
/// Things to log first, at most.
const MOST_FIRST: usize = 3;

/// Files that are told together.
#[derive(Debug)]
pub struct Kind<'d> {
    /// The files.
    pub files: Vec<&'d InspectedFile>,
    /// What holds for all of them, and their sums.
    pub sum: InspectedFile,
}

/// The files, one by one where they are at most `most`, else by what they were
/// recognised as.
pub fn kinds(document: &Inspection, most: usize) -> Vec<Kind<'_>> {
    let is_few = document.files.len() <= most;
    let mut kinds: Vec<Kind<'_>> = Vec::new();
    for file in &document.files {
        let same = |kind: &&mut Kind<'_>| {
            let sum = &kind.sum;
            !is_few && sum.format == file.format && sum.also_claimed_by == file.also_claimed_by
        };
        match kinds.iter_mut().find(same) {
            Some(kind) => kind.take_in(file),
            None => kinds.push(Kind { files: vec![file], sum: file.clone() }),
        }
    }
    kinds
}

impl<'d> Kind<'d> {
    fn take_in(&mut self, file: &'d InspectedFile) {
        self.files.push(file);
        let sum = &mut self.sum;
        if sum.calls == 0 {
            // Without calls nothing is known of fields.
            sum.fields.clone_from(&file.fields);
        } else if file.calls > 0 {
            for (field, more) in sum.fields.iter_mut().zip(&file.fields) {
                field.calls += more.calls;
            }
        }
        if sum.known_by.is_empty() {
            sum.known_by.clone_from(&file.known_by);
        }
        for (sum, more) in [
            (&mut sum.lines, file.lines),
            (&mut sum.calls, file.calls),
            (&mut sum.kept, file.kept),
            (&mut sum.buckets, file.buckets),
            (&mut sum.charges, file.charges),
            (&mut sum.duplicates, file.duplicates),
            (&mut sum.ignored, file.ignored),
            (&mut sum.rejected, file.rejected),
        ] {
            *sum += more;
        }
        merge_ignored(&mut sum.ignored_reasons, &file.ignored_reasons);
        merge_rejected(&mut sum.rejected_reasons, &file.rejected_reasons);
        if sum.clock == file.clock || sum.clock.is_none() {
            sum.first_time = earlier(sum.first_time.take(), file.first_time.clone());
            sum.last_time = sum.last_time.take().max(file.last_time.clone());
            sum.clock = sum.clock.or(file.clock);
        } else if file.clock.is_some() {
            sum.clock = Some(ClockKind::Mixed);
        }
        let calls = sum.calls;
        for field in &mut sum.fields {
            field.share = Share::of_counts(field.calls, calls).unwrap_or(field.share);
        }
    }
}

/// RFC 3339 in UTC sorts as text.
fn earlier(one: Option<String>, other: Option<String>) -> Option<String> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

fn merge_ignored(sum: &mut Vec<IgnoredReason>, more: &[IgnoredReason]) {
    for reason in more {
        match sum.iter_mut().find(|known| known.reason == reason.reason) {
            Some(known) => known.lines += reason.lines,
            None => sum.push(reason.clone()),
        }
    }
}

fn merge_rejected(sum: &mut Vec<RejectedReason>, more: &[RejectedReason]) {
    for reason in more {
        match sum.iter_mut().find(|known| known.reason == reason.reason) {
            Some(known) => known.lines += reason.lines,
            None => sum.push(reason.clone()),
        }
    }
}

/// What was looked at.
pub fn headline(document: &Inspection) -> String {
    let mut parts = vec![counted(document.files.len() as u64, "file", "files")];
    let holds = [
        (document.calls, "call", "calls"),
        (document.buckets, "sum of a period", "sums of periods"),
        (document.charges, "billed amount", "billed amounts"),
    ];
    let held = holds.into_iter().filter(|(count, _, _)| *count > 0);
    parts.extend(held.map(|(count, one, more)| counted(count, one, more)));
    if parts.len() == 1 {
        parts.push("no call".to_owned());
    }
    parts.join(", ")
}

/// What a file is and how that is known.
pub fn recognition(kind: &Kind<'_>) -> Vec<String> {
    let file = &kind.sum;
    let Some(format) = &file.format else {
        let mut lines = vec!["in no known format: see the rejection".to_owned()];
        if kind.files.len() > 1 {
            lines.extend(kind.files.iter().take(MOST_UNKNOWN).map(|file| file.path.clone()));
            if let Some(more @ 1..) = kind.files.len().checked_sub(MOST_UNKNOWN) {
                lines.push(counted(more as u64, "more file", "more files"));
            }
        }
        return lines;
    };
    if format == "empty" {
        return vec!["empty: no record is in it".to_owned()];
    }
    let mut lines = vec![if file.forced {
        format!("{format}, as --input-format says")
    } else if file.known_by.is_empty() {
        format!("{format}, known by its shape")
    } else {
        format!("{format}, known by its fields {}", file.known_by.join(", "))
    }];
    if kind.files.len() > 1
        && let Some(first) = kind.files.first()
    {
        lines.push(format!("the first: {}", first.path));
    }
    if !file.also_claimed_by.is_empty() {
        lines.push(format!(
            "also looks like {}: --input-format reads it so",
            file.also_claimed_by.join(" and ")
        ));
    }
    lines
}

/// What became of a file's records.
///
/// `None` where the recognition has said that there are none.
pub fn accounting(file: &InspectedFile) -> Option<String> {
    if file.lines == 0 {
        let is_empty = file.format.as_deref() == Some("empty");
        return (!is_empty).then(|| "no record is in it".to_owned());
    }
    let kept = file.kept - file.buckets - file.charges;
    let parts = [
        (kept, "call", "calls"),
        (file.buckets, "sum of a period", "sums of periods"),
        (file.charges, "billed amount", "billed amounts"),
        (file.duplicates, "duplicate", "duplicates"),
        (file.ignored, "ignored", "ignored"),
        (file.rejected, "rejected", "rejected"),
    ];
    let parts = parts.into_iter().filter(|(count, _, _)| *count > 0);
    let parts: Vec<String> = parts.map(|(count, one, more)| counted(count, one, more)).collect();
    let inside = file.calls.saturating_sub(kept);
    let inside = if inside > 0 {
        format!("; {} inside others", counted(inside, "more call", "more calls"))
    } else {
        String::new()
    };
    Some(format!("{}: {}{inside}", counted(file.lines, "record", "records"), parts.join(", ")))
}

/// Why records were set aside, the commonest first.
pub fn reasons(kind: &Kind<'_>) -> Vec<String> {
    let file = &kind.sum;
    let mut lines = Vec::new();
    let mut ignored: Vec<&IgnoredReason> = file.ignored_reasons.iter().collect();
    ignored.sort_by_key(|reason| std::cmp::Reverse(reason.lines));
    let mut left = file.ignored;
    for reason in ignored.into_iter().take(MOST_REASONS) {
        left = left.saturating_sub(reason.lines);
        lines.push(format!("ignored {}: {}", whole(reason.lines), reason.reason));
    }
    if left > 0 {
        lines.push(format!("ignored {} for other reasons", whole(left)));
    }
    let mut rejected: Vec<&RejectedReason> = file.rejected_reasons.iter().collect();
    rejected.sort_by_key(|reason| std::cmp::Reverse(reason.lines));
    let mut left = file.rejected;
    for reason in rejected.into_iter().take(MOST_REASONS) {
        left = left.saturating_sub(reason.lines);
        let place = first_place(kind, reason);
        lines.push(format!("rejected {}: {}{place}", whole(reason.lines), reason.reason));
    }
    if left > 0 {
        // Only the first of each file are kept with their reason.
        lines.push(format!("rejected {} more", whole(left)));
    }
    lines
}

/// Where a reason was met first, in parentheses; empty where it is about the
/// whole of the one file.
fn first_place(kind: &Kind<'_>, reason: &RejectedReason) -> String {
    let has_it = |file: &&&InspectedFile| {
        file.rejected_reasons.iter().any(|known| known.reason == reason.reason)
    };
    match kind.files.iter().find(has_it) {
        Some(file) if kind.files.len() > 1 && file.format.is_none() => {
            format!(" (the first: {})", plain_end(&file.path, LONGEST_PATH))
        }
        Some(file) if kind.files.len() > 1 => {
            format!(" (the first: {}:{})", plain_end(&file.path, LONGEST_PATH), reason.first_line)
        }
        _ if kind.sum.format.is_none() => String::new(),
        _ => format!(" (the first in line {})", whole(reason.first_line)),
    }
}

/// What readers noticed.
pub fn notes(document: &Inspection) -> Vec<String> {
    let notes = document.notes.iter().map(|note| {
        let records = match note.code.as_str() {
            "OTHER_FILES" | "OTHER_FORMAT" => counted(note.records, "file", "files"),
            _ => counted(note.records, "record", "records"),
        };
        format!("{} ({}, {records})", note.message, note.code)
    });
    let nothing = document.files.is_empty().then(|| NO_FILE.to_owned());
    nothing.into_iter().chain(notes).collect()
}

/// What some files are called.
pub fn title(kind: &Kind<'_>) -> String {
    match kind.files.as_slice() {
        [only] if only.path == "-" => "standard input".to_owned(),
        [only] => only.path.clone(),
        files => {
            let format = kind.sum.format.as_deref().unwrap_or("in no known format");
            format!("{}: {format}", counted(files.len() as u64, "file", "files"))
        }
    }
}

/// What would raise a technique, and to what.
pub fn raise(raise: &Raise) -> String {
    format!("{}: {}", raise.action, verdict(raise.to))
}

/// Between which times a file's records lie.
pub fn span(file: &InspectedFile) -> Option<String> {
    let (first, last) = (file.first_time.as_ref()?, file.last_time.as_ref()?);
    let clock = match file.clock? {
        ClockKind::Dates => "UTC",
        ClockKind::Relative => "a clock without a date: --epoch gives it one",
        ClockKind::Mixed => "UTC; some times have no date: --epoch gives them one",
    };
    let first = first.trim_end_matches('Z');
    let last = last.trim_end_matches('Z');
    Some(if first == last {
        format!("at {first} ({clock})")
    } else {
        format!("{first} to {last} ({clock})")
    })
}

/// Fields by how many calls carry them.
#[derive(Debug, Default)]
pub struct CarriedBy {
    /// All calls do.
    pub every: Vec<String>,
    /// Some do, with their share.
    pub some: Vec<String>,
    /// None does.
    pub none: Vec<String>,
}

/// Sorts the fields of a file by how many of its calls carry them.
pub fn carried(file: &InspectedFile) -> CarriedBy {
    let fields = &file.fields;
    let mut carried = CarriedBy::default();
    let calls = |field| fields.iter().find(|share| share.field == field).map_or(0, |f| f.calls);
    // Of the ways to log a prompt, only those that are there, or the best.
    let has_prompts = calls(Field::PromptTextsWithoutHead) + calls(Field::PromptBlocks) > 0;
    for share in fields {
        let name = field(share.field);
        let is_aside = match share.field {
            Field::PromptTextsWithoutHead | Field::PromptBlocks | Field::OtherTier => true,
            Field::PromptTexts => has_prompts,
            Field::WriteLifetimes => calls(Field::CacheWrites) == 0,
            _ => false,
        };
        if share.calls == file.calls {
            carried.every.push(name.to_owned());
        } else if share.calls > 0 {
            carried.some.push(format!("{name} ({})", percent(Some(share.share))));
        } else if !is_aside {
            carried.none.push(name.to_owned());
        }
    }
    carried
}

/// A field's name for people.
pub const fn field(field: Field) -> &'static str {
    match field {
        Field::Time => "time",
        Field::Model => "model",
        Field::Provider => "provider",
        Field::RequestId => "request id",
        Field::Session => "session",
        Field::User => "user",
        Field::Account => "account",
        Field::Feature => "feature",
        Field::InputTokens => "input tokens",
        Field::OutputTokens => "output tokens",
        Field::CacheReads => "cache reads",
        Field::CacheWrites => "cache writes",
        Field::WriteLifetimes => "lifetimes of cache writes",
        Field::Reasoning => "reasoning tokens",
        Field::PromptTexts => "texts of prompts",
        Field::PromptTextsWithoutHead => "texts of prompts without system prompt and tools",
        Field::PromptBlocks => "blocks of prompts",
        Field::AnswerTexts => "texts of answers",
        Field::Tools => "tools offered",
        Field::MaxTokens => "max_tokens",
        Field::Temperature => "temperature",
        Field::Stream => "stream flag",
        Field::FinishReason => "finish reason",
        Field::OtherTier => "another tier than the standard one",
        Field::Latency => "latency",
        Field::FirstToken => "time to first token",
        Field::LoggedCost => "logged cost",
    }
}

/// A verdict in two words.
pub const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Measured => "measured",
        Verdict::Inferred => "inferred",
        Verdict::Assumed => "assumed",
        Verdict::RuledOut => "nothing to do",
        Verdict::Unknown => "not known",
    }
}

/// The reason that holds for every technique, told once.
pub fn common_reason(document: &Inspection) -> Option<String> {
    let reason = document.techniques.first()?.reason.as_ref()?;
    let is_common = |technique: &TechniqueReach| technique.reason.as_ref() == Some(reason);
    let holds = document.techniques.iter().all(is_common);
    holds.then(|| format!("{} ({})", reason.message, reason.code))
}

/// Calls that no technique can be tried on, and why.
pub fn not_replayed(document: &Inspection) -> Vec<String> {
    let mut lines: Vec<String> = common_reason(document).into_iter().collect();
    if !lines.is_empty() {
        return lines;
    }
    for (calls, lack, way_out) in [
        (document.untimed_calls, "no time", "log the time of each call"),
        (
            document.unpriced_calls,
            "no price",
            "log the model, or give its price with --prices FILE",
        ),
    ] {
        if calls > 0 {
            let calls = crate::units::counted_of(calls, document.calls, "call");
            lines.push(format!("no technique is tried on {calls} with {lack}: {way_out}"));
        }
    }
    lines
}

/// What a technique can act on, or why it cannot.
pub fn facts(document: &Inspection, technique: &TechniqueReach) -> String {
    let reason = technique.reason.as_ref();
    let reason = reason.map(|reason| format!("{} ({})", reason.message, reason.code));
    if technique.acting_calls == 0 {
        let is_told = common_reason(document).is_some();
        let reason = reason.filter(|_| !is_told).unwrap_or_default();
        return if technique.ruled_out_calls > 0 && technique.untold_calls > 0 {
            format!("{reason}; not known of {}", counted(technique.untold_calls, "call", "calls"))
        } else {
            reason
        };
    }
    let mut facts =
        vec![format!("{} of {} calls", whole(technique.acting_calls), whole(document.calls))];
    if let [_, _, ..] = technique.levers.as_slice() {
        let levers = technique.levers.iter();
        let levers: Vec<String> =
            levers.map(|lever| format!("{} {}", lever.lever, lever.evidence.name())).collect();
        facts.push(levers.join(", "));
    }
    if let Some(reason) = reason {
        facts.push(format!("analyze does not use it: {reason}"));
    }
    facts.join("; ")
}

/// The single things that raise most techniques, with what they raise.
pub fn first_to_log(document: &Inspection) -> Vec<String> {
    let mut raises: Vec<(&str, Vec<&str>)> = Vec::new();
    for technique in &document.techniques {
        for raise in technique.raised_by.iter().filter(|raise| raise.field.is_some()) {
            match raises.iter_mut().find(|(action, _)| *action == raise.action) {
                Some((_, raised)) => raised.push(&technique.technique),
                None => raises.push((&raise.action, vec![&technique.technique])),
            }
        }
    }
    raises.retain(|(_, raised)| raised.len() > 1);
    raises.sort_by_key(|(_, raised)| std::cmp::Reverse(raised.len()));
    let line = |(action, raised): &(&str, Vec<&str>)| {
        format!("{action}: {} of 8, {}", whole(raised.len() as u64), raised.join(", "))
    };
    raises.iter().take(MOST_FIRST).map(line).collect()
}

//! Recognises the format of a file from its opening.

use super::csv_rows;
use super::event_lines;
use super::format::{Format, Framing, Header, Sample};
use super::framing::{Layout, layout};
use super::json::Json;

/// Records that detection looks at.
const SAMPLED: usize = 20;

/// What a file was recognised as.
#[derive(Clone, Copy)]
pub(super) enum Detected<'a> {
    /// A format that reads it.
    Format(&'a dyn Format, Layout),
    /// Nothing but white space, or a CSV header without rows: no call, no fault.
    Empty,
    /// Nothing known; the JSON keys or columns it has may help.
    Unknown,
}

/// Recognises a file by the first of `formats` that claims it; `whole` says that
/// `head` is all of the file.
pub(super) fn detect<'a>(head: &[u8], whole: bool, formats: &[&'a dyn Format]) -> Detected<'a> {
    let head = head.strip_prefix("\u{feff}".as_bytes()).unwrap_or(head);
    let text = head.trim_ascii_start();
    if text.is_empty() {
        return if whole { Detected::Empty } else { Detected::Unknown };
    }
    if text.starts_with(b"{") || text.starts_with(b"[") {
        detect_json(head, formats)
    } else if [&b"data:"[..], b"event:", b"id:", b":"].iter().any(|start| text.starts_with(start)) {
        first(&Sample::Events(&events(head)), Layout::Streams, formats)
    } else {
        detect_csv(text, formats)
    }
}

fn detect_json<'a>(head: &[u8], formats: &[&'a dyn Format]) -> Detected<'a> {
    let layout = layout(Framing::Json, head);
    let objects = objects(head, layout);
    if objects.iter().any(|object| event_lines::is_event(*object)) {
        return first(&Sample::Events(&objects), Layout::Streams, formats);
    }
    match first(&Sample::Json(&objects), layout, formats) {
        Detected::Unknown if objects.is_empty() && head.trim_ascii() == b"[]" => Detected::Empty,
        Detected::Unknown if is_empty_page(&objects) => Detected::Empty,
        detected => detected,
    }
}

/// A page without elements: an export of a quiet period.
fn is_empty_page(objects: &[Json<'_>]) -> bool {
    const LISTS: [&str; 5] = ["data", "result", "results", "records", "observations"];
    !objects.is_empty()
        && objects.iter().all(|object| {
            LISTS.iter().any(|list| {
                object.get(list).is_some_and(|list| list.is_array() && list.items().is_empty())
            })
        })
}

fn detect_csv<'a>(text: &[u8], formats: &[&'a dyn Format]) -> Detected<'a> {
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let header = csv_rows::header(line);
    if header.columns.len() < 2 {
        return Detected::Unknown;
    }
    first(&Sample::Csv(&header), Layout::Rows, formats)
}

fn first<'a>(sample: &Sample<'_>, layout: Layout, formats: &[&'a dyn Format]) -> Detected<'a> {
    let fits = |format: &&&'a dyn Format| {
        let framing = match sample {
            Sample::Json(_) => Framing::Json,
            Sample::Csv(_) => Framing::Csv,
            Sample::Events(_) => Framing::EventStream,
        };
        format.framing() == framing && format.detect(sample)
    };
    formats.iter().find(fits).map_or(Detected::Unknown, |format| Detected::Format(*format, layout))
}

/// The first objects of a JSON file, the elements of a root array included.
fn objects(head: &[u8], layout: Layout) -> Vec<Json<'_>> {
    if layout == Layout::Lines {
        return head
            .split(|byte| *byte == b'\n')
            .map(<[u8]>::trim_ascii)
            .filter(|line| !line.is_empty())
            .take(SAMPLED)
            .filter_map(|line| Json::of_record(line).ok())
            .flat_map(|line| if line.is_array() { line.items() } else { vec![line] })
            .collect();
    }
    super::framing::document_spans(head)
        .into_iter()
        .take(SAMPLED)
        .filter_map(|(start, end)| Json::of_record(&head[start..end]).ok())
        .collect()
}

fn events(head: &[u8]) -> Vec<Json<'_>> {
    head.split(|byte| *byte == b'\n')
        .filter_map(event_lines::payload)
        .filter(|payload| payload.starts_with('{'))
        .take(SAMPLED)
        .map(Json::of_text)
        .collect()
}

/// What an unknown file looks like, to say in an error: its first keys or
/// columns, which are names and not content.
pub(super) fn looks_like(head: &[u8]) -> String {
    const SHOWN: usize = 8;
    let head = head.strip_prefix("\u{feff}".as_bytes()).unwrap_or(head);
    let text = head.trim_ascii_start();
    let list = |names: Vec<String>| {
        names.into_iter().filter(|name| is_name(name)).take(SHOWN).collect::<Vec<_>>().join(", ")
    };
    if text.starts_with(b"{") || text.starts_with(b"[") {
        let mut keys = Vec::new();
        if let Some(object) = objects(head, layout(Framing::Json, head)).first() {
            let _ = object.each_entry(|key, _| {
                keys.push(key.to_owned());
                Ok::<(), super::json::Fault>(())
            });
        }
        return match list(keys) {
            names if names.is_empty() => ": it is no valid JSON with named fields".to_owned(),
            names => format!(": no format has the keys {names}"),
        };
    }
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let Header { columns, .. } = csv_rows::header(line);
    if columns.len() < 2 || !columns.iter().all(|column| is_name(column)) {
        return ": it is neither JSON, CSV nor an event stream".to_owned();
    }
    format!(": no format has the columns {}", list(columns))
}

/// Whether a word is a field's name and not a piece of some text: an error must
/// not quote what people wrote.
fn is_name(word: &str) -> bool {
    const LONGEST: usize = 40;
    let letters = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
    (1..=LONGEST).contains(&word.len()) && word.chars().all(letters)
}

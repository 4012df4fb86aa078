//! Recognises the format of a file from its opening.
//!
//! Formats are asked about parsed keys and columns, never about bytes, so order
//! and spacing do not matter. The first format that claims a file reads it, a
//! fallback only what no other claims; that no two claim the same file is for a
//! test to see, and for `inspect` to say.

mod nearest;

use std::borrow::Cow;

use super::csv_rows;
use super::event_lines;
use super::format::{Format, Framing, Header, Sample};
use super::framing::{Layout, layout};
use super::json::{Fault, Json};

pub(super) use nearest::{gave_away, looks_like};

/// Records that detection looks at.
const SAMPLED: usize = 20;
/// Records that it looks at where the first ones say nothing: bookkeeping may
/// fill many lines before the first call.
const SAMPLED_LATER: usize = 1_000;

/// What a file was recognised as.
#[derive(Clone, Copy)]
pub(super) enum Detected<'a> {
    /// A format that reads it.
    Format(&'a dyn Format, Layout),
    /// An export of nothing, or nothing but white space: no call, no fault.
    Empty,
    /// Nothing known; the JSON keys or columns it has may help.
    Unknown,
}

/// The first bytes of a file.
#[derive(Clone, Copy)]
pub(super) struct Head<'h> {
    /// The bytes.
    pub(super) bytes: &'h [u8],
    /// Whether they are all of the file.
    pub(super) whole: bool,
}

impl<'h> Head<'h> {
    /// The bytes without a byte order mark; a JSON document that goes on behind
    /// them is closed where its last whole value ends.
    fn readable(self) -> Cow<'h, [u8]> {
        let bytes = self.bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(self.bytes);
        let text = bytes.trim_ascii_start();
        let is_json = text.starts_with(b"{") || text.starts_with(b"[");
        if self.whole || !is_json || layout(Framing::Json, bytes) == Layout::Lines {
            return Cow::Borrowed(bytes);
        }
        closed(bytes).map_or(Cow::Borrowed(bytes), Cow::Owned)
    }
}

/// The opening of a file as formats see it.
enum Opening<'h> {
    /// Nothing but white space.
    Blank,
    /// Objects of a JSON file.
    Objects(Vec<Json<'h>>, Layout),
    /// Payloads of an event stream.
    Events(Vec<Json<'h>>, Layout),
    /// The columns of a CSV file.
    Columns(Header),
}

impl<'h> Opening<'h> {
    fn of(head: &'h [u8], most: usize) -> Self {
        let text = head.trim_ascii_start();
        if text.is_empty() {
            return Self::Blank;
        }
        if text.starts_with(b"{") || text.starts_with(b"[") {
            let layout = layout(Framing::Json, head);
            let objects = objects(head, layout, most);
            return Self::Objects(objects, layout);
        }
        let opens = |start: &&[u8]| text.starts_with(start);
        if [&b"data:"[..], b"event:", b"id:", b":"].iter().any(opens) {
            return Self::Events(events(head, most), Layout::Streams);
        }
        let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
        Self::Columns(csv_rows::header(line))
    }

    /// The same objects as events of a stream, where they look like some.
    fn as_events(&self, head: &'h [u8]) -> Option<Self> {
        let Self::Objects(objects, _) = self else { return None };
        let are_events = event_lines::are_events(objects);
        let layout = layout(Framing::EventStream, head);
        are_events.then(|| Self::Events(objects.clone(), layout))
    }

    fn sample(&self) -> Option<Sample<'_>> {
        match self {
            Self::Blank => None,
            Self::Objects(objects, _) => Some(Sample::Json(objects)),
            Self::Events(events, _) => Some(Sample::Events(events)),
            Self::Columns(header) => (header.columns.len() > 1).then_some(Sample::Csv(header)),
        }
    }

    const fn framing(&self) -> Framing {
        match self {
            Self::Blank | Self::Objects(..) => Framing::Json,
            Self::Events(..) => Framing::EventStream,
            Self::Columns(_) => Framing::Csv,
        }
    }

    const fn layout(&self) -> Layout {
        match self {
            Self::Objects(_, layout) | Self::Events(_, layout) => *layout,
            Self::Blank | Self::Columns(_) => Layout::Rows,
        }
    }

    /// The formats that claim such a file, fallbacks last.
    fn claims<'a>(&self, formats: &[&'a dyn Format]) -> impl Iterator<Item = &'a dyn Format> {
        let of = |is_fallback: bool| {
            formats.iter().copied().filter(move |format| format.is_fallback() == is_fallback)
        };
        of(false).chain(of(true)).filter(|format| self.is_of(*format))
    }

    /// Whether a format reads such a file.
    fn is_of(&self, format: &dyn Format) -> bool {
        format.framing() == self.framing()
            && self.sample().is_some_and(|sample| format.detect(&sample))
    }

    /// Whether there is nothing in all of a file that could be a record.
    fn is_empty(&self, text: &[u8]) -> bool {
        match self {
            Self::Blank => true,
            // What is broken in a list is not nothing.
            Self::Objects(objects, _) if objects.is_empty() => {
                let text = text.trim_ascii();
                text.starts_with(b"[") && Json::of_record(text).is_ok_and(holds_nothing)
            }
            Self::Objects(objects, _) => {
                let is_bare = |object: Json<'_>| object.is_object() && holds_nothing(object);
                objects.iter().all(|object| is_bare(*object) || is_page(*object))
            }
            Self::Events(events, _) => events.is_empty(),
            Self::Columns(_) => false,
        }
    }
}

/// Recognises a file by the first of `formats` that claims it.
pub(super) fn detect<'a>(head: Head<'_>, formats: &[&'a dyn Format]) -> Detected<'a> {
    let text = head.readable();
    let found = [SAMPLED, SAMPLED_LATER].into_iter().find_map(|most| {
        let opening = Opening::of(&text, most);
        let readings = [opening.as_events(&text), Some(opening)];
        readings.into_iter().flatten().find_map(|reading| {
            let format = reading.claims(formats).next()?;
            Some(Detected::Format(format, reading.layout()))
        })
    });
    found.unwrap_or_else(|| {
        let is_empty = head.whole && Opening::of(&text, usize::MAX).is_empty(&text);
        if is_empty { Detected::Empty } else { Detected::Unknown }
    })
}

/// Every one of `formats` that claims a file, in their order.
pub(super) fn claimants<'a>(head: Head<'_>, formats: &[&'a dyn Format]) -> Vec<&'a dyn Format> {
    let text = head.readable();
    let claims = [SAMPLED, SAMPLED_LATER].into_iter().map(|most| {
        let opening = Opening::of(&text, most);
        let events = opening.as_events(&text);
        let mut claims: Vec<_> = events.iter().flat_map(|events| events.claims(formats)).collect();
        if claims.is_empty() {
            claims.extend(opening.claims(formats));
        }
        // A fallback claims only what no other format does.
        let is_settled = claims.first().is_some_and(|first| !first.is_fallback());
        claims.into_iter().filter(|format| !is_settled || !format.is_fallback()).collect::<Vec<_>>()
    });
    claims.into_iter().find(|claims| !claims.is_empty()).unwrap_or_default()
}

/// A JSON document that breaks off, cut behind its last whole value and closed.
fn closed(text: &[u8]) -> Option<Vec<u8>> {
    let mut open: Vec<u8> = Vec::new();
    let mut last = None;
    let mut in_string = false;
    let mut bytes = text.iter().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' if in_string => {
                bytes.next();
            }
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' => open.push(b'}'),
            b'[' => open.push(b']'),
            b'}' | b']' => {
                open.pop();
                last = Some((at + 1, open.len()));
            }
            b',' => last = Some((at, open.len())),
            _ => {}
        }
    }
    let (end, depth) = last?;
    // Behind it lists and objects were opened and none closed.
    open.truncate(depth);
    let mut closed = text.get(..end)?.to_vec();
    closed.extend(open.iter().rev());
    Some(closed)
}

/// A page around a list without elements: an export of a quiet period.
fn is_page(object: Json<'_>) -> bool {
    const LISTS: [&str; 12] = [
        "data",
        "results",
        "records",
        "observations",
        "resourceSpans",
        "spans",
        "traces",
        "runs",
        "logs",
        "value",
        "items",
        "result",
    ];
    LISTS
        .iter()
        .any(|list| object.get(list).is_some_and(|list| list.is_array() && list.items().is_empty()))
}

/// Whether an object or a list is whole and has nothing in it.
fn holds_nothing(value: Json<'_>) -> bool {
    let (mut entries, mut items) = (0_u32, 0_u32);
    let as_object = value.each_entry(|_, _| {
        entries += 1;
        Ok::<(), Fault>(())
    });
    let as_list = value.each_item(|_| {
        items += 1;
        Ok::<(), Fault>(())
    });
    as_object.is_ok() && as_list.is_ok() && entries + items == 0
}

/// The first objects of a JSON file, the elements of a root array included.
fn objects(head: &[u8], layout: Layout, most: usize) -> Vec<Json<'_>> {
    if layout == Layout::Lines {
        return head
            .split(|byte| *byte == b'\n')
            .map(<[u8]>::trim_ascii)
            .filter(|line| !line.is_empty())
            .take(most)
            .filter_map(|line| Json::of_record(line).ok())
            .flat_map(|line| if line.is_array() { line.items() } else { vec![line] })
            .collect();
    }
    super::framing::document_spans(head)
        .into_iter()
        .take(most)
        .filter_map(|(start, end)| Json::of_record(head.get(start..end)?).ok())
        .collect()
}

fn events(head: &[u8], most: usize) -> Vec<Json<'_>> {
    head.split(|byte| *byte == b'\n')
        .filter_map(event_lines::payload)
        .filter(|payload| payload.starts_with('{'))
        .take(most)
        .map(Json::of_text)
        .collect()
}

#[cfg(test)]
mod tests;

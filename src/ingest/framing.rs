//! Cuts a file into records, a chunk of a few MiB at a time.
//!
//! Chunks end where a record ends, so that they can be read on any thread; a
//! record longer than a chunk makes the chunk longer.

use std::io::{self, Read};

use super::format::{Framing, Header};

/// Bytes a chunk aims at.
pub const CHUNK_BYTES: usize = 4 << 20;

/// How records lie in a file, as far as cutting goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// A record per line.
    Lines,
    /// JSON documents of any layout; a root array is its elements.
    Documents,
    /// CSV rows, which may hold line breaks inside quotes.
    Rows,
    /// Event streams, each up to its last event.
    Streams,
}

/// A run of whole records.
#[derive(Debug)]
pub struct Chunk {
    /// The records' bytes.
    pub bytes: Vec<u8>,
    /// The line on which the chunk starts, from 1.
    pub first_line: u64,
    /// Start, end and line of each record; `None` where a record is a line.
    pub spans: Option<Vec<Span>>,
}

/// Where a record lies in its chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// Byte after the last.
    pub end: usize,
    /// Line of the start, from 1.
    pub line: u64,
}

/// Cuts one opened file.
pub struct Framer {
    reader: Box<dyn Read + Send>,
    layout: Layout,
    carried: Vec<u8>,
    line: u64,
    scan: Scan,
    ended: bool,
    broken: Option<String>,
    target: usize,
}

/// What the document scanner remembers between chunks.
#[derive(Clone, Copy, Debug, Default)]
struct Scan {
    in_root_array: bool,
}

impl Framer {
    /// A framer over a file whose first bytes were already read.
    #[must_use]
    pub fn new(reader: Box<dyn Read + Send>, head: Vec<u8>, layout: Layout, target: usize) -> Self {
        let mark: &[u8] = "\u{feff}".as_bytes();
        let carried = match head.strip_prefix(mark) {
            Some(rest) => rest.to_vec(),
            None => head,
        };
        Self {
            reader,
            layout,
            carried,
            line: 1,
            scan: Scan::default(),
            ended: false,
            broken: None,
            target,
        }
    }

    /// Takes the header row off a CSV file.
    pub fn header(&mut self) -> Header {
        loop {
            if let Some((start, end)) = next_row(&self.carried, 0, self.ended) {
                let row = self.carried[start..end].to_vec();
                self.line += newlines(&self.carried[..end]);
                self.carried.drain(..end);
                if row.trim_ascii().is_empty() {
                    continue;
                }
                return super::csv_rows::header(&row);
            }
            if self.ended {
                return Header::default();
            }
            self.fill(1 << 16);
        }
    }

    /// The next chunk; `None` at the end of the file.
    pub fn next_chunk(&mut self) -> Option<Chunk> {
        let mut wanted = self.target;
        loop {
            while !self.ended && self.carried.len() < wanted {
                self.fill(wanted - self.carried.len());
            }
            if self.carried.is_empty() {
                return None;
            }
            let first_line = self.line;
            let (cut, spans) = self.cut();
            if cut == 0 && !self.ended {
                // A record longer than the chunk: read on.
                wanted = self.carried.len() * 2;
                continue;
            }
            let rest = self.carried.split_off(cut);
            let bytes = std::mem::replace(&mut self.carried, rest);
            self.line += newlines(&bytes);
            return Some(Chunk { bytes, first_line, spans });
        }
    }

    /// Reads on. A file that breaks off (a cut archive, a failing disk) ends
    /// there: what came before is read like any other.
    fn fill(&mut self, bytes: usize) {
        match self.reader.by_ref().take(bytes as u64).read_to_end(&mut self.carried) {
            Ok(read) => self.ended = read == 0,
            Err(error) => self.break_off(&error),
        }
    }

    /// Ends the file where reading it failed.
    pub fn break_off(&mut self, error: &io::Error) {
        self.ended = true;
        self.broken = Some(error.to_string());
    }

    /// Where and why the file broke off, if it did.
    #[must_use]
    pub fn broken(&self) -> Option<(u64, &str)> {
        self.broken.as_deref().map(|reason| (self.line, reason))
    }

    /// Where the carried bytes can be cut, and the records before the cut.
    fn cut(&mut self) -> (usize, Option<Vec<Span>>) {
        let bytes = &self.carried;
        match self.layout {
            Layout::Lines if self.ended => (bytes.len(), None),
            Layout::Lines => (memchr::memrchr(b'\n', bytes).map_or(0, |at| at + 1), None),
            Layout::Documents => {
                let (cut, spans, scan) = documents(bytes, self.scan, self.ended);
                self.scan = scan;
                (cut, Some(numbered(bytes, spans, self.line)))
            }
            Layout::Rows => {
                let mut spans = Vec::new();
                let mut at = 0;
                while let Some((start, end)) = next_row(bytes, at, self.ended) {
                    spans.push((start, end));
                    at = end;
                }
                let cut = if self.ended { bytes.len() } else { at };
                (cut, Some(numbered(bytes, spans, self.line)))
            }
            Layout::Streams => {
                let (cut, spans) = super::event_lines::streams(bytes, self.ended);
                (cut, Some(numbered(bytes, spans, self.line)))
            }
        }
    }
}

/// Counts line ends.
#[must_use]
pub fn newlines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

fn numbered(bytes: &[u8], spans: Vec<(usize, usize)>, first_line: u64) -> Vec<Span> {
    let (mut line, mut at) = (first_line, 0);
    spans
        .into_iter()
        .map(|(start, end)| {
            line += newlines(&bytes[at..start]);
            at = start;
            Span { start, end, line }
        })
        .collect()
}

/// The next CSV row at or after `from`: quotes may hold line ends. `None` where
/// no whole row is left.
fn next_row(bytes: &[u8], from: usize, ended: bool) -> Option<(usize, usize)> {
    let mut quoted = false;
    for at in memchr::memchr2_iter(b'"', b'\n', bytes.get(from..)?) {
        if bytes[from + at] == b'"' {
            quoted = !quoted;
        } else if !quoted {
            return Some((from, from + at + 1));
        }
    }
    (ended && from < bytes.len()).then_some((from, bytes.len()))
}

/// Whole JSON values in `bytes`: where they can be cut, their spans, and the
/// scanner's state behind them.
fn documents(bytes: &[u8], mut scan: Scan, ended: bool) -> (usize, Vec<(usize, usize)>, Scan) {
    let mut spans = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b',' => at += 1,
            b'[' if !scan.in_root_array => {
                scan.in_root_array = true;
                at += 1;
            }
            b']' if scan.in_root_array => {
                scan.in_root_array = false;
                at += 1;
            }
            _ => match value_end(bytes, at) {
                Some(end) => {
                    spans.push((at, end));
                    at = end;
                }
                None if ended => {
                    // Cut off in the middle: the reader refuses what is there.
                    spans.push((at, bytes.len()));
                    at = bytes.len();
                }
                None => break,
            },
        }
    }
    (at, spans, scan)
}

/// Whether the opening of a file holds a whole line or, where JSON is spread
/// over lines, a whole document: half of one gives away too little.
#[must_use]
pub fn holds_record(head: &[u8]) -> bool {
    let text = head.strip_prefix("\u{feff}".as_bytes()).unwrap_or(head).trim_ascii_start();
    let is_json = text.starts_with(b"{") || text.starts_with(b"[");
    if is_json && layout(Framing::Json, text) == Layout::Documents {
        return !documents(text, Scan::default(), false).1.is_empty();
    }
    memchr::memchr(b'\n', text).is_some()
}

/// The spans of the JSON values at the opening of a document file; the last one
/// may be cut off.
#[must_use]
pub fn document_spans(bytes: &[u8]) -> Vec<(usize, usize)> {
    documents(bytes, Scan::default(), true).1
}

/// Where the JSON value that starts at `start` ends; `None` where it does not.
fn value_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = start;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'"' => {
                at = string_end(bytes, at)?;
                if depth == 0 {
                    return Some(at);
                }
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth > 1 => depth -= 1,
            b'}' | b']' => return Some(at),
            b',' | b'\n' if depth == 0 => return Some(at - 1),
            _ => {}
        }
    }
    None
}

/// Where the string whose inside starts at `at` ends, its quote included.
fn string_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// How a file of this framing lies, judged by its opening.
#[must_use]
pub fn layout(framing: Framing, head: &[u8]) -> Layout {
    match framing {
        Framing::Csv => Layout::Rows,
        Framing::EventStream => Layout::Streams,
        Framing::Json if is_line_by_line(head) => Layout::Lines,
        Framing::Json => Layout::Documents,
    }
}

/// Whether records are lines: the first line that is not blank is a whole JSON
/// object, or it is broken while one of the next lines starts and ends as one.
/// A document that merely stands on one line is read either way.
fn is_line_by_line(head: &[u8]) -> bool {
    let mut lines =
        head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let whole = |line: &[u8]| line.starts_with(b"{") && value_end(line, 0) == Some(line.len());
    let Some(first) = lines.next() else { return true };
    if first.starts_with(b"[") {
        return false;
    }
    // An opening brace or a first key alone is how pretty-printed documents
    // start; any other broken line is a broken line.
    let opens_document =
        first == b"{" || (first.starts_with(b"{") && first.ends_with(b",") && first.len() < 200);
    whole(first) || (!opens_document && lines.take(20).any(whole)) || !first.starts_with(b"{")
}

#[cfg(test)]
mod tests {
    use super::{Framer, Layout, layout};
    use crate::ingest::format::Framing;

    fn records(text: &'static str, layout: Layout, target: usize) -> Vec<(String, u64)> {
        let mut framer = Framer::new(Box::new(text.as_bytes()), Vec::new(), layout, target);
        let mut records = Vec::new();
        while let Some(chunk) = framer.next_chunk() {
            match chunk.spans {
                Some(spans) => records.extend(spans.iter().map(|span| {
                    (
                        String::from_utf8_lossy(&chunk.bytes[span.start..span.end])
                            .trim()
                            .to_owned(),
                        span.line,
                    )
                })),
                None => records.extend(
                    String::from_utf8_lossy(&chunk.bytes)
                        .lines()
                        .zip(chunk.first_line..)
                        .map(|(line, number)| (line.to_owned(), number)),
                ),
            }
        }
        records
    }

    #[test]
    fn records_are_the_same_for_every_chunk_size() {
        let cases = [
            ("{\"a\":1}\n{\"b\":2}\n\n{\"c\":3}", Layout::Lines),
            ("[\n {\"a\": \"] , }\"},\n {\"b\": [1,\n 2]}\n]\n{\"c\":3}\n", Layout::Documents),
            ("1,\"two\nlines\",3\n4,\"\"\"q\"\"\",6", Layout::Rows),
        ];
        for (text, layout) in cases {
            let whole = records(text, layout, 1 << 20);
            for target in 1..30 {
                assert_eq!(
                    records(text, layout, target),
                    whole,
                    "{layout:?} in chunks of {target}"
                );
            }
        }
        let pretty = records("[\n {\"a\": 1},\n {\"b\": 2}\n]", Layout::Documents, 1 << 20);
        assert_eq!(pretty, [("{\"a\": 1}".to_owned(), 2), ("{\"b\": 2}".to_owned(), 3)]);
    }

    #[test]
    fn lines_are_told_from_documents() {
        let lines =
            ["{\"a\":1}\n{\"b\":2}", "{\"a\":1", "{\"broken\": tr\n{\"b\":2}\n", "{ \"a\" : {} }"];
        for text in lines {
            let expected = if text == "{\"a\":1" { Layout::Documents } else { Layout::Lines };
            assert_eq!(layout(Framing::Json, text.as_bytes()), expected, "{text}");
        }
        for text in ["[\n{}]", "{\n \"a\": 1\n}", "{ \"a\": [\n1]}"] {
            assert_eq!(layout(Framing::Json, text.as_bytes()), Layout::Documents, "{text}");
        }
    }
}

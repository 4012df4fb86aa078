//! Reads files in waves of chunks: while one wave is parsed on all threads, the
//! next is read from disk. Results are taken in the order of the files, so the
//! number of threads and the size of the chunks never show.

use std::io::{self, Read as _};

use rayon::prelude::*;

use crate::measure::memo::Memo;
use crate::record::log::{FileAccount, Log, Note, Recognition, Rejection};

use super::batch::Batch;
use super::collect::Collector;
use super::csv_rows::Splitter;
use super::detect::{self, Detected, claimants, detect, gave_away, looks_like};
use super::format::{Format, Header, Record, Row};
use super::framing::{CHUNK_BYTES, Chunk, Framer, Layout, layout};
use super::json::{Fault, Json};
use super::mapping::Mapping;
use super::source::{self, Input, Opened};
use super::{FORMATS, IngestError, PERMISSION_DENIED, format_by_id};

/// How to read.
#[derive(Clone, Copy, Debug)]
pub struct ReadOptions<'a> {
    /// Read every file as this format instead of detecting it.
    pub input_format: Option<&'a str>,
    /// Bytes per chunk; results do not depend on it.
    pub chunk_bytes: usize,
    /// The user's own formats, asked before the known ones.
    pub mappings: &'a [Mapping],
    /// Whether to say of every file what gave its format away, which takes
    /// asking all formats.
    pub explains: bool,
    /// The file that standard input was copied to by whoever had to look at it.
    pub standard_input: Option<&'a std::path::Path>,
}

impl Default for ReadOptions<'_> {
    fn default() -> Self {
        Self {
            input_format: None,
            chunk_bytes: CHUNK_BYTES,
            mappings: &[],
            explains: false,
            standard_input: None,
        }
    }
}

/// Told how far reading has come.
pub trait Progress: Sync {
    /// `bytes` more (after decompression) have been read.
    fn advance(&self, bytes: u64);
}

impl Progress for () {
    fn advance(&self, _: u64) {}
}

/// Reads files, folders and patterns into one log.
///
/// Records that cannot be read are accounted for and lose nothing else.
///
/// # Errors
/// When a path leads nowhere, a file cannot be opened or breaks off, or a file
/// that was named outright is in no known format.
pub fn read(
    paths: &[String],
    options: ReadOptions<'_>,
    progress: &dyn Progress,
) -> Result<Log, IngestError> {
    let own = options.mappings.iter().map(|mapping| mapping as &dyn Format);
    let formats: Vec<&dyn Format> = own.chain(FORMATS.iter().copied()).collect();
    let forced = options.input_format.map(|id| named(id, options.mappings)).transpose()?;
    let found = source::find(paths, options.standard_input)?;
    let memo = Memo::default();
    let mut files = Files {
        inputs: &found.inputs,
        next: 0,
        open: None,
        forced,
        formats: &formats,
        options,
        accounts: Vec::new(),
        looking_otherwise: 0,
    };
    let mut collector = Collector::default();
    let mut wave = files.next_wave()?;
    while !wave.is_empty() {
        let bytes = wave.iter().map(|job| job.chunk.bytes.len() as u64).sum();
        let (batches, next) = rayon::join(
            || wave.par_iter().map(|job| read_chunk(job, &memo)).collect::<Vec<_>>(),
            || files.next_wave(),
        );
        for (job, batch) in wave.iter().zip(batches) {
            collector.absorb(job.file, batch, &memo);
        }
        progress.advance(bytes);
        wave = next?;
    }
    let looking_otherwise = files.looking_otherwise;
    let mut log = collector.finish(files.accounts, memo, found.other_files);
    if looking_otherwise > 0 {
        log.accounting.notes.push(Note {
            code: "OTHER_FORMAT",
            message: "files are read as --input-format says, and look like another format; \
                      without it their counts may be others",
            records: looking_otherwise,
        });
        log.accounting.notes.sort();
    }
    Ok(log)
}

/// The format of that id, or the user's own of that name.
fn named<'a>(id: &str, mappings: &'a [Mapping]) -> Result<&'a dyn Format, IngestError> {
    let own = mappings.iter().find(|mapping| mapping.name() == id);
    own.map(|mapping| mapping as &dyn Format)
        .or_else(|| format_by_id(id))
        .ok_or_else(|| IngestError::NoSuchFormat { id: id.to_owned() })
}

/// One chunk with everything a worker needs to read it.
struct Job<'a> {
    file: u32,
    path: String,
    format: &'a dyn Format,
    header: Option<Header>,
    chunk: Chunk,
}

/// The files, opened one after the other.
struct Files<'a> {
    inputs: &'a [Input],
    next: usize,
    open: Option<Open<'a>>,
    forced: Option<&'a dyn Format>,
    formats: &'a [&'a dyn Format],
    options: ReadOptions<'a>,
    accounts: Vec<FileAccount>,
    /// Files read as the user says that look like another format.
    looking_otherwise: u64,
}

struct Open<'a> {
    file: u32,
    framer: Framer,
    format: &'a dyn Format,
    header: Option<Header>,
}

/// Bytes of an opening that detection wants at the least and at the most.
const HEAD: usize = 1 << 16;
const LONGEST_HEAD: usize = 1 << 23;
/// Chunks of a wave, so that thousands of small files share one.
const MOST_CHUNKS: usize = 256;

impl<'a> Files<'a> {
    fn next_wave(&mut self) -> Result<Vec<Job<'a>>, IngestError> {
        let wanted = self.options.chunk_bytes.saturating_mul(2 * rayon::current_num_threads());
        let (mut wave, mut bytes) = (Vec::new(), 0);
        while bytes < wanted && wave.len() < MOST_CHUNKS {
            let Some(open) = &mut self.open else {
                if !self.open_next()? {
                    break;
                }
                continue;
            };
            let input = &self.inputs[open.file as usize];
            if let Some(chunk) = open.framer.next_chunk() {
                bytes += chunk.bytes.len();
                wave.push(Job {
                    file: open.file,
                    path: input.shown.clone(),
                    format: open.format,
                    header: open.header.clone(),
                    chunk,
                });
                continue;
            }
            if let Some((line, reason)) = open.framer.broken()
                && let Some(account) = self.accounts.get_mut(open.file as usize)
            {
                account.lines += 1;
                let reason = format!("the file breaks off here: {reason}");
                account.reject(Rejection { line, reason });
            }
            self.open = None;
        }
        Ok(wave)
    }

    /// Whether the user named this file and nothing else: then a file that
    /// cannot be read is an error, not a line of the account.
    fn is_the_only_one(&self, input: &Input) -> bool {
        input.named && self.inputs.len() == 1
    }

    /// Opens the next file that has records; false when there is none left.
    fn open_next(&mut self) -> Result<bool, IngestError> {
        let Some(input) = self.inputs.get(self.next) else { return Ok(false) };
        let file = u32::try_from(self.next).unwrap_or(u32::MAX);
        self.next += 1;
        let mut account = FileAccount { path: input.shown.clone(), ..FileAccount::default() };
        let opened = source::open(input).and_then(|Opened { mut reader, bytes, is_typed }| {
            account.bytes = bytes;
            read_head(&mut reader).map(|head| (reader, head, is_typed))
        });
        let (reader, Head { bytes: head, whole, broken }, is_typed) = match opened {
            Ok(opened) => opened,
            Err(error) if self.is_the_only_one(input) => {
                return Err(IngestError::Unreadable {
                    path: input.shown.clone(),
                    reason: match error.kind() {
                        io::ErrorKind::PermissionDenied => PERMISSION_DENIED.to_owned(),
                        _ => error.to_string(),
                    },
                });
            }
            Err(error) => {
                reject_whole(&mut account, format!("the file cannot be read: {error}"));
                self.accounts.push(account);
                return Ok(true);
            }
        };
        let opening = detect::Head { bytes: &head, whole };
        let detected = match self.forced {
            Some(format) => {
                self.looking_otherwise += u64::from(looks_otherwise(opening, format, self.formats));
                Detected::Format(format, layout(format.framing(), &head))
            }
            None => detect(opening, self.formats),
        };
        match detected {
            Detected::Format(format, layout) => {
                account.format = format.id();
                if self.options.explains {
                    account.recognition = Some(self.recognition(opening, format));
                }
                let mut framer = Framer::new(reader, head, layout, self.options.chunk_bytes);
                if let Some(error) = broken {
                    framer.break_off(&error);
                }
                let header =
                    (layout == Layout::Rows).then(|| Header { is_typed, ..framer.header() });
                self.open = Some(Open { file, framer, format, header });
            }
            Detected::Empty => account.format = "empty",
            Detected::Unknown if self.is_the_only_one(input) => {
                return Err(IngestError::UnknownFormat {
                    path: input.shown.clone(),
                    nearest: looks_like(opening, self.formats),
                });
            }
            Detected::Unknown => {
                // One of several files: say so in its account and go on.
                let nearest = looks_like(opening, self.formats);
                let reason = format!("the whole file is in no known log format{nearest}");
                reject_whole(&mut account, reason);
            }
        }
        self.accounts.push(account);
        Ok(true)
    }
}

impl Files<'_> {
    /// How a file was recognised as a format.
    fn recognition(&self, opening: detect::Head<'_>, format: &dyn Format) -> Recognition {
        let others = claimants(opening, self.formats).into_iter();
        let others = others.map(Format::id).filter(|id| *id != format.id());
        Recognition {
            names: gave_away(opening, format),
            forced: self.forced.is_some(),
            others: others.collect(),
            convention: format.convention(),
        }
    }
}

/// Whether a file that is read as one format by the user's word would be
/// recognised as another; the same records as JSON or CSV are no other.
fn looks_otherwise(
    opening: detect::Head<'_>,
    forced: &dyn Format,
    formats: &[&dyn Format],
) -> bool {
    let stem = |format: &dyn Format| format.id().trim_end_matches("-csv");
    matches!(detect(opening, formats), Detected::Format(own, _) if stem(own) != stem(forced))
}

/// Accounts for a file of which no record could be read.
fn reject_whole(account: &mut FileAccount, reason: String) {
    account.lines = 1;
    account.reject(Rejection { line: 1, reason });
}

/// The opening of a file.
struct Head {
    bytes: Vec<u8>,
    /// Whether it is all of the file.
    whole: bool,
    /// Why reading ended early, if it did.
    broken: Option<io::Error>,
}

/// The opening of a file: enough bytes, and at least one whole line unless it is
/// absurdly long.
///
/// # Errors
/// When not a byte can be read.
fn read_head(reader: &mut Box<dyn io::Read + Send>) -> io::Result<Head> {
    let mut bytes = Vec::new();
    let mut wanted = HEAD;
    loop {
        let missing = wanted - bytes.len();
        match reader.by_ref().take(missing as u64).read_to_end(&mut bytes) {
            Ok(read) if read < missing => return Ok(Head { bytes, whole: true, broken: None }),
            Ok(_) => {}
            Err(error) if bytes.is_empty() => return Err(error),
            Err(error) => return Ok(Head { bytes, whole: true, broken: Some(error) }),
        }
        let has_line = memchr::memchr(b'\n', bytes.trim_ascii_start()).is_some();
        if wanted >= LONGEST_HEAD || has_line {
            return Ok(Head { bytes, whole: false, broken: None });
        }
        wanted *= 2;
    }
}

/// Reads every record of a chunk.
fn read_chunk(job: &Job<'_>, memo: &Memo) -> Batch {
    let mut worker = Worker { job, memo, batch: Batch::default() };
    match (&job.chunk.spans, &job.header) {
        (Some(spans), Some(header)) => {
            let mut splitter = Splitter::new(header.delimiter);
            for span in spans {
                let bytes = &job.chunk.bytes[span.start..span.end];
                if bytes.trim_ascii().is_empty() {
                    continue;
                }
                match splitter.split(bytes) {
                    Ok((text, ends)) => {
                        worker.record(bytes, span.line, Some(&Row { header, text, ends }));
                    }
                    Err(fault) => worker.reject(span.line, &fault),
                }
            }
        }
        (Some(spans), None) => {
            for span in spans {
                worker.document(&job.chunk.bytes[span.start..span.end], span.line);
            }
        }
        (None, _) => {
            let mut start = 0;
            let bytes = &job.chunk.bytes;
            let ends = memchr::memchr_iter(b'\n', bytes).chain([bytes.len()]);
            for (line, end) in (job.chunk.first_line..).zip(ends) {
                let record = bytes.get(start..end).unwrap_or_default().trim_ascii();
                if !record.is_empty() {
                    worker.document(record, line);
                }
                start = end + 1;
            }
        }
    }
    worker.batch
}

struct Worker<'a> {
    job: &'a Job<'a>,
    memo: &'a Memo,
    batch: Batch,
}

impl Worker<'_> {
    /// Reads a JSON document or stream: an array or a page is its elements.
    fn document(&mut self, bytes: &[u8], line: u64) {
        let opens_list = bytes.starts_with(b"[");
        let list_key = self.job.format.list_key();
        if !opens_list && list_key.is_none() {
            return self.record(bytes, line, None);
        }
        let Ok(json) = Json::of_record(bytes) else { return self.reject(line, &Fault::NotUtf8) };
        let list = if opens_list { Some(json) } else { list_key.and_then(|key| json.get(key)) };
        let Some(list) = list.filter(|list| list.is_array()) else {
            return self.record(bytes, line, None);
        };
        if !opens_list {
            self.batch.open_page = json.get("has_more").and_then(Json::truth);
        }
        let base = bytes.as_ptr() as usize;
        let mut at = (0, line);
        let walked = list.each_item(|item| {
            let offset = (item.raw().as_ptr() as usize).saturating_sub(base);
            at = (
                offset,
                at.1 + super::framing::newlines(bytes.get(at.0..offset).unwrap_or_default()),
            );
            self.record(item.raw().as_bytes(), at.1, None);
            Ok::<(), Fault>(())
        });
        if let Err(fault) = walked {
            self.reject(line, &fault);
        }
    }

    fn record(&mut self, bytes: &[u8], line: u64, row: Option<&Row<'_>>) {
        self.batch.start_record(self.job.file, line, bytes);
        let record = Record { bytes, line, row, path: &self.job.path, memo: self.memo };
        let format = self.job.format;
        self.batch.account_for(line, |batch| format.read(&record, batch));
        self.batch.settle_parts();
    }

    fn reject(&mut self, line: u64, fault: &Fault) {
        self.batch.reject(line, fault);
    }
}

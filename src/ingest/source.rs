//! Finds the files to read and opens them, compressed or not.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};
use walkdir::WalkDir;

use super::IngestError;
use super::parquet;

/// The name that stands for standard input.
pub const STANDARD_INPUT: &str = "-";

/// A file to read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Input {
    /// Its path as it is shown, `/` between folders.
    pub shown: String,
    /// Where it lies; `None` is standard input.
    pub path: Option<PathBuf>,
    /// Whether the user named the file itself rather than a folder around it.
    pub named: bool,
}

/// Endings of files that a folder is searched for.
const LOG_ENDINGS: [&str; 10] =
    [".jsonl", ".json", ".ndjson", ".csv", ".tsv", ".log", ".sse", ".jl", ".txt", ".parquet"];
const COMPRESSED_ENDINGS: [&str; 4] = [".gz", ".zst", ".gzip", ".zstd"];

/// What a search for files found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The files, sorted by path, none twice.
    pub inputs: Vec<Input>,
    /// How many files of the folders have no log's ending and were left out.
    pub other_files: u64,
}

/// Finds the files behind paths, folders (searched through) and glob patterns.
/// `-` is standard input, or the file that it was copied to.
///
/// # Errors
/// When a path does not exist, a pattern matches nothing or a folder cannot be
/// read.
pub fn find(paths: &[String], standard_input: Option<&Path>) -> Result<Found, IngestError> {
    let mut found = Found::default();
    for path in paths {
        if path == STANDARD_INPUT {
            let place = standard_input.map(Path::to_owned);
            found.inputs.push(Input { shown: path.clone(), path: place, named: true });
            continue;
        }
        let as_path = Path::new(path);
        if as_path.is_dir() {
            search(as_path, None, &mut found)?;
        } else if as_path.exists() {
            found.inputs.push(named(as_path));
        } else if path.contains(['*', '?', '[', '{']) {
            find_matching(path, &mut found)?;
        } else {
            return Err(IngestError::NotFound { path: path.clone() });
        }
    }
    found.inputs.sort();
    // A file reached twice, by name and through its folder, is read once.
    let mut seen = std::collections::BTreeSet::new();
    found.inputs.retain(|input| {
        seen.insert(
            input.path.as_ref().map(|path| path.canonicalize().unwrap_or_else(|_| path.clone())),
        )
    });
    Ok(found)
}

fn named(path: &Path) -> Input {
    Input { shown: shown(path), path: Some(path.to_owned()), named: true }
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")
}

fn find_matching(pattern: &str, found: &mut Found) -> Result<(), IngestError> {
    let matcher = GlobBuilder::new(pattern)
        .literal_separator(true)
        .build()
        .map_err(|error| IngestError::BadPattern {
            pattern: pattern.to_owned(),
            reason: error.kind().to_string(),
        })?
        .compile_matcher();
    // Search from the last folder that the pattern spells out.
    let literal = pattern.find(['*', '?', '[', '{']).unwrap_or(0);
    let root = pattern[..literal].rfind('/').map_or(".", |at| &pattern[..=at]);
    let before = found.inputs.len();
    search(Path::new(root), Some(&matcher), found)?;
    if found.inputs.len() == before {
        return Err(IngestError::NotFound { path: pattern.to_owned() });
    }
    Ok(())
}

fn search(
    root: &Path,
    pattern: Option<&GlobMatcher>,
    found: &mut Found,
) -> Result<(), IngestError> {
    for entry in WalkDir::new(root).follow_links(true).sort_by_file_name() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                leads_nowhere(root, pattern, &error, found)?;
                continue;
            }
        };
        if !entry.file_type().is_file() {
            continue;
        }
        let path = entry.path();
        match pattern {
            Some(pattern) if pattern.is_match(path.strip_prefix("./").unwrap_or(path)) => {
                found.inputs.push(named(path.strip_prefix("./").unwrap_or(path)));
            }
            Some(_) => {}
            None if has_log_ending(path) => {
                found.inputs.push(Input { named: false, ..named(path) });
            }
            None => found.other_files += 1,
        }
    }
    Ok(())
}

/// A link inside a folder whose target is gone is accounted for like any file
/// of its name; anything else that stops a search is an error.
fn leads_nowhere(
    root: &Path,
    pattern: Option<&GlobMatcher>,
    error: &walkdir::Error,
    found: &mut Found,
) -> Result<(), IngestError> {
    let path = error.path().unwrap_or(root);
    let kind = error.io_error().map(io::Error::kind);
    if error.depth() == 0 || kind != Some(io::ErrorKind::NotFound) {
        return Err(IngestError::Unreadable {
            path: shown(path),
            reason: kind.map_or("a loop of links".to_owned(), |kind| kind.to_string()),
        });
    }
    let path = path.strip_prefix("./").unwrap_or(path);
    match pattern {
        Some(pattern) if !pattern.is_match(path) => {}
        None if !has_log_ending(path) => found.other_files += 1,
        _ => found.inputs.push(Input { named: false, ..named(path) }),
    }
    Ok(())
}

fn has_log_ending(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    LOG_ENDINGS.iter().any(|ending| name.ends_with(ending))
        || COMPRESSED_ENDINGS.iter().any(|ending| name.ends_with(ending))
}

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// A file that was opened.
pub struct Opened {
    /// Its text, decompressed.
    pub reader: Box<dyn Read + Send>,
    /// Bytes as stored.
    pub bytes: u64,
    /// Whether its rows come from typed columns: they are read as CSV, but
    /// their cells stand as they are.
    pub is_typed: bool,
}

/// Opens a file, decompressing by its content and not by its name.
///
/// # Errors
/// When it cannot be opened or read.
pub fn open(input: &Input) -> io::Result<Opened> {
    let (mut plain, bytes): (Box<dyn Read + Send>, u64) = match &input.path {
        None => (Box::new(io::stdin()), 0),
        Some(path) => {
            let file = File::open(path)?;
            let bytes = file.metadata()?.len();
            (Box::new(file), bytes)
        }
    };
    let mut head = Vec::with_capacity(4);
    plain.by_ref().take(4).read_to_end(&mut head)?;
    if head == parquet::MAGIC {
        let Some(path) = &input.path else {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "a Parquet file has its index at its end: give it by its name",
            ));
        };
        let reader = parquet::open(File::open(path)?)?;
        return Ok(Opened { reader, bytes, is_typed: true });
    }
    let whole = io::Cursor::new(head.clone()).chain(plain);
    let reader: Box<dyn Read + Send> = if head.starts_with(&GZIP) {
        Box::new(flate2::read::MultiGzDecoder::new(io::BufReader::with_capacity(1 << 18, whole)))
    } else if head.starts_with(&ZSTD) {
        Box::new(zstd::Decoder::new(whole)?)
    } else {
        Box::new(whole)
    };
    Ok(Opened { reader, bytes, is_typed: false })
}

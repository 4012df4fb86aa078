//! Every format is asked about every file: exactly one claims it, or it is empty
//! or refused. And what the command line makes of files that hold no call.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use tokopt::ingest::{self, ReadOptions};

use crate::reference;

/// Bytes that detection sees of a file.
const HEAD: u64 = 1 << 16;

/// Every file below a folder, sorted.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(at) = pending.pop() {
        for entry in std::fs::read_dir(&at).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() { pending.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// The formats that claim a file, at its opening and where all of it is seen.
fn claims(path: &Path) -> Vec<&'static str> {
    let mut all = Vec::new();
    File::open(path).and_then(|mut file| file.read_to_end(&mut all)).expect("a readable file");
    let claims = ingest::claims(&all, true);
    let cut = usize::try_from(HEAD).map_or(all.len(), |head| head.min(all.len()));
    let opening = ingest::claims(&all[..cut], cut == all.len());
    assert_eq!(opening, claims, "{}: its opening looks like another format", path.display());
    claims
}

/// Whether a file that no format claims is read as an export of nothing.
fn is_empty(path: &Path) -> bool {
    let paths = [path.display().to_string()];
    let log = ingest::read(&paths, ReadOptions::default(), &());
    log.is_ok_and(|log| log.accounting.files[0].format == "empty")
}

#[test]
fn exactly_one_format_claims_every_fixture() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/ingest");
    let mut complaints = Vec::new();
    for path in files(&folder) {
        let below = path.strip_prefix(&folder).expect("below the folder").display().to_string();
        let format = below.split('/').next().unwrap_or_default();
        // Described by a mapping, or of another framing of the same format.
        let others: &[&str] = match format {
            "mapping" => continue,
            "exchange" => &["event-stream", "stored-completions"],
            "event-stream" => &["exchange"],
            _ => &[],
        };
        let claims = claims(&path);
        let is_its_own = |id: &&str| {
            id.strip_suffix("-csv").unwrap_or(id) == format.strip_suffix("-csv").unwrap_or(format)
                || others.contains(id)
        };
        match claims.as_slice() {
            [only] if is_its_own(only) => {}
            [only] => complaints.push(format!("{below} is claimed by {only}")),
            [] if is_empty(&path) => {}
            [] => complaints.push(format!("{below} is claimed by no format")),
            several => complaints.push(format!("{below} is claimed by {}", several.join(" and "))),
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn at_most_one_format_claims_every_reference_log() {
    let Some(samples) = reference::path("samples") else { return };
    let mut complaints = Vec::new();
    let mut unclaimed = Vec::new();
    for path in files(&samples) {
        let below = path.strip_prefix(&samples).expect("below the folder").display().to_string();
        if path.extension().is_some_and(|extension| extension == "md") {
            continue;
        }
        match claims(&path).as_slice() {
            [_] => {}
            [] => unclaimed.push(below),
            several => complaints.push(format!("{below} is claimed by {}", several.join(" and "))),
        }
    }
    println!("claimed by no format:\n{}", unclaimed.join("\n"));
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

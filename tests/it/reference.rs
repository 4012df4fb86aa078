//! Finds the reference data: logs and answer keys too large to ship.

use std::path::{Path, PathBuf};

/// What makes a folder the reference data.
const PARTS: [&str; 2] = ["samples", "traces"];

/// The folder with reference data: the one that `TOKOPT_REFERENCE_DATA` names,
/// else the first folder beside the checkout that has its parts.
///
/// `None` where there is none; a test then says so and passes. A folder that
/// was named and is not there is an error, so that a typing mistake in CI does
/// not switch tests off.
#[expect(clippy::disallowed_methods, reason = "a test's own setting, not tokopt's")]
pub fn folder() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("TOKOPT_REFERENCE_DATA") {
        let named = PathBuf::from(named);
        let shown = named.display();
        assert!(is_reference(&named), "TOKOPT_REFERENCE_DATA names no reference data: {shown}");
        return Some(named);
    }
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(beside).ok()?.flatten().map(|entry| entry.path()).collect();
    folders.sort();
    folders.into_iter().find(|folder| is_reference(folder))
}

/// A file or folder of the reference data; prints what is skipped without it.
pub fn path(below: &str) -> Option<PathBuf> {
    let found = folder().map(|folder| folder.join(below)).filter(|path| path.exists());
    if found.is_none() {
        println!("skipped: no reference data at hand for {below}");
    }
    found
}

fn is_reference(folder: &Path) -> bool {
    PARTS.iter().all(|part| folder.join(part).is_dir())
}

#[test]
fn reference_data_is_whole_where_it_is() {
    if let Some(samples) = path("samples") {
        assert!(samples.is_dir());
    }
}

//! Files, read whole and written whole or not at all.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::error::CliError;
use crate::ingest::source::{self, Input, STANDARD_INPUT};

/// Reads a text file.
///
/// # Errors
/// When it cannot be read or is not UTF-8.
pub(super) fn read(path: &Path) -> Result<String, CliError> {
    fs::read_to_string(path).map_err(|error| unreadable(path, &error))
}

/// Reads a file of any bytes.
///
/// # Errors
/// When it cannot be read.
pub(super) fn read_bytes(path: &Path) -> Result<Vec<u8>, CliError> {
    fs::read(path).map_err(|error| unreadable(path, &error))
}

/// Reads a file of any bytes, or standard input for `-`, decompressed.
///
/// # Errors
/// When it cannot be read or decompressed.
pub(super) fn read_unpacked(path: &str) -> Result<Vec<u8>, CliError> {
    let named = (path != STANDARD_INPUT).then(|| PathBuf::from(path));
    let input = Input { shown: path.to_owned(), path: named, named: true };
    let mut bytes = Vec::new();
    let read = source::open(&input).and_then(|mut opened| opened.reader.read_to_end(&mut bytes));
    read.map_err(|error| unreadable(Path::new(path), &error))?;
    Ok(bytes)
}

/// A file that is written beside its place and waits to be put there.
pub(super) enum Staged {
    /// A new or a replaced file.
    Beside { draft: NamedTempFile, target: PathBuf },
    /// A pipe or a device: it cannot be replaced, only written to.
    Direct { bytes: Vec<u8>, target: PathBuf },
}

impl Staged {
    /// Writes everything to a draft in the file's folder and makes sure that
    /// it is on the disk.
    ///
    /// # Errors
    /// When the folder is missing or cannot be written to.
    pub(super) fn new(target: &Path, bytes: Vec<u8>) -> Result<Self, CliError> {
        // A link keeps pointing where it points; what it points to is replaced.
        let target = target.canonicalize().unwrap_or_else(|_| target.to_owned());
        match fs::metadata(&target) {
            Ok(found) if found.is_dir() => {
                return Err(CliError::Unwritable {
                    path: shown(&target),
                    reason: "it is a folder; a path that ends in / gets one CSV per table"
                        .to_owned(),
                });
            }
            Ok(found) if !found.is_file() => return Ok(Self::Direct { bytes, target }),
            _ => {}
        }
        let draft = draft(&target, &bytes).map_err(|error| unwritable(&target, &error))?;
        Ok(Self::Beside { draft, target })
    }

    /// Puts the file in its place.
    ///
    /// # Errors
    /// When it cannot be put there.
    pub(super) fn place(self) -> Result<(), CliError> {
        match self {
            Self::Beside { draft, target } => {
                draft.persist(&target).map_err(|error| unwritable(&target, &error.error))?;
                Ok(())
            }
            Self::Direct { bytes, target } => {
                let written = fs::OpenOptions::new()
                    .write(true)
                    .open(&target)
                    .and_then(|mut file| file.write_all(&bytes));
                written.map_err(|error| unwritable(&target, &error))
            }
        }
    }
}

/// Writes a file as it is made: to a draft in its folder, which is checked and
/// only then put in its place. A pipe or a device is written to directly.
///
/// # Errors
/// When it cannot be written, or when the check refuses it; nothing is left
/// behind then.
pub(super) fn write_checked(
    target: &Path,
    write: impl FnOnce(&mut (dyn io::Write + Send)) -> io::Result<()>,
    check: impl FnOnce(&Path) -> Result<(), CliError>,
) -> Result<(), CliError> {
    let target = target.canonicalize().unwrap_or_else(|_| target.to_owned());
    let failed = |error: &io::Error| unwritable(&target, error);
    match fs::metadata(&target) {
        Ok(found) if found.is_dir() => {
            let reason = "it is a folder".to_owned();
            return Err(CliError::Unwritable { path: shown(&target), reason });
        }
        Ok(found) if !found.is_file() => {
            let mut file =
                fs::OpenOptions::new().write(true).open(&target).map_err(|error| failed(&error))?;
            return write(&mut file).map_err(|error| failed(&error));
        }
        _ => {}
    }
    let mut draft = empty_draft(&target).map_err(|error| failed(&error))?;
    let mut buffered = io::BufWriter::with_capacity(1 << 20, draft.as_file_mut());
    write(&mut buffered).and_then(|()| buffered.flush()).map_err(|error| failed(&error))?;
    drop(buffered);
    draft.as_file().sync_all().map_err(|error| failed(&error))?;
    check(draft.path())?;
    draft.persist(&target).map_err(|error| failed(&error.error))?;
    Ok(())
}

fn draft(target: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
    let mut draft = empty_draft(target)?;
    draft.write_all(bytes)?;
    draft.as_file().sync_all()?;
    Ok(draft)
}

fn empty_draft(target: &Path) -> io::Result<NamedTempFile> {
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut builder = tempfile::Builder::new();
    builder.prefix(".tokopt-").suffix(".part");
    // A report is as readable as any file the user makes: the umask decides.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder.unwrap_or(Path::new(".")))
}

/// A path as messages show it.
pub(super) fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn unreadable(path: &Path, error: &io::Error) -> CliError {
    CliError::Unreadable { path: shown(path), reason: reason(error) }
}

fn unwritable(path: &Path, error: &io::Error) -> CliError {
    CliError::Unwritable { path: shown(path), reason: reason(error) }
}

/// What the system says, without the path of a draft that nobody asked about.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::InvalidData => "it is not UTF-8 text".to_owned(),
        kind => kind.to_string(),
    }
}

/// Makes a folder and those around it, where they are missing.
///
/// # Errors
/// When it cannot be made.
pub(super) fn make_folder(folder: &Path) -> Result<(), CliError> {
    fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))
}

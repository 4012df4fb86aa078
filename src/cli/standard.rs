//! Standard output and standard error: the only place that writes to them.

use std::io::{self, Write as _};

use anstyle::{AnsiColor, Style};

use super::error::CliError;
use super::terminal::visible;

/// Writes a whole result to standard output.
///
/// # Errors
/// [`CliError::BrokenPipe`] when its reader has gone, else that it cannot be
/// written to.
pub(super) fn print(bytes: &[u8]) -> Result<(), CliError> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => CliError::BrokenPipe,
        _ => CliError::Unwritable { path: "-".to_owned(), reason: error.to_string() },
    })
}

/// Writes a result to standard output as it is made.
///
/// # Errors
/// As [`print()`].
pub(super) fn stream(
    write: impl FnOnce(&mut (dyn io::Write + Send)) -> io::Result<()>,
) -> Result<(), CliError> {
    let mut out = io::BufWriter::new(io::stdout());
    write(&mut out).and_then(|()| out.flush()).map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => CliError::BrokenPipe,
        _ => CliError::Unwritable { path: "-".to_owned(), reason: error.to_string() },
    })
}

/// Writes a line for people to standard error.
pub(super) fn note(line: &str) {
    // There is nobody left to tell that the notes cannot be written.
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Shows an error and what can be done about it.
pub(super) fn error(error: &CliError, color: bool) {
    let red = AnsiColor::Red.on_default().bold();
    note(&labelled("error", red, &error.to_string(), color));
    if let Some(hint) = error.hint() {
        note(&labelled("hint", AnsiColor::Cyan.on_default().bold(), &hint, color));
    }
}

fn labelled(label: &str, style: Style, message: &str, color: bool) -> String {
    let style = if color { style } else { Style::new() };
    // A line that a name of the log opens may be a command to the runner of a
    // pipeline, which obeys `::error`; none is opened by anything but this.
    let message = visible(message).replace('\n', "\n| ");
    format!("{style}{label}{style:#}: {message}")
}

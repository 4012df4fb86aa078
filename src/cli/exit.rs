//! Exit codes: what a script can rely on.

use std::io;
use std::process::ExitCode;

use super::standard;

/// How the program ends. A broken pipe on standard output is [`Exit::Done`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Exit {
    /// The work was done, also when the log was empty; `check`: within budget.
    Done = 0,
    /// The work was done and its answer is no: `check` found a budget exceeded.
    OverBudget = 1,
    /// The work could not be done, or not as strictly as was asked for;
    /// `check`: nothing could be judged, which is no yes.
    Failed = 2,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Shows what clap has to say: help and version are done, the rest failed.
pub(super) fn of_refusal(refusal: &clap::Error) -> Exit {
    let exit = if refusal.use_stderr() { Exit::Failed } else { Exit::Done };
    match refusal.print() {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Exit::Failed,
        _ => exit,
    }
}

/// Replaces the report of a panic by one that shows where it happened and
/// nothing else: the message of a panic may quote the text of a log.
pub(super) fn describe_panics() {
    std::panic::set_hook(Box::new(|panic| {
        // The Parquet library panics on some broken files. Whoever calls it
        // catches that and says what is wrong with the file.
        if panic.location().is_some_and(|place| is_in(place.file(), "parquet-")) {
            return;
        }
        let place = panic.location().map_or_else(String::new, |place| format!(" at {place}"));
        standard::note(&format!(
            "error: tokopt has a defect{place}\nhint: report it with this line and the command; \
             no text of the log is in it"
        ));
    }));
}

/// Whether a source file belongs to a package whose folder starts so.
fn is_in(file: &str, package: &str) -> bool {
    let mut folders = file.split(['/', '\\']);
    folders.any(|folder| folder.starts_with(package)) && !file.starts_with("src")
}

#[cfg(test)]
mod tests {
    use super::Exit;

    #[test]
    fn the_numbers_are_a_promise() {
        assert_eq!([Exit::Done, Exit::OverBudget, Exit::Failed].map(|exit| exit as u8), [0, 1, 2]);
    }
}

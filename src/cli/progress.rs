//! How far reading has come: bytes, rate and remaining time, on standard error.

use std::fs::File;
use std::io::Read as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::ingest::Progress;
use crate::ingest::source::{self, Input};

/// Nothing is shown for logs that are read faster than this.
const PATIENCE: Duration = Duration::from_millis(400);

const WITH_END: &str = "{bytes:>11} of {total_bytes}  {wide_bar}  {bytes_per_sec}  {eta} left";
const WITHOUT_END: &str = "{bytes:>11} read  {bytes_per_sec}  {elapsed}";

/// A bar that appears once reading takes long enough to be noticed.
pub(super) struct Bar {
    bar: ProgressBar,
    started: Instant,
}

impl Bar {
    /// A bar for the files behind these paths.
    pub(super) fn over(paths: &[String]) -> Self {
        let (bar, template) = match total_bytes(paths) {
            Some(bytes) => (ProgressBar::new(bytes), WITH_END),
            None => (ProgressBar::new_spinner(), WITHOUT_END),
        };
        bar.set_draw_target(ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self { bar, started: now() }
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Progress for Bar {
    fn advance(&self, bytes: u64) {
        self.bar.inc(bytes);
        if self.bar.is_hidden() && self.started.elapsed() > PATIENCE {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "only to decide when a progress bar appears")]
fn now() -> Instant {
    Instant::now()
}

/// Bytes that will be read; `None` where that cannot be known beforehand, for
/// standard input and for compressed files.
fn total_bytes(paths: &[String]) -> Option<u64> {
    // What is wrong with a path is reported by reading it.
    let found = source::find(paths, None).ok()?;
    found.inputs.iter().map(plain_bytes).sum()
}

fn plain_bytes(input: &Input) -> Option<u64> {
    let mut file = File::open(input.path.as_ref()?).ok()?;
    let mut magic = [0; 4];
    let read = file.read(&mut magic).ok()?;
    let magic = magic.get(..read)?;
    let is_compressed = magic.starts_with(&[0x1f, 0x8b]) || magic == [0x28, 0xb5, 0x2f, 0xfd];
    if is_compressed { None } else { Some(file.metadata().ok()?.len()) }
}

#[cfg(test)]
mod tests {
    use super::total_bytes;

    #[test]
    fn the_end_is_known_for_plain_files_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).expect("a file");
            path.to_string_lossy().into_owned()
        };
        let plain = path("a.jsonl", b"{}\n{}\n");
        let short = path("b.jsonl", b"");
        let packed = path("c.jsonl", &[0x1f, 0x8b, 8, 0, 0]);
        assert_eq!(total_bytes(&[plain.clone(), short]), Some(6));
        assert_eq!(total_bytes(&[plain.clone(), packed]), None);
        assert_eq!(total_bytes(&[plain, "-".to_owned()]), None);
    }
}

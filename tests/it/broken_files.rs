//! Files that break off or cannot be read lose nothing else.

use std::io::Write as _;

use tokopt::ingest::{IngestError, ReadOptions, read};

/// Three calls of our own, compressed.
fn compressed(calls: usize) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    for call in 0..calls {
        writeln!(
            encoder,
            r#"{{"timestamp":"2026-06-01T08:00:{call:02}Z","model":"gpt-4o","input_tokens":10,"output_tokens":1}}"#
        )
        .expect("memory");
    }
    encoder.finish().expect("memory")
}

fn path(folder: &tempfile::TempDir, name: &str, bytes: &[u8]) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("a file");
    path.to_string_lossy().into_owned()
}

#[test]
fn a_cut_archive_gives_what_stands_before_the_cut() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = compressed(3);
    // Stored without compression, so the last 40 bytes are in the third line
    // and the archive's trailer of 8.
    let cut = path(&folder, "cut.jsonl.gz", &whole[..whole.len() - 40]);
    let log = read(&[cut], ReadOptions::default(), &()).expect("a log");
    let account = &log.accounting.files[0];
    // Two whole lines, half of the third, and the place of the break.
    assert_eq!((account.lines, account.calls, account.rejected), (4, 2, 2));
    let reasons: Vec<_> =
        account.rejections.iter().map(|rejection| rejection.reason.as_str()).collect();
    assert!(reasons.contains(&"not valid JSON"), "{reasons:?}");
    let breaks = reasons.iter().any(|reason| reason.starts_with("the file breaks off here"));
    assert!(breaks, "{reasons:?}");
}

#[test]
fn a_file_that_cannot_be_opened_loses_no_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = path(&folder, "good.jsonl.gz", &compressed(2));
    // The magic bytes of gzip and nothing behind them.
    let bad = path(&folder, "bad.jsonl.gz", &[0x1f, 0x8b, 0xff]);
    let log = read(&[good, bad.clone()], ReadOptions::default(), &()).expect("a log");
    let calls: Vec<_> =
        log.accounting.files.iter().map(|file| (file.calls, file.rejected)).collect();
    assert_eq!(calls, [(0, 1), (2, 0)]);
    // Alone, it is an error with its path.
    let alone = read(&[bad], ReadOptions::default(), &()).expect_err("an error");
    assert!(matches!(alone, IngestError::Unreadable { .. }), "{alone}");
}

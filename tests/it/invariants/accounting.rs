//! No record is lost and nothing panics, whatever is in a file.

use super::*;

/// Reads bytes as one format (or as what they are recognised as), checks the
/// account of the file and everything that is made of the log.
fn check(folder: &Folder, bytes: &[u8], forced: Option<&str>) {
    let path = folder.write("garbage.log", bytes);
    let options = ReadOptions { input_format: forced, ..ReadOptions::default() };
    let log = match read(&[path], options, &()) {
        Ok(log) => log,
        // Recognised as nothing, or as a compression that it is not.
        Err(IngestError::UnknownFormat { .. } | IngestError::Unreadable { .. }) => return,
        Err(error) => panic!("{forced:?}: {error}"),
    };
    check_account(&log, forced);
    let document = document_of(&log);
    for kind in Kind::ALL {
        let _ = rendered(&document, kind);
    }
}

fn check_account(log: &Log, forced: Option<&str>) {
    let (mut calls, mut buckets, mut charges, mut children) = (0, 0, 0, 0);
    for file in &log.accounting.files {
        let told = file.calls + file.duplicates + file.ignored_total() + file.rejected;
        assert_eq!(file.lines, told, "{forced:?}: {file:?}");
        assert!(file.rejections.len() as u64 <= file.rejected);
        calls += file.calls;
        buckets += file.buckets;
        charges += file.charges;
        children += file.child_calls;
    }
    assert_eq!(log.buckets.len() as u64, buckets, "{forced:?}");
    assert_eq!(log.charges.len() as u64, charges, "{forced:?}");
    assert_eq!(log.calls.len() as u64, calls - buckets - charges + children, "{forced:?}");
}

/// The account of one fixture: its format, then records seen, kept, doubled
/// and rejected, input and output tokens, and where what was rejected starts.
type Told = (&'static str, [u64; 4], [u64; 2], Vec<u64>);

fn told(below: &str) -> Told {
    let path = fixtures_folder().join(below).to_string_lossy().into_owned();
    let log = log_of(&[path], ReadOptions::default());
    check_account(&log, None);
    let [file] = log.accounting.files.as_slice() else { panic!("one file") };
    let sum = |pick: fn(&tokopt::record::usage::Usage) -> Option<Tokens>| -> u64 {
        log.calls.iter().filter_map(|call| pick(&call.usage.get())).sum::<Tokens>().get()
    };
    (
        file.format,
        [file.lines, file.calls, file.duplicates, file.rejected],
        [sum(|usage| usage.input), sum(|usage| usage.output)],
        file.rejections.iter().map(|rejection| rejection.line).collect(),
    )
}

#[test]
fn streams_are_accounted_for_as_counted_by_hand() {
    let stream = "event-stream";
    // (40 + 300 + 2,000) + 90 + 500; 31 + 8 + 70.
    let three = (stream, [3, 3, 0, 0], [2_930, 109], vec![]);
    assert_eq!(told("event-stream/kept/three-providers.sse"), three);
    assert_eq!(
        told("event-stream/kept/bare-events.jsonl"),
        (stream, [1, 1, 0, 0], [500, 70], vec![])
    );
    // Broken off before the last usage: the output is unknown.
    assert_eq!(
        told("event-stream/kept/broken-off.sse"),
        (stream, [1, 1, 0, 0], [2_340, 0], vec![])
    );
    // Seven events of three lines, a blank third one each; then two streams
    // whose first events stand on lines 22 and 26.
    let rejected = (stream, [3, 1, 0, 2], [2_340, 31], vec![22, 26]);
    assert_eq!(told("event-stream/rejected/streams.sse"), rejected);
}

#[test]
fn pages_are_accounted_for_as_counted_by_hand() {
    let page = "stored-completions";
    // 1,200 + 80; 30 + 500.
    assert_eq!(
        told("stored-completions/kept/page.json"),
        (page, [2, 2, 0, 0], [1_280, 530], vec![])
    );
    // 10 + 20 + 30; 1 + 2 + 3.
    assert_eq!(told("stored-completions/kept/pages.jsonl"), (page, [3, 3, 0, 0], [60, 6], vec![]));
    // One completion is on both pages: 10 + 40; 1 + 4.
    assert_eq!(
        told("stored-completions/merged/pages.jsonl"),
        (page, [3, 2, 1, 0], [50, 5], vec![])
    );
    // The second, third and fourth element, by the lines of their braces.
    let rejected = (page, [4, 1, 0, 3], [60, 6], vec![36, 65, 94]);
    assert_eq!(told("stored-completions/rejected/page.json"), rejected);
}

#[test]
fn pages_that_go_on_are_noted() {
    let path = |below| fixtures_folder().join(below).to_string_lossy().into_owned();
    let codes = |below| -> Vec<&'static str> {
        let log = log_of(&[path(below)], ReadOptions::default());
        log.accounting.notes.iter().map(|note| note.code).collect()
    };
    assert_eq!(codes("stored-completions/kept/pages.jsonl"), ["MORE_PAGES"]);
    assert!(codes("stored-completions/merged/pages.jsonl").is_empty(), "the last page closes");
    assert_eq!(codes("event-stream/kept/broken-off.sse"), ["STREAM_CUT"]);
}

fn mutated(bytes: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=numbers.below(3) {
        if bytes.is_empty() {
            break;
        }
        let at = numbers.below(bytes.len());
        match numbers.below(7) {
            0 => bytes[at] = u8::try_from(numbers.below(256)).expect("a byte"),
            1 => bytes.truncate(at),
            2 => drop(bytes.remove(at)),
            3 => bytes.insert(at, b"\"{}[],:\n\0-9e\\"[numbers.below(13)]),
            // A number that no counter holds.
            4 => drop(bytes.splice(at..at, *b"99999999999999999999")),
            5 => {
                let end = (at + numbers.below(200)).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
            // A character cut in two.
            _ => drop(bytes.splice(at..at, [0xe2, 0x82])),
        }
    }
    bytes
}

#[test]
fn every_fixture_is_accounted_for_in_every_format() {
    let folder = Folder::new();
    for fixture in fixtures() {
        let bytes = std::fs::read(&fixture).expect("readable");
        check(&folder, &bytes, None);
        for format in FORMATS {
            check(&folder, &bytes, Some(format.id()));
        }
    }
}

#[test]
fn mutated_fixtures_are_accounted_for() {
    let folder = Folder::new();
    let mut numbers = Numbers(23);
    for fixture in fixtures() {
        let bytes = std::fs::read(&fixture).expect("readable");
        let own = Some(format_of(&fixture)).filter(|id| *id != "mapping");
        for round in 0..24 {
            let bytes = mutated(&bytes, &mut numbers);
            let other = FORMATS[numbers.below(FORMATS.len())].id();
            check(&folder, &bytes, if round % 4 == 3 { Some(other) } else { own });
        }
    }
}

#[test]
fn every_truncation_of_a_line_is_accounted_for() {
    let folder = Folder::new();
    for below in [
        "exchange/kept/streams.jsonl",
        "claude-code/kept/session.jsonl",
        "canonical/kept/plain.jsonl",
    ] {
        let bytes = std::fs::read(fixtures_folder().join(below)).expect("readable");
        let format = below.split('/').next();
        for end in (0..bytes.len().min(4_000)).step_by(37) {
            check(&folder, &bytes[..end], format);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn random_bytes_are_accounted_for(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let folder = Folder::new();
        check(&folder, &bytes, None);
        for format in FORMATS {
            check(&folder, &bytes, Some(format.id()));
        }
    }

    #[test]
    fn pieces_of_syntax_are_accounted_for(
        pieces in prop::collection::vec(
            prop::sample::select(&[
                "{", "}", "[", "]", "\"", ":", ",", "\n", "\r\n", "\\", "null", "-1", "1e400", "data: ",
                "event: ", "[DONE]", "\"usage\":", "\"input_tokens\":", "\"messages\":", "\"data\":",
                "\"model\":\"gpt-4.1\"", "\u{feff}", "time,model,input_tokens\n", "\0", " ",
            ][..]),
            0..60,
        ),
    ) {
        let folder = Folder::new();
        let bytes = pieces.concat().into_bytes();
        check(&folder, &bytes, None);
        for format in FORMATS {
            check(&folder, &bytes, Some(format.id()));
        }
    }
}

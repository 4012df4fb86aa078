//! How files are cut into records: the size of the chunks never shows.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tokopt::ingest::framing::Layout;
use tokopt_fuzz::records;

fuzz_target!(|input: (u8, &[u8])| {
    let (target, bytes) = input;
    for layout in [Layout::Lines, Layout::Documents, Layout::Rows, Layout::Streams] {
        let whole = records(bytes, layout, bytes.len() + 1);
        assert_eq!(records(bytes, layout, usize::from(target) + 1), whole, "{layout:?}");
    }
});

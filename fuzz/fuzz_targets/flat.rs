//! The flat record, as JSON and as CSV.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for id in ["canonical", "canonical-csv"] {
        tokopt_fuzz::read(id, bytes);
    }
});

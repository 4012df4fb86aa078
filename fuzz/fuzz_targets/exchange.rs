//! Requests and answers, alone, in wrappers and in pages.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for id in ["exchange", "stored-completions"] {
        tokopt_fuzz::read(id, bytes);
    }
});

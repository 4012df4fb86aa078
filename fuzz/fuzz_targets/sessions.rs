//! Sessions of coding agents.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    tokopt_fuzz::read("claude-code", bytes);
});

//! Traces of blocks and of counts.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for id in ["block-trace", "azure-trace", "burstgpt", "tracelab-rounds"] {
        tokopt_fuzz::read(id, bytes);
    }
});

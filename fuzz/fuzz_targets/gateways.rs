//! What gateways and tracers log.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for id in ["litellm-payload", "litellm-spend", "litellm-spend-csv", "openinference-spans"] {
        tokopt_fuzz::read(id, bytes);
    }
});

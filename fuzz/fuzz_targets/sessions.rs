//! Sessions of coding agents.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for id in ["claude-code", "codex", "codex-exec", "gemini-cli", "opencode", "pi"] {
        tokopt_fuzz::read(id, bytes);
    }
});

//! Usage exports of the providers.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for id in ["openai-usage", "anthropic-usage", "openai-costs", "anthropic-cost-report", "openai-batch", "anthropic-batch"] {
        tokopt_fuzz::read(id, bytes);
    }
});

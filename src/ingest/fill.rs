//! What one record of a call leaves open, filled in from another record of it.
//!
//! What a record says is never changed here, except that a named provider beats
//! a deduced one. Must not know which of the two records is the better one.

use crate::record::call::{Call, Count, Finish, LoggedCost, PackedUsage};
use crate::record::lane::Tier;
use crate::record::usage::Usage;

/// Fills what `call` leaves open from another record of it.
pub(super) fn fill(call: &mut Call, other: &Call) {
    let is_surer = call.flags.inferred_provider && !other.flags.inferred_provider;
    if call.provider.is_none() || (is_surer && other.provider.is_some()) {
        call.provider = other.provider;
        call.flags.inferred_provider = other.flags.inferred_provider;
    }
    let names = [
        (&mut call.request_id, other.request_id),
        (&mut call.model, other.model),
        (&mut call.requested_model, other.requested_model),
        (&mut call.feature, other.feature),
        (&mut call.user, other.user),
        (&mut call.account, other.account),
        (&mut call.workspace, other.workspace),
        (&mut call.conversation, other.conversation),
        (&mut call.region, other.region),
    ];
    for (ours, theirs) in names {
        *ours = ours.or(theirs);
    }
    call.tags = call.tags.or(other.tags);
    if call.time.get().is_none() {
        call.time = other.time;
    }
    // The standard tier is also what a record says that knows of no other.
    if call.tier == Tier::Standard {
        call.tier = other.tier;
    }
    if call.finish == Finish::Unknown {
        call.finish = other.finish;
    }
    let counts = [
        (&mut call.latency_milliseconds, other.latency_milliseconds),
        (&mut call.first_token_milliseconds, other.first_token_milliseconds),
        (&mut call.request.max_tokens, other.request.max_tokens),
    ];
    for (ours, theirs) in counts {
        if *ours == Count::UNKNOWN {
            *ours = theirs;
        }
    }
    call.request.temperature = call.request.temperature.or(other.request.temperature);
    call.request.stream = call.request.stream.or(other.request.stream);
    call.request.has_tools = call.request.has_tools.or(other.request.has_tools);
    if call.logged_cost == LoggedCost::UNKNOWN {
        call.logged_cost = other.logged_cost;
    }
    // Only the gateway knows that it answered from its own cache.
    call.flags.gateway_cache_hit |= other.flags.gateway_cache_hit;
    if call.prompt.is_none() && other.prompt.is_some() {
        call.prompt = other.prompt;
        call.flags.hidden_head = other.flags.hidden_head;
        call.flags.hidden_history = other.flags.hidden_history;
    }
    let filled = filled(&call.usage.get(), &other.usage.get());
    if let Some(usage) = PackedUsage::new(&filled) {
        call.usage = usage;
    }
}

/// Counters of a call, open ones from another record that counts the same
/// input and output, so that parts never exceed their whole.
fn filled(ours: &Usage, theirs: &Usage) -> Usage {
    let same_input = ours.input.is_none() || theirs.input.is_none() || ours.input == theirs.input;
    let same_output =
        ours.output.is_none() || theirs.output.is_none() || ours.output == theirs.output;
    let mut filled = ours.clone();
    if same_input && filled.cache_read.is_none() && filled.cache_write.is_none() {
        filled.input = filled.input.or(theirs.input);
        filled.cache_read = theirs.cache_read;
        filled.cache_write = theirs.cache_write;
        filled.audio_input = filled.audio_input.or(theirs.audio_input);
    }
    if same_output {
        filled.output = filled.output.or(theirs.output);
        filled.reasoning = filled.reasoning.or(theirs.reasoning);
        filled.audio_output = filled.audio_output.or(theirs.audio_output);
    }
    filled
}

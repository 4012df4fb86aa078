//! What OpenRouter's activity export and its generation records have in common.
//!
//! Counts are `OpenAI`'s: cached tokens are inside the prompt, reasoning is
//! inside the completion. OpenRouter is the seller; who made the tokens is a tag.

use std::borrow::Cow;

use crate::record::call::Status;
use crate::record::usage::Usage;
use crate::units::{Tokens, Usd};

use super::batch::{Batch, Draft};
use super::value::Value;

/// The seller.
pub(super) const PROVIDER: &str = "openrouter";

/// The counts of a call, as OpenRouter states them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub prompt: Option<u64>,
    pub completion: Option<u64>,
    pub cached: Option<u64>,
    pub reasoning: Option<u64>,
}

impl Counts {
    /// The counts where no part exceeds its whole.
    pub fn settle(self, draft: &mut Draft<'_>, batch: &mut Batch) {
        let Self { prompt, completion, mut cached, mut reasoning } = self;
        if let (Some(whole), Some(part)) = (completion, reasoning)
            && part > whole
        {
            reasoning = Some(whole);
            draft.flags.inconsistent_counts = true;
            batch.note(
                "REASONING_EXCEEDS_OUTPUT",
                "more reasoning than output tokens are logged; reasoning is cut to the output",
            );
        }
        if let (Some(whole), Some(part)) = (prompt, cached)
            && part > whole
        {
            cached = Some(whole);
            draft.flags.inconsistent_counts = true;
            batch.note(
                "CACHE_EXCEEDS_PROMPT",
                "more tokens were read from the cache than the prompt has; the cached part is cut",
            );
        }
        let tokens = |count: Option<u64>| count.map(Tokens::new);
        draft.usage = Usage {
            input: tokens(prompt),
            cache_read: tokens(cached),
            output: tokens(completion),
            reasoning: tokens(reasoning),
            ..Usage::default()
        };
        let is_nothing = |count: Option<u64>| count.is_none_or(|count| count == 0);
        if draft.status != Status::Success && is_nothing(prompt) && is_nothing(completion) {
            draft.usage = Usage::default();
        }
    }
}

/// What a call cost: with a key of one's own OpenRouter takes a fee, and the
/// maker of the tokens bills the rest.
pub(super) fn cost(
    fee: Option<Usd>,
    own_key: bool,
    upstream: Option<Usd>,
    batch: &mut Batch,
) -> Option<Usd> {
    if !own_key {
        return fee;
    }
    batch.note(
        "BYOK_FEE",
        "calls with a key of one's own are billed elsewhere and cost OpenRouter's fee; the upstream \
         cost is added where it is logged",
    );
    upstream.and_then(|upstream| Some(fee? + upstream))
}

/// Adds a tag where the record has one.
pub(super) fn tag<'a>(draft: &mut Draft<'a>, key: &'static str, value: Option<Value<'a>>) {
    if let Some(value) = value.and_then(Value::name) {
        draft.tags.push((Cow::Borrowed(key), value));
    }
}

//! Everything that a budget can be set on: one list, by name.
//!
//! Knows what a measure is called, counts and needs, and not how it is judged.

use super::reading::{self, Read};
use crate::report::document::{Slice, Unit};

/// Something that a budget can be set on.
#[derive(Debug)]
pub struct Measure {
    /// The key in a settings file: `cost_per_call`.
    pub key: &'static str,
    /// The stable code of its rules: `TK103`.
    pub code: &'static str,
    /// What it is called in a sentence: `cost per call`.
    pub title: &'static str,
    /// What it counts.
    pub unit: Unit,
    /// Whether it is held back until enough calls are seen: percentiles, shares
    /// and whatever is per unit.
    pub needs_sample: bool,
    /// How it is read.
    pub(super) how: How,
    /// The technique that brings it down, where there is one.
    pub remedy: Option<&'static str>,
    /// What it is, in a sentence; the description in the schema.
    pub about: &'static str,
}

/// Where a measure is read from.
#[derive(Clone, Copy, Debug)]
pub(super) enum How {
    /// One slice.
    Slice(fn(&Slice) -> Read),
    /// The cost of a slice, in thirty days.
    Month,
    /// The models of a slice, beside those of the baseline.
    Mix,
    /// The ladder.
    Saving,
}

impl PartialEq for Measure {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Measure {}

macro_rules! measures {
    ($($constant:ident $key:literal $code:literal $title:literal $unit:ident $sample:ident
        $how:expr, $remedy:expr, $about:literal;)*) => {
        $(
            #[doc = $about]
            pub const $constant: Measure = Measure {
                key: $key,
                code: $code,
                title: $title,
                unit: Unit::$unit,
                needs_sample: measures!(@ $sample),
                how: $how,
                remedy: $remedy,
                about: $about,
            };
        )*
        /// Every measure, in the order of their codes.
        pub static ALL: [&Measure; [$($key),*].len()] = [$(&$constant),*];
    };
    (@ any) => { false };
    (@ sampled) => { true };
}

measures! {
    MONTHLY_COST "monthly_cost" "TK101" "monthly cost" Usd any
        How::Month, None,
        "Dollars that 30 days cost at the log's rate; the log's own dollars where it covers less than a day.";
    COST "cost" "TK102" "cost" Usd any
        How::Slice(reading::cost), None,
        "Dollars that the log's priced calls cost.";
    COST_PER_CALL "cost_per_call" "TK103" "cost per call" Usd sampled
        How::Slice(reading::cost_per_call), None,
        "Mean dollars of a priced call.";
    COST_PER_1000_CALLS "cost_per_1000_calls" "TK104" "cost per 1,000 calls" Usd sampled
        How::Slice(reading::cost_per_1000_calls), None,
        "Mean dollars of a thousand priced calls.";
    COST_PER_USER "cost_per_user" "TK105" "cost per user" Usd sampled
        How::Slice(reading::cost_per_user), None,
        "Mean dollars of a user, over the calls that name one.";
    COST_PER_CONVERSATION "cost_per_conversation" "TK106" "cost per conversation" Usd sampled
        How::Slice(reading::cost_per_conversation), None,
        "Mean dollars of a conversation, over the calls that belong to one.";
    HIGHEST_USER_COST "highest_user_cost" "TK107" "highest cost of a user" Usd any
        How::Slice(reading::highest_user_cost), None,
        "Dollars of the most expensive user.";
    HIGHEST_CONVERSATION_COST "highest_conversation_cost" "TK108" "highest cost of a conversation" Usd any
        How::Slice(reading::highest_conversation_cost), None,
        "Dollars of the most expensive conversation.";
    COST_PER_CALL_P95 "cost_per_call_p95" "TK109" "95th percentile of cost per call" Usd sampled
        How::Slice(reading::cost_per_call_p95), None,
        "Dollars that 95 % of the priced calls do not exceed.";
    OUTPUT_TOKENS_PER_CALL "output_tokens_per_call" "TK110" "output tokens per call" Tokens sampled
        How::Slice(reading::output_tokens_per_call), Some("output-capping"),
        "Mean generated tokens of a call, reasoning included.";
    OUTPUT_TOKENS_P95 "output_tokens_p95" "TK111" "95th percentile of output tokens" Tokens sampled
        How::Slice(reading::output_tokens_p95), Some("output-capping"),
        "Generated tokens that 95 % of the calls do not exceed.";
    INPUT_TOKENS_PER_CALL "input_tokens_per_call" "TK112" "input tokens per call" Tokens sampled
        How::Slice(reading::input_tokens_per_call), Some("context-compression"),
        "Mean prompt tokens of a call, cached ones included.";
    INPUT_TOKENS_P95 "input_tokens_p95" "TK113" "95th percentile of input tokens" Tokens sampled
        How::Slice(reading::input_tokens_p95), Some("context-compression"),
        "Prompt tokens that 95 % of the calls do not exceed.";
    TOKENS_PER_CALL "tokens_per_call" "TK114" "tokens per call" Tokens sampled
        How::Slice(reading::tokens_per_call), Some("context-compression"),
        "Mean prompt and generated tokens of a call.";
    HISTORY_SHARE "history_share" "TK115" "share of conversation history in the input" Share sampled
        How::Slice(reading::history_share), Some("context-compression"),
        "Tokens of earlier turns that are sent again, as a part of the prompt tokens.";
    CACHE_READ_SHARE "cache_read_share" "TK120" "cache read share" Share sampled
        How::Slice(reading::cache_read_share), Some("prompt-caching"),
        "Prompt tokens read from the provider's cache, as a part of the prompt tokens.";
    PREMIUM_SHARE "premium_share" "TK121" "share of calls on premium models" Share sampled
        How::Slice(reading::premium_share), Some("model-routing"),
        "Calls on models of the dearest class, as a part of the calls whose model's class is known.";
    MODEL_MIX_SHIFT "model_mix_shift" "TK122" "shift of the model mix" Share sampled
        How::Mix, Some("model-routing"),
        "Part of the calls that went to other models than in the baseline: half the sum of the differences of the models' shares.";
    ERROR_SHARE "error_share" "TK123" "share of failed calls" Share sampled
        How::Slice(reading::error_share), None,
        "Calls that ended in an error, as a part of the calls whose status is known.";
    RETRY_SHARE "retry_share" "TK124" "share of retries" Share sampled
        How::Slice(reading::retry_share), None,
        "Calls that send a failed request again, as a part of the calls whose status is known.";
    UNPRICED_CALLS "unpriced_calls" "TK125" "calls without a price" Calls any
        How::Slice(reading::unpriced_calls), None,
        "Calls on models that the price table does not know.";
    UNPRICED_SHARE "unpriced_share" "TK126" "share of calls without a price" Share sampled
        How::Slice(reading::unpriced_share), None,
        "Calls without a price, as a part of all calls.";
    CALLS "calls" "TK127" "calls" Calls any
        How::Slice(reading::calls), None,
        "Calls in the log.";
    LATENCY_P95 "latency_p95_milliseconds" "TK128" "95th percentile of latency" Milliseconds sampled
        How::Slice(reading::latency_p95), None,
        "Milliseconds until the answer was complete that 95 % of the calls do not exceed.";
    SAVING_SHARE "saving_share" "TK130" "saving left on the table" Share sampled
        How::Saving, None,
        "What a technique graded measured would save, as a part of the cost: one technique, or whichever saves most.";
}

/// Names of other tools, and what they are called here.
const OTHER_NAMES: [(&str, &str); 9] = [
    ("cost_per_request", "cost_per_call"),
    ("cost_per_1000_requests", "cost_per_1000_calls"),
    ("cache_hit_ratio", "cache_read_share"),
    ("cache_hit_rate", "cache_read_share"),
    ("unpriced_requests", "unpriced_calls"),
    ("total_cost", "cost"),
    ("requests", "calls"),
    ("error_rate", "error_share"),
    ("retry_rate", "retry_share"),
];

impl Measure {
    /// The measure of a key.
    #[must_use]
    pub fn parse(key: &str) -> Option<&'static Self> {
        ALL.into_iter().find(|measure| measure.key == key)
    }

    /// What another tool's name for a measure is called here.
    #[must_use]
    pub fn renamed(key: &str) -> Option<&'static str> {
        OTHER_NAMES.iter().find(|(other, _)| *other == key).map(|(_, here)| *here)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{ALL, Measure, OTHER_NAMES};

    #[test]
    fn keys_and_codes_are_distinct() {
        let keys: BTreeSet<&str> = ALL.iter().map(|measure| measure.key).collect();
        let codes: Vec<&str> = ALL.iter().map(|measure| measure.code).collect();
        assert_eq!(keys.len(), ALL.len());
        assert!(codes.is_sorted_by(|left, right| left < right), "{codes:?}");
    }

    #[test]
    fn another_name_leads_to_a_measure_and_is_none() {
        for (other, here) in OTHER_NAMES {
            assert!(Measure::parse(here).is_some(), "{here}");
            assert!(Measure::parse(other).is_none(), "{other}");
        }
    }
}

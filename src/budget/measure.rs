//! Everything that a budget can be set on: one list, by name.
//!
//! Knows what a measure is called, counts and needs, and not how it is judged.

use crate::report::document::Unit;

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
    /// What it is, in a sentence; the description in the schema.
    pub about: &'static str,
}

impl PartialEq for Measure {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Measure {}

macro_rules! measures {
    ($($constant:ident $key:literal $code:literal $title:literal $unit:ident $sample:ident
        $about:literal;)*) => {
        $(
            #[doc = $about]
            pub const $constant: Measure = Measure {
                key: $key,
                code: $code,
                title: $title,
                unit: Unit::$unit,
                needs_sample: measures!(@ $sample),
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
        "Dollars that 30 days cost at the log's rate; the log's own dollars where it covers less than a day.";
    COST "cost" "TK102" "cost" Usd any
        "Dollars that the log's priced calls cost.";
    COST_PER_CALL "cost_per_call" "TK103" "cost per call" Usd sampled
        "Mean dollars of a priced call.";
    COST_PER_1000_CALLS "cost_per_1000_calls" "TK104" "cost per 1,000 calls" Usd sampled
        "Mean dollars of a thousand priced calls.";
    COST_PER_USER "cost_per_user" "TK105" "cost per user" Usd sampled
        "Mean dollars of a user, over the calls that name one.";
    COST_PER_CONVERSATION "cost_per_conversation" "TK106" "cost per conversation" Usd sampled
        "Mean dollars of a conversation, over the calls that belong to one.";
    HIGHEST_USER_COST "highest_user_cost" "TK107" "highest cost of a user" Usd any
        "Dollars of the most expensive user.";
    HIGHEST_CONVERSATION_COST "highest_conversation_cost" "TK108" "highest cost of a conversation" Usd any
        "Dollars of the most expensive conversation.";
    COST_PER_CALL_P95 "cost_per_call_p95" "TK109" "95th percentile of cost per call" Usd sampled
        "Dollars that 95 % of the priced calls do not exceed.";
    OUTPUT_TOKENS_PER_CALL "output_tokens_per_call" "TK110" "output tokens per call" Tokens sampled
        "Mean generated tokens of a call, reasoning included.";
    OUTPUT_TOKENS_P95 "output_tokens_p95" "TK111" "95th percentile of output tokens" Tokens sampled
        "Generated tokens that 95 % of the calls do not exceed.";
    INPUT_TOKENS_PER_CALL "input_tokens_per_call" "TK112" "input tokens per call" Tokens sampled
        "Mean prompt tokens of a call, cached ones included.";
    INPUT_TOKENS_P95 "input_tokens_p95" "TK113" "95th percentile of input tokens" Tokens sampled
        "Prompt tokens that 95 % of the calls do not exceed.";
    TOKENS_PER_CALL "tokens_per_call" "TK114" "tokens per call" Tokens sampled
        "Mean prompt and generated tokens of a call.";
    HISTORY_SHARE "history_share" "TK115" "share of conversation history in the input" Share sampled
        "Tokens of earlier turns that are sent again, as a part of the prompt tokens.";
    CACHE_READ_SHARE "cache_read_share" "TK120" "cache read share" Share sampled
        "Prompt tokens read from the provider's cache, as a part of the prompt tokens.";
    PREMIUM_SHARE "premium_share" "TK121" "share of calls on premium models" Share sampled
        "Calls on models of the dearest class, as a part of the calls whose model's class is known.";
    MODEL_MIX_SHIFT "model_mix_shift" "TK122" "shift of the model mix" Share sampled
        "Part of the calls that went to other models than in the baseline: half the sum of the differences of the models' shares.";
    ERROR_SHARE "error_share" "TK123" "share of failed calls" Share sampled
        "Calls that ended in an error, as a part of the calls whose status is known.";
    RETRY_SHARE "retry_share" "TK124" "share of retries" Share sampled
        "Calls that send a failed request again, as a part of the calls whose status is known.";
    UNPRICED_CALLS "unpriced_calls" "TK125" "calls without a price" Calls any
        "Calls on models that the price table does not know.";
    UNPRICED_SHARE "unpriced_share" "TK126" "share of calls without a price" Share sampled
        "Calls without a price, as a part of all calls.";
    CALLS "calls" "TK127" "calls" Calls any
        "Calls in the log.";
    LATENCY_P95 "latency_p95_milliseconds" "TK128" "95th percentile of latency" Milliseconds sampled
        "Milliseconds until the answer was complete that 95 % of the calls do not exceed.";
    SAVING_SHARE "saving_share" "TK130" "saving left on the table" Share sampled
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

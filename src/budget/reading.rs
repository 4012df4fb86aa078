//! What a slice says of each measure, or why it says nothing.
//!
//! Knows no limit. What the log does not say is never read as nothing.

use crate::report::document::{Evidence, Quantity, Quotient, Slice, Unit};
use crate::units::{NanoUsd, Share, Tokens, Usd};

/// What was read, or why nothing was.
pub type Read = Result<Value, Missing>;

/// A measured value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// The value.
    pub quantity: Quantity,
    /// Calls that it rests on; `None` where an export does not count them.
    pub calls: Option<u64>,
    /// How it is known.
    pub evidence: Evidence,
    /// What a reader should know of it, as a fragment.
    pub note: Option<String>,
    /// What it is a value of, where that is no slice: a technique.
    pub of: Option<String>,
}

/// Why something is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Why, as a fragment.
    pub reason: String,
    /// What would settle it.
    pub help: Option<String>,
}

impl Missing {
    /// A reason with what would settle it.
    pub fn new(reason: impl Into<String>, help: &str) -> Self {
        Self { reason: reason.into(), help: Some(help.to_owned()) }
    }
}

impl Value {
    /// A value that the log itself shows.
    #[must_use]
    pub const fn measured(quantity: Quantity, calls: Option<u64>) -> Self {
        Self { quantity, calls, evidence: Evidence::Measured, note: None, of: None }
    }

    fn known(self, evidence: Evidence) -> Self {
        Self { evidence, ..self }
    }
}

const ADD_PRICES: &str =
    "`tokopt prices show MODEL` says what is known, --prices FILE adds a model";

fn unsaid(reason: &str, help: &str) -> Missing {
    Missing::new(reason, help)
}

fn priced(slice: &Slice) -> Result<NanoUsd, Missing> {
    slice.cost_usd.ok_or_else(|| unsaid("none of its calls has a price", ADD_PRICES))
}

fn dollars(slice: &Slice, amount: NanoUsd, calls: Option<u64>) -> Value {
    let evidence = slice.cost_evidence.unwrap_or_default();
    Value::measured(Quantity::usd(amount), calls).known(evidence)
}

/// Dollars of one of so many, of which `calls` calls tell.
fn mean(slice: &Slice, amount: NanoUsd, count: u64, calls: u64) -> Read {
    let mean = amount.to_usd().mean_over(count).map(Usd::to_nano);
    let mean = mean.ok_or_else(|| unsaid("none of its calls has a price", ADD_PRICES))?;
    Ok(dollars(slice, mean, slice.calls.map(|_| calls)))
}

/// Refuses exports that do not say how many calls they add up.
fn counted(slice: &Slice) -> Result<u64, Missing> {
    slice.calls.ok_or_else(|| {
        unsaid(
            "the export does not say how many calls it adds up",
            "give a log of requests, or an export that counts them",
        )
    })
}

pub(super) fn cost(slice: &Slice) -> Read {
    Ok(dollars(slice, priced(slice)?, slice.calls))
}

pub(super) fn cost_per_call(slice: &Slice) -> Read {
    counted(slice)?;
    mean(slice, priced(slice)?, slice.priced_calls, slice.priced_calls)
}

pub(super) fn cost_per_1000_calls(slice: &Slice) -> Read {
    counted(slice)?;
    let thousandfold = NanoUsd::from_nano(priced(slice)?.nano().saturating_mul(1_000));
    mean(slice, thousandfold, slice.priced_calls, slice.priced_calls)
}

const NAME_USERS: &str = "log the user of each call";
const NAME_CONVERSATIONS: &str = "log a conversation or session with each call";

pub(super) fn cost_per_user(slice: &Slice) -> Read {
    priced(slice)?;
    let of_users = slice.users.filter(|users| *users > 0).zip(slice.user_cost_usd);
    let (users, cost) = of_users.ok_or_else(|| unsaid("no call names a user", NAME_USERS))?;
    mean(slice, cost, users, slice.user_calls)
}

pub(super) fn highest_user_cost(slice: &Slice) -> Read {
    priced(slice)?;
    let highest = slice.user_cost_max_usd;
    let highest = highest.ok_or_else(|| unsaid("no call names a user", NAME_USERS))?;
    Ok(dollars(slice, highest, slice.calls))
}

fn conversation_evidence(slice: &Slice, value: Value) -> Value {
    let evidence = value.evidence.worst(slice.conversation_evidence.unwrap_or_default());
    value.known(evidence)
}

pub(super) fn cost_per_conversation(slice: &Slice) -> Read {
    priced(slice)?;
    let found = slice.conversations.filter(|count| *count > 0).zip(slice.conversation_cost_usd);
    let (count, cost) =
        found.ok_or_else(|| unsaid("no conversation can be told", NAME_CONVERSATIONS))?;
    Ok(conversation_evidence(slice, mean(slice, cost, count, slice.conversation_calls)?))
}

pub(super) fn highest_conversation_cost(slice: &Slice) -> Read {
    priced(slice)?;
    let highest = slice.conversation_cost_max_usd;
    let highest =
        highest.ok_or_else(|| unsaid("no conversation can be told", NAME_CONVERSATIONS))?;
    Ok(conversation_evidence(slice, dollars(slice, highest, slice.calls)))
}

/// Exports add calls up, and a sum has no percentile.
fn no_percentile(slice: &Slice, what: &str) -> Missing {
    if slice.bucket_calls > 0 || slice.calls.is_none() {
        return unsaid("an export adds calls up: it has no percentile", "give a log of requests");
    }
    Missing { reason: format!("no call reports {what}"), help: Some(format!("log {what}")) }
}

pub(super) fn cost_per_call_p95(slice: &Slice) -> Read {
    priced(slice)?;
    let spread = slice.cost_per_call.ok_or_else(|| no_percentile(slice, "its usage"))?;
    let single = slice.calls.map(|_| slice.priced_calls.saturating_sub(slice.bucket_calls));
    Ok(dollars(slice, spread.p95_usd, single))
}

fn mean_tokens(slice: &Slice, sum: Option<Tokens>, calls: u64, what: &str) -> Read {
    let missing = || unsaid(&format!("no call reports its {what} tokens"), "log the usage");
    let sum = sum.ok_or_else(missing)?;
    counted(slice)?;
    let mean = Quotient::mean_tokens(sum, calls).ok_or_else(missing)?;
    Ok(Value::measured(Quantity::mean(mean, Unit::Tokens), Some(calls)))
}

pub(super) fn input_tokens_per_call(slice: &Slice) -> Read {
    mean_tokens(slice, slice.input_tokens, slice.input_calls, "input")
}

pub(super) fn output_tokens_per_call(slice: &Slice) -> Read {
    mean_tokens(slice, slice.output_tokens, slice.output_calls, "output")
}

pub(super) fn tokens_per_call(slice: &Slice) -> Read {
    let input = input_tokens_per_call(slice)?;
    let output = output_tokens_per_call(slice)?;
    let sum = input.quantity.billionths() + output.quantity.billionths();
    let calls = input.calls.min(output.calls);
    Ok(Value::measured(Quantity::from_billionths(sum, Unit::Tokens), calls))
}

pub(super) fn input_tokens_p95(slice: &Slice) -> Read {
    let spread = slice.input_tokens_per_call;
    let spread = spread.ok_or_else(|| no_percentile(slice, "its input tokens"))?;
    let calls = slice.input_calls.saturating_sub(slice.bucket_calls);
    Ok(Value::measured(Quantity::whole(spread.p95.get(), Unit::Tokens), Some(calls)))
}

pub(super) fn output_tokens_p95(slice: &Slice) -> Read {
    let spread = slice.output_tokens_per_call;
    let spread = spread.ok_or_else(|| no_percentile(slice, "its output tokens"))?;
    let calls = slice.output_calls.saturating_sub(slice.bucket_calls);
    Ok(Value::measured(Quantity::whole(spread.p95.get(), Unit::Tokens), Some(calls)))
}

pub(super) fn latency_p95(slice: &Slice) -> Read {
    let spread = slice.latency_milliseconds;
    let spread = spread.ok_or_else(|| no_percentile(slice, "its latency"))?;
    let quantity = Quantity::whole(spread.p95, Unit::Milliseconds);
    Ok(Value::measured(quantity, Some(spread.calls)))
}

/// A part of a whole, as a quantity.
pub(super) fn share(share: Share) -> Quantity {
    Quantity::from_billionths(share.millionths() * 1_000, Unit::Share)
}

pub(super) fn history_share(slice: &Slice) -> Read {
    let missing = || unsaid("no component of the prompts is known", "log the messages");
    let history = slice.history_tokens.ok_or_else(missing)?;
    let part = Share::of_tokens(history, slice.component_tokens).ok_or_else(missing)?;
    Ok(Value::measured(share(part), Some(slice.component_calls)).known(Evidence::Inferred))
}

pub(super) fn cache_read_share(slice: &Slice) -> Read {
    let part = Share::of_tokens(slice.cache_read_tokens, slice.cacheable_tokens);
    let part = part.ok_or_else(|| {
        unsaid("no call reports what was read from a cache", "log the cached tokens of the usage")
    })?;
    // An export without counts adds up whole periods.
    Ok(Value::measured(share(part), slice.calls.map(|_| slice.cacheable_calls)))
}

pub(super) fn premium_share(slice: &Slice) -> Read {
    counted(slice)?;
    let part = Share::of_counts(slice.premium_calls, slice.tier_calls);
    let part = part.ok_or_else(|| {
        unsaid("the price table names the class of none of its models", ADD_PRICES)
    })?;
    Ok(Value::measured(share(part), Some(slice.tier_calls)))
}

const LOG_STATUS: &str = "log the status or the finish reason of each call";

pub(super) fn error_share(slice: &Slice) -> Read {
    let part = Share::of_counts(slice.error_calls, slice.status_calls);
    let part = part.ok_or_else(|| unsaid("no call says how it ended", LOG_STATUS))?;
    Ok(Value::measured(share(part), Some(slice.status_calls)))
}

pub(super) fn retry_share(slice: &Slice) -> Read {
    let retries = slice.retry_calls.ok_or_else(|| {
        unsaid("requests cannot be compared", "log the messages, times and status of each call")
    })?;
    let part = Share::of_counts(retries, slice.status_calls);
    let part = part.ok_or_else(|| unsaid("no call says how it ended", LOG_STATUS))?;
    Ok(Value::measured(share(part), Some(slice.status_calls)))
}

#[expect(clippy::unnecessary_wraps, reason = "one of many that read a slice")]
pub(super) fn unpriced_calls(slice: &Slice) -> Read {
    Ok(Value::measured(Quantity::whole(slice.unpriced_calls, Unit::Calls), slice.calls))
}

/// Calls without a price, of those with and without.
pub(super) fn unpriced_part(slice: &Slice) -> Option<Share> {
    Share::of_counts(slice.unpriced_calls, slice.unpriced_calls + slice.priced_calls)
}

/// The part of the calls whose dollars are not known, or not all of them.
pub(super) fn not_wholly_priced_part(slice: &Slice) -> Option<Share> {
    let short = slice.unpriced_calls + slice.partly_priced_calls;
    Share::of_counts(short, slice.unpriced_calls + slice.priced_calls)
}

/// Tokens of calls without a price, of those with and without.
pub(super) fn unpriced_tokens_part(slice: &Slice) -> Option<Share> {
    let tokens = slice.input_tokens.unwrap_or_default() + slice.output_tokens.unwrap_or_default();
    Share::of_counts(slice.unpriced_tokens.get(), tokens.get())
}

pub(super) fn unpriced_share(slice: &Slice) -> Read {
    counted(slice)?;
    let part = unpriced_part(slice);
    let part = part.ok_or_else(|| unsaid("nothing was billed", "give a log with usage"))?;
    Ok(Value::measured(share(part), slice.calls))
}

pub(super) fn calls(slice: &Slice) -> Read {
    let calls = counted(slice)?;
    Ok(Value::measured(Quantity::whole(calls, Unit::Calls), Some(calls)))
}

#[cfg(test)]
pub(super) mod tests;

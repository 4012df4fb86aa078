//! Prices average calls: a model with its rates, its tokenizer and the rules of
//! its cache.
//!
//! Knows no technique. Whoever asks says what is sent, in which lane and how
//! often the cache serves.

use crate::prices::{CacheMode, LaneQuery, Match, Remark};
use crate::record::lane::Tier;
use crate::techniques::parameter::Value;
use crate::techniques::parameters::{Assumptions, prompt_caching};
use crate::units::{Rate, Tokens, Ttl, divide_half_even};

use super::amount::{PerCall, less, sum};

/// An average call in tokens of one model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// What every prompt opens with.
    pub head: Value,
    /// Earlier turns, which the next call of the conversation repeats.
    pub history: Value,
    /// What stands behind them and has not been sent before.
    pub fresh: Value,
    /// The answer.
    pub output: Value,
}

/// How calls meet the prompt cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hits {
    /// The share of calls whose prefix is read; it is written by the others.
    pub share: Value,
    /// Whether requests mark what is to be cached; providers that cache by
    /// themselves do so anyway.
    pub marked: bool,
}

/// A model as it serves an estimate.
#[derive(Clone, Copy, Debug)]
pub struct Seller<'t> {
    found: Match<'t>,
    minimum: Value,
    lifetime: Option<Ttl>,
}

impl Request {
    /// All tokens of the prompt.
    #[must_use]
    pub fn input(&self) -> Value {
        sum(&[self.head, self.history, self.fresh])
    }
}

impl<'t> Seller<'t> {
    /// A model of the table with the parameters that a user may set over it.
    #[must_use]
    pub fn new(found: Match<'t>, assumptions: &Assumptions) -> Self {
        let listed = found.model().cache().minimum_tokens.map_or(0, Tokens::get);
        let listed = Value::whole(i64::try_from(listed).unwrap_or(0));
        let lifetime = assumptions.given(prompt_caching::TTL_SECONDS);
        Self {
            found,
            minimum: assumptions.given(prompt_caching::MIN_PREFIX_TOKENS).unwrap_or(listed),
            lifetime: lifetime
                .and_then(|seconds| u32::try_from(seconds.floor()).ok())
                .map(Ttl::from_seconds),
        }
    }

    /// The table's entry.
    #[must_use]
    pub const fn found(&self) -> &Match<'t> {
        &self.found
    }

    /// The shortest prefix that is cached.
    #[must_use]
    pub const fn minimum(&self) -> Value {
        self.minimum
    }

    /// Whether the provider caches without being asked.
    #[must_use]
    pub fn caches_by_itself(&self) -> bool {
        matches!(self.found.model().cache().mode, Some(CacheMode::Automatic | CacheMode::Both))
    }

    /// Whether a lane is sold.
    #[must_use]
    pub fn sells(&self, tier: Tier) -> bool {
        let lane = LaneQuery { tier, region: None, at: None };
        !self.found.rates(&lane, Tokens::ZERO).remarks.has(Remark::TierNotListed)
    }

    /// The same call in this model's tokens, from those of another.
    #[must_use]
    pub fn retokenised(&self, request: &Request, from: &Self) -> Request {
        let factor = |seller: &Self| i128::from(seller.found.model().tokenizer_hundredths());
        let (from, to) = (factor(from), factor(self));
        let count = |tokens: Value| {
            let scaled = divide_half_even(i128::from(tokens.millionths()) * to, from);
            Value::from_millionths(i64::try_from(scaled).unwrap_or(i64::MAX))
        };
        Request {
            head: count(request.head),
            history: count(request.history),
            fresh: count(request.fresh),
            output: count(request.output),
        }
    }

    /// The dollars of plain tokens, as fees of techniques are paid.
    #[must_use]
    pub fn plain(&self, input: Value, output: Value) -> PerCall {
        let rates = self.rates(Tier::Standard, input);
        PerCall::of(rates.input, input) + PerCall::of(rates.output.unwrap_or(Rate::FREE), output)
    }

    /// What a call costs at a lane's prices where the cache works as it does
    /// for calls that come one after the other.
    ///
    /// Where the cache is used, the cheaper of two policies counts: only the
    /// head is kept, or the history with it, so that every turn is written for
    /// the next.
    #[must_use]
    pub fn live(&self, request: &Request, hits: Hits, lane: Tier) -> PerCall {
        let rates = self.rates(lane, request.input());
        let output = PerCall::of(rates.output.unwrap_or(Rate::FREE), request.output);
        let input = |tokens| PerCall::of(rates.input, tokens);
        let write = rates.cache_write.at(self.lifetime).unwrap_or(rates.cache_write.unstated);
        let write = |tokens| PerCall::of(write, tokens);
        let read = |tokens| PerCall::of(rates.cache_read, tokens);
        let whole = request.input();
        let longest = sum(&[request.head, request.history]);
        if self.caches_by_itself() {
            let kept = self.kept(longest);
            let served = read(kept) + write(less(whole, kept));
            let cold = if whole < self.minimum { input(whole) } else { write(whole) };
            let hit = if kept == Value::ZERO { cold } else { served };
            return hit.mix(cold, hits.share) + output;
        }
        let cached = self.policy(request, hits, lane).map(|(_, cost)| cost);
        cached.unwrap_or_else(|| input(whole)) + output
    }

    /// The cheaper policy of a cache that has to be asked, and what the prompt
    /// costs under it; `None` where nothing is marked or long enough.
    #[must_use]
    pub fn policy(
        &self,
        request: &Request,
        hits: Hits,
        lane: Tier,
    ) -> Option<(&'static str, PerCall)> {
        if !hits.marked || self.found.model().cache().mode.is_none() {
            return None;
        }
        let rates = self.rates(lane, request.input());
        let write = rates.cache_write.at(self.lifetime).unwrap_or(rates.cache_write.unstated);
        let cost = |kept: Value, is_full: bool| {
            let rest = less(request.input(), kept);
            let rest = PerCall::of(if is_full { write } else { rates.input }, rest);
            let read = PerCall::of(rates.cache_read, kept);
            read.mix(PerCall::of(write, kept), hits.share) + rest
        };
        let longest = sum(&[request.head, request.history]);
        let head = (request.head >= self.minimum).then(|| ("head", cost(request.head, false)));
        let full = (request.history > Value::ZERO && longest >= self.minimum)
            .then(|| ("full", cost(longest, true)));
        [head, full].into_iter().flatten().min_by_key(|(_, cost)| *cost)
    }

    /// The lifetime that is bought with every write, where it is known.
    #[must_use]
    pub fn lifetime(&self) -> Option<Ttl> {
        self.lifetime.or(self.found.model().cache().default_lifetime)
    }

    /// What a call costs in a batch, where this share of a marked head is read
    /// and nothing is written.
    #[must_use]
    pub fn batched(&self, request: &Request, hits: Hits) -> PerCall {
        let rates = self.rates(Tier::Batch, request.input());
        let output = PerCall::of(rates.output.unwrap_or(Rate::FREE), request.output);
        let is_cached = hits.marked || self.caches_by_itself();
        let is_cached = is_cached && self.found.model().cache().mode.is_some();
        let kept = if is_cached { self.kept(request.head) } else { Value::ZERO };
        let read = PerCall::of(rates.cache_read, kept);
        let plain = PerCall::of(rates.input, kept);
        read.mix(plain, hits.share) + PerCall::of(rates.input, less(request.input(), kept)) + output
    }

    /// The part of a prefix that the cache keeps: none below the minimum, else
    /// whole steps.
    fn kept(&self, prefix: Value) -> Value {
        if prefix < self.minimum {
            return Value::ZERO;
        }
        let step = self.found.model().cache().step_tokens.unwrap_or(1);
        let step = i64::try_from(step).unwrap_or(1).saturating_mul(Value::MILLION);
        // Averages may be parts of a token; only real steps cut.
        if step <= Value::MILLION {
            return prefix;
        }
        Value::from_millionths(prefix.millionths() / step * step)
    }

    fn rates(&self, tier: Tier, input: Value) -> crate::prices::Rates {
        let lane = LaneQuery { tier, region: None, at: None };
        self.found.rates(&lane, Tokens::new(input.floor())).rates
    }
}

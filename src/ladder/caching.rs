//! Which cache policy is in force for a family, and which others a provider
//! sells.

use rayon::prelude::*;

use crate::prices::{CacheFacts, CacheMode};
use crate::techniques::parameter::Value;
use crate::techniques::parameters::{Assumptions, prompt_caching as parameters};
use crate::techniques::traffic::{CallIndex, FamilyIndex, ModelIndex, Traffic};
use crate::units::Ttl;

use super::logged::Logged;
use super::replay::policy::{Lifetime, Policy, Rules};
use super::replay::replay;

/// What is known of caching on one log's traffic.
#[derive(Debug)]
pub(crate) struct Caching<'t> {
    traffic: &'t Traffic<'t>,
    options: Options,
    /// By family: what its requests to explicit providers ask for.
    asked: Vec<Policy>,
    /// By family: whether anything shows what an automatic cache would do.
    shown: Vec<bool>,
}

/// The parameters of the replay.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// Replaces the table's shortest cacheable prefix.
    pub(crate) minimum: Option<u64>,
    /// Replaces the provider's lifetimes.
    pub(crate) lifetime: Option<Lifetime>,
    /// First-token delay where it was not logged, in microseconds.
    delay: i64,
    lookback: u32,
    breakpoints: u32,
}

impl Options {
    pub(crate) fn of(assumptions: &Assumptions) -> Self {
        let number = |value: Value| u32::try_from(value.floor()).unwrap_or(u32::MAX);
        let lifetime = |value: Value| {
            if value.is_infinite() { Lifetime::Infinite } else { Lifetime::Seconds(number(value)) }
        };
        Self {
            minimum: assumptions.given(parameters::MIN_PREFIX_TOKENS).map(Value::floor),
            lifetime: assumptions.given(parameters::TTL_SECONDS).map(lifetime),
            // Millionths of a second are microseconds.
            delay: assumptions.value(parameters::FIRST_TOKEN_DELAY_SECONDS).millionths(),
            lookback: number(assumptions.value(parameters::LOOKBACK_BLOCKS)),
            breakpoints: number(assumptions.value(parameters::BREAKPOINTS)),
        }
    }
}

impl<'t> Caching<'t> {
    /// Looks for the policies that the log was made under.
    pub(crate) fn of(traffic: &'t Traffic<'t>, assumptions: &Assumptions) -> Self {
        let mut caching = Self {
            traffic,
            options: Options::of(assumptions),
            asked: Vec::new(),
            shown: Vec::new(),
        };
        let families = 0..u32::try_from(traffic.families.len()).unwrap_or(u32::MAX);
        let found: Vec<(Policy, bool)> = families
            .into_par_iter()
            .map(FamilyIndex)
            .map(|family| (caching.asked_by(family), caching.shows(family)))
            .collect();
        (caching.asked, caching.shown) = found.into_iter().unzip();
        caching
    }

    /// The calls.
    pub(crate) const fn traffic(&self) -> &'t Traffic<'t> {
        self.traffic
    }

    /// The parameters of the replay.
    pub(crate) const fn options(&self) -> &Options {
        &self.options
    }

    /// The handle under which a model's requests share one cache.
    pub(crate) fn stream_model(&self, model: ModelIndex) -> ModelIndex {
        self.traffic.models.first(model)
    }

    /// After how many microseconds what a call writes can be read.
    pub(crate) fn delay(&self, index: CallIndex) -> i64 {
        let logged = self.traffic.record(index).first_token_milliseconds.get();
        let micros = logged.and_then(|logged| i64::try_from(logged).ok()?.checked_mul(1_000));
        micros.unwrap_or(self.options.delay)
    }

    /// The rules of a model's cache.
    pub(crate) fn rules(&self, model: ModelIndex) -> Rules {
        let options = &self.options;
        let facts = self.facts(model);
        Rules::of(facts, options.minimum, options.lookback, options.breakpoints)
    }

    /// What holds for a family's requests to a model if nobody changes it.
    pub(crate) fn current(&self, family: FamilyIndex, model: ModelIndex) -> Policy {
        let at = family.0 as usize;
        match self.facts(model).mode {
            Some(CacheMode::Explicit) => self.asked.get(at).copied().unwrap_or(Policy::None),
            Some(CacheMode::Automatic | CacheMode::Both) if self.shown[at] => {
                Policy::Automatic(default_lifetime(self.facts(model)))
            }
            _ => Policy::None,
        }
    }

    /// What a provider that caches by itself does.
    pub(crate) fn automatic(&self, model: ModelIndex) -> Policy {
        let lifetime = self.options.lifetime;
        Policy::Automatic(lifetime.unwrap_or_else(|| default_lifetime(self.facts(model))))
    }

    /// What else could be asked for, cheapest to set up first.
    pub(crate) fn candidates(&self, model: ModelIndex, is_blocks: bool) -> Vec<Policy> {
        let facts = self.facts(model);
        let lifetimes = self.lifetimes(facts);
        let mut found = Vec::new();
        match facts.mode {
            Some(CacheMode::Explicit) => {
                found.push(Policy::None);
                if !is_blocks {
                    found.extend(lifetimes.iter().copied().map(Policy::Head));
                }
                found.extend(lifetimes.iter().copied().map(Policy::Full));
                if let ([rest, head], false) = (lifetimes.as_slice(), is_blocks) {
                    found.push(Policy::Mixed { head: *head, rest: *rest });
                }
            }
            Some(CacheMode::Automatic | CacheMode::Both) => {
                let longer = |lifetime: &Lifetime| *lifetime > default_lifetime(facts);
                found.extend(lifetimes.into_iter().filter(longer).map(Policy::Automatic));
            }
            None => {}
        }
        found
    }

    /// Until when entries older than the log may serve the calls of a family;
    /// `None` where nothing is cached.
    pub(crate) fn warm_until(&self, current: Policy) -> Option<i64> {
        let (start, _) = self.traffic.span?;
        Some(start.saturating_add(current.lifetime()?.micros()))
    }

    /// Whether a family's policy was deduced from its bills: it caches, and no
    /// request says how.
    pub(crate) fn is_deduced(&self, family: FamilyIndex) -> bool {
        let asked = self.asked.get(family.0 as usize);
        !matches!(asked, None | Some(Policy::None | Policy::Logged(_)))
    }

    /// Whether a family's provider caches by itself and its log, which shows the
    /// prompts, does not say how much was read.
    pub(crate) fn is_unreported(&self, family: FamilyIndex) -> bool {
        let calls = &self.traffic.families[family.0 as usize];
        let silent = |call: &CallIndex| {
            let mode = self.facts(self.traffic.call(*call).model).mode;
            matches!(mode, Some(CacheMode::Automatic | CacheMode::Both))
                && self.traffic.has_text(*call)
                && !self.traffic.usage(*call).has_cache_split()
        };
        !calls.is_empty() && calls.iter().all(silent)
    }

    /// Whether a family's model caches what requests mark, and its log neither
    /// says what was read or written nor shows a mark.
    pub(crate) fn may_be_marked(&self, family: FamilyIndex) -> bool {
        let calls = &self.traffic.families[family.0 as usize];
        let silent = |call: &CallIndex| {
            self.facts(self.traffic.call(*call).model).mode == Some(CacheMode::Explicit)
                && !self.traffic.usage(*call).has_cache_split()
        };
        !calls.is_empty() && calls.iter().all(silent)
    }

    fn facts(&self, model: ModelIndex) -> &'t CacheFacts {
        self.traffic.models.get(model).model().cache()
    }

    fn lifetimes(&self, facts: &CacheFacts) -> Vec<Lifetime> {
        match self.options.lifetime {
            Some(given) => vec![given],
            None if facts.lifetimes.is_empty() => vec![default_lifetime(facts)],
            None => facts.lifetimes.iter().copied().map(Lifetime::from).collect(),
        }
    }

    /// The policy that the requests of a family to explicit providers asked for:
    /// what they marked, else what explains their bills best.
    fn asked_by(&self, family: FamilyIndex) -> Policy {
        let calls = &self.traffic.families[family.0 as usize];
        let explicit =
            |call: &&CallIndex| self.traffic.models.is_explicit(self.traffic.call(**call).model);
        let Some(first) = calls.iter().find(explicit) else { return Policy::None };
        let facts = self.facts(self.traffic.call(*first).model);
        if calls.iter().any(|call| self.traffic.marks.contains_key(call)) {
            return Policy::Logged(default_lifetime(facts));
        }
        let is_cached = |call: &CallIndex| {
            let usage = self.traffic.usage(*call);
            usage.cache_read.is_some_and(|read| !read.is_zero()) || !usage.cache_written().is_zero()
        };
        if !calls.iter().any(is_cached) {
            return Policy::None;
        }
        let logged = Logged::of(self.traffic, family, |call| self.delay(call));
        let sold = facts.lifetimes.iter().copied().map(Lifetime::from);
        let sold: Vec<Lifetime> = sold.collect();
        let mut candidates: Vec<Policy> = sold.iter().copied().map(Policy::Full).collect();
        candidates.extend(sold.iter().copied().map(Policy::Head));
        if let [rest, head] = sold.as_slice() {
            candidates.push(Policy::Mixed { head: *head, rest: *rest });
        }
        let error = |policy: &Policy| self.distance(&logged, *policy);
        candidates.into_iter().min_by_key(error).unwrap_or(Policy::None)
    }

    /// How far a policy's replay stays from the billed reads and writes.
    fn distance(&self, logged: &Logged, policy: Policy) -> u64 {
        let mut distance = 0;
        for ((model, _), stream) in &logged.streams {
            if !self.traffic.models.is_explicit(*model) {
                continue;
            }
            let splits = replay(stream, policy, self.rules(*model), logged.nodes);
            for (request, split) in stream.requests.iter().zip(splits) {
                let usage = self.traffic.usage(request.call);
                let writes = usage.cache_write.unwrap_or_default();
                let long = writes.long.map_or(0, |(_, tokens)| tokens.get());
                let short = usage.cache_written().get() - long;
                let (replayed_short, replayed_long) = by_lifetime(split, policy);
                let read = usage.cache_read.unwrap_or_default().get();
                distance += read.abs_diff(u64::from(split.read))
                    + short.abs_diff(replayed_short)
                    + long.abs_diff(replayed_long);
            }
        }
        distance
    }

    /// Whether texts, blocks or billed counts show what a cache did or would do.
    fn shows(&self, family: FamilyIndex) -> bool {
        let calls = &self.traffic.families[family.0 as usize];
        calls
            .iter()
            .any(|call| self.traffic.has_text(*call) || self.traffic.usage(*call).has_cache_split())
    }
}

/// Written tokens for the provider's shorter and longer lifetime.
fn by_lifetime(split: super::replay::Split, policy: Policy) -> (u64, u64) {
    let (written, head) = (u64::from(split.written), u64::from(split.written_head));
    match policy {
        Policy::Full(lifetime) | Policy::Head(lifetime)
            if lifetime > Lifetime::from(Ttl::FIVE_MINUTES) =>
        {
            (0, written + head)
        }
        _ => (written, head),
    }
}

/// How long an entry lives where a request asks for nothing: an hour where a
/// provider does not say.
fn default_lifetime(facts: &CacheFacts) -> Lifetime {
    let ttl = facts.default_lifetime.or_else(|| facts.lifetimes.first().copied());
    Lifetime::from(ttl.unwrap_or(Ttl::ONE_HOUR))
}

//! Token counters of a call, normalised to disjoint counts.

use crate::units::{Tokens, Ttl};

/// What a call consumed, in counters that never overlap.
///
/// Providers differ on which count includes which; every reader declares its
/// convention and normalises at its edge, so `input` here is always the whole
/// prompt and `output` always includes reasoning. A counter the log does not
/// carry is `None`, never zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Usage {
    /// The whole prompt: uncached + cache read + cache written.
    pub input: Option<Tokens>,
    /// The part of the prompt that was read from the provider's cache.
    pub cache_read: Option<Tokens>,
    /// The part of the prompt that was written to the provider's cache.
    pub cache_write: Option<CacheWrites>,
    /// Everything generated, reasoning included.
    pub output: Option<Tokens>,
    /// The part of `output` that was reasoning.
    pub reasoning: Option<Tokens>,
    /// The part of the uncached prompt that was audio.
    pub audio_input: Option<Tokens>,
    /// The part of `output` that was audio.
    pub audio_output: Option<Tokens>,
}

impl Usage {
    /// The part of the prompt that was neither read from nor written to the
    /// cache; all of it where the log has no cache counts.
    #[must_use]
    pub fn uncached_input(&self) -> Option<Tokens> {
        let cached = self.cache_read.unwrap_or_default() + self.cache_written();
        self.input.map(|input| input.saturating_sub(cached))
    }

    /// Tokens written to the cache, over all lifetimes.
    #[must_use]
    pub fn cache_written(&self) -> Tokens {
        self.cache_write.map_or(Tokens::ZERO, CacheWrites::total)
    }

    /// Whether the log says how much of the prompt came from the cache.
    #[must_use]
    pub const fn has_cache_split(&self) -> bool {
        self.cache_read.is_some()
    }

    /// Whether the log carries any count at all.
    #[must_use]
    pub const fn is_reported(&self) -> bool {
        self.input.is_some() || self.output.is_some()
    }
}

/// Cache writes by the lifetime that was bought.
///
/// No provider sells more than two lifetimes; a write whose lifetime the log
/// does not say is counted apart and priced at the provider's default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CacheWrites {
    /// Tokens written under a lifetime the log does not name.
    pub unstated: Tokens,
    /// The shorter named lifetime and its tokens.
    pub short: Option<(Ttl, Tokens)>,
    /// The longer named lifetime and its tokens.
    pub long: Option<(Ttl, Tokens)>,
}

impl CacheWrites {
    /// Writes whose lifetime is not named.
    #[must_use]
    pub const fn unstated(tokens: Tokens) -> Self {
        Self { unstated: tokens, short: None, long: None }
    }

    /// Anthropic's pair of lifetimes, five minutes and one hour.
    #[must_use]
    pub const fn five_minutes_and_one_hour(five_minutes: Tokens, one_hour: Tokens) -> Self {
        Self {
            unstated: Tokens::ZERO,
            short: Some((Ttl::FIVE_MINUTES, five_minutes)),
            long: Some((Ttl::ONE_HOUR, one_hour)),
        }
    }

    /// Writes under one named lifetime.
    #[must_use]
    pub const fn with_lifetime(ttl: Ttl, tokens: Tokens) -> Self {
        Self { unstated: Tokens::ZERO, short: Some((ttl, tokens)), long: None }
    }

    /// Tokens written over all lifetimes.
    #[must_use]
    pub fn total(self) -> Tokens {
        let named = |entry: Option<(Ttl, Tokens)>| entry.map_or(Tokens::ZERO, |(_, tokens)| tokens);
        self.unstated + named(self.short) + named(self.long)
    }

    /// Every non-empty part with its lifetime; `None` is an unnamed lifetime.
    pub fn parts(self) -> impl Iterator<Item = (Option<Ttl>, Tokens)> {
        let named = |entry: Option<(Ttl, Tokens)>| entry.map(|(ttl, tokens)| (Some(ttl), tokens));
        [Some((None, self.unstated)), named(self.short), named(self.long)]
            .into_iter()
            .flatten()
            .filter(|(_, tokens)| !tokens.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::{CacheWrites, Usage};
    use crate::units::Tokens;

    #[test]
    fn the_parts_of_a_prompt_are_disjoint() {
        // A recorded call: 2,892 uncached + 27,217 read + 2,163 written.
        let usage = Usage {
            input: Some(Tokens::new(32_272)),
            cache_read: Some(Tokens::new(27_217)),
            cache_write: Some(CacheWrites::five_minutes_and_one_hour(
                Tokens::new(2_163),
                Tokens::ZERO,
            )),
            ..Usage::default()
        };
        assert_eq!(usage.uncached_input(), Some(Tokens::new(2_892)));
        assert_eq!(usage.cache_write.map(|writes| writes.parts().count()), Some(1));
    }

    #[test]
    fn an_absent_count_stays_unknown() {
        assert_eq!(Usage::default().uncached_input(), None);
        assert!(!Usage::default().is_reported());
    }
}
